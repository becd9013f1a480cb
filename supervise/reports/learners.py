"""A learner's file: hours, what waits, how they stand. Figures only, nothing anybody wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from supervise.models import (
    Actor,
    Assignment,
    Attendance,
    Enrolment,
    Person,
    PracticeSession,
)
from supervise.reports import charts
from supervise.reports.hours import Hours, hours_of_all
from supervise.reports.standing import BACK, of_hours
from supervise.reports.supervised import Supervised, places_of, supervised
from supervise.reports.supervision import NEVER, Last, last_of
from supervise.rules import moments
from supervise.rules.standing import Standing


@dataclass(frozen=True)
class Waiting:
    """Sessions of one learner that wait for somebody: how many, how long, since when."""

    what: str
    whom: str
    sessions: int
    minutes: int
    since: datetime
    mine: bool
    """Whether the reader is the one they wait for."""

    @property
    def label(self) -> str:
        """``3 sessions to approve, 3 h 45``."""
        noun = "1 session" if self.sessions == 1 else f"{self.sessions} sessions"
        return f"{noun} {self.what}, {moments.length(self.minutes)}"


@dataclass(frozen=True)
class Record:
    """One enrolment in a learner's file: its hours and who looks after it today."""

    hours: Hours
    assigned: Sequence[Assignment]
    """Who looks after it today."""
    standing: Sequence[Standing]
    """What there is to say of it, the gravest first."""
    supervised: Supervised | None = None
    """Its supervision and guided time, in the file of one learner."""

    @property
    def enrolment(self) -> Enrolment:
        """The enrolment itself."""
        return self.hours.enrolment

    def of_role(self, role: str) -> list[Assignment]:
        """Who holds a role today."""
        return [assignment for assignment in self.assigned if assignment.role == role]

    def read_by(self, actor: Actor) -> bool:
        """Whether the actor may open its sessions: the learner, and whoever is assigned today."""
        return actor.is_(self.enrolment.learner_id) or any(
            actor.is_(assignment.person_id) for assignment in self.assigned
        )

    def warnings(self, today: date) -> list[str]:
        """Catalogue entries past their date, in sentences: the programme, then its units by date."""
        programme = self.enrolment.book.programme(self.enrolment.programme)
        closed = programme.expired(self.enrolment.started_on)
        by_date: defaultdict[date, list[str]] = defaultdict(list)
        for code in self.hours.codes:
            unit = self.enrolment.book.unit(code)
            if unit.review_date and unit.expired(today):
                by_date[unit.review_date].append(code)
        reviews = [
            f"{', '.join(codes)} {'was' if len(codes) == 1 else 'were'} due for review by "
            f"{moments.short_date(due)}: check with {programme.awarding_body} that "
            f"{'it is' if len(codes) == 1 else 'they are'} still open."
            for due, codes in sorted(by_date.items())
        ]
        return [closed, *reviews] if closed else reviews

    def waiting(self, actor: Actor) -> list[Waiting]:
        """What waits for whom, the oldest first."""
        found = []
        bosses = self.of_role("supervisor")
        submitted = self.hours.in_state("submitted")
        if submitted:
            found.append(
                Waiting(
                    "to approve",
                    " or ".join(boss.person.name for boss in bosses) or "nobody: no supervisor",
                    *_sum(submitted),
                    min(session.submitted_at for session in submitted),
                    any(actor.is_(boss.person_id) for boss in bosses),
                )
            )
        back = self.hours.in_state(*BACK)
        if back:
            found.append(
                Waiting(
                    "to correct",
                    self.enrolment.learner.name,
                    *_sum(back),
                    min(session.decided_at or session.changed_at for session in back),
                    actor.is_(self.enrolment.learner_id),
                )
            )
        return sorted(found, key=lambda waits: waits.since)


@dataclass(frozen=True)
class Learner:
    """One learner and their enrolments as far as the reader sees them."""

    person: Person
    records: Sequence[Record]
    today: date

    @cached_property
    def spark(self) -> charts.Spark:
        """Minutes practised in each of the last twelve weeks, drafts left out."""
        return charts.spark(
            (
                (session.date, session.minutes or 0)
                for record in self.records
                for session in record.hours.sessions
                if session.date and session.state != "draft"
            ),
            self.today,
        )

    @cached_property
    def findings(self) -> list[Standing]:
        """What there is to say of all the enrolments, the gravest first."""
        found = (finding for record in self.records for finding in record.standing)
        return sorted(found, key=lambda one: one.risk)

    @property
    def standing(self) -> Standing:
        """The gravest of them."""
        return self.findings[0]

    @property
    def last_session(self) -> date | None:
        """The day of the last session practised."""
        days = [r.hours.last_session.date for r in self.records if r.hours.last_session]
        return max(days, default=None)

    @property
    def oldest(self) -> PracticeSession | None:
        """The session that waits longest for approval."""
        waiting = [s for record in self.records for s in record.hours.in_state("submitted")]
        return min(waiting, key=lambda session: session.submitted_at, default=None)

    @property
    def given_back(self) -> list[PracticeSession]:
        """What the learner has to correct, the longest wait first."""
        back = [s for record in self.records for s in record.hours.in_state(*BACK)]
        return sorted(back, key=lambda session: session.decided_at or session.changed_at)

    @property
    def supervisors(self) -> list[str]:
        """Names of the supervisors of today."""
        return list(
            dict.fromkeys(a.person.name for r in self.records for a in r.of_role("supervisor"))
        )


def learner_of(actor: Actor, person_id: int) -> Learner | None:
    """The file of one learner, or None where the actor may see nothing of it. Eight queries."""
    enrolments = enrolments_of(actor, [person_id])
    places = places_of([enrolment.id for enrolment in enrolments])
    found = learners_from(enrolments, actor, places=places)
    return found[0] if found else None


def enrolments_of(actor: Actor, learner_ids: list[int]) -> list[Enrolment]:
    """The enrolments of these learners that the actor sees, with the learners, the first begun first."""
    query = Enrolment.visible_to(actor).select_extend(Person).join(Person)
    mine = query.where(Enrolment.learner.in_(learner_ids))
    return list(mine.order_by(Enrolment.started_on, Enrolment.id))


def learners_from(
    enrolments: list[Enrolment],
    actor: Actor,
    met: Mapping[int, Last] | None = None,
    places: Mapping[int, list[Attendance]] | None = None,
) -> list[Learner]:
    """The learners of these enrolments with everything their rows show. Six queries.

    ``met`` saves one where the caller knows when each enrolment last was in supervision. With
    ``places``, all its meetings, there is the whole record of supervision as well.
    """
    assigned: defaultdict[int, list[Assignment]] = defaultdict(list)
    rows = (
        Assignment.select(Assignment, Person)
        .join(Person)
        .where(Assignment.enrolment.in_([e.id for e in enrolments]))
        .order_by(Assignment.from_on, Person.name)
    )
    for row in rows if enrolments else ():
        assigned[row.enrolment_id].append(row)
    spans = {
        enrolment_id: [(a.from_on, a.to_on) for a in held if a.role == "supervisor"]
        for enrolment_id, held in assigned.items()
    }
    hours = hours_of_all(enrolments, actor.centre, drafts=actor.person.id, spans=spans)
    files = supervised(hours.values(), places, actor) if places is not None else {}
    if files:
        met = {id_: one.last for id_, one in files.items()}
    elif met is None:
        met = last_of([e.id for e in enrolments], actor)
    by_person: dict[int, list[Enrolment]] = {}
    for enrolment in enrolments:
        by_person.setdefault(enrolment.learner_id, []).append(enrolment)
    return [
        Learner(
            mine[0].learner,
            [
                Record(
                    hours[e.id],
                    [a for a in assigned[e.id] if _covers(a, actor.today)],
                    of_hours(hours[e.id], actor.centre, actor.today, met.get(e.id, NEVER)),
                    files.get(e.id),
                )
                for e in mine
            ],
            actor.today,
        )
        for mine in by_person.values()
    ]


def _sum(sessions: Sequence[PracticeSession]) -> tuple[int, int]:
    return len(sessions), sum(session.minutes or 0 for session in sessions)


def _covers(assignment: Assignment, day: date) -> bool:
    return bool(assignment.from_on <= day and (assignment.to_on is None or assignment.to_on >= day))
