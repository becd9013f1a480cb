"""What is typed on the approvals page: filters, a choice for each session, a reason to reopen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wtforms import Form, TextAreaField, ValidationError
from wtforms.validators import InputRequired

from supervise.models.approvals import Choice
from supervise.reports.queue import SORTS, Wanted
from supervise.web import number as number_of

DECISIONS = ("approve", "return", "leave")
ANSWERS = ("counts", "not yet", "never")
SAYS = ("confirmed", "disputed", "asked", "none")
LONGEST = 2_000
MOST = 100
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_wanted(args: Mapping[str, str]) -> Wanted:
    """The filters in an address; what cannot be understood is as if it were not there."""

    def one_of(name: str, allowed: Any, usual: str = "") -> str:
        value = args.get(name, "")
        return value if value in allowed else usual

    return Wanted(
        coach=_id(args.get("coach", "")),
        unit=args.get("unit", "")[:20].replace("\0", ""),
        waits=one_of("waits", ("due", "late")),
        verdict=one_of("verdict", ANSWERS),
        says=one_of("says", SAYS),
        sort=one_of("sort", SORTS, "age"),
        open=_id(args.get("open", "")),
        page=_id(args.get("page", "")) or 1,
    )


@dataclass
class Choices:
    """The choices of one POST by session id, as typed, with what is wrong with each."""

    by_id: dict[int, Choice] = field(default_factory=dict)
    forged: bool = False
    faults: dict[int, str] = field(default_factory=dict)

    @property
    def too_many(self) -> bool:
        """Whether there are more than one page could ever hold."""
        return len(self.by_id) > MOST

    @property
    def nothing_chosen(self) -> bool:
        """Whether every session was left."""
        return all(choice.decision == "leave" for choice in self.by_id.values())

    def begun(self, ids: Iterable[int]) -> Choices:
        """Of these, those with a comment already: a row that is left keeps what was typed in it."""
        kept = {id_: self.by_id[id_] for id_ in ids if self.by_id[id_].comment}
        return Choices({id_: replace(choice, version=0) for id_, choice in kept.items()})

    def preset(self, ids: list[int]) -> None:
        """Set these to approve, but for those somebody has chosen to return already."""
        for id_ in ids:
            choice = self.by_id.get(id_, Choice())
            if choice.decision != "return":
                self.by_id[id_] = replace(choice, decision="approve")


def read_choices(form: Mapping[str, str]) -> Choices:
    """Read ``decision-N``, ``comment-N``, ``version-N`` and ``disputes-N`` for each session N."""
    choices = Choices()
    for name, value in form.items():
        kind, _, number = name.partition("-")
        if kind != "decision":
            continue
        id_ = _id(number)
        if id_ is None:
            choices.forged = True
            continue
        comment = form.get(f"comment-{number}", "").strip()
        version = _id(form.get(f"version-{number}", "")) or 0
        disputes = number_of(form.get(f"disputes-{number}", ""))
        decision = value if value in DECISIONS else ""
        choices.by_id[id_] = Choice(decision, shown(comment), version, disputes)
        fault = _fault(value, comment)
        if fault:
            choices.faults[id_] = fault
    return choices


def _fault(decision: str, comment: str) -> str:
    if decision not in DECISIONS:
        return "Choose Approve, Return or Leave."
    if decision == "return" and not comment:
        return "Say what to change, so that the coach can mend it."
    return unfit(comment)


def unfit(text: str) -> str:
    """What is wrong with a comment or a reason as text, in a sentence; empty if nothing is."""
    if len(text) > LONGEST:
        return f"Shorten this to {LONGEST:,} characters; it has {len(text):,}."
    if _UNPRINTABLE.search(text):
        return (
            "This holds an invisible control character. Type it afresh, or paste it as plain text."
        )
    return ""


def shown(text: str) -> str:
    """The text with a mark for each control character, which no page of HTML may hold."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _id(text: str) -> int | None:
    """A record's number, or None for anything else; never larger than the databases take."""
    found = number_of(text)
    return found if found and found > 0 and text == str(found) else None


class ReasonForm(Form):
    """Why an approved session is opened again."""

    reason = TextAreaField(
        "Reason", [InputRequired("Give the reason, so that the history explains it later.")]
    )

    def validate_reason(self, typed: TextAreaField) -> None:
        """Words, not only spaces, of a length that can be read."""
        text = (typed.data or "").strip()
        if not text:
            raise ValidationError("Give the reason, so that the history explains it later.")
        if fault := unfit(text):
            typed.data = shown(text)
            raise ValidationError(fault)
