"""What a contract of coaching or mentoring holds, what it still lacks, and how two versions differ.

Rules: domain/rules.md sections 7 and 8. Days are calendar days, lengths are whole minutes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from typing import Any, Literal

from supervise.rules.facts import ContractVersion
from supervise.rules.milestones import in_order
from supervise.rules.moments import length, short_date

LONGEST_TEXT = 4000
PARTIES = {"two": ("coach", "client"), "three": ("coach", "client", "sponsor")}
"""Two-way or three-way → who must agree."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a contract: its key, its heading, and what to write there."""

    key: str
    label: str
    help: str


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that are written and read together, under one heading."""

    key: str
    label: str
    parts: tuple[Part, ...]


GROUPS = (
    Group("purpose", "What it is for", (
        Part("purpose_person", "Purpose for the person",
             "Why you meet, and what should be better for the client when you have finished."),
        Part("purpose_organisation", "Benefit for the organisation",
             "What the organisation, division or team gains, and how that would show."),
    )),
    Group("work", "How we work", (
        Part("times", "Times and schedule",
             "How often, on which days, from when to when; and what happens when somebody must cancel."),
        Part("setting", "Place and safety of the setting",
             "Where you meet, how you keep it private, and what could make it unsafe, with what you do about it."),
        Part("expects_coach", "What is expected of the coach",
             "Preparation, honesty, time, notes: what the client may count on."),
        Part("expects_client", "What is expected of the client",
             "Turning up, trying things between sessions, saying when it does not help."),
        Part("expects_sponsor", "What is expected of the sponsor",
             "Time for the sessions, support, and what the sponsor is told and not told."),
    )),
    Group("limits", "Boundaries and confidence", (
        Part("boundaries", "Boundaries",
             "What this is not, such as therapy or line management, and to whom you would refer."),
        Part("ground_rules", "Ground rules", "How you treat each other in and around the sessions."),
        Part("confidentiality", "Confidentiality and its limits",
             "What stays between you, what must be passed on and to whom, and when you talked this through."),
    )),
    Group("end", "Review and ending", (
        Part("feedback", "Feedback and review",
             "When you look back together, and how each of you says what helps and what does not."),
        Part("contact", "Contact between and after sessions",
             "By which means, how often, and whether you stay in touch after the end."),
        Part("ending", "How it ends",
             "When you are finished, how either can stop sooner, and how the client comes not to need you."),
        Part("ethics", "Code of ethics",
             "Which code you follow and from which body; coaching and mentoring may have one each."),
    )),
)  # fmt: skip
"""The parts in the order of the specifications, grouped."""
PARTS = tuple(part for group in GROUPS for part in group.parts)
LABELS = {part.key: part.label for part in PARTS}


def parts_of(parties: str) -> tuple[Part, ...]:
    """The parts a two-way or three-way contract has: without a sponsor, nothing is expected of one."""
    return tuple(part for part in PARTS if parties == "three" or part.key != "expects_sponsor")


@dataclass(frozen=True)
class Terms:
    """What one version says: texts by key, goals as they were kept, and the sessions planned."""

    parties: str = "two"
    parts: Mapping[str, str] = field(default_factory=dict)
    goals: Sequence[Mapping[str, Any]] = ()
    planned_sessions: int | None = None
    planned_minutes: int | None = None

    @property
    def shared(self) -> dict[str, str]:
        """The texts that the parties read. A draft may hold one about a sponsor who has no part in it."""
        keys = (part.key for part in parts_of(self.parties))
        return {key: self.parts[key] for key in keys if key in self.parts}

    @property
    def total(self) -> int:
        """The minutes planned in all."""
        return (self.planned_sessions or 0) * (self.planned_minutes or 0)

    @property
    def goals_said(self) -> list[list[str]]:
        """Each goal as lines: its words, then what is known of it."""
        return [goal_lines(goal) for goal in self.goals]

    @property
    def plan(self) -> str:
        """The sessions planned, in words."""
        return plan_said(self)


def lacks(terms: Terms) -> dict[str, str]:
    """Field → sentence, for all that keeps a contract from being offered; empty when it is ready."""
    found: dict[str, str] = {}
    for part in parts_of(terms.parties):
        if not terms.parts.get(part.key, "").strip():
            found[part.key] = "Write this part, or say here that you agreed to leave it open."
    if terms.planned_sessions is None:
        found["planned_sessions"] = "Say how many sessions you plan."
    if terms.planned_minutes is None:
        found["planned_minutes"] = "Say how long a session lasts."
    if why := _lack_of_goals(terms.goals):
        found["goals"] = why
    return found


def _lack_of_goals(goals: Sequence[Mapping[str, Any]]) -> str:
    if not goals:
        return "Add at least one goal to the engagement: a plan without goals cannot be offered."
    said = [(_short(str(goal.get("text", ""))), goal_lacks(goal)) for goal in goals]
    return " ".join(f"The goal “{text}” lacks {missing}." for text, missing in said if missing)


def goal_lacks(goal: Mapping[str, Any]) -> str:
    """What a goal needs before a contract with it can be offered, in words; empty where nothing."""
    names = {"aim": "the aim it serves", "measure": "a measure", "owner": "an owner",
             "due_on": "a date"}  # fmt: skip
    missing = [words for key, words in names.items() if not str(goal.get(key) or "").strip()]
    return _and(missing) if missing else ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59].rstrip() + "…"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def planned_against(terms: Terms, unit: str, required_minutes: int) -> str:
    """The planned total beside what a unit needs, in a sentence; empty while nothing is planned."""
    if not terms.total:
        return ""
    count = terms.planned_sessions
    plan = (
        f"{count} {'session' if count == 1 else 'sessions'} of {length(terms.planned_minutes or 0)} "
        f"{'makes' if count == 1 else 'make'} {length(terms.total)}"
    )
    more = required_minutes - terms.total
    if more > 0:
        needs = f"{unit} needs {length(required_minutes)}"
        return f"{plan}; {needs}, so {length(more)} more must come from other clients or a longer plan."
    if more == 0:
        return f"{plan}, exactly what {unit} needs."
    return f"{plan}; {unit} needs {length(required_minutes)}, so this plan covers it alone."


# --- which version stood on a day --------------------------------------------------------


def in_force(versions: Sequence[ContractVersion], on: date) -> ContractVersion | None:
    """The version in force on a day, first and last day included; of two on one day, the later."""
    standing = [v for v in versions
                if v.agreed_on <= on and (v.ended_on is None or on <= v.ended_on)]  # fmt: skip
    return max(standing, key=lambda version: version.number) if standing else None


def last_for_sponsor(number: int, versions: Iterable[tuple[int, bool, bool]]) -> int | None:
    """The version that the sponsor agreed to last, if version ``number`` may leave them out unawares.

    Each version: its number, whether the sponsor agreed to it, and whether it came into force as a
    two-way contract. Once one did, the sponsor is no part of what follows.
    """
    there = [version for version in versions if version[0] < number]
    last = max((one for one, agreed, _ in there if agreed), default=None)
    if last is None or any(two_way and one > last for one, _, two_way in there):
        return None
    return last


# --- how two versions differ -------------------------------------------------------------

Kind = Literal["same", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs: its heading, both texts, and the words that went and came."""

    label: str
    before: str
    after: str

    @property
    def pieces(self) -> list[tuple[Kind, str]]:
        """The text after, word by word, with what went in between."""
        return list(words_apart(self.before, self.after))


_WORDS = re.compile(r"\s*(?:\w+(?:['’-]\w+)*|[^\w\s])|\s+")
_LINES, _WHOLE = re.compile(r"[^\n]*\n|[^\n]+"), re.compile(r"(?s).+")
MOST_LIKE = 20_000
"""Pairs of like pieces that are compared: prose of the longest length has three quarters as many. Anybody
who has a link reads the comparison, so it must not take long whatever was written."""


def words_apart(before: str, after: str) -> Iterator[tuple[Kind, str]]:
    """Both texts as one: pieces that stayed, went and came, in order.

    The pieces same and gone make up ``before``; same and new make up ``after``. Words and marks are
    compared apart, each with the space before it, so that a sentence put after a full stop is all
    that is new. Texts that would take long, of the same few words over and over, are compared by
    lines, or else stand as wholes.
    """
    old, new = next(
        parts
        for split in (_WORDS, _LINES, _WHOLE)
        if like(*(parts := [split.findall(text) for text in (before, after)])) <= MOST_LIKE
    )
    for how, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how == "equal":
            yield "same", "".join(old[i:j])
            continue
        if i < j:
            yield "gone", "".join(old[i:j])
        if k < m:
            yield "new", "".join(new[k:m])


def like(old: Sequence[str], new: Sequence[str]) -> int:
    """How many pairs of like pieces there are, each of which a comparison looks at again and again."""
    there = Counter(new)
    return sum(number * there[piece] for piece, number in Counter(old).items())


WAYS = {"two": "Two-way: coach and client", "three": "Three-way: coach, client and sponsor"}


def difference(old: Terms, new: Terms) -> list[Change]:
    """What differs between two versions, in the order a contract is read; empty if nothing does."""
    pairs = [("Parties", WAYS[old.parties], WAYS[new.parties])]
    pairs += [
        (part.label, old.parts.get(part.key, ""), new.parts.get(part.key, "")) for part in PARTS
    ]
    pairs.append(("Sessions planned", plan_said(old), plan_said(new)))
    before = {goal["id"]: "\n".join(goal_lines(goal)) for goal in old.goals}
    after = {goal["id"]: "\n".join(goal_lines(goal)) for goal in new.goals}
    for n, key in enumerate(dict.fromkeys([*before, *after]), start=1):
        pairs.append((f"Goal {n}", before.get(key, ""), after.get(key, "")))
    return [Change(*pair) for pair in pairs if pair[1] != pair[2]]


def plan_said(terms: Terms) -> str:
    """The sessions planned in words, such as ``6 of 1 h 30, 9 h 00 in all``."""
    if not terms.total:
        return ""
    each = length(terms.planned_minutes or 0)
    return f"{terms.planned_sessions} of {each}, {length(terms.total)} in all"


def goal_lines(goal: Mapping[str, Any]) -> list[str]:
    """A goal as lines: its words, then a line for each thing known of it."""
    lines = [str(goal.get("text", ""))]
    if goal.get("aim"):
        lines.append(f"Serves the {goal.get('aim_level', 'organisation')}: {goal['aim']}")
    for key, label in (("measure", "Measure"), ("owner", "Owner")):
        if goal.get(key):
            lines.append(f"{label}: {goal[key]}")
    if goal.get("due_on"):
        lines.append(f"By {short_date(date.fromisoformat(goal['due_on']))}")
    if goal.get("milestones"):
        lines.append(f"Milestones: {'; '.join(in_order(goal['milestones']))}")
    return lines
