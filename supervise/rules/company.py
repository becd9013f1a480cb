"""Whom a host meets, in names: who has a seat, and who is only asked to come."""

from __future__ import annotations

from collections.abc import Iterable

NOT_YET = {"invited": "invited", "waiting": "on the waiting list"}
GONE = ("cancelled", "declined")


def company(places: Iterable[tuple[str, str]]) -> list[str]:
    """The people of a meeting from the name and the state of each place, those with a seat first.

    Whoever is only invited, or waits for a place, is said to be. Where nobody has a part any more,
    all who had one are named, so that it is known which meeting it was.
    """
    every = list(places)
    there = [(name, state) for name, state in every if state not in GONE]
    if not there:
        return [name for name, _ in every]
    there.sort(key=lambda one: one[1] in NOT_YET)
    return [name + (f" ({NOT_YET[state]})" if state in NOT_YET else "") for name, state in there]
