"""Milestones with and without a day: read, put in order, and held against the goal's time."""

from datetime import date

import pytest

from supervise.rules.milestones import faults, in_order

FIRST, LAST = date(2026, 10, 8), date(2026, 12, 1)


def test_those_with_a_day_come_by_their_days_and_the_others_as_they_were_written():
    text = "Whole meeting\n2026-11-20: half of it\n\n1 Nov 2026: one item\nNotes put away\n5/11/2026 : two items"
    assert in_order(text) == [
        "1 Nov 2026: one item", "5 Nov 2026: two items", "20 Nov 2026: half of it",
        "Whole meeting", "Notes put away",
    ]  # fmt: skip
    assert list(faults(text, FIRST, LAST)) == []


@pytest.mark.parametrize("line", ["Week 3: half", "10:30 in the big room", "Maybe", "3: three", ""])
def test_what_begins_with_no_day_stays_as_it_is(line):
    assert in_order(line) == ([line] if line else [])
    assert list(faults(line, FIRST, LAST)) == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("31 Feb 2027: x", "Line 2: there is no 31 Feb 2027. Correct the day."),
        ("2026-13-01: x", "Line 2: there is no 2026-13-01. Correct the day."),
        ("1 November: x", "Line 2: give the year too, as in 1 November 2026: …"),
        ("7 Oct 2026: x", "Line 2: 7 Oct 2026 is before the goal was set, 8 Oct 2026."),
        ("2 December 2026: x", "Line 2: 2 Dec 2026 is after the goal’s own day, 1 Dec 2026."),
    ],
)
def test_a_day_that_cannot_be_is_said_with_its_line(line, sentence):
    assert list(faults(f"One\n{line}", FIRST, LAST)) == [sentence]


def test_the_first_and_the_last_day_are_within_and_without_a_day_there_is_no_end():
    assert list(faults("8 Oct 2026: x\n1 Dec 2026: y", FIRST, LAST)) == []
    assert list(faults("1 Dec 2030: y", FIRST, None)) == []
