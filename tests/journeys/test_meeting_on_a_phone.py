"""A meeting on a phone: what is needed first stands first, and every field has room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import Locator, Page, expect

from supervise.models import Person
from tests import meeting as made
from tests.browser import Live, shoot
from tests.world import NOW, World, sign_in

CALL = "https://meet.example.org/room-7"


@pytest.fixture
def world(app) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def phone(live: Live, world: World, new_page) -> Callable[[Person, str], Page]:
    """A page as somebody sees it on a phone."""

    def look(person: Person, path: str) -> Page:
        page: Page = new_page(width=390, height=844)
        client = live.app.test_client()
        sign_in(client, person, world.centre, NOW)
        name = live.app.config["SESSION_COOKIE_NAME"]
        value = client.get_cookie(name).value
        page.context.add_cookies([{"name": name, "value": value, "url": live.url}])
        page.goto(path)
        return page

    return look


def box(found: Locator) -> dict[str, float]:
    where = found.bounding_box()
    assert where is not None
    return dict(where)


def test_the_address_of_the_call_stands_before_the_agenda(world: World, phone) -> None:
    meeting = made.booked(world, starts_at=NOW + timedelta(days=1), address=CALL)
    page = phone(world.learner, f"/supervision/{meeting.id}")
    address, agenda = (
        page.get_by_role("link", name=CALL),
        page.get_by_role("heading", name="Agenda"),
    )
    assert box(address)["y"] < box(agenda)["y"]
    shoot(page, "supervision-address-390")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert box(agenda)["x"] < box(address)["x"], "beside it where there is room"


def test_the_agenda_stands_before_the_record_and_is_folded_where_it_is_long(
    world: World, phone, check_page
) -> None:
    made.signed(world, starts_at=made.WHEN - timedelta(days=20))
    for number in range(4):
        day = (NOW - timedelta(days=4 + number)).date()
        world.session(state="submitted", day=day, to_raise=f"Question {number}")
    meeting = made.held(world)
    page = phone(world.supervisor, f"/supervision/{meeting.id}/record")
    agenda = page.get_by_role("heading", name="Agenda")
    assert box(agenda)["y"] < box(page.get_by_label("What you discussed"))["y"]
    expect(page.get_by_text("Question 1")).to_be_hidden()
    page.get_by_text("4 sessions, 4 to raise, 2 agreed before").click()
    expect(page.get_by_text("Question 1")).to_be_visible()
    action = box(page.get_by_label("Action 2", exact=True))
    whose, by = (box(page.get_by_label(name, exact=True).nth(1)) for name in ("Whose", "By"))
    assert action["width"] > 2 * whose["width"] - 1
    assert action["y"] + action["height"] <= whose["y"]
    assert abs(whose["y"] - by["y"]) < 8, "side by side"
    check_page(page)
    shoot(page, "supervision-record-390")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.reload()
    expect(page.get_by_text("Question 1")).to_be_visible()
    assert box(page.get_by_label("What you discussed"))["x"] < box(agenda)["x"]
