"""Deciding several sessions in one go: each approved, returned or left, and only those touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import peewee

from supervise.db import is_sqlite, write
from supervise.events import Event
from supervise.models.people import Actor, Person
from supervise.models.said import confirmations_of
from supervise.models.sessions import PracticeSession
from supervise.rules.conditions import says
from supervise.rules.said import Said
from supervise.workflow import SESSION, WrongState

HANDED_OVER = "You no longer supervise one of these coaches, so nothing of theirs was signed."
"""Said without a name: a former supervisor is told nothing more of that coach."""


class NotYours(LookupError):  # noqa: N818 - it names what is wrong with what was asked
    """One of the sessions is not the actor's to decide, or is not there at all."""


@dataclass(frozen=True)
class Choice:
    """What a supervisor chose for one session, and what they had before them: its version, and how
    many of its clients disputed it (None where that was not shown)."""

    decision: str = "leave"
    comment: str = ""
    version: int = 0
    disputes: int | None = None


@dataclass(frozen=True)
class Missed:
    """A session somebody else moved first: as it stands now, and what was done, by whom and when."""

    session: PracticeSession
    refusal: str
    verb: str = ""
    at: datetime | None = None
    person: Person | None = None


@dataclass
class Outcome:
    """What became of each choice."""

    approved: list[PracticeSession] = field(default_factory=list)
    returned: list[PracticeSession] = field(default_factory=list)
    left: list[PracticeSession] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)

    @property
    def decided(self) -> list[PracticeSession]:
        """Those that were signed."""
        return self.approved + self.returned


def decide(choices: Mapping[int, Choice], *, by: Actor, now: datetime) -> Outcome:
    """Take these choices, by session id, in one transaction (product.md, mixed decisions).

    A session that changed since it was read, that somebody else decided first, or whose learner
    has another supervisor since, is missed: its part is rolled back and the others are decided.
    Raises NotYours, and decides nothing, where one never was the actor's to decide; ValueError for
    a return without a comment.
    """
    outcome, refusals = Outcome(), dict[int, str]()
    with write():
        sessions = _held(choices, by)
        gone = choices.keys() - sessions.keys()
        if PracticeSession.once_supervised_by(by).where(_among(gone)).count() != len(gone):
            raise NotYours
        refusals |= dict.fromkeys(gone, HANDED_OVER)
        said = confirmations_of(_among(sessions.keys()))
        for id_, session in sessions.items():
            try:
                with write():
                    refuse_unread(Said(tuple(said.get(id_, ()))), choices[id_])
                    _take(session, choices[id_], outcome, by, now)
            except WrongState as refused:
                refusals[id_] = refused.sentence
        outcome.missed = _what_happened(refusals)
    return outcome


def refuse_unread(said: Said, choice: Choice) -> None:
    """Raises WrongState where a client disputes what is approved, and that was not there to read."""
    if choice.decision == "approve" and said.disputes > (choice.disputes or 0):
        raise Disputed(said)


class Disputed(WrongState):
    """A client disputed the session after the supervisor had looked at it."""

    def __init__(self, said: Said) -> None:
        who = said.those[0]
        super().__init__(
            f"{who.alias} disputes it since you looked: {says(who)}. Read it again, then decide. "
            "Nothing was changed."
        )


def _held(ids: Collection[int], by: Actor) -> dict[int, PracticeSession]:
    """The sessions, by id, held until the end of the transaction.

    All rows are locked before the first is signed and always in the same order, or two supervisors
    who decide the same rows on PostgreSQL would wait for each other.
    """
    query = PracticeSession.supervised_by(by).select_extend(Person).where(_among(ids))
    query = query.join(Person, on=PracticeSession.learner).order_by(PracticeSession.id)
    held = query if is_sqlite() else query.for_update(of=PracticeSession)
    return {session.id: session for session in held}


def _among(ids: Collection[int]) -> peewee.Expression:
    return PracticeSession.id.in_(list(ids))


def _take(
    session: PracticeSession, choice: Choice, outcome: Outcome, by: Actor, now: datetime
) -> None:
    if choice.decision == "leave":
        outcome.left.append(session)
        return
    move = {"approve": "approve", "return": "return"}[choice.decision]
    if session.state != "submitted":  # a reopened one is approved on its own page, where it is read
        raise WrongState(SESSION.refusal(move, session.state))
    session.version = choice.version  # the one that was read, so that a later one is refused
    if move == "approve":
        session.approve(by=by, now=now, comment=choice.comment)
        outcome.approved.append(session)
    else:
        session.send_back(by=by, now=now, comment=choice.comment)
        outcome.returned.append(session)


def _what_happened(refusals: Mapping[int, str]) -> list[Missed]:
    """The last thing that was done to each of these sessions. Three queries, or none."""
    if not refusals:
        return []
    ids = list(refusals)
    moves = Event.verb.in_([move.done for move in SESSION.moves.values()])
    newest = (
        Event.select(peewee.fn.MAX(Event.id))
        .where((Event.subject == "session") & Event.subject_id.in_(ids) & moves)
        .group_by(Event.subject_id)
    )
    last = {event.subject_id: event for event in Event.select().where(Event.id.in_(newest))}
    people = {
        person.id: person
        for person in Person.select().where(Person.id.in_([e.person_id for e in last.values()]))
    }
    sessions = PracticeSession.select(PracticeSession, Person).join(
        Person, on=PracticeSession.learner
    )
    return [
        Missed(
            session,
            refusals[session.id],
            last[session.id].verb,
            last[session.id].at,
            people.get(last[session.id].person_id),
        )
        for session in sessions.where(PracticeSession.id.in_(ids)).order_by(PracticeSession.id)
    ]
