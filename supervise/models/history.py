"""The history of people, enrolments and the centre, told in words from its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from supervise.events import Event
from supervise.models.centres import Centre
from supervise.models.people import ROLE_WORDS, Person
from supervise.rules.moments import short_date

Details = Mapping[str, Any]
Names = Mapping[int, str]


@dataclass(frozen=True)
class Line:
    """One thing that happened: when (UTC), who did it, and what, as the rest of a sentence."""

    at: datetime
    who: str
    words: str


def of_person(person: Person, centre: Centre, enrolment_ids: Iterable[int]) -> list[Line]:
    """What was done in a centre about a person and their enrolments, newest first. Two queries."""
    about = (Event.subject == "person") & (Event.subject_id == person.id)
    theirs = (Event.subject == "enrolment") & Event.subject_id.in_(list(enrolment_ids))
    return _told((Event.centre_id == centre.id) & (about | theirs))


def of_enrolment(enrolment_id: int, centre: Centre) -> list[Line]:
    """What was done to an enrolment, newest first. Two queries."""
    about = (Event.subject == "enrolment") & (Event.subject_id == enrolment_id)
    return _told((Event.centre_id == centre.id) & about)


def of_centre(centre: Centre) -> list[Line]:
    """What was changed of the centre itself, newest first. Two queries."""
    about = (Event.subject == "centre") & (Event.subject_id == centre.id)
    return _told((Event.centre_id == centre.id) & about)


def _told(condition: Any, newest: int = 50) -> list[Line]:
    events = list(Event.select().where(condition).order_by(Event.id.desc()).limit(newest))
    ids = {event.person_id for event in events} | {e.details.get("assigned") for e in events}
    rows = Person.select(Person.id, Person.name).where(Person.id.in_([i for i in ids if i]))
    names = {row.id: row.name for row in rows}
    return [
        Line(event.at, names.get(event.person_id, "The command line"), _words(event, names))
        for event in events
    ]


def _words(event: Event, names: Names) -> str:
    tell = WORDS.get(event.verb)
    words = tell(event.details, names) if tell else event.verb
    return f"{words}: {event.note}" if event.note else words


def _assigned(detail: Details, names: Names) -> str:
    who, role = names.get(detail["assigned"], "somebody"), ROLE_WORDS[detail["as_role"]]
    return f"{who} as {role}"


def _change(detail: Details) -> str:
    """What was, and what is: ``start 12 Jan 2026 → 19 Jan 2026; …``."""
    before, after = detail["before"], detail["after"]
    return "; ".join(
        f"{FIELDS.get(name, name)} {_value(before[name])} → {_value(after[name])}"
        for name in after
        if name in before and before[name] != after[name]
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if value in (None, ""):
        return "none"
    return _day(str(value))


def _day(text: str) -> str:
    """A date as kept, in words; any other text as it is."""
    try:
        return short_date(date.fromisoformat(text)) if text.count("-") == 2 else text
    except ValueError:
        return text


FIELDS = {
    "started_on": "start",
    "ends_on": "end",
    "from_on": "from",
    "to_on": "until",
    "min_credits": "least credits",
    "required": "required units",
    "zone": "time zone",
    "due_days": "days until due",
    "late_days": "days until late",
    "short_hours_count_in_long": "short-unit hours count in the long unit",
    "second_factor_required": "second factor required",
    "confirmation_required": "clients confirm before hours count",
    "feedback_floor": "fewest anonymous answers shown",
    "supervise_after_minutes": "minutes of practice until supervision is due",
    "supervise_after_weeks": "weeks until supervision is due",
}

WORDS: Mapping[str, Callable[[Details, Names], str]] = {
    "gave a role": lambda d, _: f"gave the role of {ROLE_WORDS[d['given']]}",
    "took a role away": lambda d, _: f"took away the role of {ROLE_WORDS[d['taken']]}",
    "invited": lambda _, __: "made an invitation link",
    "accepted": lambda d, _: (
        f"accepted the invitation as {' and '.join(ROLE_WORDS[role] for role in d['given'])}"
    ),
    "joined": lambda _, __: "used the link and chose a password",
    "disabled": lambda _, __: "disabled the account and ended its sessions",
    "reset the second factor": lambda _, __: "took the second factor off and ended its sessions",
    "enabled": lambda _, __: "enabled the account again",
    "enrolled": lambda d, _: (
        f"enrolled on {d['programme']} from {_day(d['started_on'])}, units {_value(d['units'])}"
    ),
    "added units to": lambda d, _: f"added units {_value(d['units'])} to {d['programme']}",
    "corrected": lambda d, _: f"corrected the enrolment: {_change(d)}",
    "assigned": lambda d, n: f"assigned {_assigned(d, n)} from {_day(d['from_on'])}",
    "ended an assignment": lambda d, n: f"ended {_assigned(d, n)} after {_day(d['to_on'])}",
    "took back an assignment": lambda d, n: (
        f"took back the mistaken assignment of {_assigned(d, n)}"
    ),
    "corrected an assignment": lambda d, n: f"corrected {_assigned(d, n)}: {_change(d)}",
    "founded": lambda _, __: "made the centre",
    "changed the centre": lambda d, _: f"changed {_change(d)}",
    "changed a rule of combination": lambda d, _: (
        f"changed the rule of {d['unit_set']}: {_change(d)}"
    ),
    "changed the feedback questions": lambda d, _: (
        f"changed the questions on the {d['about']}: {len(d['before'])} before, "
        f"{len(d['after'])} now"
    ),
    "took official wording": lambda d, _: (
        f"took official wording: {d['after']['held'] - d['before']['held']} new, "
        f"{d['after']['changed']} changed"
    ),
}
