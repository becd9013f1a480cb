"""A learner's diary: its rows with their verdicts, how far each unit is, and a session's history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import peewee

from supervise.events import Event
from supervise.models import (
    Actor,
    Assignment,
    Centre,
    Client,
    Engagement,
    Enrolment,
    Person,
    PracticeSession,
    SessionEngagement,
    readiness,
)
from supervise.models.facts import Judged, judged, light
from supervise.models.people import ROLE_WORDS
from supervise.reports.worked_on import With
from supervise.rules.hours import SessionFacts, UnitTotal, Verdict
from supervise.signing import SignOff
from supervise.workflow import SESSION

STATE_WORDS = {
    "draft": ("none", "Draft"),
    "submitted": ("wait", "Waiting"),
    "returned": ("warn", "Returned"),
    "reopened": ("warn", "Reopened"),
    "approved": ("good", "Approved"),
}
"""State to its shape and its word."""

TABS = {
    "": ("All", tuple(STATE_WORDS)),
    "drafts": ("Drafts", ("draft",)),
    "waiting": ("Waiting", ("submitted",)),
    "returned": ("Returned", ("returned", "reopened")),
    "approved": ("Approved", ("approved",)),
}
SORTS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "longest": "Longest first",
    "changed": "Last changed first",
}


@dataclass(frozen=True)
class Row:
    """One session of the diary, the aliases of its clients, and the verdict on it."""

    session: PracticeSession
    clients: Sequence[str]
    verdict: Verdict

    @property
    def state(self) -> tuple[str, str]:
        """The shape and the word of its state."""
        return STATE_WORDS[self.session.state]

    @property
    def label(self) -> str:
        """The clients in words."""
        return " and ".join(self.clients) or "no client yet"


def enrolments(actor: Actor) -> list[Enrolment]:
    """The learner's own enrolments in this centre, the newest first. One query."""
    mine = (Enrolment.learner == actor.person) & (Enrolment.centre == actor.centre)
    order = (Enrolment.started_on.desc(), Enrolment.id.desc())
    return list(Enrolment.select().where(mine).order_by(*order))


def entries(enrolment: Enrolment, unit: str = "", client: int | None = None) -> peewee.ModelSelect:
    """The sessions of one enrolment, narrowed to a unit (``none`` for those without) or a client."""
    query = PracticeSession.select().where(PracticeSession.enrolment == enrolment)
    if unit:
        wanted = None if unit == "none" else unit
        query = query.where(
            PracticeSession.unit.is_null() if wanted is None else PracticeSession.unit == wanted
        )
    if client is not None:
        with_them = (
            SessionEngagement.select(SessionEngagement.session)
            .join(Engagement)
            .where(Engagement.client == client)
        )
        query = query.where(PracticeSession.id.in_(with_them))
    return query


def counts(query: peewee.ModelSelect) -> dict[str, int]:
    """How many sessions of a query each tab holds. One query."""
    state, number = PracticeSession.state, peewee.fn.COUNT(PracticeSession.id)
    found = Counter(dict(query.clone().select(state, number).group_by(state).tuples()))
    return {tab: sum(found[state] for state in states) for tab, (_, states) in TABS.items()}


def ordered(query: peewee.ModelSelect, tab: str, sort: str) -> peewee.ModelSelect:
    """The sessions of one tab in this order; those without a date come before the newest."""
    when = PracticeSession.date, PracticeSession.starts_at
    newest = [field.desc(nulls="FIRST") for field in when] + [PracticeSession.id.desc()]
    order = {
        "oldest": [field.asc(nulls="LAST") for field in when] + [PracticeSession.id],
        "longest": [PracticeSession.minutes.desc(nulls="LAST"), *newest],
        "changed": [PracticeSession.changed_at.desc(), PracticeSession.id.desc()],
    }.get(sort, newest)
    return query.where(PracticeSession.state.in_(TABS[tab][1])).order_by(*order)


def rows(sessions: Sequence[PracticeSession], enrolment: Enrolment, centre: Centre) -> list[Row]:
    """These sessions as rows. Five queries, however many."""
    found = judged(sessions, enrolment, centre)
    return [
        Row(session, aliases(found.facts[session.id]), found.verdicts[session.id])
        for session in sessions
    ]


def aliases(facts: SessionFacts) -> list[str]:
    """The aliases of a session's clients."""
    return [contract.alias for contract in facts.contracts]


@dataclass(frozen=True)
class ClientSoFar:
    """One client until now: sessions, how many are approved, and the contracts by kind."""

    alias: str
    sessions: int
    approved: int
    contracts: Sequence[tuple[str, date | None]]


@dataclass(frozen=True)
class Practice:
    """One enrolment's whole practice as it stands, for what is shown beside a form."""

    enrolment: Enrolment
    sessions: Sequence[PracticeSession]
    judged: Judged
    totals: dict[str, UnitTotal]
    supervisors: Sequence[str]

    @property
    def last(self) -> PracticeSession | None:
        """The session last practised, from which a new one takes its defaults."""
        return self.sessions[0] if self.sessions else None

    @property
    def units(self) -> list[UnitTotal]:
        """The units that take practice hours, with what is counted."""
        return [total for total in self.totals.values() if total.required_minutes]

    def with_client(self, alias: str) -> ClientSoFar:
        """What has taken place with the client of this alias."""
        theirs = [s for s in self.sessions if alias in aliases(self.judged.facts[s.id])]
        agreed = {
            str(session.kind): contract.agreed_on
            for session in theirs
            for contract in self.judged.facts[session.id].contracts
            if contract.alias == alias and session.kind
        }
        approved = sum(session.state == "approved" for session in theirs)
        return ClientSoFar(alias, len(theirs), approved, sorted(agreed.items()))


def practice(enrolment: Enrolment, centre: Centre, today: date) -> Practice:
    """How an enrolment's practice stands today. Five queries, however many sessions."""
    sessions = list(light(ordered(entries(enrolment), "", "newest")))
    assigned = list(
        Assignment.select(Assignment, Person)
        .join(Person)
        .where((Assignment.enrolment == enrolment) & (Assignment.role == "supervisor"))
        .order_by(Person.name)
    )
    spans = {enrolment.id: [(row.from_on, row.to_on) for row in assigned]}
    found = judged(sessions, enrolment, centre, spans)
    now = [row for row in assigned if row.from_on <= today and (row.to_on or today) >= today]
    names = list(dict.fromkeys(row.person.name for row in now))
    return Practice(enrolment, sessions, found, found.totals(), names)


def clients_of(actor: Actor) -> list[Client]:
    """The learner's clients by alias. One query."""
    return list(Client.visible_to(actor).order_by(Client.alias))


# --- the history of one session ----------------------------------------------------------


@dataclass(frozen=True)
class Happened:
    """One line of a session's history: when (UTC), who in which role, what, and what they said."""

    at: datetime
    who: str
    role: str
    words: str
    comment: str
    signed: str
    """The SHA-256 of what was signed, or nothing."""


_WORDS = {
    "began": "began the draft",
    "submitted": "submitted it",
    "asked to reopen": "asked to have it reopened",
    "taken back": "took it back",
    "approved": "approved it",
    "returned": "returned it",
    "reopened": "reopened it",
    "corrected": "began to correct it",
    "imported": "imported the draft",
    "erased": "removed what was written, since a client withdrew consent",
}


_SIGNED = {SESSION.moves[move].done for move in ("approve", "return", "reopen")}
"""What a supervisor signs, as the history has it."""


def history(session: PracticeSession, *, signed: bool = True) -> list[Happened]:
    """What happened to a session, oldest first, with its sign-offs. Two queries, one before any decision.

    One alone where what was ``signed`` is not asked for.
    """
    query = (
        Event.select(Event, Person.name.alias("who"))
        .join(Person, peewee.JOIN.LEFT_OUTER, on=(Event.person_id == Person.id))
        .where((Event.subject == "session") & (Event.subject_id == session.id))
        .order_by(Event.id)
    )
    events = list(query.objects())
    mine = (SignOff.subject == "session") & (SignOff.subject_id == session.id)
    decided = signed and any(event.verb in _SIGNED for event in events)
    signs = {row.subject_version: row for row in SignOff.select().where(mine)} if decided else {}
    lines = []
    for event in events:
        signature = signs.get(event.details.get("version"))
        lines.append(
            Happened(
                at=event.at,
                who=event.who or "The command line",
                role=ROLE_WORDS.get(event.role, event.role),
                words=_WORDS.get(event.verb, event.verb),
                comment=event.note,
                signed=signature.content_sha256 if signature else "",
            )
        )
    return lines


def given_back(
    session: PracticeSession, lines: Sequence[Happened] | None = None
) -> Happened | None:
    """Why a session is with its learner again: the last return or reopening, while it stands so.

    ``lines`` is its history where that is at hand; else one query.
    """
    if session.state not in ("returned", "reopened"):
        return None
    told = history(session, signed=False) if lines is None else lines
    wanted = _WORDS[session.state]
    return next((line for line in reversed(told) if line.words == wanted), None)


def asked_to_reopen(session: PracticeSession, lines: Sequence[Happened]) -> bool:
    """Whether the learner has asked since it was approved, by its history (``reopening.asked``)."""
    asked, since = _WORDS["asked to reopen"], session.decided_at
    return session.state == "approved" and any(
        line.words == asked and (since is None or line.at >= since) for line in lines
    )


def unchanged(session: PracticeSession, lines: Sequence[Happened], company: Sequence[With]) -> bool:
    """Whether it reads as when it was given back, by its history and clients. No query."""
    return readiness.unchanged_since_return(
        session,
        next((line.signed for line in reversed(lines) if line.signed), ""),
        engagement_ids=[one.engagement_id for one in company],
        goals=[step for one in company for step in one.steps],
    )
