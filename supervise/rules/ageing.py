"""How long a thing has waited, counted in days on the reader's own calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from supervise.rules.moments import local


@dataclass(frozen=True, slots=True)
class Age:
    """Whole days waited, the class it is drawn with, and the words for it: ``5 days, due``."""

    days: int
    css: Literal["", "wait", "warn"]
    words: str


def age(
    since: datetime | date,
    now: datetime,
    zone: ZoneInfo | str,
    due_days: int,
    late_days: int,
) -> Age:
    """The age of what waits since ``since``: due on day ``due_days``, late after ``late_days``.

    Days are midnights passed in ``zone``, so what came last night is one day old this morning.
    A moment (aware, UTC) is read in that zone; a date is taken as it stands. What lies ahead is
    ``today``.
    """
    began = local(since, zone).date() if isinstance(since, datetime) else since
    days = max(0, (local(now, zone).date() - began).days)
    words = "today" if days == 0 else "1 day" if days == 1 else f"{days} days"
    if days > late_days:
        return Age(days, "warn", f"{words}, late")
    if days >= due_days:
        return Age(days, "wait", f"{words}, due")
    return Age(days, "", words)
