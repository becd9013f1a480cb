"""`supervise verify` on meetings: whatever is touched after it was signed is named."""

from __future__ import annotations

from datetime import timedelta

import peewee
import pytest

from supervise import signing
from supervise.db import database, write
from supervise.models import Attendance, Busy, Mail, Meeting, MeetingAction, answering, recording
from supervise.reports import verify as report
from tests import meeting as made
from tests.world import World, drop_triggers

pytestmark = pytest.mark.usefixtures("database")
TRIGGERS = {
    "meeting": ("meeting_sealed", "meeting_stays", "meeting_kept"),
    "attendance": ("attendance_sealed", "attendance_kept", "attendance_added"),
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
        (lambda m: Meeting.update(place="Leeds"), "not what was signed"),
        (lambda m: Meeting.update(address="https://elsewhere.example.org"), "not what was signed"),
        (lambda m: Meeting.update(note="Other"), "not what was signed"),
        (lambda m: Busy.delete().where(Busy.person == m.host), "not kept free for those"),
        (
            lambda m: Busy.update(ends_at=made.WHEN + timedelta(hours=3)),
            "another time than its own",
        ),
    ],
)
def test_a_change_is_named(world: World, change, said: str) -> None:
    meeting = made.signed(world)
    disarm()
    assert change(meeting).execute()
    [sentence] = found(world)
    assert said in sentence
    assert sentence.startswith(f"meeting {meeting.id} of 6 Oct 2026")


def test_a_place_or_an_action_put_into_a_signed_meeting_is_refused_and_named(world: World) -> None:
    signed, owen = made.signed(world), world.enrol(world.person("Owen Tasker", "learner"))
    other = made.held(world, owen, starts_at=made.WHEN - timedelta(days=1))
    made.write_up(world, other)
    mine, theirs = made.place_of(signed, world.enrolment), made.place_of(other, owen)
    new = {"centre": world.centre, "enrolment": owen, "learner": owen.learner, "state": "cancelled",
           "created_at": world.now, "changed_at": world.now}  # fmt: skip
    changes = (
        Attendance.insert(meeting=signed, **new),
        Attendance.update(meeting=signed, state="cancelled", seat=None).where(
            Attendance.id == theirs.id
        ),
        MeetingAction.update(attendance=mine.id).where(MeetingAction.attendance == theirs.id),
    )
    for change in changes:
        with pytest.raises(peewee.IntegrityError, match="sealed"), write():
            change.execute()
    disarm()
    for change in changes:
        with write() as _, database.atomic() as undo:
            change.execute()
            assert any(
                f"meeting {signed.id} " in sentence and "not what was signed" in sentence
                for sentence in found(world)
            )
            undo.rollback()
    assert found(world) == []


def test_a_signature_of_another_for_the_learner_is_named(world: World) -> None:
    meeting = made.recorded(world)
    place = made.place_of(meeting, world.enrolment)
    with write():
        Attendance.update(state="signed", signed_at=world.now, version=place.version + 1).where(
            Attendance.id == place.id
        ).execute()
        signing.sign(
            made.place_of(meeting, world.enrolment), subject="attendance", person_id=world.tutor.id,
            role="learner", decision="signed", now=world.now,
        )  # fmt: skip
    assert any("is not what its learner signed" in sentence for sentence in found(world))


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
    Busy.delete().where(Busy.meeting == meeting).execute()
    Meeting.delete().where(Meeting.id == meeting.id).execute()
    assert any(f"meeting {meeting.id} is gone, though it was recorded" in s for s in found(world))
    Meeting.update(
        state="recorded", discussed="x", recorded_at=world.now, recorded_by=world.supervisor
    ).where(Meeting.id == forged.id).execute()
    assert any(
        f"meeting {forged.id}" in s and "by its history it is held" in s for s in found(world)
    )
