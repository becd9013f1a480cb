"""Who changed a booking last, and when: what its page and its mail say of it, from the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee

from supervise.events import Event
from supervise.models.meetings import Attendance, Meeting
from supervise.models.people import Person

OF_MEETING = ("moved", "proposed", "cancelled", "declined", "handed over")
OF_PLACE = ("left", "declined")


@dataclass(frozen=True)
class Change:
    """One change of a booking: what was done, by whom and when (UTC). Why is not for everybody.

    ``was`` is when a moved meeting was to begin before. ``by`` is empty where the server did it.
    """

    verb: str
    person_id: int | None
    role: str
    by: str
    at: datetime
    was: datetime | None = None

    def said_by(self, reader_id: int, *, knows: bool) -> str:
        """Who it was: “you”, a name, or nothing to whoever does not know the learners of a group."""
        if self.person_id == reader_id:
            return "you"
        return self.by if knows or self.role != "learner" else ""


def last_change(meeting: Meeting, place: Attendance | None = None) -> Change | None:
    """How the meeting came to stand, or to be off; with ``place``, how that alone was given up.

    None where nobody moved, cancelled, declined or handed it over. One query.
    """
    verbs = OF_PLACE if place else OF_MEETING
    mine = (Event.subject == "meeting") & (Event.subject_id == meeting.id)
    query = (
        Event.select(Event, Person.name.alias("name"))
        .join(Person, peewee.JOIN.LEFT_OUTER, on=(Person.id == Event.person_id))
        .where(mine & Event.verb.in_(verbs))
        .order_by(Event.seq.desc())
    )
    wanted = place.id if place else None
    return next((_of(one) for one in query.objects() if one.details.get("place") == wanted), None)


def _of(event: Any) -> Change:
    was = event.details.get("before", {}).get("starts_at")
    return Change(
        event.verb, event.person_id, event.role, event.name or "", event.at,
        datetime.fromisoformat(was) if was else None,
    )  # fmt: skip
