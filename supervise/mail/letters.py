"""How a mail is written: a template outside any request, and a message no line of which can be forged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import jinja2

from supervise.mail.smtp import Never
from supervise.rules import moments

TEMPLATES = Path(__file__).parents[1] / "templates" / "mail"
HIDDEN = "[link for the addressee alone]"
NO_ADDRESS = "This is no address that mail can be sent to."
LONGEST_SUBJECT = 150
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Gone(Exception):  # noqa: N818 - it names what happened
    """What a mail was about is over; ``why`` says so in a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Site:
    """Where the app is reached, for links; without an address pages are not linked to.

    ``veiled``: written for an administrator to read, without the link and without who a client is.
    """

    address: str = ""
    veiled: bool = False

    def page(self, path: str) -> str:
        """The whole address of a page of ours; empty where nobody said where we are."""
        return f"{self.address}{path}" if self.address else ""

    def secret(self, path: str) -> str:
        """The whole address of a link that lets its addressee in."""
        return HIDDEN if self.veiled else f"{self.address}{path}"


@dataclass(frozen=True)
class File:
    """A calendar file that goes with a mail: its content and what a calendar does with it."""

    content: bytes
    method: str


@dataclass(frozen=True)
class Letter:
    """What one row of the outbox says: to whom, under which subject, with which files."""

    name: str
    email: str
    subject: str
    text: str
    files: Sequence[File] = field(default=())


def one_line(text: str) -> str:
    """Text that fits into a header, whoever typed it: no line break, and none in disguise.

    Python reads a header that is set, so that ``=?utf-8?q?=0A?=`` would be a line break again.
    """
    return " ".join(_CONTROL.sub(" ", text).replace("=?", "= ?").split())


def _printable(value: Any) -> Any:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value


environment = jinja2.Environment(  # plain text: there is nothing to escape
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=False,  # noqa: S701
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_printable,
)
environment.filters |= {
    "day": moments.day, "long_date": moments.long_date, "at": moments.on_the_clock,
    "place": moments.place,
    "one_line": one_line,
}  # fmt: skip


def written(kind: str, **values: Any) -> tuple[str, str]:
    """Subject and text of a kind of mail; its template's first line is the subject."""
    whole = environment.get_template(f"{kind}.txt").render(**values)
    subject, _, text = whole.partition("\n")
    return one_line(subject)[:LONGEST_SUBJECT], re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def message(
    letter: Letter, *, sender: Address, message_id: str, now: datetime
) -> tuple[EmailMessage, str]:
    """The message, and the address it goes to. Raises Never for what is no address."""
    made = EmailMessage(policy=SMTP)
    if one_line(letter.email) != letter.email:
        raise Never(NO_ADDRESS)
    try:
        to = Address(one_line(letter.name), addr_spec=letter.email)
        made["From"] = sender
        made["To"] = to
    except (HeaderParseError, ValueError, IndexError):
        raise Never(NO_ADDRESS) from None
    made["Subject"] = one_line(letter.subject)
    made["Message-ID"] = message_id
    made["Date"] = now
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text, cte="quoted-printable")
    made["Content-Language"] = "en-GB"
    _add_files(made, letter.files)
    return made, to.addr_spec


def _add_files(made: EmailMessage, files: Sequence[File]) -> None:
    """Each file to be opened; a single one beside the text too, where mail programs look for it."""
    if len(files) == 1:
        made.add_alternative(files[0].content.decode(), **_calendar(files[0]))
    for number, file in enumerate(files, 1):
        name = "invite.ics" if len(files) == 1 else f"invite-{number}.ics"
        made.add_attachment(file.content.decode(), filename=name, **_calendar(file))


def _calendar(file: File) -> dict[str, Any]:
    return {"subtype": "calendar", "params": {"method": file.method}, "cte": "quoted-printable"}
