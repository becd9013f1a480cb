"""Publishing: once, however often it is sent, and by the calendar of whoever publishes."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from supervise import db
from supervise.events import history
from supervise.models import Availability
from supervise.models.publishing import Unfit, publish, withdraw
from supervise.rules.publishing import Wanted
from supervise.rules.slots import Pattern
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")
WEEKLY = Pattern(
    id=0, weekday=3, every_weeks=1, from_on=date(2026, 10, 8), to_on=None, starts=time(9),
    ends=time(12), zone="Europe/London", minutes=60, buffer_minutes=0, notice_minutes=0,
    horizon_days=60,
)  # fmt: skip
WANTED = Wanted(WEEKLY, "one-to-one", 1, "phone", address="07700 900123")


@pytest.fixture
def world() -> World:
    return World()


def single(on: date, starts: time, ends: time, zone: str) -> Wanted:
    day = replace(WEEKLY, weekday=None, from_on=on, starts=starts, ends=ends, zone=zone, minutes=30)
    return replace(WANTED, pattern=day)


def test_a_day_has_passed_by_the_calendar_of_whoever_publishes(world: World) -> None:
    """Not by that of the centre, where it may be tomorrow already, or yesterday still."""
    morning = datetime(2026, 10, 9, 5, 0, tzinfo=UTC)  # 22:00 on 8 October in Los Angeles
    tonight = single(date(2026, 10, 8), time(23), time(23, 59), "America/Los_Angeles")
    publish(tonight, by=world.actor(world.supervisor, morning), now=morning)
    noon = datetime(2026, 10, 8, 12, 0, tzinfo=UTC)  # 01:00 on 9 October in Auckland
    gone = single(date(2026, 10, 8), time(9), time(10), "Pacific/Auckland")
    with pytest.raises(Unfit, match="8 Oct 2026 has passed"):
        publish(gone, by=world.actor(world.supervisor, noon), now=noon)
    assert Availability.select().count() == 1


def test_the_very_same_is_published_once_and_anything_else_beside_it(world: World) -> None:
    boss = world.actor(world.supervisor)
    first = publish(WANTED, by=boss, now=world.now)
    assert publish(WANTED, by=boss, now=world.now) == first, "pressed twice"
    assert len(history("availability", first.id)) == 1
    named = replace(WANTED, named=True, people=frozenset({world.learner.id}))
    for other in (replace(WANTED, address="07700 900124"), named):
        assert publish(other, by=boss, now=world.now, sure=True) != first
    tutor = replace(WANTED, format="tutorial")
    assert publish(tutor, by=world.actor(world.tutor), now=world.now) != first
    withdraw(first, version=1, by=boss, now=world.now)
    assert publish(WANTED, by=boss, now=world.now, sure=True) != first
    assert Availability.select().count() == 5


def test_the_very_same_from_two_tabs_at_once_is_published_once(world: World) -> None:
    def again() -> None:
        with db.connection():
            publish(WANTED, by=world.actor(world.supervisor), now=world.now)

    threads = [threading.Thread(target=again) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Availability.select().count() == 1
