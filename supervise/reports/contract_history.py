"""The history of an engagement's contracts: who offered, agreed, sent back and ended which version."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import peewee

from supervise.events import Event
from supervise.models import Contract, Engagement, Person
from supervise.models.closing import COMPLETED
from supervise.rules.contracts import PARTIES
from supervise.rules.moments import short_date

BY_LINK = PARTIES["three"][1:]
WAYS: dict[Any, str] = {
    True: ", by the link e-mailed to them",
    False: ", by a link the coach passed on",
}


@dataclass(frozen=True)
class Line:
    """A line of history: when (UTC), who, what, and the reason given."""

    at: datetime
    who: str
    words: str
    reason: str


def events_of(engagement: Engagement, contracts: Sequence[Contract]) -> list[Any]:
    """What was done with the contract, its date and the closing review, oldest first, and who did it.
    One query."""
    ids = [contract.id for contract in contracts]
    whole = Event.subject.in_(["engagement", "closing review"])
    dated = whole & (Event.subject_id == engagement.id)
    moved = (Event.subject == "contract") & Event.subject_id.in_(ids)
    query = (
        Event.select(Event, Person.name.alias("who"))
        .join(Person, peewee.JOIN.LEFT_OUTER, on=(Event.person_id == Person.id))
        .where((Event.centre_id == engagement.centre_id) & (dated | moved))
        .order_by(Event.id)
    )
    return list(query.objects())


def lines(
    events: Sequence[Any], contracts: Sequence[Contract], unasked: Mapping[int, int]
) -> list[Line]:
    """The history as it is read; where an agreed version left the sponsor out, its line says so."""
    two = {each.number: unasked.get(each.number) for each in contracts if each.parties == "two"}
    mine = [event for event in events if event.subject == "contract"]
    emptied = {(event.subject_id, event.at) for event in mine if event.verb == "erased"}
    reviewed: set[str] = set()
    told = []
    for event in events:
        if event.subject == "closing review":
            words = _of_review(event.verb, reviewed)
            reviewed.add(event.verb)
        elif event.subject == "contract" and (event.subject_id, event.at) in emptied:
            words = _by_withdrawal(event)
        else:
            words = _words(event)
        if event.verb == "agreed" and (before_ := two.get(event.details["number"])):
            words += f"; the sponsor, who agreed to version {before_}, was not asked"
        if words:
            told.append(Line(event.at, _who(event), words, event.note))
    return told


def is_sent_back(event: Event) -> bool:
    """Whether a party, and not the learner, ended an offer that another had agreed to."""
    return event.verb == "withdrawn" and event.role in BY_LINK


def _who(event: Event) -> str:
    name: str = event.who or f"The {event.role or 'command'}"
    return "The command line" if name == "The command" else name


def _words(event: Event) -> str:
    """What happened, after the name of who did it; nothing for what another line tells."""
    detail = event.details
    if event.subject == "engagement":
        was, is_ = _day(detail.get("before")), _day(detail.get("after"))
        first = event.role in BY_LINK
        if was and was == is_:
            return f"accepted {is_}, agreed on paper"
        return "" if first else f"{was + ' became ' if was else ''}{is_ or 'no date'}"
    version = f"version {detail['number']}"
    if event.role in BY_LINK and event.verb in ("begun", "declined", "withdrawn"):
        return f"sent {version} back" if event.verb != "begun" else ""
    return {
        "begun": f"began {version}",
        "offered": f"offered {version}",
        "taken back": f"took back {version} to change it",
        "withdrawn": f"took back {version}, which somebody had agreed to",
        "agreed to": f"agreed to {version}{WAYS.get(detail.get('by_mail'), '')}",
        "agreed": f"was the last to agree, so {version} is in force",
        "replaced": "",  # the line beside it tells what is in force now
        "asked again": f"sent the {detail.get('party')} a new link to {version}",
        "link withdrawn": f"withdrew the link to {version} that the {detail.get('party')} had",
        "ended": f"ended {version} after {_day(detail.get('ended_on'))}",
        "erased": f"removed names and notes from {version}, as consent was withdrawn",
    }[event.verb]


def _by_withdrawal(event: Event) -> str:
    """What a withdrawn consent did to a version, all of it in one moment: nobody chose to."""
    if event.verb in ("taken back", "withdrawn"):
        return f"ended the offer of version {event.details['number']}, as consent was withdrawn"
    return "" if event.verb == "begun" else _words(event)


def _of_review(verb: str, before: Collection[str]) -> str:
    """A line of the closing review: begun, completed, changed since; not each save in between."""
    if verb == "erased":
        return "emptied the closing review, as consent was withdrawn"
    if COMPLETED in before:
        return "changed the completed closing review"
    if verb == COMPLETED:
        return "completed the closing review"
    return "" if before else "began the closing review"


def _day(text: str | None) -> str:
    return short_date(date.fromisoformat(text)) if text and text != "None" else ""


def was_returned(contract: Contract) -> bool:
    """Whether a party sent this version back after another had agreed. One query at most."""
    mine = (Event.subject == "contract") & (Event.subject_id == contract.id)
    gone = mine & (Event.verb == "withdrawn") & Event.role.in_(BY_LINK)
    return contract.state == "withdrawn" and bool(Event.select().where(gone).exists())
