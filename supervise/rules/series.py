"""When a recurring meeting is: the same hour on the wall clock, week after week."""

from __future__ import annotations

from datetime import datetime, timedelta

from supervise.rules.moments import local
from supervise.rules.slots import moment

MOST_TIMES = 26
MOST_WEEKS = 8


def repeats(starts_at: datetime, times: int, every_weeks: int, zone: str) -> list[datetime]:
    """The moments (UTC) of a meeting that recurs, the first among them, on the clock of ``zone``.

    The hour on the wall clock stays, so that a change of the clocks moves the moment and not the
    time people know. Where the clocks skip that hour it is when they have changed. Raises
    ValueError outside 1 to 26 times and 1 to 8 weeks.
    """
    if not (1 <= times <= MOST_TIMES and 1 <= every_weeks <= MOST_WEEKS):
        raise ValueError(f"Repeat up to {MOST_TIMES} times, every 1 to {MOST_WEEKS} weeks.")
    first = local(starts_at, zone)
    step = timedelta(weeks=every_weeks)
    later = (first.date() + number * step for number in range(1, times))
    return [starts_at, *(moment(on, first.time(), zone) for on in later)]
