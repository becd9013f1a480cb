"""Who must not be named: names and addresses of clients in texts that others read.

``product.md``: before a layer is shared, its text is checked for the coach's own client identifiers
and the hit is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import normalize

# Words of many organisations' names: alone they point to nobody.
_COMMON = (
    "the and for its our new first group team ltd limited plc inc llc company trust school college "
    "university council department services service works international national global city care "
    "health management foundation partners consulting centre association society bank holding "
    "holdings solutions"
)
COMMON = frozenset(_COMMON.split())
SHORT = 6
"""One word of at most this many letters may be a word of the language too, such as Will or Grace."""
MASK = "[name]"
"""What stands in a text where a name was."""


def names_in(text: str, identifiers: Sequence[str], *, any_case: bool = False) -> list[str]:
    """What of these names and addresses stands in a text, as it stands there, each once.

    The whole of each in any case. A word of it alone, and a short name of one word, only as a name
    is written: "Will" is found in "Ask Will", not in "we will"; ``any_case`` finds it there too.
    """
    pattern = _pattern(tuple(identifiers), any_case) if identifiers and text else None
    if pattern is None:
        return []
    return list(dict.fromkeys(hit[0] for hit in pattern.finditer(normalize("NFC", text))))


def masked(text: str, identifiers: Sequence[str]) -> str:
    """The text with each of these names and addresses taken out, as ``names_in`` finds them."""
    pattern = _pattern(tuple(identifiers), any_case=False) if identifiers and text else None
    return pattern.sub(MASK, normalize("NFC", text)) if pattern else text


def same_name(one: str, other: str) -> bool:
    """Whether two names are written with the same words, in any case and however far apart."""
    first, second = (normalize("NFC", name).casefold().split() for name in (one, other))
    return first == second


def naming_fault(where: str, hits: Sequence[str]) -> str:
    """The sentence beside a text in which names stand; ``where`` begins it, such as “This”."""
    return f"{where} names {quoted(hits)}. Others read it: write the alias."


def quoted(hits: Sequence[str]) -> str:
    """What was found in a text, to show it to whoever wrote it: ``“Sam” and “Reed”``."""
    return " and ".join(f"“{hit}”" for hit in hits)


@lru_cache(maxsize=8)
def _pattern(identifiers: tuple[str, ...], any_case: bool) -> re.Pattern[str] | None:
    """One pattern for all, made once for a whole diary; the wholes stand before their words."""
    wholes: dict[str, None] = {}
    words: dict[str, None] = {}
    for name in (normalize("NFC", " ".join(each.split())) for each in identifiers):
        parts = [part.strip(",;()") for part in name.split()]
        if len(name) < 2:
            continue
        if len(parts) > 1 or len(name) > SHORT or "@" in name or any_case:
            wholes[rf"(?i:{_spaced(name)})"] = None
        for word in parts if len(parts) > 1 or len(name) <= SHORT else ():
            if (len(word) > 2 or len(parts) == 1) and word.casefold() not in COMMON:
                words |= dict.fromkeys(_written(word, any_case))
    either = "|".join([*wholes, *words])
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)") if either else None


def _written(word: str, any_case: bool) -> list[str]:
    """The ways a name is written: with a capital, or all in capitals."""
    if any_case:
        return [rf"(?i:{_spaced(word)})"]
    ways = {word[:1].upper() + word[1:], word.upper()} | ({word} if word != word.lower() else set())
    return [_spaced(way) for way in sorted(ways)]


def _spaced(words: str) -> str:
    """A pattern of these words, however far apart they stand, with either apostrophe."""
    parts = (re.sub("['’]", "['’]", re.escape(word)) for word in words.split())
    return r"\s+".join(parts)
