"""Which choices of units make up a programme, and what is said of those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervise.catalogue import Programme, load
from supervise.rules.combination import Combination, Offered, Rule, combination

CATALOGUE = load()


def judge(code: str, chosen, **centre) -> Combination:
    """Judge a choice by the rule of a programme in the catalogue."""
    programme: Programme = CATALOGUE.programme(code)
    units = [CATALOGUE.unit(unit) for unit in programme.units]
    rule = Rule(
        programme.rule,
        centre.get("min_credits", programme.min_credits),
        programme.min_glh,
        (programme.induction_hours or 0) + (programme.tutorial_hours or 0),
        centre.get("required", ()),
    )
    return combination(rule, chosen, [Offered(u.code, u.credits, u.glh) for u in units])


@pytest.mark.parametrize("code", ["ILM-L3-CWCM", "5D2V2"])
def test_all_units_fulfil_a_rule_that_asks_for_all(code):
    assert judge(code, CATALOGUE.programme(code).units).ok


def test_induction_and_tutorials_fill_the_guided_hours_of_ilm_level_3():
    found = judge("ILM-L3-CWCM", CATALOGUE.programme("ILM-L3-CWCM").units)
    assert (found.credits, found.guided_hours) == (28, 65)


def test_missing_units_are_named_once_and_not_again_as_credits():
    found = judge("ILM-L3-CWCM", ["D3.01", "D3.02", "D3.03", "D3.05", "D3.06"])
    assert found.reasons == ("Units D3.04 and D3.07 are required: add them.",)
    found = judge("5D2V2", ["5014V1", "5015V1", "5016V1", "5017V1", "5018V1", "5019V1"])
    assert found.reasons == ("Unit 5001V1 is required: add it.",)


@pytest.mark.parametrize("unit", CATALOGUE.programme("5A2V2").units)
def test_any_one_unit_makes_the_award(unit):
    assert judge("5A2V2", [unit]).ok


def test_the_certificate_needs_eighteen_credits():
    assert judge("5C2V2", ["5014V1", "5016V1", "5017V1"]).ok
    assert judge("5C2V2", ["5014V1", "5016V1"]).reasons == (
        "The chosen units come to 12 credits and 18 are needed: add a unit.",
        "The chosen units come to 85 guided hours and 130 are needed: add a unit.",
    )


def test_a_unit_named_twice_counts_once():
    assert judge("5C2V2", ["5016V1", "5016V1", "5016V1"]).credits == 6


def test_a_unit_of_another_programme_is_refused():
    assert judge("5A2V2", ["5014V1", "5001V1"]).reasons == (
        "Unit 5001V1 is no part of this programme: remove it.",
    )


def test_a_unit_set_takes_any_choice_but_none():
    assert judge("ILM-8580", ["501"]).ok
    assert judge("ILM-8580", []).reasons == ("No unit is chosen: choose at least one.",)


def test_a_centre_can_give_a_unit_set_its_rule():
    assert judge("ILM-8580", ["500", "501", "503"], min_credits=13, required=("501",)).ok
    assert judge("ILM-8580", ["500"], required=("501", "503")).reasons == (
        "Units 501 and 503 are required: add them.",
    )
    assert judge("ILM-8580", ["501"], min_credits=13).reasons == (
        "The chosen units come to 5 credits and 13 are needed: add a unit.",
    )


def test_a_rule_of_another_name_is_an_error():
    with pytest.raises(ValueError, match="no rule of combination called “some”"):
        combination(Rule("some"), [], [])


CODES = sorted(unit.code for unit in CATALOGUE.units)


@given(
    st.sampled_from([p.code for p in CATALOGUE.programmes]),
    st.lists(st.sampled_from(CODES), max_size=10),
)
def test_a_choice_is_right_exactly_when_no_reason_is_given(code, chosen):
    found = judge(code, chosen)
    assert found.ok == (found.reasons == ())
    assert found == judge(code, list(reversed(chosen)))


@given(st.sets(st.sampled_from(CATALOGUE.programme("5C2V2").units)))
def test_adding_a_unit_never_spoils_a_choice_by_credits(chosen):
    if judge("5C2V2", chosen).ok:
        assert all(judge("5C2V2", chosen | {u}).ok for u in CATALOGUE.programme("5C2V2").units)
