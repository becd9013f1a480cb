"""The calendar on a phone and by keyboard: three taps from the calendar to a booking; every view clean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from playwright.sync_api import Page, expect

from supervise.models import Meeting, Person, publishing
from tests.browser import Live, shoot
from tests.test_calendar import meet
from tests.world import NOW, World, sign_in


def come_in(page: Page, live: Live, world: World, person: Person) -> None:
    client = live.app.test_client()
    sign_in(client, person, world.centre, NOW)
    cookie = client.get_cookie("supervise")
    assert cookie is not None
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live.url}])


@pytest.fixture
def world(live: Live) -> World:
    """A host with two patterns and a day off, and a meeting in the week."""
    world = World(now=NOW)
    world.publishes(world.supervisor, notice_minutes=60)
    world.publishes(
        world.supervisor, format="group", places=6, weekday=3, starts="14:00", ends="16:00",
        notice_minutes=60,
    )  # fmt: skip
    meet(world, datetime(2026, 10, 9, 9, tzinfo=UTC), world.enrolment)
    off = datetime(2026, 10, 13, 8, tzinfo=UTC)
    boss = world.actor(world.supervisor)
    publishing.take_off(off, off + timedelta(hours=30), "Moderation", by=boss, now=NOW)
    return world


def test_every_view_is_clean(
    world: World,
    live: Live,
    new_page: Callable[..., Page],
    check_everywhere: Callable[[Page], None],
) -> None:
    with time_machine.travel(NOW, tick=False):
        for person in (world.learner, world.supervisor):
            page = new_page()
            come_in(page, live, world, person)
            for view in ("week", "month", "list"):
                page.goto(f"/calendar?view={view}&on=2026-10-12")
                check_everywhere(page)
                for width in (1280, 390):
                    page.set_viewport_size({"width": width, "height": 900})
                    shoot(page, f"calendar-{person.first_name}-{view}-{width}")
                    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("script", [True, False], ids=["script", "noscript"])
def test_three_taps_on_a_phone(
    script: bool,
    world: World,
    live: Live,
    new_page: Callable[..., Page],
    check_page: Callable[[Page], None],
) -> None:
    with time_machine.travel(NOW, tick=False):
        page = new_page(javascript=script, width=390)
        come_in(page, live, world, world.learner)
        page.goto("/calendar")
        page.get_by_role("link", name="Next free time").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Thu 8 Oct, 14:00")
        check_page(page)
        shoot(page, "calendar-slot-390")
        page.get_by_role("button", name="Book", exact=True).click()
        expect(page.get_by_text("Booked: Thu 8 Oct, 14:00 with Marian Hale.")).to_be_visible()
        assert Meeting.select().where(Meeting.format == "group").count() == 1


def test_by_keyboard_alone(world: World, live: Live, new_page: Callable[..., Page]) -> None:
    with time_machine.travel(NOW, tick=False):
        page = new_page()
        come_in(page, live, world, world.learner)
        page.goto("/calendar?on=2026-10-12")

        def tab_to(name: str) -> None:
            for _ in range(60):
                page.keyboard.press("Tab")
                if name in page.evaluate("document.activeElement.textContent"):
                    return
            raise AssertionError(f"Tab never came to {name}")

        tab_to("10:00")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Mon 12 Oct, 10:00")
        tab_to("Book")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Booked: Mon 12 Oct, 10:00 with Marian Hale.")).to_be_visible()
