"""How long a meeting can have lasted. Lengths are whole minutes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from supervise.rules.moments import length

LONGEST_MINUTES = 480
NO_LENGTH = f"Give the length in whole minutes, from 1 to {LONGEST_MINUTES}."
SPARE_MINUTES = 60
"""A meeting may last so much more than twice as long as planned before anybody asks."""


def length_fault(minutes: int, planned: int, *, sure: bool) -> str:
    """Why a meeting planned for so long cannot have lasted ``minutes``; empty where it can.

    ``sure`` says that a length far beyond the plan is meant.
    """
    if not 1 <= minutes <= LONGEST_MINUTES:
        return NO_LENGTH
    if sure or minutes <= 2 * planned + SPARE_MINUTES:
        return ""
    return (
        f"It was planned for {length(planned)}. Correct {length(minutes)}, or tick that it really "
        "lasted that long."
    )


def overlap(
    starts_at: datetime, minutes: int, others: Iterable[tuple[datetime, int, str]]
) -> str | None:
    """The name of the first who was in another meeting before this one ended; None where nobody was.

    ``others`` are meetings that took place: start (UTC), minutes it lasted, and who was in it.
    """
    ends_at = starts_at + timedelta(minutes=minutes)
    for start, lasted, name in others:
        if start < ends_at and starts_at < start + timedelta(minutes=lasted):
            return name
    return None
