"""Feedback as it is read: the grid by what the learner takes and what meetings hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from supervise.models import EnrolmentUnit
from tests import meeting
from tests.test_feedback import plain, text
from tests.world import World, sign_in


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


@pytest.fixture
def as_(app, world):
    """A client signed in as somebody."""

    def make(person):
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        return client

    return make


# --- the grid ----------------------------------------------------------------------------


def test_who_takes_no_unit_that_asks_for_it_is_asked_for_nothing(world, as_):
    EnrolmentUnit.delete().where(EnrolmentUnit.unit.in_(("D3.04", "D3.07"))).execute()
    for reader, address in (
        (as_(world.learner), "/feedback"),
        (as_(world.supervisor), f"/learners/{world.learner.id}/feedback"),
    ):
        page = plain(text(reader.get(address)))
        assert "ask for it" not in page
        assert "asks for it" not in page
        assert "D3.0" not in page
        assert "Nobody asked yet" in page


def test_a_supervisors_feedback_is_found_in_the_records_that_both_signed(world, as_):
    days = [timedelta(days=n) for n in (0, 7, 14)]
    first, second = (meeting.signed(world, starts_at=meeting.WHEN - day) for day in days[:2])
    waits = meeting.recorded(world, starts_at=meeting.WHEN - days[2])
    for person, address in (
        (world.learner, "/feedback"),
        (world.supervisor, f"/learners/{world.learner.id}/feedback"),
        (world.tutor, f"/learners/{world.learner.id}/feedback"),
    ):
        reader = as_(person)
        page = text(reader.get(address))
        assert "2 in meeting records" in plain(page)
        for one in (first, second):
            assert f'href="/supervision/{one.id}"' in page
            assert meeting.FEEDBACK in text(reader.get(f"/supervision/{one.id}"))
        assert f'href="/supervision/{waits.id}"' not in page


def test_a_tutorial_and_another_learners_record_are_no_supervisors_feedback(world, as_):
    other = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", other)
    meeting.signed(world, other)
    meeting.signed(world, starts_at=meeting.WHEN - timedelta(days=7), format="tutorial")
    assert "In no meeting record yet" in plain(text(as_(world.learner).get("/feedback")))
