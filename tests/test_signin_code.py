"""The second step of the sign-in: codes, each accepted once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.views.signin import PER_ACCOUNT
from tests.coming_in import (
    SECRET,
    code_at,
    enter,
    fields_in,
    is_in,
    set_password,
)
from tests.world import NOW, World


@pytest.fixture(autouse=True)
def moment() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    set_password(made.learner)
    return made


def test_with_a_second_factor_the_password_alone_lets_nobody_in(
    client: FlaskClient, world: World
) -> None:
    set_password(world.learner, totp_secret=SECRET)
    asked = enter(client, world.learner.email, next="/account")
    assert "Code from your app" in asked.text
    assert not is_in(client)
    answer = client.post("/login/code", data={**fields_in(asked.text), "code": code_at(NOW)})
    assert (answer.status_code, answer.location) == (303, "/account")
    assert is_in(client)


def test_a_code_is_accepted_once(app: Flask, world: World, moment: time_machine.Traveller) -> None:
    set_password(world.learner, totp_secret=SECRET)

    def step(code: str) -> int:
        client = app.test_client()
        fields = fields_in(enter(client, world.learner.email).text)
        return client.post("/login/code", data={**fields, "code": code}).status_code

    assert step(code_at(NOW)) == 303
    assert step(code_at(NOW)) == 422
    assert step(code_at(NOW - timedelta(seconds=30))) == 422
    moment.shift(timedelta(seconds=30))
    assert step(code_at(NOW + timedelta(seconds=30))) == 303


@pytest.mark.parametrize(("seconds", "status"), [(-30, 303), (30, 303), (-60, 422), (60, 422)])
def test_a_phone_may_be_wrong_by_one_step(
    client: FlaskClient, world: World, seconds: int, status: int
) -> None:
    set_password(world.learner, totp_secret=SECRET)
    fields = fields_in(enter(client, world.learner.email).text)
    code = code_at(NOW + timedelta(seconds=seconds))
    assert client.post("/login/code", data={**fields, "code": code}).status_code == status


def test_codes_cannot_be_tried_out(client: FlaskClient, world: World) -> None:
    set_password(world.learner, totp_secret=SECRET)
    fields = fields_in(enter(client, world.learner.email).text)
    for _ in range(PER_ACCOUNT):
        answer = client.post("/login/code", data={**fields, "code": "00000x"})
        assert answer.status_code == 422
    assert client.post("/login/code", data={**fields, "code": code_at(NOW)}).status_code == 429
    assert not is_in(client)


def test_the_second_step_does_not_wait_for_ever(
    client: FlaskClient, world: World, moment: time_machine.Traveller
) -> None:
    set_password(world.learner, totp_secret=SECRET)
    fields = fields_in(enter(client, world.learner.email).text)
    later = moment.shift(timedelta(minutes=11)) or NOW + timedelta(minutes=11)
    answer = client.post("/login/code", data={**fields, "code": code_at(later)})
    assert "Sign in once more" in answer.text
    assert not is_in(client)
