"""The times that can be booked: a learner's open slots, and what a host's day leaves free."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import takewhile
from typing import TypeVar

from supervise.models.assignments import Assignment
from supervise.models.availability import Availability, Away, ties
from supervise.models.enrolments import Enrolment
from supervise.models.meetings import Attendance, Meeting
from supervise.models.people import Actor, Person
from supervise.reports.days import Day, Seats

FURTHEST = timedelta(days=401)
"""No pattern is open for longer."""


@dataclass(frozen=True)
class OpenSlot:
    """One time a learner may book (UTC), or join: ``meeting`` is the group that has begun to form."""

    availability: Availability
    host: Person
    starts_at: datetime
    ends_at: datetime
    places: int
    taken: int
    meeting: Meeting | None
    enrolments: tuple[Enrolment, ...]
    """For which of the learner's enrolments; a form asks only where there are several."""
    my_state: str = ""
    """How the learner stands to the group already: waiting, invited, cancelled, or not at all."""

    @property
    def key(self) -> str:
        """Its start as an address holds it, in UTC."""
        return f"{self.starts_at:%Y-%m-%dT%H:%MZ}"

    @property
    def left(self) -> int:
        """How many places are free."""
        return max(0, self.places - self.taken)

    @property
    def full(self) -> bool:
        """Whether there is a waiting list only."""
        return self.left == 0


def open_slots(actor: Actor, since: datetime, until: datetime, but: int = 0) -> list[OpenSlot]:
    """What the actor, a learner, may book from ``since`` to ``until``, by time. At most five queries.

    ``but`` is a meeting that is to move: its own time stands in nobody's way.
    """
    return list(Offers.to(actor, since, until, but).each())


def next_free(actor: Actor) -> OpenSlot | None:
    """The first time with a free place. At most five queries."""
    return _first(Offers.to(actor, actor.now, actor.now + FURTHEST).each())


def _first(times: Iterable[OpenSlot]) -> OpenSlot | None:
    """The first of them that has a free place."""
    return next((one for one in times if not one.full), None)


def around(
    there: Availability, at: datetime | None, actor: Actor, count: int = 6
) -> tuple[OpenSlot | None, list[OpenSlot], bool]:
    """The slot at this moment, if it is free; other times of its host, so many of the same kind and
    then of others; and whether these are later, or else the first there are. At most five queries.
    """
    offers = Offers.to(actor, actor.now, actor.now + FURTHEST)
    kinds = {one.format for one in offers.published if one.person_id == there.person_id}

    def theirs(since: datetime | None) -> Iterator[OpenSlot]:
        return (one for one in offers.each(since) if one.host.id == there.person_id)

    this = takewhile(lambda one: one.starts_at == at, theirs(at)) if at else ()
    same = [one for one in this if one.availability.format == there.format]
    found = same[0] if same and not there.withdrawn_at else None

    def others(since: datetime | None) -> list[OpenSlot]:
        rest = (one for one in theirs(since) if not one.full and one != found)
        return _of_kinds(rest, there.format, kinds, count)

    later = others(at)
    return found, later or others(None), bool(later)


def _of_kinds(
    times: Iterable[OpenSlot], kind: str, kinds: Collection[str], count: int
) -> list[OpenSlot]:
    """The first of this kind, and then of the other ``kinds``; so many of each, and no look beyond."""
    same: list[OpenSlot] = []
    other: list[OpenSlot] = []
    for one in times:
        into = same if one.availability.format == kind else other
        if len(into) < count:
            into.append(one)
        enough = len(same) == count or kind not in kinds
        if enough and (len(other) == count or set(kinds) <= {kind}):
            break
    return same + other


def booked_at(actor: Actor, availability: Availability, at: datetime | None) -> Meeting | None:
    """The meeting the actor has booked in this slot already. One query."""
    own = Attendance.select(Attendance.meeting).where(
        (Attendance.learner == actor.person) & (Attendance.state == "booked")
    )
    here = (Meeting.availability == availability) & (Meeting.starts_at == at)
    found: Meeting | None = Meeting.get_or_none(
        here & Meeting.id.in_(own) & (Meeting.state == "booked")
    )
    return found


@dataclass(frozen=True)
class FreeSlot:
    """One time that a host has free (UTC): nobody has booked it, and no group has begun in it."""

    availability: Availability
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Sight:
    """What the actor may book as a learner, has free as a host, and when they are away, by time.

    A group whose list they are on, or to which they are invited, is a meeting of theirs already.
    ``next`` is the first time from now on that they may book, where none of ``offers`` is free.
    """

    offers: list[OpenSlot]
    own: list[FreeSlot]
    off: list[Away]
    next: OpenSlot | None


def sight(actor: Actor, since: datetime, until: datetime) -> Sight:
    """What is free for the actor from ``since`` to ``until``, and of them. At most six queries,
    whatever roles they hold."""
    me, open_to_me, mine = actor.person.id, [], []
    held = ties(me, actor.centre) if actor.has("learner") else []
    if held:
        open_to_me = Availability.open_to(me, actor.centre, held)
    if actor.has("supervisor", "tutor"):
        mine = list(Availability.visible_to(actor).where(Availability.withdrawn_at.is_null()))
    hosts = {one.person_id for one in open_to_me}
    now, last = actor.now, max(until, actor.now + FURTHEST) if hosts else until
    day = Day.of({me, *hosts}, min(since, now) if hosts else since, last)
    seats = Seats.of(day.groups, me)
    offers = Offers(actor, held, open_to_me, day, seats, min(since, now), last)

    def fresh(since: datetime) -> Iterator[OpenSlot]:
        return (one for one in offers.each(since) if one.my_state not in ("waiting", "invited"))

    found = list(takewhile(lambda one: one.starts_at < until, fresh(since)))
    groups = day.groups_by_slot
    free = [
        FreeSlot(one, slot.starts_at, slot.ends_at)
        for one in mine
        for slot in day.free(one, since, until, now)
        if (one.id, slot.starts_at) not in groups
    ]
    free.sort(key=lambda slot: (slot.starts_at, slot.availability.id))
    coming = None if _first(found) else _first(fresh(now))
    return Sight(found, list(_once(free)), day.off(me), coming)


Time = TypeVar("Time", OpenSlot, FreeSlot)


def _once(times: Iterable[Time]) -> Iterator[Time]:
    """Each start of a host and format once, as the pattern published first has it: patterns overlap."""
    seen = set()
    for one in times:
        published = one.availability
        key = (published.person_id, published.format, one.starts_at)
        if key not in seen:
            seen.add(key)
            yield one


@dataclass(frozen=True)
class Offers:
    """What is published to a learner and what is taken of it, from ``since`` to ``until``.

    Read once and stepped through as far as somebody looks.
    """

    actor: Actor
    held: list[Assignment]
    published: list[Availability]
    day: Day
    seats: Seats
    since: datetime
    until: datetime

    @classmethod
    def to(cls, actor: Actor, since: datetime, until: datetime, but: int = 0) -> Offers:
        """Read what the actor, a learner, may book, ``but`` as above. At most five queries."""
        me = actor.person.id
        held = ties(me, actor.centre)
        published = Availability.open_to(me, actor.centre, held) if held else []
        people = {me, *(one.person_id for one in held)} if published else ()
        day = Day.of(people, since, until, but)
        return cls(actor, held, published, day, Seats.of(day.groups, me), since, until)

    def each(self, since: datetime | None = None) -> Iterator[OpenSlot]:
        """The slots that are free for the learner, from ``since`` on, by time. No query."""
        first = max(since, self.since) if since else self.since
        offered = (self._of(one, first) for one in self.published)
        order = merge(*offered, key=lambda one: (one.starts_at, one.host.name, one.availability.id))
        return _once(order)

    def _of(self, one: Availability, since: datetime) -> Iterator[OpenSlot]:
        hosts = {tie.person_id: tie.person for tie in self.held}
        groups, centre = self.day.groups_by_slot, self.actor.centre
        mine = self.day.taken_of(self.actor.person.id)
        for slot in self.day.free(one, since, self.until, self.actor.now):
            group = groups.get((one.id, slot.starts_at))
            kind = group.format if group else one.format
            enrolments = one.enrolments_on(slot.starts_at, self.held, centre.zone, kind)
            if not enrolments or mine.overlaps(slot.span):
                continue
            yield OpenSlot(
                availability=one,
                host=hosts[one.person_id],
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                places=group.places if group else one.places,
                taken=self.seats.taken.get(group.id, 0) if group else 0,
                meeting=group,
                enrolments=tuple(enrolments),
                my_state=self.seats.mine.get(group.id, "") if group else "",
            )
