"""A file between its upload and the decision to take it: kept for its owner alone.

It is emptied with the decision. One that nobody decides on goes at the first upload of anybody
after a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import peewee

from supervise.db import Model, UTCField, write
from supervise.models.centres import Centre
from supervise.models.people import Actor, Person


class DiaryUpload(Model):
    """The bytes of a file somebody is importing."""

    centre = peewee.ForeignKeyField(Centre)
    person = peewee.ForeignKeyField(Person)
    filename = peewee.TextField()
    data = peewee.BlobField()
    created_at = UTCField()

    @classmethod
    def keep(cls, filename: str, data: bytes, *, by: Actor, now: datetime) -> DiaryUpload:
        """Keep a file, and throw away this person's older ones and everybody's after a day."""
        with write():
            cls.delete().where(
                (cls.person == by.person) | (cls.created_at < now - timedelta(days=1))
            ).execute()
            return cls.create(
                centre=by.centre,
                person=by.person,
                filename=filename[:200],
                data=data,
                created_at=now,
            )

    def empty(self) -> None:
        """Throw away what the file held; that there was one stays, for a second click. In a write."""
        DiaryUpload.update(data=b"", filename="").where(DiaryUpload.id == self.id).execute()

    @property
    def is_empty(self) -> bool:
        """Whether it was taken already."""
        return not self.data

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """One's own uploads."""
        return cls.select().where((cls.centre == actor.centre) & (cls.person == actor.person))
