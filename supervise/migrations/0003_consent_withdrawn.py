"""Withdrawn consent: what was written goes, and what was signed of it can still be proved.

``practice_session.erased_at`` says when its texts were emptied, once and for good. A sign-off keeps
a second hash, over what stays: date, minutes, unit, kind and engagements.
"""

from typing import Any

import peewee

COLUMNS = """
ALTER TABLE sign_off ADD COLUMN kept_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE practice_session ADD COLUMN erased_at {moment} CHECK (erased_at IS NULL OR (
  place = '' AND plan = '' AND own_goal = '' AND done = '' AND tools = '' AND progress = ''
  AND reflection = '' AND plan_change = '' AND to_raise = '' AND extract = ''))
"""

# What a signature covered and what stays, whoever withdraws.
KEPT = (
    "id", "centre_id", "enrolment_id", "learner_id", "unit", "kind", "mode", "date", "starts_at",
    "ends_at", "minutes", "draft_key", "import_key", "created_at", "submitted_at", "decided_at",
    "state", "version",
)  # fmt: skip
# What goes; while nothing is erased, an approved session keeps these too.
TEXTS = (
    "place", "plan", "own_goal", "done", "tools", "progress", "reflection", "plan_change",
    "to_raise", "extract", "unparsed", "erased_at",
)  # fmt: skip
MOVED = ("state", "version", "decided_at")


def _differs(names: tuple[str, ...]) -> str:
    return " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in names)


# An approved session is reopened with all its columns as they were, or its texts are erased once
# and all the rest stays as it was, or nothing happens to it.
REOPENED = (
    f"NEW.state = 'reopened' AND NOT ({_differs(tuple(n for n in KEPT + TEXTS if n not in MOVED))})"
)
ERASED = f"OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NOT ({_differs(KEPT)})"
SEALED = f"OLD.state = 'approved' AND NOT ({REOPENED}) AND NOT ({ERASED})"
AGAIN = "OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at"


def up(_migrator: Any, db: Any) -> None:
    """Add the columns; open the seal of an approved session for an erasure, and for nothing else."""
    sqlite = isinstance(db, peewee.SqliteDatabase)
    for statement in COLUMNS.format(moment="DATETIME" if sqlite else "TIMESTAMP").split(";\n"):
        db.execute_sql(statement)
    if sqlite:
        db.execute_sql("DROP TRIGGER session_sealed")
        for name, when, said in (
            ("session_sealed", SEALED, "an approved session is sealed"),
            ("session_erased", AGAIN, "what was erased stays erased"),
        ):
            db.execute_sql(
                f"CREATE TRIGGER {name} BEFORE UPDATE ON practice_session "
                f"WHEN {when.replace('IS DISTINCT FROM', 'IS NOT')} "
                f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
        return
    db.execute_sql(_function("session_sealed", SEALED, "an approved session is sealed"))
    db.execute_sql(_function("session_erased", AGAIN, "what was erased stays erased"))
    db.execute_sql(
        "CREATE TRIGGER session_erased BEFORE UPDATE ON practice_session "
        "FOR EACH ROW EXECUTE FUNCTION session_erased()"
    )


def _function(name: str, when: str, said: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN RAISE EXCEPTION '{said}'; END IF; RETURN NEW; END $$"
    )
