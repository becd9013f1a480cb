"""Meetings as calendar files (RFC 5545, RFC 5546): an invitation to one meeting, a person's calendar.

Every moment is written in UTC, so that no reader needs our rules of a zone. A file holds what a
calendar needs and no more: kind, time, place, and the people with accounts who meet; no client, and
nothing of what is discussed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from icalendar import Calendar, Event, vCalAddress, vText, vUri

from supervise.models.meetings import STANDING, Attendance, Meeting

if TYPE_CHECKING:
    from supervise.models.centres import Centre
    from supervise.models.people import Person

PRODID = "-//Supervise//Supervise//EN"
METHODS = ("REQUEST", "CANCEL")
REFRESH = timedelta(hours=1)
NAMED = 3
"""How many learners a summary names before it counts them."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\"]")


def invitation(meeting: Meeting, person: Person, method: str, *, page: str = "") -> bytes:
    """The file that puts one meeting into a person's calendar (REQUEST) or takes it out (CANCEL).

    A later one of the same meeting replaces it: same UID, higher SEQUENCE. ``page`` is the whole
    address of the meeting here. Raises ValueError for any other method. Two queries at most.
    """
    if method not in METHODS:
        raise ValueError(f"An invitation is one of {METHODS}, not {method!r}.")
    calendar = _empty()
    calendar.add("METHOD", method)
    seated = Attendance.seated(meeting)
    learners = [place.learner for place in seated]
    event = _event(meeting, person, learners, page)
    event["ORGANIZER"] = _address(meeting.host)
    for attendee in learners if person.id == meeting.host_id else [person]:
        event.add("ATTENDEE", _attendee(attendee, certain=attendee in learners), encode=False)
    event["STATUS"] = "CANCELLED" if method == "CANCEL" else "CONFIRMED"
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

    ``cancelled`` on a meeting says that it is off for this person, though it may stand for others.
    """
    whole = _empty()
    name = f"Supervise, {_plain(centre.name)}"
    whole.add("NAME", name)
    whole.add("X-WR-CALNAME", name)
    whole.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    whole.add("X-PUBLISHED-TTL", "PT1H")
    for meeting in meetings:
        event = _event(meeting, person, learners.get(meeting.id, ()), pages.get(meeting.id, ""))
        off = getattr(meeting, "off", False) or meeting.state not in STANDING
        event["STATUS"] = "CANCELLED" if off else "CONFIRMED"
        whole.add_component(event)
    return bytes(whole.to_ical())


def short_name(person: Person) -> str:
    """A name as a calendar says it: ``Amara O.``."""
    first, *rest = _plain(person.name).split() or [""]
    return f"{first} {rest[-1][0]}." if rest else first


def _empty() -> Calendar:
    made = Calendar()
    made.add("PRODID", PRODID)
    made.add("VERSION", "2.0")
    made.add("CALSCALE", "GREGORIAN")
    return made


def _event(meeting: Meeting, person: Person, learners: Sequence[Person], page: str) -> Event:
    event = Event()
    event.add("UID", meeting.uid)
    event.add("SEQUENCE", meeting.sequence)
    event.add("DTSTAMP", meeting.changed_at)
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
