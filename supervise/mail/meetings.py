"""Mail about a meeting: where it stands when the mail is written, with the file for a calendar.

What people wrote (why it was moved, what to talk about) stays on the meeting's page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from supervise import ics
from supervise.mail.letters import File, Gone, Letter, Site, written
from supervise.models import Attendance, Mail, Meeting, Person
from supervise.models.changes import last_change
from supervise.models.details import WORDS as CHANGED
from supervise.models.meetings import MODES
from supervise.rules.company import company

CANCELLED = "The meeting was cancelled meanwhile."
PLACE_GONE = "The place was given up meanwhile."
LATER = "A later mail says how it stands."
ANSWERED = "It was answered meanwhile."
OVERTAKEN = {
    "booked": ("moved",),
    "freed": ("moved",),
    "moved": ("moved",),
    "changed": ("moved", "changed"),
}
"""Kinds that say how a meeting stands → those of which a later one says so too."""


def letter(mail: Mail, site: Site, now: datetime) -> Letter:
    """The mail about a meeting to one of its people. Raises Gone where there is nothing to tell."""
    meeting: Meeting = mail.meeting
    place = _place(mail, meeting)
    hosts = meeting.host_id == mail.person_id
    if mail.kind != "recorded" and meeting.ends_at <= now:
        raise Gone("The meeting is over.")
    leaves = mail.details.get("host_was") == mail.person_id
    if not hosts and not leaves and place is None:
        raise Gone(PLACE_GONE)
    if why := STANDS[mail.kind](meeting, place):
        raise Gone(why)
    if mail.kind in OVERTAKEN and _told_later(mail):
        raise Gone(LATER)
    page = site.page(f"/supervision/{meeting.id}")
    values = _values(mail, meeting, place) | _done_by(mail, meeting, place)
    subject, text = written(mail.kind, page=page, veiled=site.veiled, **values)
    return Letter(
        mail.person.name, mail.person.email, subject, text, _files(mail, meeting, place, page)
    )


def _values(mail: Mail, meeting: Meeting, place: Attendance | None) -> dict[str, Any]:
    """What a template says of the meeting, as its addressee may know it."""
    hosts = meeting.host_id == mail.person_id
    leaves = mail.details.get("host_was") == mail.person_id
    left = mail.kind == "cancelled" and not hosts and meeting.state != "cancelled"
    off = left or leaves or meeting.state in ("cancelled", "declined")
    seated = hosts or (place is not None and place.seat is not None)
    return {
        "meeting": meeting,
        "mode": MODES[meeting.mode],
        "zone": mail.person.zone,
        "who": _who(meeting, place) if hosts else meeting.host.name,
        "with_whom": _company(meeting) if hosts or leaves else meeting.host.name,
        "hosts": hosts,
        "leaves": leaves,
        "left": left,
        "sat": mail.details.get("seat", True),
        "asked": meeting.asked_by_id == mail.person_id,
        "one_place": hosts and "place" in mail.details,
        "stands": not off,
        "inside": meeting.state == "booked" and seated,
        "was": _was(mail),
        "what": [CHANGED[name] for name in mail.details.get("what", ())],
    }


def _place(mail: Mail, meeting: Meeting) -> Attendance | None:
    """The place it is about: the one it names, or its addressee's own."""
    here = Attendance.meeting == meeting
    if "place" in mail.details:
        here &= Attendance.id == mail.details["place"]
        if meeting.host_id != mail.person_id:
            here &= Attendance.learner == mail.person_id
    else:
        here &= Attendance.learner == mail.person_id
    found: Attendance | None = Attendance.get_or_none(here)
    return found


def _who(meeting: Meeting, place: Attendance | None) -> str:
    """Whom a mail to the host is about: the learner of the place it names, or all."""
    return str(place.learner.name) if place is not None else _company(meeting)


def _company(meeting: Meeting) -> str:
    """Whom the host of a meeting meets: all who have a place or are asked."""
    asked = Attendance.select(Person.name, Attendance.state).join(Person, on=Attendance.learner)
    here = asked.where(Attendance.meeting == meeting).order_by(Person.name)
    return ", ".join(company(here.tuples()))


def _done_by(mail: Mail, meeting: Meeting, place: Attendance | None) -> dict[str, Any]:
    """Who moved or cancelled it, by name, and whether that is the addressee or the place's learner."""
    done = None
    if mail.kind in ("moved", "cancelled"):
        whole = mail.kind == "moved" or meeting.state == "cancelled"
        done = last_change(meeting, None if whole else place)
    person_id = done.person_id if done else None
    knows = meeting.host_id == mail.person_id or meeting.places == 1
    return {
        "by": done.said_by(0, knows=knows) if done else "",
        "by_me": person_id is not None and person_id == mail.person_id,
        "by_learner": place is not None and person_id == place.learner_id,
    }


Standing = Callable[[Meeting, Attendance | None], str]


def _requested(meeting: Meeting, _place: Attendance | None) -> str:
    return "" if meeting.state == "requested" else ANSWERED


def _declined(meeting: Meeting, place: Attendance | None) -> str:
    refused = meeting.state == "declined" or (place is not None and place.state == "declined")
    return "" if refused else "It was booked after all."


def _booked(meeting: Meeting, place: Attendance | None) -> str:
    if meeting.state != "booked":
        return CANCELLED
    return "" if place is None or place.state == "booked" else PLACE_GONE


def _cancelled(meeting: Meeting, place: Attendance | None) -> str:
    off = meeting.state == "cancelled" or (place is not None and place.state == "cancelled")
    return "" if off else "It was booked again."


def _invited(meeting: Meeting, place: Attendance | None) -> str:
    if meeting.state == "requested":  # its new host answers first
        return LATER
    if meeting.state != "booked":
        return CANCELLED
    return "" if place is not None and place.state == "invited" else ANSWERED


def _recorded(meeting: Meeting, place: Attendance | None) -> str:
    waits = meeting.state == "recorded" and place is not None and place.state == "came"
    return "" if waits else "The record is signed, or was taken back."


def _moved(meeting: Meeting, place: Attendance | None) -> str:
    if meeting.state not in ("booked", "requested"):
        return CANCELLED
    return (
        ""
        if place is None or place.state not in ("declined", "cancelled", "missed")
        else PLACE_GONE
    )


STANDS: dict[str, Standing] = {
    "changed": _booked,
    "requested": _requested,
    "declined": _declined,
    "booked": _booked,
    "freed": _booked,
    "reminder": _booked,
    "moved": _moved,
    "cancelled": _cancelled,
    "invited": _invited,
    "handed-over": _moved,
    "recorded": _recorded,
}
"""Kind → why it need not be told any more, from the meeting and the place; empty where it must."""


def _told_later(mail: Mail) -> bool:
    """Whether a later mail, still to go out, says how the meeting was moved or changed."""
    same = (Mail.person == mail.person_id) & (Mail.meeting == mail.meeting_id)
    waits = Mail.state.in_(("waiting", "sending"))
    later = same & Mail.kind.in_(OVERTAKEN[mail.kind]) & waits & (Mail.id > mail.id)
    return bool(Mail.select().where(later).exists())


def _was(mail: Mail) -> datetime | None:
    """When it was to be before it was moved, as its addressee knows it; None where they may not.

    They know it unless the mail before this one, which told them of that time, never went out.
    """
    was = mail.details.get("was")
    same = (Mail.person == mail.person_id) & (Mail.meeting == mail.meeting_id)
    before = same & Mail.kind.in_(("booked", "freed", "moved")) & (Mail.id < mail.id)
    last = Mail.select(Mail.state).where(before).order_by(Mail.id.desc()).first()
    if was is None or (last is not None and last.state != "sent"):
        return None
    return datetime.fromisoformat(was)


def _files(mail: Mail, meeting: Meeting, place: Attendance | None, page: str) -> tuple[File, ...]:
    """The invitation, or its end; none where no calendar of theirs holds the meeting."""
    hosts = meeting.host_id == mail.person_id
    method = "REQUEST" if mail.kind in OVERTAKEN else ""
    if mail.kind == "cancelled":  # of a group that meets all the same its host hears who is left
        method = "CANCEL" if meeting.state == "cancelled" or not hosts else "REQUEST"
        if not mail.details.get("seat", True):
            return ()
    if mail.kind == "declined" and hosts and meeting.state == "cancelled":
        method = "CANCEL"  # the invitation put it into the host's calendar
    if mail.kind == "handed-over":
        stays = meeting.state == "booked" and mail.details.get("host_was") != mail.person_id
        method = "REQUEST" if stays else "CANCEL"
    holds = meeting.state == "booked" and (hosts or (place is not None and place.seat is not None))
    if not method or (method == "REQUEST" and not holds):
        return ()
    values: dict[str, Any] = {"page": page} if page else {}
    return (File(ics.invitation(meeting, mail.person, method, **values), method),)
