"""What is typed about a meeting: who came, the record with a part for each learner, and an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from supervise.forms.contracts import text_field, whole
from supervise.forms.enrolments import DayField
from supervise.forms.faults import faults_of
from supervise.forms.people import Ticks
from supervise.models import Attendance, Meeting, MeetingAction
from supervise.models.recording import Action, Part, Written
from supervise.rules.held import LONGEST_MINUTES, NO_LENGTH
from supervise.rules.moments import short_date

SPARE = 2
"""Empty lines for actions, below those that are filled in."""
MOST_ACTIONS = 30
OWNERS = {"learner": "Learner", "supervisor": "Supervisor"}


class HoldForm(FlaskForm):
    """Who came, and how long it lasted."""

    came = Ticks("Who came", choices=[])
    minutes = whole("Length in minutes", 1, LONGEST_MINUTES, NO_LENGTH)
    sure = BooleanField("It really lasted that long")


def hold_form(meeting: Meeting, seated: Sequence[Attendance]) -> HoldForm:
    """Filled with what is known, or else with everybody and the length planned."""
    known = meeting.held_minutes is not None or meeting.state == "missed"
    came = [str(one.id) for one in seated if one.came or not known]
    form = HoldForm(data={"came": came, "minutes": meeting.held_minutes or meeting.minutes})
    form.came.choices = [SelectChoice(str(one.id), one.learner.name) for one in seated]
    return form


class NoteForm(FlaskForm):
    """The private note of whoever leads the meeting."""

    note = text_field("Private note", rows=3)


class AnswerForm(FlaskForm):
    """What a learner writes under the record."""

    reply = text_field("Your reply", rows=4)
    reflection = text_field("Your reflection", rows=4)

    def differences(self, place: Attendance) -> dict[str, str]:
        """Field by field, what is stored where it differs from what was typed."""
        names = ("reply", "reflection")
        return {n: getattr(place, n) for n in names if getattr(place, n) != (self[n].data or "")}


class _Record(FlaskForm):
    """The record of a meeting. The fields of each place end in its number (``record_form``)."""

    discussed = text_field("What you discussed", rows=6)
    note = text_field("Private note", rows=3)

    def lines(self, place_id: int) -> list[tuple[Any, Any, Any]]:
        """The fields of each action of a place: what, whose, by when."""
        found = []
        for number in range(MOST_ACTIONS):
            key = f"{place_id}_{number}"
            if f"action_{key}" not in self:
                break
            found.append((self[f"action_{key}"], self[f"owner_{key}"], self[f"due_{key}"]))
        return found

    def written(self, places: Iterable[Attendance]) -> Written:
        """What was written, as the meeting keeps it; empty lines are left out."""
        parts = {
            one.id: Part(
                self[f"feedback_{one.id}"].data or "",
                self[f"goals_{one.id}"].data or "",
                [
                    Action(owner.data, what.data, due.data)
                    for what, owner, due in self.lines(one.id)
                    if what.data
                ],
            )
            for one in places
        }
        return Written(self.discussed.data or "", parts, self.note.data or "")

    def half_lines(self, places: Iterable[Attendance]) -> bool:
        """Put a sentence beside each day that has no action; whether there is any."""
        found = False
        for one in places:
            for what, _, due in self.lines(one.id):
                if due.data and not what.data:
                    what.errors = [*what.errors, "Say what is to be done, or clear the day."]
                    found = True
        return found

    def differences(self, stored: Mapping[str, Any]) -> dict[str, str]:
        """Field by field, what is stored where it differs from what was typed."""
        found = {}
        for one in self:
            there = stored.get(one.name)
            if one.name in stored and (there or "") != (one.data or ""):
                found[one.name] = _said(there)
        return found


def record_faults(form: Any, places: Iterable[Attendance]) -> list[tuple[str, str, str]]:
    """What is wrong in a record, as the list on top tells it: with which action, and whose."""
    names = {str(one.id): one.learner.first_name for one in places}
    found = []
    for id_, label, sentence in faults_of(form):
        what, place, number = [*id_.split("_"), "", ""][:3]
        if what == "due":
            label = f"Action {int(number) + 1}, by"
        whose = f"{label}, {names[place]}" if len(names) > 1 and place in names else label
        found.append((id_, whose, sentence))
    return found


def _said(value: Any) -> str:
    if isinstance(value, date):
        return short_date(value)
    return OWNERS.get(value or "", value or "")


def values_of(
    meeting: Meeting, places: Iterable[Attendance], actions: Mapping[int, Sequence[MeetingAction]],
    note: str,
) -> dict[str, Any]:  # fmt: skip
    """What a record says, by the fields of its form."""
    values: dict[str, Any] = {"discussed": meeting.discussed, "note": note}
    for one in places:
        values |= {f"feedback_{one.id}": one.feedback, f"goals_{one.id}": one.goals}
        for number, action in enumerate(actions[one.id]):
            key = f"{one.id}_{number}"
            values |= {
                f"action_{key}": action.text,
                f"owner_{key}": action.owner,
                f"due_{key}": action.due_on,
            }
    return values


def record_form(
    places: Sequence[Attendance], values: Mapping[str, Any], sent: Iterable[str] = (), **how: Any
) -> Any:
    """The form of a record with these places, filled with what it says or with what was ``sent``.

    ``how`` goes to the form: with ``formdata`` it reads that, and not the request.
    """
    names = [*values, *sent]
    fields: dict[str, Any] = {}
    for one in places:
        fields[f"feedback_{one.id}"] = text_field("Your feedback", rows=4)
        fields[f"goals_{one.id}"] = text_field("Learning goals agreed", rows=3)
        used = [
            int(found[1])
            for name in names
            if (found := re.fullmatch(rf"action_{one.id}_([0-9]{{1,2}})", name))
        ]
        spare = 0 if sent else SPARE
        for number in range(min(MOST_ACTIONS, max(used, default=-1) + 1 + spare)):
            key = f"{one.id}_{number}"
            fields[f"action_{key}"] = text_field(f"Action {number + 1}", rows=1, longest=1000)
            fields[f"owner_{key}"] = SelectField(
                "Whose", choices=[SelectChoice(key, word) for key, word in OWNERS.items()]
            )
            fields[f"due_{key}"] = DayField("By", validators=[Optional()])
    return type("RecordForm", (_Record,), fields)(data=dict(values), **how)


def unheard(text: str | None) -> list[MultiDict[str, str]]:
    """What a page sent before and had no answer to, as it says in the form it sends now.

    Whatever cannot be read is left out: then a save is compared with what is stored, as without it.
    """
    try:
        found = json.loads(text or "[]")
        return [MultiDict((str(name), str(value)) for name, value in one) for one in found]
    except (ValueError, TypeError):
        return []
