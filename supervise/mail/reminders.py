"""Mail that time alone brings about: before a meeting, and where sessions wait too long.

Made by each tick before it sends; a key each keeps them once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

import peewee

from supervise.db import write
from supervise.mail.people import overdue
from supervise.models import Actor, Assignment, Busy, Centre, Mail, Meeting, Person, PracticeSession
from supervise.rules import moments

AHEAD = timedelta(hours=24)
MORNING = time(8)
"""When somebody is reminded of what waits, on their own clock."""
BATCH = 200


def make(now: datetime) -> int:
    """Put what is due into the outbox; how many. A handful of queries where nothing is."""
    return _of_meetings(now) + sum(_of_approvals(centre, now) for centre in Centre.select())


def _of_meetings(now: datetime) -> int:
    """A day before a meeting, to everybody in it, unless they were told of it within that day."""
    soon = (Busy.starts_at > now) & (Busy.starts_at <= now + AHEAD)
    query = (
        Busy.select(Busy.id, Busy.person, Meeting)
        .join(Meeting)
        .where(soon & (Meeting.state == "booked"))
        .order_by(Busy.id)
    )
    return sum(_remind(rows, now) for rows in peewee.chunked(query.iterator(), BATCH))


def _remind(rows: list[Busy], now: datetime) -> int:
    keys = {_key(row): row for row in rows}
    known = {key for (key,) in Mail.select(Mail.key).where(Mail.key.in_(list(keys))).tuples()}
    fresh = {key: row for key, row in keys.items() if key not in known}
    if not fresh:
        return 0
    told = _told(list(fresh.values()))
    made = 0
    for key, row in fresh.items():
        since = told.get((row.person_id, row.meeting.id))
        if since is not None and since > row.meeting.starts_at - AHEAD:
            continue
        with write():
            made += Mail.queue(
                "reminder",
                to=row.person_id,
                centre=row.meeting.centre_id,
                meeting=row.meeting,
                now=now,
                key=key,
            )
    return made


def _key(row: Busy) -> str:
    """Once for each time it is to be at; who else comes and goes is no news to remind of."""
    return f"reminder {row.meeting.id} {row.meeting.starts_at:%Y%m%dT%H%M} {row.person_id}"


def _told(rows: list[Busy]) -> dict[tuple[int, int], datetime]:
    """When each person was last told that their meeting is on: booked, moved or freed. One query."""
    about = Mail.meeting.in_({row.meeting.id for row in rows})
    kinds = Mail.kind.in_(("booked", "moved", "freed"))
    told = Mail.select(Mail.person, Mail.meeting, Mail.created_at).where(about & kinds)
    return {(p, m): at for p, m, at in told.order_by(Mail.created_at, Mail.id).tuples()}


def _of_approvals(centre: Centre, now: datetime) -> int:
    """Once a day, in the morning, to each supervisor for whom sessions wait too long."""
    made = 0
    for person in _supervisors(centre, now):
        today = moments.local(now, person.zone).date()
        key = f"approvals {centre.id} {person.id} {today}"
        if Mail.select().where(Mail.key == key).exists():
            continue
        if not overdue(Actor.of(person, centre, now)):
            continue
        morning = moments.to_utc(today, MORNING, person.zone)
        with write():
            made += Mail.queue(
                "approvals", to=person, centre=centre, now=now, key=key, due_at=max(now, morning)
            )
    return made


def _supervisors(centre: Centre, now: datetime) -> Iterator[Person]:
    """Who supervises somebody today whose session was handed in some days ago. One query."""
    today = moments.local(now, centre.zone).date()
    a_while_ago = now - timedelta(days=max(0, centre.due_days - 1))
    waiting = PracticeSession.select(PracticeSession.enrolment).where(
        (PracticeSession.centre == centre)
        & (PracticeSession.state == "submitted")
        & (PracticeSession.submitted_at <= a_while_ago)
    )
    mine = Assignment.select(Assignment.person).where(
        (Assignment.role == "supervisor") & Assignment.on(today) & Assignment.enrolment.in_(waiting)
    )
    active = Person.id.in_(mine) & Person.disabled_at.is_null()
    return iter(list(Person.select().where(active).order_by(Person.id)))
