"""What the clients of a session say of it, taken together, for one cell of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from supervise.rules.facts import ConfirmationFacts

Word = Literal["disputed", "confirmed", "asked", "none"]


@dataclass(frozen=True, slots=True)
class Said:
    """The clients' answers as one: a dispute goes before an answer, an answer before a question."""

    clients: tuple[ConfirmationFacts, ...]

    @property
    def word(self) -> Word:
        """``disputed`` by any, else ``confirmed`` by any, else ``asked``, else ``none``."""
        states = {one.state for one in self.clients}
        words: tuple[Word, ...] = ("disputed", "confirmed", "asked")
        return next((word for word in words if word in states), "none")

    @property
    def disputes(self) -> int:
        """How many of them dispute it."""
        return sum(one.state == "disputed" for one in self.clients)

    @property
    def those(self) -> Sequence[ConfirmationFacts]:
        """The clients whose state gives the word."""
        return [one for one in self.clients if one.state == self.word]

    @property
    def css(self) -> str:
        """The shape: a half disc where only some of a group have confirmed."""
        if self.word == "confirmed":
            return "good" if len(self.those) == len(self.clients) else "wait"
        return "warn" if self.word == "disputed" else "none"

    @property
    def by(self) -> str:
        """Of a group, how many say so: ``3 of 4``; nothing for one client."""
        several = len(self.clients) > 1 and self.word != "none"
        return f"{len(self.those)} of {len(self.clients)}" if several else ""
