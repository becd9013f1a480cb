"""Practice against supervision: the centre's ratio, and the records of the long units."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervise.rules.supervision import AROUND, Met, Practised, Run, parts, ratio

TODAY = date(2026, 3, 2)
MET = date(2026, 1, 12)
USUAL = Practised(
    minutes=600, first=date(2026, 1, 14), last_met=MET, after_minutes=2100, after_weeks=10
)


@pytest.mark.parametrize(
    ("changes", "key", "sentence"),
    [
        (
            {"minutes": 1860},
            "soon",
            "31 h practised since supervision on 12 Jan 2026; the centre asks for a meeting every 35 h",
        ),
        (
            {"minutes": 2100},
            "due",
            "35 h practised since supervision on 12 Jan 2026; the centre asks for a meeting every 35 h",
        ),
        ({"minutes": 1679, "after_weeks": None}, "fine",
         "27 h 59 practised since supervision on 12 Jan 2026; the centre asks for a meeting every 35 h"),
        ({"minutes": 1680, "after_weeks": None}, "soon",
         "28 h practised since supervision on 12 Jan 2026; the centre asks for a meeting every 35 h"),
        (
            {"after_weeks": 7},
            "due",
            "7 weeks since supervision on 12 Jan 2026, with 10 h practised; "
            "the centre asks for a meeting every 7 weeks",
        ),
        (
            {"after_weeks": 8, "after_minutes": None},
            "soon",
            "7 weeks since supervision on 12 Jan 2026, with 10 h practised; "
            "the centre asks for a meeting every 8 weeks",
        ),
        (
            {"after_minutes": None, "after_weeks": None},
            "fine",
            "10 h practised since supervision on 12 Jan 2026",
        ),
        ({"minutes": 0, "after_weeks": 1}, "fine",
         "Nothing practised since supervision on 12 Jan 2026"),
        ({"minutes": 0, "first": None, "last_met": None}, "fine", "Nothing practised yet"),
        (
            {"last_met": None, "after_weeks": 1},
            "due",
            "6 weeks without supervision since the first session on 14 Jan 2026, with 10 h practised; "
            "the centre asks for a meeting every week",
        ),
        (
            {"last_met": None, "minutes": 2101},
            "due",
            "35 h 01 practised without supervision since the first session on 14 Jan 2026; "
            "the centre asks for a meeting every 35 h",
        ),
        (
            {"minutes": 2100, "next_on": date(2026, 3, 4)},
            "booked",
            "35 h practised since supervision on 12 Jan 2026; the centre asks for a meeting every 35 h; "
            "the next is booked for 4 Mar 2026",
        ),
        (
            {"minutes": 2100, "next_on": date(2027, 9, 3)},
            "due",
            "35 h practised since supervision on 12 Jan 2026; the centre asks for a meeting every 35 h; "
            "booked for 3 Sep 2027, which is late",
        ),
    ],
)  # fmt: skip
def test_the_ratio_says_how_much_since_when_and_what_is_asked(changes, key, sentence):
    found = ratio(replace(USUAL, **changes), TODAY)
    assert (found.key, found.sentence) == (key, sentence)


@pytest.mark.parametrize(("weeks", "near"), [(10, 70), (2, 14), (None, 28)])
def test_a_booking_answers_what_is_due_for_the_weeks_of_the_centre_ahead(weeks, near):
    """Four weeks where it sets none; a later one leaves the button where it is."""
    due = replace(USUAL, minutes=2100, after_weeks=weeks, last_met=None)
    for days, key in ((near, "booked"), (near + 1, "due")):
        found = ratio(replace(due, next_on=TODAY + timedelta(days=days)), TODAY)
        assert (found.key, found.nudges) == (key, key == "due"), days


RANK = {"fine": 0, "soon": 1, "due": 2}
PRACTISED = st.builds(
    Practised,
    minutes=st.integers(0, 6000),
    first=st.dates(date(2025, 1, 1), TODAY),
    last_met=st.one_of(st.none(), st.dates(date(2025, 1, 1), TODAY)),
    after_minutes=st.one_of(st.none(), st.integers(60, 4000)),
    after_weeks=st.one_of(st.none(), st.integers(1, 52)),
)


@given(PRACTISED, st.integers(1, 600), st.integers(1, 60))
def test_more_practice_and_more_time_never_make_it_less_due(practised, minutes, days):
    now = ratio(practised, TODAY)
    more = ratio(replace(practised, minutes=practised.minutes + minutes), TODAY)
    later = ratio(practised, TODAY + timedelta(days=days))
    assert RANK[more.key] >= RANK[now.key]
    assert RANK[later.key] >= RANK[now.key]


@given(PRACTISED)
def test_it_is_due_exactly_where_a_limit_is_reached(practised):
    since = practised.last_met or practised.first
    by_hours = practised.after_minutes is not None and practised.minutes >= practised.after_minutes
    by_weeks = practised.after_weeks is not None and (
        (TODAY - since).days >= 7 * practised.after_weeks
    )
    found = ratio(practised, TODAY)
    assert (found.key == "due") == bool(practised.minutes and (by_hours or by_weeks))
    booked = ratio(replace(practised, next_on=TODAY), TODAY)
    assert booked.nudges is False
    assert (booked.key == "booked") == found.nudges


# --- start, during, end --------------------------------------------------------------------

FIRST, LAST = date(2026, 1, 10), date(2026, 2, 20)
RUN = Run("D3.04", FIRST, LAST, counted=1200, needed=1800)
DONE = replace(RUN, counted=1800)
BEGUN = replace(RUN, first=None, last=None, counted=0)


def on(day, *, goals=False, recorded=True):
    return Met(day, recorded, goals)


def states(run, met, today=TODAY):
    return [part.state for part in parts(run, met, today)]


@pytest.mark.parametrize(
    ("run", "met", "expected"),
    [
        (BEGUN, [], ["open", "open", "open"]),
        (BEGUN, [on(date(2026, 1, 5), goals=True)], ["there", "open", "open"]),
        (BEGUN, [on(date(2026, 1, 5))], ["open", "open", "open"]),  # no goals agreed
        (RUN, [], ["missing", "open", "open"]),
        (RUN, [on(FIRST + timedelta(days=AROUND), goals=True)], ["there", "open", "open"]),
        (RUN, [on(FIRST + timedelta(days=AROUND + 1), goals=True)], ["late", "open", "open"]),
        (RUN, [on(FIRST, goals=True, recorded=False)], ["missing", "open", "open"]),
        (RUN, [on(FIRST, goals=True), on(date(2026, 2, 1))], ["there", "there", "open"]),
        (RUN, [on(FIRST, goals=True), on(date(2026, 3, 1))], ["there", "there", "open"]),
        (RUN, [on(date(2026, 1, 5)), on(FIRST, goals=True)], ["there", "open", "open"]),
        (DONE, [on(FIRST, goals=True)], ["there", "missing", "missing"]),
        (DONE, [on(FIRST, goals=True), on(LAST)], ["there", "missing", "there"]),
        (
            DONE,
            [on(FIRST, goals=True), on(date(2026, 3, 1)), on(TODAY)],
            ["there", "missing", "there"],
        ),
        (
            DONE,
            [on(FIRST, goals=True), on(date(2026, 2, 1)), on(date(2026, 3, 1))],
            ["there", "there", "there"],
        ),
        (DONE, [on(date(2026, 2, 1)), on(date(2026, 3, 1))], ["missing", "there", "there"]),
    ],
)
def test_each_part_stands_or_is_named(run, met, expected):
    assert states(run, met) == expected


def test_what_is_missing_says_what_to_do():
    start, during, end = parts(DONE, [on(date(2026, 3, 1), recorded=False)], TODAY)
    assert start.sentence == (
        "No learning goals agreed since the first session on 10 Jan 2026: book a meeting, agree "
        "them and record it; the record of the meeting on 1 Mar 2026 is not signed yet"
    )
    assert during.sentence.startswith("No supervision is on record between first and last session")
    assert end.sentence == (
        "The hours are met since the session on 20 Feb 2026: book a meeting, talk over the whole "
        "practice and record it"
    )
    assert (start.weight, during.weight, end.weight) == (2, 2, 2)
    in_time = parts(RUN, [], FIRST + timedelta(days=AROUND))[0]
    assert in_time.state == "open"


MEETINGS = st.lists(
    st.builds(Met, st.dates(date(2025, 12, 1), TODAY), st.booleans(), st.booleans()), max_size=6
)


@given(MEETINGS, st.sampled_from([BEGUN, RUN, DONE]), st.randoms())
def test_one_meeting_is_one_part_and_order_does_not_matter(met, run, random):
    found = parts(run, met, TODAY)
    shuffled = list(met)
    random.shuffle(shuffled)
    assert parts(run, shuffled, TODAY) == found
    there = [part for part in found if part.state in ("there", "late")]
    assert len(there) <= sum(one.recorded for one in met)
    assert not (run is not DONE and found[2].state == "there")
    if not any(one.recorded for one in met):
        assert not there
