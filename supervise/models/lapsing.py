"""What takes a client's answer back: a change of the session, and a link that ended.

A change of date, start or length lapses what was asked and what was answered (product.md).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from supervise.models.confirmations import (
    Confirmation,
    end_links,
    hold_open,
    hold_sessions,
    open_ones,
)
from supervise.models.engagements import Engagement
from supervise.models.links import Link
from supervise.models.people import Actor
from supervise.models.sessions import PracticeSession, SessionEngagement
from supervise.workflow import WrongState


def lapse_changed(session: PracticeSession, *, by: Actor, now: datetime) -> None:
    """Lapse what no longer fits the session as it now stands; inside the write of its change.

    A link that is left with nothing to ask ends.
    """
    if not open_ones().where(Confirmation.session == session).exists():
        return
    hold_sessions([session.id])
    theirs = (
        SessionEngagement.select(Engagement.client)
        .join(Engagement)
        .where(SessionEngagement.session == session)
    )
    clients = {client_id for (client_id,) in theirs.tuples()}
    stale = []
    for one in hold_open(Confirmation.session == session):
        if one.client_id not in clients:
            stale.append((one, "removed"))
        elif not one.matches(session):
            stale.append((one, "changed"))
    links = {one.link_id for one, _ in stale}
    gone = [one.id for one, _ in stale]
    left = open_ones().where(Confirmation.link.in_(list(links)) & (Confirmation.state == "asked"))
    asking = {one.link_id for one in left.where(Confirmation.id.not_in(gone))}
    end_links(links - asking, now)
    for one, why in stale:
        one.lapse(why, now, by.recorded)


def forget(session: PracticeSession, *, by: Actor, now: datetime) -> None:
    """Before a draft is thrown away: take back what was asked about it.

    Raises WrongState where a client has answered: what they signed is kept, and so is the session.
    """
    mine = Confirmation.session == session
    if not Confirmation.select().where(mine).exists():
        return
    hold_sessions([session.id])
    rows = hold_open(mine)
    if Confirmation.select().where(mine & Confirmation.answered_at.is_null(False)).exists():
        raise WrongState(
            "A client has answered about this session, so its history is kept. "
            "Change it instead. Nothing was changed."
        )
    links = {one.link_id for one in rows}
    left = open_ones().where(Confirmation.link.in_(list(links)) & (Confirmation.session != session))
    end_links(links - {one.link_id for one in left}, now)
    for one in rows:
        one.lapse("removed", now, by.recorded)
    Confirmation.delete().where(mine).execute()


def lapse_ended(link_ids: Collection[int], now: datetime) -> None:
    """Lapse what links that have just ended asked and nobody answered; inside that write."""
    asked = (Confirmation.state == "asked") & Confirmation.link.in_(list(link_ids))
    for one in Confirmation.select(Confirmation, Link).join(Link).where(asked):
        one.lapse("ended", now, one.link.learner_id)
