"""Who must not be named: names and addresses of clients in texts that others read.

``product.md``: before a layer is shared, its text is checked for the coach's own client identifiers
and the hit is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Known:
    """Whom to take out of a text: people by name, and what else points to them, such as addresses
    and organisations."""

    people: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


NOBODY = Known()


def masked(text: str, known: Known) -> str:
    """The text with these names and addresses taken out, for good: nobody can look again.

    So less is taken than ``names_in`` finds, where a sentence asks whoever wrote it. A name of
    several words goes whole; of its words alone only a person's, and only where it is a name for
    sure: "Ask Young" names somebody, "Young staff gain" does not, and "Young was late" does again.
    """
    pattern = _masking(known) if text else None
    if pattern is None:
        return text
    whole = normalize("NFC", text)
    return pattern.sub(lambda hit: MASK if hit["whole"] or _is_name(hit) else hit[0], whole)


def _is_name(hit: re.Match[str]) -> bool:
    """Whether this one word, with a capital, is a name and no word of the language.

    Where a capital stands for another reason it is one by what stands beside it, or by its length.
    """
    word, before = hit[0], ("\n" + hit.string[: hit.start()])[-_NEAR:]
    after = hit.string[hit.end() : hit.end() + _NEAR]
    if _TITLE.search(before) or _LIKE_A_NAME.match(after):
        return True
    beside = _LAST_WORD.findall(before)[-1:] + _NEXT_WORD.findall(after)[:1]
    if any(hit.re.fullmatch(other) for other in beside):
        return True
    loud = word.isupper() and any(len(other) > 1 and other.isupper() for other in beside)
    month = word.casefold() in _MONTHS and _IN_MONTH.search(before)
    return not (loud or month or _STARTS.search(before)) or len(word) > SHORT


_NEAR = 80
"""How many characters before and after a word are looked at."""
_MONTHS = frozenset(("april", "may", "june", "august"))
_IN_MONTH = re.compile(
    r"(?i:\b(?:in|since|until|till|last|next|this|early|late|mid|every)|\d)[\s-]+$"
)
_STARTS = re.compile(r"(?:[.!?…:][\"'”’)\]]*\s|\n)[\s\-*•–—]*(?:\d+[.)]\s*)?[\"'“‘(\[]*$")
"""What stands before the first word of a sentence, a line or a list's entry."""
_TITLE = re.compile(r"\b(?i:mr|mrs|ms|miss|mx|dr|prof|sir|dame|lord|lady)\.?\s+$")
_LIKE_A_NAME = re.compile(
    r"['’]s\b|,?\s+(?:and|or|&)\s+(?:I\b|[A-Z]\w*[a-z])|\s+(?:is|was|has|had|did|does|says?|said|"
    r"tells?|told|asks?|asked|feels?|felt|thinks?|thought|wants?|wanted|knows?|knew|comes?|came|goes|"
    r"went|gets?|got|gives?|gave|makes?|made|takes?|took|helps?|helped|leads?|led|waits?|waited|would|"
    r"could|can|should|might)\b"
)
"""What follows a person's name, and hardly ever an adjective."""
_LAST_WORD, _NEXT_WORD = re.compile(r"(\w+),?\s+$"), re.compile(r"^,?\s+(\w+)")


def same_name(one: str, other: str) -> bool:
    """Whether two names are written with the same words, in any case and however far apart."""
    first, second = (normalize("NFC", name).casefold().split() for name in (one, other))
    return first == second


def same_address(email: str, other: str) -> bool:
    """Whether two e-mail addresses are one person's; no address is nobody's."""
    return bool(email.strip()) and email.strip().casefold() == other.strip().casefold()


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


@lru_cache(maxsize=8)
def _masking(known: Known) -> re.Pattern[str] | None:
    """The pattern of what may be taken out; in the group ``whole``, whatever stands round it."""
    wholes: dict[str, None] = {}
    words: dict[str, None] = {}
    for name, person in [(n, True) for n in known.people] + [(n, False) for n in known.others]:
        parts = [part.strip(",;()") for part in normalize("NFC", name).split()]
        if len("".join(parts)) < 2:
            continue
        if len(parts) > 1 or "@" in name or (person and len(parts[0]) > SHORT):
            wholes[rf"(?i:{_spaced(' '.join(parts))})"] = None
        for word in parts if person or len(parts) == 1 else ():
            if (len(word) > 2 or len(parts) == 1) and word.casefold() not in COMMON:
                words |= dict.fromkeys(_written(word, any_case=False))
    whole, one = "|".join(wholes) or r"(?!)", "|".join(words) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:(?P<whole>{whole})|{one})(?!\w)") if wholes or words else None


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
