from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervise.rules.hours import (
    ConfirmationFacts,
    ContractFacts,
    Policy,
    SessionFacts,
    judge,
    judge_all,
    over_time,
    totals,
)
from tests.rules.practice import ENROLMENT, SEPARATE, STARTED, UNITS

# A busy machine may be slow; that is no fault of the rule.
fair = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

STATES = ("draft", "submitted", "approved", "returned", "reopened")
_DAYS = st.integers(-2, 5).map(lambda days: STARTED + timedelta(days=days))


CONFIRMATIONS = st.builds(
    ConfirmationFacts,
    st.sampled_from(["Client A", "Client B"]),
    st.sampled_from(["", "asked", "confirmed", "disputed"]),
    st.sampled_from(["length", "date", "none", "other"]),
    st.one_of(st.none(), st.integers(1, 1440)),
    withdrawn_on=st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 12, 31))),
)


@st.composite
def _session(draw: st.DrawFn, id_: int) -> SessionFacts:
    on: date | None = draw(st.one_of(_DAYS, _DAYS, _DAYS, st.none()))
    starts = None
    if on is not None and draw(st.booleans()):
        starts = datetime.combine(on, time(9 + draw(st.integers(0, 4))), UTC)
    contracts = st.builds(
        ContractFacts, st.sampled_from(["Client A", "Client B"]), st.one_of(st.none(), _DAYS)
    )
    return SessionFacts(
        id=id_,
        date=on,
        starts_at=starts,
        minutes=draw(st.sampled_from([None, 4, 30, 60, 61, 90, 481])),
        kind=draw(st.sampled_from(["coaching", "mentoring", "coaching", "mentoring", None])),
        state=draw(st.sampled_from(STATES)),
        unit=draw(st.sampled_from([*UNITS, None, "X1"])),
        contracts=tuple(draw(st.lists(contracts, max_size=2))),
        supervised=draw(st.booleans()),
        label=f"session {id_}",
        confirmations=tuple(draw(st.lists(CONFIRMATIONS, max_size=2))),
    )


@st.composite
def _log(draw: st.DrawFn) -> list[SessionFacts]:
    return [draw(_session(id_)) for id_ in range(1, draw(st.integers(0, 8)) + 1)]


LOGS = _log()
POLICIES = st.builds(Policy, st.booleans(), st.booleans())


def _share_time(one: SessionFacts, other: SessionFacts) -> bool:
    if one.id == other.id or one.starts_at is None or other.starts_at is None:
        return False
    return one.starts_at < other.starts_at + timedelta(
        minutes=other.minutes or 0
    ) and other.starts_at < one.starts_at + timedelta(minutes=one.minutes or 0)


@fair
@given(LOGS, POLICIES)
def test_judging_all_is_judging_each_against_every_other(
    log: list[SessionFacts], policy: Policy
) -> None:
    verdicts = judge_all(log, ENROLMENT, UNITS, policy)
    for one in log:
        others = [other for other in log if _share_time(one, other)]
        others.sort(key=lambda other: (other.starts_at, other.id))
        assert verdicts[one.id] == judge(one, ENROLMENT, UNITS, others, policy)


@fair
@given(LOGS, POLICIES, st.randoms())
def test_the_order_of_sessions_does_not_matter(
    log: list[SessionFacts], policy: Policy, random: Random
) -> None:
    shuffled = list(log)
    random.shuffle(shuffled)
    verdicts = judge_all(log, ENROLMENT, UNITS, policy)
    assert judge_all(shuffled, ENROLMENT, UNITS, policy) == verdicts
    assert totals(shuffled, verdicts, UNITS) == totals(log, verdicts, UNITS)
    assert over_time(shuffled, verdicts) == over_time(log, verdicts)


@fair
@given(LOGS, POLICIES)
def test_approving_what_would_count_never_lowers_a_total(
    log: list[SessionFacts], policy: Policy
) -> None:
    verdicts = judge_all(log, ENROLMENT, UNITS, policy)
    before = totals(log, verdicts, UNITS)
    for one in log:
        promised = verdicts[one.id].if_approved()
        if one.state == "approved" or promised.answer != "counts":
            continue
        approved = [replace(s, state="approved") if s.id == one.id else s for s in log]
        after = judge_all(approved, ENROLMENT, UNITS, policy)
        assert after[one.id].answer == "counts"
        assert after[one.id].units == promised.units
        sums = totals(approved, after, UNITS)
        assert all(sums[code].counted >= before[code].counted for code in before)
        assert sums[one.unit or ""].counted == before[one.unit or ""].counted + promised.minutes


@fair
@given(LOGS, POLICIES, st.sampled_from(["draft", "returned", "reopened", "submitted"]))
def test_what_is_not_approved_never_changes_an_approved_sessions_verdict(
    log: list[SessionFacts], policy: Policy, state: str
) -> None:
    verdicts = judge_all(log, ENROLMENT, UNITS, policy)
    shadows = [replace(one, id=one.id + 100, state=state) for one in log]
    after = judge_all([*log, *shadows], ENROLMENT, UNITS, policy)
    for one in log:
        if one.state == "approved" or state != "submitted":
            assert after[one.id].sentence == verdicts[one.id].sentence
            assert after[one.id].obstacles == verdicts[one.id].obstacles


@fair
@given(LOGS)
def test_every_minute_of_a_unit_is_counted_waiting_or_never(log: list[SessionFacts]) -> None:
    verdicts = judge_all(log, ENROLMENT, UNITS, SEPARATE)
    for code, total in totals(log, verdicts, UNITS).items():
        own = [one for one in log if one.unit == code]
        assert total.counted + total.waiting + total.never == sum(s.minutes or 0 for s in own)
        for answer, minutes in (
            ("counts", total.counted), ("not yet", total.waiting), ("never", total.never)
        ):  # fmt: skip
            judged = [s.minutes or 0 for s in own if verdicts[s.id].answer == answer]
            assert minutes == sum(judged)
        assert 0 <= total.unfinished <= total.waiting
        submitted = [s.minutes or 0 for s in own if s.state in ("submitted", "approved")]
        assert total.submitted <= sum(submitted)


@fair
@given(LOGS, POLICIES)
def test_the_line_over_time_ends_at_the_totals_of_dated_sessions(
    log: list[SessionFacts], policy: Policy
) -> None:
    dated = [one for one in log if one.date is not None]
    verdicts = judge_all(dated, ENROLMENT, UNITS, policy)
    for code, total in totals(dated, verdicts, UNITS).items():
        line = over_time(dated, verdicts, code)
        ends = total.counted, total.counted + total.submitted
        assert (line[-1][1:] if line else (0, 0)) == ends
        assert [when for when, *_ in line] == sorted({when for when, *_ in line})


@fair
@given(LOGS, POLICIES)
def test_the_sentence_always_names_the_answer_and_every_obstacle(
    log: list[SessionFacts], policy: Policy
) -> None:
    begins = {"counts": "Counts toward ", "not yet": "Not yet", "never": "Never"}
    for plain in judge_all(log, ENROLMENT, UNITS, policy).values():
        for given_ in (plain, plain.if_approved()):
            assert given_.sentence.startswith(begins[given_.answer])
            assert given_.sentence.endswith(".")
            assert (given_.answer == "counts") == (given_.obstacles == ())
            for reason in given_.obstacles:
                assert reason.text[1:] in given_.sentence
