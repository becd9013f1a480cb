"""The outbox delivered: what ``supervise tick`` does, and what the server does by itself with --tick.

Many ticks may run at once, and any may be killed: see ``models/delivery`` for how each message goes
out once. Nothing of a mail but the number of its row is ever logged or printed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from supervise.mail import compose, reminders
from supervise.mail.letters import Gone, Letter, Site, message
from supervise.mail.smtp import Later, Never, Post
from supervise.models import Mail, delivery, waiting_list
from supervise.models.delivery import Taken
from supervise.models.mail import ALONE
from supervise.settings import Settings, Smtp

log = logging.getLogger(__name__)
BATCH = 200
UNWRITABLE = "It could not be written. Tell whoever runs the server the number of this mail."


@dataclass
class Tally:
    """What became of a run: messages sent, put off for a while, failed; rows dropped and kept."""

    made: int = 0
    sent: int = 0
    later: int = 0
    failed: int = 0
    dropped: int = 0
    kept: int = 0
    connections: int = 0
    unreachable: str = ""

    @property
    def sentence(self) -> str:
        """The run in a line."""
        parts = [
            f"{number} {word}"
            for number, word in (
                (self.sent, "sent"), (self.later, "to be tried again"), (self.failed, "failed"),
                (self.dropped, "dropped"), (self.kept, "kept"),
            )
            if number
        ]  # fmt: skip
        return f"Mail: {', '.join(parts)}." if parts else "Mail: nothing to send."


def tick(settings: Settings, clock: Callable[[], datetime], *, limit: int | None = None) -> Tally:
    """Let who waits come up, remind, and send what is due: over one connection, oldest first.

    Before that, what went out long ago is deleted (``Settings.mail_days``).
    ``clock`` gives the moment (UTC); ``limit`` is the most messages to look at. Without a mail
    server everything is kept; without our own address, what carries a link. Where the server cannot
    be reached the rest is left as it is.
    """
    delivery.purge(clock() - timedelta(days=settings.mail_days))
    waiting_list.move_up_all(clock())
    tally = Tally(made=reminders.make(clock()))
    if settings.smtp is None:
        tally.kept = Mail.select().where(Mail.state == "waiting").count()
        return tally
    with Post(settings.smtp) as post:
        run = _Run(settings.smtp, Site(settings.public_url), post, clock, tally)
        run.all(limit)
        tally.connections = post.opened
    if not settings.public_url:
        with_link = Mail.kind.in_(ALONE) & (Mail.state == "waiting")
        tally.kept = Mail.select().where(with_link).count()
    return tally


@dataclass
class _Run:
    smtp: Smtp
    site: Site
    post: Post
    clock: Callable[[], datetime]
    tally: Tally

    def all(self, limit: int | None) -> None:
        """Look at what is ready, some ids at a time, until nothing is, or the server is away."""
        seen, left = set[int](), limit
        while not self.tally.unreachable and (left is None or left > 0):
            ids = delivery.ready(self.clock(), links=bool(self.site.address), most=BATCH)
            fresh = [id_ for id_ in ids if id_ not in seen]
            if not fresh:
                return
            seen = set(fresh)
            for mail_id in fresh:
                if self.tally.unreachable or left == 0:
                    return
                if self.one(mail_id) and left is not None:
                    left -= 1

    def one(self, mail_id: int) -> bool:
        """Claim, write and send one message; False where there was nothing to send."""
        taken = delivery.take(mail_id, self.smtp.sender.domain, self.clock())
        if taken is None:
            return False
        try:
            letter = self.write(taken)
            if letter is None:
                return False
            made, to = message(
                letter, sender=self.smtp.sender, message_id=taken.message_id, now=self.clock()
            )
            self.post.send(made, to)
        except Later as later:
            self.put_back(taken, later)
        except Never as never:
            self.fail(taken, never.sentence)
        else:
            delivery.sent(taken, self.clock())
            self.tally.sent += 1
            log.info("mail %d: sent", mail_id)
        return True

    def write(self, taken: Taken) -> Letter | None:
        """The message of these rows; what is over is dropped. None where nothing is left to say."""
        letters, rows = [], []
        for row in taken.rows:
            try:
                letters.append(compose.letter(row, self.site, taken.claimed_at))
            except Gone as gone:
                delivery.drop(row, gone.why)
                self.tally.dropped += 1
                log.info("mail %d: dropped", row.id)
            except Exception as error:  # one that cannot be written must not hold up the others
                log.error("mail %d: %s", row.id, type(error).__name__)
                self.fail(replace(taken, rows=[row]), UNWRITABLE)
            else:
                rows.append(row)
        return compose.together(letters, rows, self.site) if letters else None

    def put_back(self, taken: Taken, later: Later) -> None:
        """To be tried again; where the server is away nothing else is tried in this run.

        That no server is there counts against no mail; a message that may have arrived is not
        repeated for ever.
        """
        again = True
        if later.unreachable and not later.unsure:
            delivery.let_be(taken, later.sentence, self.clock())
        else:
            again = delivery.put_back(taken, later.sentence, self.clock())
        self.tally.later += again
        self.tally.failed += not again
        if later.unreachable:
            self.tally.unreachable = later.sentence
        log.warning("mail %d: %s", taken.rows[0].id, later.sentence)

    def fail(self, taken: Taken, why: str) -> None:
        """It has failed, and an administrator sees why."""
        delivery.fail(taken, why)
        self.tally.failed += 1
        log.warning("mail %d: %s", taken.rows[0].id, why)
