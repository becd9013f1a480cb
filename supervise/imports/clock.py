"""Local time on the nights the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


class Clock:
    """The clock on the wall in one IANA zone. Raises ZoneInfoNotFoundError for an unknown one."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def _utc(self, day: date, moment: time, fold: int = 0) -> datetime:
        local = datetime.combine(day, moment.replace(fold=fold), tzinfo=self._zone)
        return local.astimezone(UTC)

    def skips(self, day: date, moment: time) -> bool:
        """Whether the clock never showed this time, having gone forward over it."""
        back = self._utc(day, moment).astimezone(self._zone)
        return back.replace(tzinfo=None) != datetime.combine(day, moment)

    def repeats(self, day: date, moment: time) -> bool:
        """Whether the clock showed this time twice, having gone back over it."""
        first, second = self._utc(day, moment), self._utc(day, moment, fold=1)
        return first != second and not self.skips(day, moment)

    def lengths(self, day: date | None, start: time, end: time) -> tuple[int, ...]:
        """Whole minutes from start to end as they passed, then, where the clocks changed in
        between, as the clock showed them. Without a day only the latter are known."""
        shown = (end.hour - start.hour) * 60 + end.minute - start.minute
        if day is None:
            return (shown,)
        passed = self._utc(day, end) - self._utc(day, start)
        return tuple(dict.fromkeys((int(passed.total_seconds()) // 60, shown)))
