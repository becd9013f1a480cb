"""How far along a goal is: as its latest session says, unless somebody set it by hand since then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What one session says of a goal, 0 to 10; the start (UTC) and a draft's date may be missing."""

    session_id: int
    date: date | None
    starts_at: datetime | None
    progress: int


@dataclass(frozen=True, slots=True)
class ByHand:
    """The number that somebody set by hand last: at which moment (UTC), on which day of theirs."""

    progress: int
    at: datetime
    day: date


def how_far(steps: Iterable[Step], by_hand: ByHand | None) -> tuple[int, Step | None]:
    """How far along a goal is, and the session that says so; None where the number set by hand stands.

    The latest session is that of the latest date, then start, then number. A goal that nobody has
    said anything of is at 0.
    """
    last = max(steps, key=_when, default=None)
    if by_hand is not None and (last is None or _since(by_hand, last)):
        return by_hand.progress, None
    return (last.progress, last) if last else (0, None)


def _when(step: Step) -> tuple[date, datetime, int]:
    start = step.starts_at or datetime.min.replace(tzinfo=UTC)
    return step.date or date.min, start, step.session_id


def _since(by_hand: ByHand, step: Step) -> bool:
    """Whether it was set by hand after the session: after its start, or its day where none is kept."""
    if step.starts_at is not None:
        return by_hand.at > step.starts_at
    return step.date is None or by_hand.day > step.date
