"""Coming in and leaving: what is refused, what is not told, and when a session ends."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise import create_app, db, passwords
from supervise.models import Actor, Centre, Membership, Person, SignIn
from supervise.views.signin import PER_ACCOUNT, PER_ADDRESS
from tests import engines
from tests.coming_in import (
    PASSWORD,
    come_in,
    enter,
    fields_in,
    is_in,
    set_password,
    token,
    token_in,
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


# --- coming in ---------------------------------------------------------------------------


def test_the_right_password_leads_to_today(client: FlaskClient, world: World) -> None:
    answer = enter(client, f" {world.learner.email.upper()} ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_in(client)


def test_without_a_sign_in_the_page_asked_for_comes_after_it(
    client: FlaskClient, world: World
) -> None:
    asked = client.get("/account?tab=1")
    assert asked.location == "/login?next=/account?tab%3D1"
    fields = fields_in(client.get(asked.location).text)
    answer = enter(client, world.learner.email, **{"next": fields["next"]})
    assert answer.location == "/account?tab=1"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ],
)
def test_signing_in_never_leads_away(client: FlaskClient, world: World, target: str) -> None:
    assert enter(client, world.learner.email, next=target).location == "/"
    client.post("/logout", data={"csrf_token": token(client, "/account")})
    kept = {"kept-path": target, "kept-done": "x"}
    assert enter(client, world.learner.email, **kept).location == "/"


def test_a_wrong_password_keeps_the_address_and_not_the_password(
    client: FlaskClient, world: World
) -> None:
    answer = enter(client, world.learner.email, "not the right one at all")
    assert answer.status_code == 422
    assert "do not go together" in answer.text
    assert world.learner.email in answer.text
    assert "not the right one" not in answer.text
    assert not is_in(client)


def test_nothing_tells_whether_somebody_has_an_account(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []

    class Counted:
        def verify(self, stored: str, password: str) -> bool:
            work.append(stored.split("$")[3])
            return real.verify(stored, password)

    real = passwords.HASHER
    set_password(world.tutor, disabled_at=NOW)
    Membership.delete().where(Membership.person == world.admin).execute()
    set_password(world.admin)
    monkeypatch.setattr(passwords, "HASHER", Counted())
    seen = set()
    for email, password in [
        (world.learner.email, "a wrong one of some length"),
        ("nobody@example.org", PASSWORD),
        (world.supervisor.email, PASSWORD),  # invited, no password yet
        (world.tutor.email, PASSWORD),  # disabled
        (world.admin.email, PASSWORD),  # belongs to no centre any more
        ("no\x01body@example.org", PASSWORD),
        ("", ""),
    ]:
        answer = enter(app.test_client(), email, password)
        page = re.sub(r'(csrf_token|email)"([^>]*) value="[^"]*"', "", answer.text)
        seen.add((answer.status_code, page))
    assert len(seen) == 1
    assert work == ["m=19456,t=2,p=1"] * 7


def test_a_password_kept_with_old_parameters_is_hashed_anew(
    client: FlaskClient, world: World
) -> None:
    old = passwords.PasswordHasher(1, 8192, 1).hash(PASSWORD)
    Person.update(password_hash=old).where(Person.id == world.learner.id).execute()
    come_in(client, world)
    kept = Person.get_by_id(world.learner.id).password_hash
    assert "m=19456,t=2,p=1" in kept
    assert passwords.verify(kept, PASSWORD)


def test_people_come_into_the_centre_they_used_last(client: FlaskClient, world: World) -> None:
    other = Centre.create(name="AAA Centre", number="A1", created_at=NOW)
    Membership.grant(world.learner, other, "supervisor", by=None, now=NOW)
    SignIn.begin(world.learner, other, "", NOW - timedelta(days=2))
    SignIn.begin(world.learner, world.centre, "", NOW - timedelta(days=1))
    come_in(client, world)
    assert re.search(rf"<dd>\s*{world.centre.name}\s*</dd>", client.get("/account").text)


# --- the throttle ------------------------------------------------------------------------


@pytest.mark.parametrize("known", [True, False], ids=["account", "nobody"])
def test_the_eleventh_attempt_on_an_account_waits(
    client: FlaskClient, world: World, moment: time_machine.Traveller, known: bool
) -> None:
    email = world.learner.email if known else "nobody@example.org"
    for _ in range(PER_ACCOUNT):
        assert enter(client, email, "wrong wrong wrong").status_code == 422
    refused = enter(client, email)
    assert refused.status_code == 429
    assert "Wait a quarter of an hour" in refused.text
    moment.shift(timedelta(minutes=16))
    assert enter(client, email).status_code == (303 if known else 422)


def test_a_success_forgets_the_failures_before_it(client: FlaskClient, world: World) -> None:
    for _ in range(2):
        for _ in range(PER_ACCOUNT - 1):
            enter(client, world.learner.email, "wrong wrong wrong")
        come_in(client, world)
        client.post("/logout", data={"csrf_token": token(client, "/account")})


def test_one_address_cannot_try_many_accounts(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "verify", lambda stored, password: password == PASSWORD)
    csrf = token(client)
    for n in range(PER_ADDRESS):
        data = {"email": f"p{n}@example.org", "password": "wrong", "csrf_token": csrf}
        assert client.post("/login", data=data).status_code == 422
    assert enter(client, world.learner.email).status_code == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    data = {"email": world.learner.email, "password": PASSWORD, "csrf_token": csrf}
    assert client.post("/login", data=data, environ_base=elsewhere).status_code == 303


# --- the session -------------------------------------------------------------------------


def test_the_cookie_is_worth_nothing_after_signing_out(client: FlaskClient, world: World) -> None:
    come_in(client, world)
    cookie = client.get_cookie("supervise").value
    client.post("/logout", data={"csrf_token": token(client, "/account")})
    client.set_cookie("supervise", cookie)
    assert client.get("/account").location == "/login?next=/account"


def test_the_session_is_a_new_one_at_each_sign_in(client: FlaskClient, world: World) -> None:
    sign_in(client, world.tutor, world.centre, NOW)
    planted = client.get_cookie("supervise").value
    csrf = token(client, "/account")
    data = {"email": world.learner.email, "password": PASSWORD, "csrf_token": csrf}
    assert client.post("/login", data=data).status_code == 303
    assert world.learner.email in client.get("/account").text
    assert token(client, "/account") != csrf
    client.set_cookie("supervise", planted)
    assert not is_in(client)


def test_an_hour_without_a_request_ends_the_session(
    client: FlaskClient, world: World, moment: time_machine.Traveller
) -> None:
    come_in(client, world)
    moment.shift(timedelta(minutes=59))
    assert is_in(client)
    moment.shift(timedelta(minutes=59))
    assert is_in(client)
    moment.shift(timedelta(minutes=61))
    assert not is_in(client)


def test_twelve_hours_end_the_session_however_busy(
    client: FlaskClient, world: World, moment: time_machine.Traveller
) -> None:
    come_in(client, world)
    for _ in range(23):
        moment.shift(timedelta(minutes=30))
        assert is_in(client)
    moment.shift(timedelta(minutes=31))
    assert not is_in(client)


def test_disabling_somebody_ends_their_sessions(client: FlaskClient, world: World) -> None:
    come_in(client, world)
    Person.get_by_id(world.learner.id).disable(by=Actor.of(world.admin, world.centre, NOW), now=NOW)
    assert not is_in(client)
    assert enter(client, world.learner.email).status_code == 422


# --- headers and cookies -----------------------------------------------------------------


def test_every_page_carries_the_headers_that_close_the_doors(
    client: FlaskClient, world: World
) -> None:
    headers = client.get("/login?next=/account").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "HX-Request" in headers["Vary"]
    assert "Strict-Transport-Security" not in headers


def test_over_https_the_cookie_is_bound_to_the_host(world: World, app: Flask) -> None:
    bound = db.database.obj
    secure = create_app(replace(app.extensions["supervise"], https=True))
    engines.disconnect()
    db.database.initialize(bound)
    client = secure.test_client()
    page = client.get("/login", base_url="https://localhost")
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    data = {"email": world.learner.email, "password": PASSWORD, "csrf_token": token_in(page.text)}
    answer = client.post(
        "/login", data=data, base_url="https://localhost",
        headers={"Referer": "https://localhost/login"},
    )  # fmt: skip
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-supervise=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in cookie
    assert "Domain" not in cookie
