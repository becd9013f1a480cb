"""The outbox as an administrator reads it: how each mail stands, to whom, and never who a client is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import peewee

from supervise.db import database
from supervise.models import Actor, Link, Mail, Person

STATES = {
    "waiting": "Waiting",
    "sending": "Being sent",
    "failed": "Failed",
    "sent": "Sent",
    "dropped": "Not needed any more",
}
KINDS = {
    "contract": "Link to agree a contract",
    "contract-copy": "Copy of an agreed contract",
    "confirmation": "Link to confirm sessions",
    "feedback": "Link to give feedback",
    "invitation": "Invitation",
    "password": "Link for a new password",
    "returned": "Session returned",
    "reopened": "Session opened again",
    "reopening": "Asks to open a session again",
    "disputed": "Session disputed",
    "contract-agreed": "Contract agreed",
    "contract-declined": "Contract sent back",
    "feedback-told": "Feedback to read",
    "approvals": "Sessions wait for approval",
    "requested": "Meeting asked for",
    "declined": "Meeting declined",
    "booked": "Meeting booked",
    "moved": "Meeting moved",
    "changed": "Meeting changed",
    "cancelled": "Meeting cancelled",
    "handed-over": "Meeting handed over",
    "invited": "Invited to a meeting",
    "freed": "Place came free",
    "recorded": "Record to sign",
    "reminder": "Reminder of a meeting",
}
PARTIES = {
    "client": "A client of",
    "sponsor": "A sponsor, asked by",
    "observer": "An observer, asked by",
    "peer": "A peer, asked by",
}
MOST = 10_000
"""So much mail is counted and listed; of more it says that there is more."""
SORTS = {"newest": "Newest first", "oldest": "Oldest first", "next": "Next to be sent"}


@dataclass(frozen=True)
class Line:
    """One mail: what it is, and to whom as far as an administrator may know."""

    mail: Mail
    what: str
    whom: str
    state: str
    put_off: bool
    """Whether it is to go out later, and not just with the next run."""

    @property
    def failed(self) -> bool:
        """Whether it may be sent again."""
        return bool(self.mail.state == "failed")


def listed(actor: Actor, *, state: str = "", kind: str = "", sort: str = "") -> peewee.ModelSelect:
    """The mail of the actor's centre, in this state and of this kind where they are given."""
    query = Mail.visible_to(actor)
    if state:
        query = query.where(Mail.state == state)
    if kind:
        query = query.where(Mail.kind == kind)
    orders = {"oldest": (Mail.id,), "next": (Mail.due_at, Mail.id)}
    return query.order_by(*orders.get(sort, (Mail.id.desc(),)))


def counts(actor: Actor) -> dict[str, int]:
    """How much there is in each state, counted to one more than ``MOST`` at most. One query."""
    some = [
        Mail.visible_to(actor).select(Mail.id).where(Mail.state == state).limit(MOST + 1)
        for state in STATES
    ]
    sums = [peewee.Select([one], [peewee.fn.COUNT(peewee.SQL("*"))]) for one in some]
    [found] = peewee.Select(columns=sums).bind(database).tuples().execute()
    return dict(zip(STATES, found, strict=True))


def went_out(actor: Actor) -> bool:
    """Whether mail was sent in the last day, by whatever process. One query."""
    lately = (Mail.state == "sent") & (Mail.sent_at > actor.now - timedelta(days=1))
    return bool(Mail.visible_to(actor).where(lately).exists())


def lines(actor: Actor, mails: Sequence[Mail]) -> list[Line]:
    """These mails with what they are and to whom. Three queries at most.

    Somebody who was asked and has not accepted is known here by their address alone.
    """
    people = {mail.person_id for mail in mails if mail.person_id}
    found = {person.id: person for person in Person.select().where(Person.id.in_(people))}
    of_here = Person.visible_to(actor).where(Person.id.in_(people))
    known = {person.id for person in of_here}
    links = Link.select(Link, Person).join(Person, on=Link.learner)
    mine = {link.id: link for link in links.where(Link.id.in_([m.link_id for m in mails]))}

    def whom(mail: Mail) -> str:
        if mail.link_id:
            link = mine[mail.link_id]
            return f"{PARTIES[link.party]} {link.learner.name}"
        person = found[mail.person_id]
        return str(person.name if person.id in known else person.email)

    return [
        Line(
            mail,
            KINDS.get(mail.kind, mail.kind),
            whom(mail),
            STATES[mail.state],
            mail.due_at is not None and mail.due_at > actor.now,
        )
        for mail in mails
    ]
