"""Today: what waits for each role, said in figures that can be checked."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from supervise.models import Invitation, Membership, Person, agreeing
from tests.contracting import engagement_of, offered
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app):
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def read(app, world):
    def get(person):
        browser = app.test_client()
        sign_in(browser, person, world.centre, NOW)
        answer = browser.get("/")
        assert answer.status_code == 200
        page = answer.get_data(as_text=True)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())

    return get


def submit(world, enrolment, days_ago, day):
    session = world.session(day=day, enrolment=enrolment)
    session.submit(by=world.actor(enrolment.learner), now=NOW - timedelta(days=days_ago))
    return session


def coach(world, name, days_ago, count=1):
    enrolment = world.enrol(world.person(name, "learner"))
    world.assign(world.supervisor, "supervisor", enrolment)
    for number in range(count):
        submit(world, enrolment, days_ago - number, date(2026, 9, 1 + number))
    return enrolment


# --- supervisor --------------------------------------------------------------------------


def test_a_supervisor_sees_who_waits_the_longest_first(world, read):
    coach(world, "Hanna Lindqvist", 2)
    coach(world, "Owen Tasker", 12, count=2)
    coach(world, "Ines Carvalho", 6)
    page = read(world.supervisor)
    assert (
        "Thursday 8 October Good morning, Marian. 4 things wait for you ; the oldest for 12 days"
        in page
    )
    assert "4 sessions to approve Decide 4 sessions" in page
    order = [
        "Owen Tasker, 2 sessions 2 h 00 12 days, late",
        "Ines Carvalho, 1 session 1 h 00 6 days, due",
        "Hanna Lindqvist, 1 session 1 h 00 2 days",
    ]
    places = [page.index(line) for line in order]
    assert places == sorted(places)


def test_a_supervisor_sees_what_they_wait_for(world, read):
    world.session(day=date(2026, 9, 21), state="returned")
    back = world.session(day=date(2026, 9, 22), state="returned")
    back.submit(by=world.actor(world.learner), now=NOW)
    world.session(day=date(2026, 9, 23), state="reopened")
    page = read(world.supervisor)
    assert "Priya Nair to correct 21 Sep 2026 1 day" in page
    assert "22 Sep" not in page
    assert "Priya Nair to correct 23 Sep 2026 today" in page


def test_nothing_waits_is_said(world, read):
    page = read(world.supervisor)
    assert "Nothing waits for you." in page
    assert "0 sessions to approve Nothing to approve." in page
    assert "Nobody owes you anything." in page


def test_what_was_handed_over_waits_for_the_successor(world, read):
    enrolment = coach(world, "Owen Tasker", 4)
    joan = world.person("Joan Petrie", "supervisor")
    held = enrolment.assignments.where(enrolment.assignments.model.role == "supervisor").get()
    held.end(date(2026, 10, 7), by=world.actor(world.admin), now=NOW, successor=joan)
    assert "0 sessions to approve" in read(world.supervisor)
    assert "Owen Tasker, 1 session" in read(joan)


# --- learner -----------------------------------------------------------------------------


def test_a_learner_sees_what_to_correct_finish_and_wait_for(world, read):
    world.session(day=date(2026, 9, 1), state="returned", minutes=45)
    world.session(day=date(2026, 9, 3), minutes=50)
    submit(world, world.enrolment, 6, date(2026, 9, 2))
    page = read(world.learner)
    assert "2 things wait for you" in page
    assert "1 session waits for your supervisor." in page
    assert page.count("Log a session") == 1
    assert page.index("Which tools?") < page.index("Tue 1 Sep, Client A 0 h 45 1 day")
    assert "1 draft to finish Thu 3 Sep, Client A 0 h 50 today" in page
    assert "1 with your supervisor Wed 2 Sep, Client A 1 h 00 6 days, due" in page


def test_a_learner_who_is_not_behind_finds_the_way_to_book(app, world):
    slot = world.publishes(world.supervisor)
    browser = app.test_client()
    sign_in(browser, world.learner, world.centre, NOW)
    page = browser.get("/").get_data(as_text=True)
    assert "supervision meeting due" not in page
    where = re.search(r'href="([^"]+)">Book supervision</a>', page)[1]
    assert browser.get(where).location == f"/calendar/slots/{slot.id}?at=2026-10-12T08:00Z"


def test_a_learner_sees_their_hours_by_unit(world, read):
    world.paper(date(2026, 1, 20))
    world.session(state="approved", minutes=90)
    page = read(world.learner)
    assert "D3.04 Extended supervised coaching 1 h 30 28 h 30 to go" in page


def test_the_last_comment_stands_with_a_session_returned_twice(world, read):
    session = world.session(state="returned")
    session.submit(by=world.actor(world.learner), now=NOW - timedelta(hours=5))
    boss = world.actor(world.supervisor)
    session.send_back(by=boss, now=NOW - timedelta(hours=1), comment="And the goal?")
    page = read(world.learner)
    assert "And the goal?" in page
    assert "Which tools?" not in page


def test_a_learner_not_yet_enrolled_is_told(world, read):
    assert "You are not enrolled yet." in read(world.person("Tom Leary", "learner"))


def test_the_date_is_the_readers(app, world):
    Person.update(zone="Asia/Tokyo").where(Person.id == world.learner.id).execute()
    late = datetime(2026, 10, 8, 16, 0, tzinfo=UTC)
    with time_machine.travel(late, tick=False):
        browser = app.test_client()
        sign_in(browser, world.learner, world.centre, late)
        page = browser.get("/").get_data(as_text=True)
    assert "<h1>Friday 9 October</h1>" in page
    assert "Good morning, Priya" in page


# --- tutor -------------------------------------------------------------------------------


def test_a_tutor_sees_who_is_most_at_risk_first_and_why(world, read):
    world.paper(date(2026, 1, 20))
    for day in range(1, 4):
        world.session(day=date(2026, 9, day), minutes=480, state="approved")
    for name, programme, units in (
        ("Owen Tasker", None, None), ("Amara Osei", "ILM-8580", ("501",)), ("Zofia Wójcik", "5D2V2", ()),
    ):  # fmt: skip
        enrolment = world.enrol(world.person(name, "learner"), programme, units)
        world.assign(world.tutor, "tutor", enrolment)
    page = read(world.tutor)
    assert "4 learners you tutor, most at risk first" in page
    slips = "Slipping nothing logged for 38 weeks since the start"
    lines = (
        f"Amara Osei 0 h 00 of 12 h 00 {slips}", f"Owen Tasker 0 h 00 of 62 h 00 {slips}",
        "Priya Nair 24 h 00 of 62 h 00 Slipping nothing logged for 5 weeks",
    )  # fmt: skip
    assert all(line in page for line in lines)
    assert page.index(lines[2]) > max(page.index(line) for line in lines[:2])
    assert "their units ask for no hours" in page


def test_a_tutor_of_nobody_is_told(world, read):
    page = read(world.person("Colm Farrell", "tutor"))
    assert "Nobody is assigned to you today." in page


# --- administrator -----------------------------------------------------------------------


def test_an_administrator_sees_invitations_waiting_and_expired(world, read):
    Person.update(password_hash="set").where(Person.email.contains("@")).execute()
    new, old = world.person("Nia Prosser"), world.person("Otto Lang")
    Invitation.invite(new, world.centre, now=NOW - timedelta(days=1), days=14)
    Invitation.invite(old, world.centre, now=NOW - timedelta(days=20), days=14)
    Invitation.invite(world.tutor, world.centre, now=NOW, days=14)
    page = read(world.admin)
    assert "2 invitations not taken up, 1 expired" in page
    assert "Otto Lang link expired Fri 2 Oct, 10:50" in page
    assert "Nia Prosser link works until Wed 21 Oct, 10:50" in page


def test_a_newer_link_is_what_counts(world, read):
    new = world.person("Nia Prosser")
    Invitation.invite(new, world.centre, now=NOW - timedelta(days=20), days=14)
    Invitation.invite(new, world.centre, now=NOW, days=14)
    assert "1 invitation not taken up People" in read(world.admin)


def test_an_administrator_sees_who_has_no_supervisor_today(world, read):
    enrolment = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", enrolment, from_on=date(2026, 10, 9))
    page = read(world.admin)
    assert "1 enrolment without a supervisor today" in page
    assert "Owen Tasker, ILM-L3-CWCM" in page


def test_an_administrator_sees_programmes_past_their_date(world, read):
    world.enrol(world.person("Zofia Wójcik", "learner"), "5D2V2", ())
    page = read(world.admin)
    assert "5D2V2 closed to new registrations on 31 August 2020: check with CMI" in page
    assert "ILM-L3-CWCM: 7 units are past the review date." in page


def test_another_centre_is_never_counted(world, read):
    other = World()
    other.session(state="submitted")
    other.session(day=date(2026, 9, 2), state="returned")
    other.enrol(other.person("Owen Tasker", "learner"))
    Invitation.invite(other.person("Otto Lang"), other.centre, now=NOW, days=14)
    page = read(world.admin)
    assert "0 invitations not taken up" in page
    assert "Everybody has a supervisor today." in page
    assert "0 sessions to approve" in read(world.supervisor)


# --- several roles, and how many queries ---------------------------------------------------


def test_somebody_with_several_roles_sees_each_part(world, read):
    for role in ("tutor", "admin"):
        Membership.grant(world.supervisor, world.centre, role, by=None, now=NOW)
    page = read(world.supervisor)
    parts = ["sessions to approve", "learners you tutor", "not taken up", "You wait for"]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)


def test_an_assessor_is_shown_the_way(world, read):
    assert "The learners assigned to you are under Learners" in read(world.person("Edith V", "iqa"))


@pytest.mark.parametrize("who", ["supervisor", "learner", "tutor", "admin"])
def test_queries_do_not_grow_with_rows(app, world, queries, who):
    counts = []
    browser = app.test_client()
    sign_in(browser, getattr(world, who), world.centre, NOW)
    for number in range(3):
        enrolment = coach(world, f"Coach{number} Tasker", 3, count=2)
        world.assign(world.tutor, "tutor", enrolment)
        for day, state in enumerate(("draft", "submitted", "returned", "approved"), 1):
            world.session(day=date(2026, 3 + number, day), state=state)
        with queries() as seen:
            assert browser.get("/").status_code == 200
        counts.append(seen.count)
    assert counts[0] == counts[-1] <= 12, seen


def test_a_request_to_reopen_stands_in_the_supervisors_today(app, world):
    session = world.session(state="approved")
    learner, boss = app.test_client(), app.test_client()
    sign_in(learner, world.learner, world.centre, world.now)
    sign_in(boss, world.supervisor, world.centre, world.now)
    app.config["WTF_CSRF_ENABLED"] = False
    path = f"/sessions/{session.id}/reopening-request"
    assert learner.post(path, data={"reason": " "}).status_code == 422
    assert learner.post(path, data={"reason": "It was 45 minutes."}).status_code == 303
    assert "You asked to have it reopened" in learner.get(f"/sessions/{session.id}").text
    assert "to reopen, their coaches ask" in boss.get("/").text
    assert "It was 45 minutes." in boss.get(f"/sessions/{session.id}").text


def test_a_contract_sent_back_stands_in_the_learners_today(app, world):
    contract, links = offered(world, engagement_of(world))
    agreeing.decline(links["client"], "Fewer sessions.", now=world.now)
    learner = app.test_client()
    sign_in(learner, world.learner, world.centre, world.now)
    page = learner.get("/").text
    assert "contract sent back" in page
    assert f"/contracts/{contract.id}/edit" in page


def test_an_offer_that_nobody_answers_ages_before_its_learner(world, read):
    offered(world, engagement_of(world), "three", now=NOW - timedelta(days=9))
    page = read(world.learner)
    assert "The contract with Client A waits for client and sponsor 9 days, late" in page
    assert "waits for client" not in read(world.supervisor)
