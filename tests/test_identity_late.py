"""A name kept after it stood in what others read: it is kept, and the learner is told what to mend.

Sessions that were handed in, contracts that were agreed, what clients and others said, and what the
learner wrote into the history. It may stand in what is about another client as well.
"""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
import time_machine

from supervise import events
from supervise.models import (
    ClientIdentity,
    Consent,
    Contract,
    Goal,
    PracticeSession,
    confirmations,
    reopening,
)
from supervise.models.confirmations import Answer
from supervise.reports import naming
from tests import contracting, feedbacks
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
    assert "These texts say who it is, and others read them" in said
    assert "3 September 2026 : What you did names “Zebedee”" in said
    assert "What may be quoted names “Marlpit Foundry”" in said
    assert STATES[state] in said
    assert page.text.count(f'href="/sessions/{session.id}"') == 1
    assert "4 September 2026" not in said


def test_what_nobody_else_reads_is_not_listed(world, as_):
    world.session(done="Zebedee scaled.")
    contracting.draft(world, world.client("Client B").engagement("coaching"))
    assert "These texts say" not in keep(world, as_(world.learner)).text


def test_a_session_with_another_client_is_listed(world, as_):
    world.session(day=date(2026, 9, 2), state="submitted", clients=("Client B",), done="Zebedee.")
    said = text(keep(world, as_(world.learner)))
    assert "2 September 2026 : What you did names “Zebedee”. Take it back and correct it." in said


@pytest.mark.parametrize("alias", ["Client A", "Client B"])
def test_a_contract_that_was_agreed_is_listed_until_another_says_it_otherwise(world, as_, alias):
    engagement = world.client(alias).engagement("coaching")
    contract = contracting.agreed(world, engagement, NOW, times="As Zebedee likes.")
    learner = as_(world.learner)
    page = keep(world, learner)
    said = text(page)
    assert (
        f"Version 1 of the contract with {alias}, coaching : The part “Times and schedule” " in said
    )
    assert "names “Zebedee”. Make a new version that says it otherwise, and offer it." in said
    assert f'href="/contracts/{contract.id}"' in page.text
    contract.end(NOW.date(), "Zebedee left.", by=world.actor(world.learner), now=NOW)
    said = text(learner.get(f"/clients/{world.client().id}"))
    assert "The reason for its end names “Zebedee”. Nobody can change it." in said
    assert Contract.get_by_id(contract.id).state == "ended"


def test_a_goal_in_a_contract_is_listed(world, as_):
    engagement = world.client("Client B").engagement("coaching")
    goal = contracting.GOAL | {"owner": "Zebedee"}
    Goal.set(engagement, goal, by=world.actor(world.learner), now=NOW)
    contracting.agreed(world, engagement, NOW)
    ClientIdentity.create(client=world.client(), name="Zebedee Quince")
    said = text(as_(world.learner).get(f"/clients/{world.client().id}"))
    assert "Client B, coaching : One of its goals names “Zebedee”. Make a new version" in said


def test_a_dispute_is_listed_until_the_client_answers_anew(world, as_):
    session, me = world.session(state="submitted"), world.actor(world.learner)
    for answer, listed in ((Answer("other", None, "Zebedee was ill."), True), (Answer(), False)):
        link = confirmations.ask(world.client(), [session.id], by=me, now=NOW)
        [one] = confirmations.asked_by(link)
        assert confirmations.answer(link, {one.id: answer}, now=NOW)
        ClientIdentity.delete().execute()
        said = text(keep(world, as_(world.learner)))
        assert (
            "What Client A says of 1 Sep 2026 : It names “Zebedee”. Ask them again" in said
        ) is listed


def test_feedback_is_listed_once_it_is_shown_and_so_is_the_reply(world, as_):
    """What waits for the floor tells nothing yet, not even that a name stands in it."""
    feedbacks.give(world, "Zebedee waits.", source="observer", name="Joan", anonymous=True)
    given = feedbacks.give(world, "They waited.", source="peer", name="Jim")
    given.reply_to("As Zebedee did.", by=world.actor(world.learner), now=NOW)
    said = text(keep(world, as_(world.learner)))
    assert "Feedback: Jim, peer : Your reply names “Zebedee”. Nobody can change it." in said
    assert "without a name" not in said
    feedbacks.give(world, "Zebedee, again.", source="peer", name="Jo")
    page = text(as_(world.learner).get(f"/clients/{world.client().id}"))
    assert "Feedback: Jo, peer : It names “Zebedee”. Nobody can change it." in page


def test_what_was_written_into_the_history_is_listed(world, as_):
    session, me = world.session(state="approved"), world.actor(world.learner)
    reopening.ask(session, reason="Zebedee left early.", by=me, now=NOW)
    said = text(keep(world, as_(world.learner)))
    assert "Your note on a session, 8 Oct 2026 : It names “Zebedee”. Nobody can change it." in said
    assert events.history("session", session.id)


def test_a_withdrawal_says_which_texts_stay_and_say_who_it_is(world, as_):
    Consent.give(world.client(), NOW.date(), "Notes", by=world.actor(world.learner), now=NOW)
    world.session(state="approved", done="Zebedee scaled.")
    contracting.agreed(world, world.client().engagement("coaching"), NOW, times="As Zebedee likes.")
    learner = as_(world.learner)
    keep(world, learner)
    page = text(learner.get(f"/clients/{world.client().id}/withdrawal"))
    assert "it names nobody" not in page
    assert "The part “Times and schedule” names “Zebedee”" in page
    assert "What you did names" not in page


def test_once_mended_it_is_listed_no_more(world, as_):
    session = world.session(state="submitted", done="Zebedee scaled.")
    learner = as_(world.learner)
    assert "These texts say" in keep(world, learner).text
    PracticeSession.update(done="They scaled.").where(PracticeSession.id == session.id).execute()
    assert "These texts say" not in learner.get(f"/clients/{world.client().id}").text


def test_the_list_is_the_learners_alone_and_asks_once(world, as_, queries):
    learner, counts = as_(world.learner), []
    for days in (range(1, 3), range(3, 12)):
        ClientIdentity.delete().execute()
        for day in days:
            world.session(day=date(2026, 8, day), state="submitted", done="Zebedee scaled.")
        keep(world, learner)
        path = f"/clients/{world.client().id}"
        with queries() as seen:
            page = text(learner.get(path))
        counts.append(seen.count)
        assert page.count("What you did names") == max(days)
    assert counts[0] == counts[1] <= 12
    others = ClientIdentity.of(world.client(), world.actor(world.supervisor))
    assert naming.naming(others, world.actor(world.supervisor)) == []
    session = PracticeSession.get()
    for path in (f"/approvals?open={session.id}", f"/sessions/{session.id}"):
        assert "names “Zebedee”" not in text(as_(world.supervisor).get(path))
