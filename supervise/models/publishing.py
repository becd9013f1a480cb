"""How availability is published, changed and withdrawn, and time off taken.

What is booked already stays as it is, whatever becomes of the pattern it was booked from. The host
is held first of all, as in a booking, so that of two at the same moment one sees what the other did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from supervise import events
from supervise.db import write
from supervise.models.assignments import Assignment
from supervise.models.availability import Availability, AvailabilityPerson, Away
from supervise.models.busy import hold_people
from supervise.models.centres import Refused
from supervise.models.enrolments import Enrolment
from supervise.models.meetings import FORMATS, SUPERVISION, Meeting
from supervise.models.people import Actor, Person
from supervise.rules.moments import clock, local
from supervise.rules.publishing import Wanted, faults, first_shared
from supervise.rules.slots import Pattern
from supervise.workflow import WrongState, allow

CHANGED = "This was changed meanwhile. Look again, then decide. Nothing was changed."
TIMES = (
    "weekday", "every_weeks", "from_on", "to_on", "starts", "ends", "minutes", "buffer_minutes",
)  # fmt: skip
"""What decides when its slots are."""
GONE = "This was withdrawn already. Nothing was changed."


class Unfit(Refused):
    """What cannot be published; ``faults`` holds a sentence by field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(next(iter(faults.values())))
        self.faults = faults


class Overlaps(Refused):
    """Some of the time is published already by the same person; ``others`` are by what, each with the
    first day on which both hold. It may be published all the same, by whoever is ``sure``."""

    def __init__(self, others: list[tuple[Availability, date]]) -> None:
        super().__init__("You publish some of these times already. Nothing was changed.")
        self.others = others


def formats_of(actor: Actor) -> list[str]:
    """What somebody may lead: a tutor guided time alone, a supervisor everything."""
    if actor.has("supervisor"):
        return list(FORMATS)
    return [one for one in FORMATS if one not in SUPERVISION] if actor.has("tutor") else []


def learners_of(actor: Actor) -> list[Person]:
    """Whom the actor supervises or tutors, today or later, by name. One query."""
    lasting = Assignment.to_on.is_null() | (Assignment.to_on >= actor.today)
    roles = sorted(actor.roles & {"supervisor", "tutor"})
    theirs = (
        Assignment.select(Enrolment.learner)
        .join(Enrolment)
        .where(
            (Assignment.person == actor.person)
            & (Enrolment.centre == actor.centre)
            & Assignment.role.in_(roles)
            & lasting
        )
    )
    return list(Person.select().where(Person.id.in_(theirs)).order_by(Person.name, Person.id))


def faults_in(
    wanted: Wanted, by: Actor, now: datetime, unread: Collection[str] = ()
) -> dict[str, str]:
    """By field, all that keeps the actor from publishing this; ``unread`` as for the rule."""
    learners = [one.id for one in learners_of(by)] if wanted.named else []
    today = local(now, wanted.pattern.zone).date()  # whoever publishes reads their own calendar
    return faults(wanted, formats=formats_of(by), learners=learners, today=today, unread=unread)


def publish(wanted: Wanted, *, by: Actor, now: datetime, sure: bool = False) -> Availability:
    """Publish a weekly pattern or a single day; the very same is published once, however often sent.

    Raises Unfit, with a sentence by field, and unless ``sure`` Overlaps.
    """
    allow(by.has("supervisor", "tutor"))
    _judge(wanted, by, now)
    with write():
        hold_people([by.person.id])
        if (again := _there_already(wanted, by)) is not None:
            return again
        if not sure:
            _refuse_overlaps(wanted.pattern, by, now)
        made = Availability.create(
            centre=by.centre, person=by.person, created_at=now, **_columns(wanted)
        )
        _name(made, wanted.people if wanted.named else ())
        made.told("published", by, now, **_told(wanted))
    return made


def change(
    availability: Availability,
    wanted: Wanted,
    *,
    version: int,
    by: Actor,
    now: datetime,
    sure: bool = False,
) -> bool:
    """Change what is published, if this is still the version that was read; False where the same.

    Raises Unfit, unless ``sure`` Overlaps where its times change, and WrongState where it was
    changed or withdrawn meanwhile.
    """
    allow(by.is_(availability.person_id) and by.centre.id == availability.centre_id)
    _judge(wanted, by, now)
    with write():
        hold_people([by.person.id])
        before = Availability.get_by_id(availability.id)
        columns = _columns(wanted)
        people = wanted.people if wanted.named else frozenset()
        if before.withdrawn_at is not None or before.version != version:
            raise WrongState(GONE if before.withdrawn_at is not None else CHANGED)
        same = all(getattr(before, name) == value for name, value in columns.items())
        if same and people == before.people_named:
            return False
        if not sure and any(getattr(before, name) != columns[name] for name in TIMES):
            _refuse_overlaps(wanted.pattern, by, now, but=availability.id)
        _step(availability, version, **columns)
        _name(availability, people)
        availability.told("changed", by, now, **_told(wanted))
    return True


def withdraw(availability: Availability, *, version: int, by: Actor, now: datetime) -> None:
    """Take it back: no slot of it can be booked any more. Raises WrongState as ``change`` does."""
    allow(by.is_(availability.person_id) and by.centre.id == availability.centre_id)
    with write():
        hold_people([by.person.id])
        _step(availability, version, withdrawn_at=now)
        availability.told("withdrawn", by, now)


def take_off(from_at: datetime, to_at: datetime, why: str, *, by: Actor, now: datetime) -> Away:
    """Be away in this time (UTC): no slot in it can be booked. What is booked in it stays."""
    allow(by.has("supervisor", "tutor"))
    if to_at <= from_at:
        raise Refused("It ends before it begins. Choose a later end.")
    with write():
        hold_people([by.person.id])
        away = Away.create(
            centre=by.centre,
            person=by.person,
            from_at=from_at,
            to_at=to_at,
            why=why,
            created_at=now,
        )
        _away_told("is away", away, by, now)
    return away


def come_back(away: Away, *, by: Actor, now: datetime) -> None:
    """Take a time off away again: the slots in it are free as before."""
    allow(by.is_(away.person_id) and by.centre.id == away.centre_id)
    with write():
        hold_people([by.person.id])
        if Away.delete().where(Away.id == away.id).execute():
            _away_told("is not away", away, by, now)


def standing(availability: Availability, now: datetime) -> list[Meeting]:
    """What is booked, or asked for, from this availability and still to come. One query."""
    to_come = (Meeting.availability == availability) & (Meeting.starts_at >= now)
    open_ones = Meeting.state.in_(("requested", "booked"))
    return list(Meeting.select().where(to_come & open_ones).order_by(Meeting.starts_at))


def _judge(wanted: Wanted, by: Actor, now: datetime) -> None:
    if found := faults_in(wanted, by, now):
        raise Unfit(found)


def _there_already(wanted: Wanted, by: Actor) -> Availability | None:
    """What the actor publishes already, where it is the same in all."""
    mine = Availability.visible_to(by).where(Availability.withdrawn_at.is_null())
    people = wanted.people if wanted.named else frozenset()
    for one in mine.filter(**_columns(wanted)):
        if one.people_named == people:
            return one
    return None


def _refuse_overlaps(pattern: Pattern, by: Actor, now: datetime, but: int = 0) -> None:
    """Raises Overlaps where the actor, who is held, publishes some of this time already."""
    stands = Availability.withdrawn_at.is_null() & (Availability.id != but)
    today = local(now, pattern.zone).date()
    found = [
        (other, on)
        for other in Availability.visible_to(by).where(stands).order_by(Availability.id)
        if (on := first_shared(pattern, other.pattern, today))
    ]
    if found:
        raise Overlaps(found)


def _step(availability: Availability, version: int, **changes: Any) -> None:
    """The next version, if this is the one that was read and it still stands."""
    same = (Availability.id == availability.id) & (Availability.version == version)
    stands = Availability.withdrawn_at.is_null()
    changes |= {"version": version + 1}
    if not Availability.update(**changes).where(same & stands).execute():
        fresh = Availability.get_by_id(availability.id)
        raise WrongState(GONE if fresh.withdrawn_at is not None else CHANGED)
    for name, value in changes.items():
        setattr(availability, name, value)
    availability._dirty.clear()


def _columns(wanted: Wanted) -> dict[str, Any]:
    pattern = wanted.pattern
    single = pattern.weekday is None
    return {
        "format": wanted.format,
        "places": wanted.places,
        "weekday": pattern.weekday,
        "every_weeks": 1 if single else pattern.every_weeks,
        "from_on": pattern.from_on,
        "to_on": pattern.from_on if single else pattern.to_on,
        "starts": clock(pattern.starts),
        "ends": clock(pattern.ends),
        "zone": pattern.zone,
        "minutes": pattern.minutes,
        "buffer_minutes": pattern.buffer_minutes,
        "notice_minutes": pattern.notice_minutes,
        "horizon_days": pattern.horizon_days,
        "mode": wanted.mode,
        "place": wanted.place,
        "address": wanted.address,
        "named": wanted.named,
    }


def _name(availability: Availability, people: Iterable[int]) -> None:
    """Let these learners alone book it."""
    AvailabilityPerson.delete().where(AvailabilityPerson.availability == availability).execute()
    for person_id in sorted(people):
        AvailabilityPerson.create(availability=availability, person=person_id)


def _told(wanted: Wanted) -> dict[str, Any]:
    """What the history keeps: when and what for, not where."""
    kept = {
        name: value for name, value in _columns(wanted).items() if name not in ("place", "address")
    }
    return kept | {"people": sorted(wanted.people) if wanted.named else []}


def _away_told(verb: str, away: Away, by: Actor, now: datetime) -> None:
    events.record(
        centre_id=away.centre_id,
        verb=verb,
        subject="away",
        subject_id=away.id,
        now=now,
        person_id=by.recorded,
        role="supervisor" if by.has("supervisor") else "tutor",
        from_at=away.from_at.isoformat(),
        to_at=away.to_at.isoformat(),
    )
