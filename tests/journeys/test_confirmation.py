"""A client on a phone confirms one session and disputes another; the supervisor reads both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, time
from urllib.parse import urlsplit

import pytest
import time_machine
from playwright.sync_api import Page, expect

from supervise.models import Confirmation, Person, PracticeSession, confirmations
from tests.browser import Live, shoot
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app) -> Iterator[World]:
    with time_machine.travel(NOW):
        yield World()


@pytest.fixture
def sessions(world: World) -> list[PracticeSession]:
    """Two that wait for the supervisor, with the same client."""
    return [
        world.session(day=date(2026, 10, day), start=time(11), minutes=105, state="submitted",
                      done="She named the one meeting she can hand over.")
        for day in (1, 2)
    ]  # fmt: skip


@pytest.fixture
def come_in(live: Live, world: World) -> Callable[[Page, Person], Page]:
    """Sign a person in on this page."""

    def enter(page: Page, person: Person) -> Page:
        client = live.app.test_client()
        sign_in(client, person, world.centre, NOW)
        name = live.app.config["SESSION_COOKIE_NAME"]
        value = client.get_cookie(name).value
        page.context.add_cookies([{"name": name, "value": value, "url": live.url}])
        return page

    return enter


@pytest.fixture(params=[True, False], ids=["script", "noscript"])
def script(request) -> bool:
    return request.param


def ask(page: Page, *which: str) -> str:
    """As the coach: tick these sessions and ask; returns the path of the link."""
    page.goto("/confirmations")
    for words in which:
        page.get_by_label(re.compile(words)).check()
    page.get_by_role("button", name="Ask for confirmation").click()
    expect(page.get_by_role("status")).to_contain_text("The link for Client A is ready")
    return urlsplit(page.get_by_label("Link to send").first.input_value()).path


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_one_is_confirmed_and_one_disputed_and_both_stand_in_the_queue(
    new_page, come_in, world, sessions, script
) -> None:
    coach = come_in(new_page(javascript=script), world.learner)
    kind = "script" if script else "plain"
    first = ask(coach, "Thu 1 Oct")
    shoot(coach, f"confirmations-asked-{kind}")
    second = ask(coach, "Fri 2 Oct")

    phone = new_page(javascript=script, width=390, height=844)
    phone.goto(first)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Did this session take place?")
    shoot(phone, f"link-confirmation-{kind}")
    for hidden in ("Client A", "meeting"):
        expect(phone.get_by_text(hidden)).to_have_count(0)
    phone.get_by_role("button", name="Yes, it took place like this").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you, this is answered")

    phone.goto(second)
    phone.get_by_text("No, something is different").click()
    phone.get_by_role("button", name="Send this to your coach").click()
    expect(phone.get_by_role("alert")).to_contain_text("Choose what is different.")
    expect(phone.get_by_label("It was shorter or longer")).to_be_visible()
    phone.get_by_label("It was shorter or longer").check()
    phone.get_by_label("How many minutes").fill("45")
    shoot(phone, f"link-confirmation-no-{kind}")
    phone.get_by_label("How many minutes").press("Enter")  # as good as the button, and never Yes
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you, this is answered")
    phone.goto(second)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you, this is answered")

    boss = come_in(new_page(javascript=script), world.supervisor)
    boss.goto("/approvals")
    rows = [boss.locator(f"#s{session.id}") for session in sessions]
    expect(rows[0].locator(".says")).to_contain_text("Confirmed")
    expect(rows[1].locator(".says")).to_contain_text("Disputed says 45 min")
    boss.get_by_role("button", name="Set 1 that counts to approve").click()
    expect(rows[0].get_by_role("radio", name="Approve")).to_be_checked()
    expect(rows[1].get_by_role("radio", name="Leave")).to_be_checked()
    rows[1].get_by_role("button", name="Priya Nair", exact=True).click()
    expect(rows[1].get_by_text("by a link the coach passed on: says 45 minutes")).to_be_visible()
    shoot(boss, f"approvals-client-says-{kind}")
    rows[1].get_by_role("link", name="Contract with Client A").click()
    expect(boss.get_by_role("heading", level=1)).to_contain_text("Client A")


def test_several_in_one_link_and_a_change_that_lapses_one(new_page, come_in, world, script) -> None:
    drafts = [world.session(day=date(2026, 10, day), start=time(9)) for day in (1, 2)]
    coach = come_in(new_page(javascript=script), world.learner)
    path = ask(coach, "Thu 1 Oct", "Fri 2 Oct")
    phone = new_page(javascript=script, width=390, height=844)
    phone.goto(path)
    expect(phone.get_by_role("group", name="What is different?")).to_have_count(0)
    yes = phone.get_by_role("group", name="Did it take place like this?")
    yes.nth(0).get_by_label("Yes").check()
    yes.nth(1).get_by_label("No, something is different").check()
    phone.get_by_role("button", name="Send my answers").click()
    expect(phone.get_by_role("alert")).to_contain_text("Fri 2 Oct, 09:00 to 10:00: Choose what")
    expect(yes.nth(0).get_by_label("Yes")).to_be_checked()
    phone.locator(".ticket").nth(1).get_by_label("It did not take place").check()
    shoot(phone, f"link-confirmation-several-{'script' if script else 'plain'}")

    coach.goto(f"/sessions/{drafts[0].id}/edit")
    coach.locator("[name=minutes]").fill("45")
    coach.get_by_role("button", name="Save as draft").click()
    expect(coach.get_by_text("not asked")).to_be_visible()

    phone.get_by_role("button", name="Send my answers").click()
    expect(phone.get_by_role("alert")).to_contain_text("Nothing was decided.")
    assert [row.state for row in Confirmation.select().order_by(Confirmation.id)] == [
        "lapsed", "asked",
    ]  # fmt: skip
    phone.get_by_role("button", name="Yes, it took place like this").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you, this is answered")
    coach.goto("/confirmations?state=lapsed")
    expect(coach.get_by_text("The session's date, start or length was changed.")).to_be_visible()


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_pages_are_clean_at_each_step(
    new_page, come_in, world, sessions, check_everywhere, engine
) -> None:
    coach, phone = come_in(new_page(), world.learner), new_page()
    coach.goto("/confirmations")
    check_everywhere(coach)
    for width in (1280, 390):
        coach.set_viewport_size({"width": width, "height": 900})
        shoot(coach, f"confirmations-{width}")
    path = ask(coach, "Thu 1 Oct", "Fri 2 Oct")
    check_everywhere(coach)
    coach.set_viewport_size({"width": 390, "height": 900})
    shoot(coach, "confirmations-asked-390")
    phone.goto(path)
    check_everywhere(phone)
    phone.get_by_role("button", name="Send my answers").click()
    expect(phone.get_by_role("alert")).to_be_visible()
    check_everywhere(phone)
    shoot(phone, "link-confirmation-several-1280")
    one, two = (row.id for row in Confirmation.select().order_by(Confirmation.id))
    link = Confirmation.get_by_id(one).link
    confirmations.answer(
        link,
        {one: confirmations.Answer(), two: confirmations.Answer("other", None, "By phone")},
        now=NOW,
    )
    for state in ("confirmed", "disputed", "asked", "lapsed"):
        coach.goto(f"/confirmations?state={state}")
        check_everywhere(coach)
        for width in (1280, 390):
            coach.set_viewport_size({"width": width, "height": 900})
            shoot(coach, f"confirmations-{state}-{width}")
    coach.goto(f"/sessions/{sessions[1].id}")
    check_everywhere(coach)
    shoot(coach, "session-client-says")
    again = world.session(day=date(2026, 10, 7), start=time(9))
    phone.goto(ask(coach, f"{again.date.day} Oct"))
    check_everywhere(phone)
    phone.get_by_text("No, something is different").click()
    check_everywhere(phone)
    phone.goto(path)
    check_everywhere(phone)
    boss = come_in(new_page(), world.supervisor)
    boss.goto("/approvals")
    check_everywhere(boss)
