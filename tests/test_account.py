"""One's own account: what people change of themselves, and what that ends."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise import codes, events, passwords
from supervise.models import Centre, Invitation, Membership, Person, SignIn
from supervise.views.signin import PER_ACCOUNT
from tests.world import NOW, World, sign_in

PASSWORD = "copper kettle on the hill"
NEW = "seven grey herons walking"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36"


@pytest.fixture(autouse=True)
def moment() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    hashed = passwords.hash_password(PASSWORD)
    Person.update(password_hash=hashed).where(Person.id == made.learner.id).execute()
    return made


@pytest.fixture
def client(client: FlaskClient, world: World) -> FlaskClient:
    """The learner, signed in."""
    sign_in(client, world.learner, world.centre, NOW)
    return client


def post(client: FlaskClient, path: str, **data: object):
    """Posts a form of the account; the page is followed to where it leads."""
    csrf = re.search(r'csrf_token" value="([^"]+)"', client.get("/account").text)[1]
    data = {"csrf_token": csrf, **data}
    return client.post(f"/account{path}", data=data, follow_redirects=True)


def learner(world: World) -> Person:
    return Person.get_by_id(world.learner.id)


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


# --- zone and centre ---------------------------------------------------------------------


def test_times_follow_the_chosen_zone(client: FlaskClient) -> None:
    assert "Thu 8 Oct, 10:50" in client.get("/account").text
    page = post(client, "/zone", zone="Asia/Kolkata")
    assert page.status_code == 200
    assert "Thu 8 Oct, 15:20" in page.text
    assert "Times are for Kolkata" in page.text
    assert '<option selected value="Asia/Kolkata">Kolkata</option>' in page.text


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "localtime"])
def test_a_zone_there_is_not_is_refused(client: FlaskClient, world: World, zone: str) -> None:
    page = post(client, "/zone", zone=zone)
    assert page.status_code == 422
    assert "Choose a place from the list." in page.text
    assert learner(world).zone == "Europe/London"


def test_people_of_several_centres_go_over_to_another(client: FlaskClient, world: World) -> None:
    assert "Your centres" not in client.get("/account").text
    other = Centre.create(name="Harbour Centre", number="H1", created_at=NOW)
    Membership.grant(world.learner, other, "tutor", by=None, now=NOW)
    page = client.get("/account").text
    assert "Your centres" in page
    assert "Go there" in page
    post(client, "/centre", centre=other.id)
    page = client.get("/account").text
    assert re.search(r"<dd>\s*Harbour Centre\s*</dd>", page)
    assert re.search(r"<small>\s*tutor\s*</small>", page)


def test_nobody_goes_to_a_centre_they_do_not_belong_to(client: FlaskClient, world: World) -> None:
    other = Centre.create(name="Harbour Centre", number="H1", created_at=NOW)
    for wanted in (other.id, 9999, "x", ""):
        assert post(client, "/centre", centre=wanted).status_code == 404
    assert re.search(rf"<dd>\s*{world.centre.name}\s*</dd>", client.get("/account").text)


# --- password ----------------------------------------------------------------------------


def test_a_new_password_ends_the_other_sessions(
    app: Flask, client: FlaskClient, world: World
) -> None:
    elsewhere = app.test_client()
    sign_in(elsewhere, world.learner, world.centre, NOW)
    page = post(client, "/password", old=PASSWORD, password=NEW, confirm=NEW)
    assert "The password is changed. You are signed out everywhere but here." in page.text
    assert not is_in(elsewhere)
    assert is_in(client)
    assert passwords.verify(learner(world).password_hash, NEW)
    told = [event.verb for event in events.history("person", world.learner.id)]
    assert told[-1] == "changed the password"


@pytest.mark.parametrize(
    ("old", "password", "confirm", "sentence"),
    [
        ("not the one I use", NEW, NEW, "This is not the password you sign in with."),
        ("", NEW, NEW, "Type the password you have now."),
        (PASSWORD, NEW, NEW + "x", "The two are not the same."),
        (PASSWORD, "priyapriya12", "priyapriya12", "made of your name"),
        (PASSWORD, "Summer2026!!", "Summer2026!!", "first passwords people guess"),
    ],
)
def test_a_password_is_not_changed_by_halves(
    client: FlaskClient, world: World, old: str, password: str, confirm: str, sentence: str
) -> None:
    page = post(client, "/password", old=old, password=password, confirm=confirm)
    assert page.status_code == 422
    assert sentence in page.text
    assert passwords.verify(learner(world).password_hash, PASSWORD)


def test_the_old_password_cannot_be_tried_out(client: FlaskClient, world: World) -> None:
    for _ in range(PER_ACCOUNT):
        page = post(client, "/password", old="a wrong guess", password=NEW, confirm=NEW)
        assert page.status_code == 422
    page = post(client, "/password", old=PASSWORD, password=NEW, confirm=NEW)
    assert page.status_code == 429
    assert "Wait a quarter of an hour" in page.text


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        ("P@ssw0rd2026!", True),
        ("password-password", True),
        ("123456789012", True),
        ("qwertyuiopasdf", True),
        ("1Qaz2Wsx3Edc", True),
        ("Liverpool!2026", True),
        ("abcabcabcabc", True),
        ("!!!!!!!!!!!!", True),
        ("aaaaaaaaaaab", True),
        ("ＰＡＳＳＷＯＲＤ１２３４", True),
        ("Priya.Nair.2026", True),
        ("priya.101@example", True),
        ("eleven char", True),
        ("x" * 201, True),
        ("copper kettle on the hill", False),
        ("nothing rhymes with orange", False),
        ("7#kQ2!vLz9$w", False),
        ("%&/()=?+*-~<>", False),
        ("мост через реку", False),
    ],
)
def test_what_people_guess_first_is_refused(password: str, weak: bool) -> None:
    found = passwords.weakness(password, "priya.101@example.org", "Priya Nair")
    assert (found is not None) == weak, found


def test_a_password_is_the_same_however_it_is_typed() -> None:
    kept = passwords.hash_password("caf\u00e9 am gro\u00dfen platz")
    assert passwords.verify(kept, "cafe\u0301 am gro\u00dfen platz")
    assert not passwords.verify(None, "the password of nobody at all")


# --- second factor -----------------------------------------------------------------------


def set_up(client: FlaskClient) -> str:
    """Sets the second factor up as a person does; returns the secret."""
    page = client.get("/account/second-factor").text
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    done = post(client, "/second-factor", code=pyotp.TOTP(secret).at(NOW), old=PASSWORD)
    assert "The second factor is on." in done.text
    return secret


def test_a_second_factor_is_set_up_by_a_code(client: FlaskClient, world: World) -> None:
    page = client.get("/account/second-factor").text
    assert "<svg" in page
    assert "data:" not in page
    refused = post(client, "/second-factor", code="000 00", old=PASSWORD)
    assert refused.status_code == 422
    assert "This code is not right." in refused.text
    assert learner(world).totp_secret is None
    secret = set_up(client)
    assert learner(world).totp_secret == secret
    assert secret not in client.get("/account/second-factor").text


def test_setting_it_up_needs_the_password(client: FlaskClient, world: World) -> None:
    page = client.get("/account/second-factor").text
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    code = pyotp.TOTP(secret).at(NOW)
    for old in ("", "wrong"):
        assert post(client, "/second-factor", code=code, old=old).status_code == 422
    assert learner(world).totp_secret is None


def test_a_new_password_ends_a_link_that_could_set_another(
    app: Flask, client: FlaskClient, world: World
) -> None:
    token = Invitation.invite(world.learner, world.centre, now=NOW, days=14)
    post(client, "/password", old=PASSWORD, password=NEW, confirm=NEW)
    stranger = app.test_client()
    assert stranger.get(f"/invitation/{token}").status_code == 410
    assert passwords.verify(learner(world).password_hash, NEW)


def test_the_code_of_the_setting_up_cannot_be_used_again(client: FlaskClient, world: World) -> None:
    set_up(client)
    step = codes.matching_step(
        learner(world).totp_secret, pyotp.TOTP(learner(world).totp_secret).at(NOW), NOW
    )
    assert learner(world).totp_last_step == step


def test_turning_it_off_needs_the_password(client: FlaskClient, world: World) -> None:
    set_up(client)
    assert post(client, "/second-factor/off", old="wrong").status_code == 422
    assert learner(world).totp_secret
    assert "is off" in post(client, "/second-factor/off", old=PASSWORD).text
    assert learner(world).totp_secret is None


def test_where_the_centre_requires_it_nothing_else_opens_before(
    client: FlaskClient, world: World
) -> None:
    Centre.update(second_factor_required=True).where(Centre.id == world.centre.id).execute()
    assert client.get("/").location == "/account/second-factor"
    assert "Your centre asks everybody" in client.get("/account/second-factor").text
    set_up(client)
    assert client.get("/").status_code == 200
    page = client.get("/account/second-factor").text
    assert "it cannot be turned off" in page
    assert post(client, "/second-factor/off", old=PASSWORD).status_code == 403
    assert learner(world).totp_secret


# --- signed-in sessions ------------------------------------------------------------------


def test_the_list_says_where_one_is_signed_in(client: FlaskClient, world: World) -> None:
    SignIn.begin(world.learner, world.centre, CHROME, NOW - timedelta(minutes=20))
    SignIn.begin(world.learner, world.centre, "forgotten", NOW - timedelta(minutes=61))
    SignIn.begin(world.tutor, world.centre, "iPhone of somebody else", NOW)
    page = client.get("/account").text
    assert "Chrome on Windows" in page
    assert "Thu 8 Oct, 10:30" in page
    assert page.count("this one") == 1
    assert page.count("</button></form>\n              </td>") <= 1
    assert "an iPhone" not in page


def test_one_session_or_all_others_can_be_ended(
    app: Flask, client: FlaskClient, world: World
) -> None:
    others = [app.test_client() for _ in range(3)]
    for other in others:
        sign_in(other, world.learner, world.centre, NOW)
    first = SignIn.select().where(SignIn.person == world.learner).order_by(SignIn.id)[1]
    assert "That session is ended." in post(client, f"/sign-ins/{first.id}/end").text
    assert [is_in(other) for other in others] == [False, True, True]
    post(client, "/sign-ins/end-others")
    assert [is_in(other) for other in others] == [False, False, False]
    assert is_in(client)


def test_nobody_ends_the_session_of_another(app: Flask, client: FlaskClient, world: World) -> None:
    other = app.test_client()
    sign_in(other, world.tutor, world.centre, NOW)
    theirs = SignIn.get(SignIn.person == world.tutor)
    assert post(client, f"/sign-ins/{theirs.id}/end").status_code == 404
    post(client, "/sign-ins/end-others")
    assert is_in(other)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/141.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on an iPhone",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
            "Firefox on Linux",
        ),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/141.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8", "A device that does not say what it is"),
    ],
)
def test_a_device_is_told_in_words(agent: str, words: str) -> None:
    assert SignIn(device=agent).device_words == words


def test_the_account_takes_few_queries(client: FlaskClient, world: World, queries) -> None:
    for _ in range(30):
        SignIn.begin(world.learner, world.centre, CHROME, NOW)
    with queries() as seen:
        client.get("/account")
    assert seen.count <= 12, seen


# --- in a browser ------------------------------------------------------------------------


def test_the_pages_are_clean(
    page, live, world: World, check_everywhere, moment, monkeypatch
) -> None:
    monkeypatch.setattr("supervise.auth.now", lambda: NOW)
    for path in ("/login", "/help", "/privacy", "/invitation/unknown"):
        page.goto(path)
        check_everywhere(page)
    page.goto("/login")
    page.get_by_label("E-mail").fill(world.learner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/account")
    check_everywhere(page)
    page.goto("/account/second-factor")
    check_everywhere(page)
