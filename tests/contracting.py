"""Contracts for tests: ready to offer, offered, agreed, through the models' own doors."""

from __future__ import annotations

from datetime import date, datetime

from supervise.models import Actor, Contract, Engagement, Goal, Link, agreeing
from supervise.models.contracts import Draft
from supervise.rules.contracts import parts_of
from tests.world import World

GOAL = {
    "text": "Lead the weekly meeting without notes",
    "aim": "Decide in the meeting, not after it",
    "aim_level": "team",
    "measure": "Three meetings in a row",
    "owner": "the client",
    "due_on": date(2026, 12, 1),
    "milestones": "One item\nHalf a meeting",
}


def engagement_of(world: World, alias: str = "Client A", kind: str = "coaching") -> Engagement:
    return world.client(alias).engagement(kind)


def written(engagement: Engagement, me: Actor, parties: str = "two", **parts: str) -> Contract:
    """A draft of the actor's that lacks nothing; the engagement gets a goal where it has none."""
    if not Goal.select().where(Goal.engagement == engagement).exists():
        Goal.set(engagement, GOAL, by=me, now=me.now)
    contract = Contract.begin(engagement, by=me, now=me.now)
    texts = {part.key: f"Words about {part.label.lower()}." for part in parts_of(parties)}
    contract.change(
        Draft(parties, texts | parts, 6, 90), version=contract.version, by=me, now=me.now
    )
    return contract


def draft(world: World, engagement: Engagement, parties: str = "two", **parts: str) -> Contract:
    """A draft of the world's learner."""
    return written(engagement, world.actor(world.learner), parties, **parts)


def offered(
    world: World, engagement: Engagement, parties: str = "two", now: datetime | None = None,
    **parts: str,
) -> tuple[Contract, dict[str, Link]]:  # fmt: skip
    """An offer, and its links by party."""
    contract = draft(world, engagement, parties, **parts)
    now = now or world.now
    links = agreeing.offer(
        contract, version=contract.version, by=world.actor(world.learner), now=now
    )
    return contract, {link.party: link for link in links}


def agreed(
    world: World, engagement: Engagement, now: datetime, parties: str = "two", **parts: str
) -> Contract:
    """A contract agreed by everybody at a moment."""
    contract, links = offered(world, engagement, parties, now, **parts)
    for party, link in links.items():
        agreeing.agree(link, f"Sam {party.title()}", now=now)
    return Contract.get_by_id(contract.id)
