"""Withdrawn consent: what was written about a client goes; when and how long they met stays.

Signed hours stay signed. Whatever loses words has a line of history that says so, with a hash over
what stays of it, and the signature has one too, so ``verify`` still proves the minutes
(product.md: "Withdrawing consent removes content and keeps provable minutes").

Goes: the texts of every session with them, a group's too, and its private notes; who they and
their sponsor are; what the coach found out, the closing review; why a contract was declined or
ended; drafts, offers and goals that nobody agreed to; the names typed under links; open links and
mail not sent; what they and their sponsor said under a name in own words, with the replies.

Stays, each for a reason:
  - date, start, length, kind, unit and clients of a session, and who approved it with what comment:
    the learner's hours rest on them, and the comments are part of the signed history;
  - the text of a contract, and the goals in it, once client or sponsor agreed to it, whether it is
    in force, withdrawn, replaced or ended: it is the learner's evidence, and the signature covers it
    (where it names somebody, the page of the withdrawal says so before: ``reports.naming``); and who
    declined one, without their words;
  - what was confirmed or disputed, with the reason given: it is signed, and it decides hours;
  - that feedback was given, when, its ratings, and the leave to quote them;
  - feedback without a name, whole: nobody can tell whose it is, and what went would tell;
  - the consent, its scope and its days: they prove that writing was allowed until then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

import peewee

from supervise import events, signing
from supervise.db import is_sqlite, write
from supervise.models.clients import Client
from supervise.models.closing import ClosingReview
from supervise.models.confirmations import Confirmation
from supervise.models.contracts import AGREED, Agreement, Contract, hold_versions
from supervise.models.engagements import Engagement
from supervise.models.feedback import Feedback
from supervise.models.goals import TEXTS as GOAL_TEXTS
from supervise.models.goals import Goal, SessionGoal
from supervise.models.links import Link, LinkContact, SignedName
from supervise.models.mail import Mail
from supervise.models.people import Actor
from supervise.models.sessions import (
    SUPERVISION_TEXTS,
    PracticeSession,
    PrivateNote,
    SessionEngagement,
)
from supervise.models.vault import ClientIdentity, Consent
from supervise.signing import SignOff
from supervise.workflow import WrongState, allow

TEXTS = ("place", *SUPERVISION_TEXTS, "extract")
EMPTY = dict.fromkeys(TEXTS, "") | {"unparsed": "{}"}
REMOVED = "Removed when consent was withdrawn"
"""What a goal says then: the history tells that there was one."""
VERB = "erased"
"""What the history says of whatever lost its words."""


@dataclass(frozen=True)
class Extent:
    """What a withdrawal takes and what it leaves, counted before it is pressed."""

    sessions: int
    groups: int
    """Of these, sessions with other clients too: their texts go as well."""
    approved: int
    minutes: int
    """Of the approved ones; they stay."""
    links: int
    """Open links, which stop working. An anonymous one is open to the eye whether used or not."""


def extent(client: Client, now: datetime) -> Extent:
    """How much a withdrawal would touch. Two queries."""
    rows = list(_sessions(client))
    ids = [session.id for session in rows]
    several = (
        SessionEngagement.select(SessionEngagement.session)
        .where(SessionEngagement.session.in_(ids))
        .group_by(SessionEngagement.session)
        .having(peewee.fn.COUNT(SessionEngagement.id) > 1)
        .count()
    )
    approved = [session.minutes or 0 for session in rows if session.state == "approved"]
    nameless = Feedback.select(Feedback.link).where(
        Feedback.anonymous & Feedback.put_away_at.is_null()
    )
    unused = Link.used_at.is_null() & Link.ended_at.is_null() & Link.id.not_in(nameless)
    running = (Link.client == client) & (Link.expires_at > now)
    links = Link.select().where(running & (unused | Link.id.in_(nameless))).count()
    return Extent(len(rows), several, len(approved), sum(approved), links)


def withdraw(consent: Consent, withdrawn_on: date, *, by: Actor, now: datetime) -> int:
    """Withdraw consent as the client asked; returns how many sessions lost their texts.

    What goes and what stays is said at the top of this file. Raises NotAllowed for anybody but the
    client's learner, ValueError for a day that cannot be, WrongState where it is withdrawn already.
    """
    client = consent.client
    allow(by.is_(client.learner_id))
    if withdrawn_on > by.latest_day:
        raise ValueError("Consent cannot have been withdrawn on a day that has not come.")
    with write():
        client.hold()  # first: whatever is being written about them is there to be found, or waits
        if withdrawn_on < Consent.get_by_id(consent.id).given_on:
            raise ValueError("This is before the consent was given. Correct the day.")
        open_ = (Consent.id == consent.id) & Consent.withdrawn_on.is_null()
        if not Consent.update(withdrawn_on=withdrawn_on).where(open_).execute():
            raise WrongState("This consent was withdrawn already. Nothing was changed.")
        erased = _empty_sessions(client, now)
        contracts = _contracts(client)
        _forget(client, by, now)
        _empty_contracts(client, contracts, by, now)
        _tell(erased, by, now)
        events.record(
            centre_id=client.centre_id,
            verb="withdrew consent",
            subject="client",
            subject_id=client.id,
            now=now,
            person_id=by.recorded,
            role="learner",
            withdrawn_on=withdrawn_on,
            sessions=len(erased),
        )
        _empty_feedback(client, by, now)
    return len(erased)


def _sessions(client: Client) -> peewee.ModelSelect:
    """The sessions with a client, in whatever state, that still have their texts."""
    mine = Engagement.select(Engagement.id).where(Engagement.client == client)
    theirs = SessionEngagement.select(SessionEngagement.session).where(
        SessionEngagement.engagement.in_(mine)
    )
    unerased = PracticeSession.id.in_(theirs) & PracticeSession.erased_at.is_null()
    return PracticeSession.select().where(unerased).order_by(PracticeSession.id)


def _empty_sessions(client: Client, now: datetime) -> list[int]:
    """Take the texts away; the ids of the sessions that had them.

    Sessions are locked first, then links, then the history, as everything else locks them.
    """
    query = _sessions(client)
    ids = [session.id for session in (query if is_sqlite() else query.for_update())]
    PrivateNote.delete().where(PrivateNote.session.in_(ids)).execute()
    SessionGoal.delete().where(SessionGoal.session.in_(ids)).execute()
    these, approved = PracticeSession.id.in_(ids), PracticeSession.state == "approved"
    PracticeSession.update(**EMPTY, erased_at=now).where(these & approved).execute()
    # a tab still open with the text must not save it again: it finds another version
    PracticeSession.update(
        **EMPTY, erased_at=now, changed_at=now, version=PracticeSession.version + 1
    ).where(these & ~approved).execute()
    return ids


def _contracts(client: Client) -> list[Contract]:
    """The contracts with a client, locked as whoever agrees to one locks it: before its links."""
    mine = Engagement.select(Engagement.id).where(Engagement.client == client)
    return hold_versions(Contract.engagement.in_(mine))


def _empty_contracts(client: Client, contracts: list[Contract], by: Actor, now: datetime) -> None:
    """What was never agreed goes: drafts, an offer among them, and goals no agreed contract holds."""
    for contract in contracts:
        if contract.state == "offered":
            contract.take_back(by=by, now=now)
    mine = Engagement.select(Engagement.id).where(Engagement.client == client)
    theirs = Contract.engagement.in_(mine)
    Contract.update(declined_why="", ended_reason="").where(theirs).execute()
    Contract.update(parts="{}", goals="[]", changed_at=now, version=Contract.version + 1).where(
        theirs & (Contract.state == "draft")
    ).execute()
    agreed = [goal for each in contracts if each.state in AGREED for goal in each.terms.goals]
    loose = [
        goal.id
        for goal in Goal.select().where(Goal.engagement.in_(mine))
        if goal.as_offered() not in agreed
    ]
    emptied = dict.fromkeys(GOAL_TEXTS, "") | {"text": REMOVED}
    del emptied["aim_level"]
    Goal.update(**emptied, changed_at=now, version=Goal.version + 1).where(
        Goal.id.in_(loose)
    ).execute()
    for goal in Goal.select().where(Goal.id.in_(loose)).order_by(Goal.id):
        goal.told(VERB, by, now)
    for contract in Contract.select().where(theirs).order_by(Contract.id):
        contract.told(VERB, now, person_id=by.recorded, role="learner")


def _empty_feedback(client: Client, by: Actor, now: datetime) -> None:
    """Take what was said under a name in own words, and the replies; ratings stay.

    The history is held by now, so that nobody is just replying.
    """
    mine = (Feedback.client == client) & (Feedback.state == "given") & ~Feedback.anonymous
    for feedback in Feedback.select().where(mine & Feedback.erased_at.is_null()):
        emptied = {"answers": json.dumps(feedback.ratings), "reply": "", "erased_at": now}
        Feedback.update(**emptied).where(Feedback.id == feedback.id).execute()
        left = Feedback.get_by_id(feedback.id)
        events.record(
            centre_id=client.centre_id,
            verb=VERB,
            subject="feedback",
            subject_id=feedback.id,
            now=now,
            person_id=by.recorded,
            role="learner",
            kept_sha256=signing.kept_sha256(left, left.signed_content()),
            replied=bool(feedback.reply),
        )


def _tell(ids: list[int], by: Actor, now: datetime) -> None:
    """One line in the history of each session, with the hash over what stays of it."""
    rows = PracticeSession.select().where(PracticeSession.id.in_(ids))
    for session in rows.order_by(PracticeSession.id):
        events.record(
            centre_id=session.centre_id,
            verb=VERB,
            subject="session",
            subject_id=session.id,
            now=now,
            person_id=by.recorded,
            role="learner",
            erased_version=session.version,
            kept_sha256=signing.kept_sha256(session, session.signed_content(goals=())),
        )


def _forget(client: Client, by: Actor, now: datetime) -> None:
    """Who they are, and what is on its way to them."""
    Link.end(Link.client == client, now)
    # an anonymous one is put away whether it was answered or not: nobody learns which
    waiting = (Feedback.state == "invited") | Feedback.anonymous
    mine = (Feedback.client == client) & Feedback.put_away_at.is_null()
    for feedback in Feedback.select().where(mine & waiting):
        feedback.withdraw(by=by, now=now)
    ClientIdentity.delete().where(ClientIdentity.client == client).execute()
    Client.update(**dict.fromkeys(Client.ABOUT, "")).where(Client.id == client.id).execute()
    links = Link.select(Link.id).where(Link.client == client)
    LinkContact.update(name="", email="").where(LinkContact.link.in_(links)).execute()
    Mail.delete().where(Mail.link.in_(links) & Mail.sent_at.is_null()).execute()
    SignedName.delete().where(SignedName.sign_off_id.in_(_signed_by(client))).execute()
    engagements = Engagement.select(Engagement.id).where(Engagement.client == client)
    reviews = ClosingReview.engagement.in_(engagements)
    ClosingReview.update(**dict.fromkeys(ClosingReview.TEXTS, "")).where(reviews).execute()
    for review in ClosingReview.select().where(reviews):
        review.told(VERB, by, now)


def _signed_by(client: Client) -> peewee.ModelSelect:
    """The sign-offs of this client, and of their sponsor, given by link."""
    contracts = Contract.select(Contract.id).join(Engagement).where(Engagement.client == client)
    agreed = Agreement.select(Agreement.id).where(Agreement.contract.in_(contracts))
    asked = Confirmation.select(Confirmation.id).where(Confirmation.client == client)
    told = Feedback.select(Feedback.id).where(Feedback.client == client)
    return SignOff.select(SignOff.id).where(
        ((SignOff.subject == "agreement") & SignOff.subject_id.in_(agreed))
        | ((SignOff.subject == "confirmation") & SignOff.subject_id.in_(asked))
        | ((SignOff.subject == "feedback") & SignOff.subject_id.in_(told))
    )
