"""What the history says of enrolments, assignments and a centre's policy, beside what they are now.

They decide which hours count, and nobody signs them: their history, which hangs in the centre's
chain, stands for the signature. It is played again from its first line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import peewee

from supervise.events import Event
from supervise.models import Assignment, Centre, Enrolment, EnrolmentUnit
from supervise.signing import BATCH, Misfit

POLICY = (
    "zone",
    "due_days",
    "late_days",
    "short_hours_count_in_long",
    "second_factor_required",
    "confirmation_required",
    "feedback_floor",
)
Values = dict[str, Any]


@dataclass
class Told:
    """An enrolment as values that can be laid beside each other, days as in ISO 8601."""

    itself: Values = field(default_factory=dict)
    assignments: dict[int, Values] = field(default_factory=dict)


def misfits(centre: Centre) -> Iterator[Misfit]:
    """Whatever was changed without a line of history, in sentences; nothing where all fits."""
    yield from _policy(centre)
    rows = Enrolment.select(Enrolment.id).where(Enrolment.centre == centre).order_by(Enrolment.id)
    here = [id_ for (id_,) in rows.tuples()]
    for ids in peewee.chunked(here, BATCH):
        told, found = _told(centre, ids), _found(ids)
        for id_ in ids:
            yield from _enrolment(id_, told.get(id_, Told()), found[id_])
    gone = Event.select(Event.subject_id, Event.seq).where(
        (Event.centre_id == centre.id)
        & (Event.subject == "enrolment")
        & Event.subject_id.not_in(Enrolment.select(Enrolment.id).where(Enrolment.centre == centre))
    )
    for event in gone.order_by(Event.seq).limit(1):
        yield Misfit(
            f"enrolment {event.subject_id} is gone: history entry {event.seq} tells of it."
        )


def _policy(centre: Centre) -> Iterator[Misfit]:
    """A value that no event tells of is as every centre begins."""
    told = {name: getattr(Centre, name).default for name in POLICY}
    query = Event.select().where(
        (Event.centre_id == centre.id)
        & (Event.subject == "centre")
        & (Event.verb == "changed the centre")
    )
    for event in query.order_by(Event.seq):
        told |= {name: value for name, value in event.details["after"].items() if name in POLICY}
    yield from _differences("the centre", {name: getattr(centre, name) for name in POLICY}, told)


def _enrolment(id_: int, told: Told, found: Told) -> Iterator[Misfit]:
    if not told.itself:
        yield Misfit(f"enrolment {id_} is not in the history.")
        return
    yield from _differences(f"enrolment {id_}", found.itself, told.itself)
    for key in sorted(told.assignments.keys() | found.assignments.keys()):
        name = f"assignment {key} of enrolment {id_}"
        if key not in found.assignments:
            yield Misfit(f"{name} is gone, though the history has it.")
        elif key not in told.assignments:
            yield Misfit(f"{name} is not in the history.")
        else:
            yield from _differences(name, found.assignments[key], told.assignments[key])


def _differences(name: str, found: Values, told: Values) -> Iterator[Misfit]:
    """``enrolment 4: starts 2026-01-01, history says 2026-01-12.``"""
    for word, value in found.items():
        if value != told.get(word):
            yield Misfit(f"{name}: {word} {_said(value)}, history says {_said(told.get(word))}.")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)


# --- as the history has it ---------------------------------------------------------------


def _told(centre: Centre, ids: Iterable[int]) -> dict[int, Told]:
    """Every enrolment's history, played from its first line. One query."""
    told: defaultdict[int, Told] = defaultdict(Told)
    query = Event.select().where(
        (Event.centre_id == centre.id)
        & (Event.subject == "enrolment")
        & Event.subject_id.in_(list(ids))
    )
    for event in query.order_by(Event.seq):
        _play(told[event.subject_id], event.verb, event.details)
    return told


def _play(told: Told, verb: str, detail: Values) -> None:
    if verb == "enrolled":
        told.itself = {
            "programme": detail["programme"],
            "starts": detail["started_on"],
            "ends": detail["ends_on"],
            "units": _units(detail["units"]),
        }
    elif verb == "added units to":
        told.itself["units"] = _units([*told.itself["units"].split(), *detail["units"]])
    elif verb == "corrected":
        names = {"started_on": "starts", "ends_on": "ends", "units": "units"}
        after = {names[key]: new for key, new in detail["after"].items() if key in names}
        if "units" in after:
            after["units"] = _units(after["units"])
        told.itself |= after
    elif verb == "assigned":
        told.assignments[detail["assignment"]] = {
            "person": detail["assigned"],
            "role": detail["as_role"],
            "from": detail["from_on"],
            "until": None,
        }
    elif verb == "took back an assignment":
        del told.assignments[detail["assignment"]]
    elif verb == "ended an assignment":
        told.assignments[detail["assignment"]]["until"] = detail["to_on"]
    elif verb == "corrected an assignment":
        after = detail["after"]
        days = {"from": after["from_on"], "until": after["to_on"]}
        told.assignments[detail["assignment"]] |= days


# --- as it is ----------------------------------------------------------------------------


def _found(ids: Iterable[int]) -> defaultdict[int, Told]:
    """The same of the live rows. Three queries."""
    ids, found = list(ids), defaultdict[int, Told](Told)
    units = defaultdict[int, list[str]](list)
    for row in EnrolmentUnit.select().where(EnrolmentUnit.enrolment.in_(ids)):
        units[row.enrolment_id].append(row.unit)
    for enrolment in Enrolment.select().where(Enrolment.id.in_(ids)):
        found[enrolment.id].itself = {
            "programme": enrolment.programme,
            "starts": _day(enrolment.started_on),
            "ends": _day(enrolment.ends_on),
            "units": _units(units[enrolment.id]),
        }
    for row in Assignment.select().where(Assignment.enrolment.in_(ids)):
        found[row.enrolment_id].assignments[row.id] = {
            "person": row.person_id,
            "role": row.role,
            "from": _day(row.from_on),
            "until": _day(row.to_on),
        }
    return found


def _units(codes: Iterable[str]) -> str:
    return " ".join(sorted(codes))


def _day(day: Any) -> str | None:
    return None if day is None else str(day)
