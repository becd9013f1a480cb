"""Milestones of a goal, one a line: a day and what is there by then, or words alone.

``1 Nov 2026: one item of the meeting`` has a day; it lies between the day on which the goal was set
and the goal's own. Days are calendar days.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from supervise.rules.moments import MONTHS, short_date

_DAY = re.compile(
    r"(?P<iso>\d{4}-\d{1,2}-\d{1,2})"
    r"|(?P<slashed>\d{1,2}/\d{1,2}/\d{4})"
    rf"|(?P<d>\d{{1,2}}) (?P<month>{'|'.join(name[:3] for name in MONTHS)})[a-z]*\.?(?: (?P<year>\d{{4}}))?",
    re.IGNORECASE,
)
_LINE = re.compile(rf"\s*(?P<day>{_DAY.pattern})\s*:\s*(?P<text>.*\S)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Milestone:
    """What is to be there, and by when, if a day was given."""

    on: date | None
    text: str

    @property
    def said(self) -> str:
        """The milestone in a line: ``1 Nov 2026: one item``."""
        return f"{short_date(self.on)}: {self.text}" if self.on else self.text


def in_order(text: str) -> list[str]:
    """The milestones as lines: those with a day by their days, then the others as they were written."""
    found = [_read(line) for line in text.splitlines() if line.strip()]
    return [one.said for one in sorted(found, key=lambda one: one.on or date.max)]


def faults(text: str, first: date | None, last: date | None) -> Iterator[str]:
    """What is wrong with the days given, a sentence each, with its line.

    They lie between ``first``, when the goal was set, and ``last``, when it is due, where these are
    known.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        on = _day(found)
        if on is None and found["month"] and not found["year"]:
            yield f"Line {number}: give the year too, as in {found['day']} 2026: …"
        elif on is None:
            yield f"Line {number}: there is no {found['day']}. Correct the day."
        elif first and on < first:
            yield f"Line {number}: {short_date(on)} is before the goal was set, {short_date(first)}."
        elif last and on > last:
            yield f"Line {number}: {short_date(on)} is after the goal’s own day, {short_date(last)}."


def _read(line: str) -> Milestone:
    found = _LINE.fullmatch(line)
    on = _day(found) if found else None
    return Milestone(on, found["text"]) if found and on else Milestone(None, line.strip())


def _day(found: re.Match[str]) -> date | None:
    """The day of a line that begins with one; None for one that no calendar has."""
    if found["iso"]:
        year, month, day = (int(part) for part in found["iso"].split("-"))
    elif found["slashed"]:
        day, month, year = (int(part) for part in found["slashed"].split("/"))
    elif found["year"]:
        names = [name[:3].lower() for name in MONTHS]
        day, month, year = (
            int(found["d"]),
            names.index(found["month"].lower()) + 1,
            int(found["year"]),
        )
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
