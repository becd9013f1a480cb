"""A phone without a connection: what somebody wrote on a link's page is kept in that tab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from playwright.sync_api import Page, expect

from supervise.models import Confirmation, Contract, Feedback, Link, confirmations
from tests.contracting import engagement_of, offered
from tests.feedbacks import invite
from tests.world import NOW, World

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])
NOT_SENT = "Not sent: no connection. What you wrote is kept on this device."
STORED = "() => [Object.keys(sessionStorage).length, Object.keys(localStorage).length]"


@pytest.fixture
def world(app) -> Iterator[World]:
    with time_machine.travel(NOW):
        yield World()


def offline(page: Page, button: str) -> None:
    """Press a button without a connection, then lose the page and open it again."""
    page.context.set_offline(True)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text(NOT_SENT).locator("visible=true")).to_have_count(1)
    page.context.set_offline(False)
    address = page.url
    page.goto("about:blank")
    page.goto(address)


def test_feedback_written_without_a_connection(new_page, world, check_page):
    feedback = invite(world, anonymous=True)
    phone = new_page(width=390, height=844)
    phone.goto(f"/link/{Link.get_by_id(feedback.link_id).token}")
    for group in phone.locator("fieldset.rating").all():
        group.get_by_role("radio", name="Well", exact=True).check()
    helped = phone.get_by_label("What do they do that helps most?")
    helped.fill("They wait.\nNobody else does.")
    phone.get_by_role("checkbox").check()
    offline(phone, "Send my feedback")
    assert helped.input_value() == "They wait.\nNobody else does."
    expect(phone.get_by_role("checkbox")).to_be_checked()
    assert phone.evaluate(STORED) == [1, 0]
    check_page(phone)
    phone.get_by_role("button", name="Send my feedback").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    assert "Nobody else does." in Feedback.get_by_id(feedback.id).answers
    assert phone.evaluate(STORED) == [0, 0]
    phone.go_back()
    phone.reload()
    assert helped.input_value() == ""


def test_a_dispute_and_a_not_yet_written_without_a_connection(new_page, world):
    session = world.session()
    me = world.actor(world.learner)
    asked = confirmations.ask(world.client(), [session.id], by=me, now=NOW)
    phone = new_page(width=390, height=844)
    phone.goto(f"/link/{asked.token}")
    phone.get_by_text("No, something is different").click()
    phone.get_by_role("radio", name="Something else").check()
    phone.get_by_label("In a few words").fill("We met by phone.")
    send = "Send this to your coach and the supervisor"
    offline(phone, send)
    expect(phone.get_by_label("In a few words")).to_have_value("We met by phone.")
    phone.get_by_role("button", name=send).click()
    expect(phone.get_by_role("heading", name="Thank you, this is answered")).to_be_visible()
    assert Confirmation.get().reason == "We met by phone."

    contract, links = offered(world, engagement_of(world))
    phone.goto(f"/link/{links['client'].token}")
    why = phone.get_by_label("What should be different?")
    why.fill("Fewer sessions, please.")
    offline(phone, "Send it back")
    assert why.input_value() == "Fewer sessions, please."
    phone.get_by_role("button", name="Send it back").click()
    expect(phone.get_by_role("heading", name="Thank you, it goes back")).to_be_visible()
    assert Contract.get_by_id(contract.id).declined_why == "Fewer sessions, please."
    assert phone.evaluate(STORED) == [0, 0]
