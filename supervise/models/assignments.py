"""Who supervises, tutors, assesses or quality-assures a learner, from when to when."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import peewee

from supervise import events, signing
from supervise.db import DateField, Model, write
from supervise.models.centres import Centre, Refused
from supervise.models.enrolments import CHANGED_MEANWHILE, Enrolment
from supervise.models.people import ROLE_WORDS, Actor, Membership, Person
from supervise.rules.moments import short_date

if TYPE_CHECKING:
    from supervise.models.sessions import PracticeSession

ASSIGNED_ROLES = ("supervisor", "tutor", "assessor", "iqa")


class Assignment(Model):
    """One person in one role for one enrolment, both days included; no end means still."""

    enrolment = peewee.ForeignKeyField(Enrolment, backref="assignments")
    person = peewee.ForeignKeyField(Person)
    role = peewee.TextField()
    from_on = DateField()
    to_on = DateField(null=True)

    @classmethod
    def assign(
        cls,
        *,
        enrolment: Enrolment,
        person: Person,
        role: str,
        from_on: date,
        now: datetime,
        by: Actor | None = None,
    ) -> tuple[Assignment, bool]:
        """Assign a person, giving them the role in the centre; returns it and whether it is new.

        Raises Refused for the learner themselves, and where the person held the role after
        ``from_on`` already.
        """
        if person.id == enrolment.learner_id:
            raise Refused(
                f"A learner cannot be their own {ROLE_WORDS[role]}. Choose somebody else."
            )
        with write():
            enrolment.centre.lock()
            Membership.grant_known(person, enrolment.centre, role, by=by, now=now)
            found = cls._held(enrolment, person, role, from_on)
            if found is not None and found.to_on is None:
                return found, False
            if found is not None:
                raise Refused(
                    f"{person.name} was {ROLE_WORDS[role]} until {short_date(found.to_on)}: "
                    "begin after that day."
                )
            assignment = cls.create(enrolment=enrolment, person=person, role=role, from_on=from_on)
            assignment._record("assigned", by, now, from_on=from_on)
        return assignment, True

    @classmethod
    def _held(
        cls,
        enrolment: Enrolment,
        person: Person,
        role: str,
        from_on: date,
        to_on: date | None = None,
        but: int = 0,
    ) -> Assignment | None:
        """An assignment of the person in that role which shares a day with these, if any."""
        same = (cls.enrolment == enrolment) & (cls.person == person) & (cls.role == role)
        shares = cls.to_on.is_null() | (cls.to_on >= from_on)
        if to_on is not None:
            shares &= cls.from_on <= to_on
        found: Assignment | None = cls.select().where(same & shares & (cls.id != but)).first()
        return found

    def end(
        self, on: date, *, by: Actor, now: datetime, successor: Person | None = None
    ) -> Assignment | None:
        """End the assignment after this day and hand it over to the successor from the next.

        What is booked after that day goes with it (``handing_over``). Returns the successor's
        assignment. Raises ValueError for a day before it began, and Refused where it has ended
        already or the successor cannot take over.
        """
        from supervise.models import handing_over

        if on < self.from_on:
            raise Refused(
                f"It began on {short_date(self.from_on)}: choose that day or a later one."
            )
        if successor is not None and successor.id == self.person_id:
            raise Refused(f"{successor.name} is the one who leaves. Choose somebody else.")
        with write():
            held = handing_over.hold_concerned(self, successor, now)
            self.enrolment.centre.lock()
            if Assignment.get_by_id(self.id).to_on is not None:
                raise Refused("It has ended already. Correct its dates instead.")
            self.to_on = on
            self.save()
            self._record("ended an assignment", by, now, to_on=on)
            taken_over = None
            if successor is not None:
                taken_over, _ = Assignment.assign(
                    enrolment=self.enrolment,
                    person=successor,
                    role=self.role,
                    from_on=on + timedelta(days=1),
                    now=now,
                    by=by,
                )
            handing_over.hand_over(self, successor, held, by=by, now=now)
        return taken_over

    @property
    def mark(self) -> str:
        """Tells one pair of days from another: a form carries the one it was shown with."""
        return f"{self.from_on}/{self.to_on or ''}"

    def correct(
        self, from_on: date, to_on: date | None, *, by: Actor, now: datetime, seen: str = ""
    ) -> bool:
        """Correct the days, with the old and the new in the history; False where the same.

        Raises Refused for an end before the beginning, where the person would hold the role twice
        on one day, where a meeting is booked on a day left out, and where the days are no longer
        those ``seen``, by their mark.
        """
        from supervise.models import handing_over
        from supervise.models.busy import hold_people

        if to_on is not None and to_on < from_on:
            raise Refused("It ends before it begins: choose a later end.")
        with write():
            hold_people([self.person_id])
            self.enrolment.centre.lock()
            if Assignment.get_by_id(self.id).mark != (seen or self.mark):
                raise Refused(CHANGED_MEANWHILE)
            if (from_on, to_on) == (self.from_on, self.to_on):
                return False
            if self._held(self.enrolment, self.person, self.role, from_on, to_on, but=self.id):
                raise Refused(
                    f"{self.person.name} holds that role in another entry on some of these days. "
                    "Correct the other one first."
                )
            self._refuse_stranding(from_on, to_on, by.today)
            before = {"from_on": self.from_on, "to_on": self.to_on}
            self.from_on, self.to_on = from_on, to_on
            self.save()
            after = {"from_on": from_on, "to_on": to_on}
            self._record("corrected an assignment", by, now, before=before, after=after)
            handing_over.refuse_stranded(self, now)
        return True

    def take_back(self, *, by: Actor, now: datetime) -> None:
        """Take a mistaken assignment away as if it had not been; the history keeps that it was.

        The role in the centre stays: people take that away on its own page. Raises Refused once
        the person has signed something of this enrolment in that role, which must stay explained,
        and where a meeting is booked that nothing else allows.
        """
        from supervise.models import handing_over
        from supervise.models.busy import hold_people
        from supervise.models.meetings import Attendance
        from supervise.models.sessions import PracticeSession

        with write():
            hold_people([self.person_id])
            self.enrolment.centre.lock()
            theirs = PracticeSession.select(PracticeSession.id).where(
                PracticeSession.enrolment == self.enrolment
            )
            met = Attendance.select(Attendance.meeting).where(
                Attendance.enrolment == self.enrolment
            )
            signed = signing.SignOff.select().where(
                (signing.SignOff.person_id == self.person_id)
                & (signing.SignOff.role == self.role)
                & (
                    (
                        (signing.SignOff.subject == "session")
                        & signing.SignOff.subject_id.in_(theirs)
                    )
                    | ((signing.SignOff.subject == "meeting") & signing.SignOff.subject_id.in_(met))
                )
            )
            if signed.exists():
                raise Refused(
                    f"{self.person.name} has signed sessions or meetings of this enrolment already. "
                    "End the assignment instead, and have those looked at again."
                )
            self._record("took back an assignment", by, now)
            self.delete_instance()
            handing_over.refuse_stranded(self, now)

    def _refuse_stranding(self, from_on: date, to_on: date | None, today: date) -> None:
        """Hours are never stranded (product.md): other days must not leave what waits to nobody."""
        holds = self.from_on <= today and (self.to_on is None or self.to_on >= today)
        will_hold = from_on <= today and (to_on is None or to_on >= today)
        if not holds or will_hold or not self.waiting:
            return
        same = (Assignment.enrolment == self.enrolment) & (Assignment.role == self.role)
        others = same & (Assignment.id != self.id) & Assignment.on(today)
        if not Assignment.select().where(others).exists():
            sessions = len(self.waiting)
            noun = "session waits" if sessions == 1 else "sessions wait"
            raise Refused(
                f"{sessions} {noun} for {self.person.name}, and nobody else supervises today. "
                "End the assignment instead: that hands them over."
            )

    def _record(self, verb: str, by: Actor | None, now: datetime, **detail: Any) -> None:
        events.record(
            centre_id=self.enrolment.centre_id,
            verb=verb,
            subject="enrolment",
            subject_id=self.enrolment_id,
            now=now,
            person_id=by.person.id if by else None,
            role="admin" if by else "command",
            assignment=self.id,
            assigned=self.person_id,
            as_role=self.role,
            **detail,
        )

    @property
    def waiting(self) -> list[PracticeSession]:
        """Submitted sessions of the enrolment, oldest first, when this is its supervisor."""
        from supervise.models.sessions import PracticeSession

        if self.role != "supervisor":
            return []
        submitted = self.enrolment.sessions.where(PracticeSession.state == "submitted")
        return list(submitted.order_by(PracticeSession.submitted_at))

    def leaves_alone(self, on: date) -> bool:
        """Whether nobody else holds the role on the day after ``on``."""
        others = (Assignment.enrolment == self.enrolment) & (Assignment.role == self.role)
        next_day = Assignment.on(on + timedelta(days=1))
        return (
            not Assignment.select().where(others & (Assignment.id != self.id) & next_day).exists()
        )

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """Those of the enrolments the actor sees."""
        return cls.select().where(
            cls.enrolment.in_(Enrolment.visible_to(actor).select(Enrolment.id))
        )

    @classmethod
    def held_by(cls, person: Person, actor: Actor) -> list[Assignment]:
        """What a person holds or held in the actor's centre, with enrolment and learner. One query."""
        learner = Person.alias()
        query = (
            cls.select(cls, Enrolment, learner)
            .join(Enrolment)
            .join(learner, on=(Enrolment.learner == learner.id), attr="learner")
            .where((cls.person == person) & (Enrolment.centre == actor.centre))
            .order_by(cls.from_on.desc(), cls.id)
        )
        return list(query)

    @classmethod
    def of_enrolment(cls, enrolment: Enrolment) -> list[Assignment]:
        """All of an enrolment with their people, those that still run first. One query."""
        query = (
            cls.select(cls, Person)
            .join(Person)
            .where(cls.enrolment == enrolment)
            .order_by(cls.to_on.is_null(False), cls.role, cls.from_on, cls.id)
        )
        return list(query)

    @classmethod
    def still(cls, person: Person, centre: Centre, role: str, today: date) -> int:
        """For how many enrolments of a centre the person holds a role, today or later."""
        here = Enrolment.select(Enrolment.id).where(Enrolment.centre == centre)
        open_ones = cls.to_on.is_null() | (cls.to_on >= today)
        return int(
            cls.select()
            .where(
                (cls.person == person) & (cls.role == role) & open_ones & cls.enrolment.in_(here)
            )
            .count()
        )

    @classmethod
    def on(cls, day: date) -> peewee.Expression:
        """The condition that an assignment covers a day."""
        return (cls.from_on <= day) & (cls.to_on.is_null() | (cls.to_on >= day))

    @classmethod
    def enrolment_ids(cls, actor: Actor, *roles: str) -> peewee.ModelSelect:
        """The centre's enrolments assigned to the actor today, in these roles, by default any."""
        wanted = actor.roles & frozenset(roles or ASSIGNED_ROLES)
        mine = (cls.person == actor.person) & cls.role.in_(sorted(wanted)) & cls.on(actor.today)
        query = cls.select(cls.enrolment).join(Enrolment)
        return query.where(mine & (Enrolment.centre == actor.centre))
