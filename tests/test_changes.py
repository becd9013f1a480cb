"""What the page and the mail of a changed booking say: what was done, by whom, when and why."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask

from supervise.mail.letters import Site
from supervise.mail.meetings import letter
from supervise.models import Mail, Meeting, Person, recording
from supervise.models.rebooking import cancel, leave, move
from tests import meeting as made
from tests.meeting import place_of
from tests.queries import queries
from tests.slots import NEXT, arranged, learners
from tests.world import NOW, World, sign_in

CALL = "https://meet.example.org/marian"


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def read(app: Flask, world: World) -> Any:
    """The words of a meeting's page as somebody reads them, in at most 12 queries."""

    def words(person: Person, meeting: Meeting) -> str:
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        with queries() as seen:
            answer = client.get(f"/supervision/{meeting.id}")
        assert seen.count <= 12, seen
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())

    return words


def mail_to(person: Person, kind: str) -> str:
    """The text of the one mail of a kind to somebody."""
    [row] = Mail.select().where((Mail.person == person) & (Mail.kind == kind))
    return letter(row, Site(), NOW).text


def test_a_cancelled_meeting_says_with_whom_by_whom_when_and_why(world: World, read: Any) -> None:
    meeting = arranged(world, address=CALL)
    place = place_of(meeting, world.enrolment)
    leave(place, "Ill", by=world.actor(world.learner), now=world.now)
    hosts, mine = read(world.supervisor, meeting), read(world.learner, meeting)
    assert "With Priya Nair" in hosts
    assert "Cancelled by Priya Nair on Thu 8 Oct: Ill" in hosts
    assert "With Marian Hale" in mine
    assert "Cancelled by you on Thu 8 Oct: Ill" in mine
    others = read(world.tutor, meeting)
    assert "Host Marian Hale Learner Priya Nair" in others
    assert "Cancelled by Priya Nair on Thu 8 Oct" in others
    assert "Ill" not in others
    for page in (hosts, mine, others):
        assert CALL not in page, "nobody is called any more"
    for page in (hosts, mine):
        assert "Book another time" in page
    assert "Book another time" not in others
    assert mail_to(world.supervisor, "cancelled").startswith("Priya Nair cancelled this meeting")
    assert mail_to(world.learner, "cancelled").startswith("You cancelled this meeting")


def test_a_moved_meeting_says_from_when_by_whom_and_why(world: World, read: Any) -> None:
    meeting, by = arranged(world, address=CALL), world.actor(world.supervisor)
    move(meeting, NEXT, 60, reason="I teach then", version=1, by=by, now=world.now)
    mine = read(world.learner, meeting)
    assert "Moved from Thu 15 Oct, 09:00 by Marian Hale on Thu 8 Oct: I teach then" in mine
    assert CALL in mine
    told = mail_to(world.learner, "moved")
    assert (
        "Marian Hale moved this meeting. Why stands on its page." in told
    )  # no mail told when it was
    assert "I teach then" not in told


def test_a_host_is_not_told_that_they_meet_themselves(world: World, read: Any) -> None:
    meeting = made.signed(world)
    assert "With Priya Nair" in read(world.supervisor, meeting)
    mine = read(world.learner, meeting)
    assert "With Marian Hale How" in mine
    assert "With Marian Hale, Priya Nair" not in mine


def test_who_left_a_group_is_not_named_as_company(world: World, read: Any) -> None:
    some = learners(world, 2)
    meeting = arranged(world, world.enrolment, *some)
    Mail.delete().execute()
    leave(place_of(meeting, some[0]), "Ill", by=world.actor(some[0].learner), now=world.now)
    told = mail_to(world.supervisor, "cancelled")
    assert told.startswith("Learner0 Ames gave up the place in this meeting")
    assert "Group supervision with Learner1 Ames, Priya Nair" in told
    Mail.delete().execute()
    boss = world.actor(world.supervisor)
    leave(place_of(meeting, some[1]), "Too many", by=boss, now=world.now)
    assert mail_to(some[1].learner, "cancelled").startswith("Marian Hale took you out of this")
    page = read(some[1].learner, meeting)
    assert "Given up by Marian Hale on Thu 8 Oct: Too many" in page
    assert "Book another time" in page
    cancel(meeting, "Snow", by=boss, now=world.now)
    assert "Cancelled by you on Thu 8 Oct: Snow" in read(world.supervisor, meeting)


def test_after_nobody_came_the_page_offers_another_time(world: World, read: Any) -> None:
    meeting = made.booked(world)
    recording.miss(meeting, by=world.actor(world.supervisor), now=world.now)
    hosts = read(world.supervisor, meeting)
    assert "Book another time" in hosts
    assert "Did it take place?" not in hosts
    assert "It took place after all" in hosts
    assert "Book another time" in read(world.learner, meeting)
