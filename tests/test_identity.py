"""Who a client is stands where their learner looks, and nowhere else.

A client and a sponsor with names and addresses nobody else has; contracts agreed and offered,
sessions confirmed and disputed, feedback asked and given. Then every page as everybody, every
export, every table but the vault's, every log line: none may hold a word of who they are.
"""

from __future__ import annotations

import html
import logging
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.routing import Rule

from supervise import db, events, signing
from supervise.models import (
    Client,
    ClientIdentity,
    Consent,
    Feedback,
    Link,
    LinkContact,
    Mail,
    SignedName,
    agreeing,
    confirmations,
    erasure,
)
from supervise.models.confirmations import Answer
from tests import contracting
from tests.structure.test_routes import Scene, routes, scene  # noqa: F401 - the fixture, by name
from tests.world import sign_in

WHO = {
    "name": "Ottoline Grebe",
    "email": "ottoline.grebe@kestrelfoundry.example.org",
    "organisation": "Kestrelfoundry Works",
    "sponsor_name": "Barnaby Quollson",
    "sponsor_email": "b.quollson@marlowholding.example.org",
    "sponsor_organisation": "Marlowholding Group",
}
TYPED = ("Ottoline G. Signatory", "Barnaby Q. Signatory")
WORDS = ("ottoline", "grebe", "kestrelfoundry", "barnaby", "quollson", "marlowholding", "signatory")
VAULT = {ClientIdentity, LinkContact, SignedName}

# The owner's pages that are meant to show who a client is: words found there, and no other page.
SHOWN: dict[str, set[str]] = {
    "GET clients.one": set(WORDS) - {"signatory"},
    # the names that were typed under a contract, as on its paper
    "GET clients.engagement": {"ottoline", "barnaby", "signatory"},
    "GET contracts.show": {"ottoline", "barnaby", "signatory"},
}
EVERYBODY = (
    "anonymous", "owner", "stranger", "supervisor", "other supervisor", "tutor", "assessor",
    "iqa", "admin", "outside learner", "outside supervisor", "outside admin",
)  # fmt: skip


class Told(NamedTuple):
    """The scene with a client of whom everything is known, and the links still open."""

    scene: Scene
    client: Client
    links: dict[str, Link]


@pytest.fixture
def told(scene: Scene) -> Told:  # noqa: F811
    """The world of the routes, with everything that a client and a sponsor can take part in."""
    world = scene.world
    me = world.actor(world.learner)
    client = world.client()
    ClientIdentity.keep(client, WHO, by=me, now=world.now)
    Consent.give(client, date(2026, 3, 1), "Notes under the alias", by=me, now=world.now)
    client.describe({"needs": "Delegates little"}, by=me, now=world.now)
    engagement = client.engagement("coaching")
    _, first = contracting.offered(world, engagement, "three", world.now - timedelta(days=9))
    for name, party in zip(TYPED, ("client", "sponsor"), strict=True):
        agreeing.agree(first[party], name, now=world.now - timedelta(days=8))
    _, open_ = contracting.offered(world, engagement, "three", boundaries="Others.")
    links = {f"contract, {party}": link for party, link in open_.items()}
    days = [world.session(day=date(2026, 9, n), state="approved") for n in (10, 11, 12)]
    said = confirmations.ask(client, [days[0].id, days[1].id], by=me, now=world.now)
    yes, no = Answer(), Answer("length", 45, "It was shorter.")
    answers = dict(zip([one.id for one in confirmations.asked_by(said)], (yes, no), strict=True))
    assert confirmations.answer(said, answers, now=world.now)
    links["confirmation"] = confirmations.ask(client, [days[2].id], by=me, now=world.now)
    for source, about, anonymous in (
        ("client", "practitioner", False), ("client", "programme", True),
        ("sponsor", "practitioner", False),
    ):  # fmt: skip
        asked = Feedback.invite(
            world.enrolment, source, about, anonymous=anonymous, by=me, now=world.now, client=client
        )
        links[f"feedback, {source}, {about}"] = Link.get_by_id(asked.link_id)
    scene.arguments["client_id"] = client.id
    return Told(scene, client, links)


def found(text: str) -> set[str]:
    """Which of the words stand in a text, however it is written."""
    plain = html.unescape(text).casefold()
    return {word for word in WORDS if word in plain}


def pages(scene: Scene, who: str, *, fragments: bool = True) -> dict[str, set[str]]:  # noqa: F811
    """Every address that answers this person with words of who the client is, page or fragment."""
    client = scene.app.test_client()
    if who != "anonymous":
        world, person = scene.people[who]
        sign_in(client, person, world.centre, world.now)
    leaks = {}
    for rule in (rule for method, rule in routes(scene.app) if method == "GET"):
        for path in addresses(scene, rule):
            for headers in ({}, {"HX-Request": "true"}) if fragments else ({},):
                answer = client.get(path, headers=headers)
                told = answer.get_data(as_text=True) + str(answer.headers) + path
                if words := found(told):
                    leaks[f"GET {rule.endpoint}"] = words
    return leaks


def addresses(scene: Scene, rule: Rule) -> list[str]:  # noqa: F811
    """The addresses of a route: for each record of its kind there is in the database."""
    records: dict[str, list[Any]] = {
        name: [row.id for row in model.select()]
        for name, model in MODELS.items()
        if name in rule.arguments
    }
    chosen = dict(scene.arguments) | {"token": scene.arguments["link_token"], "code": "ILM-8580"}
    if not records:
        return [str(rule.build({name: chosen[name] for name in rule.arguments})[1])]  # type: ignore[index]
    [(name, ids), *_] = records.items()
    others = {other: chosen[other] for other in rule.arguments if other != name}
    return [str(rule.build(others | {name: id_})[1]) for id_ in ids]  # type: ignore[index]


def _models() -> dict[str, Any]:
    """The argument of a route → the records it names."""
    known = {model._meta.table_name: model for model in db.Model.__subclasses__()}
    named = {"session_id": "practice_session", "draft_id": "practice_session"}
    return {f"{name}_id": model for name, model in known.items()} | {
        argument: known[table] for argument, table in named.items()
    }


MODELS = _models()


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("engine", ["sqlite"])
def test_no_page_says_who_a_client_is_but_those_for_their_learner(
    told: Told, who: str, engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("peewee").setLevel(logging.WARNING)  # SQL with its values, in tests alone
    assert pages(told.scene, who) == (SHOWN if who == "owner" else {})
    lines = [record.getMessage() for record in caplog.records]
    assert not found("\n".join(lines))


@pytest.mark.parametrize("engine", ["sqlite"])
def test_what_is_sent_is_not_logged(
    told: Told, engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Names typed by client and coach, taken and refused: no line of the log has them."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("peewee").setLevel(logging.WARNING)  # SQL with its values, in tests alone
    app, world = told.scene.app, told.scene.world
    owner, nobody = app.test_client(), app.test_client()
    sign_in(owner, world.learner, world.centre, world.now)
    path = f"/clients/{told.client.id}"
    assert owner.post(path, data=WHO | {"email": "ottoline@@kestrelfoundry"}).status_code == 422
    assert owner.post(path, data=WHO | {"organisation": "Grebe & Co"}).status_code == 303
    before = SignedName.select().count()
    link = told.links["contract, client"]
    for _ in range(2):
        nobody.post(
            f"/link/{link.token}", data={"name": TYPED[0], "agree": "y", "decision": "agree"}
        )
    assert SignedName.select().count() == before + 1
    assert not found("\n".join(record.getMessage() for record in caplog.records))


@pytest.mark.parametrize("engine", ["sqlite"])
def test_what_a_link_shows_says_nothing_of_who_it_is_for(told: Told, engine: str) -> None:
    """Whoever opens it, signed in or not; also after it was answered, withdrawn or has expired."""
    app, world = told.scene.app, told.scene.world
    readers = {who: app.test_client() for who in EVERYBODY}
    for who, client in readers.items():
        if who != "anonymous":
            sign_in(client, told.scene.people[who][1], told.scene.people[who][0].centre, world.now)
    for purpose, link in told.links.items():
        for who, client in readers.items():
            answer = client.get(f"/link/{link.token}")
            assert answer.status_code == 200, (purpose, who)
            assert not found(answer.text + str(answer.headers)), (purpose, who)
    Link.end(Link.client == told.client, world.now)
    for link in told.links.values():
        assert not found(readers["anonymous"].get(f"/link/{link.token}").text)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_exports_hold_no_word_of_it(told: Told, engine: str) -> None:
    client = told.scene.app.test_client()
    sign_in(client, told.scene.world.learner, told.scene.world.centre, told.scene.world.now)
    seen = []
    for method, rule in routes(told.scene.app):
        if method != "GET":
            continue
        for path in addresses(told.scene, rule):
            answer = client.get(path)
            if "attachment" in answer.headers.get("Content-Disposition", ""):
                seen.append(rule.endpoint)
                assert not found(answer.get_data(as_text=True)), rule.endpoint
    assert {"privacy.page", "imports.export"} <= set(seen)


def tables() -> list[Any]:
    """Every table of the app, the chains' among them."""
    models = db.Model.__subclasses__() + signing.Link.__subclasses__()
    return [model for model in models if model is not signing.Link]


def test_no_table_but_the_vaults_holds_it(told: Told) -> None:
    holding = {
        model for model in tables() if found("\n".join(str(row) for row in model.select().tuples()))
    }
    assert holding == VAULT
    assert Mail.select().count() >= 6
    assert found("\n".join(str(event.detail) for event in events.Event.select())) == set()


def test_after_a_withdrawal_no_table_holds_it_at_all(told: Told) -> None:
    world = told.scene.world
    consent = Consent.last(told.client)
    assert consent is not None
    erasure.withdraw(consent, world.now.date(), by=world.actor(world.learner), now=world.now)
    holding = {
        model.__name__
        for model in tables()
        if found("\n".join(str(row) for row in model.select().tuples()))
    }
    assert holding == set()


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_name_put_into_a_page_for_others_is_found(told: Told, engine: str) -> None:
    """The search itself: a page that says the name to a supervisor does not get past it."""
    app: Flask = told.scene.app
    loader = app.jinja_env.loader
    assert loader is not None
    whole = loader.get_source(app.jinja_env, "clients/engagement.html")[0]
    name = ClientIdentity.get().name
    spoilt = whole.replace("<h1>", f"<h1>{name}, ", 1)
    assert spoilt != whole
    app.jinja_env.cache.clear()  # type: ignore[union-attr]
    get_source = loader.get_source

    def spoiling(environment: Any, template: str) -> Any:
        source, *rest = get_source(environment, template)
        return (spoilt if template == "clients/engagement.html" else source, *rest)

    loader.get_source = spoiling  # type: ignore[method-assign]
    assert "GET clients.engagement" in pages(told.scene, "supervisor")
