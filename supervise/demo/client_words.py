"""What the demo's clients are called, want and agreed to: invented."""

PEOPLE = (
    ("Imogen Vale", "imogen.vale@example.net", "Thornbury Tramways"),
    ("Marcus Feld", "m.feld@example.net", "Thornbury Tramways"),
    ("Odile Marchetti", "odile@example.net", "Harbour Bakery Cooperative"),
    ("Rashid Noor", "rashid.noor@example.net", "Fennel Street Clinic"),
    ("Bryony Castell", "b.castell@example.net", "Harbour Bakery Cooperative"),
)
SPONSORS = (
    ("Helena Strand", "helena.strand@example.net"),
    ("Tobias Wren", "t.wren@example.net"),
)
ABOUT = (
    {
        "needs": "Takes work back that was handed over, and so has no time to plan.",
        "needs_tool": "360-degree survey and a talk about it",
        "preference": "By trying it the same week, then looking back.",
        "strengths": "People come with problems early. Calm in an argument.",
    },
    {
        "needs": "Wants to speak up in the management meeting.",
        "needs_tool": "Own list of strengths, ranked",
        "preference": "Reads first, tries later.",
        "strengths": "Well prepared. Writes clearly.",
    },
    {
        "needs": "New in the post: priorities, and saying no.",
        "needs_tool": "Wheel of work",
        "preference": "Talks it through until it is clear.",
        "strengths": "Energy; learns names fast.",
    },
)
SCOPE = (
    "Notes under the alias, read by my supervisor and, where I quote a line, by the assessors. "
    "Kept until I am certified."
)
GOALS = (
    {
        "text": "Hand over one task a week and leave it there",
        "aim": "Decisions are taken where the work is done",
        "aim_level": "division",
        "measure": "Eight tasks handed over, none taken back",
        "owner": "the client",
        "milestones": "First task\nFour in a row",
    },
    {
        "text": "Two hours for planning every Friday, kept free",
        "aim": "Fewer late changes to the rota",
        "aim_level": "team",
        "measure": "Six Fridays out of eight",
        "owner": "the client, with the sponsor’s backing",
        "milestones": "Calendar agreed\nFirst month",
    },
)
PARTS = {
    "purpose_person": "More room to plan, and less work taken home.",
    "purpose_organisation": "The team decides more on its own; fewer things wait for one person.",
    "times": "Every second week, in working hours. Whoever cancels says so the day before.",
    "setting": "By video with the door shut, or in a booked room. If somebody can listen, we stop.",
    "expects_coach": "Prepared, on time, and honest about what I do not know.",
    "expects_client": "Brings the subject, tries something between sessions, says when it does not help.",
    "expects_sponsor": "Keeps the time free, and asks the client and not the coach how it goes.",
    "boundaries": "No therapy and no line management. I would name the occupational health service.",
    "ground_rules": "Phones away. Either may ask for a pause.",
    "confidentiality": "It stays between us, save for harm to somebody or a crime. We talked this through.",
    "feedback": "Five minutes at each end, and a review half way.",
    "contact": "Short messages about dates only. None after the end, unless the client writes.",
    "ending": "After the last session planned, or when either says so. We plan the end from the start.",
    "ethics": "The code of my coaching body, of which the client has a copy.",
}
PARTS_CHANGED = {
    "times": "Every third week from now on, in working hours. Whoever cancels says so the day before.",
}
SAID = {
    "practitioner": (
        (
            ("very well", "well", "well", "very well"),
            "They waited until I had found my own words.",
            "Sometimes a little slow: say sooner when the time is nearly up.",
        ),
        (
            ("well", "very well", "a little", "very well"),
            "Asks what I have tried already before anything else.",
            "Come back to the goals more often. We drifted in March.",
        ),
        (
            ("very well", "very well", "well", "cannot say"),
            "One question at a time, and then silence.",
            "Shorter notes after the session would be read sooner.",
        ),
        (
            ("well", "a little", "well", "well"),
            "Remembers what I said weeks ago.",
            "Fewer models, more of my own week.",
        ),
    ),
    "programme": (
        (
            ("very well", "well", "well"),
            "I hand one task over each week, and it stays there.",
            "Month ends. Two sessions were moved for them.",
        ),
        (
            ("well", "a little", "very well"),
            "Meetings end on time since I chair them differently.",
            "The goals were set before I knew the new post.",
        ),
        (
            ("very well", "very well", "a little"),
            "I say no earlier, and nobody minded.",
            "The room: two times somebody walked in.",
        ),
        (
            ("a little", "well", "well"),
            "Little yet. I plan on Fridays and lose it by Tuesday.",
            "My manager asked what we talked about.",
        ),
        (
            ("well", "well", "cannot say"),
            "My team brings me fewer things to decide.",
            "",
        ),
    ),
}
"""What people say by link, on each subject: their ratings, what helps, what could be different."""
