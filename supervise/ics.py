"""Meetings as calendar files (RFC 5545, RFC 5546): an invitation to one meeting, a person's calendar.

Every moment is written in UTC, so that no reader needs our rules of a zone. A file holds what a
calendar needs and no more: kind, time, place, and the people with accounts who meet; no client, and
nothing of what is discussed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import Calendar, Event, vCalAddress, vText, vUri

from supervise.models.meetings import SEATED, STANDING, Attendance, Meeting
from supervise.models.people import Person

if TYPE_CHECKING:
    from supervise.models.centres import Centre

PRODID = "-//Supervise//Supervise//EN"
METHODS = ("REQUEST", "CANCEL")
REFRESH = timedelta(hours=1)
NAMED = 3
"""How many learners a summary names before it counts them."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\"]")


def invitation(meeting: Meeting, person: Person, method: str, *, page: str = "") -> bytes:
    """The file that puts one meeting into a person's calendar (REQUEST) or takes it out (CANCEL).

    A later one of the same meeting replaces it: same UID, higher SEQUENCE where the meeting was
    moved, later DTSTAMP where only somebody's place changed. ``page`` is the whole address of the
    meeting here. Raises ValueError for any other method. Two queries at most.
    """
    if method not in METHODS:
        raise ValueError(f"An invitation is one of {METHODS}, not {method!r}.")
    calendar = _empty()
    calendar.add("METHOD", method)
    places = _places(meeting)
    mine = places if person.id == meeting.host_id else [p for p in places if p.learner == person]
    off = meeting.state not in STANDING
    learners = [place.learner for place in places if has_part(place.state, off=off)]
    stamp = max([meeting.changed_at, *(place.changed_at for place in mine)])
    event = _event(meeting, person, learners, page, stamp)
    event["ORGANIZER"] = _address(meeting.host)
    for attendee in learners if person.id == meeting.host_id else [person]:
        event.add("ATTENDEE", _attendee(attendee, certain=attendee in learners), encode=False)
    _stand(event, off=method == "CANCEL")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def calendar(
    person: Person,
    centre: Centre,
    meetings: Iterable[Meeting],
    learners: Mapping[int, Sequence[Person]],
    *,
    pages: Mapping[int, str],
) -> bytes:
    """A person's calendar in one centre; ``learners`` and ``pages`` are by meeting. No query.

    ``off`` on a meeting says that it is cancelled for this person, though it may stand for others;
    ``seat_at`` when their own place last changed.
    """
    whole = _empty()
    name = f"Supervise, {_plain(centre.name)}"
    whole.add("NAME", name)
    whole.add("X-WR-CALNAME", name)
    whole.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    whole.add("X-PUBLISHED-TTL", "PT1H")
    for meeting in meetings:
        stamp = max(meeting.changed_at, getattr(meeting, "seat_at", None) or meeting.changed_at)
        named = learners.get(meeting.id, ())
        event = _event(meeting, person, named, pages.get(meeting.id, ""), stamp)
        off = getattr(meeting, "off", False) or meeting.state not in STANDING
        _stand(event, off=off)
        whole.add_component(event)
    return bytes(whole.to_ical())


def short_name(person: Person) -> str:
    """A name as a calendar says it: ``Amara O.``."""
    first, *rest = _plain(person.name).split() or [""]
    return f"{first} {rest[-1][0]}." if rest else first


def has_part(place: str, *, off: bool) -> bool:
    """Whether somebody with a place in this state belongs to the meeting; of one that is ``off``
    they are still named, so that its host knows which it was."""
    return place in SEATED or (off and place == "cancelled")


def _places(meeting: Meeting) -> list[Attendance]:
    query = Attendance.select(Attendance, Person).join(Person, on=Attendance.learner)
    return list(query.where(Attendance.meeting == meeting).order_by(Person.name, Attendance.id))


def _empty() -> Calendar:
    made = Calendar()
    made.add("PRODID", PRODID)
    made.add("VERSION", "2.0")
    made.add("CALSCALE", "GREGORIAN")
    return made


def _event(
    meeting: Meeting, person: Person, learners: Sequence[Person], page: str, stamp: datetime
) -> Event:
    event = Event()
    event.add("UID", meeting.uid)
    event.add("SEQUENCE", meeting.sequence)
    event.add("DTSTAMP", stamp)
    event.add("DTSTART", meeting.starts_at)
    event.add("DTEND", meeting.ends_at)
    event.add("SUMMARY", _summary(meeting, person, learners))
    event.add("CLASS", "PRIVATE")
    where = [_plain(text) for text in (meeting.place, meeting.address) if _plain(text)]
    if where:
        event.add("LOCATION", ", ".join(where))
    if re.match(r"https?://\S+$", meeting.address):
        event["URL"] = vUri(meeting.address)
    if page:
        event.add("DESCRIPTION", f"Agenda, changes and the record:\n{page}")
    return event


def _stand(event: Event, *, off: bool) -> None:
    """Whether it stands; of one that is off nobody needs to know where it was."""
    event["STATUS"] = "CANCELLED" if off else "CONFIRMED"
    for name in ("LOCATION", "URL") if off else ():
        event.pop(name, None)


def _summary(meeting: Meeting, person: Person, learners: Sequence[Person]) -> str:
    """What the reader meets whom for: ``One to one with Amara O.``."""
    if person.id != meeting.host_id:
        return f"{meeting.word} with {short_name(meeting.host)}"
    if not learners:
        return meeting.word
    names = [short_name(one) for one in learners]
    if len(names) > NAMED:
        return f"{meeting.word} with {len(names)} learners"
    *most, last = names
    return (
        f"{meeting.word} with {', '.join(most)} and {last}"
        if most
        else f"{meeting.word} with {last}"
    )


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{_plain(person.email)}")
    address.params["CN"] = vText(_plain(person.name))
    return address


def _attendee(person: Person, *, certain: bool) -> vCalAddress:
    """Nobody answers a calendar's question: yes and no are said here, so none is asked (RSVP)."""
    address = _address(person)
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = "ACCEPTED" if certain else "NEEDS-ACTION"
    address.params["RSVP"] = "FALSE"
    return address


def _plain(text: str) -> str:
    """Text on one line without control characters or quotation marks, which a parameter may not hold."""
    return " ".join(_UNSAFE.sub(" ", text).split())
