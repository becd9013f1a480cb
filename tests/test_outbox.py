"""The outbox page: what an administrator sees of mail, and never who a client is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise import events
from supervise.mail.letters import HIDDEN
from supervise.models import ClientIdentity, Consent, Link, Mail, MailWish
from supervise.models.admission import add_person
from supervise.reports import outbox
from tests import contracting
from tests.world import NOW, World, sign_in

WHO = {"name": "Ottoline Grebe", "email": "ottoline@kestrelfoundry.example.org"}


@pytest.fixture(autouse=True)
def moment() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def world(app: Flask) -> World:
    return World()


@pytest.fixture
def admin(app: Flask, world: World) -> FlaskClient:
    client = app.test_client()
    sign_in(client, world.admin, world.centre, NOW)
    return client


def post(client: FlaskClient, path: str, **data: Any) -> Any:
    page = client.get("/account").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(path, data={"csrf_token": token, **data}, follow_redirects=True)


def link_mail(world: World) -> Mail:
    me = world.actor(world.learner)
    ClientIdentity.keep(world.client(), WHO, by=me, now=NOW)
    Consent.give(world.client(), date(2026, 3, 1), "Notes", by=me, now=NOW)
    contracting.offered(world, world.client().engagement("coaching"), "two")
    return Mail.get(Mail.kind == "contract")


def test_an_empty_outbox_says_what_will_come(admin: FlaskClient) -> None:
    page = admin.get("/admin/outbox").text
    assert "No mail yet." in page
    assert "This server process knows no mail server" in page


def test_a_link_is_to_a_client_of_its_learner(admin: FlaskClient, world: World) -> None:
    mail = link_mail(world)
    listed = admin.get("/admin/outbox").text
    assert "A client of Priya Nair" in listed
    page = admin.get(f"/admin/outbox/{mail.id}").text
    assert HIDDEN in page
    assert "Hello [their name]," in page
    for word in ("Ottoline", "Grebe", "kestrel", Link.get().token, Link.get().nonce):
        assert word not in listed + page


def test_an_invitation_shows_its_words_and_not_its_link(admin: FlaskClient, world: World) -> None:
    elsewhere = World()
    by = world.actor(world.admin)
    add_person("Whoever", elsewhere.tutor.email, ["tutor"], by=by, now=NOW, days=14)
    mail = Mail.get(Mail.kind == "invitation")
    page = admin.get(f"/admin/outbox/{mail.id}").text
    assert HIDDEN in page
    assert "/invitation/" not in page
    assert elsewhere.tutor.email in page
    assert elsewhere.tutor.name not in page  # not this centre's to know until they accept


def test_what_failed_says_why_and_is_sent_again(
    app: Flask, admin: FlaskClient, world: World
) -> None:
    world.session(state="returned")
    mail = Mail.get()
    why = "The mail server does not take mail for this address (550)."
    Mail.update(state="failed", fault=why, attempts=1).execute()
    assert "mail that could not be sent" in " ".join(admin.get("/").text.split()).replace(
        "<span>", ""
    )
    page = admin.get("/admin/outbox?state=failed").text
    assert why in page
    assert "Tried once." in page
    assert "Priya Nair" in page
    assert "It goes out with the next run." in post(admin, f"/admin/outbox/{mail.id}/again").text
    fresh = Mail.get()
    assert (fresh.state, fresh.attempts, fresh.fault, fresh.due_at) == ("waiting", 0, "", NOW)
    told = events.history("mail", mail.id)
    assert [event.verb for event in told] == ["sent again"]
    twice = post(admin, f"/admin/outbox/{mail.id}/again")
    assert twice.status_code == 409
    assert "This mail has not failed" in twice.text


def test_all_that_failed_is_sent_again_at_once(admin: FlaskClient, world: World) -> None:
    elsewhere = World()
    for where in (world, world, elsewhere):
        Mail.queue("feedback-told", to=where.learner, centre=where.centre, now=NOW)
    assert "Send all that failed again" not in admin.get("/admin/outbox").text
    Mail.update(state="failed", fault="Why", attempts=6).execute()
    assert "Send all that failed again (2)" in admin.get("/admin/outbox").text
    assert "2 mails go out with the next run." in post(admin, "/admin/outbox/again").text
    theirs = Mail.select().where(Mail.centre == elsewhere.centre)
    assert [row.state for row in theirs] == ["failed"]
    assert {row.attempts for row in Mail.select().where(Mail.state == "waiting")} == {0}
    assert "No mail has failed." in post(admin, "/admin/outbox/again").text


def test_what_is_over_cannot_be_read_any_more(admin: FlaskClient, world: World) -> None:
    mail = link_mail(world)
    Link.end(Link.id == mail.link_id, NOW)
    assert "The link was withdrawn." in admin.get(f"/admin/outbox/{mail.id}").text


def test_it_is_narrowed_ordered_and_paged(admin: FlaskClient, world: World, queries: Any) -> None:
    for n in range(40):
        Mail.queue("feedback-told", to=world.learner, centre=world.centre, now=NOW + timedelta(n))
    Mail.queue("approvals", to=world.supervisor, centre=world.centre, now=NOW)
    with queries() as seen:
        page = admin.get("/admin/outbox").text
    assert seen.count <= 12, seen
    assert "1 to 25 of 41" in page
    assert "26 to 41 of 41" in admin.get("/admin/outbox?page=2").text
    only = admin.get("/admin/outbox?kind=approvals", headers={"HX-Request": "true"}).text
    assert "Marian Hale" in only
    assert "1 to 1 of 1" in only
    assert "No such mail." in admin.get("/admin/outbox?state=sent").text
    assert admin.get("/admin/outbox?state=nonsense&sort=oldest").status_code == 200


def test_no_centre_sees_anothers_mail(admin: FlaskClient, world: World) -> None:
    other = World()
    Mail.queue("feedback-told", to=other.learner, centre=other.centre, now=NOW)
    mail = Mail.get()
    assert "No mail yet." in admin.get("/admin/outbox").text
    assert admin.get(f"/admin/outbox/{mail.id}").status_code == 404
    assert post(admin, f"/admin/outbox/{mail.id}/again").status_code == 404


def test_everybody_chooses_when_their_mail_comes(app: Flask, world: World) -> None:
    me = app.test_client()
    sign_in(me, world.learner, world.centre, NOW)
    told = {"digest": "y", "digest_at": "18:30", "quiet_from": "22:00", "quiet_to": "07:00"}
    assert "Mail comes as you chose." in post(me, "/account/mail", **told).text
    kept = MailWish.get(MailWish.person == world.learner)
    assert (kept.digest, kept.digest_at, kept.quiet_from) == (True, "18:30", "22:00")
    assert 'value="18:30"' in me.get("/account").text
    for wrong, said in (
        ({"digest_at": ""}, "Say when: a time of day"),
        ({"digest_at": "25:00"}, "Write a time of day, such as 18:30."),
        ({"quiet_to": ""}, "Give both times, or leave both empty"),
        ({"quiet_to": "22:00"}, "Quiet hours end later than they begin"),
    ):
        answer = post(me, "/account/mail", **(told | wrong))
        assert answer.status_code == 422
        assert said in answer.text
    post(me, "/account/mail", digest="", digest_at="", quiet_from="", quiet_to="")
    assert not MailWish.get(MailWish.person == world.learner).digest


def test_the_pages_are_clean(admin: FlaskClient, world: World, checker: Any) -> None:
    mail = link_mail(world)
    world.session(state="returned")
    Mail.update(state="failed", fault="Why").where(Mail.kind == "returned").execute()
    for path in ("/admin/outbox", f"/admin/outbox/{mail.id}"):
        assert checker.check(admin.get(path).text) == []


def test_paths_in_mail_are_paths_of_the_app(app: Flask) -> None:
    adapter = app.url_map.bind("example.org")
    for path, endpoint in {
        "/link/x": "links.page", "/invitation/x": "invitations.page", "/sessions/1": "sessions.show",
        "/contracts/1": "contracts.show", "/feedback": "feedback.page",
        "/approvals": "approvals.page", "/account": "account.page",
        "/supervision/1": "supervision.show",
    }.items():  # fmt: skip
        assert adapter.match(path)[0] == endpoint


def test_a_long_outbox_is_not_counted_to_its_end(
    admin: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOST", 60)
    row = {"kind": "booked", "person": world.learner, "centre": world.centre, "created_at": NOW}
    Mail.insert_many([row | {"state": "sent", "sent_at": NOW}] * 61 + [row] * 60).execute()
    page = admin.get("/admin/outbox").text
    for words in ("Sent (more than 60)", "Waiting (60)", "Failed (0)", "1 to 25 of the first 60"):
        assert words in page
    assert "51 to 60 of the first 60" in admin.get("/admin/outbox?page=9").text
