"""Publishing when one is free: what is kept, what is refused, and what of bookings stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise import events
from supervise.models import Availability, Away, Person, booking, publishing
from supervise.models.publishing import Unfit
from supervise.reports.availability import dates_of
from supervise.reports.slots import open_slots
from supervise.rules.publishing import Wanted, first_shared, time_off
from supervise.rules.slots import Pattern
from supervise.workflow import NotAllowed, WrongState
from tests.test_calendar import meet
from tests.world import NOW, World, sign_in

WEEK = timedelta(days=7)
MONDAYS = Pattern(
    id=0, weekday=0, every_weeks=1, from_on=date(2026, 10, 5), to_on=None, starts=time(9),
    ends=time(12), zone="Europe/London", minutes=60, buffer_minutes=0, notice_minutes=0,
    horizon_days=60,
)  # fmt: skip
WANTED = Wanted(MONDAYS, "one-to-one", 1, "video", address="https://meet.example.org/m")


@pytest.fixture
def world(database: object) -> World:
    return World()


def pattern(**changes: Any) -> Wanted:
    return replace(WANTED, pattern=replace(MONDAYS, **changes))


@pytest.mark.parametrize(
    ("wanted", "field", "said"),
    [
        (pattern(ends=time(9)), "ends", "ends when it starts"),
        (pattern(ends=time(8)), "ends", "before it starts"),
        (replace(WANTED, overnight=True), "ends", "longer than a day"),
        (pattern(ends=time(9, 30)), "minutes", "no meeting of 1 h 00 fits"),
        (pattern(to_on=date(2026, 10, 1)), "to_on", "ends before it begins"),
        (pattern(from_on=date(2026, 9, 1), to_on=date(2026, 10, 5)), "to_on", "has passed"),
        (pattern(from_on=date(2026, 10, 13), to_on=date(2026, 10, 17)), "to_on", "No Monday"),
        (pattern(weekday=None, from_on=date(2026, 10, 7)), "from_on", "has passed"),
        # an hour that the clocks leave out
        (pattern(weekday=None, from_on=date(2027, 3, 28), starts=time(1), ends=time(2)),
         "starts", "clocks go forward on Sun 28 Mar: nothing is left"),
        (replace(WANTED, format="group"), "places", "two places"),
        (replace(WANTED, places=3), "places", "Choose a group"),
        (replace(WANTED, named=True), "people", "at least one learner"),
        (replace(WANTED, named=True, people=frozenset({999_999})), "people", "no longer yours"),
        (replace(WANTED, address=""), "address", "https://"),
        (replace(WANTED, mode="face to face"), "place", "where you meet"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_beside_its_field(
    world: World, wanted: Wanted, field: str, said: str
) -> None:
    with pytest.raises(Unfit) as refused:
        publishing.publish(wanted, by=world.actor(world.supervisor), now=NOW)
    assert list(refused.value.faults) == [field]
    assert said in refused.value.faults[field]
    assert not Availability.select().exists()


def test_a_tutor_publishes_guided_time_and_a_learner_nothing(world: World) -> None:
    tutor = world.actor(world.tutor)
    with pytest.raises(Unfit, match="that you lead"):
        publishing.publish(WANTED, by=tutor, now=NOW)
    made = publishing.publish(replace(WANTED, format="tutorial", places=4), by=tutor, now=NOW)
    assert (made.person, made.zone, made.places) == (world.tutor, "Europe/London", 4)
    with pytest.raises(NotAllowed):
        publishing.publish(WANTED, by=world.actor(world.learner), now=NOW)


def test_a_change_needs_the_version_seen_and_leaves_what_is_booked(world: World) -> None:
    boss, learner = world.actor(world.supervisor), world.actor(world.learner)
    made = publishing.publish(WANTED, by=boss, now=NOW)
    first = open_slots(learner, NOW, NOW + WEEK)[0].starts_at
    booked = meet(world, first, world.enrolment, availability=made)
    later = pattern(starts=time(14), ends=time(16))
    assert publishing.change(made, later, version=1, by=boss, now=NOW)
    assert not publishing.change(made, later, version=2, by=boss, now=NOW)  # nothing differs
    with pytest.raises(WrongState, match="changed meanwhile"):
        publishing.change(made, WANTED, version=1, by=boss, now=NOW)
    assert publishing.standing(made, NOW) == [booked]
    hours = [one.starts_at.hour for one in open_slots(learner, NOW, NOW + WEEK)]
    assert hours == [13, 14]  # in UTC; London is an hour ahead
    publishing.withdraw(made, version=2, by=boss, now=NOW)
    assert open_slots(learner, NOW, NOW + WEEK) == []
    assert publishing.standing(made, NOW) == [booked]
    for act in (
        lambda: publishing.withdraw(made, version=3, by=boss, now=NOW),
        lambda: publishing.change(made, WANTED, version=3, by=boss, now=NOW),
    ):
        with pytest.raises(WrongState, match="withdrawn already"):
            act()
    verbs = [line.verb for line in events.history("availability", made.id)]
    assert verbs == ["published", "changed", "withdrawn"]


def test_named_learners_can_be_changed(world: World) -> None:
    boss = world.actor(world.supervisor)
    other = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", other)
    for_owen = replace(WANTED, named=True, people=frozenset({other.learner_id}))
    made = publishing.publish(for_owen, by=boss, now=NOW)
    assert open_slots(world.actor(world.learner), NOW, NOW + WEEK) == []
    assert len(open_slots(world.actor(other.learner), NOW, NOW + WEEK)) == 3
    for_priya = replace(for_owen, people=frozenset({world.learner.id}))
    assert publishing.change(made, for_priya, version=1, by=boss, now=NOW)
    assert open_slots(world.actor(other.learner), NOW, NOW + WEEK) == []
    assert len(open_slots(world.actor(world.learner), NOW, NOW + WEEK)) == 3


def test_the_next_dates_say_what_the_clocks_do(world: World) -> None:
    nights = replace(
        pattern(weekday=5, starts=time(23), ends=time(3), from_on=date(2026, 10, 17)),
        overnight=True,
    )
    made = publishing.publish(nights, by=world.actor(world.supervisor), now=NOW)
    said = {row.on.day: (row.times, row.clocks) for row in dates_of([made], NOW, 2)[made.id]}
    assert said[17] == (4, "")
    assert said[24] == (5, "The clocks go back on Sun 25 Oct: it is 5 h 00 long instead of 4 h 00.")
    begun = datetime(2026, 10, 17, 22, 30, tzinfo=UTC)  # half past eleven in London
    assert dates_of([made], begun, 1)[made.id][0].times == 3


def test_the_next_dates_say_what_is_still_free(world: World) -> None:
    boss = world.actor(world.supervisor)
    other = world.enrol(world.person("Owen Tasker", "learner"))
    alone = publishing.publish(pattern(notice_minutes=1440, horizon_days=14), by=boss, now=NOW)
    week = pattern(weekday=1, starts=time(14), ends=time(16), horizon_days=14)
    group = publishing.publish(replace(week, format="group", places=2), by=boss, now=NOW)

    def said(now: datetime = NOW) -> dict[str, list[str]]:
        dates = dates_of([alone, group], now, 3)
        return {one.format: [row.words for row in dates[one.id]] for one in (alone, group)}

    later = {
        "one-to-one": "3 times, to book from Mon 12 Oct",
        "group": "2 times, to book from Tue 13 Oct",
    }
    assert said() == {
        "one-to-one": ["3 times free", "3 times free", later["one-to-one"]],
        "group": ["2 times free", "2 times free", later["group"]],
    }
    monday, tuesday = datetime(2026, 10, 12, 8, tzinfo=UTC), datetime(2026, 10, 13, 13, tzinfo=UTC)
    like = {"availability": group, "format": "group", "places": 2}
    meet(world, monday, world.enrolment, availability=alone)
    meet(world, tuesday, world.enrolment, **like)  # one place is left in it
    publishing.take_off(monday + WEEK, monday + WEEK + timedelta(days=1), "", by=boss, now=NOW)
    start = tuesday + WEEK + timedelta(hours=1)
    publishing.take_off(start, start + timedelta(hours=3), "", by=boss, now=NOW)
    assert said()["one-to-one"][:2] == ["2 of 3 times still free", "away"]
    assert said()["group"][:2] == ["2 times free", "1 of 2 times still free, away for some of it"]
    meet(world, tuesday + timedelta(hours=1), other, world.enrolment, **like)
    assert said()["group"][0] == "1 of 2 times still free", "a full group is not free"
    for hour in (1, 2):
        meet(world, monday + timedelta(hours=hour), other, availability=alone)
    assert said()["one-to-one"][0] == "none of 3 times still free"
    sunday = datetime(2026, 10, 11, 8, 30, tzinfo=UTC)  # too late for nine o'clock
    assert said(sunday)["one-to-one"][0] == "none of 2 times still free"


@pytest.mark.parametrize(
    ("from_at", "to_at", "said"),
    [
        ((2026, 12, 7, 0), (2026, 12, 10, 0), "Mon 7 Dec to Wed 9 Dec"),
        ((2026, 12, 7, 0), (2026, 12, 8, 0), "Mon 7 Dec"),
        ((2026, 12, 7, 9), (2026, 12, 7, 12), "Mon 7 Dec, 09:00 to 12:00"),
        ((2026, 12, 7, 9), (2026, 12, 9, 0), "Mon 7 Dec, 09:00 to Wed 9 Dec, 00:00"),
        ((2026, 12, 31, 0), (2027, 1, 2, 0), "Thu 31 Dec to Fri 1 Jan 2027"),
        ((2026, 10, 24, 23), (2026, 10, 26, 0), "Sun 25 Oct"),  # 25 hours long in London
    ],
)
def test_whole_days_away_are_days(
    from_at: tuple[int, ...], to_at: tuple[int, ...], said: str
) -> None:
    moments = [datetime(*when, tzinfo=UTC) for when in (from_at, to_at)]
    assert time_off(*moments, "Europe/London", NOW) == said


@pytest.mark.parametrize("places", [1, 3])
def test_whatever_is_shown_can_be_booked_once(world: World, places: int) -> None:
    """Over the night the clocks go back, with a buffer: each slot in turn, until none is left."""
    night = pattern(
        weekday=5, starts=time(22), ends=time(4), from_on=date(2026, 10, 24), buffer_minutes=30
    )
    kind = "one-to-one" if places == 1 else "group"
    night = replace(night, overnight=True, format=kind, places=places)
    publishing.publish(night, by=world.actor(world.supervisor), now=NOW)
    learner, until = world.actor(world.learner), NOW + 3 * WEEK
    booked = []
    while free := open_slots(learner, NOW, until):
        slot = free[len(free) // 2]
        booking.book(
            slot.availability, slot.starts_at, enrolment=slot.enrolments[0], by=learner, now=NOW
        )
        booked.append(slot.starts_at)
    hours = [datetime(2026, 10, 24, 21, tzinfo=UTC) + n * timedelta(minutes=90) for n in range(5)]
    assert sorted(booked) == hours


# --- the pages -----------------------------------------------------------------------------


@pytest.fixture
def scene(app: Flask) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        yield World()


FORM = {
    "format": "one-to-one", "places": "1", "repeats": "weekly", "weekday": "0", "every_weeks": "1",
    "from_on": "2026-10-12", "to_on": "", "starts": "09:00", "ends": "12:00", "minutes": "60",
    "buffer_minutes": "15", "notice_minutes": "1440", "horizon_days": "60", "mode": "video",
    "place": "", "address": "https://meet.example.org/m", "who": "all",
}  # fmt: skip


def signed_in(app: Flask, world: World, person: Person) -> FlaskClient:
    client = app.test_client()
    sign_in(client, person, world.centre, NOW)
    return client


def test_a_supervisor_publishes_changes_and_withdraws_on_the_page(
    app: Flask, scene: World, queries: Callable[[], Any]
) -> None:
    Person.update(zone="America/New_York").where(Person.id == scene.supervisor.id).execute()
    client = signed_in(app, scene, scene.supervisor)
    assert "You publish no times yet" in client.get("/availability").text
    wrong = client.post("/availability", data=FORM | {"ends": "08:30", "minutes": "x"})
    assert wrong.status_code == 422
    assert 'value="08:30"' in wrong.text
    for said in ("2 things to change", "Give a whole number.", "It ends before it starts"):
        assert said in wrong.text, said
    before = client.post("/availability", data=FORM | {"ends": "08:30"})
    assert before.status_code == 422
    assert "It ends before it starts" in before.text
    assert client.post("/availability", data=FORM).status_code == 303
    made = Availability.get()
    assert (made.zone, made.starts, made.buffer_minutes) == ("America/New_York", "09:00", 15)
    start = datetime(2026, 10, 12, 13, tzinfo=UTC)  # nine o'clock in New York
    meet(scene, start, scene.enrolment, availability=made)
    with queries() as seen:
        page = client.get("/availability").text
    assert seen.count <= 12, seen
    assert "Every Monday, 09:00 to 12:00" in page
    assert "Mon 12 Oct: 1 of 2 times still free" in page
    shown = client.get(f"/availability/{made.id}").text
    assert "Mon 12 Oct, 09:00" in shown
    assert "It stays as booked" in shown
    address = f"/availability/{made.id}"
    changed = client.post(
        address, data=FORM | {"version": "1", "starts": "10:00"}, follow_redirects=True
    )
    assert "1 meeting booked from it stays" in changed.text
    stale = client.post(address, data=FORM | {"version": "1", "starts": "11:00"})
    assert stale.status_code == 409
    assert "changed meanwhile" in stale.text
    assert 'value="11:00"' in stale.text
    gone = client.post(f"{address}/withdrawal", data={"version": "2"}, follow_redirects=True)
    assert "Withdrawn. 1 meeting booked from it stays" in gone.text
    assert client.post(f"{address}/withdrawal", data={"version": "3"}).status_code == 409


def test_times_published_twice_are_named_and_need_a_second_press(app: Flask, scene: World) -> None:
    client = signed_in(app, scene, scene.supervisor)
    scene.publishes(scene.tutor)  # somebody else's
    assert client.post("/availability", data=FORM).status_code == 303
    again = FORM | {
        "starts": "10:00",
        "ends": "14:00",
        "buffer_minutes": "0",
        "from_on": "2026-10-26",
    }
    said = client.post("/availability", data=again)
    assert said.status_code == 409
    words = " ".join(said.text.split())
    assert ">Every Monday, 09:00 to 12:00</a>, one to one: first on Mon 26 Oct" in words
    assert 'value="14:00"' in words
    mine = Availability.select().where(Availability.person == scene.supervisor)
    assert mine.count() == 1
    assert client.post("/availability", data=again | {"sure": "y"}).status_code == 303
    starts = [one.starts_at for one in open_slots(scene.actor(scene.learner), NOW, NOW + 9 * WEEK)]
    assert len(starts) == len(set(starts))
    # a change of its times asks again, one of its address does not
    second = f"/availability/{mine.order_by(Availability.id.desc()).get().id}"
    longer = again | {"version": "1", "ends": "15:00"}
    refused = client.post(second, data=longer)
    assert (refused.status_code, "Save it all the same" in refused.text) == (409, True)
    elsewhere = again | {"version": "1", "address": "https://meet.example.org/other"}
    assert client.post(second, data=elsewhere).status_code == 303
    assert client.post(second, data=longer | {"version": "2", "sure": "y"}).status_code == 303


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({}, date(2026, 10, 12)),
        ({"starts": time(12), "ends": time(13)}, None),  # it begins when the other ends
        ({"starts": time(8), "ends": time(9, 50)}, None),  # what overlaps holds no slot
        ({"weekday": 1}, None),
        ({"weekday": None, "from_on": date(2026, 11, 2)}, date(2026, 11, 2)),
        ({"from_on": date(2028, 2, 1)}, date(2028, 2, 7)),
        ({"to_on": date(2026, 10, 11)}, None),
        # the night before, until ten
        ({"weekday": 6, "starts": time(22), "ends": time(10)}, date(2026, 10, 12)),
        # New York's clock goes back a week later: only between is it an hour nearer
        ({"zone": "America/New_York", "starts": time(7), "ends": time(8)}, date(2026, 10, 26)),
    ],
)  # fmt: skip
def test_patterns_overlap_where_their_slots_share_time(
    changes: dict[str, Any], first: date | None
) -> None:
    other = replace(MONDAYS, **changes)
    assert first_shared(MONDAYS, other, date(2026, 10, 8)) == first
    assert (first_shared(other, MONDAYS, date(2026, 10, 8)) is None) == (first is None)


def test_all_that_is_wrong_with_a_pattern_is_said_at_once(app: Flask, scene: World) -> None:
    client = signed_in(app, scene, scene.supervisor)
    wrong = FORM | {
        "format": "group", "to_on": "2026-10-05", "minutes": "300", "address": "", "who": "named",
    }  # fmt: skip
    said = (
        "A group has two places or more.", "It ends before it begins.", "It begins with https://.",
        "Tick at least one learner", "no meeting of 5 h 00 fits", "5 things to change",
    )  # fmt: skip
    made = scene.publishes(scene.supervisor)
    for address in ("/availability", f"/availability/{made.id}"):
        answer = client.post(address, data=wrong | {"version": "1"})
        assert answer.status_code == 422
        assert [part for part in said if part not in answer.text] == []
    blank = client.post("/availability", data=wrong | {"minutes": ""}).text
    assert "Say how long each meeting is." in blank
    unread = client.post("/availability", data=wrong | {"starts": "9 o"}).text
    assert "5 things to change" in unread
    assert "no meeting of" not in unread, "of what depends on it nothing is said"


def test_a_time_off_names_what_is_booked_in_it(app: Flask, scene: World) -> None:
    made = scene.publishes(scene.supervisor)
    meet(scene, datetime(2026, 10, 12, 8, tzinfo=UTC), scene.enrolment, availability=made)
    client = signed_in(app, scene, scene.supervisor)
    learner = scene.actor(scene.learner)
    assert len(open_slots(learner, NOW, NOW + WEEK)) == 2
    wrong = client.post(
        "/availability/away", data={"first_on": "2026-10-12", "last_on": "2026-10-11"}
    )
    assert wrong.status_code == 422
    assert "ends before it begins" in wrong.text
    part = {"first_on": "2026-10-12", "away_from": "11:30", "away_to": "11:00"}
    assert client.post("/availability/away", data=part).status_code == 422
    part["away_to"] = "14:00"
    assert client.post("/availability/away", data=part | {"why": "Dentist"}).status_code == 303
    assert len(open_slots(learner, NOW, NOW + WEEK)) == 1
    whole = {"first_on": "2026-10-12"}
    page = client.post("/availability/away", data=whole, follow_redirects=True).text
    assert "<strong>Mon 12 Oct, 11:30 to 14:00</strong>, Dentist" in page
    assert "<strong>Mon 12 Oct</strong>" in page
    assert "Dentist" in page
    assert "Saved: nobody can book you then." in page
    assert "Still booked in that time" in page
    assert "Mon 12 Oct, 09:00" in page
    assert open_slots(learner, NOW, NOW + WEEK) == []
    for away in list(Away.select()):
        back = client.post(f"/availability/away/{away.id}/removal", follow_redirects=True)
        assert "Removed: your published times can be booked then again." in back.text
    assert len(open_slots(learner, NOW, NOW + WEEK)) == 2
