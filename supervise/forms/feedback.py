"""What is typed about feedback: an invitation, the answers, a reply, the centre's questions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from supervise.forms.client import email_fault
from supervise.forms.clients import showable
from supervise.models import Client, Enrolment
from supervise.rules.feedback import (
    BUILT_IN,
    INVITED,
    Question,
    lacks,
    question_faults,
)
from supervise.rules.naming import NOBODY, Known, masked, names_in

LONGEST_NAME = 120
LONGEST_REPLY = 4000
BLANK_ROWS = 2
Form = Mapping[str, str]


def _line(form: Form, name: str) -> str:
    """One line as typed, without invisible characters and spaces around it."""
    return "".join(sign for sign in form.get(name, "") if sign.isprintable()).strip()


def _text(form: Form, name: str) -> str:
    return form.get(name, "").replace("\r\n", "\n").strip()


@dataclass
class Invited:
    """An invitation as typed: whom, whether by name, and what is wrong, by field."""

    source: str
    about: str
    client: Client | None = None
    enrolment: Enrolment | None = None
    name: str = ""
    email: str = ""
    named: str = ""
    chosen: str = ""
    found: dict[str, str] = field(default_factory=dict)


def read_invitation(
    form: Form, source: str, about: str, clients: Iterable[Client], enrolments: Sequence[Enrolment]
) -> Invited:
    """Read an invitation of a learner with these clients and enrolments."""
    read = Invited(
        source,
        about,
        name=_line(form, "name"),
        email=_line(form, "email"),
        named=form.get("named", ""),
        chosen=form.get("client", ""),
    )
    if source in ("client", "sponsor"):
        read.client = next((c for c in clients if str(c.id) == read.chosen), None)
        if read.client is None:
            read.found["client"] = "Choose one of your clients."
    else:
        _judge_contact(read)
    wanted = form.get("enrolment") or (str(enrolments[0].id) if len(enrolments) == 1 else "")
    read.enrolment = next((e for e in enrolments if str(e.id) == wanted), None)
    if read.enrolment is None:
        read.found["enrolment"] = "Choose what it is for."
    if read.named not in ("yes", "no"):
        read.found["named"] = "Choose with or without a name."
    return read


def _judge_contact(read: Invited) -> None:
    if not read.name:
        read.found["name"] = "Type a name, so that you can tell your invitations apart."
    elif len(read.name) > LONGEST_NAME:
        read.found["name"] = f"Keep the name to {LONGEST_NAME} characters."
    if wrong := email_fault(read.email):
        read.found["email"] = wrong


def known_source(text: str | None) -> str:
    """The source an address asks for, a client where it makes no sense."""
    return text if text in INVITED else "client"


# --- the answers -------------------------------------------------------------------------


def key_of(question: Question) -> str:
    """The name of a question's field: the same as long as its words are."""
    digest = hashlib.sha256(f"{question.kind}:{question.text}".encode()).hexdigest()
    return f"q-{digest[:12]}"


def seal_of(questions: Sequence[Question], floor: int) -> str:
    """What the page promised: these questions in this order, and this floor."""
    said = "\n".join([str(floor), *(f"{q.kind}:{q.text}" for q in questions)])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass
class Answered:
    """Answers as typed, by the questions of now, and what is wrong with each, by its field."""

    answers: list[str]
    may_quote: bool
    found: dict[str, str]
    changed: bool
    """The questions, or the floor, are not those of the page that was filled in."""
    left_over: list[str]
    """What was written to questions that are gone."""


def read_answers(
    form: Form, questions: Sequence[Question], floor: int, *,
    own: Sequence[str] = (), known: Known = NOBODY,
) -> Answered:  # fmt: skip
    """Read what somebody answered.

    ``own`` are the giver's names, which they are asked to leave out. ``known`` are all the
    coach's clients and sponsors: they are taken out without a word, since a refusal would tell
    whoever holds the link who they are.
    """
    keys = [key_of(question) for question in questions]
    answers = [_text(form, key) for key in keys]
    faults = lacks(questions, answers)
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        if question.kind == "open" and (hits := names_in(answer, own)):
            said = " and ".join(f"“{hit}”" for hit in hits)
            faults.setdefault(number, f"Leave out {said}: your coach’s supervisor reads this.")
    kept = [
        masked(answer, known) if question.kind == "open" else answer
        for question, answer in zip(questions, answers, strict=True)
    ]
    return Answered(
        [showable(answer) for answer in answers] if faults else kept,
        form.get("may_quote") == "yes",
        {keys[number]: sentence for number, sentence in faults.items()},
        form.get("seal") != seal_of(questions, floor),
        [
            showable(_text(form, key))
            for key in form
            if key.startswith("q-") and key not in keys and _text(form, key)
        ],
    )


def reply_fault(text: str) -> str:
    """What is wrong with a reply; nothing if all fits."""
    if not text:
        return "Write your reply first."
    if len(text) > LONGEST_REPLY:
        return f"Keep the reply to {LONGEST_REPLY:,} characters; it has {len(text):,}."
    if showable(text) != text:
        return "The reply holds a character that cannot be shown. Type that part again."
    return ""


def read_reply(form: Form) -> str:
    """A reply as typed."""
    return _text(form, "reply")


# --- the centre's questions --------------------------------------------------------------


@dataclass
class Row:
    """One question in the centre's form, as typed."""

    text: str
    kind: str
    order: str
    remove: bool = False
    fault: str = ""


@dataclass
class Edited:
    """The centre's questions as typed: rows to show again, questions in their order, what is wrong."""

    rows: list[Row]
    questions: Sequence[Question]
    whole: str = ""
    """What is wrong with the form as a whole."""
    built_in: bool = False
    """Ticked: ask the built-in questions instead, whatever was typed."""
    seal: str = ""
    """Which questions stood on the page."""

    @property
    def faulty(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.whole) or any(row.fault for row in self.rows)

    @property
    def changed(self) -> bool:
        """Whether it differs from what stood on the page."""
        return self.seal != seal_of(self.questions, 0)


def rows_of(questions: Sequence[Question]) -> list[Row]:
    """The questions as rows, with empty ones to add more."""
    rows = [Row(q.text, q.kind, str(number)) for number, q in enumerate(questions, 1)]
    return rows + [Row("", "rating", str(len(rows) + n)) for n in range(1, BLANK_ROWS + 1)]


def read_questions(form: MultiDict[str, str], about: str) -> Edited:
    """Read one part of the form: emptied and removed rows go, the others stand by their number."""
    names = ("text", "kind", "order", "remove")
    texts, kinds, orders, removed = (form.getlist(f"{about}-{name}") for name in names)
    rows = [
        Row(
            " ".join(text.split()),
            kinds[n] if n < len(kinds) else "",
            orders[n].strip() if n < len(orders) else "",
            str(n) in removed,
        )
        for n, text in enumerate(texts[:50])
    ]
    seal = form.get(f"{about}-seal", "")
    if form.get(f"{about}-built-in") == "yes":
        return Edited(rows, BUILT_IN[about], built_in=True, seal=seal)
    kept = [(n, row) for n, row in enumerate(rows) if row.text and not row.remove]
    for _, row in kept:
        if not (row.order.isascii() and row.order.isdigit() and len(row.order) <= 3):
            row.fault = "Give its place as a number, such as 2."
    kept.sort(key=lambda each: (int(each[1].order) if not each[1].fault else 999, each[0]))
    questions = [Question(row.kind, row.text) for _, row in kept]
    faults = question_faults(questions)
    for number, (_, row) in enumerate(kept):
        row.fault = row.fault or faults.get(number, "")
    if any(row.fault for row in rows):
        rows = [Row(showable(r.text), r.kind, showable(r.order), r.remove, r.fault) for r in rows]
    return Edited(rows, questions, faults.get(-1, ""), seal=seal)
