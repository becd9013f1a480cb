"""What is typed on a client's own page: what the coach noted, who it is, and consent."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice

from supervise.forms.clients import day_typed, showable
from supervise.imports.cohort import is_email
from supervise.models import Client

LONGEST_LINE = 120
LONGEST_ADDRESS = 254
LONGEST_TEXT = 4000
LONGEST_SCOPE = 1000
_BREAK = re.compile(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
UNSHOWN = "This holds a character that cannot be shown, perhaps from a copy. Type it again."


def line_fault(text: str, longest: int = LONGEST_LINE) -> str | None:
    """Why this cannot be one line of a name or an address, in a sentence; None where it can."""
    if _BREAK.search(text):
        return "Write this on one line."
    if _CONTROL.search(text):
        return UNSHOWN
    if len(text) > longest:
        return f"Use at most {longest} characters."
    return None


def email_fault(text: str) -> str | None:
    """Why mail cannot go to this, in a sentence; None where it is empty or one plain address.

    Its form alone is judged, by the one rule for every address here: nothing is looked up.
    """
    wrong = line_fault(text, LONGEST_ADDRESS)
    if wrong or not text or is_email(text):
        return wrong
    return "That is not an e-mail address. Write it as a@example.org."


class _Form(FlaskForm):
    class Meta:
        csrf = False  # asked for in one place, before every view

    def keep_showable(self) -> None:
        """Before it is shown again: a mark where a character stands that no page can show."""
        for field in self:
            if isinstance(field.data, str):
                field.data = showable(field.data)

    @property
    def typed(self) -> dict[str, str]:
        """What was typed, by field, as it is kept."""
        return {field.name: field.data or "" for field in self}

    @property
    def found(self) -> list[tuple[str, str, str]]:
        """What is wrong, for the list on top of the page."""
        return [(f.id, f.label.text, f.errors[0]) for f in self if f.errors]


def _tidy(value: Any) -> str:
    return str(value or "").strip(" \t")


def _tidy_text(value: Any) -> str:
    """Line ends as everywhere else in the database."""
    return str(value or "").replace("\r\n", "\n").strip()


def _judged(judge: Callable[[str], str | None]) -> Callable[[Any, Field], None]:
    """A validator of a function that says what is wrong."""

    def validator(_: Any, field: Field) -> None:
        if wrong := judge(field.data or ""):
            raise ValidationError(wrong)

    return validator


def _line(label: str, judge: Callable[[str], str | None] = line_fault) -> StringField:
    """One line of text."""
    how = {"autocomplete": "off"}
    return StringField(label, filters=[_tidy], validators=[_judged(judge)], render_kw=how)


def _text(label: str, longest: int = LONGEST_TEXT) -> TextAreaField:
    """Several lines of text."""

    def judge(text: str) -> str | None:
        if len(text) > longest:
            return f"Use at most {longest:,} characters; this has {len(text):,}."
        return UNSHOWN if _CONTROL.search(text.replace("\n", " ").replace("\t", " ")) else None

    how = {"rows": 2}
    return TextAreaField(label, filters=[_tidy_text], validators=[_judged(judge)], render_kw=how)


class AboutForm(_Form):
    """What the coach found out about a client; the supervisor reads it too.

    Who it is may be left out: then it stays.
    """

    kind = SelectField(
        "One person or a team",
        choices=[SelectChoice(*each) for each in Client.KINDS.items()],
        validate_choice=False,
    )
    needs = _text("Needs found")
    needs_tool = _line("Found with")
    preference = _text("How they like to learn")
    strengths = _text("Strengths")

    @property
    def typed(self) -> dict[str, str]:
        """What was typed, and which of the two, where it was said."""
        return {name: text for name, text in super().typed.items() if text or name != "kind"}

    def validate_kind(self, field: Field) -> None:
        """One of the two, where it is said."""
        if field.data and field.data not in Client.KINDS:
            raise ValidationError("Choose one person or a team.")


class IdentityForm(_Form):
    """Who the client and the sponsor are; the vault keeps it."""

    name = _line("Name")
    email = _line("E-mail", email_fault)
    organisation = _line("Organisation")
    sponsor_name = _line("Sponsor’s name")
    sponsor_email = _line("Sponsor’s e-mail", email_fault)
    sponsor_organisation = _line("Sponsor’s organisation")


class _DayForm(_Form):
    """A form about one day; ``day`` is what was read of it."""

    day: date = date.min

    def read_day(self, field: Field) -> None:
        """Read the day, or say how to write it."""
        day, wrong = day_typed(field.data or "")
        if wrong or day is None:
            raise ValidationError(wrong or "Give the day.")
        self.day = day


class ConsentForm(_DayForm):
    """Since when, and to what, a client consented."""

    given_on = _line("Given on")
    scope = _text("What they agreed to", longest=LONGEST_SCOPE)

    @property
    def typed(self) -> dict[str, str]:
        """The day as it is kept, and the words."""
        return {"given_on": self.day.isoformat(), "scope": self.scope.data or ""}

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed."""
        return not (self.given_on.data or self.scope.data)

    def validate_given_on(self, field: Field) -> None:
        """A day."""
        self.read_day(field)

    def validate_scope(self, field: Field) -> None:
        """Consent to nothing named is none."""
        if not field.data:
            raise ValidationError("Say what the client agreed to, in their words where you can.")


PARTS: dict[str, type[_Form]] = {
    "about": AboutForm, "identity": IdentityForm, "consent": ConsentForm,
}  # fmt: skip
"""The parts of a client's page, which are saved together."""


def seal(said: Mapping[str, str]) -> str:
    """Tells what a part says now from what it said when the page was opened."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


class WithdrawalForm(_DayForm):
    """When the client took their consent back."""

    withdrawn_on = _line("Withdrawn on")

    def validate_withdrawn_on(self, field: Field) -> None:
        """A day."""
        self.read_day(field)
