"""Enrolments: a learner on a qualification or unit set, with the catalogue version they began with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache

import peewee

from supervise import catalogue, events
from supervise.db import DateField, Model, UTCField, write
from supervise.models.centres import Centre, Refused, judge_combination
from supervise.models.people import Actor, Membership, Person
from supervise.rules.hours import EnrolmentFacts, UnitRule

CHANGED_MEANWHILE = (
    "Somebody changed this meanwhile. What stands now is shown; look again, then correct it."
)


class Enrolment(Model):
    """One learner on one programme in one centre."""

    centre = peewee.ForeignKeyField(Centre)
    learner = peewee.ForeignKeyField(Person, backref="enrolments")
    programme = peewee.TextField()
    catalogue_version = peewee.TextField()
    registration = peewee.TextField(default="")
    started_on = DateField()
    ends_on = DateField(null=True)
    created_at = UTCField()

    _codes: list[str] | None = None
    """The unit codes, read once; whatever changes the units forgets them."""

    @classmethod
    def enrol(
        cls,
        *,
        centre: Centre,
        learner: Person,
        programme: str,
        units: Iterable[str],
        started_on: date,
        now: datetime,
        registration: str = "",
        by: Actor | None = None,
    ) -> tuple[Enrolment, bool]:
        """Enrol a learner, or add units to the enrolment there is. Returns it and whether it is new.

        The end date follows from the qualification's longest time (ILM Level 3: three years,
        specification 002). Raises catalogue.UnknownCode for a programme or unit not in the
        catalogue.
        """
        book = catalogue.load()
        years = getattr(book.programme(programme), "max_years", None)
        chosen = [book.unit(code).code for code in units]
        with write():
            Membership.grant_known(learner, centre, "learner", by=by, now=now)
            enrolment, made = cls.get_or_create(
                centre=centre,
                learner=learner,
                programme=programme,
                defaults={
                    "catalogue_version": book.version,
                    "registration": registration,
                    "started_on": started_on,
                    "created_at": now,
                    "ends_on": _years_after(started_on, years) if years else None,
                },
            )
            fresh = [code for code in chosen if enrolment.add_unit(code)]
            if made or fresh:
                events.record(
                    centre_id=centre.id,
                    verb="enrolled" if made else "added units to",
                    subject="enrolment",
                    subject_id=enrolment.id,
                    now=now,
                    person_id=by.person.id if by else None,
                    role="admin" if by else "command",
                    programme=programme,
                    units=fresh,
                    started_on=started_on,
                    ends_on=enrolment.ends_on,
                )
        return enrolment, bool(made)

    def over_on(self, day: date) -> bool:
        """Whether it has ended by that day; its last day still counts."""
        return self.ends_on is not None and day > self.ends_on

    @property
    def mark(self) -> str:
        """Tells what was entered from what was there before: a form carries what it was shown with."""
        dates = f"{self.started_on}/{self.ends_on or ''}"
        return f"{','.join(self.unit_codes)}/{self.registration}/{dates}"

    def correct(
        self,
        *,
        units: Iterable[str],
        registration: str,
        started_on: date,
        ends_on: date | None,
        by: Actor,
        now: datetime,
        seen: str = "",
    ) -> bool:
        """Correct what was entered, with the old and the new in the history; False where the same.

        Raises Refused for an end before the start, for taking out a unit with sessions in it, and
        where it is no longer what was ``seen``, by its mark.
        """
        if ends_on is not None and ends_on < started_on:
            raise Refused("It ends before it starts: choose a later end.")
        wanted = set(units)
        with write():
            self.centre.lock()
            if Enrolment.get_by_id(self.id).mark != (seen or self.mark):
                raise Refused(CHANGED_MEANWHILE)
            self._codes = None
            old = self.unit_codes
            new = [unit.code for unit in self.book.units if unit.code in wanted]
            before = {"units": old, "registration": self.registration,
                      "started_on": self.started_on, "ends_on": self.ends_on}  # fmt: skip
            after = {"units": new, "registration": registration,
                     "started_on": started_on, "ends_on": ends_on}  # fmt: skip
            if before == after:
                return False
            for code in set(old) - wanted:
                self._take_out(code)
            for code in new:
                self.add_unit(code)
            self.registration, self.started_on, self.ends_on = registration, started_on, ends_on
            self.save()
            changed = [name for name in before if before[name] != after[name]]
            events.record(
                centre_id=self.centre_id,
                verb="corrected",
                subject="enrolment",
                subject_id=self.id,
                now=now,
                person_id=by.person.id,
                role="admin",
                before={name: before[name] for name in changed},
                after={name: after[name] for name in changed},
            )
        return True

    def _take_out(self, code: str) -> None:
        sessions = self.sessions
        used = sessions.where(sessions.model.unit == code).count()
        if used:
            those = "1 session counts" if used == 1 else f"{used} sessions count"
            raise Refused(
                f"{those} toward {code}, so it stays. Ask the learner to move them to another "
                "unit first."
            )
        self._codes = None
        EnrolmentUnit.delete().where(
            (EnrolmentUnit.enrolment == self) & (EnrolmentUnit.unit == code)
        ).execute()

    def cautions(self) -> list[str]:
        """What to look at, in sentences: the rule of combination not met, a programme closed."""
        programme = self.book.programme(self.programme)
        judged = judge_combination(self.centre, programme, self.unit_codes, self.book)
        closed = programme.expired(self.started_on)
        return [*judged.reasons, *([closed] if closed else [])]

    def add_unit(self, code: str) -> bool:
        """Add a unit; returns False where it was there already."""
        self._codes = None
        _, made = EnrolmentUnit.get_or_create(enrolment=self, unit=code)
        return bool(made)

    @property
    def book(self) -> catalogue.Catalogue:
        """The catalogue as it was when the enrolment began."""
        return catalogue.load(self.catalogue_version)

    @property
    def unit_codes(self) -> list[str]:
        """Codes of the enrolment's units, in the catalogue's order."""
        if self._codes is None:
            mine = {row.unit for row in self.units}
            self._codes = [unit.code for unit in self.book.units if unit.code in mine]
        return list(self._codes)

    @property
    def facts(self) -> EnrolmentFacts:
        """What the rule of hours asks of an enrolment."""
        return EnrolmentFacts(self.started_on, self.ends_on, frozenset(self.unit_codes))

    @property
    def title(self) -> str:
        """The full title of the programme."""
        return str(self.book.programme(self.programme).title)

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """The learner's own; those assigned to the actor today; all of the centre for an admin."""
        from supervise.models.assignments import Assignment

        mine = cls.learner == actor.person
        assigned = cls.id.in_(Assignment.enrolment_ids(actor))
        here = cls.centre == actor.centre
        if actor.has("admin"):
            return cls.select().where(here)
        return cls.select().where(here & (mine | assigned))


class EnrolmentUnit(Model):
    """One unit chosen in an enrolment."""

    enrolment = peewee.ForeignKeyField(Enrolment, backref="units")
    unit = peewee.TextField()


def unit_rules(book: catalogue.Catalogue) -> Mapping[str, UnitRule]:
    """The catalogue's units as the rule of hours reads them, by code."""
    return _unit_rules(book.version)


@cache
def _unit_rules(version: str) -> Mapping[str, UnitRule]:
    """Made once for each version, which never changes."""
    return {
        unit.code: UnitRule(
            code=unit.code,
            title=unit.title,
            required_minutes=unit.required_minutes,
            kinds=unit.kinds,
            contract_required=unit.contract_required,
            supervisor_required=unit.supervisor_required_on_the_day,
            counts_also_in=unit.short_unit_of,
        )
        for unit in catalogue.load(version).units
    }


def _years_after(start: date, years: int) -> date:
    try:
        return start.replace(year=start.year + years)
    except ValueError:  # 29 February
        return start.replace(year=start.year + years, day=28)
