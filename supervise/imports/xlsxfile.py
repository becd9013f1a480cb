"""XLSX read as values: formulas are never worked out, and bombs are seen before they open."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl

from supervise.imports.cells import Cell
from supervise.imports.sheets import SheetBuilder, UnreadableFile, Workbook

MAX_UNPACKED_BYTES = 50 * 1024 * 1024
MAX_RATIO = 200
MAX_ENTRIES = 1000
# Rows and padded cells looked at before a crafted sheet is given up; no honest one comes near.
_MAX_ROW_NUMBER = 1_048_576
_MAX_CELLS_LOOKED_AT = 20_000_000

_DAMAGED = (
    "This workbook is damaged or is not an Excel workbook. Open it in your spreadsheet program, "
    "save it as .xlsx again, then try again."
)
_TOO_LARGE = (
    "This workbook unpacks to far more than a diary needs, so it was not opened. "
    "Copy your rows into a new workbook, then import that."
)
_ENTITIES = (
    "This workbook holds XML declarations that no spreadsheet program writes, so it was not "
    "opened. Copy your rows into a new workbook, then import that."
)
_LOCKED = (
    "This workbook has a password. Take the password off in your spreadsheet program, "
    "save it, then try again."
)


def read_xlsx(data: bytes) -> Workbook:
    """Read every sheet, hidden ones too, with dates and times as real values.

    A formula becomes the value the spreadsheet program last saved for it, or else its own text.
    Raises UnreadableFile for whatever cannot be read.
    """
    try:
        formulas = _inspect(data)
        with warnings.catch_warnings():
            # openpyxl warns of styles, extensions and dates it leaves out: nothing we read.
            warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl(\.|$)")
            return _read(data, formulas)
    except UnreadableFile:
        raise
    except Exception as error:  # a crafted file may break the parser anywhere: all mean one thing
        raise UnreadableFile(_DAMAGED) from error


def _inspect(data: bytes) -> bool:
    """Look at the parts before any is parsed; return whether the sheets hold formulas."""
    formulas = False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_ENTRIES or sum(p.file_size for p in parts) > MAX_UNPACKED_BYTES:
            raise UnreadableFile(_TOO_LARGE)
        for part in parts:
            if part.flag_bits & 1:
                raise UnreadableFile(_LOCKED)
            if part.file_size > MAX_RATIO * max(part.compress_size, 1):
                raise UnreadableFile(_TOO_LARGE)
        for part in parts:
            if not part.filename.endswith((".xml", ".rels")):
                continue
            content = archive.read(part)
            plain = content.replace(b"\0", b"")  # the same words in UTF-16
            if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
                raise UnreadableFile(_ENTITIES)
            if "worksheets/" in part.filename:
                formulas = formulas or re.search(rb"<(\w+:)?f[ >/]", content) is not None
    return formulas


def _read(data: bytes, formulas: bool) -> Workbook:
    """Read the values; where there are formulas, a second pass brings their text."""
    values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    texts = openpyxl.load_workbook(io.BytesIO(data), read_only=True) if formulas else None
    sheets = []
    rows_before = 0
    try:
        for index, page in enumerate(values.worksheets):
            builder = SheetBuilder(page.title, rows_before)
            text_rows = _rows(texts.worksheets[index]) if texts else None
            for number, cells in enumerate(_rows(page), start=1):
                formula_cells = next(text_rows, ()) if text_rows else ()
                builder.add(number, _row_values(cells, formula_cells))
            sheets.append(builder.sheet())
            rows_before += len(sheets[-1].rows)
    finally:
        values.close()
        if texts:
            texts.close()
    return Workbook(tuple(sheets))


def _rows(page: Any) -> Iterator[tuple[Any, ...]]:
    """The rows as stored; the size a sheet claims for itself is not believed."""
    page.reset_dimensions()
    looked_at = 0
    for number, cells in enumerate(page.iter_rows(), start=1):
        looked_at += len(cells)
        if number > _MAX_ROW_NUMBER or looked_at > _MAX_CELLS_LOOKED_AT:
            raise UnreadableFile(_TOO_LARGE)
        yield cells


def _row_values(cells: tuple[Any, ...], formula_cells: tuple[Any, ...]) -> list[Cell]:
    row = [cell.value for cell in cells]
    for index, formula in enumerate(formula_cells[: len(row)]):
        # A saved result of '' has the type 'str': it is empty, not unknown.
        if formula.data_type == "f" and row[index] is None and cells[index].data_type != "str":
            row[index] = str(getattr(formula.value, "text", formula.value))
    return row
