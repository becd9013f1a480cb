"""Who is where in some days, and how full the groups are: what is left free of what is published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from supervise.models.availability import Availability, Away
from supervise.models.busy import Busy
from supervise.models.meetings import SEATED, Attendance, Meeting
from supervise.rules import slots as rule

AROUND = timedelta(days=1)
"""A meeting may be as long, with its buffer: what may block a slot at the edge of what is asked."""


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
