"""Booking, inviting, asking, moving and cancelling: who may, from which state, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import peewee
import pytest

from supervise.db import write
from supervise.events import history
from supervise.models import (
    Assignment,
    Attendance,
    Availability,
    AvailabilityPerson,
    Away,
    Busy,
    Mail,
    Meeting,
    Membership,
)
from supervise.models.asking import accept, add, answer_invitation, ask, decline, propose
from supervise.models.booking import Plan
from supervise.models.busy import Taken
from supervise.models.centres import Refused
from supervise.models.rebooking import cancel, leave, move, move_to_slot
from supervise.models.seats import CHANGED, Full
from supervise.models.series import (
    NotAll,
    arrange_series,
    book_series,
    cancel_from,
    later_meetings,
    leave_from,
)
from supervise.workflow import ATTENDANCE, MEETING, NotAllowed, WrongState
from tests.meeting import place_of
from tests.slots import NEXT, SLOT, arranged, learners, offering, take
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)


@pytest.fixture
def world() -> World:
    return World()


def busy(meeting: Meeting) -> set[int]:
    """Who has this meeting in their calendar."""
    return {row.person_id for row in Busy.select().where(Busy.meeting == meeting)}


def mails(kind: str) -> list[int]:
    """To whom mail of a kind is queued, each time."""
    rows = Mail.select().where(Mail.kind == kind).order_by(Mail.id)
    return [row.person_id for row in rows]


def asked(world: World, **values: Any) -> Meeting:
    plan = Plan(**{"format": "one-to-one", "starts_at": SLOT, "minutes": 60} | values)
    me = world.actor(world.learner)
    return ask(plan, world.supervisor, enrolment=world.enrolment, by=me, now=world.now)


# --- from a slot ---------------------------------------------------------------------------


def test_a_booked_slot_is_in_both_calendars_and_both_are_told(world: World) -> None:
    place = take(world, offering(world), note="My first recording")
    meeting = place.meeting
    assert (meeting.state, place.state, place.seat) == ("booked", "booked", 1)
    assert (meeting.starts_at, meeting.minutes, meeting.note) == (SLOT, 60, "My first recording")
    both = {world.supervisor.id, world.learner.id}
    assert busy(meeting) == set(mails("booked")) == both
    [event] = history("meeting", meeting.id)
    assert (event.verb, event.role) == ("booked", "learner")


def other_day(world: World) -> dict[str, Any]:
    return {"starts_at": SLOT + timedelta(days=1)}


def ended(world: World) -> dict[str, Any]:
    Assignment.update(to_on=date(2026, 10, 14)).where(
        Assignment.person == world.supervisor
    ).execute()
    return {}


def away(world: World) -> dict[str, Any]:
    Away.create(
        centre=world.centre, person=world.supervisor, from_at=SLOT + timedelta(minutes=59),
        to_at=SLOT + 5 * HOUR, created_at=world.now,
    )  # fmt: skip
    return {}


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("values", "change", "sentence"),
    [
        ({"withdrawn_at": datetime(2026, 10, 8, 9, 49, tzinfo=UTC)}, None, "withdrawn"),
        ({}, other_day, "not offering"),
        ({"named": True}, None, "other learners"),
        ({"notice_minutes": 8 * 24 * 60}, None, "8 days before"),
        ({"horizon_days": 6}, None, "6 days ahead"),
        ({}, ended, "is not assigned to Priya Nair on 15 Oct 2026"),
        ({}, away, "is away"),
    ],
)
def test_a_slot_that_is_not_open_is_refused_in_a_sentence(
    world: World,
    values: dict[str, Any],
    change: Callable[[World], dict[str, Any]] | None,
    sentence: str,
    engine: str,
) -> None:
    slot = offering(world, **values)
    with pytest.raises(Refused, match=sentence):
        take(world, slot, **(change(world) if change else {}))
    assert not Meeting.select().exists()
    assert not Busy.select().exists()
    assert not Mail.select().exists()


def test_the_last_day_of_an_assignment_can_be_booked(world: World) -> None:
    Assignment.update(to_on=date(2026, 10, 15)).execute()
    assert take(world, offering(world)).state == "booked"


def test_a_slot_for_named_learners_is_theirs(world: World) -> None:
    slot = offering(world, named=True)
    AvailabilityPerson.create(availability=slot, person=world.learner)
    assert take(world, slot).state == "booked"


def test_a_tutor_gives_tutorials_and_no_supervision(world: World) -> None:
    with pytest.raises(Refused, match="not assigned"):
        take(world, offering(world, person=world.tutor))
    assert take(world, offering(world, person=world.tutor, format="tutorial")).state == "booked"


def test_a_slot_once_taken_is_refused_to_the_next(world: World) -> None:
    slot, [other] = offering(world), learners(world, 1)
    take(world, slot)
    with pytest.raises(Taken, match="just been taken"):
        take(world, slot, other)
    assert Meeting.select().count() == Attendance.select().count() == 1
    assert take(world, slot, other, NEXT).state == "booked"


def test_the_buffer_of_a_slot_stays_free(world: World) -> None:
    arranged(world, starts_at=SLOT - 70 * timedelta(minutes=1))
    [other] = learners(world, 1)
    with pytest.raises(Taken):
        take(world, offering(world, buffer_minutes=15), other)
    assert take(world, offering(world, buffer_minutes=10), other)


def test_nobody_is_in_two_meetings_at_once_in_whatever_centre(world: World) -> None:
    elsewhere = World()
    Membership.grant(world.learner, elsewhere.centre, "learner", by=None, now=world.now)
    there = elsewhere.enrol(world.learner)
    elsewhere.assign(elsewhere.supervisor, "supervisor", there)
    take(world, offering(world))
    with pytest.raises(Taken) as refused:
        take(elsewhere, offering(elsewhere), there)
    assert refused.value.person_id == world.learner.id
    assert world.centre.name not in refused.value.sentence


@pytest.mark.parametrize("minutes", [-59, 0, 59])
def test_the_database_refuses_overlap_whatever_the_code_does(world: World, minutes: int) -> None:
    first, second = arranged(world), arranged(world, starts_at=SLOT + 5 * HOUR)
    for person in (world.supervisor, world.learner):
        start = SLOT + timedelta(minutes=minutes)
        span = {"starts_at": start, "ends_at": start + HOUR}
        with pytest.raises(peewee.IntegrityError), write():
            Busy.update(span).where((Busy.person == person) & (Busy.meeting == second)).execute()
        Busy.delete().where((Busy.person == person) & (Busy.meeting == second)).execute()
        with pytest.raises(peewee.IntegrityError), write():
            Busy.insert(person=person, meeting=second, **span).execute()
    assert busy(first) == {world.supervisor.id, world.learner.id}


def test_the_database_seats_no_more_than_there_is_room_for(world: World) -> None:
    first, second, third = learners(world, 3)
    meeting = arranged(world, first, second, places=2)
    row = {
        "centre": world.centre, "meeting": meeting, "enrolment": third, "state": "booked",
        "learner": third.learner, "created_at": world.now, "changed_at": world.now,
    }  # fmt: skip
    for seat in (2, 3):  # somebody's; beyond the last
        with pytest.raises(peewee.IntegrityError), write():
            Attendance.insert(**row, seat=seat).execute()


# --- groups ---------------------------------------------------------------------------------


def test_the_first_begins_a_group_and_the_others_join_it_until_it_is_full(world: World) -> None:
    slot = offering(world, format="group", places=2)
    first, second, third = learners(world, 3)
    a, b = take(world, slot, first), take(world, slot, second)
    assert a.meeting == b.meeting
    assert [a.seat, b.seat] == [1, 2]
    with pytest.raises(Full) as full:
        take(world, slot, third)
    assert full.value.meeting == a.meeting
    with pytest.raises(Refused, match="already"):
        take(world, slot, second)
    leave(a, "Ill", by=world.actor(first.learner), now=world.now)
    assert take(world, slot, third).seat == 1
    assert take(world, slot, first, SLOT + WEEK).meeting != b.meeting


# --- its host -------------------------------------------------------------------------------


def test_a_host_books_outside_slots_and_past_times_without_mail(world: World) -> None:
    night = SLOT + 14 * HOUR
    meeting = arranged(world, starts_at=night)
    assert place_of(meeting, world.enrolment).state == "booked"
    assert len(mails("booked")) == 2
    arranged(world, starts_at=world.now - 48 * HOUR)
    assert len(mails("booked")) == 2
    with pytest.raises(Taken):
        arranged(world, starts_at=night + timedelta(minutes=30))


def test_a_host_books_for_their_own_learners_alone(world: World) -> None:
    stranger = world.enrol(world.person("Owen Tasker", "learner"))
    with pytest.raises(Refused, match="not assigned to Owen Tasker"):
        arranged(world, world.enrolment, stranger)
    with pytest.raises(NotAllowed):
        arranged(world, World().enrolment)
    with pytest.raises(NotAllowed):
        arranged(world, host=world.learner)
    with pytest.raises(Refused, match="room for one learner"):
        arranged(world, world.enrolment, *learners(world, 1), format="one-to-one", places=1)
    assert not Meeting.select().exists()


def test_an_invitation_takes_the_learners_time_once_they_accept(world: World) -> None:
    meeting = arranged(world, invite=True)
    place, me = place_of(meeting, world.enrolment), world.actor(world.learner)
    assert (meeting.state, place.state, busy(meeting)) == ("booked", "invited", {meeting.host_id})
    assert mails("invited") == [world.learner.id]
    answer_invitation(place, accept=True, by=me, now=world.now)
    assert place_of(meeting, world.enrolment).state == "booked"
    assert busy(meeting) == {meeting.host_id, world.learner.id}


def test_a_host_adds_a_learner_to_a_group_also_one_who_gave_up(world: World) -> None:
    a, b, c, d = learners(world, 4)
    boss = world.actor(world.supervisor)
    meeting = arranged(world, a, b, places=3)
    leave(place_of(meeting, a), "Ill", by=world.actor(a.learner), now=world.now)
    for enrolment, invite in ((c, False), (a, True), (d, False)):
        add(meeting, enrolment, invite=invite, by=boss, now=world.now)
    assert [place_of(meeting, one).state for one in (a, b, c, d)] == [
        "invited", "booked", "booked", "booked",
    ]  # fmt: skip
    with pytest.raises(Full):
        add(meeting, world.enrolment, invite=False, by=boss, now=world.now)
    with pytest.raises(Refused, match="cannot be added"):
        add(meeting, b, invite=True, by=boss, now=world.now)
    stranger = world.enrol(world.person("Owen Tasker", "learner"))
    with pytest.raises(Refused, match="not assigned"):
        add(meeting, stranger, invite=True, by=boss, now=world.now)
    with pytest.raises(NotAllowed):
        add(meeting, world.enrolment, invite=True, by=world.actor(world.learner), now=world.now)


def test_a_declined_invitation_cancels_a_meeting_of_two_and_no_group(world: World) -> None:
    me, [other] = world.actor(world.learner), learners(world, 1)
    group = arranged(world, world.enrolment, other, invite=True)
    alone = arranged(world, invite=True, starts_at=NEXT)
    for meeting in (group, alone):
        place = place_of(meeting, world.enrolment)
        answer_invitation(place, accept=False, reason="At work", by=me, now=world.now)
    states = [Meeting.get_by_id(meeting.id).state for meeting in (group, alone)]
    assert states == ["booked", "cancelled"]
    assert busy(alone) == set()
    assert mails("declined") == [world.supervisor.id] * 2


# --- asking ---------------------------------------------------------------------------------


def test_asking_takes_nobodys_time_until_the_host_accepts(world: World) -> None:
    meeting = asked(world)
    assert (meeting.state, busy(meeting)) == ("requested", set())
    assert asked(world) == meeting, "pressed twice"
    assert mails("requested") == [world.supervisor.id]
    boss = world.actor(world.supervisor)
    accept(meeting, by=boss, now=world.now)
    assert (meeting.state, place_of(meeting, world.enrolment).state) == ("booked", "booked")
    assert busy(meeting) == set(mails("booked")) == {world.supervisor.id, world.learner.id}


def test_what_was_taken_meanwhile_stays_a_request(world: World) -> None:
    meeting, boss = asked(world), world.actor(world.supervisor)
    [other] = learners(world, 1)
    taken = arranged(world, other, starts_at=SLOT + timedelta(minutes=30))
    with pytest.raises(Taken):
        accept(meeting, by=boss, now=world.now)
    assert Meeting.get_by_id(meeting.id).state == "requested"
    cancel(taken, "Ill", by=boss, now=world.now)
    accept(Meeting.get_by_id(meeting.id), by=boss, now=world.now)


def test_a_request_is_answered_with_another_time(world: World) -> None:
    meeting, boss = asked(world, note="A dispute"), world.actor(world.supervisor)
    propose(meeting, NEXT, 45, words="I teach at nine.", by=boss, now=world.now)
    place = place_of(meeting, world.enrolment)
    assert (meeting.state, place.state, busy(meeting)) == ("booked", "invited", {boss.person.id})
    assert (meeting.starts_at, meeting.minutes) == (NEXT, 45)
    assert (meeting.note, meeting.reason) == ("A dispute", "I teach at nine.")
    told = history("meeting", meeting.id)[-1]
    assert (told.verb, told.note) == ("proposed", "I teach at nine.")
    moments = [told.details[when]["starts_at"] for when in ("before", "after")]
    assert moments == [str(SLOT), str(NEXT)]
    assert mails("invited") == [world.learner.id]
    answer_invitation(place, accept=True, by=world.actor(world.learner), now=world.now)
    assert busy(meeting) == {world.supervisor.id, world.learner.id}


def test_a_proposal_that_is_declined_is_over(world: World) -> None:
    meeting, boss = asked(world), world.actor(world.supervisor)
    propose(meeting, NEXT, 60, words="", by=boss, now=world.now)
    place, me = place_of(meeting, world.enrolment), world.actor(world.learner)
    answer_invitation(place, accept=False, reason="At work", by=me, now=world.now)
    assert (Meeting.get().state, busy(meeting)) == ("cancelled", set())
    assert mails("declined") == [world.supervisor.id]
    assert asked(world).state == "requested", "they may ask again"


def test_no_time_is_proposed_at_which_one_of_the_two_is_busy(world: World) -> None:
    meeting, boss = asked(world), world.actor(world.supervisor)
    [other] = learners(world, 1)
    arranged(world, other, starts_at=NEXT)
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor")
    arranged(world, host=joan, starts_at=NEXT + HOUR)
    for starts_at, error, words in (
        (NEXT, Taken, "just been taken"),
        (NEXT + HOUR, Taken, "Priya Nair is in another meeting then"),
        (SLOT, Refused, "the time you were asked for"),
        (world.now, Refused, "has passed"),
    ):
        with pytest.raises(error, match=words):
            propose(Meeting.get_by_id(meeting.id), starts_at, 60, words="", by=boss, now=world.now)
    kept = Meeting.get_by_id(meeting.id)
    assert (kept.state, kept.starts_at) == ("requested", SLOT)


def test_a_request_is_declined_with_a_reason_and_not_accepted_once_its_time_is_over(
    world: World,
) -> None:
    meeting, boss = asked(world), world.actor(world.supervisor)
    with pytest.raises(Refused, match="passed"):
        accept(meeting, by=boss, now=SLOT)
    meeting = Meeting.get_by_id(meeting.id)
    decline(meeting, "I teach then.", by=boss, now=world.now)
    place = place_of(meeting, world.enrolment)
    assert (meeting.state, place.state, place.reason) == ("declined", "declined", "I teach then.")
    assert mails("declined") == [world.learner.id]
    with pytest.raises(Refused, match="passed"):
        asked(world, starts_at=world.now)


# --- moving and cancelling -------------------------------------------------------------------


def shift(world: World, meeting: Meeting, **changes: Any) -> None:
    values = {"reason": "A funeral", "version": meeting.version, "now": world.now} | changes
    by = values.pop("by", None) or world.actor(world.supervisor)
    move(meeting, values.pop("to", NEXT), 45, by=by, **values)


def test_a_moved_meeting_keeps_its_name_and_takes_everybody_along(world: World) -> None:
    meeting = take(world, offering(world)).meeting
    uid, sequence = meeting.uid, meeting.sequence
    shift(world, meeting)
    kept = Meeting.get_by_id(meeting.id)
    assert (kept.starts_at, kept.minutes, kept.state) == (NEXT, 45, "booked")
    assert (kept.uid, kept.sequence, kept.reason) == (uid, sequence + 1, "A funeral")
    spans = {(row.starts_at, row.ends_at) for row in Busy.select()}
    assert spans == {(NEXT, NEXT + timedelta(minutes=45))}
    assert set(mails("moved")) == {world.supervisor.id, world.learner.id}
    assert Mail.get(Mail.kind == "moved").details["was"] == SLOT.isoformat()
    assert history("meeting", meeting.id)[-1].note == "A funeral"


def test_a_meeting_moves_over_no_other_and_over_no_newer_version(world: World) -> None:
    meeting = arranged(world)
    [other] = learners(world, 1)
    arranged(world, other, starts_at=NEXT)
    with pytest.raises(Taken):
        shift(world, meeting)
    meeting = Meeting.get_by_id(meeting.id)
    with pytest.raises(WrongState, match="changed meanwhile"):
        shift(world, meeting, version=meeting.version - 1, to=SLOT + 5 * HOUR)
    with pytest.raises(Refused, match="already"):
        move(
            meeting, SLOT, 60, reason="x", version=meeting.version,
            by=world.actor(world.supervisor), now=world.now,
        )  # fmt: skip
    Assignment.update(to_on=date(2026, 10, 15)).execute()
    with pytest.raises(Refused, match="not assigned"):
        shift(world, Meeting.get_by_id(meeting.id), to=SLOT + WEEK)
    assert Meeting.get_by_id(meeting.id).starts_at == SLOT


def test_a_learner_moves_their_own_meeting_to_an_open_slot(world: World) -> None:
    slot, [other] = offering(world), learners(world, 1)
    meeting, me = take(world, slot).meeting, world.actor(world.learner)
    values = {"reason": "At work", "by": me, "now": world.now}
    with pytest.raises(Refused, match="not offering"):
        move_to_slot(meeting, slot, SLOT + timedelta(minutes=5), version=meeting.version, **values)
    tutorial = offering(world, format="tutorial")
    with pytest.raises(Refused, match="another kind"):
        move_to_slot(meeting, tutorial, NEXT, version=meeting.version, **values)
    move_to_slot(meeting, slot, NEXT, version=meeting.version, **values)
    assert Meeting.get_by_id(meeting.id).starts_at == NEXT
    group = offering(world, format="group", places=3, weekday=4)
    joined = take(world, group, starts_at=SLOT + timedelta(days=1)).meeting
    take(world, group, other, SLOT + timedelta(days=1))
    with pytest.raises(NotAllowed):
        move_to_slot(joined, group, SLOT + timedelta(days=8), version=joined.version, **values)
    with pytest.raises(NotAllowed):
        shift(world, meeting, by=me)


def test_a_cancelled_meeting_frees_everybody_and_its_slot(world: World) -> None:
    slot = offering(world)
    place = take(world, slot)
    cancel(place.meeting, "I am ill.", by=world.actor(world.supervisor), now=world.now)
    assert Attendance.get_by_id(place.id).state == "cancelled"
    assert not Busy.select().exists()
    assert set(mails("cancelled")) == {world.supervisor.id, world.learner.id}
    assert Meeting.get().sequence == 1
    again = take(world, slot).meeting
    assert again != place.meeting
    cancel(again, "I am ill.", by=world.actor(world.supervisor), now=world.now, away=True)
    with pytest.raises(Refused, match="is away"):
        take(world, slot)


def test_the_only_learner_who_leaves_cancels_the_meeting(world: World) -> None:
    place, me = take(world, offering(world)), world.actor(world.learner)
    with pytest.raises(Refused, match="begun"):
        leave(place, "Late", by=me, now=SLOT)
    leave(place, "At work", by=me, now=world.now)
    meeting = Meeting.get()
    assert (meeting.state, meeting.reason) == ("cancelled", "At work")
    assert not Busy.select().exists()
    request = asked(world)
    leave(place_of(request, world.enrolment), "Solved", by=me, now=world.now)
    assert Meeting.get_by_id(request.id).state == "cancelled"


# --- every state, every role -----------------------------------------------------------------

MOVES: dict[str, Callable[[World, Meeting, Any], None]] = {
    "accept": lambda w, m, by: accept(m, by=by, now=w.now),
    "propose": lambda w, m, by: propose(m, NEXT, 60, words="", by=by, now=w.now),
    "decline": lambda w, m, by: decline(m, "No", by=by, now=w.now),
    "move": lambda w, m, by: shift(w, m, by=by),
    "cancel": lambda w, m, by: cancel(m, "No", by=by, now=w.now),
}
PLACE_MOVES: dict[str, Callable[[World, Attendance, Any], None]] = {
    "book": lambda w, p, by: answer_invitation(p, accept=True, by=by, now=w.now),
    "decline": lambda w, p, by: answer_invitation(p, accept=False, by=by, now=w.now, reason="No"),
    "cancel": lambda w, p, by: leave(p, "No", by=by, now=w.now),
}


def in_state(world: World, state: str) -> Meeting:
    """A meeting in a state, as if the moves of its record had brought it there."""
    meeting = asked(world) if state == "requested" else arranged(world)
    over = {
        "held_minutes": 60, "discussed": "Silence", "recorded_at": world.now, "reason": "x",
        "recorded_by": world.supervisor, "state": state,
    }  # fmt: skip
    Meeting.update(over).where(Meeting.id == meeting.id).execute()
    return Meeting.get_by_id(meeting.id)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("state", MEETING.states)
def test_a_meeting_moves_from_its_own_states_alone(world: World, state: str, engine: str) -> None:
    boss = world.actor(world.supervisor)
    for name, make in MOVES.items():
        with write() as _:
            meeting = in_state(world, state)
            events = len(history("meeting", meeting.id))
            if MEETING.allows(name, state):
                make(world, meeting, boss)
                kept = Meeting.get_by_id(meeting.id)
                assert kept.state == MEETING.moves[name].target
                assert len(history("meeting", meeting.id)) == events + 1
            else:
                with pytest.raises(WrongState, match="Nothing was changed"):
                    make(world, meeting, boss)
                assert Meeting.get_by_id(meeting.id).version == meeting.version
            Busy.delete().execute()  # the next one stands at the same time


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("state", ATTENDANCE.states)
def test_a_place_moves_from_its_own_states_alone(world: World, state: str, engine: str) -> None:
    me, seated = world.actor(world.learner), state in ("booked", "came", "missed", "signed")
    for name, make in PLACE_MOVES.items():
        meeting = arranged(world, world.enrolment, *learners(world, 1), invite=True)
        place = place_of(meeting, world.enrolment)
        Attendance.update(
            state=state, seat=1 if seated else None,
            signed_at=world.now if state == "signed" else None,
        ).where(Attendance.id == place.id).execute()  # fmt: skip
        answered = name in ("book", "decline")
        if ATTENDANCE.allows(name, state) and (state == "invited" or not answered):
            make(world, place, me)
            assert Attendance.get_by_id(place.id).state == ATTENDANCE.moves[name].target
        else:
            with pytest.raises(WrongState, match="Nothing was changed"):
                make(world, place, me)
            assert Attendance.get_by_id(place.id).state == state
        Busy.delete().execute()


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    "who", ["learner", "other learner", "other supervisor", "tutor", "admin", "elsewhere"]
)
def test_nobody_but_its_host_answers_moves_and_cancels(world: World, who: str, engine: str) -> None:
    outside, other = World(), learners(world, 1)[0].learner
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor")
    actors = {
        "learner": world.actor(world.learner), "other learner": world.actor(other),
        "other supervisor": world.actor(joan), "tutor": world.actor(world.tutor),
        "admin": world.actor(world.admin),
        "elsewhere": replace(world.actor(world.supervisor), centre=outside.centre),
    }  # fmt: skip
    request, meeting = asked(world), arranged(world, starts_at=NEXT)
    invited = place_of(arranged(world, invite=True, starts_at=NEXT + HOUR), world.enrolment)
    by = actors[who]
    for name, make in MOVES.items():
        with pytest.raises(NotAllowed):
            make(world, request if name in ("accept", "propose", "decline") else meeting, by)
    if who == "learner":
        return
    for name in PLACE_MOVES:
        with pytest.raises(NotAllowed):
            PLACE_MOVES[name](world, invited, by)


# --- again and again -------------------------------------------------------------------------


def recurring(world: World, **changes: Any) -> Any:
    values = {"times": 4, "every_weeks": 1, "only_free": False, "enrolment": world.enrolment}
    slot = changes.pop("slot", None) or offering(world)
    me = world.actor(world.learner)
    return book_series(slot, SLOT, by=me, now=world.now, **values | changes)


def test_a_recurring_booking_keeps_the_hour_on_the_wall_over_a_clock_change(world: World) -> None:
    moments = [meeting.starts_at for meeting in recurring(world).meetings]
    assert [moment.hour for moment in moments] == [8, 8, 9, 9]  # the clocks go back on 25 October
    assert [moment.day for moment in moments] == [15, 22, 29, 5]
    assert len({meeting.series for meeting in Meeting.select()}) == 1


def test_one_time_that_is_taken_books_nothing_unless_those_free_are_asked_for(
    world: World,
) -> None:
    [other] = learners(world, 1)
    arranged(world, other, starts_at=SLOT + WEEK)
    with pytest.raises(NotAll, match="1 of 4") as refused:
        recurring(world)
    assert [missed.starts_at for missed in refused.value.missed] == [SLOT + WEEK]
    assert Meeting.select().count() == 1
    done = recurring(world, only_free=True)
    assert (len(done.meetings), len(done.missed)) == (3, 1)
    assert Busy.select().where(Busy.person == world.learner).count() == 3
    with pytest.raises(NotAll, match="None of these"):
        recurring(world, only_free=True)


def test_this_and_all_later_ones_are_cancelled_and_no_earlier(world: World) -> None:
    boss, me = world.actor(world.supervisor), world.actor(world.learner)
    plan = Plan("group", SLOT, 60, places=3)
    series = arrange_series(
        plan, [world.enrolment, *learners(world, 1)], times=5, every_weeks=2, only_free=False,
        invite=False, by=boss, now=world.now,
    ).meetings  # fmt: skip
    assert len(later_meetings(series[1])) == 3
    assert leave_from(place_of(series[3], world.enrolment), "A course", by=me, now=world.now) == 2
    assert cancel_from(series[2], "The course is over.", by=boss, now=world.now) == 3
    states = [Meeting.get_by_id(meeting.id).state for meeting in series]
    assert states == ["booked", "booked", "cancelled", "cancelled", "cancelled"]
    assert Busy.select().count() == 6


def test_a_stranger_to_the_version_is_told(world: World) -> None:
    """Two tabs: what was read before somebody moved it is not moved again."""
    meeting = arranged(world)
    shift(world, Meeting.get_by_id(meeting.id))
    with pytest.raises(WrongState) as refused:
        shift(world, meeting, to=SLOT + 4 * HOUR)
    assert refused.value.sentence == CHANGED


# --- what is past, and what was changed meanwhile --------------------------------------------


def test_no_learner_gives_up_a_meeting_that_has_taken_place(world: World) -> None:
    place = take(world, offering(world))
    after = place.meeting.ends_at + 3 * HOUR
    for give_up in (leave, leave_from):
        with pytest.raises(Refused, match="begun"):
            give_up(place, "Ill", by=world.actor(world.learner, after), now=after)
    assert Meeting.get().state == "booked"


def test_a_meeting_is_not_moved_to_a_time_gone_by(world: World) -> None:
    meeting = arranged(world)
    with pytest.raises(Refused, match="This time has passed. Choose a later one."):
        shift(world, meeting, to=world.now)
    assert Meeting.get().starts_at == SLOT


def test_a_slot_that_was_changed_since_it_was_read_is_asked_again(world: World) -> None:
    slot = offering(world)
    meeting = take(world, slot).meeting
    Availability.update(mode="face to face", place="Leeds", minutes=90, version=2).execute()
    now_it_is = "It is now: One to one, 90 minutes, Face to face, Leeds."
    other = {"enrolment": learners(world, 1)[0], "starts_at": SLOT + WEEK}
    with pytest.raises(Refused, match=now_it_is):
        take(world, slot, **other, seen=1)
    with pytest.raises(Refused, match=now_it_is):
        move_to_slot(
            meeting, slot, SLOT + WEEK, reason="At work", version=meeting.version, seen=1,
            by=world.actor(world.learner), now=world.now,
        )  # fmt: skip
    assert take(world, slot, **other, seen=2).state == "booked"


def test_a_place_given_up_in_a_group_is_newer_in_a_calendar(world: World) -> None:
    meeting = arranged(world, world.enrolment, *learners(world, 1))
    place = place_of(meeting, world.enrolment)
    leave(place, "Ill", by=world.actor(world.learner), now=world.now)
    assert Meeting.get().sequence == meeting.sequence + 1


def test_a_meeting_moves_to_no_slot_whose_buffer_is_not_free(world: World) -> None:
    [other] = learners(world, 1)
    slot = offering(world, buffer_minutes=5)
    meeting = take(world, slot, starts_at=SLOT + WEEK).meeting
    arranged(world, other, starts_at=SLOT + timedelta(minutes=62))
    with pytest.raises(Taken):
        move_to_slot(
            meeting, slot, SLOT, reason="At work", version=meeting.version,
            by=world.actor(world.learner), now=world.now,
        )  # fmt: skip


def test_a_request_is_not_accepted_once_the_assignment_has_ended(world: World) -> None:
    meeting = asked(world)
    ended(world)
    with pytest.raises(Refused, match="not assigned"):
        accept(meeting, by=world.actor(world.supervisor), now=world.now)


def test_an_invitation_is_not_answered_once_it_has_begun(world: World) -> None:
    place = place_of(arranged(world, invite=True), world.enrolment)
    with pytest.raises(Refused, match="begun"):
        answer_invitation(place, accept=True, by=world.actor(world.learner), now=SLOT)
    assert Attendance.get().state == "invited"


def test_whoever_joins_a_meeting_handed_over_meanwhile_is_told(world: World) -> None:
    read = arranged(world, *learners(world, 2))
    joan = world.person("Joan Petrie", "supervisor")
    Meeting.update(host=joan).execute()
    with pytest.raises(WrongState, match="changed meanwhile"):
        add(read, world.enrolment, invite=False, by=world.actor(world.supervisor), now=world.now)
