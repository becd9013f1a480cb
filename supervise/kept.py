"""What somebody typed before they had to sign in again, in words they know it by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flask_login import current_user

from supervise.forms.sessions import EntryForm, goal_field
from supervise.models import Client, Goal
from supervise.rules import moments

MACHINE = {"csrf_token", "author", "draft_key", "enrolment", "version", "seal", "go", "do", "sure"}


def in_words(kept: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Label and value of each field that holds something; several of one field stand together.

    What only the machine needs is left out. A client's number becomes the alias.
    """
    found: dict[str, list[str]] = {}
    for name, value in kept:
        if value.strip() and name.partition("-")[0] not in MACHINE:
            found.setdefault(name, []).append(value.strip())
    if "clients" in found and current_user.is_authenticated:
        mine = {str(c.id): c.alias for c in Client.visible_to(current_user.actor)}
        found["clients"] = [mine.get(one, one) for one in found["clients"]]
    goals = {}
    if any(name.startswith("goal_") for name in found) and current_user.is_authenticated:
        goals = {goal_field(goal.id): goal.text for goal in Goal.visible_to(current_user.actor)}
    return [
        (goals.get(name) or _label(name), ", ".join(map(_plain, values)))
        for name, values in found.items()
    ]


def _label(name: str) -> str:
    if hasattr(EntryForm, name):
        return EntryForm.label(name)
    return name.replace("_", " ").replace("-", " ").capitalize()


def _plain(value: str) -> str:
    """A date as people write it; anything else as it is."""
    try:
        return moments.day(date.fromisoformat(value), year=True) if len(value) == 10 else value
    except ValueError:
        return value
