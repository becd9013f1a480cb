"""Do the units a learner takes make up the programme? A pure rule over plain values."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

ALL_UNITS = "all"
CREDITS = "any combination to minimum credits"


@dataclass(frozen=True)
class Offered:
    """A unit the programme offers: its code, credits and guided hours."""

    code: str
    credits: int
    glh: int


@dataclass(frozen=True)
class Rule:
    """A rule of combination.

    `kind` is ALL_UNITS, CREDITS, or None for a unit set, where the centre may still ask for
    credits or for certain units. `other_guided_hours` are guided hours outside any unit, such as
    induction and tutorials, and count toward `min_glh`.
    """

    kind: str | None = None
    min_credits: int | None = None
    min_glh: int | None = None
    other_guided_hours: int = 0
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class Combination:
    """Whether the choice fulfils the rule; `reasons` are sentences, empty when it does.

    `credits` and `guided_hours` are the sums the choice comes to.
    """

    ok: bool
    reasons: tuple[str, ...]
    credits: int
    guided_hours: int


def combination(rule: Rule, chosen: Collection[str], offered: Sequence[Offered]) -> Combination:
    """Judge the chosen unit codes against the rule.

    The rules are the awarding bodies': ILM Level 3 and the CMI Diploma need every unit, the CMI
    Award and Certificate a minimum of credits. A unit named twice counts once. Raises ValueError
    for a kind of rule there is not.
    """
    if rule.kind not in (ALL_UNITS, CREDITS, None):
        raise ValueError(f"There is no rule of combination called “{rule.kind}”.")
    known = {unit.code for unit in offered}
    taken = [unit for unit in offered if unit.code in chosen]
    credits = sum(unit.credits for unit in taken)
    hours = sum(unit.glh for unit in taken) + rule.other_guided_hours

    reasons = []
    strange = sorted(set(chosen) - known)
    if strange:
        reasons.append(f"{_units(strange)} no part of this programme: remove {_them(strange)}.")
    required = [unit.code for unit in offered] if rule.kind == ALL_UNITS else rule.required
    missing = [code for code in required if code not in chosen]
    if missing:
        reasons.append(f"{_units(missing)} required: add {_them(missing)}.")
    if not chosen and not missing:
        reasons.append("No unit is chosen: choose at least one.")
    # Where units are missing already, the sums fall short for that reason alone.
    elif not missing:
        reasons += _short(credits, rule.min_credits, "credit")
        reasons += _short(hours, rule.min_glh, "guided hour")
    return Combination(not reasons, tuple(reasons), credits, hours)


def _short(have: int, need: int | None, noun: str) -> list[str]:
    """A sentence when there is less than needed."""
    if need is None or have >= need:
        return []
    ending = "" if have == 1 else "s"
    return [f"The chosen units come to {have} {noun}{ending} and {need} are needed: add a unit."]


def _units(codes: Sequence[str]) -> str:
    """Unit 500 is, or Units 500 and 501 are."""
    if len(codes) == 1:
        return f"Unit {codes[0]} is"
    return f"Units {', '.join(codes[:-1])} and {codes[-1]} are"


def _them(codes: Sequence[str]) -> str:
    return "it" if len(codes) == 1 else "them"
