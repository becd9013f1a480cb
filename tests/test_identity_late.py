"""A name kept after sessions were handed in: it is kept, and their learner is told what to mend."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
import time_machine

from supervise.models import ClientIdentity, PracticeSession
from supervise.reports import clients
from tests.world import NOW, World, sign_in

WHO = {"name": "Zebedee Quince", "email": "", "organisation": "Marlpit Foundry"}


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def as_(app, world):
    def open_(person):
        browser = app.test_client()
        sign_in(browser, person, world.centre, NOW)
        return browser

    return open_


def text(response):
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", response.text)).split())


def keep(world, browser, alias="Client A"):
    """Keep who it is, which nothing handed in prevents; the page that the learner then sees."""
    client, me = world.client(alias), world.actor(world.learner)
    assert ClientIdentity.keep(client, WHO, by=me, now=NOW)
    return browser.get(f"/clients/{client.id}")


STATES = {
    "submitted": "Take it back and correct it.",
    "approved": "Ask your supervisor to reopen it.",
    "returned": "Correct it, and submit it again.",
    "reopened": "Correct it, and submit it again.",
}


@pytest.mark.parametrize("state", STATES)
def test_the_name_is_kept_and_the_sessions_are_listed(world, as_, state):
    session = world.session(
        day=date(2026, 9, 3), state=state, done="Zebedee scaled.", extract="At Marlpit Foundry.",
        clients=("Client A", "Client B"),
    )  # fmt: skip
    world.session(day=date(2026, 9, 4), state=state)
    page = keep(world, as_(world.learner))
    said = text(page)
    assert "These sessions say who it is, and others read them" in said
    assert "3 September 2026 : What you did names “Zebedee”" in said
    assert "What may be quoted names “Marlpit Foundry”" in said
    assert STATES[state] in said
    assert page.text.count(f'href="/sessions/{session.id}"') == 1
    assert "4 September 2026" not in said


def test_what_nobody_else_reads_is_not_listed(world, as_):
    world.session(done="Zebedee scaled.")
    world.session(day=date(2026, 9, 2), state="submitted", clients=("Client B",), done="Zebedee.")
    assert "These sessions say" not in keep(world, as_(world.learner)).text


def test_once_mended_it_is_listed_no_more(world, as_):
    session = world.session(state="submitted", done="Zebedee scaled.")
    learner = as_(world.learner)
    assert "These sessions say" in keep(world, learner).text
    PracticeSession.update(done="They scaled.").where(PracticeSession.id == session.id).execute()
    assert "These sessions say" not in learner.get(f"/clients/{world.client().id}").text


def test_the_list_is_the_learners_alone_and_asks_once(world, as_, queries):
    learner, counts = as_(world.learner), []
    for days in (range(1, 3), range(3, 12)):
        ClientIdentity.delete().execute()
        for day in days:
            world.session(day=date(2026, 8, day), state="submitted", done="Zebedee scaled.")
        keep(world, learner)
        with queries() as seen:
            page = text(learner.get(f"/clients/{world.client().id}"))
        counts.append(seen.count)
        assert page.count("What you did names") == max(days)
    assert counts[0] == counts[1] <= 12
    assert clients.naming(world.client(), world.actor(world.supervisor)) == []
    session = PracticeSession.get()
    for path in (f"/approvals?open={session.id}", f"/sessions/{session.id}"):
        assert "names “Zebedee”" not in text(as_(world.supervisor).get(path))
