"""How long a meeting is said to have lasted, and what a learner typed while its record went away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from supervise.models import Attendance, Meeting, Person, answering, recording
from supervise.models.centres import Refused
from supervise.models.recording import Part, Unfinished
from supervise.rules.held import length_fault
from supervise.workflow import WrongState
from tests import meeting as made
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app: Flask):
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def enter(app: Flask, world: World):
    """A browser with somebody signed in."""

    def come_in(person: Person) -> Any:
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        return client

    return come_in


@pytest.mark.parametrize(
    ("minutes", "planned", "sure", "fine"),
    [
        (180, 60, False, True), (181, 60, False, False), (181, 60, True, True),
        (480, 60, True, True), (481, 240, True, False), (0, 60, True, False),
    ],
)  # fmt: skip
def test_a_length_that_cannot_be(minutes: int, planned: int, sure: bool, fine: bool) -> None:
    assert (length_fault(minutes, planned, sure=sure) == "") is fine


def test_nobody_is_in_two_meetings_at_once(world: World) -> None:
    later = made.held(world, starts_at=made.WHEN + timedelta(hours=2))
    meeting = made.booked(world)
    [place], by = Attendance.seated(meeting), world.actor(world.supervisor)
    with pytest.raises(Refused, match="Priya Nair was in another meeting"):
        recording.hold(meeting, [place.id], 121, by=by, now=world.now)
    recording.hold(meeting, [place.id], 120, by=by, now=world.now)
    assert later.starts_at == meeting.starts_at + timedelta(minutes=120)
    early = [replace(made.ACTIONS[0], due_on=date(2026, 10, 5))]
    made.write_up(world, meeting, parts={place.id: Part(actions=early)})
    with pytest.raises(Unfinished, match="before the meeting"):
        recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)


def test_its_host_leads_no_two_meetings_at_once(world: World) -> None:
    owen = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", owen)
    made.held(world, starts_at=made.WHEN + timedelta(hours=1))
    meeting, by = made.booked(world, owen), world.actor(world.supervisor)
    [place] = Attendance.seated(meeting)
    with pytest.raises(Refused, match="Marian Hale led another meeting for part of that time"):
        recording.hold(meeting, [place.id], 61, by=by, now=world.now)
    recording.hold(meeting, [place.id], 60, by=by, now=world.now)


@pytest.mark.parametrize(("minutes", "free"), [(479, False), (480, True)])
def test_a_meeting_that_lasted_a_working_day_is_looked_for_as_well(
    world: World, minutes: int, free: bool
) -> None:
    long, by = made.booked(world), world.actor(world.supervisor)
    [place] = Attendance.seated(long)
    recording.hold(long, [place.id], 480, sure=True, by=by, now=world.now)
    meeting = made.booked(world, starts_at=made.WHEN + timedelta(minutes=minutes))
    [place] = Attendance.seated(meeting)
    if not free:
        with pytest.raises(Refused, match="Priya Nair was in another meeting"):
            recording.hold(meeting, [place.id], 30, by=by, now=world.now)
        return
    recording.hold(meeting, [place.id], 30, by=by, now=world.now)
    assert Meeting.get_by_id(meeting.id).held_minutes == 30


def test_a_long_meeting_is_asked_about_once(world: World, enter) -> None:
    meeting = made.booked(world)
    [place], boss = Attendance.seated(meeting), enter(world.supervisor)
    path, sent = f"/supervision/{meeting.id}/holding", {"came": str(place.id), "minutes": "400"}
    refused = boss.post(path, data=sent)
    assert refused.status_code == 422
    assert "It really lasted that long" in refused.text
    assert boss.post(path, data=sent | {"sure": "y"}).status_code == 303
    assert Meeting.get_by_id(meeting.id).held_minutes == 400


def test_what_was_typed_stays_where_the_record_was_taken_back(
    world: World, enter, monkeypatch
) -> None:
    meeting = made.recorded(world)
    place, me = made.place_of(meeting, world.enrolment), enter(world.learner)
    sent = {
        "read": str(meeting.version), "version": str(place.version), "reply": "",
        "reflection": "I rush.", "go": "sign",
    }  # fmt: skip
    recording.take_back(meeting, by=world.actor(world.supervisor), now=world.now)
    refused = me.post(f"/supervision/{meeting.id}/reply", data=sent)
    assert refused.status_code == 409
    assert "was taken back" in refused.text
    assert "I rush.</textarea>" in refused.text
    made.write_up(world, meeting)
    recording.record(
        meeting, {}, version=meeting.version, by=world.actor(world.supervisor), now=world.now
    )
    sign = answering.sign

    def twice(*args, **values):
        """The other press came first."""
        sign(*args, **values)
        raise WrongState("It is signed.")

    monkeypatch.setattr(answering, "sign", twice)
    fresh = sent | {"read": str(meeting.version), "version": str(Attendance.get().version)}
    assert me.post(f"/supervision/{meeting.id}/reply", data=fresh).status_code == 303
