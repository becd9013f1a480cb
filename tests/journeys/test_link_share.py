"""A link beside the person who sent it: a code that a camera reads, Copy beside its field, a question first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import time_machine
from playwright.sync_api import Locator, Page, expect

from tests.browser import Live, shoot
from tests.test_confirmations import asked
from tests.world import NOW, World, sign_in

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture
def world(app) -> Iterator[World]:
    with time_machine.travel(NOW):
        made = World()
        asked(made, *(made.session(day=date(2026, 10, day)) for day in (1, 2)))
        yield made


@pytest.fixture
def links(live: Live, world: World) -> Callable[[Page], Page]:
    """Opens, as their learner, the page of the links that wait for an answer."""

    def enter(page: Page) -> Page:
        client = live.app.test_client()
        sign_in(client, world.learner, world.centre, NOW)
        name = live.app.config["SESSION_COOKIE_NAME"]
        value = client.get_cookie(name).value
        page.context.add_cookies([{"name": name, "value": value, "url": live.url}])
        page.goto("/confirmations?state=asked")
        return page

    return enter


def box(locator: Locator) -> tuple[float, float, float, float]:
    found = locator.bounding_box()
    return found["x"], found["y"], found["width"], found["height"]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_code_is_of_a_size_to_scan_and_light_behind_its_modules(
    new_page, links, width, scheme, check_page
):
    page = links(new_page(width=width, scheme=scheme))
    page.get_by_text("Show it as a picture").click()
    code = page.get_by_role("img", name="The same link as a QR code")
    x, _, wide, high = box(code)
    assert 200 <= wide <= 272
    assert abs(high - wide) < 2
    assert x + wide <= width
    light, dark = code.locator("path").all()
    assert light.evaluate("e => getComputedStyle(e).fill") == "rgb(255, 255, 255)"
    assert dark.evaluate("e => getComputedStyle(e).stroke") == "rgb(0, 0, 0)"
    assert box(light)[2] == pytest.approx(wide, abs=1), "the light fills the whole picture"
    assert dark.evaluate("e => e.getBBox().x") >= 4, "four modules around the code"
    check_page(page)
    shoot(page, f"link-share-{scheme}-{width}")


def test_copy_stands_beside_the_field_and_says_so(new_page, links):
    page = links(new_page())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    field, copy = page.get_by_label("Link to send"), page.get_by_role("button", name="Copy")
    _, top, _, high = box(field)
    _, y, wide, _ = box(copy)
    assert top - 2 <= y <= top + high
    assert wide < 120
    copy.click()
    expect(page.locator(".copying [aria-live]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == field.input_value()


def test_one_press_withdraws_nothing(either_page, links):
    page = links(either_page)
    page.get_by_text("Withdraw this link").click()
    expect(page.get_by_text("It asks about 2 sessions")).to_be_visible()
    page.get_by_role("button", name="Yes, withdraw it").click()
    expect(page.get_by_role("status").first).to_contain_text("It asked about 2 sessions")
