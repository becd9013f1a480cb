"""Forms for a diary file: sending it, and correcting how its sheets are read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, SelectField, StringField, ValidationError

from supervise.imports.cells import text_of
from supervise.imports.choices import FIELD_WORDS, Choice, with_header
from supervise.imports.sheets import Row, Sheet, Workbook
from supervise.imports.values import NotUnderstood, read_date
from supervise.models import Enrolment
from supervise.web import number

BY_SHEET = "as the sheets say"


class _DiaryForm(FlaskForm):
    """What both steps ask: whose enrolment, and when the contract was agreed."""

    enrolment = SelectField("Enrolment", coerce=int)
    contract_agreed = StringField("Contract agreed on", render_kw={"autocomplete": "off"})
    agreed: date | None = None

    def __init__(self, enrolments: Sequence[Enrolment], today: date, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.enrolments, self.today = enrolments, today
        self.enrolment.choices = [(one.id, one.title) for one in enrolments]

    @property
    def chosen(self) -> Enrolment:
        """The enrolment chosen, the first until then."""
        wanted = self.enrolment.data
        return next((one for one in self.enrolments if one.id == wanted), self.enrolments[0])

    def validate_contract_agreed(self, typed: Any) -> None:
        """A date as people write it, and not one that is still to come."""
        try:
            found = read_date(typed.data or "")
        except NotUnderstood as error:
            raise ValidationError(str(error)) from None
        if found and found[0] > self.today:
            raise ValidationError("This day has not come yet. Give the day it was agreed.")
        self.agreed = found[0] if found else None


class UploadForm(_DiaryForm):
    """A file, and what its sheets may not say."""

    file = FileField("File", validators=[FileRequired("Choose the file that holds your diary.")])
    unit = SelectField("Unit", default="")

    def __init__(self, enrolments: Sequence[Enrolment], today: date, **kwargs: Any) -> None:
        super().__init__(enrolments, today, **kwargs)
        codes = dict.fromkeys(code for one in enrolments for code in one.unit_codes)
        self.unit.choices = [("", BY_SHEET), *((code, code) for code in codes)]


class CheckForm(_DiaryForm):
    """The file as it was read, corrected, and the decision."""

    submit = BooleanField("Submit them now")


@dataclass
class SheetForm:
    """How one sheet is read, as the page shows it; names of controls begin with ``key``."""

    key: str
    sheet: Sheet
    choice: Choice
    faults: dict[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    """What was sent for it where something is at fault, so that it stands there still."""

    @property
    def header(self) -> str:
        """The row of headings as chosen or as typed."""
        return self.typed.get(f"{self.key}-header", str(self.choice.header_row or ""))

    @property
    def columns(self) -> list[tuple[str, str, str, str]]:
        """For each column that holds anything: control, heading, an example, the field it holds."""
        header = self._row(self.choice.header_row)
        below = [row for row in self.sheet.rows if row.number > (self.choice.header_row or 0)]
        fields = {index: name for name, index in self.choice.columns.items()}
        found = []
        for index in range(max((len(row.cells) for row in self.sheet.rows), default=0)):
            heading = text_of(header.cell(index))
            example = next((t for row in below if (t := text_of(row.cell(index)))), "")
            if heading or example:
                name = heading or f"Column {_letters(index)}"
                control = f"{self.key}-c{index}"
                chosen = self.typed.get(control, fields.get(index, ""))
                found.append((control, name, example[:40], chosen))
        return found

    def _row(self, number: int | None) -> Row:
        return next((row for row in self.sheet.rows if row.number == number), Row(0, ()))


def sheet_forms(workbook: Workbook, choices: Sequence[Choice]) -> list[SheetForm]:
    """The forms of all sheets as guessed."""
    pairs = zip(workbook.sheets, choices, strict=True)
    return [SheetForm(f"s{number}", *pair) for number, pair in enumerate(pairs)]


def corrected(forms: Sequence[SheetForm], typed: Mapping[str, str]) -> list[SheetForm]:
    """The same forms as somebody has corrected them. Another row of headings is guessed anew."""
    kept = {name: value.replace("\0", "") for name, value in typed.items()}  # no page holds a NUL
    return [_corrected(form, kept) for form in forms]


def _corrected(form: SheetForm, typed: Mapping[str, str]) -> SheetForm:
    key, faults = form.key, {}
    header, fault = _header(typed.get(f"{key}-header", ""), form.sheet)
    if fault:
        faults[f"{key}-header"] = fault
        header, _ = _header(typed.get(f"{key}-was", ""), form.sheet)
    columns: dict[str, int] = {}
    for index in range(max((len(row.cells) for row in form.sheet.rows), default=0)):
        name = typed.get(f"{key}-c{index}", "")
        if name in columns:
            faults[f"{key}-c{index}"] = (
                f"Two columns are taken as {FIELD_WORDS[name]}. Choose it for one of them."
            )
        elif name in FIELD_WORDS:
            columns[name] = index
    unit = typed.get(f"{key}-unit") or None
    choice = Choice(f"{key}-read" in typed, header, columns, unit)
    if typed.get(f"{key}-was", "") != str(header or "") and not fault:
        return SheetForm(key, form.sheet, with_header(choice, form.sheet, header))
    return SheetForm(key, form.sheet, choice, faults, typed if faults else {})


def _header(typed: str, sheet: Sheet) -> tuple[int | None, str]:
    """The row of the headings, and what is wrong with the number typed."""
    text = typed.strip()
    if not text:
        return None, ""
    row = number(text)
    if row is None or not 1 <= row <= len(sheet.rows):
        return None, f"Give a row from 1 to {len(sheet.rows)}, or leave it empty for none."
    return row, ""


def seal(forms: Sequence[SheetForm], enrolment: Enrolment) -> str:
    """Stands for what was previewed, so that nothing else is taken than what was seen."""
    seen = [
        (f.key, f.choice.read, f.choice.header_row, sorted(f.choice.columns.items()), f.choice.unit)
        for f in forms
    ]
    return hashlib.sha256(repr((enrolment.id, seen)).encode()).hexdigest()[:16]


def _letters(index: int) -> str:
    """A column's letters as a spreadsheet program shows them: 0 is A, 26 is AA."""
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters, index = chr(65 + rest) + letters, index - 1
    return letters
