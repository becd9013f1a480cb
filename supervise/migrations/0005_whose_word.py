"""Whose word something is: by which link it was answered, and who dated a contract.

``by_mail`` says that somebody without an account answered by the link e-mailed to them, and not by one
handed on. It is empty for what was answered before this, for what a coach signs, and for feedback
without a name, of which it would tell who has answered. ``dated_by`` is the role of whoever dated an
engagement's contract last: a day that the coach alone gives waits for a supervisor to accept it.
"""

from typing import Any

import peewee

from supervise.triggers import refuse

COLUMNS = """
ALTER TABLE confirmation ADD COLUMN by_mail {bool} CHECK (by_mail IS NULL OR answered_at IS NOT NULL);
ALTER TABLE agreement ADD COLUMN by_mail {bool} CHECK (by_mail IS NULL OR party <> 'coach');
ALTER TABLE feedback ADD COLUMN by_mail {bool} CHECK (by_mail IS NULL OR NOT anonymous);
ALTER TABLE engagement ADD COLUMN dated_by TEXT NOT NULL DEFAULT ''
  CHECK (dated_by IN ('','learner','command','supervisor','client','sponsor'));
UPDATE engagement SET dated_by = coalesce((SELECT s.role FROM sign_off s WHERE s.subject = 'engagement'
  AND s.subject_id = engagement.id AND s.subject_version = engagement.version), 'command')
  WHERE contract_agreed_on IS NOT NULL;
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
