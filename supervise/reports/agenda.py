"""The agenda of a meeting, which writes itself: what happened with each learner since the last one.

Sessions are of the time from the start of the last meeting to the start of this one. Feedback is
what has a name: what was given without one has no date either (``reports.feedback``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

import peewee

from supervise.models import (
    Actor,
    Assignment,
    Attendance,
    Client,
    Contract,
    Engagement,
    Meeting,
    MeetingAction,
    Person,
    PracticeSession,
)
from supervise.models.meetings import SUPERVISION
from supervise.models.said import disputed
from supervise.reports.feedback import Told, named_on
from supervise.rules.moments import local

HELD = ("held", "recorded", "signed")
SHOWN_TO_OTHERS = ("submitted", "approved")
"""The states of a session whose words its learner is not changing."""

SHORT = 3
"""How many lines beside its sessions an agenda has that need not be folded."""


@dataclass(frozen=True)
class Agenda:
    """What stands to be talked about with one learner; ``since`` is the start of the last meeting."""

    place: Attendance
    since: datetime | None
    sessions: Sequence[PracticeSession]
    returned: Sequence[PracticeSession]
    disputed: Sequence[PracticeSession]
    feedback: Sequence[Told]
    actions: Sequence[MeetingAction]
    contracts: Sequence[Contract]
    layer: bool
    """Whether the reader reads what the learner wrote for supervision."""

    @property
    def minutes(self) -> dict[str, int]:
        """The minutes of these sessions by unit, by its code; those without one last."""
        found: defaultdict[str, int] = defaultdict(int)
        for session in self.sessions:
            found[session.unit or "~"] += session.minutes or 0
        return {"no unit" if code == "~" else code: found[code] for code in sorted(found)}

    @property
    def raised(self) -> list[PracticeSession]:
        """The sessions of which the coach wants to raise something."""
        mine = [one for one in self.sessions if one.state in SHOWN_TO_OTHERS and one.to_raise]
        return mine if self.layer else []

    @property
    def long(self) -> bool:
        """Whether it is folded on a phone, where the record is written below it."""
        lists = (self.raised, self.feedback, self.actions, self.contracts)
        return sum(len(one) for one in lists) > SHORT

    @property
    def numbers(self) -> dict[str, Any]:
        """The numbers of its records, as the meeting keeps them when it is signed."""
        return {
            "since": self.since.isoformat() if self.since else None,
            "minutes": self.minutes,
            "sessions": [one.id for one in self.sessions],
            "raised": [one.id for one in self.raised],
            "returned": [one.id for one in self.returned],
            "disputed": [one.id for one in self.disputed],
            "feedback": [one.handle for one in self.feedback],
            "actions": [one.id for one in self.actions],
            "contracts": [one.id for one in self.contracts],
        }


@dataclass(frozen=True)
class Sight:
    """A meeting as one person sees it: the places they read, and whether they lead it."""

    meeting: Meeting
    places: Sequence[Attendance]
    """Each with its learner, ``since_at``, and how the reader is ``assigned`` and ``supervises``."""
    leads: bool
    seated: Sequence[Attendance]
    """All who have a seat, for whoever leads; else those of ``places``."""

    @property
    def signs(self) -> bool:
        """Whether the reader leads it and reads every part of its record."""
        read = {one.id for one in self.places}
        return self.leads and all(one.id in read for one in self.seated if one.came)


def sight(meeting: Meeting, actor: Actor) -> Sight:
    """What the actor sees of a meeting, and when each learner met last. One query.

    The host reads all places, a learner their own, and others those of learners assigned to them
    today, also where they lead in the host's place.
    """
    supervised = Attendance.enrolment.in_(Assignment.enrolment_ids(actor, "supervisor"))
    assigned = Attendance.enrolment.in_(Assignment.enrolment_ids(actor))
    query = (
        Attendance.select(
            Attendance, Person, supervised.alias("supervises"), assigned.alias("assigned"),
            meeting.looked_after_by(actor), _last(meeting).alias("since_at"),
        )
        .join(Person, on=Attendance.learner)
        .where(Attendance.meeting == meeting)
        .order_by(Person.name, Attendance.id)
    )  # fmt: skip
    every: list[Any] = list(query)
    for place in every:
        place.since_at = Attendance.created_at.python_value(place.since_at)
    leads = meeting.led_by(actor, every)
    hosts = actor.is_(meeting.host_id)
    mine = [one for one in every if hosts or one.assigned or actor.is_(one.learner_id)]
    return Sight(meeting, mine, leads, [one for one in (every if leads else mine) if one.seat])


def _last(meeting: Meeting) -> Any:
    """When the learner of a place had the last meeting of this sort before this one began."""
    other, before = Attendance.alias(), Meeting.alias()
    guided = before.format.not_in(SUPERVISION)
    sort = before.format.in_(SUPERVISION) if meeting.format in SUPERVISION else guided
    return (
        other.select(peewee.fn.MAX(before.starts_at))
        .join(before, on=(other.meeting == before.id))
        .where(
            (other.enrolment == Attendance.enrolment)
            & other.state.in_(("came", "signed"))
            & before.state.in_(HELD)
            & sort
            & (before.starts_at < meeting.starts_at)
        )
    )


def agendas(seen: Sight, actor: Actor) -> list[Agenda]:
    """The agenda of each place whose learner is the actor, or assigned to them today; of none that
    was given up.

    Four queries, however many places and sessions.
    """
    meeting = seen.meeting
    mine = [one for one in seen.places if one.assigned or actor.is_(one.learner_id)]
    places: list[Any] = [one for one in mine if one.state not in ("cancelled", "declined")]
    if not places:
        return []
    sessions = _sessions(places, meeting, actor)
    feedback = named_on(actor, [place.learner_id for place in places])
    actions, contracts = _actions(places, meeting), _contracts(places, meeting)
    found = []
    for place in places:
        theirs, since, until = sessions[place.enrolment_id], place.since_at, meeting.starts_at
        layer = bool(place.supervises) or actor.is_(place.learner_id)
        told = feedback.get(place.learner_id, ())
        found.append(
            Agenda(
                place,
                since,
                [one for one in theirs if _within(one, since, until, actor)],
                [one for one in theirs if one.state in ("returned", "reopened")],
                [one for one in theirs if one.is_disputed],
                [one for one in told if _between(one.given_at, since, until)],
                _news(actions[place.learner_id], since, until, actor),
                contracts[place.learner_id] if layer else [],
                layer,
            )
        )
    return found


def _sessions(places: Sequence[Any], meeting: Meeting, actor: Actor) -> defaultdict[int, list[Any]]:
    """The sessions handed in that may stand on an agenda, by enrolment, oldest first. One query."""
    said_no, one = disputed(), PracticeSession
    until = local(meeting.starts_at, actor.centre.zone).date()
    which = []
    for place in places:
        period = one.date <= until
        if place.since_at:
            period &= one.date >= local(place.since_at, actor.centre.zone).date()
        open_ = one.state.in_(("returned", "reopened")) | said_no
        which.append((one.enrolment == place.enrolment_id) & (period | open_))
    rows = one.select(one, said_no.alias("is_disputed")).where(
        (one.state != "draft") & reduce(or_, which)
    )
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for session in rows.order_by(one.date, one.starts_at, one.id):
        found[session.enrolment_id].append(session)
    return found


def _within(
    session: PracticeSession, since: datetime | None, until: datetime, actor: Actor
) -> bool:
    """Whether a session lies between two meetings; one without a time on a day after the last."""
    if session.starts_at:
        return (not since or session.starts_at >= since) and session.starts_at < until
    zone = actor.centre.zone
    first: date | None = local(since, zone).date() if since else None
    day = session.date
    return bool(day and (not first or day > first) and day <= local(until, zone).date())


def _between(moment: datetime | None, since: datetime | None, until: datetime) -> bool:
    return moment is not None and (not since or moment >= since) and moment < until


def _actions(places: Sequence[Any], meeting: Meeting) -> defaultdict[int, list[MeetingAction]]:
    """What was agreed with these learners in meetings before this one, by due date. One query."""
    query = (
        MeetingAction.select(MeetingAction, Attendance, Meeting)
        .join(Attendance)
        .join(Meeting)
        .where(
            Attendance.learner.in_([place.learner_id for place in places])
            & (Meeting.centre == meeting.centre_id)
            & Meeting.state.in_(("recorded", "signed"))
            & (Meeting.starts_at < meeting.starts_at)
        )
        .order_by(MeetingAction.due_on, MeetingAction.id)
    )
    found: defaultdict[int, list[MeetingAction]] = defaultdict(list)
    for action in query:
        found[action.attendance.learner_id].append(action)
    return found


def _news(
    actions: Iterable[MeetingAction], since: datetime | None, until: datetime, actor: Actor
) -> list[MeetingAction]:
    """Those still open, and those done after the day of the last meeting; without one, since the day
    of this: what was done then has been talked about."""
    zone = actor.centre.zone
    last = local(since, zone).date() if since else local(until, zone).date() - timedelta(days=1)
    return [one for one in actions if one.done_on is None or one.done_on > last]


def _contracts(places: Sequence[Any], meeting: Meeting) -> defaultdict[int, list[Contract]]:
    """The contracts of these learners that wait for a client or sponsor. One query."""
    query = (
        Contract.select(Contract, Engagement, Client)
        .join(Engagement)
        .join(Client)
        .where(
            Client.learner.in_([place.learner_id for place in places])
            & (Contract.centre == meeting.centre_id)
            & (Contract.state == "offered")
        )
        .order_by(Client.alias, Contract.id)
    )
    found: defaultdict[int, list[Contract]] = defaultdict(list)
    for contract in query:
        found[contract.engagement.client.learner_id].append(contract)
    return found
