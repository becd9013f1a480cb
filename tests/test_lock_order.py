"""Whatever holds several rows takes them in one order (models/links.py), so no two wait for each other.

Each test stops the one where it holds its first row until the other is on its way. Only PostgreSQL
locks by row; there a deadlock ends one of the two with an error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from supervise import db, signing
from supervise.models import (
    Confirmation,
    Consent,
    Contract,
    Link,
    PracticeSession,
    agreeing,
    confirmations,
    drafts,
    erasure,
)
from supervise.models.diary_import import take
from tests.contracting import agreed, draft, engagement_of, offered
from tests.diaries import HEAD, coach_of_501, looked_at

pytestmark = pytest.mark.parametrize("engine", ["postgresql"])
ROW = HEAD + "06/07/2026,13:00,60,Client A,GROW\n"
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
    meet, lapse, use = Meeting(), confirmations.lapse_changed, Link.use

    def lapsing(session: PracticeSession, **named: Any) -> None:
        meet.first()
        lapse(session, **named)

    def using(self: Link, now: Any) -> bool:
        meet.second()
        return use(self, now)

    monkeypatch.setattr(confirmations, "lapse_changed", lapsing)
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
    meet, hold, first = Meeting(), confirmations._hold, []

    def holding(which: Any) -> Any:
        rows = hold(which)
        if threading.current_thread() in first:
            meet.first()
        return rows

    monkeypatch.setattr(confirmations, "_hold", holding)

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
