"""A supervisor clears the queue in a real browser: with script, without, and by keyboard alone."""

import re
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta

import pytest
import time_machine
from playwright.sync_api import Page, expect

from supervise.models import PracticeSession
from supervise.signing import SignOff
from tests.browser import Live, shoot
from tests.world import NOW, World, sign_in

GOAL = "Stay with what is happening now until Client C has said it twice in her own words."


@pytest.fixture
def world(app) -> Iterator[World]:
    with time_machine.travel(NOW):
        yield World(programme="ILM-L3-CWCM")


@pytest.fixture
def queue(world: World) -> list[PracticeSession]:
    """Twelve sessions of five coaches, the oldest twelve days old, as the mock-up has them."""
    coaches = {"Priya Nair": world.enrolment}
    for name in ("Owen Tasker", "Ines Carvalho", "Hanna Lindqvist"):
        coaches[name] = world.enrol(world.person(name, "learner"))
    amara = world.person("Amara Osei", "learner")
    coaches["Amara Osei"] = world.enrol(amara, "ILM-8580", ("500", "501", "503"))
    for name, enrolment in coaches.items():
        if name != "Priya Nair":
            world.assign(world.supervisor, "supervisor", enrolment)
    plan = (
        ("Owen Tasker", (9, 24), 14, "Client M", 60, "D3.04", 12),
        ("Ines Carvalho", (9, 29), 9, "Client K", 60, "D3.07", 9),
        ("Amara Osei", (9, 28), 10, "Client B", 75, "501", 8),
        ("Amara Osei", (9, 30), 13, "Client A", 60, "501", 7),
        ("Priya Nair", (10, 1), 13, "Client C", 60, "D3.04", 6),
        ("Priya Nair", (10, 2), 9, "Client D", 60, "D3.04", 5),
        ("Owen Tasker", (10, 2), 15, "Client N", 45, None, 5),
        ("Ines Carvalho", (10, 5), 10, "Client J", 75, "D3.04", 3),
        ("Hanna Lindqvist", (10, 5), 16, "Client E,Client F,Client G,Client H", 90, "D3.04", 2),
        ("Priya Nair", (10, 6), 11, "Client E", 105, "D3.04", 2),
        ("Hanna Lindqvist", (10, 6), 17, "Client G", 60, "D3.04", 1),
        ("Amara Osei", (10, 7), 12, "Client B", 60, "501", 0),
    )
    made = []
    for name, (month, day), hour, clients, minutes, unit, age in plan:
        session = world.session(
            day=date(2026, month, day),
            start=time(hour),
            minutes=minutes,
            unit=unit,
            clients=tuple(clients.split(",")),
            enrolment=coaches[name],
            own_goal=GOAL,
            plan="GROW, most of it on reality; scaling if the goal holds.",
            done="She drew her week and found six hours of meetings without a purpose. On a scale "
            "she put herself at 4 and wants 6.\nShe then named the one meeting she can hand over.",
            reflection="I nearly gave advice about diaries. Counting to five works better.",
            plan_change="Objective 1: note each time I want to advise.",
        )
        session.submit(by=world.actor(coaches[name].learner), now=NOW)
        moment = NOW - timedelta(days=age, minutes=5)
        PracticeSession.update(submitted_at=moment).where(
            PracticeSession.id == session.id
        ).execute()
        made.append(session)
    for alias in ("Client A", "Client B"):
        world.paper(date(2026, 3, 12), alias, learner=amara)
    return made


@pytest.fixture
def enter(live: Live, world: World) -> Callable[[Page], Page]:
    """Sign the supervisor in, in this browser, and go to the queue."""

    def come_in(page: Page) -> Page:
        client = live.app.test_client()
        sign_in(client, world.supervisor, world.centre, NOW)
        name = live.app.config["SESSION_COOKIE_NAME"]
        value = client.get_cookie(name).value
        page.context.add_cookies([{"name": name, "value": value, "url": live.url}])
        page.goto("/approvals")
        return page

    return come_in


def states(queue: list[PracticeSession]) -> list[str]:
    return [PracticeSession.get_by_id(session.id).state for session in queue]


def row(page: Page, session: PracticeSession):
    return page.locator(f"#s{session.id}")


def choose(page: Page, session: PracticeSession, word: str) -> None:
    row(page, session).get_by_role("radio", name=word).check()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nine_are_approved_and_two_go_back(either_page, enter, queue, request) -> None:
    page = enter(either_page)
    page.get_by_role("button", name="Set 10 that count to approve").click()
    for session, comment in (
        (queue[1], "Which start is right?"),
        (queue[4], "Please correct the length."),
    ):
        choose(page, session, "Return")
        row(page, session).get_by_label("Comment for").fill(comment)
    choose(page, queue[11], "Leave")
    choose(page, queue[6], "Approve")
    script = "noscript" not in request.node.name
    if script:
        expect(page.locator(".tally")).to_have_text("9 approve · 2 return · 1 leave")
    shoot(page, f"approvals-decided-{'script' if script else 'plain'}")
    page.get_by_role("button", name="Decide").click()
    told = page.get_by_role("status")
    expect(told).to_contain_text("9 approved, 2 returned, 1 left.")
    expect(told).to_contain_text("Amara Osei, 501: 2 h 15 counted of 12 h")
    expect(page.locator("table.queue > tbody")).to_have_count(1)
    expect(page.locator("#approvals-count")).to_have_text("1 waiting")
    expected = ["approved"] * 12
    expected[1] = expected[4] = "returned"
    expected[11] = "submitted"
    assert states(queue) == expected
    assert SignOff.select().where(SignOff.subject == "session").count() == 11
    if script:
        expect(told).to_be_focused()
    shoot(page, f"approvals-after-{'script' if script else 'plain'}")


def test_a_return_without_a_comment_keeps_every_choice(either_page, enter, queue) -> None:
    page = enter(either_page)
    choose(page, queue[0], "Approve")
    choose(page, queue[1], "Return")
    choose(page, queue[2], "Return")
    row(page, queue[2]).get_by_label("Comment for Amara").fill("Which tool?")
    page.get_by_role("button", name="Decide").click()
    faults = page.locator("#faults")
    expect(faults).to_contain_text("One thing to change. Nothing was decided yet.")
    expect(faults).to_be_focused() if page.evaluate("typeof htmx !== 'undefined'") else None
    expect(row(page, queue[1]).locator(".error")).to_have_text(
        "Say what to change, so that the coach can mend it."
    )
    expect(row(page, queue[0]).get_by_role("radio", name="Approve")).to_be_checked()
    expect(row(page, queue[2]).get_by_label("Comment for Amara")).to_have_value("Which tool?")
    assert set(states(queue)) == {"submitted"}
    row(page, queue[1]).get_by_label("Comment for Ines").fill("Which start?")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("status")).to_contain_text("1 approved, 2 returned, 9 left.")


def test_a_row_opens_in_place_and_other_choices_stay(page, enter, queue) -> None:
    enter(page)
    choose(page, queue[0], "Approve")
    choose(page, queue[4], "Return")
    row(page, queue[4]).get_by_label("Comment for Priya").fill("Half a thought")
    link = row(page, queue[4]).get_by_role("button", name="Priya Nair", exact=True)
    link.click()
    expect(row(page, queue[4]).get_by_text(GOAL)).to_be_visible()
    expect(row(page, queue[4]).get_by_text("Private notes stay with Priya.")).to_be_visible()
    expect(link).to_have_attribute("aria-expanded", "true")
    expect(link).to_be_focused()
    expect(row(page, queue[4]).get_by_role("radio", name="Return")).to_be_checked()
    expect(row(page, queue[4]).get_by_label("Comment for Priya")).to_have_value("Half a thought")
    expect(row(page, queue[0]).get_by_role("radio", name="Approve")).to_be_checked()
    expect(page.locator(".tally")).to_have_text("1 approve · 1 return · 10 leave")
    link.click()
    expect(row(page, queue[4]).get_by_text(GOAL)).to_have_count(0)
    expect(row(page, queue[4]).get_by_role("radio", name="Return")).to_be_checked()


def test_a_decision_made_offline_is_not_lost(page, enter, queue) -> None:
    enter(page)
    row(page, queue[0]).get_by_label("Approve").check()
    page.context.set_offline(True)
    page.get_by_role("button", name=re.compile("^Decide")).click()
    told = page.locator(".decide [role=alert]")
    expect(told).to_have_text(
        "Not sent: you are offline. Everything is still here; press Decide again when you are back."
    )
    expect(row(page, queue[0]).get_by_label("Approve")).to_be_checked()
    page.context.set_offline(False)
    page.get_by_role("button", name=re.compile("^Decide")).click()
    expect(page.locator("#outcome")).to_contain_text("1 approved")


def test_three_rows_are_seen_at_once_on_a_phone(new_page, enter, queue) -> None:
    phone = new_page(width=390, height=844)
    enter(phone)
    heads = [row(phone, one).get_by_role("button", name=re.compile(".")).first for one in queue[:3]]
    for head in heads:
        expect(head).to_be_in_viewport()
    shoot(phone, "approvals-phone")
    expect(phone.get_by_text("next and previous")).to_be_hidden()
    expect(phone.get_by_label("If approved")).to_be_hidden()
    phone.get_by_text("Narrow or order").click()
    expect(phone.get_by_label("If approved")).to_be_visible()


def test_a_row_opens_without_a_script(new_page, enter, queue) -> None:
    page = enter(new_page(javascript=False))
    row(page, queue[4]).get_by_role("button", name="Priya Nair", exact=True).click()
    expect(row(page, queue[4]).get_by_text(GOAL)).to_be_visible()


def test_a_row_that_somebody_else_decided_says_so_when_it_is_opened(
    page, enter, queue, world
) -> None:
    enter(page)
    PracticeSession.get_by_id(queue[4].id).approve(by=world.actor(world.supervisor), now=NOW)
    row(page, queue[4]).get_by_role("button", name="Priya Nair", exact=True).click()
    expect(row(page, queue[4])).to_contain_text("No longer waits: it was approved meanwhile.")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator(".tally")).to_have_text("1 approve · 0 return · 10 leave")


def test_the_whole_queue_by_keyboard_alone(page, enter, queue) -> None:
    enter(page)
    keys = page.keyboard
    for key in ("j", "a", "j", "r"):
        keys.press(key)
    expect(row(page, queue[1]).get_by_label("Comment for Ines")).to_be_focused()
    keys.type("Kindly ask a jolly larger question?")
    expect(row(page, queue[1]).get_by_label("Comment for Ines")).to_have_value(
        "Kindly ask a jolly larger question?"
    )
    for key in ("Escape", "j", "a", "l", "k", "j", "j", "a"):
        keys.press(key)
    expect(page.locator(".tally")).to_have_text("2 approve · 1 return · 9 leave")
    keys.press("o")
    expect(row(page, queue[3]).get_by_text(GOAL)).to_be_visible()
    keys.press("Enter")
    expect(row(page, queue[3]).get_by_text(GOAL)).to_have_count(0)
    expect(row(page, queue[3]).get_by_label("Approve")).to_be_focused()
    keys.press("?")
    expect(page.get_by_text("Nothing is signed until you press Decide.")).to_be_visible()
    page.get_by_role("button", name="Decide 3 sessions").focus()
    keys.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("2 approved, 1 returned, 9 left.")


def test_single_keys_can_be_switched_off(page, enter, queue) -> None:
    enter(page)
    page.keyboard.press("?")
    page.get_by_label("Use these single keys on this device").uncheck()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator(".tally")).to_have_text("0 approve · 0 return · 12 leave")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_row_open_and_two_returned_fit_the_screen(new_page, enter, queue, width) -> None:
    page = enter(new_page(width=width))
    page.get_by_role("button", name="Set 10 that count to approve").click()
    for session, comment in (
        (queue[1], "Which start is right?"),
        (queue[4], "Please correct the length."),
    ):
        choose(page, session, "Return")
        row(page, session).get_by_label("Comment for").fill(comment)
    choose(page, queue[6], "Approve")
    choose(page, queue[11], "Leave")
    row(page, queue[4]).get_by_role("button", name="Priya Nair", exact=True).click()
    expect(row(page, queue[4]).get_by_text(GOAL)).to_be_visible()
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": tall})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    shoot(page, f"approvals-{width}")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_queue_is_clean_at_each_step(page, enter, queue, check_everywhere) -> None:
    enter(page)
    check_everywhere(page)
    choose(page, queue[1], "Return")
    row(page, queue[1]).get_by_label("Comment for Ines").fill(
        "Overlaps your session with Client J. Which start is right?"
    )
    for number in (0, 2, 3, 5, 6, 7, 8, 9, 10):
        choose(page, queue[number], "Approve")
    choose(page, queue[4], "Return")
    row(page, queue[4]).get_by_role("button", name="Priya Nair", exact=True).click()
    expect(row(page, queue[4]).get_by_text(GOAL)).to_be_visible()
    check_everywhere(page)
    page.get_by_role("button", name="Decide").click()
    expect(page.locator("#faults")).to_be_visible()
    check_everywhere(page)
    row(page, queue[4]).get_by_label("Comment for Priya").fill("Please correct the length.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("status")).to_be_visible()
    check_everywhere(page)
    choose(page, queue[11], "Approve")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    check_everywhere(page)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_another_order_keeps_what_was_chosen_and_typed(page, enter, queue) -> None:
    enter(page)
    choose(page, queue[1], "Return")
    row(page, queue[1]).get_by_label("Comment for").fill("Which start is right?")
    choose(page, queue[2], "Approve")
    page.get_by_label("Order").select_option("coach")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**sort=coach**")
    expect(row(page, queue[1]).get_by_label("Comment for")).to_have_value("Which start is right?")
    expect(page.locator(".tally")).to_have_text("1 approve · 1 return · 10 leave")
    page.get_by_role("button", name="Decide 2 sessions").click()
    expect(page.get_by_role("status")).to_contain_text("1 approved, 1 returned, 10 left.")
    page.reload()
    expect(page.locator(".tally")).to_have_text("0 approve · 0 return · 10 leave")
