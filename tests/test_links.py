"""Every link, whatever it asks: whose account is closed asks nothing, and the last day is the centre's."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from supervise.models import (
    Agreement,
    Centre,
    Client,
    ClientIdentity,
    Confirmation,
    Feedback,
    Link,
    Person,
    PracticeSession,
    agreeing,
    confirmations,
)
from supervise.workflow import WrongState
from tests import contracting, feedbacks
from tests.test_giving_away import given
from tests.world import World, sign_in

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


# --- the last day ------------------------------------------------------------------------

LATE = datetime(2026, 10, 8, 23, 30, tzinfo=UTC)
"""Half past midnight on the 9th at the centre in London, so the link ends on the 23rd of its days."""
LAST = "Friday 23 October 2026"


@pytest.mark.parametrize("purpose", ["confirmation", "contract"])
def test_the_last_day_is_the_centre_s_for_whoever_opens_it(
    app: Any, world: World, purpose: str
) -> None:
    link = sent(world, purpose, LATE)
    nobody, path = app.test_client(), f"/link/{link.token}"
    with time_machine.travel(LATE, tick=False):
        if purpose == "confirmation":
            page = nobody.get(path)
            assert f"ends on {LAST}" in text(page)
            assert 'datetime="2026-10-23"' in page.text
        assert answer(app, link, purpose).status_code in (200, 303)
        # a copy of a contract has no last day: it says when on the coach's clock it was agreed
        said = "Fri 9 Oct 2026, 00:30" if purpose == "contract" else "from Friday 9 October 2026"
        assert said in text(nobody.get(path))
    with time_machine.travel(datetime(2026, 10, 24, 9, tzinfo=UTC), tick=False):
        assert said in text(nobody.get(path))


def test_a_link_that_ran_out_says_the_centre_s_day(app: Any, world: World) -> None:
    link = sent(world, "contract", LATE)
    with time_machine.travel(datetime(2026, 10, 25, 9, tzinfo=UTC), tick=False):
        page = text(app.test_client().get(f"/link/{link.token}"))
    assert f"It could be answered until {LAST}" in page


def test_an_agreement_that_was_sent_back_says_the_centre_s_day(app: Any, world: World) -> None:
    contract, links = contracting.offered(
        world, contracting.engagement_of(world), "three", now=LATE
    )
    with time_machine.travel(LATE, tick=False):
        agreeing.agree(links["sponsor"], "Sam Reed", now=LATE)
        agreeing.decline(links["client"], "Not so often.", now=LATE)
        page = text(app.test_client().get(f"/link/{links['sponsor'].token}"))
    assert "You agreed on Friday 9 October 2026" in page


@pytest.mark.parametrize(
    ("purpose", "path"),
    [
        ("contract", "/engagements/1"),
        ("confirmation", "/confirmations?state=asked"),
        ("feedback", "/feedback"),
    ],
)
def test_the_coach_and_the_verdict_say_the_same_day(
    app: Any, world: World, purpose: str, path: str
) -> None:
    """The coach is in Auckland, where it is the next day already."""
    Person.update(zone="Pacific/Auckland").where(Person.id == world.learner.id).execute()
    Centre.update(confirmation_required=True).execute()
    sent(world, purpose, LATE)
    learner = app.test_client()
    with time_machine.travel(LATE, tick=False):
        sign_in(learner, world.learner, world.centre, LATE)
        assert f"until {LAST}" in text(learner.get(path))
        if purpose == "confirmation":
            page = text(learner.get(f"/sessions/{PracticeSession.get().id}"))
            assert "their link lasts to 23 Oct 2026" in page
    after = datetime(2026, 10, 25, 9, tzinfo=UTC)
    with time_machine.travel(after, tick=False):
        sign_in(learner, world.learner, world.centre, after)
        page = text(learner.get(path))
        if purpose == "confirmation":
            assert f"The link ran out on {LAST} without an answer." in page
        elif purpose == "feedback":
            assert "ran out on 23 Oct 2026" in page


# --- where a link is sent ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "good"),
    [
        ("una@example.org", True), ("o'neil+c@x-y.co.uk", True), ("\u00fc@example.org", False),
        ("a@b.c", False), ("a@b", False), ("a@b.org, c@d.org", False),
    ],
)  # fmt: skip
def test_an_address_is_judged_alike_wherever_it_is_typed(
    app: Any, world: World, typed: str, good: bool
) -> None:
    learner = app.test_client()
    sign_in(learner, world.learner, world.centre, world.now)
    form = {"source": "peer", "about": "programme", "name": "Una", "named": "yes", "email": typed}
    invited = learner.post("/feedback/invite", data=form)
    kept = learner.post(f"/clients/{world.client().id}", data={"name": "", "email": typed})
    assert [one.status_code for one in (invited, kept)] == [303 if good else 422] * 2


# --- what is taken out of an answer ------------------------------------------------------


def test_ordinary_words_of_an_answer_stay_and_names_go(app: Any, world: World) -> None:
    """It is signed as it is kept, so that nobody could put a word back."""
    me, team = world.actor(world.learner), world.client("The board")
    who = {"name": "Mark Young", "organisation": "Leeds Learning Support"}
    ClientIdentity.keep(world.client(), who, by=me, now=world.now)
    Client.update(kind="team").where(Client.id == team.id).execute()
    ClientIdentity.keep(team, {"name": "Future Leaders"}, by=me, now=world.now)
    said = "Learning from them changed me. Young staff gain. Support was good. All Leaders say so. "
    named = "So do Young and the Future Leaders, of Leeds Learning Support."
    link = sent(world, "feedback")
    assert given(app, link, said + named).status_code == 200
    kept = json.loads(Feedback.of_link(link).answers)
    assert said + "So do [name] and the [name], of [name]." in kept
