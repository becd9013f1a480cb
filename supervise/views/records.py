"""Writing the record of a meeting, and a learner's answer under it: both save themselves.

Its routes hang on the blueprint of ``supervision``.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from flask import Response, abort, render_template, request, url_for

from supervise import auth, web
from supervise.errors import error_page
from supervise.forms.contracts import mark
from supervise.forms.supervision import (
    AnswerForm,
    record_faults,
    record_form,
    unheard,
    values_of,
)
from supervise.models import Attendance, Meeting, answering, recording
from supervise.models.lacking import unread
from supervise.models.recording import ChangedElsewhere, Unfinished
from supervise.reports import agenda, agenda_kept, meeting_list
from supervise.reports.agenda import Sight
from supervise.views.supervision import bp, load, one_page
from supervise.views.supervision import mark as mark_action
from supervise.views.told import say
from supervise.workflow import WrongState

REFUSED = "Change what is marked, then it saves again."
MARK = re.compile("(done|open)-([0-9]{1,9})")
"""The buttons that mark what was agreed before, with the number of the action."""


@bp.get("/supervision/<int:meeting_id>/record")
@auth.allow("supervisor", "tutor")
def edit(meeting_id: int) -> Response:
    """The record to write; one that is signed, or not held yet, is read."""
    seen = _led(meeting_id)
    if seen.meeting.state != "held":
        return web.done(url_for("supervision.show", meeting_id=meeting_id))
    form = record_form(_came(seen), _stored(seen))
    return editing(seen, form)


@bp.post("/supervision/<int:meeting_id>/record")
@auth.allow("supervisor", "tutor")
@auth.keeps_typing
def save(meeting_id: int) -> Response:
    """Keep what was written; with ``go=sign`` sign it, with ``go=more`` go on writing, with
    ``go=done-7`` mark what was agreed before."""
    seen, form, go = *_sent(meeting_id), request.form.get("go")
    meeting, by = seen.meeting, auth.actor()
    fine = form.validate()
    if form.half_lines(_came(seen)) or not fine:
        return editing(seen, form, 422, _seen())
    try:
        _store(seen, form)
    except ChangedElsewhere as refused:
        fresh = agenda.sight(load(meeting_id), by)
        both = form.differences(_stored(fresh))
        return editing(fresh, form, 409, meanwhile=refused.sentence, elsewhere=both)
    if go and (pressed := MARK.fullmatch(go)):  # what was typed is saved by the same press
        marked = mark_action(int(pressed[2]), meeting, done=pressed[1] == "done")
        anchor = f"agreed-{marked.id}"
        return web.done(url_for("supervision.edit", meeting_id=meeting_id, _anchor=anchor))
    if go == "more":
        return web.done(url_for("supervision.edit", meeting_id=meeting_id) + "#written")
    if go != "sign":
        say("Saved. Nobody else reads it before you sign.")
        return web.done(url_for("supervision.show", meeting_id=meeting_id))
    found = agenda_kept.sealed(agenda.agendas(seen, by), by.centre)
    try:
        if meeting.state == "held":  # else it was pressed twice
            recording.record(meeting, found, version=meeting.version, by=by, now=auth.now())
    except Unfinished as lacking:
        seen = _led(meeting_id)
        form = record_form(_came(seen), _stored(seen))
        others = mark(form, lacking.faults)
        return editing(seen, form, 422, received="stored", others=others)
    say(
        "Signed. It waits for each learner who came to answer and sign.",
        [one.learner.name for one in _came(seen)],
    )
    return web.done(url_for("supervision.show", meeting_id=meeting_id))


@bp.post("/supervision/<int:meeting_id>/draft")
@auth.allow("supervisor", "tutor")
@auth.keeps_typing
def autosave(meeting_id: int) -> Response:
    """Save while typing: the answer is what the bar at the foot says, and a sentence by each field."""
    seen, form = _sent(meeting_id)
    if not form.validate():
        return _bar(422, "supervision.edit", seen.meeting, form, refused=[REFUSED])
    try:
        _store(seen, form)
    except ChangedElsewhere:
        return _bar(409, "supervision.edit", seen.meeting, form, changed=True)
    except WrongState as refused:
        return _bar(422, "supervision.edit", seen.meeting, form, refused=[refused.sentence])
    told = {"version": seen.meeting.version, "saved_at": auth.now()}
    return _bar(200, "supervision.edit", seen.meeting, form, **told)


def editing(
    seen: Sight, form: Any, status: int = 200, version: int | None = None, **told: Any
) -> Response:
    """The form of the record. ``told``: ``meanwhile`` and ``elsewhere``, what another tab saved;
    ``others``, what is wrong with it in no field of the form.
    """
    others = [("", "", sentence) for sentence in told.get("others", {}).values()]
    return web.show(
        "supervision/edit.html",
        None,
        status,
        meeting=seen.meeting,
        seen=seen,
        places=_came(seen),
        form=form,
        agendas={one.place.id: one for one in agenda.agendas(seen, auth.actor())},
        found=others + record_faults(form, _came(seen)),
        unread="" if seen.signs else unread(seen.meeting),
        version=seen.meeting.version if version is None else version,
        received=told.get("received", "typed" if request.method == "POST" else ""),
        told={"elsewhere": {}, "meanwhile": ""} | told,
    )


def _led(meeting_id: int) -> Sight:
    seen = agenda.sight(load(meeting_id), auth.actor())
    web.require(seen.leads)
    return seen


def _came(seen: Sight) -> list[Attendance]:
    return [place for place in seen.places if place.came]


def _stored(seen: Sight) -> dict[str, Any]:
    places = _came(seen)
    actions, note = meeting_list.actions_of(places), recording.note_of(seen.meeting, auth.actor())
    return values_of(seen.meeting, places, actions, note)


def _sent(meeting_id: int) -> tuple[Sight, Any]:
    seen = _led(meeting_id)
    return seen, record_form(_came(seen), {}, request.form)


def _seen() -> int:
    return web.number(request.form.get("version")) or 0


def _store(seen: Sight, form: Any) -> None:
    """Save under the version the page knows; raises ChangedElsewhere where the text differs too.

    What the page itself sent before, and never heard of, is nobody else's: it is written over.
    """
    meeting, by = seen.meeting, auth.actor()
    written = form.written(_came(seen))
    try:
        recording.write_up(meeting, written, version=_seen(), by=by, now=auth.now())
    except ChangedElsewhere:
        fresh = agenda.sight(load(meeting.id), by)
        stored = _stored(fresh)
        meeting.version = fresh.meeting.version
        if not form.differences(stored):
            return  # pressed twice, or an answer that got lost
        if not any(not one.differences(stored) for one in _sent_before(fresh)):
            raise
        recording.write_up(meeting, written, version=meeting.version, by=by, now=auth.now())


def _sent_before(seen: Sight) -> list[Any]:
    """The forms that the page sent before without an answer."""
    found = unheard(request.form.get("unheard"))
    return [record_form(_came(seen), {}, one, formdata=one) for one in found]


def _bar(status: int, back: str, meeting: Meeting, form: Any, **told: Any) -> Response:
    """The bar's sentence to htmx; a page round it for those without."""
    if web.wants_fragment():
        told = {"version": _seen(), "saved_at": None, "changed": False, "refused": ()} | told
        return Response(render_template("supervision/_saved.html", form=form, **told), status)
    if status == 200:
        return web.done(url_for(back, meeting_id=meeting.id))
    sentence = " ".join(told.get("refused", ())) or "This was changed in another tab."
    return error_page(status, "Not saved", sentence)


# --- the learner's answer ----------------------------------------------------------------


@bp.post("/supervision/<int:meeting_id>/reply")
@auth.allow("learner")
@auth.keeps_typing
def reply(meeting_id: int) -> Response:
    """Keep reply and reflection; with ``go=sign`` sign the record."""
    meeting, place, form = _mine(meeting_id)
    version, signs = _seen(), request.form.get("go") == "sign"
    if place.state == "signed" and signs:  # pressed twice
        return web.done(url_for("supervision.show", meeting_id=meeting_id))
    if not form.validate():
        return one_page(meeting, 422, answer=form, version=version)
    try:
        _answer(place, form, sign=signs)
    except Unfinished as lacking:
        mark(form, lacking.faults)
        return one_page(meeting, 422, answer=form, version=version)
    except (ChangedElsewhere, answering.Unread) as refused:
        fresh = Attendance.get_by_id(place.id)
        clash = isinstance(refused, ChangedElsewhere)
        told = {
            "meanwhile": refused.sentence,
            "elsewhere": form.differences(fresh) if clash else {},
        }
        return one_page(load(meeting_id), 409, answer=form, told=told)
    except WrongState as refused:  # signed in another tab a moment ago, or taken back
        if Attendance.get_by_id(place.id).state != "signed" or not signs:
            told = {"meanwhile": refused.sentence}
            return one_page(load(meeting_id), 409, answer=form, version=version, told=told)
    say("You signed the record." if signs else "Saved. Nobody else reads it before you sign.")
    return web.done(url_for("supervision.show", meeting_id=meeting_id))


@bp.post("/supervision/<int:meeting_id>/reply/draft")
@auth.allow("learner")
@auth.keeps_typing
def autosave_reply(meeting_id: int) -> Response:
    """Save the answer while it is typed."""
    meeting, place, form = _mine(meeting_id)
    if not form.validate():
        return _bar(422, "supervision.show", meeting, form, refused=[REFUSED])
    try:
        _answer(place, form, sign=False)
    except ChangedElsewhere:
        return _bar(409, "supervision.show", meeting, form, changed=True)
    except WrongState as refused:
        return _bar(422, "supervision.show", meeting, form, refused=[refused.sentence])
    told = {"version": place.version, "saved_at": auth.now()}
    return _bar(200, "supervision.show", meeting, form, **told)


def _mine(meeting_id: int) -> tuple[Meeting, Attendance, AnswerForm]:
    meeting, actor = load(meeting_id), auth.actor()
    own = (Attendance.meeting == meeting) & (Attendance.learner == actor.person)
    place: Attendance = Attendance.get_or_none(own) or abort(403)
    return meeting, place, AnswerForm()


def _answer(place: Attendance, form: AnswerForm, *, sign: bool) -> None:
    """Save or sign; what was saved already under another version is no clash."""
    said, learnt = form.reply.data or "", form.reflection.data or ""
    read = web.number(request.form.get("read")) or 0
    move: Any = partial(answering.sign, read=read) if sign else answering.reply
    move = partial(move, place, said, learnt)
    by, now = auth.actor(), auth.now()
    try:
        move(version=_seen(), by=by, now=now)
    except ChangedElsewhere:
        fresh = Attendance.get_by_id(place.id)
        before = [AnswerForm(formdata=one) for one in unheard(request.form.get("unheard"))]
        differs = bool(form.differences(fresh))
        if differs and not any(not one.differences(fresh) for one in before):
            raise
        place.__data__.update(fresh.__data__)
        if sign or differs:
            move(version=fresh.version, by=by, now=now)
