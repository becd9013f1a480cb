"""Links for people without an account, whom each is for, and the mail that carries it.

A link is bound to one purpose, one record and that record's version; it expires, and works once. To
look at it changes nothing: mail scanners open links (product.md). Whom it is for stands in a table
of the vault, which only the learner who sent it reads.

Whatever holds several rows takes them in one order, so that no two wait for each other on
PostgreSQL: the client, the centre, sessions or the contract, links, the head of the history, the
feedback, the head of the sign-offs. A link is used or ended before the line of history that tells it.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import peewee

from supervise import links, signing
from supervise.db import Model, UTCField, write
from supervise.models.assignments import Assignment
from supervise.models.centres import Centre
from supervise.models.clients import Client
from supervise.models.enrolments import Enrolment
from supervise.models.people import Actor, Person
from supervise.rules import moments
from supervise.workflow import WrongState

LASTS = timedelta(days=14)
PARTIES = ("client", "sponsor", "observer", "peer")


class Link(Model):
    """One link, sent by a learner to one party; ``subject_id`` is the contract, or the feedback.

    A confirmation's link has none: the confirmations name their link, since one asks for several.
    """

    centre = peewee.ForeignKeyField(Centre)
    learner = peewee.ForeignKeyField(Person)
    client = peewee.ForeignKeyField(Client, null=True)
    purpose = peewee.TextField()
    party = peewee.TextField()
    subject_id = peewee.IntegerField(null=True)
    subject_version = peewee.IntegerField(default=1)
    nonce = peewee.TextField(unique=True)
    created_at = UTCField()
    expires_at = UTCField()
    used_at = UTCField(null=True)
    ended_at = UTCField(null=True)

    by_mail = False
    """Whether it was opened by the address that went out by e-mail, which its learner never saw."""

    @classmethod
    def make(
        cls,
        purpose: str,
        party: str,
        *,
        by: Actor,
        now: datetime,
        client: Client | None = None,
        subject_id: int | None = None,
        subject_version: int = 1,
        name: str = "",
        email: str = "",
    ) -> Link:
        """Make a link of the actor's, and its mail where an address is known; inside ``db.write()``.

        ``name`` and ``email`` go to the vault alone. Raises WrongState where the client withdrew
        their consent. It holds the client: a caller that locks anything before holds them itself.
        """
        from supervise.models.mail import Mail
        from supervise.models.vault import Consent

        if client is not None:
            client.hold()
            if Consent.is_withdrawn(client):
                raise WrongState(
                    "The client withdrew consent, so nothing is asked of them. Nothing was changed."
                )
        link = cls.create(
            centre=by.centre,
            learner=by.person,
            client=client,
            purpose=purpose,
            party=party,
            subject_id=subject_id,
            subject_version=subject_version,
            nonce=secrets.token_urlsafe(9),
            created_at=now,
            expires_at=now + LASTS,
        )
        LinkContact.create(link=link, name=name, email=email)
        if email:
            Mail.create(centre=by.centre, kind=purpose, link=link, created_at=now, due_at=now)
        return link

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """The learner's own links, and nobody else's."""
        return cls.select().where((cls.centre == actor.centre) & (cls.learner == actor.person))

    @classmethod
    def with_token(cls, text: str) -> Link | None:
        """The link of a token, usable or not, with centre, learner and client; None where forged."""
        found = links.read(text)
        if found is None:
            return None
        mine = (cls.id == found.link_id) & (cls.nonce == found.nonce)
        query = cls.select(cls, Centre, Person, Client).join(Centre).switch(cls).join(Person)
        query = query.switch(cls).join(Client, peewee.JOIN.LEFT_OUTER)
        link: Link | None = query.where(mine & (cls.purpose == found.purpose)).first()
        if link is not None:
            link.by_mail = found.mailed
        return link

    @property
    def token(self) -> str:
        """The token in its address, for its learner to copy; or the one that it was opened by."""
        return links.token(self.purpose, self.id, self.nonce, mailed=self.by_mail)

    @property
    def mailed_token(self) -> str:
        """The token as its e-mail alone carries it."""
        return links.token(self.purpose, self.id, self.nonce, mailed=True)

    def can_answer(self, person: Person, now: datetime) -> bool:
        """Whether this person, signed in, may answer by it. One query at most.

        Not the learner who sent it; and for a client or their sponsor nobody who looks after that
        learner today: they decide over what the client says. A client with an account may.
        """
        if person.id == self.learner_id:
            return False
        if self.party not in ("client", "sponsor"):
            return True
        today = moments.local(now, self.centre.zone).date()
        theirs = (Enrolment.learner == self.learner_id) & (Enrolment.centre == self.centre_id)
        looks_after = (Assignment.person == person) & Assignment.on(today)
        query = Assignment.select().join(Enrolment).where(theirs & looks_after)
        return not query.exists()

    def standing(self, now: datetime) -> str:
        """``open``, ``used``, ``ended`` (withdrawn, or what it was about changed) or ``expired``."""
        if self.used_at is not None:
            return "used"
        if self.ended_at is not None:
            return "ended"
        return "open" if self.expires_at > now else "expired"

    def hold(self, now: datetime) -> bool:
        """Hold it until the transaction ends: nobody else answers by it or ends it. False where it
        is not open any more."""
        return bool(Link.update(nonce=Link.nonce).where(self._open(now)).execute())

    def _open(self, now: datetime) -> peewee.Expression:
        mine = (Link.id == self.id) & Link.used_at.is_null() & Link.ended_at.is_null()
        here = Link.learner.in_(Person.select(Person.id).where(Person.disabled_at.is_null()))
        return mine & here & (Link.expires_at > now)

    def use(self, now: datetime) -> bool:
        """Use it up, in the UPDATE itself, so that of two taps one decides; inside ``db.write()``.

        Not where the account of whoever sent it was closed meanwhile.
        """
        used = Link.update(used_at=now).where(self._open(now)).execute()
        if used:
            self.used_at = now
            self._dirty.clear()
        return bool(used)

    @classmethod
    def end(cls, which: peewee.Expression, now: datetime) -> int:
        """End the links that this holds for and that were not used; how many.

        What a link asked a client to confirm, and they have not answered, lapses with it.
        """
        from supervise.models import lapsing

        with write():
            unused = cls.used_at.is_null() & cls.ended_at.is_null()
            ids = [row[0] for row in cls.select(cls.id).where(which & unused).tuples()]
            if not ids:
                return 0
            ended = cls.update(ended_at=now).where(cls.id.in_(ids) & unused).execute()
            lapsing.lapse_ended(ids, now)
            return int(ended)


class LinkContact(Model):
    """The vault: whom a link is for. Read for its learner, and to address its mail; nowhere else."""

    link = peewee.ForeignKeyField(Link, unique=True)
    name = peewee.TextField(default="")
    email = peewee.TextField(default="")


class SignedName(Model):
    """The vault: the name that somebody without an account typed under a sign-off."""

    sign_off_id = peewee.IntegerField(unique=True)
    name = peewee.TextField()

    @staticmethod
    def hash_of(contract_id: int, version: int, party: str, name: str) -> str:
        """What the history holds of a name typed under a contract: a keyed hash, of this place alone."""
        return signing.keyed_sha256([contract_id, version, party, name])
