"""Feedback: what an answer lacks, the grid and its empty cells, and the floor."""

from __future__ import annotations

from typing import Any

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
    Asked,
    Given,
    Question,
    grid,
    lacks,
    let_out,
    question_faults,
)

fair = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def group(count: int, floor: int = 3) -> list[Anonymous]:
    return [Anonymous(number, floor) for number in range(count)]


# --- the floor ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "floor", "shown"),
    [(0, 3, 0), (1, 3, 0), (2, 3, 0), (3, 3, 3), (4, 3, 3), (5, 3, 3), (6, 3, 6), (7, 3, 6),
     (1, 2, 0), (2, 2, 2), (4, 5, 0)],
)  # fmt: skip
def test_anonymous_answers_come_out_in_whole_batches(given: int, floor: int, shown: int) -> None:
    assert let_out(group(given, floor)) == shown


def test_one_person_who_answers_three_times_is_still_one() -> None:
    same = [Anonymous("A", 3)] * 3
    assert let_out(same) == 0
    assert let_out([*same, Anonymous("B", 3), Anonymous("C", 3)]) == 5


def test_another_floor_neither_exposes_nor_hides_what_was_given_before() -> None:
    assert let_out([*group(4, 3), Anonymous("late", 1)]) == 3, "three were promised three"
    assert let_out([*group(3, 3), Anonymous("late", 5)]) == 3, "nothing is taken back"
    assert let_out([Anonymous("early", 1), *group(2, 3)]) == 1


answers = st.lists(
    st.builds(Anonymous, st.integers(0, 30), st.integers(1, 6)), min_size=0, max_size=40
)


@fair
@given(answers)
def test_never_fewer_people_are_shown_than_any_of_them_was_promised(all_: list[Anonymous]) -> None:
    shown = all_[: let_out(all_)]
    assert len({a.giver for a in shown}) >= max((a.floor for a in shown), default=0)


@fair
@given(answers)
def test_what_is_shown_never_shrinks_and_never_grows_by_less_than_the_floor(
    all_: list[Anonymous],
) -> None:
    before = 0
    for count in range(len(all_) + 1):
        shown = let_out(all_[:count])
        fresh = all_[before:shown]
        assert shown >= before
        assert len({a.giver for a in fresh}) >= max((a.floor for a in fresh), default=0)
        before = shown


@fair
@given(st.integers(0, 60), st.integers(1, 20))
def test_of_different_people_the_most_whole_batches_are_shown(count: int, floor: int) -> None:
    assert let_out(group(count, floor)) == count // floor * floor


# --- the grid ----------------------------------------------------------------------------


def cell(given: list[Given], invited: list[Asked], source: str, about: str, **how: Any):
    rows = grid(given, invited, **how)
    return rows[SOURCES.index(source)][ABOUTS.index(about)]


@pytest.mark.parametrize(
    ("units", "advice"),
    [
        (("D3.03", "D3.04", "D3.07"), "Invite a sponsor: D3.04 and D3.07 ask for it."),
        (("D3.04",), "Invite a sponsor: D3.04 asks for it."),
        (("501", "D3.03"), ""),
        ((), ""),
    ],
)
def test_an_empty_cell_says_what_to_do_where_the_learners_units_ask_for_it(
    units: tuple[str, ...], advice: str
) -> None:
    gap = cell([], [], "sponsor", "programme", units=units)
    assert (gap.css, gap.words) == ("warn" if advice else "none", "nobody asked yet")
    assert gap.advice == advice
    extra = cell([], [], "peer", "practitioner", units=units)
    assert (extra.css, extra.advice) == ("none", "")


def test_a_supervisors_cell_counts_the_signed_records_of_meetings() -> None:
    found = cell([], [], "supervisor", "practitioner", records=3)
    assert (found.css, found.words, found.by_link) == ("good", "3 in meeting records", False)
    gap = cell([], [], "supervisor", "practitioner", units=("D3.07",))
    assert (gap.css, gap.words) == ("warn", "in no meeting record yet")
    assert gap.advice == "The supervisor writes it into the record of a meeting: D3.07 asks for it."
    assert cell([], [], "supervisor", "practitioner", units=("501",)).css == "none"
    other = cell([], [], "supervisor", "programme", records=3, units=("D3.04",))
    assert (other.css, other.words, other.advice) == ("none", "not asked of supervisors", "")


def test_a_cell_with_answers_of_both_kinds_says_what_can_be_read() -> None:
    given = [Given("client", "practitioner", False)]
    given += [Given("client", "practitioner", True, n, 3) for n in range(2)]
    asked = [Asked("client", "practitioner")] + [Asked("client", "practitioner", True)] * 4
    found = cell(given, asked, "client", "practitioner")
    assert (found.shown, found.words) == (1, "1 given")
    assert found.advice == "4 asked without a name: they are shown once enough have answered."
    waiting = cell([], [Asked("client", "programme")], "client", "programme")
    assert (waiting.css, waiting.words) == ("wait", "1 invited, none given yet")


@fair
@given(st.integers(0, 12), st.integers(2, 5), st.integers(0, 3))
def test_a_cell_says_nothing_of_how_many_without_a_name_wait(
    count: int, floor: int, more: int
) -> None:
    """Between two batches, every answer leaves the cell as it was."""
    asked = [Asked("peer", "programme", anonymous=True)] * (count + more)
    given_ = [Given("peer", "programme", True, n, floor) for n in range(count)]
    out = given_[: count // floor * floor]
    seen = [cell(some, asked, "peer", "programme") for some in (given_, out)]
    assert seen[0] == seen[1]
    if not out and asked:
        assert seen[0].words == f"{len(asked)} asked, not yet enough answers"


@fair
@given(
    st.lists(
        st.builds(
            Given, st.sampled_from(INVITED), st.sampled_from(ABOUTS), st.booleans(),
            st.integers(0, 9), st.integers(1, 4),
        )
    )
)  # fmt: skip
def test_every_answer_with_a_name_stands_in_one_cell(given_: list[Given]) -> None:
    rows = grid(given_, [])
    assert [[c.source for c in row] for row in rows] == [[s, s] for s in SOURCES]
    assert sum(c.named for row in rows for c in row) == sum(not g.anonymous for g in given_)
    assert sum(c.shown for row in rows for c in row) <= len(given_)


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
