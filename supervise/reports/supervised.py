"""One learner's supervision from all its meetings: the ratio, the records, guided time, the summary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from supervise.models import Actor, Attendance, Centre, Enrolment, Meeting, MeetingAction, Person
from supervise.models.meetings import SUPERVISION
from supervise.reports.hours import Hours, UnitHours
from supervise.reports.supervision import CAME, HELD, PRACTISED, Last, practised
from supervise.rules import guided, moments
from supervise.rules.supervision import LONG_UNITS, Finding, Met, Part, Run, parts, ratio

ON_RECORD = ("recorded", "signed")


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

    def _run(self, unit: UnitHours) -> Run:
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
    needed = {kind: (asked or 0) * 60 for kind, asked in hours.items()}
    return guided.totals(attended, needed, enrolment.started_on, enrolment.ends_on)
