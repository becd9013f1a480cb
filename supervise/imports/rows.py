"""Diary rows out of a sheet: which rows are sessions, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date

from supervise.imports.cells import text_of
from supervise.imports.clock import Clock
from supervise.imports.columns import FIELDS, plain_words, unit_from_name
from supervise.imports.diary import DiaryRow, Fault, Read, Seen
from supervise.imports.onerow import RowReader
from supervise.imports.sheets import Row, Sheet

__all__ = ["DiaryRow", "Fault", "Read", "Seen", "read_rows"]

_TOTAL = re.compile(r"(grand |sub|sub-|overall |running )?(totals?|sum)\b", re.IGNORECASE)


def read_rows(
    sheet: Sheet,
    columns: Mapping[str, int],
    header_row: int | None,
    codes: Collection[str],
    default_unit: str | None,
    today: date,
    zone: str,
    seen: Seen | None = None,
) -> Read:
    """Read the rows below `header_row` (a row number; None reads from the first row).

    `columns` maps fields of `FIELDS` to columns from 0; `codes` are the units known; a row's unit
    is its own cell's, else `default_unit`, else the one in the sheet's name. `zone` is the IANA
    zone in which starts are meant. Raises ValueError for an unknown field, nothing else.
    """
    if unknown := set(columns) - set(FIELDS):
        raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
    if missing := _missing_columns(columns):
        line = header_row or 1
        return Read((), tuple(Fault(sheet.name, line, "", text) for text in missing), ())
    header = next((r for r in sheet.rows if r.number == header_row), Row(0, ()))
    unit = default_unit or unit_from_name(sheet.name, codes)
    clock = Clock(zone)
    seen = seen if seen is not None else Seen()
    rows: list[DiaryRow] = []
    faults: list[Fault] = []
    notices: list[Fault] = []
    passed_over: list[tuple[int, str]] = []
    for row in sheet.rows:
        if row.number <= (header_row or 0):
            continue
        if why := _why_passed_over(row, header, columns):
            passed_over.append((row.number, why))
            continue
        reader = RowReader(sheet.name, row, header, columns)
        found = reader.read(codes, unit, today, clock, seen)
        faults += reader.faults
        notices += reader.notices
        if found:
            rows.append(found)
    return Read(tuple(rows), tuple(faults), tuple(passed_over), tuple(notices))


def _missing_columns(columns: Mapping[str, int]) -> list[str]:
    missing = []
    if "date" not in columns:
        missing.append("No column is chosen for the date. Choose the one that holds it.")
    # a start alone will do: some write 13:00-14:00 in one cell
    if not {"minutes", "start"} & set(columns):
        missing.append("No column is chosen for the length. Choose minutes, or start and end.")
    if "client" not in columns:
        missing.append("No column is chosen for the client. Choose the one with the aliases.")
    return missing


def _why_passed_over(row: Row, header: Row, columns: Mapping[str, int]) -> str | None:
    """Why a row is no session at all: blank, a total or the headings again; None if it is one."""
    filled = {index: text_of(cell) for index, cell in enumerate(row.cells) if text_of(cell)}
    if not filled:
        return "blank row"
    read = {name for name, index in columns.items() if index in filled}
    if not read:
        return "nothing in the columns that are read"
    same = sum(_same_words(text, text_of(header.cell(index))) for index, text in filled.items())
    if same >= 2 and same * 2 > len(filled):
        return "the headings again"
    first = filled[min(filled)]
    day = text_of(row.cell(columns["date"]))
    if _TOTAL.match(first) and (not day or _TOTAL.match(day)):
        return "a row of totals"
    if read == {"minutes"} and len(filled) == 1:
        return "a row with only a sum"
    return None


def _same_words(text: str, heading: str) -> bool:
    return plain_words(text) == plain_words(heading)
