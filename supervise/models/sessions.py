"""The practice session: one entry of a coach's diary, who may see and move it, and its moves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import peewee

from supervise import events, signing
from supervise.db import DateField, Model, UTCField, write
from supervise.models import notices
from supervise.models.centres import Centre
from supervise.models.clients import Client
from supervise.models.engagements import Engagement
from supervise.models.enrolments import Enrolment
from supervise.models.people import Actor, Person
from supervise.models.session_access import EDITABLE, SessionAccess
from supervise.workflow import SESSION, WrongState, advance, allow

KINDS = ("coaching", "mentoring")
MODES = ("video", "face to face", "phone", "other")
SUPERVISION_TEXTS = (
    "plan", "own_goal", "done", "tools", "progress", "reflection", "plan_change", "to_raise",
)  # fmt: skip
STANDING = ("submitted", "approved")


class Incomplete(Exception):  # noqa: N818 - it names what is wrong with the session
    """A session that cannot be submitted yet. ``faults`` is field to sentence, as in readiness."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


class PracticeSession(SessionAccess, Model):
    """One session of coaching or mentoring practice. Minutes are whole; moments are UTC."""

    KEPT = ("id", "enrolment_id", "learner_id", "unit", "kind", "mode", "date", "minutes",
            "starts_at", "ends_at", "engagements")  # fmt: skip
    """The part of what is signed that stays provable where a client's consent is withdrawn."""

    centre = peewee.ForeignKeyField(Centre)
    enrolment = peewee.ForeignKeyField(Enrolment, backref="sessions")
    learner = peewee.ForeignKeyField(Person)
    unit = peewee.TextField(null=True)
    kind = peewee.TextField(null=True)
    mode = peewee.TextField(null=True)
    place = peewee.TextField(default="")
    date = DateField(null=True)
    starts_at = UTCField(null=True)
    ends_at = UTCField(null=True)
    minutes = peewee.IntegerField(null=True)
    plan = peewee.TextField(default="")
    own_goal = peewee.TextField(default="")
    done = peewee.TextField(default="")
    tools = peewee.TextField(default="")
    progress = peewee.TextField(default="")
    reflection = peewee.TextField(default="")
    plan_change = peewee.TextField(default="")
    to_raise = peewee.TextField(default="")
    """What the coach wants to raise in supervision."""
    extract = peewee.TextField(default="")
    unparsed = peewee.TextField(default="{}")
    state = peewee.TextField(default="draft")
    version = peewee.IntegerField(default=1)
    draft_key = peewee.TextField(null=True)
    import_key = peewee.TextField(null=True)
    created_at = UTCField()
    changed_at = UTCField()
    submitted_at = UTCField(null=True)
    decided_at = UTCField(null=True)
    erased_at = UTCField(null=True)
    """When a client's withdrawn consent took its texts away; they stay away."""

    # --- its parts -----------------------------------------------------------------------

    @property
    def engagements(self) -> list[Engagement]:
        """The engagements of its clients, by alias."""
        query = (
            Engagement.select(Engagement, Client)
            .join(Client)
            .switch(Engagement)
            .join(SessionEngagement)
            .where(SessionEngagement.session == self)
            .order_by(Client.alias)
        )
        return list(query)

    def set_clients(self, clients: Iterable[Client]) -> None:
        """Link the session to these clients' engagements of its kind (coaching, when none is chosen)."""
        SessionEngagement.delete().where(SessionEngagement.session == self).execute()
        for client in {client.id: client for client in clients}.values():
            engagement = client.engagement(self.kind or "coaching")
            SessionEngagement.create(session=self, engagement=engagement)

    @property
    def private_text(self) -> str:
        """The learner's private notes; views ask ``layers_for`` before they ask this."""
        note = PrivateNote.get_or_none(PrivateNote.session == self)
        return note.text if note else ""

    @property
    def typed(self) -> dict[str, str]:
        """What was typed into a draft and could not be read, kept as it was typed."""
        return dict(json.loads(self.unparsed))

    def signed_content(
        self,
        engagement_ids: Iterable[int] | None = None,
        goals: Iterable[tuple[int, int]] | None = None,
    ) -> dict[str, Any]:
        """What a signature covers: everything a supervisor could read, private notes left out.

        One query each for the engagements and for the goals, as (id, progress), or none where they
        are at hand. Goals, and what is to be raised, are part of it only where there are any.
        """
        from supervise.models.goals import SessionGoal

        if goals is None:
            worked = SessionGoal.select(SessionGoal.goal, SessionGoal.progress)
            goals = worked.where(SessionGoal.session == self).tuples()
        if engagement_ids is None:
            mine = SessionEngagement.session == self
            links = SessionEngagement.select(SessionEngagement.engagement).where(mine)
            engagement_ids = [row[0] for row in links.tuples()]
        names = ("enrolment_id", "learner_id", "unit", "kind", "mode", "place", "date", "minutes")
        content: dict[str, Any] = {name: getattr(self, name) for name in names}
        content |= {name: getattr(self, name) for name in (*SUPERVISION_TEXTS, "extract")}
        content |= {"id": self.id, "starts_at": self.starts_at, "ends_at": self.ends_at}
        worked_on = sorted([goal_id, progress] for goal_id, progress in goals)
        content |= {"goals": worked_on} if worked_on else {}
        return {**content, "engagements": sorted(engagement_ids)}

    # --- moves ---------------------------------------------------------------------------

    def submit(self, *, by: Actor, now: datetime, names: Sequence[str] | None = None) -> None:
        """Hand it to the supervisor. ``names`` as in readiness, where many are handed in at once.

        Raises NotAllowed unless it is the learner's own, Incomplete with what it lacks, and
        WrongState, also where it overlaps what was submitted at the same moment.
        """
        from supervise.models import lapsing, readiness

        allow(self.can_submit(by))
        with write():
            if self.state in EDITABLE:
                lacks = readiness.faults(self, now=now, zone=by.person.zone, names=names)
                if lacks:
                    raise Incomplete(lacks)
                lapsing.lapse_changed(self, by=by, now=now)
            self._overlap_refused("submit", by, now, submitted_at=now)

    def take_back(self, *, by: Actor, now: datetime) -> None:
        """Make it a draft again before anybody decided. Raises NotAllowed for all but the learner."""
        allow(self.can_take_back(by))
        with write():
            self._move("take back", by, now, submitted_at=None)

    def approve(self, *, by: Actor, now: datetime, comment: str = "") -> signing.SignOff:
        """Approve its hours: the move, the sign-off and the event, all or none.

        Raises NotAllowed for anybody but its supervisor, as do ``send_back`` and ``reopen``; and
        WrongState for a reopened one that its learner is changing: that comes back submitted.
        """
        from supervise.models import readiness

        allow(self.can_approve(by))
        with write():
            if self.state == "reopened" and not readiness.unchanged_since_return(self):
                raise WrongState(
                    "The coach is changing this session. It comes to your queue once they submit "
                    "it. Nothing was changed."
                )
            self._overlap_refused("approve", by, now, comment, decided_at=now)
            return self._sign(by, now, "approved", comment)

    def send_back(self, *, by: Actor, now: datetime, comment: str) -> signing.SignOff:
        """Return it with a comment that says what to change. Raises ValueError without one."""
        if not comment.strip():
            raise ValueError("Say what to change, so that the coach can mend it.")
        allow(self.can_return(by))
        with write():
            self._move("return", by, now, comment, decided_at=now)
            return self._sign(by, now, "returned", comment)

    def reopen(self, *, by: Actor, now: datetime, reason: str) -> signing.SignOff:
        """Open an approved session again; its minutes do not count until it is approved again.

        Raises ValueError without a reason.
        """
        if not reason.strip():
            raise ValueError("Give the reason, so that the history explains it later.")
        allow(self.can_reopen(by))
        with write():
            self._move("reopen", by, now, reason, decided_at=now)
            return self._sign(by, now, "reopened", reason)

    def _overlap_refused(
        self, move: str, by: Actor, now: datetime, note: str = "", **changes: Any
    ) -> None:
        """Move; where the database refuses an overlap, say so instead."""
        try:
            with write():
                self._move(move, by, now, note, **changes)
        except peewee.IntegrityError as refused:
            if "session_overlap" not in str(refused):
                raise
            raise WrongState(
                "It overlaps another session of this coach that is submitted or approved. "
                "Change the start or the length of one of them. Nothing was changed."
            ) from refused

    def _move(self, move: str, by: Actor, now: datetime, note: str = "", **changes: Any) -> None:
        before = self.state
        advance(self, SESSION, move, changed_at=now, **changes)
        notices.given_back(self, now)
        events.record(
            centre_id=self.centre_id,
            verb=SESSION.moves[move].done,
            subject="session",
            subject_id=self.id,
            now=now,
            person_id=by.recorded,
            role=self._role_of(by),
            note=note,
            before=before,
            after=self.state,
            version=self.version,
        )

    def _sign(self, by: Actor, now: datetime, decision: str, comment: str) -> signing.SignOff:
        return signing.sign(
            self,
            subject="session",
            person_id=by.person.id,
            role=self._role_of(by),
            decision=decision,
            comment=comment,
            now=now,
        )

    def _role_of(self, by: Actor) -> str:
        who = "learner" if by.is_(self.learner_id) else "supervisor"
        return "command" if by.command else who


class SessionEngagement(Model):
    """One client's engagement in one session; a group session has several."""

    session = peewee.ForeignKeyField(PracticeSession)
    engagement = peewee.ForeignKeyField(Engagement)


class PrivateNote(Model):
    """A learner's private notes on a session: a table apart, which no other query touches."""

    session = peewee.ForeignKeyField(PracticeSession, unique=True)
    text = peewee.TextField(default="")
