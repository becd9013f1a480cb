"""What the database refuses, and does, by itself, written once for both engines; migrations use it."""

from __future__ import annotations

from typing import Any

import peewee


def refuse(db: Any, name: str, event: str, table: str, when: str, said: str) -> None:
    """Refuse one kind of change to a table, ``event``, while the condition holds.

    The condition is SQL over ``OLD`` and ``NEW`` in the words of PostgreSQL. The refusal arrives as
    an IntegrityError with what is said.
    """
    if isinstance(db, peewee.SqliteDatabase):
        condition = when.replace("IS DISTINCT FROM", "IS NOT")
        db.execute_sql(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )
        return
    db.execute_sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN RAISE EXCEPTION '{said}' USING ERRCODE = 'check_violation'; END IF; "
        f"RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END $$"
    )
    db.execute_sql(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def follow(db: Any, name: str, event: str, table: str, when: str, *statements: str) -> None:
    """After one kind of change to a table, ``event``, do these statements while the condition holds.

    All is SQL over ``OLD`` and ``NEW`` in the words of both engines. What a statement violates
    refuses the change itself.
    """
    then = "; ".join(statements)
    if isinstance(db, peewee.SqliteDatabase):
        db.execute_sql(
            f"CREATE TRIGGER {name} AFTER {event} ON {table} WHEN {when} BEGIN {then}; END"
        )
        return
    db.execute_sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN {then}; END IF; RETURN NULL; END $$"
    )
    db.execute_sql(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
