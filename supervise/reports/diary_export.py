"""A learner's diary as a CSV that opens safely in a spreadsheet program and can be imported again."""

from __future__ import annotations

from supervise.imports.cells import Cell, write_csv
from supervise.models import Actor, PracticeSession
from supervise.models.facts import contracts_of
from supervise.models.sessions import SUPERVISION_TEXTS
from supervise.rules import moments

HEADINGS = (
    "Date", "Start", "Minutes", "Client", "Type", "How", "Unit", "Contract agreed",
    "Plan", "Own goal", "What we did", "Tools used", "Progress", "Reflection",
    "Changes to my plan", "To raise in supervision", "Evidence extract", "State",
)  # fmt: skip


def diary_csv(actor: Actor) -> bytes:
    """All sessions of the actor's own diary, oldest first; private notes stay out. Two queries."""
    query = PracticeSession.visible_to(actor).where(PracticeSession.learner == actor.person)
    sessions = list(query.order_by(PracticeSession.date, PracticeSession.id))
    contracts = contracts_of(PracticeSession.learner == actor.person)
    rows = []
    for session in sessions:
        start = session.starts_at and moments.local(session.starts_at, actor.person.zone)
        day = start.date() if start else session.date
        clients = contracts[session.id]
        agreed = [contract.agreed_on for contract in clients if contract.agreed_on]
        row: list[Cell] = [
            f"{day:%d/%m/%Y}" if day else "",
            moments.clock(start) if start else "",
            session.minutes,
            "; ".join(contract.alias for contract in clients),
            session.kind or "",
            session.place or session.mode or "",
            session.unit or "",
            # several clients have a contract each: one date would be wrong for some of them
            f"{agreed[0]:%d/%m/%Y}" if len(clients) == 1 and agreed else "",
        ]
        row += [getattr(session, name) for name in SUPERVISION_TEXTS]
        rows.append([*row, session.extract, session.state])
    return write_csv(HEADINGS, rows)
