"""What speaks against taking the rows of a diary file: the enrolment, the diary and each other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from supervise.imports.diary import DiaryRow, Fault, Seen
from supervise.models.clients import Client
from supervise.models.engagements import Engagement
from supervise.models.enrolments import Enrolment
from supervise.models.sessions import STANDING, PracticeSession, SessionEngagement
from supervise.models.vault import Consent, Withdrawn
from supervise.rules import moments

Heading = Callable[[DiaryRow, str], str]


@dataclass(frozen=True)
class Checked:
    """What the diary says to rows: faults that stop one, notices that do not, and the keys of
    those that stand in it already."""

    faults: tuple[Fault, ...]
    notices: tuple[Fault, ...]
    known: frozenset[str]


def good(rows: Iterable[DiaryRow], faults: Iterable[Fault]) -> tuple[DiaryRow, ...]:
    """The rows without a fault."""
    bad = {(fault.sheet, fault.line) for fault in faults}
    return tuple(row for row in rows if (row.sheet, row.line) not in bad)


def check(
    rows: Sequence[DiaryRow], enrolment: Enrolment, *, heading: Heading | None = None
) -> Checked:
    """Hold the rows against the enrolment, the diary and each other. Six queries.

    `heading` gives the sheet's own word for a field, so that a fault names the right column.
    """
    known = known_keys(enrolment)
    word = heading or (lambda _, name: name)
    faults: list[Fault] = []
    notices: list[Fault] = []
    units = frozenset(enrolment.unit_codes)
    began = enrolment.started_on

    def fault(row: DiaryRow, name: str, sentence: str, to: list[Fault] = faults) -> None:
        to.append(Fault(row.sheet, row.line, word(row, name) if name else "", sentence))

    fresh = [row for row in rows if row.key not in known]
    for row in fresh:
        if row.unit not in units:
            choice = ", ".join(enrolment.unit_codes)
            fault(
                row, "unit", f"{row.unit} is not a unit of this enrolment. Choose one of: {choice}."
            )
        if row.date < began:
            fault(
                row,
                "date",
                f"This is before the enrolment began on {moments.long_date(began)}. Correct the date.",
            )
    _find_withdrawn(fresh, enrolment, fault)
    _find_other_contracts(fresh, fault)
    times = {row.key: _span(row, enrolment.learner.zone) for row in rows if row.start}
    for row, other in _overlaps(rows, times).items():
        if row.key not in known:
            fault(row, "start", _overlap_sentence(row, other))
    standing, begun = _in_the_diary(enrolment, times)
    for row in fresh:
        if row.key in times:
            start, end = times[row.key]
            if there := _meeting(standing, start, end):
                fault(row, "start", _standing_sentence(there, enrolment.learner.zone))
            elif start in begun:
                fault(
                    row,
                    "start",
                    "Your diary has a draft that starts at this time. If it is the same session, "
                    "throw one of the two away.",
                    notices,
                )
    return Checked(tuple(faults), tuple(notices), known & {row.key for row in rows})


def _find_withdrawn(
    rows: Iterable[DiaryRow], enrolment: Enrolment, fault: Callable[..., None]
) -> None:
    """Nothing more is written about a client who withdrew their consent."""
    mine = (Client.centre == enrolment.centre_id) & (Client.learner == enrolment.learner_id)
    clients = {client.id: client for client in Client.select().where(mine)}
    gone = {clients[id_].alias_key: clients[id_] for id_ in Consent.withdrawn_of(clients)}
    for row in rows if gone else ():
        for alias in row.clients:
            if client := gone.get(alias.casefold()):
                fault(row, "client", f"{Withdrawn(client.alias)} Leave this line out.")


def _find_other_contracts(rows: Iterable[DiaryRow], fault: Callable[..., None]) -> None:
    """One client has one contract: two dates in one file cannot both be right."""
    agreed: dict[str, DiaryRow] = {}
    for row in rows:
        for alias in row.clients if row.contract_agreed else ():
            first = agreed.setdefault(alias.casefold(), row)
            if first.contract_agreed != row.contract_agreed and first.contract_agreed:
                fault(
                    row,
                    "contract_agreed",
                    f"Line {first.line} dates the contract with {alias} "
                    f"{moments.short_date(first.contract_agreed)}. Put one of the two right.",
                )


def _span(row: DiaryRow, zone: str) -> tuple[datetime, datetime]:
    assert row.start is not None
    start = moments.to_utc(row.date, row.start, zone)
    return start, start + timedelta(minutes=row.minutes)


def _overlaps(
    rows: Iterable[DiaryRow], times: Mapping[str, tuple[datetime, datetime]]
) -> dict[DiaryRow, DiaryRow]:
    """Each row that shares time with another, and one such other. One sweep along the clock: it
    is enough to hold each row against the one that ends last so far, whatever the number."""
    found: dict[DiaryRow, DiaryRow] = {}
    last: DiaryRow | None = None
    for row in sorted((r for r in rows if r.key in times), key=lambda r: times[r.key]):
        if last is not None and times[last.key][1] > times[row.key][0]:
            found.setdefault(row, last)
            found.setdefault(last, row)
        if last is None or times[row.key][1] > times[last.key][1]:
            last = row
    return found


def _overlap_sentence(row: DiaryRow, other: DiaryRow) -> str:
    where = f"line {other.line}" + (
        f" of sheet ‘{other.sheet}’" if other.sheet != row.sheet else ""
    )
    assert other.start is not None
    end = datetime.combine(other.date, other.start) + timedelta(minutes=other.minutes)
    return (
        f"Overlaps {where}, {moments.day(other.date)}, {moments.clock(other.start)} to "
        f"{moments.clock(end)}. Change the start or the length of one of them."
    )


def _standing_sentence(there: PracticeSession, zone: str) -> str:
    start, end = moments.local(there.starts_at, zone), moments.local(there.ends_at, zone)
    return (
        f"Overlaps a session that is {there.state} already, {moments.day(start.date())}, "
        f"{moments.clock(start)} to {moments.clock(end)}. Change the start or the length."
    )


def _in_the_diary(
    enrolment: Enrolment, times: Mapping[str, tuple[datetime, datetime]]
) -> tuple[list[PracticeSession], frozenset[datetime]]:
    """The coach's sessions that stand, by start, and the starts of drafts, around these times."""
    if not times:
        return [], frozenset()
    query = (
        PracticeSession.select()
        .where(
            (PracticeSession.learner == enrolment.learner_id)
            & (PracticeSession.starts_at < max(end for _, end in times.values()))
            & (PracticeSession.ends_at > min(start for start, _ in times.values()))
        )
        .order_by(PracticeSession.starts_at)
    )
    found = list(query)
    standing = [session for session in found if session.state in STANDING]
    return standing, frozenset(s.starts_at for s in found if s.state not in STANDING)


def _meeting(
    standing: list[PracticeSession], start: datetime, end: datetime
) -> PracticeSession | None:
    """The first standing session within this time. They never overlap each other, so the first
    that ends after the start is the only one to look at."""
    place = bisect_right(standing, start, key=lambda session: session.ends_at)
    there = standing[place] if place < len(standing) else None
    return there if there is not None and there.starts_at < end else None


def known_keys(enrolment: Enrolment) -> frozenset[str]:
    """The keys of rows that stand in the diary already, by import or by hand. Two queries.

    A session edited after its import keeps the key it came with, and has the key of what it is now.
    """
    query = PracticeSession.select().where(PracticeSession.enrolment == enrolment)
    aliases: dict[int, list[str]] = {}
    links = (
        SessionEngagement.select(SessionEngagement.session_id, Client.alias)
        .join(Engagement).join(Client)
        .switch(SessionEngagement).join(PracticeSession)
        .where(PracticeSession.enrolment == enrolment)
    )  # fmt: skip
    for session_id, alias in links.tuples():
        aliases.setdefault(session_id, []).append(alias)
    seen, keys = Seen(), set()
    for s in query.order_by(PracticeSession.id):
        keys.add(s.import_key)
        if s.unit and s.date and s.minutes:
            start = s.starts_at and moments.local(s.starts_at, enrolment.learner.zone).time()
            clients = tuple(aliases.get(s.id, ()))
            keys.add(seen.meet(("", s.id), s.unit, s.date, start or None, s.minutes, clients)[0])
    return frozenset(keys - {None})
