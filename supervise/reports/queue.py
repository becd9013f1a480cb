"""The supervisor's queue: what waits, and what approval would do; in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

import peewee

from supervise import catalogue
from supervise.models import (
    Actor,
    Centre,
    Confirmation,
    Enrolment,
    EnrolmentUnit,
    Person,
    PracticeSession,
)
from supervise.models.enrolments import unit_rules
from supervise.models.facts import beside, facts_of, light, overlaps
from supervise.models.said import confirmations_of, disputed
from supervise.reports.hours import hours_of_all
from supervise.rules import hours, moments
from supervise.rules.hours import EnrolmentFacts, SessionFacts, UnitRule, UnitTotal, Verdict
from supervise.rules.said import Said

Judged = dict[int, tuple[SessionFacts, Verdict]]
SORTS = {
    "age": (PracticeSession.submitted_at, PracticeSession.id),
    "coach": (Person.name, PracticeSession.submitted_at, PracticeSession.id),
    "date": (PracticeSession.date, PracticeSession.starts_at, PracticeSession.id),
}


@dataclass(frozen=True)
class Wanted:
    """Which of the waiting sessions to show, in which order, and which one is open."""

    coach: int | None = None
    unit: str = ""
    waits: str = ""
    verdict: str = ""
    says: str = ""
    sort: str = "age"
    open: int | None = None
    page: int = 1

    def but(self, **changes: Any) -> dict[str, Any]:
        """The same in an address, with these changes; what is as usual is left out."""
        usual, other = Wanted(), replace(self, **changes)
        return {name: value for name, value in vars(other).items() if value != getattr(usual, name)}

    @property
    def filtered(self) -> bool:
        """Whether anything that waits is left out."""
        return bool(self.coach or self.unit or self.waits or self.verdict or self.says)


@dataclass(frozen=True)
class Row:
    """One waiting session, and the verdict it would have if it were approved."""

    session: PracticeSession
    facts: SessionFacts
    verdict: Verdict
    unit_so_far: UnitTotal | None = None

    @property
    def who(self) -> str:
        """The client by alias, or how many they are."""
        aliases = [contract.alias for contract in self.facts.contracts]
        return f"Group of {len(aliases)}" if len(aliases) > 1 else (aliases or ["none"])[0]

    @property
    def said(self) -> Said:
        """What its clients say of it, together."""
        return Said(self.facts.confirmations)

    @property
    def ready(self) -> bool:
        """Whether one press may set it to approve: it would count, and no client disputes it.

        Where the approval replaces a client's word, each is decided by itself.
        """
        fine = self.verdict.answer == "counts" and not self.verdict.alone
        return fine and self.said.word != "disputed"


@dataclass(frozen=True)
class Summary:
    """All that waits for one supervisor: how many, from whom, how long; ``minutes`` are whole."""

    sessions: int
    minutes: int
    oldest: datetime | None
    coaches: Mapping[int, str]
    units: Collection[str]


def summary(actor: Actor) -> Summary:
    """What waits for the actor, before any filter. One query."""
    session = PracticeSession
    groups = list(
        session.waiting_for(actor)
        .select(
            session.learner,
            Person.name,
            session.unit,
            peewee.fn.COUNT(session.id),
            peewee.fn.SUM(session.minutes),
            peewee.fn.MIN(session.submitted_at),
        )
        .join(Person, on=session.learner)
        .group_by(session.learner, Person.name, session.unit)
        .order_by(Person.name)
        .tuples()
    )
    return Summary(
        sessions=sum(group[3] for group in groups),
        minutes=sum(group[4] for group in groups),
        oldest=min((group[5] for group in groups), default=None),
        coaches={group[0]: group[1] for group in groups},
        units=sorted({group[2] for group in groups if group[2]}),
    )


def waiting(actor: Actor, wanted: Wanted, zone: str) -> peewee.ModelSelect:
    """The sessions wanted, in their order; ages are counted on the calendar of ``zone``.

    The verdict is not in the database: ``rows`` judges, and the caller filters.
    """
    session = PracticeSession
    query = (
        session.waiting_for(actor)
        .select_extend(Person)
        .join(Person, on=session.learner)
        .order_by(*SORTS[wanted.sort])
    )
    if wanted.coach:
        query = query.where(session.learner == wanted.coach)
    if wanted.unit:
        query = query.where(
            session.unit.is_null() if wanted.unit == "none" else session.unit == wanted.unit
        )
    if wanted.waits:
        query = query.where(session.submitted_at < _submitted_before(actor, wanted.waits, zone))
    if wanted.says:
        query = query.where(_says(wanted.says))
    return query


def _says(word: str) -> Any:
    """The condition on a session that its clients' answers come to this word (``rules.said``)."""
    words = ("confirmed", "asked")
    if word == "disputed":
        return disputed()
    mine = Confirmation.select(peewee.SQL("1")).where(Confirmation.session == PracticeSession.id)
    before = words if word == "none" else words[: words.index(word)]
    none = ~disputed() & ~peewee.fn.EXISTS(mine.where(Confirmation.state.in_([*before, ""])))
    if word == "none":
        return none
    return none & peewee.fn.EXISTS(mine.where(Confirmation.state == word))


def _submitted_before(actor: Actor, waits: str, zone: str) -> datetime:
    """The midnight before which a thing must have come to be due, or late (``rules.ageing``)."""
    centre = actor.centre
    days = centre.due_days - 1 if waits == "due" else centre.late_days
    today = moments.local(actor.now, zone).date()
    return moments.to_utc(today - timedelta(days=days), time(0), zone)


def rows(actor: Actor, sessions: list[PracticeSession], opened: int | None = None) -> list[Row]:
    """These sessions with what approval would do; for the opened one, its unit's hours so far.

    Five queries, and one more where one is opened.
    """
    opened_one = next((session for session in sessions if session.id == opened), None)
    file = _file_of(actor, opened_one) if opened_one else []
    judged = judge([*sessions, *file], actor.centre)
    so_far = _totals(file, judged) if file else {}
    return [
        Row(
            session,
            judged[session.id][0],
            judged[session.id][1].if_approved(),
            so_far.get(session.unit) if session is opened_one else None,
        )
        for session in sessions
    ]


def counted(actor: Actor, enrolment_ids: Iterable[int]) -> dict[int, dict[str, UnitTotal]]:
    """The minutes of each unit that asks for practice, by enrolment, of those the actor may see.

    Six queries, however many.
    """
    ids = list(enrolment_ids)
    enrolments = list(Enrolment.visible_to(actor).where(Enrolment.id.in_(ids)))
    return {
        id_: {unit.unit.code: unit.total for unit in one.units}
        for id_, one in hours_of_all(enrolments, actor.centre, drafts=False).items()
    }


def judge(sessions: Iterable[PracticeSession], centre: Centre) -> Judged:
    """The facts and the verdict of each session, of however many coaches. Five queries."""
    by_id = {session.id: session for session in sessions}
    said = confirmations_of(PracticeSession.id.in_(list(by_id)))
    others = overlaps(list(by_id.values()))
    all_of_them = {other.id: other for found in others.values() for other in found} | by_id
    facts = {fact.id: fact for fact in facts_of(list(all_of_them.values()), None, None, said)}
    terms = _terms({session.enrolment_id for session in by_id.values()})
    return {
        id_: (
            facts[id_],
            hours.judge(
                facts[id_],
                *terms[session.enrolment_id],
                [beside(session, other, facts[other.id]) for other in others.get(id_, ())],
                centre.policy,
            ),
        )
        for id_, session in by_id.items()
    }


def _terms(ids: Collection[int]) -> dict[int, tuple[EnrolmentFacts, Mapping[str, UnitRule]]]:
    """What the rule asks of each enrolment, and the units it knows. One query."""
    enrolment, unit = Enrolment, EnrolmentUnit.unit
    rows = (
        enrolment.select(
            enrolment.id, enrolment.catalogue_version, enrolment.started_on, enrolment.ends_on, unit
        )
        .join(EnrolmentUnit, peewee.JOIN.LEFT_OUTER)
        .where(enrolment.id.in_(list(ids)))
    )
    units: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
    for *terms, code in rows.tuples():
        units[tuple(terms)].add(code)
    return {
        id_: (EnrolmentFacts(began, ends, frozenset(codes)), unit_rules(catalogue.load(version)))
        for (id_, version, began, ends), codes in units.items()
    }


def _totals(file: Sequence[Any], judged: Judged) -> dict[str, UnitTotal]:
    """Sums of the verdicts on the sessions of one enrolment, by unit."""
    verdicts = {session.id: judged[session.id][1] for session in file}
    rules = unit_rules(catalogue.load(file[0].catalogue_version))
    return hours.totals([judged[id_][0] for id_ in verdicts], verdicts, rules)


def _file_of(actor: Actor, session: PracticeSession) -> list[Any]:
    """All sessions of the same enrolment that the actor may see. One query."""
    query = PracticeSession.visible_to(actor).join(Enrolment)
    theirs = query.where(PracticeSession.enrolment == session.enrolment_id)
    return list(light(theirs, Enrolment.catalogue_version))
