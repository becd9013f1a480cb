"""What a coach does with a link that is out: it is withdrawn in two steps, and they are told what went."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine

from supervise.models import Link
from supervise.models.confirmations import Answer, answer
from tests.contracting import engagement_of, offered
from tests.feedbacks import answer as give
from tests.feedbacks import invite
from tests.test_confirmations import asked, rows, text
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False  # tests of sign-in ask for the token
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def coach(app, world):
    """The learner's browser."""
    browser = app.test_client()
    sign_in(browser, world.learner, world.centre, NOW)
    return browser


def forms_of(page, link):
    """The buttons by which a page withdraws the link, each with all that it is folded into."""
    folded = re.findall(r"<details>((?:(?!</?details).)*)</details>", page.text, flags=re.S)
    return [text for text in folded if f'action="/links/{link.id}/end"' in text]


def test_a_link_for_several_sessions_is_withdrawn_in_two_steps_and_it_says_what_went(world, coach):
    link = asked(world, *(world.session(day=date(2026, 9, n)) for n in range(1, 6)))
    page = coach.get("/confirmations?state=asked")
    assert page.text.count(f"/links/{link.id}/end") == 1
    [folded] = forms_of(page, link)
    assert "It asks about 5 sessions, which go back under To ask." in folded
    assert "Yes, withdraw it" in folded
    form = {"back": "/confirmations?state=asked"}
    seen = text(coach.post(f"/links/{link.id}/end", data=form, follow_redirects=True))
    assert "The link for Client A is withdrawn" in seen
    assert "It asked about 5 sessions, which are under To ask again." in seen
    seen = text(coach.post(f"/links/{link.id}/end", data=form, follow_redirects=True))
    assert "This link was answered or withdrawn already. Nothing was changed." in seen


def test_one_answered_a_moment_before_is_not_said_to_be_withdrawn(world, coach):
    session = world.session()
    link = asked(world, session)
    answer(link, {rows(session)[0].id: Answer()}, now=NOW)
    seen = text(coach.post(f"/links/{link.id}/end", follow_redirects=True))
    assert "This link was answered or withdrawn already." in seen
    assert rows(session)[0].state == "confirmed"


def test_a_contracts_and_an_invitations_link_say_that_they_are_withdrawn(world, coach):
    engagement = engagement_of(world)
    _, links = offered(world, engagement)
    path = f"/engagements/{engagement.id}"
    assert forms_of(coach.get(path), links["client"])
    end = f"/links/{links['client'].id}/end"
    seen = text(coach.post(end, data={"back": path}, follow_redirects=True))
    assert "The link for the client is withdrawn and works no more." in seen
    feedback = invite(world)
    assert forms_of(coach.get("/feedback"), Link.get_by_id(feedback.link_id))
    end = f"/links/{feedback.link_id}/end"
    seen = text(coach.post(end, data={"back": "/feedback"}, follow_redirects=True))
    assert "The invitation on the practitioner is withdrawn, and its link works no more." in seen


@pytest.mark.parametrize("given", [False, True])
def test_of_an_invitation_without_a_name_it_says_the_same_answered_or_not(world, coach, given):
    feedback = invite(world, anonymous=True)
    if given:
        give(feedback, now=NOW)
    seen = text(coach.post(f"/links/{feedback.link_id}/end", follow_redirects=True))
    assert "The invitation on the practitioner is withdrawn, and its link works no more." in seen
