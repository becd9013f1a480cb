"""Feedback: what an answer lacks, the grid and its empty cells, and the floor."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervise.rules.feedback import (
    ABOUTS,
    BUILT_IN,
    INVITED,
    KINDS,
    RATINGS,
    SOURCES,
    Anonymous,
    Given,
    Question,
    floor_of,
    grid,
    lacks,
    question_faults,
)

fair = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def group(count: int, floor: int = 3) -> list[Anonymous]:
    return [Anonymous(number, floor) for number in range(count)]


# --- the floor ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "floor", "shown", "sentence"),
    [
        (0, 3, 0, ""),
        (1, 3, 0, "1 given; shown once 3 have answered"),
        (2, 3, 0, "2 given; shown once 3 have answered"),
        (3, 3, 3, ""),
        (4, 3, 3, "1 more waits; shown once 2 more have answered"),
        (5, 3, 3, "2 more wait; shown once 1 more have answered"),
        (6, 3, 6, ""),
        (7, 3, 6, "1 more waits; shown once 2 more have answered"),
        (1, 1, 1, ""),
        (4, 5, 0, "4 given; shown once 5 have answered"),
    ],
)
def test_anonymous_answers_come_out_in_whole_batches(
    given: int, floor: int, shown: int, sentence: str
) -> None:
    found = floor_of(group(given, floor))
    assert (found.shown, found.waiting) == (shown, given - shown)
    assert found.sentence == sentence.replace("1 more have", "1 more has")


def test_one_person_who_answers_three_times_is_still_one() -> None:
    same = [Anonymous("A", 3)] * 3
    assert floor_of(same).shown == 0
    assert floor_of(same).sentence == "3 given; shown once 3 people have answered"
    assert floor_of([*same, Anonymous("B", 3), Anonymous("C", 3)]).shown == 5


def test_another_floor_neither_exposes_nor_hides_what_was_given_before() -> None:
    assert floor_of([*group(4, 3), Anonymous("late", 1)]).shown == 3, "three were promised three"
    assert floor_of([*group(3, 3), Anonymous("late", 5)]).shown == 3, "nothing is taken back"
    assert floor_of([Anonymous("early", 1), *group(2, 3)]).shown == 1


answers = st.lists(
    st.builds(Anonymous, st.integers(0, 30), st.integers(1, 6)), min_size=0, max_size=40
)


@fair
@given(answers)
def test_never_fewer_people_are_shown_than_any_of_them_was_promised(all_: list[Anonymous]) -> None:
    shown = all_[: floor_of(all_).shown]
    assert len({a.giver for a in shown}) >= max((a.floor for a in shown), default=0)


@fair
@given(answers)
def test_what_is_shown_never_shrinks_and_never_grows_by_less_than_the_floor(
    all_: list[Anonymous],
) -> None:
    before = 0
    for count in range(len(all_) + 1):
        shown = floor_of(all_[:count]).shown
        fresh = all_[before:shown]
        assert shown >= before
        assert len({a.giver for a in fresh}) >= max((a.floor for a in fresh), default=0)
        before = shown


@fair
@given(st.integers(0, 60), st.integers(1, 20))
def test_of_different_people_the_most_whole_batches_are_shown(count: int, floor: int) -> None:
    found = floor_of(group(count, floor))
    assert found.shown == count // floor * floor
    assert found.waiting == count % floor
    assert found.lacking == (floor - found.waiting if found.waiting else 0)


# --- the grid ----------------------------------------------------------------------------


def cell(given: list[Given], invited: list[tuple[str, str]], source: str, about: str):
    rows = grid(given, invited)
    return rows[SOURCES.index(source)][ABOUTS.index(about)]


def test_an_empty_cell_that_is_asked_for_says_what_to_do() -> None:
    gap = cell([], [], "sponsor", "programme")
    assert (gap.css, gap.words) == ("warn", "nobody asked yet")
    assert gap.advice == "Invite a sponsor: D3.04 and D3.07 ask for it."
    extra = cell([], [], "peer", "practitioner")
    assert (extra.css, extra.advice) == ("none", "")


def test_a_supervisors_cell_waits_for_supervision() -> None:
    found = cell([], [], "supervisor", "practitioner")
    assert (found.words, found.by_link, found.advice) == ("comes with supervision", False, "")


def test_a_cell_counts_named_and_anonymous_apart() -> None:
    given = [Given("client", "practitioner", False)]
    given += [Given("client", "practitioner", True, n, 3) for n in range(2)]
    found = cell(given, [("client", "practitioner")] * 4, "client", "practitioner")
    assert (found.given, found.shown, found.words) == (3, 1, "3 given, 1 shown")
    assert found.advice == "2 given; shown once 3 have answered"
    waiting = cell([], [("client", "programme")], "client", "programme")
    assert (waiting.css, waiting.words) == ("wait", "1 invited, none given yet")


@fair
@given(
    st.lists(
        st.builds(
            Given, st.sampled_from(INVITED), st.sampled_from(ABOUTS), st.booleans(),
            st.integers(0, 9), st.integers(1, 4),
        )
    )
)  # fmt: skip
def test_every_answer_stands_in_one_cell(given_: list[Given]) -> None:
    rows = grid(given_, [])
    assert [[c.source for c in row] for row in rows] == [[s, s] for s in SOURCES]
    assert sum(c.given for row in rows for c in row) == len(given_)
    assert all(c.shown <= c.given for row in rows for c in row)


# --- answers and questions ---------------------------------------------------------------

ASKED = [Question("rating", "How well do they listen?"), Question("open", "What helped?")]


@pytest.mark.parametrize(
    ("answers", "faulty"),
    [
        (["well", ""], set()),
        (["cannot say", "Waiting."], set()),
        (["", "Waiting."], {0}),
        (["brilliantly", ""], {0}),
        (["well", "x" * 4001], {1}),
        (["well", "bell\x07"], {1}),
        (["well", "two\nlines"], set()),
    ],
)
def test_what_an_answer_lacks(answers: list[str], faulty: set[int]) -> None:
    assert set(lacks(ASKED, answers)) == faulty


def test_a_form_of_open_questions_wants_one_of_them() -> None:
    assert set(lacks(ASKED[1:] * 2, ["", " "])) == {0}
    assert lacks(ASKED[1:] * 2, ["", "Yes."]) == {}


def test_the_built_in_questions_are_short_and_without_fault() -> None:
    for about in ABOUTS:
        assert 4 <= len(BUILT_IN[about]) <= 6
        assert {question.kind for question in BUILT_IN[about]} == set(KINDS)
        assert question_faults(BUILT_IN[about]) == {}
    assert RATINGS[:4] == ("not at all", "a little", "well", "very well")


@pytest.mark.parametrize(
    ("questions", "faulty"),
    [
        ([], {-1}),
        ([Question("open", f"Question {n}?") for n in range(13)], {-1}),
        ([Question("open", "Why?"), Question("rating", "why?")], {1}),
        ([Question("essay", "Why?")], {0}),
        ([Question("open", "x" * 201)], {0}),
        ([Question("open", "bell\x07")], {0}),
    ],
)
def test_what_is_wrong_with_a_centres_own_questions(
    questions: list[Question], faulty: set[int]
) -> None:
    assert set(question_faults(questions)) == faulty
