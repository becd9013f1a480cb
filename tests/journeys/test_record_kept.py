"""A record that is being written while the connection goes and the page is loaded again: nothing typed
is lost, and one's own save is nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Page, Route, expect

from supervise.models import Attendance, Meeting
from tests import meeting as made
from tests.browser import Live, shoot
from tests.world import NOW, World, sign_in

FEEDBACK = "You waited longer than in spring."


@pytest.fixture
def world(app) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def writing(live: Live, world: World, page: Page) -> Page:
    """The page on which the supervisor writes the record of a meeting."""
    meeting = made.held(world)
    client = live.app.test_client()
    sign_in(client, world.supervisor, world.centre, NOW)
    name = live.app.config["SESSION_COOKIE_NAME"]
    value = client.get_cookie(name).value
    page.context.add_cookies([{"name": name, "value": value, "url": live.url}])
    page.goto(f"/supervision/{meeting.id}/record")
    return page


@pytest.fixture
def held_up(writing: Page) -> dict[str, list[Route]]:
    """The saves and the loadings of the page that wait until the test lets them go."""
    found: dict[str, list[Route]] = {"saves": [], "loads": []}
    writing.route("**/draft", lambda route: found["saves"].append(route))
    writing.route(
        "**/record",
        lambda route: (
            found["loads"].append(route) if route.request.method == "GET" else route.continue_()
        ),
    )
    return found


def until(page: Page, there: Callable[[], Any]) -> None:
    """Let the browser go on until something is there."""
    for _ in range(200):
        if there():
            return
        page.wait_for_timeout(50)
    raise AssertionError("It never came.")


def reload_over(page: Page, held_up: dict[str, list[Route]], meanwhile: Callable[[], Any]) -> None:
    """Load the page again; what the server shows is older than what happens ``meanwhile``."""
    page.evaluate("setTimeout(() => location.reload())")
    until(page, lambda: held_up["loads"])
    load = held_up["loads"].pop()
    stale = load.fetch()
    meanwhile()
    load.fulfill(response=stale)
    page.wait_for_load_state("load")


def typed_on(page: Page, more: str) -> None:
    """Go on typing, and see that it is saved and signed."""
    page.unroute("**/draft")
    page.get_by_label("Your feedback").press_sequentially(more)
    page.get_by_label("What you discussed").fill("How to wait.")
    until(page, lambda: Meeting.get().discussed)
    expect(page.get_by_text("Draft saved at 10:50")).to_be_visible()
    expect(page.get_by_text("changed in another tab")).to_have_count(0)
    page.get_by_role("button", name="Sign the record").click()
    expect(page.get_by_text("Signed. It waits for")).to_be_visible()
    assert Attendance.get().feedback == FEEDBACK + more


def test_a_save_on_its_way_while_the_page_is_loaded_again_is_ones_own(
    writing: Page, held_up: dict[str, list[Route]]
) -> None:
    writing.get_by_label("Your feedback").fill(FEEDBACK)
    until(writing, lambda: held_up["saves"])

    def arrive() -> None:
        held_up["saves"].pop().continue_()
        until(writing, lambda: Attendance.get().feedback)
        writing.wait_for_timeout(200)  # the page that is being left hears of it

    reload_over(writing, held_up, arrive)
    expect(writing.get_by_label("Your feedback")).to_have_value(FEEDBACK)
    until(writing, lambda: held_up["saves"])
    held_up["saves"].pop().continue_()
    typed_on(writing, " Well done.")


def test_what_was_typed_without_a_connection_is_offered_after_a_reload(
    writing: Page, held_up: dict[str, list[Route]]
) -> None:
    writing.unroute("**/draft")
    writing.context.set_offline(True)
    writing.get_by_label("Your feedback").fill(FEEDBACK)
    expect(writing.get_by_text("Kept on this device.")).to_be_visible()
    writing.route("**/draft", lambda route: held_up["saves"].append(route))
    writing.context.set_offline(False)
    writing.evaluate("setTimeout(() => location.reload())")
    until(writing, lambda: held_up["loads"])
    load = held_up["loads"].pop()
    stale = load.fetch()
    for save in held_up["saves"]:
        save.continue_()
    writing.wait_for_timeout(300)
    load.fulfill(response=stale)
    writing.wait_for_load_state("load")
    writing.unroute("**/draft")
    back = writing.get_by_role("button", name="Put back what you typed")
    field = writing.get_by_label("Your feedback")
    until(writing, lambda: back.is_visible() or field.input_value() == FEEDBACK)
    shoot(writing, "record-kept-1280")
    if back.is_visible():
        back.click()
    expect(field).to_have_value(FEEDBACK)
    typed_on(writing, " Well done.")


def test_a_save_whose_answer_is_lost_is_ones_own(
    writing: Page, held_up: dict[str, list[Route]]
) -> None:
    writing.get_by_label("Your feedback").fill(FEEDBACK)
    until(writing, lambda: held_up["saves"])
    lost = held_up["saves"].pop()
    lost.fetch()  # it reaches the server, and the answer never comes back
    lost.abort("connectionreset")
    expect(writing.get_by_text("Kept on this device.")).to_be_visible()
    assert Attendance.get().feedback == FEEDBACK
    typed_on(writing, " Well done.")


def test_what_somebody_else_saved_is_still_shown_beside_ones_own(
    world: World, writing: Page, held_up: dict[str, list[Route]]
) -> None:
    writing.get_by_label("Your feedback").fill(FEEDBACK)
    until(writing, lambda: held_up["saves"])
    held_up["saves"].pop().abort("connectionreset")
    made.write_up(world, Meeting.get())
    writing.unroute("**/draft")
    writing.get_by_label("Your feedback").press_sequentially("!")
    expect(writing.get_by_text("Not saved: changed in another tab or window.")).to_be_visible()
    writing.get_by_role("button", name="See both").click()
    expect(writing.get_by_text(made.FEEDBACK)).to_be_visible()
    expect(writing.get_by_label("Your feedback")).to_have_value(f"{FEEDBACK}!")
