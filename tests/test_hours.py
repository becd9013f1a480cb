"""The hours report: figures that are sums of verdicts, and the pictures drawn from them."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from supervise.models import Centre, Enrolment, Membership
from supervise.reports import charts
from supervise.reports.hours import hours_of, hours_of_all
from tests.world import World

pytestmark = pytest.mark.usefixtures("database")
AGREED = date(2026, 1, 20)


@pytest.fixture
def world():
    made = World()
    agree(made)
    return made


def agree(world, alias="Client A", learner=None, kind="coaching"):
    world.paper(AGREED, alias, kind, learner)


def days(count):
    return [date(2026, 2, 1) + timedelta(days=n) for n in range(count)]


def unit(hours, code):
    return next(unit for unit in hours.units if unit.unit.code == code)


def test_a_unit_is_met_at_the_minute_and_not_before(world):
    *most, last = days(6)
    for day in most:
        world.session(day=day, unit="D3.03", state="approved")
    world.session(day=last, unit="D3.03", minutes=59, state="approved")
    hours = hours_of(world.enrolment, world.centre)
    assert unit(hours, "D3.03").standing == ("wait", "0 h 01 to go")
    world.session(day=date(2026, 3, 1), unit="D3.03", minutes=5, state="approved")
    hours = hours_of(world.enrolment, world.centre)
    assert unit(hours, "D3.03").standing == ("good", "met")


def test_waiting_counts_nowhere_and_surplus_in_one_unit_helps_no_other(world):
    for day in days(7):
        world.session(day=day, unit="D3.03", state="approved")
    world.session(day=date(2026, 3, 1), unit="D3.04", minutes=90, state="submitted")
    hours = hours_of(world.enrolment, world.centre)
    assert (hours.counted, hours.waiting, hours.needed) == (420, 90, 3720)
    assert hours.to_go == 3720 - 360
    assert hours.over_time[-1] == (date(2026, 3, 1), 420, 510)


def test_waiting_is_with_the_supervisor_and_the_rest_is_said_apart(world):
    world.session(day=date(2026, 3, 1), minutes=90, state="submitted")
    world.session(day=date(2026, 3, 2), minutes=30, state="returned")
    world.session(day=date(2026, 3, 3), minutes=15, state="reopened")
    world.session(day=date(2026, 3, 4), minutes=5)
    hours = hours_of(world.enrolment, world.centre)
    assert (hours.waiting, hours.submitted, hours.unfinished) == (140, 90, 50)
    assert hours.over_time[-1] == (date(2026, 3, 1), 0, 90)


def test_hours_stand_in_the_units_that_ask_for_practice(world):
    world.session(unit=None, day=days(1)[0])
    world.session(unit="D3.01", day=days(2)[1])
    hours = hours_of(world.enrolment, world.centre)
    assert [unit.unit.code for unit in hours.units] == ["D3.03", "D3.04", "D3.06", "D3.07"]
    assert len(hours.elsewhere) == 2
    assert hours.waiting == 0


def test_drafts_belong_to_the_learner_alone(world):
    world.session()
    everything = hours_of(world.enrolment, world.centre)
    assert (len(everything.sessions), everything.waiting) == (1, 60)
    [theirs] = hours_of_all([world.enrolment], world.centre, drafts=world.supervisor.id).values()
    assert (len(theirs.sessions), theirs.waiting) == (0, 0)


def test_an_overlap_in_another_enrolment_is_found(world):
    other = world.enrol(world.learner, "ILM-8580", ("501",))
    world.session(state="approved", unit="D3.04", start=time(10))
    clash = world.session(unit="501", start=time(10, 30), enrolment=other)
    verdict = hours_of(other, world.centre).verdicts[clash.id]
    assert verdict.answer == "never"
    assert "overlaps a session of another enrolment" in verdict.sentence


def test_an_overlap_in_another_centre_is_found_and_its_client_not_named(world):
    elsewhere = World()
    Membership.grant(world.learner, elsewhere.centre, "learner", by=None, now=world.now)
    there, _ = Enrolment.enrol(
        centre=elsewhere.centre, learner=world.learner, programme="ILM-8580", units=["501"],
        started_on=world.started_on, now=world.now,
    )  # fmt: skip
    elsewhere.assign(elsewhere.supervisor, "supervisor", there)
    mine = world.learner
    elsewhere.learner = mine
    elsewhere.session(
        unit="501", state="submitted", enrolment=there, clients=("Client Secret",), start=time(10)
    )
    clash = world.session(start=time(10, 30))
    sentence = hours_of(world.enrolment, world.centre).verdicts[clash.id].sentence
    assert "overlaps a session in another centre" in sentence
    assert "Secret" not in sentence


def test_where_the_centre_allows_short_hours_count_in_both_and_the_line_ends_at_the_totals(world):
    Centre.update(short_hours_count_in_long=True).execute()
    centre = Centre.get_by_id(world.centre.id)
    world.session(unit="D3.03", state="approved")
    hours = hours_of(world.enrolment, centre)
    assert (unit(hours, "D3.03").total.counted, unit(hours, "D3.04").total.counted) == (60, 60)
    assert hours.over_time[-1][1] == hours.counted == 120


def test_an_even_pace_runs_for_the_year_that_is_planned(world):
    hours = hours_of(world.enrolment, world.centre)
    began, ends = world.enrolment.started_on, date(2027, 1, 12)
    half = began + (ends - began) / 2
    assert (hours.planned_until, hours.plan_words) == (ends, "plan: 12 months")
    assert hours.pace(3720, began) == 0
    assert abs(hours.pace(3720, half) - 1860) <= 15
    assert hours.pace(3720, ends + timedelta(days=9)) == 3720
    assert hours.behind(ends) == 3720


def test_an_enrolment_that_ends_sooner_has_no_longer_plan(world):
    world.enrolment.ends_on = date(2026, 7, 12)
    hours = hours_of(world.enrolment, world.centre)
    assert (hours.planned_until, hours.plan_words) == (date(2026, 7, 12), "the enrolment’s end")
    world.enrolment.ends_on = None
    assert hours_of(world.enrolment, world.centre).planned_until == date(2027, 1, 12)


def test_an_enrolment_of_one_day_has_no_pace(world):
    world.enrolment.ends_on = world.enrolment.started_on
    hours = hours_of(world.enrolment, world.centre)
    assert hours.pace(720, date(2026, 10, 8)) is None
    assert hours.behind(date(2026, 10, 8)) is None


def test_many_learners_take_as_many_queries_as_one(world, queries):
    enrolments = [world.enrolment]
    world.session(state="submitted")
    with queries() as one:
        hours_of_all(enrolments, world.centre)
    for name in ("Owen Tasker", "Ines Carvalho", "Tom Leary"):
        enrolments.append(world.enrol(world.person(name, "learner")))
        world.session(enrolment=enrolments[-1])
    with queries() as many:
        assert len(hours_of_all(enrolments, world.centre)) == 4
    assert many.count == one.count <= 5, many


# --- pictures ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counted", "waiting", "needed", "expected"),
    [
        (0, 0, 360, (100, 0, 0)),
        (180, 90, 360, (100, 50, 25)),
        (375, 0, 360, (96, 100, 0)),
        (300, 120, 360, (100, 83.33, 16.67)),
        (0, 0, 0, (0, 0, 0)),
    ],
)
def test_a_bar_is_as_long_as_its_minutes(counted, waiting, needed, expected):
    drawn = charts.bar(counted, waiting, needed)
    assert (drawn.need, drawn.counted, drawn.waiting) == expected


def test_twelve_weeks_end_with_this_one():
    today = date(2026, 10, 8)
    practised = [
        (today, 60),
        (date(2026, 10, 5), 30),
        (date(2026, 7, 20), 45),
        (date(2026, 7, 19), 99),
    ]
    drawn = charts.spark(practised, today)
    assert [week.minutes for week in drawn.weeks] == [45, *[0] * 10, 90]
    assert (drawn.weeks[0].monday, drawn.weeks[-1].monday) == (date(2026, 7, 20), date(2026, 10, 5))
    assert [week.css for week in drawn.weeks[-2:]] == ["zero", "now"]


def test_the_chart_says_in_words_and_in_its_table_what_it_draws(world):
    world.session(day=date(2026, 2, 10), state="approved", minutes=90)
    world.session(day=date(2026, 4, 10), state="submitted", minutes=45)
    chart = charts.hours_chart(hours_of(world.enrolment, world.centre), date(2026, 5, 4))
    assert chart.words.startswith("1 h 30 counted and 0 h 45 waiting by 4 May 2026; an even pace")
    rows = [(row.label, row.counted, row.waiting) for row in chart.table]
    assert rows == [
        ("Feb 2026", 90, 0), ("Mar 2026", 90, 0), ("Apr 2026", 90, 45), ("May 2026, to the 4", 90, 45),
    ]  # fmt: skip
    assert chart.table[-1].pace == 1140
    assert chart.words.endswith("62 h 00 by 12 Jan 2027 (plan: 12 months).")
    assert chart.grid[-1].words == "62 h needed"
    low, high = chart.labels
    assert low.at - high.at >= charts.LEAST_GAP


def test_there_is_no_chart_before_the_first_session(world):
    assert charts.hours_chart(hours_of(world.enrolment, world.centre), date(2026, 5, 4)) is None
