"""States and moves: every state against every move, and who may make it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from supervise.db import write
from supervise.events import history
from supervise.models import Assignment, Membership, PracticeSession
from supervise.signing import SignOff
from supervise.workflow import SESSION, WrongState, advance
from tests.world import World, drop_triggers

pytestmark = pytest.mark.usefixtures("database")

# product.md, records: what may follow what; everything else is refused
MAY = {
    ("draft", "submit"): "submitted",
    ("returned", "submit"): "submitted",
    ("reopened", "submit"): "submitted",
    ("submitted", "take back"): "draft",
    ("submitted", "approve"): "approved",
    ("reopened", "approve"): "approved",
    ("submitted", "return"): "returned",
    ("approved", "reopen"): "reopened",
}


def make(world: World, session: PracticeSession, move: str) -> None:
    coach, boss = world.actor(world.learner), world.actor(world.supervisor)
    if move == "submit":
        session.submit(by=coach, now=world.now)
    elif move == "take back":
        session.take_back(by=coach, now=world.now)
    elif move == "approve":
        session.approve(by=boss, now=world.now)
    elif move == "return":
        session.send_back(by=boss, now=world.now, comment="Say what the client took away.")
    else:
        session.reopen(by=boss, now=world.now, reason="Wrong length")


@pytest.mark.parametrize("state", SESSION.states)
@pytest.mark.parametrize("move", SESSION.moves)
def test_every_move_from_every_state(state: str, move: str) -> None:
    world = World()
    session = world.session(state=state)
    before = (session.version, SignOff.select().count(), len(history("session", session.id)))
    target = MAY.get((state, move))
    if target:
        make(world, session, move)
        kept = PracticeSession.get_by_id(session.id)
        assert (kept.state, kept.version) == (target, before[0] + 1)
        assert history("session", session.id)[-1].details["after"] == target
        return
    with pytest.raises(WrongState) as refused:
        make(world, session, move)
    assert refused.value.sentence.endswith("Nothing was changed.")
    kept = PracticeSession.get_by_id(session.id)
    after = (kept.version, SignOff.select().count(), len(history("session", session.id)))
    assert (kept.state, after) == (state, before)


WHO = {
    # who: (edit, submit, take back, decide)
    "learner": (True, True, True, False),
    "supervisor": (False, False, False, True),
    "supervisor of others": (False, False, False, False),
    "supervisor whose time is over": (False, False, False, False),
    "supervisor whose time is to come": (False, False, False, False),
    "tutor": (False, False, False, False),
    "assessor": (False, False, False, False),
    "iqa": (False, False, False, False),
    "admin": (False, False, False, False),
    "learner who also supervises themself": (True, True, True, False),
}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("state", SESSION.states)
def test_who_may(who: str, state: str) -> None:
    world = World()
    session = world.session(state=state)
    person = {
        "learner": world.learner,
        "supervisor": world.supervisor,
        "tutor": world.tutor,
        "admin": world.admin,
        "learner who also supervises themself": world.learner,
    }.get(who) or world.person("Ravi Sandhu", who.split()[0])
    if who == "learner who also supervises themself":
        Membership.create(person=person, centre=world.centre, role="supervisor")
        drop_triggers("assignment", "assignment_own")
        Assignment.create(  # the database refuses this; the right to approve must too
            enrolment=world.enrolment, person=person, role="supervisor", from_on=world.started_on
        )
    if who in ("assessor", "iqa"):
        world.assign(person, who)
    if who == "supervisor whose time is over":
        world.assign(person, "supervisor").end(
            world.now.date() - timedelta(days=1), by=world.actor(world.admin), now=world.now
        )
    if who == "supervisor whose time is to come":
        world.assign(person, "supervisor", from_on=world.now.date() + timedelta(days=1))
    actor = world.actor(person)
    edit, submit, take_back, decide = WHO[who]
    assert session.can_edit(actor) is (edit and state in ("draft", "returned", "reopened"))
    assert (session.can_submit(actor), session.can_take_back(actor)) == (submit, take_back)
    assert (session.can_approve(actor), session.can_reopen(actor)) == (decide, decide)


LAYERS = {
    "learner": {"private", "supervision", "evidence"},
    "supervisor": {"supervision", "evidence"},
    "tutor": {"evidence"},
    "admin": set(),
}


@pytest.mark.parametrize("who", LAYERS)
def test_layers(who: str) -> None:
    world = World()
    session = world.session(state="submitted")
    assert session.layers_for(world.actor(getattr(world, who))) == LAYERS[who]


def test_a_draft_is_nobody_elses() -> None:
    world = World()
    session = world.session(state="draft")
    for person in (world.supervisor, world.tutor, world.admin):
        seen = PracticeSession.visible_to(world.actor(person))
        assert session.id not in {row.id for row in seen}


def test_another_centre_sees_nothing() -> None:
    world, other = World(), World()
    session = world.session(state="submitted")
    for person in (other.learner, other.supervisor, other.admin):
        assert (
            not PracticeSession.visible_to(other.actor(person))
            .where(PracticeSession.id == session.id)
            .exists()
        )


def test_the_loser_of_a_race_is_told_and_nothing_is_signed_twice() -> None:
    world = World()
    first = world.session(state="submitted")
    second = PracticeSession.get_by_id(first.id)
    make(world, first, "approve")
    with pytest.raises(WrongState, match="approved already"):
        make(world, second, "approve")
    assert SignOff.select().where(SignOff.subject_id == first.id).count() == 1


def test_a_change_in_between_is_told() -> None:
    world = World()
    session = world.session(state="submitted")
    stale = PracticeSession.get_by_id(session.id)
    make(world, session, "take back")
    make(world, session, "submit")
    with pytest.raises(WrongState, match="changed meanwhile"):
        make(world, stale, "approve")


def test_a_move_needs_a_transaction() -> None:
    world = World()
    session = world.session()
    with pytest.raises(RuntimeError, match="write"):
        advance(session, SESSION, "submit")


def test_a_failed_move_leaves_no_trace() -> None:
    """The state, the sign-off and the event are one transaction."""
    world = World()
    session = world.session(state="submitted")
    links = SignOff.select().count()
    with pytest.raises(ZeroDivisionError), write():
        make(world, session, "approve")
        _ = 1 / 0
    assert PracticeSession.get_by_id(session.id).state == "submitted"
    assert SignOff.select().count() == links


def test_a_return_needs_a_comment_and_a_reopening_a_reason() -> None:
    world = World()
    boss = world.actor(world.supervisor)
    with pytest.raises(ValueError, match="what to change"):
        world.session(state="submitted").send_back(by=boss, now=world.now, comment=" ")
    approved = world.session(state="approved", day=date(2026, 9, 3))
    with pytest.raises(ValueError, match="reason"):
        approved.reopen(by=boss, now=world.now, reason="")
