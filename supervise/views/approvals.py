"""The supervisor's queue: read what waits, decide it in one go, reopen what was approved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, Response, abort, flash, get_flashed_messages, request, url_for

from supervise import auth, web
from supervise.forms.approvals import Choices, ReasonForm, read_choices, read_wanted
from supervise.models import PracticeSession
from supervise.models.approvals import (
    HANDED_OVER,
    Choice,
    Missed,
    NotYours,
    Outcome,
    decide,
    refuse_unread,
)
from supervise.models.said import confirmations_of
from supervise.reader import at, day_and_time, reader_zone
from supervise.reports import queue
from supervise.reports.queue import Wanted
from supervise.rules import moments
from supervise.rules.said import Said
from supervise.workflow import WrongState

bp = Blueprint("approvals", __name__)
FLASH = "approvals"
MOST_LINES = 12  # a flashed notice travels in the cookie, which holds 4 kB


@dataclass
class Told:
    """What to say above the queue: the summary of a decision, then a sentence for each thing."""

    summary: str
    lines: list[str] = field(default_factory=list)
    css: str = ""
    sessions: list[tuple[int, str]] = field(default_factory=list)
    """What was decided: the id of each session, and the words to know it by."""

    def short(self) -> dict[str, Any]:
        """The same, as much as a cookie holds."""
        rest = len(self.lines) - MOST_LINES
        more = [f"And {rest} more."] if rest > 0 else []
        known = self.sessions[:MOST_LINES]
        return {**vars(self), "lines": self.lines[:MOST_LINES] + more, "sessions": known}


@bp.get("/approvals")
@auth.allow("supervisor")
def page() -> Response:
    """The queue, or one row of it where htmx opens or closes that row in place."""
    wanted = read_wanted(request.args)
    if web.wants_fragment() and "row" in request.args:
        return _row(wanted)
    found, told = _rows(wanted), None
    if wanted.open and not any(row.session.id == wanted.open for row in found.rows):
        gone = web.load(PracticeSession.supervised_by(auth.actor()), wanted.open)
        told = Told(f"The session of {gone.learner.name} you wanted to read no longer waits.")
    flashed = get_flashed_messages(category_filter=[FLASH])
    if flashed:
        told = Told(**flashed[-1])  # type: ignore[arg-type]
    return _queue(wanted, told=told, found=found)


@bp.post("/approvals")
@auth.allow("supervisor")
@auth.keeps_typing
def decide_all() -> Response:
    """Decide all rows in one go: nothing at all where a row is at fault, else all that can be."""
    wanted, choices = read_wanted(request.args), read_choices(request.form)
    _refuse_forged(choices)
    wanted = replace(wanted, open=web.number(request.form.get("opened")))
    if "open" in request.form:  # without a script: a row opens or closes, and nothing is decided
        choices.faults.clear()
        return _queue(replace(wanted, open=web.number(request.form["open"]) or None), choices)
    if request.form.get("preset"):
        return _preset(wanted, choices)
    if choices.faults:
        return _queue(wanted, choices, status=422)
    if choices.by_id and choices.nothing_chosen:
        told = Told(
            "Nothing was decided. Choose Approve or Return for at least one session.", css="bad"
        )
        return _queue(wanted, choices, told, 422)
    try:
        outcome = decide(choices.by_id, by=auth.actor(), now=auth.now())
    except NotYours:
        abort(404)
    told, wanted = _told(outcome, choices), replace(wanted, open=None)
    unsent = any(choices.by_id[one.session.id].comment for one in outcome.missed)
    begun = choices.begun(session.id for session in outcome.left)
    if web.wants_fragment() or unsent or begun.by_id:  # a comment is too long for a cookie
        return _queue(wanted, begun, told, found=_rows(wanted))
    flash(told.short(), FLASH)  # type: ignore[arg-type]
    return web.done(url_for("approvals.page", **wanted.but(open=None, page=1)))


@bp.post("/sessions/<int:session_id>/approval")
@auth.allow("supervisor")
def approve(session_id: int) -> Response:
    """Approve one session on its own page: one that waits, or one that was reopened."""
    session = web.load(PracticeSession.visible_to(auth.actor()), session_id)
    web.require(session.can_approve(auth.actor()))
    if request.form.get("version") != str(session.version):
        raise WrongState(
            "This session was changed after you opened it. Read it again, then decide. "
            "Nothing was changed."
        )
    said = Said(tuple(confirmations_of(PracticeSession.id == session.id).get(session.id, ())))
    read = web.number(request.form.get("disputes"))
    refuse_unread(said, Choice("approve", disputes=read))
    session.approve(by=auth.actor(), now=auth.now())
    return web.done(_record(session))


@bp.post("/sessions/<int:session_id>/reopening")
@auth.allow("supervisor")
@auth.keeps_typing
def reopen(session_id: int) -> Response:
    """Open an approved session again, with the reason."""
    session = web.load(PracticeSession.visible_to(auth.actor()), session_id)
    web.require(session.can_reopen(auth.actor()))
    form = ReasonForm(request.form)
    if not form.validate():
        pages = "approvals/reopening.html", "approvals/_reopening.html"
        return web.show(*pages, 422, form=form, session=session, back=_record(session))
    session.reopen(by=auth.actor(), now=auth.now(), reason=form.reason.data.strip())
    return web.done(_record(session))


def _record(session: PracticeSession) -> str:
    """Where a session is read with its history."""
    return url_for("sessions.show", session_id=session.id)


def _refuse_forged(choices: Choices) -> None:
    """404 for the whole POST where it names a session that never was the actor's to decide."""
    if choices.too_many:
        abort(422)
    mine = PracticeSession.once_supervised_by(auth.actor())
    found = mine.where(PracticeSession.id.in_(list(choices.by_id))).count()
    if choices.forged or found != len(choices.by_id):
        abort(404)


def _preset(wanted: Wanted, choices: Choices) -> Response:
    """Without a script: the same rows again, with those that count and nobody disputes approved."""
    found = _rows(wanted, choices)
    choices.preset([row.session.id for row in found.rows if row.ready])
    return _queue(wanted, choices, found=found)


def _row(wanted: Wanted) -> Response:
    """One row, open or closed; a sentence in its place where it no longer waits."""
    actor = auth.actor()
    query = queue.waiting(actor, Wanted(), reader_zone())
    asked = web.number(request.args.get("row")) or 0
    sessions = list(query.where(PracticeSession.id == asked))
    if not sessions:
        gone = web.load(PracticeSession.supervised_by(actor), asked)
        return web.show("approvals/_gone.html", session=gone)
    row = queue.rows(actor, sessions, wanted.open)[0]
    return web.show("approvals/_row.html", row=row, wanted=wanted, choices=Choices())


def _queue(
    wanted: Wanted,
    choices: Choices | None = None,
    told: Told | None = None,
    status: int = 200,
    found: web.Page | None = None,
) -> Response:
    return web.show(
        "approvals/page.html",
        "approvals/_queue.html",
        status,
        found=found or _rows(wanted, choices),
        summary=queue.summary(auth.actor()),
        wanted=wanted,
        choices=choices or Choices(),
        told=told,
        in_place=web.wants_fragment(),
    )


def _rows(wanted: Wanted, choices: Choices | None = None) -> web.Page:
    """The page of rows; after a POST those it was about, whatever has joined the queue since.

    The open one is among them even where a filter or the page would leave it out.
    """
    actor, zone = auth.actor(), reader_zone()
    query, everything = (queue.waiting(actor, w, zone) for w in (wanted, Wanted(sort=wanted.sort)))
    if wanted.verdict and not choices:
        judged = queue.rows(actor, list(query), wanted.open)
        kept = [
            r for r in judged if r.verdict.answer == wanted.verdict or r.session.id == wanted.open
        ]
        return web.Page.of_list(kept)
    place = web.Page.of(query)
    sessions = list(place.rows)
    if choices and choices.by_id:
        sessions = list(everything.where(PracticeSession.id.in_(list(choices.by_id))))
    if wanted.open and all(session.id != wanted.open for session in sessions):
        sessions = [*everything.where(PracticeSession.id == wanted.open), *sessions]
    return replace(place, rows=queue.rows(actor, sessions, wanted.open))


def _told(outcome: Outcome, choices: Choices) -> Told:
    """The summary, what was missed and why, and the totals of the learners concerned."""
    missed = [_missed(one, choices.by_id[one.session.id].comment) for one in outcome.missed]
    if not outcome.decided:
        still = any(
            one.session.state == "submitted" and one.refusal != HANDED_OVER
            for one in outcome.missed
        )
        return Told("Nothing was decided." if still else "Nothing was left to decide.", missed)
    counts = f"{len(outcome.approved)} approved, {len(outcome.returned)} returned, {len(outcome.left)} left."
    decided = [(s.id, f"{s.learner.name}, {_moment(s)}") for s in outcome.decided]
    return Told(counts, missed + _totals(outcome), sessions=decided)


def _missed(missed: Missed, comment: str) -> str:
    """What happened to a session that somebody else moved first; the comment is given back."""
    session, actor = missed.session, auth.actor()
    kept = f" Your comment was not sent: “{comment}”" if comment else ""
    if missed.refusal == HANDED_OVER:
        return HANDED_OVER + kept
    person = missed.person
    who = "somebody" if person is None else "you" if actor.is_(person.id) else person.name
    when = f" at {moments.clock(at(missed.at))}" if missed.at else ""
    if session.state == "submitted":
        again = f"{who} changed it{when}. Read it again, then decide."
        told = "overlaps" in missed.refusal or "disputes" in missed.refusal
        why = missed.refusal if told else again
    elif session.state == "draft":
        why = f"{who} took it back{when}."
    else:
        why = f"{who} {missed.verb} it{when}, so nothing was signed twice."
    return f"{session.learner.name}, {_moment(session)}: {why}{kept}"


def _moment(session: PracticeSession) -> str:
    """When a session took place, as far as that is known."""
    if session.starts_at is not None:
        return day_and_time(session.starts_at)
    return moments.day(session.date) if session.date else "without a date"


def _totals(outcome: Outcome) -> list[str]:
    """A line for each learner and unit that was touched: ``Amara Osei, 501: 6 h 15 counted of 12 h``."""
    touched = {(s.learner.name, s.enrolment_id, s.unit) for s in outcome.decided if s.unit}
    totals = queue.counted(auth.actor(), {enrolment_id for _, enrolment_id, _ in touched})
    lines = []
    for name, enrolment_id, unit in sorted(touched):
        total = totals[enrolment_id].get(unit)
        if total and total.required_minutes:
            lines.append(
                f"{name}, {unit}: {moments.length(total.counted)} counted "
                f"of {moments.length(total.required_minutes).removesuffix(' 00')}"
            )
    return lines
