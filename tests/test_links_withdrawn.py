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
from tests.test_confirmations import asked, rows, said, text
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


# --- who may answer ----------------------------------------------------------------------


@pytest.mark.parametrize("role", ["supervisor", "tutor", "assessor", "iqa"])
def test_whoever_looks_after_the_coach_cannot_answer_as_their_client(app, world, role):
    person = world.person("Robin Lake", role)
    world.assign(person, role)
    session = world.session()
    link = asked(world, session)
    browser = app.test_client()
    sign_in(browser, person, world.centre, NOW)
    page = text(browser.get(f"/link/{link.token}"))
    assert "you look after Priya Nair here. Only a client can answer" in page
    assert "Answer only if that is you" not in page
    form = said(link, answer="yes")
    refused = browser.post(f"/link/{link.token}", data=form)
    assert refused.status_code == 403
    assert "what the client says is not yours to say. Nothing was decided." in text(refused)
    assert rows(session)[0].state == "asked"
    feedback = Link.get_by_id(invite(world, source="sponsor").link_id)
    assert browser.post(f"/link/{feedback.token}").status_code == 403
    observed = Link.get_by_id(invite(world, source="observer", name="Robin").link_id)
    assert browser.post(f"/link/{observed.token}").status_code == 422  # they may observe
    anybody = app.test_client()
    assert anybody.post(f"/link/{link.token}", data=form).status_code == 303


def test_a_client_who_is_some_other_user_can_answer(app, world):
    session, other = world.session(), world.session(day=date(2026, 9, 2))
    ended = world.person("Robin Lake", "supervisor")
    gone = world.assign(ended, "supervisor")
    gone.to_on = date(2026, 9, 30)
    gone.save()
    elsewhere = World()
    for one, person, centre in (
        (session, ended, world.centre),
        (other, elsewhere.supervisor, elsewhere.centre),
    ):
        link = asked(world, one)
        browser = app.test_client()
        sign_in(browser, person, centre, NOW)
        assert "Answer only if that is you" in text(browser.get(f"/link/{link.token}"))
        answered = browser.post(f"/link/{link.token}", data=said(link, answer="yes"))
        assert answered.status_code == 303
        assert rows(one)[0].state == "confirmed"


# --- what stands on each page ------------------------------------------------------------


def test_a_client_reads_that_consent_can_be_withdrawn_and_where_it_says_more(app, world):
    words = "You may withdraw your consent at any time: tell your coach, or the centre."
    _, links = offered(world, engagement_of(world), "three")
    feedback = Link.get_by_id(invite(world).link_id)
    for link, told in (
        (asked(world, world.session()), True), (links["client"], True), (links["sponsor"], False),
        (feedback, False),
    ):  # fmt: skip
        page = app.test_client().get(f"/link/{link.token}")
        assert (words in text(page)) == told
        assert 'href="/privacy"' in page.text


def test_a_slash_too_many_is_the_link_itself(app, world):
    session = world.session()
    link = asked(world, session)
    browser = app.test_client()
    assert "Did this session take place?" in text(browser.get(f"/link/{link.token}/"))
    done = browser.post(f"/link/{link.token}/", data=said(link, answer="yes"))
    assert done.status_code == 303
    assert rows(session)[0].state == "confirmed"


@pytest.mark.parametrize(
    "path", ["/link", "/link/", "/link/x/y", "/link/x//", "/link/" + "x" * 300]
)
def test_no_page_under_link_is_a_dead_end_for_who_has_no_account(app, world, path):
    page = app.test_client().get(path, follow_redirects=True)
    assert page.status_code == 404
    assert "This link is not one of ours" in text(page)
    assert "Open it again from the message" in text(page)
    for words in ("Today", "role", "Help"):
        assert words not in text(page)
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_an_error_on_a_link_is_told_without_the_menu_of_those_with_an_account(app, world):
    link = asked(world, world.session())
    browser = app.test_client()
    for answered, status in (
        (browser.put(f"/link/{link.token}"), 405),
        (browser.post(f"/link/{link.token}", data={"reason-1": "a\0b"}), 400),
        (browser.post(f"/link/{link.token}", data={"reason-1": "x" * 7_000_000}), 413),
    ):
        assert answered.status_code == status
        assert "Open the link again from the message" in text(answered)
        assert "Go to Today" not in text(answered)
    assert "Go to Today" in text(browser.get("/linked"))
