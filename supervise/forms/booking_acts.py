"""What may be done with a booking by whoever reads it, and the forms for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm

from supervise.forms.bookings import AddForm, MoveForm, ReasonForm, enrolment_choices, enrolments_of
from supervise.forms.details import AcceptForm, DetailsForm, TopicForm, accept_form, known
from supervise.models import Attendance, Away, Busy, Meeting
from supervise.models.changes import Change, last_change
from supervise.models.details import may_say
from supervise.models.people import Actor
from supervise.models.rebooking import can_move_own
from supervise.models.seats import OPEN, can_host, places_of, seated
from supervise.models.series import later_meetings, later_places
from supervise.rules.moments import local


@dataclass(frozen=True)
class BookingForms:
    """What the actor may do with a booking, as `supervision/_booking.html` shows it.

    A form that is None is not theirs to send now. ``later`` counts the later ones of the series.
    """

    is_host: bool
    mine: Attendance | None
    places: list[Attendance]
    waiting: int
    """Which on the waiting list the actor is; 0 where they are not."""
    why: str = ""
    """Why it was moved, declined or cancelled, where that is for the actor."""
    full: bool = False
    answer: ReasonForm | None = None
    move: MoveForm | None = None
    may_move_to_slot: bool = False
    cancel: ReasonForm | None = None
    leave: ReasonForm | None = None
    add: AddForm | None = None
    later: int = 0
    clash: Meeting | None = None
    """What its host has at the time they are asked for."""
    away: bool = False
    """Whether they are away then."""
    proposed: bool = False
    """Whether the actor asked for a meeting and the host answered with another time."""
    accept: AcceptForm | None = None
    details: DetailsForm | None = None
    topic: TopicForm | None = None
    change: Change | None = None
    """How it came to stand, or to be off."""
    by: str = ""
    """Who changed it, in the words for the actor."""


def booking_forms(
    meeting: Meeting,
    actor: Actor,
    sent: FlaskForm | None = None,
    places: Sequence[Attendance] | None = None,
) -> BookingForms:
    """What the actor may do with the booking, and the forms for it; ``sent`` is one that had faults.

    ``places`` are all it has, where the caller has read them. Nine queries at most.
    """
    everybody = sorted(places, key=lambda one: one.id) if places else places_of(meeting)
    mine = next((one for one in everybody if actor.is_(one.learner_id)), None)
    is_host = can_host(meeting, actor)
    ahead, over = meeting.starts_at > actor.now, meeting.ends_at <= actor.now
    gives_up = mine is not None and mine.state in OPEN and mine.state != "invited"
    then = (meeting.starts_at, meeting.ends_at)
    booked, requested = meeting.state == "booked", meeting.state == "requested"
    invited = mine is not None and mine.state == "invited" and booked and ahead
    asked = is_host and requested
    answers = asked or invited
    leaves = gives_up and ((booked and ahead) or requested)
    cancels = is_host and booked
    later = 0
    if cancels:
        later = len(later_meetings(meeting))
    elif leaves and mine is not None:
        later = len(later_places(mine, meeting))
    given_up = _given_up(meeting, mine)
    change = None
    if meeting.version > 1 or given_up:  # else nothing has become of it yet
        change = last_change(meeting, given_up) or (last_change(meeting) if given_up else None)
    return BookingForms(
        is_host=is_host,
        mine=mine,
        places=[one for one in everybody if is_host and _shown(one, meeting)],
        waiting=_position(mine, everybody),
        why=given_up.reason if given_up else meeting.reason if is_host or mine else "",
        full=len(seated(everybody)) >= meeting.places,
        answer=_kept(sent, ReasonForm, "answer") if answers else None,
        move=_move_form(meeting, actor, sent) if is_host and booked else None,
        may_move_to_slot=booked and ahead and can_move_own(meeting, mine, actor),
        cancel=_kept(sent, ReasonForm, "cancel") if cancels else None,
        leave=_kept(sent, ReasonForm, "leave") if leaves else None,
        add=_add_form(everybody, actor, sent) if cancels and meeting.places > 1 else None,
        later=later,
        clash=Busy.clash(actor.person.id, *then, but=meeting.id) if asked else None,
        away=asked and Away.covers(actor.person.id, *then),
        proposed=invited and meeting.places == 1 and actor.is_(meeting.asked_by_id),
        accept=_accept_form(meeting, sent) if is_host and requested else None,
        details=_known(sent, DetailsForm, meeting, "details") if cancels and not over else None,
        change=change,
        by=change.said_by(actor.person.id, knows=is_host or meeting.places == 1) if change else "",
        topic=_known(sent, TopicForm, meeting, "topic") if may_say(meeting, mine, actor) else None,
    )


def _shown(place: Attendance, meeting: Meeting) -> bool:
    """Whether its host reads of this place: not of one that went with the whole meeting."""
    if place.state == "cancelled" and meeting.state == "cancelled":
        return not meeting.tells_why(place)
    gone = place.state == "cancelled" and meeting.state in ("booked", "requested")
    return gone or place.state in (*OPEN, "declined")


def _given_up(meeting: Meeting, mine: Attendance | None) -> Attendance | None:
    """The actor's place, where that was given up before, whatever became of the meeting since."""
    gone = mine is not None and mine.state in ("declined", "cancelled")
    return mine if gone and (meeting.state == "booked" or not meeting.tells_why(mine)) else None


def _position(mine: Attendance | None, everybody: list[Attendance]) -> int:
    if mine is None or mine.state != "waiting":
        return 0
    waiting = [one for one in everybody if one.state == "waiting"]
    waiting.sort(key=lambda one: (one.changed_at, one.id))
    return waiting.index(mine) + 1


def _kept(sent: FlaskForm | None, kind: type[FlaskForm], name: str) -> Any:
    """The form that was sent, where it is this one; otherwise an empty one."""
    wanted = f"{name}-"
    if isinstance(sent, kind) and sent._prefix == wanted:
        return sent
    return kind(formdata=None, prefix=wanted)


def _accept_form(meeting: Meeting, sent: FlaskForm | None) -> AcceptForm:
    return sent if type(sent) is AcceptForm else accept_form(meeting)


def _known(sent: FlaskForm | None, kind: type[FlaskForm], meeting: Meeting, prefix: str) -> Any:
    """The form that was sent, where it is of this kind; otherwise one that says how it is now."""
    if isinstance(sent, kind):
        return sent
    return kind(formdata=None, data=known(meeting), prefix=f"{prefix}-")


def _add_form(everybody: list[Attendance], actor: Actor, sent: FlaskForm | None) -> AddForm | None:
    """Whom the host may still add; None where that is nobody."""
    there = {one.learner_id for one in everybody if one.state in ("booked", "invited")}
    rest = [one for one in enrolments_of(actor) if one.learner_id not in there]
    form = sent if isinstance(sent, AddForm) else AddForm(formdata=None, prefix="add-")
    form.learner.choices = enrolment_choices(rest)
    return form if rest else None


def _move_form(meeting: Meeting, actor: Actor, sent: FlaskForm | None) -> Any:
    if isinstance(sent, MoveForm):
        return sent
    start = local(meeting.starts_at, actor.person.zone)
    known = {"on": start.date(), "at": start.time(), "minutes": meeting.minutes}
    return MoveForm(formdata=None, data={**known, "version": meeting.version}, prefix="move-")
