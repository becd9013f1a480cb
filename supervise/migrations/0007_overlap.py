"""Who is where when follows from meetings and their places by itself, whatever the code does.

``busy`` refused two meetings of one person at once, but somebody had to fill it in. From here on the
database does: a meeting that stands, and a seat in it, cannot be written without their time, and an
overlap is refused with whatever wrote it. What the code says of a time that is taken is for the
message alone.
"""

from typing import Any

from supervise.triggers import follow, refuse

INDEXES = (
    "CREATE INDEX busy_starts ON busy (starts_at)",
    "CREATE INDEX meeting_groups ON meeting (starts_at) WHERE state = 'booked' AND places > 1",
)
STANDS = "{}.state IN ('booked','held','missed','recorded','signed')"
NEW_STANDS, OLD_STANDS = STANDS.format("NEW"), STANDS.format("OLD")
INTO = "INSERT INTO busy (person_id, meeting_id, starts_at, ends_at) SELECT"
HOST = f"{INTO} NEW.host_id, NEW.id, NEW.starts_at, NEW.ends_at WHERE {NEW_STANDS}"
SEATED = (
    f"{INTO} a.learner_id, NEW.id, NEW.starts_at, NEW.ends_at FROM attendance a "
    f"WHERE a.meeting_id = NEW.id AND a.seat IS NOT NULL AND {NEW_STANDS}"
)
SEAT = (
    f"{INTO} NEW.learner_id, m.id, m.starts_at, m.ends_at FROM meeting m "
    f"WHERE m.id = NEW.meeting_id AND NEW.seat IS NOT NULL AND {STANDS.format('m')}"
)
FREE_ALL = "DELETE FROM busy WHERE meeting_id = NEW.id"
FREE = "DELETE FROM busy WHERE meeting_id = OLD.meeting_id AND person_id = OLD.learner_id"
MOVED = (
    f"({OLD_STANDS}) <> ({NEW_STANDS}) OR OLD.host_id <> NEW.host_id "
    "OR OLD.starts_at <> NEW.starts_at OR OLD.ends_at <> NEW.ends_at"
)
RESEATED = (
    "(OLD.seat IS NULL) <> (NEW.seat IS NULL) OR OLD.learner_id <> NEW.learner_id "
    "OR OLD.meeting_id <> NEW.meeting_id"
)
FOLLOWS = (
    ("meeting_keeps", "INSERT", "meeting", NEW_STANDS, HOST),
    ("meeting_rekeeps", "UPDATE", "meeting", MOVED, FREE_ALL, HOST, SEATED),
    ("attendance_keeps", "INSERT", "attendance", "NEW.seat IS NOT NULL", SEAT),
    ("attendance_rekeeps", "UPDATE", "attendance", RESEATED, FREE, SEAT),
    ("attendance_frees", "DELETE", "attendance", "OLD.seat IS NOT NULL", FREE),
)
REFUSALS = (
    ("meeting_host", "UPDATE", "meeting",
     "NEW.host_id <> OLD.host_id AND EXISTS "
     "(SELECT 1 FROM attendance a WHERE a.meeting_id = NEW.id AND a.learner_id = NEW.host_id)",
     "nobody meets themselves"),
    ("attendance_hosts", "UPDATE", "attendance",
     "EXISTS (SELECT 1 FROM meeting m WHERE m.id = NEW.meeting_id AND m.host_id = NEW.learner_id)",
     "nobody meets themselves"),
    ("meeting_shrinks", "UPDATE", "meeting",
     "NEW.places < OLD.places AND EXISTS "
     "(SELECT 1 FROM attendance a WHERE a.meeting_id = NEW.id AND a.seat > NEW.places)",
     "the meeting is full"),
)  # fmt: skip


def up(_migrator: Any, db: Any) -> None:
    """Let ``busy`` follow, refuse what walked round the rules of a meeting, and add the indexes."""
    for statement in INDEXES:
        db.execute_sql(statement)
    for name, event, table, when, *statements in FOLLOWS:
        follow(db, name, event, table, when, *statements)
    for name, event, table, when, said in REFUSALS:
        refuse(db, name, event, table, when, said)
