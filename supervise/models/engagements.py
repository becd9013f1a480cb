"""Engagements: coaching or mentoring of one client, and the day its contract was agreed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import peewee

from supervise import events, signing
from supervise.db import DateField, Model, write
from supervise.models.centres import Centre, Refused
from supervise.models.clients import Client
from supervise.models.people import Actor


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
