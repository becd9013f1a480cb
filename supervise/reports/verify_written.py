"""Do words that nobody signs still stand as they were written? Each record beside its history.

Of contracts what is said beside their text, of goals and closing reviews everything: whatever
changes them writes a line of history with a keyed hash of what they then say, and so does a
withdrawn consent that empties them. The last line is the one that must fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import peewee

from supervise.events import Event
from supervise.models import Agreement, Centre, ClosingReview, Contract, Goal, SignedName
from supervise.models.erasure import VERB
from supervise.rules.moments import short_date
from supervise.signing import BATCH, Misfit, SignOff, keyed_sha256

KINDS: tuple[tuple[str, Any, Any], ...] = (
    ("contract", Contract, Contract.id),
    ("goal", Goal, Goal.id),
    ("closing review", ClosingReview, ClosingReview.engagement),
)
"""The subject of the history, the model, and the column whose value the history names it by."""
Place = tuple[int, int, str]
"""Where a name is typed: the contract, its version then, and the party."""


def misfits(centre: Centre) -> Iterator[Misfit]:
    """Every one that does not say what was written last, in sentences. Two queries a thousand."""
    for subject, model, column in KINDS:
        yield from _lost(centre, subject, model, column)
        for ids in _chunks(model.select(column).where(model.centre == centre).order_by(column)):
            told = _last(centre, subject, ids)
            for row in model.select().where(column.in_(ids)).order_by(column):
                key = row.__data__[column.name]
                if fault := _fault(row, told.get(key)):
                    yield Misfit(f"{subject} {key}: {fault}")
    contracts = Contract.select(Contract.id).where(Contract.centre == centre)
    for ids in _chunks(contracts.order_by(Contract.id)):
        yield from _names(centre, ids)
    yield from _elsewhere(centre)


def _chunks(query: Any) -> Iterator[list[int]]:
    for ids in peewee.chunked([row[0] for row in query.tuples()], BATCH):
        yield list(ids)


def _last(centre: Centre, subject: str, ids: Sequence[int]) -> dict[int, Event]:
    """The last line of the history of each that says what it holds. One query."""
    mine = (Event.centre_id == centre.id) & (Event.subject == subject) & Event.subject_id.in_(ids)
    return {event.subject_id: event for event in Event.select().where(mine).order_by(Event.seq)}


def _fault(row: Any, told: Event | None) -> str:
    if told is None:
        return "it is not in the history."
    if told.details.get("written") != keyed_sha256(row.written()):
        return f"its words are not those of {short_date(told.at)} (history entry {told.seq})."
    return ""


def _lost(centre: Centre, subject: str, model: Any, column: Any) -> Iterator[Misfit]:
    """What the history tells of and is not there any more; of contracts ``verify_contracts`` says so."""
    if model is Contract:
        return
    here = (column == Event.subject_id) & (model.centre == Event.centre_id)
    query = Event.select(Event).join(model, peewee.JOIN.LEFT_OUTER, on=here)
    mine = (Event.centre_id == centre.id) & (Event.subject == subject)
    for event in query.where(mine & model.id.is_null()).order_by(Event.seq).limit(1):
        yield Misfit(
            f"{subject} {event.subject_id} is gone: history entry {event.seq} tells of it."
        )


# --- names -------------------------------------------------------------------------------


def _names(centre: Centre, ids: Sequence[int]) -> Iterator[Misfit]:
    """Names under contracts that are not as they were typed; no sentence says one. Two queries."""
    told, found = _typed(centre, ids), _kept(ids)
    for place in sorted(told.keys() | found.keys()):
        contract_id, version, party = place
        whose = f"contract {contract_id}: the name that the {party} typed under it"
        if place not in told or (place in found and not told[place]):
            erased = "was taken away when consent was withdrawn, and is there again"
            yield Misfit(f"{whose} {erased if place in told else 'is not in the history'}.")
        elif place not in found:
            if told[place]:
                yield Misfit(f"{whose} is gone, though nobody withdrew consent.")
        elif SignedName.hash_of(*place, found[place]) != told[place]:
            yield Misfit(f"{whose} is another one now.")


def _typed(centre: Centre, ids: Sequence[int]) -> dict[Place, str]:
    """The hash of each name as it was typed; empty where an erasure took it. One query."""
    mine = (Event.centre_id == centre.id) & (Event.subject == "contract")
    query = Event.select().where(
        mine & Event.subject_id.in_(ids) & Event.verb.in_(["agreed to", VERB])
    )
    told: dict[Place, str] = {}
    for event in query.order_by(Event.seq):
        if event.verb == VERB:
            told |= {place: "" for place in told if place[0] == event.subject_id}
        else:
            detail = event.details
            told[event.subject_id, detail["version"], event.role] = detail["name"]
    return told


def _kept(ids: Sequence[int]) -> dict[Place, str]:
    """The names that are kept, by where each was typed. One query."""
    signed = (SignOff.subject == "agreement") & (SignOff.subject_id == Agreement.id)
    query = (
        Agreement.select(
            Agreement.contract, Agreement.contract_version, Agreement.party, SignedName.name
        )
        .join(SignOff, on=signed)
        .join(SignedName, on=(SignedName.sign_off_id == SignOff.id))
        .where(Agreement.contract.in_(ids))
    )
    return {(contract, version, party): name for contract, version, party, name in query.tuples()}


def _elsewhere(centre: Centre) -> Iterator[Misfit]:
    """A name under something that nobody types a name under. One query."""
    query = SignOff.select(SignOff).join(SignedName, on=(SignedName.sign_off_id == SignOff.id))
    other = (SignOff.centre_id == centre.id) & (SignOff.subject != "agreement")
    for sign_off in query.where(other).order_by(SignOff.seq).limit(1):
        yield Misfit(f"a name stands under sign-off {sign_off.seq}, where none was typed.")
