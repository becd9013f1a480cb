"""How a meeting becomes a record: held, written up and signed by whoever leads it.

How each learner who came answers and signs stands in ``answering``. Then the database seals it.

Locks are taken in one order: the people (by whoever says that it took place), the meeting's row, its
places, mail, the history, the sign-offs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from supervise import signing
from supervise.db import is_sqlite, write
from supervise.models.centres import Refused
from supervise.models.lacking import lacks
from supervise.models.mail import Mail
from supervise.models.meetings import Attendance, Meeting, MeetingAction, MeetingNote
from supervise.models.people import Actor, Person
from supervise.models.seats import hold as hold_everybody
from supervise.models.seats import tell
from supervise.rules.held import LONGEST_MINUTES, length_fault, overlap
from supervise.workflow import ATTENDANCE, MEETING, WrongState, advance, allow

CHANGED = "This record was changed meanwhile. Read it again, then decide. Nothing was changed."
WENT_WITHOUT = "The meeting took place."
NOBODY_CAME = "Nobody came to the meeting."
"""Why a place is closed that was asked for or waited for."""


class ChangedElsewhere(WrongState):
    """Another tab, or another person, changed this record meanwhile."""

    def __init__(self) -> None:
        super().__init__(CHANGED)


class Unfinished(Exception):  # noqa: N818 - it names what is wrong with the record
    """A record, or a reply, that cannot be signed yet. ``faults`` is field to sentence.

    What concerns no field has another name there.
    """

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
    Raises Refused before it began, for a length that cannot be, where one who came or the host was
    elsewhere and where nobody came, and WrongState where it is past that.
    """
    allow(meeting.can_lead(by))
    if meeting.starts_at > now:
        raise Refused("It has not begun yet. Record it once it has taken place.")
    if fault := length_fault(minutes, meeting.minutes, sure=sure):
        raise Refused(fault)
    with write():
        places = hold_everybody(meeting)
        if not any(one.id in came for one in places if one.seat):
            raise Refused("Tick who came. If nobody did, say that nobody came.")
        _refuse_overlap(meeting, [one for one in places if one.id in came], minutes)
        advance(meeting, MEETING, "hold", held_minutes=minutes, changed_at=now)
        for one in places:
            if one.seat:
                _mark(one, one.id in came, now)
        meeting.told(MEETING.moves["hold"].done, now, by=by, minutes=minutes, came=sorted(came))
        _close(meeting, places, WENT_WITHOUT, now)


def _refuse_overlap(meeting: Meeting, came: Sequence[Attendance], minutes: int) -> None:
    """Raises Refused where one who came, or the host, was in another meeting before this one ended.

    Two queries; everybody is held, so that nobody says the same of another meeting meanwhile.
    """
    start, people = meeting.starts_at, [meeting.host_id, *(one.learner_id for one in came)]
    near = (
        (Meeting.id != meeting.id)
        & (Meeting.starts_at > start - timedelta(minutes=LONGEST_MINUTES))
        & (Meeting.starts_at < start + timedelta(minutes=minutes))
    )
    query = Meeting.select(Meeting.starts_at, Meeting.held_minutes, Person.name)
    led = query.join(Person, on=Meeting.host).where(
        Meeting.host.in_(people) & Meeting.state.in_(("held", "recorded", "signed"))
    )
    attended = (
        query.join(Attendance)
        .join(Person, on=Attendance.learner)
        .where(Attendance.learner.in_(people) & Attendance.state.in_(("came", "signed")))
    )
    for found, did in ((attended, "was in"), (led, "led")):
        rows = found.where(near).order_by(Meeting.starts_at, Person.name)
        if name := overlap(start, minutes, rows.tuples()):
            raise Refused(
                f"{name} {did} another meeting for part of that time. Correct this length, or that "
                "of the other."
            )


def miss(meeting: Meeting, *, by: Actor, now: datetime) -> None:
    """Nobody came. Raises Refused before it began, and WrongState where it is past that.

    Whoever was asked and never answered, or waits for a place, has none any more.
    """
    allow(meeting.can_lead(by))
    if meeting.starts_at > now:
        raise Refused("It has not begun yet. Say so once its time has come.")
    with write():
        places = hold_everybody(meeting)
        advance(meeting, MEETING, "miss", held_minutes=None, changed_at=now)
        for one in places:
            if one.seat:
                _mark(one, False, now)
        meeting.told(MEETING.moves["miss"].done, now, by=by)
        _close(meeting, places, NOBODY_CAME, now)


def _close(meeting: Meeting, places: Sequence[Attendance], reason: str, now: datetime) -> None:
    """Close the places without a seat that are open still; while the meeting lasts a mail says so."""
    for one in places:
        if one.seat is None and ATTENDANCE.allows("cancel", one.state):
            advance(one, ATTENDANCE, "cancel", reason=reason, changed_at=now)
            tell(meeting, "cancelled", [one.learner_id], now, place=one.id, seat=False)


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
        made = MeetingNote.insert(meeting=meeting, person=by.person, text=text)
        both = [MeetingNote.meeting, MeetingNote.person]  # another tab may have been first
        made.on_conflict(conflict_target=both, update={MeetingNote.text: text}).execute()


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
    lacks, or where ``by`` does not read all of it, ChangedElsewhere where it was changed meanwhile,
    and WrongState where it is signed.
    """
    allow(meeting.can_lead(by))
    with write():
        lock(meeting)
        if meeting.version != version and meeting.state == "held":
            raise ChangedElsewhere
        came = [one for one in locked_places(meeting) if one.came]
        if meeting.state == "held" and (faults := lacks(meeting, came, by)):
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
