"""Whether a link goes out by e-mail, said beside it to the learner who sent it."""

from dataclasses import replace
from email.headerregistry import Address

import pytest
import time_machine

from supervise.models import ClientIdentity, Link, Mail
from supervise.settings import Smtp
from tests.contracting import engagement_of, offered
from tests.feedbacks import invite
from tests.test_confirmations import text
from tests.world import World, sign_in

SERVER = {
    "smtp": Smtp("localhost", Address("Office", addr_spec="office@alder.example.org")),
    "public_url": "https://alder.test",
}


@pytest.fixture
def world(app):
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


@pytest.mark.parametrize(
    ("serves", "email", "state", "said"),
    [
        (False, "", "", "No mail server is set up: copy this link"),
        (False, "sam@example.org", "waiting", "No mail server is set up: copy this link"),
        (True, "", "", "No e-mail address is kept: copy this link"),
        (True, "sam@example.org", "waiting", "An e-mail with this link goes out by itself."),
        (True, "sam@example.org", "sent", "An e-mail with this link was sent Thu 8 Oct, 10:50."),
        (True, "sam@example.org", "failed", "The e-mail with this link did not go out: copy it"),
    ],
)
def test_it_says_beside_a_link_what_becomes_of_it(app, world, serves, email, state, said):
    app.extensions["supervise"] = replace(app.extensions["supervise"], **(SERVER if serves else {}))
    engagement = engagement_of(world)
    ClientIdentity.create(client=engagement.client, name="Sam Reed", email=email)
    offered(world, engagement)
    Mail.update(state=state or "waiting", sent_at=world.now).where(
        Mail.link.is_null(False)
    ).execute()
    learner = app.test_client()
    sign_in(learner, world.learner, world.centre, world.now)
    assert said in text(learner.get(f"/engagements/{engagement.id}"))


@pytest.mark.parametrize(
    ("serves", "email", "state", "shown", "said"),
    [
        (True, "sam@example.org", "waiting", False, "It goes out by e-mail by itself."),
        (True, "sam@example.org", "sent", False, "It was sent by e-mail on Thu 8 Oct, 10:50."),
        (True, "sam@example.org", "failed", False, "The e-mail did not go out. Is the address"),
        (True, "", "", True, "it is less anonymous than a link that we e-mail"),
        (False, "sam@example.org", "waiting", True, "it is less anonymous than a link that we"),
    ],
)
def test_the_link_of_an_invitation_without_a_name_is_shown_only_where_no_mail_takes_it(
    app, world, serves, email, state, shown, said
):
    app.extensions["supervise"] = replace(app.extensions["supervise"], **(SERVER if serves else {}))
    ClientIdentity.create(client=world.client(), name="Sam Reed", email=email)
    link = Link.get_by_id(invite(world, anonymous=True).link_id)
    Mail.update(state=state or "waiting", sent_at=world.now).execute()
    learner = app.test_client()
    sign_in(learner, world.learner, world.centre, world.now)
    for path in (
        "/feedback", "/", "/clients", f"/clients/{world.client().id}", "/account/data.json",
        "/confirmations?state=asked", f"/links/{link.id}",
    ):  # fmt: skip
        for headers in ({}, {"HX-Request": "true"}):
            page = learner.get(path, headers=headers).get_data(as_text=True)
            assert link.mailed_token not in page
            here = path == "/feedback" and not headers  # the fragment is of what came in
            assert (link.token in page) == (shown and here), path
    page = learner.get("/feedback")
    assert said in text(page)
    assert "Yes, withdraw it" in page.text
    assert ("QR code" in page.text) == shown


def test_with_a_name_the_link_is_shown_also_where_mail_takes_it(app, world):
    app.extensions["supervise"] = replace(app.extensions["supervise"], **SERVER)
    ClientIdentity.create(client=world.client(), name="Sam Reed", email="sam@example.org")
    link = Link.get_by_id(invite(world).link_id)
    learner = app.test_client()
    sign_in(learner, world.learner, world.centre, world.now)
    assert link.token in learner.get("/feedback").text


def test_whoever_gives_it_is_told_by_which_link_it_is_less_anonymous(world, client):
    link = Link.get_by_id(invite(world, anonymous=True).link_id)
    words = "Priya Nair can open it too, so it is less anonymous."
    assert words in text(client.get(f"/link/{link.token}"))
    mailed = text(client.get(f"/link/{link.mailed_token}"))
    assert words not in mailed
    assert "so nobody can tell which is yours." in mailed
    named = Link.get_by_id(invite(world, about="programme").link_id)
    assert "less anonymous" not in text(client.get(f"/link/{named.token}"))
