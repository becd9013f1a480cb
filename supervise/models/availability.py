"""When supervisors and tutors are free: weekly patterns, single slots, and days away.

What slots follow from these is a pure rule (``rules.slots``).
"""

from __future__ import annotations

from datetime import time

import peewee

from supervise.db import DateField, Model, UTCField
from supervise.models.centres import Centre
from supervise.models.people import Actor, Person


class Availability(Model):
    """One weekly pattern, or single slots of one day, of one person, on the clock of ``zone``.

    ``weekday`` counts from Monday, 0; without one it holds for ``from_on`` alone. ``starts`` and
    ``ends`` are wall-clock times (``09:00``); an end at or before the start is on the next day.
    """

    centre = peewee.ForeignKeyField(Centre)
    person = peewee.ForeignKeyField(Person)
    format = peewee.TextField()
    places = peewee.IntegerField(default=1)
    weekday = peewee.IntegerField(null=True)
    every_weeks = peewee.IntegerField(default=1)
    from_on = DateField()
    to_on = DateField(null=True)
    starts = peewee.TextField()
    ends = peewee.TextField()
    zone = peewee.TextField()
    minutes = peewee.IntegerField()
    buffer_minutes = peewee.IntegerField(default=0)
    notice_minutes = peewee.IntegerField(default=1440)
    horizon_days = peewee.IntegerField(default=60)
    mode = peewee.TextField()
    place = peewee.TextField(default="")
    address = peewee.TextField(default="")
    named = peewee.BooleanField(default=False)
    version = peewee.IntegerField(default=1)
    created_at = UTCField()
    withdrawn_at = UTCField(null=True)

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """One's own, withdrawn or not."""
        return cls.select().where((cls.centre == actor.centre) & (cls.person == actor.person))

    @property
    def starts_time(self) -> time:
        """The wall-clock time at which it begins."""
        return time.fromisoformat(self.starts)

    @property
    def ends_time(self) -> time:
        """The wall-clock time at which it ends."""
        return time.fromisoformat(self.ends)


class AvailabilityPerson(Model):
    """A learner who may book a pattern that is open to named learners only."""

    availability = peewee.ForeignKeyField(Availability, backref="named_people")
    person = peewee.ForeignKeyField(Person)


class Away(Model):
    """A time in which a person is not free, whatever their patterns say (UTC)."""

    centre = peewee.ForeignKeyField(Centre)
    person = peewee.ForeignKeyField(Person)
    from_at = UTCField()
    to_at = UTCField()
    why = peewee.TextField(default="")
    created_at = UTCField()

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """One's own."""
        return cls.select().where((cls.centre == actor.centre) & (cls.person == actor.person))
