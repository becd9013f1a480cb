"""What somebody publishes, with its next dates, and their times off with what is booked in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from supervise.models.availability import Availability, AvailabilityPerson, Away
from supervise.models.meetings import Meeting
from supervise.models.people import Actor, Person
from supervise.rules import publishing
from supervise.rules.moments import local
from supervise.rules.slots import next_days, of_day

DATES = 3


@dataclass(frozen=True)
class NextDate:
    """A day on which it holds: how many meetings fit, and what a change of the clocks does to it."""

    on: date
    meetings: int
    clocks: str


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
    """A time away and the meetings that are booked in it all the same."""

    away: Away
    meetings: list[Meeting]


def published(actor: Actor) -> list[Published]:
    """What the actor publishes now, those with a next date first. Two queries."""
    mine = Availability.visible_to(actor).where(Availability.withdrawn_at.is_null())
    found = list(mine.order_by(Availability.weekday, Availability.starts, Availability.id))
    names = _names([one.id for one in found if one.named])
    rows = [
        Published(
            one, publishing.in_words(one.pattern), dates_of(one, actor.now), names.get(one.id, [])
        )
        for one in found
    ]
    return sorted(rows, key=lambda row: row.over)


def dates_of(availability: Availability, now: datetime, count: int = DATES) -> list[NextDate]:
    """The next days on which it holds, on its own clock, with the times to come. No query."""
    pattern = availability.pattern
    today = local(now, pattern.zone).date()
    found = []
    for on in next_days(pattern, today, count + 1):
        every = of_day(pattern, on)
        ahead = [one for one in every if one.starts_at > now]
        if ahead or not every:
            found.append(NextDate(on, len(ahead), publishing.changed_clocks(pattern, on)))
    return found[:count]


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
    return [TimeOff(one, _within(one, booked)) for one in found]


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
