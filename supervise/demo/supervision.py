"""The demo's supervision: when supervisors are free, a year of meetings with their records, what
waits to be written up and signed, and what is booked.

Nothing here draws from the story's own chance, so the year of practice stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from supervise.demo import supervision_words as words
from supervise.demo.people import LEVEL_3, Cast, Study
from supervise.models import Actor, Attendance, Mail, Meeting, Person, answering, asking, recording
from supervise.models.booking import Plan, arrange, book
from supervise.models.publishing import publish
from supervise.models.recording import Action, Part, Written
from supervise.reports import agenda, agenda_kept
from supervise.rules.publishing import Wanted
from supervise.rules.slots import Pattern, slots

Step = tuple[datetime, Callable[[], object]]
DAY = timedelta(days=1)
EVERY = timedelta(weeks=14)
CALL = "https://meet.example.org/"
TO_SIGN, TO_WRITE, BEGUN, MISSED = "Owen Tasker", "Hanna Lindqvist", "Amara Osei", "Bilal Rahman"
LATELY = {TO_SIGN: 5, TO_WRITE: 2, BEGUN: 6, MISSED: 12}
"""Whose last meeting was so many days ago, and still waits for something."""
LONG_AGO = "Ines Carvalho"
"""Who met once at the beginning, and not since."""
GROUP = ("Priya Nair", "Owen Tasker", "Hanna Lindqvist", "Amara Osei")
BOOKS, ASKS, INVITED = "Priya Nair", "Tom Leary", "Siân O’Connor"


def year_of_supervision(cast: Cast, now: datetime) -> Iterator[Step]:
    """Everything about meetings, as moments with what was done then; the caller sorts and does it."""
    practising = [study for study in cast.studies if study.pace > 0]
    for number, study in enumerate(practising):
        hour = time(8 + number)  # each learner at an hour of their own: nobody is in two meetings
        if study.enrolment.programme == LEVEL_3:
            yield from _guided(cast, study, hour)
        yield from _met(cast, study, hour, number, now)
    by_name = {study.learner.name: study for study in cast.studies}
    yield from _groups(cast, [by_name[name] for name in GROUP], now)
    yield from _ahead(cast, by_name, now)
    yield now - timedelta(minutes=5), lambda: _as_sent(now)


def _on(day: date, at: time) -> datetime:
    return datetime.combine(day, at, UTC)


def _weekday(day: date, wanted: int) -> date:
    """The first such weekday, Monday is 0, on the day or after it."""
    return day + timedelta(days=(wanted - day.weekday()) % 7)


# --- what took place ---------------------------------------------------------------------


def _guided(cast: Cast, study: Study, hour: time) -> Iterator[Step]:
    """An induction with the tutor, and a tutorial."""
    [tutor] = {row.person for row in study.enrolment.assignments if row.role == "tutor"}
    began = study.enrolment.started_on
    for kind, days, minutes in (("induction", 2, 60), ("tutorial", 25, 90)):
        at = _on(_weekday(began + timedelta(days=days), 3), hour)
        yield from _record(cast, tutor, [study], at, kind, minutes, len(kind))


def _met(cast: Cast, study: Study, hour: time, number: int, now: datetime) -> Iterator[Step]:
    """One to one with the supervisor, from the beginning on; the last one as it stands today."""
    name = study.learner.name
    at = _on(_weekday(study.enrolment.started_on + timedelta(days=8), 2), hour)
    turn = 0
    while at < now - 20 * DAY and (turn == 0 or name != LONG_AGO):
        yield from _record(cast, study.supervisor, [study], at, "one-to-one", 60, number + turn)
        at, turn = at + EVERY, turn + 1
    if name in LATELY:
        at = _on((now - LATELY[name] * DAY).date(), hour)
        fate = {TO_SIGN: "recorded", TO_WRITE: "booked", BEGUN: "held", MISSED: "missed"}[name]
        yield from _record(
            cast, study.supervisor, [study], at, "one-to-one", 60, number + turn, fate=fate
        )


def _groups(cast: Cast, studies: Sequence[Study], now: datetime) -> Iterator[Step]:
    """A group three weeks ago, which two have still to sign, and the next one, by invitation."""
    boss = studies[0].supervisor
    at = _on((now - 21 * DAY).date(), time(6, 30))
    yield from _record(cast, boss, studies, at, "group", 90, 3, signs=studies[:2])
    asked, ahead = now - 2 * DAY, _on((now + 13 * DAY).date(), time(6, 30))

    def invite() -> None:
        plan = _plan("group", ahead, 90, 6)
        by = Actor.of(boss, cast.centre, asked)
        meeting = arrange(
            plan, [study.enrolment for study in studies], invite=True, by=by, now=asked
        )
        me = Actor.of(studies[0].learner, cast.centre, asked)
        place = Attendance.get(
            (Attendance.meeting == meeting) & (Attendance.learner == studies[0].learner)
        )
        asking.answer_invitation(place, accept=True, by=me, now=asked)

    yield asked, invite


def _plan(kind: str, at: datetime, minutes: int, places: int = 1) -> Plan:
    return Plan(kind, at, minutes, places, "video", "", f"{CALL}{kind}")


def _record(
    cast: Cast,
    host: Person,
    studies: Sequence[Study],
    at: datetime,
    kind: str,
    minutes: int,
    number: int,
    *,
    fate: str = "signed",
    signs: Sequence[Study] | None = None,
) -> Iterator[Step]:
    """A meeting from the booking to its fate: booked, missed, held, recorded or signed."""
    kept: dict[str, Meeting] = {}
    booked, ended = at - 4 * DAY, at + timedelta(minutes=minutes)

    def leads(moment: datetime) -> Actor:
        return Actor.of(host, cast.centre, moment)

    def begin() -> None:
        plan = _plan(kind, at, minutes, len(studies))
        enrolments = [study.enrolment for study in studies]
        kept["it"] = arrange(plan, enrolments, invite=False, by=leads(booked), now=booked)

    def hold() -> None:
        if fate == "missed":
            recording.miss(kept["it"], by=leads(ended), now=ended)
            return
        came = [place.id for place in Attendance.seated(kept["it"])]
        recording.hold(kept["it"], came, minutes - 5, by=leads(ended), now=ended)
        by = leads(ended)
        written = _written(kept["it"], ended.date(), number, whole=fate != "held")
        recording.write_up(kept["it"], written, version=kept["it"].version, by=by, now=ended)

    def record() -> None:
        meeting, moment = kept["it"], ended + timedelta(minutes=20)
        by = leads(moment)
        found = agenda_kept.sealed(agenda.agendas(agenda.sight(meeting, by), by), by.centre)
        recording.record(meeting, found, version=meeting.version, by=by, now=moment)

    yield booked, begin
    if fate == "booked":
        return
    yield ended, hold
    if fate in ("missed", "held"):
        return
    yield ended + timedelta(minutes=20), record
    for study in signs if signs is not None else studies if fate == "signed" else ():
        moment = ended + timedelta(hours=5)
        yield moment, lambda s=study, m=moment: _sign(kept["it"], s, m, number, cast)  # type: ignore[misc]


def _written(meeting: Meeting, on: date, number: int, *, whole: bool) -> Written:
    """The leader's words; not ``whole`` is a draft that somebody was called away from."""
    discussed = words.DISCUSSED[number % len(words.DISCUSSED)]
    if meeting.format in words.GUIDED:
        return Written(words.GUIDED[meeting.format])
    if not whole:
        return Written(discussed, {}, words.NOTE)
    parts = {
        place.id: Part(
            words.FEEDBACK[(number + turn) % len(words.FEEDBACK)],
            words.GOALS[(number + turn) % len(words.GOALS)],
            [
                Action(owner, text, on + timedelta(days=days))
                for owner, text, days in words.ACTIONS[(number + turn) % len(words.ACTIONS)]
            ],
        )
        for turn, place in enumerate(Attendance.seated(meeting))
    }
    return Written(discussed, parts, words.NOTE if number % 2 else "")


def _sign(meeting: Meeting, study: Study, moment: datetime, number: int, cast: Cast) -> None:
    """The learner's answer and signature; what they took on is done soon after."""
    mine = (Attendance.meeting == meeting) & (Attendance.learner == study.learner)
    place: Attendance = Attendance.get(mine)
    by = Actor.of(study.learner, cast.centre, moment)
    said = words.REPLIES[number % len(words.REPLIES)]
    learnt = words.REFLECTIONS[number % len(words.REFLECTIONS)]
    answering.sign(
        place, said, learnt, read=meeting.version, version=place.version, by=by, now=moment
    )
    for action in place.actions:
        if action.owner == "learner" and number % 3:
            answering.mark_done(action, done=True, by=by, now=moment)


# --- what is to come ---------------------------------------------------------------------


def _ahead(cast: Cast, by_name: dict[str, Study], now: datetime) -> Iterator[Step]:
    """When each supervisor is free; one learner has booked, one asks, one is invited."""
    published = now - 30 * DAY
    for number, host in enumerate(dict.fromkeys(study.supervisor for study in cast.studies)):
        for weekday in (number, number + 2):
            wanted = _free(host, weekday, published.date())
            by = Actor.of(host, cast.centre, published)
            yield published, lambda w=wanted, b=by: publish(w, by=b, now=published)  # type: ignore[misc]
    moment = now - timedelta(hours=20)
    yield (
        moment,
        lambda: _book(by_name[BOOKS], Actor.of(by_name[BOOKS].learner, cast.centre, moment)),
    )

    def ask() -> None:
        study = by_name[ASKS]
        plan = Plan("one-to-one", _on((now + 6 * DAY).date(), time(17)), 45, note=words.ASKS)
        by = Actor.of(study.learner, cast.centre, moment)
        asking.ask(plan, study.supervisor, enrolment=study.enrolment, by=by, now=moment)

    def invite() -> None:
        study = by_name[INVITED]
        by = Actor.of(study.supervisor, cast.centre, moment)
        plan = _plan("one-to-one", _on((now + 8 * DAY).date(), time(18)), 60)
        arrange(plan, [study.enrolment], invite=True, by=by, now=moment)

    yield moment, ask
    yield moment, invite


def _free(host: Person, weekday: int, since: date) -> Wanted:
    """Two hours and a half one day a week, in the supervisor's own zone."""
    pattern = Pattern(
        id=0, weekday=weekday, every_weeks=1, from_on=since, to_on=None, starts=time(9),
        ends=time(12, 30), zone=host.zone, minutes=60, buffer_minutes=15, notice_minutes=1440,
        horizon_days=60,
    )  # fmt: skip
    return Wanted(pattern, "one-to-one", 1, "video", address=f"{CALL}{host.first_name.lower()}")


def _book(study: Study, by: Actor) -> None:
    """The learner takes the first time that is free in ten days or later."""
    from supervise.models import Availability, Busy

    offers = list(Availability.select().where(Availability.person == study.supervisor))
    taken = Busy.select().where(Busy.person.in_([study.supervisor, study.learner]))
    first = next(slots(
        [one.pattern for one in offers], since=by.now + 10 * DAY, until=by.now + 24 * DAY,
        now=by.now, blocked=[(one.starts_at, one.ends_at) for one in taken],
    ))  # fmt: skip
    offer = next(one for one in offers if one.id == first.pattern_id)
    book(offer, first.starts_at, enrolment=study.enrolment, by=by, now=by.now, note=words.ABOUT)


def _as_sent(now: datetime) -> None:
    """A year's mail is not sent today: what is older than a day counts as sent when it was written."""
    old = (Mail.created_at < now - DAY) & (Mail.state == "waiting")
    Mail.update(state="sent", sent_at=Mail.created_at, attempts=1).where(old).execute()
