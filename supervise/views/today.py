"""Today: what waits for the reader, by role, one part under the other."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response

from supervise import auth, reader, web
from supervise.reports import charts, confirmations, contracts, supervision, today
from supervise.reports.administering import administering
from supervise.reports.coming import coming
from supervise.rules import moments

bp = Blueprint("today", __name__)


@bp.get("/")
@auth.signed_in
def page() -> Response:
    """The parts of Today that the reader's roles have."""
    actor = auth.actor()
    supervising = today.supervising(actor) if actor.has("supervisor") else None
    learning, tutoring = None, None
    if actor.has("learner", "tutor"):
        learning, tutoring = today.learning_and_tutoring(actor)
    since = supervision.since_last(actor) if supervising else []
    sent_back, offered = contracts.unsettled(actor) if learning else ([], [])
    mine = coming(actor) if actor.has("learner", "supervisor", "tutor") else None
    things, oldest = today.waits_in_all(supervising, learning, mine)
    return web.show(
        "today/page.html",
        today_words=_day_and_month(reader.reader_today()),
        greeting=_greeting(reader.at(auth.now()).hour),
        things=things,
        oldest=oldest,
        supervising=supervising,
        ahead=[one for one in since if one.finding.nudges],
        since=since,
        learning=learning,
        nudges=supervision.nudges(learning.hours, actor) if learning else [],
        mine=mine,
        clients_say=confirmations.owed(actor) if learning else None,
        sent_back=sent_back,
        offered=offered,
        tutoring=tutoring,
        administering=administering(actor) if actor.has("admin") else None,
        bar=charts.bar,
    )


def _day_and_month(day: date) -> str:
    """The date as a heading: ``Thursday 8 October``."""
    return moments.long_date(day).rsplit(" ", 1)[0]


def _greeting(hour: int) -> str:
    if hour < 12:
        return "Good morning"
    return "Good afternoon" if hour < 18 else "Good evening"
