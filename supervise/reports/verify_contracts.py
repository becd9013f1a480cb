"""Do contracts still stand as they were agreed? Each is laid beside its history and its signatures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

import peewee

from supervise.events import Event
from supervise.models import Agreement, Centre, Contract, Engagement
from supervise.rules.moments import short_date
from supervise.signing import BATCH, Misfit, SignOff, sha256
from supervise.workflow import CONTRACT

MOVES = {move.done: move.target for move in CONTRACT.moves.values()}
"""What an event says of a contract, and the state it was in afterwards."""


def misfits(centre: Centre) -> Iterator[Misfit]:
    """Every contract that is not as it was agreed, in sentences. Four queries a thousand."""
    rows = Engagement.select(Engagement.id).where(Engagement.centre == centre)
    here = [id_ for (id_,) in rows.order_by(Engagement.id).tuples()]
    yield from _lost(centre)
    for ids in peewee.chunked(here, BATCH):
        mine = Contract.engagement.in_(list(ids))
        contracts = list(Contract.select().where(mine).order_by(Contract.number))
        moves = _moves([contract.id for contract in contracts])
        agreements = _agreements(contracts)
        signed = _signed([one.id for ones in agreements.values() for one in ones])
        for contract in contracts:
            fault = _move_fault(contract, moves[contract.id]) or _signature_fault(
                contract, agreements[contract.id], signed
            )
            if fault:
                yield Misfit(f"contract {contract.id}, version {contract.number}: {fault}")
        yield from _ends(ids, contracts)


def _lost(centre: Centre) -> Iterator[Misfit]:
    """Signed agreements, and contracts the history tells of, that are not there any more."""
    here = (Agreement.id == SignOff.subject_id) & (Agreement.centre == SignOff.centre_id)
    query = SignOff.select(SignOff).join(Agreement, peewee.JOIN.LEFT_OUTER, on=here)
    mine = (SignOff.centre_id == centre.id) & (SignOff.subject == "agreement")
    for sign_off in query.where(mine & Agreement.id.is_null()).order_by(SignOff.seq).limit(1):
        yield Misfit(
            f"agreement {sign_off.subject_id} is gone, though the {_party(sign_off)} signed it on "
            f"{short_date(sign_off.at)} (sign-off {sign_off.seq})."
        )
    there = (Contract.id == Event.subject_id) & (Contract.centre == Event.centre_id)
    told = Event.select(Event).join(Contract, peewee.JOIN.LEFT_OUTER, on=there)
    mine = (Event.centre_id == centre.id) & (Event.subject == "contract")
    for event in told.where(mine & Contract.id.is_null()).order_by(Event.seq).limit(1):
        yield Misfit(f"contract {event.subject_id} is gone: history entry {event.seq} tells of it.")


def _party(sign_off: SignOff) -> str:
    return "coach" if sign_off.role == "learner" else str(sign_off.role)


def _moves(ids: Sequence[int]) -> defaultdict[int, list[Event]]:
    """The moves of each contract, oldest first. One query."""
    mine = (Event.subject == "contract") & Event.subject_id.in_(ids)
    found: defaultdict[int, list[Event]] = defaultdict(list)
    for event in Event.select().where(mine & Event.verb.in_(list(MOVES))).order_by(Event.seq):
        found[event.subject_id].append(event)
    return found


def _agreements(contracts: Sequence[Contract]) -> defaultdict[int, list[Agreement]]:
    """The agreements to what each contract says now, not to what it said once. One query."""
    by_id = {contract.id: contract for contract in contracts}
    found: defaultdict[int, list[Agreement]] = defaultdict(list)
    query = Agreement.select().where(Agreement.contract.in_(list(by_id)))
    for one in query.order_by(Agreement.contract_version, Agreement.id):
        kept = found[one.contract_id]
        if kept and kept[0].contract_version != one.contract_version:
            kept.clear()
        one.contract = by_id[one.contract_id]
        kept.append(one)
    return found


def _signed(ids: Sequence[int]) -> dict[int, SignOff]:
    mine = (SignOff.subject == "agreement") & SignOff.subject_id.in_(ids)
    return {row.subject_id: row for row in SignOff.select().where(mine).order_by(SignOff.seq)}


def _move_fault(contract: Contract, moves: Sequence[Event]) -> str:
    """What does not fit between a contract and its history."""
    told = MOVES[moves[-1].verb] if moves else "draft"
    if told != contract.state:
        return f"it says {contract.state}, but by its history it is {told}."
    days: dict[str, date | None] = {"agreed_on": None, "ended_on": None}
    for event in moves:
        for name in days:
            if event.details.get(name):
                days[name] = date.fromisoformat(event.details[name])
    for name, words in (("agreed_on", "agreed on"), ("ended_on", "ended on")):
        kept = getattr(contract, name)
        if kept != days[name]:
            return f"it says {words} {_said(kept)}, its history says {_said(days[name])}."
    return ""


def _said(day: date | None) -> str:
    return short_date(day) if day else "no day"


def _signature_fault(
    contract: Contract, agreements: Sequence[Agreement], signed: dict[int, SignOff]
) -> str:
    """What does not fit between a contract that is offered, or was, and who signed it."""
    if contract.state == "draft":
        return ""
    parties = set(contract.who_agrees)
    there = {one.party for one in agreements}
    needed = {"coach"} if contract.state in ("offered", "withdrawn") else parties
    if missing := sorted(needed - there):
        return f"it says {contract.state}, but the {missing[0]} did not sign it."
    for one in agreements:
        sign_off = signed.get(one.id)
        if sign_off is None:
            return f"the {one.party}'s agreement is there, but nobody signed it."
        if sign_off.at != one.agreed_at:
            days = short_date(one.agreed_at), short_date(sign_off.at)
            return f"the {one.party} agreed at another moment ({days[0]}) than they signed ({days[1]})."
        if _party(sign_off) != one.party or sign_off.content_sha256 != sha256(one.signed_content()):
            when = short_date(sign_off.at)
            return f"it is not what was signed by the {_party(sign_off)} on {when}."
    return ""


def _ends(ids: Sequence[int], contracts: Sequence[Contract]) -> Iterator[Misfit]:
    """Engagements whose last day is not that of their last contract."""
    last = {c.engagement_id: c for c in contracts if c.agreed_on is not None}
    for engagement in Engagement.select().where(Engagement.id.in_(list(ids))):
        contract = last.get(engagement.id)
        ended = contract.ended_on if contract and contract.state == "ended" else None
        if engagement.contract_ended_on != ended:
            yield Misfit(
                f"engagement {engagement.id}: it says it ended on "
                f"{_said(engagement.contract_ended_on)}, its contracts say {_said(ended)}."
            )
