"""A meeting that is asked for, and the answers to requests and invitations."""

from __future__ import annotations

from datetime import datetime, timedelta

from supervise.db import write
from supervise.models.booking import PAST, Plan, create
from supervise.models.busy import Busy, Taken, hold_people, refuse_taken
from supervise.models.centres import Refused
from supervise.models.details import Details
from supervise.models.enrolments import Enrolment
from supervise.models.meetings import Attendance, Meeting
from supervise.models.people import Actor, Person
from supervise.models.seats import (
    NOBODY_LEFT,
    can_host,
    hold,
    hold_to_join,
    new_place,
    refuse_unassigned,
    refuse_unread,
    seated,
    sit,
    still_open,
    tell,
)
from supervise.workflow import ATTENDANCE, MEETING, WrongState, advance, allow


def ask(plan: Plan, host: Person, *, enrolment: Enrolment, by: Actor, now: datetime) -> Meeting:
    """Ask for a time that is not offered. Nobody's time is taken before the host accepts.

    Asked twice it stays one request. Raises Refused for a time gone by, and where the host does not
    look after the learner that day.
    """
    allow(by.is_(enrolment.learner_id) and by.centre.id == enrolment.centre_id)
    if plan.starts_at <= now:
        raise Refused(PAST)
    with write():
        hold_people([host.id, enrolment.learner_id])
        refuse_unassigned(host, enrolment, plan.format, plan.starts_at)
        mine = Attendance.select(Attendance.meeting).where(Attendance.learner == by.person)
        same = (Meeting.host == host) & (Meeting.starts_at == plan.starts_at)
        open_one = (Meeting.state == "requested") & Meeting.id.in_(mine)
        again: Meeting | None = Meeting.select().where(same & open_one).first()
        if again is not None:
            return again
        if other := Busy.clash(by.person.id, plan.starts_at, plan.ends_at):
            sentence = "You are in another meeting then. Choose another time."
            raise Taken(sentence, by.person.id, other)
        meeting = create(plan, host_id=host.id, state="requested", by=by, now=now)
        new_place(meeting, enrolment, "asked", now)
        meeting.told("asked for", now, by=by)
        tell(meeting, "requested", [host.id], now)
    return meeting


def accept(
    meeting: Meeting,
    *,
    by: Actor,
    now: datetime,
    read: int | None = None,
    details: Details | None = None,
) -> None:
    """Book a meeting that was asked for, in the version that was ``read``, with the ``details`` that
    its host gives it.

    Whoever is invited to it, as before it was handed over, is asked whether they come. Raises
    WrongState where it was changed since, Taken where host or learner is busy then.
    """
    allow(can_host(meeting, by))
    with write():
        places = hold(meeting)
        refuse_unread(meeting, read, by)
        if meeting.state == "requested":  # in every other state the move itself says why not
            if meeting.starts_at <= now:
                raise Refused("This time has passed. Decline it, or book another time.")
            host = meeting.host_id
            refuse_taken([host], meeting.starts_at, meeting.ends_at, host_id=host)
        news = details.news(meeting) if details else {}
        advance(meeting, MEETING, "accept", **news, changed_at=now)
        for place in places:
            if place.state == "asked":
                refuse_unassigned(meeting.host, place.enrolment, meeting.format, meeting.starts_at)
                sit(meeting, place, now)
        meeting.told("accepted", now, by=by)
        tell(meeting, "booked", [meeting.host_id, *seated(places)], now)
        tell(meeting, "invited", [p.learner_id for p in places if p.state == "invited"], now)


def propose(
    meeting: Meeting, starts_at: datetime, minutes: int, *, words: str, by: Actor, now: datetime
) -> None:
    """Answer a request with another time, as its host, and ``words`` to the learner.

    The host's time is taken, and the learner invited to it: they accept or decline as any
    invitation. Raises Taken where one of the two is in another meeting then, WrongState where it
    was answered meanwhile, and Refused for a time gone by, for the very time that was asked for,
    and where the host does not look after the learner that day.
    """
    allow(can_host(meeting, by))
    if starts_at <= now:
        raise Refused(PAST)
    with write():
        places = hold(meeting)
        there = still_open(places)
        learners = [place.learner_id for place in there]
        was = {"starts_at": meeting.starts_at, "ends_at": meeting.ends_at}
        then = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=minutes)}
        if meeting.state == "requested":  # in every other state the move itself says why not
            if was == then:
                raise Refused("That is the time you were asked for. Accept it, or choose another.")
            refuse_taken([meeting.host_id, *learners], *then.values(), host_id=meeting.host_id)
        advance(
            meeting, MEETING, "propose", reason=words, sequence=meeting.sequence + 1,
            changed_at=now, **then,
        )  # fmt: skip
        for place in there:
            refuse_unassigned(meeting.host, place.enrolment, meeting.format, starts_at)
            if place.state == "asked":
                advance(place, ATTENDANCE, "invite", changed_at=now)
        meeting.told("proposed", now, by=by, note=words, before=was, after=then)
        tell(meeting, "booked", [meeting.host_id], now)
        tell(meeting, "invited", learners, now, was=was["starts_at"].isoformat())


def decline(meeting: Meeting, reason: str, *, by: Actor, now: datetime) -> None:
    """Decline a meeting that was asked for, with a reason."""
    allow(can_host(meeting, by))
    with write():
        places = hold(meeting)
        advance(meeting, MEETING, "decline", reason=reason, changed_at=now)
        for place in places:
            if place.state in ("asked", "invited"):
                advance(place, ATTENDANCE, "decline", reason=reason, changed_at=now)
        meeting.told("declined", now, by=by, note=reason)
        tell(meeting, "declined", [place.learner_id for place in places], now)


def answer_invitation(
    place: Attendance,
    *,
    accept: bool,
    by: Actor,
    now: datetime,
    reason: str = "",
    read: int | None = None,
) -> None:
    """Accept an invitation, or decline it with a reason; the last to decline cancels the meeting.

    ``read`` is the version of the meeting that the learner saw. Raises WrongState where it was
    moved since, or is not open any more, Full without a seat, Taken where the learner is in another
    meeting then.
    """
    allow(place.can_answer(by))
    with write():
        meeting = place.meeting
        places = hold(meeting)
        place = next(one for one in places if one.id == place.id)
        if place.state != "invited":
            raise WrongState(ATTENDANCE.refusal("book" if accept else "decline", place.state))
        refuse_unread(meeting, read, by)
        refuse_over(meeting, now)
        if accept:
            sit(meeting, place, now)
            meeting.told("accepted", now, by=by, place=place.id)
            tell(meeting, "booked", [meeting.host_id, place.learner_id], now, place=place.id)
            return
        advance(place, ATTENDANCE, "decline", reason=reason, changed_at=now)
        tell(meeting, "declined", [meeting.host_id], now, place=place.id)
        if meeting.places > 1:
            meeting.told("declined", now, by=by, note=reason, place=place.id)
        if still_open(places):
            return
        why = reason if meeting.places == 1 else NOBODY_LEFT
        advance(
            meeting, MEETING, "cancel", reason=why, sequence=meeting.sequence + 1, changed_at=now
        )
        meeting.told("cancelled", now, by=by, note=why)


def add(meeting: Meeting, enrolment: Enrolment, *, invite: bool, by: Actor, now: datetime) -> None:
    """Give one more learner a place in a group, or invite them, as its host.

    A place also once it has begun, for somebody who came along. Raises Full, Taken, and Refused for a
    learner who is in it already or is not assigned to the host that day.
    """
    allow(can_host(meeting, by) and enrolment.centre_id == meeting.centre_id)
    with write():
        places = hold_to_join(meeting, enrolment.learner_id)
        if meeting.state != "booked":
            raise WrongState(f"Nothing was changed: {MEETING.states[meeting.state]}")
        if invite and meeting.starts_at <= now:
            raise Refused("It has begun already. Add them without an invitation.")
        refuse_unassigned(meeting.host, enrolment, meeting.format, meeting.starts_at)
        place = next((one for one in places if one.learner_id == enrolment.learner_id), None)
        if meeting.places == 1 or (place is not None and place.state in ("booked", "invited")):
            raise Refused(f"{enrolment.learner.name} cannot be added: choose somebody else.")
        state = "invited" if invite else "booked"
        if place is None:
            new_place(meeting, enrolment, state, now)
        elif not invite:
            sit(meeting, place, now, enrolment=enrolment)
        else:
            advance(place, ATTENDANCE, "invite", enrolment=enrolment, reason="", changed_at=now)
        meeting.told(state, now, by=by, learners=[enrolment.learner_id])
        tell(meeting, state, [enrolment.learner_id], now)


def refuse_over(meeting: Meeting, now: datetime) -> None:
    """Raises WrongState for a meeting that does not stand, Refused for one that has begun."""
    if meeting.state != "booked":
        raise WrongState(f"Nothing was changed: {MEETING.states[meeting.state]}")
    if meeting.starts_at <= now:
        raise Refused(f"It has begun already. Tell {meeting.host.name}. Nothing was changed.")
