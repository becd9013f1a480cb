"""Somebody at work in two centres sees in each what is that centre's, and no more."""

from datetime import time

import time_machine

from supervise import ics
from supervise.models import (
    Attendance,
    CalendarFeed,
    Client,
    Engagement,
    Link,
    Meeting,
    Membership,
    PracticeSession,
)
from supervise.models.confirmations import ask
from supervise.reports import feed
from supervise.reports.today import supervising
from tests.slots import NEXT, SLOT, arranged
from tests.world import NOW, World, sign_in


def two_centres() -> tuple[World, World]:
    """One supervisor, and one learner of theirs, in both."""
    here, there = World(), World()
    Membership.grant(here.supervisor, there.centre, "supervisor", by=None, now=NOW)
    Membership.grant(here.learner, there.centre, "learner", by=None, now=NOW)
    there.enrolment = there.enrol(here.learner)
    there.assign(here.supervisor, "supervisor")
    return here, there


def test_a_supervisor_of_both_reads_in_each_centre_its_own_sessions(database):
    here, there = two_centres()
    one = here.session(state="submitted")
    other = there.session(state="submitted", supervisor=here.supervisor, start=time(14))
    for world, mine in ((here, one), (there, other)):
        actor = world.actor(here.supervisor)
        assert list(PracticeSession.visible_to(actor)) == [mine]
        assert list(PracticeSession.waiting_for(actor)) == [mine]
    theirs = there.actor(here.supervisor)
    assert one.layers_for(theirs) == frozenset()
    assert not one.can_decide(theirs)


def test_today_names_nobody_of_the_other_centre(database):
    here, there = two_centres()
    there.session(state="returned", supervisor=here.supervisor)
    assert supervising(here.actor(here.supervisor)).corrections_in_all == 0
    assert supervising(there.actor(here.supervisor)).corrections_in_all == 1


def test_contracts_are_reached_by_a_supervision_of_that_centre_alone(database):
    here, there = World(), World()
    Membership.grant(here.supervisor, there.centre, "supervisor", by=None, now=NOW)
    Membership.grant(here.learner, there.centre, "learner", by=None, now=NOW)
    client = Client.called("Client A", centre=there.centre, learner=here.learner, now=NOW)
    client.engagement("coaching")
    actor = there.actor(here.supervisor)
    assert actor.has("supervisor")
    assert list(Engagement.visible_to(actor)) == []


def test_engagements_of_one_centre_are_not_there_in_the_other(database):
    here, there = two_centres()
    here.session(state="submitted")
    there.session(state="submitted", supervisor=here.supervisor, start=time(14))
    for world in (here, there):
        for person in (here.supervisor, here.learner):
            found = {e.centre_id for e in Engagement.visible_to(world.actor(person))}
            assert found == {world.centre.id}


def test_a_supervisor_reaches_the_clients_of_their_own_enrolment_alone(database):
    world = World()
    other = world.enrol(world.learner, "ILM-8580", ("501",))
    ravi = world.person("Ravi Sandhu", "supervisor")
    world.assign(ravi, "supervisor", other)
    world.session(state="submitted")
    world.session(
        enrolment=other, unit="501", clients=("Client D",), day=NOW.date().replace(month=9)
    )
    assert list(Engagement.visible_to(world.actor(ravi))) == [], (
        "a draft tells nobody of its client"
    )
    aliases = [e.client.alias for e in Engagement.visible_to(world.actor(world.supervisor))]
    assert aliases == ["Client A"]


def test_a_learner_of_both_reaches_in_each_centre_its_own_links(app):
    app.config["WTF_CSRF_ENABLED"] = False
    here, there = two_centres()
    session = there.session(supervisor=here.supervisor, enrolment=there.enrolment)
    assert session.learner == here.learner
    client = Client.called("Client A", centre=there.centre, learner=here.learner, now=NOW)
    with time_machine.travel(NOW, tick=False):
        link = ask(client, [session.id], by=there.actor(here.learner), now=NOW)
        for world, status, standing in ((here, 404, "open"), (there, 303, "ended")):
            browser = app.test_client()
            sign_in(browser, here.learner, world.centre, NOW)
            assert browser.post(f"/links/{link.id}/end").status_code == status
            assert Link.get_by_id(link.id).standing(NOW) == standing


def test_meetings_and_calendars_of_one_centre_are_not_there_in_the_other(database):
    here, there = two_centres()
    mine = arranged(here, starts_at=SLOT)
    other = arranged(there, there.enrolment, host=here.supervisor, starts_at=NEXT)
    for world, meeting, elsewhere in ((here, mine, other), (there, other, mine)):
        for person in (here.supervisor, here.learner):
            actor = world.actor(person)
            assert list(Meeting.visible_to(actor)) == [meeting]
            assert [one.meeting_id for one in Attendance.visible_to(actor)] == [meeting.id]
            made = CalendarFeed.make(by=actor, now=NOW)
            held = feed.contents(made, NOW)
            assert list(held.meetings) == [meeting]
            text = ics.calendar(
                person, world.centre, held.meetings, held.learners, pages={}
            ).decode()
            assert meeting.uid in text
            assert elsewhere.uid not in text
