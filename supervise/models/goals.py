"""Goals of an engagement, how far along they are, and the closing review."""

from __future__ import annotations

import peewee

from supervise.db import DateField, Model, UTCField
from supervise.models.centres import Centre
from supervise.models.clients import Engagement
from supervise.models.sessions import PracticeSession


class Goal(Model):
    """One SMART goal, tied to an aim of the organisation, division or team. ``progress`` is 0 to 10."""

    centre = peewee.ForeignKeyField(Centre)
    engagement = peewee.ForeignKeyField(Engagement, backref="goals")
    text = peewee.TextField()
    aim = peewee.TextField(default="")
    aim_level = peewee.TextField(default="organisation")
    measure = peewee.TextField(default="")
    owner = peewee.TextField(default="")
    due_on = DateField(null=True)
    milestones = peewee.TextField(default="")
    state = peewee.TextField(default="open")
    progress = peewee.IntegerField(default=0)
    version = peewee.IntegerField(default=1)
    created_at = UTCField()
    changed_at = UTCField()


class SessionGoal(Model):
    """A goal that a session worked on, and how far along it was afterwards, 0 to 10."""

    session = peewee.ForeignKeyField(PracticeSession)
    goal = peewee.ForeignKeyField(Goal)
    progress = peewee.IntegerField()


class ClosingReview(Model):
    """The end of an engagement: start beside outcome, what remains, how it was judged and marked."""

    centre = peewee.ForeignKeyField(Centre)
    engagement = peewee.ForeignKeyField(Engagement, unique=True)
    start = peewee.TextField(default="")
    outcome = peewee.TextField(default="")
    remains = peewee.TextField(default="")
    model = peewee.TextField(default="")
    evaluation = peewee.TextField(default="")
    success = peewee.TextField(default="")
    version = peewee.IntegerField(default=1)
    created_at = UTCField()
    changed_at = UTCField()
    completed_at = UTCField(null=True)
