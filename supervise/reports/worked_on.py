"""With whom a session was, and which goals it worked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import peewee

from supervise.models import (
    Actor,
    Client,
    Engagement,
    Goal,
    PracticeSession,
    SessionEngagement,
    SessionGoal,
)
from supervise.rules.contracts import in_force
from supervise.rules.facts import ContractFacts


def goals_to_choose(actor: Actor, session: PracticeSession | None) -> list[Goal]:
    """The goals an entry may say it worked on: open ones of the learner's clients, and its own.

    By alias and kind; each has in ``step`` how far along it was after the session, if it was worked
    on. One query; none for a session whose texts were erased.
    """
    if session is not None and session.erased_at:
        return []
    mine = SessionGoal.select(SessionGoal.goal).where(SessionGoal.session == session)
    chosen = (Goal.state == "open") | Goal.id.in_(mine) if session else Goal.state == "open"
    step = SessionGoal.select(SessionGoal.progress).where(
        (SessionGoal.session == session) & (SessionGoal.goal == Goal.id)
    )
    query = Goal.select(Goal, Engagement, Client, step.alias("step")).join(Engagement).join(Client)
    here = (Client.learner == actor.person) & (Client.centre == actor.centre)
    return list(query.where(here & chosen).order_by(Client.alias, Engagement.kind, Goal.id))


@dataclass(frozen=True)
class With:
    """One client of a session, by alias, with the goals it worked on: words, and 0 to 10.

    ``steps`` are the same goals by id, as a signature covers them.
    """

    engagement_id: int
    alias: str
    goals: Sequence[tuple[str, int]]
    steps: Sequence[tuple[int, int]]


def worked_with(session: PracticeSession) -> list[With]:
    """The clients of a session by alias, each with the goals it worked on. One query."""
    worked = (SessionGoal.session == session) & (SessionGoal.goal == Goal.id)
    rows = (
        SessionEngagement.select(
            SessionEngagement.engagement, Client.alias, Goal.id, Goal.text, SessionGoal.progress
        )
        .join(Engagement)
        .join(Client)
        .switch(Engagement)
        .join(Goal, peewee.JOIN.LEFT_OUTER, on=(Goal.engagement == Engagement.id))
        .join(SessionGoal, peewee.JOIN.LEFT_OUTER, on=worked)
        .where(SessionEngagement.session == session)
        .order_by(Client.alias, Goal.id)
    )
    found: dict[tuple[int, str], list[tuple[int, str, int]]] = {}
    for engagement_id, alias, goal_id, text, progress in rows.tuples():
        goals = found.setdefault((engagement_id, alias), [])
        if progress is not None:
            goals.append((goal_id, text, progress))
    return [
        With(*whose, [(text, step) for _, text, step in goals], [(id_, n) for id_, _, n in goals])
        for whose, goals in found.items()
    ]


@dataclass(frozen=True)
class UnderContract:
    """Which version of a client's contract was in force on a day; ``number`` is None without one."""

    alias: str
    number: int | None
    agreed_on: date | None


def contracts_in_force(contracts: Sequence[ContractFacts], on: date | None) -> list[UnderContract]:
    """The version in force with each client of a session that day, of contracts agreed here.

    Clients whose contract was agreed on paper alone are left out: it has no versions.
    """
    found = []
    for contract in contracts:
        if on is not None and contract.versions:
            version = in_force(contract.versions, on)
            found.append(
                UnderContract(
                    contract.alias,
                    version.number if version else None,
                    version.agreed_on if version else None,
                )
            )
    return found
