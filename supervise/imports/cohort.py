"""A cohort: the learners a centre enrols, their programme, units and who looks after them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from supervise.imports.cells import control_character, text_of
from supervise.imports.columns import match_headings, unit_from_name
from supervise.imports.diary import Fault
from supervise.imports.sheets import Row, Sheet, Workbook
from supervise.imports.values import NotUnderstood, read_date

# For a programme code: all its units, and those taken where the file names none.
Programmes = Mapping[str, tuple[Collection[str], Collection[str]]]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "full name", "learner", "learner name", "student", "candidate"),
    "email": ("email", "e mail", "email address", "e mail address", "learner email"),
    "registration": ("registration no", "registration", "registration number", "reg no",
                     "enrolment no", "enrolment number", "learner number", "candidate number"),
    "programme": ("qualification", "programme", "course", "qualification code", "programme code"),
    "units": ("units", "unit", "unit codes", "modules"),
    "started_on": ("start date", "started on", "started", "start", "enrolled on",
                   "enrolment date", "date of enrolment"),
    "supervisor_email": ("supervisor email", "supervisor", "supervisor e mail",
                         "supervisors email", "supervisor email address"),
    "tutor_email": ("tutor email", "tutor", "tutor e mail", "tutors email",
                    "tutor email address"),
}  # fmt: skip
_NEEDED = {
    "name": "Name",
    "email": "Email",
    "programme": "Qualification",
    "started_on": "Start date",
}
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(
    rf"[A-Za-z0-9!#$%&'*/=?^_`{{|}}~+-]+(?:\.[A-Za-z0-9!#$%&'*/=?^_`{{|}}~+-]+)*@(?:{_LABEL}\.)+"
    r"[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]"
)
_HEADER_SEARCH_ROWS = 20


@dataclass(frozen=True)
class CohortRow:
    """One enrolment. E-mail addresses are in small letters; '' means that the file gives none;
    `units` stand in the programme's order."""

    line: int
    name: str
    email: str
    registration: str
    programme: str
    units: tuple[str, ...]
    started_on: date
    supervisor_email: str
    tutor_email: str


@dataclass(frozen=True)
class Cohort:
    """The good rows, and the faults of the others."""

    rows: tuple[CohortRow, ...]
    faults: tuple[Fault, ...]


def read_cohort(workbook: Workbook, programmes: Programmes) -> Cohort:
    """Read the first sheet that has the headings of a cohort. Raises nothing."""
    best: tuple[Sheet, Row, dict[str, int]] | None = None
    for sheet in workbook.sheets:
        for row in sheet.rows[:_HEADER_SEARCH_ROWS]:
            headings = tuple(text_of(cell) for cell in row.cells)
            columns = {f: index for f, (index, _) in match_headings(headings, COLUMNS).items()}
            if len(columns) >= 2 and (best is None or len(columns) > len(best[2])):
                best = (sheet, row, columns)
        if best and set(_NEEDED) <= set(best[2]):
            break
    if best is None:
        name = workbook.sheets[0].name if workbook.sheets else ""
        wanted = ", ".join(_NEEDED.values())
        return Cohort(
            (), (Fault(name, 1, "", f"No row of headings was found. It needs: {wanted}."),)
        )
    return _CohortReader(*best, programmes).read()


class _CohortReader:
    """Reads the rows below the headings and gathers every fault."""

    def __init__(
        self, sheet: Sheet, header: Row, columns: dict[str, int], programmes: Programmes
    ) -> None:
        self._sheet, self._header, self._columns = sheet, header, columns
        self._programmes = {code.casefold(): code for code in programmes}
        self._units = programmes
        self._row = header
        self._faults: list[Fault] = []
        self._enrolled: dict[tuple[str, str], int] = {}
        self._people: dict[str, tuple[str, int]] = {}
        self._registrations: dict[str, tuple[str, int]] = {}

    def read(self) -> Cohort:
        for field, heading in _NEEDED.items():
            if field not in self._columns:
                self._fault(field, f"The column ‘{heading}’ is missing. Add it, then try again.")
        if self._faults:
            return Cohort((), tuple(self._faults))
        rows = []
        for row in self._sheet.rows:
            if row.number > self._header.number and any(text_of(cell) for cell in row.cells):
                self._row = row
                before = len(self._faults)
                found = self._read_row()
                if found and len(self._faults) == before:
                    rows.append(found)
        return Cohort(tuple(rows), tuple(self._faults))

    def _read_row(self) -> CohortRow | None:
        name = " ".join(self._text("name").split())
        if not name:
            self._fault("name", "The name is missing.")
        for field in self._columns:
            if found := control_character(self._text(field)):
                self._fault(field, f"This cell holds a control character ({found}). Type it again.")
        email = self._email("email", needed=True)
        supervisor = self._email("supervisor_email")
        tutor = self._email("tutor_email")
        if email and email in (supervisor, tutor):
            self._fault("email", f"{email} cannot be the learner and look after the learner too.")
        programme = self._programme()
        units = self._read_units(programme)
        started_on = self._date()
        registration = self._text("registration")
        if not (name and email and programme and started_on):
            return None
        self._find_duplicates(name, email, registration, programme)
        return CohortRow(
            self._row.number, name, email, registration, programme, units, started_on,
            supervisor, tutor,
        )  # fmt: skip

    def _text(self, field: str) -> str:
        return text_of(self._row.cell(self._columns.get(field)))

    def _fault(self, field: str, sentence: str) -> None:
        heading = text_of(self._header.cell(self._columns.get(field)))
        column = heading or _NEEDED.get(field, field.replace("_", " "))
        self._faults.append(Fault(self._sheet.name, self._row.number, column, sentence))

    def _email(self, field: str, needed: bool = False) -> str:
        text = self._text(field)
        if not text:
            if needed:
                self._fault(field, "The e-mail address is missing.")
            return ""
        if not is_email(text):
            self._fault(
                field, f"‘{text[:60]}’ is not an e-mail address. Write it as a@example.org."
            )
            return ""
        return text.casefold()

    def _programme(self) -> str | None:
        text = self._text("programme")
        code = self._programmes.get(text.casefold())
        if code is None:
            known = ", ".join(sorted(self._units))
            problem = f"‘{text[:40]}’ is not a programme here" if text else "The code is missing"
            self._fault("programme", f"{problem}. Write one of: {known}.")
        return code

    def _read_units(self, programme: str | None) -> tuple[str, ...]:
        if programme is None:
            return ()
        all_units, default = self._units[programme]
        words = [word for word in re.split(r"[;,/&+\s]+", self._text("units")) if word]
        if not words and not default:
            self._fault(
                "units", f"Name the units: {programme} leaves the choice. Part them by semicolons."
            )
        named = set(default) if not words else set()
        for word in words:
            unit = unit_from_name(word, all_units)
            if unit is None:
                self._fault("units", f"‘{word[:40]}’ is not a unit of {programme}. Check the code.")
            else:
                named.add(unit)
        order = all_units if isinstance(all_units, list | tuple) else sorted(all_units)
        return tuple(unit for unit in order if unit in named)

    def _date(self) -> date | None:

        try:
            found = read_date(self._row.cell(self._columns.get("started_on")))
        except NotUnderstood as error:
            self._fault("started_on", str(error))
            return None
        if found is None:
            self._fault("started_on", "The start date is missing. Write it as 01/06/2026.")
            return None
        return found[0]

    def _find_duplicates(self, name: str, email: str, registration: str, programme: str) -> None:
        line = self._row.number
        earlier = self._enrolled.setdefault((email, programme), line)
        if earlier != line:
            self._fault("email", f"{email} stands twice for {programme}: line {earlier}.")
        other_name, earlier = self._people.setdefault(email, (name, line))
        if other_name.casefold() != name.casefold():
            self._fault("email", f"{email} belongs to another name in line {earlier}.")
        if registration:
            other, earlier = self._registrations.setdefault(registration.casefold(), (email, line))
            if other != email:
                self._fault("registration", f"{registration} is another learner’s: line {earlier}.")


def is_email(text: str) -> bool:
    """Whether the text has the form of one plain e-mail address; strict, ASCII only."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None and len(text.split("@")[0]) <= 64
