"""What client and sponsor keep of a contract: who agreed and when, for good, and the mail that leads there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from supervise.events import Event
from supervise.models import ClientIdentity, Consent, Link, Mail, agreeing, erasure
from supervise.reports.verify import verify
from supervise.signing import SignOff
from tests.contracting import engagement_of, offered
from tests.mailing import SITE, mail_server, mailing, tick
from tests.world import World

WHO = {
    "name": "Sam Reed", "email": "sam@example.org",
    "sponsor_name": "Ann Lee", "sponsor_email": "ann@example.org",
}  # fmt: skip


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


@pytest.fixture
def anybody(app, world):
    """Somebody without an account."""
    return app.test_client()


def text(response, status=200):
    assert response.status_code == status, response.status_code
    return response.get_data(as_text=True)


def consented(world):
    """The client's engagement, with who they are and their consent."""
    engagement, me = engagement_of(world), world.actor(world.learner)
    ClientIdentity.keep(engagement.client, WHO, by=me, now=world.now)
    Consent.give(engagement.client, date(2026, 3, 1), "Notes", by=me, now=world.now)
    return engagement


def who_agreed(page):
    return page.split('id="who">')[1]


def test_a_copy_is_signed_by_all_and_tells_each_their_own_name_alone(world, anybody):
    _, links = offered(world, engagement_of(world), "three")
    sent = {"answer": "yes", "name": "Sam R. Signatory"}
    signed = who_agreed(text(anybody.post(f"/link/{links['client'].token}", data=sent)))
    assert "Who agreed to version 1" in signed
    assert "You, the client</span>, signed as Sam R. Signatory" in signed
    assert "Priya Nair, the coach" in signed
    assert "Thu 8 Oct 2026, 10:50" in signed, "on the coach's clock"
    assert "The sponsor has not answered yet" in signed
    agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
    client, sponsor = (
        who_agreed(text(anybody.get(f"/link/{links[party].token}")))
        for party in ("client", "sponsor")
    )
    assert "not answered" not in client + sponsor
    assert "You, the sponsor</span>, signed as Ann Lee" in sponsor
    assert "Sam R." not in sponsor
    assert "Ann Lee" not in client


def test_a_copy_can_be_read_after_the_link_s_days_and_after_it_was_replaced(app, world, anybody):
    engagement = engagement_of(world)
    _, links = offered(world, engagement, ending="In June.")
    path = f"/link/{links['client'].token}"
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    later = world.now + timedelta(days=400)
    before = (Event.select().count(), SignOff.select().count())
    with time_machine.travel(later, tick=False):
        for page in (text(anybody.get(path)), text(anybody.post(path, data={"answer": "yes"}))):
            assert "In June." in page
            assert "signed as Sam Reed" in page
            assert "whenever you like" in page
        assert (Event.select().count(), SignOff.select().count()) == before
        _, again = offered(world, engagement, now=later, ending="In July.")
        agreeing.agree(again["client"], "Sam Reed", now=later)
        page = text(anybody.get(path))
    assert "what stands here no longer holds" in page
    assert "In June." in page
    assert "In July." not in page


def test_after_consent_was_withdrawn_the_copy_says_so_and_shows_nothing(world, anybody):
    engagement = consented(world)
    _, links = offered(world, engagement, "three", ending="In June.")
    for party, link in links.items():
        agreeing.agree(link, f"Sam {party}", now=world.now)
    consent = Consent.last(engagement.client)
    erasure.withdraw(consent, world.now.date(), by=world.actor(world.learner), now=world.now)
    for link in links.values():
        page = text(anybody.get(f"/link/{link.token}"), 410)
        assert "Consent was withdrawn" in page
        assert "In June." not in page
        assert "signed as" not in page


def test_whoever_answered_an_earlier_text_is_told_that_a_later_one_is_in_force(world, anybody):
    contract, links = offered(world, engagement_of(world), "three")
    path = f"/link/{links['sponsor'].token}"
    agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
    me = world.actor(world.learner)
    second = contract.take_back(by=me, now=world.now)
    assert "This is being changed" in text(anybody.get(path))
    for link in agreeing.offer(second, version=second.version, by=me, now=world.now):
        agreeing.agree(link, f"Sam {link.party}", now=world.now)
    page = text(anybody.get(path))
    assert "A later version is in force" in page
    assert "Version 2 has been in force since" in page
    assert "being changed" not in page


def test_the_last_yes_sends_everybody_with_an_address_to_their_copy(app, world, settings, anybody):
    with mail_server() as box:
        known = mailing(settings, box.port)
        _, links = offered(world, consented(world), "three", ending="In June.")
        tick(known, world.now)
        box.got.clear()
        agreeing.agree(links["client"], "Sam Reed", now=world.now)
        assert not Mail.select().where(Mail.kind == "contract-copy").exists(), "one is still asked"
        agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
        tick(known, world.now + timedelta(minutes=1))
        copies = {to: n for n, (to, _) in enumerate(box.got) if to in WHO.values()}
        assert set(copies) == {WHO["email"], WHO["sponsor_email"]}
        for party, to in (("client", WHO["email"]), ("sponsor", WHO["sponsor_email"])):
            said, path = box.text(copies[to]), f"/link/{links[party].mailed_token}"
            assert f"{SITE}{path}" in said
            assert "does not run out" in said
            assert "In June." not in said
            with time_machine.travel(world.now + timedelta(days=100), tick=False):
                assert "In June." in text(anybody.get(path))
        assert "Sam" not in box.messages[copies[WHO["email"]]]["Subject"]


def test_no_copy_is_sent_once_consent_is_withdrawn_or_where_no_address_is_known(world, settings):
    engagement = consented(world)
    ClientIdentity.update(sponsor_email="").execute()
    _, links = offered(world, engagement, "three")
    for party, link in links.items():
        agreeing.agree(link, f"Sam {party}", now=world.now)
    [copy] = Mail.select().where(Mail.kind == "contract-copy")
    assert Link.get_by_id(copy.link_id).party == "client"
    consent = Consent.last(engagement.client)
    erasure.withdraw(consent, world.now.date(), by=world.actor(world.learner), now=world.now)
    assert not Mail.select().where(Mail.kind == "contract-copy").exists()
    assert [misfit.sentence for misfit in verify(world.centre)] == []
