"""Confirmations: a client says by link that a session took place, and how long. Nothing more.

One link asks one client about one session or several; of a group each client is asked. A change of
the session's date, start or length lapses what was asked and what was answered (product.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import peewee

from supervise import events, signing
from supervise.db import DateField, Model, UTCField, is_sqlite, write
from supervise.models import notices
from supervise.models.centres import Centre, Refused
from supervise.models.clients import Client
from supervise.models.engagements import Engagement
from supervise.models.links import Link
from supervise.models.people import Actor
from supervise.models.sessions import PracticeSession, SessionEngagement
from supervise.models.vault import ClientIdentity, Consent
from supervise.rules import moments
from supervise.workflow import CONFIRMATION, WrongState, advance, allow

WHAT = ("length", "date", "none", "other")
"""What a client may say differs: the length, the day, it did not take place, something else."""


@dataclass(frozen=True)
class Answer:
    """What a client says of one session; ``what`` is empty where it took place as it was logged."""

    what: str = ""
    said_minutes: int | None = None
    reason: str = ""
    said_on: date | None = None
    """The day on which it was, as they say."""


class Confirmation(Model):
    """What one client of one session was asked, date and length as they then were, and the answer."""

    centre = peewee.ForeignKeyField(Centre)
    session = peewee.ForeignKeyField(PracticeSession, backref="confirmations")
    client = peewee.ForeignKeyField(Client)
    link = peewee.ForeignKeyField(Link, backref="confirmations")
    date = DateField()
    starts_at = UTCField(null=True)
    minutes = peewee.IntegerField()
    state = peewee.TextField(default="asked")
    version = peewee.IntegerField(default=1)
    asked_at = UTCField()
    answered_at = UTCField(null=True)
    what = peewee.TextField(default="")
    said_minutes = peewee.IntegerField(null=True)
    reason = peewee.TextField(default="")
    said_on = DateField(null=True)
    by_mail = peewee.BooleanField(null=True)
    """Whether it was answered by the link that went out by e-mail; else by one the coach handed on."""

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """Those of the learner's own sessions in this centre."""
        mine = PracticeSession.select(PracticeSession.id).where(
            (PracticeSession.centre == actor.centre) & (PracticeSession.learner == actor.person)
        )
        return cls.select().where(cls.session.in_(mine))

    def signed_content(self) -> dict[str, Any]:
        """What the client's answer covers: the session as it was shown, and what they said of it."""
        names = (
            "id", "session_id", "client_id", "date", "starts_at", "minutes", "what", "said_minutes",
            "reason",
        )  # fmt: skip
        day = {} if self.said_on is None else {"said_on": self.said_on}
        return {name: getattr(self, name) for name in names} | day | signing.told_way(self.by_mail)

    def matches(self, session: PracticeSession) -> bool:
        """Whether the session is still dated and as long as the client was shown."""
        shown = self.date, self.starts_at, self.minutes
        return shown == (session.date, session.starts_at, session.minutes)

    def answer(self, said: Answer, now: datetime, *, by_mail: bool) -> None:
        """Keep the client's answer, signed by nobody with an account; inside ``db.write()``."""
        decision = "disputed" if said.what else "confirmed"
        advance(
            self, CONFIRMATION, "dispute" if said.what else "confirm", answered_at=now,
            what=said.what, said_minutes=said.said_minutes, reason=said.reason,
            said_on=said.said_on, by_mail=by_mail,
        )  # fmt: skip
        notices.disputed(self, now)
        self._tell(decision, now, role="client", what=said.what, minutes=said.said_minutes)
        signing.sign(
            self, subject="confirmation", person_id=None, role="client", decision=decision, now=now
        )

    def lapse(self, why: str, now: datetime, person_id: int | None) -> None:
        """Take it back; ``why`` is a key of ``LAPSED``. Inside ``db.write()``."""
        advance(self, CONFIRMATION, "lapse")
        self._tell("lapsed", now, person_id=person_id, role="learner", why=why)

    def _tell(
        self, verb: str, now: datetime, *, role: str, person_id: int | None = None, **detail: Any
    ) -> None:
        events.record(
            centre_id=self.centre_id, verb=verb, subject="confirmation", subject_id=self.id,
            now=now, person_id=person_id, role=role, session=self.session_id,
            version=self.version, **detail,
        )  # fmt: skip


LAPSED = {
    "changed": "The session's date, start or length was changed.",
    "removed": "The client was taken off the session.",
    "again": "You asked again.",
    "ended": "The link was withdrawn.",
}
"""Why a confirmation lapsed: the key in its history, and the sentence for the learner."""


# --- what can be asked -------------------------------------------------------------------


def askable(actor: Actor) -> peewee.Expression:
    """Which sessions a client can be asked about: the learner's own, with date and length, ended.

    One without a start is over with its day's beginning: nobody knows more of it.
    """
    session = PracticeSession
    today = moments.local(actor.now, actor.person.zone).date()
    return (
        (session.learner == actor.person)
        & (session.centre == actor.centre)
        & session.minutes.is_null(False)
        & (session.date <= today)
        & (session.ends_at.is_null() | (session.ends_at <= actor.now))
    )


def ask(client: Client, session_ids: Collection[int], *, by: Actor, now: datetime) -> Link:
    """Ask one client to confirm these sessions, by one new link.

    Where they were asked already, the earlier link ends, and what it asked besides moves to the new
    one. A session they confirmed is left alone; one they disputed is asked about again. Raises
    NotAllowed for another's client, and Refused where a session cannot be asked about, where
    nothing is left to ask, or where the client withdrew their consent.
    """
    allow(by.is_(client.learner_id))
    with write():
        Consent.refuse_withdrawn(client)
        hold_sessions(session_ids)
        before = hold_open(Confirmation.client == client)
        mine = [one for one in before if one.session_id in session_ids]
        links = {one.link_id for one in mine if one.state == "asked"}
        again = [one for one in before if one.link_id in links and one.state == "asked"]
        confirmed = {one.session_id for one in mine if one.state == "confirmed"}
        wanted = (set(session_ids) | {one.session_id for one in again}) - confirmed
        sessions = _with(client, wanted, by)
        if not wanted or set(session_ids) - confirmed - {session.id for session in sessions}:
            raise Refused(
                "One of these sessions cannot be confirmed: it has no date or length, has not "
                "ended, is not with this client, or is confirmed already. Nothing was asked."
            )
        disputed = [one for one in mine if one.state == "disputed"]
        end_links(links, now)
        for one in [*again, *disputed]:
            one.lapse("again", now, by.person.id)
        who = ClientIdentity.of(client, by)
        link = Link.make(
            "confirmation", "client", by=by, now=now, client=client, name=who.name, email=who.email
        )
        for session in sessions:
            made = Confirmation.create(
                centre=session.centre_id, session=session, client=client, link=link,
                date=session.date, starts_at=session.starts_at, minutes=session.minutes,
                asked_at=now,
            )  # fmt: skip
            made._tell("asked", now, person_id=by.person.id, role="learner")
    return link


def hold_sessions(session_ids: Collection[int]) -> None:
    """Hold the sessions until the transaction ends: none is changed between what is read and what
    is asked. It comes before their links are held."""
    if not is_sqlite():
        held = PracticeSession.select(PracticeSession.id).where(
            PracticeSession.id.in_(list(session_ids))
        )
        list(held.order_by(PracticeSession.id).for_update())


def hold_asked(session_ids: Collection[int]) -> None:
    """Hold these sessions, then the links that ask about them, before a line of history is written:
    a client who answers holds their link, and waits for the history."""
    hold_sessions(session_ids)
    hold_open(Confirmation.session.in_(list(session_ids)))


def _with(client: Client, ids: Iterable[int], by: Actor) -> list[PracticeSession]:
    """Those of these sessions that are with the client and can be asked about, the oldest first."""
    theirs = (
        SessionEngagement.select(SessionEngagement.session)
        .join(Engagement)
        .where(Engagement.client == client)
    )
    query = PracticeSession.select().where(
        PracticeSession.id.in_(list(ids)) & PracticeSession.id.in_(theirs) & askable(by)
    )
    return list(query.order_by(PracticeSession.date, PracticeSession.id))


def open_ones() -> peewee.ModelSelect:
    """Those that have not lapsed, the oldest first."""
    return Confirmation.select().where(Confirmation.state != "lapsed").order_by(Confirmation.id)


# --- the answer --------------------------------------------------------------------------


def asked_by(link: Link) -> list[Confirmation]:
    """What a link still asks, the oldest session first. One query."""
    mine = (Confirmation.link == link) & (Confirmation.state == "asked")
    order = Confirmation.date, Confirmation.starts_at, Confirmation.id
    return list(Confirmation.select().where(mine).order_by(*order))


def answer(link: Link, answers: Mapping[int, Answer], *, now: datetime) -> bool:
    """Take the answers to what a link asks, or to some of it, by confirmation: each once.

    What is left stays asked by the same link, which is used up with the last of them. False, and
    nothing is decided, where the link was used or ended a moment before. Raises WrongState where it
    does not ask about all of these any more: one was answered, or its session changed, meanwhile.
    """
    with write():
        if not link.hold(now):  # what would lapse its rows, or answer them, waits for us
            return False
        asked = {one.id: one for one in asked_by(link)}
        if not answers or not answers.keys() <= asked.keys():
            raise WrongState(
                "What your coach logged was changed while this page was open. "
                "Nothing was decided. Read it again, then answer."
            )
        if answers.keys() == asked.keys():
            link.use(now)
        for id_, one in asked.items():
            if id_ in answers:
                one.answer(answers[id_], now, by_mail=link.by_mail)
    return True


# --- what is open, and held ---------------------------------------------------------------


def hold_open(which: peewee.Expression) -> list[Confirmation]:
    """The open confirmations that this holds for; nobody answers their links meanwhile.

    The links are held first, as an answer holds them, then the rows are read as they then are.
    """
    if not is_sqlite():
        links = Confirmation.select(Confirmation.link).where(which)
        list(Link.select(Link.id).where(Link.id.in_(links)).order_by(Link.id).for_update())
    return list(open_ones().where(which))


def end_links(link_ids: Collection[int], now: datetime) -> None:
    """End these links where they were not used; their rows are the caller's to lapse."""
    unused = Link.used_at.is_null() & Link.ended_at.is_null()
    Link.update(ended_at=now).where(Link.id.in_(list(link_ids)) & unused).execute()
