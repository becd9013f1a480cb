"""Who is told by mail what happened to sessions, contracts, confirmations and feedback.

Called inside the write of the move itself, before its line of history: a move that is undone tells
nobody. What the mail says is written when it is delivered (``supervise.mail``).
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from supervise.models.assignments import Assignment
from supervise.models.centres import Centre
from supervise.models.clients import Client
from supervise.models.engagements import Engagement
from supervise.models.links import Link, LinkContact
from supervise.models.mail import Mail
from supervise.models.people import Person
from supervise.rules import moments
from supervise.rules.feedback import Anonymous, let_out

if TYPE_CHECKING:
    from supervise.models.confirmations import Confirmation
    from supervise.models.contracts import Contract
    from supervise.models.feedback import Feedback
    from supervise.models.sessions import PracticeSession

MORNING = time(8)


def given_back(session: PracticeSession, now: datetime) -> None:
    """Returned or reopened: its learner has something to do."""
    if session.state in ("returned", "reopened"):
        Mail.queue(
            session.state, to=session.learner_id, centre=session.centre_id, now=now,
            session=session.id,
        )  # fmt: skip


def asked_to_reopen(session: PracticeSession, now: datetime) -> None:
    """Whoever supervises it today is asked to open it again."""
    _to_supervisors("reopening", session, now)


def disputed(confirmation: Confirmation, now: datetime) -> None:
    """A client disputes a session: its learner is told, and whoever supervises it today."""
    if confirmation.state != "disputed":
        return
    session = confirmation.session
    Mail.queue(
        "disputed", to=session.learner_id, centre=session.centre_id, now=now,
        session=session.id, confirmation=confirmation.id,
    )  # fmt: skip
    if session.state != "draft":
        _to_supervisors("disputed", session, now, confirmation=confirmation.id)


def _to_supervisors(kind: str, session: PracticeSession, now: datetime, **detail: Any) -> None:
    centre = Centre.get_by_id(session.centre_id)
    today = moments.local(now, centre.zone).date()
    mine = (Assignment.enrolment == session.enrolment_id) & (Assignment.role == "supervisor")
    rows = Assignment.select(Assignment.person).where(mine & Assignment.on(today)).distinct()
    for (person_id,) in rows.order_by(Assignment.person).tuples():
        Mail.queue(kind, to=person_id, centre=centre, now=now, session=session.id, **detail)


def contract(found: Contract, kind: str, now: datetime) -> None:
    """Everybody agreed (``contract-agreed``), or somebody sent it back (``contract-declined``)."""
    whose = Client.select(Client.learner).join(Engagement)
    (learner,) = whose.where(Engagement.id == found.engagement_id).tuples().get()
    Mail.queue(kind, to=learner, centre=found.centre_id, now=now, contract=found.id)


def copies(agreed: Contract, version: int, now: datetime) -> None:
    """The contract stands: each party whose address is known is sent the way to their copy.

    It is the link that they agreed by, which shows it from now on.
    """
    theirs = (Link.purpose == "contract") & (Link.subject_id == agreed.id)
    used = theirs & (Link.subject_version == version) & Link.used_at.is_null(False)
    links = Link.select(Link).join(LinkContact).where(used & (LinkContact.email != ""))
    for link in links.order_by(Link.id):
        Mail.create(
            centre=agreed.centre_id, kind="contract-copy", link=link, created_at=now, due_at=now
        )


def feedback(given: Feedback, now: datetime) -> None:
    """There is feedback to read: at once where it has a name; without one, once the floor lets it
    out, and then the next morning, so that the hour tells nothing of who came last."""
    if not given.anonymous:
        Mail.queue("feedback-told", to=given.learner_id, centre=given.centre_id, now=now)
        return
    if not _comes_out(given):
        return
    learner = Person.get_by_id(given.learner_id)
    today = moments.local(now, learner.zone).date()
    midnight = datetime.combine(today, time(), now.tzinfo)
    Mail.queue(
        "feedback-told", to=learner, centre=given.centre_id, now=midnight,
        key=f"feedback {given.centre_id} {learner.id} {today}",
        due_at=moments.to_utc(today + timedelta(days=1), MORNING, learner.zone),
    )  # fmt: skip


def _comes_out(given: Feedback) -> bool:
    """Whether the floor lets more answers out since this one was given. One query."""
    cls = type(given)
    group = (
        (cls.centre == given.centre_id) & (cls.learner == given.learner_id) & cls.anonymous
        & (cls.source == given.source) & (cls.about == given.about) & (cls.state == "given")
    )  # fmt: skip
    rows = cls.select(cls.giver, cls.floor).where(group).order_by(cls.place).tuples()
    answers = [Anonymous(giver, floor) for giver, floor in rows]
    return let_out(answers) > let_out(answers[:-1])
