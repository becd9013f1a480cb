"""The catalogue as people read it: programmes, units, search, and what the centre has set beside it."""

from datetime import date
from html import unescape
from urllib.parse import quote

import pytest
import time_machine

from supervise import catalogue
from supervise.catalogue import read_official
from supervise.models import OfficialWording, UnitSetRule
from supervise.reports import catalogue as report
from tests.world import World, sign_in

BOOK = catalogue.load()
EVERY_PAGE = [
    "/catalogue",
    *(f"/catalogue/{programme.code}" for programme in BOOK.programmes),
    *(f"/catalogue/units/{unit.code}" for unit in BOOK.units),
]
RULED = [
    ("ILM-L3-CWCM", "All 7 units, 28 credits."),
    ("5D2V2", "All 7 units, 42 credits."),
    ("5A2V2", "Any of its 6 units, to at least 6 credits."),
    ("5C2V2", "Any of its 6 units, to at least 18 credits."),
    ("CMI-L3-UNITS", "Your centre has not set a rule."),
    ("ILM-8580", "Your centre has not set a rule."),
]


@pytest.fixture
def world(app):
    made = World()
    with time_machine.travel(made.now, tick=False):
        yield made


@pytest.fixture
def read(client, world):
    """Opens a page as the learner and returns its words."""
    sign_in(client, world.learner, world.centre, world.now)

    def get(path: str, status: int = 200, **headers: str) -> str:
        answer = client.get(path, headers=headers)
        assert answer.status_code == status, path
        return " ".join(unescape(answer.get_data(as_text=True)).split())

    return get


def test_somebody_not_signed_in_is_asked_to(client, world):
    for path in ("/catalogue", "/catalogue/5A2V2", "/catalogue/units/501"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.location.startswith("/login")


def test_every_role_may_read_it(app, world):
    for person in (world.learner, world.supervisor, world.tutor, world.admin):
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        assert client.get("/catalogue").status_code == 200


def test_the_list_shows_each_programme_with_its_rule_and_links_every_unit(read):
    text = read("/catalogue")
    for programme in BOOK.programmes:
        assert f'href="/catalogue/{programme.code}">{programme.title}<' in text
    for unit in BOOK.units:
        assert f'href="/catalogue/units/{unit.code}"' in text
    for _, rule in RULED:
        assert rule in text
    assert "5A2V2 closed to new registrations on 31 August 2020: check with CMI" in text
    assert (
        "All its units are past the review date: check with ILM that they are still open." in text
    )


def test_a_programme_says_its_rule(read):
    for code, rule in RULED:
        text = read(f"/catalogue/{code}")
        assert rule in text
        for unit in BOOK.programme(code).units:
            assert f'href="/catalogue/units/{unit}"' in text


def test_a_programme_says_what_its_guided_hours_consist_of(read):
    text = read("/catalogue/ILM-L3-CWCM")
    assert "At least 65 h, with 1 h of induction and 4 h of tutorials" in text
    assert "3 years from enrolment" in text


def test_a_unit_set_shows_the_rule_of_ones_own_centre_alone(read, world):
    there = World()
    UnitSetRule.put("ILM-8580", 99, ["503"], by=there.actor(there.admin), now=there.now)
    assert "Your centre has not set a rule." in read("/catalogue/ILM-8580")
    by = world.actor(world.admin)
    UnitSetRule.put("ILM-8580", 10, ["501", "500"], by=by, now=world.now)
    said = "Your centre asks for at least 10 credits and units 501 and 500."
    assert said in read("/catalogue/ILM-8580")
    assert said in read("/catalogue")
    UnitSetRule.put("ILM-8580", None, ["501"], by=by, now=world.now)
    assert "Your centre asks for unit 501." in read("/catalogue/ILM-8580")


ASKED = [
    (
        "D3.04",
        [
            "At least 30 hours of coaching",
            "Needed: one must be assigned on the day of the session",
            "Not needed for a session to count",
            "Expected; where there is none, give the reason",
            "Unit D3.04 was due for review by 31 December 2014: check with ILM that it is still open.",
            "Pass with at least 50 of 100 marks in all, and the least mark in every section.",
        ],
    ),
    (
        "501",
        [
            "At least 12 hours of coaching or mentoring",
            "Needed: a session counts from the day the client agreed it",
            "Pass with the least mark for every criterion",
            "2,500 to 3,000 words",
            "session record, hours",
        ],
    ),
    ("503", ["Of 12 months or more", "D5.02 is its equivalent"]),
    ("D3.03", ["Your centre does not let these hours count in"]),
    ("D3.01", ["on one mark sheet with", "Of D3.02"]),
    (
        "3011V1",
        ["None asked for", "Pass when every criterion is met. No marks are given.", "M/504/9049"],
    ),
]


def test_a_unit_says_in_words_what_it_asks_for(read):
    for code, sentences in ASKED:
        text = read(f"/catalogue/units/{code}")
        for sentence in sentences:
            assert sentence in text, (code, sentence)


def test_a_short_unit_says_when_the_centre_lets_its_hours_count_twice(read, world):
    world.centre.change(by=world.actor(world.admin), now=world.now, short_hours_count_in_long=True)
    assert "Your centre lets these hours count in" in read("/catalogue/units/D3.06")


def test_a_unit_shows_every_outcome_criterion_and_section(read):
    for unit in BOOK.units:
        text = read(f"/catalogue/units/{unit.code}")
        assert f"{unit.code} {unit.title}" in text
        for outcome in unit.outcomes:
            assert f"Outcome {outcome.number}: {outcome.label}" in text
        for criterion in unit.criteria:
            assert criterion.label in text
            assert ", ".join(criterion.evidence) in text
        for section in unit.assessment.sections:
            assert section.label in text
        assert ("Least to pass" in text) == (unit.assessment.pass_rule != "criteria_met")


def test_official_wording_stands_beside_our_label_with_its_source(read, world):
    words = "Words of the body about contracts & goals"
    found = read_official(f"unit,number,text\n501,1,The outcome in full\n501,1.1,{words}\n")
    there = World()
    for place, version in ((there, BOOK.version), (world, "2025-1")):
        OfficialWording.take(found.entries, version, by=place.actor(place.admin), now=world.now)
    assert words not in read("/catalogue/units/501")
    OfficialWording.take(found.entries, BOOK.version, by=world.actor(world.admin), now=world.now)
    text = read("/catalogue/units/501")
    assert words in text
    assert "The outcome in full" in text
    assert BOOK.unit("501").criteria[0].label in text
    assert (
        f"Official wording: ILM’s words, from {world.centre.name}’s own copy of unit 501." in text
    )
    assert "Not imported" in text
    assert "Official wording:" not in read("/catalogue/units/503")


@pytest.mark.parametrize(
    ("asked", "programmes", "units"),
    [
        ("d3.04", [], ["D3.04"]),
        ("5A2V2", ["5A2V2"], []),
        ("extended COACHING", [], ["D3.04"]),
        ("obstacles foreseen", [], ["D3.01"]),
        ("   ", [], []),
        ("no such words", [], []),
    ],
)
def test_a_search_finds_by_code_title_and_label(asked, programmes, units):
    found = report.search(BOOK, asked)
    assert [programme.code for programme in found.programmes] == programmes
    assert [hit.unit.code for hit in found.units] == units


def test_a_search_shows_the_criterion_it_found_and_answers_in_place(read):
    for headers in ({}, {"HX-Request": "true"}):
        text = read("/catalogue?q=obstacles+foreseen", **headers)
        assert "2.4 Obstacles foreseen, with ways round them" in text
        assert 'id="catalogue-list"' in text
        assert ("<html" in text) == (not headers)


def test_a_search_without_a_find_says_what_to_do(read):
    text = read(f"/catalogue?q={quote('<b>zebra')}")
    assert "Nothing holds" in text
    assert "<b>zebra" in text
    assert "see the whole catalogue" in text


def test_what_the_catalogue_does_not_hold_is_not_found(read):
    for path in (
        "/catalogue/nothing", "/catalogue/501", "/catalogue/units/502", "/catalogue/units/5A2V2",
        "/catalogue?version=1999-1", "/catalogue/units/501?version=..%2F2026-1",
    ):  # fmt: skip
        read(path, status=404)


def test_a_version_may_be_named(read):
    assert "All 7 units" in read(f"/catalogue/5D2V2?version={BOOK.version}")


def test_an_older_version_says_so_and_links_within_itself(read, monkeypatch):
    monkeypatch.setattr(catalogue, "versions", lambda: (BOOK.version, "2027-1"))
    text = read(f"/catalogue?version={BOOK.version}")
    assert f"This is version {BOOK.version}, which enrolments that began with it keep." in text
    assert f'href="/catalogue/units/501?version={BOOK.version}"' in text
    assert "<option>2027-1</option>" in text
    assert f"<option selected>{BOOK.version}</option>" in text


def test_nothing_is_out_of_date_before_its_date():
    programme = BOOK.programme("ILM-L3-CWCM")
    assert report.cautions(BOOK, programme, date(2014, 12, 31)) == []
    assert report.cautions(BOOK, programme, date(2015, 1, 1)) == [
        "Units D3.01, D3.02, D3.03, D3.04 and D3.07 are past the review date: "
        "check with ILM that they are still open."
    ]


def test_each_page_asks_the_database_little(client, world, queries):
    sign_in(client, world.supervisor, world.centre, world.now)
    for path in ("/catalogue", "/catalogue/ILM-8580", "/catalogue/units/501"):
        with queries() as seen:
            assert client.get(path).status_code == 200
        assert seen.count <= 6, seen


@pytest.mark.parametrize("engine", ["sqlite"])
def test_every_page_is_valid_html(client, checker, world, engine):
    sign_in(client, world.learner, world.centre, world.now)
    for path in EVERY_PAGE:
        faults = checker.check(client.get(path).get_data(as_text=True))
        assert not faults, f"{path}: {faults}"
