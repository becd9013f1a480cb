"""What happened: one line of history for each thing done, hung in the centre's chain."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import peewee

from supervise.db import UTCField
from supervise.signing import Link, append


class Event(Link):
    """Who did what to which record, when. Never holds a client's identity or session text."""

    at = UTCField()
    person_id = peewee.IntegerField(null=True)
    role = peewee.TextField(default="")
    verb = peewee.TextField()
    subject = peewee.TextField()
    subject_id = peewee.IntegerField()
    note = peewee.TextField(default="")
    detail = peewee.TextField(default="{}")

    CHAIN = "event"

    @property
    def details(self) -> dict[str, Any]:
        """The facts that go with the verb, such as the dates before and after."""
        return dict(json.loads(self.detail))


def record(
    *,
    centre_id: int,
    verb: str,
    subject: str,
    subject_id: int,
    now: datetime,
    person_id: int | None = None,
    role: str = "",
    note: str = "",
    **detail: Any,
) -> Event:
    """Write one event. Must run inside the ``db.write()`` of the change it tells of."""
    event = Event(
        centre_id=centre_id,
        at=now,
        person_id=person_id,
        role=role,
        verb=verb,
        subject=subject,
        subject_id=subject_id,
        note=note,
        detail=json.dumps(detail, sort_keys=True, default=str),
    )
    append(event)
    return event


def history(subject: str, subject_id: int) -> list[Event]:
    """All events of one record, oldest first."""
    query = Event.select().where((Event.subject == subject) & (Event.subject_id == subject_id))
    return list(query.order_by(Event.id))
