"""On which day a session was, as a client says who disputes its date; empty where they do not know."""

from typing import Any

from supervise.triggers import refuse

COLUMN = "ALTER TABLE confirmation ADD COLUMN said_on DATE CHECK (said_on IS NULL OR what <> '')"


def up(_migrator: Any, db: Any) -> None:
    """Add the column, and let nobody change what was answered."""
    db.execute_sql(COLUMN)
    changed = "OLD.answered_at IS NOT NULL AND NEW.said_on IS DISTINCT FROM OLD.said_on"
    said = "an answered confirmation is sealed"
    refuse(db, "confirmation_day", "UPDATE", "confirmation", changed, said)
