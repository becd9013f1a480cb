"""Every link, whatever it asks: whose account is closed asks nothing, and the last day is the centre's."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any

import pytest
import time_machine

from supervise.models import (
    Agreement,
    Confirmation,
    Feedback,
    Link,
    Person,
    agreeing,
    confirmations,
)
from supervise.workflow import WrongState
from tests import contracting, feedbacks
from tests.test_giving_away import given
from tests.world import World

PURPOSES = ("contract", "confirmation", "feedback", "nameless")


@pytest.fixture
def world(app: Any) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


def sent(world: World, purpose: str, now: datetime | None = None) -> Link:
    """An open link of each kind."""
    if purpose == "contract":
        engagement = contracting.engagement_of(world)
        return contracting.offered(world, engagement, now=now)[1]["client"]
    if purpose == "confirmation":
        session = world.session(state="submitted")
        me = world.actor(world.learner)
        return confirmations.ask(world.client(), [session.id], by=me, now=now or world.now)
    nameless = purpose == "nameless"
    asked = feedbacks.invite(world, "peer", name="Jo", anonymous=nameless, now=now)
    return Link.get_by_id(asked.link_id)


def answer(app: Any, link: Link, purpose: str) -> Any:
    nobody, path = app.test_client(), f"/link/{link.token}"
    if purpose == "contract":
        return nobody.post(path, data={"answer": "yes", "name": "Sam Reed"})
    if purpose == "confirmation":
        [one] = confirmations.asked_by(link)
        return nobody.post(path, data={f"asks-{one.id}": "y", f"answer-{one.id}": "yes"})
    return given(app, link, "They waited.")


def decided() -> bool:
    return (
        Agreement.select().where(Agreement.party != "coach").exists()
        or Confirmation.select().where(Confirmation.answered_at.is_null(False)).exists()
        or Feedback.select().where(Feedback.state == "given").exists()
    )


def text(response: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", response.text)).split())


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_link_of_a_closed_account_decides_nothing(app: Any, world: World, purpose: str) -> None:
    link = sent(world, purpose)
    world.learner.disable(by=world.actor(world.admin), now=world.now)
    for closed in (app.test_client().get(f"/link/{link.token}"), answer(app, link, purpose)):
        assert closed.status_code == 410
        assert "This link is closed" in text(closed)
        assert "The account of Priya Nair is closed, so this is no longer asked." in text(closed)
    assert not decided()
    assert Link.get_by_id(link.id).used_at is None
    Person.get_by_id(world.learner.id).enable(by=world.actor(world.admin), now=world.now)
    assert answer(app, link, purpose).status_code in (200, 303)
    assert decided()


@pytest.mark.parametrize("purpose", PURPOSES)
def test_an_account_that_closes_between_page_and_answer(world: World, purpose: str) -> None:
    """The link is used in the UPDATE that looks at the account, so nothing slips through."""
    link = sent(world, purpose)
    world.learner.disable(by=world.actor(world.admin), now=world.now)
    if purpose == "contract":
        with pytest.raises(WrongState):
            agreeing.agree(link, "Sam Reed", now=world.now)
    elif purpose == "confirmation":
        answers = {one.id: confirmations.Answer() for one in confirmations.asked_by(link)}
        assert not confirmations.answer(link, answers, now=world.now)
    else:
        with pytest.raises(WrongState):
            feedbacks.answer(Feedback.of_link(link), now=world.now)
    assert not decided()


def test_what_was_answered_before_is_still_the_party_s_copy(app: Any, world: World) -> None:
    link = sent(world, "contract")
    assert answer(app, link, "contract").status_code == 200
    world.learner.disable(by=world.actor(world.admin), now=world.now)
    copy = app.test_client().get(f"/link/{link.token}")
    assert copy.status_code == 200
    assert "Thank you, you have agreed" in text(copy)
