"""Meetings for tests, brought to a state by the moves that lead there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from supervise.db import write
from supervise.models import Attendance, Enrolment, Meeting, answering, recording
from supervise.models.people import Actor
from supervise.models.recording import Action, Part, Written
from tests.world import World

WHEN = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
"""Two days before the world's own moment."""
DISCUSSED = "How to hold a silence, and when to break it."
FEEDBACK = "Your questions are shorter than in spring."
GOALS = "Stay silent until the client has finished."
ACTIONS = (
    Action("learner", "Note each time I want to advise", date(2026, 10, 20)),
    Action("supervisor", "Send the reading on silence", date(2026, 10, 9)),
)


def booked(
    world: World, *enrolments: Enrolment, starts_at: datetime = WHEN, **values: Any
) -> Meeting:
    """A meeting of the world's supervisor that stands, with a seat for each of these enrolments."""
    enrolments = enrolments or (world.enrolment,)
    group = len(enrolments) > 1
    with write():
        meeting: Meeting = Meeting.create(
            **{
                "centre": world.centre, "host": world.supervisor, "state": "booked",
                "format": "group" if group else "one-to-one", "places": len(enrolments),
                "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1), "mode": "video",
                "asked_by": world.learner, "created_at": world.now, "changed_at": world.now, **values,
            }
        )  # fmt: skip
        for seat, enrolment in enumerate(enrolments, 1):
            Attendance.create(
                centre=world.centre, meeting=meeting, enrolment=enrolment, seat=seat,
                learner=enrolment.learner, state="booked", created_at=world.now,
                changed_at=world.now,
            )  # fmt: skip
    return meeting


def place_of(meeting: Meeting, enrolment: Enrolment) -> Attendance:
    """The place of an enrolment's learner."""
    mine = (Attendance.meeting == meeting) & (Attendance.enrolment == enrolment)
    found: Attendance = Attendance.get(mine)
    return found


def host(world: World, meeting: Meeting) -> Actor:
    """Whoever hosts the meeting, at work."""
    return world.actor(meeting.host)


def held(world: World, *enrolments: Enrolment, **values: Any) -> Meeting:
    """A meeting that took place, with all who had a seat."""
    meeting = booked(world, *enrolments, **values)
    came = [place.id for place in Attendance.seated(meeting)]
    recording.hold(meeting, came, 55, by=host(world, meeting), now=world.now)
    return meeting


def write_up(world: World, meeting: Meeting, **changes: Any) -> None:
    """A draft of the record that lacks nothing, the same for each learner."""
    part = Part(FEEDBACK, GOALS, ACTIONS)
    parts = {place.id: part for place in Attendance.seated(meeting)}
    written = Written(**{"discussed": DISCUSSED, "parts": parts, "note": ""} | changes)
    recording.write_up(
        meeting, written, version=meeting.version, by=host(world, meeting), now=world.now
    )


def recorded(world: World, *enrolments: Enrolment, **values: Any) -> Meeting:
    """A meeting whose record its leader has signed."""
    meeting = held(world, *enrolments, **values)
    write_up(world, meeting)
    by = host(world, meeting)
    recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)
    return meeting


def signed(world: World, *enrolments: Enrolment, **values: Any) -> Meeting:
    """A meeting whose record everybody has signed."""
    meeting = recorded(world, *enrolments, **values)
    for enrolment in enrolments or (world.enrolment,):
        place = place_of(meeting, enrolment)
        answering.sign(
            place, "I will try.", "I talk to fill gaps.", read=meeting.version,
            version=place.version, by=world.actor(enrolment.learner), now=world.now,
        )  # fmt: skip
    return Meeting.get_by_id(meeting.id)
