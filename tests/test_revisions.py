"""Of one meeting each file that a calendar gets is newer than the one before, or calendars ignore it."""

from __future__ import annotations

from datetime import date

import icalendar
import pytest

from supervise.mail.letters import Site
from supervise.mail.meetings import letter
from supervise.models import Assignment, Enrolment, Mail, Meeting, Person
from supervise.models.asking import accept
from supervise.models.rebooking import cancel, leave
from tests.meeting import place_of
from tests.slots import arranged, learners, offering, take
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def world() -> World:
    return World()


def sent(world: World, meeting: Meeting, person: Person) -> list[tuple[str, int]]:
    """The files that go out to somebody about a meeting now: method and revision of each."""
    found = []
    for row in Mail.select().where(
        (Mail.state == "waiting") & (Mail.person == person) & (Mail.meeting == meeting)
    ):
        for file in letter(row, Site("https://x.example"), world.now).files:
            [event] = icalendar.Calendar.from_ical(file.content).walk("VEVENT")
            found.append((file.method, int(event["SEQUENCE"])))
    Mail.update(state="sent").execute()
    return found


def test_of_a_learner_who_leaves_a_group_and_comes_back(world: World) -> None:
    [other] = learners(world, 1)
    slot = offering(world, format="group", places=3)
    place, me = take(world, slot), world.learner
    meeting = take(world, slot, other).meeting
    files = sent(world, meeting, me)
    leave(place, "Ill", by=world.actor(me), now=world.now)
    files += sent(world, meeting, me)
    take(world, slot)
    files += sent(world, meeting, me)
    assert [method for method, _ in files] == ["REQUEST", "CANCEL", "REQUEST"]
    numbers = [number for _, number in files]
    assert numbers == sorted(set(numbers))


def test_of_a_meeting_handed_over_to_somebody_busy_who_accepts_it_later(world: World) -> None:
    meeting, me, [other] = arranged(world), world.learner, learners(world, 1)
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor", other)
    in_the_way = arranged(world, other, host=joan)
    files = sent(world, meeting, me)
    hand_over(world, world.enrolment, joan)
    files += sent(world, meeting, me)
    cancel(in_the_way, "Ill", by=world.actor(joan), now=world.now)
    meeting = Meeting.get_by_id(meeting.id)
    accept(meeting, by=world.actor(joan), now=world.now)
    files += sent(world, meeting, me)
    assert place_of(meeting, world.enrolment).state == "booked"
    assert [method for method, _ in files] == ["REQUEST", "CANCEL", "REQUEST"]
    numbers = [number for _, number in files]
    assert numbers == sorted(set(numbers))


def hand_over(world: World, enrolment: Enrolment, successor: Person) -> None:
    mine = (Assignment.person == world.supervisor) & (Assignment.enrolment == enrolment)
    by = world.actor(world.admin)
    Assignment.get(mine).end(date(2026, 10, 9), by=by, now=world.now, successor=successor)
