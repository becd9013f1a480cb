"""Does everything signed still stand as it was signed? Names the first thing that does not fit.

Both chains are walked, then each live record is laid beside its last sign-off and its last move,
or, where nobody signs it, beside its history (``replay``).
Rows are read a thousand at a time, each batch with a fixed number of queries, so memory stays
steady however long a centre has worked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import peewee

from supervise.db import database, is_sqlite
from supervise.events import Event
from supervise.models import (
    Centre,
    Client,
    Engagement,
    Enrolment,
    Person,
    PracticeSession,
    SessionEngagement,
    SessionGoal,
    erasure,
)
from supervise.reports import (
    replay,
    verify_confirmations,
    verify_consent,
    verify_contracts,
    verify_feedback,
    verify_meetings,
    verify_written,
)
from supervise.rules.moments import short_date
from supervise.signing import BATCH, ChainHead, Misfit, SignOff, kept_sha256, sha256, walk
from supervise.workflow import SESSION

MOVES = {move.done: move.target for move in SESSION.moves.values()}
"""What an event says of a session, and the state it was in afterwards."""
DECISIONS = ("approved", "returned", "reopened")


@dataclass(frozen=True)
class Extent:
    """How much was walked."""

    sign_offs: int
    events: int


def extent(centre: Centre) -> Extent:
    """How many links the heads of a centre's chains say there are."""
    heads = ChainHead.select().where(ChainHead.centre_id == centre.id)
    count = {head.chain: head.count for head in heads}
    return Extent(count.get("sign_off", 0), count.get("event", 0))


def verify(centre: Centre) -> Iterator[Misfit]:
    """Everything of a centre that does not fit, the chains first; nothing where all fits.

    All is read as of one moment, so what is signed meanwhile does not look like a misfit.
    """
    with _one_moment():
        yield from walk(SignOff, centre.id)
        yield from walk(Event, centre.id)
        yield from _lost(centre)
        yield from _sessions(centre)
        yield from _engagements(centre)
        yield from verify_contracts.misfits(centre)
        yield from verify_written.misfits(centre)
        yield from verify_confirmations.misfits(centre)
        yield from verify_consent.misfits(centre)
        yield from replay.misfits(centre)
        yield from verify_feedback.misfits(centre)
        yield from verify_meetings.misfits(centre)


@contextmanager
def _one_moment() -> Iterator[None]:
    """One snapshot for every query: SQLite has it in any transaction, PostgreSQL when asked."""
    outermost = not database.in_transaction()
    with database.atomic():
        if outermost and not is_sqlite():
            database.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


# --- what is signed and gone -------------------------------------------------------------


def _lost(centre: Centre) -> Iterator[Misfit]:
    """Signatures whose record, or whose signer, is not there any more."""
    for subject, model in (("session", PracticeSession), ("engagement", Engagement)):
        here = (model.id == SignOff.subject_id) & (model.centre_id == SignOff.centre_id)
        query = SignOff.select(SignOff).join(model, peewee.JOIN.LEFT_OUTER, on=here)
        lost = _of(SignOff, centre, subject) & model.id.is_null()
        for sign_off in query.where(lost).order_by(SignOff.seq).limit(1):
            yield Misfit(
                f"{subject} {sign_off.subject_id} is gone, though it was {sign_off.decision} and "
                f"signed on {short_date(sign_off.at)} (sign-off {sign_off.seq})."
            )
    here = (PracticeSession.id == Event.subject_id) & (PracticeSession.centre_id == Event.centre_id)
    moved = Event.select(Event).join(PracticeSession, peewee.JOIN.LEFT_OUTER, on=here)
    lost = (
        _of(Event, centre, "session") & Event.verb.in_(list(MOVES)) & PracticeSession.id.is_null()
    )
    for event in moved.where(lost).order_by(Event.seq).limit(1):
        yield Misfit(
            f"session {event.subject_id} is gone, though it was {event.verb} on "
            f"{short_date(event.at)} (history entry {event.seq})."
        )
    nobody = SignOff.select(SignOff).join(
        Person, peewee.JOIN.LEFT_OUTER, on=(Person.id == SignOff.person_id)
    )
    unsigned = (
        (SignOff.centre_id == centre.id) & SignOff.person_id.is_null(False) & Person.id.is_null()
    )
    for sign_off in nobody.where(unsigned).order_by(SignOff.seq).limit(1):
        yield Misfit(
            f"{sign_off.subject} {sign_off.subject_id} was signed on {short_date(sign_off.at)} by "
            f"person {sign_off.person_id}, who is gone."
        )


def _of(model: Any, centre: Centre, subject: str) -> Any:
    return (model.centre_id == centre.id) & (model.subject == subject)


# --- sessions ----------------------------------------------------------------------------


def _sessions(centre: Centre) -> Iterator[Misfit]:
    for batch in _batches(PracticeSession, centre):
        ids = [session.id for session in batch]
        sign_offs, (moves, erased) = _last_sign_offs("session", ids), _last_told(ids)
        engagements, names, goals = _engagement_ids(ids), _names(batch), _goals(ids)
        for session in batch:
            sign_off, move = sign_offs.get(session.id), moves.get(session.id)
            name = f"session {session.id} of {names.get(session.enrolment_id, 'nobody')}"
            if session.enrolment_id not in names:
                yield Misfit(f"{name}: its enrolment, or its learner, is gone.")
                continue
            content = session.signed_content(engagements[session.id], goals[session.id])
            fault = _erasure_fault(session, erased.get(session.id), content)
            if fault := fault or _session_fault(session, sign_off, move, content):
                yield Misfit(f"{name}{_signed(sign_off)}: {fault}")


def _session_fault(
    session: PracticeSession,
    sign_off: SignOff | None,
    move: Event | None,
    content: dict[str, Any],
) -> str:
    """What does not fit between a session, its last sign-off and its last move; nothing if all does."""
    state = session.state
    if sign_off is None and state in DECISIONS:
        return f"it says {state}, but nobody signed that."
    if sign_off is not None and sign_off.subject_version > session.version:
        return f"version {sign_off.subject_version} was signed, but it is at version {session.version}."
    if sign_off is not None and state in DECISIONS and sign_off.decision != state:
        return f"it says {state}, but what was signed last is “{sign_off.decision}”."
    if sign_off is not None and sign_off.decision == "approved" and state != "approved":
        return f"it was approved, but it says {state}, and nobody reopened it."
    if sign_off is not None and state == "approved" and sign_off.subject_version != session.version:
        return "it was changed after it was signed."
    if sign_off is not None and sign_off.subject_version == session.version:
        kept = kept_sha256(session, content)
        erased = session.erased_at is not None and sign_off.kept_sha256 in ("", kept)
        if not erased and sign_off.content_sha256 != sha256(content):
            return "its content is not what was signed."
    told = MOVES[move.verb] if move else "draft"
    if told != state:
        return f"it says {state}, but by its history it is {told}."
    return ""


def _erasure_fault(session: PracticeSession, erased: Event | None, content: dict[str, Any]) -> str:
    """What does not fit between a session and the history of its erasure under withdrawn consent."""
    if erased is None:
        return "its texts are gone, but nobody withdrew consent." if session.erased_at else ""
    if session.erased_at != erased.at or any(content.get(name) for name in erasure.TEXTS):
        return "its texts were erased under a withdrawn consent, and are there again."
    told = erased.details
    same = told["erased_version"] == session.version
    if same and told["kept_sha256"] != kept_sha256(session, content):
        return "what was left of it when consent was withdrawn is not what it says now."
    return ""


def _goals(ids: list[int]) -> defaultdict[int, list[tuple[int, int]]]:
    """The goals each session worked on, with how far along they were. One query."""
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = SessionGoal.select(SessionGoal.session, SessionGoal.goal, SessionGoal.progress)
    for session_id, goal_id, progress in rows.where(SessionGoal.session.in_(ids)).tuples():
        found[session_id].append((goal_id, progress))
    return found


def _last_told(ids: list[int]) -> tuple[dict[int, Event], dict[int, Event]]:
    """The last event of each session that moved its state, and that of its erasure. One query."""
    rows = Event.select().where(
        (Event.subject == "session")
        & Event.subject_id.in_(ids)
        & Event.verb.in_([*MOVES, erasure.VERB])
    )
    moves: dict[int, Event] = {}
    erased: dict[int, Event] = {}
    for event in rows.order_by(Event.seq):
        (moves if event.verb in MOVES else erased)[event.subject_id] = event
    return moves, erased


def _engagement_ids(ids: list[int]) -> defaultdict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    links = SessionEngagement.select(SessionEngagement.session, SessionEngagement.engagement)
    for session_id, engagement_id in links.where(SessionEngagement.session.in_(ids)).tuples():
        found[session_id].append(engagement_id)
    return found


def _names(sessions: list[PracticeSession]) -> dict[int, str]:
    """The registration number, or the learner's name, of each session's enrolment. One query."""
    rows = (
        Enrolment.select(Enrolment.id, Enrolment.registration, Person.name)
        .join(Person)
        .where(Enrolment.id.in_({session.enrolment_id for session in sessions}))
    )
    return {id_: registration or name for id_, registration, name in rows.tuples()}


# --- engagements -------------------------------------------------------------------------


def _engagements(centre: Centre) -> Iterator[Misfit]:
    for batch in _batches(Engagement, centre):
        ids = [engagement.id for engagement in batch]
        sign_offs, dated = _last_sign_offs("engagement", ids), _dated_by_command(ids)
        rows = Client.select(Client.id, Client.alias, Person.name).join(Person)
        mine = rows.where(Client.id.in_({engagement.client_id for engagement in batch}))
        names = {id_: f"{alias} of {learner}" for id_, alias, learner in mine.tuples()}
        for engagement in batch:
            sign_off = sign_offs.get(engagement.id)
            name = f"the contract date of engagement {engagement.id}"
            if engagement.client_id not in names:
                yield Misfit(f"{name}: its client, or the client's learner, is gone.")
            elif fault := _engagement_fault(engagement, sign_off, dated.get(engagement.id)):
                who = names[engagement.client_id]
                yield Misfit(f"{name}, {who}{_signed(sign_off)}: {fault}")


def _dated_by_command(ids: list[int]) -> dict[int, Event]:
    """The last dating of each contract, where a command did it: nobody signs that. One query."""
    rows = Event.select().where(
        (Event.subject == "engagement")
        & Event.subject_id.in_(ids)
        & (Event.verb == "dated the contract")
    )
    last = {event.subject_id: event for event in rows.order_by(Event.seq)}
    return {id_: event for id_, event in last.items() if event.role == "command"}


def _engagement_fault(engagement: Engagement, sign_off: SignOff | None, dated: Event | None) -> str:
    if dated is not None:
        if engagement.dated_by != ("command" if engagement.contract_agreed_on else ""):
            return "it says that somebody else gave it than the command."
        kept = str(engagement.contract_agreed_on), engagement.version
        told = dated.details["after"], dated.details["version"]
        return "" if kept == told else "its date is not the one the command set."
    if sign_off is None:
        has_date = engagement.contract_agreed_on is not None
        return "it has a date, but nobody signed it." if has_date else ""
    if sign_off.subject_version != engagement.version:
        return f"version {sign_off.subject_version} was signed, but it is at {engagement.version}."
    if sign_off.content_sha256 != sha256(engagement.signed_content()):
        return "its content is not what was signed."
    if engagement.dated_by != (sign_off.role if engagement.contract_agreed_on else ""):
        return "it says that somebody else gave it than who signed it."
    return ""


# --- shared ------------------------------------------------------------------------------


def _batches(model: Any, centre: Centre) -> Iterator[list[Any]]:
    """All rows of a centre by id, a batch at a time."""
    last = 0
    while True:
        query = model.select().where((model.centre == centre) & (model.id > last))
        batch = list(query.order_by(model.id).limit(BATCH))
        if not batch:
            return
        yield batch
        last = batch[-1].id


def _last_sign_offs(subject: str, ids: list[int]) -> dict[int, SignOff]:
    """The last sign-off of each of these records. One query."""
    rows = SignOff.select().where((SignOff.subject == subject) & SignOff.subject_id.in_(ids))
    return {sign_off.subject_id: sign_off for sign_off in rows.order_by(SignOff.seq)}


def _signed(sign_off: SignOff | None) -> str:
    """``, signed by Marian Hale on 7 Oct 2026``, or nothing."""
    if sign_off is None:
        return ""
    signer = Person.get_or_none(Person.id == sign_off.person_id)
    by_link = f"the {sign_off.role}, by a link" if sign_off.person_id is None else ""
    who = signer.name if signer else by_link or f"person {sign_off.person_id}"
    return f", signed by {who} on {short_date(sign_off.at)}"
