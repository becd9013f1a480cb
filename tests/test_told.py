"""After each action on a meeting the next page says what happened and who is told."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask

from supervise.models import Attendance, Meeting, MeetingAction, Person
from supervise.views.told import by_mail
from tests import meeting as made
from tests.meeting import place_of
from tests.slots import SLOT, arranged, learners
from tests.world import NOW, World, sign_in

PRIYA = "Priya Nair is told by e-mail."
MARIAN = "Marian Hale is told by e-mail."


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def said(app: Flask, world: World) -> Any:
    """What the page that follows a press says on top."""

    def press(person: Person, path: str, **data: str) -> str:
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        answer = client.post(
            path, data={key.replace("__", "-"): value for key, value in data.items()}
        )
        assert answer.status_code == 303, answer.text
        page = client.get(answer.location).text
        found = re.findall(r'<p class="notice said"[^>]*>(.*?)</p>', page)
        return html.unescape(" ".join(found))

    return press


MOVE = {
    "move__version": "1", "move__on": "2026-10-15", "move__at": "11:00", "move__minutes": "60",
    "move__reason": "I teach then",
}  # fmt: skip


def test_what_becomes_of_a_booking(world: World, said: Any) -> None:
    boss, me = world.supervisor, world.learner
    meeting = arranged(world)
    path = f"/supervision/{meeting.id}"
    assert said(boss, f"{path}/moving", **MOVE) == f"Moved to Thu 15 Oct, 11:00. {PRIYA}"
    assert said(me, f"{path}/cancellation", leave__reason="Ill") == f"Cancelled. {MARIAN}"
    meeting = arranged(world)
    path = f"/supervision/{meeting.id}"
    assert said(boss, f"{path}/cancellation", cancel__reason="Ill") == f"Cancelled. {PRIYA}"
    invited = arranged(world, invite=True)
    path = f"/supervision/{invited.id}/answer"
    assert said(me, path, go="accept") == f"Accepted: it is booked. {MARIAN}"
    again = arranged(world, invite=True, starts_at=SLOT.replace(hour=12))
    path = f"/supervision/{again.id}/answer"
    assert said(me, path, go="decline", answer__reason="Away") == f"Declined. {MARIAN}"


def test_what_becomes_of_a_place(world: World, said: Any) -> None:
    boss, [one, two] = world.supervisor, learners(world, 2)
    group = arranged(world, world.enrolment, one)
    path = f"/supervision/{group.id}"
    assert said(boss, f"{path}/places", add__learner=str(two.id), add__invite="y") == (
        "Learner1 Ames is invited. Learner1 Ames is told by e-mail."
    )
    place = place_of(group, one)
    key = f"remove{place.id}-reason"
    assert said(boss, f"/places/{place.id}/removal", **{key: "Too many"}) == (
        "Learner0 Ames has no place in it any more. Learner0 Ames is told by e-mail."
    )
    told = said(world.learner, f"{path}/cancellation", leave__reason="Ill")
    assert told == f"Your place is given up. {MARIAN}"


def test_booking_for_learners(world: World, said: Any) -> None:
    data = {
        "learners": str(world.enrolment.id), "format": "one-to-one", "on": "2026-10-15", "at": "18:30",
        "mode": "video", "every_weeks": "1", "minutes": "60",
    }  # fmt: skip
    told = said(world.supervisor, "/supervision/new", **data)
    assert told == f"Booked: Thu 15 Oct, 18:30. {PRIYA}"
    told = said(world.supervisor, "/supervision/new", **data | {"at": "20:00", "invite": "yes"})
    assert told == f"Invited to Thu 15 Oct, 20:00. {PRIYA}"


def test_from_the_meeting_to_both_signatures(world: World, said: Any) -> None:
    boss, me = world.supervisor, world.learner
    missed = made.booked(world)
    path = f"/supervision/{missed.id}"
    assert said(boss, f"{path}/absence") == "Kept: nobody came. No mail goes out."
    place = place_of(missed, world.enrolment)
    assert "Write the record here" in said(
        boss, f"{path}/holding", came=str(place.id), minutes="50"
    )
    record = {"discussed": "Silence", f"action_{place.id}_0": "Count", f"due_{place.id}_0": "2026-10-20",
              f"owner_{place.id}_0": "learner"}  # fmt: skip

    def version() -> str:
        return str(Meeting.get_by_id(missed.id).version)

    told = said(boss, f"{path}/record", version=version(), go="save", **record)
    assert told == "Saved. Nobody else reads it before you sign."
    waits = f"Signed. It waits for each learner who came to answer and sign. {PRIYA}"
    assert said(boss, f"{path}/record", version=version(), go="sign", **record) == waits
    assert "The record is open again." in said(boss, f"{path}/taking-back")
    assert said(boss, f"{path}/record", version=version(), go="sign", **record) == waits
    mine = {
        "version": str(Attendance.get_by_id(place.id).version),
        "read": version(),
        "reply": "Yes",
    }
    assert said(me, f"{path}/reply", go="sign", **mine) == "You signed the record."
    action = MeetingAction.get()
    done = f"/supervision/actions/{action.id}/done"
    assert said(me, done) == "Marked as done."
    assert said(me, done, done="no") == "Marked as not done."
    assert said(boss, f"{path}/note", note="Tired") == "Your note is saved. Nobody else reads it."


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], ""),
        (["A"], "A is told by e-mail."),
        (["A", "B", "C"], "A, B and C are told by e-mail."),
        (["A", "B", "C", "D"], "All 4 who have a part in it are told by e-mail."),
    ],
)
def test_who_is_told(names: list[str], sentence: str) -> None:
    assert by_mail(names) == sentence
