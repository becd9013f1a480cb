"""A person's calendar as a subscription: one address, revocable, that shows meetings and nothing else."""

from __future__ import annotations

import secrets
from datetime import datetime

import peewee

from supervise import events, links
from supervise.db import Model, UTCField, write
from supervise.models.centres import Centre
from supervise.models.people import Actor, Membership, Person


class CalendarFeed(Model):
    """The address of a person's calendar in one centre; one at a time works.

    Only its number and a nonce are kept, so that whoever reads the database cannot use it.
    """

    centre = peewee.ForeignKeyField(Centre)
    person = peewee.ForeignKeyField(Person)
    nonce = peewee.TextField(unique=True)
    created_at = UTCField()
    revoked_at = UTCField(null=True)

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """One's own in this centre, those that still work."""
        mine = (cls.centre == actor.centre) & (cls.person == actor.person)
        return cls.select().where(mine & cls.revoked_at.is_null())

    @classmethod
    def of(cls, actor: Actor) -> CalendarFeed | None:
        """The actor's address here, where there is one. One query."""
        found: CalendarFeed | None = cls.visible_to(actor).first()
        return found

    @classmethod
    def make(cls, *, by: Actor, now: datetime) -> CalendarFeed:
        """A new address for the actor; the one before works no more."""
        with write():
            by.centre.lock()
            cls._end(by, now)
            made: CalendarFeed = cls.create(
                centre=by.centre,
                person=by.person,
                nonce=secrets.token_urlsafe(12),
                created_at=now,
            )
            _told("made a calendar address", by, now)
        return made

    @classmethod
    def revoke(cls, *, by: Actor, now: datetime) -> bool:
        """End the actor's address here; False where there was none."""
        with write():
            by.centre.lock()
            ended = cls._end(by, now)
            if ended:
                _told("ended a calendar address", by, now)
        return ended

    @classmethod
    def _end(cls, by: Actor, now: datetime) -> bool:
        open_one = (cls.centre == by.centre) & (cls.person == by.person) & cls.revoked_at.is_null()
        return bool(cls.update(revoked_at=now).where(open_one).execute())

    @classmethod
    def with_token(cls, text: str) -> CalendarFeed | None:
        """The feed of a token with its person and centre, while it works.

        None for a forged or revoked one, and where the person is disabled or has left the centre.
        One query.
        """
        found = links.read(text, links.CALENDAR)
        if found is None:
            return None
        member = Membership.select(peewee.SQL("1")).where(
            (Membership.person == cls.person) & (Membership.centre == cls.centre)
        )
        query = cls.select(cls, Centre, Person).join(Centre).switch(cls).join(Person)
        mine = (cls.id == found.link_id) & (cls.nonce == found.nonce) & cls.revoked_at.is_null()
        feed: CalendarFeed | None = query.where(
            mine & Person.disabled_at.is_null() & peewee.fn.EXISTS(member)
        ).first()
        return feed

    @property
    def token(self) -> str:
        """The token in its address; the same each time."""
        return links.token("calendar", self.id, self.nonce)


def _told(verb: str, by: Actor, now: datetime) -> None:
    events.record(
        centre_id=by.centre.id,
        verb=verb,
        subject="person",
        subject_id=by.person.id,
        now=now,
        person_id=by.recorded,
    )
