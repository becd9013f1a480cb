"""A coach brings a diary in from a file, in a real browser, with scripts and without."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Page, expect

from supervise.models import PracticeSession
from tests.browser import Live, shoot
from tests.diaries import HEAD, NOW, SAMPLES, coach_of_501
from tests.world import World, sign_in


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield coach_of_501()


def enter(page: Page, live: Live, world: World) -> None:
    """Sign the learner in, in this browser."""
    client = live.app.test_client()
    sign_in(client, world.learner, world.centre, NOW)
    name = live.app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    page.context.add_cookies([{"name": name, "value": cookie.value, "url": live.url}])


def send(page: Page, file: object) -> None:
    page.goto("/sessions/import")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check the import")


def typed(text: str, name: str = "log-501.csv") -> dict[str, object]:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_sample_comes_in(either_page: Page, live: Live, world: World) -> None:
    page = either_page
    enter(page, live, world)
    send(page, SAMPLES / "coaching-log-501.csv")
    expect(page.get_by_text("14 sessions, 13 h 45")).to_be_visible()
    expect(page.get_by_label("What we did")).to_have_value("done")
    page.get_by_role("button", name="Take all 14").click()
    page.wait_for_url("**/sessions")
    assert sum(session.minutes for session in PracticeSession.select()) == 825
    send(page, SAMPLES / "coaching-log-501.csv")
    expect(page.get_by_text("14 in your diary already")).to_be_visible()


def test_a_column_is_corrected_and_the_good_lines_are_taken(
    either_page: Page, live: Live, world: World
) -> None:
    page = either_page
    enter(page, live, world)
    text = "Date,Length,Somebody\n06/07/2026,3,Client A\n07/07/2026,50,Client B\n"
    send(page, typed(text))
    page.get_by_label("Somebody").select_option(label="Client")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Line 2, Length: 3 minutes")).to_be_visible()
    expect(page.get_by_label("Somebody")).to_have_value("client")
    expect(page.get_by_role("button", name="Take all")).to_have_count(0)
    page.get_by_role("button", name="Take only the 1 good one").click()
    page.wait_for_url("**/sessions")
    assert [session.minutes for session in PracticeSession.select()] == [50]


def test_a_file_that_cannot_be_read_says_why(either_page: Page, live: Live, world: World) -> None:
    page = either_page
    enter(page, live, world)
    page.goto("/sessions/import")
    page.get_by_label("File", exact=True).set_input_files(typed("%PDF-1.7", "diary.pdf"))
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("neither a CSV file nor an Excel workbook")).to_be_visible()


def test_the_pages_are_clean(
    page: Page, live: Live, world: World, check_everywhere: Callable[[Page], None]
) -> None:
    enter(page, live, world)
    page.goto("/sessions/import")
    check_everywhere(page)
    page.get_by_label("Contract agreed on").fill("never")
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("Choose the file that holds your diary.")).to_be_visible()
    check_everywhere(page)
    lines = "06/07/2026,13:00,3,Client A,x\n25/10/2026,01:30,50,Client B,=1+1\n,,,,\nTotal,,53,,\n"
    send(page, typed(HEAD + lines))
    check_everywhere(page)
    page.get_by_label("Row of headings").fill("x")
    page.get_by_label("Minutes").select_option(label="Date")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Give a row from 1 to")).to_be_visible()
    check_everywhere(page)
    for width in (1280, 390):  # taking a picture puts a style on the page: last of all
        page.set_viewport_size({"width": width, "height": 900})
        shoot(page, f"import-check-{width}")
    page.goto("/sessions/import")
    shoot(page, "import-390")
