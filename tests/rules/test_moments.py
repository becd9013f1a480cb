from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervise.rules.moments import (
    NoSuchTime,
    clock,
    day,
    elsewhere,
    is_repeated,
    length,
    local,
    long_date,
    short_date,
    to_utc,
)

# A busy machine may be slow; that is no fault of the rule.
fair = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

LONDON = ZoneInfo("Europe/London")
FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(105, "1 h 45"), (45, "0 h 45"), (720, "12 h 00"), (0, "0 h 00"), (5, "0 h 05"),
     (-90, "−1 h 30")],
)  # fmt: skip
def test_a_length_reads_as_hours_and_minutes(minutes: int, text: str) -> None:
    assert length(minutes) == text


@fair
@given(st.integers(0, 100_000))
def test_no_minute_is_lost_in_writing_a_length(minutes: int) -> None:
    hours, rest = length(minutes).split(" h ")
    assert int(hours) * 60 + int(rest) == minutes


def test_dates_are_written_the_british_way() -> None:
    thursday = date(2026, 10, 8)
    assert day(thursday) == "Thu 8 Oct"
    assert day(thursday, year=True) == "Thu 8 Oct 2026"
    assert short_date(date(2026, 1, 12)) == "12 Jan 2026"
    assert long_date(thursday) == "Thursday 8 October 2026"
    assert day(datetime(2026, 10, 8, 9, 0, tzinfo=UTC)) == "Thu 8 Oct"
    assert clock(time(9, 5)) == "09:05"


@fair
@given(st.dates())
def test_names_follow_the_calendar(when: date) -> None:
    assert long_date(when).split()[0] == when.strftime("%A")
    assert short_date(when).split()[1] == when.strftime("%b")


def test_a_moment_shows_on_the_readers_clock() -> None:
    summer = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert local(summer, LONDON).isoformat() == "2026-07-02T00:30:00+01:00"
    assert local(summer, "America/New_York").date() == date(2026, 7, 1)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="UTC"):
        local(datetime(2026, 7, 1, 9, 0), LONDON)  # noqa: DTZ001 - the mistake under test


@pytest.mark.parametrize(
    ("on", "at", "utc"),
    [(date(2026, 1, 12), time(9, 0), "2026-01-12T09:00"),
     (date(2026, 7, 1), time(9, 0), "2026-07-01T08:00"),
     (FORWARD, time(0, 59), "2026-03-29T00:59"),
     (FORWARD, time(2, 0), "2026-03-29T01:00"),
     (BACK, time(0, 59), "2026-10-24T23:59"),
     (BACK, time(1, 30), "2026-10-25T00:30"),
     (BACK, time(2, 0), "2026-10-25T02:00")],
)  # fmt: skip
def test_a_local_time_becomes_utc(on: date, at: time, utc: str) -> None:
    assert to_utc(on, at, "Europe/London").isoformat(timespec="minutes") == f"{utc}+00:00"


def test_the_later_reading_of_a_repeated_hour_is_not_taken() -> None:
    assert to_utc(BACK, time(1, 30, fold=1), LONDON) == to_utc(BACK, time(1, 30), LONDON)


@pytest.mark.parametrize("at", [time(1, 0), time(1, 30), time(1, 59)])
def test_an_hour_left_out_is_refused_with_a_time_that_existed(at: time) -> None:
    with pytest.raises(NoSuchTime) as refused:
        to_utc(FORWARD, at, LONDON)
    assert refused.value.sentence == (
        f"There was no {clock(at)} on Sun 29 Mar 2026: the clocks went forward. "
        f"Give the time they showed instead, for instance 02:{at.minute:02}."
    )
    assert str(refused.value) == refused.value.sentence


@pytest.mark.parametrize(("on", "zone"), [(date.min, "Asia/Tokyo"), (date.max, "America/New_York")])
def test_a_date_outside_the_calendar_is_refused(on: date, zone: str) -> None:
    with pytest.raises(NoSuchTime, match="Check the year"):
        to_utc(on, time(0, 0) if on == date.min else time(23, 59), zone)


@pytest.mark.parametrize(
    ("on", "at", "repeated"),
    [(BACK, time(0, 59), False), (BACK, time(1, 0), True), (BACK, time(1, 59), True),
     (BACK, time(2, 0), False), (FORWARD, time(1, 30), False), (date(2026, 7, 1), time(1), False)],
)  # fmt: skip
def test_only_the_hour_shown_twice_is_repeated(on: date, at: time, repeated: bool) -> None:
    assert is_repeated(on, at, LONDON) is repeated


@fair
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - UTC is added
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_there_and_back_is_the_same_moment_or_the_first_of_two(moment: datetime, zone: str) -> None:
    moment = moment.replace(tzinfo=UTC)
    there = local(moment, zone)
    back = to_utc(there.date(), there.time(), zone)
    if is_repeated(there.date(), there.time(), zone):
        assert moment - back in (timedelta(0), timedelta(minutes=30), timedelta(hours=1))
    else:
        assert back == moment


@pytest.mark.parametrize(
    ("zone", "here", "said"),
    [
        ("Europe/London", "America/New_York", "10:15 in London"),
        ("America/New_York", "Europe/London", "05:15 in New York"),
        ("Pacific/Auckland", "Europe/London", "23:15 in Auckland"),
        ("Pacific/Kiritimati", "Europe/London", "Tue 15 Dec, 00:15 in Kiritimati"),
        ("Europe/London", "Europe/Lisbon", ""),  # another town, the same clock
    ],
)
def test_what_another_clock_shows_is_said_where_it_differs(zone: str, here: str, said: str) -> None:
    moment = datetime(2026, 12, 14, 10, 15, tzinfo=UTC)
    assert elsewhere(moment, zone, here) == said
