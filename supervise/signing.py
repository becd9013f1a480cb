"""Sign-offs and the chain that holds them and the events together.

One mechanism for every signature (product.md): who, in which role, when, decision, comment, the
SHA-256 of exactly what was signed, and the link before it. The head of each chain is sealed with a
key kept outside the database, so that cutting the end off, or rewriting the whole chain in the
database file, shows as well.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import peewee

from supervise.db import Model, UTCField, database, is_sqlite

GENESIS = "0" * 64
BATCH = 1000
"""Links of a chain read at a time, so that memory stays steady however long the chain is."""
_key = b""


def use_key(key: str) -> None:
    """Set the key that seals chain heads; called once at start with the instance's own."""
    global _key
    _key = key.encode()


def canonical(content: Any) -> str:
    """Content as one exact line of JSON: sorted keys, no spaces, moments in UTC."""
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain
    )


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def sha256(content: Any) -> str:
    """SHA-256 over canonical content, as hexadecimal."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def keyed_sha256(content: Any) -> str:
    """The same hash under the instance's key: from it nobody without the key can guess the content.

    For words that may have to be erased. Their hash stays in the history, where it tells whether
    they are still as they were written.
    """
    return hmac.new(_key, canonical(content).encode(), hashlib.sha256).hexdigest()


class ChainHead(Model):
    """Where a centre's chain ends: how many links, the last hash, and the seal over both."""

    centre_id = peewee.IntegerField()
    chain = peewee.TextField()
    count = peewee.IntegerField(default=0)
    hash = peewee.TextField(default=GENESIS)
    seal = peewee.TextField(default="")

    def sealed(self) -> str:
        """The seal that belongs to this head under the instance's key."""
        message = f"{self.centre_id}:{self.chain}:{self.count}:{self.hash}"
        return hmac.new(_key, message.encode(), hashlib.sha256).hexdigest()


class Link(Model):
    """A row that hangs in a centre's chain: its number, the hash before it and its own."""

    centre_id = peewee.IntegerField()
    seq = peewee.IntegerField()
    previous = peewee.TextField()
    hash = peewee.TextField()

    CHAIN = ""

    def content(self) -> dict[str, Any]:
        """Everything of this row that the hash covers: all columns but the hash itself."""
        fields = self._meta.sorted_fields
        return {f.name: getattr(self, f.name) for f in fields if f.name not in ("id", "hash")}


def append(link: Link) -> None:
    """Hang a link at the end of its centre's chain. Must run inside ``db.write()``.

    PostgreSQL locks the head's row first; on SQLite the write transaction already is the lock.
    A move that hangs both an event and a sign-off hangs the event first: two that locked the heads
    in different orders would wait for each other.
    """
    if not database.in_transaction():
        raise RuntimeError("append() belongs inside db.write()")
    where = (ChainHead.centre_id == link.centre_id) & (ChainHead.chain == link.CHAIN)
    query = ChainHead.select().where(where)
    head = (query if is_sqlite() else query.for_update()).first()
    if head is None:
        ChainHead.insert(centre_id=link.centre_id, chain=link.CHAIN).on_conflict_ignore().execute()
        head = (query if is_sqlite() else query.for_update()).get()
    link.seq, link.previous = head.count + 1, head.hash
    link.hash = sha256(link.content())
    link.save(force_insert=True)
    head.count, head.hash = link.seq, link.hash
    head.seal = head.sealed()
    head.save()


class SignOff(Link):
    """One signature on one version of one record."""

    subject = peewee.TextField()
    subject_id = peewee.IntegerField()
    subject_version = peewee.IntegerField()
    person_id = peewee.IntegerField(null=True)
    role = peewee.TextField()
    decision = peewee.TextField()
    comment = peewee.TextField(default="")
    content_sha256 = peewee.TextField()
    kept_sha256 = peewee.TextField(default="")
    """Over the part that stays where consent is withdrawn; empty where nothing is ever erased."""
    at = UTCField()

    CHAIN = "sign_off"

    def content(self) -> dict[str, Any]:
        """All columns; an empty second hash is left out, as before there was one."""
        content = super().content()
        return (
            content
            if self.kept_sha256
            else {k: v for k, v in content.items() if k != "kept_sha256"}
        )


def sign(
    record: Any,
    *,
    subject: str,
    person_id: int | None,
    role: str,
    decision: str,
    now: datetime,
    comment: str = "",
) -> SignOff:
    """Sign the record as it stands: its version and the SHA-256 of ``record.signed_content()``.

    ``person_id`` is None for somebody without an account, who signs by a link; the name they typed
    is kept in the vault. A record whose texts may be erased later names in ``KEPT`` what stays of its
    content: that part has a hash of its own.
    """
    content = record.signed_content()
    signature = SignOff(
        centre_id=record.centre_id,
        subject=subject,
        subject_id=record.id,
        subject_version=record.version,
        person_id=person_id,
        role=role,
        decision=decision,
        comment=comment,
        content_sha256=sha256(content),
        kept_sha256=kept_sha256(record, content),
        at=now,
    )
    append(signature)
    return signature


def told_way(by_mail: bool | None) -> dict[str, bool]:
    """The part of a signed content that says by which link it was signed; nothing where none was."""
    return {} if by_mail is None else {"by_mail": by_mail}


def kept_sha256(record: Any, content: dict[str, Any]) -> str:
    """The hash over the part of a record's signed content that an erasure leaves; or nothing."""
    kept = getattr(record, "KEPT", ())
    return sha256({name: content[name] for name in kept}) if kept else ""


@dataclass(frozen=True)
class Misfit:
    """The first thing in a chain that does not fit, in a sentence."""

    sentence: str


def _links(model: type[Link], centre_id: int) -> Iterator[Link]:
    """All links of a chain by number, a batch at a time; one number twice comes as often."""
    last: tuple[int, int] = (-(2**31), 0)
    while True:
        after = (model.seq >= last[0]) & ((model.seq > last[0]) | (model.id > last[1]))
        query = model.select().where((model.centre_id == centre_id) & after)
        batch = list(query.order_by(model.seq, model.id).limit(BATCH))
        yield from batch
        if len(batch) < BATCH:
            return
        last = (batch[-1].seq, batch[-1].id)


def walk(model: type[Link], centre_id: int) -> Iterator[Misfit]:
    """Walk one chain from its first link; yields at most one misfit, the first."""
    name = {"sign_off": "sign-off", "event": "history entry"}[model.CHAIN]
    previous, expected = GENESIS, 0
    for link in _links(model, centre_id):
        expected += 1
        if link.seq != expected:
            yield Misfit(f"{name} {expected} is missing: the next one kept is {link.seq}.")
            return
        if link.previous != previous:
            yield Misfit(f"{name} {link.seq} does not follow the one before it.")
            return
        if link.hash != sha256(link.content()):
            yield Misfit(f"{name} {link.seq} was changed after it was written.")
            return
        previous = link.hash
    where = (ChainHead.centre_id == centre_id) & (ChainHead.chain == model.CHAIN)
    head = ChainHead.get_or_none(where)
    if head is None:
        if expected:
            yield Misfit(f"the chain of {name}s has {expected} links and no head.")
        return
    if (head.count, head.hash) != (expected, previous):
        yield Misfit(f"the chain of {name}s ends at {expected}; its head says {head.count}.")
    elif not hmac.compare_digest(head.seal, head.sealed()):
        yield Misfit(
            f"the seal on the chain of {name}s is not from this instance's chain.key: "
            "the chain was rewritten, or the key file is another one."
        )
