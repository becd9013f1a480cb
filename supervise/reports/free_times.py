"""Free times to choose one from, a week at a time, by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from supervise.reports.slots import FreeSlot, OpenSlot
from supervise.rules.moments import local
from supervise.rules.slots import DAY


@dataclass(frozen=True)
class FreeWeek:
    """The free times of one week. ``earlier`` and ``later`` are the Mondays of the nearest other
    weeks in which a time is free, None where there is none."""

    monday: date
    days: list[tuple[date, list[OpenSlot | FreeSlot]]]
    earlier: date | None
    later: date | None


def free_week(times: Iterable[OpenSlot | FreeSlot], zone: str, around: date) -> FreeWeek | None:
    """Of these times, in order, those in the week of ``around`` on the clock of ``zone``.

    Where none is free in that week it is the next in which one is, or else the last; None without
    any time. Looks no further than one time beyond it. No query.
    """
    wanted, found = _monday(around), None
    for monday, some in groupby(times, lambda one: _monday(_day(one, zone))):
        if found is not None and found.monday >= wanted:
            return replace(found, later=monday)
        days = [(on, list(those)) for on, those in groupby(some, lambda one: _day(one, zone))]
        found = FreeWeek(monday, days, found.monday if found else None, None)
    return found


def _day(time: OpenSlot | FreeSlot, zone: str) -> date:
    return local(time.starts_at, zone).date()


def _monday(on: date) -> date:
    return on - on.weekday() * DAY
