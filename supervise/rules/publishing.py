"""What may be published as free: the sentences that stand in the way, field by field."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from supervise.rules.moments import DAYS, clock, day, length, local, long_date, short_date
from supervise.rules.slots import (
    DAY,
    MINUTE,
    Pattern,
    Spans,
    moment,
    next_days,
    of_day,
    window,
)

IN_GROUPS = ("group", "peer")
"""The formats that make sense for several learners only."""
FEWEST = 2
TOO_FEW = "A group has two places or more."
ON_CALL = "https://"
"""How the address of a call begins."""
NO_ADDRESS = f"Give the address of the call. It begins with {ON_CALL}."


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to publish. ``overnight`` says that the end is meant to be on the next day."""

    pattern: Pattern
    format: str
    places: int
    mode: str
    place: str = ""
    address: str = ""
    named: bool = False
    people: frozenset[int] = frozenset()
    """The learners who alone may book, where ``named``."""
    overnight: bool = False


Found = dict[str, str]


def faults(
    wanted: Wanted,
    *,
    formats: Collection[str],
    learners: Collection[int],
    today: date,
    unread: Collection[str] = (),
) -> Found:
    """By field, why this cannot be published by somebody who leads ``formats`` and has ``learners``.

    All of it at once. ``unread`` are the fields that hold nothing that can be read: nothing is said
    of what depends on them, nor of what depends on a field that is at fault already.
    """
    checks: tuple[tuple[set[str], Callable[[], Found]], ...] = (
        ({"format"}, lambda: _format(wanted, formats)),
        ({"format", "places"}, lambda: _places(wanted)),
        ({"people"}, lambda: _people(wanted, learners)),
        ({"mode", "address", "place"}, lambda: _where(wanted)),
        ({"starts", "ends"}, lambda: _clock(wanted)),
        ({"starts", "ends", "minutes"}, lambda: _length(wanted.pattern)),
        ({"from_on", "to_on"}, lambda: _days(wanted.pattern, today)),
        (
            {"from_on", "to_on", "weekday", "every_weeks", "starts", "ends", "minutes"},
            lambda: _no_day(wanted.pattern, today),
        ),
    )
    found: Found = {}
    for fields, check in checks:
        if not fields & {*unread, *found}:
            found |= check()
    return found


def _format(wanted: Wanted, formats: Collection[str]) -> Found:
    return {} if wanted.format in formats else {"format": "Choose one that you lead."}


def _places(wanted: Wanted) -> Found:
    if wanted.format in IN_GROUPS and wanted.places < FEWEST:
        return {"places": TOO_FEW}
    if wanted.format == "one-to-one" and wanted.places != 1:
        return {"places": "One to one has one place. Choose a group for more."}
    return {}


def _people(wanted: Wanted, learners: Collection[int]) -> Found:
    if wanted.named and not wanted.people:
        return {"people": "Tick at least one learner, or let all of yours book."}
    if wanted.named and not wanted.people <= set(learners):
        return {"people": "One of these is no longer yours. Look at the ticks again."}
    return {}


def _where(wanted: Wanted) -> Found:
    if wanted.mode == "video" and not wanted.address.startswith(ON_CALL):
        return {"address": NO_ADDRESS}
    if wanted.mode == "face to face" and not wanted.place:
        return {"place": "Say where you meet."}
    return {}


def _clock(wanted: Wanted) -> Found:
    pattern = wanted.pattern
    if pattern.starts == pattern.ends:
        return {"ends": "It ends when it starts. Give a later end."}
    if pattern.ends < pattern.starts and not wanted.overnight:
        return {"ends": "It ends before it starts. Correct it, or tick that it ends the next day."}
    if pattern.ends > pattern.starts and wanted.overnight:
        return {"ends": "That would be longer than a day. Untick that it ends the next day."}
    return {}


def _length(pattern: Pattern) -> Found:
    open_for = _on_the_wall(pattern)
    if pattern.minutes <= open_for:
        return {}
    return {
        "minutes": f"From {clock(pattern.starts)} to {clock(pattern.ends)} is {length(open_for)}: "
        f"no meeting of {length(pattern.minutes)} fits. Change one of them."
    }


def _days(pattern: Pattern, today: date) -> Found:
    if pattern.weekday is None:
        if pattern.from_on < today:
            return {"from_on": f"{short_date(pattern.from_on)} has passed. Choose a later day."}
        return {}
    if pattern.to_on is not None and pattern.to_on < pattern.from_on:
        return {"to_on": "It ends before it begins. Choose a later last day."}
    if pattern.to_on is not None and pattern.to_on < today:
        return {"to_on": f"{short_date(pattern.to_on)} has passed. Choose a later last day."}
    return {}


def _no_day(pattern: Pattern, today: date) -> Found:
    """Where no window is left in these days, or a change of the clocks leaves nothing of it."""
    if pattern.weekday is None:
        if of_day(pattern, pattern.from_on):
            return {}
        return {"starts": changed_clocks(pattern, pattern.from_on) + " Choose other times."}
    if next_days(pattern, max(today, pattern.from_on), 1):
        return {}
    return {"to_on": f"No {DAYS[pattern.weekday]} that counts lies in these days. Choose others."}


def _on_the_wall(pattern: Pattern) -> int:
    """How many minutes the window lasts on an ordinary day."""
    starts = datetime.combine(pattern.from_on, pattern.starts)
    ends = datetime.combine(pattern.from_on, pattern.ends)
    lasts = ends - starts + timedelta(days=pattern.ends <= pattern.starts)
    return int(lasts / MINUTE)


def changed_clocks(pattern: Pattern, on: date) -> str:
    """What a change of the clocks does to the window of a day, in a sentence; nothing on other days."""
    start, end = window(on, pattern.starts, pattern.ends, pattern.zone)
    really, usual = int((end - start) / MINUTE), _on_the_wall(pattern)
    if really == usual:
        return ""
    how = "forward" if really < usual else "back"
    left = f"it is {length(really)} long" if really else "nothing is left of it"
    return (
        f"The clocks go {how} on {day(_of_change(pattern, on))}: {left} instead of {length(usual)}."
    )


def _of_change(pattern: Pattern, on: date) -> date:
    """The day on which the clocks change during the window: the next one, if midnight comes first."""
    begins, ends = (local(moment(at, time(), pattern.zone), pattern.zone) for at in (on, on + DAY))
    same = begins.utcoffset() == ends.utcoffset()
    return on + DAY if same else on


def first_shared(pattern: Pattern, other: Pattern, since: date) -> date | None:
    """The first day from ``since`` on, on which both would offer some of the same time; None where
    there is none in the next 53 windows of the first: a year, or more."""
    start = max(since, other.from_on - DAY)
    for on in next_days(pattern, start, 53):
        mine = Spans.of(slot.span for slot in of_day(pattern, on))
        near = (slot for n in (-1, 0, 1) for slot in of_day(other, on + n * DAY))
        if any(mine.overlaps(slot.span) for slot in near):
            return on
    return None


def in_words(pattern: Pattern) -> str:
    """When a pattern holds: ``Every second Monday, 09:00 to 12:00``."""
    times = f"{clock(pattern.starts)} to {clock(pattern.ends)}"
    if pattern.ends < pattern.starts:
        times += " the next day"
    if pattern.weekday is None:
        return f"{long_date(pattern.from_on)}, {times}"
    every = {1: "Every", 2: "Every second", 3: "Every third"}.get(
        pattern.every_weeks, f"Every {pattern.every_weeks}th"
    )
    return f"{every} {DAYS[pattern.weekday]}, {times}"


def time_off(from_at: datetime, to_at: datetime, zone: str, now: datetime) -> str:
    """When somebody is away on the clock of ``zone``; whole days as days: ``Mon 7 Dec to Wed 9 Dec``.

    A day of another year than that of ``now`` says which.
    """
    first, end = local(from_at, zone), local(to_at, zone)
    this_year = local(now, zone).year

    def on(when: date) -> str:
        return day(when, year=when.year != this_year)

    last = end.date() - DAY
    if first.time() == end.time() == time():
        return on(first.date()) if last <= first.date() else f"{on(first.date())} to {on(last)}"
    until = clock(end) if end.date() == first.date() else f"{on(end.date())}, {clock(end)}"
    return f"{on(first.date())}, {clock(first)} to {until}"
