from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from supervise.rules.hours import (
    EnrolmentFacts,
    SessionFacts,
    UnitTotal,
    judge_all,
    over_time,
    totals,
)
from tests.rules.practice import (
    DAY,
    ENDS,
    ENROLMENT,
    SEPARATE,
    STARTED,
    TOGETHER,
    UNITS,
    client,
    later,
    session,
    verdict,
)


def good(*args: Any, **options: Any) -> list[str]:
    return [reason.text for reason in verdict(*args, **options).reasons if reason.level == "good"]


@pytest.mark.parametrize(
    ("unit", "kind"),
    [("D3.03", "coaching"), ("D3.04", "coaching"), ("D3.06", "mentoring"),
     ("D3.07", "mentoring"), ("501", "coaching"), ("501", "mentoring")],
)  # fmt: skip
def test_an_approved_session_that_fits_counts(unit: str, kind: str) -> None:
    given = verdict(session(unit=unit, kind=kind))
    assert given.sentence == f"Counts toward {unit}."
    assert (given.answer, given.minutes, given.units) == ("counts", 60, (unit,))
    assert (given.css, given.obstacles) == ("good", ())


NOT_YET = [
    ({"state": "draft"}, "it is a draft; submit it when it is complete."),
    ({"state": "submitted"}, "it waits for approval."),
    ({"state": "returned"}, "it was returned; change it and submit it again."),
    ({"state": "reopened"}, "it was reopened and must be approved again."),
    ({"unit": None}, "no unit is chosen."),
    ({"minutes": None}, "its length is missing."),
    ({"date": None}, "its date is missing."),
    ({"kind": None}, "its kind, coaching or mentoring, is missing."),
    ({"unit": "501", "contracts": (client(), client("Client B", None))},
     "no contract date is recorded for Client B; "
     "501 counts only from the day the contract was agreed."),
    ({"unit": "501", "contracts": ()},
     "no client is named; 501 counts only under an agreed contract."),
    ({"unit": "501", "contracts": (client("Client B", None),), "date": None},
     "its date is missing. No contract date is recorded for Client B; "
     "501 counts only from the day the contract was agreed."),
    ({"date": None, "supervised": False}, "its date is missing."),
    ({"unit": "501", "date": None}, "its date is missing."),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "why"), NOT_YET)
def test_what_can_be_mended_does_not_count_yet(changes: dict[str, Any], why: str) -> None:
    given = verdict(session(**changes))
    assert given.sentence == f"Not yet: {why}"
    assert (given.answer, given.css) == ("not yet", "wait")


NEVER = [
    ({"unit": "D3.07"}, "coaching does not fit D3.07, which takes mentoring."),
    ({"kind": "mentoring"}, "mentoring does not fit D3.04, which takes coaching."),
    ({"kind": "tutoring", "unit": "501"},
     "tutoring does not fit 501, which takes coaching or mentoring."),
    ({"date": date(2026, 1, 11)}, "it is dated before the enrolment began on 12 Jan 2026."),
    ({"date": date(2029, 1, 13)}, "it is dated after the enrolment's last day, 12 Jan 2029."),
    ({"unit": "501", "contracts": (client(), client("Client B", date(2026, 10, 9)))},
     "the contract with Client B was agreed on 9 Oct 2026, after the session."),
    ({"unit": "D3.06", "kind": "mentoring", "contracts": (client(agreed_on=date(2027, 1, 1)),)},
     "the contract with Client A was agreed on 1 Jan 2027, after the session."),
    ({"unit": "D3.01"}, "D3.01 asks for no practice hours."),
    ({"unit": "5016V1"}, "5016V1 is not part of the enrolment."),
    ({"minutes": 4}, "it lasts 0 h 04; a session lasts 0 h 05 to 8 h 00."),
    ({"minutes": 481}, "it lasts 8 h 01; a session lasts 0 h 05 to 8 h 00."),
    ({"minutes": 0}, "it lasts 0 h 00; a session lasts 0 h 05 to 8 h 00."),
    ({"supervised": False}, "no supervisor was assigned that day."),
    ({"unit": "D3.07", "kind": "mentoring", "supervised": False},
     "no supervisor was assigned that day."),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "why"), NEVER)
def test_what_rules_a_session_out_never_counts(changes: dict[str, Any], why: str) -> None:
    given = verdict(session(**changes))
    assert given.sentence == f"Never: {why}"
    assert (given.answer, given.css, given.units) == ("never", "stop", ())


@pytest.mark.parametrize(
    "changes",
    [{"date": STARTED}, {"date": ENDS}, {"minutes": 5}, {"minutes": 480},
     {"unit": "501", "contracts": (client(agreed_on=DAY),)},
     {"unit": "D3.03", "supervised": False}, {"unit": "501", "supervised": False},
     {"contracts": (client(agreed_on=None),)}, {"unit": "D3.03", "contracts": ()},
     {"starts_at": None}],
)  # fmt: skip
def test_the_edges_and_what_a_unit_does_not_ask_for_count(changes: dict[str, Any]) -> None:
    assert verdict(session(**changes)).answer == "counts"


def test_an_enrolment_without_the_unit_or_an_end() -> None:
    narrow = EnrolmentFacts(STARTED, None, frozenset({"501", "5016V1"}))
    assert verdict(session(), enrolment=narrow).sentence == (
        "Never: D3.04 is not part of the enrolment."
    )
    assert verdict(session(unit="5016V1"), enrolment=narrow).sentence == (
        "Never: 5016V1 asks for no practice hours."
    )
    assert verdict(session(unit="501", date=date(2050, 1, 1)), enrolment=narrow).answer == "counts"
    assert "Inside the enrolment, from 12 Jan 2026" in good(session(unit="501"), enrolment=narrow)


def test_every_obstacle_is_told_what_rules_it_out_first() -> None:
    given = verdict(session(state="submitted", kind="mentoring", minutes=None))
    assert given.sentence == (
        "Never: mentoring does not fit D3.04, which takes coaching. It waits for approval. "
        "Its length is missing."
    )
    assert given.minutes == 0
    assert [reason.level for reason in given.obstacles] == ["stop", "wait", "wait"]


def test_why_it_counts_is_told_in_full() -> None:
    assert good(session(unit="501")) == [
        "Approved",
        "Inside the enrolment, 12 Jan 2026 to 12 Jan 2029",
        "Coaching fits 501",
        "Contract agreed 12 Mar 2026, on paper, as the supervisor accepted",
        "Allocated to 501 and to no other unit",
        "Overlaps nothing",
    ]
    assert "A supervisor was assigned that day" in good(session())
    two = (client(), client("Client B", date(2026, 4, 1)))
    assert "Contract with Client B agreed 1 Apr 2026, on paper, as the supervisor accepted" in good(
        session(unit="501", contracts=two)
    )
    unchecked = "so overlap could not be checked"
    assert f"No start time is kept, {unchecked}" in good(session(starts_at=None))
    assert f"No length is kept, {unchecked}" in good(session(minutes=None))


STATES = ("draft", "submitted", "approved", "returned", "reopened")


@pytest.mark.parametrize("other", STATES)
@pytest.mark.parametrize("own", STATES)
def test_only_a_session_that_stands_as_firmly_is_in_the_way(own: str, other: str) -> None:
    hurt = other == "approved" or (other == "submitted" and own != "approved")
    given = verdict(session(state=own), later(session(), 30, state=other, label="another"))
    assert ("it overlaps another" in given.sentence) is hurt
    assert (given.answer == "never") is hurt
    if not hurt:
        assert "Overlaps nothing that stands as firmly" in [r.text for r in given.reasons]


def test_an_overlap_names_the_other_session_and_how_it_stands() -> None:
    other = later(session(), 30, label="the session with Client J")
    assert verdict(session(), other).sentence == (
        "Never: it overlaps the session with Client J, which is approved."
    )
    waiting = session(state="submitted")
    assert verdict(waiting, replace(other, state="submitted")).if_approved().sentence == (
        "Never counts: it overlaps the session with Client J, which waits for approval too; "
        "only one of them can count."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({}, "Counts toward D3.04 if approved."),
     ({"unit": None}, "Not yet, even if approved: no unit is chosen."),
     ({"supervised": False}, "Never counts: no supervisor was assigned that day.")],
)  # fmt: skip
def test_the_queue_says_what_approval_would_do(changes: dict[str, Any], sentence: str) -> None:
    given = verdict(session(state="submitted", **changes)).if_approved()
    assert given.sentence == sentence
    assert verdict(session(**changes)).answer == given.answer


def test_approval_changes_nothing_for_what_is_approved() -> None:
    assert verdict(session()).if_approved() == verdict(session())


def log() -> list[SessionFacts]:
    """D3.03: 60 counts, 45 waits, 30 never; D3.04: 90 counts; no unit: 20; no date: 15 waits."""
    return [
        session(id=1, unit="D3.03", date=date(2026, 5, 1), starts_at=None),
        session(id=2, unit="D3.03", minutes=45, state="submitted", starts_at=None),
        session(id=3, unit="D3.03", minutes=30, kind="mentoring", starts_at=None),
        session(id=4, minutes=90, date=date(2026, 5, 1), starts_at=None),
        session(id=5, unit=None, minutes=20, starts_at=None),
        session(id=6, unit="D3.04", minutes=15, date=None, starts_at=None),
    ]


def test_totals_are_the_sums_of_the_verdicts() -> None:
    found = totals(log(), judge_all(log(), ENROLMENT, UNITS, SEPARATE), UNITS)
    assert found["D3.03"] == UnitTotal(
        "D3.03", 360, counted=60, waiting=45, never=30, submitted=45, to_come=45
    )
    assert found["D3.04"] == UnitTotal("D3.04", 1800, counted=90, waiting=15, never=0)
    assert found["501"] == UnitTotal("501", 720, counted=0, waiting=0, never=0)
    assert set(found) == set(UNITS)


def test_what_is_approved_and_lacks_a_contract_waits_for_nobodys_approval() -> None:
    lacking = (client(agreed_on=None),)
    approved = session(unit="501", state="approved", contracts=lacking)
    both = [approved, later(approved, 90, state="submitted")]
    total = totals(both, judge_all(both, ENROLMENT, UNITS, SEPARATE), UNITS)["501"]
    minutes = both[0].minutes
    assert (total.waiting, total.held, total.submitted) == (2 * minutes, minutes, minutes)
    assert total.to_come == 0, "approval would not make it count"


def test_minutes_of_an_unknown_unit_are_not_lost() -> None:
    odd = [session(unit="X1")]
    found = totals(odd, judge_all(odd, ENROLMENT, UNITS, SEPARATE), UNITS)
    assert found["X1"] == UnitTotal("X1", None, counted=0, waiting=0, never=60)


def test_short_hours_count_in_the_long_unit_where_the_centre_allows_it() -> None:
    verdicts = judge_all(log(), ENROLMENT, UNITS, TOGETHER)
    assert verdicts[1].sentence == "Counts toward D3.03 and D3.04."
    found = totals(log(), verdicts, UNITS)
    assert found["D3.03"] == UnitTotal(
        "D3.03", 360, counted=60, waiting=45, never=30, submitted=45, to_come=45
    )
    assert found["D3.04"] == UnitTotal("D3.04", 1800, counted=150, waiting=15, never=0)
    assert "Allocated to D3.03, and to D3.04 as well" in good(log()[0], policy=TOGETHER)


def test_the_long_unit_keeps_its_own_conditions() -> None:
    alone = session(unit="D3.03", supervised=False)
    assert verdict(alone, policy=TOGETHER).units == ("D3.03",)
    assert (
        "Allocated to D3.03; not to D3.04 as well: no supervisor was assigned that day"
    ) in good(alone, policy=TOGETHER)
    short = EnrolmentFacts(STARTED, ENDS, frozenset({"D3.03"}))
    only = verdict(session(unit="D3.03"), enrolment=short, policy=TOGETHER)
    assert (only.answer, only.units) == ("counts", ("D3.03",))
    assert "Allocated to D3.03 and to no other unit" in [reason.text for reason in only.reasons]


def test_the_line_over_time_ends_at_the_totals() -> None:
    verdicts = judge_all(log(), ENROLMENT, UNITS, TOGETHER)
    may, october = date(2026, 5, 1), DAY
    assert over_time(log(), verdicts) == [(may, 150, 150), (october, 150, 195)]
    assert over_time(log(), verdicts, "D3.03") == [(may, 60, 60), (october, 60, 105)]
    assert over_time(log(), verdicts, "D3.04") == [(may, 150, 150)]
    assert over_time([], {}) == []


def test_a_group_session_counts_its_minutes_once() -> None:
    group = [session(unit="501", contracts=(client(), client("Client B"), client("Client C")))]
    found = totals(group, judge_all(group, ENROLMENT, UNITS, SEPARATE), UNITS)
    assert found["501"].counted == 60
