"""The cohort: which learners a reader sees, narrowed, put in order, one page at a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import peewee

from supervise.models import Actor, Assignment, Enrolment, Person, PracticeSession
from supervise.reports.learners import Learner, enrolments_of, learners_from
from supervise.reports.standing import ranked
from supervise.reports.supervision import Last
from supervise.rules.standing import Standing

SORTS = {
    "risk": "Most at risk",
    "name": "Name",
    "last": "Longest without a session",
    "waits": "Waits longest for the supervisor",
}


@dataclass(frozen=True)
class Wanted:
    """Which learners, in which order, and which page of them."""

    name: str = ""
    programme: str = ""
    supervisor: str = ""
    standing: str = ""
    sort: str = "risk"
    page: int = 1

    def but(self, **changes: Any) -> dict[str, Any]:
        """The same in an address, with these changes; what is as usual is left out."""
        usual = vars(Wanted())
        other = {**vars(self), **changes}
        return {key: value for key, value in other.items() if value != usual[key]}

    @property
    def filtered(self) -> bool:
        """Whether anybody is left out."""
        return bool(self.name or self.programme or self.supervisor or self.standing)


def cohort(actor: Actor, wanted: Wanted, size: int) -> tuple[list[Learner], int]:
    """One page of the learners the actor sees, and how many there are. Eight queries at most."""
    query = _matching(actor, wanted).select(Person.id).group_by(Person.id, Person.name)
    query = query.order_by(*_order(wanted.sort), peewee.fn.LOWER(Person.name), Person.id)
    ids = [id_ for (id_,) in query.tuples()]
    met: dict[int, Last] | None = None
    if wanted.standing or wanted.sort == "risk":
        stand, met = _standings(actor, ids)
        if wanted.standing:
            ids = [id_ for id_ in ids if wanted.standing in {one.key for one in stand[id_]}]
        if wanted.sort == "risk":
            ids.sort(key=lambda id_: stand[id_][0].risk)
    shown = ids[(wanted.page - 1) * size : wanted.page * size]
    seen = learners_from(enrolments_of(actor, shown), actor, met)
    by_id = {found.person.id: found for found in seen}
    return [by_id[id_] for id_ in shown], len(ids)


def _standings(actor: Actor, ids: list[int]) -> tuple[dict[int, list[Standing]], dict[int, Last]]:
    """About how each of these learners stands, by id, the gravest first; and when each enrolment
    last was in supervision, by its id. Two queries."""
    seen = Enrolment.visible_to(actor).where(Enrolment.learner.in_(ids))
    found: defaultdict[int, list[Standing]] = defaultdict(list)
    met: dict[int, Last] = {}
    for enrolment_id, (learner, findings, last) in ranked(seen, actor).items():
        found[learner] = sorted([*found[learner], *findings], key=lambda one: one.risk)
        met[enrolment_id] = last
    return found, met


def supervisors_of(actor: Actor) -> list[tuple[int, str]]:
    """Who supervises, today, any learner the actor sees: for the filter. One query."""
    seen = Enrolment.visible_to(actor).select(Enrolment.id)
    rows = (
        Person.select(Person.id, Person.name)
        .join(Assignment)
        .where(
            (Assignment.role == "supervisor")
            & Assignment.on(actor.today)
            & Assignment.enrolment.in_(seen)
        )
        .distinct()
        .order_by(Person.name)
    )
    return list(rows.tuples())


def _matching(actor: Actor, wanted: Wanted) -> peewee.ModelSelect:
    """The learners wanted, joined to the enrolments and sessions by which they are put in order."""
    seen = Enrolment.visible_to(actor).select(Enrolment.id)
    where = Enrolment.id.in_(seen)
    if wanted.name:
        like = wanted.name.strip().lower()
        where &= peewee.fn.LOWER(Person.name).contains(like) | (
            peewee.fn.LOWER(Enrolment.registration).contains(like)
        )
    if wanted.programme:
        where &= Enrolment.programme == wanted.programme
    if wanted.supervisor:
        today = (Assignment.role == "supervisor") & Assignment.on(actor.today)
        supervised = Assignment.select(Assignment.enrolment).where(today)
        if wanted.supervisor == "none":
            where &= Enrolment.id.not_in(supervised)
        else:
            where &= Enrolment.id.in_(supervised.where(Assignment.person == int(wanted.supervisor)))
    query = Person.select().join(Enrolment, on=(Enrolment.learner == Person.id)).where(where)
    if wanted.sort in ("name", "risk"):
        return query
    state = PracticeSession.state
    counts = state == "submitted" if wanted.sort == "waits" else state != "draft"
    return query.join(
        PracticeSession,
        peewee.JOIN.LEFT_OUTER,
        on=(PracticeSession.enrolment == Enrolment.id) & counts,
    )


def _order(sort: str) -> list[peewee.Ordering]:
    if sort == "last":
        return [peewee.fn.MAX(PracticeSession.date).asc(nulls="FIRST")]
    if sort == "waits":
        return [peewee.fn.MIN(PracticeSession.submitted_at).asc(nulls="LAST")]
    return []
