"""For which of a learner's enrolments a booking is: never another than was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.models import Assignment, Attendance, Availability, Enrolment
from tests.slots import SLOT, offering
from tests.world import World, sign_in


@pytest.fixture
def world(database: object) -> World:
    return World()


@pytest.fixture
def second(world: World) -> Enrolment:
    """Another enrolment of the same learner, with the same supervisor."""
    enrolment = world.enrol(world.learner, programme="ILM-8580", units=())
    world.assign(world.supervisor, "supervisor", enrolment)
    return enrolment


@pytest.fixture
def me(app: Flask, world: World) -> Iterator[FlaskClient]:
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(world.now, tick=False):
        client = app.test_client()
        sign_in(client, world.learner, world.centre, world.now)
        yield client


def sent(slot: Availability, **more: Any) -> dict[str, Any]:
    return {"availability_id": slot.id, "starts_at": SLOT.isoformat(), **more}


def test_what_was_chosen_is_booked_or_nothing(
    world: World, second: Enrolment, me: FlaskClient
) -> None:
    slot = offering(world)
    ended = (Assignment.enrolment == world.enrolment) & (Assignment.role == "supervisor")
    Assignment.update(to_on=date(2026, 10, 9)).where(ended).execute()
    answer = me.post("/bookings", data=sent(slot, enrolment_id=world.enrolment.id))
    assert answer.status_code == 409
    assert "is not assigned to Priya Nair on 15 Oct 2026" in answer.text
    assert not Attendance.select().exists()
    assert me.post("/bookings", data=sent(slot, enrolment_id=second.id)).status_code == 303
    assert Attendance.get().enrolment == second


@pytest.mark.parametrize("number", ["", "99999999999999999999", "12345", "x"])
def test_without_one_of_theirs_the_learner_is_asked_for_which(
    world: World, second: Enrolment, me: FlaskClient, number: str
) -> None:
    slot = offering(world)
    answer = me.post("/bookings", data=sent(slot, enrolment_id=number, note="My first recording"))
    assert answer.status_code == 422
    for part in ("Choose for which of your programmes", "My first recording", second.title):
        assert part in answer.text, part
    assert not Attendance.select().exists()
    value = f"{slot.id}@2026-10-15T08:00Z"
    again = me.post("/bookings", data={"slot": value, "enrolment": second.id})
    assert again.status_code == 303
    assert Attendance.get().enrolment == second


def test_the_only_one_need_not_be_named_but_another_is_refused(
    world: World, me: FlaskClient
) -> None:
    slot = offering(world)
    answer = me.post("/bookings", data=sent(slot, enrolment_id="12345"))
    assert answer.status_code == 422
    assert 'id="enrolment-error"' in answer.text
    assert me.post("/bookings", data=sent(slot)).status_code == 303
    assert Attendance.get().enrolment == world.enrolment
