"""The calendar of one person: meetings, times that are free, and times off, day by day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from supervise.models.availability import Availability, Away
from supervise.models.meetings import SEATED, Attendance, Meeting
from supervise.models.people import Actor, Person
from supervise.reports.slots import FreeSlot, OpenSlot, sight
from supervise.rules.calendar import Stretch
from supervise.rules.moments import local
from supervise.rules.slots import DAY, moment

SHOWN = ("requested", "booked", "held", "missed", "recorded", "signed")
"""What is neither declined nor cancelled."""
GONE = ("declined", "cancelled")


@dataclass(frozen=True)
class Shown:
    """One meeting as the reader has it: with whom, and how far it is settled."""

    meeting: Meeting
    who: str
    word: str
    css: str
    """The shape and colour of its state."""

    @property
    def brief(self) -> tuple[str, str]:
        """The state in a word or two, with its shape, as a month has room for it."""
        if self.css in UNSETTLED:
            return UNSETTLED[self.css], self.css
        return BRIEF.get(self.meeting.state, ("held", "good"))

    @property
    def settled(self) -> bool:
        """Whether the reader has a place in it, or leads it, and nobody is still to answer."""
        return self.css not in UNSETTLED and self.meeting.state != "requested"

    @property
    def starts_at(self) -> datetime:
        """When it begins (UTC)."""
        return self.meeting.starts_at


@dataclass
class Offered:
    """The times of one day that come from one availability: to book, or free to be booked."""

    availability: Availability
    host: Person | None
    """Whose they are; None for one's own."""
    slots: list[OpenSlot | FreeSlot] = field(default_factory=list)

    @property
    def title(self) -> str:
        """With whom, and what for."""
        word = self.availability.word
        return f"{self.host.name}, {word.lower()}" if self.host else word


@dataclass
class DayRow:
    """One day: the meetings, what may be booked, what is free to be booked by others, and times off."""

    on: date
    meetings: list[Shown] = field(default_factory=list)
    offers: dict[int, Offered] = field(default_factory=dict)
    own: dict[int, Offered] = field(default_factory=dict)
    away: list[Away] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing stands on it."""
        return not (self.meetings or self.offers or self.own or self.away)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """How many meetings there are of each kind, and what is free; each in words, with its shape."""
        found: Counter[tuple[str, str]] = Counter(one.brief for one in self.meetings)
        offered = [slot for one in self.offers.values() for slot in one.slots]
        full = sum(isinstance(slot, OpenSlot) and slot.full for slot in offered)
        found.update({TO_BOOK: len(offered) - full, FULL: full, FREE: self.free})
        return dict(+found)

    @property
    def free(self) -> int:
        """How many times of the reader's own are free."""
        return sum(len(one.slots) for one in self.own.values())


@dataclass(frozen=True)
class Calendar:
    """The days of a view, on the clock of ``zone``."""

    stretch: Stretch
    days: dict[date, DayRow]
    next: OpenSlot | None
    """The first time the reader may book, where none is free on these days."""

    @property
    def chosen(self) -> DayRow:
        """The day that the view was opened at."""
        return self.days[self.stretch.on]

    @property
    def filled(self) -> list[DayRow]:
        """The days on which something stands, in order."""
        return [row for row in self.days.values() if not row.empty]

    @property
    def to_book(self) -> int:
        """How many times the reader may book on these days; a full group is none."""
        return sum(row.counts.get(TO_BOOK, 0) for row in self.days.values())

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Whatever is counted on some day, once each, in words and with its shape."""
        return list(dict.fromkeys(kind for row in self.days.values() for kind in row.counts))


def calendar(actor: Actor, stretch: Stretch, zone: str) -> Calendar:
    """What the actor has on these days of ``zone``. At most eight queries, whatever there is."""
    since, until = moment(stretch.first, time(), zone), moment(stretch.after, time(), zone)
    days = {on: DayRow(on) for on in stretch.days}
    seen = sight(actor, since, until)
    for shown in _meetings(actor, since, until):
        days[local(max(shown.starts_at, since), zone).date()].meetings.append(shown)
    for slot in seen.offers:
        offers = days[local(slot.starts_at, zone).date()].offers
        new = Offered(slot.availability, slot.host)
        offers.setdefault(slot.availability.id, new).slots.append(slot)
    for one in seen.own:
        own = days[local(one.starts_at, zone).date()].own
        own.setdefault(one.availability.id, Offered(one.availability, None)).slots.append(one)
    for away in seen.off:
        _mark_away(away, days, zone)
    return Calendar(stretch, days, seen.next)


def _mark_away(away: Away, days: dict[date, DayRow], zone: str) -> None:
    """Put a time off on each day that it touches."""
    first, last = min(days), max(days)
    on = max(first, local(away.from_at, zone).date())
    while on <= last and moment(on, time(), zone) < away.to_at:
        days[on].away.append(away)
        on += DAY


def _meetings(actor: Actor, since: datetime, until: datetime) -> Iterable[Shown]:
    """The actor's own meetings that touch these moments, as host or learner. Two queries."""
    mine = Attendance.select(Attendance.meeting).where(
        (Attendance.learner == actor.person) & Attendance.state.not_in(GONE)
    )
    host = Person.alias()
    found = list(
        Meeting.select(Meeting, host)
        .join(host, on=(Meeting.host == host.id), attr="host")
        .where(
            (Meeting.centre == actor.centre)
            & ((Meeting.host == actor.person) | Meeting.id.in_(mine))
            & Meeting.state.in_(SHOWN)
            & (Meeting.starts_at < until)
            & (Meeting.ends_at > since)
        )
        .order_by(Meeting.starts_at, Meeting.id)
    )
    places = _places([one.id for one in found])
    return [_shown(actor, one, places[one.id]) for one in found]


def _places(ids: list[int]) -> dict[int, list[Attendance]]:
    """The places that are not given up, by meeting, each with its learner. One query."""
    kept: dict[int, list[Attendance]] = defaultdict(list)
    query = Attendance.select(Attendance, Person).join(Person, on=Attendance.learner)
    here = Attendance.meeting.in_(ids) & Attendance.state.not_in(GONE)
    for row in query.where(here).order_by(Person.name, Attendance.id) if ids else ():
        kept[row.meeting_id].append(row)
    return kept


def _shown(actor: Actor, meeting: Meeting, places: list[Attendance]) -> Shown:
    """With whom, for this reader: a learner is not told who else is in a group."""
    if actor.is_(meeting.host_id):
        seated = [one for one in places if one.state in SEATED]
        if meeting.places > 1:
            full = len(seated) == meeting.places
            taken = f"{len(seated)} of {meeting.places}"
            who = (
                f"{meeting.word}, full, {taken}"
                if full
                else f"{meeting.word}, {taken} places taken"
            )
        else:
            who = ", ".join(one.learner.name for one in places) or meeting.word
        return Shown(meeting, who, *_host_word(meeting, places))
    mine = next(one.state for one in places if actor.is_(one.learner_id))
    who = f"{meeting.host.name}, {meeting.word.lower()}"
    return Shown(meeting, who, *_learner_word(meeting, mine))


WORDS = {
    "requested": ("asked for", "wait"),
    "booked": ("booked", "good"),
    "held": ("held, not recorded", "wait"),
    "missed": ("missed", "stop"),
    "recorded": ("recorded, not signed by all", "wait"),
    "signed": ("signed", "good"),
}
PLACE_WORDS = {
    "asked": ("asked for", "wait"),
    "invited": ("invited, not answered", "invited"),
    "waiting": ("on the waiting list", "listed"),
}
UNSETTLED = {"invited": "invited", "listed": "on the waiting list"}
"""The shapes of what is not booked though it stands in a calendar, with a word for each."""
BRIEF = {
    "requested": ("asked for", "wait"),
    "booked": ("booked", "good"),
    "missed": ("missed", "stop"),
}
TO_BOOK, FULL, FREE = ("to book", "none"), ("full, with a waiting list", "taken"), ("free", "none")


def _host_word(meeting: Meeting, places: list[Attendance]) -> tuple[str, str]:
    if meeting.state == "booked" and places and all(one.state == "invited" for one in places):
        return PLACE_WORDS["invited"]
    return WORDS[meeting.state]


def _learner_word(meeting: Meeting, mine: str) -> tuple[str, str]:
    if mine == "came" and meeting.state == "recorded":
        return "read and sign", "wait"
    return PLACE_WORDS.get(mine, WORDS["signed" if mine == "signed" else meeting.state])
