"""Places given up, taken away and declined: who is told, what they read, and what becomes of the meeting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.mail.letters import Letter, Site
from supervise.mail.meetings import letter
from supervise.models import Attendance, Mail, Meeting, Person
from supervise.models.asking import answer_invitation
from supervise.models.rebooking import cancel, leave, wait
from supervise.reports.meeting_copy import meetings_of
from tests.meeting import place_of
from tests.slots import SLOT, arranged, learners, offering, take
from tests.world import World, sign_in

HOUR = timedelta(hours=1)
PRIVATE = "My mother has died"


@pytest.fixture
def world(database: object) -> World:
    return World()


@pytest.fixture
def pages(app: Flask, world: World) -> Iterator[Any]:
    """`pages(person)` is a browser in which that person is signed in, at the world's moment."""
    app.config["WTF_CSRF_ENABLED"] = False

    def of(person: Person) -> FlaskClient:
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        return client

    with time_machine.travel(world.now, tick=False):
        yield of


def gives_up(world: World, place: Attendance, reason: str) -> None:
    fresh = Attendance.get_by_id(place.id)
    leave(fresh, reason, by=world.actor(fresh.learner), now=world.now)


# --- whose a reason is ---------------------------------------------------------------------


def test_why_the_last_learner_left_a_group_is_read_by_its_host_and_by_themselves_alone(
    world: World, pages: Any
) -> None:
    slot, [other] = offering(world, format="group", places=3), learners(world, 1)
    before, last = take(world, slot), take(world, slot, other)
    gives_up(world, before, "Off then")
    gives_up(world, last, PRIVATE)
    page = f"/supervision/{before.meeting_id}"
    earlier = pages(world.learner).get(page).text
    assert PRIVATE not in earlier
    assert "Your place was given up." in earlier
    assert "Off then" in earlier
    assert PRIVATE not in str(meetings_of(world.learner))
    for person in (other.learner, world.supervisor):
        assert PRIVATE in pages(person).get(page).text, person.name
    assert Meeting.get_by_id(before.meeting_id).state == "cancelled"


def test_why_a_group_is_cancelled_is_read_by_those_who_were_still_in_it(
    world: World, pages: Any
) -> None:
    slot, [other] = offering(world, format="group", places=3), learners(world, 1)
    before = take(world, slot)
    take(world, slot, other)
    gives_up(world, before, "Off then")
    meeting = Meeting.get()
    cancel(meeting, "I am in hospital", by=world.actor(world.supervisor), now=world.now)
    page = f"/supervision/{meeting.id}"
    assert "I am in hospital" in pages(other.learner).get(page).text
    assert place_of(meeting, other).reason == "I am in hospital"
    assert "I am in hospital" not in pages(world.learner).get(page).text
    assert "hospital" not in str(meetings_of(world.learner))
    host = pages(world.supervisor).get(page).text
    assert host.count("I am in hospital") == 1
    assert "Off then" in host


# --- who is told ---------------------------------------------------------------------------


def letters(world: World, person: Person) -> list[Letter]:
    """The mails that the person has of places given up and meetings cancelled."""
    rows = Mail.select().where((Mail.kind == "cancelled") & (Mail.person == person))
    return [letter(row, Site("https://supervise.example.org"), world.now) for row in rows]


def taken_out(world: World, place: Attendance) -> None:
    boss = world.actor(world.supervisor)
    leave(Attendance.get_by_id(place.id), "You have had yours", by=boss, now=world.now)


def test_a_learner_taken_off_the_list_or_uninvited_is_told(world: World) -> None:
    a, b, c = learners(world, 3)
    slot = offering(world, format="group", places=2)
    full = take(world, slot, a).meeting
    take(world, slot, b)
    waits = wait(full, enrolment=c, by=world.actor(c.learner), now=world.now)
    asked = arranged(world, a, world.enrolment, invite=True, starts_at=SLOT + 5 * HOUR)
    taken_out(world, waits)
    taken_out(world, place_of(asked, world.enrolment))
    for person, meeting in ((c.learner, full), (world.learner, asked)):
        [told] = letters(world, person)
        assert told.subject.startswith("You are no longer on the list of a meeting: ")
        said = "Marian Hale took you off the list of this meeting; why stands on its page."
        assert said in told.text
        assert f"/supervision/{meeting.id}" in told.text
        assert told.files == (), "no calendar of theirs holds it"
    assert letters(world, world.supervisor) == []


def test_who_leaves_a_waiting_list_by_themselves_is_told_nothing(world: World) -> None:
    a, b = learners(world, 2)
    slot = offering(world, format="group", places=2)
    full = take(world, slot, a).meeting
    take(world, slot, b)
    waits = wait(full, enrolment=world.enrolment, by=world.actor(world.learner), now=world.now)
    gives_up(world, waits, "At work")
    assert letters(world, world.learner) == []


@pytest.mark.parametrize("by_host", [True, False])
def test_a_host_is_not_told_that_a_learner_gave_up_what_they_took_away(
    world: World, by_host: bool
) -> None:
    slot, [other] = offering(world, format="group", places=3), learners(world, 1)
    take(world, slot)
    place = take(world, slot, other)
    taken_out(world, place) if by_host else gives_up(world, place, "Ill")
    [host], [learner] = letters(world, world.supervisor), letters(world, other.learner)
    said = "You took Learner0 Ames out of" if by_host else "Learner0 Ames gave up the place in"
    assert f"{said} this meeting" in host.text
    assert host.files, "their calendar names who comes"
    mine = "Marian Hale took you out of" if by_host else "You gave up your place in"
    assert f"{mine} this meeting" in learner.text
    assert learner.files[0].method == "CANCEL"


# --- nobody comes --------------------------------------------------------------------------


def test_a_group_to_which_everybody_said_no_is_cancelled_and_frees_its_host(
    world: World, pages: Any
) -> None:
    people = [world.enrolment, *learners(world, 1)]
    meeting, slot = arranged(world, *people, invite=True), offering(world)
    for said, enrolment in zip(("At work", PRIVATE), people, strict=True):
        assert Meeting.get_by_id(meeting.id).state == "booked"
        place, me = place_of(meeting, enrolment), world.actor(enrolment.learner)
        answer_invitation(place, accept=False, reason=said, by=me, now=world.now)
    gone = Meeting.get_by_id(meeting.id)
    assert (gone.state, gone.sequence) == ("cancelled", 1)
    assert PRIVATE not in pages(world.learner).get(f"/supervision/{meeting.id}").text
    assert PRIVATE in pages(world.supervisor).get(f"/supervision/{meeting.id}").text
    rows = Mail.select().where((Mail.kind == "declined") & (Mail.person == world.supervisor))
    told = [letter(row, Site(""), world.now) for row in rows]
    assert [one.files[0].method for one in told] == ["CANCEL", "CANCEL"]
    assert take(world, slot).state == "booked"


def test_a_group_in_which_somebody_may_still_come_stands(world: World) -> None:
    people = [world.enrolment, *learners(world, 2)]
    meeting = arranged(world, *people, invite=True)
    for enrolment, accept in zip(people, (True, False, False), strict=True):
        place, me = place_of(meeting, enrolment), world.actor(enrolment.learner)
        answer_invitation(place, accept=accept, reason="No", by=me, now=world.now)
    assert Meeting.get_by_id(meeting.id).state == "booked"
