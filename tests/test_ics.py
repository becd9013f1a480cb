"""Meetings as calendar files, read by two libraries that did not write them together."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject
from icalendar import Calendar

from supervise import ics
from supervise.db import write
from supervise.models import Attendance, Meeting
from supervise.rules import moments
from tests.world import World

WHEN = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)


@pytest.fixture
def world(database):
    return World()


def book(world, *, starts_at=WHEN, learners=None, state="booked", **values):
    """A meeting that stands, with a seat for each of these enrolments."""
    enrolments = [world.enrolment] if learners is None else learners
    group = len(enrolments) > 1
    with write():
        meeting = Meeting.create(
            **{
                "centre": world.centre, "host": world.supervisor, "state": state,
                "format": "group" if group else "one-to-one", "places": max(1, len(enrolments)),
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


def both(data):
    """The one event of a file as each library reads it."""
    [ours] = Calendar.from_ical(data).walk("VEVENT")
    theirs = vobject.readOne(data.decode("utf-8")).vevent
    return ours, theirs


def test_an_invitation_says_when_where_and_with_whom(world):
    meeting = book(world, address="https://meet.example.org/marian", note="About Client A")
    data = ics.invitation(
        meeting, world.learner, "REQUEST", page="https://here.example/supervision/1"
    )
    ours, theirs = both(data)
    assert ours["SUMMARY"] == theirs.summary.value == "One to one with Marian H."
    assert ours["DTSTART"].dt == theirs.dtstart.value == WHEN
    assert ours["DTEND"].dt == theirs.dtend.value == WHEN + timedelta(hours=1)
    assert ours["UID"] == theirs.uid.value == meeting.uid
    assert int(ours["SEQUENCE"]) == int(theirs.sequence.value) == 0
    assert ours["LOCATION"] == theirs.url.value == "https://meet.example.org/marian"
    assert theirs.organizer.value == f"mailto:{world.supervisor.email}"
    assert theirs.attendee.value == f"mailto:{world.learner.email}"
    assert "https://here.example/supervision/1" in theirs.description.value
    assert b"METHOD:REQUEST\r\n" in data
    assert b"DTSTART:20261012T090000Z\r\n" in data
    assert b"Client A" not in data


def test_a_cancellation_has_the_same_uid_and_a_higher_sequence(world):
    where = {"address": "https://meet.example.org/marian", "place": "Room 4"}
    meeting = book(world, state="cancelled", reason="Ill", sequence=2, **where)
    Attendance.update(state="cancelled", seat=None).execute()
    data = ics.invitation(meeting, world.supervisor, "CANCEL")
    ours, theirs = both(data)
    assert (ours["UID"], int(ours["SEQUENCE"])) == (meeting.uid, 2)
    assert theirs.status.value == ours["STATUS"] == "CANCELLED"
    assert ours["SUMMARY"] == "One to one with Priya N."
    assert not {"LOCATION", "URL"} & set(ours)  # where it was need not stay in a calendar
    assert b"METHOD:CANCEL\r\n" in data
    assert b"Ill" not in data
    with pytest.raises(ValueError, match="REPLY"):
        ics.invitation(meeting, world.supervisor, "REPLY")


def test_the_host_sees_every_learner_and_a_learner_sees_only_the_host(world):
    more = [world.enrol(world.person(name, "learner")) for name in ("Cora Umeh", "Ben Ode")]
    meeting = book(world, learners=[world.enrolment, *more])
    mine, _ = both(ics.invitation(meeting, world.learner, "REQUEST"))
    hosts, _ = both(ics.invitation(meeting, world.supervisor, "REQUEST"))
    assert mine["SUMMARY"] == "Group supervision with Marian H."
    assert mine["ATTENDEE"] == f"mailto:{world.learner.email}"
    assert hosts["SUMMARY"] == "Group supervision with Ben O., Cora U. and Priya N."
    assert len(hosts["ATTENDEE"]) == 3


def test_who_leaves_and_comes_back_has_a_later_stamp_each_time(world):
    """The meeting stands as it was, so only DTSTAMP says which of two files is the newer."""
    other = world.enrol(world.person("Ben Ode", "learner"))
    meeting = book(world, learners=[world.enrolment, other])

    def stamp(person, method):
        ours, theirs = both(ics.invitation(meeting, person, method))
        assert ours["DTSTAMP"].dt == theirs.dtstamp.value
        return ours["DTSTAMP"].dt

    def mark(state, seat, hours):
        at = world.now + timedelta(hours=hours)
        Attendance.update(state=state, seat=seat, changed_at=at).where(
            Attendance.learner == world.learner
        ).execute()
        return at

    assert stamp(world.learner, "REQUEST") == world.now
    left = mark("cancelled", None, 1)
    assert stamp(world.learner, "CANCEL") == stamp(world.supervisor, "REQUEST") == left
    assert stamp(other.learner, "REQUEST") == world.now
    back = mark("booked", 1, 2)
    assert stamp(world.learner, "REQUEST") == stamp(world.supervisor, "REQUEST") == back


def test_long_lines_are_folded_and_marks_escaped(world):
    place = "Room 4; the second floor, " + "left of the lift — näher, " * 6 + "then\r\nknock\\ring"
    meeting = book(world, place=place, mode="face to face")
    data = ics.invitation(meeting, world.learner, "REQUEST")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    ours, theirs = both(data)
    expected = " ".join(place.split())
    assert ours["LOCATION"] == theirs.location.value == expected


def test_a_name_cannot_add_a_line_or_a_parameter(world):
    world.supervisor.name = 'Eve";X=1\r\nATTENDEE:mailto:eve@example.org'
    world.supervisor.save()
    ours, theirs = both(ics.invitation(book(world), world.learner, "REQUEST"))
    assert theirs.attendee.value == ours["ATTENDEE"] == f"mailto:{world.learner.email}"
    assert theirs.organizer.params["CN"] == [ours["ORGANIZER"].params["CN"]]


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Europe/London", date(2026, 3, 28), date(2026, 3, 30)),
        ("Europe/London", date(2026, 10, 24), date(2026, 10, 26)),
        ("America/New_York", date(2026, 3, 7), date(2026, 3, 9)),
        ("America/New_York", date(2026, 10, 31), date(2026, 11, 2)),
    ],
)
def test_the_hour_is_right_on_both_sides_of_a_clock_change(world, zone, before, after):
    seen = []
    for day in (before, after):
        meeting = book(world, starts_at=moments.to_utc(day, time(10), zone))
        ours, theirs = both(ics.invitation(meeting, world.learner, "REQUEST"))
        for read in (ours["DTSTART"].dt, theirs.dtstart.value):
            here = read.astimezone(ZoneInfo(zone))
            assert (here.date(), here.time()) == (day, time(10))
        seen.append(theirs.dtstart.value.hour)
    assert seen[0] != seen[1]
