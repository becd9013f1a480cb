"""The record of a meeting: held, written up, signed by its leader and by each who came; then sealed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta

import peewee
import pytest

from supervise import db
from supervise.db import write
from supervise.events import history
from supervise.models import (
    Attendance,
    ClientIdentity,
    Enrolment,
    Mail,
    Meeting,
    MeetingAction,
    MeetingNote,
    Person,
    answering,
    recording,
)
from supervise.models.centres import Refused
from supervise.models.recording import Action, ChangedElsewhere, Part, Unfinished, Written
from supervise.reports import privacy
from supervise.signing import SignOff
from supervise.workflow import NotAllowed, WrongState
from tests import meeting as made
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def pair(world: World) -> tuple:
    """A second learner of the same supervisor, for groups."""
    owen = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", owen)
    return world.enrolment, owen


def state_of(meeting: Meeting) -> str:
    return str(Meeting.get_by_id(meeting.id).state)


def test_it_is_held_recorded_and_signed_by_both(world: World) -> None:
    meeting = made.held(world)
    assert (meeting.state, meeting.held_minutes) == ("held", 55)
    made.write_up(world, meeting, note="Tired today.")
    by, now = world.actor(world.supervisor), world.now
    first = recording.record(meeting, {}, version=meeting.version, by=by, now=now)
    assert (first.subject, first.role, first.decision) == ("meeting", "supervisor", "recorded")
    [mail] = Mail.select()
    assert (mail.kind, mail.person_id, mail.detail) == ("recorded", world.learner.id, "{}")
    place = made.place_of(meeting, world.enrolment)
    me = world.actor(world.learner)
    answering.reply(place, "Thank you.", "", version=place.version, by=me, now=now)
    second = answering.sign(
        place, "Thank you.", "I rush.", read=meeting.version, version=place.version, by=me, now=now
    )
    assert (second.subject, second.role, second.decision) == ("attendance", "learner", "signed")
    assert state_of(meeting) == "signed"
    assert Attendance.get_by_id(place.id).reflection == "I rush."
    told = history("meeting", meeting.id)
    assert [event.verb for event in told] == [
        "marked as held", "recorded", "signed the record", "signed by both",
    ]  # fmt: skip
    words = " ".join(event.note + event.detail for event in told)
    assert "silence" not in words
    assert "Thank you" not in words


def test_a_group_is_signed_when_the_last_who_came_has(world: World, pair: tuple) -> None:
    meeting = made.booked(world, *pair, world.enrol(world.person("Ines Carvalho", "learner")))
    came = [made.place_of(meeting, one).id for one in pair]
    recording.hold(meeting, came, 90, by=world.actor(world.supervisor), now=world.now)
    made.write_up(world, meeting)
    by = world.actor(world.supervisor)
    recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)
    assert Mail.select().count() == 2
    for number, one in enumerate(pair):
        assert state_of(meeting) == "recorded"
        place, me = made.place_of(meeting, one), world.actor(one.learner)
        answering.sign(
            place,
            str(number),
            "",
            read=meeting.version,
            version=place.version,
            by=me,
            now=world.now,
        )
    assert state_of(meeting) == "signed"
    states = [place.state for place in Attendance.select().order_by(Attendance.id)]
    assert states == ["signed", "signed", "missed"]


def test_who_came_can_be_corrected_until_it_is_signed(world: World, pair: tuple) -> None:
    meeting, by = made.held(world, *pair), world.actor(world.supervisor)
    one = made.place_of(meeting, pair[0])
    recording.hold(meeting, [one.id], 40, by=by, now=world.now)
    assert made.place_of(meeting, pair[1]).state == "missed"
    recording.hold(meeting, [one.id, made.place_of(meeting, pair[1]).id], 40, by=by, now=world.now)
    undated = Part("About B", "B's goals", [Action("learner", "Read", None)])
    parts = {one.id: Part("x"), made.place_of(meeting, pair[1]).id: undated}
    made.write_up(world, meeting, parts=parts)
    recording.hold(meeting, [one.id], 40, by=by, now=world.now)  # B was not there after all
    absent = made.place_of(meeting, pair[1])
    assert (absent.feedback, absent.goals, MeetingAction.select().count()) == ("", "", 0)
    recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)
    recording.take_back(meeting, by=by, now=world.now)
    recording.miss(meeting, by=by, now=world.now)
    assert state_of(meeting) == "missed"
    recording.hold(meeting, [one.id], 45, by=by, now=world.now)
    assert Meeting.get_by_id(meeting.id).held_minutes == 45


@pytest.mark.parametrize(
    ("came", "minutes", "hours", "why"),
    [
        (True, 55, 0, "has not begun"),
        (True, 0, 3, "whole minutes"),
        (True, 1441, 3, "whole minutes"),
        (False, 55, 3, "Tick who came"),
    ],
)
def test_what_cannot_have_been_is_refused(
    world: World, came: bool, minutes: int, hours: int, why: str
) -> None:
    meeting = made.booked(world, starts_at=world.now + timedelta(hours=1))
    ids = [one.id for one in Attendance.seated(meeting)] if came else []
    now = world.now + timedelta(hours=hours)
    with pytest.raises(Refused, match=why):
        recording.hold(meeting, ids, minutes, by=world.actor(world.supervisor), now=now)
    assert state_of(meeting) == "booked"


def test_nobody_else_leads_and_nobody_answers_for_another(world: World, pair: tuple) -> None:
    meeting = made.held(world, pair[0])
    now, written = world.now, Written("x")
    for person in (world.learner, world.tutor, world.admin, world.person("Jo Ray", "supervisor")):
        by = world.actor(person)
        with pytest.raises(NotAllowed):
            recording.hold(meeting, [], 5, by=by, now=now)
        with pytest.raises(NotAllowed):
            recording.miss(meeting, by=by, now=now)
        with pytest.raises(NotAllowed):
            recording.write_up(meeting, written, version=meeting.version, by=by, now=now)
        with pytest.raises(NotAllowed):
            recording.record(meeting, {}, version=meeting.version, by=by, now=now)
        with pytest.raises(NotAllowed):
            recording.keep_note(meeting, "x", by=by)
    meeting = made.recorded(world, *pair, starts_at=made.WHEN + timedelta(hours=3))
    place = made.place_of(meeting, pair[0])
    for person in (pair[1].learner, world.supervisor, world.tutor):
        by = world.actor(person)
        with pytest.raises(NotAllowed):
            answering.reply(place, "x", "", version=place.version, by=by, now=now)
        with pytest.raises(NotAllowed):
            answering.sign(
                place, "x", "", read=meeting.version, version=place.version, by=by, now=now
            )


def test_two_tabs_do_not_overwrite_each_other(world: World) -> None:
    meeting = made.held(world)
    seen = meeting.version
    made.write_up(world, meeting)
    by = world.actor(world.supervisor)
    with pytest.raises(ChangedElsewhere):
        recording.write_up(meeting, Written("Other"), version=seen, by=by, now=world.now)
    with pytest.raises(ChangedElsewhere):
        recording.record(meeting, {}, version=seen, by=by, now=world.now)
    assert Meeting.get_by_id(meeting.id).discussed == made.DISCUSSED
    recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)
    place, me = made.place_of(meeting, world.enrolment), world.actor(world.learner)
    answering.reply(place, "First", "", version=1 + 1, by=me, now=world.now)
    with pytest.raises(ChangedElsewhere):
        answering.sign(place, "Second", "", read=meeting.version, version=2, by=me, now=world.now)
    assert Attendance.get_by_id(place.id).reply == "First"


def test_it_can_be_taken_back_until_a_learner_has_signed(world: World, pair: tuple) -> None:
    meeting, by = made.recorded(world, *pair), world.actor(world.supervisor)
    recording.take_back(meeting, by=by, now=world.now)
    assert {mail.state for mail in Mail.select()} == {"dropped"}
    place, me = made.place_of(meeting, pair[0]), world.actor(pair[0].learner)
    with pytest.raises(WrongState, match="taken back"):
        answering.sign(
            place, "", "", read=meeting.version, version=place.version, by=me, now=world.now
        )
    made.write_up(world, meeting, discussed="Said better.")
    recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)
    place = made.place_of(meeting, pair[0])
    answering.sign(place, "", "", read=meeting.version, version=place.version, by=me, now=world.now)
    with pytest.raises(WrongState, match="A learner has signed"):
        recording.take_back(meeting, by=by, now=world.now)
    assert state_of(meeting) == "recorded"


def test_what_it_lacks_and_whom_it_names_stops_the_signature(world: World) -> None:
    me = world.actor(world.learner)
    client = world.client()
    ClientIdentity.keep(client, {"name": "Ottoline Grebe"}, by=me, now=world.now)
    meeting = made.held(world)
    place = made.place_of(meeting, world.enrolment)
    part = Part("About Ottoline Grebe", "", [Action("learner", "Ask Ottoline", None),
                                             Action("learner", "Read", None)])  # fmt: skip
    by, now = world.actor(world.supervisor), world.now
    written = Written("", {place.id: part})
    recording.write_up(meeting, written, version=meeting.version, by=by, now=now)
    with pytest.raises(Unfinished) as lacking:
        recording.record(meeting, {}, version=meeting.version, by=by, now=now)
    faults = lacking.value.faults
    assert set(faults) == {
        "discussed", f"feedback_{place.id}", f"action_{place.id}_0", f"due_{place.id}_1",
    }  # fmt: skip
    assert "Ottoline" not in " ".join(faults.values())
    assert (state_of(meeting), SignOff.select().count()) == ("held", 0)
    made.write_up(world, meeting)
    recording.record(meeting, {}, version=meeting.version, by=by, now=now)
    place = made.place_of(meeting, world.enrolment)
    with pytest.raises(Unfinished) as lacking:
        answering.sign(
            place, "Like Grebe", "", read=meeting.version, version=place.version, by=me, now=now
        )
    assert "“Grebe”" in lacking.value.faults["reply"]
    assert Attendance.get_by_id(place.id).state == "came"


def test_only_its_owner_says_that_an_action_is_done(world: World, pair: tuple) -> None:
    meeting = made.signed(world, *pair)
    place = made.place_of(meeting, pair[0])
    mine, theirs = MeetingAction.of([place])
    me, boss = world.actor(world.learner), world.actor(world.supervisor)
    for action, by in ((mine, boss), (theirs, me), (mine, world.actor(pair[1].learner))):
        with pytest.raises(NotAllowed):
            answering.mark_done(action, done=True, by=by, now=world.now)
    answering.mark_done(mine, done=True, by=me, now=world.now)
    answering.mark_done(theirs, done=True, by=boss, now=world.now)
    answering.mark_done(theirs, done=False, by=boss, now=world.now)
    assert [a.done_on for a in MeetingAction.of([place])] == [date(2026, 10, 8), None]
    draft = made.held(world, pair[0], starts_at=made.WHEN + timedelta(hours=3))
    made.write_up(world, draft)
    [one, _] = MeetingAction.of([made.place_of(draft, pair[0])])
    with pytest.raises(WrongState):
        answering.mark_done(one, done=True, by=me, now=world.now)


def test_a_note_is_its_authors_alone(world: World) -> None:
    meeting, boss = made.recorded(world), world.actor(world.supervisor)
    recording.keep_note(meeting, "Tired today.", by=boss)
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor")
    recording.keep_note(meeting, "Mine.", by=world.actor(joan))
    assert recording.note_of(meeting, boss) == "Tired today."
    assert recording.note_of(meeting, world.actor(world.learner)) == ""
    recording.keep_note(meeting, "", by=boss)
    assert [note.text for note in MeetingNote.select().order_by(MeetingNote.id)] == ["", "Mine."]


@pytest.mark.parametrize(
    "change",
    [
        lambda m, p: Meeting.update(discussed="Other").where(Meeting.id == m.id),
        lambda m, p: Meeting.update(held_minutes=5).where(Meeting.id == m.id),
        lambda m, p: Meeting.update(state="held").where(Meeting.id == m.id),
        lambda m, p: Meeting.delete().where(Meeting.id == m.id),
        lambda m, p: Attendance.update(feedback="Other").where(Attendance.id == p.id),
        lambda m, p: Attendance.update(reply="Other").where(Attendance.id == p.id),
        lambda m, p: Attendance.delete().where(Attendance.id == p.id),
        lambda m, p: MeetingAction.update(text="Other"),
        lambda m, p: MeetingAction.delete(),
        lambda m, p: MeetingAction.insert(
            centre=m.centre_id, attendance=p.id, owner="learner", text="x", due_on=made.WHEN.date()
        ),
        lambda m, p: Meeting.update(recorded_at=made.WHEN),
        lambda m, p: Meeting.update(place="Leeds"),
    ],
)
def test_the_database_refuses_a_change_of_what_is_signed(world: World, change) -> None:
    meeting = made.signed(world)
    place = made.place_of(meeting, world.enrolment)
    with pytest.raises(peewee.IntegrityError), write():
        change(meeting, place).execute()
    assert Meeting.get_by_id(meeting.id).discussed == made.DISCUSSED


def at_once(*moves: Callable[[], object]) -> list[str]:
    """Make these moves at the same moment; the name of what each raised, or nothing."""
    told, start = ["hangs"] * len(moves), threading.Barrier(len(moves))

    def run(number: int, move: Callable[[], object]) -> None:
        with db.connection():
            start.wait(30)
            try:
                move()
                told[number] = ""
            except Exception as refused:
                told[number] = type(refused).__name__

    threads = [threading.Thread(target=run, args=each) for each in enumerate(moves)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return told


def test_who_came_stays_once_the_leader_has_signed(world: World) -> None:
    made.recorded(world)
    with pytest.raises(peewee.IntegrityError, match="sealed"), write():
        Attendance.update(state="missed").execute()


def test_two_who_sign_at_once_complete_it_once(world: World, pair: tuple) -> None:
    meeting = made.recorded(world, *pair)

    def sign(enrolment: Enrolment) -> None:
        place, me = made.place_of(meeting, enrolment), world.actor(enrolment.learner)
        answering.sign(
            place, "", "", read=meeting.version, version=place.version, by=me, now=world.now
        )

    assert at_once(*(lambda one=one: sign(one) for one in pair)) == ["", ""]
    verbs = [event.verb for event in history("meeting", meeting.id)]
    assert verbs.count("signed by both") == 1
    assert state_of(meeting) == "signed"


def test_taken_back_or_signed_but_not_both(world: World) -> None:
    meeting = made.recorded(world)
    place, me = made.place_of(meeting, world.enrolment), world.actor(world.learner)
    boss = world.actor(world.supervisor)
    told = at_once(
        lambda: recording.take_back(Meeting.get_by_id(meeting.id), by=boss, now=world.now),
        lambda: answering.sign(
            place, "", "", read=meeting.version, version=place.version, by=me, now=world.now
        ),
    )
    assert sorted(told) == ["", "WrongState"]
    assert state_of(meeting) == ("held" if told[0] == "" else "signed")


def test_the_copy_a_learner_takes_holds_no_draft_of_the_leader(world: World, pair: tuple) -> None:
    meeting = made.booked(world, *pair)
    came = made.place_of(meeting, pair[0])
    recording.hold(meeting, [came.id], 60, by=world.actor(world.supervisor), now=world.now)
    part = Part(made.FEEDBACK, made.GOALS, made.ACTIONS)
    made.write_up(world, meeting, parts={came.id: part}, note="Tired.")
    words = (made.DISCUSSED, made.FEEDBACK, made.GOALS, made.ACTIONS[0].text)

    def taken(person: Person) -> set[str]:
        text = str(privacy.copy_of(person))
        return {word for word in (*words, "Tired.") if word in text}

    assert taken(pair[0].learner) == set()
    by = world.actor(world.supervisor)
    recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)
    assert taken(pair[0].learner) == set(words)
    assert taken(pair[1].learner) == set()
    assert taken(world.supervisor) == {made.DISCUSSED, "Tired."}
