"""A link that ran out without an answer: learner and supervisor are told so, not that it waits."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine

from supervise.models import Confirmation, confirmations
from supervise.models.confirmations import Answer
from tests.world import NOW, World, sign_in

LATER = NOW + timedelta(days=15)
RAN_OUT = "asked on 8 Oct 2026, and the link ran out on 22 Oct 2026"


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False) as clock:
        made = World()
        made.clock = clock
        yield made


def asked(world, session, alias="Client A"):
    me = world.actor(world.learner)
    return confirmations.ask(world.client(alias), [session.id], by=me, now=NOW)


@pytest.fixture
def browser(app, world):
    def open_(person):
        made = app.test_client()
        sign_in(made, person, world.centre, LATER)
        return made

    return open_


def text(response):
    return " ".join(re.sub("<[^>]+>", " ", response.text).split())


def cell(response):
    [found] = re.findall(r'<td class="says">(.*?)</td>', response.text, flags=re.S)
    return " ".join(re.sub("<[^>]+>", " ", found).split())


def test_learner_and_supervisor_are_told(world, browser):
    session = world.session(state="submitted")
    asked(world, session)
    world.clock.move_to(LATER)
    coach, boss = browser(world.learner), browser(world.supervisor)
    page = text(coach.get("/confirmations?state=asked"))
    assert "the link ran out" in page
    assert "Ask again with a new link" in page
    assert "days" not in page.partition("Asked Thu 8 Oct")[2].partition("Ask again")[0]
    assert cell(boss.get("/approvals")) == "Link ran out asked 8 Oct"
    for page in (f"/approvals?open={session.id}", f"/sessions/{session.id}"):
        assert RAN_OUT in text(boss.get(page)), page
    assert RAN_OUT in text(coach.get(f"/sessions/{session.id}"))


def test_asked_again_it_waits_again(world, browser):
    session = world.session(state="submitted")
    asked(world, session)
    world.clock.move_to(LATER)
    coach, boss = browser(world.learner), browser(world.supervisor)
    data = {"client": world.client().id, "session": [session.id]}
    assert coach.post("/confirmations", data=data).status_code == 303
    assert "ran out" not in text(coach.get("/confirmations?state=asked"))
    assert cell(boss.get("/approvals")) == "No answer asked today"


def test_of_a_group_it_says_of_how_many(world, browser):
    session = world.session(state="submitted", clients=("Client A", "Client B"))
    for alias in ("Client A", "Client B"):
        asked(world, session, alias)
    world.clock.move_to(NOW + timedelta(days=1))
    me = world.actor(world.learner, NOW + timedelta(days=1))
    confirmations.ask(world.client("Client B"), [session.id], by=me, now=me.now)
    world.clock.move_to(NOW + timedelta(days=14, hours=1))
    assert cell(browser(world.supervisor).get("/approvals")) == "Link ran out 1 of 2, asked 8 Oct"


def test_a_dispute_asked_about_again_says_that_the_new_link_ran_out(world, browser):
    session = world.session(state="submitted")
    link = asked(world, session)
    [one] = confirmations.asked_by(link)
    confirmations.answer(link, {one.id: Answer("none")}, now=NOW)
    asked(world, session)
    world.clock.move_to(LATER)
    page = text(browser(world.supervisor).get(f"/sessions/{session.id}"))
    assert "asked again on 8 Oct 2026, and the link ran out on 22 Oct 2026" in page


def test_the_verdict_says_until_when_the_link_lasts(world, browser):
    """Hours have no clock: the day tells the reader."""
    admin = world.actor(world.admin)
    admin.centre.change(by=admin, now=NOW, confirmation_required=True)
    session = world.session(state="approved")
    asked(world, session)
    world.clock.move_to(LATER)
    sentence = "Client A has not confirmed it; their link lasts to 22 Oct 2026"
    for person, path in (
        (world.supervisor, f"/sessions/{session.id}"),
        (world.learner, "/sessions"),
    ):
        page = text(browser(person).get(path))
        assert "waits for Client A" not in page
        assert sentence in page, path
    assert Confirmation.get().state == "asked"
