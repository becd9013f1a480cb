"""What a learner does with the record of a meeting: answer it, sign it, and do what was agreed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from supervise import signing
from supervise.db import write
from supervise.models.meetings import Attendance, Meeting, MeetingAction
from supervise.models.people import Actor
from supervise.models.recording import ChangedElsewhere, Unfinished, lock, locked_places
from supervise.models.vault import ClientIdentity
from supervise.rules.naming import names_in, naming_fault
from supervise.workflow import ATTENDANCE, MEETING, WrongState, advance, allow

UNREAD = "The record was changed and signed anew since you opened it. Read it again, then sign."


class Unread(WrongState):
    """The record was taken back and signed anew after the learner had opened it."""

    def __init__(self) -> None:
        super().__init__(UNREAD)


def reply(
    place: Attendance, text: str, reflection: str, *, version: int, by: Actor, now: datetime
) -> None:
    """Save what the learner writes under the record; nobody else reads it before they sign.

    Raises ChangedElsewhere where it was changed meanwhile, and WrongState where there is nothing
    to sign, or it is signed.
    """
    _answer(place, "reply", text, reflection, version, by, now)


def sign(
    place: Attendance, text: str, reflection: str, *, read: int, version: int, by: Actor,
    now: datetime,
) -> signing.SignOff:  # fmt: skip
    """The learner's signature under the record as they ``read`` it, with reply and reflection.

    ``read`` is the meeting's version on the page they sign from. With the last of those who came
    it is signed by all. Raises Unread where the record was signed anew since, Unfinished where a
    text names a client, and else as ``reply`` does.
    """
    names = ClientIdentity.names_of(place.learner_id)
    texts = {"reply": text, "reflection": reflection}
    faults = {
        name: naming_fault("This", hits)
        for name, said in texts.items()
        if (hits := names_in(said, names))
    }
    if faults and by.is_(place.learner_id):
        raise Unfinished(faults)
    with write():
        meeting = _answer(place, "sign", text, reflection, version, by, now, read, signed_at=now)
        left = any(one.state == "came" for one in locked_places(meeting))
        if not left:
            advance(meeting, MEETING, "complete", changed_at=now)
        meeting.told("signed the record", now, by=by, attendance=place.id)
        if not left:
            meeting.told(MEETING.moves["complete"].done, now, by=by, version=meeting.version)
        return signing.sign(
            place, subject="attendance", person_id=by.person.id, role="learner",
            decision="signed", now=now,
        )  # fmt: skip


def _answer(
    place: Attendance, move: str, text: str, reflection: str, version: int, by: Actor,
    now: datetime, read: int | None = None, **changes: Any,
) -> Meeting:  # fmt: skip
    allow(place.can_answer(by))
    with write():
        meeting: Meeting = Meeting.get_by_id(place.meeting_id)
        lock(meeting)
        if meeting.state not in ("recorded", "signed"):
            raise WrongState(
                "The record was taken back to be changed. You are asked again once it is signed. "
                "Nothing was changed."
            )
        lock(place)
        if place.version != version and place.state == "came":
            raise ChangedElsewhere
        if read not in (None, meeting.version) and place.state == "came":
            raise Unread
        advance(
            place, ATTENDANCE, move, reply=text, reflection=reflection, changed_at=now, **changes
        )
    return meeting


# --- agreed actions ----------------------------------------------------------------------


def may_mark(action: MeetingAction, place: Attendance, *, leads: bool, by: Actor) -> bool:
    """Whether an action is the actor's own: the learner's, or that of whoever leads the meeting."""
    return place.can_answer(by) if action.owner == "learner" else leads


def may_mark_on(later: Meeting, place: Attendance, by: Actor) -> bool:
    """Whether what was agreed with a learner is the actor's to mark on the agenda of a ``later``
    meeting: whoever leads that goes through it with the learner, until its record is signed."""
    there = (Attendance.meeting == later) & (Attendance.learner == place.learner_id)
    stands = Attendance.select().where(there & Attendance.state.not_in(("cancelled", "declined")))
    open_ = later.state in ("requested", "booked", "held")
    return open_ and later.can_lead(by) and bool(stands.exists())


def mark_done(
    action: MeetingAction, *, done: bool, by: Actor, now: datetime, later: Meeting | None = None
) -> None:
    """Say that an agreed action is done, today at the centre, or that it is not done after all.

    ``later`` is the meeting on whose agenda it is marked. Raises WrongState before the record in
    which it was agreed is signed.
    """
    place: Attendance = Attendance.get_by_id(action.attendance_id)
    meeting: Meeting = Meeting.get_by_id(place.meeting_id)
    theirs = may_mark(action, place, leads=meeting.can_lead(by), by=by)
    allow(theirs or (later is not None and may_mark_on(later, place, by)))
    with write():
        lock(meeting)
        if meeting.state not in ("recorded", "signed"):
            raise WrongState("This record is not signed yet. Nothing was changed.")
        news = MeetingAction.done_on.is_null(done) & (MeetingAction.id == action.id)
        on = by.today if done else None
        if MeetingAction.update(done_on=on).where(news).execute():
            verb = "did what was agreed" if done else "opened again what was agreed"
            meeting.told(verb, now, by=by, action=action.id)
