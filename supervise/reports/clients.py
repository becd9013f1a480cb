"""A learner's clients: each engagement with its sessions, its minutes and its contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import peewee

from supervise.models import (
    Actor,
    Client,
    Consent,
    Engagement,
    Enrolment,
    PracticeSession,
    SessionEngagement,
)
from supervise.models.enrolments import EnrolmentUnit


@dataclass(frozen=True)
class Work:
    """One engagement: how many sessions of how many minutes in all, and how many are approved."""

    engagement: Engagement
    sessions: int
    minutes: int
    approved: int


@dataclass(frozen=True)
class Row:
    """One client and the work with them, coaching before mentoring.

    ``withdrawn``: consent was, so that the alias stays as it is, and the contract's day.
    """

    client: Client
    works: Sequence[Work]
    withdrawn: bool


def rows(actor: Actor) -> list[Row]:
    """The learner's clients by alias. Four queries, however many."""
    clients = list(Client.visible_to(actor).order_by(Client.alias))
    ids = [client.id for client in clients]
    found, gone = works(ids), set(Consent.withdrawn_of(ids))
    return [Row(client, found[client.id], client.id in gone) for client in clients]


def works(ids: Sequence[int]) -> dict[int, list[Work]]:
    """The work with each of these clients, by id; none for a client without. Two queries."""
    engagements = Engagement.select().where(Engagement.client.in_(ids)).order_by(Engagement.kind)
    approved = peewee.Case(None, [(PracticeSession.state == "approved", 1)], 0)
    sums = (
        SessionEngagement.select(
            SessionEngagement.engagement,
            peewee.fn.COUNT(PracticeSession.id),
            peewee.fn.COALESCE(peewee.fn.SUM(PracticeSession.minutes), 0),
            peewee.fn.SUM(approved),
        )
        .join(PracticeSession)
        .switch(SessionEngagement)
        .join(Engagement)
        .where(Engagement.client.in_(ids))
        .group_by(SessionEngagement.engagement)
        .tuples()
    )
    found = {row[0]: row[1:] for row in sums}
    done: dict[int, list[Work]] = defaultdict(list)
    for engagement in engagements:
        done[engagement.client_id].append(Work(engagement, *found.get(engagement.id, (0, 0, 0))))
    return done


def units_that_need_a_contract(actor: Actor) -> list[str]:
    """Codes of the learner's units whose hours count only under an agreed contract. One query."""
    chosen = (
        EnrolmentUnit.select(EnrolmentUnit, Enrolment)
        .join(Enrolment)
        .where((Enrolment.learner == actor.person) & (Enrolment.centre == actor.centre))
    )
    needing = {row.unit for row in chosen if row.enrolment.book.unit(row.unit).contract_required}
    return sorted(needing)
