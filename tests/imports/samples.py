"""The sample files, and small ones made for a test."""

import io
import zipfile
from datetime import date
from pathlib import Path

import openpyxl

from supervise.imports.columns import guess
from supervise.imports.reading import read_workbook
from supervise.imports.rows import read_rows

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
TODAY = date(2026, 11, 20)
CODES = ("500", "501", "503", "D3.03", "D3.04", "D3.06", "5001V1", "5014V1", "5016V1")


def sample(name):
    return read_workbook((SAMPLES / name).read_bytes(), name)


def sheet_of(text):
    """The one sheet of a CSV given as text."""
    return read_workbook(text.encode(), "diary.csv").sheets[0]


def read(text, unit="501", zone="Europe/London", seen=None):
    """The sheet of a CSV text, its columns guessed, its rows read."""
    sheet = sheet_of(text)
    found = guess(sheet)
    return read_rows(sheet, found.columns, found.header_row, CODES, unit, TODAY, zone, seen)


def xlsx(fill):
    """The bytes of a workbook that `fill(workbook)` has filled."""
    book = openpyxl.Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data, change):
    """The workbook with `change(name, content)` applied to each of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()
