"""Does every consent still say from when, until when and to what? Each beside its client's history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import peewee

from supervise.events import Event
from supervise.models import Centre, Client, Consent
from supervise.rules.moments import short_date
from supervise.signing import BATCH, Misfit

VERBS = ("recorded consent", "changed the consent", "withdrew consent")
Days = tuple[str, str | None, str]
"""Given and withdrawn on, as in ISO 8601; and the hash of what was agreed to."""


def misfits(centre: Centre) -> Iterator[Misfit]:
    """Every consent that is not as the history has it, in sentences. Two queries a thousand clients."""
    rows = Client.select(Client.id).where(Client.centre == centre).order_by(Client.id)
    here = [id_ for (id_,) in rows.tuples()]
    for ids in peewee.chunked(here, BATCH):
        told, found = _told(centre, list(ids)), _found(list(ids))
        for id_ in ids:
            yield from _client(id_, told[id_], found[id_])


def _told(centre: Centre, ids: Sequence[int]) -> defaultdict[int, list[Days]]:
    """Each client's consents as the history has them, the oldest first. One query."""
    told: defaultdict[int, list[Days]] = defaultdict(list)
    mine = (Event.centre_id == centre.id) & (Event.subject == "client")
    query = Event.select().where(mine & Event.subject_id.in_(ids) & Event.verb.in_(VERBS))
    for event in query.order_by(Event.seq):
        days, detail = told[event.subject_id], event.details
        if event.verb == "recorded consent":
            days.append((detail["given_on"], None, detail["scope"]))
        elif event.verb == "changed the consent":
            days[-1] = (detail["after"], None, detail["scope"])
        else:
            days[-1] = (days[-1][0], detail["withdrawn_on"], days[-1][2])
    return told


def _found(ids: Sequence[int]) -> defaultdict[int, list[Consent]]:
    """The live rows, the oldest first. One query."""
    found: defaultdict[int, list[Consent]] = defaultdict(list)
    for consent in Consent.select().where(Consent.client.in_(ids)).order_by(Consent.id):
        found[consent.client_id].append(consent)
    return found


def _client(id_: int, told: Sequence[Days], found: Sequence[Consent]) -> Iterator[Misfit]:
    for consent, days in zip(found, told, strict=False):
        until = consent.withdrawn_on
        if (consent.given_on.isoformat(), until and until.isoformat()) != days[:2]:
            said = f"given on {short_date(consent.given_on)}, " + (
                f"withdrawn on {short_date(until)}" if until else "not withdrawn"
            )
            history = f"given on {days[0]}, " + (
                f"withdrawn on {days[1]}" if days[1] else "not withdrawn"
            )
            yield Misfit(
                f"consent {consent.id} of client {id_}: it says {said}; history says {history}."
            )
        elif consent.scope_hash() != days[2]:
            yield Misfit(f"consent {consent.id} of client {id_}: what they agreed to was changed.")
    for consent in found[len(told) :]:
        yield Misfit(f"consent {consent.id} of client {id_} is not in the history.")
    for days in told[len(found) :]:
        yield Misfit(
            f"a consent of client {id_}, given on {days[0]}, is gone, though the history has it."
        )
