"""What somebody typed before they had to sign in again, in words they know it by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flask_login import current_user

from supervise.forms.sessions import EntryForm, goal_field
from supervise.models import Client, Goal, Person, PracticeSession
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
    rows = _rows(found) if current_user.is_authenticated else {}
    goals = {}
    if any(name.startswith("goal_") for name in found) and current_user.is_authenticated:
        goals = {goal_field(goal.id): goal.text for goal in Goal.visible_to(current_user.actor)}
    return [
        (goals.get(name) or rows.get(name) or _label(name), ", ".join(map(_plain, values)))
        for name, values in found.items()
    ]


def _rows(found: Iterable[str]) -> dict[str, str]:
    """Of the approvals queue: whose session a decision or a comment is about, and of which day."""
    asked = [name.partition("-") for name in found if name.startswith(("decision-", "comment-"))]
    ids = [int(number) for _, _, number in asked if number.isdecimal() and len(number) < 10]
    theirs = PracticeSession.once_supervised_by(current_user.actor).select_extend(Person)
    sessions = (
        {
            str(session.id): session
            for session in theirs.join(Person, on=PracticeSession.learner).where(
                PracticeSession.id.in_(ids)
            )
        }
        if ids
        else {}
    )
    return {
        f"{what}-{number}": f"{what.capitalize()}, {sessions[number].learner.name}, "
        f"{moments.day(sessions[number].date)}"
        for what, _, number in asked
        if number in sessions and sessions[number].date
    }


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
