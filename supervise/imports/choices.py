"""How each sheet of a diary file is read, guessed first and then corrected, and what that gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from supervise.imports.cells import Cell, safe_cell, text_of
from supervise.imports.columns import FIELDS, guess, match_headings, unit_from_name
from supervise.imports.diary import DiaryRow, Fault, Seen
from supervise.imports.rows import read_rows
from supervise.imports.sheets import Row, Sheet, Workbook

FIELD_WORDS: Mapping[str, str] = {
    "date": "Date",
    "start": "Start",
    "end": "End",
    "minutes": "Length",
    "client": "Client",
    "kind": "Coaching or mentoring",
    "mode": "How or where",
    "unit": "Unit",
    "plan": "What was planned",
    "own_goal": "Own goal",
    "done": "What was done",
    "tools": "Tools used",
    "progress": "Progress seen",
    "reflection": "Reflection",
    "plan_change": "Change to the plan",
    "contract_agreed": "Contract agreed on",
}


@dataclass(frozen=True)
class Choice:
    """How one sheet is read. `header_row` is a row number from 1 or None, `columns` maps fields to
    columns from 0, `unit` is for rows that name none; `read` False leaves the sheet out."""

    read: bool
    header_row: int | None
    columns: Mapping[str, int]
    unit: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What all sheets give together; `passed_over` holds sheet, line and why."""

    rows: tuple[DiaryRow, ...] = ()
    faults: tuple[Fault, ...] = ()
    notices: tuple[Fault, ...] = ()
    passed_over: tuple[tuple[str, int, str], ...] = ()
    headings: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Sheet and field to the heading as it stands there."""


def filled(workbook: Workbook) -> Workbook:
    """The sheets that hold anything."""
    return Workbook(tuple(sheet for sheet in workbook.sheets if sheet.rows))


def guess_choices(
    workbook: Workbook, codes: Collection[str], unit: str | None = None
) -> list[Choice]:
    """A guess for each sheet. `unit` stands for the sheets whose name names none; where there is
    but one sheet (a CSV is called after its file) it goes before the name.

    Of several sheets, those without a date and one more column are left out.
    """
    alone = len(workbook.sheets) == 1
    choices = []
    for sheet in workbook.sheets:
        found = guess(sheet)
        named = unit_from_name(sheet.name, codes)
        own = (unit or named) if alone else (named or unit)
        read = alone or "date" in found.columns
        choices.append(Choice(read, found.header_row, found.columns, own, found.notes))
    return choices


def with_header(choice: Choice, sheet: Sheet, header_row: int | None) -> Choice:
    """The same choice with the headings in another row, and the columns guessed from them."""
    row = next((r for r in sheet.rows if r.number == header_row), Row(0, ()))
    match = match_headings(tuple(text_of(cell) for cell in row.cells), FIELDS)
    columns = {name: index for name, (index, _) in match.items()}
    return replace(choice, header_row=header_row, columns=columns, notes=())


def read_all(
    workbook: Workbook,
    choices: Sequence[Choice],
    codes: Collection[str],
    today: date,
    zone: str,
) -> Reading:
    """Read each sheet as chosen; starts are meant in the IANA `zone`. Raises nothing."""
    rows: list[DiaryRow] = []
    faults: list[Fault] = []
    notices: list[Fault] = []
    passed: list[tuple[str, int, str]] = []
    headings: dict[tuple[str, str], str] = {}
    seen = Seen()
    for sheet, choice in zip(workbook.sheets, choices, strict=True):
        if not choice.read:
            passed.append((sheet.name, 0, "the whole sheet: it is not read"))
            continue
        header = next((r for r in sheet.rows if r.number == choice.header_row), Row(0, ()))
        for name, index in choice.columns.items():
            headings[sheet.name, name] = text_of(header.cell(index)) or FIELD_WORDS[name]
        found = read_rows(
            _unquoted(sheet),
            choice.columns,
            choice.header_row,
            codes,
            choice.unit,
            today,
            zone,
            seen,
        )
        rows += found.rows
        faults += found.faults
        notices += found.notices
        passed += ((sheet.name, line, why) for line, why in found.passed_over)
    return Reading(tuple(rows), tuple(faults), tuple(notices), tuple(passed), headings)


def _unquoted(sheet: Sheet) -> Sheet:
    """The sheet without the marks our own exports put before text that looks like a formula."""
    return replace(
        sheet,
        rows=tuple(
            replace(row, cells=tuple(_plain(cell) for cell in row.cells)) for row in sheet.rows
        ),
    )


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith("'") and safe_cell(cell[1:]) == cell:
        return cell[1:]
    return cell
