"""A meeting moved while its page was open: nobody accepts, joins, leaves or cancels what they never saw."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.models import Attendance, Enrolment, Meeting, Person
from supervise.models.booking import Plan
from supervise.models.rebooking import move
from supervise.models.series import arrange_series
from tests.meeting import place_of
from tests.slots import SLOT, arranged, learners
from tests.world import World, sign_in

LATER = SLOT + timedelta(days=2)
NOW_IT_IS = "It is now on Sat 17 Oct 2026 at 09:00, for 60 minutes."


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


def version(page: str, form: str) -> str:
    """The version that the form with this address sends."""
    found = re.search(rf'action="[^"]*/{form}".*?name="version" value="(\d+)"', page, re.S)
    assert found, form
    return found[1]


def invited(world: World) -> Meeting:
    return arranged(world, invite=True)


def invited_to_a_full_group(world: World) -> Meeting:
    a, b = learners(world, 2)
    meeting = arranged(world, a, b, places=2)
    Attendance.create(
        centre=world.centre, meeting=meeting, enrolment=world.enrolment, learner=world.learner,
        state="invited", created_at=world.now, changed_at=world.now,
    )  # fmt: skip
    return meeting


def booked(world: World) -> Meeting:
    return arranged(world)


def several(world: World) -> Meeting:
    return arrange_series(
        Plan("one-to-one", SLOT, 60), [world.enrolment], times=2, every_weeks=1, only_free=False,
        invite=False, by=world.actor(world.supervisor), now=world.now,
    ).meetings[0]  # fmt: skip


def moves(world: World, meeting: Meeting) -> None:
    """The host moves it by two days."""
    fresh, by = Meeting.get_by_id(meeting.id), world.actor(world.supervisor)
    move(fresh, LATER, 60, reason="A funeral", version=fresh.version, by=by, now=world.now)


@pytest.mark.parametrize(
    ("made", "who", "form", "data", "after"),
    [
        (invited, "learner", "answer", {"go": "accept"}, "booked"),
        (invited, "learner", "answer", {"go": "decline", "answer-reason": "No"}, "declined"),
        (invited_to_a_full_group, "learner", "answer", {"go": "wait"}, "waiting"),
        (booked, "learner", "cancellation", {"leave-reason": "Ill"}, "cancelled"),
        (several, "learner", "cancellation", {"leave-reason": "Ill", "leave-later": "y"}, "cancelled"),
        (booked, "supervisor", "cancellation", {"cancel-reason": "Ill"}, "cancelled"),
        (several, "supervisor", "cancellation", {"cancel-reason": "Ill", "cancel-later": "y"}, "cancelled"),
    ],
)  # fmt: skip
def test_what_was_moved_meanwhile_is_shown_as_it_is_now_and_decided_again(
    world: World, pages: Any, made: Callable[[World], Meeting], who: str, form: str,
    data: dict[str, str], after: str,
) -> None:  # fmt: skip
    meeting, enrolment = made(world), world.enrolment
    browser = pages(getattr(world, who))
    page, address = f"/supervision/{meeting.id}", f"/supervision/{meeting.id}/{form}"
    read = version(browser.get(page).text, form)
    was = place_of(meeting, enrolment).state
    moves(world, meeting)
    answer = browser.post(address, data={**data, "version": read})
    assert answer.status_code == 409
    assert NOW_IT_IS in answer.text
    assert "Saturday 17 October 2026" in answer.text
    assert state(meeting, enrolment) == was
    again = {**data, "version": version(answer.text, form)}
    assert browser.post(address, data=again).status_code == 303
    assert state(meeting, enrolment) == after


def state(meeting: Meeting, enrolment: Enrolment) -> str:
    return place_of(meeting, enrolment).state
