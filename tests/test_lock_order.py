"""Whatever holds several rows takes them in one order (models/links.py), so no two wait for each other.

Each test stops the one where it holds its first row until the other is on its way. Only PostgreSQL
locks by row; there a deadlock ends one of the two with an error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from supervise import db, signing
from supervise.models import (
    Assignment,
    Confirmation,
    Consent,
    Contract,
    Goal,
    Link,
    Person,
    PracticeSession,
    agreeing,
    confirmations,
    drafts,
    erasure,
    handing_over,
    lapsing,
    meetings,
    publishing,
    recording,
    series,
)
from supervise.models.account import reset_second_factor
from supervise.models.booking import Plan
from supervise.models.diary_import import take
from tests import slots
from tests.contracting import agreed, draft, engagement_of, offered
from tests.diaries import HEAD, coach_of_501, looked_at
from tests.meeting import WHEN, booked, place_of, recorded

pytestmark = pytest.mark.parametrize("engine", ["postgresql"])
ROW = HEAD + "06/07/2026,13:00,60,Client A,GROW\n"
THURSDAY = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
SHORT = 0.3  # seconds in which the other comes to wait; too short only lets a deadlock pass unseen


@pytest.fixture
def world(database):
    signing.use_key("of this test")
    return coach_of_501()


@pytest.fixture
def me(world):
    return world.actor(world.learner)


def both(*moves: Callable[[], Any]) -> list[str]:
    """Make two moves at once; what became of each."""
    told = ["hangs"] * len(moves)

    def run(number: int, move: Callable[[], Any]) -> None:
        with db.connection():
            try:
                move()
            except Exception as fault:
                told[number] = f"{type(fault).__name__}: {fault}"
            else:
                told[number] = "done"

    threads = [threading.Thread(target=run, args=each) for each in enumerate(moves)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return told


class Meeting:
    """The first waits, holding what it holds, until the second has come; then a moment longer."""

    def __init__(self) -> None:
        self.here, self.there = threading.Event(), threading.Event()

    def first(self) -> None:
        self.here.set()
        self.there.wait(SHORT)
        threading.Event().wait(SHORT)

    def second(self) -> None:
        self.here.wait(20)
        self.there.set()


@pytest.mark.parametrize("other", ["withdraw", "end"])
def test_agreeing_to_a_change_beside_a_withdrawal_or_an_end(world, me, monkeypatch, other):
    engagement = engagement_of(world)
    before = agreed(world, engagement, world.now - timedelta(days=9))
    consent = Consent.give(world.client(), date(2026, 3, 1), "Notes", by=me, now=world.now)
    _, links = offered(world, engagement, ending="Otherwise.")
    meet, stand = Meeting(), agreeing._stand
    monkeypatch.setattr(agreeing, "_stand", lambda *a: (meet.first(), stand(*a))[1])
    link = Link.get_by_id(links["client"].id)

    def second() -> None:
        meet.second()
        if other == "end":
            before.end(me.today, "It is over.", by=me, now=world.now)
        else:
            erasure.withdraw(consent, me.today, by=me, now=world.now)

    told = both(lambda: agreeing.agree(link, "Sam Reed", now=world.now), second)
    assert not [one for one in told if "eadlock" in one or one == "hangs"], told


@pytest.mark.parametrize("move", ["offer", "ask again"])
def test_asking_to_agree_beside_a_withdrawal(world, me, monkeypatch, move):
    consent = Consent.give(world.client(), date(2026, 3, 1), "Notes", by=me, now=world.now)
    if move == "offer":
        contract = draft(world, engagement_of(world))
    else:
        contract, _ = offered(world, engagement_of(world))
    meet, refresh = Meeting(), Contract.refresh

    def refreshing(self: Contract, *, lock: bool = False) -> None:
        refresh(self, lock=lock)
        if threading.current_thread() in first:
            meet.first()

    monkeypatch.setattr(Contract, "refresh", refreshing)
    first: list[threading.Thread] = []

    def ask() -> None:
        first.append(threading.current_thread())
        if move == "offer":
            agreeing.offer(contract, version=contract.version, by=me, now=world.now)
        else:
            agreeing.ask_again(contract, "client", by=me, now=world.now)

    def withdraw() -> None:
        meet.second()
        erasure.withdraw(consent, me.today, by=me, now=world.now)

    assert both(ask, withdraw) == ["done"] * 2
    assert not Link.select().where(Link.ended_at.is_null() & Link.used_at.is_null()).exists()


@pytest.mark.parametrize("way", ["typed", "from a file"])
def test_what_is_written_beside_a_withdrawal_does_not_outlive_it(world, me, monkeypatch, way):
    client = world.client()
    client.engagement("coaching")
    consent = Consent.give(client, date(2026, 3, 1), "Notes", by=me, now=world.now)
    rows = looked_at(ROW, world.enrolment).rows
    meet, refuse = Meeting(), Consent.refuse_any_withdrawn.__func__

    def refusing(cls: type[Consent], clients: Any) -> None:
        refuse(cls, clients)
        meet.first()

    monkeypatch.setattr(Consent, "refuse_any_withdrawn", classmethod(refusing))
    entry = drafts.Entry(
        clients=[client], kind="coaching", unit="501", date=date(2026, 7, 1), minutes=60,
        texts={"done": "GROW"},
    )  # fmt: skip

    def write() -> None:
        if way == "typed":
            drafts.create(world.enrolment, entry, by=me, now=world.now, draft_key="one")
        else:
            take(rows, world.enrolment, by=me, now=world.now)

    def withdraw() -> None:
        meet.second()
        erasure.withdraw(consent, me.today, by=me, now=world.now)

    assert both(write, withdraw) == ["done"] * 2
    session = PracticeSession.get()
    assert session.erased_at is not None
    assert (session.done, session.tools) == ("", "")


def test_an_import_beside_a_new_entry(world, me, monkeypatch):
    client = world.client()
    client.engagement("coaching")
    rows = looked_at(ROW, world.enrolment).rows
    meet, refuse, entry_thread = Meeting(), Consent.refuse_any_withdrawn.__func__, []

    def held(cls: type[Consent], clients: Any) -> None:
        if threading.current_thread() in entry_thread:
            refuse(cls, clients)
            meet.first()
        else:
            meet.second()
            refuse(cls, clients)

    monkeypatch.setattr(Consent, "refuse_any_withdrawn", classmethod(held))
    entry = drafts.Entry(
        clients=[client], kind="coaching", unit="501", date=date(2026, 7, 1), minutes=60
    )

    def new_entry() -> None:
        entry_thread.append(threading.current_thread())
        drafts.create(world.enrolment, entry, by=me, now=world.now, draft_key="one")

    assert (
        both(new_entry, lambda: take(rows, world.enrolment, by=me, now=world.now)) == ["done"] * 2
    )


def test_an_import_that_submits_beside_a_client_s_answer(world, me, monkeypatch):
    take(looked_at(ROW, world.enrolment).rows, world.enrolment, by=me, now=world.now)
    link = confirmations.ask(world.client(), [PracticeSession.get().id], by=me, now=world.now)
    rows = looked_at(ROW + "07/07/2026,13:00,60,Client A,More\n", world.enrolment).rows
    meet, lapse, use = Meeting(), lapsing.lapse_changed, Link.use

    def taking_back(session: PracticeSession, **named: Any) -> None:
        meet.first()
        lapse(session, **named)

    def using(self: Link, now: Any) -> bool:
        meet.second()
        return use(self, now)

    monkeypatch.setattr(lapsing, "lapse_changed", taking_back)
    monkeypatch.setattr(Link, "use", using)
    [asked] = confirmations.asked_by(link)
    answers = {asked.id: confirmations.Answer()}
    told = both(
        lambda: take(rows, world.enrolment, by=me, now=world.now, submit=True),
        lambda: confirmations.answer(link, answers, now=world.now),
    )
    assert told == ["done"] * 2
    assert Confirmation.get().state == "confirmed"


@pytest.mark.parametrize("other", ["ask", "delete"])
def test_submitting_or_throwing_away_beside_asking_again(world, me, monkeypatch, other):
    take(looked_at(ROW, world.enrolment).rows, world.enrolment, by=me, now=world.now)
    session = PracticeSession.get()
    confirmations.ask(world.client(), [session.id], by=me, now=world.now)
    meet, hold, first = Meeting(), confirmations.hold_open, []

    def holding(which: Any) -> Any:
        rows = hold(which)
        if threading.current_thread() in first:
            meet.first()
        return rows

    for module in (confirmations, lapsing):
        monkeypatch.setattr(module, "hold_open", holding)

    def one() -> None:
        first.append(threading.current_thread())
        if other == "ask":
            PracticeSession.get().submit(by=me, now=world.now)
        else:
            drafts.delete(PracticeSession.get(), by=me, now=world.now)

    def again() -> None:
        meet.second()
        confirmations.ask(world.client(), [session.id], by=me, now=world.now)

    told = both(one, again)
    assert told[0] == "done"
    assert "eadlock" not in told[1]


def test_saving_how_far_a_goal_is_beside_a_client_s_answer(world, me, monkeypatch):
    take(looked_at(ROW, world.enrolment).rows, world.enrolment, by=me, now=world.now)
    session, client = PracticeSession.get(), world.client()
    goal = Goal.set(client.engagement("coaching"), {"text": "Lead"}, by=me, now=world.now)
    link = confirmations.ask(client, [session.id], by=me, now=world.now)
    [asked] = confirmations.asked_by(link)
    meet, set_goals, use = Meeting(), drafts._set_goals, Link.use

    def using(self: Link, now: Any) -> bool:
        meet.second()
        return use(self, now)

    monkeypatch.setattr(drafts, "_set_goals", lambda *a, **n: (set_goals(*a, **n), meet.first())[0])
    monkeypatch.setattr(Link, "use", using)
    entry = drafts.Entry(
        clients=[client], kind="coaching", unit="501", date=session.date, start=time(13),
        minutes=60, goals={goal.id: 7},
    )  # fmt: skip
    told = both(
        lambda: drafts.save(session, entry, version=session.version, by=me, now=world.now),
        lambda: confirmations.answer(link, {asked.id: confirmations.Answer()}, now=world.now),
    )
    assert told == ["done"] * 2
    assert Goal.get_by_id(goal.id).progress == 7
    assert Confirmation.get().state == "confirmed"


def test_this_and_all_later_meetings_beside_a_record_of_one(world, monkeypatch):
    by = world.actor(world.supervisor)
    plan = Plan("one-to-one", world.now - timedelta(days=15), 60)
    first, later = series.arrange_series(
        plan, [world.enrolment], times=2, every_weeks=1, only_free=False, invite=False, by=by,
        now=world.now,
    ).meetings  # fmt: skip
    meet, told, came = Meeting(), meetings.Meeting.told, [place_of(later, world.enrolment).id]

    def telling(self: meetings.Meeting, verb: str, *args: Any, **named: Any) -> None:
        told(self, verb, *args, **named)
        if verb == "cancelled" and self.id == first.id:
            meet.first()

    monkeypatch.setattr(meetings.Meeting, "told", telling)

    def hold() -> None:
        meet.second()
        recording.hold(later, came, 60, by=by, now=world.now)

    told_of = both(lambda: series.cancel_from(first, "Ill", by=by, now=world.now), hold)
    assert told_of[0] == "done"
    assert told_of[1].startswith("Refused"), "nobody has a seat any more"


def test_of_two_hosts_who_record_one_learner_at_once_the_second_is_told(world, monkeypatch):
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor")
    first, second = booked(world), booked(world, host=joan, starts_at=WHEN + timedelta(hours=1))
    meet, refuse = Meeting(), recording._refuse_overlap
    monkeypatch.setattr(recording, "_refuse_overlap", lambda *a: (refuse(*a), meet.first()))

    def hold(meeting: meetings.Meeting, minutes: int) -> None:
        came = [place_of(meeting, world.enrolment).id]
        recording.hold(meeting, came, minutes, by=world.actor(meeting.host), now=world.now)

    told = both(lambda: hold(first, 120), lambda: (meet.second(), hold(second, 60)))
    assert told[0] == "done"
    assert told[1].startswith(f"Refused: {world.learner.name} was in another meeting")


def test_two_first_words_of_a_private_note_at_once(world, monkeypatch):
    meeting, by = recorded(world), world.actor(world.supervisor)
    meet, keep = Meeting(), recording._keep_note
    monkeypatch.setattr(recording, "_keep_note", lambda *a: (keep(*a), meet.first()))
    told = both(
        lambda: recording.keep_note(meeting, "One tab.", by=by),
        lambda: (meet.second(), recording.keep_note(meeting, "The other tab.", by=by)),
    )
    assert told == ["done"] * 2
    assert recording.note_of(meeting, by) == "The other tab."


@pytest.mark.parametrize("move", ["disable", "reset the second factor"])
def test_the_end_of_an_assignment_beside_a_change_of_the_account(world, monkeypatch, move):
    person, by = world.supervisor, world.actor(world.admin)
    Person.update(totp_secret="secret").where(Person.id == person.id).execute()
    tie = Assignment.get(Assignment.person == person)
    meet, hold = Meeting(), handing_over.hold_concerned
    monkeypatch.setattr(handing_over, "hold_concerned", lambda *a: (hold(*a), meet.first())[0])

    def change() -> None:
        meet.second()
        if move == "disable":
            Person.get_by_id(person.id).disable(by=by, now=world.now)
        else:
            reset_second_factor(person, by=by, now=world.now)

    assert both(lambda: tie.end(by.today, by=by, now=world.now), change) == ["done"] * 2


def test_a_booking_beside_a_withdrawal_of_the_slot_comes_too_late(world, monkeypatch):
    slot, by = slots.offering(world), world.actor(world.supervisor)
    meet, step = Meeting(), publishing._step
    monkeypatch.setattr(publishing, "_step", lambda *a, **n: (step(*a, **n), meet.first())[0])
    told = both(
        lambda: publishing.withdraw(slot, version=1, by=by, now=world.now),
        lambda: (meet.second(), slots.take(world, slot, starts_at=THURSDAY)),
    )
    assert told[0] == "done"
    assert told[1].startswith("Refused: This time was withdrawn")
