"""Changing how, where and what about a meeting is, while its time stays.

Its routes hang on the blueprint of ``bookings``.
"""

from __future__ import annotations

from flask import Response

from supervise import auth, web
from supervise.forms.booking_acts import booking_forms
from supervise.forms.details import DetailsForm, TopicForm, known
from supervise.models import Meeting
from supervise.models.centres import Refused
from supervise.models.details import WORDS, change, say
from supervise.views.bookings import bp, names_somebody, to_meeting
from supervise.views.rebooking import showing
from supervise.views.told import hearers
from supervise.views.told import say as tell
from supervise.workflow import WrongState


def _load(meeting_id: int) -> Meeting:
    meeting: Meeting = web.load(Meeting.visible_to(auth.actor()), meeting_id)
    return meeting


@bp.post("/supervision/<int:meeting_id>/details")
@auth.allow("supervisor", "tutor")
@auth.keeps_typing
def change_details(meeting_id: int) -> Response:
    """Change how, where and what about, as the host; everybody seated is told."""
    meeting, by = _load(meeting_id), auth.actor()
    web.require(booking_forms(meeting, by).is_host)
    form = DetailsForm(data=known(meeting), prefix="details-")
    wanted = form.details(meeting) if form.validate() else None
    if wanted is None:
        return showing(meeting, form, 422)
    who = hearers(meeting, ("booked",))
    try:
        news = change(meeting, wanted, version=form.version.data, by=by, now=auth.now())
    except (Refused, WrongState) as refused:
        form.version.data = _load(meeting_id).version
        return showing(meeting, form, 409, refused.sentence, found=[])
    what = ", ".join(word for name, word in WORDS.items() if name in news)
    tell(f"Changed: {what}.", who) if news else tell("Nothing was changed.")
    return to_meeting(meeting_id)


@bp.post("/supervision/<int:meeting_id>/topic")
@auth.allow("learner")
@auth.keeps_typing
def change_topic(meeting_id: int) -> Response:
    """Keep what the learner of a meeting of two wants to talk about."""
    meeting, by = _load(meeting_id), auth.actor()
    booking, form = booking_forms(meeting, by), TopicForm(prefix="topic-")
    mine = booking.mine
    web.require(mine is not None and meeting.places == 1)
    assert mine is not None  # noqa: S101 - for the type checker
    if not form.validate() or names_somebody(form.note, by):
        return showing(meeting, form, 422)
    try:
        say(meeting, mine, form.note.data or "", version=form.version.data, by=by, now=auth.now())
    except (Refused, WrongState) as refused:
        form.version.data = _load(meeting_id).version
        return showing(meeting, form, 409, refused.sentence, found=[])
    tell(f"Kept. {meeting.host.first_name} reads it on the agenda.")
    return to_meeting(meeting_id)
