"""How a meeting becomes a record: held, written up and signed by whoever leads it.

How each learner who came answers and signs stands in ``answering``. Then the database seals it.

Locks are taken in one order: the meeting's row, its places, mail, the history, the sign-offs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from supervise import signing
from supervise.db import is_sqlite, write
from supervise.models.centres import Refused
from supervise.models.clients import Client
from supervise.models.mail import Mail
from supervise.models.meetings import Attendance, Meeting, MeetingAction, MeetingNote
from supervise.models.people import Actor, Person
from supervise.models.vault import ClientIdentity
from supervise.rules.held import LONGEST_MINUTES, length_fault, overlap
from supervise.rules.moments import local
from supervise.rules.naming import names_in
from supervise.workflow import ATTENDANCE, MEETING, WrongState, advance, allow

CHANGED = "This record was changed meanwhile. Read it again, then decide. Nothing was changed."
NAMED = "This names a client or a sponsor of theirs. Others read it: write the alias."
"""To whoever leads the meeting: which words those are, only the learner may know."""
WENT_WITHOUT = "The meeting took place."


class ChangedElsewhere(WrongState):
    """Another tab, or another person, changed this record meanwhile."""

    def __init__(self) -> None:
        super().__init__(CHANGED)


class Unfinished(Exception):  # noqa: N818 - it names what is wrong with the record
    """A record, or a reply, that cannot be signed yet. ``faults`` is field to sentence."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


@dataclass(frozen=True)
class Action:
    """What somebody will do, and by when; ``owner`` is learner or supervisor."""

    owner: str
    text: str
    due_on: date | None


@dataclass(frozen=True)
class Part:
    """What the leader writes about one learner."""

    feedback: str = ""
    goals: str = ""
    actions: Sequence[Action] = ()


@dataclass(frozen=True)
class Written:
    """What the leader writes: for all, for each place by its id, and a note for themselves."""

    discussed: str
    parts: Mapping[int, Part] = field(default_factory=dict)
    note: str = ""


# --- it took place -----------------------------------------------------------------------


def hold(
    meeting: Meeting, came: Collection[int], minutes: int, *, by: Actor, now: datetime,
    sure: bool = False,
) -> None:  # fmt: skip
    """Keep who came, by the ids of their places, and how long it lasted, in whole minutes.

    ``sure`` says that a length far beyond what was planned is meant. It can be corrected until the
    record is signed. Whoever was asked and never answered, or waits for a place, has none any more.
    Raises Refused before it began, for a length that cannot be, where one who came was elsewhere and
    where nobody came, and WrongState where it is past that.
    """
    allow(meeting.can_lead(by))
    if meeting.starts_at > now:
        raise Refused("It has not begun yet. Record it once it has taken place.")
    if fault := length_fault(minutes, meeting.minutes, sure=sure):
        raise Refused(fault)
    with write():
        lock(meeting)
        places = locked_places(meeting)
        if not any(one.id in came for one in places if one.seat):
            raise Refused("Tick who came. If nobody did, say that nobody came.")
        _refuse_overlap(meeting, [one for one in places if one.id in came], minutes)
        advance(meeting, MEETING, "hold", held_minutes=minutes, changed_at=now)
        for one in places:
            if one.seat:
                _mark(one, one.id in came, now)
            elif ATTENDANCE.allows("cancel", one.state):
                advance(one, ATTENDANCE, "cancel", reason=WENT_WITHOUT, changed_at=now)
        meeting.told(MEETING.moves["hold"].done, now, by=by, minutes=minutes, came=sorted(came))


def _refuse_overlap(meeting: Meeting, came: Sequence[Attendance], minutes: int) -> None:
    """Raises Refused where one who came was in another meeting before this one ended. One query."""
    start = meeting.starts_at
    query = (
        Attendance.select(Meeting.starts_at, Meeting.held_minutes, Person.name)
        .join(Person, on=Attendance.learner)
        .switch(Attendance)
        .join(Meeting)
        .where(
            Attendance.learner.in_([one.learner_id for one in came])
            & Attendance.state.in_(("came", "signed"))
            & (Attendance.meeting != meeting)
            & (Meeting.starts_at > start - timedelta(minutes=LONGEST_MINUTES))
            & (Meeting.starts_at < start + timedelta(minutes=minutes))
        )
        .order_by(Meeting.starts_at, Person.name)
    )
    if name := overlap(start, minutes, query.tuples()):
        raise Refused(f"{name} was in another meeting for part of that time. Correct the length.")


def miss(meeting: Meeting, *, by: Actor, now: datetime) -> None:
    """Nobody came. Raises Refused before it began, and WrongState where it is past that."""
    allow(meeting.can_lead(by))
    if meeting.starts_at > now:
        raise Refused("It has not begun yet. Say so once its time has come.")
    with write():
        lock(meeting)
        advance(meeting, MEETING, "miss", held_minutes=None, changed_at=now)
        for one in locked_places(meeting):
            if one.seat:
                _mark(one, False, now)
        meeting.told(MEETING.moves["miss"].done, now, by=by)


def _mark(place: Attendance, came: bool, now: datetime) -> None:
    """One learner as present or absent, where that is news.

    Of somebody absent there is no part of the record: what was drafted of it is deleted, lest it be
    sealed where nobody reads it.
    """
    if came == place.came and place.state != "booked":
        return
    if came:
        advance(place, ATTENDANCE, "come", changed_at=now)
        return
    MeetingAction.delete().where(MeetingAction.attendance == place).execute()
    advance(place, ATTENDANCE, "miss", feedback="", goals="", changed_at=now)


# --- the leader's record -----------------------------------------------------------------


def write_up(meeting: Meeting, written: Written, *, version: int, by: Actor, now: datetime) -> None:
    """Save the draft of the record over the version that was read; nobody else reads it yet.

    Raises ChangedElsewhere where it was changed meanwhile, and WrongState where it is signed.
    """
    allow(meeting.can_lead(by))
    with write():
        lock(meeting)
        if meeting.version != version and meeting.state == "held":
            raise ChangedElsewhere
        advance(meeting, MEETING, "write", discussed=written.discussed, changed_at=now)
        for place in locked_places(meeting):
            if place.came and place.id in written.parts:
                _write_part(place, written.parts[place.id], now)
        _keep_note(meeting, written.note, by)


def _write_part(place: Attendance, part: Part, now: datetime) -> None:
    mine = Attendance.id == place.id
    if (place.feedback, place.goals) != (part.feedback, part.goals):
        Attendance.update(feedback=part.feedback, goals=part.goals, changed_at=now).where(
            mine
        ).execute()
    there = [Action(one.owner, one.text, one.due_on) for one in MeetingAction.of([place])]
    if there == list(part.actions):
        return
    MeetingAction.delete().where(MeetingAction.attendance == place).execute()
    for number, action in enumerate(part.actions):
        MeetingAction.create(
            centre=place.centre_id, attendance=place, owner=action.owner, text=action.text,
            due_on=action.due_on, position=number,
        )  # fmt: skip


def keep_note(meeting: Meeting, text: str, *, by: Actor) -> None:
    """The private note of whoever leads the meeting, also after it is signed."""
    allow(meeting.can_lead(by))
    with write():
        _keep_note(meeting, text, by)


def _keep_note(meeting: Meeting, text: str, by: Actor) -> None:
    mine = (MeetingNote.meeting == meeting) & (MeetingNote.person == by.person)
    changed = MeetingNote.update(text=text).where(mine).execute()
    if not changed and text:
        MeetingNote.create(meeting=meeting, person=by.person, text=text)


def note_of(meeting: Meeting, actor: Actor) -> str:
    """The actor's own note on a meeting; nobody else's. One query."""
    mine = (MeetingNote.meeting == meeting) & (MeetingNote.person == actor.person)
    found = MeetingNote.get_or_none(mine)
    return found.text if found else ""


def record(
    meeting: Meeting, agenda: Mapping[str, Any], *, version: int, by: Actor, now: datetime
) -> signing.SignOff:
    """Sign the record; each learner who came is asked to read and sign it too.

    ``agenda`` is what the agenda holds now (``reports.agenda_kept``). Raises Unfinished with what it
    lacks, ChangedElsewhere where it was changed meanwhile, and WrongState where it is signed.
    """
    allow(meeting.can_lead(by))
    with write():
        lock(meeting)
        if meeting.version != version and meeting.state == "held":
            raise ChangedElsewhere
        came = [one for one in locked_places(meeting) if one.came]
        if meeting.state == "held" and (faults := _lacks(meeting, came)):
            raise Unfinished(faults)
        advance(
            meeting, MEETING, "record", agenda=json.dumps(dict(agenda), sort_keys=True),
            recorded_at=now, recorded_by=by.person, changed_at=now,
        )  # fmt: skip
        for one in came:
            Mail.queue(
                "recorded", to=one.learner_id, centre=meeting.centre_id, now=now, meeting=meeting
            )
        meeting.told(MEETING.moves["record"].done, now, by=by, version=meeting.version)
        return signing.sign(
            meeting,
            subject="meeting",
            person_id=by.person.id,
            role=meeting.role_of(by),
            decision="recorded",
            now=now,
        )


def _lacks(meeting: Meeting, came: Sequence[Attendance]) -> dict[str, str]:
    """Why the record cannot be signed yet: field to sentence."""
    names, found = _names_of(one.learner_id for one in came), {}
    if not meeting.discussed:
        found["discussed"] = "Say in a sentence or two what you discussed."
    elif names_in(meeting.discussed, names):
        found["discussed"] = NAMED
    for one in came:
        for name in ("feedback", "goals"):
            if names_in(getattr(one, name), names):
                found[f"{name}_{one.id}"] = NAMED
    for action in MeetingAction.of(came):
        place = f"{action.attendance_id}_{action.position}"
        if names_in(action.text, names):
            found[f"action_{place}"] = NAMED
        elif action.due_on is None:
            found[f"due_{place}"] = "Choose by when."
        elif action.due_on < local(meeting.starts_at, meeting.centre.zone).date():
            found[f"due_{place}"] = "That is before the meeting. Choose a later day."
    return found


def _names_of(learner_ids: Iterable[int]) -> list[str]:
    """Every name and address of these learners' clients and sponsors. One query."""
    rows = ClientIdentity.select(ClientIdentity).join(Client)
    theirs = rows.where(Client.learner.in_(list(learner_ids)))
    return [each for row in theirs for each in row.identifiers]


def take_back(meeting: Meeting, *, by: Actor, now: datetime) -> None:
    """Open a record again that no learner has signed yet. Raises WrongState where one has."""
    allow(meeting.can_lead(by))
    with write():
        lock(meeting)
        if any(one.state == "signed" for one in locked_places(meeting)):
            raise WrongState("A learner has signed this record, so it stays. Nothing was changed.")
        advance(meeting, MEETING, "take back", recorded_at=None, recorded_by=None, changed_at=now)
        unsent = (Mail.meeting == meeting) & (Mail.kind == "recorded") & (Mail.state == "waiting")
        Mail.update(state="dropped").where(unsent).execute()
        meeting.told(MEETING.moves["take back"].done, now, by=by, version=meeting.version)


# --- locks -------------------------------------------------------------------------------


def lock(record: Meeting | Attendance) -> None:
    """Read the row again, locked until the transaction ends."""
    query = type(record).select().where(type(record).id == record.id)
    fresh = (query if is_sqlite() else query.for_update()).first()
    if fresh is None:
        raise WrongState("This meeting is no longer there.")
    record.__data__.update(fresh.__data__)
    record._dirty.clear()


def locked_places(meeting: Meeting) -> list[Attendance]:
    """All places of a meeting, locked, in one order."""
    query = Attendance.select().where(Attendance.meeting == meeting).order_by(Attendance.id)
    return list(query if is_sqlite() else query.for_update())
