"""What clients were asked to confirm and what they said: for the learner whose sessions they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
from supervise.models.said import withdrawn
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


def counts(actor: Actor, client: int | None = None) -> dict[str, int]:
    """How many each tab holds. Two queries."""
    query = Confirmation.visible_to(actor)
    if client is not None:
        query = query.where(Confirmation.client == client)
    grouped = query.select(Confirmation.state, peewee.fn.COUNT(Confirmation.id))
    found = Counter(dict(grouped.group_by(Confirmation.state).tuples()))
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


def answers(actor: Actor, state: str, client: int | None = None) -> peewee.ModelSelect:
    """The confirmations in one state, the latest first, with client and session."""
    query = (
        Confirmation.visible_to(actor)
        .select(Confirmation, Client, PracticeSession)
        .join(Client)
        .switch(Confirmation)
        .join(PracticeSession)
        .where(Confirmation.state == state)
        .order_by(Confirmation.answered_at.desc(nulls="LAST"), Confirmation.id.desc())
    )
    return query if client is None else query.where(Confirmation.client == client)


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


def said(row: Confirmation) -> str:
    """What a client who disputes a session says: ``says 45 minutes``."""
    return says(ConfirmationFacts("", row.state, row.what, row.said_minutes))


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
    disputed = Confirmation.state == "disputed"
    waits = (Confirmation.state == "asked") & (Confirmation.asked_at < midnight)
    count, oldest = peewee.fn.COUNT(Confirmation.id), peewee.fn.MIN(Confirmation.asked_at)
    rows = Confirmation.visible_to(actor).where(disputed | waits)
    grouped = rows.select(Confirmation.state, count, oldest).group_by(Confirmation.state).tuples()
    found = {state: rest for state, *rest in grouped}
    unanswered, since = found.get("asked", (0, None))
    return Owed(
        found.get("disputed", (0, None))[0],
        unanswered,
        Confirmation.asked_at.python_value(since) if isinstance(since, str) else since,
    )
