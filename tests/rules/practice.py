"""A centre's practice in plain values, for the tests of the rules about hours."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from supervise.rules.hours import (
    ContractFacts,
    EnrolmentFacts,
    Policy,
    SessionFacts,
    UnitRule,
    Verdict,
    judge,
)

COACHING, MENTORING = frozenset({"coaching"}), frozenset({"mentoring"})


def _unit(
    code: str,
    hours: int | None,
    kinds: frozenset[str],
    *,
    contract: bool = False,
    supervisor: bool = False,
    also: str | None = None,
) -> UnitRule:
    return UnitRule(code, code, hours and hours * 60, kinds, contract, supervisor, also)


UNITS = {
    unit.code: unit
    for unit in (
        _unit("D3.01", None, frozenset()),
        _unit("D3.03", 6, COACHING, also="D3.04"),
        _unit("D3.04", 30, COACHING, supervisor=True),
        _unit("D3.06", 6, MENTORING, contract=True, also="D3.07"),
        _unit("D3.07", 20, MENTORING, supervisor=True),
        _unit("501", 12, COACHING | MENTORING, contract=True),
    )
}
STARTED, ENDS, DAY = date(2026, 1, 12), date(2029, 1, 12), date(2026, 10, 8)
ENROLMENT = EnrolmentFacts(STARTED, ENDS, frozenset(UNITS))
SEPARATE, TOGETHER = Policy(), Policy(short_hours_count_in_long=True)


def client(alias: str = "Client A", agreed_on: date | None = date(2026, 3, 12)) -> ContractFacts:
    return ContractFacts(alias, agreed_on)


BASE = SessionFacts(
    id=1,
    date=DAY,
    starts_at=datetime.combine(DAY, time(9), UTC),
    minutes=60,
    kind="coaching",
    state="approved",
    unit="D3.04",
    contracts=(client(),),
    supervised=True,
    label="the session with Client A",
)


def session(**changes: Any) -> SessionFacts:
    """An approved hour that counts toward D3.04, but for the changes."""
    return replace(BASE, **changes)


def later(facts: SessionFacts, minutes: int, **changes: Any) -> SessionFacts:
    """The same session, some minutes later, with another id and the changes."""
    assert facts.starts_at is not None
    moved = facts.starts_at + timedelta(minutes=minutes)
    return replace(facts, **{"id": facts.id + 1, "starts_at": moved, **changes})


def verdict(
    facts: SessionFacts,
    *overlapping: SessionFacts,
    enrolment: EnrolmentFacts = ENROLMENT,
    policy: Policy = SEPARATE,
) -> Verdict:
    return judge(facts, enrolment, UNITS, overlapping, policy)
