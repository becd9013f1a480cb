"""How a booking changes: moved, cancelled, given up; and joining the waiting list of a full group."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from supervise.db import write
from supervise.models.asking import refuse_over
from supervise.models.availability import Availability
from supervise.models.booking import (
    PAST,
    refuse_too_close,
    refuse_unless_open,
    refuse_unnamed,
    refuse_unseen,
)
from supervise.models.busy import refuse_taken
from supervise.models.centres import Refused
from supervise.models.enrolments import Enrolment
from supervise.models.meetings import Attendance, Meeting
from supervise.models.people import Actor
from supervise.models.publishing import take_off
from supervise.models.seats import (
    CHANGED,
    NOBODY_LEFT,
    OPEN,
    can_host,
    hold,
    hold_to_join,
    new_place,
    refuse_unassigned,
    refuse_unread,
    seated,
    still_open,
    tell,
)
from supervise.models.waiting_list import let_first, move_up
from supervise.workflow import ATTENDANCE, MEETING, WrongState, advance, allow

# --- moving --------------------------------------------------------------------------------


def move(
    meeting: Meeting,
    starts_at: datetime,
    minutes: int,
    *,
    reason: str,
    version: int,
    by: Actor,
    now: datetime,
    away: bool = False,
) -> None:
    """Move a meeting to any other time, as its host; who is in it keeps their place.

    ``away`` keeps the time before from being booked by others.
    Raises WrongState where it is not as it was when ``version`` was read, Taken where somebody in
    it is in another meeting then, Refused for a time gone by, and for a day on which the host does
    not look after them.
    """
    allow(can_host(meeting, by))
    if starts_at <= now:
        raise Refused(PAST)
    ends_at = starts_at + timedelta(minutes=minutes)
    with write():
        places = hold(meeting)
        for place in still_open(places):
            refuse_unassigned(meeting.host, place.enrolment, meeting.format, starts_at)
        if away and meeting.ends_at > now:
            take_off(meeting.starts_at, meeting.ends_at, "", by=by, now=now)
        _move(meeting, places, starts_at, ends_at, reason=reason, version=version, by=by, now=now)


def move_to_slot(
    meeting: Meeting,
    slot: Availability,
    starts_at: datetime,
    *,
    reason: str,
    version: int,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Move one's own one-to-one meeting to another open slot of the same host, as its learner.

    ``seen`` is the version of the slot that they read. Raises as ``move`` and ``booking.book`` do.
    """
    with write():
        places = hold(meeting)
        mine = next((one for one in places if one.state == "booked"), None)
        allow(can_move_own(meeting, mine, by) and slot.person_id == meeting.host_id)
        assert mine is not None  # noqa: S101 - for the type checker
        refuse_over(meeting, now)
        slot = Availability.get_by_id(slot.id)
        if (slot.format, slot.places) != (meeting.format, 1):
            raise Refused("That is for meetings of another kind. Choose one of the times shown.")
        refuse_unless_open(slot, starts_at, mine.enrolment, now)
        refuse_unseen(slot, slot, seen)
        refuse_too_close(slot, starts_at, but=meeting.id)
        _move(
            meeting, places, starts_at, starts_at + timedelta(minutes=slot.minutes), reason=reason,
            version=version, by=by, now=now, availability=slot, mode=slot.mode, place=slot.place,
            address=slot.address,
        )  # fmt: skip


def can_move_own(meeting: Meeting, place: Attendance | None, actor: Actor) -> bool:
    """Whether a learner may move this meeting: nobody else has a part in it."""
    mine = place is not None and place.can_answer(actor) and place.state == "booked"
    return mine and meeting.places == 1


def _move(
    meeting: Meeting,
    places: list[Attendance],
    starts_at: datetime,
    ends_at: datetime,
    *,
    reason: str,
    version: int,
    by: Actor,
    now: datetime,
    **changes: Any,
) -> None:
    if meeting.version != version:
        raise WrongState(CHANGED)
    was = {"starts_at": meeting.starts_at, "ends_at": meeting.ends_at}
    if was == {"starts_at": starts_at, "ends_at": ends_at}:
        raise Refused("That is when it is already. Choose another time. Nothing was changed.")
    if meeting.state == "booked":  # in every other state the move itself says why not
        people = [meeting.host_id, *seated(places)]
        refuse_taken(people, starts_at, ends_at, host_id=meeting.host_id, but=meeting.id)
    advance(
        meeting, MEETING, "move", starts_at=starts_at, ends_at=ends_at, reason=reason,
        sequence=meeting.sequence + 1, changed_at=now, **changes,
    )  # fmt: skip
    meeting.told(
        "moved", now, by=by, note=reason, before=was,
        after={"starts_at": starts_at, "ends_at": ends_at},
    )  # fmt: skip
    people = [meeting.host_id, *(place.learner_id for place in still_open(places))]
    tell(meeting, "moved", people, now, was=was["starts_at"].isoformat())


# --- cancelling ----------------------------------------------------------------------------


def cancel(
    meeting: Meeting,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    away: bool = False,
    read: int | None = None,
) -> None:
    """Cancel the whole meeting, as its host, with a reason that everybody in it is told.

    Its slot can be booked again, unless the host is ``away`` then. Raises WrongState where it was
    changed since it was ``read``.
    """
    allow(can_host(meeting, by))
    with write():
        places = hold(meeting)
        refuse_unread(meeting, read, by)
        cancel_held(meeting, places, reason, by=by, now=now)
        if away and meeting.ends_at > now:
            take_off(meeting.starts_at, meeting.ends_at, "", by=by, now=now)


def cancel_held(
    meeting: Meeting,
    places: Iterable[Attendance],
    reason: str,
    *,
    by: Actor | None,
    now: datetime,
    also: Iterable[int] = (),
    why: str = "",
) -> None:
    """Cancel a meeting whose people and row are held, and all its open places with it.

    ``also`` is told, beside everybody who had a part in it. ``why`` is the meeting's own reason,
    where that of the places is not for everybody.
    """
    was = meeting.state
    advance(
        meeting, MEETING, "cancel", reason=why or reason, sequence=meeting.sequence + 1,
        changed_at=now,
    )  # fmt: skip
    told = {meeting.host_id, *also}
    for place in still_open(places):
        advance(place, ATTENDANCE, "cancel", seat=None, reason=reason, changed_at=now)
        told.add(place.learner_id)
    meeting.told("cancelled", now, by=by, note=reason)
    if was == "requested" and by is not None:
        told.discard(by.person.id)  # it never stood in a calendar
    tell(meeting, "cancelled", told, now)


def leave(
    place: Attendance, reason: str, *, by: Actor, now: datetime, read: int | None = None
) -> None:
    """Give up a place: as its learner one's own, as the host that of a learner; with a reason.

    Where nobody else has a part in the meeting it is cancelled. A seat that gets free goes to the
    first on the waiting list who is free then. Raises WrongState where the meeting was changed
    since it was ``read``.
    """
    with write():
        meeting = place.meeting
        places = hold(meeting)
        place = next(one for one in places if one.id == place.id)
        allow(place.can_answer(by) or can_host(meeting, by))
        refuse_unread(meeting, read, by)
        if place.can_answer(by) and meeting.state == "booked":
            refuse_over(meeting, now)
        leave_held(meeting, places, place, reason, by=by, now=now)


def leave_held(
    meeting: Meeting,
    places: list[Attendance],
    place: Attendance,
    reason: str,
    *,
    by: Actor | None,
    now: datetime,
) -> None:
    """Give up one place of a meeting whose people and row are held.

    Its learner is told wherever it was not they who gave it up, seat or none.
    """
    had_seat = place.state == "booked"
    others = [one for one in still_open(places) if one.id != place.id]
    if place.state in OPEN and not others and meeting.state in MEETING.moves["cancel"].sources:
        why = NOBODY_LEFT if meeting.places > 1 else ""
        cancel_held(meeting, [place], reason, by=by, now=now, why=why)
        return
    advance(place, ATTENDANCE, "cancel", seat=None, reason=reason, changed_at=now)
    meeting.revise()
    meeting.told("left", now, by=by, note=reason, place=place.id)
    told = [meeting.host_id, place.learner_id] if had_seat else []
    if by is None or not by.is_(place.learner_id):
        told.append(place.learner_id)
    tell(meeting, "cancelled", told, now, place=place.id, seat=had_seat)
    if had_seat:
        move_up(meeting, places, now=now)


# --- the waiting list ----------------------------------------------------------------------


def wait(
    meeting: Meeting, *, enrolment: Enrolment, by: Actor, now: datetime, read: int | None = None
) -> Attendance:
    """Join the waiting list of a full group; a seat at once, where one got free meanwhile.

    Raises Refused for a meeting that is not open to this learner, or where they have a place, and
    WrongState where it was changed since it was ``read``.
    """
    allow(by.is_(enrolment.learner_id) and by.centre.id == enrolment.centre_id)
    allow(meeting.centre_id == enrolment.centre_id)
    let_first(meeting, now=now)
    with write():
        places = hold_to_join(meeting, enrolment.learner_id)
        refuse_over(meeting, now)
        refuse_unread(meeting, read, by)
        place = next((one for one in places if one.learner_id == enrolment.learner_id), None)
        if place is not None and place.state in ("booked", "waiting"):
            raise Refused("You are in this meeting, or on its list, already. Nothing was changed.")
        if place is None or place.state != "invited":
            slot = meeting.availability
            allow(slot is not None)
            refuse_unnamed(slot, enrolment)
        refuse_unassigned(meeting.host, enrolment, meeting.format, meeting.starts_at)
        if meeting.places == 1:
            raise Refused("This meeting has no waiting list. Choose another time.")
        if place is None:
            place = new_place(meeting, enrolment, "waiting", now)
        else:
            advance(place, ATTENDANCE, "wait", enrolment=enrolment, changed_at=now)
        meeting.told("put on the list", now, by=by, place=place.id)
        move_up(meeting, [place], now=now)
        return place
