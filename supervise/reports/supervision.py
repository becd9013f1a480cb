"""Practice against supervision: when each of many learners last met, and what they practised since.

A meeting is held once it is marked so, and was attended by who came. Days are the centre's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import peewee

from supervise.db import day_at
from supervise.models import (
    Actor,
    Assignment,
    Attendance,
    Centre,
    Meeting,
    Person,
    PracticeSession,
)
from supervise.models.meetings import SUPERVISION
from supervise.reports.hours import Hours
from supervise.rules import moments
from supervise.rules.supervision import (
    Finding,
    Practised,
    ratio,
)

HELD = ("held", "recorded", "signed")
CAME = ("came", "signed")
PRACTISED = ("approved", "submitted")
"""States of a session that was handed in and not given back."""


@dataclass(frozen=True, slots=True)
class Last:
    """When a learner last was in supervision, and when next: moments in UTC, None for never."""

    at: datetime | None = None
    next_at: datetime | None = None


NEVER = Last()


def last_of(enrolment_ids: Sequence[int], actor: Actor) -> dict[int, Last]:
    """The last and the next meeting of each of these enrolments that has any. One query."""
    if not enrolment_ids:
        return {}
    table = latest(actor.now, actor.centre).where(Attendance.enrolment.in_(enrolment_ids))
    return {id_: Last(as_moment(at), as_moment(soon)) for id_, at, soon in table.tuples()}


def latest(now: datetime, centre: Centre) -> peewee.ModelSelect:
    """A row for each enrolment of the centre with a supervision meeting: its id, ``last_at`` and
    ``next_at``."""
    came = Meeting.state.in_(HELD) & Attendance.state.in_(CAME)
    comes = (Meeting.state == "booked") & (Attendance.state == "booked") & (Meeting.starts_at > now)
    return (
        Attendance.select(
            Attendance.enrolment,
            peewee.fn.MAX(peewee.Case(None, ((came, Meeting.starts_at),))).alias("last_at"),
            peewee.fn.MIN(peewee.Case(None, ((comes, Meeting.starts_at),))).alias("next_at"),
        )
        .join(Meeting)
        .where(Meeting.format.in_(SUPERVISION) & (Attendance.centre == centre))
        .group_by(Attendance.enrolment)
    )


def since(met: Any, centre: Centre) -> peewee.Expression:
    """The condition that a session was handed in and practised after the last meeting in ``met``.

    The same as ``practised`` asks of sessions in hand.
    """
    model = PracticeSession
    after = peewee.Case(
        None,
        ((model.starts_at.is_null(), model.date > day_at(met.c.last_at, centre.zone)),),
        model.starts_at > met.c.last_at,
    )
    handed_in = model.state.in_(PRACTISED) & model.date.is_null(False)
    return handed_in & (met.c.last_at.is_null() | after)


@dataclass(frozen=True)
class Since:
    """What a learner practised since supervision (whole minutes), how that stands to the centre's
    ratio, and when they meet next (UTC)."""

    learner_id: int
    name: str
    enrolment_id: int
    finding: Finding
    minutes: int = 0
    next_at: datetime | None = None


def since_last(actor: Actor) -> list[Since]:
    """The learners a supervisor supervises today who practised since their last meeting. One query.

    The most pressing first; those for whom a meeting is booked among them.
    """
    centre, model = actor.centre, PracticeSession
    met = latest(actor.now, centre).alias("met")
    rows = (
        model.select(
            model.learner, Person.name, model.enrolment, peewee.fn.SUM(model.minutes), peewee.fn.MIN(model.date),
            peewee.fn.MIN(met.c.last_at), peewee.fn.MIN(met.c.next_at),
        )
        .join(Person, on=model.learner)
        .switch(model)
        .join(met, peewee.JOIN.LEFT_OUTER, on=(met.c.enrolment_id == model.enrolment))
        .where(model.enrolment.in_(Assignment.enrolment_ids(actor, "supervisor")) & since(met, centre))
        .group_by(model.enrolment, model.learner, Person.name)
        .tuples()
    )  # fmt: skip
    found = []
    for learner, name, enrolment, minutes, first, last_at, next_at in rows:
        last = Last(as_moment(last_at), as_moment(next_at))
        terms = terms_of(int(minutes or 0), as_day(first), last, centre)
        finding = ratio(terms, actor.today)
        found.append(Since(learner, name, enrolment, finding, terms.minutes, last.next_at))
    return sorted(found, key=lambda one: (-one.finding.weight, one.name, one.learner_id))


def nudges(files: Sequence[Hours], actor: Actor) -> list[tuple[Hours, Finding]]:
    """Those of a learner's enrolments for which a meeting is due, or soon, or due and booked. One query."""
    last = last_of([one.enrolment.id for one in files], actor)
    found = []
    for one in files:
        terms = practised(one, last.get(one.enrolment.id, NEVER), actor.centre)
        found.append((one, ratio(terms, actor.today)))
    return [(one, finding) for one, finding in found if finding.key != "fine"]


def terms_of(minutes: int, first: date | None, last: Last, centre: Centre) -> Practised:
    """What the rule of the ratio looks at: practice since ``last``, and what the centre asks."""
    return Practised(
        minutes=minutes,
        first=first,
        last_met=day_of(last.at, centre),
        after_minutes=centre.supervise_after_minutes,
        after_weeks=centre.supervise_after_weeks,
        next_on=day_of(last.next_at, centre),
    )


def as_day(value: Any) -> date | None:
    """A day that an aggregate brought, of which SQLite gives the text."""
    day: date | None = PracticeSession.date.python_value(value)
    return day


def as_moment(value: Any) -> datetime | None:
    """A moment that an aggregate brought, of which SQLite gives the text."""
    moment: datetime | None = Meeting.starts_at.python_value(value)
    return moment


def practised(hours: Hours, last: Last, centre: Centre) -> Practised:
    """What was practised in an enrolment since its last meeting, drafts and sessions given back left out.

    A session without a time of day is after a meeting from the next day on.
    """
    met = last.at
    fresh = [
        session
        for session in hours.in_state(*PRACTISED)
        if session.date and (met is None or _after(session.starts_at, session.date, met, centre))
    ]
    return terms_of(
        sum(session.minutes or 0 for session in fresh),
        min((session.date for session in fresh), default=None),
        last,
        centre,
    )


def _after(starts_at: datetime | None, day: date, met: datetime, centre: Centre) -> bool:
    return starts_at > met if starts_at else day > moments.local(met, centre.zone).date()


def day_of(moment: datetime | None, centre: Centre) -> date | None:
    """The centre's day of a moment."""
    return moments.local(moment, centre.zone).date() if moment else None
