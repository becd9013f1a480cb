"""Which sessions overlap: one sweep along the clock, earliest start first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Protocol


class Timed(Protocol):
    """Anything with an id, a start (aware) and a length in whole minutes; both may be unknown."""

    @property
    def id(self) -> int:
        """Which session."""

    @property
    def starts_at(self) -> datetime | None:
        """When it starts, or None if no time was kept."""

    @property
    def minutes(self) -> int | None:
        """How long it lasts, or None if unknown."""


def overlapping(sessions: Iterable[Timed]) -> dict[int, list[int]]:
    """For every session, the ids of those that share time with it, earliest start first.

    A session that starts as another ends does not overlap it, and one without a start or a
    length overlaps nothing. Takes O(n log n), and as long again as there are overlaps.
    """
    found: dict[int, list[int]] = {}
    spans: list[tuple[datetime, int, datetime]] = []
    for session in sessions:
        found[session.id] = []
        if session.starts_at is not None and session.minutes is not None and session.minutes > 0:
            end = session.starts_at + timedelta(minutes=session.minutes)
            spans.append((session.starts_at, session.id, end))
    spans.sort()
    order = {id_: place for place, (_, id_, _) in enumerate(spans)}
    running: list[tuple[datetime, int]] = []
    for start, id_, end in spans:
        while running and running[0][0] <= start:
            heappop(running)
        for _, other in running:
            found[id_].append(other)
            found[other].append(id_)
        heappush(running, (end, id_))
    for others in found.values():
        others.sort(key=order.__getitem__)
    return found
