"""Forms about people: adding somebody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectMultipleField, StringField, ValidationError
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from supervise.imports.cohort import is_email
from supervise.models.people import ROLE_WORDS


def tidy(value: Any) -> str:
    """What was typed on one line, without invisible characters and spaces around it."""
    return "".join(sign for sign in str(value or "") if sign.isprintable()).strip()


def role_choices(roles: Iterable[str]) -> list[SelectChoice]:
    """These roles to choose from, in words."""
    return [SelectChoice(role, ROLE_WORDS[role].capitalize()) for role in roles]


class Ticks(SelectMultipleField):
    """Several of a list, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class PersonForm(FlaskForm):
    """Somebody new in the centre: name, e-mail address, roles."""

    name = StringField(
        "Name",
        filters=[tidy],
        validators=[DataRequired("Type the name."), Length(max=120, message="Shorten the name.")],
        render_kw={"autocomplete": "off"},
    )
    email = StringField(
        "E-mail",
        filters=[tidy],
        validators=[DataRequired("Type the e-mail address.")],
        render_kw={"type": "email", "autocomplete": "off"},
    )
    roles = Ticks("Roles", choices=role_choices(ROLE_WORDS))

    def validate_email(self, field: Field) -> None:
        """The form of one plain address."""
        if not is_email(field.data):
            raise ValidationError("That is not an e-mail address. Write it as a@example.org.")

    def validate_roles(self, field: Field) -> None:
        """Somebody without a role could see nothing."""
        if not field.data:
            raise ValidationError("Tick at least one role.")
