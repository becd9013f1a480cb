"""Invitations: a link that sets a password once, and only for whom it was meant."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.events import history
from supervise.models import Actor, Centre, Invitation, Membership, Person
from supervise.models.admission import add_person
from tests.coming_in import (
    PASSWORD,
    SECRET,
    come_in,
    enter,
    is_in,
    set_password,
    token,
    token_in,
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


def invite(world: World, person: Person, days: int = 14) -> str:
    by = Actor.of(world.admin, world.centre, NOW)
    token = Invitation.invite(person, world.centre, now=NOW, days=days, by=by)
    return f"/invitation/{token}"


def accept(client: FlaskClient, address: str, password: str = PASSWORD, confirm: str = ""):
    data = {"csrf_token": token(client), "password": password, "confirm": confirm or password}
    return client.post(address, data=data)


def test_an_invitation_sets_a_password_and_signs_in(client: FlaskClient, world: World) -> None:
    address = invite(world, world.supervisor)
    page = client.get(address).text
    assert "Welcome, Marian" in page
    assert f"Ada Quill of {world.centre.name} invites you" in page
    assert accept(client, address).status_code == 303
    assert world.supervisor.email in client.get("/account").text


def test_an_invitation_works_once(app: Flask, world: World) -> None:
    address = invite(world, world.supervisor)
    first, second = app.test_client(), app.test_client()
    forms = [token_in(client.get(address).text) for client in (first, second)]
    answers = [
        client.post(address, data={"csrf_token": csrf, "password": word, "confirm": word})
        for client, csrf, word in zip(
            (first, second), forms, (PASSWORD, "another kettle entirely"), strict=True
        )
    ]
    assert [answer.status_code for answer in answers] == [303, 410]
    assert is_in(first)
    assert not is_in(second)
    assert enter(app.test_client(), world.supervisor.email).status_code == 303


def test_looking_at_an_invitation_changes_nothing(client: FlaskClient, world: World) -> None:
    address = invite(world, world.supervisor)
    before = [list(model.select().order_by(model.id).dicts()) for model in (Invitation, Person)]
    for _ in range(100):
        assert client.get(address).status_code == 200
    after = [list(model.select().order_by(model.id).dicts()) for model in (Invitation, Person)]
    assert before == after
    assert accept(client, address).status_code == 303


def test_a_link_that_does_not_work_says_what_to_do(
    client: FlaskClient, world: World, moment: time_machine.Traveller
) -> None:
    old, late, closed = (invite(world, p) for p in (world.tutor, world.supervisor, world.learner))
    newer = invite(world, world.tutor)
    Person.update(disabled_at=NOW).where(Person.id == world.learner.id).execute()
    statuses = {"/invitation/unknown": 404, old: 410, closed: 410}
    for address, status in statuses.items():
        assert accept(client, address).status_code == status
        page = client.get(address)
        assert page.status_code == status
        assert "Ask your centre&#39;s administrator for a new link" in page.text or (
            "Ask your centre's administrator for a new link" in page.text
        )
    assert client.get(newer).status_code == 200
    moment.shift(timedelta(days=15))
    assert client.get(late).status_code == 410


@pytest.mark.parametrize(
    ("password", "confirm", "sentence"),
    [
        ("short", "", "Use at least 12 characters"),
        ("P@ssw0rd2026!", "", "first passwords people guess"),
        ("marian hale 99", "", "made of your name"),
        (PASSWORD, "copper kettle on the hull", "The two are not the same"),
        ("x" * 201, "", "Use at most 200 characters"),
        ("", "", "Choose a password"),
    ],
)
def test_a_weak_password_does_not_use_the_invitation_up(
    client: FlaskClient, world: World, password: str, confirm: str, sentence: str
) -> None:
    address = invite(world, world.supervisor)
    answer = accept(client, address, password, confirm)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert accept(client, address).status_code == 303


def test_a_new_link_ends_sessions_and_does_not_go_round_the_second_factor(
    app: Flask, world: World
) -> None:
    before = app.test_client()
    come_in(before, world)
    set_password(world.learner, totp_secret=SECRET)
    client = app.test_client()
    answer = accept(client, invite(world, world.learner), "a different kettle now")
    assert "Code from your app" in answer.text
    assert not is_in(client)
    assert not is_in(before)


def test_one_centre_cannot_take_an_account_of_another_over(
    client: FlaskClient, world: World
) -> None:
    other = Centre.create(name="Other Centre", number="O1", created_at=NOW)
    Membership.grant(world.learner, other, "learner", by=None, now=NOW)
    address = f"/invitation/{Invitation.invite(world.learner, other, now=NOW, days=14)}"
    assert "this link sets no password" in client.get(address).text
    assert accept(client, address, "a password of another").status_code == 422
    assert enter(client, world.learner.email).status_code == 303


def asked_by(world: World, person: Person, role: str) -> str:
    """The address of the link with which a centre asks somebody who has an account."""
    by = Actor.of(world.admin, world.centre, NOW)
    found, token = add_person("Whoever", person.email, [role], by=by, now=NOW, days=14)
    assert found == person
    return f"/invitation/{token}"


def test_an_older_link_of_another_centre_does_not_get_the_role(
    client: FlaskClient, world: World
) -> None:
    other = World()
    by = Actor.of(world.admin, world.centre, NOW)
    vic, token = add_person("Vic", "vic@example.org", ["tutor"], by=by, now=NOW, days=14)
    offer = asked_by(other, vic, "admin")
    assert accept(client, offer).status_code == 422, "the newer link sets no password either"
    assert accept(client, f"/invitation/{token}").status_code == 303
    assert Membership.roles_of(vic, other.centre) == frozenset()
    assert Membership.roles_of(vic, world.centre) == {"tutor"}


def test_somebody_with_an_account_accepts_signed_in(client: FlaskClient, world: World) -> None:
    other = World()
    address = asked_by(other, world.learner, "supervisor")
    stranger = client.get(address).text
    assert "as supervisor" in stranger
    assert world.learner.first_name not in stranger
    assert client.post(address, data={"csrf_token": token(client)}).status_code == 422
    come_in(client, world)
    page = client.get(address).text
    assert f"Ada Quill of {other.centre.name} invites you as supervisor" in page
    assert client.post(address, data={"csrf_token": token_in(page)}).status_code == 303
    assert Membership.roles_of(world.learner, other.centre) == {"supervisor"}
    assert Membership.roles_of(world.learner, world.centre) == {"learner"}
    assert other.centre.name in client.get("/account").text
    assert client.get(address).status_code == 410
    last = history("person", world.learner.id)[-1]
    assert (last.verb, last.person_id) == ("accepted", world.learner.id)


def test_somebody_else_signed_in_cannot_accept(client: FlaskClient, world: World) -> None:
    address = asked_by(World(), world.tutor, "admin")
    come_in(client, world)
    page = client.get(address).text
    assert world.tutor.first_name not in page
    assert client.post(address, data={"csrf_token": token(client, "/account")}).status_code == 422
    assert Invitation.select().where(Invitation.used_at.is_null(False)).count() == 0


def test_an_older_link_sets_no_password_once_another_centre_was_accepted(
    client: FlaskClient, world: World
) -> None:
    address = invite(world, world.learner)
    invitation = Invitation.with_token(address.rsplit("/", 1)[1])
    offer = asked_by(World(), world.learner, "admin")
    assert Invitation.with_token(offer.rsplit("/", 1)[1]).take_up(now=NOW)
    assert not invitation.accept("another hash", now=NOW)
    assert accept(client, address, "a password of another").status_code == 422
    assert enter(client, world.learner.email).status_code == 303


def test_an_invitation_is_accepted_once_and_in_time(client: FlaskClient, world: World) -> None:
    address = invite(world, world.supervisor)
    first, second = (Invitation.with_token(address.rsplit("/", 1)[1]) for _ in range(2))
    assert not first.accept("too late", now=NOW + timedelta(days=15))
    assert Person.get_by_id(world.supervisor.id).password_hash is None
    assert first.accept("a hash", now=NOW)
    assert not second.accept("another hash", now=NOW)
    assert Person.get_by_id(world.supervisor.id).password_hash == "a hash"
    assert client.get(address).status_code == 410
