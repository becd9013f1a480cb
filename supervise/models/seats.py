"""What every move of a booking shares: who may meet whom, who is held, who sits, who is told.

Locks are taken in one order: the people's calendars, the centre, the meeting's row, its places,
each with the busy rows that follow it, the mail, the history. Whoever changes a meeting holds its
host, so that of two who do so at the same moment one waits and then sees what the other did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from supervise.db import write
from supervise.models.assignments import Assignment
from supervise.models.availability import roles_for
from supervise.models.busy import hold_people, refuse_taken
from supervise.models.centres import Centre, Refused
from supervise.models.contracts import locked
from supervise.models.enrolments import Enrolment
from supervise.models.mail import Mail
from supervise.models.meetings import Attendance, Meeting
from supervise.models.people import Actor, Person
from supervise.rules.moments import clock, day, local, short_date
from supervise.workflow import ATTENDANCE, WrongState, advance

CHANGED = "This meeting was changed meanwhile. Read it again, then decide. Nothing was changed."
NOBODY_LEFT = "Nobody has a place in it any more."
"""Why a group is cancelled whose last learner left: their own reason is not for those before."""
OPEN = ("asked", "invited", "waiting", "booked")
"""The states of a place that can still be given up."""
TRIES = 20


class Full(Refused):
    """Every place of a group is taken; ``meeting`` has a waiting list."""

    def __init__(self, meeting: Meeting) -> None:
        super().__init__(
            "Every place in this meeting is taken. Join the waiting list, or choose another time. "
            "Nothing was booked."
        )
        self.meeting = meeting


# --- who may meet whom -------------------------------------------------------------------


def day_of(moment: datetime, centre: Centre) -> date:
    """The day of a moment at the centre, by which assignments begin and end."""
    return local(moment, centre.zone).date()


def looks_after(host_id: int, enrolment: Enrolment, kind: str, on: date) -> bool:
    """Whether somebody may host a meeting of this format for the enrolment that day. One query."""
    held = (Assignment.enrolment == enrolment) & (Assignment.person == host_id)
    role = Assignment.role.in_(roles_for(kind))
    return bool(Assignment.select().where(held & role & Assignment.on(on)).exists())


def refuse_unassigned(host: Person, enrolment: Enrolment, kind: str, starts_at: datetime) -> None:
    """Raises Refused where the enrolment is over on the day of the meeting, or the host does not look
    after it then."""
    on = day_of(starts_at, enrolment.centre)
    if enrolment.over_on(on):
        raise Refused(
            f"The enrolment of {enrolment.learner.name} ends on {short_date(enrolment.ends_on)}. "
            "Choose an earlier day, or ask your centre to extend it. Nothing was booked."
        )
    if not host.active or not looks_after(host.id, enrolment, kind, on):
        raise Refused(
            f"{host.name} is not assigned to {enrolment.learner.name} on {short_date(on)}. "
            "Choose another day, or somebody else. Nothing was booked."
        )


def can_host(meeting: Meeting, actor: Actor) -> bool:
    """The host alone: accepts, declines, moves, cancels and gives places."""
    here = actor.centre.id == meeting.centre_id and actor.has("supervisor", "tutor")
    return here and actor.is_(meeting.host_id)


# --- who is held -------------------------------------------------------------------------


class _Joined(WrongState):
    """Somebody came into the meeting, or took it over, before its people were held."""


def hold(meeting: Meeting) -> list[Attendance]:
    """Hold everybody of the meeting, then its row; returns its places as they are now, oldest first.

    Inside ``db.write()``. Where somebody joins before all are held it begins again: nobody is held
    out of order. Raises WrongState where that never ends.
    """
    for _ in range(TRIES):
        known = {meeting.host_id, *(place.learner_id for place in meeting.attendances)}
        try:
            with write():  # a savepoint: given up, it lets go of everybody it held
                hold_people(known)
                return renew(meeting, known)
        except _Joined:
            continue
    raise WrongState(CHANGED)


def hold_to_join(meeting: Meeting, learner_id: int) -> list[Attendance]:
    """Hold the host and one learner alone, who is to have a place; returns the places as they are.

    Whoever joins touches nobody else's place, so a rush of people does not wait for each other's.
    """
    hold_people([meeting.host_id, learner_id])
    host_id = meeting.host_id
    places = renew(meeting, None)
    if meeting.host_id != host_id:
        raise WrongState(CHANGED)
    return places


def renew(meeting: Meeting, known: Collection[int] | None) -> list[Attendance]:
    """Lock and read the meeting again once its people are held; returns its places.

    Raises WrongState where somebody in it is not among those ``known`` to be held.
    """
    fresh = locked(Meeting, meeting.id)
    if fresh is None:
        raise WrongState("This meeting is no longer there.")
    meeting.__data__.update(fresh.__data__)
    meeting.__rel__.clear()
    meeting._dirty.clear()
    places = places_of(meeting)
    if known is not None and not {meeting.host_id, *(p.learner_id for p in places)} <= set(known):
        raise _Joined(CHANGED)
    return places


def refuse_unread(meeting: Meeting, read: int | None, by: Actor) -> None:
    """Raises WrongState, with when it is now, where this is not the version that ``by`` has read.

    None is whoever read no page. The meeting is held.
    """
    if read is None or read == meeting.version:
        return
    begins = local(meeting.starts_at, by.person.zone)
    raise WrongState(
        f"This meeting was changed meanwhile. It is now on {day(begins.date(), year=True)} at "
        f"{clock(begins)}, for {meeting.minutes} minutes. Read it again, then decide. "
        "Nothing was changed."
    )


def places_of(meeting: Meeting) -> list[Attendance]:
    """All places of a meeting, oldest first, with their learners. One query."""
    query = Attendance.select(Attendance, Person).join(Person, on=Attendance.learner)
    return list(query.where(Attendance.meeting == meeting).order_by(Attendance.id))


def seated(places: Iterable[Attendance]) -> list[int]:
    """The learners of these places who have a seat."""
    return [place.learner_id for place in places if place.state == "booked"]


def still_open(places: Iterable[Attendance]) -> list[Attendance]:
    """Those of the places that can still be given up."""
    return [place for place in places if place.state in OPEN]


# --- who sits ----------------------------------------------------------------------------


def sit(meeting: Meeting, place: Attendance, now: datetime, **changes: Any) -> None:
    """Give the place a seat and its learner's time; the meeting held, inside ``db.write()``.

    It is a new revision of the meeting: of an earlier one their calendar may have heard that it is off.
    Raises Full without a free seat, and Taken where the learner is in another meeting then.
    """
    seat = meeting.free_seat()
    if seat is None:
        raise Full(meeting)
    _refuse_elsewhere(meeting, place.learner_id)
    advance(place, ATTENDANCE, "book", seat=seat, reason="", changed_at=now, **changes)
    meeting.revise()


def new_place(
    meeting: Meeting, enrolment: Enrolment, state: str, now: datetime, series: str = ""
) -> Attendance:
    """A place of a learner who had none in this meeting; with a seat and their time where booked."""
    seat = None
    if state == "booked":
        seat = meeting.free_seat()
        if seat is None:
            raise Full(meeting)
        _refuse_elsewhere(meeting, enrolment.learner_id)
    return Attendance.create(
        centre=meeting.centre_id,
        meeting=meeting,
        enrolment=enrolment,
        learner=enrolment.learner_id,
        seat=seat,
        series=series,
        state=state,
        created_at=now,
        changed_at=now,
    )


def _refuse_elsewhere(meeting: Meeting, learner_id: int) -> None:
    refuse_taken(
        [learner_id], meeting.starts_at, meeting.ends_at, host_id=meeting.host_id, but=meeting.id
    )


# --- who is told -------------------------------------------------------------------------


def tell(meeting: Meeting, kind: str, people: Iterable[int], now: datetime, **detail: Any) -> None:
    """Queue a mail about the meeting to each of these people; none once it is over."""
    if meeting.ends_at > now:
        for person_id in sorted(set(people)):
            Mail.queue(
                kind, to=person_id, centre=meeting.centre_id, meeting=meeting, now=now, **detail
            )
