"""How a centre begins: its record and its first administrator."""

from __future__ import annotations

from datetime import datetime

from supervise import events
from supervise.db import write
from supervise.models.centres import Centre, Refused
from supervise.models.people import Membership, Person


def found(
    name: str, number: str, *, email: str, admin_name: str, password_hash: str | None, now: datetime
) -> Centre:
    """Make a centre and its first administrator, who can sign in at once.

    ``password_hash`` is set for a new account only: an account there is keeps its own. Raises
    Refused where a centre of that number exists.
    """
    with write():
        if Centre.select().where(Centre.number == number).exists():
            raise Refused(
                f"There is a centre with the number {number} already. Nothing was changed."
            )
        centre: Centre = Centre.create(name=name, number=number, created_at=now)
        admin, _ = Person.find_or_create(email, admin_name, now)
        if admin.password_hash is None and password_hash is not None:
            admin.password_hash = password_hash
            admin.save()
        events.record(
            centre_id=centre.id,
            verb="founded",
            subject="centre",
            subject_id=centre.id,
            now=now,
            role="command",
            name=name,
            number=number,
        )
        Membership.grant(admin, centre, "admin", by=None, now=now)
    return centre
