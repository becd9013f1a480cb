"""Invitations: a one-time link with which somebody sets a password and comes in.

Whoever has an account already is asked: the link carries the roles offered, and they are given
when the person, signed in, takes it up. Until then the centre that asks has no hold on the account
and is told nothing of it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

import peewee

from supervise import events, links
from supervise.db import Model, UTCField, is_sqlite, write
from supervise.models.centres import Centre
from supervise.models.people import ROLE_WORDS, ROLES, Actor, Membership, Person


def token_sha256(token: str) -> str:
    """What is kept of a token: whoever reads the database cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(Model):
    """One link for one person in one centre. A newer one ends the older."""

    person = peewee.ForeignKeyField(Person, backref="invitations")
    centre = peewee.ForeignKeyField(Centre)
    token_sha256 = peewee.TextField(unique=True)
    created_at = UTCField()
    expires_at = UTCField()
    used_at = UTCField(null=True)
    created_by = peewee.ForeignKeyField(Person, null=True)
    roles = peewee.TextField(default="")
    """The roles given when the link is taken up, with commas; none where they were given before."""

    @classmethod
    def invite(
        cls,
        person: Person,
        centre: Centre,
        *,
        now: datetime,
        days: int,
        by: Actor | None = None,
        roles: Iterable[str] = (),
    ) -> str:
        """Make an invitation, to these roles, and return its token: shown once and not kept.

        Its mail goes into the outbox in the same write, and carries a token of its own.
        """
        from supervise.models.mail import Mail

        token = secrets.token_urlsafe(32)
        with write():
            cls.update(expires_at=now).where(
                (cls.person == person) & (cls.centre == centre) & cls.used_at.is_null()
            ).execute()
            made = cls.create(
                person=person,
                centre=centre,
                token_sha256=token_sha256(token),
                created_at=now,
                expires_at=now + timedelta(days=days),
                created_by=by.person if by else None,
                roles=",".join(role for role in ROLES if role in set(roles)),
            )
            events.record(
                centre_id=centre.id,
                verb="invited",
                subject="person",
                subject_id=person.id,
                now=now,
                person_id=by.person.id if by else None,
                role="admin" if by else "command",
            )
            kind = "password" if person.password_hash and not made.roles else "invitation"
            Mail.queue(kind, to=person, centre=centre, now=now, invitation=made.id)
        return token

    @classmethod
    def expire_all(cls, person: Person, now: datetime) -> None:
        """End every link of a person's that only sets a password; an offer of roles stays open."""
        unused = (cls.person == person) & cls.used_at.is_null() & (cls.expires_at > now)
        cls.update(expires_at=now).where(unused & (cls.roles == "")).execute()

    @classmethod
    def with_token(cls, token: str) -> Invitation | None:
        """The invitation a token belongs to, usable or not, or None where it is unknown.

        There are two: the one its administrator saw, and the one in its mail.
        """
        mailed = links.read_invitation(token)
        which = (
            (cls.id == mailed[0]) & cls.token_sha256.startswith(mailed[1])
            if mailed
            else cls.token_sha256 == token_sha256(token)
        )
        found: Invitation | None = (
            cls.select(cls, Person, Centre)
            .join(Person, on=cls.person)
            .switch(cls)
            .join(Centre)
            .where(which)
            .first()
        )
        return found

    @property
    def mailed_token(self) -> str:
        """The token in its mail; the same each time."""
        return links.invitation_token(self.id, str(self.token_sha256))

    def usable(self, now: datetime) -> bool:
        """Whether the link still works: not used, not expired, its person's account open."""
        return self.used_at is None and self.expires_at > now and self.person.active

    @classmethod
    def waiting(cls, centre: Centre, now: datetime) -> list[Invitation]:
        """Links that offer roles of a centre and still work, with their people. One query."""
        offers = (cls.centre == centre) & (cls.roles != "")
        usable = cls.used_at.is_null() & (cls.expires_at > now)
        query = cls.select(cls, Person).join(Person, on=cls.person).where(offers & usable)
        return list(query.order_by(Person.email))

    @property
    def offered(self) -> list[str]:
        """The roles it gives when it is taken up."""
        return [role for role in str(self.roles).split(",") if role]

    @property
    def role_words(self) -> str:
        """The roles it gives, in words: ``supervisor and tutor``."""
        return " and ".join(ROLE_WORDS[role] for role in self.offered)

    @property
    def sets_password(self) -> bool:
        """Whether the link may set a password.

        Not for somebody whom another centre counts on too, whether they have a password yet or
        not: an administrator of one centre, who makes the link, could come into the other with it.
        """
        return not self.person.belongs_elsewhere(self.centre)

    def take_up(self, *, now: datetime) -> bool:
        """Give the signed-in person the roles offered and use the link up; False where it is no use.

        The view makes sure that the person signed in is the one invited.
        """
        with write():
            self._lock()
            if not self._use(now):
                return False
            self._give(now)
        return True

    def accept(self, password_hash: str, *, now: datetime) -> bool:
        """Set the password, give the roles offered and use the link up.

        False where it was used meanwhile, has expired, or may set no password any more.
        """
        with write():
            self._lock()
            if not self.sets_password or not self._use(now):
                return False
            Person.update(password_hash=password_hash).where(Person.id == self.person_id).execute()
            events.record(
                centre_id=self.centre_id,
                verb="joined",
                subject="person",
                subject_id=self.person_id,
                now=now,
                person_id=self.person_id,
            )
            self._give(now)
        return True

    def _lock(self) -> None:
        """Hold the person, so that no other centre's link is taken up between look and leap."""
        if not is_sqlite():
            Person.select(Person.id).where(Person.id == self.person_id).for_update(
                "FOR NO KEY UPDATE"
            ).get()

    def _use(self, now: datetime) -> bool:
        """Use the link up, in the UPDATE itself, so that of two at one moment one succeeds."""
        mine = (Invitation.id == self.id) & Invitation.used_at.is_null()
        update = Invitation.update(used_at=now).where(mine & (Invitation.expires_at > now))
        return bool(update.execute())

    def _give(self, now: datetime) -> None:
        """Give the roles offered, as the person's own doing."""
        for role in self.offered:
            Membership.get_or_create(person=self.person_id, centre=self.centre_id, role=role)
        if self.offered:
            events.record(
                centre_id=self.centre_id,
                verb="accepted",
                subject="person",
                subject_id=self.person_id,
                now=now,
                person_id=self.person_id,
                given=self.offered,
            )
