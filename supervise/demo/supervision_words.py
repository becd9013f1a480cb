"""What is said in the demo's meetings."""

DISCUSSED = (
    "How the work began, what each client hopes for, and where coaching ends and advice begins. We "
    "agreed what to practise first.",
    "Two sessions where the pace was the coach’s and not the client’s. We listened to where it sped "
    "up, and what was happening just before.",
    "A client who brings a new subject each time. What holds the work together, and whose agenda it "
    "is. We looked at the contract again.",
    "Endings: how to prepare one from the start, and what the coach finds hard about it.",
    "Working with a sponsor who asks how it goes. What was agreed, and how to say so kindly.",
)
GUIDED = {
    "induction": "How the programme runs, who does what, and where everything is kept. What the units "
    "ask for, and by when. Questions about confidentiality.",
    "tutorial": "Planning the evidence: which sessions show what, and what is still thin. How to quote "
    "a client without pointing at them.",
}
FEEDBACK = (
    "Your questions are shorter than they were, and the client answers at more length. You still "
    "fill the silence at the end of a topic.",
    "You noticed your own wish to help, and said so. That is the harder half of it.",
    "Clear contracting at the start of each session. Come back to it in the middle as well.",
    "You chose a tool because it fitted, and told the client why. Ask afterwards what it did.",
)
GOALS = (
    "Leave five seconds after an answer before the next question.",
    "Check the goal of the session half way, in one question.",
    "Try one session without any tool, and note what carries it.",
    "Name what happens in the room when it changes.",
)
ACTIONS = (
    (("learner", "Count the silences in the next two sessions", 28),
     ("supervisor", "Send the two pages on silence", 5)),
    (("learner", "Ask one client what helped, in their own words", 35),),
    (("learner", "Write a page on the values under the last contract", 42),
     ("supervisor", "Read it before the next meeting", 49)),
    (("learner", "Bring one session that went badly", 56),),
)  # fmt: skip
REPLIES = (
    "I recognise the silence at the end. I will count, and tell you what I find.",
    "Thank you for saying it plainly. The part about pace was new to me.",
    "I see the middle check differently: it can break the thread. I will try it all the same.",
)
REFLECTIONS = (
    "I wanted to be praised more than I wanted to learn. Noticing it changed the hour.",
    "I coach the problem when I am tired, and the person when I am not.",
    "It helped to hear that not knowing is part of it.",
)
NOTE = "Seemed tired. Ask about the workload next time before anything else."
ABOUT = "Two sessions that I would like to look at closely."
ASKS = "My working days changed this month, so an early evening would help."
RAISE = (
    "Was I coaching here, or giving advice with a question mark?",
    "I like this client. Does that make me careful?",
    "The sponsor’s wish and the client’s are drifting apart.",
)
