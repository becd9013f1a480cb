"""What templates know of the reader: the nouns of their roles, their zone, and how things are said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask import Flask, g
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from supervise import auth
from supervise.kept import in_words
from supervise.models import Actor, Centre, Meeting, PracticeSession
from supervise.rules import ageing, moments
from supervise.rules.conditions import says
from supervise.rules.facts import ConfirmationFacts

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def init_app(app: Flask) -> None:
    """Give every template the reader and the filters."""
    app.context_processor(_everywhere)
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.finalize = printable


def printable(value: Any) -> Any:
    """What a template prints, with a mark for each control character: no page of HTML may hold one."""
    if isinstance(value, str) and _UNPRINTABLE.search(value):
        return type(value)(_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value))
    return value


def reader_zone() -> str:
    """The zone in which times are shown to whoever reads; looked up once a request."""
    if "zone" not in g:
        known = current_user.is_authenticated
        g.zone = str(current_user.person.zone) if known else "Europe/London"
    return str(g.zone)


def _everywhere() -> dict[str, Any]:
    """Values that every template has: the reader, the nouns of their roles, the moment."""
    if not current_user.is_authenticated:
        return {"actor": None, "nouns": [], "csrf_value": generate_csrf}
    actor = auth.actor()
    return {
        "actor": actor,
        "nouns": nouns(actor),
        "csrf_value": generate_csrf,
        "today": reader_today(),
    }


def reader_today() -> date:
    """Today's date where the reader is."""
    return moments.local(auth.now(), reader_zone()).date()


def nouns(actor: Actor) -> Iterable[tuple[str, str, int]]:
    """The nouns in the top bar by role: endpoint, word, how much waits there."""
    if actor.has("supervisor"):
        waiting = PracticeSession.waiting_for(actor).count()
        yield "approvals.page", "Approvals", waiting
    if actor.has("learner"):
        yield "sessions.page", "Diary", 0
        yield "clients.page", "Clients", 0
        yield "confirmations.page", "Confirmations", 0
        yield "feedback.page", "Feedback", 0
    if actor.has("learner", "supervisor", "tutor"):
        yield "calendar.page", "Calendar", 0
        yield "supervision.page", "Supervision", 0
    if actor.has("supervisor", "tutor", "assessor", "iqa", "admin"):
        yield "learners.page", "Learners", 0
    if actor.has("admin"):
        yield "people.page", "People", 0
        yield "centre.page", "Centre", 0
    yield "catalogue.page", "Catalogue", 0


def age(since: datetime) -> ageing.Age:
    """How long something has waited, by the limits of the centre."""
    centre = auth.actor().centre
    return ageing.age(since, auth.now(), reader_zone(), centre.due_days, centre.late_days)


def ran_out(said: ConfirmationFacts) -> bool:
    """Whether the link by which a client was asked works no more, and they have not answered."""
    return said.expires_at is not None and said.expires_at <= auth.now()


def at(moment: datetime) -> datetime:
    """A moment on the reader's clock."""
    return moments.local(moment, reader_zone())


def centre_day(moment: datetime, centre: Centre | None = None) -> date:
    """The date at the centre of a moment, as every page, mail and verdict says the last day of a link.

    Whoever has no account has no clock of their own here: their page names the ``centre``.
    """
    return moments.local(moment, (centre or auth.actor().centre).zone).date()


def held(session: Any) -> date | None:
    """The reader's date of a session: of its start where one is kept, so that it fits the time.

    The rule of hours asks for the date the learner gave, whoever reads.
    """
    return at(session.starts_at).date() if session.starts_at else session.date


def day_and_time(moment: datetime) -> str:
    """A moment as the reader's day and time: ``Thu 8 Oct, 14:00``; the year when it is not this one."""
    here = at(moment)
    other_year = here.year != reader_today().year
    return f"{moments.day(here.date(), year=other_year)}, {moments.clock(here)}"


def elsewhere(moment: datetime, zone: str) -> str:
    """What another clock than the reader's shows then: ``10:15 in London``; nothing where the same."""
    return moments.elsewhere(moment, zone, reader_zone())


def engaged(other: Meeting | None) -> str:
    """What the reader has then, for them alone; of a meeting in another centre only the hours."""
    if other is None:
        return "You have another meeting then."
    what = f": {other.word}," if other.centre_id == auth.actor().centre.id else ","
    hours = f"{moments.clock(at(other.starts_at))} to {moments.clock(at(other.ends_at))}"
    return f"You have another meeting then{what} {hours}."


FILTERS = {
    "length": moments.length,
    "day": moments.day,
    "short_date": moments.short_date,
    "long_date": moments.long_date,
    "clock": moments.clock,
    "at": at,
    "centre_day": centre_day,
    "held": held,
    "in_words": in_words,
    "day_and_time": day_and_time,
    "on_the_clock": moments.on_the_clock,
    "elsewhere": elsewhere,
    "engaged": engaged,
    "place": moments.place,
    "age": age,
    "says": says,
    "ran_out": ran_out,
}
