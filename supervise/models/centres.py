"""A training centre, its policy, and what it sets of its own: official wording, rules of combination."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import peewee

from supervise import events
from supervise.catalogue import Catalogue, Programme
from supervise.catalogue.official import Entry
from supervise.db import Model, UTCField, write
from supervise.rules import combination
from supervise.rules.feedback import LEAST_FLOOR
from supervise.rules.hours import Policy

if TYPE_CHECKING:
    from supervise.models.people import Actor
    from supervise.models.uploads import DiaryUpload


class Refused(ValueError):  # noqa: N818 - it names what happened, and `sentence` says why
    """A change that a rule of the house forbids; nothing was changed. ``sentence`` says why."""

    @property
    def sentence(self) -> str:
        """Why it was refused, and what to do instead."""
        return str(self)


class Centre(Model):
    """One training centre. No page of one centre ever shows a row of another."""

    name = peewee.TextField()
    number = peewee.TextField(default="")
    zone = peewee.TextField(default="Europe/London")
    short_hours_count_in_long = peewee.BooleanField(default=False)
    second_factor_required = peewee.BooleanField(default=False)
    due_days = peewee.IntegerField(default=5)
    late_days = peewee.IntegerField(default=8)
    confirmation_required = peewee.BooleanField(default=False)
    feedback_floor = peewee.IntegerField(default=3)
    supervise_after_minutes = peewee.IntegerField(null=True, default=2100)
    """How much practice asks for a supervision meeting, in minutes; None where hours do not matter."""
    supervise_after_weeks = peewee.IntegerField(null=True, default=8)
    created_at = UTCField()

    @property
    def policy(self) -> Policy:
        """What of the centre's policy the rule of hours asks for."""
        return Policy(
            short_hours_count_in_long=self.short_hours_count_in_long,
            confirmation_required=self.confirmation_required,
            zone=self.zone,
        )

    @property
    def floor(self) -> int:
        """How many people's anonymous answers come out together: a centre that once set one alone is
        held to the least there is."""
        return max(LEAST_FLOOR, self.feedback_floor)

    def lock(self) -> None:
        """Hold this centre until the transaction ends, so that two changes cannot pass each other."""
        Centre.update(name=Centre.name).where(Centre.id == self.id).execute()

    def change(self, *, by: Actor, now: datetime, **values: Any) -> bool:
        """Change name, number, zone, days or policy; False where nothing differs.

        Raises Refused where late would not come after due.
        """
        if values.get("late_days", self.late_days) <= values.get("due_days", self.due_days):
            raise Refused("“Late” comes after “due”: give it more days.")
        before = {
            name: getattr(self, name) for name in values if getattr(self, name) != values[name]
        }
        if not before:
            return False
        with write():
            for name in before:
                setattr(self, name, values[name])
            self.save()
            events.record(
                centre_id=self.id,
                verb="changed the centre",
                subject="centre",
                subject_id=self.id,
                now=now,
                person_id=by.person.id,
                role="admin",
                before=before,
                after={name: values[name] for name in before},
            )
        return True


class OfficialWording(Model):
    """An awarding body's own words for an outcome ("1") or criterion ("1.2"), from the centre's copy."""

    centre = peewee.ForeignKeyField(Centre)
    catalogue_version = peewee.TextField()
    unit = peewee.TextField()
    number = peewee.TextField()
    text = peewee.TextField()

    @classmethod
    def take(
        cls,
        entries: Iterable[Entry],
        version: str,
        *,
        by: Actor,
        now: datetime,
        upload: DiaryUpload | None = None,
    ) -> tuple[int, int]:
        """Keep these words for the actor's centre, in place of older ones. Returns new, changed.

        The upload they came from is emptied in the same write.
        """
        with write():
            by.centre.lock()
            mine = (cls.centre == by.centre) & (cls.catalogue_version == version)
            held = {(row.unit, row.number): row for row in cls.select().where(mine)}
            fresh, changed = [], 0
            for entry in entries:
                row = held.get((entry.unit, entry.number))
                if row is None:
                    fresh.append((by.centre.id, version, entry.unit, entry.number, entry.text))
                elif row.text != entry.text:
                    cls.update(text=entry.text).where(cls.id == row.id).execute()
                    changed += 1
            fields = [cls.centre, cls.catalogue_version, cls.unit, cls.number, cls.text]
            for batch in peewee.chunked(fresh, 100):
                cls.insert_many(batch, fields=fields).execute()
            if fresh or changed:
                events.record(
                    centre_id=by.centre.id,
                    verb="took official wording",
                    subject="centre",
                    subject_id=by.centre.id,
                    now=now,
                    person_id=by.person.id,
                    role="admin",
                    version=version,
                    before={"held": len(held)},
                    after={"held": len(held) + len(fresh), "changed": changed},
                )
            if upload is not None:
                upload.empty()
        return len(fresh), changed

    @classmethod
    def held(cls, centre: Centre) -> int:
        """How many texts the centre holds."""
        return int(cls.select().where(cls.centre == centre).count())


class UnitSetRule(Model):
    """The centre's rule of combination for a unit set whose specification prints none."""

    centre = peewee.ForeignKeyField(Centre)
    unit_set = peewee.TextField()
    min_credits = peewee.IntegerField(null=True)
    required_units = peewee.TextField(default="")

    @property
    def required(self) -> tuple[str, ...]:
        """Codes of the units that everybody on the set takes."""
        return tuple(str(self.required_units).split())

    @classmethod
    def of(cls, centre: Centre, unit_set: str) -> UnitSetRule:
        """The centre's rule for a unit set; one that asks for nothing where it has set none."""
        found = cls.get_or_none((cls.centre == centre) & (cls.unit_set == unit_set))
        return found or cls(centre=centre, unit_set=unit_set)

    @classmethod
    def put(
        cls,
        unit_set: str,
        min_credits: int | None,
        required: Iterable[str],
        *,
        by: Actor,
        now: datetime,
    ) -> bool:
        """Set the rule of the actor's centre for a unit set; False where nothing differs."""
        with write():
            by.centre.lock()
            rule = cls.of(by.centre, unit_set)
            before = {"min_credits": rule.min_credits, "required": list(rule.required)}
            codes = list(required)
            after = {"min_credits": min_credits, "required": codes}
            if before == after:
                return False
            rule.min_credits, rule.required_units = min_credits, " ".join(codes)
            rule.save()
            events.record(
                centre_id=by.centre.id,
                verb="changed a rule of combination",
                subject="centre",
                subject_id=by.centre.id,
                now=now,
                person_id=by.person.id,
                role="admin",
                unit_set=unit_set,
                before=before,
                after=after,
            )
        return True


def judge_combination(
    centre: Centre, programme: Programme, chosen: Iterable[str], book: Catalogue
) -> combination.Combination:
    """Judge a choice of units by the programme's rule, or by the centre's where it prints none."""
    own = None if programme.is_qualification else UnitSetRule.of(centre, programme.code)
    rule = combination.Rule(
        kind=programme.rule,
        min_credits=own.min_credits if own else programme.min_credits,
        min_glh=programme.min_glh,
        other_guided_hours=(programme.induction_hours or 0) + (programme.tutorial_hours or 0),
        required=own.required if own else (),
    )
    offered = [
        combination.Offered(unit.code, unit.credits, unit.glh)
        for unit in map(book.unit, programme.units)
    ]
    return combination.combination(rule, list(chosen), offered)
