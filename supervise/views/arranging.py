"""A host books for learners or invites them; a learner asks for a time that is not offered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, flash, request
from wtforms.fields.choices import SelectChoice

from supervise import auth, web
from supervise.forms.bookings import (
    AddForm,
    ArrangeForm,
    AskForm,
    enrolment_choices,
    enrolments_of,
    format_choices,
)
from supervise.forms.faults import faults_of
from supervise.models import Assignment, Enrolment, Meeting, Person
from supervise.models.asking import add as add_to
from supervise.models.asking import ask as ask_for
from supervise.models.availability import ties
from supervise.models.booking import arrange as arrange_one
from supervise.models.centres import Refused
from supervise.models.people import ROLE_WORDS
from supervise.models.seats import can_host
from supervise.models.series import NotAll, arrange_series
from supervise.reader import day_and_time
from supervise.reports.slots import next_free
from supervise.views.bookings import bp, names_somebody, said, to_meeting, told, why
from supervise.views.rebooking import showing
from supervise.views.told import hearers, say

HOSTS = ("supervisor", "tutor")


@bp.get("/supervision/new")
@auth.allow(*HOSTS)
def new() -> Response:
    """Book for learners, or invite them: ``?enrolment=`` ticks one."""
    form, enrolments = _arrange_form()
    wanted = web.number(request.args.get("enrolment"))
    form.learners.data = [one.id for one in enrolments if one.id == wanted]
    return _arranging(form, enrolments)


def _arrange_form() -> tuple[ArrangeForm, list[Enrolment]]:
    actor = auth.actor()
    enrolments = enrolments_of(actor)
    form = ArrangeForm(data={"on": actor.today, "minutes": 60})
    form.learners.choices = enrolment_choices(enrolments)
    form.format.choices = format_choices(actor)
    return form, enrolments


def _arranging(
    form: ArrangeForm,
    known: Iterable[Enrolment],
    status: int = 200,
    sentence: str = "",
    missed: Any = (),
) -> Response:
    return web.show(
        "supervision/booking_new.html", None, status, form=form, sentence=sentence, missed=missed,
        found=faults_of(form), others=_elsewhere(one.learner for one in known),
    )  # fmt: skip


def _elsewhere(people: Iterable[Person]) -> list[Person]:
    """Those of these people, once each, who go by another clock than the reader."""
    mine = auth.actor().person.zone
    return list({one.id: one for one in people if one.zone != mine}.values())


@bp.post("/supervision/new")
@auth.allow(*HOSTS)
@auth.keeps_typing
def arrange() -> Response:
    """Book the meeting, once or several times, or send the invitations."""
    form, known = _arrange_form()
    by, now = auth.actor(), auth.now()
    form.validate()
    chosen = [one for one in known if one.id in (form.learners.data or [])]
    plan = form.arranged(by.person.zone, len(chosen))
    if plan is None:
        return _arranging(form, known, 422)
    invite = form.invite.data == "yes"
    try:
        if form.how_often == 1:
            meeting = arrange_one(plan, chosen, invite=invite, by=by, now=now)
            word = "Invited to" if invite else "Booked:"
            say(f"{word} {day_and_time(plan.starts_at)}.", hearers(meeting))
            return to_meeting(meeting.id)
        done = arrange_series(
            plan, chosen, times=form.how_often, every_weeks=form.every_weeks.data,
            only_free=form.only_free.data, invite=invite, by=by, now=now,
        )  # fmt: skip
    except NotAll as refused:
        return _arranging(form, known, 409, refused.sentence, why(refused, by))
    except Refused as refused:
        return _arranging(form, known, 409, said(refused, by))
    flash(told(done), "message")
    return to_meeting(done.meetings[0].id)


@bp.post("/supervision/<int:meeting_id>/places")
@auth.allow(*HOSTS)
def add(meeting_id: int) -> Response:
    """Give one more learner a place in a group, or invite them."""
    meeting: Meeting = web.load(Meeting.visible_to(auth.actor()), meeting_id)
    web.require(can_host(meeting, auth.actor()))
    form, known = AddForm(prefix="add-"), enrolments_of(auth.actor())
    form.learner.choices = enrolment_choices(known)
    if not form.validate():
        return showing(meeting, form, 422)
    enrolment = next(one for one in known if one.id == form.learner.data)
    try:
        add_to(meeting, enrolment, invite=form.invite.data, by=auth.actor(), now=auth.now())
    except Refused as refused:
        return showing(meeting, form, 409, refused.sentence, found=[])
    name = enrolment.learner.name
    say(f"{name} is invited." if form.invite.data else f"{name} has a place.", [name])
    return to_meeting(meeting_id)


@bp.get("/supervision/asking")
@auth.allow("learner")
def asking() -> Response:
    """Ask for a time that is not offered; the next open one stands beside it."""
    return _asking(*_ask_form())


def _ask_form() -> tuple[AskForm, list[Assignment]]:
    """The form, and whom the learner may ask."""
    actor = auth.actor()
    form = AskForm(data={"on": actor.today, "minutes": 60})
    held = [
        tie for tie in ties(actor.person.id, actor.centre)
        if tie.to_on is None or tie.to_on >= actor.today
    ]  # fmt: skip
    several = len({tie.enrolment_id for tie in held}) > 1
    form.whom.choices = [
        SelectChoice(
            tie.id,
            f"{tie.person.name}, {ROLE_WORDS[tie.role]}"
            + (f", {tie.enrolment.programme}" if several else ""),
        )
        for tie in held
    ]
    return form, held


def _asking(
    form: AskForm, held: Iterable[Assignment], status: int = 200, sentence: str = ""
) -> Response:
    return web.show(
        "supervision/booking_ask.html", None, status, form=form, sentence=sentence,
        found=faults_of(form), slot=next_free(auth.actor()) if status == 200 else None,
        others=_elsewhere(tie.person for tie in held),
    )  # fmt: skip


@bp.post("/supervision/asking")
@auth.allow("learner")
@auth.keeps_typing
def ask() -> Response:
    """Send the request to the host."""
    (form, held), by = _ask_form(), auth.actor()
    form.validate()
    names_somebody(form.note, by)
    tie = next((one for one in held if one.id == form.whom.data), None)
    kind = "one-to-one" if tie and tie.role == "supervisor" else "tutorial"
    plan = form.plan(by.person.zone, format=kind, note=form.note.data)
    if plan is None or tie is None:
        return _asking(form, held, 422)
    try:
        meeting = ask_for(plan, tie.person, enrolment=tie.enrolment, by=by, now=auth.now())
    except Refused as refused:
        return _asking(form, held, 409, said(refused, by))
    flash(f"Sent. {tie.person.name} answers; until then nothing is booked.", "message")
    return to_meeting(meeting.id)
