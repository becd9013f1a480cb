"""A believable centre for trying things out: its people, and a year of practice in every state.

Everything goes through the models' own doors, in the order of time, so the history and the chain
of sign-offs are as they would be.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from supervise.db import write
from supervise.demo.people import Cast, gather
from supervise.demo.practice import year_of_practice
from supervise.demo.supervision import year_of_supervision
from supervise.models import Centre, Person
from supervise.passwords import hash_password

SEED = 1042


class Login(NamedTuple):
    """One way in: printed once, kept nowhere."""

    role: str
    email: str
    password: str


class AlreadyFilled(Exception):
    """The database holds a centre already, so the demo keeps out of it."""


def fill(
    now: datetime | None = None, password_hasher: Callable[[str], str] = hash_password
) -> list[Login]:
    """Fill the database and return the logins, staff first.

    ``now`` is the moment up to which the year is told. Raises :class:`AlreadyFilled` where there
    is a centre.
    """
    moment = now or datetime.now(UTC)
    chance = random.Random(SEED)  # noqa: S311 - a story told the same way each time, no secret
    with write():
        if Centre.select().exists():
            raise AlreadyFilled(
                "This database holds a centre already; the demo needs an empty one."
            )
        cast = gather(moment, chance)
        story = [*year_of_practice(cast, moment, chance), *year_of_supervision(cast, moment)]
        for _, act in sorted(story, key=lambda step: step[0]):
            act()
        return [_give_password(role, person, password_hasher) for role, person in cast.logins]


def _give_password(role: str, person: Person, hasher: Callable[[str], str]) -> Login:
    password = secrets.token_urlsafe(12)
    person.password_hash = hasher(password)
    person.save()
    return Login(role, person.email, password)


__all__ = ["AlreadyFilled", "Cast", "Login", "fill"]
