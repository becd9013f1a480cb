"""A verdict on a practice session: counts, not yet or never, with its reasons and its sentence.

"Not yet" means that somebody can still mend it; "never" that it cannot count as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Answer = Literal["counts", "not yet", "never"]
Level = Literal["good", "wait", "stop"]
STATE = "state"
ALONE = "alone"
DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: ``good`` speaks for the session, ``wait`` can be mended, ``stop`` rules it out.

    ``about`` marks the reason that approval would remove (``STATE``). Two kinds the sentence names
    whatever the answer: one for which the supervisor's approval stands alone (``ALONE``), and a
    client's dispute that the centre lets the supervisor decide over (``DISPUTED``).
    """

    level: Level
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one session, its minutes, the units they go toward, and every reason.

    While the answer is "not yet", ``units`` says where the minutes would go; a session that never
    counts goes nowhere. ``supposed`` marks a verdict as it would be once approved.
    """

    answer: Answer
    minutes: int
    units: tuple[str, ...]
    reasons: tuple[Reason, ...]
    supposed: bool = False

    @property
    def obstacles(self) -> tuple[Reason, ...]:
        """The reasons against it, those that rule it out first."""
        against = (reason for reason in self.reasons if reason.level != "good")
        return tuple(sorted(against, key=lambda reason: reason.level != "stop"))

    @property
    def alone(self) -> tuple[Reason, ...]:
        """The reasons that rest on the supervisor's approval and on nobody else's word."""
        return tuple(reason for reason in self.reasons if reason.about == ALONE)

    @property
    def named(self) -> tuple[Reason, ...]:
        """The reasons for it that are named all the same: who disputes it, and whose word is missing."""
        return tuple(
            reason
            for reason in self.reasons
            if reason.level == "good" and reason.about in (ALONE, DISPUTED)
        )

    @property
    def css(self) -> str:
        """The class the verdict is drawn with; what counts although a client disputes it warns."""
        if self.answer == "counts" and any(reason.about == DISPUTED for reason in self.named):
            return "warn"
        classes: dict[Answer, str] = {"counts": "good", "not yet": "wait", "never": "stop"}
        return classes[self.answer]

    @property
    def lead(self) -> str:
        """How the sentence begins, naming the answer; screens set it in bold."""
        if self.answer == "counts":
            return "Counts"
        if self.answer == "not yet":
            return "Not yet, even if approved:" if self.supposed else "Not yet:"
        return "Never counts:" if self.supposed else "Never:"

    @property
    def rest(self) -> str:
        """How the sentence goes on: the units, or every obstacle, each a sentence of its own."""
        named = [reason.text for reason in self.named]
        if self.answer == "counts":
            first = f"toward {' and '.join(self.units)}{' if approved' if self.supposed else ''}"
            others = named
        else:
            first, *others = [*(reason.text for reason in self.obstacles), *named]
        return " ".join([f"{first}.", *(f"{text[0].upper()}{text[1:]}." for text in others)])

    @property
    def sentence(self) -> str:
        """The whole verdict in words, in the third person, for coach and supervisor alike."""
        return f"{self.lead} {self.rest}"

    def if_approved(self) -> Verdict:
        """The verdict as it would be once approved, or this one if approval is not what it lacks.

        It never promises too much: a session that overlaps another in the queue stays "never",
        because only one of the two can be approved and count.
        """
        left = tuple(reason for reason in self.reasons if reason.about != STATE)
        if len(left) == len(self.reasons):
            return self
        return replace(self, answer=answer_of(left), reasons=left, supposed=True)


def answer_of(reasons: Iterable[Reason]) -> Answer:
    """What the reasons come to: never beats not yet, and not yet beats counts."""
    levels = {reason.level for reason in reasons}
    return "never" if "stop" in levels else "not yet" if "wait" in levels else "counts"
