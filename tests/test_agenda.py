"""The agenda of a meeting: what happened with each learner since the last one, and nothing else."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from supervise.models import (
    Assignment,
    Consent,
    Feedback,
    Meeting,
    MeetingAction,
    Person,
    PracticeSession,
    answering,
    confirmations,
    erasure,
    recording,
)
from supervise.models.confirmations import Answer
from supervise.models.people import Actor
from supervise.reports import agenda, agenda_kept, verify_meetings
from supervise.reports.agenda import Agenda
from tests import meeting as made
from tests.contracting import engagement_of, offered
from tests.feedbacks import answer, give, invite
from tests.queries import queries
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    return World()


def of(meeting: Meeting, actor: Actor) -> list[Agenda]:
    return agenda.agendas(agenda.sight(meeting, actor), actor)


def test_it_begins_where_the_last_meeting_began(world: World) -> None:
    made.signed(world, starts_at=made.WHEN - 30 * DAY)  # 6 September, 9:00 UTC
    sessions = {
        "before": world.session(state="approved", day=date(2026, 9, 1), to_raise="Long ago"),
        "same morning": world.session(state="approved", day=date(2026, 9, 6), start=time(8)),
        "after": world.session(
            state="approved", day=date(2026, 9, 7), minutes=90, to_raise="Whose goal is it?"
        ),
        "waits": world.session(
            state="submitted", day=date(2026, 9, 20), unit="D3.06", kind="mentoring"
        ),
        "back": world.session(state="returned", day=date(2026, 8, 20), to_raise="Half written"),
        "draft": world.session(day=date(2026, 9, 21), to_raise="Not handed in"),
        "later": world.session(state="submitted", day=date(2026, 10, 6), minutes=30),
    }
    meeting = made.booked(world)
    for person in (world.supervisor, world.learner):
        [found] = of(meeting, world.actor(person))
        assert [one.id for one in found.sessions] == [sessions[n].id for n in ("after", "waits")]
        assert found.minutes == {"D3.04": 90, "D3.06": 60}
        assert [one.to_raise for one in found.raised] == ["Whose goal is it?"]
        assert [one.id for one in found.returned] == [sessions["back"].id]
        assert [a.text for a in found.actions] == [one.text for one in reversed(made.ACTIONS)]
    mine = found.actions[1]
    answering.mark_done(mine, done=True, by=world.actor(world.learner), now=world.now)
    [found] = of(meeting, world.actor(world.supervisor))
    assert [bool(one.done_on) for one in found.actions] == [False, True]


def test_what_is_done_leaves_the_next_agenda(world: World) -> None:
    made.signed(world, starts_at=made.WHEN - 30 * DAY)
    mine, theirs = MeetingAction.select().order_by(MeetingAction.id)
    meeting = made.held(world, starts_at=world.now)
    boss = world.actor(world.supervisor)
    for action in (mine, theirs):
        answering.mark_done(action, done=True, by=boss, now=world.now, later=meeting)
    sign(world, meeting)
    assert {row.done_on for row in read(world, meeting, world.supervisor).actions} == {
        date(2026, 10, 8)
    }
    [found] = of(made.booked(world, starts_at=world.now + DAY), boss)
    assert not {mine.id, theirs.id} & {one.id for one in found.actions}


def test_a_tutorial_counts_from_the_last_tutorial(world: World) -> None:
    made.signed(world, starts_at=made.WHEN - 9 * DAY)
    session = world.session(state="approved", day=date(2026, 9, 1), to_raise="For supervision")
    tutorial = made.booked(world, format="tutorial", host=world.tutor)
    [found] = of(tutorial, world.actor(world.tutor))
    assert (found.since, [one.id for one in found.sessions]) == (None, [session.id])
    assert found.raised == []
    assert "raised" in found.numbers


def test_what_clients_said_and_what_waits_for_them(world: World) -> None:
    made.signed(world, starts_at=made.WHEN - 30 * DAY)
    me = world.actor(world.learner)
    session = world.session(state="submitted", day=date(2026, 8, 1))
    link = confirmations.ask(world.client(), [session.id], by=me, now=world.now)
    [one] = confirmations.asked_by(link)
    confirmations.answer(link, {one.id: Answer("length", 45, "Short")}, now=world.now)
    contract, _ = offered(world, engagement_of(world))
    told = give(world)
    give(world, anonymous=True)
    meeting = made.booked(world, starts_at=world.now + DAY)
    [found] = of(meeting, world.actor(world.supervisor))
    assert [one.id for one in found.disputed] == [session.id]
    assert [one.id for one in found.contracts] == [contract.id]
    assert [one.handle for one in found.feedback] == [told.handle]
    assert Feedback.select().where(Feedback.anonymous).exists()


def test_nobody_sees_the_agenda_of_a_learner_not_assigned_to_them(world: World) -> None:
    owen = world.enrol(world.person("Owen Tasker", "learner"))
    ravi = world.person("Ravi Sandhu", "supervisor")
    world.assign(ravi, "supervisor", owen)
    group = made.booked(world, world.enrolment, owen)
    [hosts] = of(group, world.actor(world.supervisor))
    assert hosts.place.learner_id == world.learner.id
    [learners] = of(group, world.actor(owen.learner))
    assert learners.place.learner_id == owen.learner_id
    assert of(group, world.actor(world.admin)) == []


@pytest.mark.parametrize(
    ("who", "leads", "reads"),
    [
        ("learner", False, ["Priya Nair"]),
        ("supervisor", True, ["Owen Tasker", "Priya Nair"]),
        ("ravi", True, ["Owen Tasker"]),
        ("owen", False, ["Owen Tasker", "Priya Nair"]),  # supervises one, has a place beside her
        ("admin", False, []),
        ("joan", False, []),
    ],
)
def test_who_leads_a_meeting_and_whose_places_they_read(
    world: World, who: str, leads: bool, reads: list[str]
) -> None:
    owen = world.enrol(world.person("Owen Tasker", "learner", "supervisor"))
    people = {name: world.person(name.title(), "supervisor") for name in ("ravi", "joan")}
    world.assign(people["ravi"], "supervisor", owen)
    world.assign(owen.learner, "supervisor", world.enrolment)
    group = made.booked(world, world.enrolment, owen)
    actor = world.actor((people | {"owen": owen.learner}).get(who) or getattr(world, who))
    seen = agenda.sight(group, actor)
    assert seen.leads == group.can_lead(actor) == leads
    assert [one.learner.name for one in seen.places] == reads


def sign(world: World, meeting: Meeting) -> None:
    """Its leader's signature, with the agenda as it stands."""
    by = world.actor(world.supervisor)
    made.write_up(world, meeting)
    found = agenda_kept.sealed(of(meeting, by), world.centre)
    recording.record(meeting, found, version=meeting.version, by=by, now=world.now)


def read(world: World, meeting: Meeting, person: Person) -> agenda_kept.Kept:
    """The agenda of the world's learner as somebody reads it under the record."""
    actor, fresh = world.actor(person), Meeting.get_by_id(meeting.id)
    seen = agenda.sight(fresh, actor)
    with queries() as asked:
        found = agenda_kept.kept(fresh, seen.places, actor)
    assert asked.count <= 5, asked
    return found[made.place_of(meeting, world.enrolment).id]


def test_the_signature_keeps_what_the_agenda_said(world: World) -> None:
    made.signed(world, starts_at=made.WHEN - 60 * DAY)
    world.session(state="returned", day=date(2026, 8, 1))
    session = world.session(state="approved", day=date(2026, 9, 1), to_raise="Why?")
    given = answer(invite(world), now=world.now - DAY)
    meeting = made.held(world, starts_at=world.now)
    action = MeetingAction.select().order_by(MeetingAction.id).get()
    answering.mark_done(action, done=True, by=world.actor(world.learner), now=world.now)
    sign(world, meeting)
    session.reopen(by=world.actor(world.supervisor), now=world.now, reason="Wrong length")
    PracticeSession.update(minutes=90, unit="D3.07").execute()
    kept = read(world, meeting, world.supervisor)
    [one] = kept.sessions
    assert (one.date, one.minutes, one.unit, one.answer) == (
        date(2026, 9, 1),
        60,
        "D3.04",
        "counts",
    )
    assert (one.aliases, one.seen) == (["Client A"], True)
    assert [(row.id, row.to_raise) for row in kept.raised] == [(session.id, "Why?")]
    assert [row.date for row in kept.returned] == [date(2026, 8, 1)]
    assert [told.handle for told in kept.feedback] == [given.handle]
    assert [(row.action.text, bool(row.done_on)) for row in kept.actions] == [
        (made.ACTIONS[1].text, False),
        (made.ACTIONS[0].text, True),
    ]
    assert "Why?" not in Meeting.get_by_id(meeting.id).agenda, (
        "words are nowhere but where they were"
    )
    assert "Client A" not in Meeting.get_by_id(meeting.id).agenda
    assert not list(verify_meetings.misfits(world.centre))


def test_a_record_sealed_with_numbers_alone_is_read_as_well(world: World) -> None:
    session = world.session(state="approved", day=date(2026, 9, 1), to_raise="Why?")
    meeting, by = made.held(world), world.actor(world.supervisor)
    made.write_up(world, meeting)
    [found] = of(meeting, by)
    numbers = {str(found.place.id): found.numbers}
    recording.record(meeting, numbers, version=meeting.version, by=by, now=world.now)
    [one] = read(world, meeting, world.learner).sessions
    assert (one.id, one.date, one.minutes, one.answer) == (session.id, date(2026, 9, 1), 60, "")


def test_withdrawn_consent_takes_the_words_and_leaves_the_seal(world: World) -> None:
    me = world.actor(world.learner)
    consent = Consent.give(world.client(), date(2026, 1, 20), "Notes", by=me, now=world.now)
    world.session(state="approved", day=date(2026, 9, 1), to_raise="About Client A")
    meeting = made.held(world)
    sign(world, meeting)
    assert read(world, meeting, world.supervisor).raised[0].to_raise == "About Client A"
    erasure.withdraw(consent, me.today, by=me, now=world.now)
    for person in (world.supervisor, world.learner):
        [one] = read(world, meeting, person).raised
        assert (one.to_raise, one.minutes) == ("", 60)
    assert not list(verify_meetings.misfits(world.centre))


def test_words_are_for_the_coach_and_whoever_supervises_them_today(world: World) -> None:
    world.session(state="approved", day=date(2026, 9, 1), to_raise="Why?")
    meeting = made.held(world)
    sign(world, meeting)
    tie = Assignment.get(Assignment.person == world.supervisor)
    tie.end(date(2026, 10, 7), by=world.actor(world.admin), now=world.now)
    for person in (world.supervisor, world.tutor):
        [one] = read(world, meeting, person).raised
        assert (one.minutes, one.to_raise) == (60, "")


def test_withdrawn_consent_takes_what_was_to_be_raised(world: World) -> None:
    me = world.actor(world.learner)
    consent = Consent.give(world.client(), date(2026, 1, 20), "Notes", by=me, now=world.now)
    world.session(state="approved", day=date(2026, 9, 1), to_raise="About Client A")
    erasure.withdraw(consent, me.today, by=me, now=world.now)
    [found] = of(made.booked(world), world.actor(world.supervisor))
    assert (len(found.sessions), found.raised) == (1, [])
