"""Feedback for tests: invited and given through the models' own doors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from supervise.models import Client, Feedback, FeedbackQuestion, Link
from tests.world import World


def invite(
    world: World, source: str = "client", about: str = "practitioner", *, anonymous: bool = False,
    alias: str = "Client A", name: str = "", now: datetime | None = None,
) -> Feedback:  # fmt: skip
    """One invitation by the world's learner; a client or sponsor by alias, others by name."""
    moment = now or world.now
    client: Client | None = world.client(alias) if source in ("client", "sponsor") else None
    return Feedback.invite(
        world.enrolment, source, about, anonymous=anonymous, by=world.actor(world.learner, moment),
        now=moment, client=client, name=name,
    )  # fmt: skip


def answer(
    feedback: Feedback, said: str = "They waited.", *, now: datetime, may_quote: bool = False
) -> Feedback:
    """Give it as by its link, every rating “well” and every open question ``said``."""
    link = Link.get_by_id(feedback.link_id)
    asked = FeedbackQuestion.of(feedback.centre_id, feedback.about)
    answers = ["well" if question.kind == "rating" else said for question in asked]
    feedback.give(asked, answers, may_quote=may_quote, floor=link.centre.floor, link=link, now=now)
    return feedback


def give(
    world: World, said: str = "They waited.", *, may_quote: bool = False, **how: Any
) -> Feedback:
    """Invited and given at once."""
    return answer(invite(world, **how), said, now=world.now, may_quote=may_quote)
