"""The name of one client is not told to another: it stands in no text about somebody else either.

What is written of client B is read by B, by B's sponsor and by the supervisor; none of them may learn
there who client A is.
"""

from __future__ import annotations

import html
from typing import Any

import pytest
import time_machine

from supervise.models import Client, ClientIdentity, ClosingReview, Contract, Goal, Link, agreeing
from tests.contracting import GOAL, agreed, draft, engagement_of, offered
from tests.world import NOW, World, sign_in

WHO = {"name": "Ottoline Grebe", "email": "", "sponsor_name": "Barnaby Ludd"}
TEXT = "As with Ottoline Grebe, Mondays."


@pytest.fixture
def world(app: Any) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def learner(app: Any, world: World) -> Any:
    browser = app.test_client()
    sign_in(browser, world.learner, world.centre, NOW)
    return browser


def keep(world: World, alias: str = "Client A") -> None:
    ClientIdentity.keep(world.client(alias), WHO, by=world.actor(world.learner), now=NOW)


def refused(answer: Any, hit: str = "Ottoline Grebe") -> None:
    page = html.unescape(answer.text)
    assert answer.status_code == 422
    assert f"This names “{hit}”. Others read it: write the alias." in page
    assert TEXT in page or hit in TEXT


def test_a_contract_with_another_client(world: World, learner: Any) -> None:
    keep(world)
    contract = draft(world, engagement_of(world, "Client B"))
    form = {"version": contract.version, "parties": "two", "times": TEXT, "go": "offer"}
    refused(learner.post(f"/contracts/{contract.id}/edit", data=form))
    saving = learner.post(
        f"/contracts/{contract.id}/draft", data=form, headers={"HX-Request": "true"}
    )
    refused(saving)
    assert TEXT not in Contract.get_by_id(contract.id).parts
    assert not Link.select().exists()


def test_a_contract_that_named_them_before_they_were_kept_is_not_offered(world: World) -> None:
    """Kept by whatever door: what counts is what is known when it is offered."""
    contract = draft(world, engagement_of(world, "Client B"), times=TEXT)
    ClientIdentity.create(client=world.client("Client A"), name="Ottoline Grebe")
    me = world.actor(world.learner)
    with pytest.raises(agreeing.NotReady) as lacking:
        agreeing.offer(contract, version=contract.version, by=me, now=NOW)
    said = "This names “Ottoline Grebe”. Others read it: write the alias."
    assert lacking.value.faults == {"times": said}
    assert Contract.get_by_id(contract.id).state == "draft"
    assert not Link.select().exists()


def test_a_goal_that_named_them_before_they_were_kept_is_not_offered(world: World) -> None:
    engagement = engagement_of(world, "Client B")
    me = world.actor(world.learner)
    Goal.set(engagement, GOAL | {"owner": "Barnaby Ludd"}, by=me, now=NOW)
    contract = draft(world, engagement)
    ClientIdentity.create(client=world.client("Client A"), sponsor_name="Barnaby Ludd")
    with pytest.raises(agreeing.NotReady, match="names “Barnaby Ludd”"):
        agreeing.offer(contract, version=contract.version, by=me, now=NOW)


def test_why_a_contract_with_another_ended(world: World, learner: Any) -> None:
    keep(world)
    contract = agreed(world, engagement_of(world, "Client B"), NOW)
    form = {"ended_on": "2026-10-08", "reason": TEXT}
    refused(learner.post(f"/contracts/{contract.id}/end", data=form))
    assert Contract.get_by_id(contract.id).state == "agreed"


def test_a_goal_and_the_closing_review_of_another(world: World, learner: Any) -> None:
    keep(world)
    engagement = engagement_of(world, "Client B")
    sent = GOAL | {"due_on": "2026-12-01", "progress": "0", "state": "open", "measure": TEXT}
    refused(learner.post(f"/engagements/{engagement.id}/goals", data=sent))
    assert not Goal.select().exists()
    goal = Goal.set(engagement, GOAL, by=world.actor(world.learner), now=NOW)
    refused(learner.post(f"/goals/{goal.id}", data=sent | {"version": goal.version}))
    refused(learner.post(f"/engagements/{engagement.id}/closing", data={"outcome": TEXT}))
    assert not ClosingReview.select().exists()


def test_what_was_found_out_about_another(world: World, learner: Any) -> None:
    """Also where who B is comes with it; B's own former name may be typed once it is corrected."""
    keep(world)
    other = world.client("Client B")
    for form in ({"needs": TEXT}, {"needs": TEXT, "name": "Rose Lind"}):
        refused(learner.post(f"/clients/{other.id}", data=form))
    assert learner.post(f"/clients/{other.id}", data={"name": "Rose Lind"}).status_code == 303
    form = {"needs": "Rose gardens", "name": "Ruth Lind"}
    assert learner.post(f"/clients/{other.id}", data=form).status_code == 303
    assert Client.get_by_id(other.id).needs == "Rose gardens"


WRITTEN = {
    "alias": "The alias of another client, “Grebe”, says “Grebe”",
    "needs": "What you found out about Client B says “Ottoline Grebe”",
    "goal": "The goal “Lead the weekly meeting without notes” with Client B says “Ottoline”",
    "review": "The closing review with Client B says “Ottoline Grebe”",
    "contract": "The contract under way with Client B says “Ottoline Grebe”",
}


@pytest.mark.parametrize("where", WRITTEN)
def test_a_name_kept_late_says_where_it_stands_of_another(
    world: World, learner: Any, where: str
) -> None:
    me, engagement = world.actor(world.learner), engagement_of(world, "Client B")
    if where == "alias":
        world.client("Grebe")
    elif where == "needs":
        engagement.client.describe({"needs": TEXT}, by=me, now=NOW)
    elif where == "goal":
        Goal.set(engagement, GOAL | {"owner": "Ottoline"}, by=me, now=NOW)
    elif where == "review":
        text = dict.fromkeys((*ClosingReview.TEXTS, "model"), "") | {"start": TEXT}
        ClosingReview.of(engagement).keep(text, version=0, by=me, now=NOW)
    else:
        offered(world, engagement, times=TEXT)
    page = learner.post(f"/clients/{world.client('Client A').id}", data=WHO)
    assert page.status_code == 422
    assert WRITTEN[where] in html.unescape(page.text)
    assert 'value="Ottoline Grebe"' in page.text
    assert not ClientIdentity.select().exists()
