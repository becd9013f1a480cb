"""The next free time for supervision as one button: in place on Today, and a page without script."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, request

from supervise import auth, web
from supervise.models import Actor, Enrolment
from supervise.models.meetings import SUPERVISION
from supervise.reports import slots

bp = Blueprint("nudge", __name__)
WITHIN = timedelta(days=92)
"""How far ahead a free time is looked for; later ones stand in the calendar."""


@bp.get("/supervision/next")
@auth.allow("learner")
def next_free() -> Response:
    """The first free time for one of the reader's enrolments, or what to do instead. Eight queries."""
    me = auth.actor()
    own = Enrolment.select().where(
        (Enrolment.centre == me.centre) & (Enrolment.learner == me.person)
    )
    enrolment = web.load(own, web.number(request.args.get("enrolment")) or 0)
    slot = first_free(me, enrolment)
    return web.show(
        "supervision/next.html", "supervision/_next.html", slot=slot, enrolment=enrolment
    )


def first_free(me: Actor, enrolment: Enrolment) -> slots.OpenSlot | None:
    """The first time for supervision with a place left, tutorials and inductions left out."""
    for slot in slots.Offers.to(me, me.now, me.now + WITHIN).each():
        mine = enrolment.id in {one.id for one in slot.enrolments}
        if mine and not slot.full and slot.availability.format in SUPERVISION:
            return slot
    return None
