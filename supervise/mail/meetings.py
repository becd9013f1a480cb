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
from supervise.models.meetings import MODES

CANCELLED = "The meeting was cancelled meanwhile."
PLACE_GONE = "The place was given up meanwhile."
LATER = "A later mail says how it stands."
ANSWERED = "It was answered meanwhile."


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
    if mail.kind in ("booked", "freed", "moved") and _told_later(mail):
        raise Gone(LATER)
    page = site.page(f"/supervision/{meeting.id}")
    left = mail.kind == "cancelled" and not hosts and meeting.state != "cancelled"
    subject, text = written(
        mail.kind, meeting=meeting, hosts=hosts, zone=mail.person.zone, mode=MODES[meeting.mode],
        who=_who(meeting, place) if hosts else meeting.host.name, page=page, was=_was(mail),
        veiled=site.veiled, one_place=hosts and "place" in mail.details, leaves=leaves,
        asked=meeting.asked_by_id == mail.person_id, left=left, sat=mail.details.get("seat", True),
        stands=not left and meeting.state not in ("cancelled", "declined"),
    )  # fmt: skip
    return Letter(
        mail.person.name, mail.person.email, subject, text, _files(mail, meeting, place, page)
    )


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
    """Whom a host meets: the learner it is about, or all who have a place or are asked."""
    if place is not None:
        return str(place.learner.name)
    asked = Attendance.select(Attendance, Person).join(Person, on=Attendance.learner)
    here = (Attendance.meeting == meeting) & Attendance.state.not_in(("declined", "cancelled"))
    if meeting.state in ("cancelled", "declined"):
        here = Attendance.meeting == meeting
    return ", ".join(one.learner.name for one in asked.where(here).order_by(Person.name))


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
    """Whether a later mail, still to go out, says how the meeting was moved."""
    same = (Mail.person == mail.person_id) & (Mail.meeting == mail.meeting_id)
    waits = Mail.state.in_(("waiting", "sending"))
    later = same & (Mail.kind == "moved") & waits & (Mail.id > mail.id)
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
    method = {"booked": "REQUEST", "moved": "REQUEST", "freed": "REQUEST"}.get(mail.kind, "")
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
