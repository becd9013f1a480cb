"""How an administrator brings people in: adds them with a link, enrols them with their team."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from supervise.db import write
from supervise.models.assignments import Assignment
from supervise.models.centres import Refused
from supervise.models.enrolments import Enrolment
from supervise.models.invitations import Invitation
from supervise.models.people import Actor, Membership, Person


def add_person(
    name: str, email: str, roles: Iterable[str], *, by: Actor, now: datetime, days: int
) -> tuple[Person, str]:
    """Give somebody roles in the actor's centre. Returns them and the token of their invitation.

    Somebody new holds the roles at once. Whoever has an account already is asked: the link offers
    the roles, and they hold them once they accept, signed in. Raises Refused for somebody who is
    here already.
    """
    with write():
        by.centre.lock()
        person, made = Person.find_or_create(email, name, now)
        if not made and Membership.roles_of(person, by.centre):
            raise Refused(
                f"{person.name} has this address and is here already. Change the roles on their page."
            )
        if person.must_be_asked(by.centre):
            return person, Invitation.invite(
                person, by.centre, now=now, days=days, by=by, roles=roles
            )
        for role in roles:
            Membership.grant(person, by.centre, role, by=by, now=now)
        return person, Invitation.invite(person, by.centre, now=now, days=days, by=by)


def give_role(person: Person, role: str, *, by: Actor, now: datetime, days: int) -> str | None:
    """Give one more role to somebody of the centre; None, or the token of the link that asks them.

    Somebody who holds no role here any more is asked, as everybody with an account is.
    """
    with write():
        by.centre.lock()
        if person.must_be_asked(by.centre):
            return Invitation.invite(person, by.centre, now=now, days=days, by=by, roles=[role])
        Membership.grant(person, by.centre, role, by=by, now=now)
    return None


def renew_link(person: Person, *, by: Actor, now: datetime, days: int) -> str:
    """A new link for somebody of the actor's centre; the older one stops working.

    Raises Refused for a closed account, and for somebody who belongs to another centre too.
    """
    if not person.active:
        raise Refused(f"{person.name} is disabled. Enable the account first.")
    if person.belongs_elsewhere(by.centre):
        raise Refused(
            f"{person.name} belongs to another centre too, so no link is made here: it would open "
            "that centre as well. They can sign in as they do there."
        )
    open_ones = [one for one in Invitation.waiting(by.centre, now) if one.person_id == person.id]
    offered = open_ones[0].offered if open_ones else ()
    return Invitation.invite(person, by.centre, now=now, days=days, by=by, roles=offered)


def enrol(
    learner: Person, programme: str, units: Iterable[str], *, registration: str, started_on: date,
    team: Mapping[str, Person | None], by: Actor, now: datetime,
) -> Enrolment:  # fmt: skip
    """Enrol a learner in the actor's centre and assign the team, by role, from the start date.

    Raises Refused for somebody who is on that programme already.
    """
    with write():
        by.centre.lock()
        enrolment, made = Enrolment.enrol(
            centre=by.centre, learner=learner, programme=programme, units=units,
            started_on=started_on, registration=registration, by=by, now=now,
        )  # fmt: skip
        if not made:
            raise Refused(
                f"{learner.name} is on {programme} already. Open that enrolment to change its units."
            )
        for role, person in team.items():
            if person is not None:
                Assignment.assign(
                    enrolment=enrolment,
                    person=person,
                    role=role,
                    from_on=started_on,
                    by=by,
                    now=now,
                )
    return enrolment
