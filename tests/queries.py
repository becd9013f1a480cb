"""Counting SQL statements.

with queries() as seen:
    client.get("/approvals")
assert seen.count <= 12, seen
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

NOT_QUERIES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SET ")


class Queries(logging.Handler):
    """Every statement peewee sent while this listened, from any thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.statements: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not isinstance(record.msg, tuple):
            return  # the pool's own notes; a statement comes as (sql, parameters)
        sql = str(record.msg[0])
        if not sql.lstrip().upper().startswith(NOT_QUERIES):
            self.statements.append(sql)

    @property
    def count(self) -> int:
        """How many statements, leaving out transaction control and settings."""
        return len(self.statements)

    def __repr__(self) -> str:
        return "\n".join([f"{self.count} queries:", *self.statements])


@contextmanager
def queries() -> Iterator[Queries]:
    """Listens to peewee inside the block."""
    log = logging.getLogger("peewee")
    seen, level, spreads = Queries(), log.level, log.propagate
    log.addHandler(seen)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield seen
    finally:
        log.removeHandler(seen)
        log.setLevel(level)
        log.propagate = spreads
