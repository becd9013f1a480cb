"""Guided time: tutorials and the induction count by records that both signed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervise import catalogue
from supervise.rules.guided import Attended, judge, totals

DAY = date(2026, 3, 2)
NEEDED = {"tutorial": 240, "induction": 60}
BEGAN = date(2026, 1, 12)


def attended(meeting="signed", place="signed", kind="tutorial", planned=60, held=55, id=1):
    return Attended(id, kind, DAY, meeting, place, planned, held)


@pytest.mark.parametrize(
    ("one", "minutes", "sentence"),
    [
        (attended(), 55, "Counts 0 h 55 by a record both signed."),
        # of a group, each one's time counts once they signed
        (attended(meeting="recorded"), 55, "Counts 0 h 55 by a record both signed."),
        (
            attended(meeting="recorded", place="came"), 55,
            "Not yet: the record waits for the learner to sign it.",
        ),
        (
            attended(meeting="held", place="came"), 55,
            "Not yet: it was held, and its record is not written and signed yet.",
        ),
        (attended("booked", "booked", held=None), 60, "Not yet: it is booked for 2 Mar 2026."),
        (attended("held", "missed"), 0, "Never: the learner did not come."),
        (attended("signed", "missed"), 0, "Never: the learner did not come."),
        (attended("missed", "missed", held=None), 0, "Never: the learner did not come."),
    ],
)  # fmt: skip
def test_each_meeting_has_its_verdict(one, minutes, sentence):
    found = judge(one, BEGAN, None)
    assert (found.minutes, found.sentence) == (minutes, sentence)


@pytest.mark.parametrize(
    ("began", "ends", "sentence"),
    [
        (DAY, DAY, "Counts 0 h 55 by a record both signed."),
        (date(2026, 3, 3), None, "Never: it is dated before the enrolment began on 3 Mar 2026."),
        (BEGAN, date(2026, 3, 1), "Never: it is dated after the enrolment's last day, 1 Mar 2026."),
    ],
)  # fmt: skip
def test_what_lies_outside_the_enrolment_never_counts(began, ends, sentence):
    found = judge(attended(), began, ends)
    assert (found.sentence, found.minutes) == (sentence, 55 if found.answer == "counts" else 0)
    ahead = judge(attended("booked", "booked", held=None), began, ends)
    assert ahead.answer == ("not yet" if found.answer == "counts" else "never")


@pytest.mark.parametrize(
    ("held", "sentence", "standing"),
    [
        ([], "0 h 00 of 4 h 00 counted: book a tutorial", ("none", "4 h 00 to go")),
        ([("signed", 200)], "3 h 20 of 4 h 00 counted: book a tutorial", ("wait", "0 h 40 to go")),
        (
            [("signed", 200), ("came", 40)],
            "3 h 20 of 4 h 00 counted: met once what waits is signed", ("wait", "0 h 40 to go"),
        ),
        ([("signed", 240)], "4 h 00 of 4 h 00 counted: met", ("good", "met")),
    ],
)  # fmt: skip
def test_the_total_says_what_to_do(held, sentence, standing):
    rows = [
        attended("signed" if place == "signed" else "held", place, held=minutes, id=number)
        for number, (place, minutes) in enumerate(held)
    ]
    [total, _] = totals(rows, NEEDED, BEGAN, None)
    assert (total.sentence, total.standing) == (sentence, standing)


def test_level_3_asks_for_four_hours_and_one_and_a_set_without_asks_for_none():
    programme = catalogue.load().programme("ILM-L3-CWCM")
    assert (programme.tutorial_hours, programme.induction_hours) == (4, 1)
    assert totals([attended()], {"tutorial": None, "induction": 0}, BEGAN, None) == []


PLACES = st.builds(
    attended,
    st.sampled_from(["booked", "held", "missed", "recorded", "signed"]),
    st.sampled_from(["booked", "came", "missed", "signed"]),
    st.sampled_from(["tutorial", "induction", "one-to-one"]),
    st.integers(10, 480),
    st.one_of(st.none(), st.integers(1, 480)),
    st.integers(1, 9),
)


@given(st.lists(PLACES, max_size=8))
def test_totals_are_sums_of_verdicts_in_any_order(rows):
    found = totals(rows, NEEDED, BEGAN, None)
    again = totals(list(reversed(rows)), NEEDED, BEGAN, None)
    assert [(t.counted, t.waiting, t.sentence) for t in found] == [
        (t.counted, t.waiting, t.sentence) for t in again
    ]
    for total in found:
        mine = [judge(row, BEGAN, None) for row in rows if row.kind == total.kind]
        assert total.counted == sum(v.minutes for v in mine if v.answer == "counts")
        assert total.waiting == sum(v.minutes for v in mine if v.answer == "not yet")
        assert total.to_go == max(0, total.needed - total.counted)
        assert all(v.minutes == 0 for v in mine if v.answer == "never")
