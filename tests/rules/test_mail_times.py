"""When mail is due: digest and quiet hours on somebody's own clock, through changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervise.rules.mail_times import Wish, due
from supervise.rules.moments import local

LONDON, NEW_YORK, KOLKATA = "Europe/London", "America/New_York", "Asia/Kolkata"
EIGHT = Wish(digest_at=time(8))
NIGHT = Wish(quiet_from=time(22), quiet_to=time(7))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("wish", "zone", "created", "expected"),
    [
        (Wish(), LONDON, "2026-10-08 09:50", "2026-10-08 09:50"),
        (EIGHT, LONDON, "2026-10-08 06:59", "2026-10-08 07:00"),  # summer time
        (EIGHT, LONDON, "2026-10-08 07:00", "2026-10-08 07:00"),
        (EIGHT, LONDON, "2026-10-08 07:01", "2026-10-09 07:00"),
        (EIGHT, LONDON, "2026-10-24 12:00", "2026-10-25 08:00"),  # the clocks went back that night
        (EIGHT, LONDON, "2026-03-28 12:00", "2026-03-29 07:00"),  # and forward that one
        (EIGHT, NEW_YORK, "2026-10-31 13:00", "2026-11-01 13:00"),
        (EIGHT, KOLKATA, "2026-10-08 03:00", "2026-10-09 02:30"),
        (NIGHT, LONDON, "2026-10-08 20:59", "2026-10-08 20:59"),
        (NIGHT, LONDON, "2026-10-08 21:00", "2026-10-09 06:00"),
        (NIGHT, LONDON, "2026-10-09 05:59", "2026-10-09 06:00"),
        (NIGHT, LONDON, "2026-10-24 22:00", "2026-10-25 07:00"),
        (NIGHT, NEW_YORK, "2026-10-08 21:00", "2026-10-08 21:00"),
        # a digest within the quiet hours waits for their end
        (Wish(time(6), time(22), time(7)), LONDON, "2026-10-08 12:00", "2026-10-09 06:00"),
        # half past one is left out on 29 March: two o'clock comes in its place
        (Wish(digest_at=time(1, 30)), LONDON, "2026-03-28 12:00", "2026-03-29 01:00"),
        (Wish(quiet_from=time(23), quiet_to=time(1, 30)), LONDON, "2026-03-29 00:10",
         "2026-03-29 01:00"),
        # and shown twice on 25 October: one digest, at the first
        (Wish(digest_at=time(1, 30)), LONDON, "2026-10-24 12:00", "2026-10-25 00:30"),
        (Wish(digest_at=time(1, 30)), LONDON, "2026-10-25 00:40", "2026-10-26 01:30"),
        # quiet whenever the clock shows it, the second time too
        (Wish(quiet_from=time(1), quiet_to=time(1, 30)), LONDON, "2026-10-25 01:10",
         "2026-10-25 01:30"),
        # hours that last no time are none
        (Wish(quiet_from=time(9), quiet_to=time(9)), LONDON, "2026-10-08 08:00", "2026-10-08 08:00"),
    ],
)  # fmt: skip
def test_when(wish: Wish, zone: str, created: str, expected: str) -> None:
    assert due(wish, at(created), zone) == at(expected)


@pytest.mark.parametrize(
    ("latest", "expected"),
    [("2026-10-09 07:00", "2026-10-09 07:00"), ("2026-10-09 06:59", "2026-10-08 12:00")],
)
def test_what_would_come_too_late_comes_at_once(latest: str, expected: str) -> None:
    assert due(EIGHT, at("2026-10-08 12:00"), LONDON, at(latest)) == at(expected)


clocks = st.times().map(lambda t: t.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from([LONDON, NEW_YORK, KOLKATA, "Australia/Lord_Howe", "Pacific/Auckland"])
wishes = st.builds(
    lambda digest, quiet: Wish(digest, *(quiet or (None, None))),
    st.none() | clocks,
    st.none() | st.tuples(clocks, clocks),
)


@given(wishes, moments, zones)
def test_never_before_it_was_made_nor_in_the_quiet_hours(
    wish: Wish, created: datetime, zone: str
) -> None:
    when = due(wish, created, zone)
    assert created <= when <= created + timedelta(days=2, hours=2)
    assert not wish.is_quiet(local(when, zone).time().replace(fold=0))


@given(wishes, moments, zones)
def test_looked_at_again_the_quiet_hours_hold_nothing_twice(
    wish: Wish, created: datetime, zone: str
) -> None:
    when = due(wish, created, zone)
    assert due(wish.at_once, when, zone) == when


@given(clocks, moments, zones)
def test_one_digest_a_day(digest_at: time, created: datetime, zone: str) -> None:
    wish = Wish(digest_at)
    first = due(wish, created, zone)
    second = due(wish, first + timedelta(microseconds=1), zone)
    assert local(second, zone).date() > local(first, zone).date()
    assert second - first <= timedelta(hours=26)


@given(wishes, moments, zones, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_never_later_than_it_is_of_use(
    wish: Wish, created: datetime, zone: str, left: timedelta
) -> None:
    assert due(wish, created, zone, created + left) <= created + left
