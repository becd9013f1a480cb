"""A contract saves itself while it is written: what is kept, what is not, and two tabs."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine

from supervise.events import Event
from supervise.models import ClientIdentity, Consent, Contract, Link, erasure
from tests.contracting import draft, engagement_of, offered
from tests.world import World, sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


@pytest.fixture
def learner(app, world):
    client = app.test_client()
    sign_in(client, world.learner, world.centre, world.now)
    return client


@pytest.fixture
def contract(world):
    return draft(world, engagement_of(world))


def text(response, status=200):
    assert response.status_code == status, response.status_code
    return response.get_data(as_text=True)


def fresh(contract):
    return Contract.get_by_id(contract.id)


def sent(contract, **typed):
    """The form as the browser sends it."""
    said = contract.terms
    plan = {"planned_sessions": said.planned_sessions, "planned_minutes": said.planned_minutes}
    page = {"contract": contract.id, "version": contract.version, "parties": said.parties}
    return {**said.parts, **plan, **page, **typed}


def saves(learner, contract, status=200, **typed):
    """The bar after an autosave."""
    path = f"/contracts/{contract.id}/draft"
    return text(learner.post(path, data=sent(contract, **typed), headers=HTMX), status)


def version_in(page):
    return int(re.search(r'name="version" value="(\d+)"', page)[1])


def test_what_is_typed_is_kept_and_the_history_stays_short(world, learner, contract):
    before = Event.select().count()
    for text_ in ("In J", "In June", "In June, at the latest."):
        bar = saves(learner, fresh(contract), ending=text_)
        assert "Draft saved at 10:50" in bar
        assert version_in(bar) == fresh(contract).version
    assert fresh(contract).terms.parts["ending"] == "In June, at the latest."
    assert Event.select().count() == before
    page = text(learner.get(f"/contracts/{contract.id}/edit"))
    assert "In June, at the latest.</textarea>" in page


def test_half_a_contract_is_kept_without_a_word_about_what_lacks(world, learner, contract):
    bar = saves(learner, contract, ending="", ethics="", planned_sessions="")
    assert "Draft saved" in bar
    assert fresh(contract).planned_sessions is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"ending": "When Ottoline has spoken."}, "Ottoline"),
        ({"planned_sessions": "many"}, "Give a whole number."),
        ({"ending": "bell\x07"}, "cannot be shown"),
        ({"ending": "x" * 4001}, "Shorten this to 4000"),
    ],
)
def test_what_must_not_be_kept_is_said_beside_its_field(world, learner, contract, typed, sentence):
    ClientIdentity.create(client=contract.engagement.client, name="Ottoline Grebe")
    [name] = typed
    bar = saves(learner, contract, 422, **{"times": "On Mondays.", **typed})
    assert "Not saved." in bar
    place = re.search(rf'<p class="error"\s+id="{name}-error"[^>]*>([^<]*)', bar)
    assert sentence in place[1]
    assert "hidden" not in place[0]
    assert re.search(r'id="times-error"[^>]*hidden', bar)
    assert fresh(contract).terms == contract.terms
    bar = saves(learner, contract, times="On Mondays.", **{name: contract.terms.parts.get(name, 6)})
    assert re.search(rf'id="{name}-error"[^>]*hidden', bar)


def test_two_tabs_show_both_texts(world, learner, contract):
    saves(learner, contract, ending="Of the other tab.")
    assert "See both" in saves(learner, contract, 409, ending="Of this tab.")
    path = f"/contracts/{contract.id}/edit"
    page = text(learner.post(path, data=sent(contract, ending="Of this tab.")), 409)
    assert "Of this tab.</textarea>" in page
    beside = re.search(r'id="ending-elsewhere">(.*?)</div>', page, re.S)[1]
    assert "Of the other tab." in beside
    assert page.count("-elsewhere") == 1
    assert fresh(contract).terms.parts["ending"] == "Of the other tab."
    again = sent(contract, ending="Of this tab.", version=version_in(page))
    assert learner.post(path, data=again).status_code == 303
    assert fresh(contract).terms.parts["ending"] == "Of this tab."


def test_who_agrees_and_the_plan_are_laid_side_by_side_too(world, learner, contract):
    saves(learner, contract, parties="three", planned_sessions="8")
    path = f"/contracts/{contract.id}/edit"
    page = text(learner.post(path, data=sent(contract, planned_sessions="7")), 409)
    assert "Three-way: coach, client and sponsor</p>" in page
    assert re.search(r'id="planned_sessions-elsewhere">.*?<p>8</p>', page, re.S)


def test_an_answer_that_got_lost_is_no_conflict(world, learner, contract):
    for _ in range(2):
        bar = saves(learner, contract, ending="In June.")
        assert "Draft saved" in bar
    assert version_in(bar) == fresh(contract).version
    path = f"/contracts/{contract.id}/edit"
    for _ in range(2):  # offered, and pressed twice
        data = sent(contract, ending="In June.", go="offer")
        assert learner.post(path, data=data).status_code == 303
    assert fresh(contract).state == "offered"
    assert Link.select().count() == 1


def test_typing_takes_no_offer_back(world, learner):
    contract, links = offered(world, engagement_of(world))
    bar = saves(learner, contract, 422, ending="In June.")
    assert "stays on this device until you press Save" in bar
    assert (fresh(contract).state, fresh(contract).version) == ("offered", contract.version)
    assert Link.get_by_id(links["client"].id).ended_at is None
    path = f"/contracts/{contract.id}/edit"
    assert learner.post(path, data=sent(contract, ending="In June.")).status_code == 303
    assert (fresh(contract).state, fresh(contract).terms.parts["ending"]) == ("draft", "In June.")


def test_a_form_of_the_version_before_saves_over_no_other(world, learner):
    """A form was kept on the device; meanwhile its offer was agreed to in part, and so is closed."""
    from supervise.models import agreeing

    contract, links = offered(world, engagement_of(world), "three")
    agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
    old = fresh(contract)
    new = old.take_back(by=world.actor(world.learner), now=world.now)
    path = f"/contracts/{new.id}"
    stale = sent(old, ending="Of the first version.", version=new.version)
    text(learner.post(f"{path}/draft", data=stale, headers=HTMX), 409)
    page = text(learner.post(f"{path}/edit", data=stale), 409)
    assert 'id="ending-elsewhere"' in page
    page = text(learner.post(f"/contracts/{old.id}/edit", data=stale), 409)
    assert f'action="/contracts/{new.id}/edit"' in page
    assert "Of the first version.</textarea>" in page


def test_nothing_is_kept_once_consent_is_withdrawn(world, learner, contract):
    me = world.actor(world.learner)
    client = contract.engagement.client
    consent = Consent.give(client, date(2026, 9, 1), "Notes", by=me, now=world.now)
    erasure.withdraw(consent, world.now.date(), by=me, now=world.now)
    now_empty = fresh(contract)
    for of in (contract, now_empty):
        bar = saves(learner, of, 422, ending="In June.")
        assert "Consent was withdrawn" in bar
    assert fresh(contract).parts == "{}"


def test_what_is_expected_of_a_sponsor_is_not_lost_while_the_parties_are_chosen(
    world, learner, contract
):
    saves(learner, contract, parties="two", expects_sponsor="Time for the sessions.")
    page = text(learner.get(f"/contracts/{contract.id}/edit"))
    assert "Time for the sessions.</textarea>" in page
    assert "Time for the sessions." not in text(learner.get(f"/contracts/{contract.id}"))
    data = sent(fresh(contract), go="offer")
    assert learner.post(f"/contracts/{contract.id}/edit", data=data).status_code == 303
    assert fresh(contract).state == "offered"
    assert "expects_sponsor" not in fresh(contract).signed_content()["parts"]


def test_without_script_an_ended_sign_in_keeps_the_text(app, world, contract):
    nobody = app.test_client()
    path = f"/contracts/{contract.id}/edit"
    page = text(nobody.post(path, data=sent(contract, ending="Typed too late.")), 401)
    assert 'name="kept-ending" value="Typed too late."' in page


def test_to_the_page_and_back_without_script(world, learner, contract):
    answer = learner.post(f"/contracts/{contract.id}/draft", data=sent(contract, ending="Now."))
    assert answer.status_code == 303
    again = learner.post(f"/contracts/{contract.id}/draft", data=sent(contract, ending="Then."))
    assert "changed in another tab" in text(again, 409)


def test_an_autosave_asks_little(world, learner, contract, queries):
    with queries() as seen:
        saves(learner, contract, ending="In June.")
    assert seen.count <= 12, seen


def test_the_plan_beside_the_hours_fits_what_is_typed(world, learner, contract):
    """As soon as it saves itself, and where it is refused; nothing while a number is wrong."""
    bar = saves(learner, contract, planned_sessions="12")
    assert re.search(r'id="plans"[^>]*data-hx-swap-oob="true"', bar)
    assert "12 sessions of 1 h 30 make 18 h 00; D3.04 needs 30 h 00" in bar
    page = text(learner.get(f"/contracts/{contract.id}/edit"))
    assert "12 sessions of 1 h 30 make 18 h 00" in page
    assert "As saved last" not in page
    wrong = saves(learner, fresh(contract), 422, planned_sessions="many")
    assert 'id="plans"' in wrong
    assert "make 18 h" not in wrong
    refused = sent(fresh(contract), planned_sessions="20", ending="x" * 4001)
    page = text(learner.post(f"/contracts/{contract.id}/edit", data=refused), 422)
    assert "20 sessions of 1 h 30 make 30 h 00, exactly what D3.04 needs." in page
