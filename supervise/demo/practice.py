"""A year of practice: sessions logged, submitted, approved, returned and reopened, each at its time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from supervise.catalogue import Unit
from supervise.demo import words
from supervise.demo.clients import clients_of, goals_of_entry
from supervise.demo.people import Cast, Study
from supervise.demo.supervision_words import RAISE
from supervise.models import Actor, Client, PracticeSession, drafts

Step = tuple[datetime, Callable[[], object]]
LENGTHS = (45, 60, 60, 60, 75, 90)
STARTS = (
    time(8, 15),
    time(9),
    time(10),
    time(11, 30),
    time(13),
    time(14),
    time(15, 30),
    time(16, 30),
)
CONTRACT_AFTER = timedelta(days=4)
LATEST = (1, 3, 6, 9, 12, 15)
"""How many days ago the last sessions took place: a believable queue is a fortnight old."""
MODES = ("video", "video", "face to face", "phone")


def year_of_practice(cast: Cast, now: datetime, chance: random.Random) -> Iterator[Step]:
    """Everything that happened, as moments with what was done then; the caller sorts and does it."""
    for study in cast.studies:
        yield from _practice_of(cast, study, now, chance)


def _practice_of(cast: Cast, study: Study, now: datetime, chance: random.Random) -> Iterator[Step]:
    rules = study.enrolment.book
    wanted = [
        rules.unit(code) for code in study.enrolment.unit_codes if rules.unit(code).required_minutes
    ]
    began = study.enrolment.started_on
    clients = [
        Client.called(f"Client {letter}", centre=cast.centre, learner=study.learner, now=_at(began))
        for letter in "ABCDE"[: 3 if wanted else 1]
    ]
    kinds = [
        *dict.fromkeys("mentoring" if u.kinds == {"mentoring"} else "coaching" for u in wanted)
    ]
    yield from clients_of(cast, study, clients, kinds, now)
    for unit in wanted:
        kind = "mentoring" if unit.kinds == {"mentoring"} else "coaching"
        contract = began + CONTRACT_AFTER
        for client in clients[1:]:  # with the first it is agreed by link
            yield _at(contract), _contract(cast, study, client, kind, contract)
    sessions = list(_sessions(study, wanted, now, chance))
    for unit, day, number in sessions:
        fate = _fate(number, len(sessions) - 1 - number)
        yield from _life_of(cast, study, clients, unit, day, number, now, chance, fate)


def _fate(number: int, before_last: int) -> str:
    """Where a session stands today: the newest are drafts or wait, the rest were decided."""
    if before_last == 0:
        return "draft"
    if before_last <= 3:
        return "submitted"
    if before_last == 5:
        return "returned"
    if before_last == 9:
        return "reopened"
    return "returned once" if number % 11 == 7 else "approved"


def _sessions(
    study: Study, wanted: list[Unit], now: datetime, chance: random.Random
) -> Iterator[tuple[Unit, date, int]]:
    """Which unit on which day: each day at most once, so that nothing overlaps."""
    plan = [u for u in wanted for _ in range(max(2, round(study.pace * u.required_minutes / 62)))]
    chance.shuffle(plan)
    days = (now.date() - study.enrolment.started_on).days - 12 - LATEST[-1]
    step = days / max(1, len(plan) - len(LATEST))
    for number, unit in enumerate(plan):
        before_last = len(plan) - 1 - number
        day = study.enrolment.started_on + timedelta(days=10 + int(number * step))
        if before_last < len(LATEST):
            day = now.date() - timedelta(days=LATEST[before_last])
        if day.weekday() == 6:
            day -= timedelta(days=1)
        if unit.contract_required and number == 0:
            # the first session where a contract is asked for took place before it was agreed
            day = study.enrolment.started_on + CONTRACT_AFTER - timedelta(days=1)
        yield unit, day, number


def _life_of(
    cast: Cast,
    study: Study,
    clients: list[Client],
    unit: Unit,
    day: date,
    number: int,
    now: datetime,
    chance: random.Random,
    fate: str,
) -> Iterator[Step]:
    """One session from the entry to where it stands today."""
    start = STARTS[number % len(STARTS)]
    written = datetime.combine(day, time(18), UTC) + timedelta(minutes=chance.randrange(120))
    kept: dict[str, PracticeSession] = {}

    def coach(moment: datetime) -> Actor:
        return Actor.of(study.learner, cast.centre, moment)

    def boss(moment: datetime) -> Actor:
        return Actor.of(study.supervisor, cast.centre, moment)

    entry = _entry(clients, unit, day, start, number, chance)

    def log() -> None:
        if len(entry.clients) == 1:
            entry.goals = goals_of_entry(entry.clients[0], entry.kind or "", number)
        kept["it"] = drafts.create(
            study.enrolment,
            entry,
            by=coach(written),
            now=written,
            draft_key=f"demo-{study.enrolment.id}-{number}",
        )

    def move(name: str, moment: datetime, who: Callable[[datetime], Actor], **said: str) -> Step:
        return moment, lambda: getattr(kept["it"], name)(by=who(moment), now=moment, **said)

    yield written, log
    if fate == "draft":
        return
    submitted = min(written + timedelta(hours=chance.randrange(1, 40)), now - timedelta(hours=3))
    yield move("submit", submitted, coach)
    if fate == "submitted":
        return
    decided = submitted + timedelta(days=chance.randrange(1, 7), hours=chance.randrange(9))
    decided = min(decided, now - timedelta(hours=2))
    if fate in ("returned", "returned once"):
        yield move("send_back", decided, boss, comment=chance.choice(words.RETURNED))
        if fate == "returned":
            return
        yield move("submit", decided + timedelta(days=2), coach)
        decided += timedelta(days=3)
    yield move("approve", decided, boss, comment=chance.choice(words.PRAISE))
    if fate == "reopened":
        yield move("reopen", decided + timedelta(days=1), boss, reason=words.REOPENED)


def _entry(
    clients: list[Client], unit: Unit, day: date, start: time, number: int, chance: random.Random
) -> drafts.Entry:
    group = number % 13 == 12
    kind = "mentoring" if unit.kinds == {"mentoring"} else "coaching"
    if unit.code == "501" and number % 9 == 8:
        kind = "mentoring"
    chosen = number % len(words.PLANS)
    return drafts.Entry(
        clients=clients if group else [clients[number % len(clients)]],
        unit=None if number % 17 == 16 else unit.code,
        kind=kind,
        mode=MODES[number % len(MODES)],
        date=day,
        start=start,
        minutes=chance.choice(LENGTHS),
        texts={
            "plan": words.PLANS[chosen],
            "own_goal": chance.choice(words.GOALS),
            "done": words.DONE[chosen],
            "tools": words.TOOLS[number % len(words.TOOLS)],
            "progress": chance.choice(words.PROGRESS),
            "reflection": chance.choice(words.REFLECTIONS),
            "plan_change": chance.choice(words.CHANGES),
            "to_raise": RAISE[number % len(RAISE)] if number % 4 == 1 else "",
            "extract": chance.choice(words.EXTRACTS),
        },
        private=chance.choice(words.PRIVATE),
    )


def _contract(
    cast: Cast, study: Study, client: Client, kind: str, on: date
) -> Callable[[], object]:
    moment = _at(on)

    def keep() -> None:
        for person in (study.learner, study.supervisor):  # whom the coach tells, and who accepts it
            by = Actor.of(person, cast.centre, moment)
            client.engagement(kind).set_contract(on, by=by, now=moment)

    return keep


def _at(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
