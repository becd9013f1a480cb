"""Who comes up from the waiting list of a full group: the longest first, where they are free then.

It is asked when a place gets free, before somebody new joins, and with each tick: whoever was busy
when the place got free may be free later.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import peewee

from supervise.db import write
from supervise.models.busy import Busy
from supervise.models.meetings import Attendance, Meeting
from supervise.models.seats import day_of, hold, looks_after, sit, tell
from supervise.workflow import WrongState


def move_up(meeting: Meeting, places: Iterable[Attendance], *, now: datetime) -> None:
    """Give free seats to those who wait, the longest first, where they are free then.

    The meeting and all its people are held. Whoever is busy then, or not assigned any more, stays
    on the list and the next has it.
    """
    if meeting.state != "booked" or meeting.starts_at <= now:
        return
    waiting = [one for one in places if one.state == "waiting"]
    day = day_of(meeting.starts_at, meeting.centre)
    for place in sorted(waiting, key=lambda one: (one.changed_at, one.id)):
        if meeting.free_seat() is None:
            return
        busy = Busy.clash(place.learner_id, meeting.starts_at, meeting.ends_at)
        if busy or not looks_after(meeting.host_id, place.enrolment, meeting.format, day):
            continue
        sit(meeting, place, now)
        meeting.told("moved up", now, by=None, place=place.id)
        tell(meeting, "freed", [place.learner_id], now, place=place.id)
        tell(meeting, "booked", [meeting.host_id], now, place=place.id)


def let_first(meeting: Meeting | None, *, now: datetime) -> None:
    """Give those who wait what is free in this group, before somebody new has it.

    In a transaction of its own, before that of whoever joins: it stays theirs if the new one is
    refused then, and holds people in one order.
    """
    if meeting is not None and _ready(now).where(Meeting.id == meeting.id).exists():
        _let(meeting, now)


def move_up_all(now: datetime) -> None:
    """Let who waits come up in all groups ahead that have a free seat. One query where there is none."""
    for meeting in list(_ready(now)):
        _let(meeting, now)


def _let(meeting: Meeting, now: datetime) -> None:
    try:
        with write():
            move_up(meeting, hold(meeting), now=now)
    except WrongState:
        return  # people come and go in it at this moment; the next tick looks again


def _ready(now: datetime) -> peewee.ModelSelect:
    """Groups ahead with a free seat, and somebody on their list who is free then."""
    seat, waiting = Attendance.alias(), Attendance.alias()
    taken = seat.select(peewee.fn.COUNT(seat.id)).where(
        (seat.meeting == Meeting.id) & seat.seat.is_null(False)
    )
    elsewhere = Busy.select(Busy.id).where(
        (Busy.person == waiting.learner)
        & (Busy.starts_at < Meeting.ends_at)
        & (Busy.ends_at > Meeting.starts_at)
    )
    waits = waiting.select(waiting.id).where(
        (waiting.meeting == Meeting.id)
        & (waiting.state == "waiting")
        & ~peewee.fn.EXISTS(elsewhere)
    )
    ahead = (Meeting.state == "booked") & (Meeting.starts_at > now)
    room = (Meeting.places > 1) & (Meeting.places > taken)
    return Meeting.select().where(ahead & room & peewee.fn.EXISTS(waits)).order_by(Meeting.id)
