"""People, the roles they hold in a centre, and the actor: a person at work in one centre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import peewee

from supervise import events
from supervise.db import Model, UTCField, write
from supervise.models.centres import Centre, Refused

ROLES = ("learner", "supervisor", "tutor", "assessor", "iqa", "eqa", "admin")
ROLE_WORDS = {
    "learner": "learner",
    "supervisor": "supervisor",
    "tutor": "tutor",
    "assessor": "assessor",
    "iqa": "internal quality assurer",
    "eqa": "external quality assurer",
    "admin": "administrator",
}


class Person(Model):
    """Somebody with an account, known by e-mail across all centres."""

    email = peewee.TextField(unique=True)
    name = peewee.TextField()
    password_hash = peewee.TextField(null=True)
    zone = peewee.TextField(default="Europe/London")
    totp_secret = peewee.TextField(null=True)
    totp_last_step = peewee.IntegerField(null=True)
    disabled_at = UTCField(null=True)
    created_at = UTCField()

    @classmethod
    def with_email(cls, email: str) -> Person | None:
        """The person with this address, whatever its case."""
        found: Person | None = cls.get_or_none(cls.email == email.strip().lower())
        return found

    @classmethod
    def find_or_create(cls, email: str, name: str, now: datetime) -> tuple[Person, bool]:
        """The person with this address, made when new. Returns the person and whether made."""
        return cls.get_or_create(
            email=email.strip().lower(), defaults={"name": name.strip(), "created_at": now}
        )

    @property
    def first_name(self) -> str:
        """The name to greet by."""
        return str(self.name).split()[0]

    @property
    def active(self) -> bool:
        """Whether the person may sign in at all."""
        return self.disabled_at is None

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """All who belong to the actor's centre or did once, for its admins; nobody for others.

        Not those who were asked and have not answered: their name is not this centre's to know.
        """
        from supervise.models.enrolments import Enrolment
        from supervise.models.invitations import Invitation

        if not actor.has("admin"):
            return cls.select().where(cls.id.is_null())
        member = Membership.select(Membership.person).where(Membership.centre == actor.centre)
        invited = Invitation.select(Invitation.person).where(
            (Invitation.centre == actor.centre)
            & ((Invitation.roles == "") | Invitation.used_at.is_null(False))
        )
        enrolled = Enrolment.select(Enrolment.learner).where(Enrolment.centre == actor.centre)
        return cls.select().where(cls.id.in_(member) | cls.id.in_(invited) | cls.id.in_(enrolled))

    def belongs_elsewhere(self, centre: Centre) -> bool:
        """Whether another centre counts on this account too, so that this one must not touch it."""
        elsewhere = (Membership.person == self) & (Membership.centre != centre)
        return bool(Membership.select().where(elsewhere).exists())

    def must_be_asked(self, centre: Centre) -> bool:
        """Whether a role here takes the person's own yes: the account was there before, and an
        older link of another centre may still set its password."""
        from supervise.models.invitations import Invitation

        if Membership.roles_of(self, centre):
            return False
        return (
            self.password_hash is not None
            or Membership.select().where(Membership.person == self).exists()
            or Invitation.select().where(Invitation.person == self).exists()
        )

    def disable(self, *, by: Actor, now: datetime) -> None:
        """Close the account, end its sessions and give up its places in meetings ahead.

        Raises Refused for the centre's last administrator, for oneself, for somebody whom another
        centre counts on, and for somebody with whom learners are to meet.
        """
        from supervise.models import departing
        from supervise.models.signins import SignIn

        with write():
            known = departing.hold_concerned(self, now)
            by.centre.lock()
            if by.is_(self.id):
                raise Refused("You cannot disable yourself: ask another administrator.")
            self._refuse_elsewhere(by.centre)
            if "admin" in Membership.roles_of(self, by.centre):
                Membership.refuse_last_admin(self, by.centre)
            departing.leave_all(self, known, by=by, now=now)
            self._set_disabled(now, "disabled", by, now)
            SignIn.end_all(self, now)

    def enable(self, *, by: Actor, now: datetime) -> None:
        """Open a closed account again. Raises Refused where another centre counts on it."""
        with write():
            self._refuse_elsewhere(by.centre)
            self._set_disabled(None, "enabled", by, now)

    def _refuse_elsewhere(self, centre: Centre) -> None:
        if self.belongs_elsewhere(centre):
            raise Refused(
                f"{self.name} belongs to another centre too, so the account is not yours to close "
                "or open. Take away the roles they hold here instead."
            )

    def _set_disabled(self, moment: datetime | None, verb: str, by: Actor, now: datetime) -> None:
        self.disabled_at = moment
        self.save()
        events.record(
            centre_id=by.centre.id,
            verb=verb,
            subject="person",
            subject_id=self.id,
            now=now,
            person_id=by.person.id,
            role="admin",
        )


class Membership(Model):
    """One role of one person in one centre."""

    person = peewee.ForeignKeyField(Person, backref="memberships")
    centre = peewee.ForeignKeyField(Centre)
    role = peewee.TextField()

    @classmethod
    def grant(
        cls, person: Person, centre: Centre, role: str, *, by: Actor | None, now: datetime
    ) -> bool:
        """Give a role; returns False where the person holds it already."""
        with write():
            _, made = cls.get_or_create(person=person, centre=centre, role=role)
            if made:
                events.record(
                    centre_id=centre.id,
                    verb="gave a role",
                    subject="person",
                    subject_id=person.id,
                    now=now,
                    person_id=by.person.id if by else None,
                    role="admin" if by else "command",
                    given=role,
                )
            return bool(made)

    @classmethod
    def grant_known(
        cls, person: Person, centre: Centre, role: str, *, by: Actor | None, now: datetime
    ) -> bool:
        """Give a role to somebody of the centre, or to a new account.

        Raises Refused for somebody who must be asked first: ``admission.ask`` does.
        """
        if person.must_be_asked(centre):
            raise Refused(
                f"{person.email} has an account that is not of this centre. Add them under People "
                "first: they get a link with which they accept."
            )
        return cls.grant(person, centre, role, by=by, now=now)

    @classmethod
    def take_away(cls, person: Person, role: str, *, by: Actor, now: datetime) -> None:
        """Take a role away in the actor's centre; without any left, their sessions there end.

        Raises Refused for the last administrator, and where the role is still in use: a learner
        who is enrolled, a supervisor, tutor, assessor or quality assurer who is assigned.
        """
        from supervise.models.assignments import Assignment
        from supervise.models.enrolments import Enrolment
        from supervise.models.signins import SignIn

        with write():
            by.centre.lock()
            if role == "admin":
                cls.refuse_last_admin(person, by.centre)
            if (
                role == "learner"
                and person.enrolments.where(Enrolment.centre == by.centre).exists()
            ):
                raise Refused(f"{person.name} is enrolled here, so they stay a learner.")
            in_use = Assignment.still(person, by.centre, role, by.today)
            if in_use:
                learners = "1 learner" if in_use == 1 else f"{in_use} learners"
                raise Refused(
                    f"{person.name} is still {ROLE_WORDS[role]} of {learners}: "
                    "end or hand over those assignments first."
                )
            mine = (cls.person == person) & (cls.centre == by.centre)
            if not cls.delete().where(mine & (cls.role == role)).execute():
                return
            if not cls.select().where(mine).exists():
                open_here = (SignIn.person == person) & (SignIn.centre == by.centre)
                SignIn.update(ended_at=now).where(open_here & SignIn.ended_at.is_null()).execute()
            events.record(
                centre_id=by.centre.id,
                verb="took a role away",
                subject="person",
                subject_id=person.id,
                now=now,
                person_id=by.person.id,
                role="admin",
                taken=role,
            )

    @classmethod
    def holders(cls, centre: Centre, role: str = "") -> list[Person]:
        """People of a centre who hold a role, or any, and may sign in; by name. One query."""
        here = (cls.centre == centre) & (cls.role == role if role else cls.role != "")
        ids = cls.select(cls.person).where(here)
        active = Person.id.in_(ids) & Person.disabled_at.is_null()
        return list(Person.select().where(active).order_by(Person.name, Person.id))

    @classmethod
    def refuse_last_admin(cls, person: Person, centre: Centre) -> None:
        """Raises Refused where no other administrator of the centre could sign in."""
        others = (
            cls.select()
            .join(Person)
            .where(
                (cls.centre == centre)
                & (cls.role == "admin")
                & (cls.person != person)
                & Person.disabled_at.is_null()
            )
        )
        if not others.exists():
            raise Refused(
                f"{person.name} is the last administrator of this centre. "
                "Make somebody else an administrator first."
            )

    @classmethod
    def roles_of(cls, person: Person, centre: Centre) -> frozenset[str]:
        """The roles a person holds in a centre."""
        rows = cls.select(cls.role).where((cls.person == person) & (cls.centre == centre))
        return frozenset(row.role for row in rows)


@dataclass(frozen=True)
class Actor:
    """A person at work in one centre at one moment: whom every ``can_*`` and ``visible_to`` asks about."""

    person: Person
    centre: Centre
    roles: frozenset[str]
    now: datetime
    command: bool = False
    """A command did it in the person's place: the history names the command, and nobody signs."""

    @property
    def recorded(self) -> int | None:
        """The person an event names: nobody, where a command did it."""
        return None if self.command else self.person.id

    @cached_property
    def today(self) -> date:
        """The date at the centre, by which assignments begin and end."""
        return self.now.astimezone(ZoneInfo(self.centre.zone)).date()

    @cached_property
    def latest_day(self) -> date:
        """The latest day that has begun, for the actor or at the centre: what was done with a client
        is dated no later, and whose day has begun already may date it so."""
        return max(self.today, self.now.astimezone(ZoneInfo(self.person.zone)).date())

    def has(self, *roles: str) -> bool:
        """Whether the actor holds any of these roles here."""
        return not self.roles.isdisjoint(roles)

    def is_(self, person_id: Any) -> bool:
        """Whether the actor is this person."""
        return bool(self.person.id == person_id)

    @classmethod
    def of(cls, person: Person, centre: Centre, now: datetime) -> Actor:
        """The actor a person is in a centre, with the roles held there."""
        return cls(person, centre, Membership.roles_of(person, centre), now)
