"""Today: what waits for the reader, by role. Staff roles are answered by sums in the database.

Each part costs a fixed number of queries, so the page is as quick in a centre of thousands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee

from supervise.models import (
    Actor,
    Assignment,
    Enrolment,
    Person,
    PracticeSession,
    reopening,
)
from supervise.reports import standing
from supervise.reports.coming import Coming
from supervise.reports.hours import Hours, hours_of_all
from supervise.reports.supervision import Last
from supervise.rules.standing import Standing
from supervise.signing import SignOff

SHOWN = 8
"""Lines shown of a list whose whole stands elsewhere."""

# --- supervisor --------------------------------------------------------------------------


@dataclass(frozen=True)
class Coach:
    """What waits from one learner: sessions, their whole minutes, and since when."""

    person_id: int
    name: str
    sessions: int
    minutes: int
    oldest: datetime


@dataclass(frozen=True)
class Correction:
    """A session a supervisor gave back, which the learner has not submitted again."""

    session: PracticeSession
    name: str
    since: datetime


@dataclass(frozen=True)
class Supervising:
    """What waits for a supervisor, the longest wait first, and what they wait for."""

    coaches: Sequence[Coach]
    corrections: Sequence[Correction]
    corrections_in_all: int
    requests: Sequence[Any] = ()
    """Approved sessions that their coaches ask to have reopened, each with ``asked_at``."""
    disputed: Sequence[Any] = ()
    """Approved sessions that a client disputes."""

    @property
    def sessions(self) -> int:
        """How many sessions wait for a decision."""
        return sum(coach.sessions for coach in self.coaches)

    @property
    def oldest(self) -> datetime | None:
        """Since when the longest of them has waited."""
        return min((coach.oldest for coach in self.coaches), default=None)


def supervising(actor: Actor) -> Supervising:
    """A supervisor's Today. Three queries."""
    session = PracticeSession
    oldest = peewee.fn.MIN(session.submitted_at)
    groups = (
        session.waiting_for(actor)
        .select(
            session.learner, Person.name, peewee.fn.COUNT(session.id),
            peewee.fn.SUM(session.minutes), oldest,
        )
        .join(Person, on=session.learner)
        .group_by(session.learner, Person.name)
        .order_by(oldest, Person.name)
        .tuples()
    )  # fmt: skip
    given_back = (
        session.supervised_by(actor)
        .select(
            session.id, session.date, session.starts_at, session.decided_at, session.changed_at,
            Person.id, Person.name,
            peewee.fn.COUNT(peewee.SQL("*")).over().alias("in_all"),
        )
        .join(Person, on=session.learner)
        .where(session.state.in_(("returned", "reopened")))
        .order_by(session.decided_at, session.id)
        .limit(SHOWN)
    )  # fmt: skip
    rows = list(given_back)
    approved = reopening.doubted(actor).select_extend(Person.name.alias("coach")).switch(session)
    doubted = list(approved.join(Person, on=session.learner).objects())
    return Supervising(
        [
            Coach(id_, name, count, int(minutes or 0), as_moment(since))
            for id_, name, count, minutes, since in groups
        ],
        [Correction(row, row.learner.name, row.decided_at or row.changed_at) for row in rows],
        rows[0].in_all if rows else 0,
        [row for row in doubted if row.asked_at],
        [row for row in doubted if row.disputed],
    )


# --- learner and tutor -------------------------------------------------------------------


@dataclass(frozen=True)
class Returned:
    """A session to correct, and what the supervisor said."""

    session: PracticeSession
    hours: Hours
    comment: str


@dataclass(frozen=True)
class Learning:
    """A learner's own practice: what to finish, to correct, and what waits for the supervisor."""

    hours: Sequence[Hours]
    returned: Sequence[Returned]

    def in_state(self, state: str) -> list[tuple[Hours, PracticeSession]]:
        """The sessions in one state, the oldest entry first."""
        found = [(hours, session) for hours in self.hours for session in hours.in_state(state)]
        return sorted(
            found, key=lambda pair: (pair[1].submitted_at or pair[1].changed_at, pair[1].id)
        )

    @property
    def drafts(self) -> list[tuple[Hours, PracticeSession]]:
        """Drafts to finish, the oldest first."""
        return self.in_state("draft")

    @property
    def waiting(self) -> list[tuple[Hours, PracticeSession]]:
        """What waits for the supervisor, the longest wait first."""
        return self.in_state("submitted")


@dataclass(frozen=True)
class Tutoring:
    """The tutor's learners who are most at risk, each with how they stand, the gravest first."""

    learners: int
    hours: Sequence[tuple[Hours, Sequence[Standing]]]


def learning_and_tutoring(actor: Actor) -> tuple[Learning | None, Tutoring | None]:
    """A learner's Today and a tutor's. Seven queries at most, for both together.

    A tutor's many learners are put in order by sums in the database; only those shown are judged,
    and put in order by what counts.
    """
    tutored = Assignment.enrolment_ids(actor, "tutor")
    here = (Enrolment.centre == actor.centre) & (
        (Enrolment.learner == actor.person) | Enrolment.id.in_(tutored)
    )
    enrolments = list(
        Enrolment.select(Enrolment, Person).join(Person).where(here).order_by(Enrolment.id.desc())
    )
    own = [e for e in enrolments if actor.is_(e.learner_id)]
    others = [e for e in enrolments if not actor.is_(e.learner_id)]
    least, met = _most_at_risk(others, actor) if others else ([], {})
    hours = hours_of_all([*own, *least], actor.centre, drafts=actor.person.id)
    learning = _learning([hours[e.id] for e in own]) if own else None
    if not actor.has("tutor"):
        return learning, None
    stand = [
        (hours[e.id], standing.of_hours(hours[e.id], actor.centre, actor.today, met[e.id]))
        for e in least
    ]
    stand.sort(key=lambda pair: pair[1][0].risk)
    return learning, Tutoring(len({e.learner_id for e in others}), stand)


def _learning(hours: list[Hours]) -> Learning:
    back = [(one, session) for one in hours for session in one.in_state("returned", "reopened")]
    said: dict[int, str] = {}
    if back:
        signed = SignOff.select(SignOff.subject_id, SignOff.comment).where(
            (SignOff.subject == "session") & SignOff.subject_id.in_([s.id for _, s in back])
        )
        said = dict(signed.order_by(SignOff.id).tuples())
    back.sort(key=lambda pair: (pair[1].decided_at or pair[1].changed_at, pair[1].id))
    return Learning(hours, [Returned(s, one, said.get(s.id, "")) for one, s in back])


def _most_at_risk(
    enrolments: list[Enrolment], actor: Actor
) -> tuple[list[Enrolment], dict[int, Last]]:
    """The enrolments most at risk among those that ask for hours, as many as are shown; and when
    each was in supervision. Two queries."""
    theirs = Enrolment.select().where(Enrolment.id.in_([e.id for e in enrolments]))
    found = standing.ranked(theirs, actor)
    asked = [e for e in enrolments if found[e.id].standing.key != "none"]
    asked.sort(key=lambda e: found[e.id].standing.risk)
    return asked[:SHOWN], {id_: one.last for id_, one in found.items()}


def waits_in_all(
    supervising: Supervising | None, learning: Learning | None, meetings: Coming | None
) -> tuple[int, datetime | None]:
    """How many things wait for the reader in their roles and in meetings, and since when."""
    moments: list[datetime] = []
    things = 0
    if supervising:
        things += supervising.sessions + len(supervising.requests) + len(supervising.disputed)
        moments += [coach.oldest for coach in supervising.coaches]
        moments += [row.asked_at for row in supervising.requests]
    if learning:
        things += len(learning.returned) + len(learning.drafts)
        moments += [one.session.decided_at or one.session.changed_at for one in learning.returned]
        moments += [session.changed_at for _, session in learning.drafts]
    if meetings:
        things += len(meetings.waits)
        moments += [since for _, _, since in meetings.waits]
    return things, min(moments, default=None)


def as_moment(value: Any) -> datetime:
    """A moment that an aggregate brought, of which SQLite gives the text."""
    moment: datetime = PracticeSession.submitted_at.python_value(value)
    return moment
