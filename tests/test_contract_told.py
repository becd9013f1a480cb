"""What the learner is told about a contract: whom it leaves out, who sent it back, what cannot be written."""

from datetime import date, timedelta

import pytest
import time_machine

from supervise.models import Consent, Contract, agreeing, erasure
from supervise.models.contracts import Draft
from supervise.reports.contracts import unsettled
from supervise.rules.contracts import last_for_sponsor
from tests.contracting import agreed, draft, engagement_of, offered
from tests.test_confirmations import text
from tests.world import World, sign_in

TELL = "The sponsor agreed to version {} and is not asked about this one: tell them."


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


# --- a sponsor who is left out ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "versions", "last"),
    [
        (1, [], None),
        (2, [(1, True, False), (2, False, False)], 1),
        (2, [(1, False, False)], None),
        (3, [(1, True, False), (2, True, False)], 2),
        (3, [(1, True, False), (2, False, False)], 1),  # the second never came into force
        (3, [(1, True, False), (2, False, True)], None),  # they were left out of that one already
        (2, [(1, True, False), (3, True, False)], 1),
    ],
)
def test_the_version_that_a_sponsor_agreed_to_last(number, versions, last):
    assert last_for_sponsor(number, versions) == last


def test_a_sponsor_is_not_dropped_without_the_learner_knowing(world, learner):
    engagement = engagement_of(world)
    agreed(world, engagement, world.now, "three")
    page = f"/engagements/{engagement.id}"
    assert "tell them" not in text(learner.get(page))
    me = world.actor(world.learner)
    contract = Contract.begin(engagement, by=me, now=world.now)
    edit = f"/contracts/{contract.id}/edit"
    assert "you would have to tell them" in text(learner.get(edit))
    terms = contract.terms
    two = Draft("two", dict(terms.parts), 6, 90)
    contract.change(two, version=contract.version, by=me, now=world.now)
    for path in (edit, f"/contracts/{contract.id}", page):
        assert TELL.format(1) in text(learner.get(path))
    contract = Contract.get_by_id(contract.id)
    [link] = agreeing.offer(contract, version=contract.version, by=me, now=world.now)
    assert TELL.format(1) in text(learner.get(page))
    agreeing.agree(link, "Sam Client", now=world.now)
    seen = text(learner.get(page))
    assert TELL.format(1) in seen
    assert "version 2 is in force; the sponsor, who agreed to version 1, was not asked" in seen
    third = draft(world, engagement)
    assert TELL.format(1) not in text(learner.get(f"/contracts/{third.id}"))


# --- sent back -------------------------------------------------------------------------------


def test_the_history_says_who_sent_a_version_back(world, learner):
    engagement = engagement_of(world)
    contract, links = offered(world, engagement, "three")
    agreeing.agree(links["client"], "Sam Client", now=world.now)
    agreeing.decline(links["sponsor"], "Fewer, please", now=world.now)
    seen = text(learner.get(f"/engagements/{engagement.id}"))
    assert "The sponsor : sent version 1 back," in seen
    assert "The sponsor : began" not in seen
    assert "did not let" not in seen
    assert "Version 1 sent back" in seen
    assert "version 1 Sent back" in text(learner.get(f"/contracts/{contract.id}"))


def test_a_version_that_nobody_had_agreed_to_is_sent_back_in_the_same_words(world, learner):
    engagement = engagement_of(world)
    _, links = offered(world, engagement)
    agreeing.decline(links["client"], "Fewer, please", now=world.now)
    assert "The client : sent version 1 back," in text(learner.get(f"/engagements/{engagement.id}"))


def test_what_the_learner_took_back_is_not_called_sent_back(world, learner):
    engagement = engagement_of(world)
    contract, links = offered(world, engagement, "three")
    agreeing.agree(links["client"], "Sam Client", now=world.now)
    contract.take_back(by=world.actor(world.learner), now=world.now)
    seen = text(learner.get(f"/engagements/{engagement.id}"))
    assert "took back version 1, which somebody had agreed to" in seen
    assert "Version 1 withdrawn" in seen
    assert "version 1 Withdrawn" in text(learner.get(f"/contracts/{contract.id}"))


# --- after consent was withdrawn -------------------------------------------------------------


def test_no_writing_is_offered_after_consent_was_withdrawn(world, learner):
    engagement = engagement_of(world)
    contract = draft(world, engagement)
    me, page = world.actor(world.learner), f"/engagements/{engagement.id}"
    assert "Go on writing" in text(learner.get(page))
    consent = Consent.give(engagement.client, date(2026, 9, 1), "Notes", by=me, now=world.now)
    erasure.withdraw(consent, world.now.date(), by=me, now=world.now)
    seen = text(learner.get(page))
    assert "Consent was withdrawn, so nothing more is written about Client A" in seen
    for offer in ("Go on writing", "Draft: version", "Write the contract", "Add a goal"):
        assert offer not in seen
    shown = f"/contracts/{contract.id}"
    answer = learner.get(f"{shown}/edit")
    assert (answer.status_code, answer.location) == (303, shown)
    seen = text(learner.get(shown))
    assert "Change it" not in seen
    assert "Consent was withdrawn" in seen


@pytest.mark.parametrize("somebody_agreed", [True, False])
def test_an_offer_that_a_withdrawn_consent_ended_was_not_taken_back(
    world, learner, somebody_agreed
):
    engagement, me = engagement_of(world), world.actor(world.learner)
    consent = Consent.give(engagement.client, me.today, "Notes", by=me, now=world.now)
    _, links = offered(world, engagement, "three")
    if somebody_agreed:
        agreeing.agree(links["client"], "Sam Reed", now=world.now)
    later = world.now + timedelta(hours=1)
    erasure.withdraw(consent, me.today, by=me, now=later)
    page = text(learner.get(f"/engagements/{engagement.id}"))
    assert "ended the offer of version 1, as consent was withdrawn" in page
    assert "took back" not in page
    assert "began version 2" not in page


# --- an offer that waits ---------------------------------------------------------------------


def test_an_offer_says_how_long_each_party_has_not_answered_and_can_ask_again(app, world, learner):
    engagement = engagement_of(world)
    _, links = offered(world, engagement, "three")
    path = f"/engagements/{engagement.id}"
    assert "Client has not answered yet" in text(learner.get(path))
    agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
    with time_machine.travel(world.now + timedelta(days=9), tick=False):
        sign_in(learner, world.learner, world.centre, world.now + timedelta(days=9))
        page = text(learner.get(path))
        assert "Client has not answered for 9 days" in page
        assert "Sponsor has not" not in page
        assert page.count("Ask the client again: make a new link") == 1
        assert "Ask the sponsor again" not in page
        asked = {"party": "client"}
        contract = Contract.get()
        assert learner.post(f"/contracts/{contract.id}/links", data=asked).status_code == 303
        again = text(learner.get(path)).replace(" ;", ";")
        assert "for 9 days; asked again Sat 17 Oct, 10:50." in again
        boss = app.test_client()
        sign_in(boss, world.supervisor, world.centre, world.now + timedelta(days=9))
        assert "Client has not answered for 9 days" in text(boss.get(path))
        assert "Ask the client" not in text(boss.get(path))
    with time_machine.travel(world.now + timedelta(days=30), tick=False):
        sign_in(learner, world.learner, world.centre, world.now + timedelta(days=30))
        assert "Their link works no more: make a new one." in text(learner.get(path))


def test_what_holds_for_every_link_of_an_offer_is_said_once(world, learner):
    engagement = engagement_of(world)
    offered(world, engagement, "three")
    page = text(learner.get(f"/engagements/{engagement.id}"))
    assert page.count("whoever has it can answer") == 1
    assert page.count("Your supervisor sees whether it was by this link") == 1
    labels = ("Link to send to the client", "Link to send to the sponsor")
    assert [page.count(label) for label in labels] == [1, 1]


def test_today_can_ask_which_offers_wait_and_for_how_long(world, queries):
    first, second = engagement_of(world), engagement_of(world, kind="mentoring")
    days_ago = world.now - timedelta(days=9)
    _, links = offered(world, first, "three", now=days_ago)
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    offered(world, second, "two")
    agreed(world, engagement_of(world, "Client B"), world.now)
    draft(world, engagement_of(world, "Client C"))
    me = world.actor(world.learner)
    with queries() as seen:
        waiting = unsettled(me)[1]
        told = [(one.contract.engagement.client.alias, one.parties, one.days) for one in waiting]
    assert told == [("Client A", ["sponsor"], 9), ("Client A", ["client"], 0)]
    assert waiting[0].since == days_ago
    assert seen.count == 1
    assert unsettled(world.actor(world.supervisor)) == ([], [])
