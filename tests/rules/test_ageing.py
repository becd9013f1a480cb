from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervise.rules.ageing import Age, age

# A busy machine may be slow; that is no fault of the rule.
fair = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOON = datetime(2026, 10, 8, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "css", "words"),
    [(0, "", "today"), (1, "", "1 day"), (4, "", "4 days"), (5, "wait", "5 days, due"),
     (7, "wait", "7 days, due"), (8, "warn", "8 days, late"), (12, "warn", "12 days, late"),
     (-3, "", "today")],
)  # fmt: skip
def test_what_waits_is_plain_then_due_then_late(days: int, css: str, words: str) -> None:
    since = NOON - timedelta(days=days)
    expected = Age(max(0, days), css, words)  # type: ignore[arg-type]
    assert age(since, NOON, "Europe/London", due_days=5, late_days=7) == expected
    assert age(since.date(), NOON, "Europe/London", due_days=5, late_days=7) == expected


def test_a_centre_may_call_everything_due_or_late_at_once() -> None:
    assert age(NOON, NOON, "UTC", due_days=0, late_days=7).words == "today, due"
    assert age(date(2026, 10, 7), NOON, "UTC", due_days=0, late_days=0).words == "1 day, late"


def test_days_are_those_of_the_readers_calendar() -> None:
    evening = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    night = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert age(evening, night, "UTC", 5, 7).days == 0
    assert age(evening, night, "Europe/London", 5, 7).days == 1
    assert age(date(2026, 7, 1), night, "Europe/London", 5, 7).days == 1
    assert age(date(2026, 7, 1), night, "America/New_York", 5, 7).days == 0


def test_a_short_day_of_a_clock_change_is_a_day() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    after = datetime(2026, 3, 29, 11, 0, tzinfo=UTC)
    assert age(before, after, "Europe/London", 5, 7).words == "1 day"


@fair
@given(st.integers(0, 400), st.integers(0, 400))
def test_waiting_longer_never_looks_better(one: int, other: int) -> None:
    order = ["", "wait", "warn"]
    sooner, later = sorted((one, other))
    css = [
        age(NOON - timedelta(days=days), NOON, "Europe/London", 5, 7).css
        for days in (sooner, later)
    ]
    assert order.index(css[0]) <= order.index(css[1])
