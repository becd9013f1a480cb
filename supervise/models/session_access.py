"""Who sees a practice session, which layers of it, and who may move it (product.md, who sees what)."""

from __future__ import annotations

from typing import Any

import peewee

from supervise import events
from supervise.models.assignments import Assignment
from supervise.models.people import Actor
from supervise.workflow import SESSION

EDITABLE = ("draft", "returned", "reopened")


class SessionAccess:
    """The part of ``PracticeSession`` that every view and every move asks first."""

    select: Any
    centre: Any
    learner: Any
    learner_id: Any
    enrolment: Any
    enrolment_id: Any
    state: Any
    id: Any

    # --- who sees what -------------------------------------------------------------------

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """One's own; and of learners assigned to the actor today, what is no longer a draft."""
        mine = cls.learner == actor.person
        assigned = cls.enrolment.in_(Assignment.enrolment_ids(actor)) & (cls.state != "draft")
        return cls.select().where((cls.centre == actor.centre) & (mine | assigned))

    @classmethod
    def supervised_by(cls, actor: Actor) -> peewee.ModelSelect:
        """Once submitted, whatever became of it, of learners the actor supervises today in this centre.

        Never their own, and no draft that nobody has handed in: nobody else knows of that one.
        """
        return cls._handed_in(actor, Assignment.enrolment_ids(actor, "supervisor"))

    @classmethod
    def once_supervised_by(cls, actor: Actor) -> peewee.ModelSelect:
        """Those of coaches whom the actor supervises or supervised: only to say that it ended."""
        held = Assignment.select(Assignment.enrolment).where(
            (Assignment.person == actor.person)
            & (Assignment.role == "supervisor")
            & (Assignment.from_on <= actor.today)
        )
        return cls._handed_in(actor, held)

    @classmethod
    def _handed_in(cls, actor: Actor, enrolments: peewee.ModelSelect) -> peewee.ModelSelect:
        submitted = events.Event.select(peewee.SQL("1")).where(
            (events.Event.subject == "session")
            & (events.Event.subject_id == cls.id)
            & (events.Event.verb == SESSION.moves["submit"].done)
        )
        return cls.select().where(
            (cls.centre == actor.centre)
            & cls.enrolment.in_(enrolments)
            & (cls.learner != actor.person)
            & ((cls.state != "draft") | peewee.fn.EXISTS(submitted))
        )

    @classmethod
    def waiting_for(cls, actor: Actor) -> peewee.ModelSelect:
        """What waits for this supervisor's decision."""
        return cls.supervised_by(actor).where(cls.state == "submitted")

    def layers_for(self, actor: Actor, unchanged: bool | None = None) -> frozenset[str]:
        """Which layers the actor reads: private, supervision, evidence (product.md).

        Of one given back others read what they had read before, and nothing once its learner is
        changing it: a half-written correction is nobody else's yet. ``unchanged`` saves asking
        ``readiness`` whether they are.
        """
        from supervise.models import readiness

        if actor.is_(self.learner_id):
            return frozenset({"private", "supervision", "evidence"})
        whole: Any = self  # the model this is a part of
        given_back = self.state in ("returned", "reopened")
        if unchanged is None:
            unchanged = given_back and readiness.unchanged_since_return(whole)
        if given_back and not unchanged:
            return frozenset()
        if self._assigned(actor, "supervisor"):
            return frozenset({"supervision", "evidence"})
        if self._assigned(actor, "tutor", "assessor", "iqa"):
            return frozenset({"evidence"})
        return frozenset()

    def _assigned(self, actor: Actor, *roles: str) -> bool:
        if not actor.has(*roles):
            return False
        ids = Assignment.enrolment_ids(actor, *roles)
        return bool(ids.where(Assignment.enrolment == self.enrolment_id).exists())

    # --- who may do what -----------------------------------------------------------------

    def can_edit(self, actor: Actor) -> bool:
        """The learner, while it is a draft, returned or reopened."""
        return actor.is_(self.learner_id) and self.state in EDITABLE

    def can_submit(self, actor: Actor) -> bool:
        """The learner alone; whether the state allows it is the workflow's to say."""
        return actor.is_(self.learner_id)

    def can_delete(self, actor: Actor) -> bool:
        """The learner, while it is a draft; ``drafts.delete`` refuses one submitted before."""
        return actor.is_(self.learner_id) and self.state == "draft"

    def can_take_back(self, actor: Actor) -> bool:
        """The learner, until it is decided."""
        return actor.is_(self.learner_id)

    def can_decide(self, actor: Actor) -> bool:
        """A supervisor assigned today; never the learner's own, whatever roles they hold."""
        return not actor.is_(self.learner_id) and self._assigned(actor, "supervisor")

    can_approve = can_return = can_reopen = can_decide
