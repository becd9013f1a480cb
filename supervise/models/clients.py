"""Clients by alias. Who a client is stays outside (product.md); what is done with each stands in
``engagements``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import peewee

from supervise import events
from supervise.db import Model, UTCField, is_sqlite, write
from supervise.models.centres import Centre
from supervise.models.people import Actor, Person
from supervise.rules.naming import names_in
from supervise.workflow import allow

if TYPE_CHECKING:
    from supervise.models.engagements import Engagement


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
        from supervise.models.engagements import Engagement

        found, _ = Engagement.get_or_create(
            client=self, kind=kind, defaults={"centre": self.centre_id}
        )
        return found
