"""Attempts to sign in: counted under keys that tell nothing, and forgotten."""

from datetime import timedelta

import pytest

from supervise.models import Attempt, SignIn
from supervise.views.signin import address_key
from tests.coming_in import PASSWORD, SECRET, set_password, token
from tests.world import NOW, World, sign_in


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_an_address_is_kept_as_a_hash_and_ipv6_by_its_network(app, one, other, same, engine):
    def key(address):
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            return address_key()

    assert one not in key(one)
    assert (key(one) == key(other)) is same


def test_old_attempts_are_forgotten_at_the_next_sign_in(database):
    world = World()
    Attempt.begin({"account:x": 10}, NOW - timedelta(days=2))
    SignIn.begin(world.learner, world.centre, "", NOW)
    assert Attempt.select().count() == 0


def test_the_question_for_a_code_ends_the_session_that_was_open(app):
    world = World()
    set_password(world.learner, totp_secret=SECRET)
    client = app.test_client()
    sign_in(client, world.tutor, world.centre)
    data = {"email": world.learner.email, "password": PASSWORD}
    answer = client.post("/login", data=data | {"csrf_token": token(client, "/account")})
    assert "Code from your app" in answer.text
    assert SignIn.get(SignIn.person == world.tutor).ended_at is not None
