"""Records, one noun a file. Importing the package makes all of them known."""

from supervise.models.assignments import Assignment
from supervise.models.availability import Availability, AvailabilityPerson, Away
from supervise.models.busy import Busy
from supervise.models.centres import Centre, OfficialWording, UnitSetRule
from supervise.models.clients import Client
from supervise.models.closing import ClosingReview
from supervise.models.confirmations import Confirmation
from supervise.models.contracts import Agreement, Contract
from supervise.models.engagements import Engagement
from supervise.models.enrolments import Enrolment, EnrolmentUnit
from supervise.models.feedback import Feedback
from supervise.models.feeds import CalendarFeed
from supervise.models.goals import Goal, SessionGoal
from supervise.models.invitations import Invitation
from supervise.models.links import Link, LinkContact, SignedName
from supervise.models.mail import Mail, MailWish
from supervise.models.meetings import Attendance, Meeting, MeetingAction, MeetingNote
from supervise.models.people import Actor, Membership, Person
from supervise.models.questions import FeedbackQuestion
from supervise.models.sessions import PracticeSession, PrivateNote, SessionEngagement
from supervise.models.signins import Attempt, SignIn
from supervise.models.uploads import DiaryUpload
from supervise.models.vault import ClientIdentity, Consent

__all__ = [
    "Actor",
    "Agreement",
    "Assignment",
    "Attempt",
    "Attendance",
    "Availability",
    "AvailabilityPerson",
    "Away",
    "Busy",
    "CalendarFeed",
    "Centre",
    "Client",
    "ClientIdentity",
    "ClosingReview",
    "Confirmation",
    "Consent",
    "Contract",
    "DiaryUpload",
    "Engagement",
    "Enrolment",
    "EnrolmentUnit",
    "Feedback",
    "FeedbackQuestion",
    "Goal",
    "Invitation",
    "Link",
    "LinkContact",
    "Mail",
    "MailWish",
    "Meeting",
    "MeetingAction",
    "MeetingNote",
    "Membership",
    "OfficialWording",
    "Person",
    "PracticeSession",
    "PrivateNote",
    "SessionEngagement",
    "SessionGoal",
    "SignIn",
    "SignedName",
    "UnitSetRule",
]
