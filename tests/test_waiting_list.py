"""The waiting list of a full group: who comes up when a place gets free, and who is passed over."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from supervise import mail
from supervise.mail.letters import Site
from supervise.mail.meetings import letter
from supervise.models import Assignment, Attendance, Busy, Enrolment, Mail, Meeting, recording
from supervise.models.asking import add, answer_invitation
from supervise.models.centres import Refused
from supervise.models.rebooking import cancel, leave, wait
from supervise.models.seats import Full
from supervise.models.waiting_list import move_up_all
from supervise.settings import Settings
from supervise.workflow import NotAllowed
from tests.meeting import place_of
from tests.slots import SLOT, arranged, learners, offering, take
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def world() -> World:
    return World()


def in_line(world: World, meeting: Meeting, enrolment: Enrolment, minutes: int) -> Attendance:
    """Somebody joins the list so many minutes after the world's own moment."""
    now = world.now + timedelta(minutes=minutes)
    me = world.actor(enrolment.learner, now)
    return wait(meeting, enrolment=enrolment, by=me, now=now)


def states(meeting: Meeting, *enrolments: Enrolment) -> list[str]:
    return [place_of(meeting, one).state for one in enrolments]


def test_a_free_place_goes_to_the_first_in_line_who_is_free_then(world: World) -> None:
    a, b, busy, gone, first, second = learners(world, 6)
    slot = offering(world, format="group", places=2)
    meeting = take(world, slot, a).meeting
    take(world, slot, b)
    for minutes, enrolment in enumerate((busy, gone, second), 2):
        in_line(world, meeting, enrolment, minutes * 10)
    in_line(world, meeting, first, 45)
    leave(place_of(meeting, second), "Back later", by=world.actor(second.learner), now=world.now)
    in_line(world, meeting, second, 50)
    boss = world.person("Joan Petrie", "supervisor")
    world.assign(boss, "supervisor", busy)
    arranged(world, busy, host=boss, starts_at=SLOT + timedelta(minutes=30))
    theirs = (Assignment.enrolment == gone) & (Assignment.person == world.supervisor)
    Assignment.update(to_on=date(2026, 10, 14)).where(theirs).execute()

    leave(place_of(meeting, a), "Ill", by=world.actor(a.learner), now=world.now)

    assert states(meeting, a, b, busy, gone, first, second) == [
        "cancelled", "booked", "waiting", "waiting", "booked", "waiting",
    ]  # fmt: skip
    assert place_of(meeting, first).seat == 1
    assert Busy.clash(first.learner_id, meeting.starts_at, meeting.ends_at)
    assert [mail.person_id for mail in Mail.select().where(Mail.kind == "freed")] == [
        first.learner_id
    ]
    leave(place_of(meeting, b), "Ill", by=world.actor(world.supervisor), now=world.now)
    assert states(meeting, first, second) == ["booked", "booked"]


def test_whoever_waits_twice_or_sits_already_is_told(world: World) -> None:
    a, b, c = learners(world, 3)
    slot = offering(world, format="group", places=2)
    meeting = take(world, slot, a).meeting
    assert in_line(world, meeting, b, 1).state == "booked", "there was a place"
    in_line(world, meeting, c, 2)
    for enrolment in (a, c):
        with pytest.raises(Refused, match="already"):
            in_line(world, meeting, enrolment, 3)
    with pytest.raises(Refused, match="begun"):
        wait(
            meeting, enrolment=world.enrolment, by=world.actor(world.learner), now=meeting.starts_at
        )


def test_the_list_is_for_those_who_could_book_or_were_invited(world: World) -> None:
    a, b, c = learners(world, 3)
    closed = arranged(world, a, b, places=2)
    with pytest.raises(NotAllowed):
        in_line(world, closed, c, 1)
    named = offering(world, format="group", places=2, named=True, weekday=4)
    meeting = arranged(world, a, b, places=2, starts_at=SLOT + timedelta(days=1))
    Meeting.update(availability=named).where(Meeting.id == meeting.id).execute()
    with pytest.raises(Refused, match="other learners"):
        in_line(world, meeting, c, 1)


def test_an_invitation_to_a_group_that_filled_up_leads_to_the_list(world: World) -> None:
    a, b, c = learners(world, 3)
    meeting = arranged(world, a, b, c, invite=True, places=2)
    for enrolment in (a, b):
        me = world.actor(enrolment.learner)
        answer_invitation(place_of(meeting, enrolment), accept=True, by=me, now=world.now)
    me = world.actor(c.learner)
    with pytest.raises(Full, match="waiting list"):
        answer_invitation(place_of(meeting, c), accept=True, by=me, now=world.now)
    in_line(world, meeting, c, 1)
    leave(place_of(meeting, a), "Ill", by=world.actor(a.learner), now=world.now)
    assert states(meeting, a, b, c) == ["cancelled", "booked", "booked"]


@pytest.mark.parametrize("how", ["tick", "a newcomer books", "a newcomer waits"])
def test_whoever_was_busy_when_a_place_got_free_has_it_once_they_are_free(
    world: World, settings: Settings, how: str
) -> None:
    a, b, first, newcomer = learners(world, 4)
    slot = offering(world, format="group", places=2)
    meeting = take(world, slot, a).meeting
    take(world, slot, b)
    in_line(world, meeting, first, 1)
    world.assign(world.tutor, "tutor", first)
    tutorial = arranged(world, first, host=world.tutor, format="tutorial")
    leave(place_of(meeting, a), "Ill", by=world.actor(a.learner), now=world.now)
    move_up_all(world.now)
    assert states(meeting, first) == ["waiting"], "busy still"
    cancel(tutorial, "Snow", by=world.actor(world.tutor), now=world.now)
    if how == "tick":
        move_up_all(meeting.starts_at)
        assert states(meeting, first) == ["waiting"], "it has begun"
        mail.tick(settings, lambda: world.now)
    elif how == "a newcomer books":
        with pytest.raises(Full):
            take(world, slot, newcomer)
    else:
        assert in_line(world, meeting, newcomer, 2).state == "waiting"
    assert states(meeting, first) == ["booked"]
    told = [(row.kind, row.person_id) for row in Mail.select().order_by(Mail.id.desc()).limit(2)]
    assert sorted(told) == [("booked", world.supervisor.id), ("freed", first.learner_id)]


@pytest.mark.parametrize("nobody_came", [False, True])
@pytest.mark.parametrize("over", [False, True])
def test_who_waits_or_has_not_answered_has_no_place_once_it_was_said_who_came(
    world: World, nobody_came: bool, over: bool
) -> None:
    a, b, waits, asked = learners(world, 4)
    meeting = arranged(world, a, b, places=2)
    add(meeting, asked, invite=True, by=world.actor(world.supervisor), now=world.now)
    meeting.availability = offering(world, format="group", places=2)
    meeting.save()
    in_line(world, meeting, waits, 1)
    Mail.delete().execute()
    by, now = world.actor(world.supervisor), SLOT + timedelta(minutes=70 if over else 5)
    if nobody_came:
        recording.miss(meeting, by=by, now=now)
    else:
        recording.hold(meeting, [place_of(meeting, a).id], 60, by=by, now=now)
    came = ["missed" if nobody_came else "came", "missed"]
    assert states(meeting, a, b, waits, asked) == [*came, "cancelled", "cancelled"]
    why = "Nobody came to the meeting." if nobody_came else "The meeting took place."
    assert place_of(meeting, waits).reason == place_of(meeting, asked).reason == why
    told = {(row.kind, row.person_id) for row in Mail.select()}
    both = {("cancelled", waits.learner_id), ("cancelled", asked.learner_id)}
    assert told == (set() if over else both)
    for row in Mail.select():
        written = letter(row, Site("https://x"), now)
        assert written.subject.startswith("You are no longer on the list of a meeting")
        assert written.files == ()
