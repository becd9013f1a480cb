"""``supervise progress``: one learner's hours, unit by unit, with the verdict on every session."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from supervise.cli import DataFault, instance_option, opened
from supervise.models import Centre, Enrolment, Person, PracticeSession
from supervise.reports.hours import Hours, hours_of_all
from supervise.reports.supervised import guided_of, places_of
from supervise.rules import moments
from supervise.rules.verdicts import Verdict


@click.command("progress")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON; lengths are minutes.")
@instance_option
@click.pass_context
def command(context: click.Context, email: str, as_json: bool) -> None:
    """Print the hours of the learner with this EMAIL: counted, waiting and needed in each unit.

    Every session stands with its verdict and the reasons for it.
    """
    with opened(context):
        person = Person.with_email(email)
        if person is None:
            raise DataFault(f"Nobody has the e-mail address {email}. Check its spelling.")
        told = progress(person)
    click.echo(
        json.dumps(told, indent=1, ensure_ascii=False) if as_json else _as_text(told, person)
    )


def progress(person: Person) -> dict[str, Any]:
    """The learner's units that ask for practice, their totals in minutes, and every session.

    ``waiting_minutes`` are all that do not count yet; ``unfinished_minutes`` are those of them in
    drafts, and in sessions returned or reopened. ``unallocated`` holds the sessions in no unit, or
    in a unit that asks for none: they are in no total. ``guided`` is the programme's time in
    tutorials and induction, with each meeting. Dates are ISO, times HH:MM on the learner's clock.
    """
    enrolments: dict[int, list[Enrolment]] = {}
    query = Enrolment.select().where(Enrolment.learner == person)
    for enrolment in query.order_by(Enrolment.started_on, Enrolment.id):
        enrolments.setdefault(enrolment.centre_id, []).append(enrolment)
    files: list[Hours] = []
    for centre in Centre.select().where(Centre.id.in_(list(enrolments))).order_by(Centre.id):
        files += hours_of_all(enrolments[centre.id], centre).values()
    return {
        "learner": person.email,
        "units": [
            {
                "code": unit.unit.code,
                "required_minutes": unit.needed,
                "counted_minutes": unit.total.counted,
                "waiting_minutes": unit.total.waiting,
                "unfinished_minutes": unit.total.unfinished,
                "never_minutes": unit.total.never,
                "sessions": [
                    _session(session, hours.verdicts[session.id], person.zone)
                    for session in _by_date(hours.sessions)
                    if session.unit == unit.unit.code
                ],
            }
            for hours in files
            for unit in hours.units
        ],
        "unallocated": [
            {
                **_session(session, hours.verdicts[session.id], person.zone),
                "unit": session.unit,
            }
            for hours in files
            for session in _by_date(hours.elsewhere)
        ],
        "guided": _guided(files),
    }


def _guided(files: list[Hours]) -> list[dict[str, Any]]:
    places = places_of([hours.enrolment.id for hours in files])
    return [
        {
            "programme": hours.enrolment.programme,
            "kind": total.kind,
            "required_minutes": total.needed,
            "counted_minutes": total.counted,
            "waiting_minutes": total.waiting,
            "sentence": f"{total.sentence}.",
            "meetings": [
                {
                    "id": one.of.id,
                    "date": one.of.on.isoformat(),
                    "minutes": one.minutes,
                    "verdict": one.answer,
                    "reason": _sentence(one.reason),
                }
                for one in total.verdicts
            ],
        }
        for hours in files
        for total in guided_of(
            hours.enrolment, places.get(hours.enrolment.id, ()), hours.enrolment.centre
        )
    ]


def _by_date(sessions: Iterable[PracticeSession]) -> list[PracticeSession]:
    """The oldest first; those without a date after them."""
    return list(reversed(list(sessions)))


def _session(session: PracticeSession, verdict: Verdict, zone: str) -> dict[str, Any]:
    start = moments.local(session.starts_at, zone) if session.starts_at else None
    good = [reason for reason in verdict.reasons if reason.level == "good"]
    return {
        "id": session.id,
        "date": session.date.isoformat() if session.date else None,
        "start": moments.clock(start) if start else None,
        "minutes": session.minutes,
        "kind": session.kind,
        "state": session.state,
        "verdict": verdict.answer,
        "reasons": [_sentence(reason.text) for reason in (*verdict.obstacles, *good)],
    }


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _as_text(told: dict[str, Any], person: Person) -> str:
    """The same for reading: a line for each unit, and under it one for each session."""
    lines = [f"{person.name} <{person.email}>"]
    for unit in told["units"]:
        unfinished = unit["unfinished_minutes"]
        parts = {
            "waiting": unit["waiting_minutes"] - unfinished,
            "in drafts or returned": unfinished,
            "never": unit["never_minutes"],
        }
        said = [f"{moments.length(minutes)} {words}" for words, minutes in parts.items() if minutes]
        sums = ", ".join([f"{moments.length(unit['counted_minutes'])} counted", *said])
        needed = moments.length(unit["required_minutes"])
        lines += ["", f"{unit['code']}: {sums}; {needed} needed"]
        lines += [_line(session) for session in unit["sessions"]]
    if told["unallocated"]:
        lines += ["", "In no unit that asks for practice:"]
        lines += [_line(session) for session in told["unallocated"]]
    if told["guided"]:
        lines += ["", "Guided time:"]
        lines += [
            f"  {total['kind'].capitalize()}: {total['sentence']}" for total in told["guided"]
        ]
    if len(lines) == 1:
        lines.append("No unit that asks for practice, and no session.")
    return "\n".join(lines)


def _line(session: dict[str, Any]) -> str:
    length = "" if session["minutes"] is None else moments.length(session["minutes"])
    why = "" if session["verdict"] == "counts" else f": {session['reasons'][0]}"
    return (
        f"  {session['date'] or 'no date':<10}  {session['start'] or '':<5}  {length:>6}  "
        f"{session['kind'] or '':<9}  {session['state']:<9}  {session['verdict']}{why}"
    )
