"""The numbers behind the pictures: bars, the line of hours over time, twelve weeks of practice.

Nothing is drawn here; ``templates/macros/charts.html`` draws it, each with the same data in words.
Across, numbers are percent; down, pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from supervise.reports.hours import Hours, Line
from supervise.rules import moments

WEEKS = 12
SPARK_HEIGHT = 20

HEIGHT, TOP, BASE = 220, 18, 196
"""The chart, its highest point, and the line it stands on."""
LEAST_GAP = 15
"""Pixels between two words, one under the other."""


@dataclass(frozen=True)
class Bar:
    """A unit bar: the empty frame, the solid and the hollow part, and where an even pace stands."""

    need: float
    counted: float
    waiting: float
    pace: float | None


def bar(counted: int, waiting: int, needed: int, pace: int | None = None) -> Bar:
    """The bar for these minutes; its whole width is what is needed, or what counts where that is more."""
    whole = max(needed, counted, 1)

    def part(minutes: int) -> float:
        return round(100 * minutes / whole, 2)

    return Bar(
        need=part(needed),
        counted=part(counted),
        waiting=part(min(waiting, whole - counted)),
        pace=None if pace is None else part(min(pace, whole)),
    )


@dataclass(frozen=True)
class Week:
    """One week of practice, from its Monday: its minutes, and the bar that stands for them."""

    monday: date
    minutes: int
    x: int
    y: int
    height: int
    css: str


@dataclass(frozen=True)
class Spark:
    """Twelve weeks of practice, the last of them now."""

    weeks: Sequence[Week]

    @property
    def words(self) -> str:
        """The same as a list of lengths."""
        return ", ".join(moments.length(week.minutes) for week in self.weeks)

    @property
    def anything(self) -> bool:
        """Whether there was any practice in these weeks."""
        return any(week.minutes for week in self.weeks)


def spark(practised: Iterable[tuple[date, int]], today: date) -> Spark:
    """The twelve weeks up to today's, from the day and the minutes of each session."""
    this = today - timedelta(days=today.weekday())
    mondays = [this - timedelta(weeks=WEEKS - 1 - back) for back in range(WEEKS)]
    minutes = dict.fromkeys(mondays, 0)
    for day, length in practised:
        monday = day - timedelta(days=day.weekday())
        if monday in minutes:
            minutes[monday] += length
    most = max(minutes.values()) or 1
    weeks = []
    for number, monday in enumerate(mondays):
        height = max(2, round(SPARK_HEIGHT * minutes[monday] / most))
        css = "" if minutes[monday] else "zero"
        if minutes[monday] and monday == this:
            css = "now"
        weeks.append(Week(monday, minutes[monday], number * 8, 22 - height, height, css))
    return Spark(weeks)


@dataclass(frozen=True)
class Mark:
    """A word, or a line, at a place in the chart; ``slim`` ones are left out on narrow screens."""

    at: float
    words: str
    wide_only: bool = False


@dataclass(frozen=True)
class Month:
    """One row of the chart's table: minutes in all at the end of the month, and the even pace."""

    label: str
    counted: int
    waiting: int
    pace: int | None

    @property
    def behind(self) -> int:
        """Minutes behind the even pace; negative when ahead of it."""
        return (self.pace or 0) - self.counted


@dataclass(frozen=True)
class HoursChart:
    """Hours over time: lines as points in a box of days by minutes, and the words around them."""

    days: int
    top: int
    """Minutes at the upper edge of the box."""
    counted: str
    area: str
    waiting: str
    pace: str
    grid: Sequence[Mark]
    months: Sequence[Mark]
    today: float
    labels: Sequence[Mark]
    """What stands at today's line: down in pixels."""
    table: Sequence[Month]
    words: str


def hours_chart(hours: Hours, today: date) -> HoursChart | None:
    """The chart of one enrolment up to today; None where nothing has counted or waits yet."""
    line = [step for step in hours.over_time if step[0] <= today]
    if not line:
        return None
    began = min(hours.enrolment.started_on, line[0][0])
    last = max(hours.planned_until, today)
    days = max(1, (last - began).days)
    counted, both = line[-1][1], line[-1][2]
    top = round(max(hours.needed, both) * 1.28)  # room above for the figures

    def x(day: date) -> int:
        return (day - began).days

    def points(steps: Iterable[tuple[date, int]]) -> str:
        return " ".join(f"{x(day)},{top - minutes}" for day, minutes in steps)

    solid = [(began, 0), *((day, so_far) for day, so_far, _ in line), (today, counted)]
    waits = [(began, 0), *((day, so_far) for day, _, so_far in line), (today, both)]
    pace_now = hours.pace(hours.needed, today)
    pace = [] if pace_now is None else [
        (hours.enrolment.started_on, 0), (hours.planned_until, hours.needed), (last, hours.needed),
    ]  # fmt: skip
    return HoursChart(
        days=days,
        top=top,
        counted=points(solid),
        area=f"{points(solid)} {x(today)},{top} 0,{top}",
        waiting=points(waits) if both > counted else "",
        pace=points(pace),
        grid=_grid(hours.needed, top),
        months=_months(began, last),
        today=_percent(x(today), days),
        labels=_labels(counted, both, top),
        table=_table(hours, line, today),
        words=_words(hours, counted, both, pace_now, today),
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)


def _down(minutes: int, top: int) -> float:
    return round(BASE - (BASE - TOP) * minutes / top, 1)


def _grid(needed: int, top: int) -> list[Mark]:
    """The line of what is needed, and about three round numbers of hours under it."""
    step = next(hours for hours in (1, 2, 5, 10, 20, 50, 100, 1000) if top / 60 / hours <= 4)
    lines = [
        Mark(_down(hours * 60, top), f"{hours} h")
        for hours in range(step, top // 60 + 1, step)
        if abs(_down(hours * 60, top) - _down(needed, top)) >= LEAST_GAP + 3
    ]
    return [*lines, Mark(_down(needed, top), f"{_hours(needed)} needed")]


def _hours(minutes: int) -> str:
    """Hours alone where they are whole, as beside the other lines: ``62 h``."""
    return moments.length(minutes).removesuffix(" 00")


def _months(began: date, last: date) -> list[Mark]:
    """The firsts of months, or of quarters and years, so that at most some dozen words stand below."""
    days = max(1, (last - began).days)
    every = next(n for n in (1, 3, 6, 12, 600) if days / 30.4 / n <= 13)
    marks: list[Mark] = []
    month = date(began.year, began.month, 1)
    while month <= last:
        place = _percent(max(0, (month - began).days), days)
        apart = not marks or place - marks[-1].at >= 7
        if ((month.month - 1) % every == 0 or not marks) and apart and place <= 96:
            name = moments.MONTHS[month.month - 1][:3]
            year = f" {month.year}" if month.month == 1 or not marks else ""
            marks.append(Mark(place, name + year, wide_only=len(marks) % 3 > 0))
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return marks


def _labels(counted: int, both: int, top: int) -> list[Mark]:
    """The figures beside today's line, pushed apart where they would touch."""
    low = _down(counted, top) - 7  # above the line's end, not across it
    marks = [Mark(low, f"{moments.length(counted)} counted")]
    if both > counted:
        high = min(_down(both, top) - 7, low - LEAST_GAP)
        marks.append(Mark(high, f"{moments.length(both)} with what waits"))
    return marks


def _table(hours: Hours, line: Line, today: date) -> list[Month]:
    """The end of each month since practice began, and today."""
    rows = []
    month = date(line[0][0].year, line[0][0].month, 1)
    while month <= today:
        after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        end = min(after - timedelta(days=1), today)
        counted, both = next(((c, b) for day, c, b in reversed(line) if day <= end), (0, 0))
        name = f"{moments.MONTHS[month.month - 1][:3]} {month.year}"
        label = f"{name}, to the {end.day}." if end == today else name
        rows.append(
            Month(label.rstrip("."), counted, both - counted, hours.pace(hours.needed, end))
        )
        month = after
    return rows


def _words(hours: Hours, counted: int, both: int, pace: int | None, today: date) -> str:
    waits = f" and {moments.length(both - counted)} waiting" if both > counted else ""
    said = f"{moments.length(counted)} counted{waits} by {moments.short_date(today)}"
    needed = moments.length(hours.needed)
    if pace is None:
        return f"{said}; {needed} are needed."
    by = f"{moments.short_date(hours.planned_until)} ({hours.plan_words})"
    return f"{said}; an even pace asks for {moments.length(pace)} by then and {needed} by {by}."
