"""Who is where when: one row for each person of each meeting that stands.

The database refuses two rows of one person that overlap, in whatever centre: that alone keeps a
double booking out. Whatever writes here holds the people first, in one order, so that of two who
book at the same moment one waits and is then told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import peewee

from supervise.db import Model, UTCField, is_sqlite, write
from supervise.models.centres import Refused
from supervise.models.people import Person

if TYPE_CHECKING:
    from supervise.models.meetings import Meeting


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
    def occupy(cls, meeting: Meeting, person_ids: Iterable[int]) -> None:
        """Put these people into the meeting at its time; inside ``db.write()``, people held.

        Raises Taken where one of them is in another meeting then, also in another centre; which
        one that is stays untold to the others.
        """
        for person_id in sorted(set(person_ids)):
            clash = cls.clash(person_id, meeting.starts_at, meeting.ends_at, but=meeting.id)
            if clash:
                raise Taken(_sentence(person_id, meeting), person_id)
            try:
                with write():
                    cls.create(
                        person=person_id,
                        meeting=meeting,
                        starts_at=meeting.starts_at,
                        ends_at=meeting.ends_at,
                    )
            except peewee.IntegrityError as refused:
                raise Taken(_sentence(person_id, meeting), person_id) from refused

    @classmethod
    def clash(cls, person_id: int, starts_at: datetime, ends_at: datetime, but: int = 0) -> bool:
        """Whether the person is in a meeting that overlaps these moments. One query."""
        mine = (cls.person == person_id) & (cls.meeting != but)
        overlaps = (cls.starts_at < ends_at) & (cls.ends_at > starts_at)
        return bool(cls.select().where(mine & overlaps).exists())

    @classmethod
    def release(cls, meeting: Meeting, person_ids: Iterable[int] | None = None) -> None:
        """Let these people go from the meeting, or all of them; inside ``db.write()``."""
        which = cls.meeting == meeting
        if person_ids is not None:
            which &= cls.person.in_(list(person_ids))
        cls.delete().where(which).execute()


def _sentence(person_id: int, meeting: Meeting) -> str:
    if person_id == meeting.host_id:
        return "This time has just been taken. Choose another one. Nothing was booked."
    name = Person.get_by_id(person_id).name
    return f"{name} is in another meeting then. Choose another time. Nothing was booked."
