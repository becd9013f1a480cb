"""Booking: a learner from a slot or by asking, a host for learners; and every change of a booking."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for

from supervise import auth, reader, web
from supervise.forms.bookings import BookForm, slot_read, slot_seen, slot_value
from supervise.forms.contracts import mark
from supervise.forms.faults import faults_of
from supervise.models import Availability, ClientIdentity, Enrolment, Meeting
from supervise.models.availability import ties
from supervise.models.booking import begun, book, known_to
from supervise.models.busy import Taken
from supervise.models.centres import Refused
from supervise.models.people import Actor
from supervise.models.rebooking import wait
from supervise.models.seats import Full
from supervise.models.series import NotAll, Series, book_series
from supervise.reader import day_and_time
from supervise.reports.free_times import FreeWeek, free_week
from supervise.reports.slots import FURTHEST, FreeSlot, Offers, OpenSlot
from supervise.rules.naming import names_in, naming_fault
from supervise.workflow import WrongState

bp = Blueprint("bookings", __name__)
EITHER = ("learner", "supervisor", "tutor")
ADVICE = re.compile(r"( Choose [^.]*\.| Nothing was [^.]*\.)+$")
"""What a refusal ends with: what to do instead, which of several is said once."""


# --- a learner books a slot ------------------------------------------------------------------


@bp.post("/bookings")
@auth.allow("learner")
@auth.keeps_typing
def create() -> Response:
    """Book a slot, once or several times; ``go=wait`` joins the waiting list of a full group."""
    actor, form = auth.actor(), BookForm()
    slot, starts_at, seen = _chosen(actor, form)
    enrolment = _enrolment(actor, slot, starts_at, form)
    if "week" in request.form:
        return _again(slot, starts_at, form, 200, full=_full(actor))
    if not _is_fit(form, actor, enrolment) or enrolment is None:
        return _again(slot, starts_at, form, 422, full=_full(actor))
    try:
        if request.form.get("go") == "wait":
            return _wait(slot, starts_at, enrolment)
        if form.how_often > 1:
            return _book_several(slot, starts_at, enrolment, form, seen)
        place = book(
            slot, starts_at, enrolment=enrolment, by=actor, now=auth.now(), note=form.note.data,
            seen=seen,
        )  # fmt: skip
    except NotAll as refused:
        missed = why(refused, actor)
        return _again(slot, starts_at, form, 409, sentence=refused.sentence, missed=missed)
    except Refused as refused:
        full = refused.meeting if isinstance(refused, Full) else None
        return _again(slot, starts_at, form, 409, sentence=said(refused, actor), full=full)
    flash(f"Booked: {day_and_time(starts_at)} with {slot.person.name}.", "message")
    return to_meeting(place.meeting_id)


def _chosen(actor: Actor, form: BookForm) -> tuple[Availability, datetime, int | None]:
    """The slot that was sent and the version it was shown with; 404 for one not theirs to know of.

    Where none is chosen, or another week looked at, it is the one they ``asked`` for at first.
    """
    sent, asked = _sent(), request.form.get("asked", "")
    order = [form.slot.data, sent, asked]
    if "week" in request.form:
        order.reverse()
    elif request.form.get("go") == "wait":
        order = [sent, form.slot.data]
    value = next((one for one in order if slot_read(one)), None)
    found = slot_read(value)
    if found is None:
        abort(422)
    return web.load(known_to(actor), found[0]), found[1], slot_seen(value)


def _sent() -> str:
    """The slot that was sent in fields of its own, as one value."""
    number, start, version = (
        request.form.get(name, "") for name in ("availability_id", "starts_at", "version")
    )
    return f"{number}@{start}/{version}"


def _full(actor: Actor) -> Meeting | None:
    """The full group whose waiting list the page offered to join, if it did."""
    sent = slot_read(_sent()) if "asked" in request.form else None
    slot = known_to(actor).where(Availability.id == sent[0]).first() if sent else None
    return begun(slot, sent[1]) if slot is not None and sent else None


def _is_fit(form: BookForm, actor: Actor, enrolment: Enrolment | None) -> bool:
    """Whether it can be booked as typed; a sentence stands beside each thing that is wrong."""
    form.validate()
    names_somebody(form.note, actor)
    if not slot_read(form.slot.data) and not slot_read(_sent()):
        mark(form, {"slot": "Choose a time."})
    if enrolment is None:
        mark(form, {"enrolment": "Choose for which of your programmes. Nothing was booked."})
    return not form.errors


def _enrolment(
    actor: Actor, slot: Availability, starts_at: datetime, form: BookForm
) -> Enrolment | None:
    """For which of the learner's enrolments: the one that was sent, whether or not it fits; without
    one the only one that does. None where that is none, or not one alone."""
    held = ties(actor.person.id, actor.centre)
    sent = request.form.get("enrolment") or request.form.get("enrolment_id")
    form.enrolment.data = web.number(sent)
    if sent:
        theirs = (tie.enrolment for tie in held if tie.enrolment_id == form.enrolment.data)
        return next(theirs, None)
    fits = slot.enrolments_on(starts_at, held, actor.centre.zone)
    fits = fits or [tie.enrolment for tie in held if tie.person_id == slot.person_id]
    return fits[0] if len({one.id for one in fits}) == 1 else None


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
    slot: Availability,
    starts_at: datetime,
    enrolment: Enrolment,
    form: BookForm,
    seen: int | None,
) -> Response:
    done = book_series(
        slot, starts_at, times=form.how_often, every_weeks=form.every_weeks.data,
        only_free=form.only_free.data, enrolment=enrolment, by=auth.actor(), now=auth.now(),
        note=form.note.data, seen=seen,
    )  # fmt: skip
    flash(told(done), "message")
    return to_meeting(done.meetings[0].id)


def _again(
    slot: Availability,
    starts_at: datetime,
    form: BookForm,
    status: int,
    sentence: str = "",
    full: Meeting | None = None,
    missed: Any = (),
) -> Response:
    """The form again, with what was typed and a week of free times of the same host."""
    actor = auth.actor()
    known = ties(actor.person.id, actor.centre)
    enrolments = {tie.enrolment_id: tie.enrolment for tie in known}
    asked = slot_value(slot, starts_at)
    if status != 200:
        form.slot.data = asked
    free = free_times(slot.person_id, slot.format)
    return web.show(
        "supervision/booking_again.html", "supervision/_booking_again.html", status, form=form,
        host=slot.person, enrolments=list(enrolments.values()), sentence=sentence, full=full,
        missed=missed, found=faults_of(form), asked=asked, when=starts_at, asked_of=slot,
        week=week_of(free, reader.at(starts_at).date()), value=slot_value,
    )  # fmt: skip


def free_times(host_id: int, kind: str, but: int = 0) -> Iterator[OpenSlot]:
    """All times of one host and kind that have a place left, by time; ``but`` is a meeting that is
    to move. Five queries."""
    found = Offers.to(auth.actor(), auth.now(), auth.now() + FURTHEST, but).each()
    return (
        one
        for one in found
        if one.host.id == host_id and one.availability.format == kind and not one.full
    )


def week_of(times: Iterable[OpenSlot | FreeSlot], around: date) -> FreeWeek | None:
    """The week to choose from: the one whose button was pressed, the one shown, or ``around``."""
    for name in ("week", "shown"):
        try:
            around = date.fromisoformat(request.form.get(name, ""))
            break
        except ValueError:
            continue
    return free_week(times, reader.reader_zone(), around)


def said(refused: Refused | WrongState, actor: Actor) -> str:
    """Why it was refused; whoever is busy themselves, and nobody else, is told with what."""
    if not isinstance(refused, Taken) or not actor.is_(refused.person_id):
        return refused.sentence
    return f"{reader.engaged(refused.meeting)} Choose another time. Nothing was booked."


def why(refused: NotAll, actor: Actor) -> list[tuple[datetime, str]]:
    """When each time of a series is that cannot be booked, and why, in a sentence."""
    return [(one.starts_at, ADVICE.sub("", said(one.refused, actor))) for one in refused.missed]


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
