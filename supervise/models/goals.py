"""Goals of an engagement, how far along they are, and what each session did for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from textwrap import shorten
from typing import Any

import peewee

from supervise import events, signing
from supervise.db import DateField, Model, UTCField, is_sqlite, write
from supervise.events import Event
from supervise.models.centres import Centre
from supervise.models.clients import Client
from supervise.models.engagements import Engagement
from supervise.models.people import Actor
from supervise.models.sessions import PracticeSession, SessionEngagement
from supervise.models.vault import Consent
from supervise.rules import moments
from supervise.rules.contracts import goal_lacks
from supervise.rules.goals import ByHand, Step, how_far
from supervise.rules.milestones import in_order
from supervise.rules.naming import names_in
from supervise.workflow import GOAL, WrongState, advance, allow

TEXTS = ("text", "aim", "aim_level", "measure", "owner", "milestones")
"""What people wrote of a goal: the history keeps the names of those that changed, never the words."""
LEVELS = ("organisation", "division", "team")
FURTHEST = 10


class Goal(Model):
    """One SMART goal, tied to an aim of the organisation, division or team. ``progress`` is 0 to 10."""

    centre = peewee.ForeignKeyField(Centre)
    engagement = peewee.ForeignKeyField(Engagement, backref="goals")
    text = peewee.TextField()
    aim = peewee.TextField(default="")
    aim_level = peewee.TextField(default="organisation")
    measure = peewee.TextField(default="")
    owner = peewee.TextField(default="")
    due_on = DateField(null=True)
    milestones = peewee.TextField(default="")
    state = peewee.TextField(default="open")
    progress = peewee.IntegerField(default=0)
    version = peewee.IntegerField(default=1)
    created_at = UTCField()
    changed_at = UTCField()

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """Those of the engagements that the actor sees."""
        engagements = Engagement.visible_to(actor).select(Engagement.id)
        return (
            cls.select(cls, Engagement, Client)
            .join(Engagement)
            .join(Client)
            .where((cls.centre == actor.centre) & cls.engagement.in_(engagements))
        )

    def can_edit(self, actor: Actor) -> bool:
        """The learner whose client it is; supervisors read."""
        return actor.is_(self.engagement.client.learner_id)

    @classmethod
    def set(
        cls, engagement: Engagement, values: Mapping[str, Any], *, by: Actor, now: datetime
    ) -> Goal:
        """Write down a new goal, open and at the beginning unless ``values`` say otherwise.

        Raises Withdrawn, as all that is written here does.
        """
        allow(by.is_(engagement.client.learner_id))
        with write():
            Consent.refuse_withdrawn(engagement.client)
            goal = cls.create(
                centre=engagement.centre_id,
                engagement=engagement,
                created_at=now,
                changed_at=now,
                **{name: value for name, value in values.items() if name != "state"},
            )
            goal.told("set", by, now, due_on=[None, goal.due_on], progress=[0, goal.progress])
        return goal

    def change(
        self, values: Mapping[str, Any], *, version: int, by: Actor, now: datetime, note: str = ""
    ) -> None:
        """Keep what was changed, if this is still the version that was read.

        ``values`` holds fields by name, ``state`` among them. The history tells which texts
        changed, and of state, progress and due date from what to what. Raises WrongState.
        """
        allow(self.can_edit(by))
        changed = {
            name: value
            for name, value in values.items()
            if name != "state" and getattr(self, name) != value
        }
        wanted = values.get("state", self.state)
        if not changed and wanted == self.state:
            return
        told: dict[str, Any] = {name: [getattr(self, name), changed[name]]
                                for name in ("due_on", "progress") if name in changed}  # fmt: skip
        if wanted != self.state:
            told["state"] = [self.state, wanted]
        with write():
            Consent.refuse_withdrawn(self.engagement.client)
            mine = (Goal.id == self.id) & (Goal.version == version)
            step = {"version": Goal.version + 1, "changed_at": now}
            if not Goal.update(**changed, **step).where(mine).execute():
                raise WrongState(
                    "This goal was changed meanwhile. Look again, then decide. Nothing was changed."
                )
            self._take({**changed, "version": version + 1, "changed_at": now})
            if wanted != self.state:
                advance(self, GOAL, GOAL_MOVES[wanted])
            texts = sorted(name for name in changed if name in TEXTS)
            self.told("changed", by, now, note=note, fields=texts, **told)

    def _take(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self._dirty.clear()

    def told(self, verb: str, by: Actor, now: datetime, **detail: Any) -> None:
        """Write a line of its history, after the change: with a keyed hash of what it now says."""
        kept = Goal.get_by_id(self.id)  # by now nobody else changes the row
        events.record(
            centre_id=self.centre_id,
            verb=verb,
            subject="goal",
            subject_id=self.id,
            now=now,
            person_id=by.person.id,
            role="learner",
            written=signing.keyed_sha256(kept.written()),
            **detail,
        )

    def written(self) -> dict[str, Any]:
        """All that is said of it, and how far along it is."""
        return {**self.as_offered(), "state": self.state, "progress": self.progress}

    def names(self, *names: str) -> list[str]:
        """What of these names stands in the goal, as it stands there."""
        return names_in(self.words, names)

    @property
    def words(self) -> str:
        """All that people wrote of it, as one text."""
        return "\n".join(getattr(self, text) for text in TEXTS)

    @property
    def short(self) -> str:
        """The goal in one line, to say which it is."""
        return shorten(self.text, 60, placeholder=" …")

    @property
    def lacks(self) -> str:
        """What it needs before a contract can be offered, in words; a dropped one goes into none."""
        return "" if self.state == "dropped" else goal_lacks(self.as_offered())

    @property
    def milestones_in_order(self) -> list[str]:
        """Its milestones as lines, those with a day by their days."""
        return in_order(self.milestones)

    def as_offered(self) -> dict[str, Any]:
        """The goal as a contract keeps it: plain values, the due date as in ISO 8601."""
        words = {name: getattr(self, name) for name in TEXTS}
        return {"id": self.id, **words, "due_on": self.due_on.isoformat() if self.due_on else ""}


GOAL_MOVES = {"reached": "reach", "dropped": "drop", "open": "reopen"}
"""The state wanted → the move that leads there."""


class SessionGoal(Model):
    """A goal that a session worked on, and how far along it was afterwards, 0 to 10."""

    session = peewee.ForeignKeyField(PracticeSession)
    goal = peewee.ForeignKeyField(Goal)
    progress = peewee.IntegerField()


def goals_of(session: PracticeSession) -> list[Goal]:
    """The goals a session may have worked on: all of its clients' engagements. One query."""
    mine = SessionEngagement.select(SessionEngagement.engagement).where(
        SessionEngagement.session == session
    )
    query = Goal.select(Goal, Engagement, Client).join(Engagement).join(Client)
    return list(query.where(Goal.engagement.in_(mine)).order_by(Client.alias, Goal.id))


def worked_on_in(session: PracticeSession) -> dict[int, int]:
    """By goal id: how far along it was after this session, of those it worked on. One query."""
    rows = SessionGoal.select(SessionGoal.goal, SessionGoal.progress)
    return dict(rows.where(SessionGoal.session == session).tuples())


def worked_on(
    session: PracticeSession, progress: Mapping[int, int], *, by: Actor, now: datetime
) -> None:
    """Keep which goals a session worked on and how far along each was afterwards (0 to 10).

    Replaces what was kept of the session. Each goal follows (``rules.goals``), also one that was
    taken off. Raises NotAllowed while the session is not the actor's to edit, and ValueError for a
    goal of another client or a step that is none.
    """
    allow(session.can_edit(by))
    known = {goal.id: goal for goal in goals_of(session)}
    for goal_id, step in progress.items():
        if goal_id not in known:
            raise ValueError("This goal belongs to no client of this session.")
        if not 0 <= step <= FURTHEST:
            raise ValueError(f"Progress goes from 0 to {FURTHEST}.")
    _keep(session, progress, by=by, now=now)


def take_off(session: PracticeSession, *, by: Actor, now: datetime) -> None:
    """Before a session is thrown away: it worked on no goal any more, and each follows."""
    _keep(session, {}, by=by, now=now)


def _keep(
    session: PracticeSession, progress: Mapping[int, int], *, by: Actor, now: datetime
) -> None:
    """Keep the steps, let the goals follow, then write their history.

    All rows of goals come first, in one order and held, so that of two sessions the second sees what
    the first says; whoever changes a goal by hand holds its row before the history too.
    """
    with write():
        before = worked_on_in(session)
        if not (before or progress):
            return
        goals = _hold(before.keys() | progress.keys())
        SessionGoal.delete().where(SessionGoal.session == session).execute()
        for goal_id, step in progress.items():
            SessionGoal.create(session=session, goal=goal_id, progress=step)
        stand = _stand([goal.id for goal in goals], by)
        for goal in goals:
            if goal.progress != stand[goal.id]:
                Goal.update(
                    progress=stand[goal.id], version=Goal.version + 1, changed_at=now
                ).where(Goal.id == goal.id).execute()
        for goal in goals:
            moved = [goal.progress, stand[goal.id]]
            if goal.id not in progress:
                goal.told("taken off", by, now, session=session.id, progress=moved)
            elif goal.id not in before or moved[0] != moved[1]:
                goal.told("worked on", by, now, session=session.id, progress=moved)


def _hold(goal_ids: Iterable[int]) -> list[Goal]:
    """These goals, held until the transaction ends. One query."""
    query = Goal.select().where(Goal.id.in_(list(goal_ids))).order_by(Goal.id)
    return list(query if is_sqlite() else query.for_update("FOR NO KEY UPDATE"))


def _stand(goal_ids: Sequence[int], by: Actor) -> dict[int, int]:
    """How far along each of these goals is, from its sessions and its history. Two queries."""
    said: dict[int, list[Step]] = {goal_id: [] for goal_id in goal_ids}
    session = PracticeSession
    rows = SessionGoal.select(
        SessionGoal.goal, session.id, session.date, session.starts_at, SessionGoal.progress
    ).join(session)
    for goal_id, *step in rows.where(SessionGoal.goal.in_(goal_ids)).tuples():
        said[goal_id].append(Step(*step))
    hand: dict[int, ByHand] = {}
    told = (Event.subject == "goal") & Event.subject_id.in_(goal_ids)
    for event in Event.select().where(told & Event.verb.in_(["set", "changed"])).order_by(Event.id):
        _, number = event.details.get("progress", (None, None))
        if number or (event.verb == "changed" and number is not None):  # 0 at first says nothing
            day = moments.local(event.at, by.person.zone).date()
            hand[event.subject_id] = ByHand(number, event.at, day)
    return {goal_id: how_far(steps, hand.get(goal_id))[0] for goal_id, steps in said.items()}
