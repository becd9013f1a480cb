"""The page on which a diary entry is written: the form, and what stands beside it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from flask import Response, request
from wtforms.fields.choices import SelectChoice

from supervise import auth, web
from supervise.forms.clients import NAME_LIKE, showable
from supervise.forms.sessions import EntryForm, Reading, entry_form, goal_field, read, values_of
from supervise.models import Client, Enrolment, Goal, PracticeSession
from supervise.models.goals import worked_on_in
from supervise.reader import reader_today
from supervise.reports import diary
from supervise.reports.worked_on import goals_to_choose
from supervise.rules import moments


@dataclass
class Shown:
    """What the form page says besides the form itself.

    ``ask`` is the question whether to submit what was not changed since it was returned.
    """

    status: int = 200
    heading: str = ""
    found: dict[str, str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    version: int = 0
    ask: bool = False


def stored(session: PracticeSession, goals: Sequence[Goal]) -> dict[str, Any]:
    """A session as its form, which asks about these goals, shows it to its author."""
    clients = [engagement.client for engagement in session.engagements]
    worked_on = worked_on_in(session) if goals else {}
    steps = {goal.id: worked_on.get(goal.id) for goal in goals}
    return values_of(session, auth.actor().person.zone, session.private_text, clients, steps)


def form_page(
    enrolment: Enrolment, session: PracticeSession | None, reading: Reading | None, told: Shown
) -> Response:
    """The form: of a stored session, of what was just sent, or new with last time's defaults."""
    actor = auth.actor()
    practice = diary.practice(enrolment, actor.centre, actor.today)
    clients = diary.clients_of(actor)
    goals = goals_to_choose(actor, session) if reading is None else reading.goals
    form_class = entry_form(goals)
    if reading is not None:
        form = form_class()
        for one in form:
            if isinstance(one.data, str):
                one.data = showable(one.data)
    elif session is not None:
        chosen = diary.aliases(practice.judged.facts[session.id])
        form = form_class(
            formdata=None,
            data=values_of(
                session,
                actor.person.zone,
                session.private_text,
                [client for client in clients if client.alias in chosen],
                {goal.id: goal.step for goal in goals},
            ),
        )
        told.found = _unread(form, session) | told.found
    else:
        form = form_class(formdata=None, data=_defaults(practice, clients))
    form.unit.choices = _unit_choices(practice, session)
    names = [c.alias for c in clients if str(c.id) in (form.clients.data or [])]
    typed = " ".join((form.new_clients.data or "").split()).split(",")
    received = "typed" if reading else "stored"
    return web.show(
        "sessions/form.html",
        status=told.status,
        told=told,
        form=form,
        faults=form.faults(told.found),
        session=session,
        enrolment=enrolment,
        enrolments=[enrolment] if session else diary.enrolments(actor),
        practice=practice,
        clients=clients,
        goals=[(goal, form[goal_field(goal.id)]) for goal in goals],
        **beside(session, practice, names, form.unit.data or ""),
        draft_key=_draft_key(session),
        back=diary.given_back(session) if session else None,
        group=len({name.strip().casefold() for name in [*names, *typed]} - {""}),
        doubted=bool(form.sure.data) or told.found.get("new_clients") == NAME_LIKE,
        received=received if request.method == "POST" else "",
        date_fits=_fits(date.fromisoformat, form.date.data),
        start_fits=_fits(time.fromisoformat, form.start.data),
        repeated=_repeated(form, actor.person.zone),
    )


def beside(
    session: PracticeSession | None,
    practice: diary.Practice,
    names: Sequence[str] = (),
    unit: str = "",
) -> dict[str, Any]:
    """What stands beside the form: clients and unit so far, and the verdict once approved."""
    verdict = None
    if session is not None:
        names = names or diary.aliases(practice.judged.facts[session.id])
        unit = unit or session.unit or ""
        verdict = practice.judged.verdicts[session.id].if_approved()
    return {
        "so_far": [practice.with_client(name) for name in names[:3]],
        "unit_so_far": practice.totals.get(unit),
        "verdict": verdict,
    }


def _draft_key(session: PracticeSession | None) -> str:
    if session is not None:
        return session.draft_key or f"session-{session.id}"
    return request.form.get("draft_key") or secrets.token_urlsafe(16)


def _defaults(practice: diary.Practice, clients: list[Client]) -> dict[str, Any]:
    """Today, and kind, unit and mode of the last session.

    An only client is ticked; of several none, since one ticked too many makes a group unasked.
    """
    last = practice.last
    return {
        "date": reader_today().isoformat(),
        "clients": [str(clients[0].id)] if len(clients) == 1 else [],
        "kind": (last and last.kind) or "coaching",
        "mode": (last and last.mode) or "video",
        "unit": (last and last.unit) or "",
    }


def _unit_choices(practice: diary.Practice, session: PracticeSession | None) -> list[SelectChoice]:
    """The units that take hours, each with how far it is, and the choice to choose later."""
    choices = []
    for total in practice.units:
        need = total.required_minutes or 0
        so_far = (
            "met"
            if total.counted >= need
            else (f"{moments.length(total.counted)} of {need // 60} h")
        )
        choices.append(SelectChoice(total.unit, f"{total.unit}, {so_far}"))
    known = {choice.value for choice in choices}
    if session and session.unit and session.unit not in known:
        choices.append(SelectChoice(session.unit))
    return [*choices, SelectChoice("", "Choose later")]


def _unread(form: EntryForm, session: PracticeSession) -> dict[str, str]:
    """The sentences for what was typed into this draft and could not be read."""
    reading = read(form, clients=(), units=(), zone=auth.actor().person.zone, finished=False)
    return {name: text for name, text in reading.unread.items() if name in session.typed}


def _fits(reads: Callable[[str], object], typed: str | None) -> bool:
    """Whether the browser's own field can show this; else a text field shows it as typed."""
    try:
        return not typed or bool(str(reads(typed)))
    except ValueError:
        return False


def _repeated(form: EntryForm, zone: str) -> bool:
    """Whether the clock showed the time typed twice that day."""
    reading = read(form, clients=(), units=(), zone=zone, finished=False).entry
    return bool(
        reading.date and reading.start and moments.is_repeated(reading.date, reading.start, zone)
    )
