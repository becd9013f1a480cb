"""Signed-in sessions kept on the server, and the throttle on attempts to sign in."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import peewee

from supervise.db import Model, UTCField, write
from supervise.models.centres import Centre
from supervise.models.invitations import token_sha256
from supervise.models.people import Membership, Person

STAMP_EVERY = timedelta(minutes=2)

# What a User-Agent is known by. The order matters: Edge also says Chrome, and Chrome says Safari.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "a Chromebook"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
)


class SignIn(Model):
    """One browser in which somebody is signed in. The cookie holds the token, we its SHA-256."""

    token_sha256 = peewee.TextField(unique=True)
    person = peewee.ForeignKeyField(Person, backref="sign_ins")
    centre = peewee.ForeignKeyField(Centre)
    device = peewee.TextField(default="")
    created_at = UTCField()
    seen_at = UTCField()
    ended_at = UTCField(null=True)

    @classmethod
    def begin(cls, person: Person, centre: Centre, device: str, now: datetime) -> str:
        """Begin a signed-in session and return its token."""
        token = secrets.token_urlsafe(32)
        with write():
            Attempt.forget_old(now)
            cls.create(
                token_sha256=token_sha256(token),
                person=person,
                centre=centre,
                device=device[:200],
                created_at=now,
                seen_at=now,
            )
        return token

    @classmethod
    def current(
        cls, token: str, now: datetime, idle: timedelta, absolute: timedelta
    ) -> SignIn | None:
        """The signed-in session of a token, or None where it ended, idled out or is too old."""
        found: SignIn | None = (
            cls.select(cls, Person, Centre)
            .join(Person)
            .switch(cls)
            .join(Centre)
            .where(
                (cls.token_sha256 == token_sha256(token))
                & cls.ended_at.is_null()
                & (cls.seen_at > now - idle)
                & (cls.created_at > now - absolute)
                & Person.disabled_at.is_null()
            )
            .first()
        )
        return found

    @classmethod
    def open_for(
        cls, person: Person, now: datetime, idle: timedelta, absolute: timedelta
    ) -> peewee.ModelSelect:
        """A person's signed-in sessions that a cookie could still use, the last seen first."""
        alive = cls.ended_at.is_null() & (cls.seen_at > now - idle)
        query = cls.select().where(
            (cls.person == person) & alive & (cls.created_at > now - absolute)
        )
        return query.order_by(cls.seen_at.desc(), cls.id.desc())

    @classmethod
    def last_centre(cls, person: Person) -> Centre | None:
        """The centre a person used last of those they belong to, else the first by name, or None."""
        mine = Membership.select(Membership.centre).where(Membership.person == person)
        used: Centre | None = (
            Centre.select()
            .join(cls, on=(cls.centre == Centre.id))
            .where((cls.person == person) & Centre.id.in_(mine))
            .order_by(cls.seen_at.desc(), cls.id.desc())
            .first()
        )
        return used or Centre.select().where(Centre.id.in_(mine)).order_by(Centre.name).first()

    @property
    def device_words(self) -> str:
        """The browser and system, as far as its User-Agent tells them."""
        browser = next((word for mark, word in BROWSERS if mark in self.device), "")
        system = next((word for mark, word in SYSTEMS if mark in self.device), "")
        return (
            " on ".join(filter(None, (browser, system))) or "A device that does not say what it is"
        )

    def move_to(self, centre: Centre) -> bool:
        """Go over to another of the person's centres; False where they hold no role there."""
        if not Membership.roles_of(self.person, centre):
            return False
        with write():
            SignIn.update(centre=centre).where(SignIn.id == self.id).execute()
        return True

    def seen(self, now: datetime) -> None:
        """Move the idle clock on, at most every two minutes so that reading costs no write."""
        if now - self.seen_at > STAMP_EVERY:
            with write():
                SignIn.update(seen_at=now).where(SignIn.id == self.id).execute()

    def end(self, now: datetime) -> None:
        """End this one."""
        with write():
            SignIn.update(ended_at=now).where(SignIn.id == self.id).execute()

    @classmethod
    def end_all(cls, person: Person, now: datetime, but: int | None = None) -> int:
        """End all of a person's, but for one; returns how many."""
        with write():
            return int(
                cls.update(ended_at=now)
                .where((cls.person == person) & cls.ended_at.is_null() & (cls.id != (but or 0)))
                .execute()
            )


class Attempt(Model):
    """One attempt to sign in, under a key such as an account or an address."""

    key = peewee.TextField()
    at = UTCField()

    WINDOW = timedelta(minutes=15)

    @classmethod
    def begin(cls, limits: dict[str, int], now: datetime) -> list[int] | None:
        """Count an attempt under each key before it is judged; None where a key has had too many.

        Counted first, so that a thousand attempts at one moment are not all judged before the
        first of them counts. ``limits`` says how many each key may have in a quarter of an hour.
        An attempt turned away does not count.
        """
        with write():
            cls.forget_old(now)
            mine = [cls.create(key=key, at=now).id for key in limits]
        for key, limit in limits.items():
            if cls.select().where((cls.key == key) & (cls.at > now - cls.WINDOW)).count() > limit:
                cls.succeeded(mine)
                return None
        return mine

    @classmethod
    def forget_old(cls, now: datetime) -> None:
        """Delete what is older than a day."""
        with write():
            cls.delete().where(cls.at < now - timedelta(days=1)).execute()

    @classmethod
    def succeeded(cls, mine: list[int], *keys: str) -> None:
        """Take an attempt back after a success, and all earlier ones under the keys given."""
        with write():
            cls.delete().where(cls.id.in_(mine) | cls.key.in_(keys)).execute()
