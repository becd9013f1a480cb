"""A host answers a request with another time than the one that was asked for."""

from __future__ import annotations

from flask import Response, request

from supervise import auth, reader, web
from supervise.forms.bookings import ProposeForm, slot_value
from supervise.forms.faults import faults_of
from supervise.models import Away, Busy, Meeting
from supervise.models.asking import propose as propose_to
from supervise.models.centres import Refused
from supervise.models.seats import can_host, places_of
from supervise.reports.slots import FURTHEST, sight
from supervise.views.bookings import bp, names_somebody, said, to_meeting, week_of
from supervise.workflow import WrongState

HOSTS = ("supervisor", "tutor")


@bp.get("/supervision/<int:meeting_id>/proposal")
@auth.allow(*HOSTS)
def proposing(meeting_id: int) -> Response:
    """The host's own free times, a week at a time, and fields for any other day and time."""
    meeting = _asked_of(meeting_id)
    if meeting.state != "requested":
        return to_meeting(meeting_id)
    return _proposing(meeting, ProposeForm(data={"minutes": meeting.minutes}))


def _asked_of(meeting_id: int) -> Meeting:
    meeting: Meeting = web.load(Meeting.visible_to(auth.actor()), meeting_id)
    web.require(can_host(meeting, auth.actor()))
    return meeting


def _proposing(
    meeting: Meeting, form: ProposeForm, status: int = 200, sentence: str = ""
) -> Response:
    me, now = auth.actor(), auth.now()
    long_enough = [
        one
        for one in sight(me, now, now + FURTHEST).own
        if one.availability.minutes >= meeting.minutes and one.starts_at != meeting.starts_at
    ]
    return web.show(
        "supervision/booking_propose.html", None, status, meeting=meeting, form=form,
        learners=[place.learner for place in places_of(meeting)], sentence=sentence,
        clash=Busy.clash(me.person.id, meeting.starts_at, meeting.ends_at, but=meeting.id),
        away=Away.covers(me.person.id, meeting.starts_at, meeting.ends_at),
        week=week_of(long_enough, reader.at(meeting.starts_at).date()), value=slot_value,
        found=faults_of(form),
    )  # fmt: skip


@bp.post("/supervision/<int:meeting_id>/proposal")
@auth.allow(*HOSTS)
@auth.keeps_typing
def propose(meeting_id: int) -> Response:
    """Propose it: the learner accepts or declines."""
    meeting, form, by = _asked_of(meeting_id), ProposeForm(), auth.actor()
    if "week" in request.form:
        return _proposing(meeting, form)
    form.validate()
    names_somebody(form.reason, by)
    starts_at = form.starts_at(by.person.zone)
    if starts_at is None:
        return _proposing(meeting, form, 422)
    minutes = int(form.minutes.data or meeting.minutes)
    try:
        propose_to(meeting, starts_at, minutes, words=form.reason.data, by=by, now=auth.now())
    except (Refused, WrongState) as refused:
        fresh = Meeting.get_by_id(meeting.id)
        return _proposing(fresh, form, 409, said(refused, by))
    return to_meeting(meeting_id)
