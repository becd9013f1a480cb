"""One plain sentence on the page that follows an action: what happened, and who is told."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash

from supervise import auth
from supervise.forms.booking_acts import BookingForms
from supervise.models import Meeting
from supervise.models.seats import OPEN, places_of

NAMED = 3
"""How many people a sentence names before it counts them."""


def hearers(meeting: Meeting, states: Sequence[str] = OPEN) -> list[str]:
    """Whom a change of a meeting is told to beside whoever makes it, by name; asked before it is made.

    A learner's change is told to the host, the host's to learners whose place is in these ``states``.
    One query at most; nobody once it is over, since no mail goes out then.
    """
    actor = auth.actor()
    if meeting.ends_at <= auth.now():
        return []
    if not actor.is_(meeting.host_id):
        return [meeting.host.name]
    return [place.learner.name for place in places_of(meeting) if place.state in states]


def say(sentence: str, told: Sequence[str] = ()) -> None:
    """Say it on the next page, with who is told by e-mail."""
    flash(f"{sentence} {by_mail(told)}".strip(), "message")


def by_mail(names: Sequence[str]) -> str:
    """Who is told, in a sentence; nothing where nobody is."""
    if not names:
        return ""
    if len(names) > NAMED:
        return f"All {len(names)} who have a part in it are told by e-mail."
    *most, last = names
    if most:
        return f"{', '.join(most)} and {last} are told by e-mail."
    return f"{last} is told by e-mail."


def ended(meeting: Meeting, booking: BookingForms, *, later: bool) -> str:
    """What cancelling, or giving up a place, comes to for whoever presses it; asked before it is done."""
    done = "Cancelled."
    if booking.waiting:
        done = "You are off the waiting list."
    elif meeting.state == "requested":
        done = "The request is taken back."
    elif not booking.is_host and meeting.places > 1:
        done = "Your place is given up."
    return f"{done} {booking.later} later too." if later and booking.later else done
