"""The vault: who a client is, for the learner alone; and the client's consent to be written about."""

from __future__ import annotations

import peewee

from supervise.db import DateField, Model, UTCField
from supervise.models.centres import Centre
from supervise.models.clients import Client
from supervise.models.people import Actor


class ClientIdentity(Model):
    """Name and contact of a client and their sponsor. Only the learner who keeps them reads this."""

    client = peewee.ForeignKeyField(Client, unique=True)
    name = peewee.TextField(default="")
    email = peewee.TextField(default="")
    organisation = peewee.TextField(default="")
    sponsor_name = peewee.TextField(default="")
    sponsor_email = peewee.TextField(default="")
    sponsor_organisation = peewee.TextField(default="")

    @classmethod
    def of(cls, client: Client, actor: Actor) -> ClientIdentity:
        """Who this client is, for the learner whose client it is; empty for everybody else."""
        if not actor.is_(client.learner_id):
            return cls(client=client)
        return cls.get_or_none(cls.client == client) or cls(client=client)


class Consent(Model):
    """A client's consent: from when, to what; and its withdrawal. One at a time is open."""

    centre = peewee.ForeignKeyField(Centre)
    client = peewee.ForeignKeyField(Client, backref="consents")
    given_on = DateField()
    scope = peewee.TextField()
    withdrawn_on = DateField(null=True)
    created_at = UTCField()
