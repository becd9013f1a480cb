"""What a contract lacks, its plan beside the hours, which version stood, and how two differ."""

from __future__ import annotations

import difflib
import sys
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervise.rules.contracts import (
    LONGEST_TEXT,
    MOST_LIKE,
    PARTS,
    Terms,
    difference,
    in_force,
    lacks,
    like,
    parts_of,
    planned_against,
    words_apart,
)
from supervise.rules.facts import ContractVersion
from tests.rules.practice import client, session, verdict

GOAL = {"id": 1, "text": "Lead the meeting", "aim": "Decide sooner", "aim_level": "team",
        "measure": "Three in a row", "owner": "the client", "due_on": "2026-12-01",
        "milestones": "One\nTwo"}  # fmt: skip
FULL = Terms("three", {part.key: "Agreed." for part in PARTS}, [GOAL], 8, 90)


def test_a_whole_contract_lacks_nothing():
    assert lacks(FULL) == {}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.key)
def test_each_part_left_out_or_blank_is_missed(part):
    for text in ("", "  \n"):
        assert set(lacks(replace(FULL, parts={**FULL.parts, part.key: text}))) == {part.key}


def test_without_a_sponsor_nothing_is_expected_of_one():
    assert lacks(replace(FULL, parties="two", parts={p.key: "x" for p in parts_of("two")})) == {}
    assert "expects_sponsor" not in {part.key for part in parts_of("two")}


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"aim": ""}, "lacks the aim it serves."),
        ({"measure": " ", "owner": ""}, "lacks a measure and an owner."),
        ({"measure": "", "owner": "", "due_on": ""}, "lacks a measure, an owner and a date."),
        ({"due_on": None}, "The goal “Lead the meeting” lacks a date."),
        ({"text": "x" * 90, "aim": ""}, "x…” lacks the aim"),
    ],
)
def test_a_goal_that_is_not_smart_is_named(missing, said):
    assert said in lacks(replace(FULL, goals=[GOAL, GOAL | missing]))["goals"]


def test_no_goal_and_no_plan_are_missed():
    bare = replace(FULL, goals=[], planned_sessions=None, planned_minutes=None)
    assert set(lacks(bare)) == {"goals", "planned_sessions", "planned_minutes"}


@pytest.mark.parametrize(
    ("sessions", "minutes", "said"),
    [
        (8, 90, "8 sessions of 1 h 30 make 12 h 00, exactly what 501 needs."),
        (6, 90, "6 sessions of 1 h 30 make 9 h 00; 501 needs 12 h 00, so 3 h 00 more must come from "
                "other clients or a longer plan."),
        (1, 60, "1 session of 1 h 00 makes 1 h 00; 501 needs 12 h 00, so 11 h 00 more"),
        (20, 60, "so this plan covers it alone."),
        (None, 60, ""),
        (6, None, ""),
    ],
)  # fmt: skip
def test_the_plan_beside_what_the_unit_needs(sessions, minutes, said):
    terms = replace(FULL, planned_sessions=sessions, planned_minutes=minutes)
    sentence = planned_against(terms, "501", 720)
    assert said in sentence
    assert bool(sentence) == bool(said)


# --- which version stood -----------------------------------------------------------------

FIRST, SECOND, THIRD = (
    ContractVersion(1, date(2026, 3, 1), date(2026, 4, 1)),
    ContractVersion(2, date(2026, 4, 1), date(2026, 5, 1)),
    ContractVersion(4, date(2026, 6, 1), None),
)


@pytest.mark.parametrize(
    ("on", "number"),
    [
        (date(2026, 2, 28), None), (date(2026, 3, 1), 1), (date(2026, 3, 31), 1),
        (date(2026, 4, 1), 2), (date(2026, 5, 1), 2), (date(2026, 5, 2), None),
        (date(2026, 6, 1), 4), (date(2030, 1, 1), 4),
    ],
)  # fmt: skip
def test_the_version_in_force_on_a_day(on, number):
    found = in_force([THIRD, FIRST, SECOND], on)
    assert (found and found.number) == number


@pytest.mark.parametrize(
    ("day", "answer", "said"),
    [
        (date(2026, 2, 28), "never", "was agreed on 1 Mar 2026, after the session"),
        (date(2026, 3, 1), "counts", "Contract, version 1, agreed 1 Mar 2026"),
        (date(2026, 4, 1), "counts", "Contract, version 2, agreed 1 Apr 2026"),
        (date(2026, 5, 2), "never", "ended on 1 May 2026, and the next was agreed on 1 Jun 2026; "
                                    "the session lies between"),
        (date(2026, 6, 1), "counts", "Contract, version 4, agreed 1 Jun 2026"),
    ],
)  # fmt: skip
def test_501_counts_only_while_a_contract_is_in_force(day, answer, said):
    contract = replace(client(agreed_on=FIRST.agreed_on), versions=(FIRST, SECOND, THIRD))
    found = verdict(on(day, contract))
    assert found.answer == answer, found.sentence
    assert said in " ".join(reason.text for reason in found.reasons)


def test_501_does_not_count_after_the_end():
    contract = replace(client(agreed_on=FIRST.agreed_on), versions=(FIRST,))
    said = "Never: the contract with Client A ended on 1 Apr 2026, before the session."
    assert verdict(on(date(2026, 4, 2), contract)).sentence == said


def on(day, contract):
    return session(unit="501", date=day, starts_at=None, contracts=(contract,))


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
spans = st.builds(
    lambda number, start, more: ContractVersion(
        number, start, None if more is None else start + timedelta(days=more)
    ),
    st.integers(1, 9),
    days,
    st.one_of(st.none(), st.integers(0, 90)),
)


@given(st.lists(spans, max_size=4), days)
def test_a_version_is_in_force_only_within_its_days(versions, on):
    found = in_force(versions, on)
    standing = [v for v in versions if v.agreed_on <= on and (v.ended_on or date.max) >= on]
    assert (found is None) == (not standing)
    assert found is None or found in standing


# --- differences -------------------------------------------------------------------------

words = st.text(alphabet="ab \n", max_size=30)


@given(words, words)
def test_the_pieces_make_up_both_texts(before, after):
    pieces = list(words_apart(before, after))
    assert "".join(text for how, text in pieces if how != "new") == before
    assert "".join(text for how, text in pieces if how != "gone") == after


def test_word_by_word():
    found = list(words_apart("when both say so", "when all say so"))
    assert found == [("same", "when"), ("gone", " both"), ("new", " all"), ("same", " say so")]


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("Not therapy.", "Not therapy. Not line management.",
         [("same", "Not therapy."), ("new", " Not line management.")]),
        ("In June, or July", "In June or July", [("same", "In June"), ("gone", ","), ("same", " or July")]),
        ("the client’s aims", "the clients’ aims",
         [("same", "the"), ("gone", " client’s"), ("new", " clients’"), ("same", " aims")]),
        ("both of us say", "all who are say",
         [("gone", "both of us"), ("new", "all who are"), ("same", " say")]),
    ],
)  # fmt: skip
def test_only_what_came_or_went_is_marked(before, after, pieces):
    assert list(words_apart(before, after)) == pieces


def test_the_same_twice_differs_in_nothing():
    assert difference(FULL, FULL) == []


def test_all_that_differs_is_told_in_the_order_it_is_read():
    new = replace(
        FULL,
        parties="two",
        parts={**FULL.parts, "ending": "In June.", "expects_sponsor": ""},
        planned_sessions=9,
        goals=[GOAL | {"measure": "Four in a row"}, GOAL | {"id": 2, "text": "Another"}],
    )
    changes = difference(FULL, new)
    assert [change.label for change in changes] == [
        "Parties", "What is expected of the sponsor", "How it ends", "Sessions planned", "Goal 1",
        "Goal 2",
    ]  # fmt: skip
    assert changes[3].after == "9 of 1 h 30, 13 h 30 in all"
    assert ("new", " Four") in changes[4].pieces
    assert changes[5].before == ""
    assert "By 1 Dec 2026" in changes[5].after
    assert "Milestones: One; Two" in changes[5].after


def work(before, after):
    """How many lines difflib ran to compare two texts: what it costs, on whatever machine."""
    count = 0

    def within(frame, event, _):
        nonlocal count
        count += event == "line"
        return within

    def called(frame, event, _):
        return within if frame.f_code.co_filename == difflib.__file__ else None

    traced = sys.gettrace()
    sys.settrace(called)
    try:
        pieces = list(words_apart(before, after))
    finally:
        sys.settrace(traced)
    assert "".join(text for how, text in pieces if how != "new") == before
    assert "".join(text for how, text in pieces if how != "gone") == after
    return count


def jumbled(letters, length, apart=" "):
    """A text of words of this many of the first letters, each of a length, in no order."""
    mixed = Random(7)  # noqa: S311 - it needs no secret, but to be the same each time
    words = ("".join(mixed.choices(letters, k=length)) for _ in range(LONGEST_TEXT))
    return apart.join(words)[:LONGEST_TEXT]


@pytest.mark.parametrize("letters", ["ab", "abcdefghij"])
@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("apart", [" ", "\n", " \n"])
def test_a_text_of_the_same_few_words_costs_no_more_than_prose(letters, length, apart):
    one, other = jumbled(letters, length, apart), jumbled(letters[::-1], length, apart)
    assert work(one, other) < 100 * MOST_LIKE


def test_what_costs_too_much_is_compared_by_lines_and_then_as_a_whole():
    first, last = jumbled("ab", 1)[:2000], jumbled("ba", 1)[:1900]
    pieces = list(words_apart(f"{first}\nKept.\n", f"{last}\nKept.\n"))
    assert pieces == [("gone", f"{first}\n"), ("new", f"{last}\n"), ("same", "Kept.\n")]
    one, other = jumbled("ab", 1, "\n"), jumbled("ba", 1, "\n")
    assert list(words_apart(one, other)) == [("gone", one), ("new", other)]
    assert list(words_apart(one, one)) == [("same", one)]
    assert list(words_apart("", one)) == [("new", one)]


def test_long_prose_is_compared_by_words():
    helps = " ".join(part.help for part in PARTS)
    before = f"{helps} {helps} {helps}"[:LONGEST_TEXT]
    after = before.replace("Preparation", "Preparing", 1)
    assert ("new", " Preparing") in list(words_apart(before, after))
    assert work(before, after) < 100 * MOST_LIKE


def test_the_most_that_is_compared_costs_little():
    """Two hundred words of one letter or the other: as many like pairs as are looked at."""
    one, other = jumbled("ab", 1)[:396], jumbled("ba", 1)[100:496]
    assert MOST_LIKE * 0.9 < like(one.split(" "), other.split(" ")) <= MOST_LIKE
    assert work(one, other) < 100 * MOST_LIKE
