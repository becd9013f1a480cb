"""What reading a diary gives: sessions, faults, and what was passed over."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """What is wrong, where, and how to mend it. `line` is the sheet's row number; `column` is
    the heading as it stands there, or '' for the row as a whole. Notices have the same form."""

    sheet: str
    line: int
    column: str
    sentence: str


@dataclass(frozen=True)
class DiaryRow:
    """One session as a spreadsheet tells it. `start` is local time or None; `minutes` are whole;
    `kind` and `mode` are None where the sheet does not say; `place` is the mode cell's own words.
    `key` is the same whenever the same line is read again, so it can be added only once."""

    sheet: str
    line: int
    date: dt.date
    start: dt.time | None
    minutes: int
    clients: tuple[str, ...]
    kind: str | None
    mode: str | None
    place: str
    unit: str
    plan: str
    own_goal: str
    done: str
    tools: str
    progress: str
    reflection: str
    plan_change: str
    contract_agreed: dt.date | None
    key: str


@dataclass(frozen=True)
class Read:
    """Good rows, faults of the bad ones, lines passed over with the reason, and notices that
    stop nothing but should be shown."""

    rows: tuple[DiaryRow, ...]
    faults: tuple[Fault, ...]
    passed_over: tuple[tuple[int, str], ...]
    notices: tuple[Fault, ...] = ()


@dataclass
class Seen:
    """The sessions met so far in one file. Hand the same one to `read_rows` for each sheet, so
    that a session standing on two sheets is noticed and no two rows get the same key."""

    _places: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def meet(
        self,
        place: tuple[str, int],
        unit: str,
        day: dt.date,
        start: dt.time | None,
        minutes: int,
        clients: tuple[str, ...],
    ) -> tuple[str, str]:
        """The key of a session at `place` (sheet, line), and where it stood before, or ''.

        The key is a SHA-256 in hex over what the session is and how often it has been met, so two
        talks of one day without a start are kept apart, and the same file gives the same keys.
        """
        session = [
            unit,
            day.isoformat(),
            start.isoformat("minutes") if start else "",
            minutes,
            sorted(client.casefold() for client in clients),
        ]
        earlier = self._places.setdefault(json.dumps(session), [])
        key = hashlib.sha256(json.dumps([*session, len(earlier) + 1]).encode()).hexdigest()
        where = ""
        if earlier:
            sheet, line = earlier[0]
            where = f"line {line}" if sheet == place[0] else f"line {line} of sheet ‘{sheet}’"
        earlier.append(place)
        return key, where
