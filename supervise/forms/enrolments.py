"""Forms about enrolments and assignments."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length, Optional

from supervise.forms.people import Ticks, role_choices, tidy
from supervise.models.assignments import ASSIGNED_ROLES

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


class DayField(DateField):
    """A day; one that cannot be read, or lies centuries off, is refused with how to write it."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the day."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError("Choose a day, or write it as 2026-06-01.") from error
        if self.data is not None and not EARLIEST <= self.data < LATEST:
            raise ValueError("Check the year.")


def _number() -> StringField:
    return StringField(
        "Registration number",
        filters=[tidy],
        validators=[Length(max=40, message="Shorten the number to 40 characters.")],
        render_kw={"autocomplete": "off"},
    )


class _UnitsForm(FlaskForm):
    units = Ticks("Units", choices=[])
    registration = _number()
    started_on = DayField("Start date", validators=[InputRequired("Choose the start date.")])

    def validate_units(self, field: Field) -> None:
        """An enrolment without a unit has nothing to practise for."""
        if not field.data:
            raise ValidationError("Tick at least one unit.")


class EnrolForm(_UnitsForm):
    """A new enrolment: units, registration number, start, and who looks after the learner."""

    supervisor = SelectField("Supervisor", coerce=int, choices=[])
    tutor = SelectField("Tutor", coerce=int, choices=[])


class CorrectEnrolmentForm(_UnitsForm):
    """What was entered about an enrolment, to be corrected."""

    ends_on = DayField("End date", validators=[Optional()])


class AssignForm(FlaskForm):
    """Somebody in a role for an enrolment, from a day on."""

    role = SelectField("Role", choices=role_choices(ASSIGNED_ROLES))
    person = SelectField("Person", coerce=int, choices=[])
    from_on = DayField("From", validators=[InputRequired("Choose the first day.")])
    new_role = BooleanField("Give them this role in the centre")

    def validate_person(self, field: Field) -> None:
        """The first choice is nobody."""
        if not field.data:
            raise ValidationError("Choose a person.")


class EndForm(FlaskForm):
    """The last day of an assignment, and who takes over on the next."""

    on = DayField("Last day", validators=[InputRequired("Choose the last day.")])
    successor = SelectField("Who takes over the next day", choices=[])


class CorrectAssignmentForm(FlaskForm):
    """The days of an assignment, to be corrected."""

    from_on = DayField("First day", validators=[InputRequired("Choose the first day.")])
    to_on = DayField("Last day", validators=[Optional()])
