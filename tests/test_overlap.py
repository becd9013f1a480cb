"""What the database keeps by itself of who is where when: rows written past the models, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import peewee
import pytest

from supervise.db import write
from supervise.models import Attendance, Busy, Enrolment, Meeting
from supervise.reports.verify_meetings import misfits
from tests.meeting import place_of
from tests.slots import NEXT, SLOT, arranged, learners
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")
HOUR = timedelta(hours=1)
FREE = SLOT + 5 * HOUR


@pytest.fixture
def world() -> World:
    return World()


def meeting_row(world: World, **values: Any) -> dict[str, Any]:
    return {
        "centre": world.centre, "host": world.supervisor, "state": "booked", "places": 1,
        "format": "one-to-one", "starts_at": SLOT, "ends_at": SLOT + HOUR, "mode": "video",
        "asked_by": world.learner, "created_at": world.now, "changed_at": world.now,
        "reason": "x", **values,
    }  # fmt: skip


def place_row(meeting: Meeting, enrolment: Enrolment, **values: Any) -> dict[str, Any]:
    return {
        "centre": meeting.centre_id, "meeting": meeting, "enrolment": enrolment, "seat": 1,
        "learner": enrolment.learner, "state": "booked", "created_at": meeting.created_at,
        "changed_at": meeting.created_at, **values,
    }  # fmt: skip


def kept(meeting: Meeting) -> set[Any]:
    """Who has which time kept for the meeting."""
    rows = Busy.select().where(Busy.meeting == meeting)
    return {(row.person_id, row.starts_at, row.ends_at) for row in rows}


def refused(query: Any, said: str = "busy_overlap") -> None:
    with pytest.raises(peewee.IntegrityError, match=said), write():
        query.execute()


@pytest.mark.parametrize("minutes", [-59, 0, 59])
def test_no_second_meeting_of_a_host_is_written_at_the_same_time(
    world: World, minutes: int
) -> None:
    arranged(world)
    start = SLOT + timedelta(minutes=minutes)
    row = meeting_row(world, starts_at=start, ends_at=start + HOUR)
    for state in ("booked", "missed"):
        refused(Meeting.insert(row | {"state": state}))
    assert Meeting.insert(row | {"state": "requested"}).execute()
    assert Meeting.insert(row | {"state": "cancelled"}).execute()
    assert Busy.select().count() == 2


def test_no_meeting_is_moved_revived_or_handed_over_on_top_of_another(world: World) -> None:
    joan = world.person("Joan Petrie", "supervisor")
    [other] = learners(world, 1)
    first, second = arranged(world), arranged(world, other, starts_at=FREE)
    cancelled = Meeting.create(**meeting_row(world, state="cancelled"))
    theirs = Meeting.create(**meeting_row(world, host=joan))
    for changes, meeting in (
        ({"starts_at": SLOT + HOUR / 2}, second),
        ({"starts_at": SLOT, "ends_at": SLOT + HOUR}, second),
        ({"ends_at": FREE + HOUR / 2}, first),
        ({"state": "booked"}, cancelled),
        ({"host": world.supervisor}, theirs),
    ):
        refused(Meeting.update(changes).where(Meeting.id == meeting.id))
    assert kept(theirs) == {(joan.id, SLOT, SLOT + HOUR)}
    assert list(misfits(world.centre)) == []


def test_no_learner_is_seated_in_two_meetings_at_once(world: World) -> None:
    joan = world.person("Joan Petrie", "supervisor")
    arranged(world)
    second = Meeting.create(**meeting_row(world, host=joan))
    refused(Attendance.insert(place_row(second, world.enrolment)))
    invited = place_row(second, world.enrolment, state="invited", seat=None)
    place = Attendance.create(**invited)
    mine = Attendance.id == place.id
    refused(Attendance.update(state="booked", seat=1).where(mine))
    [free] = learners(world, 1)
    Attendance.update(enrolment=free, learner=free.learner, state="booked", seat=1).where(
        mine
    ).execute()
    refused(Attendance.update(enrolment=world.enrolment, learner=world.learner).where(mine))
    assert {who for who, *_ in kept(second)} == {joan.id, free.learner_id}


def test_the_time_kept_follows_whatever_is_written(world: World) -> None:
    joan = world.person("Joan Petrie", "supervisor")
    meeting = Meeting.create(**meeting_row(world, format="group", places=3))
    mine, boss, me = Meeting.id == meeting.id, world.supervisor.id, world.learner.id
    Attendance.create(**place_row(meeting, world.enrolment))
    assert kept(meeting) == {(boss, SLOT, SLOT + HOUR), (me, SLOT, SLOT + HOUR)}
    Meeting.update(starts_at=NEXT, ends_at=NEXT + HOUR, host=joan).where(mine).execute()
    assert kept(meeting) == {(joan.id, NEXT, NEXT + HOUR), (me, NEXT, NEXT + HOUR)}
    seat = Attendance.update(state="cancelled", seat=None).where(Attendance.meeting == meeting)
    seat.execute()
    assert kept(meeting) == {(joan.id, NEXT, NEXT + HOUR)}
    [other] = learners(world, 1)
    Attendance.create(**place_row(meeting, other))
    Attendance.delete().where(Attendance.enrolment == other).execute()
    assert kept(meeting) == {(joan.id, NEXT, NEXT + HOUR)}
    Meeting.update(state="cancelled").where(mine).execute()
    assert kept(meeting) == set()
    assert list(misfits(world.centre)) == []


def test_nobody_comes_to_host_themselves(world: World) -> None:
    meeting = arranged(world)
    of_it = Meeting.id == meeting.id
    refused(Meeting.update(host=world.learner).where(of_it), "nobody meets themselves")
    joan = world.person("Joan Petrie", "supervisor", "learner")
    theirs = world.enrol(joan)
    other = Meeting.create(**meeting_row(world, host=joan, starts_at=FREE, ends_at=FREE + HOUR))
    change = {"meeting": other, "enrolment": theirs, "learner": joan}
    mine = Attendance.id == place_of(meeting, world.enrolment).id
    refused(Attendance.update(change).where(mine), "nobody meets themselves")


def test_a_group_shrinks_to_no_less_than_who_sits_in_it(world: World) -> None:
    meeting = arranged(world, world.enrolment, *learners(world, 2), places=5)
    of_it = Meeting.id == meeting.id
    refused(Meeting.update(places=2).where(of_it), "the meeting is full")
    assert Meeting.update(places=3).where(of_it).execute() == 1
