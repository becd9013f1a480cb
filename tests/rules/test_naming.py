"""Names and addresses are found in a text, and the words of the language are let through."""

import pytest

from supervise.rules.naming import names_in, naming_fault


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
