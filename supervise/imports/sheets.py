"""What a file is once read: a workbook of sheets, rows and cells, and how large it may be."""

from __future__ import annotations

from dataclasses import dataclass

from supervise.imports.cells import Cell

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_CELL_CHARACTERS = 100_000


class UnreadableFile(Exception):  # noqa: N818 - the name reads as the sentence it carries
    """The file cannot be read at all; `sentence` says why and how to mend it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Row:
    """One row as a spreadsheet program numbers it, from 1; blank cells at its end are left off."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, index: int | None) -> Cell:
        """The cell in a column counted from 0, or None where the row has none."""
        if index is None or not 0 <= index < len(self.cells):
            return None
        return self.cells[index]


@dataclass(frozen=True)
class Sheet:
    """One sheet, hidden or not. A CSV file is one sheet named after the file."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Workbook:
    """All sheets of a file, in its order."""

    sheets: tuple[Sheet, ...]


class SheetBuilder:
    """Gathers rows one by one and stops at the limits, so no large file is held in memory."""

    def __init__(self, name: str, rows_before: int = 0) -> None:
        self._name = name
        self._room = MAX_ROWS - rows_before
        self._rows: list[Row] = []

    def add(self, number: int, values: list[Cell]) -> None:
        """Add the row with this number; rows left out since the last one are blank.

        Raises UnreadableFile over 20,000 rows, 100 columns or 100,000 characters in a cell.
        """
        while values and (values[-1] is None or values[-1] == ""):
            values.pop()
        if not values:
            return
        if number > self._room:
            raise UnreadableFile(
                f"This file has more than {MAX_ROWS:,} rows. Split it and import the parts."
            )
        if len(values) > MAX_COLUMNS:
            raise UnreadableFile(
                f"Sheet ‘{self._name}’ has more than {MAX_COLUMNS} columns (row {number}). "
                "Delete the columns that are not needed, then try again."
            )
        for value in values:
            if isinstance(value, str) and len(value) > MAX_CELL_CHARACTERS:
                raise UnreadableFile(
                    f"A cell in row {number} of sheet ‘{self._name}’ holds more than "
                    f"{MAX_CELL_CHARACTERS:,} characters. Shorten it, then try again."
                )
        while len(self._rows) < number - 1:
            self._rows.append(Row(len(self._rows) + 1, ()))
        self._rows.append(Row(number, tuple(values)))

    def sheet(self) -> Sheet:
        """The sheet as gathered; blank rows after the last filled one are left off."""
        return Sheet(self._name, tuple(self._rows))
