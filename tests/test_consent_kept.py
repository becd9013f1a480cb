"""After a withdrawal nothing is written about the client, whoever was writing at that moment."""

from __future__ import annotations

import contextlib
import json
import threading
from datetime import date

import peewee
import pytest
import time_machine

from supervise import db, signing
from supervise.db import write
from supervise.models import (
    Agreement,
    Client,
    ClientIdentity,
    ClosingReview,
    Confirmation,
    Consent,
    Contract,
    Goal,
    Link,
    LinkContact,
    Mail,
    PracticeSession,
    agreeing,
    confirmations,
    drafts,
    erasure,
)
from supervise.models.contracts import Draft
from supervise.models.diary_import import take
from supervise.models.vault import WITHDRAWN, Withdrawn
from supervise.reports import verify
from supervise.workflow import WrongState
from tests import contracting
from tests.diaries import HEAD, coach_of_501, looked_at
from tests.world import World, drop_triggers, sign_in

TODAY = date(2026, 10, 8)
GIVEN = date(2026, 3, 1)


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    signing.use_key("the key of this test")
    made = World()
    with time_machine.travel(made.now, tick=False):
        yield made


@pytest.fixture
def me(world):
    return world.actor(world.learner)


@pytest.fixture
def consent(world, me):
    return Consent.give(world.client(), GIVEN, "Notes", by=me, now=world.now)


def withdraw(world, consent):
    return erasure.withdraw(consent, TODAY, by=world.actor(world.learner), now=world.now)


def misfits(world):
    return [misfit.sentence for misfit in verify.verify(world.centre)]


# --- at the same moment ------------------------------------------------------------------


def race(monkeypatch, write_, withdraw_):
    """``write_`` has asked whether consent stands, then ``withdraw_`` begins, then it writes on."""
    asked, done, told = threading.Event(), threading.Event(), {}
    was = Consent.is_withdrawn.__func__

    def slow(cls, client):
        found = was(cls, client)
        if threading.current_thread().name == "write":
            asked.set()
            done.wait(0.5)  # a withdrawal that does not wait for us is over by then
        return found

    def run(name, action):
        with db.connection():
            try:
                if name == "withdraw":
                    asked.wait(10)
                action()
                told[name] = "done"
            except (WrongState, ValueError) as refused:
                told[name] = str(refused)
            finally:
                if name == "withdraw":
                    done.set()
                else:
                    asked.set()

    monkeypatch.setattr(Consent, "is_withdrawn", classmethod(slow))
    both = {"write": write_, "withdraw": withdraw_}
    threads = [threading.Thread(target=run, args=pair, name=pair[0]) for pair in both.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return told


def test_who_they_are_does_not_outlive_a_withdrawal(world, me, consent, monkeypatch):
    told = race(
        monkeypatch,
        lambda: ClientIdentity.keep(world.client(), {"name": "Ottoline"}, by=me, now=world.now),
        lambda: withdraw(world, consent),
    )
    assert told == {"write": "done", "withdraw": "done"}
    assert not ClientIdentity.select().exists()
    assert misfits(world) == []


def test_what_was_found_out_does_not_outlive_a_withdrawal(world, me, consent, monkeypatch):
    told = race(
        monkeypatch,
        lambda: world.client().describe({"needs": "Delegates little"}, by=me, now=world.now),
        lambda: withdraw(world, consent),
    )
    assert told == {"write": "done", "withdraw": "done"}
    assert Client.get_by_id(world.client().id).needs == ""


@pytest.mark.parametrize("what", ["offer", "ask"])
def test_a_link_does_not_outlive_a_withdrawal(world, me, consent, monkeypatch, what):
    client = world.client()
    who = {"name": "Ottoline Grebe", "email": "o@kestrel.example.org"}
    ClientIdentity.keep(client, who, by=me, now=world.now)
    contract = contracting.draft(world, contracting.engagement_of(world))
    session = world.session(state="submitted")
    ways = {
        "offer": lambda: agreeing.offer(contract, version=contract.version, by=me, now=world.now),
        "ask": lambda: confirmations.ask(client, [session.id], by=me, now=world.now),
    }
    told = race(monkeypatch, ways[what], lambda: withdraw(world, consent))
    assert told == {"write": "done", "withdraw": "done"}
    assert [link.standing(world.now) for link in Link.select()] == ["ended"]
    assert [(row.name, row.email) for row in LinkContact.select()] == [("", "")]
    assert not Mail.select().exists()
    assert not Confirmation.select().where(Confirmation.state == "asked").exists()
    assert misfits(world) == []


@pytest.mark.parametrize("first", ["none", "withdrawn"])
def test_two_consents_at_once_are_one(world, me, monkeypatch, first):
    client, given_on = world.client(), TODAY
    if first == "withdrawn":
        withdraw(world, Consent.give(client, GIVEN, "Notes", by=me, now=world.now))
    both_read, told, was = threading.Barrier(2), [], Consent.last.__func__

    def slow(cls, of):
        found = was(cls, of)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_read.wait(0.5)  # the other waits for us: it has not read yet
        return found

    monkeypatch.setattr(Consent, "last", classmethod(slow))

    def give(scope):
        with db.connection():
            try:
                Consent.give(client, given_on, scope, by=me, now=world.now)
                told.append("done")
            except peewee.IntegrityError as failed:
                told.append(str(failed))

    threads = [threading.Thread(target=give, args=(scope,)) for scope in ("Notes", "All of it")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert told == ["done", "done"]
    assert Consent.select().where(Consent.withdrawn_on.is_null()).count() == 1
    assert misfits(world) == []


# --- afterwards --------------------------------------------------------------------------


def test_goals_contracts_and_reviews_take_no_words_any_more(world, me, consent):
    engagement = contracting.engagement_of(world)
    contract = contracting.draft(world, engagement)
    goal = Goal.get()
    withdraw(world, consent)
    contract, goal = Contract.get_by_id(contract.id), Goal.get_by_id(goal.id)
    values = Draft("two", {"ethics": "EMCC"}, 6, 60)
    how = {"by": me, "now": world.now}
    for write_ in (
        lambda: Goal.set(engagement, {"text": "Delegate"}, **how),
        lambda: goal.change({"text": "Delegate"}, version=goal.version, **how),
        lambda: ClosingReview.of(engagement).keep({"start": "Low"}, version=0, **how),
        lambda: contract.change(values, version=contract.version, **how),
        lambda: Contract.begin(contracting.engagement_of(world, kind="mentoring"), **how),
    ):
        with pytest.raises(WrongState) as refused:
            write_()
        assert refused.value.sentence == WITHDRAWN
    assert (Goal.select().count(), ClosingReview.select().count()) == (1, 0)


@pytest.mark.parametrize("state", ["draft", "offered"])
def test_what_was_never_agreed_goes(world, me, consent, state):
    engagement = contracting.engagement_of(world)
    if state == "draft":
        contract = contracting.draft(world, engagement)
        Contract.update(declined_by="client", declined_why="Not so often").execute()
    else:
        contract, _ = contracting.offered(world, engagement)
    assert json.loads(Contract.get().parts)
    withdraw(world, consent)
    row, goal = Contract.get_by_id(contract.id), Goal.get()
    assert (row.state, row.parts, row.goals, row.declined_why) == ("draft", "{}", "[]", "")
    assert (goal.text, goal.measure, goal.aim, goal.owner) == (erasure.REMOVED, "", "", "")
    assert misfits(world) == []


def test_what_was_agreed_stays_and_what_came_after_goes(world, me, consent):
    engagement = contracting.engagement_of(world)
    agreed = contracting.agreed(world, engagement, world.now)
    later = Contract.begin(engagement, by=me, now=world.now)
    kept = Goal.get()
    Goal.set(engagement, {"text": "Only talked about"}, by=me, now=world.now)
    before = (agreed.parts, kept.text)
    withdraw(world, consent)
    assert (Contract.get_by_id(agreed.id).parts, Goal.get_by_id(kept.id).text) == before
    assert Contract.get_by_id(later.id).parts == "{}"
    assert [goal.text for goal in Goal.select().order_by(Goal.id)] == [kept.text, erasure.REMOVED]
    assert misfits(world) == []


@pytest.fixture
def learner(app, world):
    signed_in = app.test_client()
    sign_in(signed_in, world.learner, world.centre, world.now)
    return signed_in


def test_a_new_goal_is_refused_beside_its_field(world, consent, learner):
    engagement = contracting.engagement_of(world)
    withdraw(world, consent)
    data = {"text": "Delegate weekly", "aim_level": "team", "aim": "Grow", "measure": "Two",
            "owner": "Client", "due_on": "2026-12-01", "progress": "0"}  # fmt: skip
    page = learner.post(f"/engagements/{engagement.id}/goals", data=data)
    assert page.status_code == 409
    assert WITHDRAWN in page.text
    assert "Delegate weekly" in page.text


@pytest.mark.parametrize("how", ["ticked", "typed", "in a group"])
@pytest.mark.parametrize("way", ["button", "autosave", "change"])
def test_no_session_is_written_with_them(world, consent, learner, how, way):
    other = world.session(clients=("Client B",), state="draft")
    withdraw(world, consent)
    if way == "autosave" and how == "typed":
        return  # half an alias makes no client: nothing is kept but what was typed
    ids = {"ticked": ["Client A"], "typed": [], "in a group": ["Client A", "Client B"]}[how]
    data = {
        "author": world.learner.id, "draft_key": "new", "version": other.version,
        "clients": [str(world.client(alias).id) for alias in ids], "kind": "coaching",
        "mode": "video", "unit": "D3.04", "date": "2026-09-03", "start": "10:00",
        "minutes": "45", "go": "submit", "done": "We talked about her chief",
        "new_clients": "client a" if how == "typed" else "",
    }  # fmt: skip
    before = PracticeSession.get_by_id(other.id).done
    path = {"button": "/sessions/new", "autosave": "/sessions/drafts",
            "change": f"/sessions/{other.id}/edit"}[way]  # fmt: skip
    page = learner.post(
        path, data=data, headers={"HX-Request": "true"} if way == "autosave" else {}
    )
    assert page.status_code == 422
    assert "Client A withdrew consent: nothing more is written about them" in page.text
    if way != "autosave":
        assert "We talked about her chief" in page.text
    assert [row.done for row in PracticeSession.select()] == [before]


def test_a_file_brings_nothing_about_them(database):
    world = coach_of_501()
    me = world.actor(world.learner)
    gone = Consent.give(world.client(), GIVEN, "Notes", by=me, now=world.now)
    text = HEAD + "06/07/2026,13:00,60,CLIENT A,GROW\n07/07/2026,,50,Client B,OSKAR\n"
    before = looked_at(text, world.enrolment)
    assert before.faults == ()
    erasure.withdraw(gone, me.today, by=me, now=world.now)
    [found] = looked_at(text, world.enrolment).faults
    assert found.line == 2
    assert "Client A withdrew consent: nothing more is written about them." in found.sentence
    with pytest.raises(Withdrawn):  # looked at before, taken after
        take(before.rows, world.enrolment, by=me, now=world.now)
    assert not PracticeSession.select().exists()


def test_a_contract_sent_back_is_not_waited_for_any_more(world, me, consent, learner):
    _, links = contracting.offered(world, contracting.engagement_of(world))
    agreeing.decline(links["client"], "Fewer sessions.", now=world.now)
    assert "sent back" in learner.get("/").text
    erasure.withdraw(consent, me.today, by=me, now=world.now)
    assert "sent back" not in learner.get("/").text


def test_a_contract_ended_afterwards_keeps_its_day_and_no_words(world, me, consent):
    contract = contracting.agreed(world, contracting.engagement_of(world), world.now)
    erasure.withdraw(consent, me.today, by=me, now=world.now)
    contract.end(me.today, "She was angry.", by=me, now=world.now)
    ended = Contract.get_by_id(contract.id)
    assert (ended.state, ended.ended_on, ended.ended_reason) == ("ended", me.today, "")


def test_it_is_not_dated_before_a_withdrawal_by_correcting_it(world, me, consent):
    erasure.withdraw(consent, date(2026, 4, 1), by=me, now=world.now)
    Consent.give(world.client(), date(2026, 5, 1), "Notes", by=me, now=world.now)
    with pytest.raises(ValueError, match="before the last consent was withdrawn"):
        Consent.give(world.client(), date(2026, 3, 20), "Notes", by=me, now=world.now)


def test_they_may_give_it_again(world, me, consent):
    withdraw(world, consent)
    Consent.give(world.client(), TODAY, "Notes", by=me, now=world.now)
    world.session(day=TODAY)
    Goal.set(contracting.engagement_of(world), {"text": "Delegate"}, by=me, now=world.now)


def test_a_draft_is_saved_over_only_while_consent_stands(world, me, consent):
    session = world.session(clients=("Client B",), state="draft")
    withdraw(world, consent)
    entry = drafts.Entry(clients=[world.client()], texts={"done": "More"})
    with pytest.raises(Withdrawn, match="Client A withdrew consent"):
        drafts.save(session, entry, version=session.version, by=me, now=world.now)


# --- what the database refuses, and what verify finds ------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE link SET used_at = NULL",
        "UPDATE link SET expires_at = '2030-01-01 00:00:00'",
        "UPDATE link SET subject_version = 9",
        "UPDATE link SET purpose = 'feedback'",
        "UPDATE link SET nonce = 'x'",
        "UPDATE agreement SET party = 'sponsor' WHERE party = 'client'",
        "DELETE FROM agreement",
        "UPDATE contract SET agreed_on = '2020-01-01'",
    ],
)
def test_the_database_refuses(world, spoil):
    contracting.agreed(world, contracting.engagement_of(world), world.now)
    with pytest.raises(peewee.DatabaseError), write():
        db.database.execute_sql(spoil)
    assert misfits(world) == []


def test_verify_finds_another_moment_under_a_signature(world, me):
    contract = contracting.agreed(world, contracting.engagement_of(world), world.now)
    drop_triggers("agreement", "agreement_sealed")
    Agreement.update(agreed_at=contract.created_at.replace(year=2025)).where(
        Agreement.party == "client"
    ).execute()
    [found] = misfits(world)
    assert "the client agreed at another moment" in found


def test_verify_finds_an_answer_at_another_moment(world, me):
    session = world.session(state="submitted")
    link = confirmations.ask(world.client(), [session.id], by=me, now=world.now)
    [one] = confirmations.asked_by(link)
    confirmations.answer(link, {one.id: confirmations.Answer()}, now=world.now)
    assert misfits(world) == []
    drop_triggers("confirmation", "confirmation_sealed")
    Confirmation.update(answered_at=world.now.replace(year=2025)).execute()
    [found] = misfits(world)
    assert "answered at another moment" in found


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE consent SET given_on = '2026-01-01' WHERE id = {0}", "history says given on"),
        ("UPDATE consent SET withdrawn_on = NULL WHERE id = {0}", "not withdrawn; history says"),
        ("UPDATE consent SET withdrawn_on = '2026-09-09' WHERE id = {0}", "withdrawn on 9 Sep"),
        ("DELETE FROM consent WHERE id = {0}", "is gone, though the history has it"),
        (
            "INSERT INTO consent (centre_id, client_id, given_on, scope, created_at) "
            "SELECT centre_id, client_id, '2026-10-09', 'x', created_at FROM consent",
            "is not in the history",
        ),
    ],
)
def test_verify_names_a_consent_that_was_changed(world, me, consent, spoil, said):
    Consent.give(world.client(), date(2026, 3, 2), "Notes", by=me, now=world.now)
    withdraw(world, consent)
    assert misfits(world) == []
    db.database.execute_sql(spoil.format(consent.id))
    [found] = misfits(world)
    assert said in found
