"""What the coaches of the demo wrote: invented, and short as real entries are."""

PLANS = (
    "Agree what would make the next quarter a good one",
    "Rehearse a conversation with a peer that keeps being put off",
    "Delegation: what to hand over, and to whom",
    "Look back at the actions; confidence when presenting",
    "Time, and saying no without a long excuse",
    "Her part in the team day, and what she wants from it",
    "What the appraisal said, and which part of it is useful",
    "Apply for the post or wait a year",
)
GOALS = (
    "Two questions about how things are before any option",
    "Count to five after each question",
    "Speak less than a third of the time",
    "Ask for the client’s own view before I give mine",
    "Stay with the feeling for a moment, then go on",
    "Close with one step in the client’s words",
)
DONE = (
    "GROW, most of it on how things are now. The goal was reworded twice until it was the client’s own.",
    "We tried the opening three times. A scale from 3 to 7 by the end; the first sentence is written down.",
    "Twelve tasks listed and sorted by who could learn from them. Three are going this week.",
    "Two actions of three done. Watched the recording together; two strengths named before anything else.",
    "Drew the week and found six hours of meetings without a purpose. One of them can go to a colleague.",
    "Three outcomes for the day, all in the client’s words. The team will be asked for a fourth.",
    "Facts on one side of the page, the story about them on the other. One behaviour to try for a fortnight.",
    "Values cards, then reasons for and against. A decision, and a plan for telling the manager first.",
)
TOOLS = ("GROW", "Scaling", "OSKAR", "Values cards", "Rehearsal", "Sorting on paper", "Silence")
PROGRESS = (
    "Moved from 4 to 5 on the client’s own scale.",
    "The first milestone is met; the second is moved by two weeks.",
    "No step yet, but the question is a better one now.",
    "The client names the change without being asked.",
)
REFLECTIONS = (
    "I went to options too soon and had to come back.",
    "Silence after a question works. I filled it only once.",
    "Writing it on paper slowed us down in a good way.",
    "Feedback lands better after their own view.",
    "I nearly gave advice about diaries and asked instead what had worked before.",
    "The client did the work; I spoke perhaps a fifth of the time.",
    "Strong feeling in the room. I named it and waited.",
    "I had an opinion and kept it out, and it cost me attention.",
)
CHANGES = (
    "Two more questions about reality before options.",
    "Note each time I want to advise, and bring the list to supervision.",
    "",
    "",
    "Always ask for their view before mine.",
)
EXTRACTS = (
    "I held the silence after the scaling question; the client then found the opening sentence.",
    "The goal was reworded until it was the client’s own.",
    "",
)
PRIVATE = (
    "",
    "",
    "I was tired and let the first ten minutes drift.",
    "Why do I hurry with this client?",
)
RETURNED = (
    "Which tool did you use for the goal, and what did it show? One sentence is enough.",
    "The length and the end time do not agree. Which is right?",
    "Say what the client takes away. Then I am glad to approve it.",
)
REOPENED = "The client says it lasted 45 minutes. Please correct the length."
PRAISE = (
    "",
    "",
    "",
    "Good use of silence.",
    "Bring this one to supervision.",
    "Clear goal, well held.",
)
