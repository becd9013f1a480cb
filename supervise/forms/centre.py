"""Forms of the centre: its policy, its rules of combination, its copy of the official wording."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, IntegerField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from supervise.forms.contracts import whole
from supervise.forms.people import Ticks, tidy
from supervise.rules.feedback import LEAST_FLOOR

CONTINENTS = (
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip
ZONES = [
    SelectChoice(zone, zone.replace("_", " "))
    for zone in sorted(available_timezones())
    if zone == "UTC" or zone.split("/")[0] in CONTINENTS
]
_DAYS = [
    InputRequired("Type a number of days."),
    NumberRange(1, 90, "Choose 1 to 90 days."),
]


class CentreForm(FlaskForm):
    """The centre's own record and its policy."""

    name = StringField(
        "Name", filters=[tidy],
        validators=[DataRequired("Type the name."), Length(max=120, message="Shorten the name.")],
    )  # fmt: skip
    number = StringField(
        "Centre number",
        filters=[tidy],
        validators=[Length(max=40, message="At most 40 characters.")],
    )
    zone = SelectField("Time zone", choices=ZONES)
    due_days = IntegerField("Due after", validators=_DAYS, render_kw={"inputmode": "numeric"})
    late_days = IntegerField("Late after", validators=_DAYS, render_kw={"inputmode": "numeric"})
    short_hours_count_in_long = BooleanField("Hours of a short unit count in the long unit too")
    second_factor_required = BooleanField("Everybody signs in with a second factor")
    confirmation_required = BooleanField("A client confirms each session before it counts")
    sure = BooleanField("Yes, demand it all the same")
    supervise_after_hours = whole(
        "Supervision after hours of practice", 1, 500, "Choose 1 to 500 hours, or leave it empty."
    )
    supervise_after_weeks = whole(
        "Supervision after weeks", 1, 104, "Choose 1 to 104 weeks, or leave it empty."
    )
    feedback_floor = IntegerField(
        "Feedback shown from",
        validators=[
            InputRequired("Type a number of answers."),
            NumberRange(
                LEAST_FLOOR, 20, "Choose 2 to 20 answers. One alone would tell whose it is."
            ),
        ],
        render_kw={"inputmode": "numeric"},
    )

    @property
    def policy(self) -> dict[str, Any]:
        """What the centre keeps beside what its fields are named for: the ratio, in whole minutes."""
        hours = self.supervise_after_hours.data
        return {
            "supervise_after_minutes": hours * 60 if hours else None,
            "supervise_after_weeks": self.supervise_after_weeks.data,
        }


class UnitSetForm(FlaskForm):
    """What the centre asks of learners on a unit set."""

    min_credits = IntegerField(
        "Least credits",
        validators=[Optional(), NumberRange(0, 200, "Choose 0 to 200 credits.")],
        render_kw={"inputmode": "numeric"},
    )
    required = Ticks("Required units", choices=[])


class WordingForm(FlaskForm):
    """The centre's copy of the official wording, as a file."""

    file = FileField(
        "CSV file",
        validators=[FileRequired("Choose the file.")],
        render_kw={"accept": ".csv,text/csv"},
    )
