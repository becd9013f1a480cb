"""Meetings: the list, one meeting with its agenda and record, and the moves once it took place.

Writing the record, and the learner's answer, are in ``records``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from supervise import auth, web
from supervise.forms.booking_acts import BookingForms, booking_forms
from supervise.forms.faults import faults_of
from supervise.forms.supervision import AnswerForm, HoldForm, NoteForm, hold_form
from supervise.models import Attendance, Meeting, MeetingAction, Person, answering, recording
from supervise.models.centres import Refused
from supervise.models.people import Actor
from supervise.reports import agenda, agenda_kept, meeting_list
from supervise.reports.agenda import Sight
from supervise.views.told import say

bp = Blueprint("supervision", __name__)
BOOKED = ("requested", "booked", "declined", "cancelled")
"""The states in which what there is to do is a booking's."""
OFF = ("declined", "cancelled", "missed")
"""The states of a meeting that did not, or will not, take place."""
READS = ("recorded", "signed")
"""The states in which others than the leader read the record."""


@bp.get("/supervision")
@auth.allow("learner", "supervisor", "tutor")
def page() -> Response:
    """The meetings of ``?state=&learner=&page=``."""
    actor = auth.actor()
    leads = actor.has("supervisor", "tutor")
    tabs = {key: word for key, word in meeting_list.TABS.items() if leads or key != "others"}
    tab = request.args.get("state", "")
    tab = tab if tab in tabs else ""
    learner = web.number(request.args.get("learner")) if leads else None
    found = web.Page.of(meeting_list.meetings(actor, tab, learner))
    return web.show(
        "supervision/page.html",
        "supervision/_list.html",
        found=found,
        rows=meeting_list.rows(found.rows, actor),
        counts=meeting_list.counts(actor, learner),
        tab=tab,
        tabs=tabs,
        learners=meeting_list.learners(actor) if leads else [],
        learner=learner,
        leads=leads,
    )


@bp.get("/supervision/<int:meeting_id>")
@auth.signed_in
def show(meeting_id: int) -> Response:
    """One meeting, as far as the reader may read it."""
    return one_page(load(meeting_id))


def load(meeting_id: int) -> Meeting:
    """The meeting with its host, or 404."""
    seen = Meeting.visible_to(auth.actor()).select_extend(Person).join(Person, on=Meeting.host)
    meeting: Meeting = web.load(seen, meeting_id)
    return meeting


def one_page(meeting: Meeting, status: int = 200, **forms: Any) -> Response:
    """The page of a meeting; ``forms`` are those that were sent, with what is wrong in them."""
    actor, seen = auth.actor(), agenda.sight(meeting, auth.actor())
    own = next((place for place in seen.places if actor.is_(place.learner_id)), None)
    readable = read_by(seen)
    begun = meeting.starts_at <= auth.now()
    may_hold = seen.leads and begun and meeting.state in ("booked", "missed", "held")
    hold = forms.get("hold") or (hold_form(meeting, seen.seated) if may_hold else None)
    answer = forms.get("answer") or answer_form(meeting, own)
    ahead = meeting.state in ("requested", "booked")
    return web.show(
        "supervision/show.html",
        None,
        status,
        meeting=meeting,
        seen=seen,
        own=own,
        word=meeting_list.word_of(meeting, own.state if own else None, auth.now()),
        whom=meeting_list.whom(seen, actor),
        booking=_booking(seen, actor) if meeting.state in BOOKED else None,
        again=_again(seen, own),
        agendas=agenda.agendas(seen, actor) if ahead else [],
        kept=agenda_kept.kept(meeting, [p for p in readable if seen.leads or p is own], actor),
        readable=readable,
        actions=meeting_list.actions_of(readable) if readable else {},
        may_mark=lambda action, place: answering.may_mark(
            action, place, leads=seen.leads, by=actor
        ),
        signatures=meeting_list.signatures(meeting, readable) if readable else [],
        may={
            "hold": may_hold,
            "write": seen.leads and meeting.state == "held",
            "take_back": seen.leads
            and meeting.state == "recorded"
            and not any(place.state == "signed" for place in seen.seated),
            "answer": answer is not None,
        },
        hold=hold,
        answer=answer,
        note=forms.get("note") or note_form(meeting, seen),
        version=forms.get("version", own.version if own else 0),
        told={
            "elsewhere": {},
            "meanwhile": "",
            "received": "typed" if request.method == "POST" else "",
        }
        | forms.get("told", {}),
        found=[fault for form in (hold, answer) if form for fault in faults_of(form)]
        if status != 200
        else [],
    )


def _booking(seen: Sight, actor: Actor) -> BookingForms:
    """What the reader may do with it; its host has read all its places already."""
    places = seen.places if actor.is_(seen.meeting.host_id) else None
    return booking_forms(seen.meeting, actor, places=places)


def _again(seen: Sight, own: Attendance | None) -> str:
    """Where whoever was to meet books another time; empty where the meeting is not off for them."""
    meeting = seen.meeting
    if meeting.state not in OFF and (own is None or own.state not in ("declined", "cancelled")):
        return ""
    if own is not None:
        return url_for("calendar.page")
    alone = seen.places[0].enrolment_id if len(seen.places) == 1 else None
    return url_for("bookings.new", enrolment=alone) if seen.leads else ""


def read_by(seen: Sight) -> list[Attendance]:
    """The places whose record the reader may read now: of those who came, once it is signed."""
    if seen.meeting.state not in READS:
        return []
    return [place for place in seen.places if place.came]


def answer_form(meeting: Meeting, own: Attendance | None) -> AnswerForm | None:
    """What a learner who came has still to write and sign; None for everybody else."""
    if own is None or own.state != "came" or meeting.state != "recorded":
        return None
    return AnswerForm(data={"reply": own.reply, "reflection": own.reflection})


def note_form(meeting: Meeting, seen: Sight) -> NoteForm | None:
    """The reader's own note on a meeting they led; it stands on the record's form until then."""
    if not seen.leads or meeting.state not in READS:
        return None
    return NoteForm(data={"note": recording.note_of(meeting, auth.actor())})


@bp.post("/supervision/<int:meeting_id>/holding")
@auth.allow("supervisor", "tutor")
def hold(meeting_id: int) -> Response:
    """It took place: who came, and how long; then the record is written."""
    meeting, form = _led(meeting_id), HoldForm()
    form.came.choices = hold_form(meeting, Attendance.seated(meeting)).came.choices
    fine = form.validate()
    came = [int(id_) for id_ in form.came.data or []] if fine else []
    try:
        if fine:
            recording.hold(
                meeting, came, form.minutes.data or 0, sure=form.sure.data, by=auth.actor(),
                now=auth.now(),
            )  # fmt: skip
            say(
                "Kept who came and how long it lasted. Write the record here; nobody else reads it yet."
            )
            return web.done(url_for("supervision.edit", meeting_id=meeting.id))
    except Refused as refused:
        field = form.came if "Tick" in str(refused) else form.minutes
        field.errors = [*field.errors, str(refused)]
    return one_page(meeting, 422, hold=form)


@bp.post("/supervision/<int:meeting_id>/absence")
@auth.allow("supervisor", "tutor")
def miss(meeting_id: int) -> Response:
    """Nobody came."""
    meeting = _led(meeting_id)
    try:
        recording.miss(meeting, by=auth.actor(), now=auth.now())
        say("Kept: nobody came. No mail goes out.")
    except Refused as refused:
        say(str(refused))
    return web.done(url_for("supervision.show", meeting_id=meeting.id))


@bp.post("/supervision/<int:meeting_id>/taking-back")
@auth.allow("supervisor", "tutor")
def take_back(meeting_id: int) -> Response:
    """Open a signed record again, to change it."""
    meeting = _led(meeting_id)
    recording.take_back(meeting, by=auth.actor(), now=auth.now())
    say("The record is open again. Nobody else reads it before you sign it anew.")
    return web.done(url_for("supervision.edit", meeting_id=meeting.id))


@bp.post("/supervision/<int:meeting_id>/note")
@auth.allow("supervisor", "tutor")
@auth.keeps_typing
def keep_note(meeting_id: int) -> Response:
    """Keep the reader's own note."""
    meeting, form = _led(meeting_id), NoteForm()
    if not form.validate():
        return one_page(meeting, 422, note=form)
    recording.keep_note(meeting, form.note.data or "", by=auth.actor())
    say("Your note is saved. Nobody else reads it.")
    return web.done(url_for("supervision.show", meeting_id=meeting.id) + "#note-heading")


@bp.post("/supervision/actions/<int:action_id>/done")
@auth.allow("learner", "supervisor", "tutor")
def done(action_id: int) -> Response:
    """An agreed action is done, or with ``done=no`` not after all.

    Its owner says so, or with ``later`` whoever leads that meeting, on whose agenda it stands.
    """
    later = web.number(request.form.get("later"))
    there = load(later) if later else None
    action = mark(action_id, there, done=request.form.get("done") != "no")
    if there is not None:
        return web.done(url_for("supervision.show", meeting_id=there.id) + f"#agreed-{action.id}")
    meeting_id = action.attendance.meeting_id
    return web.done(url_for("supervision.show", meeting_id=meeting_id) + f"#action-{action.id}")


def mark(action_id: int, later: Meeting | None, *, done: bool) -> MeetingAction:
    """Mark an action, and say so on the next page; 404 for one the actor does not see, or 403."""
    actor = auth.actor()
    visible = Attendance.visible_to(actor).select(Attendance.id)
    seen = MeetingAction.select().where(MeetingAction.attendance.in_(visible))
    action: MeetingAction = web.load(seen, action_id)
    answering.mark_done(action, done=done, by=actor, now=auth.now(), later=later)
    say("Marked as done." if done else "Marked as not done.")
    return action


def _led(meeting_id: int) -> Meeting:
    meeting = load(meeting_id)
    web.require(meeting.can_lead(auth.actor()))
    return meeting
