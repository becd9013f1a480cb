"""The reader's own meetings for Today: what comes, what to write up, to sign and to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from supervise.models import Actor, Attendance, Meeting, Person

AHEAD = timedelta(days=14)


@dataclass
class Mine:
    """One meeting as its reader sees it: led by them or not, with whom, and their own place in it."""

    meeting: Meeting
    hosted: bool
    learners: list[Person] = field(default_factory=list)
    places: list[Attendance] = field(default_factory=list)
    """Those of the learners, in their order."""
    place: Attendance | None = None

    @property
    def words(self) -> str:
        """``One to one with Priya Nair``."""
        if not self.hosted:
            return f"{self.meeting.word} with {self.meeting.host.name}"
        if len(self.learners) == 1:
            return f"{self.meeting.word} with {self.learners[0].name}"
        return f"{self.meeting.word} with {len(self.learners)} learners"

    def stands(self, state: str, place: str | None = None) -> bool:
        """Whether the meeting is in a state, and the reader's own place, if asked for, in another."""
        mine = place is None or (self.place is not None and self.place.state == place)
        return self.meeting.state == state and mine


@dataclass(frozen=True)
class Coming:
    """What stands in the reader's calendar for two weeks, and what waits for them; by time."""

    upcoming: Sequence[Mine]
    waits: Sequence[tuple[str, Mine, datetime]]
    """What to do, with which meeting, and since when."""
    owed: Sequence[tuple[str, Mine, Person, datetime]] = ()
    """What a learner has still to do, with which meeting of the reader's, who, and since when."""


def coming(actor: Actor) -> Coming:
    """The reader's meetings in this centre, as host and as learner. One query."""
    now, meeting, place = actor.now, Meeting, Attendance
    host, learner = Person.alias(), Person.alias()
    invited = (meeting.state == "booked") & (place.state == "invited") & (meeting.starts_at > now)
    near = (meeting.state == "booked") & (meeting.starts_at < now + AHEAD)
    leads = (meeting.host == actor.person) & (
        (near & place.state.in_(("booked", "invited")))
        | ((meeting.state == "held") & place.state.in_(("booked", "came", "missed")))
        | ((meeting.state == "requested") & place.state.in_(("asked", "invited")))
        | ((meeting.state == "recorded") & (place.state == "came"))
        | invited
    )
    attends = (place.learner == actor.person) & (
        (near & (place.state == "booked") & (meeting.ends_at > now))
        | invited
        | ((meeting.state == "recorded") & (place.state == "came"))
    )
    rows = (
        place.select(place, meeting, host, learner)
        .join(meeting)
        .join(host, on=(meeting.host == host.id), attr="host")
        .switch(place)
        .join(learner, on=(place.learner == learner.id), attr="learner")
        .where((meeting.centre == actor.centre) & (leads | attends))
        .order_by(meeting.starts_at, meeting.id, learner.name)
    )
    found: dict[int, Mine] = {}
    for row in rows:
        one = found.setdefault(row.meeting_id, Mine(row.meeting, actor.is_(row.meeting.host_id)))
        one.learners.append(row.learner)
        one.places.append(row)
        if actor.is_(row.learner_id):
            one.place = row
    every = list(found.values())
    upcoming = [one for one in every if _comes(one, now)]
    waits = [wait for one in every for wait in _waits(one, now)]
    owed = [owes for one in every for owes in _owed(one, now)]
    return Coming(upcoming, waits, sorted(owed, key=lambda owes: owes[-1]))


def _comes(one: Mine, now: datetime) -> bool:
    seated = one.hosted or one.stands("booked", "booked")
    soon = now < one.meeting.ends_at and one.meeting.starts_at < now + AHEAD
    return one.meeting.state == "booked" and soon and seated


def _waits(one: Mine, now: datetime) -> list[tuple[str, Mine, datetime]]:
    meeting = one.meeting
    if one.hosted and one.stands("requested"):
        return [("Answer", one, meeting.created_at)]
    if one.hosted and one.stands("booked") and meeting.ends_at <= now:
        return [("Say who came", one, meeting.ends_at)]
    if one.hosted and one.stands("held"):
        return [("Write up", one, meeting.ends_at)]
    if one.place is not None and one.stands("booked", "invited"):
        return [("Answer", one, one.place.changed_at)]
    if one.stands("recorded", "came"):
        return [("Read and sign", one, meeting.recorded_at)]
    return []


def _owed(one: Mine, now: datetime) -> list[tuple[str, Mine, Person, datetime]]:
    """What learners have still to do with a meeting that the reader hosts."""
    if not one.hosted:
        return []
    signs = one.meeting.recorded_at if one.stands("recorded") else None
    return [
        ("sign the record of", one, place.learner, signs)
        if signs
        else ("answer for", one, place.learner, place.changed_at)
        for place in one.places
        if (signs and place.state == "came")
        or (place.state == "invited" and one.stands("booked") and one.meeting.starts_at > now)
    ]
