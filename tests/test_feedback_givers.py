"""One person is one giver, however often they are asked; and two moves at once end, both."""

from __future__ import annotations

import json
import threading
from datetime import date, timedelta

import pytest
import time_machine

from supervise import db
from supervise.models import ClientIdentity, Consent, Feedback, Link, erasure
from supervise.models.centres import Refused
from supervise.reports import feedback as report
from supervise.reports import verify
from tests.feedbacks import answer, give, invite
from tests.world import World, sign_in


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


def ask(world, source="observer", *, email="", alias="", **how):
    """One more invitation without a name, answered at once."""
    made = Feedback.invite(
        world.enrolment, source, "practitioner", anonymous=True, by=world.actor(world.learner),
        now=world.now, client=world.client(alias) if alias else None, email=email,
        **({"name": f"Joan {Feedback.select().count()}"} | how),
    )  # fmt: skip
    return answer(made, f"Word {made.id}.", now=world.now)


def shown(world):
    return len(report.said_of(world.actor(world.learner), world.learner).told)


def again(feedback):
    return Feedback.get_by_id(feedback.id)


def test_one_person_asked_again_and_again_is_one_giver(world):
    me, now, joan = world.actor(world.learner), world.now, invite(world, "observer", anonymous=True)
    answer(joan, "First.", now=now)
    for said in ("Second.", "Third."):
        now += timedelta(days=15)
        joan = again(joan).ask_again(by=me, now=now)
        answer(joan, said, now=now)
    assert shown(world) == 0
    ask(world, email="una@example.org")
    assert shown(world) == 0, "two people"
    ask(world, email="wim@example.org")
    assert shown(world) == 5, "three people"


def test_one_address_is_one_giver_in_whatever_letters(world):
    for email in ("Zoë@example.org", "ZOË@example.org ", "zoë@Example.ORG"):
        ask(world, email=email)
    assert shown(world) == 0
    keys = {row.giver for row in Feedback.select()}
    assert len(keys) == 1
    ask(world, email="una@example.org")
    ask(world)
    assert shown(world) == 5


def test_one_name_of_one_source_is_one_giver_however_it_is_written(world):
    """Without an address nothing else tells that it is one person; three answers of theirs stay in."""
    for name in ("Bob Marsh", "bob  MARSH", " Bob Marsh "):
        ask(world, name=name)
    assert shown(world) == 0
    ask(world, "peer", name="Bob Marsh")
    ask(world, name="Bob Marsh", email="bob@example.org")
    assert shown(world) == 0
    ask(world, name="Una Tull")
    assert shown(world) == 0, "two people"
    ask(world, name="Wim Post")
    assert shown(world) == 6, "three people"
    assert len({row.giver for row in Feedback.select()}) == 4


def test_a_sponsor_of_three_clients_is_one_giver_by_their_name(world):
    for alias in ("Client A", "Client B", "Client C"):
        who = {"sponsor_name": "Bob Marsh"}
        me = world.actor(world.learner)
        ClientIdentity.keep(world.client(alias), who, by=me, now=world.now)
        ask(world, "sponsor", alias=alias)
    assert shown(world) == 0


def test_without_a_name_or_an_address_each_is_somebody_new(world):
    for _ in range(3):
        ask(world, name="")
    assert shown(world) == 3


def test_a_sponsor_of_two_clients_is_one_giver_by_their_address(world):
    me = world.actor(world.learner)
    for alias in ("Client A", "Client B", "Client C"):
        who = {"name": alias[-1] * 9, "sponsor_email": "boss@example.org"}
        ClientIdentity.keep(world.client(alias), who, by=me, now=world.now)
        ask(world, "sponsor", alias=alias)
    assert shown(world) == 0


def test_a_client_stays_one_giver_when_their_address_becomes_known(world):
    ask(world, "client", alias="Client A")
    Feedback.update(put_away_at=world.now).execute()
    who = {"name": "Jo Penhale", "email": "jo@example.org"}
    ClientIdentity.keep(world.client(), who, by=world.actor(world.learner), now=world.now)
    ask(world, "client", alias="Client A")
    ask(world, "sponsor", alias="Client A")
    keys = {(row.source, row.giver) for row in Feedback.select()}
    assert len(keys) == 2


def test_another_learner_learns_nothing_from_the_same_address(world):
    ask(world, email="joan@example.org")
    other = world.person("Owen Tasker", "learner")
    theirs = Feedback.invite(
        world.enrol(other), "observer", "practitioner", anonymous=True, by=world.actor(other),
        now=world.now, name="Joan", email="joan@example.org",
    )  # fmt: skip
    assert theirs.giver != Feedback.get(Feedback.learner == world.learner).giver


def test_who_gave_stands_on_no_page_and_in_no_copy(app, world):
    rows = [ask(world, email=f"{n}@example.org") for n in range(3)]
    client = app.test_client()
    sign_in(client, world.learner, world.centre, world.now)
    assert shown(world) == 3
    paths = ["/feedback", "/account/data.json"]
    paths += [f"/link/{Link.get_by_id(row.link_id).token}" for row in rows]
    pages = "".join(client.get(path).get_data(as_text=True) for path in paths)
    assert f"Word {rows[0].id}." in pages
    assert not [row for row in rows if again(row).giver in pages]


def test_asked_again_twice_at_once_asks_once(world):
    """A tab that is still open: what it holds of an answered one is not what stands."""
    feedback = give(world, source="observer", anonymous=True)
    later, me = world.now + timedelta(days=15), world.actor(world.learner)
    tabs = [again(feedback), again(feedback)]
    tabs[0].ask_again(by=me, now=later)
    with pytest.raises(Refused):
        tabs[1].ask_again(by=me, now=later)
    assert Feedback.select().count() == 2


# --- two at once -------------------------------------------------------------------------


def race(*actions):
    """What became of each, done in threads of their own: ``done``, or the error's name."""
    told = {}

    def run(number, action):
        with db.connection():
            try:
                action()
                told[number] = "done"
            except Exception as error:  # which one is what the test asks
                told[number] = type(error).__name__

    threads = [threading.Thread(target=run, args=each) for each in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [told.get(number, "hangs") for number in range(len(actions))]


def test_an_answer_and_a_withdrawal_do_not_wait_for_each_other(world, monkeypatch):
    """One has the head of the history or the link, and waits until the other has the other."""
    me, feedback = world.actor(world.learner), invite(world)
    consent = Consent.give(world.client(), date(2026, 3, 1), "Notes.", by=me, now=world.now)
    in_use, ended = threading.Event(), threading.Event()
    use, end = Link.use, Link.end.__func__

    def slow_use(self, now):
        in_use.set()
        ended.wait(2)
        return use(self, now)

    def slow_end(cls, which, now):
        count = end(cls, which, now)
        ended.set()
        in_use.wait(2)
        return count

    monkeypatch.setattr(Link, "use", slow_use)
    monkeypatch.setattr(Link, "end", classmethod(slow_end))
    given, withdrawn = race(
        lambda: answer(again(feedback), now=world.now),
        lambda: erasure.withdraw(consent, world.now.date(), by=me, now=world.now),
    )
    assert withdrawn == "done"
    assert (given, again(feedback).state) in (("WrongState", "withdrawn"), ("done", "given"))
    assert [misfit.sentence for misfit in verify.verify(world.centre)] == []


def test_asking_again_and_inviting_do_not_wait_for_each_other(world, monkeypatch):
    """One has put away the old invitation, the other holds the centre."""
    feedback, later = invite(world, "observer", name="Joan"), world.now + timedelta(days=15)
    me = world.actor(world.learner, later)
    world.client("Client Z")
    away, held = threading.Event(), threading.Event()
    put_away, is_open = Feedback._put_away, Feedback._open.__func__

    def slow_put_away(self, *args):
        put_away(self, *args)
        away.set()
        held.wait(2)

    def slow_open(cls, *args):
        held.set()
        away.wait(2)
        return is_open(cls, *args)

    monkeypatch.setattr(Feedback, "_put_away", slow_put_away)
    monkeypatch.setattr(Feedback, "_open", classmethod(slow_open))
    assert race(
        lambda: again(feedback).ask_again(by=me, now=later),
        lambda: invite(world, alias="Client Z", now=later),
    ) == ["done", "done"]
    assert Feedback.select().count() == 3
    assert json.loads(Feedback.get_by_id(feedback.id).answers) == []


@pytest.mark.parametrize("first", ["asking", "withdrawing"])
def test_asking_again_and_a_withdrawal_do_not_wait_for_each_other(world, monkeypatch, first):
    """Whichever holds the client first is done; the other waits, and finds what it did."""
    feedback, later = invite(world), world.now + timedelta(days=15)
    me = world.actor(world.learner, later)
    consent = Consent.give(world.client(), date(2026, 3, 1), "Notes.", by=me, now=world.now)
    half, other = threading.Event(), threading.Event()
    put_away, empty = Feedback._put_away, erasure._empty_sessions

    def pause(action):
        def paused(*args):
            found = action(*args)
            half.set()
            other.wait(0.5)  # the other begins, and cannot go on before we are done
            return found

        return paused

    where = (Feedback, "_put_away") if first == "asking" else (erasure, "_empty_sessions")
    monkeypatch.setattr(*where, pause(put_away if first == "asking" else empty))

    def run(name, action):
        if name != first:
            assert half.wait(10)
        action()
        other.set()

    asked, withdrawn = race(
        lambda: run("asking", lambda: again(feedback).ask_again(by=me, now=later)),
        lambda: run(
            "withdrawing", lambda: erasure.withdraw(consent, later.date(), by=me, now=later)
        ),
    )
    assert (asked, withdrawn) == ("done" if first == "asking" else "Refused", "done")
    states = ["lapsed", "withdrawn"] if first == "asking" else ["withdrawn"]
    rows = list(Feedback.select().order_by(Feedback.id))
    assert [row.state for row in rows] == states
    assert {row.standing(Link.get_by_id(row.link_id), later) for row in rows} == {"ended"}
    assert [misfit.sentence for misfit in verify.verify(world.centre)] == []


def test_asking_holds_the_client_and_changes_nothing_of_them(world, queries):
    with queries() as seen:
        invite(world)
    assert not [one for one in seen.statements if one.startswith('UPDATE "client"')]


def test_two_invitations_of_one_address_at_once_are_one_giver(world):
    start = threading.Barrier(2)

    def go():
        start.wait(5)
        Feedback.invite(
            world.enrolment, "peer", "programme", anonymous=True, by=world.actor(world.learner),
            now=world.now, name="Una", email="una@example.org",
        )  # fmt: skip

    assert race(go, go) == ["done", "done"]
    assert len({row.giver for row in Feedback.select()}) == 1
