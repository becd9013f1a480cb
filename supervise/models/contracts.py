"""The contract of an engagement, in versions: the learner offers, each party agrees, it comes to an end."""

from __future__ import annotations

import json
from typing import Any

import peewee

from supervise.db import DateField, Model, UTCField
from supervise.models.centres import Centre
from supervise.models.clients import Engagement
from supervise.models.people import Actor


class Contract(Model):
    """One version of what coach, client and, where it is three-way, sponsor agree.

    ``parts`` are the texts by key (``rules.contracts``), ``goals`` the goals as they were offered.
    ``number`` counts the versions of an engagement; ``version`` the changes of this row.
    """

    centre = peewee.ForeignKeyField(Centre)
    engagement = peewee.ForeignKeyField(Engagement, backref="contracts")
    number = peewee.IntegerField()
    parties = peewee.TextField(default="two")
    parts = peewee.TextField(default="{}")
    goals = peewee.TextField(default="[]")
    planned_sessions = peewee.IntegerField(null=True)
    planned_minutes = peewee.IntegerField(null=True)
    state = peewee.TextField(default="draft")
    version = peewee.IntegerField(default=1)
    created_at = UTCField()
    changed_at = UTCField()
    offered_at = UTCField(null=True)
    agreed_on = DateField(null=True)
    ended_on = DateField(null=True)
    ended_reason = peewee.TextField(default="")

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """Those of engagements the actor sees; a supervisor sees what was offered, no drafts."""
        engagements = Engagement.visible_to(actor).select(Engagement.id)
        return (
            cls.select(cls, Engagement)
            .join(Engagement)
            .where(cls.engagement.in_(engagements) & (cls.centre == actor.centre))
        )

    @property
    def texts(self) -> dict[str, str]:
        """The parts by key."""
        return dict(json.loads(self.parts))

    def signed_content(self) -> dict[str, Any]:
        """What each party signs: everything they read."""
        return {
            "contract": self.id,
            "engagement": self.engagement_id,
            "number": self.number,
            "parties": self.parties,
            "parts": json.loads(self.parts),
            "goals": json.loads(self.goals),
            "planned_sessions": self.planned_sessions,
            "planned_minutes": self.planned_minutes,
        }


class Agreement(Model):
    """One party's yes to one version of a contract; the name typed stands in the vault."""

    centre = peewee.ForeignKeyField(Centre)
    contract = peewee.ForeignKeyField(Contract, backref="agreements")
    contract_version = peewee.IntegerField()
    party = peewee.TextField()
    version = peewee.IntegerField(default=1)
    agreed_at = UTCField()

    def signed_content(self) -> dict[str, Any]:
        """What this signature covers: the whole contract, and for which party."""
        return {"party": self.party, **self.contract.signed_content()}
