"""What was said of a learner: the grid, what the floor shows, and the invitations that are out.

Of an anonymous answer nothing leaves this module but its words: no number, no date, no client. What
is shown is put in order by those words, so that the order tells nothing either.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee

from supervise.models import (
    Actor,
    Attendance,
    Client,
    Enrolment,
    EnrolmentUnit,
    Feedback,
    Link,
    LinkContact,
    Meeting,
    Person,
)
from supervise.models.meetings import SUPERVISION
from supervise.rules.feedback import (
    A_SOURCE,
    ABOUTS,
    SOURCES,
    WANTING,
    Anonymous,
    Asked,
    Cell,
    Given,
    Question,
    grid,
    let_out,
)


@dataclass(frozen=True)
class Told:
    """One answer that may be read; ``given_at`` (UTC) and the client only where it has a name."""

    handle: str
    source: str
    about: str
    whom: str
    anonymous: bool
    given_at: datetime | None
    pairs: Sequence[tuple[Question, str]]
    may_quote: bool
    reply: str
    erased: bool
    """What it said in own words is gone, since consent was withdrawn."""
    by_mail: bool | None = None
    """Whether by the link e-mailed to them or by one handed on; of what has no name nobody knows."""


@dataclass(frozen=True)
class Invitation:
    """One invitation on the learner's list: whom it is for, and whether its link still works."""

    link: Link
    whom: str
    about: str
    anonymous: bool
    standing: str


@dataclass(frozen=True)
class Said:
    """All feedback on one learner, as far as it is shown."""

    grid: Sequence[Sequence[Cell]]
    told: Sequence[Told]
    invitations: Sequence[Invitation]
    meetings: Sequence[Meeting]
    """Those in whose signed record a supervisor's feedback to the learner stands, the newest first."""

    def waits(self, about: str) -> bool:
        """Whether somebody was asked about this without a name of whom nothing is shown."""
        return any(cell.waits for row in self.grid for cell in row if cell.about == about)

    def with_handle(self, handle: str) -> Told | None:
        """The answer of this handle, if it is among those shown."""
        return next((told for told in self.told if told.handle == handle), None)


def said_of(actor: Actor, learner: Person) -> Said:
    """What the actor reads of the feedback on a learner; invitations for the learner alone. Three
    queries."""
    own = actor.is_(learner.id)
    rows = _rows(Feedback.visible_to(actor).where(Feedback.learner == learner), contacts=own)
    asked = [Asked(r.source, r.about, r.anonymous) for r in rows if _counts_as_asked(r)]
    given = sorted((row for row in rows if row.state == "given"), key=lambda row: row.place)
    counted = [Given(r.source, r.about, r.anonymous, r.giver, r.floor) for r in given]
    meetings = _in_records(actor, learner)
    return Said(
        grid(counted, asked, units=_wanting(actor, learner), records=len(meetings)),
        _told(given),
        [_invitation(row, actor.now) for row in rows if _on_the_list(row)] if own else [],
        meetings,
    )


def told_of(actor: Actor) -> Sequence[Told]:
    """What the actor reads of the feedback on themselves, and nothing beside it. One query."""
    mine = Feedback.visible_to(actor).where(Feedback.learner == actor.person)
    given = (row for row in _rows(mine, contacts=True) if row.state == "given")
    return _told(sorted(given, key=lambda row: row.place))


def narrowed(told: Iterable[Told], source: str = "", about: str = "") -> list[Told]:
    """Those from this source and about this subject; an empty word stands for all."""
    return [one for one in told if source in ("", one.source) and about in ("", one.about)]


@dataclass(frozen=True)
class Rated:
    """How one question was rated in the answers that can be read: how often each word was chosen."""

    question: str
    counts: Mapping[str, int]


def rated(told: Iterable[Told], about: str) -> list[Rated]:
    """The ratings about one subject taken together, by question, in the order they were asked."""
    found: dict[str, Counter[str]] = {}
    for one in told:
        for question, answer in one.pairs if one.about == about else ():
            if question.kind == "rating":
                found.setdefault(question.text, Counter())[answer] += 1
    return [Rated(text, counts) for text, counts in found.items()]


def _wanting(actor: Actor, learner: Person) -> list[str]:
    """The units that the learner takes here which ask for feedback. One query."""
    mine = (Enrolment.centre == actor.centre) & (Enrolment.learner == learner)
    rows = EnrolmentUnit.select(EnrolmentUnit.unit).join(Enrolment)
    return [unit for (unit,) in rows.where(mine & EnrolmentUnit.unit.in_(WANTING)).tuples()]


def _in_records(actor: Actor, learner: Person) -> list[Meeting]:
    """Meetings of supervision whose record both signed and that hold feedback to the learner."""
    signed = (Attendance.learner == learner) & (Attendance.state == "signed")
    told = Attendance.select(Attendance.meeting).where(signed & (Attendance.feedback != ""))
    query = Meeting.visible_to(actor).where(Meeting.id.in_(told) & Meeting.format.in_(SUPERVISION))
    return list(query.order_by(Meeting.starts_at.desc(), Meeting.id.desc()))


def learner_of(actor: Actor, person_id: int) -> Person | None:
    """The learner whose feedback the actor may read: themselves, or one assigned to them today."""
    from supervise.models import Assignment
    from supervise.models.feedback import READERS

    assigned = Assignment.enrolment_ids(actor, *READERS)
    mine = Enrolment.select(Enrolment.learner).where(
        (Enrolment.centre == actor.centre) & Enrolment.id.in_(assigned)
    )
    found: Person | None = Person.get_or_none(Person.id.in_(mine) & (Person.id == person_id))
    return found


def enrolments_of(actor: Actor) -> list[Enrolment]:
    """The actor's own enrolments here, the latest first."""
    mine = (Enrolment.centre == actor.centre) & (Enrolment.learner == actor.person)
    return list(Enrolment.select().where(mine).order_by(Enrolment.started_on.desc(), Enrolment.id))


def named_on(actor: Actor, learner_ids: Iterable[int]) -> dict[int, list[Told]]:
    """What was said of these learners under a name, as far as the actor reads it, oldest first.

    What has no name is left out: it has no date. One query.
    """
    theirs = Feedback.learner.in_(list(learner_ids)) & (Feedback.state == "given")
    rows = _rows(Feedback.visible_to(actor).where(theirs & ~Feedback.anonymous), contacts=False)
    found: dict[int, list[Told]] = {}
    for row in sorted(rows, key=lambda row: row.place):
        found.setdefault(row.learner_id, []).append(_one(row))
    return found


def copy_of(person: Person) -> list[dict[str, Any]]:
    """What a person takes with them of the feedback on them: what they may read, and no more."""
    rows = _rows(Feedback.select().where(Feedback.learner == person), contacts=False)
    by_centre: defaultdict[int, list[Any]] = defaultdict(list)
    for row in sorted((r for r in rows if r.state == "given"), key=lambda row: row.place):
        by_centre[row.centre_id].append(row)
    return [
        {
            "centre_id": centre_id,
            "source": told.source,
            "about": told.about,
            "anonymous": told.anonymous,
            "given_at": told.given_at,
            "answers": [[question.text, answer] for question, answer in told.pairs],
            "may_quote": told.may_quote,
            "reply": told.reply,
        }
        for centre_id, given in by_centre.items()
        for told in _told(given)
    ]


def _rows(query: peewee.ModelSelect, *, contacts: bool) -> list[Any]:
    """Feedback with link and client; with whom each link is for where the reader is the learner."""
    query = query.select_extend(Link, Client).join(Link)
    if contacts:
        on = LinkContact.link == Link.id
        query = query.select_extend(LinkContact.name)
        query = query.join(LinkContact, peewee.JOIN.LEFT_OUTER, on=on, attr="contact")
    query = query.switch(Feedback).join(Client, peewee.JOIN.LEFT_OUTER)
    return list(query.order_by(Feedback.invited_at.desc(), Feedback.id.desc()))


def _counts_as_asked(row: Any) -> bool:
    """An anonymous invitation counts whatever became of it; one with a name until it is answered."""
    return row.put_away_at is None and (row.anonymous or row.state == "invited")


def _on_the_list(row: Any) -> bool:
    return _counts_as_asked(row) and row.link.ended_at is None


def _invitation(row: Any, now: datetime) -> Invitation:
    return Invitation(row.link, _whom(row), row.about, row.anonymous, row.standing(row.link, now))


def _whom(row: Any) -> str:
    """By alias; an observer or peer by the name the learner typed, where the learner reads."""
    if row.source == "client":
        return row.client.alias
    if row.source == "sponsor":
        return f"Sponsor of {row.client.alias}"
    contact = getattr(row.link, "contact", None)
    name = contact.name if contact else ""
    return f"{name}, {row.source}" if name else row.source.capitalize()


def _told(given: Sequence[Any]) -> list[Told]:
    """Those with a name, the newest first, then those without that the floor lets out, by content."""
    found = []
    for about in ABOUTS:
        for source in SOURCES:
            here = [row for row in given if (row.about, row.source) == (about, source)]
            named = [row for row in here if not row.anonymous]
            nameless = [row for row in here if row.anonymous]
            shown = let_out([Anonymous(row.giver, row.floor) for row in nameless])
            found += [_one(row) for row in reversed(named)]
            found += [_one(row) for row in sorted(nameless[:shown], key=lambda row: row.answers)]
    return found


def _one(row: Any) -> Told:
    return Told(
        handle=row.handle,
        source=row.source,
        about=row.about,
        whom=f"{A_SOURCE[row.source].capitalize()}, without a name"
        if row.anonymous
        else _whom(row),
        anonymous=row.anonymous,
        given_at=None if row.anonymous else row.given_at,
        pairs=row.pairs,
        may_quote=row.may_quote,
        reply=row.reply,
        erased=row.erased_at is not None,
        by_mail=row.by_mail,
    )
