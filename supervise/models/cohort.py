"""Takes in a cohort: learners, their enrolments, and who looks after them, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from supervise.catalogue import Catalogue
from supervise.db import write
from supervise.imports.cohort import CohortRow, Programmes
from supervise.models.assignments import Assignment
from supervise.models.centres import Centre
from supervise.models.enrolments import Enrolment
from supervise.models.invitations import Invitation
from supervise.models.people import Actor, Membership, Person


@dataclass(frozen=True)
class NewPerson:
    """Somebody who had no account, in the first role they were named in.

    ``token`` opens their invitation; it is secret and kept nowhere.
    """

    person: Person
    role: str
    token: str


@dataclass(frozen=True)
class Taken:
    """What came in. What was there before is not counted."""

    people: tuple[NewPerson, ...]
    enrolments: tuple[Enrolment, ...]
    assignments: int
    unasked: tuple[tuple[str, str], ...] = ()
    """Address and role of those with an account that is not of this centre: they must be invited
    and accept first, so nothing was taken for them."""

    def new(self, role: str) -> int:
        """How many new people were named in this role first."""
        return sum(person.role == role for person in self.people)

    @property
    def anything(self) -> bool:
        """Whether the file brought anything that was not there."""
        return bool(self.people or self.enrolments or self.assignments)


def take(
    rows: Sequence[CohortRow], centre: Centre, *, by: Actor | None, now: datetime, days: int
) -> Taken:
    """Enrol these learners and assign whom each row names, from its start date.

    Somebody whose account is not of this centre must be asked first: a learner's rows are passed
    over, a supervisor or tutor is not assigned, and both are told in ``unasked``; the same rows
    bring them in once they accepted. New people are invited with links that work for ``days``
    days. What is there already stays as it is, an assignment that has ended included, so the same
    rows again add nothing. Raises
    catalogue.UnknownCode or Refused, and then takes nothing.
    """
    people: dict[str, NewPerson] = {}
    enrolments: list[Enrolment] = []
    unasked: dict[tuple[str, str], None] = {}
    assignments = 0

    def person(email: str, name: str, role: str) -> Person | None:
        found, made = Person.find_or_create(email, name, now)
        if found.must_be_asked(centre):
            unasked[found.email, role] = None
            return None
        Membership.grant(found, centre, role, by=by, now=now)
        if made:
            token = Invitation.invite(found, centre, now=now, days=days, by=by)
            people[email] = NewPerson(found, role, token)
        return found

    with write():
        for row in rows:
            learner = person(row.email, row.name, "learner")
            if learner is None:
                continue
            enrolment, made = Enrolment.enrol(
                centre=centre, learner=learner,
                programme=row.programme, units=row.units, started_on=row.started_on,
                registration=row.registration, now=now, by=by,
            )  # fmt: skip
            if made:
                enrolments.append(enrolment)
            for role, email in (("supervisor", row.supervisor_email), ("tutor", row.tutor_email)):
                if email:
                    helper = person(email, name_from(email), role)
                    if helper is not None:
                        assignments += _assign(enrolment, helper, role, row, by, now)
    return Taken(tuple(people.values()), tuple(enrolments), assignments, tuple(unasked))


def _assign(
    enrolment: Enrolment, person: Person, role: str, row: CohortRow, by: Actor | None, now: datetime
) -> bool:
    """Assign from the start date, unless the person ever held the role: True when assigned."""
    held = (
        (Assignment.enrolment == enrolment)
        & (Assignment.person == person)
        & (Assignment.role == role)
    )
    if Assignment.select().where(held).exists():
        return False
    Assignment.assign(
        enrolment=enrolment, person=person, role=role, from_on=row.started_on, now=now, by=by
    )
    return True


def programmes_of(book: Catalogue) -> Programmes:
    """The catalogue as the reader of cohorts asks for it: all units, and those taken unnamed."""
    return {p.code: (p.units, p.units_chosen_default) for p in book.programmes}


def name_from(email: str) -> str:
    """A name to begin with from an address: ``m.hale@example.org`` is ``M Hale``."""
    words = email.split("@")[0].replace(".", " ").replace("_", " ").replace("-", " ").split()
    return " ".join(word.capitalize() for word in words) or email
