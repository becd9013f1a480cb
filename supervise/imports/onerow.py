"""One diary row: each cell understood, or a sentence for each that is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, time
from typing import TypeVar

from supervise.imports.cells import Cell, control_character, text_of
from supervise.imports.clients import read_clients
from supervise.imports.clock import Clock
from supervise.imports.columns import plain_words, unit_from_name
from supervise.imports.diary import DiaryRow, Fault, Seen
from supervise.imports.sheets import Row
from supervise.imports.values import (
    LONGEST_VALUE,
    NotUnderstood,
    read_date,
    read_kind,
    read_minutes,
    read_mode,
    read_time,
)

SHORTEST, LONGEST = 5, 480  # minutes of one session
EARLIEST_YEAR = 2000
_TEXTS = ("plan", "own_goal", "done", "tools", "progress", "reflection", "plan_change")
_RANGE = re.compile(r"(.*\d.*?)\s*(?:-|–|—|\bto\b|\buntil\b)\s*(.*\d.*)", re.DOTALL)
_T = TypeVar("_T")


class RowReader:
    """Reads one row and gathers every fault in it, so that all can be mended in one go."""

    def __init__(self, sheet: str, row: Row, header: Row, columns: Mapping[str, int]) -> None:
        self._sheet, self._row, self._header, self._columns = sheet, row, header, columns
        self.faults: list[Fault] = []
        self.notices: list[Fault] = []

    def read(
        self, codes: Collection[str], unit: str | None, today: date, clock: Clock, seen: Seen
    ) -> DiaryRow | None:
        """The row's session, or None once anything in it is at fault."""
        self._find_control_characters()
        day, time_of_day = self._date(today)
        start, minutes = self._length(day, time_of_day, clock)
        clients = self._clients()
        own_unit = self._unit(codes, unit)
        kind = self._understand("kind", read_kind)
        agreed = self._understand("contract_agreed", read_date)
        if agreed and agreed[0] > today:
            self._fault("contract_agreed", "The contract's date lies in the future. Check it.")
        if self.faults or day is None or minutes is None or own_unit is None:
            return None
        place = (self._sheet, self._row.number)
        key, earlier = seen.meet(place, own_unit, day, start, minutes, clients)
        if earlier and start is not None:
            self._fault("", f"This session stands twice: {earlier}. Take one of the two out.")
            return None
        return DiaryRow(
            sheet=self._sheet,
            line=self._row.number,
            date=day,
            start=start,
            minutes=minutes,
            clients=clients,
            kind=kind,
            mode=read_mode(self._cell("mode")),
            place=text_of(self._cell("mode")),
            unit=own_unit,
            contract_agreed=agreed[0] if agreed else None,
            key=key,
            **{name: text_of(self._cell(name)) for name in _TEXTS},
        )

    def _cell(self, name: str) -> Cell:
        return self._row.cell(self._columns.get(name))

    def _fault(self, name: str, sentence: str) -> None:
        self.faults.append(Fault(self._sheet, self._row.number, self._heading(name), sentence))

    def _notice(self, name: str, sentence: str) -> None:
        self.notices.append(Fault(self._sheet, self._row.number, self._heading(name), sentence))

    def _heading(self, name: str) -> str:
        """The column's heading as it stands in the sheet, or the field's name without one."""
        return text_of(self._header.cell(self._columns.get(name))) or name.replace("_", " ")

    def _understand(self, name: str, read: Callable[[Cell], _T | None]) -> _T | None:
        try:
            return read(self._cell(name))
        except NotUnderstood as error:
            self._fault(name, str(error))
            return None

    def _find_control_characters(self) -> None:
        for name in self._columns:
            found = control_character(text_of(self._cell(name)))
            if found:
                self._fault(
                    name,
                    f"This cell holds a control character ({found}) that cannot be shown. "
                    "Type the text of the cell again.",
                )

    def _date(self, today: date) -> tuple[date | None, time | None]:
        """The day, and the time of day if the date cell holds one too."""
        faults_before = len(self.faults)
        found = self._understand("date", read_date)
        if found is None:
            if len(self.faults) == faults_before:
                self._fault("date", "The date is missing. Write it as 06/07/2026.")
            return None, None
        day, time_of_day = found
        if day > today:
            self._fault("date", f"{day:%d/%m/%Y} lies in the future. Import it once it is held.")
            return None, None
        if day.year < EARLIEST_YEAR:
            self._fault("date", f"{day:%d/%m/%Y} is too long ago. Check the year.")
            return None, None
        return day, time_of_day

    def _length(
        self, day: date | None, time_of_day: time | None, clock: Clock
    ) -> tuple[time | None, int | None]:
        """Start and whole minutes, from the minutes cell, from start and end, or from both."""
        faults_before = len(self.faults)
        start, end = self._start_and_end()
        start = start or time_of_day
        in_hours = re.search(r"\b(hours?|hrs?)\b", plain_words(self._heading("minutes")))
        minutes = self._understand("minutes", lambda cell: read_minutes(cell, bool(in_hours)))
        if day and start:
            self._check_clock(day, start, end, clock)
        if len(self.faults) > faults_before:
            return start, minutes
        if start and end:
            if end <= start:
                self._fault("end", f"The end {end:%H:%M} is not after the start {start:%H:%M}.")
                return start, None
            lengths = clock.lengths(day, start, end)
            if minutes is not None and minutes not in lengths:
                self._fault(
                    "minutes",
                    f"{minutes} minutes are given, but {start:%H:%M} to {end:%H:%M} is "
                    f"{lengths[0]}. Put one of them right.",
                )
            minutes = lengths[0] if minutes is None else minutes
        if minutes is None:
            name = "minutes" if "minutes" in self._columns else "end"
            self._fault(name, "The length is missing. Give minutes, or a start and an end.")
        elif not SHORTEST <= minutes <= LONGEST:
            self._fault(
                "minutes" if text_of(self._cell("minutes")) else "end",
                f"{minutes} minutes: a session lasts {SHORTEST} to {LONGEST} minutes.",
            )
        return start, minutes

    def _start_and_end(self) -> tuple[time | None, time | None]:
        """Both times; one cell such as '13:00-14:00' may hold both."""
        text = text_of(self._cell("start"))
        both = _RANGE.fullmatch(text) if len(text) <= LONGEST_VALUE else None
        if both and isinstance(self._cell("start"), str) and not text_of(self._cell("end")):
            first, second = both.groups()
            return (
                self._understand("start", lambda _: read_time(first)),
                self._understand("start", lambda _: read_time(second)),
            )
        return self._understand("start", read_time), self._understand("end", read_time)

    def _check_clock(self, day: date, start: time, end: time | None, clock: Clock) -> None:
        for name, moment in (("start", start), ("end", end)):
            if moment and clock.skips(day, moment):
                self._fault(
                    name,
                    f"{moment:%H:%M} did not exist on {day:%d/%m/%Y}: the clocks went forward. "
                    "Write the time the clock showed.",
                )
        if clock.repeats(day, start):
            self._notice(
                "start",
                f"{start:%H:%M} came twice on {day:%d/%m/%Y}: the clocks went back. "
                "The first is taken.",
            )

    def _clients(self) -> tuple[str, ...]:
        return self._understand("client", lambda cell: read_clients(text_of(cell))) or ()

    def _unit(self, codes: Collection[str], default: str | None) -> str | None:
        text = text_of(self._cell("unit"))
        if not text and default is None:
            self._fault("unit", "No unit is given. Choose one for the sheet, or add a unit column.")
            return None
        unit = unit_from_name(text, codes) if text else default
        if unit is None or unit not in codes:
            shown = (text or default or "")[:40]
            self._fault(
                "unit", f"‘{shown}’ is not a unit code. Write it as {min(codes, default='')}."
            )
            return None
        return unit
