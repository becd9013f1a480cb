"""Every route × every kind of person × whose record it is, from the app's own list of routes.

All records asked for belong to one learner's enrolment in one centre. The owner asks for their own,
the stranger for another's, the outsiders for another centre's. A route that is not in the table
fails, so nobody adds one without saying who may use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule

from supervise import auth, db
from supervise.models import (
    Assignment,
    CalendarFeed,
    DiaryUpload,
    Engagement,
    Goal,
    Invitation,
    Link,
    Mail,
    MeetingAction,
    Person,
    publishing,
)
from tests import meeting as meetings
from tests.contracting import offered
from tests.feedbacks import give
from tests.slots import arranged
from tests.world import World, sign_in

PEOPLE = (
    "anonymous", "owner", "stranger", "supervisor", "other supervisor", "tutor", "assessor", "iqa",
    "admin", "outside learner", "outside supervisor", "outside admin",
)  # fmt: skip

# What each may have: "yes" (the page, or an answer to the form), 403 (not for this role),
# 404 (not theirs to know of), "in" (asked to sign in). Whoever is not named gets "else".
EVERYBODY = {"else": "yes"}
SIGNED_IN = {"anonymous": "in", "else": "yes"}


def only(*roles: str, outside: str | int = "yes", other: str | int = "yes") -> dict[str, Any]:
    """A page of one's own: open to these roles in any centre, since it shows each their own."""
    allowed = {"anonymous": "in", "else": 403}
    for person in PEOPLE:
        role = {"owner": "learner", "stranger": "learner"}.get(person, person.split()[-1])
        if role in roles:
            allowed[person] = outside if person.startswith("outside") else other
            if person in ("owner", "supervisor", "tutor", "assessor", "iqa", "admin"):
                allowed[person] = "yes"
    return allowed


def record(*people: str, role: tuple[str, ...] = ()) -> dict[str, Any]:
    """A record: these reach it; others of the route's roles get 404, everybody else 403."""
    table = only(*role, outside=404, other=404) if role else {"anonymous": "in", "else": 404}
    for person, answer in table.items():
        if role and answer == "yes":
            table[person] = 404
    return table | dict.fromkeys(people, "yes")


LEARNER, SUPERVISOR, ADMIN = ("learner",), ("supervisor",), ("admin",)
HOSTS = ("supervisor", "tutor")
STAFF = ("supervisor", "tutor", "assessor", "iqa", "admin")
READERS = ("owner", "supervisor", "tutor", "assessor", "iqa")
# its host and its learner; the learner's tutor knows of it
MEETS = record("owner", "supervisor", role=(*LEARNER, *HOSTS)) | {"tutor": 403}

EXPECTED: dict[str, dict[str, Any]] = {
    "GET health.page": EVERYBODY,
    "GET help.page": EVERYBODY,
    "GET help.privacy": EVERYBODY,
    "GET signin.page": EVERYBODY,
    "POST signin.enter": EVERYBODY,
    "GET signin.code": {"else": "yes", "anonymous": "in"},  # the second step, after the first
    "POST signin.enter_code": EVERYBODY,
    "POST signin.leave": SIGNED_IN,
    "GET invitations.page": EVERYBODY,
    "POST invitations.join": EVERYBODY,
    "GET links.page": EVERYBODY,
    # who sent it cannot answer it, nor who looks after them
    "POST links.answer": {
        "else": "yes",
        **dict.fromkeys(("owner", "supervisor", "tutor", "assessor", "iqa"), 403),
    },
    "POST links.end": record("owner", role=LEARNER),
    "GET feeds.calendar": EVERYBODY,
    "POST feeds.make": SIGNED_IN,
    "POST feeds.end": SIGNED_IN,
    "GET nudge.next_free": record("owner", role=LEARNER),  # by ?enrolment=, which is the owner's
    "GET today.page": SIGNED_IN,
    "GET account.page": SIGNED_IN,
    "POST account.centre": {"anonymous": "in", "else": "yes"},
    "GET privacy.page": SIGNED_IN,
    "POST account.password": SIGNED_IN,
    "GET account.second_factor": SIGNED_IN,
    "POST account.confirm_second_factor": SIGNED_IN,
    "POST account.turn_off_second_factor": SIGNED_IN,
    "POST account.end": {"anonymous": "in", "owner": "yes", "else": 404},
    "POST account.end_others": SIGNED_IN,
    "POST account.zone": SIGNED_IN,
    "POST account.mail": SIGNED_IN,
    "GET catalogue.page": SIGNED_IN,
    "GET catalogue.programme": SIGNED_IN,
    "GET catalogue.unit": SIGNED_IN,
    "GET approvals.page": only(*SUPERVISOR),
    "POST approvals.decide_all": only(*SUPERVISOR),
    "POST approvals.approve": record("supervisor", role=SUPERVISOR),
    "POST approvals.reopen": record("supervisor", role=SUPERVISOR),
    "GET learners.page": only(*STAFF),
    "GET learners.record": record(*READERS, "admin"),
    "GET learners.sessions": record(*READERS, "admin"),
    "GET calendar.page": only("learner", "supervisor", "tutor"),
    "GET calendar.slot": record("owner", role=LEARNER),
    "GET calendar.next_free": only(*LEARNER),
    "POST bookings.create": only(*LEARNER),
    "GET bookings.asking": only(*LEARNER),
    "POST bookings.ask": only(*LEARNER),
    "GET bookings.new": only(*HOSTS),
    "POST bookings.arrange": only(*HOSTS),
    "POST bookings.answer": MEETS,
    "GET bookings.proposing": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST bookings.propose": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST bookings.change_details": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST bookings.change_topic": record("owner", role=LEARNER),
    "GET bookings.moving": MEETS,
    "POST bookings.move_it": MEETS,
    "POST bookings.cancel_it": MEETS,
    "POST bookings.add": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST bookings.remove": record("supervisor", role=HOSTS) | {"tutor": 403},
    "GET availability.page": only(*HOSTS),
    "GET availability.new": only(*HOSTS),
    "POST availability.publish": only(*HOSTS),
    "GET availability.show": record("supervisor", role=HOSTS),
    "POST availability.change": record("supervisor", role=HOSTS),
    "POST availability.withdraw": record("supervisor", role=HOSTS),
    "POST availability.take_off": only(*HOSTS),
    "POST availability.come_back": record("supervisor", role=HOSTS),
    "GET supervision.page": only("learner", "supervisor", "tutor"),
    "GET supervision.show": record(*READERS),
    "GET supervision.edit": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST supervision.save": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST supervision.autosave": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST supervision.hold": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST supervision.miss": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST supervision.take_back": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST supervision.keep_note": record("supervisor", role=HOSTS) | {"tutor": 403},
    "POST supervision.reply": record("owner", role=LEARNER),
    "POST supervision.autosave_reply": record("owner", role=LEARNER),
    "POST supervision.done": record("owner", role=("learner", *HOSTS))
    | {"supervisor": 403, "tutor": 403},
    "GET sessions.page": only(*LEARNER),
    "GET sessions.new": only(*LEARNER),
    "POST sessions.create": only(*LEARNER),
    "POST sessions.autosave_new": only(*LEARNER),
    "POST sessions.submit_many": only(*LEARNER),
    "POST sessions.delete_many": only(*LEARNER),
    "GET sessions.show": record(*READERS),
    "GET sessions.edit": record("owner", role=LEARNER),
    "POST sessions.save": record("owner", role=LEARNER),
    "POST sessions.autosave": record("owner", role=LEARNER),
    "POST sessions.submit": record("owner", role=LEARNER),
    "POST sessions.take_back": record("owner", role=LEARNER),
    "POST sessions.ask_to_reopen": record("owner", role=LEARNER),
    "POST sessions.delete": record("owner", role=LEARNER),
    "GET imports.page": only(*LEARNER),
    "POST imports.upload": only(*LEARNER),
    "GET imports.check": record("owner", role=LEARNER),
    "POST imports.decide": record("owner", role=LEARNER),
    "GET imports.export": only(*LEARNER),
    "GET clients.page": only(*LEARNER),
    "POST clients.add": only(*LEARNER),
    "POST clients.rename": record("owner", role=LEARNER),
    "GET clients.one": record("owner", role=LEARNER),
    "POST clients.keep": record("owner", role=LEARNER),
    "GET clients.withdrawal": record("owner", role=LEARNER),
    "POST clients.withdraw": record("owner", role=LEARNER),
    "GET clients.engagement": record("owner", "supervisor"),
    "POST clients.set_contract": record("owner", "supervisor", role=("learner", "supervisor")),
    "GET feedback.page": only(*LEARNER),
    "GET feedback.invite": only(*LEARNER),
    "POST feedback.send": only(*LEARNER),
    "POST feedback.again": record("owner", role=LEARNER),
    "POST feedback.reply": record("owner", role=LEARNER),
    "GET feedback.of_learner": record(*READERS[1:], role=READERS[1:]),
    "GET centre.questions": only(*ADMIN),
    "POST centre.save_questions": only(*ADMIN),
    "GET confirmations.page": only(*LEARNER),
    "POST confirmations.ask": only(*LEARNER),
    "POST contracts.begin": record("owner", role=LEARNER),
    "GET contracts.show": record("owner", "supervisor", role=("learner", "supervisor")),
    "GET contracts.edit": record("owner", role=LEARNER),
    "POST contracts.save": record("owner", role=LEARNER),
    "POST contracts.autosave": record("owner", role=LEARNER),
    "POST contracts.take_back": record("owner", role=LEARNER),
    "POST contracts.ask_again": record("owner", role=LEARNER),
    "POST contracts.end": record("owner", role=LEARNER),
    "GET goals.new": record("owner", role=LEARNER),
    "POST goals.add": record("owner", role=LEARNER),
    "GET goals.show": record("owner", "supervisor", role=("learner", "supervisor")),
    "POST goals.save": record("owner", role=LEARNER),
    "GET goals.closing": record("owner", "supervisor", role=("learner", "supervisor")),
    "POST goals.save_closing": record("owner", role=LEARNER),
    "GET centre.page": only(*ADMIN),
    "POST centre.change": only(*ADMIN),
    "POST centre.rule": only(*ADMIN),
    "POST centre.check_wording": only(*ADMIN),
    "GET centre.wording": record("admin", role=ADMIN),
    "POST centre.take_wording": record("admin", role=ADMIN),
    "GET outbox.page": only(*ADMIN),
    "GET outbox.one": record("admin", role=ADMIN),
    "POST outbox.again": record("admin", role=ADMIN),
    "POST outbox.all_again": only(*ADMIN),
    "GET people.page": only(*ADMIN),
    "POST people.add": only(*ADMIN),
    "GET people.one": record("admin", role=ADMIN),
    "POST people.account": record("admin", role=ADMIN),
    "POST people.invite": record("admin", role=ADMIN),
    "POST people.reset_second_factor": record("admin", role=ADMIN),
    "POST people.roles": record("admin", role=ADMIN),
    "GET enrolments.new": record("admin", role=ADMIN),
    "POST enrolments.enrol": record("admin", role=ADMIN),
    "GET enrolments.one": record("admin", role=ADMIN),
    "POST enrolments.correct": record("admin", role=ADMIN),
    "POST enrolments.assign": record("admin", role=ADMIN),
    "GET enrolments.assignment": record("admin", role=ADMIN),
    "POST enrolments.correct_assignment": record("admin", role=ADMIN),
    "POST enrolments.end": record("admin", role=ADMIN),
    "POST enrolments.take_back": record("admin", role=ADMIN),
}


@dataclass
class Scene:
    """Two centres, everybody in them, and one record of each kind."""

    app: Flask
    world: World
    people: dict[str, tuple[World, Person]]
    arguments: dict[str, Any]

    def answer(self, method: str, rule: Rule, who: str, htmx: bool) -> Any:
        """What this person is answered, in the words of the table."""
        client = self.app.test_client()
        arguments = {name: self.arguments[name] for name in rule.arguments}
        if who != "anonymous":
            world, person = self.people[who]
            sign_in(client, person, world.centre, world.now)
        if rule.endpoint.startswith("centre.") and "upload_id" in rule.arguments:
            arguments["upload_id"] = self.arguments["wording_id"]
        if rule.endpoint.startswith("links.") and "token" in rule.arguments:
            arguments["token"] = self.arguments["link_token"]
        if rule.endpoint == "nudge.next_free":
            arguments["enrolment"] = self.arguments["enrolment_id"]
        if rule.endpoint == "feeds.calendar":
            arguments["token"] = self.arguments["calendar_token"]
        if rule.endpoint.startswith("supervision.") and "meeting_id" in rule.arguments:
            arguments["meeting_id"] = self.arguments["recorded_id"]
        if rule.endpoint == "catalogue.programme":
            arguments["code"] = "ILM-L3-CWCM"
        if rule.endpoint.startswith("feedback.") and "link_id" in rule.arguments:
            arguments["link_id"] = self.arguments["feedback_link_id"]
        if rule.endpoint == "centre.rule":
            arguments["code"] = "ILM-8580"
        form = {"programme": "ILM-8580"}
        if rule.endpoint == "account.centre" and who != "anonymous":
            form = {"centre": str(self.people[who][0].centre.id)}
        if rule.endpoint == "sessions.delete":
            arguments["session_id"] = self.arguments["draft_id"]
        if rule.endpoint == "account.end" and who == "owner":
            arguments["sign_in_id"] = self.people["owner"][1].sign_ins.get().id
        with self.app.test_request_context():
            from flask import url_for

            path = url_for(rule.endpoint, **arguments)
        headers = {"HX-Request": "true"} if htmx else {}
        data = form if method == "POST" else None
        status = client.open(path, method=method, headers=headers, data=data).status_code
        if status == 401 or (status == 302 and who == "anonymous"):
            return "in"
        return status if status in (403, 404) else "yes" if status < 500 else status


@pytest.fixture
def scene(app: Flask) -> Iterator[Scene]:
    app.test_client_class = FlaskClient  # the pages' HTML is held to its rules elsewhere
    app.config["WTF_CSRF_ENABLED"] = False  # the next test asks for the token on every route
    with time_machine.travel(World.now, tick=False):
        world, outside = World(), World()
        stranger = world.person("Owen Tasker", "learner")
        world.enrol(stranger)
        assessor, iqa = world.person("Edith Varga", "assessor"), world.person("Sam Okafor", "iqa")
        world.assign(assessor, "assessor")
        world.assign(iqa, "iqa")
        session = world.session(state="submitted")
        draft = world.session(day=date(2026, 9, 3))
        owner, admin = world.actor(world.learner), world.actor(world.admin)
        free = world.publishes(world.supervisor)
        boss = world.actor(world.supervisor)
        away = publishing.take_off(
            world.now, world.now + timedelta(days=1), "", by=boss, now=world.now
        )
        booked = arranged(world)
        told = give(world)  # with a name, so that it is shown and can be replied to
        contract, _ = offered(world, Engagement.get())
        met = meetings.recorded(world)
        link = Link.make("confirmation", "client", by=owner, now=world.now, client=world.client())
        people = {
            "owner": world.learner, "stranger": stranger, "supervisor": world.supervisor,
            "other supervisor": world.person("Ravi Sandhu", "supervisor"), "tutor": world.tutor,
            "assessor": assessor, "iqa": iqa, "admin": world.admin,
        }  # fmt: skip
        yield Scene(
            app,
            world,
            {name: (world, person) for name, person in people.items()}
            | {
                f"outside {r}": (outside, getattr(outside, r))
                for r in ("learner", "supervisor", "admin")
            },
            {
                "session_id": session.id,
                "draft_id": draft.id,
                "person_id": world.learner.id,
                "enrolment_id": world.enrolment.id,
                "assignment_id": Assignment.get(Assignment.enrolment == world.enrolment).id,
                "engagement_id": Engagement.get().id,
                "client_id": world.client().id,
                "contract_id": contract.id,
                "goal_id": Goal.get().id,
                "recorded_id": met.id,
                "action_id": MeetingAction.get(MeetingAction.owner == "learner").id,
                "mail_id": Mail.get(Mail.centre == world.centre).id,
                "upload_id": DiaryUpload.keep("log.csv", b"Date\n", by=owner, now=world.now).id,
                "wording_id": DiaryUpload.keep("words.csv", b"unit\n", by=admin, now=world.now).id,
                "sign_in_id": 999_999,
                "availability_id": free.id,
                "away_id": away.id,
                "meeting_id": booked.id,
                "place_id": booked.attendances[0].id,
                "link_id": link.id,
                "feedback_link_id": told.link_id,
                "handle": told.handle,
                "about": "practitioner",
                "link_token": link.token,
                "calendar_token": CalendarFeed.make(by=owner, now=world.now).token,
                "code": "D3.04",
                "token": Invitation.invite(stranger, world.centre, now=world.now, days=14),
            },
        )


def routes(app: Flask) -> list[tuple[str, Rule]]:
    """Every route of the app with its method, but for static files."""
    return sorted(
        (
            (method, rule)
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
            if rule.endpoint != "static"
        ),
        key=lambda found: (found[1].endpoint, found[0]),
    )


@pytest.mark.parametrize(
    ("who", "htmx"),
    [
        *((who, False) for who in PEOPLE),
        *(
            (who, True)
            for who in ("anonymous", "owner", "supervisor", "tutor", "admin", "outside supervisor")
        ),
    ],
    ids=lambda value: {False: "plain", True: "htmx"}.get(value, value),
)
@pytest.mark.parametrize("engine", ["sqlite"])
def test_every_route(scene: Scene, who: str, htmx: bool, engine: str) -> None:
    table: dict[str, tuple[Any, Any]] = {}
    for method, rule in routes(scene.app):
        name = f"{method} {rule.endpoint}"
        assert name in EXPECTED, f"Say in EXPECTED who may use {name} ({rule.rule})."
        expected = EXPECTED[name].get(who, EXPECTED[name]["else"])
        got = scene.answer(method, rule, who, htmx)
        if got != expected:
            table[name] = (f"expected {expected}", f"got {got}")
    assert table == {}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_every_unsafe_route_wants_the_token(scene: Scene, engine: str) -> None:
    scene.app.config["WTF_CSRF_ENABLED"] = True
    for method, rule in routes(scene.app):
        if method == "GET":
            continue
        for who in ("owner", "supervisor", "admin"):
            expected = EXPECTED[f"{method} {rule.endpoint}"]
            if expected.get(who, expected["else"]) == "yes" and rule.endpoint not in TOKENLESS:
                client = scene.app.test_client()
                world, person = scene.people[who]
                sign_in(client, person, world.centre, world.now)
                arguments = {name: scene.arguments[name] for name in rule.arguments}
                path = rule.build(arguments)[1]  # type: ignore[index]
                assert client.open(path, method=method).status_code == 400, rule.rule


def test_every_route_has_a_policy(app: Flask) -> None:
    for _, rule in routes(app):
        policy = getattr(app.view_functions[rule.endpoint], "policy", None)
        assert policy, f"{rule.rule} has no policy"
        assert policy in (auth.PUBLIC, auth.ANYBODY) or isinstance(policy, tuple)


TOKENLESS = {"signin.enter", "links.answer"}
"""Forms that do without: one keeps what was typed; of the other, the address itself is the key."""

JUNK = ["99999999999999999999", "-9999999999999999999", "x", "2026-13-45", "\0"]


class Watched(ImmutableMultiDict[str, str]):
    """What a request sent; keeps the names that a view asks for, whether they were sent or not."""

    asked: ClassVar[set[str]] = set()

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, *default: Any, **how: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *default, **how)

    def getlist(self, key: str, *how: Any) -> Any:
        self.asked.add(key)
        return super().getlist(key, *how)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_no_address_makes_a_page_fail(scene: Scene, engine: str) -> None:
    """Numbers and words nobody meant, in one name at a time: an answer below 500, always.

    One at a time, since the first that is refused hides the others from the view.
    """
    scene.app.request_class = type(
        "Watching", (scene.app.request_class,), {"parameter_storage_class": Watched}
    )
    tried = set()
    for method, rule in routes(scene.app):
        expected = EXPECTED[f"{method} {rule.endpoint}"]
        who = next(
            who
            for who in ("owner", "supervisor", "admin", "other supervisor", "anonymous")
            if expected.get(who, expected["else"]) == "yes"
        )
        for name, junk in junk_for(scene, method, rule, who):
            tried.add((rule.endpoint, name))
            status = junk_answer(scene, method, rule, who, {name: junk})
            assert status < 500, (method, rule.rule, name, junk[:30])
    assert {
        ("sessions.page", "client"), ("sessions.page", "page"), ("approvals.page", "row"),
        ("sessions.submit_many", "session"), ("sessions.save", "version"),
        ("sessions.autosave", "version"), ("account.centre", "centre"),
    } <= tried  # fmt: skip


def junk_for(scene: Scene, method: str, rule: Rule, who: str) -> Iterator[tuple[str, str]]:
    """Each name the view asks for, also those it asks for once another is there, with each junk."""
    known: set[str] = set()
    Watched.asked = set()
    assert junk_answer(scene, method, rule, who, {}) < 500
    number = scene.arguments["session_id"]
    rows = {"row", *(f"{part}-{number}" for part in ("decision", "comment", "version"))}
    while (
        fresh := (Watched.asked | rows if "approvals" in rule.endpoint else Watched.asked) - known
    ):
        known |= fresh
        for name in sorted(fresh - {"csrf_token"}):
            for junk in JUNK if not db.is_sqlite() else JUNK[:2]:  # the stricter engine gets all
                yield name, junk


def junk_answer(scene: Scene, method: str, rule: Rule, who: str, sent: dict[str, str]) -> int:
    """The status where this person asks with these values, on a page or form of their own."""
    client = scene.app.test_client()
    world, person = scene.people.get(who, (scene.world, scene.world.learner))
    if who != "anonymous":
        Person.update(disabled_at=None).execute()
        sign_in(client, person, world.centre, world.now)
    path = rule.build({name: scene.arguments[name] for name in rule.arguments})[1]  # type: ignore[index]
    if method == "GET":
        part = {"HX-Request": "true"} if rule.endpoint == "approvals.page" else {}
        return client.get(path, query_string=sent, headers=part).status_code
    form = {
        "author": str(person.id),
        "draft_key": "a-key-of-junk",
        "which": "ticked",
        "go": "submit",
    }
    row = f"decision-{scene.arguments['session_id']}"
    if rule.endpoint == "approvals.decide_all" and row not in sent:
        form[row] = "approve"
    return client.open(path, method=method, data=form | sent).status_code


@pytest.mark.parametrize("engine", ["sqlite"])
def test_no_number_in_an_address_makes_a_page_fail(scene: Scene, engine: str) -> None:
    for who in ("owner", "supervisor", "admin"):
        client = scene.app.test_client()
        world, person = scene.people[who]
        sign_in(client, person, world.centre, world.now)
        for method, rule in routes(scene.app):
            for junk in ("99999999999999999999", "-1", "x", "%00"):
                path = re.sub("<[^>]+>", junk, rule.rule)
                if path != rule.rule:
                    assert client.open(path, method=method).status_code < 500, (who, path)
