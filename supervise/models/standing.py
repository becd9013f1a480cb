"""How far somebody has come with their account: invited, waiting, signed in, disabled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee

from supervise.models.centres import Centre
from supervise.models.invitations import Invitation
from supervise.models.people import Person
from supervise.models.signins import SignIn


@dataclass(frozen=True)
class Standing:
    """The state in a word and its shape; ``when`` is the moment that goes with it, if any."""

    css: str
    words: str
    when: datetime | None = None


def standings(people: Sequence[Person], centre: Centre, now: datetime) -> dict[int, Standing]:
    """The standing of each of these people in a centre, by id. Two queries, however many."""
    ids = [person.id for person in people]
    seen = _latest(SignIn, SignIn.seen_at, ids, centre)
    expires = _latest(Invitation, Invitation.expires_at, ids, centre)
    return {
        person.id: _standing(person, seen.get(person.id), expires.get(person.id), now)
        for person in people
    }


def _latest(
    model: Any, moment: peewee.Field, ids: list[int], centre: Centre
) -> dict[int, datetime]:
    """The latest moment of each person's rows in the centre."""
    rows = (
        model.select(model.person, peewee.fn.MAX(moment).alias("latest"))
        .where(model.person.in_(ids) & (model.centre == centre))
        .group_by(model.person)
    )
    return {row.person_id: moment.python_value(row.latest) for row in rows}


def _standing(
    person: Person, seen: datetime | None, expires: datetime | None, now: datetime
) -> Standing:
    if person.disabled_at is not None:
        return Standing("stop", "Disabled", person.disabled_at)
    if seen is not None:
        return Standing("good", "Signed in", seen)
    if person.password_hash:
        return Standing("good", "Can sign in")
    if expires is None:
        return Standing("warn", "No link yet")
    if expires > now:
        return Standing("wait", "Invited, link works until", expires)
    return Standing("warn", "Invited, link expired", expires)
