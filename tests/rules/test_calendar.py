"""Which days a view shows: whole weeks from Monday, and neighbours that leave no day out."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from supervise.rules.calendar import VIEWS, stretch

days = st.dates(date(2001, 1, 1), date(2098, 12, 31))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(VIEWS), days)
def test_a_view_holds_its_day_and_its_neighbours_follow_without_a_gap(view: str, on: date) -> None:
    shown = stretch(view, on)
    assert shown.first <= on < shown.after
    assert stretch(view, shown.later).first <= shown.after
    assert stretch(view, shown.earlier).after >= shown.first
    assert stretch(view, shown.later).on > on > stretch(view, shown.earlier).on
    if view != "list":
        assert {week[0].weekday() for week in shown.weeks} == {0}
        assert {len(week) for week in shown.weeks} == {7}


def test_a_month_is_shown_with_the_weeks_it_lies_in() -> None:
    october = stretch("month", date(2026, 10, 12))
    assert (october.first, october.after) == (date(2026, 9, 28), date(2026, 11, 2))
    assert (october.earlier, october.later) == (date(2026, 9, 1), date(2026, 11, 1))
    assert october.title == "October 2026"
    assert stretch("week", date(2026, 10, 18)).first == date(2026, 10, 12)


def test_a_day_centuries_off_is_brought_back() -> None:
    for view in VIEWS:
        for on in (date.min, date.max):
            assert timedelta(days=6) < stretch(view, on).after - stretch(view, on).first
