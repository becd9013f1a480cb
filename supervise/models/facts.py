"""Sessions as the rule of hours reads them: fetched in a fixed number of queries, however many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

import peewee

from supervise.models import said
from supervise.models.assignments import Assignment
from supervise.models.centres import Centre
from supervise.models.clients import Client
from supervise.models.contracts import Contract
from supervise.models.engagements import Engagement
from supervise.models.enrolments import Enrolment, unit_rules
from supervise.models.sessions import STANDING, PracticeSession, SessionEngagement
from supervise.rules.facts import ContractVersion
from supervise.rules.hours import (
    ConfirmationFacts,
    ContractFacts,
    EnrolmentFacts,
    SessionFacts,
    UnitRule,
    UnitTotal,
    Verdict,
    judge,
    totals,
)

Spans = Mapping[int, Sequence[tuple[date, date | None]]]
"""By enrolment: when it had a supervisor, both days included."""


Contracts = Mapping[int, Sequence[ContractFacts]]
"""By session: the contract with each of its clients, by alias."""

Confirmations = Mapping[int, Sequence[ConfirmationFacts]]
"""By session: what each of its clients says of it, by alias."""

FACTS = ("id", "centre", "enrolment", "learner", "unit", "kind", "mode", "date", "starts_at",
         "ends_at", "minutes", "state")  # fmt: skip
"""The columns of a session that its facts and its verdict are made of, and what names it."""


def light(query: peewee.ModelSelect, *more: Any) -> peewee.ModelSelect:
    """The sessions of a query as plain rows: hundreds of records would cost most of a page."""
    fields = [getattr(PracticeSession, name) for name in FACTS]
    columns = [field.alias(field.column_name) for field in fields]  # enrolment_id, as a record has
    return query.select(*columns, *more).namedtuples()


def contracts_of(which: peewee.Expression) -> dict[int, list[ContractFacts]]:
    """The contracts of each session that this condition on ``PracticeSession`` holds for. One query."""
    return _contracts(_with_contracts(which).tuples())


def contracts_and_confirmations_of(
    which: peewee.Expression,
) -> tuple[dict[int, list[ContractFacts]], dict[int, list[ConfirmationFacts]]]:
    """The contracts of these sessions, and what each client says of them. One query for both."""
    joined = _with_contracts(which).select_extend(*said.columns())
    rows = list(said.with_answers(joined).tuples())
    once = list(dict.fromkeys((*row[:3], *row[-said.WIDTH :]) for row in rows))  # not by version
    return _contracts(dict.fromkeys(row[: -said.WIDTH] for row in rows)), said.told(once)


def _with_contracts(which: peewee.Expression) -> peewee.ModelSelect:
    agreed = (Contract.engagement == Engagement.id) & Contract.agreed_on.is_null(False)
    return (
        SessionEngagement.select(
            SessionEngagement.session,
            SessionEngagement.engagement,
            Client.alias,
            Engagement.contract_agreed_on,
            Engagement.dated_by,
            Contract.number,
            Contract.agreed_on,
            Contract.ended_on,
        )
        .join(PracticeSession)
        .switch(SessionEngagement)
        .join(Engagement)
        .join(Client)
        .switch(Engagement)
        .join(Contract, peewee.JOIN.LEFT_OUTER, on=agreed)
        .where(which)
        .order_by(
            Client.alias,
            SessionEngagement.engagement,
            SessionEngagement.session,
            Contract.number,
        )
    )


def _contracts(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[ContractFacts]]:
    found: dict[int, list[ContractFacts]] = defaultdict(list)
    for key, versions in groupby(rows, lambda row: row[:5]):
        here = tuple(ContractVersion(*row[5:]) for row in versions if row[5] is not None)
        session_id, engagement_id, alias, agreed_on, by = key
        accepted = by not in Engagement.ALONE
        found[session_id].append(ContractFacts(alias, agreed_on, here, accepted, engagement_id))
    return found


def supervised_spans(enrolment_ids: Iterable[int]) -> dict[int, list[tuple[date, date | None]]]:
    """When each enrolment had a supervisor, both days included. One query."""
    rows = Assignment.select(Assignment.enrolment, Assignment.from_on, Assignment.to_on).where(
        Assignment.enrolment.in_(list(enrolment_ids)) & (Assignment.role == "supervisor")
    )
    spans: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    for enrolment_id, from_on, to_on in rows.tuples():
        spans[enrolment_id].append((from_on, to_on))
    return spans


def facts_of(
    sessions: Sequence[PracticeSession],
    spans: Spans | None = None,
    contracts: Contracts | None = None,
    confirmations: Confirmations | None = None,
) -> list[SessionFacts]:
    """The facts of these sessions, for ``rules.hours``.

    A query for each of spans and contracts that is not given. Confirmations that are not given are
    not asked for.
    """
    if contracts is None:
        contracts = contracts_of(PracticeSession.id.in_([session.id for session in sessions]))
    if spans is None:
        spans = supervised_spans({session.enrolment_id for session in sessions})
    return [
        _facts(
            session,
            contracts.get(session.id, ()),
            spans.get(session.enrolment_id, ()),
            (confirmations or {}).get(session.id, ()),
        )
        for session in sessions
    ]


def _facts(
    session: PracticeSession,
    contracts: Sequence[ContractFacts],
    spans: Sequence[tuple[date, date | None]],
    confirmations: Sequence[ConfirmationFacts],
) -> SessionFacts:
    on = session.date
    clients = " and ".join(contract.alias for contract in contracts) or "no client"
    return SessionFacts(
        id=session.id,
        date=on,
        starts_at=session.starts_at,
        minutes=session.minutes,
        kind=session.kind,
        state=session.state,
        unit=session.unit,
        contracts=tuple(contracts),
        supervised=on is not None
        and any(start <= on and (end is None or on <= end) for start, end in spans),
        label=f"the session with {clients}",
        confirmations=tuple(confirmations),
    )


def overlaps(sessions: Sequence[PracticeSession]) -> dict[int, list[PracticeSession]]:
    """For each of these, the coach's other sessions, submitted or approved, on the same time.

    One query. They may be of another enrolment, or another centre: a coach is in one place only.
    """
    mine = PracticeSession.alias()
    rows = (
        PracticeSession.select()
        .join(
            mine,
            on=(mine.learner == PracticeSession.learner)
            & (mine.id != PracticeSession.id)
            & (PracticeSession.starts_at < mine.ends_at)
            & (PracticeSession.ends_at > mine.starts_at),
        )
        .where(
            mine.id.in_([session.id for session in sessions])
            & mine.minutes.is_null(False)
            & PracticeSession.state.in_(STANDING)
        )
        .order_by(PracticeSession.starts_at)
    )
    found: dict[int, list[PracticeSession]] = defaultdict(list)
    for row in light(rows, mine.id.alias("overlapped_id")):
        found[row.overlapped_id].append(row)
    return found


def beside(session: Any, other: Any, fact: SessionFacts) -> SessionFacts:
    """The facts of another session as they may be named in this one's verdict.

    Everybody reads the same sentence, so it names no client of another centre, nor of another
    enrolment, which another supervisor sees.
    """
    if other.centre_id != session.centre_id:
        return replace(fact, label="a session in another centre")
    if other.enrolment_id != session.enrolment_id:
        return replace(fact, label="a session of another enrolment")
    return fact


@dataclass(frozen=True)
class Judged:
    """Sessions of one enrolment with their facts and their verdicts, each by id."""

    facts: dict[int, SessionFacts]
    verdicts: dict[int, Verdict]
    units: dict[str, UnitRule]
    """The enrolment's units, in the catalogue's order."""

    def totals(self) -> dict[str, UnitTotal]:
        """Counted, waiting and never for each unit: sums of these verdicts and of nothing else."""
        mine = [self.facts[id_] for id_ in self.verdicts]
        return totals(mine, self.verdicts, self.units)


def judged(
    sessions: Sequence[PracticeSession],
    enrolment: Enrolment,
    centre: Centre,
    spans: Spans | None = None,
) -> Judged:
    """The verdict on each of these sessions of one enrolment. Four queries, however many.

    What overlaps them is looked up here, so a page of a diary needs only its own rows. ``spans``
    saves one query where the caller knows when the enrolment had a supervisor.
    """
    others = overlaps(sessions)
    looked_at = {session.id: session for session in sessions}
    for found in others.values():
        looked_at |= {other.id: other for other in found if other.id not in looked_at}
    which = PracticeSession.id.in_(list(looked_at))
    both = contracts_and_confirmations_of(which)
    facts = {fact.id: fact for fact in facts_of(list(looked_at.values()), spans, *both)}
    rules, codes = unit_rules(enrolment.book), enrolment.unit_codes
    mine = EnrolmentFacts(enrolment.started_on, enrolment.ends_on, frozenset(codes))
    verdicts = {
        session.id: judge(
            facts[session.id],
            mine,
            rules,
            [beside(session, other, facts[other.id]) for other in others.get(session.id, [])],
            centre.policy,
        )
        for session in sessions
    }
    return Judged(facts, verdicts, {code: rules[code] for code in codes})
