"""Goals as they were set beside what came of them, and the history of each in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import peewee

from supervise.events import Event
from supervise.models import Engagement, Goal, Person
from supervise.models.goals import FURTHEST
from supervise.rules.moments import short_date

FIELDS = {
    "text": "the goal",
    "aim": "the aim",
    "aim_level": "whose aim",
    "measure": "the measure",
    "owner": "the owner",
    "milestones": "the milestones",
}


@dataclass(frozen=True)
class Compared:
    """A goal as it was set (UTC, 0 to 10), beside what came of it and what remains."""

    goal: Goal
    set_at: datetime
    start: int

    @property
    def remains(self) -> str:
        """What is left of it, in words."""
        if self.goal.state != "open":
            return "Nothing: it was " + self.goal.state
        by = f", by {short_date(self.goal.due_on)}" if self.goal.due_on else ""
        left = FURTHEST - self.goal.progress
        return f"{left} of {FURTHEST} to go{by}" if left else "To be marked as reached"


def compared(engagement: Engagement) -> list[Compared]:
    """Start beside outcome of each goal of an engagement, in the order they were set. Two queries."""
    goals = list(Goal.select().where(Goal.engagement == engagement).order_by(Goal.id))
    told = Event.select().where(
        (Event.subject == "goal")
        & (Event.verb == "set")
        & Event.subject_id.in_([goal.id for goal in goals])
    )
    begun = {event.subject_id: event.details["progress"][1] for event in told}
    return [Compared(goal, goal.created_at, begun.get(goal.id, 0)) for goal in goals]


@dataclass(frozen=True)
class Line:
    """A line of a goal's history: when (UTC), who, and what."""

    at: datetime
    who: str
    words: str


def history(goal: Goal) -> list[Line]:
    """What was done with a goal, oldest first. One query."""
    query = (
        Event.select(Event, Person.name.alias("who"))
        .join(Person, peewee.JOIN.LEFT_OUTER, on=(Event.person_id == Person.id))
        .where((Event.subject == "goal") & (Event.subject_id == goal.id))
        .order_by(Event.id)
    )
    return [
        Line(event.at, event.who or "The command line", _words(event.verb, event.details))
        for event in query.objects()
    ]


def _words(verb: str, detail: Mapping[str, Any]) -> str:
    said = ["set the goal"] if verb == "set" else []
    if verb == "erased":
        said.append("removed what was written, as consent was withdrawn")
    if verb == "worked on":
        said.append("worked on it in a session")
    if verb == "taken off":
        said.append("took it off a session")
    if names := [FIELDS[name] for name in detail.get("fields", [])]:
        said.append(f"changed {', '.join(names)}")
    for name, words in (("state", "state"), ("progress", "progress"), ("due_on", "date")):
        was, is_ = detail.get(name, (None, None))
        if was != is_:
            said.append(f"{words} {_value(was)} → {_value(is_)}")
    return "; ".join(said)


def _value(value: Any) -> str:
    if value in (None, "", "None"):
        return "none"
    text = str(value)
    return short_date(date.fromisoformat(text)) if text.count("-") == 2 else text
