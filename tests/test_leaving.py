"""Places given up, taken away and declined: who is told, what they read, and what becomes of the meeting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.models import Attendance, Meeting, Person
from supervise.models.rebooking import cancel, leave
from supervise.reports.meeting_copy import meetings_of
from tests.meeting import place_of
from tests.slots import learners, offering, take
from tests.world import World, sign_in

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
