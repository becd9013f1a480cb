"""What may be booked when, and the calendar's three views of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from supervise.models import (
    Attendance,
    Availability,
    AvailabilityPerson,
    Away,
    Busy,
    Meeting,
    Membership,
)
from supervise.reports.slots import next_free, open_slots
from tests.world import NOW, World

WEEK = timedelta(days=7)


def publish(world: World, **changes: Any) -> Availability:
    """Each Monday from 9 to 12 in London, an hour each."""
    return world.publishes(**{"person": world.supervisor} | changes)


def meet(world: World, starts_at: datetime, *learners: object, **changes: object) -> Meeting:
    """A booked hour with these learners' places in it."""
    values: dict[str, object] = {
        "centre": world.centre, "host": world.supervisor, "format": "one-to-one", "places": 1,
        "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1), "mode": "video",
        "state": "booked", "asked_by": world.supervisor, "created_at": world.now,
        "changed_at": world.now,
    }  # fmt: skip
    meeting = Meeting.create(**values | changes)
    for seat, enrolment in enumerate(learners, 1):
        Attendance.create(
            centre=world.centre, meeting=meeting, enrolment=enrolment, seat=seat, state="booked",
            learner=enrolment.learner, created_at=world.now, changed_at=world.now,  # type: ignore[attr-defined]
        )  # fmt: skip
    people = [meeting.host_id, *(one.learner_id for one in learners)]  # type: ignore[attr-defined]
    for person in people:
        Busy.create(
            person=person, meeting=meeting, starts_at=meeting.starts_at, ends_at=meeting.ends_at
        )
    return meeting


def at(day: int, hour: int, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture
def world(database: object) -> World:
    return World()


def hours(world: World, since: datetime = NOW, until: datetime = NOW + WEEK) -> list[datetime]:
    return [one.starts_at for one in open_slots(world.actor(world.learner), since, until)]


MONDAY = [at(12, hour) for hour in (8, 9, 10)]  # nine o'clock of London's summer and on


def test_a_learner_sees_what_their_supervisor_leaves_free(world: World) -> None:
    publish(world)
    assert hours(world) == MONDAY
    other = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", other)
    meet(world, at(12, 9), other)
    assert hours(world) == [MONDAY[0], MONDAY[2]]
    Away.create(
        centre=world.centre, person=world.supervisor, from_at=at(12, 10), to_at=at(13, 0),
        created_at=NOW,
    )  # fmt: skip
    assert hours(world) == MONDAY[:1]
    found = next_free(world.actor(world.learner))
    assert found is not None
    assert (found.starts_at, found.host, found.enrolments) == (
        MONDAY[0], world.supervisor, (world.enrolment,),
    )  # fmt: skip


def test_nobody_sees_slots_of_a_host_who_is_not_theirs_on_that_day(world: World) -> None:
    publish(world)
    publish(world, person=world.tutor, format="one-to-one", weekday=1)  # a tutor does not supervise
    publish(world, person=world.tutor, format="tutorial", weekday=2)
    assert hours(world) == [*MONDAY, *(at(14, hour) for hour in (8, 9, 10))]
    for one in world.enrolment.assignments:
        one.to_on = date(2026, 10, 13)
        one.save()
    assert hours(world) == MONDAY
    stranger = world.person("Owen Tasker", "learner")
    world.enrol(stranger)
    assert open_slots(world.actor(stranger), NOW, NOW + WEEK) == []


def test_a_pattern_for_named_learners_is_theirs_alone(world: World) -> None:
    only = publish(world, named=True)
    assert hours(world) == []
    AvailabilityPerson.create(availability=only, person=world.learner)
    assert hours(world) == MONDAY
    only.withdrawn_at = NOW
    only.save()
    assert hours(world) == []


def test_a_group_that_has_begun_shows_what_is_left_and_when_it_is_full(
    world: World, queries: object
) -> None:
    group = publish(world, format="group", places=2)
    others = [world.enrol(world.person(name, "learner")) for name in ("Owen Tasker", "Ida Voss")]
    meeting = meet(world, at(12, 9), others[0], availability=group, format="group", places=2)
    actor = world.actor(world.learner)
    with queries() as seen:  # type: ignore[operator]
        found = open_slots(actor, NOW, NOW + WEEK)
    assert seen.count <= 5, seen
    assert [(one.left, one.meeting) for one in found] == [(2, None), (1, meeting), (2, None)]
    Attendance.create(
        centre=world.centre, meeting=meeting, enrolment=others[1], seat=2, state="booked",
        learner=others[1].learner, created_at=NOW, changed_at=NOW,
    )  # fmt: skip
    full = open_slots(world.actor(world.learner), NOW, NOW + WEEK)[1]
    assert (full.full, full.meeting) == (True, meeting)


def test_ones_own_meeting_elsewhere_hides_what_one_could_not_come_to(world: World) -> None:
    publish(world)
    elsewhere = World()
    Membership.grant(world.learner, elsewhere.centre, "learner", by=None, now=NOW)
    theirs = elsewhere.enrol(world.learner)
    meet(elsewhere, at(12, 8), theirs)
    assert hours(world) == MONDAY[1:]
