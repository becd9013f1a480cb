"""Guided time outside the units: tutorials and the induction, by the records of their meetings.

Specification 002 asks ILM Level 3 for one hour of induction and four or more of tutorials, logged per
learner (rules.md 1). Time counts once the learner has signed the record of a meeting they came to;
time planned is not time spent, so what counts is the length the record says; and, as with sessions,
only from the first to the last day of the enrolment. Whole minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from supervise.rules.moments import length, short_date
from supervise.rules.verdicts import Answer, Level

KINDS = {"tutorial": "Tutorials", "induction": "Induction"}
_LEADS: Mapping[Answer, str] = {"counts": "Counts", "not yet": "Not yet:", "never": "Never:"}
_CSS: Mapping[Answer, Level] = {"counts": "good", "not yet": "wait", "never": "stop"}


@dataclass(frozen=True, slots=True)
class Attended:
    """One learner's place in a tutorial or induction: both states, the day, planned and held minutes."""

    id: int
    kind: str
    on: date
    meeting: str
    place: str
    planned: int
    held: int | None = None


@dataclass(frozen=True, slots=True)
class GuidedVerdict:
    """Whether a meeting counts toward guided time, for how many minutes, and why."""

    of: Attended
    answer: Answer
    minutes: int
    reason: str

    @property
    def css(self) -> Level:
        """The class it is drawn with."""
        return _CSS[self.answer]

    @property
    def lead(self) -> str:
        """How the sentence begins, naming the answer."""
        return _LEADS[self.answer]

    @property
    def sentence(self) -> str:
        """The whole verdict in words."""
        return f"{self.lead} {self.reason}."


@dataclass(frozen=True, slots=True)
class GuidedTotal:
    """The minutes of one kind: needed, counted, and those that do not count yet."""

    kind: str
    needed: int
    counted: int
    waiting: int
    verdicts: tuple[GuidedVerdict, ...]

    @property
    def word(self) -> str:
        """What the kind is called."""
        return KINDS[self.kind]

    @property
    def to_go(self) -> int:
        """Minutes still missing."""
        return max(0, self.needed - self.counted)

    @property
    def standing(self) -> tuple[str, str]:
        """The shape and the words: met, or so much to go."""
        if not self.to_go:
            return "good", "met"
        return ("wait" if self.counted or self.waiting else "none"), f"{length(self.to_go)} to go"

    @property
    def sentence(self) -> str:
        """How it stands in a sentence, with what to do where something is missing."""
        so_far = f"{length(self.counted)} of {length(self.needed)} counted"
        if not self.to_go:
            return f"{so_far}: met"
        if self.waiting >= self.to_go:
            return f"{so_far}: met once what waits is signed"
        what = "an induction" if self.kind == "induction" else "a tutorial"
        return f"{so_far}: book {what}"


def judge(attended: Attended, began: date, ends: date | None) -> GuidedVerdict:
    """Whether one meeting counts toward guided time, and why.

    ``began`` and ``ends`` are the first and the last day of the enrolment; None for no last day.
    """
    minutes = attended.planned if attended.held is None else attended.held
    if attended.place == "missed" or attended.meeting == "missed":
        return GuidedVerdict(attended, "never", 0, "the learner did not come")
    if attended.on < began:
        why = f"it is dated before the enrolment began on {short_date(began)}"
        return GuidedVerdict(attended, "never", 0, why)
    if ends is not None and attended.on > ends:
        why = f"it is dated after the enrolment's last day, {short_date(ends)}"
        return GuidedVerdict(attended, "never", 0, why)
    if attended.place == "signed":
        return GuidedVerdict(
            attended, "counts", minutes, f"{length(minutes)} by a record both signed"
        )
    if attended.meeting == "recorded":
        why = "the record waits for the learner to sign it"
    elif attended.meeting == "held":
        why = "it was held, and its record is not written and signed yet"
    else:
        why = f"it is booked for {short_date(attended.on)}"
    return GuidedVerdict(attended, "not yet", minutes, why)


def totals(
    attended: Iterable[Attended], needed: Mapping[str, int | None], began: date, ends: date | None
) -> list[GuidedTotal]:
    """For each kind that the programme asks for, the sums of its verdicts, tutorials first.

    ``needed`` is in minutes, by kind; None or 0 asks for none, and such a kind is left out. ``began``
    and ``ends`` are as in ``judge``.
    """
    judged = [judge(one, began, ends) for one in sorted(attended, key=lambda one: (one.on, one.id))]
    found = []
    for kind in KINDS:
        asked = needed.get(kind)
        if not asked:
            continue
        mine = tuple(one for one in judged if one.of.kind == kind)
        sums = {
            answer: sum(one.minutes for one in mine if one.answer == answer)
            for answer in ("counts", "not yet")
        }
        found.append(GuidedTotal(kind, asked, sums["counts"], sums["not yet"], mine))
    return found
