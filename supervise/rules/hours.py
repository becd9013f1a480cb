"""What counts, and why: the verdict on each practice session, and the totals made of verdicts.

Every screen shows a verdict's sentence, and every total is a sum of verdicts and of nothing else.
Lengths are whole minutes; a group session is one session, so its minutes are there once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from supervise.rules.conditions import (
    of_confirmation,
    of_date,
    of_length,
    of_overlap,
    of_state,
    of_unit,
)
from supervise.rules.facts import (
    ConfirmationFacts,
    ContractFacts,
    EnrolmentFacts,
    Policy,
    SessionFacts,
    UnitRule,
)
from supervise.rules.overlap import overlapping as find_overlaps
from supervise.rules.verdicts import Reason, Verdict, answer_of

__all__ = [
    "ConfirmationFacts",
    "ContractFacts",
    "EnrolmentFacts",
    "Policy",
    "Reason",
    "SessionFacts",
    "UnitRule",
    "UnitTotal",
    "Verdict",
    "judge",
    "judge_all",
    "over_time",
    "totals",
]


UNFINISHED = ("draft", "returned", "reopened")
"""States in which a session is with its learner, who has still to submit it."""


@dataclass(frozen=True, slots=True)
class UnitTotal:
    """The minutes of one unit: needed (None if it takes none), counted, waiting, never.

    ``waiting`` is all that does not count yet. Parts of it: ``unfinished`` is still the learner's to
    submit, in drafts and in sessions returned or reopened; ``submitted`` waits for the supervisor,
    of which ``to_come`` would count once approved. The rest is approved and lacks something else.
    """

    unit: str
    required_minutes: int | None
    counted: int
    waiting: int
    never: int
    unfinished: int = 0
    submitted: int = 0
    to_come: int = 0

    @property
    def held(self) -> int:
        """The minutes that are approved and do not count yet, for want of a contract perhaps."""
        return self.waiting - self.unfinished - self.submitted


def judge(
    session: SessionFacts,
    enrolment: EnrolmentFacts,
    units: Mapping[str, UnitRule],
    overlapping: Sequence[SessionFacts],
    policy: Policy,
) -> Verdict:
    """The verdict on one session; ``overlapping`` are the coach's sessions that share its time.

    Where the centre lets short hours count in the long unit, they do so under the long unit's own
    conditions, so practice without a supervisor stays out of D3.04 and D3.07.
    """
    reasons = [*of_state(session), *of_date(session, enrolment), *of_length(session)]
    toward: tuple[str, ...] = ()
    if session.unit is None:
        reasons.append(Reason("wait", "no unit is chosen"))
    else:
        rule = units.get(session.unit)
        toward = (session.unit,)
        reasons += of_unit(session, enrolment, session.unit, rule)
        long = rule.counts_also_in if rule and policy.short_hours_count_in_long else None
        if long is None or long not in enrolment.units:
            reasons.append(Reason("good", f"Allocated to {session.unit} and to no other unit"))
        elif against := _against(of_unit(session, enrolment, long, units.get(long))):
            text = f"Allocated to {session.unit}; not to {long} as well: {against[0].text}"
            reasons.append(Reason("good", text))
        else:
            toward = (session.unit, long)
            reasons.append(Reason("good", f"Allocated to {session.unit}, and to {long} as well"))
    reasons += of_confirmation(session, policy)
    reasons += of_overlap(session, overlapping)
    answer = answer_of(reasons)
    minutes = session.minutes or 0
    return Verdict(answer, minutes, () if answer == "never" else toward, tuple(reasons))


def judge_all(
    sessions: Iterable[SessionFacts],
    enrolment: EnrolmentFacts,
    units: Mapping[str, UnitRule],
    policy: Policy,
) -> dict[int, Verdict]:
    """The verdict on each of one coach's sessions, by id; their overlaps are found here."""
    by_id = {session.id: session for session in sessions}
    overlaps = find_overlaps(by_id.values())
    return {
        id_: judge(session, enrolment, units, [by_id[other] for other in overlaps[id_]], policy)
        for id_, session in by_id.items()
    }


def totals(
    sessions: Iterable[SessionFacts],
    verdicts: Mapping[int, Verdict],
    units: Mapping[str, UnitRule],
) -> dict[str, UnitTotal]:
    """For each unit, and each that a session names, the minutes of its verdicts.

    Minutes wait, or never count, in the unit they are allocated to; a session without a unit is in
    no total.
    """
    counted: defaultdict[str, int] = defaultdict(int)
    waiting: defaultdict[str, int] = defaultdict(int)
    never: defaultdict[str, int] = defaultdict(int)
    unfinished: defaultdict[str, int] = defaultdict(int)
    submitted: defaultdict[str, int] = defaultdict(int)
    to_come: defaultdict[str, int] = defaultdict(int)
    codes = dict.fromkeys(units)
    for session in sessions:
        verdict = verdicts[session.id]
        if session.unit is None:
            continue
        codes[session.unit] = None
        if verdict.answer == "counts":
            for unit in verdict.units:
                counted[unit] += verdict.minutes
        else:
            (waiting if verdict.answer == "not yet" else never)[session.unit] += verdict.minutes
            if verdict.answer == "not yet" and session.state in UNFINISHED:
                unfinished[session.unit] += verdict.minutes
            if verdict.answer == "not yet" and session.state == "submitted":
                submitted[session.unit] += verdict.minutes
                if verdict.if_approved().answer == "counts":
                    to_come[session.unit] += verdict.minutes
    return {
        code: UnitTotal(
            code,
            units[code].required_minutes if code in units else None,
            counted[code],
            waiting[code],
            never[code],
            unfinished[code],
            submitted[code],
            to_come[code],
        )
        for code in codes
    }


def over_time(
    sessions: Iterable[SessionFacts],
    verdicts: Mapping[int, Verdict],
    unit: str | None = None,
) -> list[tuple[date, int, int]]:
    """Per day of practice, minutes counted so far, and those with what waits; of one unit, or all.

    What waits is with the supervisor. A session without a date has no place on the line; one that
    never counts, one the learner has still to submit, and one that is approved and lacks something
    else, adds nothing.
    """
    counted: defaultdict[date, int] = defaultdict(int)
    waiting: defaultdict[date, int] = defaultdict(int)
    for session in sessions:
        verdict = verdicts[session.id]
        if session.date is None:
            continue
        if verdict.answer == "counts" and (unit is None or unit in verdict.units):
            counted[session.date] += verdict.minutes
        elif session.state != "submitted":
            continue
        elif verdict.answer == "not yet" and unit in (None, session.unit):
            waiting[session.date] += verdict.minutes
    line: list[tuple[date, int, int]] = []
    sum_counted = sum_waiting = 0
    for when in sorted(counted.keys() | waiting.keys()):
        sum_counted += counted[when]
        sum_waiting += waiting[when]
        line.append((when, sum_counted, sum_counted + sum_waiting))
    return line


def _against(reasons: Iterable[Reason]) -> list[Reason]:
    return [reason for reason in reasons if reason.level != "good"]
