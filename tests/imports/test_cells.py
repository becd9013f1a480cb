import csv
import io
from datetime import date, time

import pytest

from supervise.imports.cells import safe_cell, write_csv
from supervise.imports.reading import read_workbook


@pytest.mark.parametrize(
    "text", ["=1+1", "+44", "-3 to 7", "@home", "\tx", "\rx", "\nx", "  =1+1", "＝1+1"]
)
def test_text_that_could_run_gets_a_quote_mark(text):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Client A", "Client A"), ("a=b", "a=b"), ("", ""), (None, ""), (-5, "-5"), (60, "60"),
        (1.5, "1.5"), (True, "yes"), (date(2026, 7, 6), "2026-07-06"), (time(13, 0), "13:00"),
    ],
)  # fmt: skip
def test_other_values_stay_as_they_are(value, written):
    assert safe_cell(value) == written


def test_a_csv_opens_rightly_in_spreadsheet_programs():
    data = write_csv(["Date", "=Client"], [[date(2026, 7, 6), "Siân; “A”, B"], ["", "=1+1"]])
    assert data.startswith(b"\xef\xbb\xbfDate,'=Client\r\n")
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig")))) == [
        ["Date", "'=Client"], ["2026-07-06", "Siân; “A”, B"], ["", "'=1+1"],
    ]  # fmt: skip
    assert len(read_workbook(data, "back.csv").sheets[0].rows) == 3
