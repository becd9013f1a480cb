"""What is typed about a client: an alias that points to nobody, and the day of the contract."""

from __future__ import annotations

import re
from datetime import date

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from supervise.imports.values import NotUnderstood, read_date
from supervise.models import Client

LONGEST_ALIAS = 60
LONGEST_REASON = 1000
_PHONE = re.compile(r"\+?(?:[\s().-]*\d){7,}")
_NAME = re.compile(r"(?:[^\W\d_]['’-]?){2,} (?:[^\W\d_]['’-]?){2,}")
_NO_NAMES = {
    "client",
    "coachee",
    "mentee",
    "team",
    "group",
    "the",
    "person",
    "project",
    "department",
}
NAME_LIKE = (
    "This looks like a person’s name. Use an alias that points to nobody, such as Client A, "
    "or use it all the same."
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
DAY_FIRST = "Give a date, such as 7/10/2026."


class ClientForm(FlaskForm):
    """A new client, or a new alias for one."""

    class Meta:
        csrf = False  # asked for in one place, before every view

    alias = StringField("Alias")
    sure = BooleanField("Use it all the same")
    kind = SelectField(
        "Who",
        choices=[SelectChoice(*each) for each in Client.KINDS.items()],
        validate_choice=False,
    )


class ContractForm(FlaskForm):
    """The day a contract was agreed, and why it changes."""

    class Meta:
        csrf = False

    version = StringField()
    agreed_on = StringField("Agreed on")
    reason = StringField("Reason")


def showable(text: str) -> str:
    """The text with a mark where a character stands that no page can show."""
    return _CONTROL.sub(lambda found: found[0] if found[0] in "\t\r\n" else "\ufffd", text)


def alias_fault(alias: str) -> str | None:
    """Why this cannot be an alias, in a sentence; None where it can."""
    tidy = " ".join(alias.split())
    if not tidy:
        return "Give an alias, such as Client A."
    if _CONTROL.search(tidy):
        return "The alias holds a character that cannot be shown. Type it again."
    if "," in tidy:
        return "Leave out the comma: it parts one alias from the next."
    if len(tidy) > LONGEST_ALIAS:
        return f"Use at most {LONGEST_ALIAS} characters, such as Client A."
    if "@" in tidy:
        return "This looks like an e-mail address. Use an alias that points to nobody, such as Client A."
    if _PHONE.search(tidy):
        return (
            "This looks like a phone number. Use an alias that points to nobody, such as Client A."
        )
    return None


def looks_like_a_name(alias: str) -> bool:
    """Whether it is two capitalised words, such as a first and a last name; Client A is not."""
    tidy = " ".join(alias.split())
    words = tidy.split(" ")
    return (
        bool(_NAME.fullmatch(tidy))
        and all(word[0].isupper() and not word.isupper() for word in words)
        and _NO_NAMES.isdisjoint(word.casefold() for word in words)
    )


def day_typed(text: str) -> tuple[date | None, str | None]:
    """The day typed, or the sentence that says how to write it; neither for an empty field."""
    try:
        found = read_date(text.strip())
    except NotUnderstood:
        return None, DAY_FIRST
    if found is None:
        return None, None
    if not 1950 <= found[0].year <= 2150:
        return None, "Check the year of this date."
    return found[0], None


def reason_fault(reason: str, *, required: bool) -> str | None:
    """What is wrong with the reason given for another day, in a sentence."""
    if required and not reason:
        return "Say why, so that the history explains it later."
    if len(reason) > LONGEST_REASON:
        return f"Keep the reason to {LONGEST_REASON} characters."
    if _CONTROL.search(reason.replace("\r\n", " ").replace("\n", " ")):
        return "The reason holds a character that cannot be shown. Type it again."
    return None
