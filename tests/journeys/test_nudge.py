"""Supervision is due: the learner books the next free time from Today, with script and without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from playwright.sync_api import Page, expect

from supervise.models import Centre, Meeting
from tests import meeting as meetings
from tests.browser import SCRIPTLESS, Live, shoot
from tests.slots import SLOT, offering
from tests.test_nudge import practise
from tests.world import NOW, World, sign_in


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_next_free_time_is_one_button(
    either_page: Page, live: Live, engine: str, check_everywhere: Callable[[Page], None]
) -> None:
    page = either_page
    with time_machine.travel(NOW, tick=False):
        world = World()
        Centre.update(supervise_after_minutes=120).execute()
        practise(world, 3)
        offering(world)
        meetings.signed(world, starts_at=datetime(2026, 8, 3, 9, tzinfo=UTC))
        meetings.signed(
            world,
            starts_at=datetime(2026, 8, 4, 9, tzinfo=UTC),
            format="tutorial",
            host=world.tutor,
        )
        come_in(page, live, world)
        page.goto("/")
        later = page.get_by_role("link", name="See the next free time")
        button = page.get_by_role("button", name="Book Thu 15 Oct, 09:00 with Marian Hale")
        plain = page.context in SCRIPTLESS
        expect(later if plain else button).to_be_visible()
        check_everywhere(page)
        shoot(page, f"nudge-{'plain' if plain else 'script'}")
        if plain:
            later.click()
        button.click()
        expect(page.get_by_text("Booked: Thu 15 Oct, 09:00 with Marian Hale")).to_be_visible()
        booked = Meeting.get(Meeting.starts_at == SLOT)
        assert booked.state == "booked"
        page.goto("/")
        expect(page.get_by_text("supervision meeting due and booked")).to_be_visible()
        expect(button.or_(later)).to_have_count(0)
        page.goto(f"/learners/{world.learner.id}")
        expect(page.get_by_role("heading", name="Supervision", exact=True)).to_be_visible()
        check_everywhere(page)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            shoot(page, f"supervision-summary-{width}")


def come_in(page: Page, live: Live, world: World) -> None:
    client = live.app.test_client()
    sign_in(client, world.learner, world.centre, NOW)
    cookie = client.get_cookie("supervise")
    assert cookie is not None
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live.url}])
