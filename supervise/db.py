"""The database: one proxy for SQLite and PostgreSQL, one write transaction, one UTC field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import peewee
from filelock import FileLock
from playhouse.db_url import parse as parse_url
from playhouse.migrations import Runner
from playhouse.pool import PooledPostgresqlDatabase

database = peewee.DatabaseProxy()
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_263_001  # any number of ours: PostgreSQL's advisory locks are named by number


def connect_to(url: str) -> peewee.Database:
    """Bind the proxy to ``sqlite:///file`` or ``postgresql://…`` and return the database.

    Raises ValueError for another kind of address.
    """
    if url.startswith("sqlite:///"):
        real: peewee.Database = peewee.SqliteDatabase(
            url.removeprefix("sqlite:///"),
            pragmas={
                "journal_mode": "wal",
                "busy_timeout": 20_000,
                "foreign_keys": 1,
                "recursive_triggers": 1,  # else INSERT OR REPLACE walks round append-only triggers
                "synchronous": "full",  # an acknowledged write survives the power going
            },
            timeout=20,
        )
        real.register_function(_day_at, "day_at", 2)
    elif url.startswith(("postgresql://", "postgres://")):
        options = parse_url(url)
        name = options.pop("database")
        real = PooledPostgresqlDatabase(
            name, prefer_psycopg3=True, max_connections=40, stale_timeout=300, timeout=20, **options
        )
    else:
        raise ValueError("SUPERVISE_DATABASE must begin with sqlite:/// or postgresql://")
    database.initialize(real)
    return real


def file_of(url: str) -> Path | None:
    """The file of a SQLite address; None for another database and for one in memory."""
    name = url.removeprefix("sqlite:///")
    return None if name in (url, "", ":memory:") else Path(name)


def is_sqlite() -> bool:
    """Whether the bound database is SQLite; the few statements that differ ask this."""
    return isinstance(database.obj, peewee.SqliteDatabase)


@lru_cache(maxsize=10_000)
def _day_at(moment: str | None, zone: str) -> str | None:
    """For SQLite, which knows no zones: the day of a moment as text."""
    if moment is None:
        return None
    there = datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return there.date().isoformat()


def day_at(moment: Any, zone: str) -> peewee.Function:
    """In a query: the day in ``zone`` of a moment that is kept in UTC."""
    if is_sqlite():
        return peewee.fn.day_at(moment, zone)
    return peewee.fn.DATE(peewee.fn.TIMEZONE(zone, peewee.fn.TIMEZONE("UTC", moment)))


@contextmanager
def write() -> Iterator[None]:
    """One write transaction: all of it or none.

    SQLite takes the write lock at once (IMMEDIATE): a transaction that reads first and writes
    later would otherwise fail with "database is locked". A nested call joins the outer one as a
    savepoint.
    """
    with (
        database.atomic("IMMEDIATE")
        if is_sqlite() and not database.in_transaction()
        else (database.atomic())
    ):
        yield


@contextmanager
def connection() -> Iterator[None]:
    """A connection for work outside a request, such as a command."""
    opened = database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            database.close()


def migrate() -> list[str]:
    """Apply what is missing, under a lock so that two starts at once do it once.

    Returns the names of the migrations applied. A SQLite file is made for its owner alone; what
    SQLite lays beside it takes the same mode.
    """
    if is_sqlite() and str(database.database) not in ("", ":memory:"):
        Path(str(database.database)).touch(mode=0o600)
    with connection(), _migration_lock():
        return list(Runner(database.obj, str(MIGRATIONS)).up())


@contextmanager
def _migration_lock() -> Iterator[None]:
    if not is_sqlite():
        database.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        try:
            yield
        finally:
            database.execute_sql("SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))
        return
    with FileLock(str(database.database) + ".migrating", timeout=60, mode=0o600):
        yield


class _UTCField(peewee.DateTimeField):
    """A moment: aware in Python, always UTC in the database, on both engines."""

    def db_value(self, value: datetime | None) -> Any:
        """Refuse a naive value: its zone would have to be guessed."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs its zone; this one has none.")
        return super().db_value(value.astimezone(UTC).replace(tzinfo=None))

    def python_value(self, value: Any) -> datetime | None:
        """Give back an aware moment in UTC; SQLite keeps it as the text of ISO 8601."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.replace(tzinfo=UTC)


class _DateField(peewee.DateField):
    """A day; read as it is written, without a try at each of peewee's formats."""

    def python_value(self, value: Any) -> date | None:
        """Give back a date, which SQLite keeps as text."""
        return date.fromisoformat(value) if isinstance(value, str) else value


# to the type checker as free as peewee's own fields are
UTCField: Any = _UTCField
DateField: Any = _DateField


class Model(peewee.Model):
    """What every record shares: the database, and saving only what changed."""

    class Meta:
        database = database
        only_save_dirty = True
        legacy_table_names = False
