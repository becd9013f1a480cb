"""What the catalogue holds: programmes, units, outcomes, criteria and assessments, all frozen."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

EVIDENCE_KINDS = (
    "contract",
    "needs",
    "goals",
    "programme plan",
    "session plan",
    "session record",
    "hours",
    "client feedback",
    "stakeholder feedback",
    "supervisor feedback",
    "observation",
    "supervision record",
    "closing review",
    "self-assessment",
    "development plan",
    "plan review",
    "assignment",
)
"""Every kind of record that can evidence a criterion, in the order of the work."""

ALL_UNITS = "all"
CREDITS = "any combination to minimum credits"
"""The two rules of combination the awarding bodies print; a unit set has neither."""


class UnknownCode(LookupError):  # noqa: N818 - reads as what it says
    """No unit or programme of this catalogue has that code; the message is a sentence."""


@dataclass(frozen=True)
class Criterion:
    """One assessment criterion with our short label.

    `max` and `min` are marks, and None where the criterion carries none of its own.
    """

    number: str
    label: str
    evidence: tuple[str, ...]
    max: int | None = None
    min: int | None = None


@dataclass(frozen=True)
class Outcome:
    """One learning outcome and its criteria."""

    number: str
    label: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Section:
    """One part of a mark sheet; `criteria` are numbers of the unit that holds the sheet.

    A section of a sheet shared by two units may hold criteria of the other unit only.
    """

    label: str
    max: int
    min: int
    criteria: tuple[str, ...]


@dataclass(frozen=True)
class Assessment:
    """How a unit is assessed.

    `pass_rule` is 'sections' (total and each section's minimum), 'criteria_marks' (each
    criterion's minimum) or 'criteria_met' (no marks). `shared_with` is the unit on the same sheet.
    """

    type: str
    pass_rule: str
    total: int | None
    pass_total: int | None
    shared_with: str | None
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Unit:
    """One unit. `glh` is guided hours, `tut` total hours; `word_count` is (from, to).

    `observation` is 'none', 'encouraged' or 'expected'. `short_unit_of` names the longer unit in
    which a centre may let this one's hours count as well.
    """

    code: str
    title: str
    short_title: str
    awarding_body: str
    level: int
    credits: int
    glh: int
    tut: int | None
    ofqual_ref: str | None
    min_practice_hours: int | None
    practice_kind: str | None
    contract_required: bool
    supervisor_required_on_the_day: bool
    observation: str
    pdp_months: int | None
    review_date: date | None
    available_from: date | None
    word_count: tuple[int, int] | None
    short_unit_of: str | None
    equivalent_unit: str | None
    assessment: Assessment
    outcomes: tuple[Outcome, ...]

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """All criteria of the unit in order."""
        return tuple(c for outcome in self.outcomes for c in outcome.criteria)

    @property
    def required_minutes(self) -> int:
        """Whole minutes of practice the unit asks for; 0 where it asks for none."""
        return (self.min_practice_hours or 0) * 60

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of practice that fit: 'coaching', 'mentoring', both or neither."""
        return frozenset(self.practice_kind.split(" or ")) if self.practice_kind else frozenset()

    def expired(self, on: date) -> str | None:
        """A sentence when `on` is past the unit's review date, else None."""
        if self.review_date is None or on <= self.review_date:
            return None
        return (
            f"Unit {self.code} was due for review by {_day(self.review_date)}: "
            f"check with {self.awarding_body} that it is still open."
        )


@dataclass(frozen=True)
class Programme:
    """What an enrolment is for: a qualification, or a set of units without a rule of its own.

    `rule` is ALL_UNITS, CREDITS or None for a unit set. Hours are whole hours;
    `induction_hours` and `tutorial_hours` are guided hours outside any unit.
    """

    code: str
    title: str
    awarding_body: str
    level: int
    units: tuple[str, ...]
    rule: str | None = None
    min_credits: int | None = None
    min_glh: int | None = None
    tqt_hours: int | None = None
    max_years: int | None = None
    induction_hours: int | None = None
    tutorial_hours: int | None = None
    min_age: int | None = None
    regulated_ref: str | None = None
    regulated_from: date | None = None
    regulation_ends: date | None = None

    @property
    def is_qualification(self) -> bool:
        """True for a qualification, False for a unit set."""
        return self.rule is not None

    @property
    def units_chosen_default(self) -> tuple[str, ...]:
        """The units an enrolment takes when none are named: all where all are required.

        Where the learner chooses there is no default, and somebody has to say which.
        """
        return self.units if self.rule == ALL_UNITS else ()

    def expired(self, on: date) -> str | None:
        """A sentence when `on` is past the last day of regulation, else None."""
        if self.regulation_ends is None or on <= self.regulation_ends:
            return None
        return (
            f"{self.code} closed to new registrations on {_day(self.regulation_ends)}: "
            f"check with {self.awarding_body} before you enrol anyone."
        )


@dataclass(frozen=True)
class Catalogue:
    """One version of the catalogue. Treat it as a value: it never changes once loaded."""

    version: str
    qualifications: tuple[Programme, ...]
    unit_sets: tuple[Programme, ...]
    units: tuple[Unit, ...]

    @property
    def programmes(self) -> tuple[Programme, ...]:
        """All that a learner can be enrolled for: qualifications, then unit sets."""
        return self.qualifications + self.unit_sets

    @cached_property
    def practice_units(self) -> tuple[Unit, ...]:
        """The units that ask for hours of practice."""
        return tuple(unit for unit in self.units if unit.min_practice_hours)

    def unit(self, code: str) -> Unit:
        """The unit with that code; raises UnknownCode."""
        found = self._units.get(code)
        if found is None:
            raise UnknownCode(f"No unit has the code “{code}” in catalogue {self.version}.")
        return found

    def qualification(self, code: str) -> Programme:
        """The qualification with that code; raises UnknownCode, also for a unit set."""
        found = self._programmes.get(code)
        if found is None or not found.is_qualification:
            raise UnknownCode(
                f"No qualification has the code “{code}” in catalogue {self.version}."
            )
        return found

    def programme(self, code: str) -> Programme:
        """The qualification or unit set with that code; raises UnknownCode."""
        found = self._programmes.get(code)
        if found is None:
            raise UnknownCode(
                f"No qualification or unit set has the code “{code}” in catalogue {self.version}."
            )
        return found

    @cached_property
    def _units(self) -> dict[str, Unit]:
        return {unit.code: unit for unit in self.units}

    @cached_property
    def _programmes(self) -> dict[str, Programme]:
        return {programme.code: programme for programme in self.programmes}


def _day(value: date) -> str:
    """A date as people write it: 31 March 2017."""
    return f"{value.day} {value:%B %Y}"
