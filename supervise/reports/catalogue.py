"""The catalogue in words: rules, practice, assessment, search, and what the centre has set beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from supervise.catalogue import Assessment, Catalogue, Criterion, Outcome, Programme, Unit
from supervise.catalogue.shapes import ALL_UNITS
from supervise.models import Centre, OfficialWording, UnitSetRule

OBSERVATION = {
    "none": "Not asked for",
    "encouraged": "Encouraged; the unit can be handed in without one",
    "expected": "Expected; where there is none, give the reason",
}
NO_RULE = "Your centre has not set a rule."


@dataclass(frozen=True)
class Listed:
    """A programme in the list: its entry, its units, its rule in words and what is out of date."""

    entry: Programme
    units: tuple[Unit, ...]
    rule: str
    cautions: tuple[str, ...]

    @property
    def credits(self) -> int:
        """The credits of all its units."""
        return sum(unit.credits for unit in self.units)

    @property
    def guided_hours(self) -> int:
        """The guided hours of all its units."""
        return sum(unit.glh for unit in self.units)


@dataclass(frozen=True)
class Hit:
    """A unit that a search found, with the outcomes and criteria whose labels hold a word of it."""

    unit: Unit
    lines: tuple[Outcome | Criterion, ...]


@dataclass(frozen=True)
class Found:
    """What a search found; programmes and units in the catalogue's order."""

    programmes: tuple[Programme, ...] = ()
    units: tuple[Hit, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.programmes or self.units)


@dataclass(frozen=True)
class Wording:
    """The awarding body's own words for a unit, by number, and where they were taken from."""

    texts: dict[str, str] = field(default_factory=dict)
    source: str = ""

    def __bool__(self) -> bool:
        return bool(self.texts)


# --- programmes --------------------------------------------------------------------------


def listed(
    book: Catalogue, programmes: Iterable[Programme], centre: Centre, on: date
) -> list[Listed]:
    """Programmes as the reader sees them on a day. One query."""
    own = {rule.unit_set: rule for rule in UnitSetRule.select().where(UnitSetRule.centre == centre)}
    return [
        Listed(
            programme, tuple(book.unit(code) for code in programme.units),
            combination_rule(programme, own.get(programme.code)),
            tuple(cautions(book, programme, on)),
        )
        for programme in programmes
    ]  # fmt: skip


def combination_rule(programme: Programme, own: UnitSetRule | None) -> str:
    """The rule of combination in a sentence; for a unit set the centre's, where it has one."""
    if not programme.is_qualification:
        return _centres_rule(own)
    if programme.rule == ALL_UNITS:
        return f"All {len(programme.units)} units, {programme.min_credits} credits."
    return f"Any of its {len(programme.units)} units, to at least {programme.min_credits} credits."


def _centres_rule(own: UnitSetRule | None) -> str:
    wanted = [f"at least {own.min_credits} credits"] if own and own.min_credits else []
    if own and own.required:
        wanted.append(f"{'units' if len(own.required) > 1 else 'unit'} {_and(own.required)}")
    return f"Your centre asks for {_and(wanted)}." if wanted else NO_RULE


def guided_hours(programme: Programme) -> str:
    """The guided hours a qualification asks for, and of what they consist besides its units."""
    others = [
        f"{hours} h of {what}"
        for hours, what in ((programme.induction_hours, "induction"), (programme.tutorial_hours, "tutorials"))
        if hours
    ]  # fmt: skip
    return f"At least {programme.min_glh} h" + (f", with {_and(others)}" if others else "")


def cautions(book: Catalogue, programme: Programme, on: date) -> list[str]:
    """What is out of date on a day: the programme itself, then its units, a sentence each."""
    closed = programme.expired(on)
    late = [code for code in programme.units if book.unit(code).expired(on)]
    found = [closed] if closed else []
    if late:
        many = len(late) > 1
        which = "All its units are" if len(late) == len(programme.units) else (
            f"Units {_and(late)} are" if many else f"Unit {late[0]} is"
        )  # fmt: skip
        found.append(
            f"{which} past the review date: check with {programme.awarding_body} "
            f"that {'they are' if many else 'it is'} still open."
        )
    return found


# --- units -------------------------------------------------------------------------------


def practice(unit: Unit) -> str:
    """The practice a unit asks for: how long and of which kind."""
    if not unit.min_practice_hours:
        return "None asked for"
    return f"At least {unit.min_practice_hours} hours of {unit.practice_kind}"


def pass_rule(sheet: Assessment) -> str:
    """What it takes to pass, in a sentence."""
    total = f"{sheet.pass_total} of {sheet.total} marks"
    return {
        "sections": f"Pass with at least {total} in all, and the least mark in every section.",
        "criteria_marks": (
            "Pass with the least mark for every criterion: one below it refers the whole "
            f"submission, whatever the total. Together that is {total}."
        ),
        "criteria_met": "Pass when every criterion is met. No marks are given.",
    }[sheet.pass_rule]


def taken_in(book: Catalogue, unit: Unit) -> list[Programme]:
    """The programmes that offer a unit."""
    return [programme for programme in book.programmes if unit.code in programme.units]


def official_wording(book: Catalogue, unit: Unit, centre: Centre) -> Wording:
    """The centre's official wording of a unit in this version, and its source. One query."""
    rows = OfficialWording.select().where(
        (OfficialWording.centre == centre)
        & (OfficialWording.catalogue_version == book.version)
        & (OfficialWording.unit == unit.code)
    )
    texts = {row.number: row.text for row in rows}
    source = f"{unit.awarding_body}’s words, from {centre.name}’s own copy of unit {unit.code}."
    return Wording(texts, source) if texts else Wording()


# --- search ------------------------------------------------------------------------------


def search(book: Catalogue, text: str) -> Found:
    """Programmes and units that hold every word of the text in their code, title or labels."""
    words = text.casefold().split()
    if not words:
        return Found()
    programmes = [
        p for p in book.programmes if _holds(words, f"{p.code} {p.title} {p.awarding_body}")
    ]
    hits = []
    for unit in book.units:
        name = f"{unit.code} {unit.title} {unit.awarding_body}"
        lines: list[Outcome | Criterion] = []
        for outcome in unit.outcomes:
            lines += [outcome, *outcome.criteria]
        if _holds(words, " ".join([name, *(f"{unit.code} {line.label}" for line in lines)])):
            in_labels = [word for word in words if word not in name.casefold()]
            told = [
                line for line in lines if any(word in line.label.casefold() for word in in_labels)
            ]
            hits.append(Hit(unit, tuple(told)))
    return Found(tuple(programmes), tuple(hits))


def _holds(words: list[str], text: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _and(parts: Iterable[str]) -> str:
    """Parts in a row of words: ``a``, ``a and b``, ``a, b and c``."""
    *before, last = parts
    return f"{', '.join(before)} and {last}" if before else last
