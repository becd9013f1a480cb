"""What the clients of sessions say of them: fetched in one query, however many they are.

A dispute stands until the client answers anew. So asking again, taking that question back, and a
change of the session by a minute, leave it to be seen (product.md, confirmations).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import peewee

from supervise.models.clients import Client
from supervise.models.confirmations import Confirmation
from supervise.models.engagements import Engagement
from supervise.models.links import Link
from supervise.models.sessions import PracticeSession, SessionEngagement
from supervise.models.vault import Consent
from supervise.rules.facts import ConfirmationFacts

Off, OffClient = Confirmation.alias(), peewee.ModelAlias(Client)  # ``Client.alias`` is a field
OFF_ALIAS = peewee.FieldAlias.create(OffClient, Client.alias)
REMOVED = 6
"""How many of ``columns`` tell of a client who was taken off."""


def withdrawn(client: Any) -> peewee.Expression:
    """The condition that this client withdrew their consent and has not given it again."""
    mine = Consent.select(peewee.SQL("1")).where(Consent.client == client)
    ended = peewee.fn.EXISTS(mine.where(Consent.withdrawn_on.is_null(False)))
    return ended & ~peewee.fn.EXISTS(mine.where(Consent.withdrawn_on.is_null()))


def withdrawn_on(client: Any) -> peewee.Expression:
    """The day on which this client withdrew, where ``withdrawn`` holds; else NULL."""
    last = Consent.select(peewee.fn.MAX(Consent.withdrawn_on)).where(Consent.client == client)
    return peewee.Case(None, [(withdrawn(client), last)])


def _matches(one: Any) -> peewee.Expression:
    """The session is still dated and as long as the client was shown (``Confirmation.matches``)."""
    session = PracticeSession
    neither = one.starts_at.is_null() & session.starts_at.is_null()
    start = (one.starts_at == session.starts_at) | neither
    return (one.date == session.date) & (one.minutes == session.minutes) & start


def columns() -> tuple[Any, ...]:
    """What is read of each client, in the order that ``told`` takes them."""
    one, off = Confirmation, Off
    return (
        withdrawn_on(Client.id), one.id, one.state, one.what, one.said_minutes, one.asked_at,
        one.answered_at, one.reason, Link.expires_at, one.by_mail, one.minutes, _matches(one),
        off.what, off.said_minutes, off.answered_at, off.reason, off.by_mail, OFF_ALIAS,
    )  # fmt: skip


def _removed(row: tuple[Any, ...]) -> ConfirmationFacts:
    """A dispute of a client who was taken off the session since: to swap a client hides none."""
    what, minutes, at, reason, by_mail, alias = row
    return ConfirmationFacts(
        alias, "disputed", what, minutes, None, at, reason, removed=True, by_mail=by_mail
    )


def with_answers(query: peewee.ModelSelect) -> peewee.ModelSelect:
    """Join to the clients of sessions what ``columns`` reads: their answers, and the disputes of
    those who are clients no more."""
    off = (Off.session == SessionEngagement.session) & (Off.state == "lapsed") & stands(Off)
    return (
        query.join_from(Client, Confirmation, peewee.JOIN.LEFT_OUTER, on=theirs())
        .join(Link, peewee.JOIN.LEFT_OUTER)
        .join_from(SessionEngagement, Off, peewee.JOIN.LEFT_OUTER, on=off & ~with_them(Off))
        .join(OffClient, peewee.JOIN.LEFT_OUTER, on=(OffClient.id == Off.client))
    )


def theirs() -> peewee.Expression:
    """The confirmations of one client for one session that matter: the open one, and what they
    answered before."""
    one = Confirmation
    answered = one.answered_at.is_null(False)
    return (
        (one.session == SessionEngagement.session)
        & (one.client == Client.id)
        & ((one.state != "lapsed") | answered)
    )


def stands(one: Any) -> peewee.Expression:
    """The condition on a confirmation that its dispute is the last that the client answered."""
    later = Confirmation.alias()
    anew = later.select(peewee.SQL("1")).where(
        (later.session == one.session)
        & (later.client == one.client)
        & (later.id > one.id)
        & later.answered_at.is_null(False)
    )
    last = ~peewee.fn.EXISTS(anew)
    return (one.state == "disputed") | ((one.state == "lapsed") & (one.what != "") & last)


def with_them(one: Any) -> peewee.Expression:
    """The condition on a confirmation that the session is still with the client who was asked."""
    rows = SessionEngagement.select(peewee.SQL("1")).join(Engagement)
    mine = (SessionEngagement.session == one.session) & (Engagement.client == one.client)
    return peewee.fn.EXISTS(rows.where(mine))


def unsettled(one: Any) -> peewee.Expression:
    """The same, until the learner has corrected the session: then there is something new to ask.

    The query has the ``PracticeSession`` beside it.
    """
    return (one.state == "disputed") | (stands(one) & with_them(one) & _matches(one))


def disputed(*, by_its_own: bool = False) -> peewee.Expression:
    """The condition on a ``PracticeSession`` that a client disputes it, as ``told`` reads it.

    Also one who was taken off it since, unless it is to be by one of its own.
    """
    one = Confirmation.alias()
    mine = (one.session == PracticeSession.id) & stands(one)
    if by_its_own:
        mine &= with_them(one)
    return peewee.fn.EXISTS(one.select(peewee.SQL("1")).where(mine))


def confirmations_of(which: peewee.Expression) -> dict[int, list[ConfirmationFacts]]:
    """What each client of each session this holds for was asked and says of it. One query."""
    link = SessionEngagement
    rows = (
        link.select(link.session, link.engagement, Client.alias, *columns())
        .join(PracticeSession)
        .switch(link)
        .join(Engagement)
        .join(Client)
        .where(which)
        .order_by(Client.alias, link.engagement)
    )
    return told(list(with_answers(rows).tuples()))


def told(rows: Sequence[tuple[Any, ...]]) -> dict[int, list[ConfirmationFacts]]:
    """By session, one entry for each client, and one for each who disputed it and was taken off it
    since: of rows with session, engagement and alias, then ``columns``."""
    by_client: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    gone_off = dict.fromkeys((row[0], _removed(row[-REMOVED:])) for row in rows if row[-1])
    for session_id, engagement_id, alias, gone, *row in (row[:-REMOVED] for row in rows):
        key = session_id, engagement_id, alias, Consent.withdrawn_on.python_value(gone)
        by_client[key] += [tuple(row)] if row[0] else []
    found: dict[int, list[ConfirmationFacts]] = defaultdict(list)
    for (session_id, engagement_id, alias, gone), theirs_ in by_client.items():
        facts = _latest(alias, sorted(theirs_, key=lambda row: row[0]))
        found[session_id].append(replace(facts, engagement_id=engagement_id, withdrawn_on=gone))
    for session_id, facts in sorted(gone_off, key=lambda pair: pair[1].alias):
        found[session_id].append(facts)
    return found


def _latest(alias: str, rows: list[tuple[Any, ...]]) -> ConfirmationFacts:
    """How it stands with one client, from their rows, the oldest first.

    Where the open one is not answered, what was their last answer is carried on: a dispute stands,
    and a yes is told with the length it was about.
    """
    standing = next((row[1:] for row in rows if row[1] != "lapsed"), None)
    before = next((row[1:] for row in reversed(rows) if row[1] == "lapsed"), None)
    facts = ConfirmationFacts(alias)
    if standing is not None:
        facts = replace(ConfirmationFacts(alias, *standing[:7]), by_mail=standing[7])
    if before is None or facts.state in ("confirmed", "disputed"):
        return facts
    _, what, minutes, _, answered_at, reason, _, by_mail, length, matches = before
    if not what:
        return replace(facts, confirmed_minutes=length, answered_at=answered_at)
    return replace(
        facts, state="disputed", what=what, said_minutes=minutes, answered_at=answered_at,
        reason=reason, carried=True, changed=not matches, by_mail=by_mail,
    )  # fmt: skip


WIDTH = len(columns())
