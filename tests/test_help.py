"""Help and privacy are for everybody."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests.coming_in import (
    set_password,
)
from tests.world import NOW, World, sign_in


@pytest.fixture(autouse=True)
def moment() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    set_password(made.learner)
    return made


@pytest.mark.parametrize("path", ["/help", "/privacy"])
def test_help_and_privacy_are_for_everybody(client: FlaskClient, world: World, path: str) -> None:
    assert client.get(path).status_code == 200
    sign_in(client, world.learner, world.centre, NOW)
    assert client.get(path).status_code == 200


def test_privacy_says_what_a_withdrawal_takes_and_what_it_leaves(client: FlaskClient) -> None:
    page = client.get("/privacy").text
    for words in (
        "what they or the sponsor said in feedback under their name",
        "the text of a contract that they or the sponsor agreed to, which names nobody",
        "that feedback was given, with its ratings",
        "Feedback given without a name stays whole",
    ):
        assert words in page
