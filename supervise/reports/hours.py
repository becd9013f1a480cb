"""The hours report: every session of an enrolment with its verdict, and each unit's hours.

All figures are whole minutes and sums of the verdicts of ``rules.hours``, and of nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import peewee

from supervise.catalogue import Unit
from supervise.models import Centre, Enrolment, EnrolmentUnit, PracticeSession
from supervise.models.enrolments import unit_rules
from supervise.models.facts import (
    Spans,
    beside,
    contracts_and_confirmations_of,
    facts_of,
    light,
)
from supervise.models.sessions import STANDING
from supervise.rules import hours, moments, standing
from supervise.rules.hours import EnrolmentFacts, SessionFacts, UnitTotal, Verdict
from supervise.rules.overlap import overlapping

Line = list[tuple[date, int, int]]
"""Per day of practice: minutes counted so far, and those together with what waits."""


@dataclass(frozen=True)
class UnitHours:
    """One unit that asks for practice: counted, waiting, never and needed."""

    unit: Unit
    total: UnitTotal
    over_time: Line

    @property
    def needed(self) -> int:
        """Minutes the unit asks for."""
        return self.unit.required_minutes

    @property
    def to_go(self) -> int:
        """Minutes still missing; 0 once the unit's hours are met."""
        return max(0, self.needed - self.total.counted)

    @property
    def standing(self) -> tuple[str, str]:
        """The shape and the words: met; met once what waits is approved; or so much to go."""
        if not self.to_go:
            return "good", "met"
        words = f"{moments.length(self.to_go)} to go"
        return ("wait" if self.total.counted or self.total.waiting else "none"), words


@dataclass(frozen=True)
class Hours:
    """One enrolment's practice as it stands."""

    enrolment: Enrolment
    codes: Sequence[str]
    """All units of the enrolment, in the catalogue's order, with hours or without."""
    sessions: Sequence[PracticeSession]
    """The newest first; those without a date before them."""
    facts: Mapping[int, SessionFacts]
    verdicts: Mapping[int, Verdict]
    units: Sequence[UnitHours]
    """The units that ask for practice, in the catalogue's order."""

    @property
    def needed(self) -> int:
        """Minutes all units ask for together; 0 where none asks for practice."""
        return sum(unit.needed for unit in self.units)

    @property
    def counted(self) -> int:
        """Minutes counted in all units."""
        return sum(unit.total.counted for unit in self.units)

    @property
    def waiting(self) -> int:
        """Minutes not yet counted in all units."""
        return sum(unit.total.waiting for unit in self.units)

    @property
    def submitted(self) -> int:
        """Those of them that wait for the supervisor: what a screen calls waiting."""
        return sum(unit.total.submitted for unit in self.units)

    @property
    def held(self) -> int:
        """Those of them that are approved and do not count yet."""
        return sum(unit.total.held for unit in self.units)

    @property
    def unfinished(self) -> int:
        """Those of them in drafts, and in sessions returned or reopened."""
        return sum(unit.total.unfinished for unit in self.units)

    @property
    def never(self) -> int:
        """Minutes handed in that cannot count as they stand; a draft can still be corrected."""
        return sum(
            self.verdicts[session.id].minutes
            for session in self.in_state("submitted", "approved")
            if self.verdicts[session.id].answer == "never"
        )

    @property
    def to_go(self) -> int:
        """Minutes missing: what one unit has too much does not help another."""
        return sum(unit.to_go for unit in self.units)

    @cached_property
    def elsewhere(self) -> list[PracticeSession]:
        """Sessions in no unit that asks for practice, or in no unit at all: in no total here."""
        codes = {hours.unit.code for hours in self.units}
        return [session for session in self.sessions if session.unit not in codes]

    @cached_property
    def over_time(self) -> Line:
        """All units together: their lines added up, so that it ends at the totals."""
        steps: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
        for unit in self.units:
            before = (0, 0)
            for day, counted, both in unit.over_time:
                steps[day][0] += counted - before[0]
                steps[day][1] += both - before[1]
                before = (counted, both)
        line, counted, both = [], 0, 0
        for day in sorted(steps):
            counted, both = counted + steps[day][0], both + steps[day][1]
            line.append((day, counted, both))
        return line

    def pace(self, minutes: int, today: date) -> int | None:
        """How many of these minutes an even pace from first to last day asks for by today.

        The last day is that of the plan: a year, or the enrolment's end if sooner. In quarters of an
        hour; None where the enrolment ends as it begins.
        """
        return standing.pace(minutes, self.enrolment.started_on, self.enrolment.ends_on, today)

    @property
    def planned_until(self) -> date:
        """The day by which the hours are planned to be met."""
        return standing.plan_end(self.enrolment.started_on, self.enrolment.ends_on)

    @property
    def plan_words(self) -> str:
        """How that day came about: ``plan: 12 months``."""
        return standing.plan_words(self.enrolment.started_on, self.enrolment.ends_on)

    def behind(self, today: date) -> int | None:
        """Minutes behind an even pace today, negative when ahead; None without a pace.

        Measured against what the units still miss, so surplus in one unit is no lead.
        """
        pace = self.pace(self.needed, today)
        return None if pace is None else pace - (self.needed - self.to_go)

    @property
    def last_session(self) -> PracticeSession | None:
        """The session practised last."""
        return next((session for session in self.sessions if session.date), None)

    def in_state(self, *states: str) -> list[PracticeSession]:
        """The sessions in these states, newest first."""
        return [session for session in self.sessions if session.state in states]

    def aliases(self, session: PracticeSession) -> str:
        """The clients of a session by alias."""
        return ", ".join(c.alias for c in self.facts[session.id].contracts) or "no client"


def hours_of(enrolment: Enrolment, centre: Centre, *, drafts: bool = True) -> Hours:
    """The hours of one enrolment; drafts are left out for everybody but the learner. Five queries."""
    return hours_of_all([enrolment], centre, drafts=drafts)[enrolment.id]


def hours_of_all(
    enrolments: Sequence[Enrolment],
    centre: Centre,
    *,
    drafts: bool | int = True,
    spans: Spans | None = None,
) -> dict[int, Hours]:
    """The hours of each of these enrolments of a centre, by id. Five queries, however many.

    ``drafts`` says whether drafts are part of it, or for which learner (by id) alone they are.
    ``spans`` saves a query where the caller knows when each enrolment had a supervisor.
    """
    if not enrolments:
        return {}
    codes: defaultdict[int, set[str]] = defaultdict(set)
    chosen = EnrolmentUnit.select(EnrolmentUnit.enrolment, EnrolmentUnit.unit)
    mine = EnrolmentUnit.enrolment.in_([e.id for e in enrolments])
    for enrolment_id, unit in chosen.where(mine).tuples():
        codes[enrolment_id].add(unit)
    theirs = PracticeSession.learner.in_({e.learner_id for e in enrolments})
    sessions = _sessions(theirs, drafts)
    told = contracts_and_confirmations_of(theirs)
    facts = {fact.id: fact for fact in facts_of(sessions, spans, *told)}
    rivals = _rivals(sessions, facts)
    by_enrolment: defaultdict[int, list[PracticeSession]] = defaultdict(list)
    for session in sessions:
        by_enrolment[session.enrolment_id].append(session)
    return {
        e.id: _judged(e, codes[e.id], by_enrolment[e.id], facts, rivals, centre) for e in enrolments
    }


def _sessions(theirs: peewee.Expression, drafts: bool | int) -> list[PracticeSession]:
    """All sessions of these learners, in every enrolment and centre: a coach is in one place only."""
    model = PracticeSession
    query = model.select().where(theirs)
    if drafts is False:
        query = query.where(model.state != "draft")
    elif drafts is not True:
        query = query.where((model.state != "draft") | (model.learner == drafts))
    order = model.date.desc(nulls="FIRST"), model.starts_at.desc(nulls="FIRST"), model.id.desc()
    moments = model.submitted_at, model.decided_at, model.changed_at
    return list(light(query.order_by(*order), *moments))


def _rivals(
    sessions: list[PracticeSession], facts: Mapping[int, SessionFacts]
) -> dict[int, list[SessionFacts]]:
    """For each session the coach's others that stand (submitted or approved) on the same time."""
    by_id = {session.id: session for session in sessions}
    coaches: defaultdict[int, list[SessionFacts]] = defaultdict(list)
    for session in sessions:
        coaches[session.learner_id].append(facts[session.id])
    return {
        id_: [
            beside(by_id[id_], by_id[other], facts[other])
            for other in others
            if facts[other].state in STANDING
        ]
        for coach in coaches.values()
        for id_, others in overlapping(coach).items()
    }


def _judged(
    enrolment: Enrolment,
    codes: set[str],
    sessions: list[PracticeSession],
    facts: Mapping[int, SessionFacts],
    rivals: Mapping[int, list[SessionFacts]],
    centre: Centre,
) -> Hours:
    book = enrolment.book
    rules = unit_rules(book)
    terms = EnrolmentFacts(enrolment.started_on, enrolment.ends_on, frozenset(codes))
    mine = [facts[session.id] for session in sessions]
    verdicts = {
        fact.id: hours.judge(fact, terms, rules, rivals[fact.id], centre.policy) for fact in mine
    }
    practised = [unit for unit in book.practice_units if unit.code in codes]
    totals = hours.totals(mine, verdicts, {unit.code: rules[unit.code] for unit in practised})
    return Hours(
        enrolment=enrolment,
        codes=[unit.code for unit in book.units if unit.code in codes],
        sessions=sessions,
        facts={fact.id: fact for fact in mine},
        verdicts=verdicts,
        units=[
            UnitHours(unit, totals[unit.code], hours.over_time(mine, verdicts, unit.code))
            for unit in practised
        ],
    )
