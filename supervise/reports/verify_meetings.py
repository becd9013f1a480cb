"""Do the records of meetings stand as they were signed? Each beside its history and signatures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import peewee

from supervise.events import Event
from supervise.models import Attendance, Busy, Centre, Meeting, MeetingAction
from supervise.models.meetings import SEATED, STANDING
from supervise.rules.moments import short_date
from supervise.signing import BATCH, Misfit, SignOff, sha256
from supervise.workflow import MEETING

MOVES = {
    MEETING.moves[name].done: MEETING.moves[name].target
    for name in ("hold", "miss", "record", "take back", "complete")
}
"""What an event says of a meeting that took place, and the state it was in afterwards."""
SIGNED = ("recorded", "signed")


@dataclass(frozen=True)
class Whole:
    """A meeting with all that hangs on it: places, actions, its last sign-off and those of its
    learners by place, the last move the history has of it, and whose calendars hold it."""

    meeting: Meeting
    places: Sequence[Attendance]
    actions: Sequence[MeetingAction]
    sign_off: SignOff | None
    signed: dict[int, SignOff]
    move: Event | None
    busy: Sequence[Busy]


def misfits(centre: Centre) -> Iterator[Misfit]:
    """Every meeting whose record is not as it was signed, in sentences. Seven queries a thousand."""
    yield from _lost(centre)
    last = 0
    while True:
        query = Meeting.select().where((Meeting.centre == centre) & (Meeting.id > last))
        batch = list(query.order_by(Meeting.id).limit(BATCH))
        for whole in _wholes(batch):
            meeting = whole.meeting
            faults = (check(whole) for check in CHECKS)
            if fault := next(filter(None, faults), ""):
                yield Misfit(f"meeting {meeting.id} of {short_date(meeting.starts_at)}: {fault}")
        if len(batch) < BATCH:
            return
        last = batch[-1].id


def _lost(centre: Centre) -> Iterator[Misfit]:
    """Records that are gone, though they were signed or the history tells of them."""
    for subject, model in (("meeting", Meeting), ("attendance", Attendance)):
        here = (model.id == SignOff.subject_id) & (model.centre_id == SignOff.centre_id)
        query = SignOff.select(SignOff).join(model, peewee.JOIN.LEFT_OUTER, on=here)
        mine = (SignOff.centre_id == centre.id) & (SignOff.subject == subject)
        for sign_off in query.where(mine & model.id.is_null()).order_by(SignOff.seq).limit(1):
            yield Misfit(
                f"{subject} {sign_off.subject_id} is gone, though it was {sign_off.decision} and "
                f"signed on {short_date(sign_off.at)} (sign-off {sign_off.seq})."
            )
    there = (Meeting.id == Event.subject_id) & (Meeting.centre_id == Event.centre_id)
    told = Event.select(Event).join(Meeting, peewee.JOIN.LEFT_OUTER, on=there)
    mine = (Event.centre_id == centre.id) & (Event.subject == "meeting")
    lost = mine & Event.verb.in_(list(MOVES)) & Meeting.id.is_null()
    for event in told.where(lost).order_by(Event.seq).limit(1):
        yield Misfit(f"meeting {event.subject_id} is gone: history entry {event.seq} tells of it.")


def _wholes(meetings: Sequence[Meeting]) -> Iterator[Whole]:
    """These meetings with all that hangs on them. Six queries."""
    ids = [meeting.id for meeting in meetings]
    places: defaultdict[int, list[Attendance]] = defaultdict(list)
    for place in Attendance.select().where(Attendance.meeting.in_(ids)).order_by(Attendance.id):
        places[place.meeting_id].append(place)
    of_place = {place.id: place.meeting_id for found in places.values() for place in found}
    actions: defaultdict[int, list[MeetingAction]] = defaultdict(list)
    for action in MeetingAction.select().where(MeetingAction.attendance.in_(list(of_place))):
        actions[of_place[action.attendance_id]].append(action)
    sign_offs, signed = _sign_offs("meeting", ids), _sign_offs("attendance", list(of_place))
    moves = _moves(ids)
    busy: defaultdict[int, list[Busy]] = defaultdict(list)
    for row in Busy.select().where(Busy.meeting.in_(ids)):
        busy[row.meeting_id].append(row)
    for meeting in meetings:
        yield Whole(
            meeting,
            places[meeting.id],
            actions[meeting.id],
            sign_offs.get(meeting.id),
            {one.id: signed[one.id] for one in places[meeting.id] if one.id in signed},
            moves.get(meeting.id),
            busy[meeting.id],
        )


def _sign_offs(subject: str, ids: Sequence[int]) -> dict[int, SignOff]:
    rows = SignOff.select().where((SignOff.subject == subject) & SignOff.subject_id.in_(ids))
    return {sign_off.subject_id: sign_off for sign_off in rows.order_by(SignOff.seq)}


def _moves(ids: Sequence[int]) -> dict[int, Event]:
    mine = (Event.subject == "meeting") & Event.subject_id.in_(ids)
    rows = Event.select().where(mine & Event.verb.in_(list(MOVES)))
    return {event.subject_id: event for event in rows.order_by(Event.seq)}


def _state_fault(whole: Whole) -> str:
    """What does not fit between a meeting's state and its history."""
    state = whole.meeting.state
    told = MOVES[whole.move.verb] if whole.move else ""
    if told and told != state:
        return f"it says {state}, but by its history it is {told}."
    if not told and state in MOVES.values():
        return f"it says {state}, but its history does not."
    return ""


def _record_fault(whole: Whole) -> str:
    """What does not fit between a signed record and its leader's signature."""
    meeting, sign_off = whole.meeting, whole.sign_off
    if meeting.state not in SIGNED:
        return "" if meeting.recorded_at is None else "it says it was signed, but it is not."
    if sign_off is None:
        return f"it says {meeting.state}, but nobody signed it."
    if sign_off.content_sha256 != sha256(meeting.signed_content(whole.places, whole.actions)):
        return "its record is not what was signed."
    if (sign_off.person_id, sign_off.at) != (meeting.recorded_by_id, meeting.recorded_at):
        return "it was signed by another person, or at another moment, than it says."
    if sign_off.subject_version != meeting.version - (meeting.state == "signed"):
        return "it was changed after it was signed."
    return ""


def _places_fault(whole: Whole) -> str:
    """What does not fit between the places of a meeting and the signatures of its learners."""
    meeting = whole.meeting
    for place in whole.places:
        sign_off = whole.signed.get(place.id)
        if place.state == "signed" and sign_off is None:
            return f"place {place.id} says signed, but nobody signed it."
        if sign_off is None:
            continue
        if place.state != "signed":
            return f"place {place.id} was signed, but it says {place.state}."
        content = place.signed_content(meeting, whole.actions)
        if sign_off.content_sha256 != sha256(content) or sign_off.person_id != place.learner_id:
            return f"place {place.id} is not what its learner signed."
        if (sign_off.at, sign_off.subject_version) != (place.signed_at, place.version):
            return f"place {place.id} was changed after it was signed."
    waiting = [one.id for one in whole.places if one.state == "came"]
    seated = [one for one in whole.places if one.state in SEATED]
    if meeting.state == "signed" and waiting:
        return f"it says signed by both, but place {waiting[0]} did not sign."
    if meeting.state == "recorded" and seated and not waiting:
        return "all who came have signed, but it does not say so."
    return ""


def _busy_fault(whole: Whole) -> str:
    """What does not fit between a meeting and the calendars that keep its time free."""
    meeting, expected = whole.meeting, set[int]()
    if meeting.state in STANDING:
        expected = {meeting.host_id}
        expected |= {one.learner_id for one in whole.places if one.state in SEATED}
    if {row.person_id for row in whole.busy} != expected:
        return "its time is not kept free for those who are in it, or for others too."
    at = (meeting.starts_at, meeting.ends_at)
    if any((row.starts_at, row.ends_at) != at for row in whole.busy):
        return "another time than its own is kept free for it."
    return ""


CHECKS = (_state_fault, _record_fault, _places_fault, _busy_fault)
"""What is looked at in each meeting, the gravest first."""
