"""The end of a supervisor's assignment: nothing unsigned is lost, and nothing booked is left to nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from supervise import db
from supervise.events import history
from supervise.mail.letters import Site
from supervise.mail.meetings import letter
from supervise.models import Assignment, Attendance, Busy, Mail, Meeting, Person, recording
from supervise.models.asking import accept, answer_invitation, ask, decline
from supervise.models.booking import Plan
from supervise.models.centres import Refused
from supervise.models.handing_over import ahead, unsigned
from supervise.models.rebooking import cancel, wait
from supervise.reports import meeting_list
from supervise.reports.coming import coming
from supervise.workflow import WrongState
from tests.meeting import booked as as_it_was
from tests.meeting import held, place_of, recorded, signed, write_up
from tests.queries import queries
from tests.slots import NEXT, SLOT, arranged, learners, offering, take
from tests.world import World, sign_in

pytestmark = pytest.mark.usefixtures("database")
WEEK = timedelta(weeks=1)
LAST = date(2026, 10, 15)
"""The day of SLOT: a meeting then is still held by whoever leaves."""


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def joan(world: World) -> Person:
    return world.person("Joan Petrie", "supervisor")


def tie(world: World) -> Assignment:
    mine = (Assignment.person == world.supervisor) & (Assignment.enrolment == world.enrolment)
    return Assignment.get(mine)


def end(world: World, successor: Person | None = None, on: date = LAST) -> None:
    tie(world).end(on, by=world.actor(world.admin), now=world.now, successor=successor)


def now_of(meeting: Meeting) -> Meeting:
    return Meeting.get_by_id(meeting.id)


def busy(meeting: Meeting) -> set[int]:
    return {row.person_id for row in Busy.select().where(Busy.meeting == meeting)}


def mails(kind: str) -> set[int]:
    return {row.person_id for row in Mail.select().where(Mail.kind == kind)}


def test_what_is_booked_after_the_last_day_goes_to_a_successor_who_is_free(
    world: World, joan: Person
) -> None:
    before, after = arranged(world), arranged(world, starts_at=SLOT + WEEK)
    Mail.delete().execute()
    end(world, joan)
    kept, moved = now_of(before), now_of(after)
    assert (kept.host_id, kept.state) == (world.supervisor.id, "booked")
    assert (moved.host_id, moved.state, moved.sequence) == (joan.id, "booked", 1)
    assert (moved.uid, moved.starts_at) == (after.uid, SLOT + WEEK)
    assert busy(after) == {joan.id, world.learner.id}
    assert "Marian Hale is supervisor of Priya Nair until 15 Oct 2026" in moved.reason
    assert mails("booked") == {joan.id}
    assert mails("handed-over") == {world.supervisor.id, world.learner.id}
    event = history("meeting", after.id)[-1]
    assert (event.verb, event.role, event.details["host"]) == ("handed over", "admin", joan.id)


def told_by_mail(world: World) -> dict[int, tuple[str, list[str]]]:
    """What each person's mail has as its subject, and what its files do in a calendar."""
    letters = {mail.person_id: letter(mail, Site(), world.now) for mail in Mail.select()}
    return {who: (one.subject, [f.method for f in one.files]) for who, one in letters.items()}


@pytest.mark.parametrize("free", [True, False])
def test_each_is_told_in_words_and_their_calendar_follows(
    world: World, joan: Person, free: bool
) -> None:
    if not free:
        [other] = learners(world, 1)
        world.assign(joan, "supervisor", other)
        arranged(world, other, host=joan, starts_at=SLOT + WEEK)
    arranged(world, starts_at=SLOT + WEEK)
    Mail.delete().execute()
    end(world, joan)
    at = ": Thu 22 Oct 2026, 09:00"
    learner = (f"Your meeting is now with Joan Petrie{at}", ["REQUEST" if free else "CANCEL"])
    booked = (f"A meeting is booked{at}", ["REQUEST"])
    assert told_by_mail(world) == {
        world.learner.id: learner,
        world.supervisor.id: (f"Your meeting goes to Joan Petrie{at}", ["CANCEL"]),
        joan.id: booked if free else ("Priya Nair asks for a meeting", []),
    }


def test_the_former_host_hears_which_meeting_it_was_and_not_the_new_room(
    world: World, joan: Person
) -> None:
    world.publishes(joan, address="https://meet.example.org/joan")
    arranged(world, starts_at=SLOT + WEEK, address="https://meet.example.org/marian")
    Mail.delete().execute()
    end(world, joan)
    texts = {mail.person_id: letter(mail, Site(), world.now).text for mail in Mail.select()}
    old = texts[world.supervisor.id]
    assert "Joan Petrie takes over this meeting with Priya Nair" in old
    assert "One to one with Priya Nair" in old
    assert "Thu 22 Oct 2026, 09:00" in old
    assert "meet.example.org" not in old
    assert "https://meet.example.org/joan" in texts[world.learner.id]


def test_a_successor_who_is_not_free_is_asked(world: World, joan: Person) -> None:
    [other] = learners(world, 1)
    world.assign(joan, "supervisor", other)
    arranged(world, other, host=joan, starts_at=SLOT + WEEK + timedelta(minutes=30))
    room = "https://meet.example.org/marian"
    meeting = arranged(world, starts_at=SLOT + WEEK, note="The second recording", address=room)
    end(world, joan)
    asked = now_of(meeting)
    assert asked.address == ""
    place = place_of(meeting, world.enrolment)
    assert (asked.host_id, asked.state, place.state, place.seat) == (
        joan.id, "requested", "asked", None,
    )  # fmt: skip
    assert asked.note.startswith("The second recording")
    assert asked.note.endswith("until 15 Oct 2026. Can you meet then?")
    assert busy(meeting) == set()
    assert joan.id in mails("requested")
    Busy.delete().where(Busy.person == joan).execute()
    accept(asked, by=world.actor(joan), now=world.now)
    assert busy(meeting) == {joan.id, world.learner.id}


def test_an_invitation_nobody_answered_stays_one_until_the_successor_can_meet(
    world: World, joan: Person
) -> None:
    [other] = learners(world, 1)
    world.assign(joan, "supervisor", other)
    theirs = arranged(world, other, host=joan, starts_at=SLOT + WEEK)
    meeting = arranged(world, invite=True, starts_at=SLOT + WEEK)
    end(world, joan)
    asked, boss = now_of(meeting), world.actor(joan)
    assert (asked.state, place_of(meeting, world.enrolment).state) == ("requested", "invited")
    me = world.actor(world.learner)
    with pytest.raises(WrongState):
        answer_invitation(place_of(meeting, world.enrolment), accept=True, by=me, now=world.now)
    assert "Answer" in [wait for wait, *_ in coming(boss).waits]
    cancel(theirs, "Ill", by=boss, now=world.now)
    accept(asked, by=boss, now=world.now)
    assert busy(meeting) == {joan.id}, "the learner has not said that they come"
    assert world.learner.id not in mails("booked")
    again = Mail.select().where((Mail.kind == "invited") & (Mail.person == world.learner))
    assert again.count() == 2
    answer_invitation(place_of(meeting, world.enrolment), accept=True, by=me, now=world.now)
    assert busy(meeting) == {joan.id, world.learner.id}


def test_a_successor_who_cannot_meet_declines_for_the_invited_too(
    world: World, joan: Person
) -> None:
    [other] = learners(world, 1)
    world.assign(joan, "supervisor", other)
    arranged(world, other, host=joan, starts_at=SLOT + WEEK)
    meeting = arranged(world, invite=True, starts_at=SLOT + WEEK)
    end(world, joan)
    decline(now_of(meeting), "I teach then.", by=world.actor(joan), now=world.now)
    assert place_of(meeting, world.enrolment).state == "declined"
    row = Mail.get((Mail.kind == "declined") & (Mail.person == world.learner))
    assert letter(row, Site(""), world.now).subject == "Your meeting was declined"


def test_a_request_goes_to_the_successor_and_stays_one(world: World, joan: Person) -> None:
    plan = Plan("one-to-one", SLOT + WEEK, 60)
    me = world.actor(world.learner)
    meeting = ask(plan, world.supervisor, enrolment=world.enrolment, by=me, now=world.now)
    end(world, joan)
    assert (now_of(meeting).host_id, now_of(meeting).state) == (joan.id, "requested")
    assert mails("handed-over") == {world.learner.id}, "nothing stood in the former host's calendar"


def test_without_a_successor_it_is_cancelled_and_the_learner_told_why(world: World) -> None:
    meeting = arranged(world, starts_at=SLOT + WEEK)
    end(world)
    assert now_of(meeting).state == "cancelled"
    assert now_of(meeting).reason.startswith("Marian Hale is supervisor of Priya Nair until")
    assert busy(meeting) == set()
    assert mails("cancelled") == {world.supervisor.id, world.learner.id}


def test_in_a_group_only_that_learners_place_is_touched(world: World, joan: Person) -> None:
    a, b = learners(world, 2)
    slot = offering(world, format="group", places=2)
    meeting = take(world, slot, starts_at=SLOT + WEEK).meeting
    take(world, slot, a, SLOT + WEEK)
    wait(meeting, enrolment=b, by=world.actor(b.learner), now=world.now)
    end(world, joan)
    assert (now_of(meeting).state, now_of(meeting).host_id) == ("booked", world.supervisor.id)
    states = [place_of(meeting, one).state for one in (world.enrolment, a, b)]
    assert states == ["cancelled", "booked", "booked"]
    assert busy(meeting) == {world.supervisor.id, a.learner_id, b.learner_id}
    later = world.actor(joan, SLOT + timedelta(days=5))
    assert Meeting.visible_to(later).count() == 1
    assert (meeting_list.counts(later)[""], meeting_list.meetings(later, "").count()) == (0, 0)


def test_what_another_tie_of_the_two_allows_stays(world: World) -> None:
    world.assign(world.supervisor, "tutor")
    tutorial = arranged(world, starts_at=SLOT + WEEK, format="tutorial")
    meeting = arranged(world, starts_at=NEXT + WEEK)
    end(world)
    assert [now_of(one).state for one in (tutorial, meeting)] == ["booked", "cancelled"]


def test_what_was_held_stays_its_hosts_and_the_new_supervisor_can_write_it_up(
    world: World, joan: Person
) -> None:
    meeting = held(world)
    end(world, joan, on=date(2026, 10, 7))
    assert now_of(meeting).host_id == world.supervisor.id
    for person in (world.supervisor, joan):
        assert now_of(meeting).can_lead(world.actor(person))
    write_up(world, now_of(meeting))
    recording.record(
        now_of(meeting), {}, version=now_of(meeting).version, by=world.actor(joan), now=world.now
    )
    assert now_of(meeting).state == "recorded"


@pytest.mark.parametrize("how", ["from a slot", "by the host", "by asking"])
def test_nothing_is_booked_after_the_last_day(world: World, how: str) -> None:
    slot = offering(world)
    end(world)
    later: dict[str, Any] = {"starts_at": SLOT + WEEK}
    me = world.actor(world.learner)
    plan = Plan("one-to-one", SLOT + WEEK, 60)
    with pytest.raises(Refused, match="not assigned"):
        if how == "from a slot":
            take(world, slot, **later)
        elif how == "by the host":
            arranged(world, **later)
        else:
            ask(plan, world.supervisor, enrolment=world.enrolment, by=me, now=world.now)
    assert take(world, slot).state == "booked", "the last day itself"


def test_whoever_books_while_the_assignment_ends_is_refused_or_cancelled(world: World) -> None:
    slot, ready, told = offering(world), threading.Barrier(2), []

    def run(act: Callable[[], Any]) -> None:
        with db.connection():
            ready.wait(30)
            try:
                act()
            except Refused as refused:
                told.append(refused.sentence)

    both = (lambda: end(world), lambda: take(world, slot, starts_at=SLOT + WEEK))
    threads = [threading.Thread(target=run, args=(act,)) for act in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tie(world).to_on == LAST
    left = [meeting.state for meeting in Meeting.select()]
    assert left == ["cancelled"] if not told else left == []
    assert not Busy.select().exists()


def test_other_days_and_taking_back_strand_no_meeting(world: World) -> None:
    arranged(world)
    admin, held_by = world.actor(world.admin), tie(world)
    with pytest.raises(Refused, match="1 meeting is booked"):
        held_by.correct(held_by.from_on, date(2026, 10, 14), by=admin, now=world.now)
    with pytest.raises(Refused, match="1 meeting is booked"):
        tie(world).take_back(by=admin, now=world.now)
    assert tie(world).to_on is None
    assert tie(world).correct(world.started_on, LAST, by=admin, now=world.now)


def test_an_assignment_under_which_a_meeting_was_signed_is_not_taken_back(world: World) -> None:
    recorded(world)
    with pytest.raises(Refused, match="signed"):
        tie(world).take_back(by=world.actor(world.admin), now=world.now)


def test_the_page_lists_what_is_unsigned_and_booked_and_asks_who_takes_over(
    world: World, joan: Person, app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    hour = timedelta(hours=2)
    at = world.now - timedelta(days=3)
    as_it_was(world, starts_at=world.now - hour / 4)  # in progress
    held(world, starts_at=at + hour)
    recorded(world, starts_at=at + 2 * hour)
    signed(world, starts_at=at + 3 * hour)
    arranged(world, starts_at=SLOT + WEEK)
    with time_machine.travel(world.now, tick=False):
        client = app.test_client()
        sign_in(client, world.admin, world.centre, world.now)
        address = f"/assignments/{tie(world).id}"
        with queries() as seen:
            page = client.get(address).text
        assert seen.count <= 12, seen
        for words in (
            "3 meetings are not signed by both", "not said whether it was held",
            "not written up", "waits for Priya", "1 meeting lies ahead", "22 Oct",
        ):  # fmt: skip
            assert words in page, words
        form = {"on": "2026-10-15", "successor": ""}
        unanswered = client.post(f"{address}/end", data=form)
        assert unanswered.status_code == 422
        assert "Choose who takes over" in unanswered.text
        ended = client.post(f"{address}/end", data=form | {"successor": joan.id})
        assert ended.status_code == 303
        page = client.get(ended.location).text
        for words in ("until 15 Oct 2026", "Joan Petrie takes over", "1 meeting handed over"):
            assert words in page, words
    assert Meeting.get(Meeting.starts_at == SLOT + WEEK).host_id == joan.id
    assert len(unsigned(Assignment.get(Assignment.to_on == LAST), world.now)) == 3
    assert ahead(Assignment.get(Assignment.to_on == LAST), world.now) == []
    assert Attendance.select().where(Attendance.state == "cancelled").count() == 0


def test_whoever_hosts_meetings_ahead_hands_them_over_before_their_account_is_closed(
    world: World,
) -> None:
    by, [empty] = world.actor(world.admin), learners(world, 1)
    nobodys = arranged(world, empty, starts_at=SLOT + timedelta(days=1), places=2, format="group")
    Attendance.update(state="declined", seat=None).execute()
    arranged(world)
    arranged(world, starts_at=NEXT)
    with pytest.raises(Refused, match="2 meetings are .* End or hand over their assignments first"):
        world.supervisor.disable(by=by, now=world.now)
    assert Person.get_by_id(world.supervisor.id).active
    end(world, on=by.today)
    world.supervisor.disable(by=by, now=world.now)
    assert Meeting.get_by_id(nobodys.id).state == "cancelled"
    assert not Busy.select().exists()


def test_a_learner_whose_account_is_closed_leaves_their_meetings_and_the_host_is_told(
    world: World,
) -> None:
    [other] = learners(world, 1)
    group = arranged(world, world.enrolment, other)
    alone = arranged(world, starts_at=NEXT)
    Mail.delete().execute()
    world.learner.disable(by=world.actor(world.admin), now=world.now)
    states = [Meeting.get_by_id(one.id).state for one in (group, alone)]
    assert states == ["booked", "cancelled"]
    assert {row.person_id for row in Busy.select()} == {world.supervisor.id, other.learner_id}
    told = [mail.kind for mail in Mail.select().where(Mail.person == world.supervisor)]
    assert told == ["cancelled", "cancelled"]
    assert history("meeting", alone.id)[-1].note == "The account of Priya Nair was closed."


def test_a_tutorial_that_is_not_signed_goes_on_with_the_next_tutor(
    app: Flask, world: World
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    meeting = held(world, host=world.tutor, format="tutorial")
    nora, admin = world.person("Nora Blyth", "tutor"), world.actor(world.admin)
    mine = (Assignment.person == world.tutor) & (Assignment.enrolment == world.enrolment)
    leaves = world.now.date() - timedelta(days=1)
    Assignment.get(mine).end(leaves, by=admin, now=world.now, successor=nora)
    world.tutor.disable(by=admin, now=world.now)
    client, path = app.test_client(), f"/supervision/{meeting.id}/record"
    with time_machine.travel(world.now, tick=False):
        sign_in(client, nora, world.centre, world.now)
        assert client.get(path).status_code == 200
        said = {"discussed": "The portfolio.", "version": meeting.version, "go": "sign"}
        assert client.post(path, data=said).status_code == 303
    assert (now_of(meeting).state, now_of(meeting).recorded_by_id) == ("recorded", nora.id)
    assert history("meeting", meeting.id)[-1].role == "tutor"
    supervision = held(
        world, host=world.supervisor, starts_at=meeting.starts_at + timedelta(hours=3)
    )
    assert not supervision.can_lead(world.actor(nora))
