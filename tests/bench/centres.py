"""A centre of any size, written straight into the tables of a fresh SQLite database.

Every learner has the same hundred sessions whatever the size, and every supervisor the same
twenty learners, so that only the size of the centre differs. The rows hang in no chain, since
nobody decided them; deciding them begins the chain as in any young centre.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from supervise import db, passwords
from supervise.settings import Settings

PASSWORD = "a long walk by the canal"  # noqa: S105 - of people who exist for a few minutes
LEARNERS_EACH = 20
WAITING_EACH = 3
BUSY_WAITING = 500
BOOKED_EACH = 40
UNITS = (
    ("D3.03", "coaching"),
    ("D3.04", "coaching"),
    ("D3.06", "mentoring"),
    ("D3.07", "mentoring"),
)
TEXTS = {
    "plan": "Look at how the week went, then choose one thing to try before we meet again.",
    "own_goal": "Ask shorter questions.",
    "done": "We used a scale from one to ten, found what already works and agreed one next step. "
    * 2,
    "tools": "Scaling, GROW",
    "progress": "Two of three steps done; the third waits for the new rota.",
    "reflection": "I filled a silence too soon. Next time I count to five before I speak again. "
    * 3,
    "plan_change": "Move feedback to the end.",
}
ADDED_TEXTS = ", ".join(TEXTS)


@dataclass(frozen=True)
class Centre:
    """A filled database and the people whose pages are measured."""

    instance: Path
    learner: str
    supervisor: str
    busy: str | None
    """E-mail of a supervisor for whom BUSY_WAITING sessions wait, where one was asked for."""

    @property
    def file(self) -> Path:
        """The database file."""
        return self.instance / "supervise.db"


def build(instance: Path, learners: int, sessions: int, *, busy: bool = False) -> Centre:
    """Fill a fresh instance: so many learners, so many sessions over all of them."""
    settings = Settings.load(instance=instance, database=f"sqlite:///{instance / 'supervise.db'}")
    db.connect_to(settings.database)
    db.migrate()
    supervisors = max(1, learners // LEARNERS_EACH)
    with closing(sqlite3.connect(instance / "supervise.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = off")
        connection.execute("BEGIN")
        [sealing] = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'session_client_own'"
        ).fetchone()
        connection.execute("DROP TRIGGER session_client_own")  # rows are written as they ended up
        Writer(connection, learners, supervisors, sessions // learners, busy).write()
        connection.execute(sealing)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
    people = (_email("learner", 0), _email("supervisor", 0))
    return Centre(instance, *people, _email("supervisor", supervisors) if busy else None)


def _email(role: str, number: int) -> str:
    return f"{role}{number}@example.org"


class Writer:
    """Writes the rows of one centre, counting their ids itself."""

    def __init__(
        self, connection: sqlite3.Connection, learners: int, supervisors: int, each: int, busy: bool
    ) -> None:
        self.connection = connection
        self.learners, self.supervisors, self.each = learners, supervisors, each
        self.busy = LEARNERS_EACH if busy else 0
        self.now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        self.today = self.now.date()
        self.started = self.today - timedelta(days=400)

    def write(self) -> None:
        """All rows, those first that others point to."""
        self._people()
        learners = range(self.learners + self.busy)
        self._many("enrolment", "id, centre_id, learner_id, programme, catalogue_version, started_on, "
                   "ends_on, created_at",
                   [(n + 1, 1, n + 1, "ILM-L3-CWCM", "2026-1", self.started,
                     self.started + timedelta(days=1096), self.now) for n in learners])  # fmt: skip
        self._many("enrolment_unit", "enrolment_id, unit",
                   [(n + 1, unit) for n in learners for unit, _ in UNITS])  # fmt: skip
        self._many("assignment", "enrolment_id, person_id, role, from_on",
                   [(n + 1, self._supervisor_of(n), "supervisor", self.started) for n in learners])  # fmt: skip
        self._clients(learners)
        for n in learners:
            self._sessions(n)
        for number in range(self.supervisors):
            self._calendar(number)

    def _people(self) -> None:
        self._many(
            "centre", "id, name, number, created_at", [(1, "Alder Quay Centre", "C1", self.now)]
        )
        secret = passwords.hash_password(PASSWORD)
        people = [("learner", n) for n in range(self.learners + self.busy)]
        people += [("supervisor", n) for n in range(self.supervisors + bool(self.busy))]
        self._many("person", "id, email, name, password_hash, created_at",
                   [(id_, _email(role, n), f"{role.capitalize()} Number {n}", secret, self.now)
                    for id_, (role, n) in enumerate(people, 1)])  # fmt: skip
        self._many("membership", "person_id, centre_id, role",
                   [(id_, 1, role) for id_, (role, _) in enumerate(people, 1)])  # fmt: skip

    def _supervisor_of(self, learner: int) -> int:
        number = min(learner // LEARNERS_EACH, self.supervisors - 1)
        if learner >= self.learners:
            number = self.supervisors
        return self.learners + self.busy + number + 1

    def _clients(self, learners: range) -> None:
        clients = [(n, alias) for n in learners for alias in ("Client A", "Client B", "Client C")]
        self._many("client", "id, centre_id, learner_id, alias, alias_key, created_at",
                   [(id_, 1, n + 1, alias, alias.casefold(), self.now)
                    for id_, (n, alias) in enumerate(clients, 1)])  # fmt: skip
        kinds = [
            (id_, kind) for id_ in range(1, len(clients) + 1) for kind in ("coaching", "mentoring")
        ]
        self._many("engagement", "id, centre_id, client_id, kind, contract_agreed_on",
                   [(id_, 1, client, kind, self.started)
                    for id_, (client, kind) in enumerate(kinds, 1)])  # fmt: skip

    def _sessions(self, n: int) -> None:
        """A year of one learner's sessions, the newest waiting; and each one's client."""
        waiting = BUSY_WAITING // LEARNERS_EACH if n >= self.learners else WAITING_EACH
        rows, links = [], []
        for i in range(self.each):
            id_ = n * self.each + i + 1
            unit, kind = UNITS[i % 4]
            on = self.started + timedelta(days=1 + i * 396 // self.each)
            starts = datetime.combine(on, time(8 + (i % 3) * 2))
            state = (
                "submitted"
                if i >= self.each - waiting
                else "returned"
                if i % 50 == 7
                else "approved"
            )
            sent = starts + timedelta(days=1)
            decided = None if state == "submitted" else sent + timedelta(days=2)
            rows.append((id_, 1, n + 1, n + 1, unit, kind, "video", on, starts, starts + timedelta(hours=1),
                         60, *TEXTS.values(), state, sent, sent, sent, decided))  # fmt: skip
            links.append((id_, (n * 3 + i % 3) * 2 + (1 if kind == "coaching" else 2)))
        self._many("practice_session", "id, centre_id, enrolment_id, learner_id, unit, kind, mode, date, "
                   f"starts_at, ends_at, minutes, {ADDED_TEXTS}, state, created_at, changed_at, "
                   "submitted_at, decided_at", rows)  # fmt: skip
        self._many("session_engagement", "session_id, engagement_id", links)

    def _calendar(self, number: int) -> None:
        """Next week of a supervisor: quarters of an hour from 8 to 20, 40 of them booked, 200 free."""
        host = self._supervisor_of(number * LEARNERS_EACH)
        first = 5 * number + 1
        self._many("availability", "id, centre_id, person_id, format, weekday, from_on, starts, ends, zone, "
                   "minutes, notice_minutes, mode, created_at",
                   [(first + day, 1, host, "one-to-one", day, self.started, "08:00", "20:00", "UTC", 15, 0,
                     "video", self.now) for day in range(5)])  # fmt: skip
        monday = datetime.combine(next_monday(self.today), time(8))
        rows, places = [], []
        for i in range(BOOKED_EACH):
            learner = number * LEARNERS_EACH + i % LEARNERS_EACH + 1
            id_, starts = (
                number * BOOKED_EACH + i + 1,
                monday + timedelta(days=i % 5, minutes=60 * (i // 5)),
            )
            ends = starts + timedelta(minutes=15)
            rows.append((id_, 1, host, first + i % 5, "one-to-one", starts, ends, "video", f"{id_}@bench",
                         "booked", host, self.now, self.now))  # fmt: skip
            places.append((id_, 1, id_, learner, learner, 1, "booked", self.now, self.now))
        self._many("meeting", "id, centre_id, host_id, availability_id, format, starts_at, ends_at, mode, "
                   "uid, state, asked_by_id, created_at, changed_at", rows)  # fmt: skip
        self._many("attendance", "id, centre_id, meeting_id, enrolment_id, learner_id, seat, state, "
                   "created_at, changed_at", places)  # fmt: skip

    def _many(self, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
        places = ", ".join("?" for _ in columns.split(","))
        plain = [tuple(str(v) if isinstance(v, date) else v for v in row) for row in rows]
        self.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", plain)


def next_monday(today: date) -> date:
    """The Monday of next week, whose calendars are full."""
    return today + timedelta(days=7 - today.weekday())


def wait_again(file: Path, ids: list[int]) -> None:
    """Make these sessions wait as if they were new, each in a new version."""
    marks = ", ".join("?" for _ in ids)
    with closing(sqlite3.connect(file, timeout=20)) as connection, connection:
        [sealing] = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'session_sealed'"
        ).fetchone()
        connection.execute("DROP TRIGGER session_sealed")
        connection.execute(
            "UPDATE practice_session SET state = 'submitted', version = version + 1, decided_at = NULL "
            f"WHERE id IN ({marks})",
            ids,
        )
        connection.execute(sealing)
