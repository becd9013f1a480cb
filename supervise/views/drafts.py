"""Writing a diary entry: the form, its autosave, and two tabs that do not overwrite each other.

Its routes hang on the diary's blueprint, which is registered after this module is imported.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Response, abort, render_template, request, url_for

from supervise import auth, web
from supervise.errors import error_page
from supervise.forms.sessions import Reading, entry_form, read, values_read
from supervise.models import Client, Enrolment, PracticeSession, drafts, readiness
from supervise.models.sessions import Incomplete
from supervise.models.vault import Withdrawn
from supervise.reports import diary
from supervise.reports.worked_on import goals_to_choose
from supervise.views.entry import Shown, beside, form_page, stored
from supervise.views.sessions import bp, choose_enrolment, is_submitted, one_page
from supervise.workflow import WrongState

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
SUBMITS = ("submit", "unchanged")
"""What the buttons say; the second after the question whether nothing was to be changed."""
OTHER_PERSON = (
    "Somebody else is signed in",
    "This page was opened by another person. Nothing was stored. Open the diary anew.",
)


@bp.get("/sessions/new")
@auth.allow("learner")
def new() -> Response:
    """An empty form with the defaults of last time."""
    enrolment = choose_enrolment(diary.enrolments(auth.actor()))
    if enrolment is None:
        return web.show("sessions/form.html", enrolment=None)
    return form_page(enrolment, None, None, Shown())


@bp.post("/sessions/new")
@auth.allow("learner")
@auth.keeps_typing
def create() -> Response:
    """Save or submit a new entry; a page that was sent before saves the same one again."""
    return _send(None)


@bp.get("/sessions/<int:session_id>/edit")
@auth.allow("learner")
def edit(session_id: int) -> Response:
    """The form of a draft, or of a session returned or reopened."""
    session = _mine(session_id)
    if not session.can_edit(auth.actor()):  # by the browser's way back, after it was submitted
        return web.done(url_for("sessions.show", session_id=session.id))
    return form_page(session.enrolment, session, None, Shown(version=session.version))


@bp.post("/sessions/<int:session_id>/edit")
@auth.allow("learner")
@auth.keeps_typing
def save(session_id: int) -> Response:
    """Save or submit an entry that is there already."""
    return _send(_mine(session_id))


@bp.post("/sessions/drafts")
@auth.allow("learner")
@auth.keeps_typing
def autosave_new() -> Response:
    """Save what is typed into a new form; its key leads every save to the same draft."""
    return _autosave(None)


@bp.post("/sessions/<int:session_id>/draft")
@auth.allow("learner")
@auth.keeps_typing
def autosave(session_id: int) -> Response:
    """Save what is typed into an entry that is there already."""
    return _autosave(_mine(session_id))


# --- what the four posts share -----------------------------------------------------------


def _mine(session_id: int) -> PracticeSession:
    """One's own session, with its enrolment."""
    readable = PracticeSession.visible_to(auth.actor())
    whole = readable.select(PracticeSession, Enrolment).join(Enrolment)
    session: PracticeSession = web.load(whole, session_id)
    web.require(auth.actor().is_(session.learner_id))
    return session


def _key() -> str:
    key = request.form.get("draft_key", "")
    return key if _KEY.fullmatch(key) else abort(400)


def _version() -> int:
    """The version the page was opened with; 0, which no session has, for anything else."""
    return web.number(request.form.get("version")) or 0


def _begun(session: PracticeSession | None) -> tuple[PracticeSession | None, Enrolment]:
    """The session this form belongs to, if there is one yet, and its enrolment."""
    session = session or drafts.known(_key(), auth.actor())
    if session is not None:
        return session, session.enrolment
    enrolment = choose_enrolment(diary.enrolments(auth.actor()))
    return None, enrolment or abort(404)


def _not_the_author() -> bool:
    return request.form.get("author") != str(auth.actor().person.id)


def _read(enrolment: Enrolment, session: PracticeSession | None, *, finished: bool) -> Reading:
    units = [code for code in enrolment.unit_codes if enrolment.book.unit(code).required_minutes]
    kept = [session.unit] if session and session.unit else []
    goals = goals_to_choose(auth.actor(), session)
    return read(
        entry_form(goals)(),
        goals=goals,
        clients=Client.visible_to(auth.actor()),
        units=[*units, *kept],
        zone=auth.actor().person.zone,
        finished=finished,
    )


def _store(
    session: PracticeSession | None, enrolment: Enrolment, reading: Reading, *, finished: bool
) -> PracticeSession:
    """Save under the version the page knows; raises ChangedElsewhere where the text differs too."""
    by, now = auth.actor(), auth.now()
    if session is None:
        session = drafts.create(enrolment, reading.entry, by=by, now=now, draft_key=_key())
        if session.version == 1 and not _differences(session, reading):
            return session
    try:
        drafts.save(session, reading.entry, version=_version(), by=by, now=now, finished=finished)
    except drafts.ChangedElsewhere as changed:
        if _differences(changed.session, reading) or not changed.session.can_edit(by):
            raise
        return changed.session  # pressed twice, or an answer that got lost: it is all there
    return session


def _differences(session: PracticeSession, reading: Reading) -> dict[str, str]:
    """Field by field, what is stored where it differs from what was just typed."""
    there, typed = stored(session, reading.goals), values_read(reading)
    names = {str(e.client_id): e.client.alias for e in session.engagements}
    new = {" ".join(alias.split()).casefold() for alias in reading.entry.aliases}
    typed_names = {client.alias.casefold() for client in reading.entry.clients} | new
    if typed_names == {alias.casefold() for alias in names.values()}:
        typed["clients"], typed["new_clients"] = there["clients"], there["new_clients"]
    there["clients"] = sorted(there["clients"])
    typed["clients"] = sorted(typed["clients"])
    found = {name: str(there[name]) for name in there if there[name] != typed.get(name, "")}
    if "clients" in found:
        found["clients"] = ", ".join(names.values()) or "no client"
    return found


def _send(session: PracticeSession | None) -> Response:
    """A button: save as a draft, or save and submit."""
    if _not_the_author():
        return error_page(409, *OTHER_PERSON)
    session, enrolment = _begun(session)
    reading = _read(enrolment, session, finished=True)
    go = request.form.get("go")
    if reading.refused:
        told = Shown(422, found=reading.refused | reading.unread, version=_version())
        return form_page(enrolment, session, reading, told)
    if session is None and reading.entry.is_blank:
        told = Shown(422, found={"done": "Nothing is typed yet. Say what you did, then save it."})
        return form_page(enrolment, None, reading, told)
    try:
        session = _store(session, enrolment, reading, finished=True)
    except drafts.ChangedElsewhere as changed:
        there = changed.session
        if go in SUBMITS and there.state == "submitted" and not _differences(there, reading):
            return web.done(url_for("sessions.show", session_id=there.id))  # pressed twice
        return _both(there, reading)
    except Withdrawn as refused:
        told = Shown(422, found={"clients": refused.sentence, **reading.unread}, version=_version())
        return form_page(enrolment, session, reading, told)
    if go not in SUBMITS:
        return web.done(url_for("sessions.show", session_id=session.id))
    if go == "submit" and readiness.unchanged_since_return(session):
        asked = Shown(422, ask=True, version=session.version)
        return form_page(enrolment, session, None, asked)
    try:
        session.submit(by=auth.actor(), now=auth.now())
    except Incomplete as lacking:
        found = {**lacking.faults, **reading.unread}
        found = {"clients" if name == "client" else name: text for name, text in found.items()}
        return form_page(enrolment, session, None, Shown(422, found=found, version=session.version))
    except WrongState as refused:
        if not is_submitted(session):
            return one_page(session, 409, refused.sentence)
    return web.done(url_for("sessions.show", session_id=session.id))


def _both(session: PracticeSession, reading: Reading) -> Response:
    """Yours in the fields, the other beside them; the new version is set, so saving decides."""
    differences = _differences(session, reading)
    if session.can_edit(auth.actor()):
        heading = "This session was changed in another tab or window"
    else:
        heading = "This session was submitted meanwhile, so what you typed here was not stored"
    told = Shown(409, heading=heading, elsewhere=differences, version=session.version)
    return form_page(session.enrolment, session, reading, told)


def _autosave(session: PracticeSession | None) -> Response:
    """Save while typing: the answer is what the bar at the foot says."""
    if _not_the_author():
        return error_page(409, *OTHER_PERSON)
    session, enrolment = _begun(session)
    reading = _read(enrolment, session, finished=False)
    told: dict[str, Any] = {"version": _version(), "session": session}
    if reading.refused:
        return _bar(422, told | {"refused": list(reading.refused.values())})
    try:
        session = _store(session, enrolment, reading, finished=False)
    except drafts.ChangedElsewhere as changed:
        return _bar(409, told | {"changed": True, "session": changed.session})
    except Withdrawn as refused:
        return _bar(422, told | {"refused": [refused.sentence]})
    told = {"version": session.version, "session": session, "saved_at": auth.now()}
    if web.wants_fragment():
        told |= beside(session, diary.practice(enrolment, auth.actor().centre, auth.actor().today))
    answer = _bar(200, told)
    if web.wants_fragment():
        answer.headers["HX-Replace-Url"] = url_for("sessions.edit", session_id=session.id)
    return answer


def _bar(status: int, told: dict[str, Any]) -> Response:
    """The bar's sentence to htmx; a page round it for those without."""
    if web.wants_fragment():
        return Response(render_template("sessions/_saved.html", **told), status)
    if status == 200:
        return web.done(url_for("sessions.edit", session_id=told["session"].id))
    sentence = " ".join(told.get("refused", ())) or "This session was changed in another tab."
    return error_page(status, "Not saved", sentence)
