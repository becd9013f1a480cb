"""Practice against supervision: the centre's ratio, and the records that the long units ask for.

The ratio (product.md, "every waiting thing ages"; rules.md 5: no count of meetings is fixed, the
centre sets one): a meeting is asked for after so much practice, or so many weeks, since the last one
held. Nothing is asked where nothing was practised since. Days are calendar days at the centre,
lengths whole minutes.

The records (specification 002, D3.04 and D3.07, AC1.1, AC1.2, AC4.1): learning goals agreed at the
start, supervision in the run, and the whole practice talked over at the end. How near to the first
session the start must lie is not printed; here it is ``AROUND`` days after it at the latest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from supervise.rules.moments import length, short_date

LONG_UNITS = ("D3.04", "D3.07")
AROUND = 14
"""So many days after the first session still count as its start."""
SOON_TENTHS = 8
"""A meeting is due soon from eight tenths of what the centre asks for."""
NEAR_WEEKS = 4
"""So many weeks ahead a booking still answers a meeting that is due, where the centre sets none."""

RATIO_WORDS = {
    "due": "Supervision due",
    "soon": "Supervision due soon",
    "booked": "Booked",
    "fine": "In step",
}
_RATIO_CSS = {"due": "warn", "soon": "wait", "booked": "good", "fine": "good"}
PART_WORDS = {
    "there": "on record",
    "late": "on record, late",
    "open": "not yet",
    "missing": "missing",
}
_PART_CSS = {"there": "good", "late": "wait", "open": "none", "missing": "warn"}


@dataclass(frozen=True, slots=True)
class Practised:
    """What was practised since the last supervision meeting, and what the centre asks.

    ``minutes`` are those of sessions approved or submitted after it, or of all where there never was
    one; ``first`` is the day of the first of them. Either limit may be None.
    """

    minutes: int
    first: date | None
    last_met: date | None
    after_minutes: int | None
    after_weeks: int | None
    next_on: date | None = None
    """The day of the next meeting booked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its key, its sentence without a full stop, and how grave it is among its like."""

    key: str
    sentence: str
    weight: float = 0.0

    @property
    def word(self) -> str:
        """What it is called."""
        return RATIO_WORDS[self.key]

    @property
    def css(self) -> str:
        """The shape it is drawn with."""
        return _RATIO_CSS[self.key]

    @property
    def nudges(self) -> bool:
        """Whether somebody should book a meeting now."""
        return self.key in ("due", "soon")


def ratio(practised: Practised, today: date) -> Finding:
    """Whether a supervision meeting is due by the centre's ratio: by hours or by weeks, the graver.

    ``due`` from the limit on, ``soon`` from eight tenths of it, ``booked`` where either holds and a
    meeting is booked already within the centre's own number of weeks, else ``fine``. Weight is the
    share of the limit that is used up.
    """
    measures = [*_by_minutes(practised), *_by_weeks(practised, today)]
    if not practised.minutes or not measures:
        return Finding("fine", _in_step(practised))
    worst = max(measures, key=lambda one: one.weight)
    if worst.key == "fine":
        return Finding("fine", worst.sentence, worst.weight)
    if practised.next_on is None:
        return worst
    on = short_date(practised.next_on)
    if (practised.next_on - today).days > 7 * (practised.after_weeks or NEAR_WEEKS):
        late = f"{worst.sentence}; booked for {on}, which is late"
        return Finding(worst.key, late, worst.weight)
    return Finding("booked", f"{worst.sentence}; the next is booked for {on}", worst.weight)


def _by_minutes(practised: Practised) -> list[Finding]:
    limit = practised.after_minutes
    if limit is None:
        return []
    said = f"{_hours(practised.minutes)} practised {_since(practised)}"
    asks = f"the centre asks for a meeting every {_hours(limit)}"
    return [_measured(practised.minutes, limit, f"{said}; {asks}")]


def _by_weeks(practised: Practised, today: date) -> list[Finding]:
    limit, since = practised.after_weeks, practised.last_met or practised.first
    if limit is None or since is None:
        return []
    days = max(0, (today - since).days)
    weeks = "1 week" if days // 7 == 1 else f"{days // 7} weeks"
    what = f"{weeks} {_since(practised)}, with {_hours(practised.minutes)} practised"
    every = "every week" if limit == 1 else f"every {limit} weeks"
    return [_measured(days, limit * 7, f"{what}; the centre asks for a meeting {every}")]


def _measured(used: int, limit: int, sentence: str) -> Finding:
    key = "due" if used >= limit else "soon" if used * 10 >= limit * SOON_TENTHS else "fine"
    return Finding(key, sentence, used / limit)


def _since(practised: Practised) -> str:
    if practised.last_met is not None:
        return f"since supervision on {short_date(practised.last_met)}"
    first = f" on {short_date(practised.first)}" if practised.first else ""
    return f"without supervision since the first session{first}"


def _in_step(practised: Practised) -> str:
    if practised.minutes:
        return f"{_hours(practised.minutes)} practised {_since(practised)}"
    if practised.last_met is None:
        return "Nothing practised yet"
    return f"Nothing practised since supervision on {short_date(practised.last_met)}"


def _hours(minutes: int) -> str:
    return f"{minutes // 60} h" if minutes % 60 == 0 else length(minutes)


# --- the records of the long units ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Met:
    """A supervision meeting to which the learner came: the day, and what its record holds.

    ``recorded`` says that the supervisor signed the record, ``goals`` that it holds learning goals
    agreed with this learner.
    """

    on: date
    recorded: bool
    goals: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """The practice of one long unit: days of its first and last session handed in, and its hours.

    ``counted`` are minutes that count by ``rules.hours``.
    """

    unit: str
    first: date | None
    last: date | None
    counted: int
    needed: int

    @property
    def complete(self) -> bool:
        """Whether the unit's hours are met."""
        return self.counted >= self.needed


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what a unit asks for: ``start``, ``during`` or ``end``.

    Its state is ``there``, ``late`` (there, but after its time), ``open`` (its time has not come or
    is not over) or ``missing`` (what follows came without it); the sentence says what to do.
    """

    unit: str
    key: str
    state: str
    sentence: str

    @property
    def name(self) -> str:
        """What it is called."""
        return {"start": "At the start", "during": "During practice", "end": "At the end"}[self.key]

    @property
    def word(self) -> str:
        """How it stands, in words."""
        return PART_WORDS[self.state]

    @property
    def css(self) -> str:
        """The shape it is drawn with."""
        return _PART_CSS[self.state]

    @property
    def weight(self) -> int:
        """How grave it is: what is missing before what is late."""
        return {"missing": 2, "late": 1}.get(self.state, 0)


def parts(run: Run, met: Sequence[Met], today: date) -> tuple[Part, Part, Part]:
    """What stands of the records at the start, during and at the end of one unit's practice.

    One meeting is one part: what opened the practice does not also run through it, and what closes
    it is the last one on or after the day of the last session, once the hours are met.
    """
    on_record = sorted((one for one in met if one.recorded), key=lambda one: one.on)
    start, opening = _start(run, on_record, _waits(met), today)
    closing = _closing(run, on_record, opening)
    between = [
        one
        for one in on_record
        if one is not opening and one is not closing and _within(run, one.on)
    ]
    return start, _during(run, between), _end(run, closing)


def _within(run: Run, day: date) -> bool:
    """Whether a day lies in the run of the practice, which is not over before its hours are met."""
    if run.first is None or run.last is None or day < run.first:
        return False
    return not run.complete or day <= run.last


def _waits(met: Sequence[Met]) -> str:
    """What to add where a meeting was held and only its record is missing."""
    unwritten = [one.on for one in met if not one.recorded]
    return (
        f"; the record of the meeting on {short_date(max(unwritten))} is not signed yet"
        if unwritten
        else ""
    )


def _start(run: Run, met: Sequence[Met], waits: str, today: date) -> tuple[Part, Met | None]:
    with_goals = [one for one in met if one.goals]
    first = run.first
    if with_goals and (first is None or (with_goals[0].on - first).days <= AROUND):
        opening = with_goals[0]
        words = f"Learning goals were agreed on {short_date(opening.on)}"
        return Part(run.unit, "start", "there", words), opening
    if with_goals and first is not None:
        opening = with_goals[0]
        words = (
            f"Learning goals were agreed on {short_date(opening.on)}, after the first session on "
            f"{short_date(first)}: say why in the closing reflection"
        )
        return Part(run.unit, "start", "late", words), opening
    if first is None:
        words = f"Agree learning goals with the supervisor before the first session of {run.unit}"
        return Part(run.unit, "start", "open", words + waits), None
    state = "open" if (today - first).days <= AROUND else "missing"
    words = (
        f"No learning goals agreed since the first session on {short_date(first)}: book a meeting, "
        "agree them and record it"
    )
    return Part(run.unit, "start", state, words + waits), None


def _closing(run: Run, met: Sequence[Met], opening: Met | None) -> Met | None:
    if not run.complete or run.last is None:
        return None
    after = [one for one in met if one is not opening and one.on >= run.last]
    return after[-1] if after else None


def _during(run: Run, between: Sequence[Met]) -> Part:
    if between:
        dates = short_date(between[-1].on)
        count = len(between)
        words = f"Recorded on {dates}" if count == 1 else f"Recorded {count} times, last on {dates}"
        return Part(run.unit, "during", "there", words)
    if run.complete:
        words = (
            "No supervision is on record between first and last session: record one that was held, "
            "or meet and practise once more after it"
        )
        return Part(run.unit, "during", "missing", words)
    words = "Book a meeting while the practice runs, and record it"
    return Part(run.unit, "during", "open", words)


def _end(run: Run, closing: Met | None) -> Part:
    if closing is not None:
        words = f"Recorded on {short_date(closing.on)}, after the last session"
        return Part(run.unit, "end", "there", words)
    if run.complete and run.last is not None:
        words = (
            f"The hours are met since the session on {short_date(run.last)}: book a meeting, talk "
            "over the whole practice and record it"
        )
        return Part(run.unit, "end", "missing", words)
    left = max(0, run.needed - run.counted)
    words = f"Asked for once the hours are met, {length(left)} to go"
    return Part(run.unit, "end", "open", words)
