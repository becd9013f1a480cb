"""The diary in a real browser: with and without script, offline, and after the sign-in ended."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import expect

from supervise.models import Goal, PracticeSession, SignIn
from tests.browser import markup, seen, shoot
from tests.world import World

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


@pytest.fixture
def world(app):
    return World(now=datetime.now(UTC))


@pytest.fixture
def signed_in(app, live, world):
    """Gives a page the cookie of a signed-in learner."""

    def give(page):
        token = SignIn.begin(world.learner, world.centre, "browser", datetime.now(UTC))
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        cookie = signer.dumps({"_user_id": token, "_fresh": True})
        page.context.add_cookies([{"name": "supervise", "value": cookie, "url": live.url}])
        return page

    return give


def ended(world):
    SignIn.update(ended_at=datetime.now(UTC)).where(SignIn.person == world.learner).execute()


def stored():
    return PracticeSession.select().get()


def button(page, name):
    return page.get_by_role("button", name=name)


def fit(page, checker):
    """Holds a page to axe, the checker and its width, on a phone and on a screen."""
    faults = markup(page, checker)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        faults += seen(page)
    assert not faults, "\n".join([page.url, *faults])


def test_a_session_is_logged_and_submitted(either_page, signed_in, world, checker):
    page = signed_in(either_page)
    page.goto("/sessions")
    page.get_by_role("link", name="Log a session").click()
    page.get_by_label("Alias").fill("Client A")
    page.get_by_label("Minutes").fill("500")
    button(page, "Submit to Marian Hale").click()
    expect(page.locator("#faults")).to_contain_text("Minutes: Give the length")
    fit(page, checker)
    page.get_by_label("Minutes").fill("60")
    page.get_by_label("Date").fill(f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}")
    page.get_by_label("Start").fill("00:00")
    page.get_by_label("Counts toward").select_option("D3.04")
    page.get_by_label("What you did").fill("Scaling.")
    button(page, "Submit to Marian Hale").click()
    expect(page.locator("h1")).to_contain_text("Waiting")
    fit(page, checker)
    assert stored().state == "submitted"
    button(page, "Take back").click()
    expect(page.locator("h1")).to_contain_text("Draft")


def test_the_keyboard_alone_saves_a_draft(page, signed_in):
    signed_in(page).goto("/sessions/new")
    page.get_by_label("Alias").focus()
    page.keyboard.type("Client K")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_label("What you did").focus()
    page.keyboard.type("By keyboard.")
    button(page, "Save as draft").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("By keyboard.")).to_be_visible()


def test_the_other_pages_are_fit_to_read(page, signed_in, world):
    world.session(day=date(2026, 9, 1), state="approved")
    world.session(day=date(2026, 9, 2))
    signed_in(page)
    for path in ("/sessions", "/clients", "/engagements/1", "/sessions/1"):
        page.goto(path)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert not seen(page), (path, width)


def test_what_is_typed_saves_itself_and_a_reload_has_it(page, signed_in):
    signed_in(page).goto("/sessions/new")
    page.get_by_label("What you did").fill("Typed and left.")
    expect(page.locator("#saved")).to_contain_text("Draft saved at")
    # the save that carries the second text, not a later one of the first
    with page.expect_response(lambda answer: "Twice" in (answer.request.post_data or "")):
        page.get_by_label("What you learned").fill("Twice.")
        page.get_by_label("Place").focus()
    page.reload()
    expect(page.get_by_label("What you did")).to_have_value("Typed and left.")
    expect(page.get_by_label("What you learned")).to_have_value("Twice.")
    assert PracticeSession.select().count() == 1


def test_two_tabs_show_both_texts(page, signed_in, world):
    session = world.session(done="Before.")
    signed_in(page).goto(f"/sessions/{session.id}/edit")
    other = page.context.new_page()
    other.goto(f"/sessions/{session.id}/edit")
    other.get_by_label("What you did").fill("Of the other tab.")
    expect(other.locator("#saved")).to_contain_text("Draft saved at")
    page.get_by_label("What you did").fill("Of this tab.")
    button(page, "See both").click()
    expect(page.locator("#done-elsewhere")).to_contain_text("Of the other tab.")
    expect(page.get_by_label("What you did")).to_have_value("Of this tab.")
    button(page, "Save as draft").click()
    expect(page.get_by_text("Of this tab.")).to_be_visible()
    assert stored().done == "Of this tab."


def test_a_lost_connection_keeps_the_text_on_the_device(page, signed_in):
    signed_in(page).goto("/sessions/new")
    page.context.set_offline(True)
    page.get_by_label("What you did").fill("Typed in a tunnel.")
    page.get_by_label("Place").focus()
    expect(page.locator("#not-kept")).to_contain_text("Not saved yet: no connection.")
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text("Draft saved at")
    expect(page.locator("#not-kept")).to_be_hidden()
    assert stored().done == "Typed in a tunnel."
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_a_button_pressed_offline_stays_on_the_form(page, signed_in):
    signed_in(page).goto("/sessions/new")
    page.get_by_label("What you did").fill("Typed before.")
    expect(page.locator("#saved")).to_contain_text("Draft saved at")
    page.context.set_offline(True)
    page.get_by_label("What you did").fill("Typed in a tunnel.")
    button(page, "Save as draft").click()
    expect(page.locator("#not-kept")).to_contain_text("Not s")
    expect(page.locator("#saved")).to_be_hidden()
    expect(page.get_by_label("What you did")).to_have_value("Typed in a tunnel.")
    assert "Typed in a tunnel." in page.evaluate("Object.values(localStorage).join()")
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text("Draft saved at")
    expect(page.locator("#saved")).to_be_visible()
    assert stored().done == "Typed in a tunnel."


def test_a_group_is_said_while_it_is_made(page, signed_in, world):
    for alias in ("Client A", "Client B"):
        world.client(alias)
    signed_in(page).goto("/sessions/new")
    expect(page.locator("#group")).to_be_hidden()
    page.get_by_label("Client A").check()
    page.get_by_label("Somebody new, by alias").fill("Client C, client a")
    expect(page.get_by_text("A group of 2")).to_be_visible()
    page.get_by_label("Client B").check()
    expect(page.get_by_text("A group of 3")).to_be_visible()


def test_only_the_goals_of_the_chosen_client_stand_there(page, signed_in, world, new_page):
    me = world.actor(world.learner)
    for alias, kind, words in (
        ("Client A", "coaching", "Lead the meeting"),
        ("Client A", "mentoring", "Find a sponsor"),
        ("Client B", "coaching", "Delegate more"),
    ):
        Goal.set(world.client(alias).engagement(kind), {"text": words}, by=me, now=world.now)
    signed_in(page).goto("/sessions/new")
    lead, sponsor = page.get_by_label("Lead the meeting"), page.get_by_label("Find a sponsor")
    delegate = page.get_by_label("Delegate more")
    expect(page.get_by_text("once you tick the client above")).to_be_visible()
    for field in (lead, sponsor, delegate):
        expect(field).to_be_hidden()
    page.get_by_role("checkbox", name="Client A").check()
    expect(lead).to_be_visible()
    expect(delegate).to_be_hidden()
    expect(page.get_by_text("once you tick the client above")).to_be_hidden()
    shoot(page, "session-goals-1280")
    page.get_by_label("Kind").select_option("mentoring")
    expect(sponsor).to_be_visible()
    expect(lead).to_be_hidden()
    sponsor.select_option("4")
    page.get_by_role("checkbox", name="Client A").uncheck()
    page.get_by_role("checkbox", name="Client B").check()
    expect(sponsor).to_be_visible()  # what was chosen is not hidden
    expect(delegate).to_be_hidden()
    plain = signed_in(new_page(javascript=False, width=390))
    plain.goto("/sessions/new")
    for legend in ("Goals of Client A, coaching", "Goals of Client B, coaching"):
        expect(plain.get_by_role("group", name=legend)).to_be_visible()
    expect(plain.get_by_text("once you tick the client above")).to_be_hidden()
    shoot(plain, "session-goals-plain-390")


def test_an_answer_that_holds_what_was_typed_raises_no_alarm(page, signed_in, world):
    signed_in(page).goto("/sessions/new")
    page.get_by_label("Alias").fill("Client A")
    page.get_by_label("Minutes").fill("1h")
    page.get_by_label("What you did").fill("Scaling.")
    button(page, "Submit to Marian Hale").click()
    expect(page.locator("#faults")).to_contain_text("Give the time it started")
    expect(page.get_by_label("Minutes")).to_have_value("60")
    expect(page.locator("#kept-here")).to_be_hidden()
    assert page.url.endswith(f"/sessions/{stored().id}/edit")
    page.get_by_label("Somebody new, by alias").fill("Jo Smith")
    button(page, "Submit to Marian Hale").click()
    expect(page.locator("#faults")).to_contain_text("looks like a person")
    expect(page.locator("#kept-here")).to_be_hidden()
    page.get_by_label("Use it all the same").check()
    button(page, "Save as draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Client A and Jo Smith")


def test_a_page_closed_offline_offers_the_text_on_return(page, signed_in):
    signed_in(page).goto("/sessions/new")
    page.context.set_offline(True)
    page.get_by_label("What you did").fill("Typed in a tunnel.")
    page.get_by_label("Place").focus()
    expect(page.locator("#not-kept")).to_be_visible()
    page.goto("about:blank")
    page.context.set_offline(False)
    page.goto("/sessions/new")
    expect(page.get_by_label("What you did")).to_have_value("")
    button(page, "Put back what you typed").click()
    expect(page.get_by_label("What you did")).to_have_value("Typed in a tunnel.")
    expect(page.locator("#saved")).to_contain_text("Draft saved at")
    assert stored().done == "Typed in a tunnel."


def test_signing_out_leaves_nothing_on_the_device(page, signed_in):
    signed_in(page).goto("/sessions/new")
    page.evaluate("localStorage.setItem('supervise:entry:0:x', '{}')")
    page.get_by_label("What you did").fill("Private matters.")
    page.evaluate("document.querySelector('form[action=\"/logout\"]').requestSubmit()")
    page.wait_for_url("**/login*")
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_an_ended_sign_in_loses_nothing(page, signed_in, world):
    signed_in(page).goto("/sessions/new")
    ended(world)
    page.get_by_label("What you did").fill("Typed too late.")
    expect(page.locator("#not-kept")).to_contain_text("you were signed out")
    expect(page.get_by_label("What you did")).to_have_value("Typed too late.")
    assert not PracticeSession.select().exists()
    signed_in(page)
    with page.expect_response(lambda r: r.ok and "carries" in (r.request.post_data or "")):
        page.get_by_label("What you learned").fill("It carries on.")
    expect(page.locator("#saved")).to_contain_text("Draft saved at")
    assert (stored().done, stored().reflection) == ("Typed too late.", "It carries on.")


def test_without_script_an_ended_sign_in_keeps_the_text(new_page, signed_in, world):
    page = signed_in(new_page(javascript=False))
    page.goto("/sessions/new")
    page.get_by_label("What you did").fill("Typed too late.")
    ended(world)
    button(page, "Save as draft").click()
    assert "Typed too late." in page.content()
