"""What is typed about a goal, and in the closing review."""

from __future__ import annotations

from datetime import date

from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from supervise.forms.contracts import showable, text_field, whole
from supervise.forms.enrolments import DayField
from supervise.forms.people import tidy
from supervise.models.goals import FURTHEST
from supervise.rules.milestones import faults

MODELS = {
    "": "Choose one",
    "kirkpatrick": "Kirkpatrick’s four levels",
    "roi": "Return on investment",
    "smart": "Review against SMART goals",
    "other": "Another way",
}


class GoalForm(FlaskForm):
    """One SMART goal and how far along it is.

    The goal is due on or after ``today``; a day that was ``kept`` already may have passed since.
    Days of milestones lie between ``since``, when the goal was set, and the day it is due; they may
    stay as they ``were``, beside the same day.
    """

    today: date | None = None
    kept: date | None = None
    since: date | None = None
    were: str | None = None

    text = text_field("Goal", DataRequired("Write the goal."), longest=1000)
    aim_level = SelectField(
        "It serves an aim of the",
        choices=[SelectChoice(level, level) for level in ("organisation", "division", "team")],
    )
    aim = text_field("Which aim, and how", rows=2, longest=1000)
    measure = text_field("Measure", rows=2, longest=1000)
    owner = StringField(
        "Owner",
        filters=[tidy],
        validators=[Length(max=120, message="Shorten this to 120 characters."), showable],
        render_kw={"autocomplete": "off"},
    )
    due_on = DayField("By", validators=[Optional()])
    milestones = text_field("Milestones", longest=2000)
    state = SelectField(
        "State",
        choices=[
            SelectChoice("open", "Open"),
            SelectChoice("reached", "Reached"),
            SelectChoice("dropped", "Dropped"),
        ],
        default="open",
    )
    progress = whole("Progress, 0 to 10", 0, FURTHEST, f"Progress goes from 0 to {FURTHEST}.")

    def validate_due_on(self, field: Field) -> None:
        """A new or changed day has not passed: nothing can be reached by a day gone by."""
        new = field.data is not None and field.data != self.kept
        if new and self.today is not None and field.data < self.today:
            raise ValidationError("This day has passed. Give a later one.")

    def validate_milestones(self, field: Field) -> None:
        """The days that were given are days, and within the goal's time."""
        if (field.data, self.due_on.data) == (self.were, self.kept):
            return
        if found := list(faults(field.data, self.since or self.today, self.due_on.data)):
            raise ValidationError(" ".join(found))

    def values(self) -> dict[str, object]:
        """What was written, by the goal's fields."""
        kept = {name: field.data for name, field in self._fields.items() if name != "csrf_token"}
        return kept | {"progress": self.progress.data or 0}


class ClosingForm(FlaskForm):
    """How an engagement ended, beside how it began."""

    start = text_field("Where it started")
    outcome = text_field("Where it ended")
    remains = text_field("What remains to be done")
    model = SelectField(
        "How you judged it", choices=[SelectChoice(*choice) for choice in MODELS.items()]
    )
    evaluation = text_field("What that showed")
    success = text_field("How success was marked")

    def values(self) -> dict[str, str]:
        """What was written, by the review's fields."""
        return {name: field.data or "" for name, field in self._fields.items()
                if name != "csrf_token"}  # fmt: skip

    def is_complete(self) -> bool:
        """Whether every part is there; a sentence stands beside each that is not."""
        for name, text in self.values().items():
            if not text:
                sentence = "Choose one." if name == "model" else "Write this part to complete it."
                self[name].errors = [*self[name].errors, sentence]
        return not any(field.errors for field in self)
