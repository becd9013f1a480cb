"""The contract of an engagement, in versions: who sees it, what it says, and the learner's own moves.

How the parties agree, decline and what follows stands in ``agreeing``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import peewee

from supervise import events, signing
from supervise.db import DateField, Model, UTCField, is_sqlite, write
from supervise.models.centres import Centre
from supervise.models.clients import Client
from supervise.models.engagements import Engagement
from supervise.models.links import Link
from supervise.models.people import Actor
from supervise.models.vault import Consent
from supervise.rules.contracts import PARTIES, Terms
from supervise.workflow import CONTRACT, WrongState, advance, allow

OPEN = ("draft", "offered")
AGREED = ("agreed", "replaced", "ended")
OFFERED = (
    "This version is offered, so what you type stays on this device until you press Save: that takes "
    "the offer back."
)
CHANGED = "This contract was changed meanwhile. Read it again, then decide. Nothing was changed."


class ChangedElsewhere(WrongState):
    """Another tab, or another party, changed this contract meanwhile."""

    def __init__(self) -> None:
        super().__init__(CHANGED)


class Contract(Model):
    """One version of what coach, client and, where it is three-way, sponsor agree.

    ``parts`` are the texts by key (``rules.contracts``), ``goals`` the goals as they were offered.
    ``number`` counts the versions of an engagement; ``version`` the changes of this row. The words
    of a party that did not agree stay until the next offer.
    """

    centre = peewee.ForeignKeyField(Centre)
    engagement = peewee.ForeignKeyField(Engagement, backref="contracts")
    number = peewee.IntegerField()
    parties = peewee.TextField(default="two")
    parts = peewee.TextField(default="{}")
    goals = peewee.TextField(default="[]")
    planned_sessions = peewee.IntegerField(null=True)
    planned_minutes = peewee.IntegerField(null=True)
    state = peewee.TextField(default="draft")
    version = peewee.IntegerField(default=1)
    created_at = UTCField()
    changed_at = UTCField()
    offered_at = UTCField(null=True)
    agreed_on = DateField(null=True)
    ended_on = DateField(null=True)
    ended_reason = peewee.TextField(default="")
    declined_by = peewee.TextField(default="")
    declined_why = peewee.TextField(default="")

    # --- who sees and may do what --------------------------------------------------------

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """The learner's own; a supervisor sees what is offered or was agreed, no drafts."""
        engagements = Engagement.visible_to(actor).select(Engagement.id)
        return (
            cls.select(cls, Engagement, Client)
            .join(Engagement)
            .join(Client)
            .where(
                cls.engagement.in_(engagements)
                & (cls.centre == actor.centre)
                & ((Client.learner == actor.person) | (cls.state != "draft"))
            )
        )

    def can_edit(self, actor: Actor) -> bool:
        """The learner whose client it is, and nobody else: also to offer, take back and end."""
        return actor.is_(self.engagement.client.learner_id)

    can_offer = can_take_back = can_end = can_edit

    # --- what it says --------------------------------------------------------------------

    @property
    def terms(self) -> Terms:
        """What it says, as the rules read it."""
        return Terms(
            self.parties,
            dict(json.loads(self.parts)),
            list(json.loads(self.goals)),
            self.planned_sessions,
            self.planned_minutes,
        )

    @property
    def who_agrees(self) -> tuple[str, ...]:
        """The parties that must agree."""
        return PARTIES[self.parties]

    def signed_content(self) -> dict[str, Any]:
        """What each party signs: everything they read."""
        return {
            "contract": self.id,
            "engagement": self.engagement_id,
            "number": self.number,
            "parties": self.parties,
            "parts": json.loads(self.parts),
            "goals": json.loads(self.goals),
            "planned_sessions": self.planned_sessions,
            "planned_minutes": self.planned_minutes,
        }

    def written(self) -> dict[str, Any]:
        """What is said of it beside what the parties sign, and may be erased."""
        names = ("id", "declined_by", "declined_why", "ended_reason")
        return {name: getattr(self, name) for name in names}

    # --- the learner's moves -------------------------------------------------------------

    @classmethod
    def begin(cls, engagement: Engagement, *, by: Actor, now: datetime) -> Contract:
        """The engagement's open version; made where there is none, as a copy of the last.

        Raises Withdrawn where the client withdrew their consent, as ``change`` does.
        """
        allow(by.is_(engagement.client.learner_id))
        mine = cls.select().where(cls.engagement == engagement)
        found: Contract | None = mine.where(cls.state.in_(OPEN)).first()
        if found is not None:
            return found
        last = mine.order_by(cls.number.desc()).first()
        names = ("parties", "parts", "planned_sessions", "planned_minutes")
        copied = {name: getattr(last, name) for name in names} if last else {}
        try:
            with write():
                Consent.refuse_withdrawn(engagement.client)
                found = cls.create(
                    centre=engagement.centre_id,
                    engagement=engagement,
                    number=last.number + 1 if last else 1,
                    created_at=now,
                    changed_at=now,
                    **copied,
                )
                found.told("begun", now, person_id=by.person.id, role="learner")
        except peewee.IntegrityError:  # pressed twice: the database keeps one open version
            return cls.get((cls.engagement == engagement) & cls.state.in_(OPEN))
        return found

    def change(
        self, values: Draft, *, version: int, by: Actor, now: datetime, finished: bool = True
    ) -> Contract:
        """Keep what was written, if this is still the version that was read; an offer is taken back.

        Not ``finished`` is an autosave: it takes no offer back. Returns the draft that holds it:
        another one where somebody had agreed to the offer.

        Raises ChangedElsewhere where it was changed meanwhile, and WrongState where it is past
        changing, as Withdrawn is.
        """
        allow(self.can_edit(by))
        with write():
            Consent.refuse_withdrawn(self.engagement.client)
            self.refresh(lock=True)
            if self.version != version:
                raise ChangedElsewhere
            if self.state == "offered" and not finished:
                raise WrongState(OFFERED)
            draft = self.take_back(by=by, now=now) if self.state == "offered" else self
            if draft.state != "draft":
                raise WrongState(
                    f"This version cannot be changed: {CONTRACT.states[self.state]} "
                    "Make a new version. Nothing was changed."
                )
            draft.parties, draft.parts = values.parties, json.dumps(dict(values.parts))
            draft.planned_sessions = values.planned_sessions
            draft.planned_minutes = values.planned_minutes
            draft.version, draft.changed_at = draft.version + 1, now
            draft.save()
        return draft

    def as_open(self, actor: Actor) -> Contract:
        """The version that can be written on now: this one, or its engagement's draft or offer."""
        mine = Contract.visible_to(actor).where(Contract.engagement == self.engagement_id)
        return (
            mine.where(Contract.state.in_(OPEN)).first() or mine.where(Contract.id == self.id).get()
        )

    def take_back(self, *, by: Actor, now: datetime) -> Contract:
        """Make an offered version a draft again; its links end, and nothing is decided.

        Returns the draft: the next version, where somebody had agreed to this one.
        """
        allow(self.can_take_back(by))
        with write():
            self.refresh(lock=True)
            if self.somebody_agreed():
                return self.anew(now, person_id=by.person.id, role="learner")
            advance(self, CONTRACT, "take back", changed_at=now)
            self.end_links(now)
            self.told("taken back", now, person_id=by.person.id, role="learner")
        return self

    def end(self, on: date, reason: str, *, by: Actor, now: datetime) -> None:
        """End what was agreed: the last day and why. Sessions after that day do not count.

        Where the client withdrew consent the day is kept, and no word more. Raises ValueError for a
        day before it was agreed or one that has not come.
        """
        allow(self.can_end(by))
        if on > by.latest_day:
            raise ValueError("Give the last day once it has come.")
        if self.agreed_on is not None and on < self.agreed_on:
            raise ValueError("The contract cannot end before it was agreed.")
        with write():
            self.engagement.client.hold()
            reason = "" if Consent.is_withdrawn(self.engagement.client) else reason
            self.refresh(lock=True)
            advance(self, CONTRACT, "end", ended_on=on, ended_reason=reason, changed_at=now)
            self.told("ended", now, person_id=by.person.id, role="learner", ended_on=on)
            Engagement.update(contract_ended_on=on).where(
                Engagement.id == self.engagement_id
            ).execute()

    # --- shared with agreeing ------------------------------------------------------------

    def refresh(self, *, lock: bool = False) -> None:
        """Read the row again, locked until the transaction ends, so that moves wait for each other."""
        fresh = locked(Contract, self.id) if lock else Contract.get_or_none(Contract.id == self.id)
        if fresh is None:
            raise WrongState("This contract is no longer there.")
        self.__data__.update(fresh.__data__)
        self._dirty.clear()

    def somebody_agreed(self) -> bool:
        """Whether client or sponsor has agreed to this offer as it stands."""
        mine = (Agreement.contract == self) & (Agreement.contract_version == self.version)
        return bool(Agreement.select().where(mine & (Agreement.party != "coach")).exists())

    def anew(self, now: datetime, *, person_id: int | None, role: str, **declined: str) -> Contract:
        """Withdraw an offer that somebody agreed to, and return the same text as the next version.

        What was signed stays to be read under its number, so that no other text ever bears it.
        ``declined`` goes to the next version: by whom, and why.
        """
        advance(self, CONTRACT, "withdraw", changed_at=now)
        self.end_links(now)
        self.told("withdrawn", now, person_id=person_id, role=role)
        names = ("parties", "parts", "planned_sessions", "planned_minutes")
        draft: Contract = Contract.create(
            centre=self.centre_id, engagement=self.engagement_id, number=self.number + 1,
            created_at=now, changed_at=now, **{name: getattr(self, name) for name in names},
            **declined,
        )  # fmt: skip
        draft.told("begun", now, person_id=person_id, role=role)
        return draft

    def end_links(self, now: datetime) -> None:
        """End the links that ask for this contract's agreement and were not used."""
        Link.end((Link.purpose == "contract") & (Link.subject_id == self.id), now)

    def told(
        self, verb: str, now: datetime, *, person_id: int | None, role: str, **detail: Any
    ) -> None:
        """Write a line of the contract's history; never with its words, but for their keyed hash."""
        written = signing.keyed_sha256(self.written())
        events.record(
            centre_id=self.centre_id, verb=verb, subject="contract", subject_id=self.id, now=now,
            person_id=person_id, role=role, number=self.number, written=written, **detail,
        )  # fmt: skip


def hold_versions(which: peewee.Expression) -> list[Contract]:
    """These versions, in one order, locked until the transaction ends. One query."""
    query = Contract.select().where(which).order_by(Contract.id)
    return list(query if is_sqlite() else query.for_update())


def locked(model: type[Model], record_id: int) -> Any:
    """The row, locked until the transaction ends; SQLite's write transaction is the lock already."""
    query = model.select().where(model.id == record_id)
    return (query if is_sqlite() else query.for_update()).first()


@dataclass(frozen=True)
class Draft:
    """What the learner writes of a version; its goals are the engagement's, kept when it is offered."""

    parties: str
    parts: Mapping[str, str]
    planned_sessions: int | None
    planned_minutes: int | None


class Agreement(Model):
    """One party's yes to one version of a contract; the name typed stands in the vault."""

    centre = peewee.ForeignKeyField(Centre)
    contract = peewee.ForeignKeyField(Contract, backref="agreements")
    contract_version = peewee.IntegerField()
    party = peewee.TextField()
    version = peewee.IntegerField(default=1)
    agreed_at = UTCField()
    by_mail = peewee.BooleanField(null=True)
    """Whether it was by the link that went out by e-mail, or by one handed on; the coach uses none."""

    def signed_content(self) -> dict[str, Any]:
        """What this signature covers: the whole contract, for which party, and how it was given."""
        told = {"party": self.party, **self.contract.signed_content()}
        return told | signing.told_way(self.by_mail)
