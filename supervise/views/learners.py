"""Learners: the cohort as a table, one learner's hours, and all sessions with their verdicts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for

from supervise import auth, catalogue, reader, web
from supervise.reports import charts, cohort, learners
from supervise.reports.cohort import SORTS, Wanted
from supervise.reports.diary import STATE_WORDS
from supervise.reports.learners import Learner
from supervise.rules.standing import WORDS

bp = Blueprint("learners", __name__)
STAFF = ("supervisor", "tutor", "assessor", "iqa", "admin")
LARGEST = 2_147_483_647
"""The largest id a database can hold; PostgreSQL refuses to compare with a larger one."""


@bp.get("/learners")
@auth.allow(*STAFF)
def page() -> Any:
    """The learners the reader may see, 25 to a page."""
    actor, wanted = auth.actor(), _wanted()
    rows, total = cohort.cohort(actor, wanted, web.PER_PAGE)
    if not rows and wanted.page > 1:  # the list has become shorter
        return redirect(url_for("learners.page", **wanted.but(page=1)))
    return web.show(
        "learners/page.html",
        "learners/_list.html",
        wanted=wanted,
        sorts=SORTS,
        standings=WORDS,
        programmes=[(each.code, each.title) for each in catalogue.load().programmes],
        supervisors=cohort.supervisors_of(actor),
        listed=web.Page(rows, wanted.page, total),
        bar=charts.bar,
    )


@bp.get(f"/learners/<int(max={LARGEST}):person_id>")
@auth.signed_in
def record(person_id: int) -> Response:
    """One learner's file: who looks after them, and their hours with what waits."""
    learner = _load(person_id)
    actor, today = auth.actor(), reader.reader_today()
    return web.show(
        "learners/record.html",
        learner=learner,
        own=actor.is_(person_id),
        reads_feedback=any(r.read_by(actor) for r in learner.records),
        waiting=[waits for r in learner.records for waits in r.waiting(actor)],
        figures={r.enrolment.id: charts.hours_chart(r.hours, today) for r in learner.records},
        bar=charts.bar,
    )


@bp.get(f"/learners/<int(max={LARGEST}):person_id>/sessions")
@auth.signed_in
def sessions(person_id: int) -> Response:
    """All sessions of a learner with their verdicts, newest first; links where the reader may read."""
    learner, actor = _load(person_id), auth.actor()
    rows = [(r, session) for r in learner.records for session in r.hours.sessions]
    rows.sort(key=lambda row: (row[1].date is None, row[1].date or actor.today), reverse=True)
    reads = {r.enrolment.id: r.read_by(actor) for r in learner.records}
    return web.show(
        "learners/sessions.html",
        learner=learner,
        own=actor.is_(person_id),
        listed=web.Page.of_list(rows),
        reads=reads,
        states=STATE_WORDS,
    )


def _load(person_id: int) -> Learner:
    return learners.learner_of(auth.actor(), person_id) or abort(404)


def _wanted() -> Wanted:
    """What the address asks for; what makes no sense there is passed over."""
    asked = request.args
    boss = asked.get("supervisor", "")
    known = boss == "none" or web.number(boss) is not None
    sort, stands = asked.get("sort", ""), asked.get("standing", "")
    return Wanted(
        name=asked.get("name", "").replace("\0", "")[:100].strip(),
        programme=asked.get("programme", "").replace("\0", "")[:40],
        supervisor=boss if known else "",
        standing=stands if stands in WORDS else "",
        sort=sort if sort in SORTS else "risk",
        page=min(max(1, web.number(asked.get("page")) or 1), 100_000),
    )
