"""Goals as they were set beside what came of them, and the history of each in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import peewee

from supervise.events import Event
from supervise.models import Engagement, Goal, Person
from supervise.models.closing import COMPLETED
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


@dataclass
class Compared:
    """A goal as it was set (UTC, 0 to 10), beside what had come of it and what remained.

    That is as it was when the closing review was completed, and until then as it is: ``since`` says
    what became of it afterwards. ``late``: it was set only then.
    """

    goal: Goal
    set_at: datetime
    start: int = 0
    progress: int = 0
    state: str = "open"
    due_on: date | None = None
    late: bool = False
    reworded: bool = False

    @property
    def remains(self) -> str:
        """What is left of it, in words."""
        if self.state != "open":
            return "Nothing: it was " + self.state
        by = f", by {short_date(self.due_on)}" if self.due_on else ""
        left = FURTHEST - self.progress
        return f"{left} of {FURTHEST} to go{by}" if left else "To be marked as reached"

    @property
    def since(self) -> str:
        """How it stands now, in words, where that is not what stood there at completion."""
        goal, said = self.goal, []
        if (goal.progress, goal.state) != (self.progress, self.state):
            said.append(f"{goal.progress} of {FURTHEST}, {goal.state}")
        if self.reworded:
            said.append("other words")
        return "; ".join(said)


def compared(engagement: Engagement) -> list[Compared]:
    """Start beside outcome of each goal of an engagement, in the order they were set. Two queries.

    The outcome is read from the history, which nobody can change: once the closing review is
    complete it stays what it was then.
    """
    goals = list(Goal.select().where(Goal.engagement == engagement).order_by(Goal.id))
    rows = {goal.id: Compared(goal, goal.created_at) for goal in goals}
    theirs = (Event.subject == "goal") & Event.subject_id.in_(list(rows))
    done = (Event.subject == "closing review") & (Event.subject_id == engagement.id)
    told = Event.select().where(theirs | (done & (Event.verb == COMPLETED)))
    complete = False
    for event in told.order_by(Event.id):
        if event.subject == "closing review":
            complete = True
        else:
            _play(rows[event.subject_id], event, complete=complete)
    return list(rows.values())


def _play(row: Compared, event: Event, *, complete: bool) -> None:
    """One line of a goal's history; of what came after the completion only that it came."""
    detail = event.details
    if event.verb == "set":
        row.start, row.late = detail["progress"][1], complete
    if complete and not row.late:
        row.reworded |= bool({"text", "measure"} & set(detail.get("fields", ())))
        return
    row.progress = detail.get("progress", (None, row.progress))[1]
    row.state = detail.get("state", (None, row.state))[1]
    due_on = detail.get("due_on", (None, row.due_on))[1]
    row.due_on = date.fromisoformat(due_on) if isinstance(due_on, str) else due_on


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
