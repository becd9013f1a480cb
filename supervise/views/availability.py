"""When one is free: publishing, changing and withdrawing it, and times off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, Response, flash, request, url_for

from supervise import auth, reader, web
from supervise.forms.availability import AvailabilityForm, AwayForm
from supervise.forms.contracts import mark
from supervise.forms.faults import faults_of
from supervise.models import Availability, Away, publishing
from supervise.models.publishing import Overlaps, Unfit
from supervise.reports import availability as report
from supervise.rules.publishing import in_words
from supervise.workflow import WrongState

bp = Blueprint("availability", __name__)
HOSTS = ("supervisor", "tutor")
Overlapping = Sequence[tuple[Availability, date]]


@bp.get("/availability")
@auth.allow(*HOSTS)
def page() -> Response:
    """What one publishes, and times off."""
    return listing(AwayForm())


def listing(form: AwayForm, status: int = 200) -> Response:
    """The list, with the form of a time off as it was typed."""
    actor = auth.actor()
    return web.show(
        "availability/page.html",
        None,
        status,
        rows=report.published(actor),
        away=report.times_off(actor),
        form=form,
        found=faults_of(form),
    )


@bp.get("/availability/new")
@auth.allow(*HOSTS)
def new() -> Response:
    """An empty form to publish with."""
    return writing(form_for())


def form_for(there: Availability | None = None) -> AvailabilityForm:
    """The form with what the actor may choose."""
    actor = auth.actor()
    return AvailabilityForm.of(
        publishing.formats_of(actor), publishing.learners_of(actor), reader.reader_today(), there
    )


def writing(form: AvailabilityForm, status: int = 200, overlaps: Overlapping = ()) -> Response:
    """The form of something new; ``overlaps`` is what it would share its times with."""
    return web.show(
        "availability/new.html",
        None,
        status,
        form=form,
        found=faults_of(form),
        overlaps=overlaps,
        in_words=in_words,
        zone=auth.actor().person.zone,
    )


@bp.post("/availability")
@auth.allow(*HOSTS)
@auth.keeps_typing
def publish() -> Response:
    """Publish a weekly pattern or a single day."""
    actor, form = auth.actor(), form_for()
    if not is_fit(form, actor.person.zone):
        return writing(form, 422)
    try:
        publishing.publish(
            form.wanted(actor.person.zone), by=actor, now=auth.now(), sure="sure" in request.form
        )
    except Unfit as refused:
        mark(form, refused.faults)
        return writing(form, 422)
    except Overlaps as refused:
        return writing(form, 409, refused.others)
    flash("Published. Your learners can book it from now on.", "message")
    return web.done(url_for("availability.page"))


def is_fit(form: AvailabilityForm, zone: str) -> bool:
    """Whether it can be published; a sentence stands beside each thing that is in the way."""
    form.validate()
    unread = [field.name for field in form if field.errors]
    mark(form, publishing.faults_in(form.wanted(zone), auth.actor(), auth.now(), unread))
    return not form.errors


@bp.get("/availability/<int:availability_id>")
@auth.allow(*HOSTS)
def show(availability_id: int) -> Response:
    """One of one's own, to change or withdraw, with what is booked from it."""
    there = web.load(Availability.visible_to(auth.actor()), availability_id)
    return changing(there, form_for(there), seen=there.version)


def changing(
    there: Availability,
    form: AvailabilityForm,
    status: int = 200,
    *,
    seen: int,
    meanwhile: str = "",
    overlaps: Overlapping = (),
) -> Response:
    """The form of what is published; ``seen`` is the version that was read when it was opened."""
    return web.show(
        "availability/show.html",
        None,
        status,
        there=there,
        form=form,
        seen=seen,
        meanwhile=meanwhile,
        found=faults_of(form),
        overlaps=overlaps,
        in_words=in_words,
        zone=there.zone,
        dates=report.dates_of([there], auth.now(), 6)[there.id],
        when=in_words(there.pattern),
        booked=publishing.standing(there, auth.now()),
    )


@bp.post("/availability/<int:availability_id>")
@auth.allow(*HOSTS)
@auth.keeps_typing
def change(availability_id: int) -> Response:
    """Keep what was changed; what is booked stays as it is."""
    actor = auth.actor()
    there = web.load(Availability.visible_to(actor), availability_id)
    form, seen = form_for(there), web.number(request.form.get("version")) or 0
    if not is_fit(form, there.zone):
        return changing(there, form, 422, seen=seen)
    try:
        publishing.change(
            there, form.wanted(there.zone), version=seen, by=actor, now=auth.now(),
            sure="sure" in request.form,
        )  # fmt: skip
    except Unfit as refused:
        mark(form, refused.faults)
        return changing(there, form, 422, seen=seen)
    except Overlaps as refused:
        return changing(there, form, 409, seen=seen, overlaps=refused.others)
    except WrongState as refused:
        fresh = web.load(Availability.visible_to(actor), availability_id)
        return changing(fresh, form, 409, seen=fresh.version, meanwhile=refused.sentence)
    flash(f"Saved. {kept(there)}", "message")
    return web.done(url_for("availability.page"))


@bp.post("/availability/<int:availability_id>/withdrawal")
@auth.allow(*HOSTS)
def withdraw(availability_id: int) -> Response:
    """Take it back, so that nobody books it any more."""
    actor = auth.actor()
    there = web.load(Availability.visible_to(actor), availability_id)
    seen = web.number(request.form.get("version")) or 0
    try:
        publishing.withdraw(there, version=seen, by=actor, now=auth.now())
    except WrongState as refused:
        fresh = web.load(Availability.visible_to(actor), availability_id)
        return changing(fresh, form_for(fresh), 409, seen=fresh.version, meanwhile=refused.sentence)
    flash(f"Withdrawn. {kept(there)}", "message")
    return web.done(url_for("availability.page"))


def kept(there: Availability) -> str:
    """What becomes of the meetings booked from it, in a sentence."""
    count = len(publishing.standing(there, auth.now()))
    if not count:
        return "No meeting was booked from it."
    noun = "meeting booked from it stays" if count == 1 else "meetings booked from it stay"
    return f"{count} {noun}: move or cancel what no longer suits you under Supervision."


# --- times off -----------------------------------------------------------------------------


@bp.post("/availability/away")
@auth.allow(*HOSTS)
def take_off() -> Response:
    """Be away: nothing can be booked then."""
    actor, form = auth.actor(), AwayForm()
    zone = actor.person.zone
    if not form.validate() or not form.is_fit(zone, auth.now()):
        return listing(form, 422)
    publishing.take_off(*form.span(zone), form.why.data, by=actor, now=auth.now())
    flash("Saved: nobody can book you then. What was booked stays, and is named below.", "message")
    return web.done(url_for("availability.page", _anchor="away"))


@bp.post("/availability/away/<int:away_id>/removal")
@auth.allow(*HOSTS)
def come_back(away_id: int) -> Response:
    """Take a time off away again."""
    away = web.load(Away.visible_to(auth.actor()), away_id)
    publishing.come_back(away, by=auth.actor(), now=auth.now())
    flash("Removed: your published times can be booked then again.", "message")
    return web.done(url_for("availability.page", _anchor="away"))
