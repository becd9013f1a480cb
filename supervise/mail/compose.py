"""One message from the rows that go out in it: what each says, and what need not be said any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from supervise.mail import clients, meetings, people
from supervise.mail.letters import Gone, Letter, Site, written
from supervise.models import Mail
from supervise.models.mail import ALONE


def letter(mail: Mail, site: Site, now: datetime) -> Letter:
    """What one row says. Raises Gone where that is over, LookupError for a kind nobody can write."""
    if mail.link_id is not None:
        return clients.letter(mail, site, now)
    people.refuse_gone(mail, now)
    if mail.meeting_id is not None and mail.kind in meetings.STANDS:
        return meetings.letter(mail, site, now)
    return people.letter(mail, site, now)


def together(letters: Sequence[Letter], rows: Sequence[Mail], site: Site) -> Letter:
    """What goes out: the one letter, or a digest of several; with the line that says who writes."""
    each = _once(letters)
    one = each[0]
    if len(each) > 1:
        subject, text = written("digest", letters=each, many=len(letters))
        files = [file for letter in each for file in letter.files]
        one = replace(one, subject=subject, text=text, files=files)
    return replace(one, text=f"{one.text}\n-- \n{_foot(rows[0], site)}\n")


def _once(letters: Sequence[Letter]) -> list[Letter]:
    """Letters that say the same as one, which says in its subject how many it stands for."""
    alike = Counter((letter.subject, letter.text) for letter in letters)
    first = {(letter.subject, letter.text): letter for letter in reversed(letters)}
    return [
        replace(first[words], subject=f"{words[0]} ({many})") if many > 1 else first[words]
        for words, many in alike.items()
    ]


def _foot(mail: Mail, site: Site) -> str:
    said = f"Supervise, {mail.centre.name}."
    if mail.kind in ALONE:
        return said
    where = site.page("/account")
    return f"{said} One mail a day instead, or hours of quiet? {where or 'See your account page.'}"


__all__ = ["Gone", "letter", "together"]
