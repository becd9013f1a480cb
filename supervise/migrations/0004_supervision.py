"""Supervision: availability, meetings with their places, the record both sign, calendars and mail.

``busy`` holds one row for each person of each meeting that stands, so that one rule of the database
refuses a double booking for supervisor and learner alike, whatever the code does. A seat is a number
from 1 to the meeting's places, once each, so that no group is ever overfull.
"""

from typing import Any

import peewee

from supervise.triggers import refuse

COLUMNS = """
ALTER TABLE centre ADD COLUMN supervise_after_minutes INTEGER DEFAULT 2100 CHECK (supervise_after_minutes > 0);
ALTER TABLE centre ADD COLUMN supervise_after_weeks INTEGER DEFAULT 8 CHECK (supervise_after_weeks > 0);
ALTER TABLE mail ADD COLUMN meeting_id INTEGER REFERENCES meeting (id);
ALTER TABLE mail ADD COLUMN detail TEXT NOT NULL DEFAULT '{{}}';
ALTER TABLE mail ADD COLUMN key TEXT;
ALTER TABLE mail ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting'
  CHECK (state IN ('waiting','sending','sent','failed','dropped'));
ALTER TABLE mail ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mail ADD COLUMN due_at {moment};
ALTER TABLE mail ADD COLUMN not_before {moment};
ALTER TABLE mail ADD COLUMN claimed_at {moment};
ALTER TABLE mail ADD COLUMN fault TEXT NOT NULL DEFAULT '';
ALTER TABLE mail ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
UPDATE mail SET due_at = created_at WHERE sent_at IS NULL;
UPDATE mail SET state = 'sent' WHERE sent_at IS NOT NULL;
DROP INDEX mail_waiting;
CREATE INDEX mail_message ON mail (message_id);
CREATE INDEX mail_centre ON mail (centre_id, id);
CREATE INDEX mail_due ON mail (due_at, id) WHERE state IN ('waiting','sending');
CREATE UNIQUE INDEX mail_key ON mail (key) WHERE key IS NOT NULL
"""

TABLES = """
CREATE TABLE availability (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), person_id INTEGER NOT NULL REFERENCES person (id),
  format TEXT NOT NULL CHECK (format IN ('one-to-one','group','peer','tutorial','induction')),
  places INTEGER NOT NULL DEFAULT 1 CHECK (places BETWEEN 1 AND 50),
  weekday INTEGER CHECK (weekday BETWEEN 0 AND 6), every_weeks INTEGER NOT NULL DEFAULT 1 CHECK (every_weeks BETWEEN 1 AND 8),
  from_on DATE NOT NULL, to_on DATE CHECK (to_on >= from_on),
  starts TEXT NOT NULL, ends TEXT NOT NULL, zone TEXT NOT NULL,
  minutes INTEGER NOT NULL CHECK (minutes BETWEEN 10 AND 480),
  buffer_minutes INTEGER NOT NULL DEFAULT 0 CHECK (buffer_minutes BETWEEN 0 AND 240),
  notice_minutes INTEGER NOT NULL DEFAULT 1440 CHECK (notice_minutes >= 0),
  horizon_days INTEGER NOT NULL DEFAULT 60 CHECK (horizon_days BETWEEN 1 AND 400),
  mode TEXT NOT NULL CHECK (mode IN ('video','face to face','phone')),
  place TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '',
  named {bool} NOT NULL DEFAULT {false}, version INTEGER NOT NULL DEFAULT 1,
  created_at {moment} NOT NULL, withdrawn_at {moment},
  CHECK (starts <> ends), CHECK (weekday IS NOT NULL OR to_on = from_on));
CREATE INDEX availability_of_person ON availability (person_id) WHERE withdrawn_at IS NULL;

CREATE TABLE availability_person (
  id {id}, availability_id INTEGER NOT NULL REFERENCES availability (id), person_id INTEGER NOT NULL REFERENCES person (id),
  UNIQUE (availability_id, person_id));

CREATE TABLE away (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), person_id INTEGER NOT NULL REFERENCES person (id),
  from_at {moment} NOT NULL, to_at {moment} NOT NULL, why TEXT NOT NULL DEFAULT '', created_at {moment} NOT NULL,
  CHECK (to_at > from_at));
CREATE INDEX away_person ON away (person_id, from_at);

CREATE TABLE meeting (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), host_id INTEGER NOT NULL REFERENCES person (id),
  availability_id INTEGER REFERENCES availability (id), series TEXT NOT NULL DEFAULT '',
  format TEXT NOT NULL CHECK (format IN ('one-to-one','group','peer','tutorial','induction')),
  places INTEGER NOT NULL DEFAULT 1 CHECK (places BETWEEN 1 AND 50),
  starts_at {moment} NOT NULL, ends_at {moment} NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('video','face to face','phone')),
  place TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '',
  uid TEXT NOT NULL UNIQUE, sequence INTEGER NOT NULL DEFAULT 0 CHECK (sequence >= 0),
  state TEXT NOT NULL CHECK (state IN ('requested','booked','declined','cancelled','held','missed','recorded','signed')),
  version INTEGER NOT NULL DEFAULT 1, asked_by_id INTEGER NOT NULL REFERENCES person (id),
  note TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  held_minutes INTEGER CHECK (held_minutes BETWEEN 1 AND 1440), discussed TEXT NOT NULL DEFAULT '',
  agenda TEXT NOT NULL DEFAULT '{{}}', created_at {moment} NOT NULL, changed_at {moment} NOT NULL,
  recorded_at {moment}, recorded_by_id INTEGER REFERENCES person (id),
  CHECK (ends_at > starts_at), CHECK (format <> 'one-to-one' OR places = 1),
  CHECK (state NOT IN ('declined','cancelled') OR reason <> ''),
  CHECK (state NOT IN ('held','recorded','signed') OR held_minutes IS NOT NULL),
  CHECK (state NOT IN ('recorded','signed') OR (recorded_at IS NOT NULL AND recorded_by_id IS NOT NULL AND discussed <> '')));
CREATE INDEX meeting_host ON meeting (host_id, starts_at);
CREATE INDEX meeting_centre ON meeting (centre_id, starts_at);
CREATE INDEX meeting_series ON meeting (series) WHERE series <> '';

CREATE TABLE attendance (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), meeting_id INTEGER NOT NULL REFERENCES meeting (id),
  enrolment_id INTEGER NOT NULL REFERENCES enrolment (id), learner_id INTEGER NOT NULL REFERENCES person (id),
  seat INTEGER CHECK (seat > 0), series TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('asked','invited','waiting','booked','declined','cancelled','came','missed','signed')),
  version INTEGER NOT NULL DEFAULT 1, reason TEXT NOT NULL DEFAULT '',
  feedback TEXT NOT NULL DEFAULT '', goals TEXT NOT NULL DEFAULT '', reply TEXT NOT NULL DEFAULT '',
  reflection TEXT NOT NULL DEFAULT '', created_at {moment} NOT NULL, changed_at {moment} NOT NULL, signed_at {moment},
  UNIQUE (meeting_id, learner_id),
  CONSTRAINT attendance_enrolment FOREIGN KEY (enrolment_id, learner_id, centre_id)
    REFERENCES enrolment (id, learner_id, centre_id),
  CHECK ((state IN ('booked','came','missed','signed')) = (seat IS NOT NULL)),
  CHECK ((state = 'signed') = (signed_at IS NOT NULL)));
CREATE UNIQUE INDEX attendance_seat ON attendance (meeting_id, seat) WHERE seat IS NOT NULL;
CREATE INDEX attendance_learner ON attendance (learner_id, centre_id);
CREATE INDEX attendance_enrolment_id ON attendance (enrolment_id);
CREATE INDEX attendance_series ON attendance (series) WHERE series <> '';

CREATE TABLE busy (
  id {id}, person_id INTEGER NOT NULL REFERENCES person (id), meeting_id INTEGER NOT NULL REFERENCES meeting (id),
  starts_at {moment} NOT NULL, ends_at {moment} NOT NULL, UNIQUE (person_id, meeting_id), CHECK (ends_at > starts_at));
CREATE INDEX busy_person ON busy (person_id, starts_at);
CREATE INDEX busy_meeting ON busy (meeting_id);

CREATE TABLE meeting_action (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), attendance_id INTEGER NOT NULL REFERENCES attendance (id),
  owner TEXT NOT NULL CHECK (owner IN ('learner','supervisor')), text TEXT NOT NULL CHECK (text <> ''),
  due_on DATE, done_on DATE, position INTEGER NOT NULL DEFAULT 0);
CREATE INDEX meeting_action_attendance ON meeting_action (attendance_id);

CREATE TABLE meeting_note (
  id {id}, meeting_id INTEGER NOT NULL REFERENCES meeting (id), person_id INTEGER NOT NULL REFERENCES person (id),
  text TEXT NOT NULL DEFAULT '', UNIQUE (meeting_id, person_id));

CREATE TABLE calendar_feed (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), person_id INTEGER NOT NULL REFERENCES person (id),
  nonce TEXT NOT NULL UNIQUE, created_at {moment} NOT NULL, revoked_at {moment});
CREATE UNIQUE INDEX calendar_feed_open ON calendar_feed (person_id, centre_id) WHERE revoked_at IS NULL;

CREATE TABLE mail_wish (
  id {id}, person_id INTEGER NOT NULL UNIQUE REFERENCES person (id), digest {bool} NOT NULL DEFAULT {false},
  digest_at TEXT NOT NULL DEFAULT '08:00', quiet_from TEXT NOT NULL DEFAULT '', quiet_to TEXT NOT NULL DEFAULT '',
  CHECK ((quiet_from = '') = (quiet_to = '')))
"""

SQLITE = {
    "id": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
    "moment": "DATETIME",
    "bool": "INTEGER",
    "false": "0",
}
POSTGRESQL = {
    "id": "SERIAL PRIMARY KEY",
    "moment": "TIMESTAMP",
    "bool": "BOOLEAN",
    "false": "FALSE",
}

# Nobody is in two meetings at once.
OVERLAP = (
    "EXISTS (SELECT 1 FROM busy other WHERE other.person_id = NEW.person_id "
    "AND other.id <> coalesce(NEW.id, -1) AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at)"
)
OVERLAP_POSTGRESQL = """
ALTER TABLE busy ADD CONSTRAINT busy_overlap EXCLUDE USING gist (
  int4range(person_id, person_id, '[]') WITH &&, tsrange(starts_at, ends_at) WITH &&)
"""

MEETING_SEALED = (
    "centre_id", "host_id", "format", "places", "starts_at", "ends_at", "mode", "place", "address",
    "note", "reason", "asked_by_id", "held_minutes", "discussed", "agenda", "uid",
)  # fmt: skip
BY_LEADER = ("recorded_at", "recorded_by_id")
ATTENDANCE_SEALED = (
    "centre_id", "meeting_id", "enrolment_id", "learner_id", "seat", "feedback", "goals",
)  # fmt: skip
REPLY = ("reply", "reflection")
ACTION_SEALED = ("centre_id", "attendance_id", "owner", "text", "due_on", "position")


def _differs(names: tuple[str, ...]) -> str:
    return "(" + " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in names) + ")"


OF_MEETING = "EXISTS (SELECT 1 FROM meeting m WHERE m.id = {}.meeting_id AND m.state IN ({}))"
OF_ATTENDANCE = (
    "EXISTS (SELECT 1 FROM meeting m JOIN attendance a ON a.meeting_id = m.id "
    "WHERE a.id = {}.attendance_id AND m.state IN ({}))"
)
SIGNED = "'recorded','signed'"
REFUSALS = (
    ("meeting_sealed", "UPDATE", "meeting",
     f"OLD.state IN ({SIGNED}) AND ({_differs(MEETING_SEALED)} OR (NEW.state <> 'held' AND {_differs(BY_LEADER)}))",
     "a signed meeting is sealed"),
    ("meeting_stays", "UPDATE", "meeting",
     "(OLD.state = 'signed' AND NEW.state <> 'signed') "
     "OR (OLD.state = 'recorded' AND NEW.state NOT IN ('recorded','signed','held'))",
     "a signed meeting is sealed"),
    ("meeting_kept", "DELETE", "meeting", "OLD.state NOT IN ('requested')", "a meeting stays on record"),
    ("attendance_sealed", "UPDATE", "attendance",
     f"({OF_MEETING.format('OLD', SIGNED)} AND ({_differs(ATTENDANCE_SEALED)} "
     "OR (NEW.state <> OLD.state AND NOT (OLD.state = 'came' AND NEW.state = 'signed')))) "
     f"OR ({OF_MEETING.format('NEW', SIGNED)} AND NEW.meeting_id <> OLD.meeting_id) "
     f"OR (OLD.state = 'signed' AND (NEW.state <> 'signed' OR NEW.signed_at <> OLD.signed_at OR {_differs(REPLY)}))",
     "a signed record is sealed"),
    ("attendance_kept", "DELETE", "attendance",
     f"OLD.state IN ('came','missed','signed') OR {OF_MEETING.format('OLD', SIGNED)}", "a signed record is sealed"),
    ("attendance_added", "INSERT", "attendance", OF_MEETING.format("NEW", SIGNED), "a signed record is sealed"),
    ("attendance_places", "INSERT", "attendance",
     "NEW.seat > (SELECT m.places FROM meeting m WHERE m.id = NEW.meeting_id)", "the meeting is full"),
    ("attendance_moved", "UPDATE", "attendance",
     "NEW.seat > (SELECT m.places FROM meeting m WHERE m.id = NEW.meeting_id)", "the meeting is full"),
    ("attendance_host", "INSERT", "attendance",
     "EXISTS (SELECT 1 FROM meeting m WHERE m.id = NEW.meeting_id AND (m.host_id = NEW.learner_id "
     "OR m.centre_id <> NEW.centre_id))",
     "nobody meets themselves"),
    ("meeting_dated", "UPDATE", "meeting",
     "NEW.state = 'recorded' AND OLD.state <> 'recorded' AND EXISTS (SELECT 1 FROM meeting_action x "
     "JOIN attendance a ON a.id = x.attendance_id WHERE a.meeting_id = NEW.id AND x.due_on IS NULL)",
     "an action needs its day"),
    ("action_sealed", "UPDATE", "meeting_action",
     f"({OF_ATTENDANCE.format('OLD', SIGNED)} OR {OF_ATTENDANCE.format('NEW', SIGNED)}) "
     f"AND {_differs(ACTION_SEALED)}", "a signed record is sealed"),
    ("action_kept", "DELETE", "meeting_action", OF_ATTENDANCE.format("OLD", SIGNED), "a signed record is sealed"),
    ("action_added", "INSERT", "meeting_action", OF_ATTENDANCE.format("NEW", SIGNED), "a signed record is sealed"),
)  # fmt: skip


def up(_migrator: Any, db: Any) -> None:
    """Make the tables, add the columns, and write down what the database refuses."""
    sqlite = isinstance(db, peewee.SqliteDatabase)
    words = SQLITE if sqlite else POSTGRESQL
    for statement in (TABLES + ";\n" + COLUMNS).format(**words).split(";\n"):
        if statement.strip():
            db.execute_sql(statement)
    if sqlite:
        for event in ("INSERT", "UPDATE"):
            refuse(db, f"busy_overlap_{event.lower()}", event, "busy", OVERLAP, "busy_overlap")
    else:
        db.execute_sql(OVERLAP_POSTGRESQL)
    for name, event, table, when, said in REFUSALS:
        refuse(db, name, event, table, when, said)
