"""A request is answered with another time: the host's own page, and what the learner reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.models import Away, Meeting, Person
from supervise.models.asking import ask
from supervise.models.booking import Plan
from tests.meeting import place_of
from tests.queries import queries
from tests.slots import SLOT, arranged, learners, offering
from tests.test_booking_pages import offered
from tests.world import World, sign_in

WEEK = timedelta(weeks=1)


@pytest.fixture
def world(database: object) -> World:
    return World()


@pytest.fixture
def boss(app: Flask, world: World) -> Iterator[FlaskClient]:
    """The host's browser, at the world's moment."""
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(world.now, tick=False):
        yield browser(app, world, world.supervisor)


def browser(app: Flask, world: World, person: Person) -> FlaskClient:
    client = app.test_client()
    sign_in(client, person, world.centre, world.now)
    return client


def request_of(world: World, **values: Any) -> Meeting:
    """The world's learner asks their supervisor for an hour."""
    plan = Plan(
        **{"format": "one-to-one", "starts_at": SLOT, "minutes": 60, "note": "A dispute"} | values
    )
    me = world.actor(world.learner)
    return ask(plan, world.supervisor, enrolment=world.enrolment, by=me, now=world.now)


def test_a_host_reads_whether_they_are_free_at_the_time_asked_for(
    world: World, app: Flask, boss: FlaskClient
) -> None:
    here, [other] = f"/supervision/{request_of(world).id}", learners(world, 1)
    with queries() as seen:
        page = boss.get(here).text
    assert seen.count <= 12, seen
    assert "You are free then." in page
    assert "You are free then." not in browser(app, world, world.learner).get(here).text
    off = {"from_at": SLOT - WEEK, "to_at": SLOT + WEEK, "created_at": world.now}
    away = Away.create(centre=world.centre, person=world.supervisor, **off)
    assert "You are away then." in boss.get(here).text
    away.delete_instance()
    arranged(world, other, starts_at=SLOT + timedelta(minutes=30))
    assert "You have another meeting then: One to one, 09:30 to 10:30." in boss.get(here).text


def test_a_host_answers_with_one_of_their_own_times(
    world: World, app: Flask, boss: FlaskClient
) -> None:
    slot, meeting = offering(world), request_of(world)
    here, me = f"/supervision/{meeting.id}", browser(app, world, world.learner)
    assert f'href="{here}/proposal"' in boss.get(here).text
    with queries() as seen:
        page = boss.get(f"{here}/proposal").text
    assert seen.count <= 12, seen
    assert offered(page) == ["2026-10-15T09:00Z", "2026-10-15T10:00Z"], "not what was asked for"
    assert "A dispute" in page
    typed = {"reason": "I teach at nine", "minutes": "60"}
    later = boss.post(f"{here}/proposal", data=typed | {"week": "2026-10-19"})
    assert (later.status_code, offered(later.text)[0]) == (200, "2026-10-22T08:00Z")
    assert "I teach at nine" in later.text
    chosen = typed | {"slot": f"{slot.id}@2026-10-15T09:00Z/1"}
    assert boss.post(f"{here}/proposal", data=chosen).location.endswith(here)
    shown = me.get(here).text
    for part in ("Marian proposes another time", "I teach at nine", "10:00 to 11:00", "A dispute"):
        assert part in shown, part
    assert me.post(f"{here}/answer", data={"go": "accept"}).status_code == 303
    assert place_of(meeting, world.enrolment).state == "booked"
    assert boss.get(f"{here}/proposal").status_code == 303, "it was answered"
    again = boss.post(f"{here}/proposal", data=chosen)
    assert (again.status_code, "cannot be answered with another time" in again.text) == (409, True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, ("Choose the day.", "Choose when it starts.")),
        ({"on": "2026-13-01", "minutes": "x"}, ("Choose a day", "Choose when", "whole number")),
        ({"slot": "1@2026-10-15T09:00Z/1", "at": "19:00"}, ("Choose one way.",)),
        ({"on": "2026-03-29", "at": "01:30"}, ("There was no 01:30",)),
        ({"on": "2026-10-07", "at": "10:00"}, ("This time has passed.",)),
        ({"on": "2026-10-15", "at": "09:00"}, ("That is the time you were asked for.",)),
    ],
)
def test_what_cannot_be_proposed_is_said_and_what_was_typed_stays(
    world: World, boss: FlaskClient, typed: dict[str, str], said: tuple[str, ...]
) -> None:
    offering(world)
    here = f"/supervision/{request_of(world).id}/proposal"
    answer = boss.post(here, data={"reason": "I teach at nine", **typed})
    assert answer.status_code in (409, 422)
    for part in (*said, "I teach at nine"):
        assert part in answer.text, part
    assert Meeting.get().state == "requested"


def test_any_day_and_time_may_be_proposed_where_nothing_is_published(
    world: World, boss: FlaskClient
) -> None:
    form = {"on": "2026-10-16", "at": "19:00", "minutes": "", "reason": "", "slot": "other"}
    where = f"/supervision/{request_of(world).id}/proposal"
    assert boss.post(where, data=form).status_code == 303
    kept = Meeting.get()
    assert (kept.starts_at, kept.minutes) == (datetime(2026, 10, 16, 18, tzinfo=UTC), 60)
