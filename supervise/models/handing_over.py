"""What becomes of meetings when somebody no longer looks after a learner.

Booked ones go to the successor where they are free, wait for the successor's answer where not, and
are cancelled where there is nobody. In a group that learner's place alone is touched. What was held
stays its host's to write up; whoever looks after the learner then can do so too.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from supervise.models.assignments import Assignment
from supervise.models.availability import roles_for
from supervise.models.busy import Busy, hold_people
from supervise.models.centres import Refused
from supervise.models.details import room_of
from supervise.models.meetings import Attendance, Meeting
from supervise.models.people import ROLE_WORDS, Actor, Person
from supervise.models.rebooking import cancel_held, leave_held
from supervise.models.seats import OPEN, day_of, looks_after, renew, still_open, tell
from supervise.rules.moments import short_date
from supervise.workflow import ATTENDANCE, MEETING, advance


def ahead(assignment: Assignment, now: datetime, after: date | None = None) -> list[Meeting]:
    """Meetings booked or asked for with the person that the assignment is for, soonest first.

    Only those on a day after ``after``, where one is given. Each has the learner's place as
    ``taken_by``. One query.
    """
    open_ones = Meeting.state.in_(MEETING.moves["cancel"].sources) & (Meeting.starts_at > now)
    found = _of_both(assignment, open_ones & Attendance.state.in_(OPEN))
    centre = assignment.enrolment.centre
    return [
        one
        for one in found
        if assignment.role in roles_for(one.format)
        and (after is None or day_of(one.starts_at, centre) > after)
    ]


def unsigned(assignment: Assignment, now: datetime) -> list[Meeting]:
    """Meetings of the two that have begun and are not signed by both, oldest first. One query.

    Of a booked one nobody has said yet whether it was held.
    """
    begun = (Meeting.state == "booked") & (Meeting.starts_at <= now)
    unfinished = begun | Meeting.state.in_(("held", "recorded"))
    found = _of_both(assignment, unfinished & Attendance.state.in_(("booked", "came")))
    return [one for one in found if assignment.role in roles_for(one.format)]


def _of_both(assignment: Assignment, which: Any) -> list[Meeting]:
    both = (Meeting.host == assignment.person) & (Attendance.enrolment == assignment.enrolment)
    query = Meeting.select(Meeting, Attendance).join(Attendance, attr="taken_by")
    return list(query.where(both & which).order_by(Meeting.starts_at, Meeting.id))


def hold_concerned(assignment: Assignment, successor: Person | None, now: datetime) -> set[int]:
    """Hold everybody whose calendar an end of the assignment may touch; before every other lock."""
    meetings = ahead(assignment, now)
    rows = Attendance.select(Attendance.learner).where(
        Attendance.meeting.in_([one.id for one in meetings])
    )
    known = {assignment.person_id, assignment.enrolment.learner_id}
    known |= {row.learner_id for row in rows}
    known |= {successor.id} if successor else set()
    hold_people(known)
    return known


def refuse_stranded(assignment: Assignment, now: datetime) -> None:
    """Raises Refused where a meeting is booked on a day that nothing covers any more.

    Called once the assignment was changed, or taken away, in the same transaction; its person held.
    """
    enrolment = assignment.enrolment
    stranded = [
        one
        for one in ahead(assignment, now)
        if not looks_after(
            assignment.person_id, enrolment, one.format, day_of(one.starts_at, enrolment.centre)
        )
    ]
    if stranded:
        those = "1 meeting is" if len(stranded) == 1 else f"{len(stranded)} meetings are"
        raise Refused(
            f"{those} booked with {assignment.person.name} on days this would leave out. "
            "End the assignment instead: that hands them over."
        )


def hand_over(
    assignment: Assignment, successor: Person | None, known: set[int], *, by: Actor, now: datetime
) -> None:
    """Hand over, or cancel, every meeting that the ended assignment no longer covers.

    Inside the transaction that ended it, the people ``known`` held.
    """
    enrolment, who = assignment.enrolment, assignment.person
    role = ROLE_WORDS[assignment.role]
    reason = (
        f"{who.name} is {role} of {enrolment.learner.name} until {short_date(assignment.to_on)}."
    )
    for meeting in ahead(assignment, now):
        day = day_of(meeting.starts_at, enrolment.centre)
        if looks_after(who.id, enrolment, meeting.format, day):
            continue
        places = renew(meeting, known)
        mine = next(one for one in places if one.learner_id == enrolment.learner_id)
        if meeting.places > 1:
            leave_held(meeting, places, mine, reason, by=by, now=now)
        elif successor and looks_after(successor.id, enrolment, meeting.format, day):
            _to(successor, meeting, places, reason, by=by, now=now)
        else:
            cancel_held(meeting, places, reason, by=by, now=now)


def _to(
    successor: Person,
    meeting: Meeting,
    places: list[Attendance],
    reason: str,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Make it the successor's: booked where they are free then, otherwise a request to them."""
    was, stood = meeting.host_id, meeting.state == "booked"
    learners = [place.learner_id for place in still_open(places)]
    free = stood and not Busy.clash(
        successor.id, meeting.starts_at, meeting.ends_at, but=meeting.id
    )
    changes: dict[str, Any] = {
        "host": successor, "availability": None, "reason": reason, "changed_at": now,
        "sequence": meeting.sequence + 1, "address": room_of(successor.id, meeting.centre_id) if meeting.mode == "video" else "",
    }  # fmt: skip
    if free:
        advance(meeting, MEETING, "hand over", **changes)
        tell(meeting, "booked", [successor.id], now)
    else:
        note = f"{meeting.note}\n\n{reason} Can you meet then?".strip()
        advance(meeting, MEETING, "ask again", note=note, **changes)
        for place in still_open(places):
            if place.state != "invited":  # who never answered has asked for nothing
                advance(place, ATTENDANCE, "ask again", seat=None, changed_at=now)
        tell(meeting, "requested", [successor.id], now)
    tell(meeting, "handed-over", [*learners, *([was] if stood else [])], now, host_was=was)
    meeting.told("handed over", now, by=by, note=reason, host_was=was, host=successor.id)
