"""When supervisors and tutors are free: weekly patterns, single slots, and days away.

What slots follow from these is a pure rule (``rules.slots``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

import peewee

from supervise import events
from supervise.db import DateField, Model, UTCField
from supervise.models.assignments import Assignment
from supervise.models.centres import Centre
from supervise.models.enrolments import Enrolment
from supervise.models.people import Actor, Person
from supervise.rules.moments import local
from supervise.rules.slots import Pattern

GUIDED = ("tutorial", "induction")
"""The formats that a tutor may lead as well as a supervisor."""


def roles_for(kind: str) -> tuple[str, ...]:
    """In which roles somebody may host a meeting of this format."""
    return ("supervisor", "tutor") if kind in GUIDED else ("supervisor",)


def ties(learner_id: int, centre: Centre) -> list[Assignment]:
    """Who supervises or tutors a learner here, on any day, each with enrolment and person. One query."""
    query = (
        Assignment.select(Assignment, Enrolment, Person)
        .join(Enrolment)
        .switch(Assignment)
        .join(Person, on=(Assignment.person == Person.id))
        .where(
            (Enrolment.learner == learner_id)
            & (Enrolment.centre == centre)
            & Assignment.role.in_(("supervisor", "tutor"))
            & Person.disabled_at.is_null()
        )
        .order_by(Enrolment.started_on, Enrolment.id)
    )
    return list(query)


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

    @classmethod
    def open_to(
        cls, learner_id: int, centre: Centre, held: Iterable[Assignment]
    ) -> list[Availability]:
        """What the people of these ties publish and the learner may book, if the day is right.

        One query; ``enrolments_on`` says for which enrolment a slot may be booked.
        """
        named = AvailabilityPerson.select(AvailabilityPerson.availability).where(
            AvailabilityPerson.person == learner_id
        )
        hosts = sorted({one.person_id for one in held})
        return list(
            cls.select()
            .where(
                (cls.centre == centre)
                & cls.person.in_(hosts)
                & (cls.person != learner_id)
                & cls.withdrawn_at.is_null()
                & (~cls.named | cls.id.in_(named))
            )
            .order_by(cls.id)
        )

    def enrolments_on(
        self, starts_at: datetime, held: Iterable[Assignment], zone: str, kind: str = ""
    ) -> list[Enrolment]:
        """For which enrolments of the ties ``held`` a slot at this moment may be booked.

        The host must supervise (or, for guided time, tutor) that enrolment, not ended yet, on the
        slot's day at the centre, whose ``zone`` it is. ``kind`` is the format of the group that forms
        in it, which may have begun before the format was changed.
        """
        roles = roles_for(kind or self.format)
        day = local(starts_at, zone).date()
        found: dict[int, Enrolment] = {}
        for tie in held:
            covers = tie.from_on <= day and (tie.to_on is None or tie.to_on >= day)
            covers = covers and not tie.enrolment.over_on(day)
            if tie.person_id == self.person_id and tie.role in roles and covers:
                found[tie.enrolment_id] = tie.enrolment
        return list(found.values())

    @property
    def word(self) -> str:
        """What kind of meeting it is for, in words."""
        from supervise.models.meetings import FORMATS

        return FORMATS[self.format]

    @property
    def pattern(self) -> Pattern:
        """What the rule of slots needs of it."""
        return Pattern(
            id=self.id,
            weekday=self.weekday,
            every_weeks=self.every_weeks,
            from_on=self.from_on,
            to_on=self.to_on,
            starts=self.starts_time,
            ends=self.ends_time,
            zone=self.zone,
            minutes=self.minutes,
            buffer_minutes=self.buffer_minutes,
            notice_minutes=self.notice_minutes,
            horizon_days=self.horizon_days,
        )

    @property
    def people_named(self) -> frozenset[int]:
        """The learners who alone may book it, where it is for named ones. One query."""
        rows = AvailabilityPerson.select().where(AvailabilityPerson.availability == self)
        return frozenset(row.person_id for row in rows)

    def told(self, verb: str, by: Actor, now: datetime, **detail: Any) -> None:
        """Write what was done with it into the history; inside ``db.write()``."""
        events.record(
            centre_id=self.centre_id,
            verb=verb,
            subject="availability",
            subject_id=self.id,
            now=now,
            person_id=by.recorded,
            role="tutor" if self.format in GUIDED and not by.has("supervisor") else "supervisor",
            **detail,
        )

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
    def covers(cls, person_id: int, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether the person is away for some of this time. One query."""
        mine = (cls.person == person_id) & (cls.from_at < ends_at) & (cls.to_at > starts_at)
        return bool(cls.select().where(mine).exists())

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """One's own."""
        return cls.select().where((cls.centre == actor.centre) & (cls.person == actor.person))
