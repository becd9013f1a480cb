"""What the moves of a session refuse by themselves, whichever page or command calls them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from supervise.events import history
from supervise.models import Assignment, Engagement, PracticeSession, drafts, reopening
from supervise.models.approvals import Choice, NotYours, decide
from supervise.models.centres import Refused
from supervise.models.facts import judged
from supervise.models.sessions import Incomplete
from supervise.reports import diary
from supervise.signing import SignOff
from supervise.workflow import NotAllowed, WrongState
from tests.world import World, sign_in

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def world() -> World:
    return World()


def entry(session: PracticeSession, **changes: object) -> drafts.Entry:
    """The session's content as its form would send it, with these changes."""
    clients = [engagement.client for engagement in session.engagements]
    same = drafts.Entry(
        clients=clients, unit=session.unit, kind=session.kind, mode=session.mode,
        date=session.date, start=time(10), minutes=session.minutes,
        texts={"done": session.done},
    )  # fmt: skip
    return replace(same, **changes)


@pytest.mark.parametrize(
    ("lacking", "name"),
    [
        ({"clients": ()}, "client"),
        ({"texts": {"done": " "}}, "done"),
        ({"start": None}, "start"),
        ({"date": date(2026, 10, 9)}, "date"),
        ({"date": date(2026, 1, 11)}, "date"),
    ],
)
def test_an_incomplete_session_is_not_submitted(
    world: World, lacking: dict[str, object], name: str
) -> None:
    session, me = world.session(), world.actor(world.learner)
    drafts.save(session, entry(session, **lacking), version=1, by=me, now=world.now)
    with pytest.raises(Incomplete) as refused:
        session.submit(by=me, now=world.now)
    assert set(refused.value.faults) == {name}
    assert PracticeSession.get_by_id(session.id).state == "draft"
    assert [event.verb for event in history("session", session.id)] == ["began"]


@pytest.mark.parametrize("who", ["learner", "tutor", "admin", "other supervisor", "one to come"])
def test_nobody_but_its_supervisor_decides(world: World, who: str) -> None:
    other, to_come = (world.person(name, "supervisor") for name in ("Ravi Sandhu", "Jo Ray"))
    world.assign(to_come, "supervisor", from_on=date(2026, 10, 9))
    person = {
        "learner": world.learner, "tutor": world.tutor, "admin": world.admin,
        "other supervisor": other, "one to come": to_come,
    }[who]  # fmt: skip
    waiting = world.session(state="submitted")
    approved = world.session(state="approved", day=date(2026, 9, 2))
    signed, by = SignOff.select().count(), world.actor(person)
    with pytest.raises(NotAllowed):
        waiting.approve(by=by, now=world.now)
    with pytest.raises(NotAllowed):
        waiting.send_back(by=by, now=world.now, comment="Which tools?")
    with pytest.raises(NotAllowed):
        approved.reopen(by=by, now=world.now, reason="Wrong length")
    assert SignOff.select().count() == signed
    assert PracticeSession.get_by_id(waiting.id).state == "submitted"


def test_nobody_but_the_learner_submits_or_takes_back(world: World) -> None:
    boss = world.actor(world.supervisor)
    with pytest.raises(NotAllowed):
        world.session().submit(by=boss, now=world.now)
    with pytest.raises(NotAllowed):
        world.session(state="submitted").take_back(by=boss, now=world.now)


def test_a_draft_that_was_never_submitted_is_nobody_elses(world: World) -> None:
    draft, boss = world.session(), world.actor(world.supervisor)
    with pytest.raises(NotYours):
        decide({draft.id: Choice("approve", version=1)}, by=boss, now=world.now)
    taken = world.session(state="submitted", day=date(2026, 9, 2))
    taken.take_back(by=world.actor(world.learner), now=world.now)
    [missed] = decide({taken.id: Choice("approve", version=2)}, by=boss, now=world.now).missed
    assert missed.verb == "taken back"


def test_the_page_of_approvals_does_not_tell_of_a_draft(world: World, app, time_machine) -> None:
    time_machine.move_to(world.now, tick=False)
    app.config["WTF_CSRF_ENABLED"] = False
    draft, client = world.session(), app.test_client()
    sign_in(client, world.supervisor, world.centre, world.now)
    told = client.post("/approvals", data={f"decision-{draft.id}": "approve"})
    assert told.status_code == 404
    assert client.get(f"/approvals?open={draft.id}").status_code == 404


@pytest.mark.parametrize("state", ["returned", "reopened"])
def test_the_first_change_after_it_came_back_is_in_the_history(world: World, state: str) -> None:
    session, me = world.session(state=state), world.actor(world.learner)
    began = len(history("session", session.id))

    def save(done: str) -> None:
        changed = entry(session, texts={"done": done})
        drafts.save(session, changed, version=session.version, by=me, now=world.now)

    save(session.done)  # nothing changed yet: autosave alone is no correction
    assert len(history("session", session.id)) == began
    for done in ("Scaling. Then", "Scaling. Then a step."):
        save(done)
    assert [event.verb for event in history("session", session.id)][began:] == ["corrected"]
    assert diary.history(session)[-1].words == "began to correct it"
    session.submit(by=me, now=world.now)
    session.send_back(by=world.actor(world.supervisor), now=world.now, comment="Which step?")
    save("Scaling. Then a step to three.")
    assert [event.verb for event in history("session", session.id)][began:] == [
        "corrected", "submitted", "returned", "corrected",
    ]  # fmt: skip


def test_a_save_over_an_older_version_is_refused(world: World) -> None:
    session, me = world.session(), world.actor(world.learner)
    drafts.save(session, entry(session), version=1, by=me, now=world.now)
    for version in (0, 1, 3):
        with pytest.raises(drafts.ChangedElsewhere):
            late = entry(session, texts={"done": "Late."})
            drafts.save(session, late, version=version, by=me, now=world.now)
    assert PracticeSession.get_by_id(session.id).done == "Scaling, then one step."


def test_a_contract_dated_meanwhile_is_not_dated_over(world: World) -> None:
    mine = world.client().engagement("coaching")
    elsewhere = Engagement.get_by_id(mine.id)
    me = world.actor(world.learner)
    mine.set_contract(date(2026, 1, 20), by=me, now=world.now)
    with pytest.raises(ValueError, match="changed meanwhile"):
        elsewhere.set_contract(date(2026, 1, 21), by=me, now=world.now)
    kept = Engagement.get_by_id(mine.id)
    assert (kept.contract_agreed_on, kept.version) == (date(2026, 1, 20), 2)


@pytest.mark.parametrize(
    ("days_off", "supervised"), [(-1, False), (0, True), (10, True), (11, False)]
)
def test_both_ends_of_an_assignment_are_supervised_days(
    world: World, days_off: int, supervised: bool
) -> None:
    first = date(2026, 3, 2)
    held = Assignment.get(Assignment.role == "supervisor")
    Assignment.update(from_on=first, to_on=first + timedelta(days=10)).where(
        Assignment.id == held.id
    ).execute()
    session = world.session(day=first + timedelta(days=days_off))
    facts = judged([session], world.enrolment, world.centre).facts[session.id]
    assert facts.supervised is supervised


def test_a_reopened_session_that_its_learner_is_changing_is_not_approved(world: World) -> None:
    session, boss = world.session(state="reopened"), world.actor(world.supervisor)
    me = world.actor(world.learner)
    changed = entry(session, date=date(2026, 12, 24), clients=())
    drafts.save(session, changed, version=session.version, by=me, now=world.now)
    found = PracticeSession.get_by_id(session.id)
    assert found.layers_for(boss) == frozenset(), "a half-written correction is nobody else's"
    with pytest.raises(WrongState, match="changing this session"):
        found.approve(by=boss, now=world.now)
    assert PracticeSession.get_by_id(session.id).state == "reopened"


@pytest.mark.parametrize("state", ["returned", "reopened"])
def test_what_was_given_back_is_read_as_before_until_it_is_changed(
    world: World, state: str
) -> None:
    session = world.session(state=state)
    assert "supervision" in session.layers_for(world.actor(world.supervisor))
    assert "evidence" in session.layers_for(world.actor(world.tutor))
    me = world.actor(world.learner)
    other = entry(session, texts={"done": "Half a"})
    drafts.save(session, other, version=session.version, by=me, now=world.now)
    for reader in (world.supervisor, world.tutor):
        assert session.layers_for(world.actor(reader)) == frozenset()
    assert "private" in session.layers_for(me)


def test_other_days_of_an_assignment_strand_nothing_that_waits(world: World) -> None:
    world.session(state="submitted")
    held = Assignment.get(Assignment.person == world.supervisor)
    admin, yesterday = world.actor(world.admin), date(2026, 10, 7)
    with pytest.raises(Refused, match="1 session waits"):
        held.correct(held.from_on, yesterday, by=admin, now=world.now)
    world.assign(world.person("Ravi Sandhu", "supervisor"), "supervisor")
    assert held.correct(held.from_on, yesterday, by=admin, now=world.now)


def test_a_learner_asks_once_to_have_an_approved_session_reopened(world: World) -> None:
    session, me = world.session(state="approved"), world.actor(world.learner)
    boss = world.actor(world.supervisor)
    with pytest.raises(NotAllowed):
        reopening.ask(session, reason="Mine", by=boss, now=world.now)
    with pytest.raises(ValueError, match="what is wrong"):
        reopening.ask(session, reason=" ", by=me, now=world.now)
    for _ in range(2):
        reopening.ask(session, reason="It was 45 minutes.", by=me, now=world.now)
    assert [row.id for row in reopening.doubted(boss)] == [session.id]
    assert [e.note for e in history("session", session.id) if e.verb == reopening.ASKED] == [
        "It was 45 minutes."
    ]
    assert list(reopening.doubted(world.actor(world.tutor))) == []
    session.reopen(by=boss, now=world.now, reason="As asked")
    assert list(reopening.doubted(boss)) == []
    with pytest.raises(WrongState):
        reopening.ask(session, reason="Again", by=me, now=world.now)
