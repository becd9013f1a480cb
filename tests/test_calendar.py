"""What may be booked when, and the calendar's three views of it."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.models import (
    Attendance,
    Availability,
    AvailabilityPerson,
    Away,
    Meeting,
    Membership,
    Person,
)
from supervise.reports.slots import next_free, open_slots
from tests.world import NOW, World, sign_in

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


# --- the pages -----------------------------------------------------------------------------


def full_week(world: World, meetings: int, quarters: int) -> None:
    """So many meetings of two learners, and so many quarters of an hour each day of the week."""
    for day in range(5):
        publish(world, weekday=day, starts="08:00", ends=f"{8 + quarters // 4:02}:00", minutes=15)
    others = [world.enrol(world.person(name, "learner")) for name in ("Owen Tasker", "Ida Voss")]
    for n in range(meetings):
        start = at(12 + n % 5, 7) + timedelta(minutes=60 * (n // 5))
        meet(world, start, others[n % 2], ends_at=start + timedelta(minutes=15))


def visitor(app: Flask, world: World, person: Person) -> FlaskClient:
    client = app.test_client()
    sign_in(client, person, world.centre, NOW)
    return client


def ask(app: Flask, world: World, person: Person, path: str) -> str:
    return visitor(app, world, person).get(path).text


@pytest.fixture
def scene(app: Flask) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.mark.parametrize(("meetings", "quarters", "free"), [(2, 4, 18), (40, 48, 200)])
def test_a_full_week_asks_no_more_of_the_database_than_an_empty_one(
    app: Flask, scene: World, queries: Any, meetings: int, quarters: int, free: int
) -> None:
    full_week(scene, meetings, quarters)
    for person, count in ((scene.learner, 7), (scene.supervisor, 8)):
        client = visitor(app, scene, person)
        client.get("/calendar?on=2026-10-12")
        with queries() as seen:
            page = client.get("/calendar?on=2026-10-12").text
        assert seen.count == count, seen
        if person == scene.learner:
            assert page.count("?at=2026-10-1") == free
        else:
            assert page.count('class="is-meeting"') == meetings
    Membership.grant(scene.learner, scene.centre, "tutor", by=None, now=NOW)
    publish(scene, person=scene.learner, format="tutorial", weekday=5, places=4)
    both = visitor(app, scene, scene.learner)
    with queries() as seen:
        page = both.get("/calendar?on=2026-10-12").text
    assert seen.count <= 12, seen
    assert page.count("?at=2026-10-1") == free
    assert "Free: tutorial" in page


def test_each_sees_their_own_days_in_every_view(app: Flask, scene: World) -> None:
    publish(scene, weekday=1)
    owen = scene.enrol(scene.person("Owen Tasker", "learner"))
    scene.assign(scene.supervisor, "supervisor", owen)
    meet(scene, at(12, 8), scene.enrolment)
    meet(scene, at(12, 10), owen)
    Away.create(
        centre=scene.centre, person=scene.supervisor, from_at=at(14, 8), to_at=at(15, 8),
        created_at=NOW, why="Moderation",
    )  # fmt: skip
    for view in ("week", "month", "list"):
        address = f"/calendar?view={view}&on=2026-10-12"
        host, learner = (
            ask(app, scene, person, address) for person in (scene.supervisor, scene.learner)
        )
        assert "Priya Nair" in host, view
        assert "Owen Tasker" in host, view
        assert "Marian Hale, one to one" in learner, view
        assert "Owen Tasker" not in learner, view
        assert "Moderation" not in learner, view
    month = ask(app, scene, scene.supervisor, "/calendar?view=month&on=2026-10-14")
    assert "Moderation" in month
    assert "Wednesday 14 October 2026" in month
    days = ask(app, scene, scene.supervisor, "/calendar?view=month&on=nonsense")
    assert "Thursday 8 October 2026" in days  # today


def counted(page: str) -> dict[int, list[str]]:
    """By day of October, what the month says stands on it."""
    table = page.split("<table")[1].split("</table>")[0]
    cells = re.findall(r"on=2026-10-(\d\d)#day[^>]*>(.*?)</a>", table, re.S)
    return {
        int(on): re.findall(r'count-of (\w+)">(\d+)<span class="word"> ([^<]*)', cell)
        for on, cell in cells
    }


def place(meeting: Meeting, enrolment: Any, state: str) -> None:
    Attendance.create(
        centre=meeting.centre, meeting=meeting, enrolment=enrolment, state=state,
        learner=enrolment.learner, created_at=NOW, changed_at=NOW,
    )  # fmt: skip


def test_what_is_not_booked_is_not_called_booked(app: Flask, scene: World) -> None:
    """A learner waits for a full group, is invited to another meeting, and could wait for a third."""
    group = publish(scene, format="group", places=1, starts="09:00", ends="11:00")
    Availability.update(places=2).execute()
    others = [scene.enrol(scene.person(name, "learner")) for name in ("Owen Tasker", "Ida Voss")]
    like = {"availability": group, "format": "group", "places": 2}
    place(meet(scene, at(12, 8), *others, **like), scene.enrolment, "waiting")
    meet(scene, at(12, 9), *others, **like)
    place(meet(scene, at(13, 9)), scene.enrolment, "invited")
    meet(scene, at(13, 14), scene.enrolment)
    month = counted(ask(app, scene, scene.learner, "/calendar?view=month&on=2026-10-12"))
    assert month[12] == [
        ("listed", "1", "on the waiting list"),
        ("taken", "1", "full, with a waiting list"),
    ]
    assert month[13] == [("invited", "1", "invited"), ("good", "1", "booked")]
    assert month[19] == [("none", "2", "to book")]
    for view in ("week", "list"):
        page = ask(app, scene, scene.learner, f"/calendar?view={view}&on=2026-10-12")
        assert '<small class="listed">on the waiting list</small>' in page
        assert '<small class="invited">invited, not answered</small>' in page
        assert page.count("2026-10-12T08:00Z") == 0, "the group one waits for stands there once"
        assert "10:00, full" in page


def test_a_host_reads_how_full_a_group_is_and_each_meeting_once(app: Flask, scene: World) -> None:
    group = publish(scene, format="group", places=4, ends="12:00")
    publish(scene, format="group", places=4, starts="10:00", ends="13:00")  # overlaps it
    others = [scene.enrol(scene.person(name, "learner")) for name in ("Owen Tasker", "Ida Voss")]
    meet(scene, at(12, 8), others[0], availability=group, format="group", places=4)
    meet(scene, at(12, 9), *others, availability=group, format="group", places=2)
    for view in ("week", "list", "month"):
        page = ask(app, scene, scene.supervisor, f"/calendar?view={view}&on=2026-10-12")
        assert page.count("Group supervision, 1 of 4 places taken") == 1
        assert page.count("Group supervision, full, 2 of 2") == 1
        day = page.split("Monday 12 October")[-1] if view != "week" else page
        free = re.findall(r"<li>(\d\d:\d\d)</li>", day.split("Monday 19")[0])
        assert free == ["11:00", "12:00"], (
            "neither what has begun nor what both patterns offer twice"
        )
    month = counted(ask(app, scene, scene.supervisor, "/calendar?view=month&on=2026-10-12"))
    assert month[12] == [("good", "2", "booked"), ("none", "2", "free")]


@pytest.mark.parametrize("view", ["week", "month"])
def test_where_nothing_is_free_it_says_when_something_is(
    app: Flask, scene: World, queries: Any, view: str
) -> None:
    one = publish(scene, from_on=date(2026, 11, 30), starts="09:00", ends="10:00")
    client = visitor(app, scene, scene.learner)
    with queries() as seen:
        page = client.get(f"/calendar?view={view}").text
    assert seen.count <= 12, seen
    words = " ".join(page.split())
    assert f'/calendar/slots/{one.id}?at=2026-11-30T09:00Z">Mon 30 Nov, 09:00</a>' in words
    assert "one to one with Marian Hale" in words
    later = client.get(f"/calendar?view={view}&on=2026-11-30").text
    assert "Next free time:" not in later
    one.withdrawn_at = NOW
    one.save()
    assert "Nobody has published a time that is free." in client.get(f"/calendar?view={view}").text


def test_times_are_on_the_readers_clock_on_both_sides_of_a_change(app: Flask, scene: World) -> None:
    """London goes back on 25 October, New York on 1 November: nine is four, five, then four."""
    publish(scene, minutes=180)
    Person.update(zone="America/New_York").where(Person.id == scene.learner.id).execute()
    for day, hour in (("2026-10-19", "04:00"), ("2026-10-26", "05:00"), ("2026-11-02", "04:00")):
        page = ask(app, scene, scene.learner, f"/calendar?on={day}")
        assert re.findall(r"\?at=[^>]*>(\d\d:\d\d)", page) == [hour]


def test_later_times_are_others_of_the_same_host_of_the_same_kind_first(
    app: Flask, scene: World
) -> None:
    one = publish(scene, weekday=None, from_on=date(2026, 10, 12))
    publish(scene, weekday=1, ends="10:00")  # another pattern, of the same kind
    publish(scene, weekday=0, starts="13:00", ends="14:00", format="group", places=4)
    page = ask(app, scene, scene.learner, f"/calendar/slots/{one.id}?at=2026-10-12T09:00Z")
    later = page.split("Later times</h2>")[1]
    assert re.findall(r">(\w{3} \d+ \w{3}, [^<]*)</a>", later)[:8] == [
        "Mon 12 Oct, 11:00", "Tue 13 Oct, 09:00", "Tue 20 Oct, 09:00", "Tue 27 Oct, 09:00",
        "Tue 3 Nov, 09:00", "Tue 10 Nov, 09:00", "Mon 12 Oct, 13:00, group supervision",
        "Mon 19 Oct, 13:00, group supervision",
    ]  # fmt: skip
    assert "book several times" not in page, "it is one day"
    assert "Say what about" in page
    weekly = f"/calendar/slots/{one.id + 1}?at=2026-10-13T08:00Z"
    assert "book several times" in ask(app, scene, scene.learner, weekly)


def test_of_the_last_time_the_others_are_those_before(app: Flask, scene: World) -> None:
    one = publish(scene, weekday=None, from_on=date(2026, 10, 12), ends="11:00")
    page = ask(app, scene, scene.learner, f"/calendar/slots/{one.id}?at=2026-10-12T09:00Z")
    assert re.findall(r"\?at=([^\"]+)", page.split("Other times</h2>")[1]) == ["2026-10-12T08:00Z"]


def test_the_pattern_shown_stands_for_one_that_overlaps_it(app: Flask, scene: World) -> None:
    shown, hidden = publish(scene), publish(scene)
    page = ask(app, scene, scene.learner, f"/calendar/slots/{hidden.id}?at=2026-10-12T08:00Z")
    assert f'name="availability_id" value="{shown.id}"' in " ".join(page.split())


def test_a_reader_elsewhere_reads_both_clocks(app: Flask, scene: World) -> None:
    one = publish(scene)
    Person.update(zone="America/New_York").where(Person.id == scene.learner.id).execute()
    me = visitor(app, scene, scene.learner)
    page = " ".join(me.get(f"/calendar/slots/{one.id}?at=2026-10-12T09:00Z").text.split())
    assert "05:00</time> for you, 10:00 in London" in page.replace("05:00–06:00", "05:00")
    meeting = meet(scene, at(12, 9), scene.enrolment)
    words = " ".join(me.get(f"/supervision/{meeting.id}").text.split())
    assert "05:00 to 06:00 for you, 10:00 in London" in words
    moving = " ".join(me.get(f"/supervision/{meeting.id}/moving").text.split())
    assert "It is on Mon 12 Oct, 05:00 for you, 10:00 in London" in moving
    assert '04:00<span class="soft"> to 05:00, 09:00 in London' in moving
    asking = (
        "Times are on your clock, New York. Marian Hale is in London; Tessa Brook is in London."
    )
    assert asking in " ".join(me.get("/supervision/asking").text.split())
    boss = visitor(app, scene, scene.supervisor)
    new = " ".join(boss.get("/supervision/new").text.split())
    assert "Times are on your clock, London. Priya Nair is in New York." in new
    assert "for you" not in boss.get(f"/supervision/{meeting.id}").text
    assert "for you" not in ask(app, scene, scene.tutor, f"/supervision/{meeting.id}")


def test_a_slot_has_a_page_that_books_it_or_says_what_else_is_free(
    app: Flask, scene: World
) -> None:
    one = publish(scene, address="https://meet.example.org/secret")
    where = f"/calendar/slots/{one.id}"
    page = ask(app, scene, scene.learner, f"{where}?at=2026-10-12T08:00Z")
    assert "Mon 12 Oct, 09:00" in page
    assert f'name="availability_id" value="{one.id}"' in " ".join(page.split())
    assert "meet.example.org" not in page  # only for who has a place
    for asked in ("?at=2026-10-12T08:30Z", "?at=nonsense", "?at=2026-10-12T08:00", ""):
        other = ask(app, scene, scene.learner, where + asked)
        assert 'action="/bookings"' not in other
        assert "Mon 12 Oct, 10:00" in other
    mine = meet(scene, at(12, 8), scene.enrolment)
    assert "is not free" in ask(app, scene, scene.learner, f"{where}?at=2026-10-12T08:00Z")
    Meeting.update(availability=one).execute()
    back = ask(app, scene, scene.learner, f"{where}?at=2026-10-12T08:00Z")
    assert "You booked this" in back
    assert f'href="/supervision/{mine.id}"' in back
    one.withdrawn_at = NOW
    one.save()
    client = visitor(app, scene, scene.learner)
    gone = client.get(f"{where}?at=2026-10-12T09:00Z")
    assert gone.status_code == 410
    assert "Marian Hale withdrew this time" in gone.text
    assert (
        client.get("/calendar/next", follow_redirects=True).text.count("Nobody has published") == 1
    )
