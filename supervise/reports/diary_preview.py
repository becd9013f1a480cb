"""What a diary file would bring: every line with its values and faults, and the sum for each unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from supervise.imports.cells import text_of
from supervise.imports.choices import FIELD_WORDS, Choice, Reading, read_all
from supervise.imports.diary import DiaryRow, Fault
from supervise.imports.sheets import Row, Workbook
from supervise.models import Enrolment, diary_check
from supervise.rules import moments

SHOWN = 200
"""So many lines are drawn, those with faults first; all are checked."""
TEXTS = ("plan", "own_goal", "done", "tools", "progress", "reflection", "plan_change")


@dataclass(frozen=True)
class Line:
    """One line of the file as it would come in, or as it stands there while it has a fault."""

    sheet: str
    number: int
    date: str
    start: str
    length: str
    client: str
    unit: str
    texts: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]
    notices: tuple[Fault, ...]
    known: bool


@dataclass(frozen=True)
class UnitTotal:
    """What the good rows of one unit come to, those in the diary already among them."""

    unit: str
    sessions: int
    minutes: int
    known: int


@dataclass(frozen=True)
class Preview:
    """Everything to be shown before a file is taken; ``rows`` are those without a fault."""

    reading: Reading
    faults: tuple[Fault, ...]
    notices: tuple[Fault, ...]
    rows: tuple[DiaryRow, ...]
    known: frozenset[str]
    lines: tuple[Line, ...]
    left_off: int

    @property
    def fresh(self) -> int:
        """How many good rows are not in the diary yet."""
        return sum(row.key not in self.known for row in self.rows)

    @property
    def total(self) -> int:
        """How many lines hold a session, good or not, that is not in the diary yet."""
        return self.fresh + len({(f.sheet, f.line) for f in self.faults})

    @property
    def totals(self) -> list[UnitTotal]:
        """The good rows by unit, in the order of the file."""
        found = []
        for unit in dict.fromkeys(row.unit for row in self.rows):
            mine = [row for row in self.rows if row.unit == unit]
            known = sum(row.key in self.known for row in mine)
            found.append(UnitTotal(unit, len(mine), sum(row.minutes for row in mine), known))
        return found


def preview(
    workbook: Workbook, choices: Sequence[Choice], enrolment: Enrolment, now: datetime
) -> Preview:
    """Read the file as chosen and hold it against the diary. As many queries as `check` has."""
    zone = enrolment.learner.zone
    codes = tuple(unit.code for unit in enrolment.book.units)
    reading = read_all(workbook, choices, codes, moments.local(now, zone).date(), zone)
    checked = diary_check.check(
        reading.rows, enrolment, heading=lambda row, name: _heading(reading, row.sheet, name)
    )
    order = {sheet.name: number for number, sheet in enumerate(workbook.sheets)}
    faults = tuple(sorted(reading.faults + checked.faults, key=lambda f: (order[f.sheet], f.line)))
    notices = reading.notices + checked.notices
    rows = diary_check.good(reading.rows, faults)
    lines = _lines(workbook, choices, reading, faults, notices, checked.known)
    return Preview(
        reading, faults, notices, rows, checked.known, lines[:SHOWN], max(0, len(lines) - SHOWN)
    )


def _heading(reading: Reading, sheet: str, name: str) -> str:
    return reading.headings.get((sheet, name)) or FIELD_WORDS[name]


def _lines(
    workbook: Workbook,
    choices: Sequence[Choice],
    reading: Reading,
    faults: Sequence[Fault],
    notices: Sequence[Fault],
    known: frozenset[str],
) -> tuple[Line, ...]:
    """All lines, those with faults first, otherwise as they stand in the file."""
    wrong, noted = _by_place(faults), _by_place(notices)
    good = {(row.sheet, row.line): row for row in reading.rows}
    found = []
    for sheet, choice in zip(workbook.sheets, choices, strict=True):
        for row in sheet.rows:
            place = (sheet.name, row.number)
            if place in good or place in wrong:
                about = (tuple(wrong.get(place, ())), tuple(noted.get(place, ())))
                session = good.get(place)
                if session:
                    found.append(_of_session(session, *about, known=session.key in known))
                else:
                    found.append(_as_it_stands(sheet.name, row, choice, *about))
    return tuple(sorted(found, key=lambda line: not line.faults))


def _by_place(faults: Sequence[Fault]) -> dict[tuple[str, int], list[Fault]]:
    found: dict[tuple[str, int], list[Fault]] = {}
    for fault in faults:
        found.setdefault((fault.sheet, fault.line), []).append(fault)
    return found


def _of_session(
    row: DiaryRow, faults: tuple[Fault, ...], notices: tuple[Fault, ...], *, known: bool
) -> Line:
    return Line(
        row.sheet, row.line, moments.day(row.date, year=True),
        moments.clock(row.start) if row.start else "", moments.length(row.minutes),
        ", ".join(row.clients), row.unit,
        tuple((FIELD_WORDS[name], getattr(row, name)) for name in TEXTS if getattr(row, name)),
        faults, notices, known,
    )  # fmt: skip


def _as_it_stands(
    sheet: str, row: Row, choice: Choice, faults: tuple[Fault, ...], notices: tuple[Fault, ...]
) -> Line:
    def text(name: str) -> str:
        cell = row.cell(choice.columns.get(name))
        if isinstance(cell, date):
            return f"{cell:%d/%m/%Y}"
        found = text_of(cell)
        return found if len(found) <= 200 else found[:199] + "…"

    length = text("minutes") or (text("end") and f"to {text('end')}")
    texts = tuple((FIELD_WORDS[name], text(name)) for name in TEXTS if text(name))
    unit = text("unit") or choice.unit or ""
    return Line(
        sheet, row.number, text("date"), text("start"), length, text("client"), unit, texts,
        faults, notices, known=False,
    )  # fmt: skip
