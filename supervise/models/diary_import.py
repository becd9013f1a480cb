"""Taking the rows of a diary file into the diary: drafts, clients and contracts in one write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from supervise import events
from supervise.db import is_sqlite, write
from supervise.imports.diary import DiaryRow
from supervise.models import confirmations, drafts
from supervise.models.assignments import Assignment
from supervise.models.centres import Refused
from supervise.models.clients import Client
from supervise.models.diary_check import known_keys
from supervise.models.engagements import Engagement
from supervise.models.enrolments import Enrolment
from supervise.models.people import Actor, Person
from supervise.models.sessions import (
    SUPERVISION_TEXTS,
    Incomplete,
    PracticeSession,
    SessionEngagement,
)
from supervise.models.uploads import DiaryUpload
from supervise.models.vault import ClientIdentity, Consent
from supervise.workflow import WrongState

BATCH = 200  # rows in one INSERT


@dataclass(frozen=True)
class Taken:
    """What came of it: sessions added, there already, and submitted; and the aliases whose
    contract could not be dated because approved hours rest on it."""

    added: int
    known: int
    submitted: int = 0
    undated: tuple[str, ...] = ()
    left: tuple[tuple[date | None, str], ...] = ()
    """Those that were to be submitted and stay drafts: day and why."""


def kind_of(row: DiaryRow, enrolment: Enrolment) -> str:
    """The row's kind, else the one its unit asks for; coaching where either will do."""
    kinds = enrolment.book.unit(row.unit).kinds
    return row.kind or ("mentoring" if kinds == {"mentoring"} else "coaching")


def take(
    rows: Sequence[DiaryRow],
    enrolment: Enrolment,
    *,
    by: Actor,
    now: datetime,
    submit: bool = False,
    contract_agreed: date | None = None,
    upload: DiaryUpload | None = None,
) -> Taken:
    """Take rows in as drafts, all or none; what stands in the diary already is left as it is.

    The `upload` they came from is emptied in the same write.

    `contract_agreed`, or the file's own column, dates the contracts of the file's clients that
    have no date yet. With `submit` the drafts of these rows that are complete are handed in.
    Raises ValueError for a contract date that has not come.
    """
    with write():
        if not is_sqlite():  # a second import of the same file waits here, then finds all known
            held = Enrolment.select().where(Enrolment.id == enrolment.id)
            held.for_update("FOR NO KEY UPDATE").get()  # a new entry of the diary does not wait
        known = known_keys(enrolment)
        fresh = [row for row in rows if row.key not in known]
        engagements = _engagements(fresh, enrolment, now)
        Consent.refuse_any_withdrawn(_clients(fresh, enrolment, engagements))
        if submit:
            confirmations.hold_asked(_drafts(rows, enrolment))
        undated = _date_contracts(rows, enrolment, engagements, contract_agreed, by, now)
        sheets = {name: n for n, name in enumerate(dict.fromkeys(row.sheet for row in rows), 1)}
        for at in range(0, len(fresh), BATCH):
            ids = _add(fresh[at : at + BATCH], enrolment, engagements, now)
            for row in fresh[at : at + BATCH]:
                # the sheet by number: its name, often the file's, may name somebody
                events.record(
                    centre_id=enrolment.centre_id,
                    verb="imported",
                    subject="session",
                    subject_id=ids[row.key],
                    now=now,
                    person_id=by.recorded,
                    role="command" if by.command else "learner",
                    sheet=sheets[row.sheet],
                    line=row.line,
                )
        submitted, left = _submit(rows, enrolment, by, now) if submit else (0, ())
        if upload is not None:
            upload.empty()
    return Taken(len(fresh), len(rows) - len(fresh), submitted, undated, left)


def _clients(
    rows: Sequence[DiaryRow], enrolment: Enrolment, engagements: Engagements
) -> list[Client]:
    """The clients of these rows: one may have withdrawn consent since the file was looked at."""
    places = {(alias.casefold(), kind_of(row, enrolment)) for row in rows for alias in row.clients}
    return [engagements[place].client for place in places]


Engagements = Mapping[tuple[str, str], Engagement]


def _engagements(fresh: Sequence[DiaryRow], enrolment: Enrolment, now: datetime) -> Engagements:
    """Alias and kind to the engagement, made where a new row needs it."""
    query = (
        Engagement.select(Engagement, Client)
        .join(Client)
        .where((Client.learner == enrolment.learner_id) & (Client.centre == enrolment.centre_id))
    )
    found = {(e.client.alias_key, e.kind): e for e in query}
    for row in fresh:
        kind = kind_of(row, enrolment)
        for alias in row.clients:
            if (alias.casefold(), kind) not in found:
                client = Client.called(
                    alias, centre=enrolment.centre, learner=enrolment.learner, now=now
                )
                found[alias.casefold(), kind] = client.engagement(kind)
    return found


def _date_contracts(
    rows: Sequence[DiaryRow],
    enrolment: Enrolment,
    engagements: Engagements,
    for_others: date | None,
    by: Actor,
    now: datetime,
) -> tuple[str, ...]:
    wanted: dict[tuple[str, str], date] = {}
    own: dict[tuple[str, str], date] = {}  # the file's own column goes before the one date for all
    for row in rows:
        agreed = row.contract_agreed
        for alias in row.clients:
            place = alias.casefold(), kind_of(row, enrolment)
            if place in engagements and (agreed or for_others):
                if agreed:
                    own[place] = agreed
                elif for_others:
                    wanted[place] = for_others
    undated = []
    for place, agreed_on in (wanted | own).items():
        engagement = engagements[place]
        if engagement.contract_agreed_on is None:
            try:
                engagement.set_contract(agreed_on, by=by, now=now)
            except Refused:
                undated.append(engagement.client.alias)
    return tuple(undated)


def _add(
    rows: Sequence[DiaryRow], enrolment: Enrolment, engagements: Engagements, now: datetime
) -> dict[str, int]:
    """One statement for the sessions and one for their clients; returns the ids by key."""
    PracticeSession.insert_many([_columns(row, enrolment, now) for row in rows]).execute()
    added = PracticeSession.select(PracticeSession.import_key, PracticeSession.id).where(
        (PracticeSession.enrolment == enrolment)
        & PracticeSession.import_key.in_([row.key for row in rows])
    )
    ids: dict[str, int] = dict(added.tuples())
    links = {
        (ids[row.key], engagements[alias.casefold(), kind_of(row, enrolment)].id)
        for row in rows
        for alias in row.clients
    }
    SessionEngagement.insert_many(
        sorted(links), fields=[SessionEngagement.session, SessionEngagement.engagement]
    ).execute()
    return ids


def _columns(row: DiaryRow, enrolment: Enrolment, now: datetime) -> dict[str, Any]:
    entry = drafts.Entry(
        unit=row.unit,
        kind=kind_of(row, enrolment),
        mode=row.mode,
        place=row.place,
        date=row.date,
        start=row.start,
        minutes=row.minutes,
        # a file has no column for what is to be raised: it is typed before a meeting
        texts={name: getattr(row, name, "") for name in SUPERVISION_TEXTS},
    )
    return {
        "centre": enrolment.centre_id,
        "enrolment": enrolment.id,
        "learner": enrolment.learner_id,
        "created_at": now,
        "changed_at": now,
        "import_key": row.key,
        **entry.columns(enrolment.learner.zone),
    }


def _drafts(rows: Sequence[DiaryRow], enrolment: Enrolment) -> list[int]:
    """The drafts that these rows are already."""
    keys = {row.key for row in rows}
    mine = (PracticeSession.enrolment == enrolment) & (PracticeSession.state == "draft")
    found = PracticeSession.select(PracticeSession.id, PracticeSession.import_key)
    imported = found.where(mine & PracticeSession.import_key.is_null(False))
    return [session.id for session in imported if session.import_key in keys]


def _submit(
    rows: Sequence[DiaryRow], enrolment: Enrolment, by: Actor, now: datetime
) -> tuple[int, tuple[tuple[date | None, str], ...]]:
    """Hand in those of these rows that are drafts still, and complete.

    Returns how many, and of each other one the day and why; no names to whoever runs a command.
    """
    query = PracticeSession.select().where(PracticeSession.id.in_(_drafts(rows, enrolment)))
    submitted, left = 0, []
    names = ClientIdentity.names_of(enrolment.learner_id)
    for session in query.order_by(PracticeSession.date, PracticeSession.id):
        session.enrolment = enrolment
        try:
            session.submit(by=by, now=now, names=names)
        except Incomplete as lacking:
            told = lacking.faults.values()
            why = [getattr(said, "blind", said) if by.command else said for said in told]
            left.append((session.date, " ".join(why)))
        except WrongState as refused:
            left.append((session.date, refused.sentence))
        else:
            submitted += 1
    return submitted, tuple(left)


def supervisors(enrolment: Enrolment, today: date) -> list[str]:
    """The names of the enrolment's supervisors on a day."""
    query = (
        Assignment.select(Assignment, Person).join(Person)
        .where(
            (Assignment.enrolment == enrolment)
            & (Assignment.role == "supervisor") & Assignment.on(today)
        )
    )  # fmt: skip
    return sorted({str(found.person.name) for found in query})


def drop(upload: DiaryUpload) -> None:
    """Throw an uploaded file away."""
    with write():
        upload.delete_instance()
