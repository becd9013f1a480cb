"""How a learner's practice stands, gravest first, each finding with its reason.

A centre plans a year for the hours of an enrolment, or less where it ends sooner; the catalogue's
longest time is what the awarding body allows, not what a centre aims for (product.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from supervise.rules.moments import length, short_date
from supervise.rules.supervision import Finding

PLAN_MONTHS = 12
SLIPPING_WEEKS = 4
BEHIND_SHARE = 0.1  # of the hours asked for; less is no reason to ring anybody up

WORDS = {
    "slipping": "Slipping",
    "behind": "Behind",
    "supervise": "Supervision due",
    "held": "Held up",
    "correct": "To correct",
    "track": "On track",
    "none": "No hours asked",
}
"""What a standing is called, the gravest first."""
_CSS = {
    "slipping": "warn",
    "behind": "warn",
    "supervise": "warn",
    "held": "wait",
    "correct": "wait",
    "track": "good",
}


@dataclass(frozen=True, slots=True)
class Practice:
    """The facts of one enrolment. Minutes are whole; days waited are counted from midnights."""

    began: date
    ends: date | None
    needed: int
    to_go: int
    """Minutes not counted yet, unit by unit."""
    to_come: int
    """Those of them that would still be missing if all that waits were approved."""
    last: date | None
    """The day of the last session that was submitted."""
    submitted: int = 0
    submitted_days: int = 0
    """How long the oldest of them has waited for the supervisor."""
    back: int = 0
    back_days: int = 0
    """How long the oldest session given back has waited for its learner."""
    supervision: Finding | None = None
    """How practice stands to supervision, by the centre's ratio."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One finding: its key in ``WORDS``, the reason, and how grave it is among its like."""

    key: str
    reason: str
    weight: float = 0

    @property
    def word(self) -> str:
        """What it is called."""
        return WORDS[self.key]

    @property
    def css(self) -> str:
        """The shape it is drawn with."""
        return _CSS.get(self.key, "none")

    @property
    def risk(self) -> tuple[int, float]:
        """By which findings are put in order, the gravest first."""
        return list(WORDS).index(self.key), -self.weight


def plan_end(began: date, ends: date | None) -> date:
    """The day by which a centre plans the hours to be met: a year, or the enrolment's end if sooner."""
    day = 28 if (began.month, began.day) == (2, 29) else began.day
    year = date(began.year + PLAN_MONTHS // 12, began.month, day)
    return min(ends, year) if ends else year


def plan_words(began: date, ends: date | None) -> str:
    """How that day came about: ``plan: 12 months``."""
    return "the enrolment’s end" if ends == plan_end(began, ends) else f"plan: {PLAN_MONTHS} months"


def pace(minutes: int, began: date, ends: date | None, today: date) -> int | None:
    """How many of these minutes an even pace asks for by today, in quarters of an hour.

    None where the enrolment ends as it begins.
    """
    planned = plan_end(began, ends)
    if planned <= began:
        return None
    share = (min(today, planned) - began).days / (planned - began).days
    return round(minutes * max(0.0, share) / 15) * 15


def standing(practice: Practice, today: date, *, due_days: int, late_days: int) -> list[Standing]:
    """Everything there is to say, the gravest first; always at least one finding.

    ``due_days`` and ``late_days`` are the centre's, as in ``rules.ageing``.
    """
    found = [
        *_slipping(practice, today),
        *_behind(practice, today),
        *_unsupervised(practice),
        *_waits(practice, due_days, late_days),
    ]
    if not found:
        found = [_well(practice, today)]
    return sorted(found, key=lambda one: one.risk)


def _slipping(practice: Practice, today: date) -> list[Standing]:
    weeks = (today - max(practice.last or practice.began, practice.began)).days // 7
    if not practice.to_come or weeks < SLIPPING_WEEKS:
        return []
    since = "" if practice.last else " since the start"
    return [Standing("slipping", f"nothing logged for {weeks} weeks{since}", weeks)]


def _behind(practice: Practice, today: date) -> list[Standing]:
    asked = pace(practice.needed, practice.began, practice.ends, today)
    if not practice.to_come or asked is None:
        return []
    late = asked - (practice.needed - practice.to_come)
    if late <= practice.needed * BEHIND_SHARE:
        return []
    words = f"{length(practice.to_go)} of {length(practice.needed)} still to go"
    return [Standing("behind", f"{words} {_left(practice, today)}", _a_week(practice, today))]


def _a_week(practice: Practice, today: date) -> float:
    """Minutes that each week left must bring: who is short of time is nearer to failing than who is
    short of hours. Once the time has passed, all that is missing is asked of one day."""
    days = max(1, (plan_end(practice.began, practice.ends) - today).days)
    return 7 * practice.to_come / days


def _left(practice: Practice, today: date) -> str:
    end = plan_end(practice.began, practice.ends)
    days = (end - today).days
    if days < 0:
        return f"and the time planned ended on {short_date(end)}"
    if days < 14:
        return "with 1 day left" if days == 1 else f"with {days} days left"
    return f"with {days // 7} weeks left" if days < 61 else f"with {round(days / 30.4)} months left"


def _unsupervised(practice: Practice) -> list[Standing]:
    found = practice.supervision
    if found is None or found.key != "due":
        return []
    return [Standing("supervise", found.sentence, found.weight)]


def _waits(practice: Practice, due_days: int, late_days: int) -> list[Standing]:
    found = []
    if practice.submitted and practice.submitted_days > late_days:
        verb = "session waits" if practice.submitted == 1 else "sessions wait"
        words = f"{practice.submitted} {verb} {practice.submitted_days} days, late"
        found.append(Standing("held", words, practice.submitted_days))
    if practice.back and practice.back_days >= due_days:
        noun = "session" if practice.back == 1 else "sessions"
        days = "1 day" if practice.back_days == 1 else f"{practice.back_days} days"
        found.append(Standing("correct", f"{practice.back} {noun} for {days}", practice.back_days))
    return found


def _well(practice: Practice, today: date) -> Standing:
    if not practice.needed:
        return Standing("none", "")
    asked = pace(practice.needed, practice.began, practice.ends, today)
    if not practice.to_go or asked is None:
        return Standing("track", "" if practice.to_go else "hours met", -practice.needed)
    ahead = practice.needed - practice.to_come - asked
    where = "behind" if ahead < 0 else "ahead of"
    with_it = ", with what waits" if practice.to_come < practice.to_go else ""
    words = f"{length(abs(ahead))} {where} an even pace{with_it}" if ahead else ""
    return Standing("track", words, -ahead)
