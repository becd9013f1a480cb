"""What of a person is kept, and what becomes of it: a rule for every personal column (UK GDPR).

``EXPORT`` goes into the copy a person may take of their data; ``ERASE`` goes when they leave the
centre's files; ``RETAIN`` stays, with the reason: evidence an awarding body may ask for, or the
proof that history is whole. A structural test fails for a column without a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from supervise import events, signing
from supervise.models import (
    Assignment,
    Client,
    DiaryUpload,
    Engagement,
    Enrolment,
    EnrolmentUnit,
    Invitation,
    Membership,
    Person,
    PracticeSession,
    PrivateNote,
    SessionEngagement,
    SignIn,
)

Fate = Literal["export", "erase", "retain"]
EXPORT, ERASE, RETAIN = "export", "erase", "retain"


class Rule(NamedTuple):
    """How to find a person's rows in a table, and the fate of each of its columns."""

    mine: Callable[[Person], Any]
    export: str
    erase: str = ""
    retain: str = ""

    def fate(self, column: str) -> Fate | None:
        """The fate of a column; None where nobody has decided it."""
        for name in ("export", "erase", "retain"):
            if column in getattr(self, name).split():
                return name
        return None


def _sessions_of(person: Person) -> Any:
    return PracticeSession.select(PracticeSession.id).where(PracticeSession.learner == person)


def _clients_of(person: Person) -> Any:
    return Client.select(Client.id).where(Client.learner == person)


RULES: dict[Any, Rule] = {
    Person: Rule(
        lambda p: Person.id == p.id,
        "id email name zone created_at disabled_at",
        erase="password_hash totp_secret totp_last_step",
    ),
    Membership: Rule(lambda p: Membership.person == p, "id person_id centre_id role"),
    SignIn: Rule(
        lambda p: SignIn.person == p,
        "id person_id centre_id device created_at seen_at ended_at",
        erase="token_sha256",
    ),
    Invitation: Rule(
        lambda p: Invitation.person == p,
        "id person_id centre_id created_at expires_at used_at created_by_id roles",
        erase="token_sha256",
    ),
    Enrolment: Rule(
        lambda p: Enrolment.learner == p,
        "id centre_id learner_id programme catalogue_version registration started_on ends_on "
        "created_at",
    ),
    EnrolmentUnit: Rule(
        lambda p: EnrolmentUnit.enrolment.in_(
            Enrolment.select(Enrolment.id).where(Enrolment.learner == p)
        ),
        "id enrolment_id unit",
    ),
    Assignment: Rule(
        lambda p: Assignment.person == p, "id enrolment_id person_id role from_on to_on"
    ),
    Client: Rule(
        lambda p: Client.learner == p,
        "id centre_id learner_id alias kind created_at",
        erase="alias_key",
    ),
    Engagement: Rule(
        lambda p: Engagement.client.in_(_clients_of(p)),
        "id centre_id client_id kind contract_agreed_on version",
    ),
    PracticeSession: Rule(
        lambda p: PracticeSession.learner == p,
        "id centre_id enrolment_id learner_id unit kind mode place date starts_at ends_at minutes "
        "plan own_goal done tools progress reflection plan_change extract state version created_at "
        "changed_at submitted_at decided_at",
        erase="unparsed draft_key import_key",
    ),
    SessionEngagement: Rule(
        lambda p: SessionEngagement.session.in_(_sessions_of(p)), "id session_id engagement_id"
    ),
    PrivateNote: Rule(lambda p: PrivateNote.session.in_(_sessions_of(p)), "id session_id text"),
    DiaryUpload: Rule(
        lambda p: DiaryUpload.person == p,
        "id centre_id person_id filename created_at",
        erase="data",
    ),
    signing.SignOff: Rule(
        lambda p: signing.SignOff.person_id == p.id,
        "id centre_id seq subject subject_id subject_version person_id role decision comment at",
        retain="previous hash content_sha256",
    ),
    events.Event: Rule(
        lambda p: events.Event.person_id == p.id,
        "id centre_id seq at person_id role verb subject subject_id note detail",
        retain="previous hash",
    ),
}

NOT_PERSONAL = {"centre", "official_wording", "unit_set_rule", "chain_head", "attempt"}
"""Tables about no person; an attempt's key is a hash, and the next sign-in after a day forgets it."""


def copy_of(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Everything kept of a person that they may take with them, by table. One query a table."""
    return {
        model._meta.table_name: [
            {column: row[column] for column in row if rule.fate(column) == EXPORT}
            for row in _rows(model, rule.mine(person))
        ]
        for model, rule in RULES.items()
    }


def _rows(model: Any, where: Any) -> list[dict[str, Any]]:
    names = {f.name: f.column_name for f in model._meta.sorted_fields}
    rows = model.select().where(where).order_by(model.id).dicts()
    return [{names[name]: value for name, value in row.items()} for row in rows]
