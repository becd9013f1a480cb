"""The times that can be booked: a learner's open slots, and what a host's day leaves free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

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


def of_learner(
    learner_id: int, centre: Centre, since: datetime, until: datetime, now: datetime
) -> list[OpenSlot]:
    """What a learner may book, whoever asks. At most five queries."""
    held = ties(learner_id, centre)
    published = Availability.open_to(learner_id, centre, held) if held else []
    if not published:
        return []
    hosts = {one.person_id: one.person for one in held}
    day = Day.of({*hosts, learner_id}, since, until)
    groups = {(m.availability_id, m.starts_at): m for m in day.groups}
    seats = Seats.of(groups.values(), learner_id)
    found = []
    for one in published:
        for slot in day.free(one, since, until, now):
            enrolments = one.enrolments_on(slot.starts_at, held, centre.zone)
            group = groups.get((one.id, slot.starts_at))
            if not enrolments or day.is_busy(learner_id, slot):
                continue
            found.append(
                OpenSlot(
                    availability=one,
                    host=hosts[one.person_id],
                    starts_at=slot.starts_at,
                    ends_at=slot.ends_at,
                    places=group.places if group else one.places,
                    taken=seats.taken[group.id] if group else 0,
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

    busy: list[Busy]
    away: dict[int, list[rule.Span]]
    groups: list[Meeting]
    """Groups of a pattern that have begun to form and may be joined."""

    @classmethod
    def of(cls, people: Iterable[int], since: datetime, until: datetime) -> Day:
        """Read the meetings and times off of these people, with a day on either side. Two queries."""
        who, first, last = sorted(people), since - AROUND, until + AROUND
        meetings = (
            Busy.select(Busy, Meeting)
            .join(Meeting, on=(Busy.meeting == Meeting.id), attr="of")
            .where(Busy.person.in_(who) & (Busy.starts_at < last) & (Busy.ends_at > first))
        )
        busy = list(meetings)
        groups = {
            row.of.id: row.of
            for row in busy
            if row.of.places > 1 and row.of.state == "booked" and row.person_id == row.of.host_id
        }
        return cls(busy, _away(who, first, last), list(groups.values()))

    def free(
        self, availability: Availability, since: datetime, until: datetime, now: datetime
    ) -> list[rule.Slot]:
        """The slots of one availability that its host has free, and those of its groups."""
        host = availability.person_id
        theirs = [row for row in self.busy if row.person_id == host]
        forming_ids = {m.id for m in self.groups if m.availability_id == availability.id}
        own = [row for row in theirs if row.meeting_id in forming_ids]
        forming = {(row.starts_at, row.ends_at) for row in own}
        found = rule.slots(
            [availability.pattern],
            since=since,
            until=until,
            now=now,
            blocked=[
                (row.starts_at, row.ends_at) for row in theirs if row.meeting_id not in forming_ids
            ],
            away=self.away.get(host, []),
        )
        return [
            slot
            for slot in found
            if (slot.starts_at, slot.ends_at) in forming
            or not rule.overlaps((slot.starts_at, slot.ends_at), forming)
        ]

    def is_busy(self, person_id: int, slot: rule.Slot) -> bool:
        """Whether somebody is in another meeting during a slot."""
        spans = [(row.starts_at, row.ends_at) for row in self.busy if row.person_id == person_id]
        return rule.overlaps((slot.starts_at, slot.ends_at), spans)


def _away(people: list[int], first: datetime, last: datetime) -> dict[int, list[rule.Span]]:
    """The times off of these people, by person. One query."""
    found: dict[int, list[rule.Span]] = defaultdict(list)
    overlapping: peewee.Expression = (Away.from_at < last) & (Away.to_at > first)
    for row in Away.select().where(Away.person.in_(people) & overlapping):
        found[row.person_id].append((row.from_at, row.to_at))
    return found
