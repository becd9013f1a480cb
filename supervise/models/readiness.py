"""What a session lacks before its learner can submit it, each with a sentence that helps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from supervise import signing
from supervise.models.sessions import STANDING, PracticeSession
from supervise.models.vault import ClientIdentity
from supervise.rules import moments
from supervise.rules.naming import names_in, naming_fault
from supervise.signing import SignOff

UNREADABLE = {
    "minutes": "Give the length in whole minutes, from 5 to 480, such as 60.",
    "date": "Give a date, such as 7/10/2026.",
    "start": "Give a time, such as 13:00.",
}


SHARED = {
    "place": "The place",
    "plan": "Your plan",
    "own_goal": "Your own goal",
    "done": "What you did",
    "tools": "Tools and techniques",
    "progress": "Progress",
    "reflection": "What you learned",
    "plan_change": "Changes to your plan",
    "to_raise": "What you want to raise",
    "extract": "What may be quoted",
}
"""What others read of a session, by field, as a sentence about it begins."""


class Named(str):
    """The sentence for a text that names a client. ``blind`` is one without the name: whoever runs
    a command is not the learner."""

    blind: str = ""

    @classmethod
    def of(cls, where: str, hits: Sequence[str]) -> Named:
        """Which words in which text."""
        sentence = cls(naming_fault(where, hits))
        sentence.blind = f"{where} names a client or sponsor. The learner rewords it."
        return sentence


class Overlap(str):
    """The sentence of an overlap. ``session_id`` is the other session, where it is in this centre."""

    session_id: int | None = None

    @classmethod
    def of(cls, other: PracticeSession, zone: str, centre_id: int | None = None) -> Overlap:
        """Which session is overlapped, and how to mend it; another centre's client is not named."""
        names = " and ".join(e.client.alias for e in other.engagements) or "another client"
        here = centre_id is None or other.centre_id == centre_id
        start, end = moments.local(other.starts_at, zone), moments.local(other.ends_at, zone)
        sentence = cls(
            f"Overlaps your session with {names if here else 'a client of another centre'} on "
            f"{moments.day(start.date())}, {moments.clock(start)} to {moments.clock(end)}. "
            "Change the start or the length."
        )
        sentence.session_id = other.id if here else None
        return sentence


def faults(
    session: PracticeSession, *, now: datetime, zone: str, clients: Sequence[str] | None = None,
    alone: bool = False, names: Sequence[str] | None = None,
) -> dict[str, str]:  # fmt: skip
    """Why a session cannot be submitted yet: field to sentence; empty when it can.

    ``now`` is the moment in UTC, ``zone`` the learner's own; ``clients``, by alias, saves a query
    where they are known, and so do ``alone``, where no other session is known to overlap it, and
    ``names``, those of the learner's clients, which stand in no text that others read.
    From the session records ILM's units D3.03, D3.04 and 501 demand (rules.md, part 9).
    """
    found: dict[str, str] = {}
    if clients is None:
        clients = [engagement.client.alias for engagement in session.engagements]
    today = moments.local(now, zone).date()
    if not clients:
        found["client"] = "Choose the client, by alias."
    if session.kind is None:
        found["kind"] = "Choose coaching or mentoring."
    if session.minutes is None:
        found["minutes"] = "Give the length in whole minutes, from 5 to 480."
    if session.date is None:
        found["date"] = "Give the date."
    elif session.date > today:
        found["date"] = "This date has not come yet. Submit the session once it has taken place."
    elif session.date < session.enrolment.started_on:
        began = moments.long_date(session.enrolment.started_on)
        found["date"] = f"This is before your enrolment began on {began}. Correct the date."
    waits_for_date = "start" in session.typed and session.date is None
    if session.starts_at is None and session.import_key is None and not waits_for_date:
        found["start"] = "Give the time it started."
    elif "date" not in found and session.minutes and session.ends_at and session.ends_at > now:
        found["start"] = "It has not ended yet. Submit it afterwards, or correct the start."
    if not session.done.strip() and session.erased_at is None:
        found["done"] = "Say in a sentence or two what you did."
    for name, sentence in UNREADABLE.items():
        if name in session.typed and not (name == "start" and waits_for_date):
            found[name] = sentence
    other = None if alone else overlapped(session)
    if other is not None and "start" not in found:
        found["start"] = Overlap.of(other, zone, session.centre_id)
    if names is None:
        names = ClientIdentity.names_of(session.learner_id)
    return found | _named(session, clients, names)


def _named(
    session: PracticeSession, clients: Sequence[str], names: Sequence[str]
) -> dict[str, Named]:
    """What names a client among what others read of a session: its texts and the aliases."""
    found = {
        field: Named.of(where, hits)
        for field, where in SHARED.items()
        if (hits := names_in(getattr(session, field), names))
    }
    if names and (hits := names_in("\n".join(clients), names, any_case=True)):
        found["client"] = Named.of("The alias", hits)
    return found


def overlapped(session: PracticeSession) -> PracticeSession | None:
    """The first submitted or approved session of the same coach that this one overlaps."""
    if session.starts_at is None:
        return None
    other: PracticeSession | None = (
        PracticeSession.select()
        .where(
            (PracticeSession.learner == session.learner_id)
            & (PracticeSession.id != session.id)
            & PracticeSession.state.in_(STANDING)
            & (PracticeSession.starts_at < session.ends_at)
            & (PracticeSession.ends_at > session.starts_at)
        )
        .order_by(PracticeSession.starts_at)
        .first()
    )
    return other


def unchanged_since_return(
    session: PracticeSession, signed: str | None = None, **parts: Any
) -> bool:
    """Whether a session returned or reopened still reads as it did then. At most three queries.

    None where ``signed``, the SHA-256 of its last sign-off, and the ``parts`` of its
    ``signed_content`` are at hand.
    """
    if session.state not in ("returned", "reopened"):
        return False
    if signed is None:
        mine = (SignOff.subject == "session") & (SignOff.subject_id == session.id)
        last = SignOff.select().where(mine).order_by(SignOff.seq.desc()).first()
        signed = last.content_sha256 if last else ""
    return signed == signing.sha256(session.signed_content(**parts))
