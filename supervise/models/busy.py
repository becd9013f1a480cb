"""Who is where when: one row for each person of each meeting that stands.

The database writes these rows as meetings and places come, move and go (0007), and refuses two of
one person that overlap, in whatever centre: that alone keeps a double booking out. Whatever books
holds the people first, in one order, so that of two who book at the same moment one waits and is
then told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import peewee

from supervise.db import Model, UTCField, is_sqlite
from supervise.models.centres import Refused
from supervise.models.people import Person


class Taken(Refused):
    """Somebody is in another meeting then. ``person_id`` says who."""

    def __init__(self, sentence: str, person_id: int) -> None:
        super().__init__(sentence)
        self.person_id = person_id


def hold_people(ids: Iterable[int]) -> None:
    """Hold these people's calendars until the transaction ends; first of all locks of a booking.

    SQLite's write transaction is the lock already. A new row that names a person does not wait.
    """
    if not is_sqlite():
        rows = Person.select(Person.id).where(Person.id.in_(sorted(set(ids)))).order_by(Person.id)
        list(rows.for_update("FOR NO KEY UPDATE"))


class Busy(Model):
    """One person in one meeting, from when to when (UTC)."""

    person = peewee.ForeignKeyField(Person)
    meeting: Any = peewee.DeferredForeignKey("Meeting")
    starts_at = UTCField()
    ends_at = UTCField()

    @classmethod
    def clash(cls, person_id: int, starts_at: datetime, ends_at: datetime, but: int = 0) -> bool:
        """Whether the person is in a meeting that overlaps these moments. One query."""
        mine = (cls.person == person_id) & (cls.meeting != but)
        overlaps = (cls.starts_at < ends_at) & (cls.ends_at > starts_at)
        return bool(cls.select().where(mine & overlaps).exists())


def refuse_taken(
    people: Iterable[int], starts_at: datetime, ends_at: datetime, *, host_id: int, but: int = 0
) -> None:
    """Raises Taken where one of these people is in another meeting then, also in another centre.

    Which one that is stays untold to the others. The people are held; ``but`` is the meeting that
    they are to be in.
    """
    for person_id in sorted(set(people)):
        if Busy.clash(person_id, starts_at, ends_at, but=but):
            raise Taken(_sentence(person_id, host_id), person_id)


def _sentence(person_id: int, host_id: int) -> str:
    if person_id == host_id:
        return "This time has just been taken. Choose another one. Nothing was booked."
    name = Person.get_by_id(person_id).name
    return f"{name} is in another meeting then. Choose another time. Nothing was booked."
