"""The ground: people, enrolments, clients, practice sessions, sign-offs and history.

A sign-off may be somebody's without an account: a client who agrees by a link.

Written by hand, not made from the models, since a generator drops the CHECKs, the partial indexes
and the triggers in which the database itself keeps the rules.
"""

from typing import Any

import peewee

TABLES = """
CREATE TABLE centre (
  id {id}, name TEXT NOT NULL CHECK (name <> ''), number TEXT NOT NULL DEFAULT '',
  zone TEXT NOT NULL DEFAULT 'Europe/London',
  short_hours_count_in_long {bool} NOT NULL DEFAULT {false},
  second_factor_required {bool} NOT NULL DEFAULT {false},
  due_days INTEGER NOT NULL DEFAULT 5 CHECK (due_days > 0),
  late_days INTEGER NOT NULL DEFAULT 8, created_at {moment} NOT NULL,
  CHECK (late_days > due_days));

CREATE TABLE person (
  id {id}, email TEXT NOT NULL UNIQUE CHECK (email = lower(email) AND email LIKE '%_@_%'),
  name TEXT NOT NULL CHECK (name <> ''), password_hash TEXT, zone TEXT NOT NULL DEFAULT 'Europe/London',
  totp_secret TEXT, totp_last_step INTEGER, disabled_at {moment}, created_at {moment} NOT NULL);

CREATE TABLE membership (
  id {id}, person_id INTEGER NOT NULL REFERENCES person (id), centre_id INTEGER NOT NULL REFERENCES centre (id),
  role TEXT NOT NULL CHECK (role IN ('learner','supervisor','tutor','assessor','iqa','eqa','admin')),
  UNIQUE (person_id, centre_id, role));
CREATE INDEX membership_centre ON membership (centre_id, role);

CREATE TABLE sign_in (
  id {id}, token_sha256 TEXT NOT NULL UNIQUE, person_id INTEGER NOT NULL REFERENCES person (id),
  centre_id INTEGER NOT NULL REFERENCES centre (id), device TEXT NOT NULL DEFAULT '',
  created_at {moment} NOT NULL, seen_at {moment} NOT NULL, ended_at {moment});
CREATE INDEX sign_in_person ON sign_in (person_id, ended_at);

CREATE TABLE attempt (id {id}, key TEXT NOT NULL, at {moment} NOT NULL);
CREATE INDEX attempt_key ON attempt (key, at);

CREATE TABLE invitation (
  id {id}, person_id INTEGER NOT NULL REFERENCES person (id), centre_id INTEGER NOT NULL REFERENCES centre (id),
  token_sha256 TEXT NOT NULL UNIQUE, created_at {moment} NOT NULL, expires_at {moment} NOT NULL, used_at {moment},
  created_by_id INTEGER REFERENCES person (id), roles TEXT NOT NULL DEFAULT '');
CREATE INDEX invitation_person ON invitation (person_id);

CREATE TABLE enrolment (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), learner_id INTEGER NOT NULL REFERENCES person (id),
  programme TEXT NOT NULL, catalogue_version TEXT NOT NULL, registration TEXT NOT NULL DEFAULT '',
  started_on DATE NOT NULL, ends_on DATE CHECK (ends_on >= started_on), created_at {moment} NOT NULL,
  UNIQUE (centre_id, learner_id, programme), UNIQUE (id, learner_id, centre_id));
CREATE INDEX enrolment_learner ON enrolment (learner_id);

CREATE TABLE enrolment_unit (
  id {id}, enrolment_id INTEGER NOT NULL REFERENCES enrolment (id), unit TEXT NOT NULL, UNIQUE (enrolment_id, unit));

CREATE TABLE assignment (
  id {id}, enrolment_id INTEGER NOT NULL REFERENCES enrolment (id), person_id INTEGER NOT NULL REFERENCES person (id),
  role TEXT NOT NULL CHECK (role IN ('supervisor','tutor','assessor','iqa')),
  from_on DATE NOT NULL, to_on DATE CHECK (to_on >= from_on), UNIQUE (enrolment_id, person_id, role, from_on));
CREATE INDEX assignment_person ON assignment (person_id, role);

CREATE TABLE client (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), learner_id INTEGER NOT NULL REFERENCES person (id),
  alias TEXT NOT NULL CHECK (alias <> ''), alias_key TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT 'individual' CHECK (kind IN ('individual','team')),
  created_at {moment} NOT NULL, UNIQUE (centre_id, learner_id, alias_key));

CREATE TABLE engagement (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), client_id INTEGER NOT NULL REFERENCES client (id),
  kind TEXT NOT NULL CHECK (kind IN ('coaching','mentoring')), contract_agreed_on DATE,
  version INTEGER NOT NULL DEFAULT 1, UNIQUE (client_id, kind));

CREATE TABLE practice_session (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), enrolment_id INTEGER NOT NULL REFERENCES enrolment (id),
  learner_id INTEGER NOT NULL REFERENCES person (id), unit TEXT, kind TEXT CHECK (kind IN ('coaching','mentoring')),
  mode TEXT CHECK (mode IN ('video','face to face','phone','other')), place TEXT NOT NULL DEFAULT '',
  date DATE, starts_at {moment}, ends_at {moment}, minutes INTEGER CHECK (minutes BETWEEN 5 AND 480),
  plan TEXT NOT NULL DEFAULT '', own_goal TEXT NOT NULL DEFAULT '', done TEXT NOT NULL DEFAULT '',
  tools TEXT NOT NULL DEFAULT '', progress TEXT NOT NULL DEFAULT '', reflection TEXT NOT NULL DEFAULT '',
  plan_change TEXT NOT NULL DEFAULT '',
  to_raise TEXT NOT NULL DEFAULT '', extract TEXT NOT NULL DEFAULT '', unparsed TEXT NOT NULL DEFAULT '{{}}',
  state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft','submitted','approved','returned','reopened')),
  version INTEGER NOT NULL DEFAULT 1, draft_key TEXT, import_key TEXT,
  created_at {moment} NOT NULL, changed_at {moment} NOT NULL, submitted_at {moment}, decided_at {moment},
  UNIQUE (learner_id, draft_key), UNIQUE (enrolment_id, import_key),
  CHECK (state NOT IN ('submitted','approved') OR (
    date IS NOT NULL AND minutes IS NOT NULL AND kind IS NOT NULL AND submitted_at IS NOT NULL)),
  CHECK (state NOT IN ('approved','returned','reopened') OR decided_at IS NOT NULL),
  CONSTRAINT session_enrolment FOREIGN KEY (enrolment_id, learner_id, centre_id) REFERENCES enrolment (id, learner_id, centre_id),
  CHECK ((starts_at IS NULL) = (ends_at IS NULL)), CHECK (ends_at > starts_at));
CREATE INDEX practice_session_enrolment ON practice_session (enrolment_id, date);
CREATE INDEX practice_session_learner ON practice_session (learner_id, starts_at);
CREATE INDEX practice_session_waiting ON practice_session (enrolment_id, submitted_at) WHERE state = 'submitted';

CREATE TABLE session_engagement (
  id {id}, session_id INTEGER NOT NULL REFERENCES practice_session (id),
  engagement_id INTEGER NOT NULL REFERENCES engagement (id),
  UNIQUE (session_id, engagement_id));
CREATE INDEX session_engagement_engagement ON session_engagement (engagement_id);

CREATE TABLE private_note (
  id {id}, session_id INTEGER NOT NULL UNIQUE REFERENCES practice_session (id), text TEXT NOT NULL DEFAULT '');

CREATE TABLE diary_upload (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), person_id INTEGER NOT NULL REFERENCES person (id),
  filename TEXT NOT NULL, data {bytes} NOT NULL, created_at {moment} NOT NULL);

CREATE TABLE official_wording (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), catalogue_version TEXT NOT NULL, unit TEXT NOT NULL,
  number TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (centre_id, catalogue_version, unit, number));

CREATE TABLE unit_set_rule (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), unit_set TEXT NOT NULL, min_credits INTEGER,
  required_units TEXT NOT NULL DEFAULT '', UNIQUE (centre_id, unit_set));

CREATE TABLE sign_off (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), seq INTEGER NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL,
  subject TEXT NOT NULL, subject_id INTEGER NOT NULL, subject_version INTEGER NOT NULL,
  person_id INTEGER REFERENCES person (id),
  role TEXT NOT NULL CHECK (role IN ('learner','supervisor','tutor','client','sponsor','observer','peer')),
  decision TEXT NOT NULL, comment TEXT NOT NULL DEFAULT '',
  content_sha256 TEXT NOT NULL, at {moment} NOT NULL, UNIQUE (centre_id, seq), UNIQUE (subject, subject_id, subject_version),
  CHECK (person_id IS NOT NULL OR role IN ('client','sponsor','observer','peer')),
  CHECK ((subject = 'session' AND decision IN ('approved','returned','reopened'))
    OR (subject = 'engagement' AND decision = 'dated')
    OR (subject = 'agreement' AND decision = 'agreed')
    OR (subject = 'confirmation' AND decision IN ('confirmed','disputed'))
    OR (subject = 'feedback' AND decision = 'given')
    OR (subject = 'meeting' AND decision = 'recorded')
    OR (subject = 'attendance' AND decision = 'signed')));

CREATE TABLE event (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), seq INTEGER NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL,
  at {moment} NOT NULL, person_id INTEGER REFERENCES person (id), role TEXT NOT NULL DEFAULT '', verb TEXT NOT NULL,
  subject TEXT NOT NULL, subject_id INTEGER NOT NULL, note TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '{{}}',
  UNIQUE (centre_id, seq));
CREATE INDEX event_subject ON event (subject, subject_id);

CREATE TABLE chain_head (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), chain TEXT NOT NULL CHECK (chain IN ('sign_off','event')),
  count INTEGER NOT NULL DEFAULT 0, hash TEXT NOT NULL, seal TEXT NOT NULL DEFAULT '', UNIQUE (centre_id, chain));
"""

SQLITE = {
    "id": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
    "moment": "DATETIME",
    "bool": "INTEGER",
    "false": "0",
    "bytes": "BLOB",
}
POSTGRESQL = {
    "id": "SERIAL PRIMARY KEY",
    "moment": "TIMESTAMP",
    "bool": "BOOLEAN",
    "false": "FALSE",
    "bytes": "BYTEA",
}

# Two sessions of one coach that stand (submitted or approved) may not overlap.
OVERLAP_SQLITE = """
CREATE TRIGGER session_overlap_{event} BEFORE {EVENT} ON practice_session
WHEN NEW.state IN ('submitted','approved') AND NEW.starts_at IS NOT NULL AND EXISTS (
  SELECT 1 FROM practice_session other WHERE other.learner_id = NEW.learner_id AND other.id <> coalesce(NEW.id, -1)
  AND other.state IN ('submitted','approved') AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at)
BEGIN SELECT RAISE(ABORT, 'session_overlap'); END
"""
OVERLAP_POSTGRESQL = """
ALTER TABLE practice_session ADD CONSTRAINT session_overlap EXCLUDE USING gist (
  int4range(learner_id, learner_id, '[]') WITH &&, tsrange(starts_at, ends_at) WITH &&)
  WHERE (state IN ('submitted','approved') AND starts_at IS NOT NULL)
"""

# Nobody signs their own session.
OWN = """
  NEW.subject = 'session' AND EXISTS (
    SELECT 1 FROM practice_session mine WHERE mine.id = NEW.subject_id AND mine.learner_id = NEW.person_id)
"""
# Nobody supervises, tutors, assesses or quality assures themselves.
SELF = "EXISTS (SELECT 1 FROM enrolment mine WHERE mine.id = NEW.enrolment_id AND mine.learner_id = NEW.person_id)"
# The clients of a session are its learner's, and those of an approved one are sealed with it.
STRANGE = """
  NOT EXISTS (
    SELECT 1 FROM practice_session s JOIN engagement e ON e.id = NEW.engagement_id JOIN client c ON c.id = e.client_id
    WHERE s.id = NEW.session_id AND c.learner_id = s.learner_id AND c.centre_id = s.centre_id AND s.state <> 'approved')
"""
UNLINKED = (
    "EXISTS (SELECT 1 FROM practice_session s WHERE s.id = OLD.session_id AND s.state = 'approved')"
)
# An approved session is reopened, with these columns as they were, or it stays as it is.
SESSION_COLUMNS = (
    "id", "centre_id", "enrolment_id", "learner_id", "unit", "kind", "mode", "place", "date", "starts_at", "ends_at",
    "minutes", "plan", "own_goal", "done", "tools", "progress", "reflection", "plan_change", "to_raise", "extract", "unparsed",
    "draft_key", "import_key", "created_at", "submitted_at",
)  # fmt: skip
SEALED = "OLD.state = 'approved' AND (NEW.state <> 'reopened' OR {})".format(
    " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in SESSION_COLUMNS)
)
# condition → what is said; each on one table before one kind of change
REFUSALS = (
    ("sign_off_own", "INSERT", "sign_off", OWN, "nobody signs their own session"),
    ("session_sealed", "UPDATE", "practice_session", SEALED, "an approved session is sealed"),
    ("assignment_own", "INSERT", "assignment", SELF, "nobody is assigned to themselves"),
    ("session_client_own", "INSERT", "session_engagement", STRANGE, "a session has clients of its own learner"),
    ("session_client_sealed", "DELETE", "session_engagement", UNLINKED, "an approved session is sealed"),
    ("session_client_kept", "UPDATE", "session_engagement", "OLD.id = OLD.id", "the clients of a session are set anew"),
    ("session_kept", "DELETE", "practice_session", "OLD.state = 'approved'", "an approved session is sealed"),
)  # fmt: skip


def up(_migrator: Any, db: Any) -> None:
    """Make every table, the triggers and the exclusion constraint, in the dialect at hand."""
    sqlite = isinstance(db, peewee.SqliteDatabase)
    for statement in TABLES.format(**(SQLITE if sqlite else POSTGRESQL)).split(";\n"):
        if statement.strip():
            db.execute_sql(statement.replace("%", "%%") if not sqlite else statement)
    if sqlite:
        for event in ("insert", "update"):
            db.execute_sql(OVERLAP_SQLITE.format(event=event, EVENT=event.upper()))
        for name, event, table, when, said in REFUSALS:
            db.execute_sql(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
                f"WHEN {when.replace('IS DISTINCT FROM', 'IS NOT')} BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
        for table in ("sign_off", "event"):
            for event in ("update", "delete"):
                db.execute_sql(
                    f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    db.execute_sql(OVERLAP_POSTGRESQL)
    db.execute_sql(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$"
    )
    for name, event, table, when, said in REFUSALS:
        db.execute_sql(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {when} THEN RAISE EXCEPTION '{said}'; END IF; "
            f"RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END $$"
        )
        db.execute_sql(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    for table in ("sign_off", "event"):
        db.execute_sql(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
