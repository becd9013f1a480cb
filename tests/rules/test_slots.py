"""Slots: always inside the window in real time, never on top of another, at no time no clock showed."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervise.rules import slots as rule
from supervise.rules.slots import (
    MINUTE,
    Pattern,
    next_days,
    of_day,
    offers,
    slots,
    too_late_or_early,
    window,
)

fair = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

LONDON, NEW_YORK = "Europe/London", "America/New_York"
LONG_AGO = datetime(2025, 12, 1, tzinfo=UTC)
CHANGES = {
    LONDON: (date(2026, 3, 29), date(2026, 10, 25)),
    NEW_YORK: (date(2026, 3, 8), date(2026, 11, 1)),
}


def pattern(**changes: object) -> Pattern:
    """Each Monday from 9 to 12 in London, an hour each with a quarter of an hour between."""
    monday = Pattern(
        id=1, weekday=0, every_weeks=1, from_on=date(2026, 1, 5), to_on=None, starts=time(9),
        ends=time(12), zone=LONDON, minutes=60, buffer_minutes=15, notice_minutes=0, horizon_days=400,
    )  # fmt: skip
    return replace(monday, **changes)  # type: ignore[arg-type]


def single(on: date, starts: time, ends: time, **changes: object) -> Pattern:
    return pattern(
        weekday=None,
        from_on=on,
        to_on=on,
        starts=starts,
        ends=ends,
        **{"buffer_minutes": 0} | changes,
    )


def starts(
    one: Pattern, first: date, days: int = 7, now: datetime = LONG_AGO, **how: object
) -> list[str]:
    """What the clock of the pattern's zone shows at the start of each slot of some days."""
    since = datetime.combine(first, time(), ZoneInfo(one.zone)).astimezone(UTC)
    found = slots([one], since=since, until=since + timedelta(days=days), now=now, **how)  # type: ignore[arg-type]
    zone = ZoneInfo(one.zone)
    return [f"{slot.starts_at.astimezone(zone):%d %b %H:%M%z}" for slot in found]


def test_a_week_has_the_slots_that_fit_with_their_buffer() -> None:
    assert starts(pattern(), date(2026, 1, 12)) == ["12 Jan 09:00+0000", "12 Jan 10:15+0000"]
    assert len(starts(pattern(buffer_minutes=0), date(2026, 1, 12))) == 3


@pytest.mark.parametrize(
    ("starts_on", "days"),
    [(date(2026, 1, 5), [5, 19]), (date(2026, 1, 8), [19]), (date(2026, 1, 11), [19]),
     (date(2026, 1, 12), [12, 26])],
)  # fmt: skip
def test_every_second_week_counts_from_the_week_it_begins_in(
    starts_on: date, days: list[int]
) -> None:
    """Also where it begins after that week's day, which is then left out."""
    found = next_days(pattern(every_weeks=2, from_on=starts_on), date(2026, 1, 1), 2)
    assert [day.day for day in found if day.month == 1] == days


@pytest.mark.parametrize(
    ("zone", "starts_at", "ends_at", "on", "expected"),
    [
        # the hour from one to two is left out in London, from two to three in New York
        (LONDON, time(0), time(4), 0, ["00:00+0000", "02:00+0100", "03:00+0100"]),
        (LONDON, time(1, 30), time(4), 0, ["02:00+0100", "03:00+0100"]),
        (LONDON, time(1), time(2), 0, []),
        (LONDON, time(0, 30), time(1, 30), 0, []),
        (NEW_YORK, time(1), time(5), 0, ["01:00-0500", "03:00-0400", "04:00-0400"]),
        (NEW_YORK, time(2, 15), time(2, 45), 0, []),
        # and comes twice in autumn, where the window is an hour longer
        (LONDON, time(0), time(3), 1, ["00:00+0100", "01:00+0100", "01:00+0000", "02:00+0000"]),
        (NEW_YORK, time(0), time(2), 1, ["00:00-0400", "01:00-0400", "01:00-0500"]),
        # over midnight into the night of the change
        (LONDON, time(23), time(3), -1, ["23:00+0000", "00:00+0000", "02:00+0100"]),
        (LONDON, time(23), time(2), -2, ["23:00+0100", "00:00+0100", "01:00+0100", "01:00+0000"]),
        (NEW_YORK, time(22), time(1), -1, ["22:00-0500", "23:00-0500", "00:00-0500"]),
    ],
)  # fmt: skip
def test_the_night_the_clocks_change(
    zone: str, starts_at: time, ends_at: time, on: int, expected: list[str]
) -> None:
    spring, autumn = CHANGES[zone]
    day = {0: spring, 1: autumn, -1: spring - timedelta(days=1), -2: autumn - timedelta(days=1)}[on]
    one = single(day, starts_at, ends_at, zone=zone)
    assert [found[7:] for found in starts(one, day, 2)] == expected


@pytest.mark.parametrize("zone", [LONDON, NEW_YORK])
def test_nine_oclock_stays_nine_oclock_on_both_sides_of_a_change(zone: str) -> None:
    one = pattern(weekday=6, zone=zone, ends=time(10))
    for change in CHANGES[zone]:
        around = starts(one, change - timedelta(days=7), 15)
        assert [found[7:12] for found in around] == ["09:00"] * 3
        assert len({found[12:] for found in around}) == 2


def test_what_is_taken_or_away_is_left_out_with_its_buffer() -> None:
    monday = datetime(2026, 1, 12, tzinfo=UTC)

    def at(hour: float) -> datetime:
        return monday + timedelta(hours=hour)

    day = date(2026, 1, 12)
    both = ["12 Jan 09:00+0000", "12 Jan 10:15+0000"]
    assert starts(pattern(), day, blocked=[(at(8), at(8.75))]) == both
    assert starts(pattern(), day, blocked=[(at(8), at(9))]) == both[1:]  # nearer than the buffer
    assert starts(pattern(), day, blocked=[(at(10), at(10.25))]) == []
    assert starts(pattern(), day, away=[(at(8), at(9))]) == both  # time off needs no buffer
    assert starts(pattern(), day, away=[(at(10), at(10.5))]) == both[:1]
    assert starts(pattern(), day, away=[(at(11.5), at(12))]) == both


def test_a_group_blocks_every_slot_but_the_one_it_forms_in() -> None:
    """Moved away from its slot it is a meeting like any other, buffer and all."""
    nine = datetime(2026, 1, 12, 9, tzinfo=UTC)
    day, hour = date(2026, 1, 12), timedelta(hours=1)
    at_nine, at_quarter_past_ten = "12 Jan 09:00+0000", "12 Jan 10:15+0000"
    group = (nine, nine + hour)
    assert starts(pattern(), day, forming=[group]) == [at_nine, at_quarter_past_ten]
    assert starts(pattern(), day, blocked=[group]) == [at_quarter_past_ten]
    moved = (nine + 10 * MINUTE, nine + hour + 10 * MINUTE)
    assert starts(pattern(), day, forming=[moved]) == []
    both = [group, (nine + 70 * MINUTE, nine + 130 * MINUTE)]
    assert starts(pattern(), day, forming=both) == [at_nine]


def test_notice_and_horizon_are_kept() -> None:
    one, day = pattern(notice_minutes=24 * 60, horizon_days=7), date(2026, 1, 5)
    now = datetime(2026, 1, 5, 9, 1, tzinfo=UTC)
    assert starts(one, day, 30, now) == ["12 Jan 09:00+0000", "12 Jan 10:15+0000"]
    assert starts(one, day, 30, datetime(2026, 1, 4, 10, 0, tzinfo=UTC)) == ["05 Jan 10:15+0000"]
    nine = datetime(2026, 1, 12, 9, tzinfo=UTC)
    assert too_late_or_early(one, nine, now) == ""
    assert "booked 1 day before" in too_late_or_early(one, nine, nine - timedelta(hours=23))
    assert "has passed" in too_late_or_early(one, nine, nine + MINUTE)
    assert "from 7 days ahead" in too_late_or_early(one, nine, nine - timedelta(days=8))


def test_a_single_day_is_that_day_alone_and_an_end_is_the_last_day() -> None:
    assert starts(single(date(2026, 2, 3), time(9), time(10)), date(2026, 1, 1), 90) == [
        "03 Feb 09:00+0000"
    ]
    ends = pattern(to_on=date(2026, 1, 12), ends=time(10))
    assert starts(ends, date(2026, 1, 1), 90) == ["05 Jan 09:00+0000", "12 Jan 09:00+0000"]
    assert next_days(ends, date(2026, 1, 6), 5) == [date(2026, 1, 12)]


zones = st.sampled_from([LONDON, NEW_YORK, "Australia/Lord_Howe", "Asia/Kolkata"])
minutes = st.integers(0, 24 * 60 - 1).map(lambda n: time(n // 60, n % 60))
near_changes = st.sampled_from([day for pair in CHANGES.values() for day in pair]).flatmap(
    lambda day: st.integers(-2, 2).map(lambda n: day + timedelta(days=n))
)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    begins, ends = draw(minutes), draw(minutes)
    if begins == ends:
        ends = time((ends.hour + 1) % 24, ends.minute)
    from_on = draw(near_changes)
    return pattern(
        weekday=draw(st.integers(0, 6)), every_weeks=draw(st.integers(1, 3)), from_on=from_on,
        starts=begins, ends=ends, zone=draw(zones), minutes=draw(st.integers(10, 240)),
        buffer_minutes=draw(st.integers(0, 60)),
    )  # fmt: skip


@fair
@given(patterns(), st.lists(st.tuples(st.integers(0, 600), st.integers(1, 300)), max_size=6))
def test_slots_keep_apart_within_their_window_and_off_what_is_blocked(
    one: Pattern, taken: list[tuple[int, int]]
) -> None:
    since = datetime.combine(one.from_on, time(), UTC) - timedelta(days=2)
    blocked = [
        (since + timedelta(minutes=30 * begin), since + timedelta(minutes=30 * begin + long))
        for begin, long in taken
    ]
    until = since + timedelta(days=24)
    found = list(slots([one], since=since, until=until, now=LONG_AGO, blocked=blocked))
    buffer = one.buffer_minutes * MINUTE
    for slot in found:
        assert slot.ends_at - slot.starts_at == one.minutes * MINUTE
        assert offers(one, slot.starts_at)
        assert not offers(one, slot.starts_at + MINUTE)
        assert all(
            start >= slot.ends_at + buffer or end <= slot.starts_at - buffer
            for start, end in blocked
        )
        local = slot.starts_at.astimezone(ZoneInfo(one.zone))
        days = (local.date(), local.date() - timedelta(days=1))
        windows = [window(on, one.starts, one.ends, one.zone) for on in days if of_day(one, on)]
        assert any(begin <= slot.starts_at and slot.ends_at <= end for begin, end in windows)
    for earlier, later in zip(found, found[1:], strict=False):
        assert later.starts_at >= earlier.ends_at + buffer


spans = st.lists(
    st.tuples(st.integers(0, 24 * 96), st.integers(1, 900)).map(
        lambda drawn: (
            datetime(2026, 3, 5, tzinfo=UTC) + 15 * drawn[0] * MINUTE,
            datetime(2026, 3, 5, tzinfo=UTC) + (15 * drawn[0] + drawn[1]) * MINUTE,
        )
    ),
    max_size=8,
)


@fair
@given(st.lists(patterns(), max_size=3), spans, spans, st.data())
def test_they_are_those_that_a_look_at_everything_leaves(
    many: list[Pattern],
    blocked: list[tuple[datetime, datetime]],
    away: list[tuple[datetime, datetime]],
    data: st.DataObject,
) -> None:
    """Whatever is sorted and stepped: every slot of every day held against every span."""
    many = [replace(one, id=number) for number, one in enumerate(many)]
    since = datetime(2026, 3, 5, tzinfo=UTC)
    until = since + timedelta(days=24)
    every = [
        slot
        for one in many
        for n in range(-2, 27)
        for slot in of_day(one, date(2026, 3, 5) + timedelta(days=n))
        if since <= slot.starts_at < until
    ]
    chosen = data.draw(st.lists(st.sampled_from(every), max_size=3)) if every else []
    forming = [(slot.starts_at, slot.ends_at) for slot in chosen]

    def meets(begin: datetime, end: datetime, others: list[tuple[datetime, datetime]]) -> bool:
        return any(start < end and stop > begin for start, stop in others)

    expected = []
    for slot in every:
        around = slot.buffer_minutes * MINUTE
        near = (slot.starts_at - around, slot.ends_at + around)
        joins = (slot.starts_at, slot.ends_at) in forming
        if meets(*near, blocked) or (not joins and meets(*near, forming)):
            continue
        if not meets(slot.starts_at, slot.ends_at, away):
            expected.append(slot)
    found = slots(
        many, since=since, until=until, now=LONG_AGO, blocked=blocked, forming=forming, away=away
    )
    assert list(found) == sorted(expected, key=lambda one: (one.starts_at, one.pattern_id))


def test_the_first_slot_costs_no_more_than_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[date] = []

    def counted(one: Pattern, on: date) -> list[object]:
        asked.append(on)
        return real(one, on)  # type: ignore[return-value]

    real = rule.of_day
    monkeypatch.setattr(rule, "of_day", counted)
    monday = datetime(2026, 1, 12, tzinfo=UTC)
    found = slots([pattern()], since=monday, until=monday + timedelta(days=400), now=LONG_AGO)
    assert next(found).starts_at.hour == 9
    assert len(asked) <= 3


@fair
@given(patterns())
def test_a_window_lasts_as_long_as_a_stopwatch_says(one: Pattern) -> None:
    """On the night of a change an hour more or less than the clock on the wall, on others the same."""
    for on in (one.from_on + timedelta(days=n) for n in range(5)):
        begin, end = window(on, one.starts, one.ends, one.zone)
        on_the_wall = datetime.combine(on, one.ends) - datetime.combine(on, one.starts)
        on_the_wall += timedelta(days=one.ends < one.starts)
        assert end >= begin
        assert abs((end - begin) - on_the_wall) <= timedelta(hours=1)
        zone = ZoneInfo(one.zone)
        if begin.astimezone(zone).utcoffset() == end.astimezone(zone).utcoffset() and (
            begin.astimezone(zone).time() == one.starts and end.astimezone(zone).time() == one.ends
        ):
            assert end - begin == on_the_wall
