"""Consent: given, changed and withdrawn. Content goes then, and the minutes can still be proved."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import peewee
import pytest
import time_machine

from supervise import signing
from supervise.db import write
from supervise.events import Event
from supervise.models import (
    Client,
    ClientIdentity,
    Confirmation,
    Consent,
    Contract,
    Feedback,
    Link,
    LinkContact,
    Mail,
    Person,
    PracticeSession,
    PrivateNote,
    SignedName,
    confirmations,
    erasure,
)
from supervise.models.centres import Refused
from supervise.reports import verify
from supervise.workflow import NotAllowed, WrongState
from tests import contracting, feedbacks
from tests.world import World, drop_triggers, sign_in

TODAY = date(2026, 10, 8)
TEXTS = {name: f"{name} of it" for name in erasure.TEXTS if name not in ("place", "done")}


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


def give(world, alias="Client A", given_on=date(2026, 3, 1), scope="Notes of our sessions"):
    return Consent.give(
        world.client(alias), given_on, scope, by=world.actor(world.learner), now=world.now
    )


def withdraw(world, consent=None, **how):
    return erasure.withdraw(
        consent or give(world),
        how.get("on", TODAY),
        by=how.get("by") or world.actor(world.learner),
        now=world.now,
    )


def misfits(world):
    return [misfit.sentence for misfit in verify.verify(world.centre)]


def now_(row):
    return type(row).get_by_id(row.id)


def kept(session):
    """All of a session that a withdrawal may not touch."""
    row = now_(session)
    return {
        name: getattr(row, name)
        for name in ("state", "unit", "kind", "mode", "date", "starts_at", "ends_at", "minutes")
    } | {"clients": [engagement.client.alias for engagement in row.engagements]}


@pytest.mark.parametrize("state", ["draft", "submitted", "approved", "returned", "reopened"])
def test_texts_go_and_minutes_stay_in_every_state(world, state):
    session = world.session(state=state, **TEXTS)
    PrivateNote.create(session=session, text="Only mine.")
    before, version = kept(session), session.version
    assert withdraw(world) == 1
    row = now_(session)
    assert [getattr(row, name) for name in erasure.TEXTS] == [""] * len(erasure.TEXTS)
    assert row.private_text == ""
    assert row.erased_at == world.now
    assert kept(session) == before
    assert row.version == (version if state == "approved" else version + 1)
    assert misfits(world) == []


def test_a_group_loses_its_texts_and_keeps_everybody(world):
    group = world.session(clients=("Client A", "Client B"), state="approved")
    other = world.session(clients=("Client B",), day=date(2026, 9, 2), state="approved")
    withdraw(world)
    assert now_(group).done == ""
    assert kept(group)["clients"] == ["Client A", "Client B"]
    assert now_(other).done != ""
    assert misfits(world) == []


def test_an_erased_session_is_reopened_and_approved_again(world):
    session = world.session(state="approved", **TEXTS)
    withdraw(world)
    boss, me = world.actor(world.supervisor), world.actor(world.learner)
    now_(session).reopen(by=boss, now=world.now, reason="Wrong length")
    assert misfits(world) == []
    row = now_(session)
    row.submit(by=me, now=world.now)  # without a word of what was done
    row.approve(by=boss, now=world.now)
    assert misfits(world) == []
    assert row.erased_at == world.now


@pytest.mark.parametrize("state", ["draft", "submitted", "returned"])
def test_what_was_erased_moves_on(world, state):
    session = world.session(state=state, **TEXTS)
    withdraw(world)
    row = now_(session)
    if state != "submitted":
        row.submit(by=world.actor(world.learner), now=world.now)
    row.approve(by=world.actor(world.supervisor), now=world.now)
    assert misfits(world) == []


def test_the_door_opens_for_an_erasure_and_for_nothing_else(world):
    session = world.session(state="approved", **TEXTS)
    mine = PracticeSession.id == session.id
    gone = {**erasure.EMPTY, "erased_at": world.now}
    for changes in (
        {"done": ""},
        {"erased_at": world.now},
        {**gone, "done": "Something else"},
        {**gone, "minutes": 90},
        {**gone, "date": date(2026, 9, 2)},
        {**gone, "unit": "D3.03"},
        {**gone, "kind": "mentoring"},
        {**gone, "version": 9},
        {**gone, "state": "reopened"},
    ):
        with pytest.raises(peewee.DatabaseError), write():
            PracticeSession.update(**changes).where(mine).execute()
    withdraw(world)
    for changes in (
        {"done": "It is back"},
        {"erased_at": None},
        {"erased_at": world.now + timedelta(days=1)},
        {"minutes": 90},
    ):
        with pytest.raises(peewee.DatabaseError), write():
            PracticeSession.update(**changes).where(mine).execute()


def disarm():
    drop_triggers("practice_session", "session_sealed", "session_erased")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"minutes": 90}, "what was left of it when consent was withdrawn"),
        ({"date": date(2026, 9, 2)}, "what was left of it when consent was withdrawn"),
        ({"erased_at": None, "done": "Scaling, then one step."}, "and are there again"),
    ],
)
def test_verify_names_a_change_to_what_stays(world, changes, sentence):
    session = world.session(state="approved")
    withdraw(world)
    disarm()
    PracticeSession.update(**changes).where(PracticeSession.id == session.id).execute()
    [found] = misfits(world)
    assert sentence in found


def test_verify_names_texts_that_went_without_a_withdrawal(world):
    session = world.session(state="approved")
    gone = PracticeSession.update(**erasure.EMPTY, erased_at=world.now)
    gone.where(PracticeSession.id == session.id).execute()
    [found] = misfits(world)
    assert "nobody withdrew consent" in found


def test_who_they_are_and_what_is_on_its_way_goes_too(world, me):
    client = world.client()
    ClientIdentity.keep(client, {"name": "Ottoline Grebe"}, by=me, now=world.now)
    client.needs, client.strengths = "Delegates little", "Kind"
    client.save()
    with write():
        link = Link.make(
            "feedback", "client", by=me, now=world.now, client=client, name="O", email="o@e.org"
        )
        other = Link.make("feedback", "client", by=me, now=world.now, email="b@e.org")
    withdraw(world)
    assert not ClientIdentity.select().exists()
    assert (Client.get_by_id(client.id).needs, Client.get_by_id(client.id).strengths) == ("", "")
    assert Link.get_by_id(link.id).standing(world.now) == "ended"
    assert Link.get_by_id(other.id).standing(world.now) == "open"
    contact = LinkContact.get(LinkContact.link == link)
    assert (contact.name, contact.email) == ("", "")
    assert [mail.link_id for mail in Mail.select()] == [other.id]


def test_nothing_is_written_about_them_until_they_consent_again(world, me):
    withdraw(world)
    with pytest.raises(Refused, match="Consent was withdrawn"):
        ClientIdentity.keep(world.client(), {"name": "Ottoline Grebe"}, by=me, now=world.now)
    give(world, given_on=TODAY)
    assert ClientIdentity.keep(world.client(), {"name": "O"}, by=me, now=world.now)


def test_days_that_cannot_be(world, me):
    consent = give(world)
    for on, sentence in (
        (TODAY + timedelta(days=1), "has not come"),
        (date(2026, 2, 28), "before the consent was given"),
    ):
        with pytest.raises(ValueError, match=sentence):
            withdraw(world, consent, on=on)
    with pytest.raises(ValueError, match="has not come"):
        give(world, given_on=TODAY + timedelta(days=1))
    withdraw(world, consent)
    with pytest.raises(WrongState, match="already"):
        withdraw(world, consent)
    with pytest.raises(ValueError, match="before the last consent"):
        give(world, given_on=date(2026, 3, 1))
    assert Event.select().where(Event.verb == "withdrew consent").count() == 1


def test_only_their_own_learner_gives_or_withdraws(world):
    consent = give(world)
    for person in (world.supervisor, world.tutor, world.admin):
        with pytest.raises(NotAllowed):
            withdraw(world, consent, by=world.actor(person))
        with pytest.raises(NotAllowed):
            Consent.give(world.client(), TODAY, "All", by=world.actor(person), now=world.now)


def test_the_history_names_fields_and_days_and_no_word(world, me):
    ClientIdentity.keep(
        world.client(), {"name": "Ottoline", "email": "o@e.org"}, by=me, now=world.now
    )
    ClientIdentity.keep(
        world.client(), {"name": "Ottoline", "email": "p@e.org"}, by=me, now=world.now
    )
    same = {"name": "Ottoline", "email": "p@e.org"}
    assert not ClientIdentity.keep(world.client(), same, by=me, now=world.now)
    give(world, scope="Ottoline said yes to notes")
    told = [e.details for e in Event.select().where(Event.subject == "client").order_by(Event.id)]
    assert told == [
        {"fields": ["name", "email"]},
        {"fields": ["email"]},
        {"given_on": "2026-03-01", "scope": Consent.get().scope_hash()},
    ]


# --- links and what they asked -----------------------------------------------------------


@pytest.fixture
def asked(world, me):
    """Everything that can wait for an answer of one client: links by purpose, and the records."""
    engagement = contracting.engagement_of(world)
    contract, links = contracting.offered(world, engagement)
    session = world.session(state="submitted")
    confirm = confirmations.ask(engagement.client, [session.id], by=me, now=world.now)
    invited = Feedback.invite(
        world.enrolment, "client", "practitioner", anonymous=False, by=me, now=world.now,
        client=engagement.client,
    )  # fmt: skip
    return {
        "contract": links["client"], "confirmation": confirm,
        "feedback": Link.get_by_id(invited.link_id),
    }  # fmt: skip


@pytest.mark.parametrize("purpose", ["contract", "confirmation", "feedback"])
def test_a_link_opened_before_and_answered_after_says_so_plainly(app, world, asked, purpose):
    nobody = app.test_client()
    path = f"/link/{asked[purpose].token}"
    assert nobody.get(path).status_code == 200
    signed = signing.SignOff.select().count()
    withdraw(world)
    answer = nobody.post(path, data={"name": "Ottoline Grebe", "answer": "yes"})
    assert answer.status_code == 410
    assert "Nothing" in answer.text or "nothing was decided" in answer.text
    assert signing.SignOff.select().count() == signed
    assert Confirmation.select().where(Confirmation.state == "asked").count() == 0
    assert Feedback.select().where(Feedback.state == "invited").count() == 0
    assert misfits(world) == []


def test_the_page_tells_nobody_whether_an_anonymous_invitation_was_answered(app, world):
    for alias in ("Client A", "Client B"):
        give(world, alias)
    answered, waiting = (feedbacks.invite(world, anonymous=True, alias=f"Client {n}") for n in "AB")
    feedbacks.answer(answered, now=world.now)
    learner = app.test_client()
    sign_in(learner, world.learner, world.centre, world.now)

    def pages():
        return [
            re.sub(r'name="csrf_token" value="[^"]+"', "", learner.get(path).text).replace(
                f"/clients/{client.id}", "/clients/0").replace(client.alias, "Client")
            for client in (answered.client, waiting.client)
            for path in [f"/clients/{client.id}/withdrawal"]
        ]  # fmt: skip

    first, second = pages()
    assert "1 open link stops working" in first
    assert first == second
    me = world.actor(world.learner)
    for each in (answered, waiting):
        Feedback.get_by_id(each.id).withdraw(by=me, now=world.now)
    first, second = pages()
    assert "Open links (there are none) stop" in first
    assert first == second


def test_nothing_more_is_asked_of_them(world, me, asked):
    withdraw(world)
    with pytest.raises(WrongState, match="withdrew consent"):
        Feedback.invite(
            world.enrolment, "client", "programme", anonymous=True, by=me, now=world.now,
            client=world.client(),
        )  # fmt: skip


def test_the_name_typed_under_a_contract_goes_and_the_contract_stands(world):
    contract = contracting.agreed(world, contracting.engagement_of(world), world.now, "three")
    assert SignedName.select().count() == 2
    withdraw(world)
    assert not SignedName.select().exists()
    assert Contract.get_by_id(contract.id).state == "agreed"
    assert misfits(world) == []


def test_the_form_of_an_erased_session_takes_no_texts(app, world):
    session = world.session(state="returned", **TEXTS)
    withdraw(world)
    client = app.test_client()
    sign_in(client, world.learner, world.centre, world.now)
    path = f"/sessions/{session.id}/edit"
    page = client.get(path).text
    assert "was removed on" in page
    assert 'name="done"' not in page
    data = {
        "author": world.learner.id, "draft_key": "x", "version": now_(session).version,
        "clients": [str(world.client().id)], "kind": "coaching", "mode": "video", "unit": "D3.04",
        "date": "2026-09-01", "start": "10:00", "minutes": "45", "go": "submit",
        "done": "From a tab that was still open", "private": "And this",
    }  # fmt: skip
    assert client.post(path, data=data).status_code == 303
    row = now_(session)
    assert (row.state, row.minutes, row.done, row.private_text) == ("submitted", 45, "", "")
    boss = app.test_client()
    sign_in(boss, world.supervisor, world.centre, world.now)
    assert "was removed" in boss.get(f"/approvals?open={session.id}").text
    assert misfits(world) == []


def test_a_tab_still_open_does_not_bring_the_text_back(app, world):
    session = world.session(state="draft", **TEXTS)
    client = app.test_client()
    sign_in(client, world.learner, world.centre, world.now)
    withdraw(world)
    data = {
        "author": world.learner.id, "draft_key": "x", "version": session.version,
        "clients": [str(world.client().id)], "done": "From a tab that was still open",
    }  # fmt: skip
    answer = client.post(f"/sessions/{session.id}/edit", data={**data, "go": "draft"})
    assert answer.status_code == 409
    saved = client.post(f"/sessions/{session.id}/draft", data=data, headers={"HX-Request": "true"})
    assert saved.status_code == 409
    assert now_(session).done == ""


def test_the_learner_gives_no_reason_that_would_stay_for_good(app, world):
    """History is for good, and what is written about a client must go with their consent."""
    engagement = world.client().engagement("coaching")
    client = app.test_client()
    sign_in(client, world.learner, world.centre, world.now)
    assert 'name="reason"' not in client.get(f"/engagements/{engagement.id}").text
    form = {"agreed_on": "2026-03-01", "version": "1", "reason": "She was ill with depression"}
    assert client.post(f"/engagements/{engagement.id}/contract", data=form).status_code == 303
    assert now_(engagement).contract_agreed_on == date(2026, 3, 1)
    assert not Event.select().where(Event.note != "").exists()
    assert not signing.SignOff.select().where(signing.SignOff.comment != "").exists()


def test_after_a_withdrawal_the_learner_dates_and_renames_nothing(app, world):
    """The names are gone with it, so that nothing written could be held against them."""
    engagement = world.client().engagement("coaching")
    withdraw(world)
    client = app.test_client()
    sign_in(client, world.learner, world.centre, world.now)
    said = (
        "Consent was withdrawn, so nothing is written about this client until they give it again."
    )
    form = {"agreed_on": "2026-03-01", "version": "1", "reason": "Ottoline Grebe left the firm"}
    dated = client.post(f"/engagements/{engagement.id}/contract", data=form)
    renamed = client.post(
        f"/clients/{world.client().id}/alias", data={"alias": "Ottoline Grebe", "sure": "y"}
    )
    for answer, typed in ((dated, "2026-03-01"), (renamed, "Ottoline Grebe")):
        assert answer.status_code == 422
        assert said in answer.text
        assert f'value="{typed}"' in answer.text
    assert now_(engagement).contract_agreed_on is None
    assert now_(world.client()).alias == "Client A"
    assert "Keep this day" not in client.get(f"/engagements/{engagement.id}").text
    page = client.get("/clients").text
    assert "Consent withdrawn" in page
    assert "Use this alias" not in page
    give(world, given_on=TODAY)
    assert "Keep this day" in client.get(f"/engagements/{engagement.id}").text
    assert client.post(f"/engagements/{engagement.id}/contract", data=form).status_code == 303
    path = f"/clients/{world.client().id}/alias"
    assert client.post(path, data={"alias": "Client Z"}).status_code == 303


def test_after_a_withdrawal_the_supervisor_still_corrects_the_day(app, world):
    world.session(state="approved")
    engagement = world.client().engagement("coaching")
    withdraw(world)
    boss = world.actor(world.supervisor)
    engagement.set_contract(date(2026, 3, 1), by=boss, now=world.now, note="Seen on paper.")
    assert now_(engagement).contract_agreed_on == date(2026, 3, 1)


def test_a_day_that_has_begun_for_the_learner_or_the_centre_can_be_given(world):
    """In Auckland it is nine on the 9th while the centre in London has the 8th still."""
    evening = datetime(2026, 10, 8, 20, tzinfo=UTC)
    Person.update(zone="Pacific/Auckland").where(Person.id == world.learner.id).execute()
    me = world.actor(Person.get_by_id(world.learner.id), evening)
    ninth, tenth = date(2026, 10, 9), date(2026, 10, 10)
    engagement = world.client().engagement("coaching")
    other = contracting.agreed(world, world.client("Client B").engagement("coaching"), evening)

    def dated(day):
        Consent.give(world.client(), day, "Notes", by=me, now=evening)
        engagement.set_contract(day, by=me, now=evening)
        other.end(day, "Over.", by=me, now=evening)
        erasure.withdraw(Consent.last(world.client()), day, by=me, now=evening)

    for move in (
        lambda: Consent.give(world.client("Client C"), tenth, "Notes", by=me, now=evening),
        lambda: engagement.set_contract(tenth, by=me, now=evening),
        lambda: other.end(tenth, "Over.", by=me, now=evening),
    ):
        with pytest.raises(ValueError, match="come"):
            move()
    dated(ninth)
    with pytest.raises(ValueError, match="not come"):
        erasure.withdraw(give(world, "Client C"), tenth, by=me, now=evening)
