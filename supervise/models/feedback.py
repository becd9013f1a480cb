"""Feedback: asked of clients, sponsors, observers and peers by link; given once, never changed."""

from __future__ import annotations

import json
from typing import Any

import peewee

from supervise.db import Model, UTCField
from supervise.models.centres import Centre
from supervise.models.clients import Client
from supervise.models.enrolments import Enrolment
from supervise.models.links import Link
from supervise.models.people import Person


class FeedbackQuestion(Model):
    """One question of the centre's own form; a centre without any uses the built-in ones."""

    centre = peewee.ForeignKeyField(Centre)
    about = peewee.TextField()
    kind = peewee.TextField()
    text = peewee.TextField()
    position = peewee.IntegerField(default=0)


class Feedback(Model):
    """One person's feedback on the practitioner or on the programme.

    ``questions`` are those that were shown, ``answers`` what was said to each, in the same order.
    """

    centre = peewee.ForeignKeyField(Centre)
    enrolment = peewee.ForeignKeyField(Enrolment)
    learner = peewee.ForeignKeyField(Person)
    client = peewee.ForeignKeyField(Client, null=True)
    link = peewee.ForeignKeyField(Link, unique=True)
    source = peewee.TextField()
    about = peewee.TextField()
    anonymous = peewee.BooleanField(default=False)
    state = peewee.TextField(default="invited")
    version = peewee.IntegerField(default=1)
    questions = peewee.TextField(default="[]")
    answers = peewee.TextField(default="[]")
    may_quote = peewee.BooleanField(null=True)
    invited_at = UTCField()
    given_at = UTCField(null=True)
    reply = peewee.TextField(default="")
    replied_at = UTCField(null=True)

    def signed_content(self) -> dict[str, Any]:
        """What the giver signs: the questions as shown, the answers, and the leave to quote."""
        names = ("learner_id", "source", "about", "anonymous", "may_quote")
        content = {name: getattr(self, name) for name in names}
        texts = {"questions": json.loads(self.questions), "answers": json.loads(self.answers)}
        return {"id": self.id, **content, **texts}
