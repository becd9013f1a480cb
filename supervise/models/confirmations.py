"""Confirmations: a client says by link that a session took place, and how long. Nothing more."""

from __future__ import annotations

from typing import Any

import peewee

from supervise.db import DateField, Model, UTCField
from supervise.models.centres import Centre
from supervise.models.clients import Client
from supervise.models.links import Link
from supervise.models.sessions import PracticeSession


class Confirmation(Model):
    """What one client of one session was asked, date and length as they then were, and the answer."""

    centre = peewee.ForeignKeyField(Centre)
    session = peewee.ForeignKeyField(PracticeSession, backref="confirmations")
    client = peewee.ForeignKeyField(Client)
    link = peewee.ForeignKeyField(Link, backref="confirmations")
    date = DateField()
    starts_at = UTCField(null=True)
    minutes = peewee.IntegerField()
    state = peewee.TextField(default="asked")
    version = peewee.IntegerField(default=1)
    asked_at = UTCField()
    answered_at = UTCField(null=True)
    what = peewee.TextField(default="")
    said_minutes = peewee.IntegerField(null=True)
    reason = peewee.TextField(default="")

    def signed_content(self) -> dict[str, Any]:
        """What the client's answer covers: the session as it was shown, and what they said of it."""
        names = ("session_id", "client_id", "date", "starts_at", "minutes", "what", "said_minutes")
        return {"id": self.id, **{name: getattr(self, name) for name in names}}
