"""Clients take part: the vault, consent, contracts, goals, links, confirmations and feedback.

What identifies a client stands in two tables alone, ``client_identity`` and ``link_contact``, and
in ``signed_name``; no other table, and no history, holds a name or an address.
"""

from typing import Any

import peewee

COLUMNS = """
ALTER TABLE client ADD COLUMN needs TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN needs_tool TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN preference TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN strengths TEXT NOT NULL DEFAULT '';
ALTER TABLE centre ADD COLUMN confirmation_required {bool} NOT NULL DEFAULT {false};
ALTER TABLE centre ADD COLUMN feedback_floor INTEGER NOT NULL DEFAULT 3 CHECK (feedback_floor BETWEEN 1 AND 20);
ALTER TABLE engagement ADD COLUMN contract_ended_on DATE
"""

TABLES = """
CREATE TABLE client_identity (
  id {id}, client_id INTEGER NOT NULL UNIQUE REFERENCES client (id), name TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '', organisation TEXT NOT NULL DEFAULT '', sponsor_name TEXT NOT NULL DEFAULT '',
  sponsor_email TEXT NOT NULL DEFAULT '', sponsor_organisation TEXT NOT NULL DEFAULT '');

CREATE TABLE consent (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), client_id INTEGER NOT NULL REFERENCES client (id),
  given_on DATE NOT NULL, scope TEXT NOT NULL CHECK (scope <> ''), withdrawn_on DATE, created_at {moment} NOT NULL,
  CHECK (withdrawn_on >= given_on));
CREATE UNIQUE INDEX consent_open ON consent (client_id) WHERE withdrawn_on IS NULL;
CREATE INDEX consent_client ON consent (client_id);

CREATE TABLE contract (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), engagement_id INTEGER NOT NULL REFERENCES engagement (id),
  number INTEGER NOT NULL CHECK (number > 0), parties TEXT NOT NULL DEFAULT 'two' CHECK (parties IN ('two','three')),
  parts TEXT NOT NULL DEFAULT '{{}}', goals TEXT NOT NULL DEFAULT '[]',
  planned_sessions INTEGER CHECK (planned_sessions BETWEEN 1 AND 200),
  planned_minutes INTEGER CHECK (planned_minutes BETWEEN 5 AND 480),
  state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft','offered','withdrawn','agreed','replaced','ended')),
  version INTEGER NOT NULL DEFAULT 1, created_at {moment} NOT NULL, changed_at {moment} NOT NULL,
  offered_at {moment}, agreed_on DATE, ended_on DATE, ended_reason TEXT NOT NULL DEFAULT '',
  declined_by TEXT NOT NULL DEFAULT '' CHECK (declined_by IN ('','client','sponsor')),
  declined_why TEXT NOT NULL DEFAULT '',
  UNIQUE (engagement_id, number),
  CHECK (state = 'draft' OR offered_at IS NOT NULL),
  CHECK (state NOT IN ('agreed','replaced','ended') OR agreed_on IS NOT NULL),
  CHECK (state NOT IN ('replaced','ended') OR ended_on IS NOT NULL));
CREATE UNIQUE INDEX contract_agreed ON contract (engagement_id) WHERE state = 'agreed';
CREATE UNIQUE INDEX contract_open ON contract (engagement_id) WHERE state IN ('draft','offered');

CREATE TABLE agreement (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), contract_id INTEGER NOT NULL REFERENCES contract (id),
  contract_version INTEGER NOT NULL, party TEXT NOT NULL CHECK (party IN ('coach','client','sponsor')),
  version INTEGER NOT NULL DEFAULT 1, agreed_at {moment} NOT NULL, UNIQUE (contract_id, contract_version, party));

CREATE TABLE goal (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), engagement_id INTEGER NOT NULL REFERENCES engagement (id),
  text TEXT NOT NULL CHECK (text <> ''), aim TEXT NOT NULL DEFAULT '',
  aim_level TEXT NOT NULL DEFAULT 'organisation' CHECK (aim_level IN ('organisation','division','team')),
  measure TEXT NOT NULL DEFAULT '', owner TEXT NOT NULL DEFAULT '', due_on DATE, milestones TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','reached','dropped')),
  progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 10),
  version INTEGER NOT NULL DEFAULT 1, created_at {moment} NOT NULL, changed_at {moment} NOT NULL);
CREATE INDEX goal_engagement ON goal (engagement_id);

CREATE TABLE session_goal (
  id {id}, session_id INTEGER NOT NULL REFERENCES practice_session (id), goal_id INTEGER NOT NULL REFERENCES goal (id),
  progress INTEGER NOT NULL CHECK (progress BETWEEN 0 AND 10), UNIQUE (session_id, goal_id));
CREATE INDEX session_goal_goal ON session_goal (goal_id);

CREATE TABLE closing_review (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id),
  engagement_id INTEGER NOT NULL UNIQUE REFERENCES engagement (id), start TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '', remains TEXT NOT NULL DEFAULT '', model TEXT NOT NULL DEFAULT '',
  evaluation TEXT NOT NULL DEFAULT '', success TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL DEFAULT 1,
  created_at {moment} NOT NULL, changed_at {moment} NOT NULL, completed_at {moment});

CREATE TABLE link (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), learner_id INTEGER NOT NULL REFERENCES person (id),
  client_id INTEGER REFERENCES client (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('contract','confirmation','feedback')),
  party TEXT NOT NULL CHECK (party IN ('client','sponsor','observer','peer')),
  subject_id INTEGER, subject_version INTEGER NOT NULL DEFAULT 1, nonce TEXT NOT NULL UNIQUE,
  created_at {moment} NOT NULL, expires_at {moment} NOT NULL, used_at {moment}, ended_at {moment},
  CHECK (expires_at > created_at), CHECK (used_at IS NULL OR ended_at IS NULL));
CREATE INDEX link_learner ON link (learner_id, centre_id);
CREATE INDEX link_subject ON link (purpose, subject_id);

CREATE TABLE link_contact (
  id {id}, link_id INTEGER NOT NULL UNIQUE REFERENCES link (id), name TEXT NOT NULL DEFAULT '', email TEXT NOT NULL DEFAULT '');

CREATE TABLE signed_name (
  id {id}, sign_off_id INTEGER NOT NULL UNIQUE REFERENCES sign_off (id), name TEXT NOT NULL CHECK (name <> ''));

CREATE TABLE confirmation (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), session_id INTEGER NOT NULL REFERENCES practice_session (id),
  client_id INTEGER NOT NULL REFERENCES client (id), link_id INTEGER NOT NULL REFERENCES link (id),
  date DATE NOT NULL, starts_at {moment}, minutes INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'asked' CHECK (state IN ('asked','confirmed','disputed','lapsed')),
  version INTEGER NOT NULL DEFAULT 1, asked_at {moment} NOT NULL, answered_at {moment},
  what TEXT NOT NULL DEFAULT '' CHECK (what IN ('','length','date','none','other')),
  said_minutes INTEGER CHECK (said_minutes BETWEEN 0 AND 1440), reason TEXT NOT NULL DEFAULT '',
  CHECK (state NOT IN ('confirmed','disputed') OR answered_at IS NOT NULL),
  CHECK (state <> 'disputed' OR what <> ''));
CREATE UNIQUE INDEX confirmation_open ON confirmation (session_id, client_id) WHERE state <> 'lapsed';
CREATE INDEX confirmation_link ON confirmation (link_id);

CREATE TABLE feedback_question (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id),
  about TEXT NOT NULL CHECK (about IN ('practitioner','programme')),
  kind TEXT NOT NULL CHECK (kind IN ('rating','open')), text TEXT NOT NULL CHECK (text <> ''),
  position INTEGER NOT NULL DEFAULT 0);
CREATE INDEX feedback_question_centre ON feedback_question (centre_id, about);

CREATE TABLE feedback (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), enrolment_id INTEGER NOT NULL REFERENCES enrolment (id),
  learner_id INTEGER NOT NULL REFERENCES person (id), client_id INTEGER REFERENCES client (id),
  link_id INTEGER NOT NULL UNIQUE REFERENCES link (id),
  source TEXT NOT NULL CHECK (source IN ('client','sponsor','observer','peer')),
  about TEXT NOT NULL CHECK (about IN ('practitioner','programme')), anonymous {bool} NOT NULL DEFAULT {false},
  state TEXT NOT NULL DEFAULT 'invited' CHECK (state IN ('invited','given','withdrawn','lapsed')),
  version INTEGER NOT NULL DEFAULT 1, questions TEXT NOT NULL DEFAULT '[]', answers TEXT NOT NULL DEFAULT '[]',
  may_quote {bool}, invited_at {moment} NOT NULL, given_at {moment}, reply TEXT NOT NULL DEFAULT '', replied_at {moment},
  put_away_at {moment}, handle TEXT UNIQUE, place INTEGER, floor INTEGER CHECK (floor > 0),
  giver TEXT NOT NULL CHECK (giver <> ''), erased_at {moment} CHECK (erased_at IS NULL OR reply = ''),
  CHECK (state <> 'given' OR (given_at IS NOT NULL AND may_quote IS NOT NULL AND handle IS NOT NULL
    AND place IS NOT NULL AND floor IS NOT NULL)));
CREATE INDEX feedback_learner ON feedback (learner_id, centre_id, state);

CREATE TABLE mail (
  id {id}, centre_id INTEGER NOT NULL REFERENCES centre (id), kind TEXT NOT NULL,
  link_id INTEGER REFERENCES link (id), person_id INTEGER REFERENCES person (id),
  created_at {moment} NOT NULL, sent_at {moment}, CHECK ((link_id IS NULL) <> (person_id IS NULL)));
CREATE INDEX mail_waiting ON mail (created_at) WHERE sent_at IS NULL
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

# What was said under a name may lose its words, once, when its client withdraws consent.
ERASED = "(OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NOT OLD.anonymous)"

SOMEBODY_AGREED = (
    "EXISTS (SELECT 1 FROM agreement a WHERE a.contract_id = OLD.id "
    "AND a.contract_version = OLD.version AND a.party <> 'coach')"
)
# condition → what is said; each on one table before one kind of change
REFUSALS = (
    ("contract_sealed", "UPDATE", "contract",
     "OLD.state <> 'draft' AND (NEW.parts <> OLD.parts "
     "OR NEW.goals <> OLD.goals OR NEW.parties <> OLD.parties OR NEW.number <> OLD.number "
     "OR NEW.engagement_id <> OLD.engagement_id OR NEW.planned_sessions IS DISTINCT FROM OLD.planned_sessions "
     "OR NEW.planned_minutes IS DISTINCT FROM OLD.planned_minutes) "
     f"AND NOT (OLD.state = 'offered' AND NEW.state = 'draft' AND NOT {SOMEBODY_AGREED})",
     "an offered contract is sealed"),
    ("contract_kept", "DELETE", "contract", "OLD.state <> 'draft'", "an offered contract is sealed"),
    ("contract_dated", "UPDATE", "contract",
     "OLD.agreed_on IS NOT NULL AND NEW.agreed_on IS DISTINCT FROM OLD.agreed_on",
     "the day a contract was agreed stays"),
    ("agreement_sealed", "UPDATE", "agreement", "OLD.id IS NOT NULL", "an agreement is sealed"),
    ("agreement_kept", "DELETE", "agreement", "OLD.id IS NOT NULL", "an agreement is sealed"),
    ("link_sealed", "UPDATE", "link",
     "(OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at) "
     "OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL) OR NEW.expires_at <> OLD.expires_at "
     "OR NEW.created_at <> OLD.created_at OR NEW.subject_version <> OLD.subject_version "
     "OR NEW.purpose <> OLD.purpose OR NEW.party <> OLD.party OR NEW.nonce <> OLD.nonce "
     "OR NEW.client_id IS DISTINCT FROM OLD.client_id OR NEW.learner_id <> OLD.learner_id "
     "OR (OLD.subject_id IS NOT NULL AND NEW.subject_id IS DISTINCT FROM OLD.subject_id)",
     "a link stays as it was sent"),
    ("link_kept", "DELETE", "link", "OLD.id IS NOT NULL", "a link stays as it was sent"),
    ("feedback_sealed", "UPDATE", "feedback",
     f"OLD.state = 'given' AND (NEW.state <> OLD.state OR NEW.questions <> OLD.questions OR (NOT {ERASED} AND "
     "(NEW.answers <> OLD.answers OR NEW.erased_at IS DISTINCT FROM OLD.erased_at "
     "OR (OLD.reply <> '' AND NEW.reply <> OLD.reply))) "
     "OR NEW.source <> OLD.source OR NEW.about <> OLD.about OR NEW.anonymous <> OLD.anonymous "
     "OR NEW.given_at <> OLD.given_at OR NEW.may_quote <> OLD.may_quote OR NEW.learner_id <> OLD.learner_id "
     "OR NEW.place <> OLD.place OR NEW.floor <> OLD.floor OR NEW.giver <> OLD.giver OR NEW.handle <> OLD.handle "
     "OR NEW.link_id <> OLD.link_id OR NEW.client_id IS DISTINCT FROM OLD.client_id OR NEW.centre_id <> OLD.centre_id "
     "OR NEW.enrolment_id <> OLD.enrolment_id)",
     "feedback given is sealed"),
    ("feedback_kept", "DELETE", "feedback", "OLD.state = 'given'", "feedback given is sealed"),
    ("confirmation_sealed", "UPDATE", "confirmation",
     "OLD.answered_at IS NOT NULL AND (NEW.state NOT IN (OLD.state, 'lapsed') OR NEW.date <> OLD.date "
     "OR NEW.minutes <> OLD.minutes OR NEW.starts_at IS DISTINCT FROM OLD.starts_at "
     "OR NEW.session_id <> OLD.session_id OR NEW.client_id <> OLD.client_id OR NEW.what <> OLD.what "
     "OR NEW.said_minutes IS DISTINCT FROM OLD.said_minutes OR NEW.reason <> OLD.reason "
     "OR NEW.answered_at IS DISTINCT FROM OLD.answered_at)",
     "an answered confirmation is sealed"),
    ("confirmation_kept", "DELETE", "confirmation", "OLD.answered_at IS NOT NULL",
     "an answered confirmation is sealed"),
)  # fmt: skip


def up(_migrator: Any, db: Any) -> None:
    """Add the columns, make the tables and the triggers, in the dialect at hand."""
    sqlite = isinstance(db, peewee.SqliteDatabase)
    words = SQLITE if sqlite else POSTGRESQL
    for statement in (COLUMNS + ";\n" + TABLES).format(**words).split(";\n"):
        if statement.strip():
            db.execute_sql(statement)
    for name, event, table, when, said in REFUSALS:
        if sqlite:
            when = when.replace("IS DISTINCT FROM", "IS NOT")
            db.execute_sql(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
                f"WHEN {when} BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
            continue
        db.execute_sql(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {when} THEN RAISE EXCEPTION '{said}'; END IF; "
            f"RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END $$"
        )
        db.execute_sql(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
