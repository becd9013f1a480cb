"""Which days a view of the calendar shows, and which come before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from supervise.rules.moments import MONTHS, short_date
from supervise.rules.slots import DAY

VIEWS = ("week", "month", "list")
WEEK = timedelta(days=7)
LISTED = 4 * WEEK
EARLIEST, LATEST = date(2000, 1, 3), date(2099, 12, 27)


@dataclass(frozen=True)
class Stretch:
    """The days of one view around ``on``: from ``first`` to the day before ``after``.

    ``earlier`` and ``later`` are days that the neighbouring pages are opened at.
    """

    view: str
    on: date
    first: date
    after: date
    earlier: date
    later: date
    title: str

    @property
    def days(self) -> list[date]:
        """All its days, in order."""
        return [self.first + n * DAY for n in range((self.after - self.first).days)]

    @property
    def weeks(self) -> list[list[date]]:
        """Its days by weeks, for a table."""
        days = self.days
        return [days[n : n + 7] for n in range(0, len(days), 7)]


def stretch(view: str, on: date) -> Stretch:
    """The days that a view shows around a day; a week begins on Monday."""
    on = min(max(on, EARLIEST), LATEST)
    monday = on - on.weekday() * DAY
    if view == "month":
        return _month(on)
    if view == "list":
        title = f"{short_date(on)} to {short_date(on + LISTED - DAY)}"
        return Stretch(view, on, on, on + LISTED, on - LISTED, on + LISTED, title)
    title = f"{short_date(monday)} to {short_date(monday + WEEK - DAY)}"
    return Stretch("week", on, monday, monday + WEEK, on - WEEK, on + WEEK, title)


def _month(on: date) -> Stretch:
    """The weeks that a month lies in."""
    first = on.replace(day=1)
    following = (first + 31 * DAY).replace(day=1)
    last = following - DAY
    return Stretch(
        "month",
        on,
        first - first.weekday() * DAY,
        last + (7 - last.weekday()) * DAY,
        (first - DAY).replace(day=1),
        following,
        f"{MONTHS[on.month - 1]} {on.year}",
    )
