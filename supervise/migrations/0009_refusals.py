"""Rules that the code alone held so far, refused by the database: each is written beside what it says.

Rows that are there already stay; whatever changes one of them must mend it.
"""

from typing import Any

from supervise.triggers import refuse

WITHDRAWN = (
    "(EXISTS (SELECT 1 FROM consent c JOIN engagement e ON e.client_id = c.client_id "
    "WHERE e.id = NEW.engagement_id) AND NOT EXISTS (SELECT 1 FROM consent c JOIN engagement e "
    "ON e.client_id = c.client_id WHERE e.id = NEW.engagement_id AND c.withdrawn_on IS NULL))"
)
"""The client of an engagement withdrew their consent: what was written went, a review's words too."""
PARTS = ("start", "outcome", "remains", "model", "evaluation", "success")
EMPTY = " OR ".join(f"NEW.{part} = ''" for part in PARTS)

REFUSALS = (
    ("contract_ends", "contract", "NEW.ended_on < NEW.agreed_on",
     "a contract ends no earlier than it was agreed"),
    ("confirmation_plain", "confirmation",
     "NEW.state = 'confirmed' AND (NEW.what <> '' OR NEW.said_minutes IS NOT NULL)",
     "what is confirmed is not said to differ"),
    ("session_goal_theirs", "session_goal",
     "NOT EXISTS (SELECT 1 FROM session_engagement s JOIN goal g ON g.engagement_id = s.engagement_id "
     "WHERE s.session_id = NEW.session_id AND g.id = NEW.goal_id)",
     "a goal belongs to a client of its session"),
    ("consent_apart", "consent",
     "EXISTS (SELECT 1 FROM consent other WHERE other.client_id = NEW.client_id "
     "AND other.id <> coalesce(NEW.id, -1) "
     "AND other.given_on < coalesce(NEW.withdrawn_on, '9999-12-31') "
     "AND coalesce(other.withdrawn_on, '9999-12-31') > NEW.given_on)",
     "two consents of one client overlap"),
    ("link_of_contract", "link", "NEW.purpose = 'contract' AND NEW.subject_id IS NULL",
     "the link of a contract says which"),
    ("review_whole", "closing_review", f"NEW.completed_at IS NOT NULL AND ({EMPTY}) AND NOT {WITHDRAWN}",
     "a completed review has no empty part"),
)  # fmt: skip


def up(_migrator: Any, db: Any) -> None:
    """Refuse each, whether a row comes or changes."""
    for name, table, when, said in REFUSALS:
        for event in ("INSERT", "UPDATE"):
            refuse(db, f"{name}_{event.lower()}", event, table, when, said)
