from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervise.rules.overlap import overlapping

# A busy machine may be slow; that is no fault of the rule.
fair = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NINE = datetime(2026, 10, 8, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Sitting:
    id: int
    starts_at: datetime | None
    minutes: int | None


def at(id_: int, after_nine: int | None, minutes: int | None) -> Sitting:
    starts = None if after_nine is None else NINE + timedelta(minutes=after_nine)
    return Sitting(id_, starts, minutes)


def test_sessions_that_share_a_minute_overlap() -> None:
    assert overlapping([at(1, 0, 60), at(2, 59, 60)]) == {1: [2], 2: [1]}


def test_touching_ends_do_not_overlap() -> None:
    assert overlapping([at(1, 0, 60), at(2, 60, 60)]) == {1: [], 2: []}


def test_same_start_and_one_inside_another_overlap() -> None:
    found = overlapping([at(1, 0, 180), at(2, 0, 30), at(3, 60, 30), at(4, 170, 60)])
    assert found == {1: [2, 3, 4], 2: [1], 3: [1], 4: [1]}


def test_a_session_without_start_or_length_overlaps_nothing() -> None:
    assert overlapping([at(1, None, 60), at(2, 0, None), at(3, 0, 0), at(4, 0, 60)]) == {
        1: [], 2: [], 3: [], 4: []
    }  # fmt: skip


def test_others_come_earliest_start_first() -> None:
    assert overlapping([at(9, 50, 60), at(1, 30, 60), at(5, 0, 300)])[5] == [1, 9]


sittings = st.lists(
    st.builds(
        at,
        st.integers(1, 1000),
        st.one_of(st.none(), st.integers(0, 300)),
        st.one_of(st.none(), st.integers(0, 90)),
    ),
    unique_by=lambda sitting: sitting.id,
    max_size=25,
)


def _share_time(one: Sitting, other: Sitting) -> bool:
    if one.id == other.id or one.starts_at is None or other.starts_at is None:
        return False
    if not one.minutes or not other.minutes:
        return False
    return one.starts_at < other.starts_at + timedelta(
        minutes=other.minutes
    ) and other.starts_at < one.starts_at + timedelta(minutes=one.minutes)


@fair
@given(sittings)
def test_the_sweep_finds_what_comparing_every_pair_finds(sessions: list[Sitting]) -> None:
    found = overlapping(sessions)
    assert {id_: set(others) for id_, others in found.items()} == {
        one.id: {other.id for other in sessions if _share_time(one, other)} for one in sessions
    }
    assert all(len(others) == len(set(others)) for others in found.values())


@fair
@given(sittings, st.randoms())
def test_order_does_not_matter(sessions: list[Sitting], random: Random) -> None:
    shuffled = list(sessions)
    random.shuffle(shuffled)
    assert overlapping(shuffled) == overlapping(sessions)


def test_a_thousand_sessions_end_to_end_are_no_overlap() -> None:
    found = overlapping(at(number, number * 60, 60) for number in range(1000))
    assert len(found) == 1000
    assert not any(found.values())
