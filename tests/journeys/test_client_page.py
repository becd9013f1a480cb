"""A client's page, filled in whole: one button, no connection, an ended sign-in, leaving too soon."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import expect

from supervise.models import ClientIdentity, Consent, SignIn
from tests.browser import shoot
from tests.world import World

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture
def world(app):
    return World(now=datetime.now(UTC))


@pytest.fixture
def signed_in(app, live, world):
    """Gives a page the cookie of the signed-in learner."""

    def give(page):
        token = SignIn.begin(world.learner, world.centre, "browser", datetime.now(UTC))
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        cookie = signer.dumps({"_user_id": token, "_fresh": True})
        page.context.add_cookies([{"name": "supervise", "value": cookie, "url": live.url}])
        return page

    return give


def fill(page):
    page.get_by_label("Needs found").fill("Delegates little.")
    page.get_by_label("Name", exact=True).fill("Ottoline Grebe")
    page.get_by_label("E-mail", exact=True).fill("ottoline@example.org")
    page.get_by_label("Given on").fill("2026-03-01")
    page.get_by_label("What they agreed to").fill("Notes.")


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()


def test_one_button_saves_all_and_a_fault_loses_nothing(
    either_page, signed_in, world, check_everywhere, request
):
    page = signed_in(either_page)
    page.goto(f"/clients/{world.client().id}")
    fill(page)
    page.get_by_label("E-mail", exact=True).fill("ottoline")
    save(page)
    expect(page.locator("#faults")).to_contain_text("That is not an e-mail address.")
    expect(page.locator("#faults")).to_be_focused() if "noscript" not in request.node.name else None
    expect(page.get_by_label("Needs found")).to_have_value("Delegates little.")
    expect(page.get_by_label("What they agreed to")).to_have_value("Notes.")
    if "noscript" not in request.node.name:
        check_everywhere(page)
        shoot(page, "client-faults-1280")
    page.get_by_label("E-mail", exact=True).fill("ottoline@example.org")
    page.get_by_role("button", name="Begin coaching Client A").click()
    expect(page.get_by_role("button", name="Write the contract")).to_be_visible()
    page.goto(f"/clients/{world.client().id}")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ottoline Grebe")
    assert Consent.select().count() == 1
    page.set_viewport_size({"width": 390, "height": 844})
    shoot(page, "client-390")


def test_no_connection_and_an_ended_sign_in_leave_the_text_on_the_page(page, signed_in, world):
    signed_in(page).goto(f"/clients/{world.client().id}")
    fill(page)
    page.context.set_offline(True)
    save(page)
    expect(page.locator("#not-kept")).to_contain_text("no connection")
    page.context.set_offline(False)
    SignIn.update(ended_at=datetime.now(UTC)).where(SignIn.person == world.learner).execute()
    save(page)
    expect(page.locator("#not-kept")).to_contain_text("you were signed out")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ottoline Grebe")
    assert not ClientIdentity.select().exists()
    assert (
        page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    )
    signed_in(page)
    save(page)
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert ClientIdentity.get().name == "Ottoline Grebe"


def test_whoever_leaves_before_saving_is_asked(page, signed_in, world):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    signed_in(page).goto(f"/clients/{world.client().id}")
    fill(page)
    page.get_by_role("link", name="All clients").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ottoline Grebe")
    assert asked == ["beforeunload"]
    save(page)
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.get_by_role("link", name="All clients").click()
    expect(page.get_by_role("heading", level=1, name="Clients")).to_be_visible()
    assert asked == ["beforeunload"]
