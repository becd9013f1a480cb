"""What becomes of a booking: answered, moved, cancelled, a place taken away."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from supervise import auth, reader, web
from supervise.errors import error_page
from supervise.forms.booking_acts import BookingForms, booking_forms
from supervise.forms.bookings import (
    MoveForm,
    MoveToSlotForm,
    ReasonForm,
    slot_read,
    slot_seen,
    slot_value,
)
from supervise.forms.contracts import mark
from supervise.forms.faults import faults_of
from supervise.models import Attendance, Meeting
from supervise.models.asking import accept, answer_invitation, decline
from supervise.models.booking import known_to
from supervise.models.centres import Refused
from supervise.models.people import Actor
from supervise.models.rebooking import cancel, leave, move, move_to_slot, wait
from supervise.models.seats import can_host
from supervise.models.series import cancel_from, leave_from
from supervise.reader import day_and_time
from supervise.reports import agenda, meeting_list
from supervise.views.bookings import bp, free_times, names_somebody, said, to_meeting, week_of
from supervise.views.told import ended, hearers, say
from supervise.workflow import WrongState

EITHER = ("learner", "supervisor", "tutor")
LISTED = "You are on the waiting list. The first place that gets free goes to the first on it."
FREED = "A place got free meanwhile: it is yours."


def showing(
    meeting: Meeting, sent: Any, status: int, sentence: str = "", found: Any = None
) -> Response:
    """The booking alone, with the form that had faults as it was typed."""
    fresh = web.load(Meeting.visible_to(auth.actor()), meeting.id)
    return web.show(
        "supervision/booking.html", None, status, meeting=fresh, sentence=sentence,
        booking=booking_forms(fresh, auth.actor(), sent),
        whom=meeting_list.whom(agenda.sight(fresh, auth.actor()), auth.actor()),
        found=faults_of(sent) if found is None else found,
    )  # fmt: skip


def _fit(form: Any, actor: Actor) -> bool:
    """Whether it can be sent as typed, and its reason names no client of the actor's."""
    fine = form.validate()
    return not names_somebody(form.reason, actor) and fine


def _read() -> int | None:
    """The version of the meeting that the page showed."""
    return web.number(request.form.get("version"))


def _load(meeting_id: int) -> tuple[Meeting, BookingForms]:
    meeting: Meeting = web.load(Meeting.visible_to(auth.actor()), meeting_id)
    return meeting, booking_forms(meeting, auth.actor())


@bp.post("/supervision/<int:meeting_id>/answer")
@auth.allow(*EITHER)
def answer(meeting_id: int) -> Response:
    """Accept or decline a request, as the host, or an invitation, as the learner (``go``)."""
    meeting, booking = _load(meeting_id)
    web.require(booking.is_host or booking.mine is not None)
    form, go, by = ReasonForm(prefix="answer-"), request.form.get("go"), auth.actor()
    if go == "decline" and not _fit(form, by):
        return showing(meeting, form, 422)
    terms = booking.accept if booking.is_host and go != "decline" else None
    details = terms.details(meeting) if terms and terms.validate() else None
    if terms and details is None:
        return showing(meeting, terms, 422)
    who = () if go == "wait" else hearers(meeting)
    done = {"decline": "Declined.", "wait": LISTED}.get(go or "", "Accepted: it is booked.")
    try:
        if booking.is_host and go == "decline":
            decline(meeting, form.reason.data, by=by, now=auth.now())
        elif booking.is_host:
            accept(meeting, by=by, now=auth.now(), read=_read(), details=details)
        elif go == "wait" and booking.mine is not None:
            enrolment = booking.mine.enrolment
            place = wait(meeting, enrolment=enrolment, by=by, now=auth.now(), read=_read())
            done = LISTED if place.state == "waiting" else FREED
        else:
            answer_invitation(
                booking.mine, accept=go != "decline", by=by, now=auth.now(),  # type: ignore[arg-type]
                reason=form.reason.data or "", read=_read(),
            )  # fmt: skip
    except (Refused, WrongState) as refused:
        return showing(meeting, form, 409, said(refused, by), found=[])
    say(done, who)
    return to_meeting(meeting_id)


@bp.get("/supervision/<int:meeting_id>/moving")
@auth.allow(*EITHER)
def moving(meeting_id: int) -> Response:
    """Other times for a meeting: any, for its host; open slots, for the learner of a meeting of two."""
    meeting, booking = _load(meeting_id)
    if booking.is_host:
        return showing(meeting, None, 200, found=[])
    web.require(booking.may_move_to_slot)
    return _slots(meeting, booking.mine, MoveToSlotForm(data={"version": meeting.version}))


def _slots(
    meeting: Meeting,
    mine: Attendance | None,
    form: MoveToSlotForm,
    status: int = 200,
    sentence: str = "",
) -> Response:
    """A week of the times that the meeting may move to; buttons in the form lead to other weeks."""
    free = [
        one
        for one in free_times(meeting.host_id, meeting.format, but=meeting.id)
        if one.availability.places == 1
        and one.starts_at != meeting.starts_at
        and any(mine and each.id == mine.enrolment_id for each in one.enrolments)
    ]
    week = week_of(free, reader.at(meeting.starts_at).date())
    return web.show(
        "supervision/booking_move.html", None, status, meeting=meeting, form=form, week=week,
        value=slot_value, sentence=sentence, found=faults_of(form),
    )  # fmt: skip


@bp.post("/supervision/<int:meeting_id>/moving")
@auth.allow(*EITHER)
@auth.keeps_typing
def move_it(meeting_id: int) -> Response:
    """Move a meeting, with a reason that everybody in it is told."""
    meeting, booking = _load(meeting_id)
    web.require(booking.is_host or booking.may_move_to_slot)
    by, now = auth.actor(), auth.now()
    form: Any = MoveForm(prefix="move-") if booking.is_host else MoveToSlotForm()
    if "week" in request.form and not booking.is_host:
        return _slots(meeting, booking.mine, form)
    chosen = None if booking.is_host else slot_read(form.slot.data)
    starts_at = None
    fine = _fit(form, by)
    if booking.is_host:
        starts_at = form.starts_at(by.person.zone) if fine else None
    elif chosen is None:
        mark(form, {"slot": "Choose the new time."})
    if not fine or (starts_at is None and chosen is None):
        return (
            showing(meeting, form, 422)
            if booking.is_host
            else _slots(meeting, booking.mine, form, 422)
        )
    values = {"reason": form.reason.data, "version": form.version.data, "by": by, "now": now}
    try:
        if chosen is None:
            minutes = int(form.minutes.data or meeting.minutes)
            move(meeting, starts_at, minutes, away=form.away.data, **values)  # type: ignore[arg-type]
        else:
            slot = web.load(known_to(by), chosen[0])
            seen = slot_seen(form.slot.data)
            move_to_slot(meeting, slot, chosen[1], seen=seen, **values)
    except (Refused, WrongState) as refused:
        sentence = said(refused, by)
        form.version.data = Meeting.get_by_id(meeting.id).version
        if booking.is_host:
            return showing(meeting, form, 409, sentence, found=[])
        return _slots(meeting, booking.mine, form, 409, sentence)
    say(f"Moved to {day_and_time(meeting.starts_at)}.", hearers(meeting))
    return to_meeting(meeting_id)


@bp.post("/supervision/<int:meeting_id>/cancellation")
@auth.allow(*EITHER)
def cancel_it(meeting_id: int) -> Response:
    """Cancel the meeting, as its host, or give up one's own place; or this and all later ones."""
    meeting, booking = _load(meeting_id)
    web.require(booking.is_host or booking.mine is not None)
    form = ReasonForm(prefix="cancel-" if booking.is_host else "leave-")
    if not _fit(form, auth.actor()):
        return showing(meeting, form, 422)
    reason, later = form.reason.data, form.later.data
    values: Any = {"by": auth.actor(), "now": auth.now(), "read": _read()}
    done = ended(meeting, booking, later=later)
    who = () if booking.waiting else hearers(meeting)
    try:
        if booking.is_host:
            cancels = cancel_from if later else cancel
            cancels(meeting, reason, away=form.away.data, **values)
        else:
            (leave_from if later else leave)(booking.mine, reason, **values)  # type: ignore[arg-type]
    except (Refused, WrongState) as refused:
        return showing(meeting, form, 409, refused.sentence, found=[])
    say(done, who)
    return to_meeting(meeting_id)


@bp.post("/places/<int:place_id>/removal")
@auth.allow("supervisor", "tutor")
def remove(place_id: int) -> Response:
    """Take a learner's place in a meeting away, as its host, with a reason they are told."""
    place: Attendance = web.load(Attendance.visible_to(auth.actor()), place_id)
    web.require(can_host(place.meeting, auth.actor()))
    form = ReasonForm(prefix=f"remove{place.id}-")
    if not form.validate():
        return error_page(
            422, "Say why", "Say why, in a few words: they are told. Nothing was changed.",
            (url_for("supervision.show", meeting_id=place.meeting_id), "Back to the meeting"),
        )  # fmt: skip
    told = [place.learner.name] if place.meeting.ends_at > auth.now() else []
    leave(place, form.reason.data, by=auth.actor(), now=auth.now())
    say(f"{place.learner.name} has no place in it any more.", told)
    return to_meeting(place.meeting_id)
