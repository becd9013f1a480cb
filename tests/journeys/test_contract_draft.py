"""A contract half written: leaving the page, no connection, an ended sign-in, a second tab."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import expect

from supervise.models import ClientIdentity, Contract, SignIn
from supervise.rules.contracts import PARTS
from tests.browser import shoot
from tests.contracting import draft, engagement_of
from tests.world import World

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture
def world(app):
    return World(now=datetime.now(UTC))


@pytest.fixture
def contract(world):
    return draft(world, engagement_of(world))


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


@pytest.fixture
def form(page, signed_in, contract):
    """The contract's form, open in a browser."""
    signed_in(page).goto(f"/contracts/{contract.id}/edit")
    return page


def ending(page):
    return page.get_by_label("How it ends")


def saved(page):
    return expect(page.locator("#saved"))


def kept(page):
    return page.evaluate("Object.keys(localStorage).length")


def stored():
    return Contract.select().get().terms.parts["ending"]


def _closed_and_opened_anew(page):
    """Closed while there was no connection, so that it cannot send what it kept."""
    context = page.context
    page.close()
    context.set_offline(False)
    return context.new_page()


def test_what_is_typed_saves_itself_and_leaving_loses_nothing(form, check_everywhere):
    ending(form).fill("In June.")
    saved(form).to_contain_text("Draft saved at")
    with form.expect_response(lambda answer: "Mondays" in (answer.request.post_data or "")):
        form.get_by_label("Times and schedule").fill("On Mondays.")
        form.get_by_role("link", name="Back to Client A").focus()
    check_everywhere(form)
    shoot(form, "contract-draft-1280")
    form.goto("/")
    form.go_back()
    form.reload()
    expect(ending(form)).to_have_value("In June.")
    expect(form.get_by_label("Times and schedule")).to_have_value("On Mondays.")
    assert kept(form) == 0


def test_what_is_reached_by_tab_does_not_end_under_the_bar(form):
    under = """() => {
      const [field, bar] = [document.activeElement, document.querySelector(".decide")];
      const below = field.getBoundingClientRect().bottom > bar.getBoundingClientRect().top;
      return below && !bar.contains(field) ? field.id : "";
    }"""
    for height in (720, 800, 900):
        form.set_viewport_size({"width": 1280, "height": height})
        form.reload()
        form.locator("#parties-0").focus()
        for _ in range(len(PARTS) + 4):
            form.keyboard.press("Tab")
            assert form.evaluate(under) == "", height


def test_the_total_follows_what_is_typed(form):
    form.get_by_label("Sessions planned").fill("20")
    expect(form.locator("#plans")).to_contain_text("20 sessions of 1 h 30 make 30 h 00")
    form.get_by_label("Minutes each").fill("60")
    expect(form.locator("#plans")).to_contain_text("20 sessions of 1 h 00 make 20 h 00")


def test_the_contents_lead_to_each_part(form):
    contents = form.get_by_role("navigation", name="Parts of this contract")
    for name in ("What it is for", "How we work", "Boundaries and confidence", "Review and ending"):
        contents.get_by_role("link", name=name).click()
        expect(form.get_by_role("heading", name=name)).to_be_in_viewport()


def test_two_tabs_show_both_texts(form, contract, check_everywhere):
    other = form.context.new_page()
    other.goto(f"/contracts/{contract.id}/edit")
    ending(other).fill("Of the other tab.")
    saved(other).to_contain_text("Draft saved at")
    ending(form).fill("Of this tab.")
    form.get_by_role("button", name="See both").click()
    expect(form.locator("#ending-elsewhere")).to_contain_text("Of the other tab.")
    expect(ending(form)).to_have_value("Of this tab.")
    check_everywhere(form)
    shoot(form, "contract-both-1280")
    form.get_by_role("button", name="Save", exact=True).click()
    expect(form.get_by_text("Of this tab.")).to_be_visible()
    assert stored() == "Of this tab."
    assert kept(form) == 0


def test_a_lost_connection_keeps_the_text_on_the_device(form, contract):
    form.context.set_offline(True)
    ending(form).fill("Typed in a tunnel.")
    form.get_by_label("Code of ethics").focus()
    expect(form.locator("#not-kept")).to_contain_text("Not saved yet: no connection.")
    form = _closed_and_opened_anew(form)
    form.goto(f"/contracts/{contract.id}/edit")
    form.get_by_role("button", name="Put back what you typed").click()
    expect(ending(form)).to_have_value("Typed in a tunnel.")
    saved(form).to_contain_text("Draft saved at")
    assert stored() == "Typed in a tunnel."
    assert kept(form) == 0


def test_an_ended_sign_in_loses_nothing(form, signed_in, world):
    SignIn.update(ended_at=datetime.now(UTC)).where(SignIn.person == world.learner).execute()
    ending(form).fill("Typed too late.")
    expect(form.locator("#not-kept")).to_contain_text("you were signed out")
    signed_in(form)
    with form.expect_response(lambda r: r.ok and "Mondays" in (r.request.post_data or "")):
        form.get_by_label("Times and schedule").fill("On Mondays.")
    saved(form).to_contain_text("Draft saved at")
    assert stored() == "Typed too late."


def test_a_name_is_said_beside_its_field_and_stays_off_the_server(form, contract, check_everywhere):
    ClientIdentity.create(client=contract.engagement.client, name="Ottoline Grebe")
    ending(form).fill("Once Ottoline says so.")
    expect(form.locator("#ending-error")).to_contain_text("Ottoline")
    expect(ending(form)).to_have_attribute("aria-invalid", "true")
    saved(form).to_contain_text("Not saved.")
    check_everywhere(form)
    form.set_viewport_size({"width": 390, "height": 844})
    shoot(form, "contract-named-390")
    assert "Ottoline" not in Contract.select().get().parts
    ending(form).fill("Once the client says so.")
    saved(form).to_contain_text("Draft saved at")
    expect(form.locator("#ending-error")).to_be_hidden()
    expect(ending(form)).to_have_attribute("aria-invalid", "false")


@pytest.mark.parametrize("where", ["/", "/clients"])
def test_signing_out_on_any_page_leaves_nothing_on_the_device(form, where):
    form.context.set_offline(True)
    ending(form).fill("Typed in a tunnel.")
    form.get_by_label("Code of ethics").focus()
    expect(form.locator("#not-kept")).to_be_visible()
    assert kept(form) == 1
    form = _closed_and_opened_anew(form)
    form.goto(where)
    form.get_by_role("button", name="Sign out").click()
    form.wait_for_url("**/login*")
    assert kept(form) == 0
