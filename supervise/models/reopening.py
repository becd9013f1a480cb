"""A learner who finds a mistake in an approved session asks the supervisor to open it again."""

from __future__ import annotations

from datetime import datetime

import peewee

from supervise import events
from supervise.db import write
from supervise.events import Event
from supervise.models import notices
from supervise.models.people import Actor
from supervise.models.said import disputed
from supervise.models.sessions import PracticeSession
from supervise.workflow import SESSION, WrongState, allow

ASKED = "asked to reopen"


def ask(session: PracticeSession, *, reason: str, by: Actor, now: datetime) -> None:
    """Ask, saying what is wrong; the hours count on until the supervisor reopens it.

    Asking twice about the same approval asks once. Raises NotAllowed for all but the learner,
    WrongState unless it is approved, and ValueError without a reason.
    """
    allow(by.is_(session.learner_id))
    if not reason.strip():
        raise ValueError("Say what is wrong with it, so that your supervisor knows.")
    with write():
        if session.state != "approved":
            raise WrongState(SESSION.refusal("reopen", session.state))
        if asked(session):
            return
        notices.asked_to_reopen(session, now)
        events.record(
            centre_id=session.centre_id,
            verb=ASKED,
            subject="session",
            subject_id=session.id,
            now=now,
            person_id=by.person.id,
            role="learner",
            note=reason.strip(),
        )


def asked(session: PracticeSession) -> bool:
    """Whether the learner has asked since it was approved."""
    return session.state == "approved" and bool(
        _open_requests().where(PracticeSession.id == session.id).exists()
    )


def doubted(actor: Actor) -> peewee.ModelSelect:
    """Approved sessions that their learners ask this supervisor to reopen, the oldest request first;
    then those that a client disputes.

    Each row has ``asked_at`` (UTC, or None) and ``disputed``. One query.
    """
    mine = PracticeSession.supervised_by(actor).select(PracticeSession.id)
    no = disputed()
    query = _requests(peewee.JOIN.LEFT_OUTER).select_extend(
        peewee.Case(None, [(no, 1)], 0).alias("disputed")
    )
    wanted = PracticeSession.id.in_(mine) & (Event.id.is_null(False) | no)
    return query.where(wanted).order_by(Event.at.asc(nulls="LAST"), PracticeSession.date)


def _open_requests() -> peewee.ModelSelect:
    return _requests(peewee.JOIN.INNER)


def _requests(how: str) -> peewee.ModelSelect:
    about = (Event.subject == "session") & (Event.subject_id == PracticeSession.id)
    since = (Event.verb == ASKED) & (Event.at >= PracticeSession.decided_at)
    return (
        PracticeSession.select(PracticeSession, Event.at.alias("asked_at"))
        .join(Event, how, on=about & since)
        .where(PracticeSession.state == "approved")
    )
