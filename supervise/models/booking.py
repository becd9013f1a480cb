"""How a meeting comes to be booked: by a learner from an open slot, or by its host at any time.

How one is asked for, and how requests and invitations are answered, stands in ``asking``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

from supervise.db import write
from supervise.models.availability import Availability, AvailabilityPerson, Away, ties
from supervise.models.busy import JUST_TAKEN, Busy, Taken, hold_people, refuse_taken
from supervise.models.centres import Refused
from supervise.models.enrolments import Enrolment
from supervise.models.meetings import FORMATS, MODES, Attendance, Meeting
from supervise.models.people import Actor
from supervise.models.seats import new_place, refuse_unassigned, renew, sit, tell
from supervise.models.waiting_list import let_first
from supervise.rules.publishing import FEWEST, IN_GROUPS, TOO_FEW
from supervise.rules.slots import offers, too_late_or_early
from supervise.workflow import allow

GONE = "This time was withdrawn. Choose another one. Nothing was booked."
PAST = "This time has passed. Choose a later one."
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Plan:
    """A meeting as its host arranges it, or as a learner asks for it. Moments are UTC."""

    format: str
    starts_at: datetime
    minutes: int
    places: int = 1
    mode: str = "video"
    place: str = ""
    address: str = ""
    note: str = ""

    @property
    def ends_at(self) -> datetime:
        """When it is to end."""
        return self.starts_at + self.minutes * MINUTE


# --- a learner, from an open slot ----------------------------------------------------------


def book(
    availability: Availability,
    starts_at: datetime,
    *,
    enrolment: Enrolment,
    by: Actor,
    now: datetime,
    note: str = "",
    series: str = "",
    seen: int | None = None,
) -> Attendance:
    """Book a slot for oneself: begin the meeting, or join the group that others began.

    Whoever waits for a place in that group has it first. ``seen`` is the version of the slot that
    the learner read.
    Raises Taken or Full where somebody was faster, and Refused where the slot is not, or no longer,
    open to this learner. Nothing is changed then.
    """
    allow(by.is_(enrolment.learner_id) and by.centre.id == enrolment.centre_id)
    allow(availability.centre_id == enrolment.centre_id)
    if not series:  # of a series all are let first before anybody is held
        let_first(begun(availability, starts_at), now=now)
    with write():
        hold_people([availability.person_id, enrolment.learner_id])
        slot = Availability.get_by_id(availability.id)
        refuse_unless_open(slot, starts_at, enrolment, now)
        meeting = begun(slot, starts_at)
        refuse_unseen(slot, meeting or slot, seen)
        if meeting is not None:
            if meeting.format != slot.format:  # it began before the slot was changed
                refuse_unassigned(slot.person, enrolment, meeting.format, starts_at)
            return _join(meeting, enrolment, by, now, series)
        refuse_too_close(slot, starts_at)
        meeting = create(
            Plan(
                slot.format, starts_at, slot.minutes, slot.places, slot.mode, slot.place,
                slot.address, note if slot.places == 1 else "",
            ),
            host_id=slot.person_id, state="booked", by=by, now=now, availability=slot,
            series=series,
        )  # fmt: skip
        place = new_place(meeting, enrolment, "booked", now, series)
        meeting.told("booked", now, by=by, place=place.id)
        tell(meeting, "booked", [meeting.host_id, place.learner_id], now)
        return place


def begun(slot: Availability, starts_at: datetime) -> Meeting | None:
    """The group that stands in this slot already. One query."""
    if slot.places == 1:
        return None
    same = (Meeting.availability == slot) & (Meeting.starts_at == starts_at)
    found: Meeting | None = Meeting.select().where(same & (Meeting.state == "booked")).first()
    return found


def refuse_unless_open(
    slot: Availability, starts_at: datetime, enrolment: Enrolment, now: datetime
) -> None:
    """Raises Refused unless the slot is open to this learner then, whoever has taken it since."""
    if slot.withdrawn_at is not None:
        raise Refused(GONE)
    if not offers(slot.pattern, starts_at):
        raise Refused(f"{slot.person.name} is not offering this time. Choose another one.")
    refuse_unnamed(slot, enrolment)
    if fault := too_late_or_early(slot.pattern, starts_at, now):
        raise Refused(f"{fault} Nothing was booked.")
    refuse_unassigned(slot.person, enrolment, slot.format, starts_at)
    if Away.covers(slot.person_id, starts_at, starts_at + slot.minutes * MINUTE):
        raise Refused(f"{slot.person.name} is away then. Choose another time. Nothing was booked.")


def refuse_unseen(slot: Availability, now_it_is: Availability | Meeting, seen: int | None) -> None:
    """Raises Refused, with what it is now, where the slot was changed since the learner read it."""
    if seen is None or seen == slot.version:
        return
    what = f"{FORMATS[now_it_is.format]}, {now_it_is.minutes} minutes, {MODES[now_it_is.mode]}"
    where = f", {now_it_is.place}" if now_it_is.place else ""
    raise Refused(
        f"{slot.person.name} changed this time meanwhile. It is now: {what}{where}. "
        "Book it again if that suits you. Nothing was booked."
    )


def refuse_unnamed(slot: Availability, enrolment: Enrolment) -> None:
    """Raises Refused where the slot is for named learners and this one is not among them."""
    me = AvailabilityPerson.person == enrolment.learner_id
    named = AvailabilityPerson.select().where((AvailabilityPerson.availability == slot) & me)
    if slot.named and not named.exists():
        raise Refused("This time is for other learners. Choose another one. Nothing was booked.")


def refuse_too_close(slot: Availability, starts_at: datetime, but: int = 0) -> None:
    """Raises Taken where the slot's buffer on either side reaches into another meeting of the host."""
    around = slot.buffer_minutes * MINUTE
    ends_at = starts_at + slot.minutes * MINUTE
    if other := Busy.clash(slot.person_id, starts_at - around, ends_at + around, but=but):
        raise Taken(JUST_TAKEN, slot.person_id, other)


def _join(
    meeting: Meeting, enrolment: Enrolment, by: Actor, now: datetime, series: str
) -> Attendance:
    """A seat in a group; the host and the learner are held."""
    places = renew(meeting, None)
    place = next((one for one in places if one.learner_id == enrolment.learner_id), None)
    if place is not None and place.state == "booked":
        raise Refused("You have a place in this meeting already. Nothing was booked.")
    if place is None:
        place = new_place(meeting, enrolment, "booked", now, series)
    else:
        sit(meeting, place, now, enrolment=enrolment, series=series)
    meeting.told("joined", now, by=by, place=place.id)
    tell(meeting, "booked", [meeting.host_id, place.learner_id], now, place=place.id)
    return place


def known_to(actor: Actor) -> peewee.ModelSelect:
    """What a learner may know of, withdrawn or not: that of people assigned to them, on any day, but
    not what is for other learners by name."""
    hosts = sorted({tie.person_id for tie in ties(actor.person.id, actor.centre)})
    named = AvailabilityPerson.select(AvailabilityPerson.availability).where(
        AvailabilityPerson.person == actor.person
    )
    mine = Availability.person.in_(hosts) & (~Availability.named | Availability.id.in_(named))
    return Availability.select().where((Availability.centre == actor.centre) & mine)


# --- a host, for learners -------------------------------------------------------------------


def arrange(
    plan: Plan,
    enrolments: Sequence[Enrolment],
    *,
    invite: bool,
    by: Actor,
    now: datetime,
    series: str = "",
) -> Meeting:
    """Book a meeting for one's learners at any time, or invite them to one that is still to come.

    Who is invited has no seat before they accept. Raises Taken where the host, or a learner who is
    booked, is in another meeting then, and Refused for a learner not assigned to the host that day.
    """
    allow(by.has("supervisor", "tutor"))
    allow(all(one.centre_id == by.centre.id for one in enrolments))
    if not enrolments:
        raise Refused("Choose at least one learner.")
    if invite and plan.starts_at <= now:
        raise Refused(PAST)
    if plan.format in IN_GROUPS and plan.places < FEWEST:
        raise Refused(TOO_FEW)
    if len(enrolments) > plan.places and (not invite or plan.places == 1):
        raise Refused(no_room(plan.places))
    with write():
        hold_people([by.person.id, *(one.learner_id for one in enrolments)])
        for enrolment in enrolments:
            refuse_unassigned(by.person, enrolment, plan.format, plan.starts_at)
        host = by.person.id
        busy = [host, *(one.learner_id for one in enrolments if not invite)]
        refuse_taken(busy, plan.starts_at, plan.ends_at, host_id=host)
        meeting = create(plan, host_id=host, state="booked", by=by, now=now, series=series)
        state = "invited" if invite else "booked"
        for enrolment in enrolments:
            new_place(meeting, enrolment, state, now, series)
        learners = [one.learner_id for one in enrolments]
        meeting.told(state, now, by=by, learners=learners)
        tell(meeting, "booked", [meeting.host_id] if invite else [meeting.host_id, *learners], now)
        if invite:
            tell(meeting, "invited", learners, now)
    return meeting


def no_room(places: int) -> str:
    """That there are more learners than places, in a sentence."""
    room = "one learner" if places == 1 else f"{places} learners"
    return f"There is room for {room}: choose fewer, or make it larger."


def create(
    plan: Plan,
    *,
    host_id: int,
    state: str,
    by: Actor,
    now: datetime,
    availability: Availability | None = None,
    series: str = "",
) -> Meeting:
    """The row of a new meeting; inside ``db.write()``, its people held."""
    return Meeting.create(
        centre=by.centre,
        host=host_id,
        availability=availability,
        series=series,
        format=plan.format,
        places=plan.places,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        mode=plan.mode,
        place=plan.place,
        address=plan.address,
        note=plan.note,
        state=state,
        asked_by=by.person,
        created_at=now,
        changed_at=now,
    )
