"""Every page, as everybody who may have it: axe, the HTML checker, the console and the width.

The pages are the app's own GET routes, over the demo's centre; one that is missing from the visits
fails, as one does that is not clean in both themes at 320 and 1280 px.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Page

from supervise.demo import fill
from supervise.models import (
    Actor,
    Assignment,
    Attendance,
    Centre,
    DiaryUpload,
    Engagement,
    Enrolment,
    Goal,
    Invitation,
    Mail,
    Meeting,
    Person,
    PracticeSession,
    agreeing,
    asking,
    publishing,
)
from supervise.models.booking import Plan
from tests.browser import Live, shoot
from tests.contracting import written
from tests.structure.test_routes import routes
from tests.test_availability import WANTED
from tests.world import sign_in

MOMENT = datetime(2026, 10, 8, 9, 50, tzinfo=UTC)
NOT_PAGES = {
    "health.page",
    "privacy.page",
    "imports.export",
    "feeds.calendar",
    "calendar.next_free",
}
VISITS = {
    "anonymous": ("signin.page", "help.page", "help.privacy", "invitations.page"),
    "learner": (
        "today.page", "sessions.page", "sessions.new", "sessions.show", "sessions.edit",
        "clients.page", "confirmations.page", "clients.one", "clients.withdrawal",
        "clients.engagement", "imports.page",
        "contracts.show", "contracts.edit", "goals.new", "goals.show", "goals.closing",
        "imports.check", "learners.record",
        "learners.sessions", "feedback.page", "feedback.invite", "account.page", "account.second_factor",
        "nudge.next_free", "calendar.page", "calendar.slot", "supervision.page", "supervision.show",
        "bookings.moving", "bookings.asking",
    ),
    "supervisor": (
        "today.page", "approvals.page", "sessions.show", "learners.page", "feedback.of_learner", "learners.record",
        "learners.sessions", "clients.engagement", "contracts.show", "goals.show", "goals.closing",
        "calendar.page", "availability.page", "availability.new", "availability.show",
        "supervision.page", "supervision.show", "supervision.edit", "bookings.new",
        "bookings.proposing",
    ),
    "tutor": (
        "today.page", "calendar.page", "learners.page", "learners.record", "sessions.show",
        "supervision.page", "supervision.show",
    ),
    "iqa": ("today.page", "learners.page"),
    "admin": (
        "today.page", "people.page", "people.one", "centre.questions", "enrolments.new", "enrolments.one",
        "enrolments.assignment", "centre.page", "centre.wording", "learners.page",
        "outbox.page", "outbox.one",
        "learners.record", "catalogue.page", "catalogue.programme", "catalogue.unit",
    ),
}  # fmt: skip
ELSEWHERE = {"signin.code", "links.page"}
"""The second step of signing in: tests/test_signin_code.py. Links: tests/journeys/test_clients.py."""
DIARY = b"Date,Start,End,Client,Summary\n01/09/2026,13:00,14:00,Client A,Listened\n31/02/2026,,,,\n"
WORDING = b"unit,number,text\nD3.04,1.1,The words of the body\nD3.04,9.9,No such criterion\n"


@pytest.fixture
def arguments(app: Flask) -> dict[str, dict[str, object]]:
    """For each role, which records of the demo its pages show."""
    with time_machine.travel(MOMENT, tick=False):
        fill(MOMENT, password_hasher=lambda _: "none")
        centre = Centre.get()
        learner = Person.get(Person.name == "Priya Nair")
        enrolment = Enrolment.get(Enrolment.learner == learner)
        mine = PracticeSession.select().where(PracticeSession.learner == learner)
        approved = mine.where(PracticeSession.state == "approved").first()
        draft = mine.where(PracticeSession.state == "draft").first()
        admin = Person.get(Person.name == "Ada Quill")
        actors = [Actor.of(person, centre, MOMENT) for person in (learner, admin)]
        diary = DiaryUpload.keep("diary.csv", DIARY, by=actors[0], now=MOMENT)
        words = DiaryUpload.keep("words.csv", WORDING, by=actors[1], now=MOMENT)
        newcomer = Person.get(Person.name == "Nia Prosser")
        shared = {
            "session_id": approved.id,
            "person_id": learner.id,
            "enrolment_id": enrolment.id,
            "assignment_id": Assignment.get(Assignment.enrolment == enrolment).id,
            "engagement_id": Engagement.get(
                Engagement.client.in_([e.client_id for e in approved.engagements])
            ).id,
            "client_id": approved.engagements[0].client_id,
            "code": "D3.04",
            "token": Invitation.invite(newcomer, centre, now=datetime.now(UTC), days=14),
        }
        engagement = Engagement.get_by_id(shared["engagement_id"])
        contract = written(engagement, actors[0])
        agreeing.offer(contract, version=contract.version, by=actors[0], now=MOMENT)
        goal = Goal.get(Goal.engagement == engagement)
        shared |= {"contract_id": contract.id, "goal_id": goal.id}
        shared["mail_id"] = Mail.get(Mail.kind == "invitation").id
        boss = Actor.of(Person.get(Person.name == "Marian Hale"), centre, MOMENT)
        shared["availability_id"] = publishing.publish(WANTED, by=boss, now=MOMENT, sure=True).id
        theirs = Meeting.select().join(Attendance).where(Attendance.learner == learner)
        shared["meeting_id"] = theirs.where(Meeting.state == "signed").first().id
        plan = Plan("one-to-one", MOMENT + timedelta(days=9), 60)
        own = {"enrolment": enrolment, "by": actors[0], "now": MOMENT}
        shared["request_id"] = asking.ask(plan, boss.person, **own).id
        met = {
            "learner": theirs.where(Meeting.format == "one-to-one", Meeting.state == "booked"),
            "supervisor": Meeting.select().where(Meeting.state == "held"),
        }
    return {
        role: shared
        | {"upload_id": words.id if role == "admin" else diary.id, "draft_id": draft.id}
        | ({"meeting_id": met[role].first().id} if role in met else {})
        for role in VISITS
    }


def come_in(page: Page, live: Live, role: str) -> None:
    """Sign the demo's person of that role in, on this page."""
    name = {"learner": "Priya Nair", "supervisor": "Marian Hale", "tutor": "Tessa Brook",
            "iqa": "Samuel Okafor", "admin": "Ada Quill"}[role]  # fmt: skip
    client = live.app.test_client()
    sign_in(client, Person.get(Person.name == name), Centre.get(), MOMENT)
    cookie = client.get_cookie("supervise")
    assert cookie is not None
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live.url}])


def address(app: Flask, endpoint: str, records: dict[str, object]) -> str:
    [rule] = [r for method, r in routes(app) if r.endpoint == endpoint and method == "GET"]
    values = {name: records[name] for name in rule.arguments}
    if endpoint == "sessions.edit":
        values["session_id"] = records["draft_id"]
    if endpoint == "bookings.proposing":
        values["meeting_id"] = records["request_id"]
    if endpoint == "catalogue.programme":
        values["code"] = "ILM-L3-CWCM"
    if endpoint == "nudge.next_free":
        values["enrolment"] = records["enrolment_id"]
    return str(rule.build(values)[1])


def test_every_page_is_visited(app: Flask) -> None:
    pages = {rule.endpoint for method, rule in routes(app) if method == "GET"}
    visited = {endpoint for endpoints in VISITS.values() for endpoint in endpoints}
    assert pages - NOT_PAGES - ELSEWHERE == visited


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("role", VISITS)
def test_every_page_is_clean(
    role: str,
    engine: str,
    live: Live,
    arguments: dict[str, dict[str, object]],
    new_page: Callable[..., Page],
    check_everywhere: Callable[[Page], None],
) -> None:
    with time_machine.travel(MOMENT, tick=False):
        page = new_page()
        if role != "anonymous":
            come_in(page, live, role)
        for endpoint in VISITS[role]:
            path = address(live.app, endpoint, arguments[role])
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            check_everywhere(page)
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 900})
                shoot(page, f"{role}-{endpoint}-{width}")
