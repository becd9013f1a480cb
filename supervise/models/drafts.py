"""Writing a diary entry: drafts that save themselves, and two tabs that do not overwrite each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import peewee

from supervise import events
from supervise.db import write
from supervise.models import confirmations, erasure, lapsing, readiness
from supervise.models.clients import Client
from supervise.models.enrolments import Enrolment
from supervise.models.goals import take_off, worked_on, worked_on_in
from supervise.models.people import Actor
from supervise.models.session_access import EDITABLE
from supervise.models.sessions import (
    PracticeSession,
    PrivateNote,
    SessionEngagement,
)
from supervise.models.vault import Consent
from supervise.rules import moments
from supervise.workflow import WrongState


class ChangedElsewhere(Exception):
    """Another tab saved this entry meanwhile; carries the record as it now stands."""

    def __init__(self, session: PracticeSession) -> None:
        super().__init__("This session was changed in another tab or window.")
        self.session = session


@dataclass
class Entry:
    """A diary entry as typed. ``unparsed`` keeps what could not be read, field by field.

    ``aliases`` are clients typed anew; they come into being with the entry, not before. ``goals``
    are those worked on, by id, with how far along each was afterwards.
    """

    clients: Sequence[Client] = ()
    aliases: Sequence[str] = ()
    unit: str | None = None
    kind: str | None = None
    mode: str | None = None
    place: str = ""
    date: date | None = None
    start: time | None = None
    minutes: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    private: str = ""
    goals: Mapping[int, int] = field(default_factory=dict)
    unparsed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed: unit, kind, way and day stand in the form from last time."""
        typed = (self.clients, self.aliases, self.start, self.place, self.private, self.unparsed)
        return not any(typed) and not any(text.strip() for text in self.texts.values())

    def columns(self, zone: str) -> dict[str, Any]:
        """The columns of the session; times are read in this zone and kept in UTC."""
        starts_at = (
            moments.to_utc(self.date, self.start, zone) if self.date and self.start else None
        )
        ends_at = starts_at + timedelta(minutes=self.minutes or 1) if starts_at else None
        return {
            "unit": self.unit,
            "kind": self.kind,
            "mode": self.mode,
            "place": self.place,
            "date": self.date,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "minutes": self.minutes,
            "unparsed": json.dumps(dict(self.unparsed)),
            **self.texts,
        }


def create(
    enrolment: Enrolment, entry: Entry, *, by: Actor, now: datetime, draft_key: str
) -> PracticeSession:
    """Begin a draft. The key is made by the page: pressing twice, or saving twice, makes one.

    Where the key is known already the draft of that key is returned unchanged. Raises Withdrawn.
    """
    try:
        with write():
            return known(draft_key, by) or _begin(enrolment, entry, by, now, draft_key)
    except peewee.IntegrityError:  # PostgreSQL: the same key a moment earlier, in another request
        found = known(draft_key, by)
        if found is None:
            raise
        return found


def known(draft_key: str, by: Actor) -> PracticeSession | None:
    """The person's draft that a page with this key has begun, if it has."""
    found: PracticeSession | None = PracticeSession.get_or_none(
        (PracticeSession.learner == by.person)
        & (PracticeSession.centre == by.centre)
        & (PracticeSession.draft_key == draft_key)
    )
    return found


def _begin(
    enrolment: Enrolment, entry: Entry, by: Actor, now: datetime, draft_key: str
) -> PracticeSession:
    with write():
        _refuse_withdrawn(entry, enrolment)
        session: PracticeSession = PracticeSession.create(
            centre=enrolment.centre_id,
            enrolment=enrolment,
            learner=enrolment.learner_id,
            created_at=now,
            changed_at=now,
            draft_key=draft_key,
            **entry.columns(by.person.zone),
        )
        _set_clients(session, entry, now)
        _keep_private(session, entry.private)
        _set_goals(session, entry, by, now)
        events.record(
            centre_id=session.centre_id,
            verb="began",
            subject="session",
            subject_id=session.id,
            now=now,
            person_id=by.person.id,
            role="learner",
        )
    return session


def save(
    session: PracticeSession,
    entry: Entry,
    *,
    version: int,
    by: Actor,
    now: datetime,
    finished: bool = True,
) -> None:
    """Save over the version the page was opened with.

    Not ``finished`` is an autosave: a length half typed must not undo what a client confirmed. The
    button, and submitting, do.

    Raises :class:`ChangedElsewhere` where that version is no longer the current one, or the
    session cannot be edited any more, and Withdrawn where a client of it withdrew their consent;
    a session whose texts were removed then may still be put right.
    """
    with write():
        if session.erased_at is None:
            _refuse_withdrawn(entry, session)
        before = session.date, session.starts_at
        saved = (
            PracticeSession.update(
                changed_at=now,
                version=PracticeSession.version + 1,
                **entry.columns(by.person.zone) | _gone(session),
            )
            .where(
                PracticeSession.id == session.id,
                PracticeSession.version == version,
                PracticeSession.state.in_(EDITABLE),
            )
            .execute()
        )
        if not saved:
            current = PracticeSession.get_or_none(PracticeSession.id == session.id)
            if current is None:
                raise WrongState("This draft was thrown away meanwhile. Log the session anew.")
            raise ChangedElsewhere(current)
        # before a line of history, such as a goal's: a client who answers waits for that
        confirmations.hold_asked([session.id])
        fresh = PracticeSession.get_by_id(session.id)
        session.__data__.update(fresh.__data__)
        session._dirty.clear()
        _set_clients(session, entry, now)
        _keep_private(session, "" if session.erased_at else entry.private)
        moved = before != (session.date, session.starts_at)
        _set_goals(session, entry, by, now, moved=moved)
        if finished:
            lapsing.lapse_changed(session, by=by, now=now)
        _tell_of_correction(session, by, now)


def _tell_of_correction(session: PracticeSession, by: Actor, now: datetime) -> None:
    """One line of history at the first change after each return or reopening, not at each save."""
    if session.state not in ("returned", "reopened"):
        return
    told = [event.verb for event in events.history("session", session.id)]
    if told[-1] == "corrected" or readiness.unchanged_since_return(session):
        return
    events.record(
        centre_id=session.centre_id,
        verb="corrected",
        subject="session",
        subject_id=session.id,
        now=now,
        person_id=by.person.id,
        role="learner",
    )


def was_submitted(session: PracticeSession) -> bool:
    """Whether somebody else may have read it, so that it can no longer be thrown away."""
    return any(event.verb == "submitted" for event in events.history("session", session.id))


def delete(session: PracticeSession, *, by: Actor, now: datetime) -> None:
    """Throw a draft away that nobody else has read. Raises WrongState for any other session.

    What clients were asked about it is taken back; one of which a client has said something stays.
    """
    with write():
        if was_submitted(session):
            raise WrongState(
                "This session was submitted before, so its history is kept. "
                "Change it and submit it again. Nothing was changed."
            )
        confirmations.hold_asked([session.id])
        take_off(session, by=by, now=now)
        lapsing.forget(session, by=by, now=now)
        SessionEngagement.delete().where(SessionEngagement.session == session).execute()
        PrivateNote.delete().where(PrivateNote.session == session).execute()
        gone = (
            PracticeSession.delete()
            .where((PracticeSession.id == session.id) & (PracticeSession.state == "draft"))
            .execute()
        )
        if not gone:
            raise WrongState("Only a draft can be thrown away. Nothing was changed.")
        events.record(
            centre_id=session.centre_id,
            verb="threw away",
            subject="session",
            subject_id=session.id,
            now=now,
            person_id=by.person.id,
            role="learner",
        )


def delete_all(sessions: Iterable[PracticeSession], *, by: Actor, now: datetime) -> tuple[int, int]:
    """Throw these drafts away, and count those thrown away and those kept: submitted before."""
    gone = kept = 0
    for session in sessions:
        try:
            delete(session, by=by, now=now)
        except WrongState:
            kept += 1
        else:
            gone += 1
    return gone, kept


def _set_clients(session: PracticeSession, entry: Entry, now: datetime) -> None:
    fresh = [
        Client.called(alias, centre=session.centre, learner=session.learner, now=now)
        for alias in entry.aliases
    ]
    session.set_clients([*entry.clients, *fresh])


def _set_goals(
    session: PracticeSession, entry: Entry, by: Actor, now: datetime, *, moved: bool = False
) -> None:
    """Keep which goals it worked on; one that was moved may be a goal's latest no more, or now."""
    wanted = {} if session.erased_at else dict(entry.goals)
    if moved or worked_on_in(session) != wanted:
        worked_on(session, wanted, by=by, now=now)


def _refuse_withdrawn(entry: Entry, whose: Enrolment | PracticeSession) -> None:
    """Raises Withdrawn where one of the clients, chosen or typed, withdrew their consent."""
    keys = [" ".join(alias.split()).casefold() for alias in entry.aliases]
    mine = (Client.centre == whose.centre_id) & (Client.learner == whose.learner_id)
    typed = Client.select().where(mine & Client.alias_key.in_(keys)) if keys else ()
    Consent.refuse_any_withdrawn([*entry.clients, *typed])


def _gone(session: PracticeSession) -> dict[str, str]:
    """The texts that withdrawn consent took from a session: they are not written again."""
    return dict.fromkeys(erasure.TEXTS, "") if session.erased_at else {}


def _keep_private(session: PracticeSession, text: str) -> None:
    changed = PrivateNote.update(text=text).where(PrivateNote.session == session).execute()
    if not changed and text:
        PrivateNote.create(session=session, text=text)
