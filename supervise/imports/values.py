"""One cell's meaning: dates, times, lengths, modes and kinds as people write them in Britain."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from supervise.imports.cells import Cell, text_of

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME_AFTER = r"(?:[ T]+(\d{1,2}:\d{2})(?::\d{2}(?:\.\d+)?)?)?"
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME_AFTER}")
_NUMBERS = re.compile(rf"(\d{{1,2}})[/.\- ](\d{{1,2}})[/.\- ](\d{{4}}|\d{{2}}){_TIME_AFTER}")
_WORDS = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th)?[\s\-./]+(?:of\s+)?([a-z]+)[\s\-./,]+(\d{{4}}|\d{{2}}){_TIME_AFTER}"
)
_US_WORDS = re.compile(rf"([a-z]+)\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_TIME_AFTER}")
_WEEKDAY = re.compile(r"^(mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.]?\s+", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h]?(\d{2}))?(?:[:.]\d{2})?\s*(a\.?m\.?|p\.?m\.?)?")
_MINUTE_WORD, _HOUR_WORD = r"(?:m|mins?\.?|minutes?)", r"(?:h|hrs?\.?|hours?)"
_AMOUNT = re.compile(
    rf"(?P<whole>\d{{1,4}})(?:[.,](?P<part>\d{{1,6}}))?\s*(?P<unit>{_MINUTE_WORD}|{_HOUR_WORD})?"
)
_HOURS_AND_MINUTES = re.compile(
    rf"(?P<hours>\d{{1,2}})(?:\s*{_HOUR_WORD}\s*(?:and\s*)?|:(?=\d\d))(?P<minutes>[0-5]?\d)"
    rf"(?::[0-5]\d|\s*{_MINUTE_WORD})?"
)

VIDEO, FACE, PHONE, OTHER = "video", "face to face", "phone", "other"
_MODES = (
    (VIDEO, r"teams|zoom|video|g?meet|skype|online|virtual\w*|webex|facetime|remote\w*"),
    (PHONE, r"phone\w*|telephone|tel|call|mobile|whatsapp"),
    (FACE, r"face|f2f|ftf|in person|in-person|room|office|on ?site|site|centre|caf[eé]|library"
           r"|meeting|classroom|workplace|boardroom|canteen|walk\w*"),
)  # fmt: skip


# A longer text is no date, time or length: it is not searched, so no cell can hold up the reading.
LONGEST_VALUE = 60


class NotUnderstood(ValueError):  # noqa: N818 - it names what happened
    """A cell's text has no meaning here; the sentence says what is expected."""


def read_date(cell: Cell) -> tuple[date, time | None] | None:
    """The date in a cell, day before month, and a time if one stands with it; None if blank.

    Raises NotUnderstood for anything else, a date with the month first too.
    """
    if isinstance(cell, datetime):
        return cell.date(), (cell.time() if cell.time() != time() else None)
    if isinstance(cell, date):
        return cell, None
    text = _WEEKDAY.sub("", text_of(cell))
    if not text:
        return None
    how = "Write the day first, as 06/07/2026 or 6 Jul 2026."
    if len(text) > LONGEST_VALUE:
        raise NotUnderstood(f"‘{_short(text)}’ is not a date. {how}")
    if m := _ISO.fullmatch(text):
        year, month, day = int(m[1]), int(m[2]), int(m[3])
    elif m := _NUMBERS.fullmatch(text):
        day, month, year = int(m[1]), int(m[2]), _year(m[3])
        if month > 12 >= day and month <= 31:
            raise NotUnderstood(f"‘{text}’ has the month first. {how}")
    elif m := _WORDS.fullmatch(text.casefold()):
        day, month, year = int(m[1]), _month(m[2]), _year(m[3])
    elif m := _US_WORDS.fullmatch(text.casefold()):
        day, month, year = int(m[2]), _month(m[1]), int(m[3])
    else:
        raise NotUnderstood(f"‘{_short(text)}’ is not a date. {how}")
    try:
        return date(year, month, day), (time.fromisoformat(m[4].zfill(5)) if m[4] else None)
    except ValueError:
        raise NotUnderstood(f"‘{text}’ is not a day in the calendar. {how}") from None


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _month(word: str) -> int:
    """1 to 12, or 0 for a word that is no month (May, Sept and June in full count)."""
    full = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
            "october", "november", "december")  # fmt: skip
    if len(word) < 3 or not any(name.startswith(word) for name in full):
        return 0
    return _MONTHS.index(word[:3]) + 1


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def read_time(cell: Cell) -> time | None:
    """A time of day such as 13:00, 1.30pm, 0900 or a spreadsheet's own; None if blank.

    Raises NotUnderstood for anything else, a bare hour too: 1 could be day or night.
    """
    if isinstance(cell, datetime):
        cell = cell.time()
    if isinstance(cell, time):
        return _to_minute(cell)
    if isinstance(cell, timedelta) and timedelta() <= cell < timedelta(days=1):
        return _to_minute(_after_midnight(cell))
    if isinstance(cell, float) and 0 <= cell < 1:
        return _to_minute(_after_midnight(timedelta(minutes=round(cell * 1440) % 1440)))
    text = f"{cell:.2f}" if isinstance(cell, float) and not cell.is_integer() else text_of(cell)
    if not text:
        return None
    how = "Write it as 13:00 or 1.30pm."
    text = text.casefold()
    m = _CLOCK.fullmatch(text) if len(text) <= LONGEST_VALUE else None
    if m is None or (m[2] is None and m[3] is None):
        raise NotUnderstood(f"‘{_short(text)}’ is not a time of day. {how}")
    hour, minute = int(m[1]), int(m[2] or 0)
    if m[3]:
        if not 1 <= hour <= 12:
            raise NotUnderstood(f"‘{_short(text)}’ is not a time of day. {how}")
        hour = hour % 12 + (12 if m[3].startswith("p") else 0)
    if hour > 23 or minute > 59:
        raise NotUnderstood(f"‘{_short(text)}’ is not a time of day. {how}")
    return time(hour, minute)


def _to_minute(value: time) -> time:
    """Whole minutes: spreadsheets store 13:00 as a fraction that may fall a moment short."""
    if value.second >= 30 and (value.hour, value.minute) != (23, 59):
        value = (datetime.combine(date(2000, 1, 1), value) + timedelta(seconds=30)).time()
    return value.replace(second=0, microsecond=0)


def _after_midnight(length: timedelta) -> time:
    return (datetime.combine(date(2000, 1, 1), time()) + length).time()


def read_minutes(cell: Cell, in_hours: bool = False) -> int | None:
    """A length in whole minutes: 50, '50 min', '1h 15', '1:15'; None if blank.

    A plain number is minutes, or hours when the heading says so (`in_hours`).
    Raises NotUnderstood for anything else, a part of a minute too.
    """
    if isinstance(cell, datetime):
        # A length over a day, or one shown as a date: its time is not its length.
        raise NotUnderstood("This cell holds a date. Write the length in minutes, as 50.")
    if isinstance(cell, time):
        cell = timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second)
    if isinstance(cell, timedelta):
        return round(cell.total_seconds() / 60)
    if isinstance(cell, float):
        cell = round(cell, 6)  # 49.99999999 is what a sum leaves of 50
    text = text_of(cell).casefold()
    if not text:
        return None
    minutes = None
    if len(text) > LONGEST_VALUE:
        pass
    elif m := _AMOUNT.fullmatch(text):
        said_hours = m["unit"].startswith("h") if m["unit"] else in_hours
        minutes = _scaled(m["whole"], m["part"] or "", 60 if said_hours else 1)
    elif m := _HOURS_AND_MINUTES.fullmatch(text):
        minutes = int(m["hours"]) * 60 + int(m["minutes"])
    if minutes is None:
        raise NotUnderstood(
            f"‘{_short(text)}’ is not a length in whole minutes. Write it as 50 or 1h 15."
        )
    return minutes


def _scaled(whole: str, digits: str, unit: int) -> int | None:
    """`whole.fraction` units in minutes, rounded as two decimals of an hour need, else None."""
    scale = 10 ** len(digits)
    parts = (int(whole) * scale + int(digits or 0)) * unit
    nearest = (2 * parts + scale) // (2 * scale)
    # 1.33 hours stands for 80 minutes: two decimals of an hour are up to 0.3 minutes off
    slack = scale * 30 // 100 if unit == 60 else 0
    return nearest if abs(parts - nearest * scale) <= slack else None


def read_kind(cell: Cell) -> str | None:
    """'coaching' or 'mentoring'; None if blank or if the words speak of something else than kind
    of practice (group, 1:1), so that the unit decides. Raises NotUnderstood for other words."""
    words = text_of(cell).casefold()[: 2 * LONGEST_VALUE]
    coaching, mentoring = "coach" in words, "mentor" in words
    if coaching != mentoring:
        return "coaching" if coaching else "mentoring"
    if re.fullmatch(
        r"|1[:\-.]1|.*\b(one to one|one-to-one|individual|group|team|session)\b.*", words
    ):
        return None
    raise NotUnderstood(f"‘{_short(words)}’ is not a kind of session. Write coaching or mentoring.")


def read_mode(cell: Cell) -> str | None:
    """'video', 'face to face', 'phone' or 'other' from the words for a place; None if blank."""
    words = text_of(cell).casefold()[: 4 * LONGEST_VALUE]
    if not words:
        return None
    for mode, pattern in _MODES:
        if re.search(rf"\b(?:{pattern})\b", words):
            return mode
    return OTHER
