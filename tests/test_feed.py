"""A person's calendar by its address: what it holds, who may read it, and when it stops."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
import vobject
from icalendar import Calendar

from supervise.models import Attendance, CalendarFeed, Meeting, Membership, SignIn
from tests.test_ics import book
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app):
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def signed_in(app, world):
    """The learner, signed in."""
    made = app.test_client()
    sign_in(made, world.learner, world.centre, NOW)
    return made


def make(world, person):
    return CalendarFeed.make(by=world.actor(person), now=NOW)


def read(app, feed):
    """What somebody without a cookie gets, as both libraries read it."""
    answer = app.test_client().get(f"/calendar/{feed.token}.ics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    ours = {str(event["UID"]): event for event in Calendar.from_ical(answer.data).walk("VEVENT")}
    theirs = vobject.readOne(answer.get_data(as_text=True))
    assert sorted(e.uid.value for e in theirs.contents.get("vevent", ())) == sorted(ours)
    return ours


def test_it_holds_ones_own_meetings_of_this_centre(app, world):
    elsewhere = World()
    mine = book(world, starts_at=NOW + timedelta(days=2), address="https://meet.example.org/1")
    old = book(world, starts_at=NOW - timedelta(days=89), state="held", held_minutes=60)
    book(world, starts_at=NOW - timedelta(days=91), state="held", held_minutes=60)
    book(
        world,
        starts_at=NOW + timedelta(days=3),
        learners=[world.enrol(world.person("B C", "learner"))],
    )
    book(elsewhere, starts_at=NOW + timedelta(days=2))
    book(world, starts_at=NOW + timedelta(days=4), state="requested", learners=[])
    found = read(app, make(world, world.learner))
    assert set(found) == {mine.uid, old.uid}
    assert found[mine.uid]["SUMMARY"] == "One to one with Marian H."
    assert found[mine.uid]["STATUS"] == "CONFIRMED"
    hosts = read(app, make(world, world.supervisor))
    assert len(hosts) == 3
    assert hosts[mine.uid]["SUMMARY"] == "One to one with Priya N."
    assert read(app, make(world, world.tutor)) == {}


def test_a_cancelled_meeting_is_told_for_a_month(app, world):
    fresh = book(
        world, starts_at=NOW + timedelta(days=2), state="cancelled", reason="Ill", sequence=1,
        changed_at=NOW - timedelta(days=29),
    )  # fmt: skip
    book(
        world, starts_at=NOW + timedelta(days=9), state="cancelled", reason="Ill",
        changed_at=NOW - timedelta(days=31),
    )  # fmt: skip
    found = read(app, make(world, world.learner))
    assert {uid: str(event["STATUS"]) for uid, event in found.items()} == {fresh.uid: "CANCELLED"}


def test_who_left_a_group_sees_it_cancelled_and_the_others_do_not(app, world):
    other = world.enrol(world.person("Owen Tasker", "learner"))
    meeting = book(world, starts_at=NOW + timedelta(days=2), learners=[world.enrolment, other])
    Attendance.update(state="cancelled", seat=None, changed_at=NOW).where(
        (Attendance.meeting == meeting) & (Attendance.learner == world.learner)
    ).execute()
    assert read(app, make(world, world.learner))[meeting.uid]["STATUS"] == "CANCELLED"
    assert read(app, make(world, other.learner))[meeting.uid]["STATUS"] == "CONFIRMED"
    hosts = read(app, make(world, world.supervisor))[meeting.uid]
    assert (hosts["STATUS"], hosts["SUMMARY"]) == ("CONFIRMED", "Group supervision with Owen T.")


def test_the_hour_is_right_on_both_sides_of_a_clock_change(app, world):
    zones = {"Europe/London": (16, 19), "America/New_York": (23, 26)}  # October 2026, days from NOW
    for zone, days in zones.items():
        here = NOW.astimezone(ZoneInfo(zone))
        at = [here.replace(hour=10, minute=0) + timedelta(days=day) for day in days]
        assert at[0].utcoffset() != at[1].utcoffset()
        made = [book(world, starts_at=moment).uid for moment in at]
        found = read(app, make(world, world.learner))
        read_back = [found[uid]["DTSTART"].dt.astimezone(ZoneInfo(zone)) for uid in made]
        assert [(moment.date(), moment.hour) for moment in read_back] == [
            (m.date(), 10) for m in at
        ]
        Attendance.delete().where(Attendance.meeting.in_(Meeting.select(Meeting.id))).execute()


def test_an_address_that_does_not_work_is_not_found(app, world):
    feed = make(world, world.learner)
    anybody = app.test_client()

    def status(token):
        return anybody.get(f"/calendar/{token}.ics").status_code

    assert status(feed.token) == 200
    assert status(feed.token[:-2]) == status("x") == status("é") == 404
    assert anybody.get(f"/link/{feed.token}").status_code == 404
    renewed = make(world, world.learner)
    assert (status(feed.token), status(renewed.token)) == (404, 200)
    world.learner.disable(by=world.actor(world.admin), now=NOW)
    assert status(renewed.token) == 404
    tutors = make(world, world.tutor)
    Membership.delete().where(Membership.person == world.tutor).execute()
    assert status(tutors.token) == 404


def test_asking_again_costs_nothing_and_changes_nothing(app, world, queries):
    feed = make(world, world.supervisor)
    for day in range(3):
        book(world, starts_at=NOW + timedelta(days=2 + day))
    anybody = app.test_client()
    path = f"/calendar/{feed.token}.ics"
    with queries() as seen:
        first = anybody.get(path)
    assert seen.count <= 4, seen
    assert all(text.startswith("SELECT") for text in seen.statements)
    assert first.headers["Cache-Control"].startswith("private")
    assert "Set-Cookie" not in first.headers
    tag = {"If-None-Match": first.headers["ETag"]}
    assert anybody.get(path, headers=tag).status_code == 304
    assert "Last-Modified" not in first.headers  # somebody who leaves a group changes no meeting
    book(world, starts_at=NOW + timedelta(days=12))
    assert anybody.get(path, headers=tag).status_code == 200
    assert SignIn.select().count() == 0


def test_the_account_makes_renews_and_ends_the_address(app, world, signed_in):
    app.config["WTF_CSRF_ENABLED"] = False

    def shown():
        page = signed_in.get("/account").get_data(as_text=True)
        found = re.search(r'value="http://localhost(/calendar/[^"]+\.ics)"', page)
        return found and found.group(1)

    def status(path):
        return app.test_client().get(path).status_code

    assert shown() is None
    assert signed_in.post("/account/calendar").status_code == 303
    first = shown()
    assert status(first) == 200
    signed_in.post("/account/calendar")
    second = shown()
    assert (status(first), status(second)) == (404, 200)
    assert signed_in.post("/account/calendar/end").status_code == 303
    assert shown() is None
    assert status(second) == 404
