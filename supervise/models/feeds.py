"""A person's calendar as a subscription: one address, revocable, that shows meetings and nothing else."""

from __future__ import annotations

import peewee

from supervise.db import Model, UTCField
from supervise.models.centres import Centre
from supervise.models.people import Person


class CalendarFeed(Model):
    """The address of a person's calendar in one centre; one at a time works."""

    centre = peewee.ForeignKeyField(Centre)
    person = peewee.ForeignKeyField(Person)
    nonce = peewee.TextField(unique=True)
    created_at = UTCField()
    revoked_at = UTCField(null=True)
