"""By which link somebody without an account answered: the one e-mailed to them, or one handed on.

``by_mail`` is empty for what was answered before this, for what a coach signs, and for feedback without
a name, of which it would tell who has answered.
"""

from typing import Any

import peewee

from supervise.triggers import refuse

COLUMNS = """
ALTER TABLE confirmation ADD COLUMN by_mail {bool} CHECK (by_mail IS NULL OR answered_at IS NOT NULL);
ALTER TABLE agreement ADD COLUMN by_mail {bool} CHECK (by_mail IS NULL OR party <> 'coach');
ALTER TABLE feedback ADD COLUMN by_mail {bool} CHECK (by_mail IS NULL OR NOT anonymous);
CREATE INDEX confirmation_session ON confirmation (session_id, client_id)
"""
ANSWERED = (("confirmation", "OLD.answered_at IS NOT NULL"), ("feedback", "OLD.state = 'given'"))


def up(_migrator: Any, db: Any) -> None:
    """Add the columns, and let nobody change them afterwards; an agreement never changes anyway."""
    kind = "INTEGER" if isinstance(db, peewee.SqliteDatabase) else "BOOLEAN"
    for statement in COLUMNS.format(bool=kind).split(";\n"):
        db.execute_sql(statement)
    for table, answered in ANSWERED:
        changed = f"{answered} AND NEW.by_mail IS DISTINCT FROM OLD.by_mail"
        refuse(db, f"{table}_way", "UPDATE", table, changed, "an answer stays as it was given")
