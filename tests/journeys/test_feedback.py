"""Feedback in a real browser: the coach asks, a client answers on a phone, the coach reads and replies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import time_machine
from playwright.sync_api import Page, expect

from supervise.models import Feedback, Link, Person
from tests.browser import Live, shoot
from tests.feedbacks import give, invite
from tests.world import NOW, World, sign_in

WAITED = "She waited until I had found the word myself.\nNobody does that at work."


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


def link_of(feedback: Feedback) -> str:
    return f"/link/{Link.get_by_id(feedback.link_id).token}"


def choose_all(page: Page, word: str) -> None:
    for group in page.locator("fieldset.rating").all():
        group.get_by_role("radio", name=word, exact=True).check()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "noscript"])
@pytest.mark.parametrize("engine", ["sqlite"])
def test_asked_given_on_a_phone_read_and_replied_to(
    javascript: bool, engine: str, world: World, new_page, enter
) -> None:
    world.client()
    coach = enter(new_page(javascript=javascript), world.learner, "/feedback")
    coach.get_by_role("link", name="Invite a client on the practitioner").click()
    coach.get_by_label("Client").select_option("Client A")
    coach.get_by_role("button", name="Make the link").click()
    expect(coach.get_by_text("Choose with or without a name.").last).to_be_visible()
    coach.get_by_role("radio", name="With a name").check()
    coach.get_by_role("button", name="Make the link").click()
    address = coach.get_by_label("Link to send").input_value()

    phone = new_page(javascript=javascript, width=390, height=844)
    phone.goto(address)
    phone.get_by_label("What do they do that helps most?").fill(WAITED)
    phone.get_by_role("button", name="Send my feedback").click()
    expect(phone.get_by_role("heading", name="4 things to change")).to_be_visible()
    assert phone.get_by_label("What do they do that helps most?").input_value() == WAITED
    shoot(phone, f"link-feedback-faults-390-{'script' if javascript else 'plain'}")
    choose_all(phone, "Very well")
    phone.get_by_role("checkbox").check()
    phone.get_by_role("button", name="Send my feedback").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    phone.goto(address)
    expect(phone.get_by_role("heading", name="Thank you, this is answered")).to_be_visible()

    coach.reload()
    told = coach.get_by_role("article", name="Client A")
    expect(told.get_by_text("She waited until I had found")).to_be_visible()
    expect(told.get_by_text("May be quoted")).to_be_visible()
    told.get_by_text("Reply to Client A").click()
    told.get_by_label("Your reply").fill("Thank you. I will keep waiting.")
    told.get_by_role("button", name="Keep this reply").click()
    expect(coach.get_by_text("Thank you. I will keep waiting.")).to_be_visible()
    expect(coach.get_by_role("button", name="Keep this reply")).to_have_count(0)

    boss = enter(new_page(javascript=javascript), world.supervisor, f"/learners/{world.learner.id}")
    boss.get_by_role("link", name="What clients, sponsors and observers say").click()
    expect(boss.get_by_text("Thank you. I will keep waiting.")).to_be_visible()


@pytest.mark.parametrize("engine", ["sqlite"])
def test_at_two_answers_nothing_is_shown_and_at_three_all_are(
    engine: str, world: World, new_page, enter
) -> None:
    for number in range(2):
        give(world, f"Said by {number}.", anonymous=True, alias=f"Client {number}")
    third = invite(world, anonymous=True, alias="Client 2")
    coach = enter(new_page(), world.learner, "/feedback")
    boss = enter(new_page(), world.supervisor, f"/learners/{world.learner.id}/feedback")
    for page in (coach, boss):
        expect(page.get_by_text("3 asked, not yet enough answers")).to_be_visible()
        expect(page.get_by_text("Said by")).to_have_count(0)
    shoot(coach, "feedback-floor-at-2-1280")
    phone = new_page(width=390, height=844)
    phone.goto(link_of(third))
    choose_all(phone, "Well")
    phone.get_by_label("What do they do that helps most?").fill("Said by the third.")
    phone.get_by_role("button", name="Send my feedback").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    for page in (coach, boss):
        page.reload()
        for said in ("Said by 0.", "Said by 1.", "Said by the third."):
            expect(page.get_by_text(said).first).to_be_visible()
    shoot(coach, "feedback-floor-at-3-1280")
    shoot(boss, "feedback-supervisor-1280")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_pages_are_clean_and_pictured(
    engine: str, world: World, new_page, enter, check_everywhere
) -> None:
    give(world, WAITED, may_quote=True)
    for number in range(4):
        give(world, f"Said by {number}.", anonymous=True, alias=f"Client {number}")
    give(world, "The goals were met.", source="sponsor", about="programme")
    invite(world, source="observer", name="Una Marsh")
    feedback = invite(world, about="programme", anonymous=True)

    def look(page: Page, name: str) -> None:
        check_everywhere(page)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            shoot(page, f"{name}-{width}")

    phone = new_page()
    phone.goto(link_of(feedback))
    look(phone, "link-feedback")
    phone.get_by_role("button", name="Send my feedback").click()
    expect(phone.get_by_text(re.compile("things to change"))).to_be_visible()
    check_everywhere(phone)
    choose_all(phone, "Well")
    phone.get_by_role("button", name="Send my feedback").click()
    look(phone, "link-given")
    coach = enter(new_page(), world.learner, "/feedback")
    look(coach, "learner-feedback")
    coach.goto("/feedback/invite?source=observer&about=programme")
    coach.get_by_role("button", name="Make the link").click()
    look(coach, "learner-feedback-invite")
    look(
        enter(new_page(), world.supervisor, f"/learners/{world.learner.id}/feedback"),
        "supervisor-feedback",
    )
    admin = enter(new_page(), world.admin, "/centre/questions")
    admin.get_by_label("Words of question 2 on the programme").fill(
        "How well did the sessions fit what was needed?"
    )
    admin.get_by_role("button", name="Save the questions").click()
    look(admin, "admin-questions")
