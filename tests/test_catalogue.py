"""The catalogue against the facts it was made from, figure by figure."""

import json
from datetime import date
from pathlib import Path

import pytest

from supervise.catalogue import (
    EVIDENCE_KINDS,
    Programme,
    Unit,
    UnknownCode,
    UnknownVersion,
    as_json,
    load,
    read_official,
    versions,
)

FACTS = json.loads((Path(__file__).parent / "data" / "facts.json").read_text(encoding="utf-8"))
CATALOGUE = load()
SET_CODES = {
    "CMI Level 3 coaching and mentoring units": "CMI-L3-UNITS",
    "ILM Level 5 units": "ILM-8580",
}


def by_code(items):
    return pytest.mark.parametrize("fact", items, ids=lambda fact: fact.get("code", fact["level"]))


def words(text):
    return text.split()


def iso(value):
    return value.isoformat() if value else None


def test_totals_are_those_of_the_facts():
    units = CATALOGUE.units
    assert {
        "units": len(units),
        "outcomes": sum(len(unit.outcomes) for unit in units),
        "criteria": sum(len(unit.criteria) for unit in units),
    } == FACTS["totals"]
    assert FACTS["totals"] == {"units": 23, "outcomes": 81, "criteria": 240}
    assert len(CATALOGUE.qualifications) == 4
    assert len(CATALOGUE.unit_sets) == 2


@by_code(FACTS["units"])
def test_every_figure_of_a_unit_is_the_fact(fact):
    unit = CATALOGUE.unit(fact["code"])
    for name in words(
        "title awarding_body level credits glh tut ofqual_ref min_practice_hours practice_kind "
        "observation pdp_months equivalent_unit"
    ):
        assert getattr(unit, name) == fact[name], name
    assert iso(unit.review_date) == fact["review_date"]
    assert iso(unit.available_from) == fact["available_from"]
    assert unit.word_count == (tuple(fact["word_count"]) if fact["word_count"] else None)
    assert [
        {"number": o.number, "criteria": [c.number for c in o.criteria]} for o in unit.outcomes
    ] == fact["outcomes"]


@by_code(FACTS["units"])
def test_every_mark_of_an_assessment_is_the_fact(fact):
    unit, sheet = CATALOGUE.unit(fact["code"]), fact["assessment"]
    assert unit.assessment.type == sheet["type"]
    assert unit.assessment.pass_rule == sheet["pass_rule"]
    assert unit.assessment.total == sheet["total_marks"]
    assert unit.assessment.pass_total == sheet["pass_total"]
    assert unit.assessment.shared_with == sheet["shared_with"]
    assert [
        {"max": s.max, "min": s.min, "criteria": list(s.criteria)} for s in unit.assessment.sections
    ] == sheet["sections"]
    marks = {c.number: [c.max, c.min] for c in unit.criteria if c.max is not None}
    assert marks == sheet["criteria_marks"]


@by_code(FACTS["qualifications"])
def test_every_figure_of_a_qualification_is_the_fact(fact):
    found = CATALOGUE.qualification(fact["code"])
    for name in words(
        "title awarding_body level min_credits min_glh tqt_hours rule max_years induction_hours "
        "min_age regulated_ref"
    ):
        assert getattr(found, name) == fact[name], name
    assert found.tutorial_hours == fact["tutorial_support_hours"]
    assert list(found.units) == fact["units"]
    assert iso(found.regulated_from) == fact["regulated_from"]
    assert iso(found.regulation_ends) == fact["regulation_ends"]


@by_code(FACTS["unit_sets"])
def test_a_unit_set_has_its_units_and_no_rule(fact):
    found = CATALOGUE.programme(SET_CODES[fact["label"]])
    assert (found.title, found.awarding_body) == (fact["label"], fact["awarding_body"])
    assert (list(found.units), found.level) == (fact["units"], fact["level"])
    assert found.rule is None
    assert not found.is_qualification


@pytest.mark.parametrize("unit", CATALOGUE.units, ids=lambda unit: unit.code)
def test_labels_are_short_distinct_and_present(unit: Unit):
    labels = [o.label for o in unit.outcomes] + [c.label for c in unit.criteria]
    assert len({label.lower() for label in labels}) == len(labels)
    assert all(3 <= len(label.split()) <= 9 for label in labels)
    assert all(label[0].isupper() and not label.endswith(".") for label in labels)
    assert 2 <= len(unit.short_title.split()) <= 4
    assert all(section.label for section in unit.assessment.sections)


@pytest.mark.parametrize("unit", CATALOGUE.units, ids=lambda unit: unit.code)
def test_every_criterion_names_known_evidence_in_the_order_of_the_work(unit: Unit):
    for criterion in unit.criteria:
        assert criterion.evidence, criterion.number
        order = [EVIDENCE_KINDS.index(kind) for kind in criterion.evidence]
        assert order == sorted(set(order)), criterion.number


def test_every_kind_of_evidence_serves_some_criterion():
    used = {kind for u in CATALOGUE.units for c in u.criteria for kind in c.evidence}
    assert used == set(EVIDENCE_KINDS)


def test_hours_kinds_and_conditions_of_the_practice_units():
    assert {u.code: (u.required_minutes, u.kinds) for u in CATALOGUE.practice_units} == {
        "D3.03": (360, {"coaching"}),
        "D3.04": (1800, {"coaching"}),
        "D3.06": (360, {"mentoring"}),
        "D3.07": (1200, {"mentoring"}),
        "501": (720, {"coaching", "mentoring"}),
    }
    assert {u.code for u in CATALOGUE.units if u.contract_required} == {"501", "D3.06"}
    on_the_day = {u.code for u in CATALOGUE.units if u.supervisor_required_on_the_day}
    assert on_the_day == {"D3.04", "D3.07"}
    assert {u.code: u.short_unit_of for u in CATALOGUE.units if u.short_unit_of} == {
        "D3.03": "D3.04",
        "D3.06": "D3.07",
    }
    assert CATALOGUE.unit("500").required_minutes == 0
    assert CATALOGUE.unit("500").kinds == frozenset()


def test_every_unit_belongs_to_a_programme_and_no_code_is_used_twice():
    codes = [unit.code for unit in CATALOGUE.units]
    assert len(set(codes)) == len(codes)
    assert {code for p in CATALOGUE.programmes for code in p.units} == set(codes)
    names = [programme.code for programme in CATALOGUE.programmes]
    assert len(set(names)) == len(names) == 6


def test_units_are_chosen_for_the_learner_only_where_all_are_required():
    chosen = {p.code: len(p.units_chosen_default) for p in CATALOGUE.programmes}
    assert chosen == {
        "ILM-L3-CWCM": 7,
        "5D2V2": 7,
        "5A2V2": 0,
        "5C2V2": 0,
        "CMI-L3-UNITS": 0,
        "ILM-8580": 0,
    }


def test_a_unit_past_its_review_date_says_so():
    unit = CATALOGUE.unit("D3.04")
    assert unit.expired(date(2014, 12, 31)) is None
    assert unit.expired(date(2015, 1, 1)) == (
        "Unit D3.04 was due for review by 31 December 2014: check with ILM that it is still open."
    )
    assert CATALOGUE.unit("3011V1").expired(date(2099, 1, 1)) is None


def test_a_qualification_past_its_regulation_says_so():
    award = CATALOGUE.qualification("5A2V2")
    assert award.expired(date(2020, 8, 31)) is None
    assert award.expired(date(2020, 9, 1)) == (
        "5A2V2 closed to new registrations on 31 August 2020: "
        "check with CMI before you enrol anyone."
    )
    assert CATALOGUE.programme("ILM-8580").expired(date(2099, 1, 1)) is None


def test_versions_are_listed_and_the_newest_is_the_default():
    assert versions() == ("2026-1",)
    assert load().version == versions()[-1]
    assert load("2026-1") is load()


def test_an_unknown_version_is_named_with_those_there_are():
    with pytest.raises(UnknownVersion, match="no version “1999-1”: choose one of 2026-1"):
        load("1999-1")
    with pytest.raises(UnknownVersion):
        load("../2026-1")


def test_an_unknown_code_gets_a_sentence():
    with pytest.raises(UnknownCode, match="No unit has the code “502”"):
        CATALOGUE.unit("502")
    with pytest.raises(UnknownCode, match="No qualification has the code “ILM-8580”"):
        CATALOGUE.qualification("ILM-8580")
    with pytest.raises(LookupError, match="No qualification or unit set has the code “X”"):
        CATALOGUE.programme("X")


def test_a_loaded_catalogue_cannot_be_changed():
    programme: Programme = CATALOGUE.programmes[0]
    with pytest.raises(AttributeError):
        programme.code = "other"


def test_json_has_the_agreed_shape_and_survives_a_round_trip():
    plain = as_json(CATALOGUE)
    assert json.loads(json.dumps(plain)) == plain
    assert set(plain) >= {"qualifications", "unit_sets", "units"}
    for row in plain["qualifications"]:
        assert set(row) >= set(
            words("code title awarding_body level min_credits min_glh tqt_hours rule units")
        )
    for row in plain["unit_sets"]:
        assert set(row) >= set(words("code label awarding_body level units"))
    for unit in plain["units"]:
        assert set(unit) >= set(
            words(
                "code title awarding_body level credits glh tut ofqual_ref min_practice_hours "
                "practice_kind contract_required observation pdp_months outcomes assessment"
            )
        )
        assert set(unit["assessment"]) == set(
            words("type pass_rule total pass_total shared_with sections")
        )
        for section in unit["assessment"]["sections"]:
            assert set(section) == {"label", "max", "min", "criteria"}
        for outcome in unit["outcomes"]:
            assert set(outcome) == {"number", "label", "criteria"}
            for criterion in outcome["criteria"]:
                assert set(criterion) == {"number", "label", "max", "min", "evidence"}


def test_json_keeps_the_words_of_the_facts():
    plain = as_json(CATALOGUE)
    rules = {row["code"]: row["rule"] for row in plain["qualifications"]}
    assert rules["5A2V2"] == "any combination to minimum credits"
    assert rules["ILM-L3-CWCM"] == "all"
    unit = next(row for row in plain["units"] if row["code"] == "501")
    assert unit["practice_kind"] == "coaching or mentoring"
    assert unit["assessment"]["pass_rule"] == "criteria_marks"
    assert unit["contract_required"] is True


def test_official_wording_is_read_whatever_the_headings_look_like():
    found = read_official(
        "\ufeffTEXT,Unit,Number\r\n"
        '"Plans, prepares\r\n  and opens",d3.03,1\r\n'
        "\r\n"
        "=Finds needs,D3.03, 1.1 \r\n"
    )
    assert found.faults == ()
    assert [(e.unit, e.number, e.text) for e in found.entries] == [
        ("D3.03", "1", "Plans, prepares and opens"),
        ("D3.03", "1.1", "=Finds needs"),
    ]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("502,1,Words", "No unit has the code “502” in catalogue 2026-1. Check the unit column."),
        ("501,9.9,Words", "Unit 501 has no outcome or criterion “9.9”"),
        ("501,1.1,  ", "501 1.1 has no text"),
        ("501,1.1", "501 1.1 has no text"),
        ("501,1.2,Words again", "501 1.2 was given on line 2: keep one."),
        ("501,1.1,Words, and more", "put a text with commas in quotes"),
        ("501,1.1,Words\x07here", "501 1.1 holds an invisible character"),
        ("501,1.1," + "w" * 2001, "501 1.1 is longer than 2,000 characters"),
        ('501,1.1,"never closed', "This line is not CSV"),
    ],
)
def test_a_fault_in_official_wording_names_its_line_and_its_remedy(row, sentence):
    found = read_official(f"unit,number,text\n501,1.2,Words\n{row}\n")
    assert [(e.unit, e.number) for e in found.entries] == [("501", "1.2")]
    assert [fault.line for fault in found.faults] == [3]
    assert sentence in found.faults[0].sentence


def test_good_lines_after_a_faulty_one_are_kept():
    found = read_official("unit,number,text\n502,1,Words\n501,1,Words\n")
    assert [e.line for e in found.entries] == [3]
    assert [fault.line for fault in found.faults] == [2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is empty: put unit,number,text in its first line."),
        ("\ufeff\n \n", "The file is empty: put unit,number,text in its first line."),
        ("unit,words\n501,x\n", "The heading lacks “number” and “text”: use unit,number,text."),
    ],
)
def test_official_wording_without_its_headings_is_refused_whole(text, sentence):
    found = read_official(text)
    assert found.entries == ()
    assert [fault.sentence for fault in found.faults] == [sentence]
