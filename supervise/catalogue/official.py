"""A centre's own copy of the official wording, read from CSV. Pure: nothing is stored here."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from supervise.catalogue.loader import load
from supervise.catalogue.shapes import Catalogue, Unit, UnknownCode

COLUMNS = ("unit", "number", "text")
LONGEST = 2_000
"""Characters in one entry; the longest official criterion has far fewer."""


@dataclass(frozen=True)
class Entry:
    """The official words of one outcome (number '1') or criterion ('1.2')."""

    line: int
    unit: str
    number: str
    text: str


@dataclass(frozen=True)
class Fault:
    """What is wrong in a line, counted from 1, and how to mend it, as a sentence."""

    line: int
    sentence: str


@dataclass(frozen=True)
class OfficialWording:
    """The good lines and the faults of one file; take all only when there is no fault."""

    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]


class _Faulty(Exception):  # noqa: N818 - it never leaves this file
    """Carries the sentence for one line."""


def read_official(text: str, catalogue: Catalogue | None = None) -> OfficialWording:
    """Read CSV with the columns unit, number and text, in any order and any case.

    `catalogue` says which units and numbers there are; None means the newest. A leading byte
    order mark is tolerated, blank lines are passed over, and spaces within a text are tidied.
    Raises nothing: every fault is returned with its line.
    """
    known = catalogue or load()
    entries: dict[tuple[str, str], Entry] = {}
    faults: list[Fault] = []
    rows = _rows(text.removeprefix("\ufeff"), faults)
    first = next(rows, None)
    if first is None:
        missing = Fault(1, "The file is empty: put unit,number,text in its first line.")
        return OfficialWording((), tuple(faults) or (missing,))
    heading_line, heading = first
    names = [name.strip().lower() for name in heading]
    absent = [name for name in COLUMNS if name not in names]
    if absent:
        columns = " and ".join(f"“{name}”" for name in absent)
        faults.append(Fault(heading_line, f"The heading lacks {columns}: use unit,number,text."))
        return OfficialWording((), tuple(faults))
    for line, cells in rows:
        try:
            entry = _entry(line, names, cells, known)
            earlier = entries.get((entry.unit, entry.number))
            if earlier:
                raise _Faulty(
                    f"{entry.unit} {entry.number} was given on line {earlier.line}: keep one."
                )
        except _Faulty as fault:
            faults.append(Fault(line, str(fault)))
        else:
            entries[entry.unit, entry.number] = entry
    return OfficialWording(tuple(entries.values()), tuple(faults))


def _rows(text: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it starts on; a row that is no CSV ends the reading with a fault."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            faults.append(
                Fault(line, "This line is not CSV: check its quotation marks. Reading stopped.")
            )
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _entry(line: int, names: list[str], cells: list[str], catalogue: Catalogue) -> Entry:
    """One entry from a row; raises _Faulty with the first thing that is wrong."""
    if any(cell.strip() for cell in cells[len(names) :]):
        raise _Faulty("There are more cells than headings: put a text with commas in quotes.")
    row = dict(zip(names, cells, strict=False))
    code = row.get("unit", "").strip().upper()
    number = row.get("number", "").strip()
    text = " ".join(row.get("text", "").split())
    try:
        unit = catalogue.unit(code)
    except UnknownCode as unknown:
        raise _Faulty(f"{unknown} Check the unit column.") from unknown
    if number not in _numbers(unit):
        raise _Faulty(
            f"Unit {code} has no outcome or criterion “{number}”: "
            "write 1 for an outcome and 1.2 for a criterion."
        )
    if not text:
        raise _Faulty(f"{code} {number} has no text: type its wording or remove the line.")
    if len(text) > LONGEST:
        raise _Faulty(f"{code} {number} is longer than {LONGEST:,} characters: shorten it.")
    if not text.isprintable():
        raise _Faulty(f"{code} {number} holds an invisible character: type the text afresh.")
    return Entry(line, code, number, text)


def _numbers(unit: Unit) -> set[str]:
    """Every number an entry for the unit may carry."""
    return {o.number for o in unit.outcomes} | {c.number for c in unit.criteria}
