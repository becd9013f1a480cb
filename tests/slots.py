"""Availability and bookings for tests, made through the models' own doors."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from supervise.models import Attendance, Availability, Enrolment, Meeting, Person
from supervise.models.booking import Plan, arrange, book
from tests.world import World

SLOT = datetime(2026, 10, 15, 8, 0, tzinfo=UTC)
"""Thursday a week after the world's own moment, 09:00 in London."""
NEXT = datetime(2026, 10, 15, 9, 0, tzinfo=UTC)
"""The slot after it."""


def offering(world: World, **values: Any) -> Availability:
    """The world's supervisor is free each Thursday from 9 to 12 in London, for an hour each."""
    return Availability.create(
        **{
            "centre": world.centre, "person": world.supervisor, "format": "one-to-one",
            "places": 1, "weekday": 3, "from_on": date(2026, 9, 3), "starts": "09:00",
            "ends": "12:00", "zone": "Europe/London", "minutes": 60, "mode": "video",
            "address": "https://meet.example.org/marian", "created_at": world.now, **values,
        }
    )  # fmt: skip


def learners(world: World, count: int) -> list[Enrolment]:
    """So many more learners of the world's supervisor."""
    found = []
    for number in range(count):
        enrolment = world.enrol(world.person(f"Learner{number} Ames", "learner"))
        world.assign(world.supervisor, "supervisor", enrolment)
        found.append(enrolment)
    return found


def take(
    world: World, slot: Availability, enrolment: Enrolment | None = None,
    starts_at: datetime = SLOT, **values: Any,
) -> Attendance:  # fmt: skip
    """An enrolment's learner, by default the world's, books a slot."""
    enrolment = enrolment or world.enrolment
    me = world.actor(enrolment.learner)
    return book(slot, starts_at, enrolment=enrolment, by=me, now=world.now, **values)


def arranged(
    world: World, *enrolments: Enrolment, invite: bool = False, host: Person | None = None,
    **values: Any,
) -> Meeting:  # fmt: skip
    """A meeting its host booked, or invited to; one to one for one learner, else for eight."""
    enrolments = enrolments or (world.enrolment,)
    one = len(enrolments) == 1
    plan = Plan(
        **{
            "format": "one-to-one" if one else "group", "places": 1 if one else 8,
            "starts_at": SLOT, "minutes": 60, **values,
        }
    )  # fmt: skip
    by = world.actor(host or world.supervisor)
    return arrange(plan, enrolments, invite=invite, by=by, now=world.now)
