"""Supervision in a real browser: published, booked on two phones, moved, cancelled, held, recorded,
signed by both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Page, expect

from supervise import signing
from supervise.models import Busy, Meeting, Person
from supervise.reports import verify
from tests.browser import Live, shoot
from tests.world import NOW, World, sign_in

AFTER = datetime(2026, 10, 12, 13, 0, tzinfo=UTC)
"""The Monday of the meeting, two hours after it."""


@pytest.fixture
def clock(app) -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(clock: Any) -> World:
    signing.use_key("the key of this test")
    return World()


@pytest.fixture
def enter(live: Live, world: World) -> Callable[..., Page]:
    """Sign somebody in, in this browser, at this moment, and go to a page."""

    def come_in(page: Page, person: Person, address: str, now: datetime = NOW) -> Page:
        client = live.app.test_client()
        sign_in(client, person, world.centre, now)
        name = live.app.config["SESSION_COOKIE_NAME"]
        value = client.get_cookie(name).value
        page.context.add_cookies([{"name": name, "value": value, "url": live.url}])
        page.goto(address)
        return page

    return come_in


def _as_with_a_script(page: Page) -> None:
    """The same pages were checked with a script; without one that is slow and finds no more."""


def book_next(phone: Page, when: str) -> None:
    """Three taps: the next free time, and book it."""
    phone.get_by_role("link", name="Next free time").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text(when)
    phone.get_by_role("button", name="Book", exact=True).click()
    expect(phone.get_by_text(f"Booked: {when} with Marian Hale.")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "noscript"])
@pytest.mark.parametrize("engine", ["sqlite"])
def test_from_a_free_time_to_both_signatures(
    javascript: bool, engine: str, world: World, clock: Any, new_page, enter, check_page
) -> None:
    how = "script" if javascript else "plain"
    check = check_page if javascript else _as_with_a_script
    owen = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", owen)
    world.session(state="submitted", day=datetime(2026, 9, 21, tzinfo=UTC).date(),
                  to_raise="Was I coaching, or giving advice?")  # fmt: skip

    boss = enter(new_page(javascript=javascript), world.supervisor, "/availability/new")
    boss.get_by_label("Weekday").select_option("Monday")
    boss.get_by_label("Day it begins").fill("2026-10-12")
    boss.get_by_label("From", exact=True).fill("09:00")
    boss.get_by_label("Until", exact=True).fill("12:00")
    boss.get_by_label("Minutes each").fill("60")
    boss.get_by_label("Address of the call").fill("https://meet.example.org/marian")
    check(boss)
    shoot(boss, f"supervision-publish-{how}-1280")
    boss.get_by_role("button", name="Publish").click()
    expect(boss.get_by_role("heading", level=1)).not_to_have_text("Publish times")

    priya, owens = (new_page(javascript=javascript, width=390, height=844) for _ in range(2))
    enter(priya, world.learner, "/calendar")
    book_next(priya, "Mon 12 Oct, 09:00")
    expect(priya.get_by_text("Was I coaching, or giving advice?")).to_be_visible()
    check(priya)
    shoot(priya, f"supervision-booked-{how}-390")
    enter(owens, owen.learner, "/calendar")
    book_next(owens, "Mon 12 Oct, 10:00")

    priya.get_by_role("link", name="Move it to another time").click()
    priya.get_by_label("Mon 12 Oct, 11:00").check()
    priya.get_by_label("Why you move it").fill("A client can only come at nine.")
    check(priya)
    shoot(priya, f"supervision-move-{how}-390")
    priya.get_by_role("button", name="Move it").click()
    expect(priya.get_by_role("heading", level=1)).to_contain_text("Mon 12 Oct, 11:00")

    owens.locator("summary", has_text="Cancel it").click()
    owens.get_by_role("button", name="Cancel it").click()
    expect(owens.get_by_role("heading", name="One thing to change")).to_be_visible()
    owens.get_by_label("Why", exact=True).fill("I am ill.")
    owens.get_by_role("button", name="Cancel it").click()
    expect(owens.get_by_role("heading", level=1)).to_contain_text("Cancelled")
    check(owens)
    shoot(owens, f"supervision-cancelled-{how}-390")
    assert Busy.select().count() == 2

    clock.move_to(AFTER, tick=False)
    enter(boss, world.supervisor, "/supervision?state=write", AFTER)
    check(boss)
    shoot(boss, f"supervision-list-{how}-1280")
    boss.get_by_role("link", name="Mon 12 Oct, 11:00").click()
    expect(boss.get_by_role("checkbox", name="Priya Nair")).to_be_checked()
    boss.get_by_label("Length in minutes").fill("50")
    boss.get_by_role("button", name="It took place").click()
    expect(boss.get_by_text("Was I coaching, or giving advice?")).to_be_visible()
    boss.get_by_label("What you discussed").fill("Coaching and advice, and how to tell.")
    if javascript:
        expect(boss.get_by_text("Draft saved at 14:00")).to_be_visible()
        boss.reload()
        expect(boss.get_by_label("What you discussed")).to_have_value(
            "Coaching and advice, and how to tell."
        )
    boss.get_by_label("Your feedback").fill("You noticed it yourself.")
    boss.get_by_label("Learning goals agreed").fill("Ask once more before I advise.")
    boss.get_by_label("Action 1", exact=True).fill("Count the advice in three sessions")
    boss.get_by_label("Private note").fill("Confident today.")
    boss.get_by_role("button", name="Sign the record").click()
    expect(boss.get_by_role("heading", name="One thing to change")).to_be_visible()
    boss.get_by_label("By", exact=True).first.fill("2026-11-09")
    check(boss)
    shoot(boss, f"supervision-record-{how}-1280")
    boss.get_by_role("button", name="Sign the record").click()
    expect(boss.get_by_text("Priya Nair has not signed yet")).to_be_visible()

    enter(priya, world.learner, "/supervision?state=sign", AFTER)
    priya.get_by_role("link", name="Mon 12 Oct, 11:00").click()
    expect(priya.get_by_text("You noticed it yourself.")).to_be_visible()
    assert "Confident today." not in priya.content()
    priya.get_by_label("Your reply").fill("I will count.")
    priya.get_by_label("Your reflection").fill("Advice is quicker for me, not for them.")
    if javascript:
        expect(priya.get_by_text("Draft saved at 14:00")).to_be_visible()
    check(priya)
    shoot(priya, f"supervision-answer-{how}-390")
    priya.get_by_role("button", name="Sign the record").click()
    expect(priya.get_by_role("heading", level=1)).to_contain_text("Signed")
    priya.get_by_role("button", name="Done").click()
    expect(priya.get_by_text("done 12 Oct 2026")).to_be_visible()
    check(priya)
    shoot(priya, f"supervision-signed-{how}-390")

    boss.reload()
    expect(boss.get_by_text("Advice is quicker for me, not for them.")).to_be_visible()
    check(boss)
    shoot(boss, f"supervision-signed-{how}-1280")
    assert sorted(m.state for m in Meeting.select()) == ["cancelled", "signed"]
    assert not list(verify.verify(world.centre))
