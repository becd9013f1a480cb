"""Forms of one's own account."""

from __future__ import annotations

from datetime import time
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, EqualTo, StopValidation, ValidationError
from wtforms.widgets import TimeInput

from supervise import passwords
from supervise.models import MailWish, Person

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


class ClockField(StringField):
    """A time of day, ``08:00``; empty where none is given, and whatever was typed where it is none."""

    widget = TimeInput()

    data: str | None

    def pre_validate(self, form: FlaskForm) -> None:  # noqa: ARG002 - WTForms gives it
        """Raises StopValidation for what no clock shows."""
        typed = (self.data or "").strip()
        try:
            self.data = f"{time.fromisoformat(typed):%H:%M}" if typed else ""
        except ValueError:
            raise StopValidation("Write a time of day, such as 18:30.") from None


class MailForm(FlaskForm):
    """How one wants mail: at once or once a day, and when not."""

    digest = SelectField(
        "Send mail",
        choices=[SelectChoice("", "At once"), SelectChoice("y", "Once a day, all in one")],
    )
    digest_at = ClockField("Once a day at")
    quiet_from = ClockField("Quiet from")
    quiet_to = ClockField("Quiet until")

    def validate_digest_at(self, field: StringField) -> None:
        """Raises ValidationError for a digest without its hour."""
        if self.digest.data and not field.data:
            raise ValidationError("Say when: a time of day, such as 08:00.")

    def validate_quiet_to(self, field: StringField) -> None:
        """Raises ValidationError for half of the quiet hours, and for hours that last no time."""
        if bool(field.data) != bool(self.quiet_from.data):
            raise ValidationError("Give both times, or leave both empty for no quiet hours.")
        if field.data and field.data == self.quiet_from.data:
            raise ValidationError("Quiet hours end later than they begin: choose two times.")

    @staticmethod
    def of(wish: MailWish) -> dict[str, str]:
        """A wish as the fields take it."""
        times = {name: getattr(wish, name) for name in ("digest_at", "quiet_from", "quiet_to")}
        return {"digest": "y" if wish.digest else "", **times}

    @property
    def wish(self) -> dict[str, Any]:
        """What is kept of it."""
        return {
            "digest": bool(self.digest.data),
            "digest_at": self.digest_at.data or "08:00",
            "quiet_from": self.quiet_from.data,
            "quiet_to": self.quiet_to.data,
        }


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
