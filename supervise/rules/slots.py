"""Which times can be booked: what follows from weekly patterns and single days, right across clock changes.

Slots are computed, not stored. A pattern is on the wall clock of its zone. The window of a day goes
from its real start to its real end, and slots step in elapsed minutes: in the night of a clock
change the window is an hour shorter or longer, and no slot is at a time that no clock showed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import accumulate
from zoneinfo import ZoneInfo

from supervise.rules.moments import length, local

Span = tuple[datetime, datetime]
"""From when to when, in UTC; the end is not part of it."""
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Pattern:
    """When somebody is free: each ``weekday`` (Monday is 0), or on ``from_on`` alone without one.

    ``every_weeks`` counts from the week of ``from_on``. ``to_on`` is the last day on which a window
    begins. An end at or before the start is on the next day. ``buffer_minutes`` stay free between
    a slot and any other meeting; ``notice_minutes`` is how late one may book, ``horizon_days`` how
    far ahead, counted in days of the zone.
    """

    id: int
    weekday: int | None
    every_weeks: int
    from_on: date
    to_on: date | None
    starts: time
    ends: time
    zone: str
    minutes: int
    buffer_minutes: int
    notice_minutes: int
    horizon_days: int


@dataclass(frozen=True)
class Slot:
    """One time that can be booked (UTC)."""

    pattern_id: int
    starts_at: datetime
    ends_at: datetime
    buffer_minutes: int

    @property
    def span(self) -> Span:
        """From when to when it is."""
        return self.starts_at, self.ends_at


@dataclass(frozen=True)
class Spans:
    """Spans of time, sorted once so that asking for an overlap takes no look at each."""

    starts: list[datetime]
    latest: list[datetime]
    """The latest end among those that start no later."""

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Spans:
        """Sort these spans."""
        ordered = sorted(spans)
        latest = accumulate((end for _, end in ordered), max)
        return cls([start for start, _ in ordered], list(latest))

    def overlaps(self, span: Span) -> bool:
        """Whether a span shares a moment with one of them."""
        before = bisect_left(self.starts, span[1])
        return before > 0 and self.latest[before - 1] > span[0]


def slots(
    patterns: Iterable[Pattern],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    blocked: Iterable[Span] = (),
    forming: Iterable[Span] = (),
    away: Iterable[Span] = (),
) -> Iterator[Slot]:
    """The slots that start in ``since`` to ``until`` and can be booked at ``now``, by start. All UTC.

    One after the other, so that the first costs no more than the way to it. ``blocked`` are meetings:
    a slot whose time with its buffer on either side overlaps one is left out. ``forming`` are groups
    that can be joined: they block other slots in the same way, but not the one that is at their very
    time. ``away`` are times off, which need no buffer.
    """
    meetings, groups = list(blocked), set(forming)
    others, everything, off = Spans.of(meetings), Spans.of([*meetings, *groups]), Spans.of(away)

    def free(pattern: Pattern) -> Iterator[Slot]:
        first = max(since, now + pattern.notice_minutes * MINUTE)
        around = pattern.buffer_minutes * MINUTE
        for slot in _between(pattern, first, min(until, booked_until(pattern, now))):
            taken = others if slot.span in groups else everything
            near = (slot.starts_at - around, slot.ends_at + around)
            if not (taken.overlaps(near) or off.overlaps(slot.span)):
                yield slot

    return merge(*map(free, patterns), key=lambda slot: (slot.starts_at, slot.pattern_id))


def offers(pattern: Pattern, starts_at: datetime) -> bool:
    """Whether this moment is one of the pattern's starts, whatever is blocked and whatever the hour."""
    return any(
        slot.starts_at == starts_at for slot in _between(pattern, starts_at, starts_at + MINUTE)
    )


def too_late_or_early(pattern: Pattern, starts_at: datetime, now: datetime) -> str:
    """Why one of its starts cannot be booked at ``now``, in a sentence; nothing where it can."""
    if starts_at < now:
        return "This time has passed. Choose a later one."
    if starts_at < now + pattern.notice_minutes * MINUTE:
        return (
            f"This time must be booked {notice(pattern.notice_minutes)} before it begins. "
            "Choose a later one."
        )
    if starts_at >= booked_until(pattern, now):
        return f"This time can be booked from {pattern.horizon_days} days ahead. Choose an earlier one."
    return ""


def notice(minutes: int) -> str:
    """A length of notice in words: whole days where it is, otherwise hours."""
    days, rest = divmod(minutes, 24 * 60)
    if days and not rest:
        return "1 day" if days == 1 else f"{days} days"
    return length(minutes)


def next_days(pattern: Pattern, since: date, count: int) -> list[date]:
    """The next days on which a window begins, from ``since`` on, at most so many and ten years."""
    found: list[date] = []
    on = max(since, pattern.from_on)
    last = min(pattern.to_on or date.max, date.max if on.year > 9980 else on + 3650 * DAY)
    while on <= last and len(found) < count:
        if _holds(pattern, on):
            found.append(on)
        if on == date.max:
            break
        on += DAY
    return found


def of_day(pattern: Pattern, on: date) -> list[Slot]:
    """The slots of the window that begins on this day, if one does, whatever is blocked."""
    if not _holds(pattern, on):
        return []
    start, end = window(on, pattern.starts, pattern.ends, pattern.zone)
    step = (pattern.minutes + pattern.buffer_minutes) * MINUTE
    found = []
    while start + pattern.minutes * MINUTE <= end:
        found.append(
            Slot(pattern.id, start, start + pattern.minutes * MINUTE, pattern.buffer_minutes)
        )
        start += step
    return found


def window(on: date, starts: time, ends: time, zone: str) -> Span:
    """From when to when the window of a day really goes (UTC); empty where no clock showed it."""
    start = moment(on, starts, zone)
    end = moment(on if ends > starts else on + DAY, ends, zone)
    return start, max(start, end)


def moment(on: date, at: time, zone: str) -> datetime:
    """When the clock of ``zone`` first shows ``at`` or later on that day (UTC).

    Of an hour shown twice it is the first; for a time left out when the clocks go forward it is the
    moment of the change, since nobody is there before.
    """
    before = datetime.combine(on, at.replace(fold=0), ZoneInfo(zone))
    late, early = before.astimezone(UTC), before.replace(fold=1).astimezone(UTC)
    if early >= late:
        return late
    offset = local(early, zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=int((late - early).total_seconds()) // 2)
        if local(middle, zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late


def _between(pattern: Pattern, since: datetime, until: datetime) -> Iterator[Slot]:
    """Its slots that start in these moments, in order."""
    if until <= since:
        return
    day, last = local(since, pattern.zone).date() - DAY, local(until, pattern.zone).date()
    day = max(day, pattern.from_on)
    while day <= last:
        for slot in of_day(pattern, day):
            if since <= slot.starts_at < until:
                yield slot
        day += DAY


def _holds(pattern: Pattern, on: date) -> bool:
    """Whether a window begins on this day."""
    if pattern.weekday is None:
        return on == pattern.from_on
    if on < pattern.from_on or (pattern.to_on is not None and on > pattern.to_on):
        return False
    weeks = (_monday(on) - _monday(pattern.from_on)).days // 7
    return on.weekday() == pattern.weekday and weeks % pattern.every_weeks == 0


def _monday(on: date) -> date:
    return on - on.weekday() * DAY


def booked_until(pattern: Pattern, now: datetime) -> datetime:
    """The end of the last day that can be booked at ``now`` (UTC)."""
    today = local(now, pattern.zone).date()
    return moment(today + (pattern.horizon_days + 1) * DAY, time(), pattern.zone)
