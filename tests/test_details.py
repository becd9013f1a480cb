"""How, where and what about a meeting is: given by its host, told to whoever has a place, read on its page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import icalendar
import pytest
import time_machine
from flask import Flask

from supervise.events import history
from supervise.mail.letters import Site
from supervise.mail.meetings import letter
from supervise.models import Attendance, ClientIdentity, Mail, Meeting, Person, asking
from supervise.models.booking import Plan
from supervise.models.centres import Refused
from supervise.models.details import Details, change, say
from supervise.workflow import NotAllowed, WrongState
from tests import meeting as made
from tests.meeting import place_of
from tests.slots import SLOT, arranged, learners, offering
from tests.world import NOW, World, sign_in

CALL = "https://meet.example.org/room-7"


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def enter(app: Flask, world: World) -> Any:
    def come_in(person: Person) -> Any:
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        return client

    return come_in


def words(answer: Any) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(html.unescape(text).split())


def typed(meeting: Meeting, **changes: str) -> dict[str, str]:
    """What the host's form sends."""
    values = {
        "version": str(meeting.version),
        "mode": "video",
        "address": CALL,
        "place": "",
        "note": "",
    }
    return {f"details-{name}": value for name, value in (values | changes).items()}


def asked(world: World, **values: Any) -> Meeting:
    """A learner asked the world's supervisor for a video call."""
    plan = Plan(**{"format": "one-to-one", "starts_at": SLOT, "minutes": 60, **values})
    me = world.actor(world.learner)
    return asking.ask(plan, world.supervisor, enrolment=world.enrolment, by=me, now=world.now)


def test_the_address_is_given_while_accepting_and_the_learner_reads_it(
    world: World, enter: Any
) -> None:
    meeting, boss, me = asked(world), enter(world.supervisor), enter(world.learner)
    path = f"/supervision/{meeting.id}"
    wrong = {"go": "accept", "accept-mode": "video", "accept-address": "meet.example.org/7"}
    answer = boss.post(f"{path}/answer", data=wrong)
    assert answer.status_code == 422
    assert "begins with https://" in words(answer)
    assert "meet.example.org/7" in answer.text, "what was typed is kept"
    assert Meeting.get().state == "requested"
    right = wrong | {"accept-address": CALL}
    Mail.delete().execute()
    assert boss.post(f"{path}/answer", data=right).status_code == 303
    assert CALL in me.get(path).text
    told = {mail.person_id: letter(mail, Site(), world.now) for mail in Mail.select()}
    mine = told[world.learner.id]
    assert f"Address: {CALL}" in mine.text
    event = icalendar.Calendar.from_ical(mine.files[0].content).walk("VEVENT")[0]
    assert event["LOCATION"] == CALL


def test_the_hosts_own_room_stands_ready_when_they_accept(world: World, enter: Any) -> None:
    offering(world)
    meeting = asked(world)
    page = enter(world.supervisor).get(f"/supervision/{meeting.id}").text
    assert 'value="https://meet.example.org/marian"' in page


def test_an_address_given_later_reaches_everybody_who_has_a_place(world: World, enter: Any) -> None:
    some = learners(world, 2)
    meeting = arranged(world, world.enrolment, some[0])
    asking.add(meeting, some[1], invite=True, by=world.actor(world.supervisor), now=world.now)
    Mail.delete().execute()
    boss, me, path = enter(world.supervisor), enter(world.learner), f"/supervision/{meeting.id}"
    assert "The address of the call is to come." in words(me.get(path))
    assert "Give the address of the call" in words(boss.get(path))
    answer = boss.post(f"{path}/details", data=typed(meeting, note="Bring a recording"))
    assert answer.status_code == 303
    page = words(boss.get(path))
    assert "Changed: the address of the call, what to talk about." in page
    assert (
        "Learner0 Ames and Priya Nair are told by e-mail." in page or "are told by e-mail" in page
    )
    assert CALL in me.get(path).text
    assert "Bring a recording" in me.get(path).text
    assert CALL not in enter(some[1].learner).get(path).text, "an invited one has no place yet"
    told = {mail.person_id: letter(mail, Site(), world.now) for mail in Mail.select()}
    assert set(told) == {world.supervisor.id, world.learner.id, some[0].learner_id}
    mine = told[world.learner.id]
    assert mine.subject.startswith("A meeting was changed: Thu 15 Oct 2026")
    assert "Marian Hale changed the address of the call, what to talk about" in mine.text
    event = icalendar.Calendar.from_ical(mine.files[0].content).walk("VEVENT")[0]
    now = Meeting.get()
    assert (str(event["UID"]), int(event["SEQUENCE"])) == (meeting.uid, meeting.sequence + 1)
    assert event["LOCATION"] == CALL
    assert now.sequence == meeting.sequence + 1
    [line] = [one for one in history("meeting", meeting.id) if one.verb == "changed"]
    assert line.details["what"] == ["address", "note"]
    assert CALL not in line.detail, "the history is read by more people than the meeting"


def test_only_its_host_changes_it_and_only_while_it_is_booked(world: World, enter: Any) -> None:
    meeting, by = arranged(world), world.actor(world.supervisor)
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor")
    for person in (world.learner, world.tutor, joan, world.admin):
        with pytest.raises(NotAllowed):
            change(meeting, Details("phone"), version=1, by=world.actor(person), now=world.now)
        assert "Change how, where or what about" not in words(
            enter(person).get(f"/supervision/{meeting.id}")
        )
    with pytest.raises(WrongState, match="changed meanwhile"):
        change(meeting, Details("phone"), version=7, by=by, now=world.now)
    with pytest.raises(Refused, match="is over"):
        change(meeting, Details("phone"), version=1, by=by, now=SLOT + timedelta(hours=2))
    held = made.held(world)
    with pytest.raises(WrongState, match="Nothing was changed"):
        change(held, Details("phone"), version=held.version, by=by, now=held.starts_at)
    signed = made.signed(world, starts_at=made.WHEN - timedelta(days=2))
    with pytest.raises(WrongState, match="signed by both"):
        change(signed, Details("phone"), version=signed.version, by=by, now=signed.starts_at)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address": "meet.example.org"}, "begins with https://"),
        ({"mode": "face to face"}, "Face to face there is no call"),
        ({"note": "x" * 2001}, "Shorten this to 2000 characters."),
    ],
)
def test_what_cannot_be_is_kept_and_said_beside_its_field(
    world: World, enter: Any, wrong: dict[str, str], sentence: str
) -> None:
    meeting, boss = arranged(world), enter(world.supervisor)
    answer = boss.post(f"/supervision/{meeting.id}/details", data=typed(meeting, **wrong))
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert next(iter(wrong.values())) in answer.text
    assert Meeting.get().address == ""


def test_a_stale_page_changes_nothing_and_keeps_what_was_typed(world: World, enter: Any) -> None:
    meeting, boss = arranged(world), enter(world.supervisor)
    path = f"/supervision/{meeting.id}/details"
    assert boss.post(path, data=typed(meeting)).status_code == 303
    stale = boss.post(path, data=typed(meeting, address=f"{CALL}-b"))
    assert stale.status_code == 409
    assert f"{CALL}-b" in stale.text
    assert Meeting.get().address == CALL
    Mail.delete().execute()
    same = boss.post(path, data=typed(meeting))  # pressed twice
    assert "Nothing was changed." in words(boss.get(same.location))
    assert not Mail.select().exists()


def test_a_learner_says_what_to_talk_about_until_it_begins(world: World, enter: Any) -> None:
    meeting, me, boss = arranged(world), enter(world.learner), enter(world.supervisor)
    path = f"/supervision/{meeting.id}"
    Mail.delete().execute()
    ClientIdentity.keep(
        world.client(), {"name": "Quentin Marlowe"}, by=world.actor(world.learner), now=world.now
    )
    data = {"topic-version": str(meeting.version), "topic-note": "About Quentin Marlowe"}
    named = me.post(f"{path}/topic", data=data)
    assert (named.status_code, "About Quentin Marlowe" in named.text) == (422, True)
    answer = me.post(f"{path}/topic", data=data | {"topic-note": "Whose goal is it?"})
    assert answer.status_code == 303
    assert "Marian reads it on the agenda." in words(me.get(path))
    agenda = words(boss.get(path)).split("Agenda, Priya Nair")[1]
    assert "What to talk about Whose goal is it?" in agenda
    assert not Mail.select().exists(), "it is read on the agenda"
    place, by = place_of(meeting, world.enrolment), world.actor(world.learner)
    fresh = Meeting.get()
    with pytest.raises(Refused, match="has begun"):
        say(fresh, place, "Too late", version=fresh.version, by=by, now=SLOT)
    group = arranged(
        world, *learners(world, 2), world.enrolment, starts_at=SLOT + timedelta(days=1)
    )
    data = {"topic-version": "1", "topic-note": "Mine"}
    assert me.post(f"/supervision/{group.id}/topic", data=data).status_code == 403
    assert Attendance.select().where(Attendance.meeting == group).count() == 3
