"""The calendar: a month, a week or a list, and one time to book."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, request, url_for

from supervise import auth, reader, web
from supervise.forms.bookings import BookForm
from supervise.models.booking import known_to
from supervise.models.meetings import MODES
from supervise.reports import calendar as report
from supervise.reports import slots
from supervise.rules.calendar import VIEWS, stretch
from supervise.rules.moments import read_moment

bp = Blueprint("calendar", __name__)
SIGHT = ("learner", "supervisor", "tutor")


@bp.get("/calendar")
@auth.allow(*SIGHT)
def page() -> Response:
    """The reader's days: ``?view=`` week, month or list, around ``?on=``."""
    view = request.args.get("view", "")
    shown = stretch(view if view in VIEWS else "week", _day(request.args.get("on")))
    actor = auth.actor()
    found = report.calendar(actor, shown, reader.reader_zone())
    return web.show(
        "calendar/page.html",
        found=found,
        stretch=shown,
        books=actor.has("learner"),
        hosts=actor.has("supervisor", "tutor"),
    )


def _day(text: str | None) -> date:
    """The day that an address asks for, today where it asks for none."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return reader.reader_today()


@bp.get("/calendar/slots/<int:availability_id>")
@auth.allow("learner")
def slot(availability_id: int) -> Response:
    """One time, ``?at=`` in UTC, with the button that books it; the next ones where it is not free.

    One that was withdrawn answers 410. Where patterns overlap it is the one that is shown.
    """
    actor = auth.actor()
    there = web.load(known_to(actor), availability_id)
    at = read_moment(request.args.get("at"))
    found, others, later = slots.around(there, at, actor)
    return web.show(
        "calendar/slot.html",
        None,
        410 if there.withdrawn_at else 200,
        slot=found,
        later=later,
        others=others,
        asked_at=at,
        kind=there.format,
        modes=MODES,
        form=BookForm(formdata=None),
        host=there.person,
        withdrawn=there.withdrawn_at,
        booked=None if found else slots.booked_at(actor, there, at),
    )


@bp.get("/calendar/next")
@auth.allow("learner")
def next_free() -> Response:
    """Go to the next time that is free; the calendar says so where there is none."""
    found = slots.next_free(auth.actor())
    if found is None:
        return web.done(url_for("calendar.page"))
    where = url_for("calendar.slot", availability_id=found.availability.id, at=found.key)
    return web.done(where)
