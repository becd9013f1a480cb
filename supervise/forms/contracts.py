"""What is typed about a contract: its parts, the sessions planned, its end, and a party's answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, RadioField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from supervise.forms.enrolments import DayField
from supervise.forms.people import tidy
from supervise.models import Contract
from supervise.models.contracts import Draft
from supervise.rules.contracts import LONGEST_TEXT, PARTS, WAYS, Terms
from supervise.rules.naming import names_in, naming_fault, same_name

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def trimmed(value: Any) -> str:
    """A text of several lines, with line ends as one sign and without space around it."""
    return str(value or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def showable(_form: FlaskForm, field: Field) -> None:
    """Refuse what no page can show; it is marked, so that the rest can be read and kept."""
    if field.data and _CONTROL.search(field.data):
        field.data = _CONTROL.sub("\ufffd", field.data)
        raise ValidationError("This holds a character that cannot be shown. Type it again.")


def text_field(label: str, *more: Any, rows: int = 3, longest: int = LONGEST_TEXT) -> TextAreaField:
    """A text of several lines."""
    return TextAreaField(
        label,
        filters=[trimmed],
        validators=[
            *more,
            Length(max=longest, message=f"Shorten this to {longest} characters."),
            showable,
        ],
        render_kw={"rows": rows},
    )


def whole(label: str, low: int, high: int, wrong: str) -> IntegerField:
    """A whole number in a field of its own; one that is none is shown again as it was typed."""
    return _Whole(
        label,
        validators=[Optional(), NumberRange(low, high, message=wrong)],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )


class _Whole(IntegerField):
    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number; what is far too long to be one is not read at all."""
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if text and not re.fullmatch(r"[0-9]{1,6}", text):
            raise ValueError("Give a whole number.")
        self.data = int(text) if text else None


class _Terms(FlaskForm):
    """The shape of a contract: who agrees, and how many sessions of which length."""

    parties = RadioField(
        "Who agrees",
        choices=[SelectChoice(key, words) for key, words in WAYS.items()],
        default="two",
    )
    planned_sessions = whole("Sessions planned", 1, 200, "Plan 1 to 200 sessions.")
    planned_minutes = whole("Minutes each", 5, 480, "A session lasts 5 to 480 minutes.")

    @property
    def draft(self) -> Draft:
        """What was written, as the contract keeps it."""
        kept = {part.key: self[part.key].data for part in PARTS}
        texts = {key: text for key, text in kept.items() if text}
        return Draft(
            self.parties.data, texts, self.planned_sessions.data, self.planned_minutes.data
        )

    @property
    def plan(self) -> Terms:
        """The sessions planned as they are typed; none where a number is wrong."""
        numbers = [self.planned_sessions, self.planned_minutes]
        wrong = any(field.errors for field in numbers)
        return Terms(
            self.parties.data, {}, (), *(None if wrong else field.data for field in numbers)
        )

    def differences(self, contract: Contract) -> dict[str, str]:
        """Field by field, what the contract says where it differs from what was typed."""
        there = terms_of(contract)
        found = {
            field.name: str(there.get(field.name) or "")
            for field in self
            if field.name in there and (there[field.name] or "") != (field.data or "")
        }
        return found | ({"parties": WAYS[found["parties"]]} if "parties" in found else {})


TermsForm: Any = type("TermsForm", (_Terms,), {part.key: text_field(part.label) for part in PARTS})
"""The whole contract: its shape, and a field for each part (``rules.contracts.PARTS``)."""


def terms_form(contract: Contract) -> Any:
    """The form filled with what the contract says, or with what was sent."""
    return TermsForm(data=terms_of(contract))


def terms_of(contract: Contract) -> dict[str, Any]:
    """What a contract says, by the form's fields."""
    terms = contract.terms
    return {
        **{part.key: terms.parts.get(part.key, "") for part in PARTS},
        "parties": terms.parties,
        "planned_sessions": terms.planned_sessions,
        "planned_minutes": terms.planned_minutes,
    }


class EndForm(FlaskForm):
    """The last day of a contract, and why it ended."""

    ended_on = DayField("Last day", validators=[DataRequired("Choose the last day.")])
    reason = text_field(
        "Why it ended", DataRequired("Say why it ended, in a sentence."), rows=2, longest=1000
    )


class AgreeForm(FlaskForm):
    """A party's yes by link: the name under it, which is not that of ``coach``."""

    coach = ""

    class Meta:
        csrf = False  # the address is the key

    name = StringField(
        "Your name",
        filters=[tidy],
        validators=[
            DataRequired("Type your name, as you would sign."),
            Length(2, 120, message="Type your first and last name."),
        ],
        render_kw={"autocomplete": "name", "maxlength": 120},
    )

    def validate_name(self, field: Field) -> None:
        """A coach who shows the page on their own phone types their own name by habit."""
        if same_name(field.data, self.coach):
            raise ValidationError("This is your coach’s name: type your own.")


class DeclineForm(FlaskForm):
    """What a party wants to be different before they agree."""

    class Meta:
        csrf = False

    why = text_field(
        "What should be different?",
        DataRequired("Say what should be different, so that it can be changed."),
        longest=2000,
    )


def mark_names(fields: Iterable[Field], known: Sequence[str]) -> bool:
    """Put a sentence beside each text in which one of these names stands; whether one does.

    ``known`` are those of all the coach's clients and sponsors: what is written of one is read by
    that one and by the supervisor, who must learn the name of no other either.
    """
    found = False
    for field in fields:
        hits = names_in(field.data, known) if isinstance(field.data, str) else []
        if hits:
            field.errors = [*field.errors, naming_fault("This", hits)]
            found = True
    return found


def mark(form: FlaskForm, faults: Mapping[str, str]) -> dict[str, str]:
    """Put each sentence beside its field; what belongs to no field comes back."""
    for name, sentence in faults.items():
        if name in form:
            form[name].errors = [*form[name].errors, sentence]
    return {name: sentence for name, sentence in faults.items() if name not in form}
