"""Who is where when: one row for each person of each meeting that stands.

The database writes these rows as meetings and places come, move and go (0007), and refuses two of
one person that overlap, in whatever centre: that alone keeps a double booking out. Whatever books
holds the people first, in one order, so that of two who book at the same moment one waits and is
then told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import peewee

from supervise.db import Model, UTCField, is_sqlite
from supervise.models.centres import Refused
from supervise.models.people import Person

if TYPE_CHECKING:
    from supervise.models.meetings import Meeting

JUST_TAKEN = "This time has just been taken. Choose another one. Nothing was booked."


class Taken(Refused):
    """Somebody is in another meeting then. ``person_id`` says who, ``meeting`` in which, where that
    is known: it is for that person alone."""

    def __init__(self, sentence: str, person_id: int, meeting: Meeting | None = None) -> None:
        super().__init__(sentence)
        self.person_id = person_id
        self.meeting = meeting


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
    def clash(
        cls, person_id: int, starts_at: datetime, ends_at: datetime, but: int = 0
    ) -> Meeting | None:
        """The first meeting of the person that overlaps these moments, if one does. One query."""
        return cls.clashes([person_id], starts_at, ends_at, but).get(person_id)

    @classmethod
    def clashes(
        cls, person_ids: Iterable[int], starts_at: datetime, ends_at: datetime, but: int = 0
    ) -> dict[int, Meeting]:
        """By person, the first of their meetings that overlaps these moments. One query."""
        theirs = cls.person.in_(sorted(set(person_ids))) & (cls.meeting != but)
        overlaps = (cls.starts_at < ends_at) & (cls.ends_at > starts_at)
        meeting = cls.meeting.rel_model
        query = cls.select(cls, meeting).join(meeting).where(theirs & overlaps)
        found: dict[int, Meeting] = {}
        for row in query.order_by(cls.starts_at):
            found.setdefault(row.person_id, row.meeting)
        return found


def refuse_taken(
    people: Iterable[int], starts_at: datetime, ends_at: datetime, *, host_id: int, but: int = 0
) -> None:
    """Raises Taken where any of these people is in another meeting then, also in another centre.

    Learners who are busy are all named; with what, and where, stays untold to the others. The people
    are held; ``but`` is the meeting that they are to be in.
    """
    found = Busy.clashes(people, starts_at, ends_at, but=but)
    if host_id in found:
        raise Taken(JUST_TAKEN, host_id, found[host_id])
    if found:
        names = [one.name for one in Person.select().where(Person.id.in_(list(found)))]
        verb = "is" if len(names) == 1 else "are"
        sentence = f"{' and '.join(sorted(names))} {verb} in another meeting then."
        first, meeting = next(iter(found.items()))
        raise Taken(f"{sentence} Choose another time. Nothing was booked.", first, meeting)
