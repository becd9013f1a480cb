"""Supervision meetings: who sees them, who may do what, and the parts they are made of.

How one comes to be booked, moved and cancelled stands in ``booking``; how it is held, written up and
signed in ``recording``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import peewee

from supervise import events
from supervise.db import DateField, Model, UTCField
from supervise.models.assignments import Assignment
from supervise.models.availability import Availability, roles_for
from supervise.models.centres import Centre
from supervise.models.enrolments import Enrolment
from supervise.models.people import Actor, Person

FORMATS = {
    "one-to-one": "One to one",
    "group": "Group supervision",
    "peer": "Peer supervision",
    "tutorial": "Tutorial",
    "induction": "Induction",
}
"""What a meeting may be (specification 002: one-to-one, in a group or among peers)."""
SUPERVISION = ("one-to-one", "group", "peer")
"""The formats that are supervision; the others are guided time of the programme."""
MODES = {"video": "Video call", "face to face": "Face to face", "phone": "Phone"}
STANDING = ("booked", "held", "missed", "recorded", "signed")
"""The states of a meeting that has a fixed time in somebody's calendar."""
SEATED = ("booked", "came", "missed", "signed")
"""The states of a place that is somebody's."""


class Meeting(Model):
    """One meeting of a host (a supervisor or tutor) with one learner or several. Moments are UTC.

    ``uid`` and ``sequence`` are its name and revision in everybody's calendar. ``agenda`` is what
    the agenda held when the record was signed, as JSON of numbers of records and of facts.
    """

    centre = peewee.ForeignKeyField(Centre)
    host = peewee.ForeignKeyField(Person)
    availability = peewee.ForeignKeyField(Availability, null=True)
    series = peewee.TextField(default="")
    format = peewee.TextField()
    places = peewee.IntegerField(default=1)
    starts_at = UTCField()
    ends_at = UTCField()
    mode = peewee.TextField()
    place = peewee.TextField(default="")
    address = peewee.TextField(default="")
    uid = peewee.TextField(unique=True, default=lambda: f"{secrets.token_hex(16)}@supervise")
    sequence = peewee.IntegerField(default=0)
    state = peewee.TextField()
    version = peewee.IntegerField(default=1)
    asked_by = peewee.ForeignKeyField(Person)
    note = peewee.TextField(default="")
    """What whoever asked for it wrote: why, or what about."""
    reason = peewee.TextField(default="")
    """Why it was declined, cancelled or moved the last time."""
    held_minutes = peewee.IntegerField(null=True)
    discussed = peewee.TextField(default="")
    agenda = peewee.TextField(default="{}")
    created_at = UTCField()
    changed_at = UTCField()
    recorded_at = UTCField(null=True)
    recorded_by = peewee.ForeignKeyField(Person, null=True)

    # --- who sees it ---------------------------------------------------------------------

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """Those the actor hosts or attends, and those of learners assigned to them today."""
        attended = Attendance.select(Attendance.meeting).where(Attendance.learner == actor.person)
        assigned = Attendance.select(Attendance.meeting).where(
            Attendance.enrolment.in_(Assignment.enrolment_ids(actor))
        )
        mine = (cls.host == actor.person) | cls.id.in_(attended) | cls.id.in_(assigned)
        return cls.select().where((cls.centre == actor.centre) & mine)

    # --- who may do what -----------------------------------------------------------------

    def can_lead(self, actor: Actor) -> bool:
        """Whether the actor leads it (``led_by``). One query."""
        places = Attendance.select(Attendance.learner, self.looked_after_by(actor))
        return self.led_by(actor, list(places.where(Attendance.meeting == self)))

    def looked_after_by(self, actor: Actor) -> Any:
        """The column ``looks_after`` of a place: whether the actor may host such a meeting today."""
        theirs = Assignment.enrolment_ids(actor, *roles_for(self.format))
        return Attendance.enrolment.in_(theirs).alias("looks_after")

    def led_by(self, actor: Actor, places: Sequence[Any]) -> bool:
        """The host; and whoever supervises one of its learners today (or, of guided time, tutors one),
        so that a meeting whose host left is not stranded. Never somebody who has a place in it.

        ``places`` are all it has, each with the column ``looked_after_by``.
        """
        if actor.centre.id != self.centre_id or not actor.has("supervisor", "tutor"):
            return False
        if any(actor.is_(place.learner_id) for place in places):
            return False
        return actor.is_(self.host_id) or any(place.looks_after for place in places)

    # --- its parts -----------------------------------------------------------------------

    @property
    def minutes(self) -> int:
        """How long it is planned to last, in whole minutes."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def word(self) -> str:
        """What kind of meeting it is, in words."""
        return FORMATS[self.format]

    @property
    def agenda_kept(self) -> dict[str, Any]:
        """The agenda as it was when the record was signed."""
        return dict(json.loads(self.agenda))

    @property
    def attendances(self) -> list[Attendance]:
        """All its places, in the order they were asked for. One query."""
        return list(Attendance.select().where(Attendance.meeting == self).order_by(Attendance.id))

    def signed_content(
        self,
        attendances: Iterable[Attendance] | None = None,
        actions: Iterable[MeetingAction] | None = None,
    ) -> dict[str, Any]:
        """What the leader signs: everything sealed by it, each place with who came among them.

        What learners add later, and when an action is done, is no part of it. Two queries, or none
        where the parts are at hand.
        """
        places = sorted(
            self.attendances if attendances is None else attendances, key=lambda one: one.id
        )
        seated = [one for one in places if one.state in SEATED]
        without = [(one.id, one.learner_id, one.state) for one in places if one not in seated]
        found = list(MeetingAction.of(seated) if actions is None else actions)
        names = (
            "id", "centre_id", "host_id", "format", "places", "starts_at", "ends_at", "mode",
            "place", "address", "note", "reason", "asked_by_id", "held_minutes", "discussed", "uid",
            "recorded_by_id",
        )  # fmt: skip
        content = {name: getattr(self, name) for name in names} | {"agenda": self.agenda_kept}
        parts = [one.sealed(found) for one in seated]
        return {**content, "attendances": parts, "without_a_seat": without}

    def tells_why(self, place: Attendance | None) -> bool:
        """Whether its reason is for whoever has this place, or None for its host.

        A place given up before has a reason of its own; what befell the others later is theirs.
        """
        gone = place is not None and place.state in ("cancelled", "declined")
        return not gone or (place is not None and place.reason == self.reason)

    def free_seat(self) -> int | None:
        """The lowest seat that nobody has; None where the meeting is full. One query."""
        rows = Attendance.select(Attendance.seat).where(
            (Attendance.meeting == self) & Attendance.seat.is_null(False)
        )
        taken = {row.seat for row in rows}
        return next((seat for seat in range(1, self.places + 1) if seat not in taken), None)

    def revise(self) -> None:
        """Count its revision up, so that calendars take what comes for newer; the meeting held."""
        mine = Meeting.id == self.id
        Meeting.update(sequence=Meeting.sequence + 1).where(mine).execute()
        self.__data__["sequence"] += 1

    def told(
        self, verb: str, now: datetime, *, by: Actor | None, note: str = "", **detail: Any
    ) -> None:
        """Write what was done with the meeting into the history; inside ``db.write()``.

        ``note`` is a reason. Nothing of what is discussed belongs here.
        """
        events.record(
            centre_id=self.centre_id,
            verb=verb,
            subject="meeting",
            subject_id=self.id,
            now=now,
            person_id=by.recorded if by else None,
            role=self.role_of(by) if by else "command",
            note=note,
            **detail,
        )

    def role_of(self, actor: Actor) -> str:
        """In which role somebody acts on this meeting."""
        if actor.is_(self.host_id) or self.can_lead(actor):
            return "supervisor" if self.format in SUPERVISION else "tutor"
        here = (Attendance.meeting == self) & (Attendance.learner == actor.person)
        if actor.has("admin") and not Attendance.select().where(here).exists():
            return "admin"
        return "learner"


class Attendance(Model):
    """One learner's place in a meeting: asked for, booked, attended, and their part of the record."""

    centre = peewee.ForeignKeyField(Centre)
    meeting = peewee.ForeignKeyField(Meeting, backref="places_taken")
    enrolment = peewee.ForeignKeyField(Enrolment)
    learner = peewee.ForeignKeyField(Person)
    seat = peewee.IntegerField(null=True)
    series = peewee.TextField(default="")
    """The same for all places that were booked in one go, whatever the meetings' own series."""
    state = peewee.TextField()
    version = peewee.IntegerField(default=1)
    reason = peewee.TextField(default="")
    feedback = peewee.TextField(default="")
    """The supervisor's feedback to this learner."""
    goals = peewee.TextField(default="")
    """The learning goals agreed with this learner."""
    reply = peewee.TextField(default="")
    reflection = peewee.TextField(default="")
    created_at = UTCField()
    changed_at = UTCField()
    signed_at = UTCField(null=True)

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """One's own, those of meetings one hosts, and those of learners assigned today."""
        hosted = Meeting.select(Meeting.id).where(Meeting.host == actor.person)
        assigned = cls.enrolment.in_(Assignment.enrolment_ids(actor))
        mine = (cls.learner == actor.person) | cls.meeting.in_(hosted) | assigned
        return cls.select().where((cls.centre == actor.centre) & mine)

    @property
    def came(self) -> bool:
        """Whether the learner was there."""
        return self.state in ("came", "signed")

    def sealed(self, actions: Iterable[MeetingAction]) -> dict[str, Any]:
        """The leader's part about this learner, of which ``actions`` are those of the meeting."""
        names = ("id", "meeting_id", "enrolment_id", "learner_id", "seat", "feedback", "goals")
        told = [
            [one.id, one.owner, one.text, one.due_on, one.position]
            for one in sorted(actions, key=lambda one: one.id)
            if one.attendance_id == self.id
        ]
        content = {name: getattr(self, name) for name in names}
        return {**content, "came": self.came, "actions": told}

    def signed_content(
        self, meeting: Meeting | None = None, actions: Iterable[MeetingAction] | None = None
    ) -> dict[str, Any]:
        """What the learner signs: their reply and reflection, and all of the record that they read.

        Of a group that is the shared part and their own. Two queries, or none where meeting and
        actions are at hand.
        """
        whole = meeting or Meeting.get_by_id(self.meeting_id)
        found = MeetingAction.of([self]) if actions is None else actions
        shared = whole.signed_content([self], found)
        return {**shared, "reply": self.reply, "reflection": self.reflection}

    def can_answer(self, actor: Actor) -> bool:
        """The learner whose place it is: accept, cancel, reply, sign."""
        return actor.centre.id == self.centre_id and actor.is_(self.learner_id)

    @classmethod
    def seated(cls, meeting: Meeting) -> list[Attendance]:
        """The places that are somebody's, with their learners, by name. One query."""
        query = cls.select(cls, Person).join(Person, on=cls.learner)
        here = (cls.meeting == meeting) & cls.state.in_(SEATED)
        return list(query.where(here).order_by(Person.name, cls.id))


class MeetingAction(Model):
    """What learner or supervisor will do by when, agreed in a meeting. ``done_on`` may come later."""

    centre = peewee.ForeignKeyField(Centre)
    attendance = peewee.ForeignKeyField(Attendance, backref="actions")
    owner = peewee.TextField()
    text = peewee.TextField()
    due_on = DateField(null=True)
    """By when; until the record is signed it may be missing."""
    done_on = DateField(null=True)
    position = peewee.IntegerField(default=0)

    @classmethod
    def of(cls, attendances: Iterable[Attendance]) -> list[MeetingAction]:
        """The actions of these places, in their order. One query."""
        ids = [one.id for one in attendances]
        return list(cls.select().where(cls.attendance.in_(ids)).order_by(cls.position, cls.id))


class MeetingNote(Model):
    """The private note of whoever leads a meeting: its author's alone."""

    meeting = peewee.ForeignKeyField(Meeting)
    person = peewee.ForeignKeyField(Person)
    text = peewee.TextField(default="")
