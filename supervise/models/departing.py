"""What becomes of meetings when an account is closed.

Whoever hosts hands their meetings over first, by the end of their assignments: only then is it known
to whom. A learner's places are given up, and their hosts are told.
"""

from __future__ import annotations

from datetime import datetime

from supervise.models.busy import hold_people
from supervise.models.centres import Refused
from supervise.models.meetings import Attendance, Meeting
from supervise.models.people import Actor, Person
from supervise.models.rebooking import cancel_held, leave_held
from supervise.models.seats import OPEN, renew, still_open
from supervise.workflow import MEETING


def hold_concerned(person: Person, now: datetime) -> set[int]:
    """Hold everybody whose calendar closing the account may touch; before every other lock."""
    meetings = _ahead(person, now)
    rows = Attendance.select(Attendance.learner).where(
        Attendance.meeting.in_([one.id for one in meetings])
    )
    known = {person.id, *(one.host_id for one in meetings), *(row.learner_id for row in rows)}
    hold_people(known)
    return known


def leave_all(person: Person, known: set[int], *, by: Actor, now: datetime) -> None:
    """Give up every place of the person ahead, and cancel what they host for nobody any more.

    The people ``known`` are held. Raises Refused while somebody has a part in what they host.
    """
    places = {one: renew(one, known) for one in _ahead(person, now)}
    hosted = [one for one in places if one.host_id == person.id]
    wanted = [one for one in hosted if still_open(places[one])]
    if wanted:
        are = "1 meeting is" if len(wanted) == 1 else f"{len(wanted)} meetings are"
        raise Refused(
            f"{are} booked or asked for with {person.name}. End or hand over their assignments "
            "first: that takes the meetings along."
        )
    reason = f"The account of {person.name} was closed."
    for meeting, there in places.items():
        mine = next((one for one in still_open(there) if one.learner_id == person.id), None)
        if mine is not None:
            leave_held(meeting, there, mine, reason, by=by, now=now)
        elif meeting in hosted:
            cancel_held(meeting, there, reason, by=by, now=now)


def _ahead(person: Person, now: datetime) -> list[Meeting]:
    """What the person hosts or has a place in, booked or asked for and still to come, by number.

    One query.
    """
    mine = Attendance.select(Attendance.meeting).where(
        (Attendance.learner == person) & Attendance.state.in_(OPEN)
    )
    standing = Meeting.state.in_(MEETING.moves["cancel"].sources) & (Meeting.starts_at > now)
    theirs = (Meeting.host == person) | Meeting.id.in_(mine)
    return list(Meeting.select().where(standing & theirs).order_by(Meeting.id))
