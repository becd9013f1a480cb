"""How the learners stand: exactly for those shown, and by sums in the database to put many in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

import peewee

from supervise import catalogue
from supervise.models import (
    Actor,
    Centre,
    Confirmation,
    Contract,
    Engagement,
    Enrolment,
    EnrolmentUnit,
    PracticeSession,
    SessionEngagement,
)
from supervise.models.said import disputed, withdrawn
from supervise.reports import supervision
from supervise.reports.hours import Hours
from supervise.reports.supervision import NEVER, Last
from supervise.rules import moments
from supervise.rules.standing import Practice, Standing, standing
from supervise.rules.supervision import Practised, ratio

BACK = ("returned", "reopened")
Span = tuple[date, date | None]
"""Of an enrolment: its first day and its last."""


class Ranked(NamedTuple):
    """The learner of an enrolment, about how it stands, and when they last were in supervision."""

    learner_id: int
    findings: list[Standing]
    """All there is to say, the gravest first."""
    last: Last

    @property
    def standing(self) -> Standing:
        """The gravest."""
        return self.findings[0]


def of_hours(hours: Hours, centre: Centre, today: date, last: Last = NEVER) -> list[Standing]:
    """How one enrolment stands, from its verdicts; the gravest first. ``last`` is its supervision."""
    sent = [session for session in hours.sessions if session.state != "draft"]
    submitted, back = hours.in_state("submitted"), hours.in_state(*BACK)
    return _standing(
        Practice(
            began=hours.enrolment.started_on,
            ends=hours.enrolment.ends_on,
            needed=hours.needed,
            to_go=hours.to_go,
            to_come=sum(max(0, unit.to_go - unit.total.to_come) for unit in hours.units),
            last=max((session.date for session in sent if session.date), default=None),
            submitted=len(submitted),
            submitted_days=_days((s.submitted_at for s in submitted), centre, today),
            back=len(back),
            back_days=_days((s.decided_at or s.changed_at for s in back), centre, today),
            supervision=ratio(supervision.practised(hours, last, centre), today),
        ),
        centre,
        today,
    )


def ranked(enrolments: peewee.ModelSelect, actor: Actor) -> dict[int, Ranked]:
    """The learner of each of these enrolments and about how it stands, by its id. Two queries.

    What is approved is taken as counted unless it lies outside the enrolment, lacks its contract, or
    lacks a confirmation that the centre demands, so it serves to put learners in order and to find
    them; ``of_hours`` says how each stands.
    """
    spans, asked = {}, defaultdict[int, dict[str, int]](dict)
    contracted = set[str]()
    for id_, learner, version, began, ends, code in _terms(enrolments):
        spans[id_] = learner, began, ends
        if code is not None:
            unit = catalogue.load(version).unit(code)
            asked[id_][code] = unit.required_minutes
            if unit.contract_required:
                contracted.add(code)
    sums = defaultdict[int, list[Any]](list)
    for id_, *rest in _sums(list(spans), contracted, actor):
        sums[id_].append(rest)
    found = {}
    for id_, (learner, *span) in spans.items():
        practice, last = _practice((span[0], span[1]), asked[id_], sums[id_], actor)
        found[id_] = Ranked(learner, _standing(practice, actor.centre, actor.today), last)
    return found


def _terms(enrolments: peewee.ModelSelect) -> Any:
    """What is asked of each enrolment: a row for each of its units, one without for none."""
    model = Enrolment
    return (
        enrolments.select(
            model.id, model.learner, model.catalogue_version, model.started_on, model.ends_on,
            EnrolmentUnit.unit,
        )
        .join(EnrolmentUnit, peewee.JOIN.LEFT_OUTER, on=(EnrolmentUnit.enrolment == model.id))
        .tuples()
    )  # fmt: skip


def _void(contracted: set[str]) -> Any:
    """The condition that a session cannot count as it stands: its date, or its contract, is against it."""
    model, link = PracticeSession, SessionEngagement
    mine = link.select(peewee.SQL("1")).join(Engagement).where(link.session == model.id)
    agreed = Engagement.contract_agreed_on
    here = Contract.select(peewee.SQL("1")).where(
        (Contract.engagement == Engagement.id) & (Contract.agreed_on <= model.date)
    )
    alone = Engagement.dated_by.in_(Engagement.ALONE) & ~peewee.fn.EXISTS(here)
    lacking = mine.where(agreed.is_null() | (agreed > model.date) | alone)
    outside = (model.date < Enrolment.started_on) | (model.date > Enrolment.ends_on)
    without = peewee.fn.EXISTS(lacking) | ~peewee.fn.EXISTS(mine)
    return outside | (model.unit.in_(sorted(contracted)) & without)


def _unconfirmed() -> Any:
    """Clients of a session who have not confirmed it, and those who dispute it.

    One who withdrew consent cannot be asked (``rules.conditions.of_confirmation``).
    """
    link, said = SessionEngagement, Confirmation
    yes = (
        (said.session == link.session)
        & (said.client == Engagement.client)
        & (said.state == "confirmed")
    )
    missing = said.id.is_null() & (~withdrawn(Engagement.client) | disputed(by_its_own=True))
    return (
        link.select(peewee.SQL("1"))
        .join(Engagement)
        .join(said, peewee.JOIN.LEFT_OUTER, on=yes)
        .where((link.session == PracticeSession.id) & missing)
    )


def _sums(ids: list[int], contracted: set[str], actor: Actor) -> Any:
    """For each enrolment and unit: minutes approved and submitted, what waits since when, and what
    was practised since the last supervision."""
    model, count, least = PracticeSession, peewee.fn.COUNT, peewee.fn.MIN
    void = _void(contracted)
    if actor.centre.confirmation_required:
        void = void | peewee.fn.EXISTS(_unconfirmed())
    usable = peewee.Case(None, ((void, 0),), model.minutes)

    def where(states: Any, value: Any, other: Any = None) -> Any:
        return peewee.Case(None, ((model.state.in_(states), value),), other)

    met = supervision.latest(actor.now, actor.centre).alias("met")
    since = supervision.since(met, actor.centre)
    back_since = where(BACK, peewee.fn.COALESCE(model.decided_at, model.changed_at))
    return (
        model.select(
            model.enrolment, model.unit,
            peewee.fn.SUM(where(("approved",), usable, 0)),
            peewee.fn.SUM(where(("submitted",), usable, 0)),
            count(where(("submitted",), model.id)), least(where(("submitted",), model.submitted_at)),
            count(where(BACK, model.id)), least(back_since), peewee.fn.MAX(model.date),
            peewee.fn.SUM(peewee.Case(None, ((since, model.minutes),), 0)),
            least(peewee.Case(None, ((since, model.date),))),
            least(met.c.last_at), least(met.c.next_at),
        )
        .join(Enrolment)
        .switch(model)
        .join(met, peewee.JOIN.LEFT_OUTER, on=(met.c.enrolment_id == model.enrolment))
        .where(model.enrolment.in_(ids) & (model.state != "draft"))
        .group_by(model.enrolment, model.unit)
        .tuples()
    )  # fmt: skip


def _practice(
    span: Span, asked: dict[str, int], rows: list[Any], actor: Actor
) -> tuple[Practice, Last]:
    sums = {row[0]: (int(row[1] or 0), int(row[2] or 0)) for row in rows}
    to_go = {code: max(0, need - sums.get(code, (0, 0))[0]) for code, need in asked.items()}
    last = Last(*(next((_moment(row[n]) for row in rows if row[n]), None) for n in (10, 11)))
    practice = Practice(
        began=span[0],
        ends=span[1],
        needed=sum(asked.values()),
        to_go=sum(to_go.values()),
        to_come=sum(max(0, left - sums.get(code, (0, 0))[1]) for code, left in to_go.items()),
        last=max((_day(row[7]) for row in rows if row[7]), default=None),
        submitted=sum(row[3] for row in rows),
        submitted_days=_days(
            (_moment(row[4]) for row in rows if row[4]), actor.centre, actor.today
        ),
        back=sum(row[5] for row in rows),
        back_days=_days((_moment(row[6]) for row in rows if row[6]), actor.centre, actor.today),
        supervision=ratio(_practised(rows, last, actor.centre), actor.today),
    )
    return practice, last


def _practised(rows: list[Any], last: Last, centre: Centre) -> Practised:
    """What was practised since the last supervision, by the sums of its units."""
    minutes = sum(int(row[8] or 0) for row in rows)
    first = min((_day(row[9]) for row in rows if row[9]), default=None)
    return supervision.terms_of(minutes, first, last, centre)


def _standing(practice: Practice, centre: Centre, today: date) -> list[Standing]:
    return standing(practice, today, due_days=centre.due_days, late_days=centre.late_days)


def _days(since: Iterable[datetime], centre: Centre, today: date) -> int:
    """For how many days the oldest has waited, on the centre's calendar; 0 for none."""
    oldest = min(since, default=None)
    return max(0, (today - moments.local(oldest, centre.zone).date()).days) if oldest else 0


def _moment(value: Any) -> datetime:
    """A moment that an aggregate brought, of which SQLite gives the text."""
    moment: datetime = PracticeSession.submitted_at.python_value(value)
    return moment


def _day(value: Any) -> date:
    """A day that an aggregate brought, of which SQLite gives the text."""
    day: date = PracticeSession.date.python_value(value)
    return day
