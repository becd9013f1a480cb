"""What a person's calendar holds: their own meetings in one centre, from three months back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

from supervise.ics import has_part
from supervise.models import Attendance, CalendarFeed, Meeting, Person
from supervise.models.meetings import SEATED, STANDING

BACK = timedelta(days=90)
CANCELLED = timedelta(days=30)
"""For so long a calendar is told that a meeting is off, so that one which asks rarely hears of it."""


@dataclass(frozen=True)
class Feed:
    """The meetings in the order of their times; ``off`` on one says that it is cancelled."""

    meetings: Sequence[Meeting]
    learners: Mapping[int, Sequence[Person]]
    """Who has a seat, by meeting: of the meetings that the person leads."""


def contents(feed: CalendarFeed, now: datetime) -> Feed:
    """What the feed shows now. Two queries."""
    mine = Attendance.alias()
    theirs = (mine.meeting == Meeting.id) & (mine.learner == feed.person)
    recent = now - CANCELLED
    dropped = (Meeting.state == "cancelled") & (Meeting.changed_at >= recent)
    left = (mine.state == "cancelled") & (mine.changed_at >= recent)
    stands = Meeting.state.in_(STANDING)
    hosted = (Meeting.host == feed.person) & (stands | dropped)
    attended = (mine.state.in_(SEATED) & (stands | dropped)) | (left & (stands | dropped))
    query = (
        Meeting.select(
            Meeting, Person, mine.state.alias("seat_state"), mine.changed_at.alias("seat_at")
        )
        .join(Person, on=Meeting.host)
        .switch(Meeting)
        .join(mine, peewee.JOIN.LEFT_OUTER, on=theirs, attr="mine")
        .where(
            (Meeting.centre == feed.centre)
            & (Meeting.starts_at >= now - BACK)
            & (hosted | attended)
        )
        .order_by(Meeting.starts_at, Meeting.id)
    )
    meetings = []
    for meeting in query.objects():
        meeting.off = meeting.state == "cancelled" or meeting.seat_state == "cancelled"
        meetings.append(meeting)
    return Feed(meetings, _learners(meetings, feed))


def _learners(meetings: Sequence[Meeting], feed: CalendarFeed) -> Mapping[int, Sequence[Person]]:
    led = {meeting.id: meeting.off for meeting in meetings if meeting.host_id == feed.person_id}
    rows = (
        Attendance.select(Attendance.meeting, Attendance.state, Person)
        .join(Person, on=Attendance.learner)
        .where(Attendance.meeting.in_(list(led)))
        .order_by(Person.name, Attendance.id)
    )
    found: defaultdict[int, list[Person]] = defaultdict(list)
    for row in rows if led else ():
        if has_part(row.state, off=led[row.meeting_id]):
            found[row.meeting_id].append(row.learner)
    return found
