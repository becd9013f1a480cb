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
    Agreement,
    Assignment,
    Attendance,
    Availability,
    AvailabilityPerson,
    Away,
    Busy,
    CalendarFeed,
    Client,
    ClientIdentity,
    ClosingReview,
    Confirmation,
    Consent,
    Contract,
    DiaryUpload,
    Engagement,
    Enrolment,
    EnrolmentUnit,
    Feedback,
    Goal,
    Invitation,
    Link,
    LinkContact,
    Mail,
    MailWish,
    Meeting,
    MeetingAction,
    MeetingNote,
    Membership,
    Person,
    PracticeSession,
    PrivateNote,
    SessionEngagement,
    SessionGoal,
    SignedName,
    SignIn,
)
from supervise.reports import feedback, meeting_copy

Fate = Literal["export", "erase", "retain"]
EXPORT, ERASE, RETAIN = "export", "erase", "retain"


class Rule(NamedTuple):
    """How to find a person's rows in a table, and the fate of each of its columns."""

    mine: Callable[[Person], Any]
    export: str
    erase: str = ""
    retain: str = ""
    told: Callable[[Person], list[dict[str, Any]]] | None = None
    """What stands in the copy in place of the rows, where a rule keeps some of them back."""

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


def _engagements_of(person: Person) -> Any:
    return Engagement.select(Engagement.id).where(Engagement.client.in_(_clients_of(person)))


def _contracts_of(person: Person) -> Any:
    return Contract.select(Contract.id).where(Contract.engagement.in_(_engagements_of(person)))


def _links_of(person: Person) -> Any:
    return Link.select(Link.id).where(Link.learner == person)


def _signed_for(person: Person) -> Any:
    """Sign-offs of people without an account under the learner's contracts, sessions and feedback."""
    mine = Agreement.select(Agreement.id).where(Agreement.contract.in_(_contracts_of(person)))
    asked = Confirmation.select(Confirmation.id).where(
        Confirmation.session.in_(_sessions_of(person))
    )
    told = Feedback.select(Feedback.id).where(Feedback.learner == person)
    sign_off = signing.SignOff
    return sign_off.select(sign_off.id).where(
        ((sign_off.subject == "agreement") & sign_off.subject_id.in_(mine))
        | ((sign_off.subject == "confirmation") & sign_off.subject_id.in_(asked))
        | ((sign_off.subject == "feedback") & sign_off.subject_id.in_(told))
    )


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
        "id centre_id learner_id alias kind needs needs_tool preference strengths created_at",
        erase="alias_key",
    ),
    # The vault goes into no export, not even the learner's: it is about somebody else.
    ClientIdentity: Rule(
        lambda p: ClientIdentity.client.in_(_clients_of(p)),
        "",
        erase="id client_id name email organisation sponsor_name sponsor_email "
        "sponsor_organisation",
    ),
    Consent: Rule(
        lambda p: Consent.client.in_(_clients_of(p)),
        "id centre_id client_id given_on scope withdrawn_on created_at",
    ),
    Contract: Rule(
        lambda p: Contract.engagement.in_(_engagements_of(p)),
        "id centre_id engagement_id number parties parts goals planned_sessions planned_minutes "
        "state version created_at changed_at offered_at agreed_on ended_on ended_reason declined_by "
        "declined_why",
    ),
    Agreement: Rule(
        lambda p: Agreement.contract.in_(_contracts_of(p)),
        "id centre_id contract_id contract_version party version agreed_at by_mail",
    ),
    Goal: Rule(
        lambda p: Goal.engagement.in_(_engagements_of(p)),
        "id centre_id engagement_id text aim aim_level measure owner due_on milestones state "
        "progress version created_at changed_at",
    ),
    SessionGoal: Rule(
        lambda p: SessionGoal.session.in_(_sessions_of(p)), "id session_id goal_id progress"
    ),
    ClosingReview: Rule(
        lambda p: ClosingReview.engagement.in_(_engagements_of(p)),
        "id centre_id engagement_id start outcome remains model evaluation success version "
        "created_at changed_at completed_at",
    ),
    Link: Rule(
        lambda p: Link.learner == p,
        "id centre_id learner_id client_id purpose party subject_id subject_version created_at "
        "expires_at",
        erase="nonce",
        retain="used_at ended_at",  # would tell who has answered without a name
    ),
    LinkContact: Rule(
        lambda p: LinkContact.link.in_(_links_of(p)), "", erase="id link_id name email"
    ),
    SignedName: Rule(
        lambda p: SignedName.sign_off_id.in_(_signed_for(p)), "", erase="id sign_off_id name"
    ),
    Confirmation: Rule(
        lambda p: Confirmation.session.in_(_sessions_of(p)),
        "id centre_id session_id client_id link_id date starts_at minutes state version asked_at "
        "answered_at what said_minutes reason said_on by_mail",
    ),
    # Answers come out by reports.feedback, which keeps the floor; a copy of the rows would not,
    # nor may anything of a row lead from an answer back to its invitation.
    Feedback: Rule(
        lambda p: Feedback.learner == p,
        "centre_id source about anonymous answers may_quote given_at reply",
        retain="id enrolment_id learner_id client_id link_id state version questions invited_at "
        "replied_at put_away_at handle place floor giver erased_at by_mail",
        told=feedback.copy_of,
    ),
    Mail: Rule(
        lambda p: (
            ((Mail.person == p) & (Mail.kind != "feedback-told")) | Mail.link.in_(_links_of(p))
        ),
        "id centre_id kind link_id person_id meeting_id detail state created_at due_at sent_at",
        retain="key attempts not_before claimed_at fault message_id",
    ),
    MailWish: Rule(
        lambda p: MailWish.person == p, "id person_id digest digest_at quiet_from quiet_to"
    ),
    Availability: Rule(
        lambda p: Availability.person == p,
        "id centre_id person_id format places weekday every_weeks from_on to_on starts ends zone "
        "minutes buffer_minutes notice_minutes horizon_days mode place address named version "
        "created_at withdrawn_at",
    ),
    AvailabilityPerson: Rule(
        lambda p: AvailabilityPerson.person == p, "id availability_id person_id"
    ),
    Away: Rule(lambda p: Away.person == p, "id centre_id person_id from_at to_at why created_at"),
    # What is said in a meeting is each learner's own, and the host's: see Attendance.
    Meeting: Rule(
        lambda p: (Meeting.host == p) | Meeting.id.in_(meeting_copy.attended(p)),
        "id centre_id host_id availability_id series format places starts_at ends_at mode place "
        "address uid sequence state version asked_by_id note reason held_minutes discussed "
        "created_at changed_at recorded_at recorded_by_id",
        retain="agenda",  # numbers of records, of a group's other learners among them
        told=meeting_copy.meetings_of,
    ),
    Attendance: Rule(
        lambda p: Attendance.learner == p,
        "id centre_id meeting_id enrolment_id learner_id seat series state version reason feedback goals "
        "reply reflection created_at changed_at signed_at",
        told=meeting_copy.places_of,
    ),
    MeetingAction: Rule(
        lambda p: MeetingAction.attendance.in_(
            Attendance.select(Attendance.id).where(Attendance.learner == p)
        ),
        "id centre_id attendance_id owner text due_on done_on position",
        told=meeting_copy.actions_of,
    ),
    MeetingNote: Rule(lambda p: MeetingNote.person == p, "id meeting_id person_id text"),
    Busy: Rule(lambda p: Busy.person == p, "id person_id meeting_id starts_at ends_at"),
    CalendarFeed: Rule(
        lambda p: CalendarFeed.person == p,
        "id centre_id person_id created_at revoked_at",
        erase="nonce",
    ),
    Engagement: Rule(
        lambda p: Engagement.client.in_(_clients_of(p)),
        "id centre_id client_id kind contract_agreed_on contract_ended_on dated_by version",
    ),
    PracticeSession: Rule(
        lambda p: PracticeSession.learner == p,
        "id centre_id enrolment_id learner_id unit kind mode place date starts_at ends_at minutes "
        "plan own_goal done tools progress reflection plan_change to_raise extract state version created_at "
        "changed_at submitted_at decided_at erased_at",
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
        retain="previous hash content_sha256 kept_sha256",
    ),
    events.Event: Rule(
        lambda p: events.Event.person_id == p.id,
        "id centre_id seq at person_id role verb subject subject_id note detail",
        retain="previous hash",
    ),
}

NOT_PERSONAL = {
    "centre",
    "feedback_question",
    "official_wording",
    "unit_set_rule",
    "chain_head",
    "attempt",
}
"""Tables about no person; an attempt's key is a hash, and the next sign-in after a day forgets it."""


def copy_of(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Everything kept of a person that they may take with them, by table. One query a table."""
    return {
        model._meta.table_name: rule.told(person) if rule.told else _export(model, rule, person)
        for model, rule in RULES.items()
    }


def _export(model: Any, rule: Rule, person: Person) -> list[dict[str, Any]]:
    return [
        {column: row[column] for column in row if rule.fate(column) == EXPORT}
        for row in _rows(model, rule.mine(person))
    ]


def _rows(model: Any, where: Any) -> list[dict[str, Any]]:
    names = {f.name: f.column_name for f in model._meta.sorted_fields}
    rows = model.select().where(where).order_by(model.id).dicts()
    return [{names[name]: value for name, value in row.items()} for row in rows]
