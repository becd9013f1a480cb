"""Practice against supervision: the last meeting of many learners, and one learner's whole record.

A meeting is held once it is marked so, and was attended by who came. Days are the centre's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import peewee

from supervise.models import Actor, Attendance, Centre, Enrolment, Meeting, MeetingAction, Person
from supervise.models.meetings import SUPERVISION
from supervise.reports.hours import Hours
from supervise.rules import guided, moments
from supervise.rules.supervision import (
    LONG_UNITS,
    Finding,
    Met,
    Part,
    Practised,
    Run,
    parts,
    ratio,
)

HELD = ("held", "recorded", "signed")
CAME = ("came", "signed")
ON_RECORD = ("recorded", "signed")
PRACTISED = ("approved", "submitted")
"""States of a session that was handed in and not given back."""


@dataclass(frozen=True, slots=True)
class Last:
    """When a learner last was in supervision, and when next: moments in UTC, None for never."""

    at: datetime | None = None
    next_at: datetime | None = None


NEVER = Last()


def last_of(enrolment_ids: Sequence[int], now: datetime) -> dict[int, Last]:
    """The last and the next meeting of each of these enrolments that has any. One query."""
    if not enrolment_ids:
        return {}
    table = latest(now).where(Attendance.enrolment.in_(enrolment_ids))
    return {id_: Last(as_moment(at), as_moment(soon)) for id_, at, soon in table.tuples()}


def latest(now: datetime) -> peewee.ModelSelect:
    """A row for each enrolment with a supervision meeting: ``enrolment_id``, ``last_at``, ``next_at``."""
    came = Meeting.state.in_(HELD) & Attendance.state.in_(CAME)
    comes = (Meeting.state == "booked") & (Attendance.state == "booked") & (Meeting.starts_at > now)
    return (
        Attendance.select(
            Attendance.enrolment,
            peewee.fn.MAX(peewee.Case(None, ((came, Meeting.starts_at),))).alias("last_at"),
            peewee.fn.MIN(peewee.Case(None, ((comes, Meeting.starts_at),))).alias("next_at"),
        )
        .join(Meeting)
        .where(Meeting.format.in_(SUPERVISION))
        .group_by(Attendance.enrolment)
    )


def as_moment(value: Any) -> datetime | None:
    """A moment that an aggregate brought, of which SQLite gives the text."""
    moment: datetime | None = Meeting.starts_at.python_value(value)
    return moment


def practised(hours: Hours, last: Last, centre: Centre) -> Practised:
    """What was practised in an enrolment since its last meeting, drafts and sessions given back left out.

    A session without a time of day is after a meeting from the next day on.
    """
    met = last.at
    since = [
        session
        for session in hours.in_state(*PRACTISED)
        if session.date and (met is None or _after(session.starts_at, session.date, met))
    ]
    return Practised(
        minutes=sum(session.minutes or 0 for session in since),
        first=min((session.date for session in since), default=None),
        last_met=day_of(met, centre),
        after_minutes=centre.supervise_after_minutes,
        after_weeks=centre.supervise_after_weeks,
        next_on=day_of(last.next_at, centre),
    )


def _after(starts_at: datetime | None, day: date, met: datetime) -> bool:
    return starts_at > met if starts_at else day > met.date()


def day_of(moment: datetime | None, centre: Centre) -> date | None:
    """The centre's day of a moment."""
    return moments.local(moment, centre.zone).date() if moment else None


# --- one learner's whole record --------------------------------------------------------------


@dataclass(frozen=True)
class Supervised:
    """One enrolment's supervision and guided time, from all its meetings; the oldest first."""

    places: Sequence[Attendance]
    """Each with its meeting and that meeting's host."""
    actions: Mapping[int, Sequence[MeetingAction]]
    hours: Hours
    centre: Centre
    now: datetime

    @property
    def today(self) -> date:
        """The date at the centre."""
        return moments.local(self.now, self.centre.zone).date()

    @cached_property
    def last(self) -> Last:
        """The last meeting held and the next one booked."""
        met = [p.meeting.starts_at for p in self._supervision if _came(p)]
        comes = [
            p.meeting.starts_at
            for p in self._supervision
            if p.state == p.meeting.state == "booked" and p.meeting.starts_at > self.now
        ]
        return Last(max(met, default=None), min(comes, default=None))

    @cached_property
    def ratio(self) -> Finding:
        """Whether a meeting is due by what was practised."""
        return ratio(practised(self.hours, self.last, self.centre), self.today)

    @cached_property
    def parts(self) -> list[tuple[str, Sequence[Part]]]:
        """For each long unit of the enrolment, its records at the start, during and at the end."""
        met = [
            Met(
                moments.local(p.meeting.starts_at, self.centre.zone).date(),
                p.meeting.state in ON_RECORD,
                bool(p.goals),
            )
            for p in self._supervision
            if _came(p)
        ]
        units = [unit for unit in self.hours.units if unit.unit.code in LONG_UNITS]
        return [(one.unit.code, parts(self._run(one), met, self.today)) for one in units]

    @cached_property
    def guided(self) -> list[guided.GuidedTotal]:
        """Tutorials and induction against what the programme asks."""
        return guided_of(self.hours.enrolment, self.places, self.centre)

    @property
    def held(self) -> list[Attendance]:
        """The meetings to which the learner came, the oldest first: what the summary lists."""
        return [place for place in self.places if _came(place)]

    @property
    def minutes(self) -> int:
        """How long those of supervision lasted together."""
        return sum(
            p.meeting.held_minutes or 0 for p in self.held if p.meeting.format in SUPERVISION
        )

    @property
    def signed(self) -> int:
        """How many of them the learner has signed."""
        return sum(place.state == "signed" for place in self.held)

    @property
    def _supervision(self) -> list[Attendance]:
        return [place for place in self.places if place.meeting.format in SUPERVISION]

    def _run(self, unit: Any) -> Run:
        days = [
            session.date
            for session in self.hours.in_state(*PRACTISED)
            if session.date and session.unit == unit.unit.code
        ]
        return Run(
            unit.unit.code,
            min(days, default=None),
            max(days, default=None),
            unit.total.counted,
            unit.needed,
        )


def _came(place: Attendance) -> bool:
    return place.state in CAME and place.meeting.state in HELD


def places_of(enrolment_ids: Sequence[int]) -> dict[int, list[Attendance]]:
    """Every place of these enrolments that stands, with meeting and host, by time. One query."""
    found: defaultdict[int, list[Attendance]] = defaultdict(list)
    query = (
        Attendance.select(Attendance, Meeting, Person)
        .join(Meeting)
        .join(Person, on=Meeting.host)
        .where(
            Attendance.enrolment.in_(enrolment_ids)
            & Attendance.state.in_(("booked", "missed", *CAME))
            & Meeting.state.in_(("booked", "missed", *HELD))
        )
        .order_by(Meeting.starts_at, Attendance.id)
    )
    for place in query if enrolment_ids else ():
        found[place.enrolment_id].append(place)
    return found


def actions_of(places: Iterable[Attendance]) -> dict[int, list[MeetingAction]]:
    """What was agreed in these places, by place, in its order. One query, none for none."""
    mine = list(places)
    found: defaultdict[int, list[MeetingAction]] = defaultdict(list)
    for action in MeetingAction.of(mine) if mine else ():
        found[action.attendance_id].append(action)
    return found


def supervised(
    files: Iterable[Hours], places: Mapping[int, list[Attendance]], actor: Actor
) -> dict[int, Supervised]:
    """What stands of the supervision of these enrolments, by their id. One query."""
    actions = actions_of(place for mine in places.values() for place in mine if _came(place))
    return {
        one.enrolment.id: Supervised(
            places.get(one.enrolment.id, []), actions, one, actor.centre, actor.now
        )
        for one in files
    }


def guided_of(
    enrolment: Enrolment, places: Iterable[Attendance], centre: Centre
) -> list[guided.GuidedTotal]:
    """Guided time of an enrolment against its programme; none where it asks for none. No query."""
    programme = enrolment.book.programme(enrolment.programme)
    hours = {
        "tutorial": getattr(programme, "tutorial_hours", None),
        "induction": getattr(programme, "induction_hours", None),
    }
    attended = [
        guided.Attended(
            id=place.meeting.id,
            kind=place.meeting.format,
            on=moments.local(place.meeting.starts_at, centre.zone).date(),
            meeting=place.meeting.state,
            place=place.state,
            planned=place.meeting.minutes,
            held=place.meeting.held_minutes,
        )
        for place in places
        if place.meeting.format in guided.KINDS
    ]
    return guided.totals(attended, {kind: (asked or 0) * 60 for kind, asked in hours.items()})
