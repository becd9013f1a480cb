"""Mail that went out is kept for a while only; how much there is in each state is counted by an index."""

from typing import Any

INDEXES = (
    "CREATE INDEX mail_state ON mail (centre_id, state, id)",
    "CREATE INDEX mail_over ON mail (created_at) WHERE state IN ('sent','dropped')",
)


def up(_migrator: Any, db: Any) -> None:
    """Add the two indexes."""
    for statement in INDEXES:
        db.execute_sql(statement)
