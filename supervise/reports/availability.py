"""What somebody publishes, with its next dates, and their times off with what is booked in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from supervise.models.availability import Availability, AvailabilityPerson, Away
from supervise.models.meetings import Meeting
from supervise.models.people import Actor, Person
from supervise.reports.days import Day, Seats
from supervise.rules import publishing
from supervise.rules import slots as rule
from supervise.rules.moments import day, local

DATES = 3


@dataclass(frozen=True)
class NextDate:
    """A day on which it holds.

    ``times`` begin then, as far as they can still be booked in time; ``away`` of them are in a time
    off, and ``free`` are neither that nor taken. ``opens`` is the day from which they can be booked,
    None where that is now. ``clocks`` says what a change of the clocks does to the day.
    """

    on: date
    times: int
    free: int
    away: int
    opens: date | None
    clocks: str

    @property
    def words(self) -> str:
        """How much of it is free: ``2 of 3 times still free``, ``away``."""
        every = "1 time" if self.times == 1 else f"{self.times} times"
        if not self.times:
            return "no meeting fits"
        if self.away == self.times:
            return "away"
        partly = ", away for some of it" if self.away else ""
        if self.opens:
            return f"{every}, to book from {day(self.opens)}{partly}"
        if self.free == self.times:
            return f"{every} free"
        return f"{self.free or 'none'} of {every} still free{partly}"


@dataclass(frozen=True)
class Published:
    """One pattern or single day, in words, with its next dates and who alone may book it."""

    availability: Availability
    when: str
    dates: list[NextDate]
    names: list[str]

    @property
    def over(self) -> bool:
        """Whether no day of it is to come."""
        return not self.dates


@dataclass(frozen=True)
class TimeOff:
    """A time away, in words, and the meetings that are booked in it all the same."""

    away: Away
    when: str
    meetings: list[Meeting]


def published(actor: Actor) -> list[Published]:
    """What the actor publishes now, those with a next date first. Five queries."""
    mine = Availability.visible_to(actor).where(Availability.withdrawn_at.is_null())
    found = list(mine.order_by(Availability.weekday, Availability.starts, Availability.id))
    names = _names([one.id for one in found if one.named])
    dates = dates_of(found, actor.now)
    rows = [
        Published(one, publishing.in_words(one.pattern), dates[one.id], names.get(one.id, []))
        for one in found
    ]
    return sorted(rows, key=lambda row: row.over)


def dates_of(
    published: Sequence[Availability], now: datetime, count: int = DATES
) -> dict[int, list[NextDate]]:
    """The next days on which each of one person's holds, on its own clock, by its id.

    Three queries at most.
    """
    ahead = {one.id: _ahead(one, now, count) for one in published}
    ends = [slot.ends_at for days in ahead.values() for _, every in days for slot in every]
    around = Day.of({one.person_id for one in published}, now, max(ends, default=now))
    seats = Seats.of(around.groups)
    full = {
        (group.availability_id, group.starts_at)
        for group in around.groups
        if seats.taken.get(group.id, 0) >= group.places
    }
    return {one.id: _dates(one, ahead[one.id], around, full, now) for one in published}


Days = list[tuple[date, list[rule.Slot]]]


def _ahead(availability: Availability, now: datetime, count: int) -> Days:
    """The next days on which it holds, each with its times that can still be booked in time.

    A day that has none any more is left out, but not one that a change of the clocks took.
    """
    pattern = availability.pattern
    first = now + pattern.notice_minutes * rule.MINUTE
    found = []
    for on in rule.next_days(pattern, local(first, pattern.zone).date(), count + 1):
        every = rule.of_day(pattern, on)
        in_time = [one for one in every if one.starts_at >= first]
        if in_time or not every:
            found.append((on, in_time))
    return found[:count]


def _dates(
    availability: Availability,
    ahead: Days,
    around: Day,
    full: Collection[tuple[int, datetime]],
    now: datetime,
) -> list[NextDate]:
    pattern = availability.pattern
    until = rule.booked_until(pattern, now)
    last = max((one.ends_at for _, every in ahead for one in every), default=now)
    free = {
        one.starts_at
        for one in around.free(availability, now, last, now)
        if (availability.id, one.starts_at) not in full
    }
    off = rule.Spans.of((one.from_at, one.to_at) for one in around.off(availability.person_id))
    return [
        NextDate(
            on=on,
            times=len(every),
            free=sum(one.starts_at in free for one in every),
            away=sum(off.overlaps(one.span) for one in every),
            opens=(
                on - pattern.horizon_days * rule.DAY
                if every and every[0].starts_at >= until
                else None
            ),
            clocks=publishing.changed_clocks(pattern, on),
        )
        for on, every in ahead
    ]


def times_off(actor: Actor) -> list[TimeOff]:
    """The actor's times off that are not over, each with the meetings booked in it. Two queries."""
    to_come = Away.visible_to(actor).where(Away.to_at > actor.now).order_by(Away.from_at, Away.id)
    found = list(to_come)
    if not found:
        return []
    first, last = min(one.from_at for one in found), max(one.to_at for one in found)
    spans = (Meeting.starts_at < last) & (Meeting.ends_at > first) & (Meeting.state == "booked")
    mine = (Meeting.host == actor.person) & (Meeting.centre == actor.centre)
    booked = list(Meeting.select().where(mine & spans).order_by(Meeting.starts_at))
    return [TimeOff(one, _when(one, actor), _within(one, booked)) for one in found]


def _when(away: Away, actor: Actor) -> str:
    return publishing.time_off(away.from_at, away.to_at, actor.person.zone, actor.now)


def _within(away: Away, meetings: Iterable[Meeting]) -> list[Meeting]:
    return [one for one in meetings if one.starts_at < away.to_at and one.ends_at > away.from_at]


def _names(ids: list[int]) -> dict[int, list[str]]:
    """The learners who alone may book these, by name. One query, or none for none."""
    found: dict[int, list[str]] = {}
    if ids:
        query = AvailabilityPerson.select(AvailabilityPerson, Person).join(Person)
        for row in query.where(AvailabilityPerson.availability.in_(ids)).order_by(Person.name):
            found.setdefault(row.availability_id, []).append(row.person.name)
    return found
