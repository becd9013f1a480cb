"""A goal and a closing review half written: leaving by a link, reloading, saving in the end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from supervise.models import ClosingReview, Goal
from tests.browser import shoot
from tests.contracting import GOAL, engagement_of
from tests.journeys.test_contract_draft import kept, signed_in  # noqa: F401 - the fixture, by name
from tests.world import World

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture
def world(app):
    return World(now=datetime.now(UTC))


@pytest.fixture
def engagement(world):
    return engagement_of(world)


@pytest.fixture
def learner(page, signed_in):  # noqa: F811
    """The learner's browser."""
    return signed_in(page)


def put_back(page):
    page.get_by_role("button", name="Put back what you typed").click()


def test_a_new_goal_left_by_a_link_comes_back_and_is_forgotten_once_it_is_kept(
    learner, engagement, check_everywhere
):
    path = f"/engagements/{engagement.id}/goals/new"
    learner.goto(path)
    learner.get_by_label("Measure").fill("Three meetings")
    learner.get_by_role("link", name="Leave without adding").click()
    learner.goto("/sessions/new")
    expect(learner.locator("#kept-here")).to_be_hidden()
    learner.goto(path)
    put_back(learner)
    expect(learner.get_by_label("Measure")).to_have_value("Three meetings")
    check_everywhere(learner)
    learner.get_by_label("Goal", exact=True).fill("Lead the meeting")
    learner.get_by_role("button", name="Add the goal").click()
    expect(learner.get_by_text("Goal added.")).to_be_visible()
    assert Goal.get().measure == "Three meetings"
    assert kept(learner) == 0


def test_a_goal_changed_and_reloaded_comes_back(learner, world, engagement, check_everywhere):
    me = world.actor(world.learner)
    due = GOAL | {"due_on": me.today.replace(year=me.today.year + 1)}
    goal = Goal.set(engagement, due, by=me, now=world.now)
    learner.goto(f"/goals/{goal.id}")
    learner.get_by_label("Owner").fill("the team")
    learner.reload()
    put_back(learner)
    expect(learner.get_by_label("Owner")).to_have_value("the team")
    check_everywhere(learner)
    shoot(learner, "goal-1280")
    learner.get_by_role("button", name="Save the goal").click()
    expect(learner.get_by_text("Goal saved.")).to_be_visible()
    assert Goal.get().owner == "the team"
    assert kept(learner) == 0


def test_a_closing_review_left_by_the_back_link_comes_back(learner, engagement, check_everywhere):
    path = f"/engagements/{engagement.id}/closing"
    learner.goto(path)
    learner.get_by_label("Where it ended").fill("Leads the meeting")
    learner.get_by_role("link", name="Back to Client A, coaching").click()
    learner.goto(path)
    put_back(learner)
    expect(learner.get_by_label("Where it ended")).to_have_value("Leads the meeting")
    check_everywhere(learner)
    learner.get_by_role("button", name="Complete the review").click()
    expect(learner.get_by_text("Saved, but not completed: 5 things to change")).to_be_visible()
    shoot(learner, "closing-1280")
    assert ClosingReview.get().outcome == "Leads the meeting"
    assert kept(learner) == 0
    learner.reload()
    expect(learner.get_by_label("Where it ended")).to_have_value("Leads the meeting")
