"""The diary: the list, one session, and the learner's moves. The form is in drafts.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for

from supervise import auth, web
from supervise.forms.approvals import shown, unfit
from supervise.forms.sessions import EntryForm
from supervise.models import (
    ClientIdentity,
    Enrolment,
    Person,
    PracticeSession,
    drafts,
    readiness,
    reopening,
)
from supervise.models.facts import Judged, judged
from supervise.models.sessions import SUPERVISION_TEXTS, Incomplete
from supervise.reader import reader_zone
from supervise.reports import diary
from supervise.reports.worked_on import contracts_in_force, worked_with
from supervise.rules import moments
from supervise.rules.naming import names_in, naming_fault
from supervise.workflow import SESSION, WrongState

bp = Blueprint("sessions", __name__)


@bp.get("/sessions")
@auth.allow("learner")
def page() -> Response:
    """The learner's diary of one enrolment."""
    return list_page()


def list_page(
    status: int = 200, submitted: int | None = None, refused: Any = (), nothing: str = ""
) -> Response:
    """The diary as ``?state=&unit=&client=&sort=&page=&enrolment=`` ask for it.

    ``submitted`` and ``refused`` tell what became of a bulk submission, ``nothing`` why there was
    none.
    """
    actor = auth.actor()
    mine = diary.enrolments(actor)
    enrolment = choose_enrolment(mine)
    if enrolment is None:
        return web.show("sessions/page.html", enrolment=None)
    tab = request.args.get("state", "")
    tab = tab if tab in diary.TABS else ""
    sort = request.args.get("sort", "newest")
    sort = sort if sort in diary.SORTS else "newest"
    unit, client = request.args.get("unit", ""), web.number(request.args.get("client"))
    query = diary.entries(enrolment, unit, client)
    counts = diary.counts(query)
    found = web.Page.of(diary.ordered(query, tab, sort))
    codes = enrolment.unit_codes
    return web.show(
        "sessions/page.html",
        "sessions/_list.html",
        status,
        enrolment=enrolment,
        enrolments=mine,
        found=found,
        rows=diary.rows(found.rows, enrolment, actor.centre),
        counts=counts,
        tab=tab,
        tabs=diary.TABS,
        sorts=diary.SORTS,
        chosen={
            "unit": unit or None,
            "client": client,
            "sort": sort,
            "enrolment": enrolment.id if len(mine) > 1 else None,
        },
        clients=diary.clients_of(actor),
        units=[code for code in codes if enrolment.book.unit(code).required_minutes],
        submitted=submitted,
        refused=refused,
        nothing=nothing,
    )


def choose_enrolment(mine: list[Enrolment]) -> Enrolment | None:
    """The enrolment asked for, among the learner's own; else the newest; 404 for another's."""
    asked = request.values.get("enrolment")
    if not asked:
        return mine[0] if mine else None
    return next((one for one in mine if one.id == web.number(asked)), None) or abort(404)


@bp.get("/sessions/<int:session_id>")
@auth.signed_in
def show(session_id: int) -> Response:
    """One session, by the layers its reader may read."""
    readable = (
        PracticeSession.visible_to(auth.actor())
        .select(PracticeSession, Enrolment, Person)
        .join(Enrolment)
        .join(Person, on=(Enrolment.learner == Person.id))
    )
    return one_page(web.load(readable, session_id))


def one_page(
    session: PracticeSession,
    status: int = 200,
    refusal: str = "",
    *,
    ask: bool = False,
    wrong: str = "",
) -> Response:
    """The page of one session; ``refusal`` says why a move was not made.

    With ``ask`` it asks whether to submit what was not changed since it was returned.
    """
    actor = auth.actor()
    found = judged([session], session.enrolment, actor.centre)
    clients = diary.aliases(found.facts[session.id])
    history, company = diary.history(session), worked_with(session)
    unchanged = diary.unchanged(session, history, company)
    layers = session.layers_for(actor, unchanged)
    # who reads this layer of another's session supervises it today: can_decide, not asked twice
    decides = "supervision" in layers and "private" not in layers
    mine = session.can_edit(actor)
    zone = reader_zone()
    repeated = session.starts_at is not None and moments.is_repeated(
        moments.local(session.starts_at, zone).date(),
        moments.local(session.starts_at, zone).time(),
        zone,
    )
    return web.show(
        "sessions/show.html",
        None,
        status,
        session=session,
        layers=layers,
        private=session.private_text if "private" in layers else "",
        verdict=found.verdicts[session.id],
        company=company,
        clients=clients,
        said=found.facts[session.id].confirmations,
        state=diary.STATE_WORDS[session.state],
        history=history,
        repeated=repeated,
        back=diary.given_back(session, history) if mine else None,
        unchanged=mine and unchanged,
        ask=ask,
        lacks=_lacks(session, found, clients) if mine else {},
        may={
            "edit": mine,
            "submit": session.can_submit(actor) and SESSION.allows("submit", session.state),
            "take_back": session.can_take_back(actor)
            and SESSION.allows("take back", session.state),
            "delete": session.can_delete(actor)
            and not any(line.words == "submitted it" for line in history)
            and not any(one.answered_at for one in found.facts[session.id].confirmations),
            "reopen": session.state == "approved" and decides,
            "approve": session.state == "reopened" and decides,  # its learner is not changing it
            "decide": session.state == "submitted" and decides,
        },
        told_status=status,
        in_force=contracts_in_force(found.facts[session.id].contracts, session.date),
        texts=[(EntryForm.label(name), getattr(session, name)) for name in SUPERVISION_TEXTS]
        if "supervision" in layers
        else [],
        is_mine=actor.is_(session.learner_id),
        refusal=refusal,
        wrong=wrong,
        asked=diary.asked_to_reopen(session, history),
    )


def _lacks(session: PracticeSession, found: Judged, clients: list[str]) -> dict[str, str]:
    """What it lacks. Where its facts came without another's, nothing overlaps it."""
    alone = len(found.facts) == 1 and session.minutes is not None
    now, zone = auth.now(), reader_zone()
    return readiness.faults(session, now=now, zone=zone, clients=clients, alone=alone)


@bp.post("/sessions/<int:session_id>/submission")
@auth.allow("learner")
def submit(session_id: int) -> Response:
    """Hand a session to the supervisor, or say what it lacks."""
    actor = auth.actor()
    session = web.load(PracticeSession.visible_to(actor), session_id)
    web.require(session.can_submit(actor))
    submitted = web.done(url_for("sessions.show", session_id=session.id))
    if session.state == "submitted":  # pressed twice
        return submitted
    if "unchanged" not in request.form and readiness.unchanged_since_return(session):
        return one_page(session, 422, ask=True)
    try:
        session.submit(by=actor, now=auth.now())
    except Incomplete:  # the page says what it lacks
        return one_page(session, 422)
    except WrongState:
        if not is_submitted(session):
            raise
    return submitted


@bp.post("/sessions/<int:session_id>/reopening-request")
@auth.allow("learner")
@auth.keeps_typing
def ask_to_reopen(session_id: int) -> Response:
    """Ask the supervisor to open an approved session again."""
    session = web.load(PracticeSession.visible_to(auth.actor()), session_id)
    web.require(auth.actor().is_(session.learner_id))
    reason = request.form.get("reason", "")
    fault = unfit(reason) or ("" if reason.strip() else "Say what is wrong with it.")
    if hits := names_in(reason, ClientIdentity.names_of(session.learner_id)):
        fault = fault or naming_fault("This", hits)
    if fault:
        return one_page(session, 422, fault, wrong=shown(reason))
    reopening.ask(session, reason=reason, by=auth.actor(), now=auth.now())
    flash("Your supervisor sees that you asked. It counts as before until they reopen it.")
    return web.done(url_for("sessions.show", session_id=session.id))


def is_submitted(session: PracticeSession) -> bool:
    """Whether it is with the supervisor by now: a button pressed twice is no failure."""
    mine = (PracticeSession.id == session.id) & (PracticeSession.state == "submitted")
    return bool(PracticeSession.select().where(mine).exists())


@bp.post("/sessions/<int:session_id>/withdrawal")
@auth.allow("learner")
def take_back(session_id: int) -> Response:
    """Make it a draft again before anybody decided."""
    actor = auth.actor()
    session = web.load(PracticeSession.visible_to(actor), session_id)
    web.require(session.can_take_back(actor))
    session.take_back(by=actor, now=auth.now())
    return web.done(url_for("sessions.show", session_id=session.id))


@bp.post("/sessions/<int:session_id>/deletion")
@auth.allow("learner")
def delete(session_id: int) -> Response:
    """Throw a draft away."""
    actor = auth.actor()
    session = web.load(PracticeSession.visible_to(actor), session_id)
    web.require(actor.is_(session.learner_id))
    drafts.delete(session, by=actor, now=auth.now())
    return web.done(url_for("sessions.page"))


@bp.post("/sessions/deletions")
@auth.allow("learner")
def delete_many() -> Response:
    """Throw the ticked drafts away; one that was submitted before is kept."""
    actor = auth.actor()
    ticked = PracticeSession.id.in_(_ticked())
    mine = PracticeSession.visible_to(actor).where(PracticeSession.learner == actor.person)
    sessions = list(mine.where(ticked & (PracticeSession.state == "draft")))
    if not sessions:
        return list_page(422, nothing="Tick the drafts to throw away.")
    gone, kept = drafts.delete_all(sessions, by=actor, now=auth.now())
    said = [f"{gone} {'draft' if gone == 1 else 'drafts'} thrown away."] if gone else []
    if kept:
        said.append(
            f"{kept} submitted before {'is' if kept == 1 else 'are'} kept with the history."
        )
    flash(" ".join(said))
    return web.done(
        url_for("sessions.page", state="drafts", enrolment=request.form.get("enrolment"))
    )


@bp.post("/sessions/submissions")
@auth.allow("learner")
def submit_many() -> Response:
    """Submit every complete draft, of the unit and client listed, or the ticked; list the rest."""
    actor = auth.actor()
    enrolment = choose_enrolment(diary.enrolments(actor))
    ticked = request.form.get("which") == "ticked"
    wanted = _ticked()
    if ticked and not wanted:
        return list_page(422, nothing="Tick the sessions to submit, or submit all ready drafts.")
    if enrolment is None:
        return list_page(422, nothing="There is no draft to submit.")
    form = {} if ticked else request.form  # what the list was narrowed to holds for all of it
    listed = form.get("unit", ""), web.number(form.get("client"))
    chosen = PracticeSession.id.in_(wanted) if ticked else PracticeSession.state == "draft"
    order = (PracticeSession.date.asc(nulls="LAST"), PracticeSession.id)
    sessions = list(diary.entries(enrolment, *listed).where(chosen).order_by(*order))
    if not sessions:
        return list_page(422, nothing="There is no draft to submit.")
    names = ClientIdentity.names_of(actor.person.id)
    refused = [(one, why) for one in sessions if (why := _submitted_or_why(one, names))]
    return list_page(
        422 if len(refused) == len(sessions) else 200, len(sessions) - len(refused), refused
    )


def _ticked() -> set[int]:
    """The ids of the ticked sessions; what is no number is no session."""
    found = map(web.number, request.form.getlist("session"))
    return {id_ for id_ in found if id_ is not None}


def _submitted_or_why(session: PracticeSession, names: Sequence[str]) -> str:
    """Submit a session of a bulk; the sentence that says why it could not be, or nothing."""
    if readiness.unchanged_since_return(session):
        return "Nothing was changed since it was returned. Correct it first."
    try:
        session.submit(by=auth.actor(), now=auth.now(), names=names)
    except Incomplete as lacking:
        return str(lacking)
    except WrongState as refused:
        return refused.sentence
    return ""
