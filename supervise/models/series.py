"""Recurring bookings: all in one go, or those that are free; cancelled one by one or from one on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from supervise.db import write
from supervise.models.asking import refuse_over
from supervise.models.availability import Availability
from supervise.models.booking import Plan, arrange, begun, book
from supervise.models.busy import hold_people
from supervise.models.centres import Refused
from supervise.models.enrolments import Enrolment
from supervise.models.meetings import Attendance, Meeting
from supervise.models.people import Actor
from supervise.models.publishing import take_off
from supervise.models.rebooking import cancel_held, leave_held
from supervise.models.seats import OPEN, can_host, refuse_unread, renew
from supervise.models.waiting_list import let_first
from supervise.rules.series import repeats
from supervise.workflow import MEETING, allow


@dataclass(frozen=True)
class Missed:
    """One time of a series that cannot be booked, and why."""

    starts_at: datetime
    refused: Refused


@dataclass(frozen=True)
class Series:
    """What became of a recurring booking; ``meetings`` are those booked, by their start."""

    meetings: list[Meeting] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)


class NotAll(Refused):
    """Some times of a series cannot be booked, ``missed`` with their reasons; nothing was booked."""

    def __init__(self, missed: list[Missed], times: int) -> None:
        if len(missed) == times:
            sentence = "None of these times can be booked. Choose others. Nothing was booked."
        else:
            sentence = (
                f"{len(missed)} of {times} times cannot be booked. Choose others, or tick “Book those "
                "that are free”. Nothing was booked."
            )
        super().__init__(sentence)
        self.missed = missed
        self.times = times


def book_series(
    availability: Availability,
    starts_at: datetime,
    *,
    times: int,
    every_weeks: int,
    only_free: bool,
    enrolment: Enrolment,
    by: Actor,
    now: datetime,
    note: str = "",
    seen: int | None = None,
) -> Series:
    """Book the same slot several times, on the clock of the availability's zone.

    Raises NotAll, and books nothing, where one cannot be booked unless ``only_free``; then where
    none can. ``seen`` is the version of the slot that the learner read.
    """
    token = secrets.token_hex(8)
    starts = repeats(starts_at, times, every_weeks, availability.zone)

    def one(moment: datetime) -> Meeting:
        place = book(
            availability, moment, enrolment=enrolment, by=by, now=now, note=note, series=token,
            seen=seen,
        )  # fmt: skip
        return place.meeting

    for moment in starts:
        let_first(begun(availability, moment), now=now)
    with write():
        hold_people([availability.person_id, enrolment.learner_id])
        return _each(starts, one, only_free=only_free)


def arrange_series(
    plan: Plan,
    enrolments: Sequence[Enrolment],
    *,
    times: int,
    every_weeks: int,
    only_free: bool,
    invite: bool,
    by: Actor,
    now: datetime,
) -> Series:
    """Arrange the same meeting several times, on the clock of its host's zone; raises NotAll."""
    token = secrets.token_hex(8)
    starts = repeats(plan.starts_at, times, every_weeks, by.person.zone)

    def one(moment: datetime) -> Meeting:
        again = replace(plan, starts_at=moment)
        return arrange(again, enrolments, invite=invite, by=by, now=now, series=token)

    with write():
        hold_people([by.person.id, *(enrolment.learner_id for enrolment in enrolments)])
        return _each(starts, one, only_free=only_free)


def _each(
    starts: Iterable[datetime], act: Callable[[datetime], Meeting], *, only_free: bool
) -> Series:
    done = Series()
    for moment in starts:
        try:
            with write():  # a savepoint: what one leaves undone does not touch the others
                done.meetings.append(act(moment))
        except Refused as refused:
            done.missed.append(Missed(moment, refused))
    if done.missed and (not only_free or not done.meetings):
        raise NotAll(done.missed, len(done.missed) + len(done.meetings))
    return done


# --- this one and all later ones -------------------------------------------------------------


def later_meetings(meeting: Meeting) -> list[Meeting]:
    """The meetings that its host arranged with this one and that come after it. One query."""
    if not meeting.series:
        return []
    rest = (Meeting.series == meeting.series) & (Meeting.starts_at > meeting.starts_at)
    here = (Meeting.host == meeting.host_id) & (Meeting.centre == meeting.centre_id)
    standing = Meeting.state.in_(MEETING.moves["cancel"].sources)
    return list(Meeting.select().where(rest & here & standing).order_by(Meeting.starts_at))


def later_places(place: Attendance, meeting: Meeting) -> list[Attendance]:
    """The learner's places that were booked with this one and come after it. One query."""
    if not place.series:
        return []
    mine = (Attendance.learner == place.learner_id) & (Attendance.series == place.series)
    query = Attendance.select(Attendance, Meeting).join(Meeting)
    after = (Meeting.starts_at > meeting.starts_at) & (Meeting.state == "booked")
    return list(query.where(mine & after & Attendance.state.in_(OPEN)).order_by(Meeting.starts_at))


def cancel_from(
    meeting: Meeting,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    away: bool = False,
    read: int | None = None,
) -> int:
    """Cancel a meeting and all later ones of its series, as the host; returns how many.

    Their slots can be booked again, unless the host is ``away`` then. Raises WrongState where the
    first was changed since it was ``read``.
    """
    allow(can_host(meeting, by))
    with write():
        meetings = [meeting, *later_meetings(meeting)]
        places = _hold_all(meetings)
        refuse_unread(meeting, read, by)
        for one in meetings:
            cancel_held(one, places[one.id], reason, by=by, now=now)
            if away and one.ends_at > now:
                take_off(one.starts_at, one.ends_at, "", by=by, now=now)
    return len(meetings)


def leave_from(
    place: Attendance, reason: str, *, by: Actor, now: datetime, read: int | None = None
) -> int:
    """Give up one's place and all later ones of its series, as the learner; returns how many.

    Gives up none and raises Refused where a meeting of them has begun, WrongState where the first
    was changed since it was ``read``.
    """
    allow(place.can_answer(by))
    with write():
        mine = [place, *later_places(place, place.meeting)]
        places = _hold_all([one.meeting for one in mine])
        refuse_unread(mine[0].meeting, read, by)
        for one in mine:
            if one.meeting.state == "booked":
                refuse_over(one.meeting, now)
            there = places[one.meeting_id]
            fresh = next(each for each in there if each.id == one.id)
            leave_held(one.meeting, there, fresh, reason, by=by, now=now)
    return len(mine)


def _hold_all(meetings: list[Meeting]) -> dict[int, list[Attendance]]:
    """Hold everybody of these meetings, then their rows, each in one order; their places by meeting.

    All of it before the first line of history: whoever writes a record holds its meeting, then that.
    """
    ids = [one.id for one in meetings]
    rows = Attendance.select(Attendance.learner).where(Attendance.meeting.in_(ids))
    known = {one.host_id for one in meetings} | {row.learner_id for row in rows}
    hold_people(known)
    return {one.id: renew(one, known) for one in sorted(meetings, key=lambda one: one.id)}
