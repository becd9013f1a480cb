"""Names and addresses are found in a text, and the words of the language are let through."""

import pytest

from supervise.rules.naming import masked, names_in, naming_fault, same_name


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
    known = ["Sam Reed", "sam@example.org"]
    assert masked(text, known) == kept
    assert names_in(masked(text, known), known) == []
    assert masked(text, []) == text


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
