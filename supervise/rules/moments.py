"""Times as people read and write them: whole minutes, plain UK dates, and clock changes.

Moments are kept in UTC; a zone (an IANA name or a ``ZoneInfo``) says whose clock is meant.
Names of days and months are spelt here, so that no setting of the machine changes them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


READABLE = range(2000, 2100)
"""The years of which an address or a form may speak."""


class NoSuchTime(ValueError):
    """A time that no clock showed on that day; ``sentence`` says so and how to mend it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def length(minutes: int) -> str:
    """Whole minutes as hours and minutes: 105 is ``1 h 45``, 45 is ``0 h 45``."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'−' if minutes < 0 else ''}{hours} h {rest:02}"


def clock(moment: datetime | time) -> str:
    """The time of day on a 24-hour clock: ``09:05``."""
    return f"{moment.hour:02}:{moment.minute:02}"


def day(when: date, *, year: bool = False) -> str:
    """A date with its weekday, short: ``Thu 8 Oct``, or ``Thu 8 Oct 2026`` with the year."""
    text = f"{DAYS[when.weekday()][:3]} {when.day} {MONTHS[when.month - 1][:3]}"
    return f"{text} {when.year}" if year else text


def short_date(when: date) -> str:
    """A date in a sentence: ``12 Jan 2026``."""
    return f"{when.day} {MONTHS[when.month - 1][:3]} {when.year}"


def long_date(when: date) -> str:
    """A date in full: ``Thursday 8 October 2026``."""
    return f"{DAYS[when.weekday()]} {when.day} {MONTHS[when.month - 1]} {when.year}"


def read_moment(text: str | None) -> datetime | None:
    """The moment (UTC) that an address or a form holds; None for what is none, or centuries off."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo and found.year in READABLE else None


def local(moment_utc: datetime, zone: ZoneInfo | str) -> datetime:
    """The same moment on the clock of ``zone``. Raises ``ValueError`` for a naive moment."""
    if moment_utc.tzinfo is None:
        raise ValueError("A moment needs its zone: give it in UTC.")
    return moment_utc.astimezone(_zone(zone))


def place(zone: str) -> str:
    """The town by which a zone is known: ``New York``."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def on_the_clock(moment_utc: datetime, zone: str) -> str:
    """A moment on the clock of a zone, always with its year: ``Thu 8 Oct 2026, 14:00``."""
    there = local(moment_utc, zone)
    return f"{day(there.date(), year=True)}, {clock(there)}"


def elsewhere(moment_utc: datetime, zone: str, here: str) -> str:
    """What the clock of ``zone`` shows while that of ``here`` shows something else.

    ``10:15 in London``, with the day where that differs too; nothing where both show the same.
    """
    there, now = (local(moment_utc, one).replace(tzinfo=None) for one in (zone, here))
    if there == now:
        return ""
    date_there = "" if there.date() == now.date() else f"{day(there.date())}, "
    return f"{date_there}{clock(there)} in {place(zone)}"


def to_utc(on: date, at: time, zone: ZoneInfo | str) -> datetime:
    """The moment in UTC at which the clock of ``zone`` shows ``at`` on ``on``.

    Of an hour shown twice, when the clocks go back, the first is taken (see ``is_repeated``).
    Raises ``NoSuchTime`` for an hour left out when the clocks go forward, and for a date so far
    out that UTC has none.
    """
    first, second = _both(on, at, zone)
    try:
        moment = first.astimezone(UTC)
        if _offset(first) < _offset(second):
            then = local(moment, zone)
            raise NoSuchTime(
                f"There was no {clock(at)} on {day(on, year=True)}: the clocks went forward. "
                f"Give the time they showed instead, for instance {clock(then)}."
            )
    except OverflowError as error:
        raise NoSuchTime(f"{short_date(on)} is outside the calendar. Check the year.") from error
    return moment


def is_repeated(on: date, at: time, zone: ZoneInfo | str) -> bool:
    """Whether the clock of ``zone`` showed this time twice that day, as when it goes back."""
    first, second = _both(on, at, zone)
    return _offset(first) > _offset(second)


def _both(on: date, at: time, zone: ZoneInfo | str) -> tuple[datetime, datetime]:
    """The time read before and after a change of the clocks; one and the same on other days."""
    first = datetime.combine(on, at.replace(fold=0), _zone(zone))
    return first, first.replace(fold=1)


def _offset(moment: datetime) -> float:
    offset = moment.utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def _zone(zone: ZoneInfo | str) -> ZoneInfo:
    return ZoneInfo(zone) if isinstance(zone, str) else zone
