"""The agenda as it was when a record was signed: what the seal keeps of it, and how that is read later.

The seal keeps numbers of records, and of each session the facts it was judged by: date, minutes, unit
and the verdict's answer. Words and aliases are looked up when they are read, so that they go where
consent is withdrawn, and nothing that was sealed has to change for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from supervise.models import (
    Actor,
    Centre,
    Client,
    Contract,
    Engagement,
    Enrolment,
    Meeting,
    MeetingAction,
    PracticeSession,
    SessionEngagement,
)
from supervise.reports.agenda import Agenda
from supervise.reports.feedback import Told, named_on
from supervise.reports.hours import hours_of_all

OF_SESSIONS = ("sessions", "returned", "disputed")


# --- what is kept ------------------------------------------------------------------------


def sealed(found: Iterable[Agenda], centre: Centre) -> dict[str, Any]:
    """What a meeting keeps of its agendas, by the number of each place. Six queries."""
    agendas = list(found)
    ids = [one.place.enrolment_id for one in agendas]
    enrolments = list(Enrolment.select().where(Enrolment.id.in_(ids))) if ids else []
    hours = hours_of_all(enrolments, centre, drafts=False)
    kept = {}
    for one in agendas:
        verdicts = hours[one.place.enrolment_id].verdicts
        rows = {row.id: row for name in OF_SESSIONS for row in getattr(one, name)}
        facts = {
            str(row.id): {
                "date": row.date.isoformat() if row.date else None,
                "minutes": row.minutes,
                "unit": row.unit,
                "answer": verdicts[row.id].answer if row.id in verdicts else "",
            }
            for row in rows.values()
        }
        done = {str(row.id): row.done_on.isoformat() for row in one.actions if row.done_on}
        kept[str(one.place.id)] = {**one.numbers, "facts": facts, "done": done}
    return kept


# --- how it is read ----------------------------------------------------------------------


@dataclass(frozen=True)
class KeptSession:
    """A session as it stood on the agenda: its facts as sealed, its clients and words as they are now."""

    id: int
    date: date | None
    minutes: int
    unit: str
    answer: str
    aliases: Sequence[str]
    seen: bool
    """Whether the reader may open it."""
    to_raise: str
    """What its coach wanted to raise; empty where it is not the reader's, or is gone."""


@dataclass(frozen=True)
class KeptAction:
    """What had been agreed before, and when it was done by then, if it was."""

    action: MeetingAction
    done_on: date | None


@dataclass(frozen=True)
class Kept:
    """What the agenda of one place held when the record was signed."""

    since: datetime | None
    minutes: Mapping[str, int]
    sessions: Sequence[KeptSession]
    raised: Sequence[KeptSession]
    returned: Sequence[KeptSession]
    disputed: Sequence[KeptSession]
    feedback: Sequence[Told]
    actions: Sequence[KeptAction]
    contracts: Sequence[Contract]


def kept(meeting: Meeting, places: Sequence[Any], actor: Actor) -> dict[int, Kept]:
    """The agendas of these places as they were sealed, by place; of none that had no agenda.

    Places come from ``agenda.sight``, which says whether the reader supervises there. Five queries.
    """
    there = meeting.agenda_kept
    stood = [one for one in places if there.get(str(one.id))]
    if not stood:
        return {}
    every = [there[str(one.id)] for one in stood]
    sessions, aliases = _sessions(every, actor)
    feedback = named_on(actor, [one.learner_id for one in stood])
    actions = _by_id(MeetingAction.select(), MeetingAction, every, "actions")
    contracts = _by_id(Contract.visible_to(actor), Contract, every, "contracts")
    return {
        one.id: _kept(
            one, there[str(one.id)], sessions, aliases, feedback, actions, contracts, actor
        )
        for one in stood
    }


def _sessions(
    every: Sequence[Mapping[str, Any]], actor: Actor
) -> tuple[dict[int, PracticeSession], dict[int, list[str]]]:
    """The sessions that the reader may open, and the aliases of all. Two queries."""
    ids = {id_ for found in every for name in OF_SESSIONS for id_ in found[name]}
    seen = PracticeSession.visible_to(actor).where(PracticeSession.id.in_(ids))
    named = (
        SessionEngagement.select(SessionEngagement.session, Client.alias)
        .join(Engagement)
        .join(Client)
        .where(SessionEngagement.session.in_(ids))
        .order_by(Client.alias)
    )
    aliases: defaultdict[int, list[str]] = defaultdict(list)
    for session_id, alias in named.tuples():
        aliases[session_id].append(alias)
    return {session.id: session for session in seen}, aliases


def _by_id(query: Any, model: Any, every: Sequence[Mapping[str, Any]], name: str) -> dict[int, Any]:
    ids = {id_ for found in every for id_ in found[name]}
    return {record.id: record for record in query.where(model.id.in_(ids))}


def _kept(
    place: Any,
    found: Mapping[str, Any],
    sessions: Mapping[int, PracticeSession],
    aliases: Mapping[int, list[str]],
    feedback: Mapping[int, Sequence[Told]],
    actions: Mapping[int, MeetingAction],
    contracts: Mapping[int, Contract],
    actor: Actor,
) -> Kept:
    reads = bool(place.supervises) or actor.is_(place.learner_id)
    done, told = found.get("done", {}), feedback.get(place.learner_id, ())

    def of(name: str) -> list[KeptSession]:
        return [
            _session(id_, found, sessions.get(id_), aliases.get(id_, []), reads)
            for id_ in found[name]
        ]

    return Kept(
        datetime.fromisoformat(found["since"]) if found["since"] else None,
        dict(found["minutes"]),
        of("sessions"),
        of("raised"),
        of("returned"),
        of("disputed"),
        [one for one in told if one.handle in found["feedback"]],
        [
            KeptAction(actions[id_], _day(done.get(str(id_))))
            for id_ in found["actions"]
            if id_ in actions
        ],
        [contracts[id_] for id_ in found["contracts"] if id_ in contracts],
    )


def _session(
    id_: int,
    found: Mapping[str, Any],
    there: PracticeSession | None,
    aliases: Sequence[str],
    reads: bool,
) -> KeptSession:
    """One session; what was sealed before its facts were kept has them as they are now."""
    facts = found.get("facts", {}).get(str(id_)) or {}
    words = there.to_raise if there is not None and reads else ""
    return KeptSession(
        id_,
        _day(facts.get("date")) or (there.date if there else None),
        facts.get("minutes") or (there.minutes if there else None) or 0,
        facts.get("unit") or (there.unit if there else None) or "",
        facts.get("answer", ""),
        aliases,
        there is not None,
        words,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
