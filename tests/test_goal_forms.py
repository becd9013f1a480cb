"""Goals as they are written: drafts, milestones with days, the way back; and what is said after each press."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
import time_machine

from supervise.models import Contract, Goal
from tests.contracting import GOAL, agreed, draft, engagement_of, offered
from tests.world import World, sign_in

SENT = {**GOAL, "due_on": "2026-12-01", "progress": "0", "state": "open"}
BARE = {"text": "Speak up", "aim_level": "team", "state": "open", "progress": "0"}
REVIEW = {
    "start": "Spoke little", "outcome": "Leads the meeting", "remains": "Minutes",
    "model": "kirkpatrick", "evaluation": "Level 3: seen at work", "success": "A lunch",
}  # fmt: skip


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


@pytest.fixture
def learner(app, world):
    client = app.test_client()
    sign_in(client, world.learner, world.centre, world.now)
    return client


def text(response, status=200):
    assert response.status_code == status, response.status_code
    return response.get_data(as_text=True)


def said(page):
    """What was done, as the page says it on top."""
    return [html.unescape(one) for one in re.findall(r'class="notice said"[^>]*>([^<]*)<', page)]


def goes_to(learner, path, data):
    """Where a press leads, and the page there."""
    answer = learner.post(path, data=data)
    assert answer.status_code == 303, answer.status_code
    return answer.location, text(learner.get(answer.location))


# --- goals -------------------------------------------------------------------------------


def test_a_goal_added_from_the_contract_leads_back_to_it(world, learner):
    engagement, me = engagement_of(world), world.actor(world.learner)
    contract = Contract.begin(engagement, by=me, now=world.now)
    sent = {"version": contract.version, "parties": "two", "go": "goal"}
    where, page = goes_to(learner, f"/contracts/{contract.id}/edit", sent)
    assert where == f"/engagements/{engagement.id}/goals/new?contract={contract.id}"
    assert f'href="/contracts/{contract.id}/edit">Leave without adding' in " ".join(page.split())
    where, page = goes_to(
        learner, f"/engagements/{engagement.id}/goals", SENT | {"contract": contract.id}
    )
    assert where == f"/contracts/{contract.id}/edit#goals"
    assert said(page) == ["Goal added. The contract takes it in when you offer it."]
    assert GOAL["text"] in page


def test_the_way_back_leads_to_no_contract_of_another_engagement(world, learner):
    other = draft(world, engagement_of(world, kind="mentoring"))
    engagement = engagement_of(world)
    for contract in (other.id, 999, "x"):
        where, _ = goes_to(
            learner, f"/engagements/{engagement.id}/goals", SENT | {"contract": contract}
        )
        assert where == f"/engagements/{engagement.id}"


def test_a_draft_goal_says_at_once_what_it_lacks_before_the_contract_can_be_offered(world, learner):
    engagement = engagement_of(world)
    lacks = "the aim it serves, a measure, an owner and a date"
    _, page = goes_to(learner, f"/engagements/{engagement.id}/goals", BARE)
    assert said(page) == [f"Goal added. Before a contract can be offered, it still needs {lacks}."]
    assert f"To be offered it needs {lacks}" in page
    goal = Goal.get()
    assert f"this goal still needs {lacks}" in text(learner.get(f"/goals/{goal.id}"))
    half = SENT | {"owner": "", "version": "1"}
    _, page = goes_to(learner, f"/goals/{goal.id}", half)
    assert "To be offered it needs an owner" in page
    _, page = goes_to(learner, f"/goals/{goal.id}", SENT | {"version": "2"})
    assert said(page) == ["Goal saved."]
    assert "To be offered" not in page
    dropped = BARE | {"state": "dropped", "version": "3"}
    _, page = goes_to(learner, f"/goals/{goal.id}", dropped)
    assert "To be offered" not in page, "a dropped goal goes into no contract"


def test_every_goal_that_lacks_something_keeps_the_contract_from_being_offered(world, learner):
    contract = draft(world, engagement_of(world))
    for words in ("Speak up", "Write less"):
        learner.post(f"/engagements/{contract.engagement_id}/goals", data=BARE | {"text": words})
    sent = {**contract.terms.parts, "version": contract.version, "parties": "two",
            "planned_sessions": "6", "planned_minutes": "90", "go": "offer"}  # fmt: skip
    page = html.unescape(text(learner.post(f"/contracts/{contract.id}/edit", data=sent), 422))
    assert "The goal “Speak up” lacks the aim it serves, a measure" in page
    assert "The goal “Write less” lacks" in page


def test_milestones_show_in_order_and_a_day_outside_the_goals_time_comes_back(world, app, learner):
    path = f"/engagements/{engagement_of(world).id}/goals"
    late = SENT | {"milestones": "5 Dec 2026: too late\nSome day"}
    page = html.unescape(text(learner.post(path, data=late), 422))
    assert "Line 1: 5 Dec 2026 is after the goal’s own day, 1 Dec 2026." in page
    assert "too late\nSome day" in page, "what was typed is still there"
    fine = SENT | {"milestones": "Some day\n2026-11-20: half\n1 Nov 2026: one item"}
    assert learner.post(path, data=fine).status_code == 303
    world.session(state="submitted")  # else the supervisor sees nothing of it
    boss = app.test_client()
    sign_in(boss, world.supervisor, world.centre, world.now)
    ordered = "1 Nov 2026: one item.*20 Nov 2026: half.*Some day"
    for reader in (learner, boss):
        shown = text(reader.get(f"/goals/{Goal.get().id}")).split("</textarea>")[-1]
        assert re.search(ordered, shown, re.DOTALL)
    earlier = fine | {"due_on": "2026-11-10", "version": "1"}
    page = html.unescape(text(learner.post(f"/goals/{Goal.get().id}", data=earlier), 422))
    assert "Line 2: 20 Nov 2026 is after the goal’s own day, 10 Nov 2026." in page


def test_milestones_kept_from_before_do_not_keep_the_progress_from_being_saved(world, learner):
    me, old = world.actor(world.learner), GOAL | {"milestones": "1 May 2026: before its time"}
    goal = Goal.set(engagement_of(world), old, by=me, now=world.now)
    sent = SENT | {"milestones": old["milestones"], "progress": "5", "version": "1"}
    assert learner.post(f"/goals/{goal.id}", data=sent).status_code == 303
    assert Goal.get().progress == 5


def test_the_contract_lists_milestones_in_order(world):
    me = world.actor(world.learner)
    mixed = GOAL | {"milestones": "Last\n20 Nov 2026: half\n1 Nov 2026: one"}
    Goal.set(engagement_of(world), mixed, by=me, now=world.now)
    contract, _ = offered(world, engagement_of(world))
    [lines] = contract.terms.goals_said
    assert lines[-1] == "Milestones: 1 Nov 2026: one; 20 Nov 2026: half; Last"


# --- the closing review ------------------------------------------------------------------


def test_a_review_that_cannot_be_completed_is_saved_all_the_same_and_says_so(world, learner):
    path = f"/engagements/{engagement_of(world).id}/closing"
    sent = REVIEW | {"success": "", "version": "0", "go": "complete"}
    page = text(learner.post(path, data=sent), 422)
    assert "Saved, but not completed: one thing to change" in page
    assert "Write this part to complete it." in page
    assert "Leads the meeting" in text(learner.get(path))
    version = re.search(r'name="version"\s+value="(\d+)"', page)[1]
    where, page = goes_to(learner, path, REVIEW | {"version": version, "go": "complete"})
    assert said(page) == [
        "Closing review completed. Your supervisor reads it; the goals stand as they are now."
    ]


def test_a_completed_review_cannot_lose_a_part(world, learner):
    path = f"/engagements/{engagement_of(world).id}/closing"
    learner.post(path, data=REVIEW | {"version": "0", "go": "complete"})
    page = text(learner.post(path, data=REVIEW | {"success": "", "version": "1"}), 422)
    assert "Nothing was saved: one thing to change" in page
    assert "A lunch" in text(learner.get(path))


# --- what is said after a press ----------------------------------------------------------


def test_each_press_says_once_what_was_done(world, learner):
    client = world.client()
    begin = {"begin": "coaching", "needs": ""}
    for _ in range(2):
        assert learner.post(f"/clients/{client.id}", data=begin).status_code == 303
    engagement = client.engagement("coaching")
    page = text(learner.get(f"/engagements/{engagement.id}"))
    assert said(page) == ["Saved, and coaching begins here: set goals and write the contract."]
    where, page = goes_to(
        learner, f"/engagements/{engagement.id}/contract",
        {"agreed_on": "2026-03-03", "reason": "", "version": engagement.version},
    )  # fmt: skip
    assert where == f"/engagements/{engagement.id}"
    assert said(page) == [
        "Kept: agreed on paper on Tuesday 3 March 2026. Your supervisor has still to accept it."
    ]


def test_offering_taking_back_and_asking_again_say_what_comes_next(world, learner):
    contract = draft(world, engagement_of(world), "three")
    sent = {**contract.terms.parts, "version": contract.version, "parties": "three",
            "planned_sessions": "6", "planned_minutes": "90"}  # fmt: skip
    path = f"/contracts/{contract.id}"
    _, page = goes_to(learner, f"{path}/edit", sent | {"go": "save"})
    assert said(page) == ["Saved. Nobody is asked until you offer it."]
    sent["version"] = Contract.get().version
    _, page = goes_to(learner, f"{path}/edit", sent | {"go": "offer"})
    [offered_] = said(page)
    assert offered_ == (
        "Version 1 is offered. Now the client and the sponsor agree by link: see below."
    )
    _, page = goes_to(learner, f"{path}/links", {"party": "sponsor"})
    assert said(page) == ["A new link for the sponsor is below. The one before works no more."]
    _, page = goes_to(learner, f"{path}/taking-back", {})
    assert said(page)[0].startswith("The offer is taken back")


def test_ending_a_contract_says_its_last_day(world, learner):
    contract = agreed(world, engagement_of(world), world.now - timedelta(days=9))
    data = {"ended_on": "2026-10-07", "reason": "Moved away"}
    _, page = goes_to(learner, f"/contracts/{contract.id}/end", data)
    assert said(page) == ["The contract has ended; its last day is 7 Oct 2026."]
