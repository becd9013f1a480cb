"""When a mail is sent: at once or in a digest once a day, and not in somebody's quiet hours.

Times of day are on the person's own clock. Where the clocks go forward over one, the first moment
after the gap stands for it; of one shown twice the first is taken for a digest, while an hour is
quiet whenever the clock shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from supervise.rules.moments import NoSuchTime, is_repeated, local, to_utc

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Wish:
    """How somebody wants their mail: a digest's time of day, or at once; and the hours of quiet."""

    digest_at: time | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None

    @property
    def at_once(self) -> Wish:
        """The same without the digest: only the quiet hours."""
        return replace(self, digest_at=None)

    def is_quiet(self, at: time) -> bool:
        """Whether this time of day lies in the quiet hours, which may run over midnight."""
        begins, ends = self.quiet_from, self.quiet_to
        if begins is None or ends is None or begins == ends:
            return False
        if begins < ends:
            return begins <= at < ends
        return at >= begins or at < ends


def due(
    wish: Wish, created: datetime, zone: ZoneInfo | str, latest: datetime | None = None
) -> datetime:
    """The moment (UTC) from which a mail made at ``created`` (UTC) may be sent.

    ``latest`` is when it would be of no use any more: what would be sent after that is sent at once.
    """
    when = created
    if wish.digest_at is not None:
        when = _next(created, wish.digest_at, zone)
    if wish.quiet_to is not None and wish.is_quiet(_clock(when, zone)):
        when = _next(when, wish.quiet_to, zone, again=True)
    return created if latest is not None and when > latest else when


def _clock(moment: datetime, zone: ZoneInfo | str) -> time:
    return local(moment, zone).time().replace(fold=0)


def _next(moment: datetime, at: time, zone: ZoneInfo | str, *, again: bool = False) -> datetime:
    """The first moment from this one on when the clock shows ``at``; ``again``: each time it does."""
    today = local(moment, zone).date()
    days = (today + timedelta(days=n) for n in range(-1, 3))
    return min(found for day in days for found in _shown(day, at, zone, again) if found >= moment)


def _shown(on: date, at: time, zone: ZoneInfo | str, again: bool) -> Iterator[datetime]:
    """When the clock shows this time on a day: once, twice, or after the gap that leaves it out."""
    where = ZoneInfo(zone) if isinstance(zone, str) else zone
    try:
        yield to_utc(on, at, where)
    except NoSuchTime:
        yield _after_gap(datetime.combine(on, at, where))
        return
    if again and is_repeated(on, at, where):
        yield datetime.combine(on, at.replace(fold=1), where).astimezone(UTC)


def _after_gap(missing: datetime) -> datetime:
    """The first moment after the gap in which a clock shows no such time."""
    low = missing.replace(fold=1).astimezone(UTC)  # before the gap
    high = missing.replace(fold=0).astimezone(UTC)  # after it
    zone = missing.tzinfo
    before = low.astimezone(zone).utcoffset()
    while high - low > MINUTE:
        middle = low + (high - low) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle <= low:
            break
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
