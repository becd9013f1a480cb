"""Clients by alias, and what was agreed with each. Who a client is stays outside (product.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import peewee

from supervise import events, signing
from supervise.db import DateField, Model, UTCField, is_sqlite, write
from supervise.models.centres import Centre, Refused
from supervise.models.people import Actor, Person
from supervise.rules.naming import names_in
from supervise.workflow import allow


class Client(Model):
    """A coachee or mentee of one learner, by alias alone."""

    ABOUT = ("needs", "needs_tool", "preference", "strengths")
    KINDS = {"individual": "One person", "team": "A team"}

    centre = peewee.ForeignKeyField(Centre)
    learner = peewee.ForeignKeyField(Person)
    alias = peewee.TextField()
    alias_key = peewee.TextField()
    kind = peewee.TextField(default="individual")
    needs = peewee.TextField(default="")
    needs_tool = peewee.TextField(default="")
    preference = peewee.TextField(default="")
    strengths = peewee.TextField(default="")
    created_at = UTCField()

    @classmethod
    def called(
        cls, alias: str, *, centre: Centre, learner: Person, now: datetime, kind: str = "individual"
    ) -> Client:
        """The learner's client of this alias, made when new; case and double spaces do not matter."""
        tidy = " ".join(alias.split())
        client, _ = cls.get_or_create(
            centre=centre,
            learner=learner,
            alias_key=tidy.casefold(),
            defaults={"alias": tidy, "created_at": now, "kind": kind},
        )
        return client

    @classmethod
    def known(cls, alias: str, *, centre: Centre, learner: Person) -> bool:
        """Whether the learner has a client of this alias already."""
        key = " ".join(alias.split()).casefold()
        mine = (cls.centre == centre) & (cls.learner == learner)
        return bool(cls.select().where(mine & (cls.alias_key == key)).exists())

    @staticmethod
    def names(alias: str, learner_id: int) -> str:
        """Why this alias gives away one of the learner's clients, in a sentence. One query."""
        from supervise.models.vault import ClientIdentity

        hits = names_in(alias, ClientIdentity.names_of(learner_id), any_case=True)
        return f"This says “{hits[0]}”, and others read the alias. Use another." if hits else ""

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """A learner's own clients, and nobody else's."""
        return cls.select().where((cls.centre == actor.centre) & (cls.learner == actor.person))

    def rename(self, alias: str, *, by: Actor, now: datetime) -> None:
        """Give another alias, everywhere at once; the history does not keep the old one.

        Raises ValueError where another client of the learner has it, or it names one of them; and
        Refused after consent was withdrawn, when nobody knows any more which names it may not say.
        """
        from supervise.models.vault import Consent

        tidy = " ".join(alias.split())
        if wrong := self.names(tidy, self.learner_id):
            raise ValueError(wrong)
        try:
            with write():
                Consent.refuse_withdrawn(self)
                self.alias, self.alias_key = tidy, tidy.casefold()
                self.save()
                events.record(
                    centre_id=self.centre_id,
                    verb="renamed",
                    subject="client",
                    subject_id=self.id,
                    now=now,
                    person_id=by.person.id,
                    role="learner",
                )
        except peewee.IntegrityError as taken:
            raise ValueError(
                "You have a client with this alias already. Choose another."
            ) from taken

    def describe(self, values: Mapping[str, str], *, by: Actor, now: datetime) -> bool:
        """Keep what was found out about the client, and whether it is one person or a team, where
        that is said; False where nothing differs.

        The history holds which fields changed, and no word of them. Raises NotAllowed for anybody
        but their learner, and Refused after consent was withdrawn.
        """
        from supervise.models.vault import Consent

        allow(by.is_(self.learner_id))
        wanted = {name: values.get(name, "") for name in self.ABOUT}
        wanted["kind"] = values.get("kind") or self.kind
        changed = [name for name, value in wanted.items() if value != getattr(self, name)]
        if not changed:
            return False
        with write():
            Consent.refuse_withdrawn(self)
            for name in changed:
                setattr(self, name, wanted[name])
            self.save()
            events.record(
                centre_id=self.centre_id,
                verb="described",
                subject="client",
                subject_id=self.id,
                now=now,
                person_id=by.recorded,
                role="learner",
                fields=changed,
            )
        return True

    def hold(self) -> None:
        """Hold the client until the transaction ends: consent is neither given nor withdrawn meanwhile.

        The first lock of all (see ``links``). It is one that a new row about the client does not
        wait for.
        """
        self.hold_all([self.id])

    @classmethod
    def hold_all(cls, ids: Iterable[int]) -> None:
        """The same of several, in one order."""
        if not is_sqlite():
            rows = cls.select(cls.id).where(cls.id.in_(list(ids))).order_by(cls.id)
            list(rows.for_update("FOR NO KEY UPDATE"))

    def engagement(self, kind: str) -> Engagement:
        """The coaching or mentoring engagement with this client, made when new."""
        found, _ = Engagement.get_or_create(
            client=self, kind=kind, defaults={"centre": self.centre_id}
        )
        return found


class Engagement(Model):
    """Coaching or mentoring of one client, with the day its contract was agreed."""

    centre = peewee.ForeignKeyField(Centre)
    client = peewee.ForeignKeyField(Client, backref="engagements")
    kind = peewee.TextField()
    contract_agreed_on = DateField(null=True)
    contract_ended_on = DateField(null=True)
    dated_by = peewee.TextField(default="")
    """In which role the day was given last; a party's, where it was agreed here by link."""
    version = peewee.IntegerField(default=1)

    ALONE = ("learner", "command")
    """Whose word on a contract on paper is the coach's alone: a supervisor has still to accept it."""

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """Those of the learner's own clients; for a supervisor those of learners they supervise
        today, once a session handed in under that enrolment, or a contract, is about them.
        """
        from supervise.models.assignments import Assignment
        from supervise.models.contracts import Contract
        from supervise.models.enrolments import Enrolment
        from supervise.models.sessions import PracticeSession, SessionEngagement

        ids = Assignment.enrolment_ids(actor, "supervisor")
        learners = Enrolment.select(Enrolment.learner).where(Enrolment.id.in_(ids))
        handed_in = (PracticeSession.state != "draft") & PracticeSession.enrolment.in_(ids)
        practised = (
            SessionEngagement.select(SessionEngagement.engagement)
            .join(PracticeSession)
            .where(handed_in)
        )
        offered = Contract.select(Contract.engagement).where(Contract.state != "draft")
        told = cls.id.in_(practised) | cls.id.in_(offered) | cls.contract_agreed_on.is_null(False)
        supervised = Client.learner.in_(learners) & told
        return (
            cls.select(cls, Client)
            .join(Client)
            .where((cls.centre == actor.centre) & ((Client.learner == actor.person) | supervised))
        )

    def has_approved_sessions(self) -> bool:
        """Whether hours signed by a supervisor rest on this engagement."""
        from supervise.models.sessions import PracticeSession, SessionEngagement

        query = (
            SessionEngagement.select()
            .join(PracticeSession)
            .where((SessionEngagement.engagement == self) & (PracticeSession.state == "approved"))
        )
        return bool(query.exists())

    def has_agreed_contract(self) -> bool:
        """Whether a contract was agreed by its parties, in force or not."""
        from supervise.models.contracts import Contract

        mine = (Contract.engagement == self) & Contract.agreed_on.is_null(False)
        return bool(Contract.select().where(mine).exists())

    def can_set_contract(self, actor: Actor) -> bool:
        """The learner, until approved hours rest on it; from then on their supervisor alone.

        Once the parties have agreed a contract here it dates itself; what was on paper before that
        is still the supervisor's.
        """
        agreed = self.has_agreed_contract()
        if actor.is_(self.client.learner_id):
            return not agreed and not self.has_approved_sessions()
        if agreed and not self.on_paper:
            return False
        return actor.has("supervisor") and bool(
            type(self).visible_to(actor).where(type(self).id == self.id).exists()
        )

    @property
    def on_paper(self) -> bool:
        """Whether its first contract was agreed on paper, as somebody with an account says."""
        return self.dated_by in (*self.ALONE, "supervisor")

    @property
    def unaccepted(self) -> bool:
        """Whether the day of a contract on paper is the coach's word alone."""
        return self.contract_agreed_on is not None and self.dated_by in self.ALONE

    def signed_content(self) -> dict[str, Any]:
        """What a signature on the contract's date covers."""
        return {
            "engagement": self.id,
            "client": self.client_id,
            "kind": self.kind,
            "contract_agreed_on": self.contract_agreed_on,
        }

    def set_contract(
        self, agreed_on: date | None, *, by: Actor, now: datetime, note: str = "", seen: int = 0
    ) -> None:
        """Keep the day the contract was agreed on paper, signed, with the day it replaces.

        A supervisor who keeps the day that the coach gave accepts it; until then hours that need a
        contract do not count. ``seen`` is the version the day was set over, where a page showed one.

        A command signs nothing: its event alone holds the day. Raises ValueError for a day that
        has not come, or that lies after the first contract agreed here, and Refused where it is no
        longer the actor's to set, or the learner's after consent was withdrawn.
        """
        from supervise.models.vault import Consent

        if agreed_on and agreed_on > by.latest_day:
            raise ValueError("The contract cannot have been agreed on a day that has not come.")
        before, role = self.contract_agreed_on, self._role(by)
        if before == agreed_on and not (self.unaccepted and role == "supervisor"):
            return
        if self.has_agreed_contract() and (agreed_on is None or agreed_on > self._first_here()):
            raise ValueError(
                "A contract was agreed by a link here later on. Give a day before that one."
            )
        if seen and seen != self.version:
            raise ValueError("This date was changed meanwhile. Look again, then decide.")
        with write():
            if role == "learner":
                Consent.refuse_withdrawn(self.client)
            # The event first: it holds the centre's chain, on which an approval hangs its own, so
            # an approval is either seen by the question below or comes after this.
            events.record(
                centre_id=self.centre_id,
                verb="dated the contract",
                subject="engagement",
                subject_id=self.id,
                now=now,
                person_id=by.recorded,
                role=role,
                note=note,
                before=before,
                after=agreed_on,
                version=self.version + 1,
            )
            if not self.can_set_contract(by):
                raise Refused(
                    "This contract was agreed by its parties here, so nobody sets its date by hand."
                    if self.has_agreed_contract()
                    else "Approved hours rest on this contract now, so only the supervisor changes its date."
                )
            changed = (
                Engagement.update(
                    contract_agreed_on=agreed_on,
                    dated_by=role if agreed_on else "",
                    version=Engagement.version + 1,
                )
                .where((Engagement.id == self.id) & (Engagement.version == self.version))
                .execute()
            )
            if not changed:
                raise ValueError("This date was changed meanwhile. Look again, then decide.")
            self.contract_agreed_on, self.version = agreed_on, self.version + 1
            self.dated_by = role if agreed_on else ""
            self._dirty.clear()
            if by.command:
                return
            signing.sign(
                self,
                subject="engagement",
                person_id=by.person.id,
                role=role,
                decision="dated",
                comment=note,
                now=now,
            )

    def _role(self, by: Actor) -> str:
        if by.command:
            return "command"
        return "learner" if by.is_(self.client.learner_id) else "supervisor"

    def _first_here(self) -> date:
        """The first day of the contracts agreed here by link."""
        from supervise.models.contracts import Contract

        first = Contract.select(Contract.agreed_on).where(
            (Contract.engagement == self) & Contract.agreed_on.is_null(False)
        )
        day: date = first.order_by(Contract.agreed_on).get().agreed_on
        return day
