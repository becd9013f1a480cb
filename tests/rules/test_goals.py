"""How far along a goal is: by its latest session, or by a number set by hand since then."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervise.rules.goals import ByHand, Step, how_far


def step(number, day, hour, progress):
    """A session of September 2026; without an hour no start is kept, without a day no date."""
    on = date(2026, 9, day) if day else None
    start = datetime.combine(on, time(hour), UTC) if on and hour is not None else None
    return Step(number, on, start, progress)


def by_hand(day, hour, progress):
    at = datetime(2026, 9, day, hour, tzinfo=UTC)
    return ByHand(progress, at, at.date())


@pytest.mark.parametrize(
    ("steps", "hand", "progress", "session"),
    [
        ([], None, 0, None),
        ([], by_hand(1, 9, 4), 4, None),
        ([step(1, 5, 9, 6), step(2, 1, 9, 2)], None, 6, 1),
        (
            [step(2, 5, 9, 3), step(1, 5, 15, 8)],
            None,
            8,
            1,
        ),  # the later start, not the later logged
        ([step(1, 5, 9, 3), step(2, 5, 9, 4)], None, 4, 2),
        ([step(1, 5, None, 3), step(2, 5, 9, 4)], None, 4, 2),
        ([step(1, 5, 9, 3)], by_hand(6, 9, 9), 9, None),
        ([step(1, 5, 9, 3)], by_hand(4, 9, 9), 3, 1),
        ([step(1, 5, 9, 3)], by_hand(5, 10, 9), 9, None),
        ([step(1, 5, 9, 3)], by_hand(5, 8, 9), 3, 1),
        ([step(1, 5, None, 3)], by_hand(5, 23, 9), 3, 1),
        ([step(1, 5, None, 3)], by_hand(6, 1, 9), 9, None),
        ([step(1, None, None, 3)], None, 3, 1),
        ([step(1, None, None, 3)], by_hand(1, 1, 9), 9, None),
        ([step(1, None, None, 3), step(2, 1, 9, 5)], None, 5, 2),
    ],
)
def test_what_decides_how_far_along_a_goal_is(steps, hand, progress, session):
    number, last = how_far(steps, hand)
    assert (number, last.session_id if last else None) == (progress, session)


STEPS = st.lists(
    st.builds(step, st.integers(1, 99), st.none() | st.integers(1, 30),
              st.none() | st.integers(0, 23), st.integers(0, 10)),
    max_size=6, unique_by=lambda one: one.session_id,
)  # fmt: skip
HAND = st.none() | st.builds(by_hand, st.integers(1, 30), st.integers(0, 23), st.integers(0, 10))


@given(STEPS, HAND, st.randoms())
def test_the_order_in_which_sessions_were_logged_tells_nothing(steps, hand, random):
    mixed = list(steps)
    random.shuffle(mixed)
    assert how_far(mixed, hand) == how_far(steps, hand)


@given(STEPS, HAND)
def test_nothing_but_a_session_or_a_hand_says_it(steps, hand):
    number, last = how_far(steps, hand)
    said = {one.progress for one in steps} | ({hand.progress} if hand else {0})
    assert number in said
    assert last is None or (last in steps and last.progress == number)


@given(STEPS, st.integers(0, 23), st.integers(0, 10))
def test_what_is_set_by_hand_after_all_sessions_stands(steps, hour, progress):
    later = ByHand(progress, datetime(2026, 10, 1, hour, tzinfo=UTC), date(2026, 10, 1))
    assert how_far(steps, later) == (progress, None)
