"""A diary entry as typed: the fields, and how they are read.

What cannot be read stays in the draft as it was typed (``unread``); what must not be stored at all
is refused (``refused``). Both say why, and how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from supervise.forms.clients import NAME_LIKE, alias_fault, day_typed, looks_like_a_name
from supervise.imports.values import NotUnderstood, read_minutes, read_time
from supervise.models import Client, Goal, PracticeSession
from supervise.models.drafts import Entry
from supervise.models.goals import FURTHEST
from supervise.models.readiness import UNREADABLE
from supervise.models.sessions import KINDS, MODES, SUPERVISION_TEXTS
from supervise.rules import moments
from supervise.rules.conditions import LONGEST, SHORTEST

LONGEST_TEXT = 20_000
LONGEST_LINE = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
TEXTS = (*SUPERVISION_TEXTS, "extract", "private")
LINES = ("place", "date", "start", "minutes", "new_clients")


class EntryForm(FlaskForm):
    """The fields of a diary entry; everything is text until ``read``."""

    class Meta:
        csrf = False  # asked for in one place, before every view

    clients = SelectMultipleField("Client", validate_choice=False)
    new_clients = StringField("New client, by alias")
    sure = BooleanField("Use it all the same")
    kind = SelectField(
        "Kind",
        choices=[
            SelectChoice("", "Choose"),
            *(SelectChoice(kind, kind.capitalize()) for kind in KINDS),
        ],
        validate_choice=False,
    )
    mode = SelectField(
        "How",
        choices=[
            SelectChoice("", "Choose"),
            *(SelectChoice(mode, mode.capitalize()) for mode in MODES),
        ],
        validate_choice=False,
    )
    place = StringField("Place")
    unit = SelectField(
        "Counts toward", choices=[SelectChoice("", "Choose later")], validate_choice=False
    )
    date = StringField("Date")
    minutes = StringField("Minutes")
    start = StringField("Start")
    plan = TextAreaField("Plan for the session")
    own_goal = TextAreaField("Your own goal for this session")
    done = TextAreaField("What you did")
    tools = TextAreaField("Tools and techniques")
    progress = TextAreaField("Progress towards the goals")
    reflection = TextAreaField("What you learned")
    plan_change = TextAreaField("Changes to your plan")
    to_raise = TextAreaField("To raise in supervision")
    extract = TextAreaField("What may be quoted")
    private = TextAreaField("For yourself")

    @classmethod
    def label(cls, name: str) -> str:
        """The words on a field, for the page that shows what was written in it."""
        return str(getattr(cls, name).args[0])

    def faults(self, found: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Sentences by field as the list on top shows them, in the order of the form."""
        return [(f.name, f.label.text, found[f.name]) for f in self if f.name in found]


STEPS = [
    SelectChoice("", "Not worked on"),
    SelectChoice("0", "0, not begun"),
    *(SelectChoice(str(step)) for step in range(1, FURTHEST)),
    SelectChoice(str(FURTHEST), f"{FURTHEST}, reached"),
]


def goal_field(goal_id: int) -> str:
    """The name of the field that says how far along a goal was after the session."""
    return f"goal_{goal_id}"


def entry_form(goals: Iterable[Goal]) -> type[EntryForm]:
    """The form of an entry of somebody with these goals: a field for each, under its own words."""
    fields = {
        goal_field(goal.id): SelectField(goal.text, choices=STEPS, validate_choice=False)
        for goal in goals
    }
    return type("EntryFormWithGoals", (EntryForm,), fields)


@dataclass
class Reading:
    """An entry as far as it could be read, and what stood in the way, field to sentence.

    ``goals`` are those the form asked about.
    """

    entry: Entry
    goals: Sequence[Goal] = ()
    unread: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def read(
    form: EntryForm, *, clients: Iterable[Client], units: Iterable[str], zone: str,
    finished: bool, goals: Sequence[Goal] = (),
) -> Reading:  # fmt: skip
    """Read the form for a learner with these clients, units and goals, on the clock of ``zone``.

    ``finished`` tells a button from an autosave: half an alias must not become a client.
    """
    texts = {name: (form[name].data or "").replace("\r\n", "\n") for name in TEXTS}
    lines = {name: (form[name].data or "").strip() for name in LINES}
    found = Reading(Entry(place=lines["place"]), goals)
    _refuse_unfit(form, texts, lines, found.refused)
    entry = found.entry
    unparsed: dict[str, str] = {}
    entry.private = texts.pop("private")
    entry.texts = texts
    entry.unit = _chosen(form, "unit", units, found)
    entry.kind = _chosen(form, "kind", KINDS, found)
    entry.mode = _chosen(form, "mode", MODES, found)
    _read_clients(form, lines["new_clients"], clients, found, unparsed, finished=finished)
    _read_goals(form, goals, found, finished=finished)
    entry.date, wrong = day_typed(lines["date"])
    if wrong:
        found.unread["date"] = wrong
    _read_minutes(lines["minutes"], found)
    _read_start(lines["start"], zone, found)
    unparsed |= {name: lines[name] for name in found.unread if name in UNREADABLE}
    if entry.date is None and lines["start"]:
        unparsed["start"] = lines["start"]  # no moment without a day: kept until there is one
    entry.unparsed = unparsed
    return found


def _refuse_unfit(
    form: EntryForm, texts: Mapping[str, str], lines: Mapping[str, str], refused: dict[str, str]
) -> None:
    """Texts too long to keep, and characters no page can show."""
    for name, text in {**texts, **lines}.items():
        most = LONGEST_TEXT if name in texts else LONGEST_LINE
        label = form[name].label.text
        if len(text) > most:
            refused[name] = f"{label} has {len(text):,} characters; keep it to {most:,}."
        elif _CONTROL.search(text):
            refused[name] = (
                f"{label} holds a character that cannot be shown, perhaps from a copy. "
                "Type that part again."
            )


def _chosen(form: EntryForm, name: str, allowed: Iterable[str], found: Reading) -> str | None:
    value = form[name].data or ""
    if not value:
        return None
    if value in allowed:
        return str(value)
    found.refused[name] = {
        "unit": "This unit is not one of your enrolment's. Choose one from the list.",
        "kind": "Choose coaching or mentoring.",
        "mode": "Choose how you met from the list.",
    }[name]
    return None


def _read_clients(
    form: EntryForm, typed: str, mine: Iterable[Client], found: Reading,
    unparsed: dict[str, str], *, finished: bool,
) -> None:  # fmt: skip
    by_id = {str(client.id): client for client in mine}
    chosen = form.clients.data or []
    if any(id_ not in by_id for id_ in chosen):
        found.refused["clients"] = "One of these clients is not yours. Choose from your own."
    found.entry.clients = [by_id[id_] for id_ in chosen if id_ in by_id]
    if not finished:
        if typed:
            unparsed["new_clients"] = typed
        return
    aliases = [" ".join(part.split()) for part in typed.split(",") if part.strip()]
    for alias in aliases:
        wrong = alias_fault(alias)
        known = any(client.alias_key == alias.casefold() for client in by_id.values())
        if not (wrong or known or form.sure.data) and looks_like_a_name(alias):
            wrong = NAME_LIKE
        if wrong:
            found.refused.setdefault("new_clients", wrong)
    found.entry.aliases = aliases


def _read_goals(form: EntryForm, goals: Iterable[Goal], found: Reading, *, finished: bool) -> None:
    """How far along each goal was; while typing, a goal waits until its client is ticked."""
    clients = {client.id for client in found.entry.clients}
    kind, steps = found.entry.kind or "coaching", {}
    for goal in goals:
        name, whose = goal_field(goal.id), goal.engagement
        value = form[name].data or ""
        if value and value not in {step.value for step in STEPS}:
            found.refused[name] = "Choose how far along it is, from 0 to 10, or Not worked on."
        elif value and whose.client_id in clients and whose.kind == kind:
            steps[goal.id] = int(value)
        elif value and finished:
            found.refused[name] = (
                f"This goal belongs to {whose.kind} with {whose.client.alias}. Tick that client "
                f"and choose {whose.kind}, or choose Not worked on."
            )
    found.entry.goals = steps


def _read_minutes(typed: str, found: Reading) -> None:
    try:
        minutes = read_minutes(typed)
    except NotUnderstood:
        minutes = 0
    if minutes is not None and not SHORTEST <= minutes <= LONGEST:
        found.unread["minutes"] = UNREADABLE["minutes"]
    else:
        found.entry.minutes = minutes


def _read_start(typed: str, zone: str, found: Reading) -> None:
    try:
        at: time | None = read_time(typed)
        if at is not None and found.entry.date is not None:
            moments.to_utc(found.entry.date, at, zone)
    except NotUnderstood:
        found.unread["start"] = UNREADABLE["start"]
    except moments.NoSuchTime as none:
        found.unread["start"] = none.sentence
    else:
        found.entry.start = at


def values_of(
    session: PracticeSession, zone: str, private: str, clients: Iterable[Client],
    goals: Mapping[int, int | None],
) -> dict[str, Any]:  # fmt: skip
    """A session as its form shows it; what could not be read comes back as it was typed.

    ``goals`` are those the form asks about, with how far along each was, if it was worked on.
    """
    values: dict[str, Any] = {
        name: getattr(session, name) for name in (*SUPERVISION_TEXTS, "extract")
    }
    start = moments.local(session.starts_at, zone) if session.starts_at else None
    day = start.date() if start else session.date  # as the start, on the clock of today's zone
    values |= {
        "clients": [str(client.id) for client in clients],
        "new_clients": "",
        "private": private,
        "kind": session.kind or "",
        "mode": session.mode or "",
        "unit": session.unit or "",
        "place": session.place,
        "date": day.isoformat() if day else "",
        "start": moments.clock(start) if start else "",
        "minutes": "" if session.minutes is None else str(session.minutes),
    }
    values |= {goal_field(id_): "" if step is None else str(step) for id_, step in goals.items()}
    return values | session.typed


def values_read(reading: Reading) -> dict[str, Any]:
    """The same of what was just typed, so that two versions can be laid side by side."""
    entry = reading.entry
    return {
        **entry.texts,
        "clients": [str(client.id) for client in entry.clients],
        "new_clients": ", ".join(entry.aliases),
        "private": entry.private,
        "kind": entry.kind or "",
        "mode": entry.mode or "",
        "unit": entry.unit or "",
        "place": entry.place,
        "date": entry.date.isoformat() if entry.date else "",
        "start": moments.clock(entry.start) if entry.start else "",
        "minutes": "" if entry.minutes is None else str(entry.minutes),
        **{goal_field(goal_id): str(step) for goal_id, step in entry.goals.items()},
        **entry.unparsed,
    }
