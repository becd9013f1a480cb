"""Booking: a learner from a slot or by asking, a host for learners; and every change of a booking."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for

from supervise import auth, web
from supervise.errors import error_page
from supervise.forms.bookings import (
    BookForm,
    BookingForms,
    MoveForm,
    MoveToSlotForm,
    ReasonForm,
    booking_forms,
    slot_choices,
    slot_read,
    slot_value,
)
from supervise.forms.contracts import mark
from supervise.forms.faults import faults_of
from supervise.models import Attendance, Availability, ClientIdentity, Enrolment, Meeting
from supervise.models.asking import accept, answer_invitation, decline
from supervise.models.availability import ties
from supervise.models.booking import begun, book, known_to
from supervise.models.busy import Taken
from supervise.models.centres import Refused
from supervise.models.meetings import MODES
from supervise.models.people import Actor
from supervise.models.rebooking import cancel, leave, move, move_to_slot, wait
from supervise.models.seats import Full, can_host
from supervise.models.series import NotAll, Series, book_series, cancel_from, leave_from
from supervise.reader import day_and_time
from supervise.reports.slots import OpenSlot, open_slots
from supervise.rules.naming import names_in, naming_fault

bp = Blueprint("bookings", __name__)
EITHER = ("learner", "supervisor", "tutor")
AHEAD = timedelta(days=90)
YOU = "You are in another meeting then. Choose another time. Nothing was booked."


# --- a learner books a slot ------------------------------------------------------------------


@bp.post("/bookings")
@auth.allow("learner")
@auth.keeps_typing
def create() -> Response:
    """Book a slot, once or several times; ``go=wait`` joins the waiting list of a full group."""
    actor, form = auth.actor(), BookForm()
    slot, starts_at = _chosen(actor, form)
    enrolment = _enrolment(actor, slot, starts_at, form)
    if not form.validate() or names_somebody(form.note, actor):
        return _again(slot, form, 422)
    try:
        if request.form.get("go") == "wait":
            return _wait(slot, starts_at, enrolment)
        if form.how_often > 1:
            return _book_several(slot, starts_at, enrolment, form)
        place = book(
            slot, starts_at, enrolment=enrolment, by=actor, now=auth.now(), note=form.note.data
        )
    except NotAll as refused:
        return _again(slot, form, 409, sentence=refused.sentence, missed=refused.missed)
    except Refused as refused:
        full = refused.meeting if isinstance(refused, Full) else None
        return _again(slot, form, 409, sentence=said(refused, actor), full=full)
    flash(f"Booked: {day_and_time(starts_at)} with {slot.person.name}.", "message")
    return to_meeting(place.meeting_id)


def _chosen(actor: Actor, form: BookForm) -> tuple[Availability, datetime]:
    """The slot that was sent, as one value or in two fields; 404 for one not theirs to know of."""
    two = f"{request.form.get('availability_id', '')}@{request.form.get('starts_at', '')}"
    both = (two, form.slot.data) if request.form.get("go") == "wait" else (form.slot.data, two)
    found = slot_read(both[0]) or slot_read(both[1])
    if found is None:
        abort(422)
    return web.load(known_to(actor), found[0]), found[1]


def _enrolment(actor: Actor, slot: Availability, starts_at: datetime, form: BookForm) -> Enrolment:
    """For which of the learner's enrolments; where none fits, one for which the model says so."""
    held = ties(actor.person.id, actor.centre)
    fits = slot.enrolments_on(starts_at, held, actor.centre.zone)
    fits = fits or [tie.enrolment for tie in held if tie.person_id == slot.person_id]
    wanted = form.enrolment.data or web.number(request.form.get("enrolment_id"))
    form.enrolment.data = wanted
    return next((one for one in fits if one.id == wanted), fits[0])


def names_somebody(note: Any, actor: Actor) -> bool:
    """Whether the note names a client of the learner; a sentence stands beside it then."""
    hits = names_in(note.data or "", ClientIdentity.names_of(actor.person.id))
    if hits:
        note.errors = [*note.errors, naming_fault("This", hits)]
    return bool(hits)


def _wait(slot: Availability, starts_at: datetime, enrolment: Enrolment) -> Response:
    meeting = begun(slot, starts_at)
    if meeting is None:
        raise Refused("This meeting has a free place now. Book it.")
    place = wait(meeting, enrolment=enrolment, by=auth.actor(), now=auth.now())
    booked = "A place got free meanwhile: it is yours."
    listed = "You are on the waiting list. The first place that gets free goes to the first on it."
    flash(booked if place.state == "booked" else listed, "message")
    return to_meeting(meeting.id)


def _book_several(
    slot: Availability, starts_at: datetime, enrolment: Enrolment, form: BookForm
) -> Response:
    done = book_series(
        slot, starts_at, times=form.how_often, every_weeks=form.every_weeks.data,
        only_free=form.only_free.data, enrolment=enrolment, by=auth.actor(), now=auth.now(),
        note=form.note.data,
    )  # fmt: skip
    flash(told(done), "message")
    return to_meeting(done.meetings[0].id)


def _again(
    slot: Availability,
    form: BookForm,
    status: int,
    sentence: str = "",
    full: Meeting | None = None,
    missed: Any = (),
) -> Response:
    """The form again, with what was typed and the next free times of the same host."""
    actor = auth.actor()
    known = ties(actor.person.id, actor.centre)
    enrolments = {tie.enrolment_id: tie.enrolment for tie in known}
    form.slot.choices = slot_choices(_free(slot.person_id, slot.format), day_and_time)
    found = slot_read(form.slot.data) or slot_read(f"{slot.id}@{request.form.get('starts_at', '')}")
    wanted = slot_value(slot, found[1]) if found else ""
    form.slot.data = wanted
    return web.show(
        "supervision/booking_again.html", "supervision/_booking_again.html", status, form=form,
        host=slot.person, enrolments=list(enrolments.values()), sentence=sentence, full=full,
        missed=missed, found=faults_of(form), wanted=wanted, when=found[1] if found else None,
    )  # fmt: skip


def _free(host_id: int, kind: str) -> list[OpenSlot]:
    """The next times of one host and kind that have a place left, at most eight. Five queries."""
    actor = auth.actor()
    found = open_slots(actor, auth.now(), auth.now() + AHEAD)
    return [
        one
        for one in found
        if one.host.id == host_id and one.availability.format == kind and not one.full
    ][:8]


def said(refused: Refused, actor: Actor) -> str:
    """Why it was refused; to whoever is busy themselves it says so."""
    mine = isinstance(refused, Taken) and actor.is_(refused.person_id)
    return YOU if mine else refused.sentence


def told(done: Series) -> str:
    """What became of a recurring booking, in a sentence."""
    count = len(done.meetings)
    words = f"{count} meetings booked." if count != 1 else "1 meeting booked."
    if done.missed:
        words += " Not booked: " + "; ".join(day_and_time(one.starts_at) for one in done.missed)
    return words


def to_meeting(meeting_id: int) -> Response:
    """Back to the meeting's page."""
    return web.done(url_for("supervision.show", meeting_id=meeting_id))


# --- what becomes of a booking ---------------------------------------------------------------


def showing(
    meeting: Meeting, sent: Any, status: int, sentence: str = "", found: Any = None
) -> Response:
    """The booking alone, with the form that had faults as it was typed."""
    fresh = web.load(Meeting.visible_to(auth.actor()), meeting.id)
    return web.show(
        "supervision/booking.html", None, status, meeting=fresh, sentence=sentence,
        booking=booking_forms(fresh, auth.actor(), sent), modes=MODES,
        found=faults_of(sent) if found is None else found,
    )  # fmt: skip


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
    if go == "decline" and not form.validate():
        return showing(meeting, form, 422)
    try:
        if booking.is_host and go == "decline":
            decline(meeting, form.reason.data, by=by, now=auth.now())
        elif booking.is_host:
            accept(meeting, by=by, now=auth.now())
        elif go == "wait" and booking.mine is not None:
            wait(meeting, enrolment=booking.mine.enrolment, by=by, now=auth.now())
        else:
            reason = form.reason.data or ""
            yes = go != "decline"
            answer_invitation(booking.mine, accept=yes, by=by, now=auth.now(), reason=reason)  # type: ignore[arg-type]
    except Refused as refused:
        return showing(meeting, form, 409, said(refused, by), found=[])
    return to_meeting(meeting_id)


@bp.get("/supervision/<int:meeting_id>/moving")
@auth.allow(*EITHER)
def moving(meeting_id: int) -> Response:
    """Other times for a meeting: any, for its host; open slots, for the learner of a meeting of two."""
    meeting, booking = _load(meeting_id)
    if booking.is_host:
        return showing(meeting, None, 200, found=[])
    web.require(booking.may_move_to_slot)
    return _slots(meeting, MoveToSlotForm(data={"version": meeting.version}))


def _slots(
    meeting: Meeting, form: MoveToSlotForm, status: int = 200, sentence: str = ""
) -> Response:
    free = [one for one in _free(meeting.host_id, meeting.format) if one.meeting is None]
    form.slot.choices = slot_choices(free, day_and_time)
    return web.show(
        "supervision/booking_move.html", None, status, meeting=meeting, form=form,
        sentence=sentence, found=faults_of(form),
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
    chosen = None if booking.is_host else slot_read(form.slot.data)
    starts_at = None
    fine = form.validate()
    if booking.is_host:
        starts_at = form.starts_at(by.person.zone) if fine else None
    elif chosen is None:
        mark(form, {"slot": "Choose the new time."})
    if not fine or (starts_at is None and chosen is None):
        return showing(meeting, form, 422) if booking.is_host else _slots(meeting, form, 422)
    values = {"reason": form.reason.data, "version": form.version.data, "by": by, "now": now}
    try:
        if chosen is None:
            move(meeting, starts_at, int(form.minutes.data or meeting.minutes), **values)  # type: ignore[arg-type]
        else:
            slot = web.load(known_to(by), chosen[0])
            move_to_slot(meeting, slot, chosen[1], **values)
    except Refused as refused:
        sentence = said(refused, by)
        if booking.is_host:
            return showing(meeting, form, 409, sentence, found=[])
        return _slots(meeting, form, 409, sentence)
    return to_meeting(meeting_id)


@bp.post("/supervision/<int:meeting_id>/cancellation")
@auth.allow(*EITHER)
def cancel_it(meeting_id: int) -> Response:
    """Cancel the meeting, as its host, or give up one's own place; or this and all later ones."""
    meeting, booking = _load(meeting_id)
    web.require(booking.is_host or booking.mine is not None)
    by, now = auth.actor(), auth.now()
    form = ReasonForm(prefix="cancel-" if booking.is_host else "leave-")
    if not form.validate():
        return showing(meeting, form, 422)
    reason, later = form.reason.data, form.later.data
    try:
        if booking.is_host:
            (cancel_from if later else cancel)(meeting, reason, by=by, now=now)
        else:
            (leave_from if later else leave)(booking.mine, reason, by=by, now=now)  # type: ignore[arg-type]
    except Refused as refused:
        return showing(meeting, form, 409, refused.sentence, found=[])
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
    leave(place, form.reason.data, by=auth.actor(), now=auth.now())
    return to_meeting(place.meeting_id)
