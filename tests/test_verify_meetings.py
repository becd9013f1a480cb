"""`supervise verify` on meetings: whatever is touched after it was signed is named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from supervise import signing
from supervise.models import Attendance, Mail, Meeting, MeetingAction, answering, recording
from supervise.reports import verify as report
from tests import meeting as made
from tests.world import World, drop_triggers

pytestmark = pytest.mark.usefixtures("database")
TRIGGERS = {
    "meeting": ("meeting_sealed", "meeting_stays", "meeting_kept"),
    "attendance": ("attendance_sealed", "attendance_kept", "attendance_places"),
    "meeting_action": ("action_sealed", "action_kept", "action_added"),
}


@pytest.fixture
def world() -> World:
    signing.use_key("the key of this test")
    return World()


def found(world: World) -> list[str]:
    return [misfit.sentence for misfit in report.verify(world.centre)]


def disarm() -> None:
    for table, names in TRIGGERS.items():
        drop_triggers(table, *names)


def test_meetings_in_every_state_fit(world: World) -> None:
    owen = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", owen)
    day = timedelta(days=1)
    for number, bring in enumerate((made.booked, made.held, made.recorded, made.signed)):
        bring(world, world.enrolment, owen, starts_at=made.WHEN - number * day)
    back = made.recorded(world, starts_at=made.WHEN - 9 * day)
    recording.take_back(back, by=world.actor(world.supervisor), now=world.now)
    gone = made.booked(world, starts_at=made.WHEN - 10 * day)
    recording.miss(gone, by=world.actor(world.supervisor), now=world.now)
    for action in MeetingAction.select().join(Attendance).where(Attendance.state == "signed"):
        if action.owner == "supervisor":
            by = world.actor(world.supervisor)
            answering.mark_done(action, done=True, by=by, now=world.now)
    assert found(world) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: Meeting.update(discussed="Other"), "not what was signed"),
        (lambda m: Meeting.update(held_minutes=600), "not what was signed"),
        (lambda m: Meeting.update(starts_at=made.WHEN - timedelta(hours=1)), "not what was signed"),
        (lambda m: Meeting.update(agenda='{"1":{}}'), "not what was signed"),
        (lambda m: Meeting.update(recorded_at=made.WHEN), "another moment"),
        (lambda m: Meeting.update(state="recorded"), "by its history it is signed"),
        (lambda m: Meeting.update(version=99), "changed after it was signed"),
        (lambda m: Attendance.update(feedback="Other"), "not what was signed"),
        (lambda m: Attendance.update(goals="Other"), "not what was signed"),
        (lambda m: Attendance.update(state="missed", signed_at=None), "not what was signed"),
        (lambda m: Attendance.update(state="came", signed_at=None), "was signed, but it says came"),
        (lambda m: Attendance.update(reply="Other"), "not what its learner signed"),
        (lambda m: Attendance.update(reflection="Other"), "not what its learner signed"),
        (lambda m: Attendance.update(signed_at=made.WHEN), "changed after it was signed"),
        (lambda m: MeetingAction.update(text="Other"), "not what was signed"),
        (lambda m: MeetingAction.update(owner="supervisor"), "not what was signed"),
        (lambda m: MeetingAction.update(due_on=made.WHEN.date()), "not what was signed"),
        (lambda m: MeetingAction.delete(), "not what was signed"),
    ],
)
def test_a_change_is_named(world: World, change, said: str) -> None:
    meeting = made.signed(world)
    disarm()
    assert change(meeting).execute()
    [sentence] = found(world)
    assert said in sentence
    assert sentence.startswith(f"meeting {meeting.id} of 6 Oct 2026")


def test_what_is_deleted_or_never_was_is_named(world: World) -> None:
    meeting = made.signed(world)
    place = made.place_of(meeting, world.enrolment)
    forged = made.held(world, starts_at=made.WHEN - timedelta(days=3))
    disarm()
    MeetingAction.delete().execute()
    Mail.delete().execute()
    Attendance.delete().where(Attendance.id == place.id).execute()
    sentences = found(world)
    assert any(f"attendance {place.id} is gone, though it was signed" in s for s in sentences)
    Meeting.delete().where(Meeting.id == meeting.id).execute()
    assert any(f"meeting {meeting.id} is gone, though it was recorded" in s for s in found(world))
    Meeting.update(
        state="recorded", discussed="x", recorded_at=world.now, recorded_by=world.supervisor
    ).where(Meeting.id == forged.id).execute()
    assert any(
        f"meeting {forged.id}" in s and "by its history it is held" in s for s in found(world)
    )
