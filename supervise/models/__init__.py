"""Records, one noun a file. Importing the package makes all of them known."""

from supervise.models.assignments import Assignment
from supervise.models.centres import Centre, OfficialWording, UnitSetRule
from supervise.models.clients import Client, Engagement
from supervise.models.enrolments import Enrolment, EnrolmentUnit
from supervise.models.invitations import Invitation
from supervise.models.people import Actor, Membership, Person
from supervise.models.sessions import PracticeSession, PrivateNote, SessionEngagement
from supervise.models.signins import Attempt, SignIn
from supervise.models.uploads import DiaryUpload

__all__ = [
    "Actor",
    "Assignment",
    "Attempt",
    "Centre",
    "Client",
    "DiaryUpload",
    "Engagement",
    "Enrolment",
    "EnrolmentUnit",
    "Invitation",
    "Membership",
    "OfficialWording",
    "Person",
    "PracticeSession",
    "PrivateNote",
    "SessionEngagement",
    "SignIn",
    "UnitSetRule",
]
