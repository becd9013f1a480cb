"""Whether a link goes out by e-mail, said beside it to the learner who sent it."""

from dataclasses import replace
from email.headerregistry import Address

import pytest
import time_machine

from supervise.models import ClientIdentity, Mail
from supervise.settings import Smtp
from tests.contracting import engagement_of, offered
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
