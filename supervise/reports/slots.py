"""The times that can be booked: a learner's open slots, and what a host's day leaves free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TypeVar

from supervise.models.assignments import Assignment
from supervise.models.availability import Availability, Away, ties
from supervise.models.busy import Busy
from supervise.models.enrolments import Enrolment
from supervise.models.meetings import SEATED, Attendance, Meeting
from supervise.models.people import Actor, Person
from supervise.rules import slots as rule

AROUND = timedelta(days=1)
"""A meeting may be as long, with its buffer: what may block a slot at the edge of what is asked."""
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
    found = Offers.to(actor, actor.now, actor.now + FURTHEST).each()
    return next((slot for slot in found if not slot.full), None)


def around(
    there: Availability, at: datetime | None, actor: Actor, count: int = 6
) -> tuple[OpenSlot | None, list[OpenSlot]]:
    """The slot at this moment, if it is free, and the next ones after it, or else the first there are.

    Of one that was withdrawn those are its host's others of the same kind. At most five queries.
    """
    offers = Offers.to(actor, actor.now, actor.now + FURTHEST)

    def same(since: datetime | None) -> Iterator[OpenSlot]:
        kind = (there.person_id, there.format)
        for one in offers.each(since):
            gone = there.withdrawn_at and (one.host.id, one.availability.format) == kind
            if gone or one.availability.id == there.id:
                yield one

    ahead = list(islice(same(at), count + 1))
    found = next(
        (one for one in ahead if (one.availability.id, one.starts_at) == (there.id, at)), None
    )
    later = [one for one in ahead if at is None or one.starts_at > at]
    return found, (later or list(islice(same(None), count)))[:count]


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
    """One time that a host has free (UTC); ``meeting`` is the group that has begun to form in it."""

    availability: Availability
    starts_at: datetime
    ends_at: datetime
    taken: int = 0
    meeting: Meeting | None = None


def sight(
    actor: Actor, since: datetime, until: datetime
) -> tuple[list[OpenSlot], list[FreeSlot], list[Away]]:
    """What the actor may book as a learner, has free as a host, and when they are away, by time.

    At most six queries, whatever roles they hold.
    """
    me, open_to_me, mine = actor.person.id, [], []
    held = ties(me, actor.centre) if actor.has("learner") else []
    if held:
        open_to_me = Availability.open_to(me, actor.centre, held)
    if actor.has("supervisor", "tutor"):
        mine = list(Availability.visible_to(actor).where(Availability.withdrawn_at.is_null()))
    hosts = {one.person_id for one in open_to_me}
    day = Day.of({me, *hosts}, since, until)
    seats = Seats.of(day.groups, me)
    found = list(Offers(actor, held, open_to_me, day, seats, since, until).each())
    groups = day.groups_by_slot
    free = [
        FreeSlot(
            one, slot.starts_at, slot.ends_at, seats.taken.get(group.id, 0) if group else 0, group
        )
        for one in mine
        for slot in day.free(one, since, until, actor.now)
        for group in [groups.get((one.id, slot.starts_at))]
    ]
    free.sort(key=lambda slot: (slot.starts_at, slot.availability.id))
    return found, list(_once(free)), day.off(me)


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


@dataclass(frozen=True)
class Seats:
    """How full the groups are, and how one learner stands to each; by meeting."""

    taken: dict[int, int]
    mine: dict[int, str]

    @classmethod
    def of(cls, meetings: Iterable[Meeting], learner_id: int = 0) -> Seats:
        """Read the places of these meetings. One query, or none for none."""
        taken: dict[int, int] = defaultdict(int)
        mine: dict[int, str] = {}
        ids = [meeting.id for meeting in meetings]
        if ids:
            fields = (Attendance.meeting, Attendance.learner, Attendance.state)
            for row in Attendance.select(*fields).where(Attendance.meeting.in_(ids)):
                taken[row.meeting_id] += row.state in SEATED
                if row.learner_id == learner_id:
                    mine[row.meeting_id] = row.state
        return cls(taken, mine)


@dataclass(frozen=True)
class Day:
    """Who is where in some days: what patterns leave free once meetings and times off are taken out."""

    busy: dict[int, list[Busy]]
    """The meetings of each person, with theirs."""
    away: dict[int, list[Away]]
    groups: list[Meeting]
    """Groups of a pattern that have begun to form and may be joined."""

    @classmethod
    def of(cls, people: Collection[int], since: datetime, until: datetime, but: int = 0) -> Day:
        """Read the meetings and times off of these people, with a day on either side. Two queries, or
        none for nobody. ``but`` is a meeting that is left out."""
        if not people:
            return cls({}, {}, [])
        who, first, last = sorted(people), since - AROUND, until + AROUND
        rows = (
            Busy.select(Busy, Meeting)
            .join(Meeting, on=(Busy.meeting == Meeting.id), attr="of")
            .where(Busy.person.in_(who) & (Busy.meeting != but))
            .where((Busy.starts_at < last) & (Busy.ends_at > first))
        )
        busy: dict[int, list[Busy]] = defaultdict(list)
        groups = {}
        for row in rows:
            busy[row.person_id].append(row)
            if row.of.places > 1 and row.of.state == "booked" and row.of.availability_id:
                groups[row.meeting_id] = row.of
        return cls(busy, _away(who, first, last), list(groups.values()))

    @property
    def groups_by_slot(self) -> dict[tuple[int, datetime], Meeting]:
        """The groups by the availability and start they were begun at."""
        return {(one.availability_id, one.starts_at): one for one in self.groups}

    def off(self, person_id: int) -> list[Away]:
        """When somebody is away, by time."""
        return sorted(self.away.get(person_id, []), key=lambda one: one.from_at)

    def free(
        self, availability: Availability, since: datetime, until: datetime, now: datetime
    ) -> Iterator[rule.Slot]:
        """The slots of one availability that its host has free, and those of its groups, by start."""
        host = availability.person_id
        own = {one.id for one in self.groups if one.availability_id == availability.id}
        theirs = self.busy.get(host, [])
        return rule.slots(
            [availability.pattern],
            since=since,
            until=until,
            now=now,
            blocked=[_span(row) for row in theirs if row.meeting_id not in own],
            forming=[_span(row) for row in theirs if row.meeting_id in own],
            away=[(one.from_at, one.to_at) for one in self.away.get(host, [])],
        )

    def taken_of(self, person_id: int) -> rule.Spans:
        """The meetings of somebody, to ask for an overlap."""
        return rule.Spans.of(map(_span, self.busy.get(person_id, [])))


def _span(row: Busy) -> rule.Span:
    return row.starts_at, row.ends_at


def _away(people: list[int], first: datetime, last: datetime) -> dict[int, list[Away]]:
    """The times off of these people, by person. One query."""
    found: dict[int, list[Away]] = defaultdict(list)
    overlapping = (Away.from_at < last) & (Away.to_at > first)
    for row in Away.select().where(Away.person.in_(people) & overlapping):
        found[row.person_id].append(row)
    return found
