"""How a learner stands: the gravest first, each with its reason."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from supervise.rules.standing import Practice, plan_end, plan_words, standing
from supervise.rules.supervision import Finding

TODAY = date(2026, 10, 8)
WELL = Practice(
    began=date(2026, 7, 8), ends=None, needed=720, to_go=480, to_come=480, last=date(2026, 10, 1)
)


def told(practice: Practice, today: date = TODAY) -> list[str]:
    found = standing(practice, today, due_days=5, late_days=7)
    return [f"{one.word}: {one.reason}".removesuffix(": ") for one in found]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "On track: 1 h 00 ahead of an even pace"),
        ({"to_go": 0, "to_come": 0, "last": None}, "On track: hours met"),
        ({"needed": 0, "to_go": 0, "to_come": 0}, "No hours asked"),
        ({"to_go": 600, "to_come": 560}, "On track: 0 h 20 behind an even pace, with what waits"),
        ({"last": TODAY - timedelta(days=27)}, "On track: 1 h 00 ahead of an even pace"),
        ({"last": TODAY - timedelta(days=35)}, "Slipping: nothing logged for 5 weeks"),
        ({"last": None}, "Slipping: nothing logged for 13 weeks since the start"),
        (
            {"began": date(2025, 12, 8), "to_go": 600, "to_come": 600},
            "Behind: 10 h 00 of 12 h 00 still to go with 2 months left",
        ),
        (
            {"began": date(2025, 10, 12), "to_go": 600, "to_come": 600},
            "Behind: 10 h 00 of 12 h 00 still to go with 4 days left",
        ),
        (
            {"began": date(2025, 8, 1), "to_go": 600, "to_come": 600},
            "Behind: 10 h 00 of 12 h 00 still to go and the time planned ended on 1 Aug 2026",
        ),
        (
            {"submitted": 3, "submitted_days": 13},
            "Held up: 3 sessions wait 13 days, late",
        ),
        ({"submitted": 3, "submitted_days": 7}, "On track: 1 h 00 ahead of an even pace"),
        ({"back": 2, "back_days": 48}, "To correct: 2 sessions for 48 days"),
        ({"back": 2, "back_days": 4}, "On track: 1 h 00 ahead of an even pace"),
        (
            {"supervision": Finding("due", "36 h practised", 1.03)},
            "Supervision due: 36 h practised",
        ),
        ({"supervision": Finding("soon", "30 h")}, "On track: 1 h 00 ahead of an even pace"),
        ({"supervision": Finding("booked", "36 h")}, "On track: 1 h 00 ahead of an even pace"),
    ],
)
def test_each_standing_has_its_word_and_reason(changes: dict, expected: str) -> None:
    assert told(replace(WELL, **changes)) == [expected]


def test_the_gravest_stands_first_and_the_others_are_kept() -> None:
    found = told(replace(
        WELL, began=date(2025, 12, 8), to_go=600, to_come=600, last=date(2026, 8, 1),
        submitted=1, submitted_days=8, back=1, back_days=5,
    ))  # fmt: skip
    words = [one.partition(":")[0] for one in found]
    assert words == ["Slipping", "Behind", "Held up", "To correct"]


def test_who_only_waits_for_the_supervisor_is_not_blamed() -> None:
    held = replace(
        WELL, to_go=700, to_come=0, last=date(2026, 8, 1), submitted=9, submitted_days=20
    )
    assert told(held) == ["Held up: 9 sessions wait 20 days, late"]


@pytest.mark.parametrize(
    ("began", "ends", "planned", "words"),
    [
        (date(2026, 1, 12), date(2029, 1, 12), date(2027, 1, 12), "plan: 12 months"),
        (date(2026, 1, 12), None, date(2027, 1, 12), "plan: 12 months"),
        (date(2026, 1, 12), date(2026, 9, 1), date(2026, 9, 1), "the enrolment’s end"),
        (date(2024, 2, 29), None, date(2025, 2, 28), "plan: 12 months"),
    ],
)
def test_the_plan_is_a_year_or_less(
    began: date, ends: date | None, planned: date, words: str
) -> None:
    assert (plan_end(began, ends), plan_words(began, ends)) == (planned, words)
