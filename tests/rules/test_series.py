"""A recurring meeting keeps its hour on the wall, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervise.rules.moments import local
from supervise.rules.series import repeats

ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


@pytest.mark.parametrize(
    ("first", "zone", "hours"),
    [
        (datetime(2026, 10, 15, 8, 0, tzinfo=UTC), "Europe/London", [8, 8, 9, 9]),
        (datetime(2026, 10, 20, 13, 0, tzinfo=UTC), "America/New_York", [13, 13, 14, 14]),
        # 01:30 on the night the clocks go forward: when they have changed
        (datetime(2026, 3, 15, 1, 30, tzinfo=UTC), "Europe/London", [1, 1, 1, 0]),
    ],
)
def test_over_a_change_of_the_clocks(first: datetime, zone: str, hours: list[int]) -> None:
    assert [moment.hour for moment in repeats(first, 4, 1, zone)] == hours


@given(
    first=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    times=st.integers(1, 26),
    weeks=st.integers(1, 8),
    zone=st.sampled_from(ZONES),
)
def test_same_weekday_same_hour(first: datetime, times: int, weeks: int, zone: str) -> None:
    found = repeats(first, times, weeks, zone)
    start = local(first, zone)
    assert found[0] == first
    assert len(found) == times
    for number, moment in enumerate(found):
        here = local(moment, zone)
        assert here.date() == start.date() + number * timedelta(weeks=weeks)
        skipped = here.time() != start.time()
        assert not skipped or 0 < late(here, start) <= 3600, "only what no clock showed comes later"


def late(here: datetime, start: datetime) -> float:
    """By how many seconds the wall clock of one is after that of the other."""
    same_day = here.replace(tzinfo=None) - datetime.combine(here.date(), start.time())
    return same_day.total_seconds()


@pytest.mark.parametrize(("times", "weeks"), [(0, 1), (27, 1), (1, 0), (1, 9)])
def test_how_often_has_its_limits(times: int, weeks: int) -> None:
    with pytest.raises(ValueError, match="every 1 to 8 weeks"):
        repeats(datetime(2026, 10, 15, tzinfo=UTC), times, weeks, "Europe/London")
