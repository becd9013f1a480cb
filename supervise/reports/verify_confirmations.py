"""Do confirmations still say what clients answered? Each beside its signature and its history."""

from __future__ import annotations

from collections.abc import Iterator

import peewee

from supervise.events import Event
from supervise.models import Centre, Confirmation
from supervise.rules.moments import short_date
from supervise.signing import BATCH, Misfit, SignOff, sha256

TOLD = {
    "asked": "asked",
    "confirmed": "confirmed",
    "disputed": "disputed",
    "lapsed": "lapsed",
}
"""What an event says of a confirmation, and the state it was in afterwards."""


def misfits(centre: Centre) -> Iterator[Misfit]:
    """Every confirmation that is not as it was answered, in sentences. Three queries a thousand."""
    yield from _lost(centre)
    last = 0
    while True:
        query = Confirmation.select().where(
            (Confirmation.centre == centre) & (Confirmation.id > last)
        )
        batch = list(query.order_by(Confirmation.id).limit(BATCH))
        ids = [one.id for one in batch]
        signed, told = _signed(ids), _told(ids)
        for one in batch:
            if fault := _fault(one, signed.get(one.id), told.get(one.id)):
                yield Misfit(f"confirmation {one.id} of session {one.session_id}: {fault}")
        if len(batch) < BATCH:
            return
        last = batch[-1].id


def _lost(centre: Centre) -> Iterator[Misfit]:
    """An answer that was signed and is not there any more."""
    here = (Confirmation.id == SignOff.subject_id) & (Confirmation.centre == SignOff.centre_id)
    query = SignOff.select(SignOff).join(Confirmation, peewee.JOIN.LEFT_OUTER, on=here)
    mine = (SignOff.centre_id == centre.id) & (SignOff.subject == "confirmation")
    for sign_off in query.where(mine & Confirmation.id.is_null()).order_by(SignOff.seq).limit(1):
        yield Misfit(
            f"confirmation {sign_off.subject_id} is gone, though a client {sign_off.decision} it on "
            f"{short_date(sign_off.at)} (sign-off {sign_off.seq})."
        )


def _signed(ids: list[int]) -> dict[int, SignOff]:
    rows = SignOff.select().where((SignOff.subject == "confirmation") & SignOff.subject_id.in_(ids))
    return {sign_off.subject_id: sign_off for sign_off in rows.order_by(SignOff.seq)}


def _told(ids: list[int]) -> dict[int, Event]:
    """The last thing the history tells of each. One query."""
    rows = Event.select(Event.subject_id, Event.verb).where(
        (Event.subject == "confirmation") & Event.subject_id.in_(ids)
    )
    return {event.subject_id: event for event in rows.order_by(Event.seq)}


def _fault(one: Confirmation, signed: SignOff | None, told: Event | None) -> str:
    state = TOLD.get(told.verb, "") if told else "not there"
    if state != one.state:
        return f"it says {one.state}, but by its history it is {state}."
    if signed is None:
        answered = one.state in ("confirmed", "disputed") or one.answered_at is not None
        return f"it says {one.state}, but no client signed that." if answered else ""
    if one.state not in (signed.decision, "lapsed"):
        return f"it says {one.state}, but what the client signed is “{signed.decision}”."
    if signed.content_sha256 != sha256(one.signed_content()):
        return "its content is not what the client signed."
    if signed.at != one.answered_at:
        return (
            f"it was answered at another moment than the client signed it, {short_date(signed.at)}."
        )
    return ""
