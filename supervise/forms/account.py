"""Forms of one's own account."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, EqualTo, ValidationError

from supervise import passwords
from supervise.models import Person

NO_PLACES = {"Factory", "localtime", "posixrules"}


@cache
def zones() -> dict[str, list[tuple[str, str]]]:
    """All IANA zones by region, as a select wants them: name, and the place in words."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones() - NO_PLACES):
        region, _, place = name.rpartition("/")
        words = place.replace("_", " ")
        regions.setdefault(region or "Other", []).append((name, words))
    return regions


class ZoneForm(FlaskForm):
    """The zone in which one reads times."""

    zone = SelectField("Times are shown for", validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone.choices = zones()

    def validate_zone(self, field: SelectField) -> None:
        """Raises ValidationError for what is no zone."""
        if field.data not in available_timezones() - NO_PLACES:
            raise ValidationError("Choose a place from the list.")


class NewPasswordForm(FlaskForm):
    """A new password, typed twice, for a person."""

    password = PasswordField("New password", [DataRequired("Choose a password.")])
    confirm = PasswordField(
        "The same again", [EqualTo("password", "The two are not the same. Type both again.")]
    )

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def validate_password(self, field: PasswordField) -> None:
        """Raises ValidationError with the sentence of ``passwords.weakness``."""
        fault = passwords.weakness(field.data, self.person.email, self.person.name)
        if fault:
            raise ValidationError(fault)


class ChangePasswordForm(NewPasswordForm):
    """A new password for somebody who knows the old one."""

    old = PasswordField("Password now", [DataRequired("Type the password you have now.")])


class ConfirmCodeForm(FlaskForm):
    """The code that proves that an app holds the secret."""

    old = PasswordField("Your password", [DataRequired("Type your password.")])
    code = StringField("Code from the app", [DataRequired("Type the six figures the app shows.")])


class TurnOffForm(FlaskForm):
    """The password that turning the second factor off asks for."""

    old = PasswordField("Your password", [DataRequired("Type your password.")])
