"""The pages of a booking: what is typed is kept, and whoever comes too late is shown the next times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from supervise.models import (
    Attendance,
    Availability,
    Busy,
    ClientIdentity,
    Meeting,
    Membership,
    Person,
)
from supervise.models.rebooking import cancel, leave
from tests.meeting import place_of
from tests.queries import queries
from tests.slots import NEXT, SLOT, arranged, learners, offering, take
from tests.world import World, sign_in

WEEK = timedelta(weeks=1)


@pytest.fixture
def world(database: object) -> World:
    return World()


@pytest.fixture
def pages(app: Flask, world: World) -> Iterator[Any]:
    """`pages(person)` is a browser in which that person is signed in, at the world's moment."""
    app.config["WTF_CSRF_ENABLED"] = False

    def of(person: Person) -> FlaskClient:
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        return client

    with time_machine.travel(world.now, tick=False):
        yield of


def sent(slot: Availability, starts_at: datetime = SLOT, **more: Any) -> dict[str, Any]:
    return {"availability_id": slot.id, "starts_at": starts_at.isoformat(), **more}


def test_a_learner_books_and_sees_it(world: World, pages: Any) -> None:
    me, slot = pages(world.learner), offering(world)
    page = me.get(f"/calendar/slots/{slot.id}?at=2026-10-15T08:00Z")
    assert page.status_code == 200
    assert "09:00" in page.text
    answer = me.post("/bookings", data=sent(slot, note="My first recording"))
    assert answer.status_code == 303
    with queries() as seen:
        shown = me.get(answer.location)
    assert seen.count <= 12, seen
    for words in ("Booked: Thu 15 Oct, 09:00 with Marian Hale.", "My first recording", "Move it"):
        assert words in shown.text, words
    assert "https://meet.example.org/marian" in shown.text


@pytest.mark.parametrize("why", ["taken", "withdrawn", "full"])
def test_too_late_shows_the_next_free_times_and_keeps_the_note(
    world: World, pages: Any, why: str
) -> None:
    me, others = pages(world.learner), learners(world, 2)
    group = {"format": "group", "places": 2} if why == "full" else {}
    slot, still = offering(world, **group), offering(world, weekday=4, **group)
    if why == "withdrawn":
        Availability.update(withdrawn_at=world.now).where(Availability.id == slot.id).execute()
    else:
        for other in others[: 2 if why == "full" else 1]:
            take(world, slot, other)
    with queries() as seen:
        answer = me.post("/bookings", data=sent(slot, note="My first recording"))
    assert seen.count <= 24, seen  # what the booking asked before it was refused, and the page
    assert answer.status_code == 409
    words = {"taken": "just been taken", "withdrawn": "was withdrawn", "full": "waiting list"}[why]
    for part in (words, "My first recording", "Friday 16 October", f'value="{still.id}@'):
        assert part in answer.text, part
    fragment = me.post("/bookings", data=sent(slot), headers={"HX-Request": "true"})
    assert fragment.status_code == 409
    assert "<html" not in fragment.text
    again = me.post("/bookings", data={"slot": f"{still.id}@2026-10-16T08:00Z", "note": "My first"})
    assert again.status_code == 303
    if why == "full":
        chosen = {"asked": f"{slot.id}@2026-10-15T08:00Z", "slot": f"{still.id}@2026-10-16T08:00Z"}
        paged = me.post("/bookings", data=sent(slot, week="2026-10-19") | chosen).text
        assert "Join the waiting list for Thu 15 Oct, 09:00" in paged
        assert offered(paged) == [
            f"2026-10-2{on}T{hour}:00Z" for on in "23" for hour in ("08", "09", "10")
        ]
        both = sent(slot, go="wait") | {"slot": f"{still.id}@2026-10-16T08:00Z"}
        on_list = me.post("/bookings", data=both)
        assert "number 1 on the waiting list" in me.get(on_list.location).text


def test_a_slot_changed_since_its_page_was_read_is_shown_as_it_is_now(
    world: World, pages: Any
) -> None:
    me, slot = pages(world.learner), offering(world)
    page = me.get(f"/calendar/slots/{slot.id}?at=2026-10-15T08:00Z").text
    assert 'name="version" value="1"' in page
    Availability.update(mode="face to face", place="Leeds", minutes=90, version=2).execute()
    answer = me.post("/bookings", data=sent(slot, version="1", note="My first recording"))
    assert answer.status_code == 409
    for part in ("90 minutes, Face to face, Leeds", "My first recording"):
        assert part in answer.text, part
    shown = f"{slot.id}@2026-10-15T08:00Z/2"
    assert f'value="{shown}"' in answer.text
    assert me.post("/bookings", data={"slot": shown}).status_code == 303
    assert Meeting.get().minutes == 90


def test_a_note_names_no_client_and_what_cannot_be_read_is_kept(world: World, pages: Any) -> None:
    me, slot, actor = pages(world.learner), offering(world), world.actor(world.learner)
    ClientIdentity.keep(world.client(), {"name": "Quentin Marlowe"}, by=actor, now=world.now)
    for typed, kept in (
        ({"note": "About Quentin Marlowe"}, "About Quentin Marlowe"),
        ({"times": "many"}, "many"),
        ({"times": "99"}, "99"),
    ):
        answer = me.post("/bookings", data=sent(slot, **typed))
        assert answer.status_code == 422
        assert kept in answer.text
    assert me.post("/bookings", data={}).status_code == 422
    assert not Meeting.select().exists()


def test_a_recurring_booking_names_what_is_not_free(world: World, pages: Any) -> None:
    me, slot, [other] = pages(world.learner), offering(world), learners(world, 1)
    take(world, slot, other, SLOT + WEEK)
    typed = sent(slot, times="3", every_weeks="1")
    answer = me.post("/bookings", data=typed)
    assert answer.status_code == 409
    assert "1 of 3 times cannot be booked" in answer.text
    assert "Thu 22 Oct, 09:00: This time has just been taken.</p>" in answer.text
    assert answer.text.count("Nothing was booked.") == 1
    assert 'value="3"' in answer.text
    done = me.post("/bookings", data=typed | {"only_free": "y"})
    shown = me.get(done.location).text
    assert "2 meetings booked. Not booked: Thu 22 Oct, 09:00" in shown
    assert "1 more" in shown, "and all later ones"


def test_all_that_is_wrong_with_an_arrangement_is_said_at_once(world: World, pages: Any) -> None:
    boss, [other] = pages(world.supervisor), learners(world, 1)
    form = {
        "format": "one-to-one", "on": "", "at": "25:00", "minutes": "5", "mode": "video",
        "address": "skype", "every_weeks": "1", "times": "99", "invite": "", "note": "Bring a case",
    }  # fmt: skip
    answer = boss.post("/supervision/new", data=form)
    assert answer.status_code == 422
    for said in (
        "Choose at least one learner.", "Choose the day.", "write it as 14:30",
        "A meeting lasts 10 to 480 minutes.", "It begins with https://.", "Repeat up to 26 times.",
        "6 things to change", "Bring a case",
    ):  # fmt: skip
        assert said in answer.text, said
    both = {"learners": [world.enrolment.id, other.id], "on": "2026-03-29", "at": "01:30"}
    crowd = boss.post("/supervision/new", data=form | both)
    for said in ("There is room for one learner", "There was no 01:30", "It begins with https://."):
        assert said in crowd.text, said
    assert not Meeting.select().exists()


def test_whose_meeting_is_in_the_way_reads_which_and_nobody_else_does(
    world: World, pages: Any
) -> None:
    boss, me, [other, third] = pages(world.supervisor), pages(world.learner), learners(world, 2)
    arranged(world, other, third, starts_at=SLOT + WEEK)  # a group of the host's own
    form = {
        "learners": [world.enrolment.id], "format": "one-to-one", "minutes": "60", "times": "3",
        "on": "2026-10-15", "at": "09:30", "mode": "video", "every_weeks": "1", "invite": "",
    }  # fmt: skip
    series = boss.post("/supervision/new", data=form)
    assert series.status_code == 409
    mine = (
        "Thu 22 Oct, 09:30: You have another meeting then: Group supervision, 09:00 to 10:00.</p>"
    )
    assert mine in series.text
    assert series.text.count("Nothing was booked.") == 1
    alone = form | {"on": "2026-10-22", "times": ""}
    assert "You have another meeting then: Group supervision" in boss.post(
        "/supervision/new", data=alone
    ).text  # fmt: skip
    # learners who are with somebody else then: who, and not with what
    joan = world.person("Joan Petrie", "supervisor")
    for enrolment in (other, third):
        world.assign(joan, "supervisor", enrolment)
    arranged(world, other, third, host=joan, format="peer")
    all_three = form | {"format": "group", "times": "", "at": "09:00",
                        "learners": [world.enrolment.id, other.id, third.id]}  # fmt: skip
    group = boss.post("/supervision/new", data=all_three).text
    names = f"{other.learner.name} and {third.learner.name}"
    assert f"{names} are in another meeting then. Choose another time." in group
    assert "Peer" not in group.split("</h2>")[0]
    # a learner books over a meeting of their own in another centre: the hours alone
    elsewhere = World()
    Membership.grant(world.learner, elsewhere.centre, "learner", by=None, now=world.now)
    there = elsewhere.enrol(world.learner)
    elsewhere.assign(elsewhere.supervisor, "supervisor", there)
    arranged(elsewhere, there, starts_at=NEXT)
    told = me.post("/bookings", data=sent(offering(world), NEXT)).text
    assert "You have another meeting then, 10:00 to 11:00. Choose another time." in told


def test_a_host_books_for_learners_and_invites(world: World, pages: Any) -> None:
    boss, [other] = pages(world.supervisor), learners(world, 1)
    with queries() as seen:
        page = boss.get(f"/supervision/new?enrolment={other.id}")
    assert seen.count <= 12, seen
    assert "Priya Nair" in page.text
    form = {
        "learners": [world.enrolment.id, other.id], "format": "group", "places": "", "minutes": "90",
        "on": "2026-10-15", "at": "18:30", "mode": "video", "every_weeks": "1", "invite": "yes",
    }  # fmt: skip
    wrong = boss.post("/supervision/new", data=form | {"at": "25:00", "note": "Bring a case"})
    assert wrong.status_code == 422
    assert "write it as 14:30" in wrong.text
    assert "Bring a case" in wrong.text
    script = boss.post("/supervision/new", data=form | {"address": "javascript:alert(1)"})
    assert (script.status_code, Meeting.select().count()) == (422, 0)
    assert "It begins with https://." in script.text
    answer = boss.post("/supervision/new", data=form)
    meeting = Meeting.get()
    assert answer.location.endswith(f"/supervision/{meeting.id}")
    assert (meeting.places, meeting.minutes, meeting.starts_at.hour) == (2, 90, 17)
    clash = boss.post("/supervision/new", data=form | {"invite": ""})
    assert clash.status_code == 409
    own = "You have another meeting then: Group supervision, 18:30 to 20:00. Choose another time."
    assert own in clash.text

    me = pages(world.learner)
    assert "You are invited" in me.get(answer.location).text
    refused = me.post(f"{answer.location}/answer", data={"go": "decline", "answer-reason": ""})
    assert refused.status_code == 422
    assert me.post(f"{answer.location}/answer", data={"go": "accept"}).status_code == 303
    place = place_of(meeting, world.enrolment)
    assert place.state == "booked"
    shown = boss.get(answer.location).text
    assert "1 of 2 places taken" in shown
    out = {f"remove{place.id}-reason": "Another group suits better"}
    assert boss.post(f"/places/{place.id}/removal", data={}).status_code == 422
    third = learners(world, 1)[0]
    more = {"add-learner": third.id}
    assert boss.post(f"{answer.location}/places", data={"add-learner": "0"}).status_code == 422
    assert (
        boss.post(f"{answer.location}/places", data=more | {"add-invite": "y"}).status_code == 303
    )
    assert place_of(meeting, third).state == "invited"
    again = boss.post(f"{answer.location}/places", data={"add-learner": world.enrolment.id})
    assert again.status_code == 409
    assert boss.post(f"/places/{place.id}/removal", data=out).status_code == 303
    assert "Another group suits better" in me.get(answer.location).text


def test_a_learner_asks_for_another_time_and_the_host_answers(world: World, pages: Any) -> None:
    me, boss = pages(world.learner), pages(world.supervisor)
    offering(world)
    page = me.get("/supervision/asking")
    assert "Thu 15 Oct, 09:00 with Marian Hale" in page.text
    tie = world.enrolment.assignments.where(
        world.enrolment.assignments.model.person == world.supervisor
    ).get()
    form = {
        "whom": tie.id, "on": "2026-10-16", "at": "19:00", "minutes": "45", "mode": "phone",
        "note": "A dispute",
    }  # fmt: skip
    early = me.post("/supervision/asking", data=form | {"on": "2026-10-07"})
    assert early.status_code == 409
    assert "A dispute" in early.text
    answer = me.post("/supervision/asking", data=form)
    assert "Nothing is booked yet." in me.get(answer.location).text
    assert "Accept" in boss.get(answer.location).text
    assert boss.post(f"{answer.location}/answer", data={"go": "accept"}).status_code == 303
    assert Meeting.get().state == "booked"
    assert boss.post(f"{answer.location}/answer", data={"go": "accept"}).status_code == 409


def test_moving_and_cancelling_ask_why(world: World, pages: Any) -> None:
    me, boss, slot = pages(world.learner), pages(world.supervisor), offering(world)
    meeting = take(world, slot).meeting
    here = f"/supervision/{meeting.id}"
    with queries() as seen:
        page = me.get(f"{here}/moving")
    assert seen.count <= 12, seen
    assert "Thursday 15 October 2026" in page.text
    assert f'value="{slot.id}@2026-10-15T09:00Z/1"' in page.text
    choice = {"slot": f"{slot.id}@2026-10-15T09:00Z", "version": "1", "reason": "A shift"}
    for wrong in ({"reason": ""}, {"slot": ""}):
        assert me.post(f"{here}/moving", data=choice | wrong).status_code == 422
    assert me.post(f"{here}/moving", data=choice).status_code == 303
    assert Meeting.get().starts_at == NEXT
    assert me.post(f"{here}/moving", data=choice).status_code == 409, (
        "the version is not that any more"
    )
    typed = {
        "move-version": "2", "move-on": "2026-10-15", "move-at": "19:00", "move-minutes": "60",
        "move-reason": "I teach then",
    }  # fmt: skip
    faulty = boss.post(f"{here}/moving", data=typed | {"move-on": "2026-13-15"})
    assert faulty.status_code == 422
    assert "I teach then" in faulty.text
    assert boss.post(f"{here}/moving", data=typed).status_code == 303
    assert "I teach then" in me.get(here).text
    stale = boss.post(
        f"{here}/moving", data=typed | {"move-at": "20:00", "move-reason": "Or later"}
    )
    assert (stale.status_code, "changed meanwhile" in stale.text) == (409, True)
    assert "Or later" in stale.text, "what was typed is kept"
    me_actor = world.actor(world.learner)
    ClientIdentity.keep(world.client(), {"name": "Quentin Marlowe"}, by=me_actor, now=world.now)
    for reason in ("", "Quentin Marlowe needs me"):
        said = me.post(f"{here}/cancellation", data={"leave-reason": reason})
        assert said.status_code == 422
    assert me.post(f"{here}/cancellation", data={"leave-reason": "Ill"}).status_code == 303
    assert Meeting.get().state == "cancelled"


def offered(text: str) -> list[str]:
    """The free times to choose from on a page, by their starts."""
    return re.findall(r'name="slot"\s+value="\d+@([^/]+)/', text)


def test_a_learner_may_move_to_any_free_time_and_the_reason_stays_meanwhile(
    world: World, pages: Any
) -> None:
    me, slot = pages(world.learner), offering(world, minutes=30)
    offering(world, starts="10:00", ends="13:00", minutes=30)  # overlaps the other by two hours
    here = f"/supervision/{take(world, slot, starts_at=NEXT).meeting.id}/moving"
    page = me.get(here).text
    first = [f"2026-10-15T{time}Z" for time in (
        "08:00", "08:30", "09:30", "10:00", "10:30", "11:00", "11:30",
    )]  # fmt: skip
    assert offered(page) == first, "each start once, not its own"
    found, typed = list(first), {"reason": "A client needs ten", "version": "1", "slot": ""}
    while later := re.search(r'name="week"\s+value="([-\d]+)">Later', page):
        with queries() as seen:
            answer = me.post(here, data=typed | {"week": later[1]})
        assert (answer.status_code, seen.count <= 12) == (200, True), seen
        page = answer.text
        assert "A client needs ten" in page
        found += offered(page)
    assert found[-1] == "2026-12-03T12:30Z", "as far as the pattern may be booked"
    assert len(found) == len(set(found)) == 8 * 8 - 1
    assert "/supervision/asking" in page
    wrong = me.post(here, data=typed | {"shown": "2026-11-30"})
    assert (wrong.status_code, offered(wrong.text)[0]) == (422, "2026-12-03T09:00Z")
    back = re.search(r'name="week"\s+value="([-\d]+)">Earlier', page)
    assert back is not None
    assert offered(me.post(here, data=typed | {"week": back[1]}).text)[0] == "2026-11-26T09:00Z"
    last = f"{slot.id}@2026-11-26T09:00Z/1"
    assert me.post(here, data=typed | {"slot": last}).status_code == 303
    assert Meeting.get().starts_at.month == 11


def test_a_meeting_may_move_into_a_part_of_its_own_time(world: World, pages: Any) -> None:
    me, slot = pages(world.learner), offering(world, ends="10:00")
    half = offering(world, starts="09:30", ends="10:30")
    here = f"/supervision/{take(world, slot).meeting.id}/moving"
    assert offered(me.get(here).text)[0] == "2026-10-15T08:30Z"
    choice = {"slot": f"{half.id}@2026-10-15T08:30Z", "version": "1", "reason": "The train"}
    assert me.post(here, data=choice).status_code == 303


def test_a_time_just_taken_leads_to_all_the_others(world: World, pages: Any) -> None:
    me, [other] = pages(world.learner), learners(world, 1)
    slot = offering(world)
    take(world, slot, other)
    page = me.post("/bookings", data=sent(slot, note="My first recording")).text
    assert offered(page) == ["2026-10-15T09:00Z", "2026-10-15T10:00Z"]
    asked = {"asked": f"{slot.id}@2026-10-15T08:00Z/1", "note": "My first recording"}
    later = me.post("/bookings", data=asked | {"week": "2026-11-30"})
    assert later.status_code == 200
    assert offered(later.text)[0] == "2026-12-03T09:00Z"
    assert "My first recording" in later.text
    none = me.post("/bookings", data=asked | {"shown": "2026-11-30"})
    assert none.status_code == 422
    assert "Choose a time." in none.text
    assert offered(none.text)[0] == "2026-12-03T09:00Z", "the week stays"
    assert Meeting.select().count() == 1
    assert me.post("/bookings", data=asked | {"slot": f"{slot.id}@2026-12-03T09:00Z"}).location


@pytest.mark.parametrize("who", ["other learner", "elsewhere"])
def test_whoever_has_no_part_in_it_is_not_told_that_it_exists(
    world: World, app: Flask, pages: Any, who: str
) -> None:
    outside = World()
    [other] = learners(world, 1)
    slot = offering(world, named=True)
    meeting = arranged(world)
    client = app.test_client()
    if who == "elsewhere":
        sign_in(client, outside.learner, outside.centre, world.now)
    else:
        sign_in(client, other.learner, world.centre, world.now)
    here = f"/supervision/{meeting.id}"
    assert client.get(here).status_code == 404
    assert client.get(f"{here}/moving").status_code == 404
    for path in ("answer", "moving", "cancellation"):
        assert client.post(f"{here}/{path}", data={"go": "accept"}).status_code == 404
    assert client.post("/bookings", data=sent(slot)).status_code == 404
    assert Busy.select().count() == 2


def test_a_group_tells_its_learners_nothing_of_each_other(world: World, pages: Any) -> None:
    [other] = learners(world, 1)
    meeting = arranged(world, world.enrolment, other)
    page = pages(world.learner).get(f"/supervision/{meeting.id}").text
    assert other.learner.name not in page
    place = place_of(meeting, world.enrolment)
    leave(place, "Ill today", by=world.actor(world.learner), now=world.now)
    hosts = pages(world.supervisor).get(f"/supervision/{meeting.id}").text
    assert "place given up: Ill today" in hosts
    assert "Agenda, Priya Nair" not in hosts
    boss = world.actor(world.supervisor)
    cancel(meeting, "Snow", by=boss, now=world.now)
    assert Attendance.select().where(Attendance.state == "cancelled").count() == 2
