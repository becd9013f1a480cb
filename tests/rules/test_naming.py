"""Names and addresses are found in a text, and the words of the language are let through."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervise.rules.naming import MASK, Known, masked, names_in, naming_fault, same_name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Meet Sam Reed at noon", ["Sam Reed"]),
        ("meet sam  reed", ["sam  reed"]),
        ("SAM REED", ["SAM REED"]),
        ("Sam’s plan, and REED agreed", ["Sam", "REED"]),
        ("write to sam@example.org, please", ["sam@example.org"]),
        ("Ask Reed", ["Reed"]),
        ("a reed bed", []),
        ("Samuel", []),
        ("", []),
    ],
)
def test_names_are_found_as_whole_words(text, found):
    assert names_in(text, ["Sam Reed", "sam@example.org", ""]) == found


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Will", "we will try", []),
        ("Will", "then Will tried", ["Will"]),
        ("will smith", "we will try, said Smith", ["Smith"]),
        ("Kestrelfoundry", "at kestrelfoundry", ["kestrelfoundry"]),
        ("The Kestrel Group", "The team works as a Group at Kestrel", ["Kestrel"]),
        ("Sinead O'Hara", "Ask O’Hara", ["O’Hara"]),
        ("Zo\u00eb Ash", "Zoe\u0308 came", ["Zo\u00eb"]),
        ("Group", "the Group", []),
    ],
)
def test_a_word_of_the_language_is_no_name(name, text, found):
    assert names_in(text, [name]) == found


def test_an_alias_is_looked_through_in_any_case():
    assert names_in("client reed", ["Sam Reed"]) == []
    assert names_in("client reed", ["Sam Reed"], any_case=True) == ["reed"]
    assert names_in("our will", ["Will"], any_case=True) == ["will"]


def test_the_sentence_shows_the_hits():
    assert naming_fault("This", ["Reed"]) == "This names “Reed”. Others read it: write the alias."


SAM = Known(("Sam Reed",), ("sam@example.org",))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ask sam  reed, or sam@example.org.", "Ask [name], or [name]."),
        ("Reed, Sam and we will", "[name], [name] and we will"),
        ("Nobody here", "Nobody here"),
        ("", ""),
    ],
)
def test_names_are_taken_out(text, kept):
    assert masked(text, SAM) == kept
    assert names_in(masked(text, SAM), [*SAM.people, *SAM.others]) == []
    assert masked(text, Known()) == text


YOUNG = Known(("Mark Young", "Ottoline Grebe"), ("Leeds Learning Support", "Relate"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        # words of the language, with a capital for another reason
        ("Learning from them changed me. Young staff gain. Support was good.", None),
        ("Young staff gain.", None),
        ("They said: “Young people first.” (Young ones!)", None),
        ("What helps:\n- Young staff\n2. Mark each step\n\nYoung ideas", None),
        ("WE HELP YOUNG STAFF TO LEARN", None),
        ("we mark the young ones", None),
        ("In Leeds. The Learning and Support they gave", None),
        ("Relate it to work.", None),
        # names, by what stands beside them
        ("Ask Young or Mark, please", "Ask [name] or [name], please"),
        ("We met. Young was late.", "We met. [name] was late."),
        ("Young’s plan worked", "[name]’s plan worked"),
        ("Mark and I met", "[name] and I met"),
        ("Mark and Una met", "[name] and Una met"),
        ("Mr. Young came. Dr Young, too", "Mr. [name] came. Dr [name], too"),
        ("Young, Mark", "[name], [name]"),
        ("Then YOUNG left", "Then [name] left"),
        # by their length: hardly a word of the language
        ("Ottoline helped. OTTOLINE LED US", "[name] helped. [name] LED US"),
        # wholes, in any case
        ("mark young of LEEDS  LEARNING\nSUPPORT", "[name] of [name]"),
        ("MARK YOUNG AND I", "[name] AND I"),
        ("At Relate they wait", "At [name] they wait"),
        ("at relate they wait", None),
    ],
)
def test_a_word_of_the_language_is_not_taken_out(text, kept):
    assert masked(text, YOUNG) == (text if kept is None else kept)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("We met in May, and since May 2 or 3 May weekly", None),
        ("Ask May, whom I met late May", "Ask [name], whom I met late May"),
        ("May was kind. May we go on?", "[name] was kind. May we go on?"),
    ],
)
def test_a_month_is_not_taken_out(text, kept):
    assert masked(text, Known(("May Reed",))) == (text if kept is None else kept)


def test_one_long_name_goes_however_it_is_written_and_a_common_word_never():
    assert (
        masked("ottoline, and the Group", Known(("Ottoline", "Group"))) == "[name], and the Group"
    )


WORDS = st.sampled_from(
    ["Young", "Mark", "young", "mark", "Support", "Learning", "staff", "gain", "and", "was", "Mr",
     "Una", "I", "Leeds Learning Support", "Mark Young", "mark young", ".", ",", "\n", "!"]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)


@given(TEXTS)
def test_no_whole_name_is_left(text):
    left = masked(text, YOUNG).casefold()
    assert "mark young" not in " ".join(left.split())
    assert "leeds learning support" not in " ".join(left.split())


@given(TEXTS)
def test_what_was_masked_is_not_masked_again_and_the_rest_stands_in_its_order(text):
    once = masked(text, YOUNG)
    assert masked(once, Known((), YOUNG.others)) == once
    left = iter(text.split(" "))
    assert all(word in left for word in once.split(" ") if MASK not in word)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz .,\n", max_size=60))
def test_a_word_in_small_letters_is_never_taken_out_alone(text):
    assert masked(text, Known(("Ab Cd", "Will"), ("Support", "Learning"))).count(MASK) == len(
        re.findall(r"(?<!\w)ab\s+cd(?!\w)", text)
    )


def test_a_long_text_is_looked_at_near_each_word_alone():
    """However long the words round it: what is looked at is short."""
    text = f"{'a' * 2000} Young {'b' * 1990}"
    assert masked(text, YOUNG) == text.replace("Young", MASK)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Sam Reed", "  sam   REED ", True),
        ("Zo\u00eb Ash", "Zoe\u0308 Ash", True),
        ("Sam Reed", "S. Reed", False),
        ("Sam Reed", "", False),
    ],
)
def test_a_name_is_the_same_in_any_case_and_spacing(one, other, same):
    assert same_name(one, other) is same
