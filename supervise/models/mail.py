"""The outbox: what is to be sent, and how each person wants it. Delivery is ``supervise tick``'s."""

from __future__ import annotations

import json
from datetime import datetime, time
from typing import Any

import peewee

from supervise.db import Model, UTCField, write
from supervise.models.centres import Centre
from supervise.models.links import Link
from supervise.models.meetings import Meeting
from supervise.models.people import Actor, Person
from supervise.rules.mail_times import Wish

ALONE = ("contract", "contract-copy", "confirmation", "feedback", "invitation", "password")
"""Kinds that carry a link which lets somebody in: always at once, and never beside anything else."""


class Mail(Model):
    """One thing to send, to whom a link is for or to somebody with an account.

    Neither address nor text is kept here: both are made when it is delivered. ``detail`` is JSON of
    numbers and dates, never of words. ``key`` names what may be sent once only. ``due_at`` is the
    earliest moment to send it now, ``not_before`` the one that whoever queued it asked for, which
    no wish brings forward, ``claimed_at`` when a tick took it in hand. ``message_id`` is the
    name of the message it goes out in, drawn before the first try, so that a repeat can be told;
    the rows of a digest share one.
    """

    centre = peewee.ForeignKeyField(Centre)
    kind = peewee.TextField()
    link = peewee.ForeignKeyField(Link, null=True)
    person = peewee.ForeignKeyField(Person, null=True)
    meeting = peewee.ForeignKeyField(Meeting, null=True)
    detail = peewee.TextField(default="{}")
    key = peewee.TextField(null=True, unique=True)
    state = peewee.TextField(default="waiting")
    attempts = peewee.IntegerField(default=0)
    created_at = UTCField()
    due_at = UTCField(null=True)
    not_before = UTCField(null=True)
    claimed_at = UTCField(null=True)
    sent_at = UTCField(null=True)
    fault = peewee.TextField(default="")
    message_id = peewee.TextField(default="")

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """All of the actor's centre, for its administrators; nobody else sees the outbox."""
        if not actor.has("admin"):
            return cls.select().where(cls.id.is_null())
        return cls.select().where(cls.centre == actor.centre)

    @classmethod
    def queue(
        cls,
        kind: str,
        *,
        to: Person | int,
        centre: Centre | int,
        now: datetime,
        meeting: Meeting | None = None,
        key: str | None = None,
        due_at: datetime | None = None,
        **detail: Any,
    ) -> bool:
        """Put a mail to somebody with an account into the outbox; inside ``db.write()``.

        It is sent from ``due_at`` on, by default from now. With a ``key`` it is kept once only:
        False where it is there already. ``detail`` holds numbers and dates, never words.
        """
        made = cls.insert(
            kind=kind,
            person=to,
            centre=centre,
            meeting=meeting,
            key=key,
            detail=json.dumps(detail, sort_keys=True, default=str),
            created_at=now,
            due_at=due_at or now,
            not_before=due_at,
        )
        if key is None:
            made.execute()
            return True
        if cls.select().where(cls.key == key).exists():
            return False
        made.on_conflict_ignore().execute()
        return True

    @classmethod
    def of_open_links(cls, actor: Actor) -> dict[int, Mail]:
        """By link of the actor's that was neither used nor ended: the mail it goes out in. One query."""
        open_ = Link.used_at.is_null() & Link.ended_at.is_null()
        mine = Link.visible_to(actor).select(Link.id).where(open_)
        return {
            mail.link_id: mail for mail in cls.select().where(cls.link.in_(mine)).order_by(cls.id)
        }

    @property
    def details(self) -> dict[str, Any]:
        """What the text needs beside the records it names, such as a time before a move."""
        return dict(json.loads(self.detail))


class MailWish(Model):
    """How a person wants their mail: at once or once a day, and when not to be disturbed.

    Times are wall-clock times (``08:00``) in the person's own zone; empty quiet hours mean none.
    """

    person = peewee.ForeignKeyField(Person, unique=True)
    digest = peewee.BooleanField(default=False)
    digest_at = peewee.TextField(default="08:00")
    quiet_from = peewee.TextField(default="")
    quiet_to = peewee.TextField(default="")

    @classmethod
    def of(cls, person: Person | int) -> MailWish:
        """What a person wishes; everything at once where they never said. One query."""
        found: MailWish | None = cls.get_or_none(cls.person == person)
        return found or cls(person=person)

    @property
    def rule(self) -> Wish:
        """The wish as the rule of times takes it."""
        return Wish(
            digest_at=_time(self.digest_at) if self.digest else None,
            quiet_from=_time(self.quiet_from),
            quiet_to=_time(self.quiet_to),
        )

    @classmethod
    def keep(
        cls, *, digest: bool, digest_at: str, quiet_from: str, quiet_to: str, by: Actor
    ) -> None:
        """Keep how the actor wants mail; what waits for them already is timed anew."""
        told = {
            "digest": digest, "digest_at": digest_at, "quiet_from": quiet_from, "quiet_to": quiet_to,
        }  # fmt: skip
        with write():
            made = cls.insert(person=by.person, **told)
            made.on_conflict(conflict_target=[cls.person], update=told).execute()
            mine = (Mail.person == by.person) & (Mail.state == "waiting") & (Mail.attempts == 0)
            asked = peewee.fn.COALESCE(Mail.not_before, Mail.created_at)
            Mail.update(due_at=asked).where(mine).execute()


def _time(text: str) -> time | None:
    """A time of day as it is kept, ``08:00``; None for none."""
    return time.fromisoformat(text) if text else None
