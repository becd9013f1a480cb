"""The agenda of a meeting: what happened with each learner since the last one, and nothing else."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from supervise.models import (
    Consent,
    Feedback,
    Meeting,
    answering,
    confirmations,
    erasure,
    recording,
)
from supervise.models.confirmations import Answer
from supervise.models.people import Actor
from supervise.reports import agenda
from supervise.reports.agenda import Agenda
from tests import meeting as made
from tests.contracting import engagement_of, offered
from tests.feedbacks import give
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


def test_its_numbers_are_kept_with_the_signature(world: World) -> None:
    session = world.session(state="approved", day=date(2026, 9, 1), to_raise="Why?")
    meeting, by = made.held(world), world.actor(world.supervisor)
    made.write_up(world, meeting)
    found = agenda.numbers(of(meeting, by))
    recording.record(meeting, found, version=meeting.version, by=by, now=world.now)
    place = made.place_of(meeting, world.enrolment)
    kept = agenda.kept(Meeting.get_by_id(meeting.id), place)
    assert (kept.since, kept.minutes) == (None, {"D3.04": 60})
    assert (kept.counts["sessions"], kept.counts["raised"]) == (1, 1)
    assert meeting.agenda_kept[str(place.id)]["sessions"] == [session.id]
    assert "Why?" not in meeting.agenda


def test_withdrawn_consent_takes_what_was_to_be_raised(world: World) -> None:
    me = world.actor(world.learner)
    consent = Consent.give(world.client(), date(2026, 1, 20), "Notes", by=me, now=world.now)
    world.session(state="approved", day=date(2026, 9, 1), to_raise="About Client A")
    erasure.withdraw(consent, me.today, by=me, now=world.now)
    [found] = of(made.booked(world), world.actor(world.supervisor))
    assert (len(found.sessions), found.raised) == (1, [])
