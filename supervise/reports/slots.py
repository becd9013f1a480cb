"""The times that can be booked: a learner's open slots, and what a host's day leaves free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from supervise.models.assignments import Assignment
from supervise.models.availability import Availability, Away, ties
from supervise.models.busy import Busy
from supervise.models.centres import Centre
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


def open_slots(actor: Actor, since: datetime, until: datetime) -> list[OpenSlot]:
    """What the actor, a learner, may book from ``since`` to ``until``, by time. At most five queries."""
    return of_learner(actor.person.id, actor.centre, since, until, actor.now)


def next_free(actor: Actor, enrolment: Enrolment | None = None) -> OpenSlot | None:
    """The first time with a free place, for this enrolment or any. At most five queries."""
    for slot in open_slots(actor, actor.now, actor.now + FURTHEST):
        fits = enrolment is None or enrolment.id in {one.id for one in slot.enrolments}
        if fits and not slot.full:
            return slot
    return None


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


def of_learner(
    learner_id: int, centre: Centre, since: datetime, until: datetime, now: datetime
) -> list[OpenSlot]:
    """What a learner may book, whoever asks. At most five queries."""
    held = ties(learner_id, centre)
    published = Availability.open_to(learner_id, centre, held) if held else []
    if not published:
        return []
    day = Day.of({learner_id, *(one.person_id for one in held)}, since, until)
    seats = Seats.of(day.groups, learner_id)
    return _open(learner_id, centre, held, published, day, seats, since, until, now)


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
    found = _open(me, actor.centre, held, open_to_me, day, seats, since, until, actor.now)
    groups = day.groups_by_slot
    free = [
        FreeSlot(
            one, slot.starts_at, slot.ends_at, seats.taken.get(group.id, 0) if group else 0, group
        )
        for one in mine
        for slot in day.free(one, since, until, actor.now)
        for group in [groups.get((one.id, slot.starts_at))]
    ]
    return found, sorted(free, key=lambda slot: (slot.starts_at, slot.availability.id)), day.off(me)


def _open(
    learner_id: int,
    centre: Centre,
    held: list[Assignment],
    published: list[Availability],
    day: Day,
    seats: Seats,
    since: datetime,
    until: datetime,
    now: datetime,
) -> list[OpenSlot]:
    """The slots of what is published to a learner that are free for them, by time. No query."""
    hosts = {one.person_id: one.person for one in held}
    groups = day.groups_by_slot
    found = []
    for one in published:
        for slot in day.free(one, since, until, now):
            group = groups.get((one.id, slot.starts_at))
            kind = group.format if group else one.format
            enrolments = one.enrolments_on(slot.starts_at, held, centre.zone, kind)
            if not enrolments or day.is_busy(learner_id, slot):
                continue
            found.append(
                OpenSlot(
                    availability=one,
                    host=hosts[one.person_id],
                    starts_at=slot.starts_at,
                    ends_at=slot.ends_at,
                    places=group.places if group else one.places,
                    taken=seats.taken.get(group.id, 0) if group else 0,
                    meeting=group,
                    enrolments=tuple(enrolments),
                    my_state=seats.mine.get(group.id, "") if group else "",
                )
            )
    return sorted(found, key=lambda slot: (slot.starts_at, slot.host.name, slot.availability.id))


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
    def of(cls, people: Iterable[int], since: datetime, until: datetime) -> Day:
        """Read the meetings and times off of these people, with a day on either side. Two queries."""
        who, first, last = sorted(people), since - AROUND, until + AROUND
        rows = (
            Busy.select(Busy, Meeting)
            .join(Meeting, on=(Busy.meeting == Meeting.id), attr="of")
            .where(Busy.person.in_(who) & (Busy.starts_at < last) & (Busy.ends_at > first))
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
    ) -> list[rule.Slot]:
        """The slots of one availability that its host has free, and those of its groups."""
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

    def is_busy(self, person_id: int, slot: rule.Slot) -> bool:
        """Whether somebody is in another meeting during a slot."""
        theirs = map(_span, self.busy.get(person_id, []))
        return rule.overlaps((slot.starts_at, slot.ends_at), theirs)


def _span(row: Busy) -> rule.Span:
    return row.starts_at, row.ends_at


def _away(people: list[int], first: datetime, last: datetime) -> dict[int, list[Away]]:
    """The times off of these people, by person. One query."""
    found: dict[int, list[Away]] = defaultdict(list)
    overlapping = (Away.from_at < last) & (Away.to_at > first)
    for row in Away.select().where(Away.person.in_(people) & overlapping):
        found[row.person_id].append(row)
    return found
