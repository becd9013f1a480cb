"""Texts that say who a client is and cannot be refused any more: they stood before that was kept.

What is written later is refused where it is written; what can be reworded, before the name is kept
(``vault.told_by``). The rest is listed here, for the client's learner alone, with what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from supervise.events import Event
from supervise.models import (
    Actor,
    Client,
    ClientIdentity,
    Confirmation,
    Contract,
    Engagement,
    PracticeSession,
)
from supervise.models.readiness import SHARED
from supervise.models.said import stands
from supervise.reports import feedback
from supervise.rules.contracts import LABELS, goal_lines
from supervise.rules.moments import local, long_date, short_date
from supervise.rules.naming import names_in, quoted

TELL = "Nobody can change it. Tell your supervisor, so that they pass it on to nobody."
SESSIONS = {
    "submitted": "Take it back and correct it.",
    "approved": "Ask your supervisor to reopen it.",
}
CONTRACTS = {
    "agreed": "Make a new version that says it otherwise, and offer it.",
    "offered": "Take it back and change it.",
}
NOTES = {
    "engagement": "The reason for a contract’s day",
    "session": "Your note on a session",
}
"""What a learner wrote into the history, by its subject, as it is listed."""


@dataclass(frozen=True)
class Naming:
    """One text, or one record with several: what it is, a sentence for each text, what to do.

    ``kind`` and ``id`` say where it is read: a session, a contract, an answer, feedback or a note.
    """

    kind: str
    id: int
    what: str
    sentences: Sequence[str]
    advice: str

    @property
    def stays(self) -> bool:
        """Whether a withdrawn consent leaves it as it is; of a session the texts go."""
        return self.kind != "session"


def naming(who: ClientIdentity, actor: Actor) -> list[Naming]:
    """What others read and what says who a client is, in the texts about any of the learner's.

    ``who`` is empty for anybody but the client's learner, and then nothing is found. Five queries;
    none where no name is kept.
    """
    names = who.identifiers
    if not names:
        return []
    found = []
    for kind, id_, what, texts, advice in _read_by_others(actor):
        hits = {where: names_in(text, names) for where, text in texts.items() if text}
        said = [f"{where} names {quoted(here)}." for where, here in hits.items() if here]
        found += [Naming(kind, id_, what, said, advice)] if said else []
    return found


_Text = tuple[str, int, str, Mapping[str, str], str]


def _read_by_others(actor: Actor) -> Iterator[_Text]:
    yield from _sessions(actor)
    yield from _contracts(actor)
    yield from _disputes(actor)
    yield from _feedback(actor)
    yield from _notes(actor)


def _sessions(actor: Actor) -> Iterator[_Text]:
    """All that were handed in, the oldest first."""
    session = PracticeSession
    mine = (session.learner == actor.person) & (session.centre == actor.centre)
    texts = [getattr(session, field) for field in SHARED]
    query = session.select(session.id, session.date, session.state, *texts)
    for row in query.where(mine & (session.state != "draft")).order_by(session.date, session.id):
        said = {where: getattr(row, field) for field, where in SHARED.items()}
        advice = SESSIONS.get(row.state, "Correct it, and submit it again.")
        yield "session", row.id, long_date(row.date), said, advice


def _contracts(actor: Actor) -> Iterator[_Text]:
    """All that were offered, by engagement and number."""
    mine = (Client.learner == actor.person) & (Client.centre == actor.centre)
    query = Contract.select(Contract, Engagement, Client).join(Engagement).join(Client)
    shown = query.where(mine & (Contract.state != "draft"))
    for row in shown.order_by(Contract.engagement, Contract.number):
        said = {f"The part “{LABELS[key]}”": text for key, text in row.terms.shared.items()}
        said["One of its goals"] = "\n".join(
            line for goal in row.terms.goals for line in goal_lines(goal)
        )
        said["The reason for its end"] = row.ended_reason
        whose = f"{row.engagement.client.alias}, {row.engagement.kind}"
        what = f"Version {row.number} of the contract with {whose}"
        yield "contract", row.id, what, said, CONTRACTS.get(row.state, TELL)


def _disputes(actor: Actor) -> Iterator[_Text]:
    """What clients say of sessions that they dispute, as long as they have not answered anew."""
    rows = Confirmation.visible_to(actor).select(Confirmation, Client).join(Client)
    words = (Confirmation.reason != "") & stands(Confirmation)
    for row in rows.where(words).order_by(Confirmation.date, Confirmation.id):
        what = f"What {row.client.alias} says of {short_date(row.date)}"
        advice = "Ask them again: what they answer then takes its place."
        yield "answer", row.id, what, {"It": row.reason}, advice


def _feedback(actor: Actor) -> Iterator[_Text]:
    """What is shown of the feedback on the learner; what waits for the floor is not looked at."""
    for told in feedback.told_of(actor):
        open_ = [text for question, text in told.pairs if question.kind == "open"]
        said = {"It": "\n".join(open_), "Your reply": told.reply}
        yield "feedback", 0, f"Feedback: {told.whom}", said, TELL


def _notes(actor: Actor) -> Iterator[_Text]:
    """What the learner wrote into the history."""
    mine = (Event.person_id == actor.person.id) & (Event.centre_id == actor.centre.id)
    rows: Any = Event.select().where(mine & (Event.note != "") & Event.subject.in_(list(NOTES)))
    for row in rows.order_by(Event.seq):
        what = f"{NOTES[row.subject]}, {short_date(local(row.at, actor.person.zone))}"
        yield row.subject, row.subject_id, what, {"It": row.note}, TELL
