"""A contract in a real browser: offered, agreed on a phone and by the sponsor, changed, agreed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import time_machine
from playwright.sync_api import Page, expect

from supervise.models import Contract, Person
from supervise.rules.contracts import PARTS
from tests.browser import Live, shoot
from tests.contracting import engagement_of
from tests.world import NOW, World, sign_in

GOAL = {
    "Goal": "Lead the weekly meeting without notes",
    "Which aim, and how": "Decide in the meeting: she chairs it from January.",
    "Measure": "Three meetings in a row",
    "Owner": "the client",
    "By": "2026-12-01",
    "Milestones": "One item\nHalf a meeting",
}


@pytest.fixture
def world(app) -> Iterator[World]:
    with time_machine.travel(NOW):
        yield World()


@pytest.fixture
def enter(live: Live, world: World) -> Callable[[Page, Person, str], Page]:
    """Sign somebody in, in this browser, and go to a page."""

    def come_in(page: Page, person: Person, address: str) -> Page:
        client = live.app.test_client()
        sign_in(client, person, world.centre, NOW)
        name = live.app.config["SESSION_COOKIE_NAME"]
        value = client.get_cookie(name).value
        page.context.add_cookies([{"name": name, "value": value, "url": live.url}])
        page.goto(address)
        return page

    return come_in


def answer(page: Page, address: str, name: str) -> None:
    """Open a link and agree under this name."""
    page.goto(address)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Agree to this contract").click()
    expect(page.get_by_role("heading", name="Thank you, you have agreed")).to_be_visible()


def links(coach: Page) -> list[str]:
    """The addresses to send, the client's first."""
    return [field.input_value() for field in coach.get_by_label("Link to send").all()]


def _as_with_a_script(page: Page) -> None:
    """The same pages were checked with a script; without one that is slow and finds no more."""


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "noscript"])
@pytest.mark.parametrize("engine", ["sqlite"])
def test_offered_agreed_changed_and_agreed_again(
    javascript: bool, engine: str, world: World, new_page, enter, check_everywhere
) -> None:
    how = "script" if javascript else "plain"
    engagement = engagement_of(world)
    path = f"/engagements/{engagement.id}"
    coach = enter(new_page(javascript=javascript), world.learner, path)

    coach.get_by_role("link", name="Add a goal").click()
    for label, text in GOAL.items():
        coach.get_by_label(label, exact=True).fill(text)
    coach.get_by_role("button", name="Add the goal").click()
    coach.get_by_role("button", name="Write the contract").click()
    coach.get_by_role("radio", name="Three-way").check()
    for part in PARTS[1:]:
        coach.get_by_label(part.label, exact=True).fill(f"About {part.label.lower()}: as we said.")
    coach.get_by_label("Sessions planned").fill("6")
    coach.get_by_label("Minutes each").fill("90")
    coach.get_by_role("button", name="Save and offer").click()
    expect(coach.get_by_role("heading", name="One thing to change")).to_be_visible()
    coach.get_by_label(PARTS[0].label).fill("She wants to speak first, and to be heard.")
    check = check_everywhere if javascript else _as_with_a_script
    check(coach)
    shoot(coach, f"contract-edit-{how}-1280")
    coach.get_by_role("button", name="Save and offer").click()
    expect(coach.get_by_text("Sponsor has not answered yet")).to_be_visible()
    check(coach)
    to_client, to_sponsor = links(coach)

    sponsor = new_page(javascript=javascript)
    answer(sponsor, to_sponsor, "Ann Lee")  # the sponsor answers first
    coach.goto(path)
    expect(coach.get_by_text("Sponsor agreed")).to_be_visible()
    expect(coach.get_by_text("No contract is agreed yet.")).to_be_visible()
    shoot(coach, f"contract-offered-{how}-1280")

    phone = new_page(javascript=javascript, width=390, height=844)
    phone.goto(to_client)
    check(phone)
    shoot(phone, f"link-contract-{how}-390")
    phone.get_by_role("button", name="Agree to this contract").click()
    expect(phone.get_by_role("heading", name="One thing to change")).to_be_visible()
    check(phone)
    answer(phone, to_client, "Sam Reed")
    phone.goto(to_client)
    expect(phone.get_by_role("heading", name="Thank you, you have agreed")).to_be_visible()

    coach.goto(path)
    expect(coach.get_by_text("In force:")).to_be_visible()
    expect(coach.get_by_text("signed as Sam Reed")).to_be_visible()
    coach.get_by_role("button", name="Change it: write a new version").click()
    coach.get_by_label("How it ends").fill("About how it ends: in March, at the latest.")
    coach.get_by_role("button", name="Save and offer").click()
    expect(coach.get_by_text("stays in force until everybody has agreed")).to_be_visible()
    to_client, to_sponsor = links(coach)
    phone.goto(to_client)
    expect(phone.get_by_role("heading", name="What changed")).to_be_visible()
    check(phone)
    shoot(phone, f"link-contract-changed-{how}-390")
    phone.get_by_label("What should be different?").fill("In February, please.")
    phone.get_by_role("button", name="Send it back").click()
    expect(phone.get_by_role("heading", name="Thank you, it goes back")).to_be_visible()
    sponsor.goto(to_sponsor)
    expect(sponsor.get_by_role("heading", name="This link is closed")).to_be_visible()

    coach.goto(path)
    expect(coach.get_by_text("“In February, please.”")).to_be_visible()
    shoot(coach, f"contract-declined-{how}-1280")
    coach.get_by_role("link", name="Go on writing").click()
    coach.get_by_label("How it ends").fill("About how it ends: in February, at the latest.")
    coach.get_by_role("button", name="Save and offer").click()
    expect(coach.get_by_text("Sponsor has not answered yet")).to_be_visible()
    to_client, to_sponsor = links(coach)
    answer(phone, to_client, "Sam Reed")
    answer(sponsor, to_sponsor, "Ann Lee")

    coach.goto(path)
    coach.get_by_role("link", name="version 2, agreed on").click()
    expect(coach.get_by_role("heading", name="What changed since version 1")).to_be_visible()
    expect(coach.locator("del")).to_contain_text(["as we said"])
    expect(coach.locator("ins")).to_contain_text(["in February, at the latest"])
    check(coach)
    shoot(coach, f"contract-difference-{how}-1280")
    coach.set_viewport_size({"width": 390, "height": 844})
    shoot(coach, f"contract-difference-{how}-390")
    coach.goto(path)
    check(coach)
    shoot(coach, f"engagement-{how}-390")
    assert [c.state for c in Contract.select().order_by(Contract.number)] == ["replaced", "agreed"]

    boss = enter(new_page(javascript=javascript), world.supervisor, path)
    expect(boss.get_by_text("In force:")).to_be_visible()
    assert "Reed" not in boss.content()
    check(boss)
