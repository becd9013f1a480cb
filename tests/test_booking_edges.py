"""Where a booking ends: times centuries off or gone by, groups of one, an enrolment that is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.models import Attendance, Enrolment, Meeting, Person
from supervise.models.asking import add
from supervise.models.booking import Plan
from supervise.models.centres import Refused
from supervise.models.rebooking import cancel
from supervise.models.series import arrange_series, cancel_from, later_meetings
from tests.slots import SLOT, arranged, learners, offering, take
from tests.test_slots_offered import offered
from tests.world import World, sign_in

WEEK = timedelta(weeks=1)
FAR = ("0001-01-01T00:00Z", "9999-12-31T23:59Z", "9999-12-31T23:59:00-12:00", "1999-12-31T12:00Z")


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


@pytest.mark.parametrize("at", FAR)
def test_a_time_centuries_off_is_no_time(world: World, pages: Any, at: str) -> None:
    me, slot = pages(world.learner), offering(world)
    meeting = take(world, slot).meeting
    page = me.get(f"/calendar/slots/{slot.id}", query_string={"at": at})
    assert page.status_code == 200
    assert "Choose a time." in page.text
    assert me.post("/bookings", data={"slot": f"{slot.id}@{at}"}).status_code == 422
    form = {"slot": f"{slot.id}@{at}", "reason": "Ill", "version": meeting.version}
    moved = me.post(f"/supervision/{meeting.id}/moving", data=form)
    assert moved.status_code == 422
    assert "Choose the new time." in moved.text


def form(world: World, **more: Any) -> dict[str, Any]:
    return {
        "learners": str(world.enrolment.id), "on": "2026-10-15", "at": "09:00", "minutes": "60",
        "mode": "video", "format": "one-to-one", **more,
    }  # fmt: skip


def test_nobody_is_invited_to_what_has_passed(world: World, pages: Any) -> None:
    boss = pages(world.supervisor)
    past = form(world, on="2026-10-07", note="About the recording")
    answer = boss.post("/supervision/new", data=past | {"invite": "yes"})
    assert answer.status_code == 409
    for part in ("This time has passed. Choose a later one.", "About the recording"):
        assert part in answer.text, part
    assert not Meeting.select().exists()
    assert boss.post("/supervision/new", data=past).status_code == 303, "held already, and kept"
    group = arranged(world, *learners(world, 1), format="group", places=3)
    by = world.actor(world.supervisor, SLOT)
    with pytest.raises(Refused, match="begun already"):
        add(group, world.enrolment, invite=True, by=by, now=SLOT)
    add(group, world.enrolment, invite=False, by=by, now=SLOT)


def test_a_group_has_two_places_or_more(world: World, pages: Any) -> None:
    boss = pages(world.supervisor)
    answer = boss.post("/supervision/new", data=form(world, format="group", places="1"))
    assert answer.status_code == 422
    assert "A group has two places or more." in answer.text
    with pytest.raises(Refused, match="two places"):
        arranged(world, format="peer", places=1)
    assert boss.post("/supervision/new", data=form(world, format="group")).status_code == 303
    assert Meeting.get().places == 2, "room for one more"


def test_nothing_is_booked_once_the_enrolment_is_over(world: World) -> None:
    slot = offering(world)
    Enrolment.update(ends_on=date(2026, 10, 15)).where(Enrolment.id == world.enrolment.id).execute()
    enrolment = Enrolment.get_by_id(world.enrolment.id)
    assert take(world, slot, enrolment).state == "booked", "on its last day"
    with pytest.raises(Refused, match="The enrolment of Priya Nair ends on 15 Oct 2026"):
        take(world, slot, enrolment, SLOT + WEEK)
    with pytest.raises(Refused, match="ends on 15 Oct 2026"):
        arranged(world, enrolment, starts_at=SLOT + WEEK)
    assert Attendance.select().count() == 1
    assert offered(world, WEEK) == []
    assert offered(world)


def test_nothing_is_booked_with_somebody_whose_account_is_closed(world: World) -> None:
    """Whatever assignment was left to them."""
    slot = offering(world)
    Person.update(disabled_at=world.now).where(Person.id == world.supervisor.id).execute()
    with pytest.raises(Refused, match="Marian Hale is not assigned"):
        take(world, slot)
    assert not Meeting.select().exists()


def test_what_was_cancelled_of_a_series_is_none_of_the_later_ones(world: World) -> None:
    boss = world.actor(world.supervisor)
    first, second, third = arrange_series(
        Plan("one-to-one", SLOT, 60), [world.enrolment], times=3, every_weeks=1, only_free=False,
        invite=False, by=boss, now=world.now,
    ).meetings  # fmt: skip
    cancel(second, "A holiday", by=boss, now=world.now)
    assert later_meetings(first) == [third]
    assert cancel_from(first, "The course is over.", by=boss, now=world.now) == 2
    reasons = [Meeting.get_by_id(one.id).reason for one in (first, second, third)]
    assert reasons == ["The course is over.", "A holiday", "The course is over."]
