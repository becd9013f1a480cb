"""What somebody typed while their session ended goes through the new sign-in."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise import auth
from tests.coming_in import (
    PASSWORD,
    SECRET,
    code_at,
    come_in,
    enter,
    fields_in,
    is_in,
    set_password,
    token,
)
from tests.world import NOW, World

KEPT_PATH = "/typing"


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app with one long form in it, so that these tests need no other noun."""

    @auth.keeps_typing
    @auth.allow("learner")
    def typing() -> str:
        return "stored: " + "|".join(auth.request.form.getlist("done"))

    app.add_url_rule(KEPT_PATH, "typing", typing, methods=["POST"])
    return app


@pytest.fixture(autouse=True)
def moment() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    set_password(made.learner)
    return made


TYPED = 'First line,\r\nsecond <b>"line"</b> & more'


def post_after_the_end(client: FlaskClient, **headers: str):
    """A long form posted by somebody whose session ended while they wrote."""
    data = {"csrf_token": "of the old session", "done": TYPED, "kind": "coaching"}
    return client.post(KEPT_PATH, data=data, headers=headers)


@pytest.mark.parametrize("factor", [False, True], ids=["password", "code"])
@pytest.mark.parametrize("mistake", [False, True], ids=["at once", "after a mistake"])
def test_typing_goes_through_a_new_sign_in(
    client: FlaskClient, world: World, factor: bool, mistake: bool
) -> None:
    set_password(world.learner, totp_secret=SECRET if factor else None)
    page = post_after_the_end(client)
    assert page.status_code == 401
    assert "what you typed is kept" in page.text
    who = {"email": world.learner.email, "password": PASSWORD}
    if mistake:
        page = client.post("/login", data={**fields_in(page.text), **who, "password": "no"})
    page = client.post("/login", data={**fields_in(page.text), **who})
    if factor and mistake:
        page = client.post("/login/code", data={**fields_in(page.text), "code": "123"})
    if factor:
        page = client.post("/login/code", data={**fields_in(page.text), "code": code_at(NOW)})
    assert "You were signed out. What you typed is here." in page.text
    assert f'action="{KEPT_PATH}"' in page.text
    fields = fields_in(page.text)
    assert (fields["done"], fields["kind"]) == (TYPED, "coaching")
    assert client.post(KEPT_PATH, data=fields).text == f"stored: {TYPED}"


def test_typing_survives_a_token_of_an_earlier_sign_in(client: FlaskClient, world: World) -> None:
    come_in(client, world)
    page = post_after_the_end(client)
    assert page.status_code == 400
    fields = fields_in(page.text)
    assert fields["done"] == TYPED
    assert client.post(KEPT_PATH, data=fields).text == f"stored: {TYPED}"


def test_typing_survives_a_sign_in_in_another_tab(client: FlaskClient, world: World) -> None:
    waiting = fields_in(post_after_the_end(client).text)
    come_in(client, world)
    who = {"email": world.learner.email, "password": PASSWORD}
    page = client.post("/login", data={**waiting, **who})
    assert page.status_code == 400
    assert client.post(KEPT_PATH, data=fields_in(page.text)).text == f"stored: {TYPED}"


def test_text_that_another_site_sends_is_not_kept(client: FlaskClient, world: World) -> None:
    page = post_after_the_end(client, Origin="https://evil.example")
    assert page.location == "/login"
    data = {
        "email": world.learner.email, "password": PASSWORD, "csrf_token": token(client),
        "kept-path": KEPT_PATH, "kept-done": "theirs",
    }  # fmt: skip
    answer = client.post("/login", data=data, headers={"Origin": "https://evil.example"})
    assert answer.location == "/"


def test_kept_text_goes_to_long_forms_only(client: FlaskClient, world: World) -> None:
    for path in ("/account/zone", "/logout", "/login", "/nowhere"):
        client.delete_cookie("supervise")
        kept = {"kept-path": path, "kept-zone": "UTC"}
        assert enter(client, world.learner.email, **kept).location == "/"


def test_a_form_without_a_token_is_refused(client: FlaskClient, world: World) -> None:
    who = {"email": world.learner.email, "password": PASSWORD}
    assert client.post("/login", data=who).status_code == 400
    assert client.post("/login/code", data={"code": "123456"}).status_code == 400
    assert not is_in(client)
    come_in(client, world)
    assert client.post("/logout").status_code == 400
    assert is_in(client)


def test_a_fragment_after_the_end_sends_the_whole_page_to_sign_in(
    client: FlaskClient, world: World
) -> None:
    shown = {"HX-Request": "true", "HX-Current-URL": "http://localhost/account?tab=1"}
    answer = client.get("/account", headers=shown)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/account?tab%3D1"


def test_what_was_typed_is_listed_in_words(client: FlaskClient, world: World) -> None:
    data = {
        "author": "1", "draft_key": "page-1", "version": "0", "go": "submit",
        "clients": str(world.client("Client A").id), "date": "2026-10-07", "minutes": "60",
        "done": "Scaling.", "private": "Mine.", "place": "",
    }  # fmt: skip
    page = client.post("/sessions/new", data=data)
    who = {"email": world.learner.email, "password": PASSWORD}
    page = client.post("/login", data={**fields_in(page.text), **who})
    listed = page.text.split("What you wrote")[1]
    told = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", listed)
    assert told == [
        ("Client", "Client A"), ("Date", "Wed 7 Oct 2026"), ("Minutes", "60"),
        ("What you did", "Scaling."), ("For yourself", "Mine."),
    ]  # fmt: skip
