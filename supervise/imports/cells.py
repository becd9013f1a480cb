"""Single cells: what they may hold, how they read as text, and how they leave safely."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

Cell = str | int | float | bool | date | datetime | time | timedelta | None

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def text_of(cell: Cell) -> str:
    """The cell as one would read it, spaces at both ends removed; '' for an empty cell.

    Line ends become a plain newline; a number without a fraction loses its '.0'.
    """
    match cell:
        case None:
            return ""
        case str():
            return cell.replace("\r\n", "\n").replace("\r", "\n").strip(" \t\n\xa0\ufeff")
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat("minutes")
        case _:
            return str(cell)


def control_character(text: str) -> str | None:
    """The first control character that is neither a newline nor a tab, as 'U+0007', or None."""
    for character in text:
        if unicodedata.category(character) == "Cc" and character not in "\n\t":
            return f"U+{ord(character):04X}"
    return None


def safe_cell(value: Cell) -> str:
    """The value for an exported cell, never a formula.

    Text that a spreadsheet program would run (it begins with = + - @, a tab or a line end, also
    after spaces) gets a quote mark before it. Numbers stay numbers, so -5 is left as it is.
    """
    if not isinstance(value, str):
        return text_of(value)
    if value.startswith(_FORMULA_STARTS) or value.lstrip().startswith(_FORMULA_STARTS):
        return "'" + value
    return value


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV that spreadsheet programs open rightly: UTF-8 with a mark, CRLF, each cell safe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_cell(name) for name in header])
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
    return out.getvalue().encode("utf-8-sig")
