"""The list of meetings: what is to come, to write up, to sign, and past; and who signed what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee

from supervise.models import Actor, Assignment, Attendance, Meeting, MeetingAction, Person
from supervise.reports.agenda import Sight
from supervise.rules.company import company
from supervise.signing import SignOff

TABS = {
    "": "To come",
    "write": "To write up",
    "sign": "To sign",
    "past": "Past",
    "others": "Of your learners with others",
}
STATE_WORDS = {
    "requested": ("wait", "Asked for"),
    "booked": ("good", "Booked"),
    "declined": ("stop", "Declined"),
    "cancelled": ("stop", "Cancelled"),
    "held": ("warn", "To write up"),
    "missed": ("stop", "Nobody came"),
    "recorded": ("wait", "To sign"),
    "signed": ("good", "Signed"),
}
"""State to its shape and its word."""
GONE = ("cancelled", "declined")


@dataclass(frozen=True)
class Row:
    """One meeting of the list, with those the reader meets there by name, and what it is to them."""

    meeting: Meeting
    names: Sequence[str]
    state: tuple[str, str]
    host: str = ""
    """Whose it is, where it is neither the reader's nor one they have a place in."""


def meetings(actor: Actor, tab: str, learner: int | None = None) -> peewee.ModelSelect:
    """The meetings of one tab, the next or the newest first; ``learner`` narrows it to one's own."""
    query = Meeting.visible_to(actor).select(Meeting, Person).join(Person, on=Meeting.host)
    query = query.where(_of(actor)[tab] & _concerns(actor))
    if learner:
        theirs = Attendance.select(Attendance.meeting).where(Attendance.learner == learner)
        query = query.where(Meeting.id.in_(theirs))
    ahead = tab in ("", "write")
    order = Meeting.starts_at.asc() if ahead else Meeting.starts_at.desc()
    return query.order_by(order, Meeting.id)


def _concerns(actor: Actor) -> Any:
    """Not a group that goes on without those for whom alone the actor could see it."""
    theirs = Attendance.enrolment.in_(Assignment.enrolment_ids(actor)) & Attendance.state.not_in(
        GONE
    )
    tie = (Attendance.learner == actor.person) | theirs
    tied = Meeting.id.in_(Attendance.select(Attendance.meeting).where(tie))
    return (Meeting.host == actor.person) | Meeting.state.in_(GONE) | tied


def _of(actor: Actor) -> dict[str, Any]:
    """The condition of each tab. What a learner gave up, was not given or has signed is past to them."""
    mine = Attendance.select(Attendance.meeting).where(
        (Attendance.learner == actor.person) & Attendance.state.in_(GONE)
    )
    done = Attendance.select(Attendance.meeting).where(
        (Attendance.learner == actor.person) & Attendance.state.in_(("signed", "missed"))
    )
    left, now, own = Meeting.id.in_(mine), actor.now, _own(actor)
    signs = (Meeting.state == "recorded") & Meeting.id.not_in(done)
    ahead = Meeting.state.in_(("requested", "booked")) & (Meeting.ends_at > now)
    write = (Meeting.state == "held") | ((Meeting.state == "booked") & (Meeting.ends_at <= now))
    over = (Meeting.state == "requested") & (Meeting.ends_at <= now)
    closed = Meeting.state.in_(("signed", "missed", *GONE))
    return {
        "": own & ahead & ~left,
        "write": own & write & ~left,
        "sign": own & signs & ~left,
        "past": own & (closed | over | left | ((Meeting.state == "recorded") & ~signs)),
        "others": ~own,
    }


def _own(actor: Actor) -> Any:
    """The meetings that the actor hosts or has a place in, and those they lead for want of a host."""
    attended = Attendance.select(Attendance.meeting).where(Attendance.learner == actor.person)
    theirs = Attendance.enrolment.in_(Assignment.enrolment_ids(actor, "supervisor"))
    led = Attendance.select(Attendance.meeting).where(theirs)
    closed = Person.alias()
    gone = closed.select(closed.id).where(closed.disabled_at.is_null(False))
    stranded = Meeting.host.in_(gone) & Meeting.id.in_(led)
    return (Meeting.host == actor.person) | Meeting.id.in_(attended) | stranded


def counts(actor: Actor, learner: int | None = None) -> dict[str, int]:
    """How many meetings each tab holds. One query."""
    query = Meeting.visible_to(actor).where(_concerns(actor))
    if learner:
        theirs = Attendance.select(Attendance.meeting).where(Attendance.learner == learner)
        query = query.where(Meeting.id.in_(theirs))
    sums = [
        peewee.fn.SUM(peewee.Case(None, [(condition, 1)], 0)) for condition in _of(actor).values()
    ]
    [found] = query.select(*sums).tuples()
    return {tab: int(number or 0) for tab, number in zip(TABS, found, strict=True)}


def rows(found: Sequence[Meeting], actor: Actor) -> list[Row]:
    """These meetings as rows: hosts with their learners, learners with their host; those of others
    with both. One query."""
    ids = [meeting.id for meeting in found]
    query = (
        Attendance.select(
            Attendance.meeting,
            Attendance.learner,
            Attendance.state,
            Person.name,
            Attendance.enrolment.in_(Assignment.enrolment_ids(actor)),
        )
        .join(Person, on=Attendance.learner)
        .where(Attendance.meeting.in_(ids))
        .order_by(Person.name)
    )
    hosted = {meeting.id for meeting in found if actor.is_(meeting.host_id)}
    places: dict[int, list[tuple[int, str, str]]] = {}
    for meeting_id, learner_id, state, name, assigned in query.tuples():
        if meeting_id in hosted or assigned or actor.is_(learner_id):
            places.setdefault(meeting_id, []).append((learner_id, state, name))
    return [_row(meeting, places.get(meeting.id, []), actor) for meeting in found]


def _row(meeting: Meeting, places: Sequence[tuple[int, str, str]], actor: Actor) -> Row:
    own = next((state for learner_id, state, _ in places if actor.is_(learner_id)), None)
    state = word_of(meeting, own, actor.now)
    if own is not None:
        return Row(meeting, [meeting.host.name], state)
    names = company((name, there) for _, there, name in places)
    return Row(meeting, names, state, "" if actor.is_(meeting.host_id) else meeting.host.name)


def word_of(meeting: Meeting, own: str | None, now: datetime) -> tuple[str, str]:
    """How a meeting stands for a reader whose place is in the state ``own``: shape and word."""
    if own in GONE:
        return STATE_WORDS[str(own)]
    if own == "invited":
        return "wait", "Invited"
    if own == "waiting":
        return "wait", "On the waiting list"
    if own == "signed" and meeting.state == "recorded":
        return "good", "You signed"
    if own == "missed":
        return "stop", "You did not come"
    over = meeting.state == "booked" and meeting.ends_at <= now
    return STATE_WORDS["held" if over else meeting.state]


def learners(actor: Actor) -> list[tuple[int, str]]:
    """Those to narrow the list to, by name: all with a place in a meeting the actor sees. One query."""
    seen = Meeting.visible_to(actor).select(Meeting.id)
    query = (
        Person.select(Person.id, Person.name)
        .join(Attendance, on=(Attendance.learner == Person.id))
        .where(Attendance.meeting.in_(seen) & (Person.id != actor.person))
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return list(query.tuples())


def whom(seen: Sight, actor: Actor) -> list[tuple[str, list[str]]]:
    """With whom the reader meets; where the meeting is somebody else's, its host and its learners."""
    if any(actor.is_(place.learner_id) for place in seen.places):
        return [("With", [seen.meeting.host.name])]
    names = company((place.learner.name, place.state) for place in seen.places)
    if actor.is_(seen.meeting.host_id):
        return [("With", names)]
    return [
        ("Host", [seen.meeting.host.name]),
        ("Learner" if len(names) == 1 else "Learners", names),
    ]


# --- one record --------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    """Who signed a record, in which role, when (UTC), and the beginning of the hash."""

    name: str
    role: str
    at: datetime
    hash: str


def signatures(meeting: Meeting, places: Sequence[Attendance]) -> list[Signature]:
    """The signatures under the record that stands, as far as the reader reads its places. One query."""
    whole = (SignOff.subject == "meeting") & (SignOff.subject_id == meeting.id)
    ids = [place.id for place in places if place.state == "signed"]
    theirs = (SignOff.subject == "attendance") & SignOff.subject_id.in_(ids)
    query = (
        SignOff.select(SignOff, Person.name.alias("name"))
        .join(Person, on=(Person.id == SignOff.person_id))
        .where((whole & (SignOff.at == meeting.recorded_at)) | theirs)
        .order_by(SignOff.seq)
    )
    return [
        Signature(one.name, one.role, one.at, one.content_sha256[:12]) for one in query.objects()
    ]


def actions_of(places: Sequence[Attendance]) -> dict[int, list[MeetingAction]]:
    """The actions agreed with each of these places, by its id. One query."""
    found: dict[int, list[MeetingAction]] = {place.id: [] for place in places}
    for action in MeetingAction.of(places):
        found[action.attendance_id].append(action)
    return found
