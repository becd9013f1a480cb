"""The outbox on its way: taken in hand by one tick, sent, put off, failed or dropped.

Whoever delivers claims first, in the UPDATE itself, so that of two ticks one sends. Between the mail
server's yes and the row that says ``sent`` lies a moment in which a tick may be killed: the row is
then claimed anew after a while, and goes out again under the same name, so that it can be told.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

from supervise import events
from supervise.db import write
from supervise.models.mail import ALONE, Mail, MailWish
from supervise.models.people import Actor
from supervise.rules.mail_times import Wish, due
from supervise.workflow import WrongState, allow

OLD_CLAIM = timedelta(minutes=15)
"""After so long whoever took a mail in hand is taken to be dead."""
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
"""How long to wait after each try that failed for a while; after the last the mail has failed."""
BEFORE = timedelta(hours=1)
"""Mail about a meeting is of no use later than so long before it."""
SOME = 500
"""As many rows as are changed or deleted in one go."""
AFTERWARDS = ("recorded",)
"""Kinds about a meeting that has been, for which that does not hold."""


@dataclass(frozen=True)
class Taken:
    """The rows that go out in one message, claimed by this tick at a moment."""

    rows: Sequence[Mail]
    message_id: str
    claimed_at: datetime


def ready(now: datetime, *, links: bool, most: int) -> list[int]:
    """The ids of mail to look at now, the oldest first; without ``links`` those that carry none."""
    open_ = Mail.state.in_(("waiting", "sending"))
    query = Mail.select(Mail.id).where(open_ & _free(now))
    if not links:
        query = query.where(Mail.kind.not_in(ALONE))
    return [id_ for (id_,) in query.order_by(Mail.due_at, Mail.id).limit(most).tuples()]


def _free(now: datetime) -> peewee.Expression:
    """The condition that nobody has a mail in hand and that it is due."""
    dead = (Mail.state == "sending") & (Mail.claimed_at <= now - OLD_CLAIM)
    return ((Mail.state == "waiting") & (Mail.due_at <= now)) | dead


def take(mail_id: int, domain: str, now: datetime) -> Taken | None:
    """Claim a mail, and whatever goes out in the same message; None where nothing is to be sent now.

    ``domain`` stands in the message's name. A mail that its addressee wants later is put off.
    """
    row: Mail | None = Mail.get_or_none(Mail.id == mail_id)
    if row is None:
        return None
    again = bool(row.message_id)
    with_it = Mail.message_id == row.message_id if again else Mail.id == row.id
    if row.person_id is not None and row.kind not in ALONE:
        wish = MailWish.of(row.person_id)
        rule = wish.rule.at_once if again else wish.rule  # a digest's hour has been, once
        if _put_off(with_it, rule, row.person.zone, now):
            return None
        if not again:
            with_it = _beside(row, wish)
    name = row.message_id or f"<{row.id}.{secrets.token_hex(8)}@{domain}>"
    with write():
        claim = Mail.update(state="sending", claimed_at=now, message_id=name)
        if not claim.where(with_it & _free(now)).execute():
            return None
    return _taken(name, now)


def _put_off(which: peewee.Expression, rule: Wish, zone: str, now: datetime) -> bool:
    """Put one message off where its addressee wants it later, and say whether.

    Of several rows the one that is of use for the shortest time decides.
    """
    free = which & _free(now)
    when = min((_when(row, rule, zone, now) for row in Mail.select().where(free)), default=now)
    if when <= now:
        return False
    with write():
        Mail.update(state="waiting", due_at=when).where(free).execute()
    return True


def _when(row: Mail, rule: Wish, zone: str, now: datetime) -> datetime:
    about = row.meeting if row.meeting_id and row.kind not in AFTERWARDS else None
    latest = about.starts_at - BEFORE if about else None
    when = due(rule, row.not_before or row.created_at, zone, latest)
    if when <= now:  # it may be late already; the hours of quiet hold all the same
        when = due(rule.at_once, now, zone, latest)
    return when


def _beside(row: Mail, wish: MailWish) -> peewee.Expression:
    """What goes out with a mail: all that is due for a digest, or else more of the same kind."""
    same = (Mail.person == row.person_id) & (Mail.centre == row.centre_id) & (Mail.message_id == "")
    if wish.digest:
        return same & Mail.kind.not_in(ALONE)
    return Mail.id == row.id if row.meeting_id else same & (Mail.kind == row.kind)


def _taken(name: str, claimed_at: datetime) -> Taken:
    mine = (Mail.message_id == name) & (Mail.state == "sending") & (Mail.claimed_at == claimed_at)
    return Taken(list(Mail.select().where(mine).order_by(Mail.id)), name, claimed_at)


# --- what became of it -------------------------------------------------------------------


def sent(taken: Taken, now: datetime) -> None:
    """The mail server said yes."""
    _set(taken, state="sent", sent_at=now, fault="")


def let_be(taken: Taken, fault: str, now: datetime) -> None:
    """No mail could be sent at all: that counts against none, however long it lasts.

    Each waits a little, so that after what cannot be sent the others have their turn.
    """
    _set(taken, state="waiting", due_at=now + BACK_OFF[0], fault=fault)


def put_back(taken: Taken, fault: str, now: datetime) -> bool:
    """It could not be sent for a while: try again later, or give up. True where it is tried again."""
    attempts = max((row.attempts for row in taken.rows), default=0) + 1
    if attempts > len(BACK_OFF):
        _set(taken, state="failed", attempts=attempts, fault=fault)
        return False
    again = now + BACK_OFF[attempts - 1]
    _set(taken, state="waiting", attempts=attempts, due_at=again, fault=fault)
    return True


def fail(taken: Taken, fault: str) -> None:
    """It can never be sent as it is."""
    attempts = max((row.attempts for row in taken.rows), default=0) + 1
    _set(taken, state="failed", attempts=attempts, fault=fault)


def drop(row: Mail, why: str) -> None:
    """What it was about is over: it is not sent."""
    with write():
        mine = (Mail.id == row.id) & (Mail.state == "sending")
        Mail.update(state="dropped", fault=why).where(mine).execute()


def _set(taken: Taken, **values: object) -> None:
    """Write it to the rows, as long as this tick has them in hand."""
    ids = [row.id for row in taken.rows]
    with write():
        mine = Mail.id.in_(ids) & (Mail.state == "sending")
        Mail.update(**values).where(mine & (Mail.claimed_at == taken.claimed_at)).execute()


# --- what is over ------------------------------------------------------------------------


def purge(before: datetime) -> int:
    """Delete mail that was sent, or not needed any more, before this moment; how many.

    Whatever a ``key`` keeps from being made twice is of a day or a meeting that is past by then.
    Some at a time, so that nobody else waits for long.
    """
    over = peewee.fn.COALESCE(Mail.sent_at, Mail.claimed_at, Mail.created_at)
    old = Mail.state.in_(("sent", "dropped")) & (Mail.created_at < before) & (over < before)
    gone = 0
    while True:
        ids = [id_ for (id_,) in Mail.select(Mail.id).where(old).limit(SOME).tuples()]
        if not ids:
            return gone
        with write():
            gone += Mail.delete().where(Mail.id.in_(ids)).execute()


# --- the administrator -------------------------------------------------------------------


def all_again(*, by: Actor, now: datetime) -> int:
    """Send all mail of the actor's centre again that failed; how many. Raises NotAllowed."""
    allow(by.has("admin"))
    mine = (Mail.centre == by.centre) & (Mail.state == "failed")
    with write():
        ids = [id_ for (id_,) in Mail.select(Mail.id).where(mine).order_by(Mail.id).tuples()]
        for some in peewee.chunked(ids, SOME):
            _fresh(Mail.id.in_(some) & mine, now)
        if ids:
            events.record(
                centre_id=by.centre.id, verb="sent again", subject="mail", subject_id=ids[0],
                now=now, person_id=by.recorded, role="admin", mails=len(ids),
            )  # fmt: skip
    return len(ids)


def _fresh(which: peewee.Expression, now: datetime) -> int:
    made = Mail.update(state="waiting", attempts=0, due_at=now, fault="").where(which).execute()
    return int(made)


def again(mail: Mail, *, by: Actor, now: datetime) -> None:
    """Send a mail again that failed, and whatever was to go out in the same message.

    Raises NotAllowed for anybody but an administrator of its centre, WrongState where it has not
    failed.
    """
    allow(by.has("admin") and by.centre.id == mail.centre_id)
    which = Mail.id == mail.id
    if mail.message_id:
        which = (Mail.message_id == mail.message_id) & (Mail.centre == by.centre)
    with write():
        if not _fresh(which & (Mail.state == "failed"), now):
            raise WrongState("This mail has not failed, so there is nothing to send again.")
        events.record(
            centre_id=mail.centre_id,
            verb="sent again",
            subject="mail",
            subject_id=mail.id,
            now=now,
            person_id=by.recorded,
            role="admin",
        )
