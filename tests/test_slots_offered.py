"""What is offered can be booked, and what cannot be booked is not offered."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from supervise.db import write
from supervise.models import Availability
from supervise.models.centres import Refused
from supervise.models.rebooking import move
from supervise.reports.slots import open_slots
from supervise.views.nudge import first_free
from tests.slots import NEXT, SLOT, learners, offering, take
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    return World()


def offered(world: World, later: timedelta = timedelta()) -> list[datetime]:
    since, until = SLOT - HOUR + later, SLOT + 4 * HOUR + later
    found = open_slots(world.actor(world.learner), since, until)
    return [one.starts_at for one in found]


def bookable(world: World, slot: Availability, moments: list[datetime]) -> list[datetime]:
    """Those of the moments that can really be booked; nothing is kept of it."""
    fine = []
    for moment in moments:
        try:
            with write():
                take(world, slot, starts_at=moment)
                raise InterruptedError
        except InterruptedError:
            fine.append(moment)
        except Refused:
            continue
    return fine


@pytest.mark.parametrize(
    ("buffer", "moved", "left"), [(30, 20, 0), (0, 20, 1), (0, 60, 3), (30, 0, 2)]
)
def test_a_group_moved_near_another_slot_hides_it(
    world: World, buffer: int, moved: int, left: int
) -> None:
    """So that neither the calendar nor the nudge's button points at what is refused."""
    [other] = learners(world, 1)
    slot = offering(world, format="group", places=3, buffer_minutes=buffer)
    meeting = take(world, slot, other).meeting
    if moved:
        to = SLOT + moved * MINUTE
        move(
            meeting, to, 60, reason="x", version=meeting.version,
            by=world.actor(world.supervisor), now=world.now,
        )  # fmt: skip
    found = offered(world)
    assert len(found) == left
    assert bookable(world, slot, found) == found
    every = [SLOT, NEXT, NEXT + HOUR, SLOT + 90 * MINUTE]
    joined = [SLOT + moved * MINUTE]
    assert set(bookable(world, slot, every)) - set(joined) == set(found) - set(joined)
    button = first_free(world.actor(world.learner), world.enrolment)
    assert button is not None
    assert bookable(world, button.availability, [button.starts_at])


def test_a_slot_on_top_of_a_group_that_forms_in_another_pattern_is_hidden(world: World) -> None:
    [other] = learners(world, 1)
    group = offering(world, format="group", places=3, starts="09:30", ends="10:30")
    alone = offering(world)
    take(world, group, other, SLOT + 30 * MINUTE)
    assert offered(world) == [SLOT + 30 * MINUTE, NEXT + HOUR]
    assert bookable(world, alone, [SLOT, NEXT, NEXT + HOUR]) == [NEXT + HOUR]


def test_a_group_is_joined_by_whom_its_host_may_lead_in_it(world: World) -> None:
    """The pattern may be for tutorials now; the group that forms in it is supervision still."""
    [other] = learners(world, 1)
    tutor = world.person("Toby Guide", "tutor", "supervisor")
    world.assign(tutor, "supervisor", other)
    world.assign(tutor, "tutor", world.enrolment)
    slot = offering(world, person=tutor, format="group", places=3)
    take(world, slot, other)
    Availability.update(format="tutorial", version=2).execute()
    slot = Availability.get_by_id(slot.id)
    with pytest.raises(Refused, match="not assigned"):
        take(world, slot, seen=2)
    assert SLOT not in offered(world)
    assert bookable(world, slot, offered(world)) == [NEXT, NEXT + HOUR]
