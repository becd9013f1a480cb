"""What clients were asked to confirm and what they said: for the learner whose sessions they are,
and, of one link, for the client who answered it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any

import peewee

from supervise.events import Event
from supervise.models import (
    Actor,
    Client,
    Confirmation,
    Engagement,
    Link,
    PracticeSession,
    SessionEngagement,
)
from supervise.models.confirmations import LAPSED, askable
from supervise.models.said import unsettled, withdrawn
from supervise.rules import moments
from supervise.rules.conditions import says
from supervise.rules.facts import ConfirmationFacts

TABS = {
    "": "To ask",
    "asked": "Asked",
    "disputed": "Disputed",
    "confirmed": "Confirmed",
    "lapsed": "Lapsed",
}
LINKS_PER_PAGE = 10


def answered_by(link: Link) -> list[Confirmation]:
    """What was answered by a link, the oldest session first, also where it lapsed since. One query."""
    mine = (Confirmation.link == link) & Confirmation.answered_at.is_null(False)
    order = Confirmation.date, Confirmation.starts_at, Confirmation.id
    return list(Confirmation.select().where(mine).order_by(*order))


CLOSED = {
    "changed": "Your coach changed {what} since; a new link follows if they still need your answer.",
    "again": "Your coach asked you again by a newer link. Please answer by that one.",
}
"""Why a link asks nothing any more, for the client: the key in the history, and the sentence."""


def why_ended(link: Link) -> str:
    """Why what a link asked lapsed, in a sentence for the client, or nothing. Two queries."""
    ids = [one.id for one in Confirmation.select(Confirmation.id).where(Confirmation.link == link)]
    told = Event.select().where(
        (Event.subject == "confirmation") & Event.subject_id.in_(ids) & (Event.verb == "lapsed")
    )
    last = told.order_by(Event.id.desc()).first()
    what = "this session" if len(ids) == 1 else "these sessions"
    return CLOSED.get(last.details.get("why", ""), "").format(what=what) if last else ""


def to_ask(actor: Actor, client: int | None = None) -> peewee.ModelSelect:
    """Each client of each session who could be asked and was not, or whose answer lapsed.

    A client who withdrew consent cannot be asked.
    """
    said = Confirmation
    open_ = said.select(peewee.SQL("1")).where(
        (said.session == PracticeSession.id) & (said.client == Client.id) & (said.state != "lapsed")
    )
    query = (
        SessionEngagement.select(SessionEngagement, PracticeSession, Engagement, Client)
        .join(PracticeSession)
        .switch(SessionEngagement)
        .join(Engagement)
        .join(Client)
        .where(askable(actor) & ~peewee.fn.EXISTS(open_) & ~withdrawn(Client.id))
        .order_by(Client.alias, Client.id, PracticeSession.date.desc(), PracticeSession.id.desc())
    )
    return query if client is None else query.where(Client.id == client)


def by_client(rows: Sequence[Any]) -> list[tuple[Client, list[PracticeSession]]]:
    """The rows of ``to_ask`` by client, in their order."""
    return [
        (client, [row.session for row in theirs])
        for client, theirs in groupby(rows, lambda row: row.engagement.client)
    ]


def how_many(actor: Actor, client_ids: Collection[int]) -> dict[int, int]:
    """By client: how many sessions they could be asked about, on this page or not. One query."""
    query = to_ask(actor).where(Client.id.in_(list(client_ids))).order_by()
    counted = query.select(Client.id, peewee.fn.COUNT(SessionEngagement.id))
    return dict(counted.group_by(Client.id).tuples())


def counts(actor: Actor, client: int | None = None) -> dict[str, int]:
    """How many each tab holds. Two queries."""
    query = Confirmation.visible_to(actor)
    if client is not None:
        query = query.where(Confirmation.client == client)
    tab = peewee.Case(None, [(unsettled(Confirmation), "disputed")], Confirmation.state)
    grouped = query.select(tab, peewee.fn.COUNT(Confirmation.id)).join(PracticeSession)
    found = Counter(dict(grouped.group_by(peewee.SQL("1")).tuples()))
    return {"": to_ask(actor, client).count(), **{tab: found[tab] for tab in TABS if tab}}


def links(actor: Actor, client: int | None = None) -> peewee.ModelSelect:
    """The links that still ask for something, the newest first, with their clients."""
    asking = Confirmation.select(Confirmation.link).where(Confirmation.state == "asked")
    query = (
        Link.visible_to(actor)
        .select(Link, Client)
        .join(Client)
        .where((Link.purpose == "confirmation") & Link.id.in_(asking))
        .order_by(Link.created_at.desc(), Link.id.desc())
    )
    return query if client is None else query.where(Link.client == client)


@dataclass(frozen=True)
class Asking:
    """One link, open or too old, with what it asks."""

    link: Link
    rows: Sequence[Confirmation]
    open: bool


def asking(found: Sequence[Link], now: datetime) -> list[Asking]:
    """These links with what each asks, the oldest session first. One query."""
    asked = Confirmation.link.in_([link.id for link in found]) & (Confirmation.state == "asked")
    rows = Confirmation.select().where(asked).order_by(Confirmation.date, Confirmation.id)
    by_link: dict[int, list[Confirmation]] = {}
    for row in rows:
        by_link.setdefault(row.link_id, []).append(row)
    return [Asking(link, by_link.get(link.id, []), link.standing(now) == "open") for link in found]


def answers(actor: Actor, tab: str, client: int | None = None) -> peewee.ModelSelect:
    """The confirmations under one tab, the latest first, with client and session.

    What is disputed stays there until it is answered anew or corrected: asking again, or ending the
    link of that, settles nothing.
    """
    open_ = unsettled(Confirmation)
    query = (
        Confirmation.visible_to(actor)
        .select(Confirmation, Client, PracticeSession)
        .join(Client)
        .switch(Confirmation)
        .join(PracticeSession)
        .where(open_ if tab == "disputed" else (Confirmation.state == tab) & ~open_)
        .order_by(Confirmation.answered_at.desc(nulls="LAST"), Confirmation.id.desc())
    )
    return query if client is None else query.where(Confirmation.client == client)


def asked_again(rows: Sequence[Confirmation]) -> dict[int, datetime]:
    """By disputed confirmation: when its client was asked about the session again. One query."""
    asked = Confirmation.select().where(
        (Confirmation.state == "asked") & Confirmation.session.in_([row.session_id for row in rows])
    )
    when = {(one.session_id, one.client_id): one.asked_at for one in asked}
    keys = {row.id: (row.session_id, row.client_id) for row in rows}
    return {row_id: when[key] for row_id, key in keys.items() if key in when}


def why_lapsed(rows: Sequence[Confirmation]) -> dict[int, tuple[str, datetime]]:
    """By confirmation: why it lapsed, in a sentence, and when. One query."""
    told = Event.select().where(
        (Event.subject == "confirmation")
        & Event.subject_id.in_([row.id for row in rows])
        & (Event.verb == "lapsed")
    )
    return {
        event.subject_id: (LAPSED.get(event.details.get("why", ""), "It was taken back."), event.at)
        for event in told.order_by(Event.id)
    }


@dataclass(frozen=True)
class Since:
    """What became of a question that lapsed: ``state`` is that of a later one, ``to ask`` where it
    can be asked again, or empty where nothing can be asked any more."""

    state: str
    asked_at: datetime | None = None


def since_lapsed(actor: Actor, rows: Sequence[Confirmation]) -> dict[int, Since]:
    """By lapsed confirmation, how its client stands by now. Two queries."""
    sessions = [row.session_id for row in rows]
    later = Confirmation.select().where(
        (Confirmation.state != "lapsed") & Confirmation.session.in_(sessions)
    )
    known = {(one.session_id, one.client_id): Since(one.state, one.asked_at) for one in later}
    free = to_ask(actor).where(PracticeSession.id.in_(sessions)).order_by()
    pairs = free.select(PracticeSession.id, Client.id).tuples()
    known |= dict.fromkeys(pairs, Since("to ask"))
    return {row.id: known.get((row.session_id, row.client_id), Since("")) for row in rows}


def said(row: Confirmation) -> str:
    """What a client who disputes a session says: ``says it was on another day, 1 Oct 2026``."""
    words = says(ConfirmationFacts("", row.state, row.what, row.said_minutes))
    also = [moments.short_date(row.said_on)] if row.said_on else []
    if row.said_minutes and row.what != "length":
        also.append(moments.length(row.said_minutes))
    return ", ".join([words, *also])


@dataclass(frozen=True)
class Owed:
    """For the learner's Today: sessions that clients dispute, and asked ones without an answer."""

    disputed: int
    unanswered: int
    since: datetime | None
    """When the longest unanswered was asked."""


def owed(actor: Actor) -> Owed:
    """What clients dispute, and what they have not answered in the centre's due days. One query."""
    midnight = moments.to_utc(
        actor.today - timedelta(days=actor.centre.due_days - 1), time(0), actor.centre.zone
    )
    waits = (Confirmation.state == "asked") & (Confirmation.asked_at < midnight)
    asked_at = peewee.Case(None, [(waits, Confirmation.asked_at)])
    disputed = peewee.Case(None, [(unsettled(Confirmation), Confirmation.id)])
    count = peewee.fn.COUNT
    query = Confirmation.visible_to(actor).join(PracticeSession)
    numbers = query.select(count(disputed), count(asked_at), peewee.fn.MIN(asked_at))
    disputes, unanswered, since = numbers.tuples()[0]
    return Owed(disputes, unanswered, Confirmation.asked_at.python_value(since))
