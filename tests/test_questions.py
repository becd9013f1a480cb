"""The centre's own questions for feedback: both lists in one form, saved together."""

from __future__ import annotations

import html
import re

import pytest
import time_machine

from supervise.models import FeedbackQuestion
from supervise.rules.feedback import ABOUTS, BUILT_IN
from supervise.workflow import NotAllowed
from tests.test_feedback import text
from tests.world import World, sign_in

PATH = "/centre/questions"


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


@pytest.fixture
def admin(app, world):
    client = app.test_client()
    sign_in(client, world.admin, world.centre, world.now)
    return client


def form_of(page):
    """What a browser would send of the page as it stands."""
    form = {}
    for about in ABOUTS:
        part = page[page.index(f'id="{about}"') :]
        part = part[: part.index("</section>")]
        form |= {
            f"{about}-seal": re.search(rf'name="{about}-seal" value="(\w+)"', part)[1],
            f"{about}-text": [html.unescape(t) for t in re.findall(
                rf'name="{about}-text"\s+autocomplete="off"\s+value="([^"]*)"', part)],
            f"{about}-kind": re.findall(r'value="(rating|open)" selected', part),
            f"{about}-order": re.findall(rf'name="{about}-order"[^>]*value="([^"]*)"', part),
        }  # fmt: skip
    return form


def texts(centre, about="practitioner"):
    return [question.text for question in FeedbackQuestion.of(centre, about)]


def built_in(about="practitioner"):
    return [question.text for question in BUILT_IN[about]]


def put(world, about, questions, by=None):
    FeedbackQuestion.put(
        about, questions, seen=FeedbackQuestion.of(world.centre, about),
        by=world.actor(by or world.admin), now=world.now,
    )  # fmt: skip


def test_an_administrator_adds_changes_removes_and_orders_questions(world, admin):
    assert "Change the questions" in text(admin.get("/centre"))
    form = form_of(text(admin.get(PATH)))
    assert form["practitioner-text"] == built_in() + ["", ""]
    form["practitioner-text"][0] = "How well do they hear you?"
    form["practitioner-order"][0] = "5"
    form["practitioner-text"][6], form["practitioner-kind"][6] = "What surprised you?", "open"
    form["practitioner-remove"] = ["2", "3"]
    assert admin.post(PATH, data=form).status_code == 303
    before = built_in()
    assert texts(world.centre) == [
        before[1], "How well do they hear you?", before[4], before[5], "What surprised you?"
    ]  # fmt: skip
    assert texts(world.centre, "programme") == built_in("programme")
    assert "changed the questions on the practitioner: 6 before, 5 now" in text(
        admin.get("/centre")
    )
    form = form_of(text(admin.get(PATH))) | {"practitioner-built-in": "yes"}
    form["practitioner-text"][1] = "Dropped by the tick?"
    assert admin.post(PATH, data=form).status_code == 303
    assert texts(world.centre) == before


def test_one_save_keeps_what_was_typed_in_both(world, admin):
    form = form_of(text(admin.get(PATH)))
    form["practitioner-text"][0] = "How well do they hear you?"
    form["programme-text"][0] = "How well did it fit?"
    assert admin.post(PATH, data=form).status_code == 303
    assert texts(world.centre)[0] == "How well do they hear you?"
    assert texts(world.centre, "programme")[0] == "How well did it fit?"


def test_a_fault_in_one_saves_neither_and_loses_nothing_of_the_other(world, admin):
    put(world, "programme", BUILT_IN["programme"][:2])
    form = form_of(text(admin.get(PATH)))
    form["practitioner-text"][0] = "How well do they hear you?"
    form["programme-text"][0] = form["programme-text"][1]
    page = text(admin.post(PATH, data=form), 422)
    assert "stands here twice" in page
    assert form_of(page)["practitioner-text"][0] == "How well do they hear you?"
    assert texts(world.centre) == built_in()
    form = form_of(page) | {"programme-built-in": "yes"}
    assert admin.post(PATH, data=form).status_code == 303
    assert texts(world.centre, "programme") == built_in("programme")
    assert texts(world.centre)[0] == "How well do they hear you?"


def test_what_somebody_else_changed_meanwhile_is_shown_and_what_was_left_alone_is_theirs(
    world, admin
):
    form = form_of(text(admin.get(PATH)))
    put(world, "programme", BUILT_IN["programme"][:2])
    left_alone = dict(form)
    left_alone["practitioner-text"] = ["How well do they hear you?", *form["practitioner-text"][1:]]
    assert admin.post(PATH, data=left_alone).status_code == 303
    assert texts(world.centre, "programme") == built_in("programme")[:2]
    form["programme-text"][0] = "How well did it fit?"
    form["practitioner-seal"] = form_of(text(admin.get(PATH)))["practitioner-seal"]
    form["practitioner-text"] = form_of(text(admin.get(PATH)))["practitioner-text"]
    page = text(admin.post(PATH, data=form), 422)
    assert "Somebody changed these questions meanwhile." in page
    assert "Asked now, and replaced by yours if you save again:" in page
    assert "How well did it fit?" in page
    assert admin.post(PATH, data=form_of(page)).status_code == 303
    assert texts(world.centre, "programme")[0] == "How well did it fit?"


@pytest.mark.parametrize("about", ABOUTS)
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f, a: f[f"{a}-text"].__setitem__(1, f[f"{a}-text"][0]), "stands here twice"),
        (lambda f, a: f[f"{a}-text"].__setitem__(1, "x" * 201), "Keep a question to 200"),
        (lambda f, a: f[f"{a}-kind"].__setitem__(1, "essay"), "Choose rating or open."),
        (lambda f, a: f[f"{a}-order"].__setitem__(1, "first"), "Give its place as a number"),
        (lambda f, a: f.update({f"{a}-text": [""] * 8}), "Keep at least one question"),
        (lambda f, a: f.update({f"{a}-seal": "old"}), "Somebody changed these questions"),
    ],
)
def test_questions_that_cannot_be_asked_come_back_as_typed(world, admin, change, sentence, about):
    form = form_of(text(admin.get(PATH)))
    form[f"{about}-text"][3] = "A word of my own?"
    change(form, about)
    page = text(admin.post(PATH, data=form), 422)
    assert sentence in page
    assert "A word of my own?" in page or not any(form[f"{about}-text"])
    assert FeedbackQuestion.select().count() == 0


def test_each_centre_asks_its_own(world):
    put(world, "programme", BUILT_IN["programme"][:2])
    assert texts(World().centre, "programme") == built_in("programme")
    with pytest.raises(NotAllowed):
        put(world, "programme", [], by=world.tutor)
