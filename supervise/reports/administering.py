"""An administrator's Today: invitations, learners without a supervisor, entries past their date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import peewee

from supervise import catalogue
from supervise.catalogue import UnknownCode
from supervise.models import (
    Actor,
    Assignment,
    Centre,
    Confirmation,
    Engagement,
    Enrolment,
    Invitation,
    Mail,
    Person,
    PracticeSession,
    SessionEngagement,
)
from supervise.reports.today import SHOWN, as_moment


@dataclass(frozen=True)
class Invited:
    """Somebody who has not come in yet, and until when their newest link works."""

    person_id: int
    name: str
    until: datetime
    expired: bool


@dataclass(frozen=True)
class Expired:
    """A programme people are on whose entry, or whose units' entries, are past their date."""

    code: str
    version: str
    learners: int
    sentence: str


@dataclass(frozen=True)
class Administering:
    """What waits for an administrator. Lists are cut to what is shown; counts are whole."""

    invited: Sequence[Invited]
    waiting: int
    expired: int
    unsupervised: Sequence[Enrolment]
    unsupervised_in_all: int
    past: Sequence[Expired]
    failed_mail: int


def administering(actor: Actor) -> Administering:
    """An administrator's Today. Four queries."""
    invited = _invited(actor.centre, actor.now)
    expired = sum(one.expired for one in invited)
    alone = list(
        Enrolment.select(Enrolment, Person, peewee.fn.COUNT(peewee.SQL("*")).over().alias("in_all"))
        .join(Person)
        .where(
            (Enrolment.centre == actor.centre)
            & (Enrolment.ends_on.is_null() | (Enrolment.ends_on >= actor.today))
            & Enrolment.id.not_in(_supervised(actor.today))
        )
        .order_by(Enrolment.started_on, Enrolment.id)
        .limit(SHOWN)
    )
    return Administering(
        invited=invited[:SHOWN],
        waiting=len(invited) - expired,
        expired=expired,
        unsupervised=alone,
        unsupervised_in_all=alone[0].in_all if alone else 0,
        past=_past(actor.centre, actor.today),
        failed_mail=Mail.visible_to(actor).where(Mail.state == "failed").count(),
    )


def _supervised(today: date) -> peewee.ModelSelect:
    """Enrolments with a supervisor that day who may sign in: a closed account supervises nobody."""
    on_that_day = (Assignment.role == "supervisor") & Assignment.on(today)
    return (
        Assignment.select(Assignment.enrolment)
        .join(Person)
        .where(on_that_day & Person.disabled_at.is_null())
    )


def _invited(centre: Centre, now: datetime) -> list[Invited]:
    """Who was invited and has no password yet, the link that ends first at the top."""
    until = peewee.fn.MAX(Invitation.expires_at)
    rows = (
        Invitation.select(Invitation.person, Person.name, until)
        .join(Person, on=Invitation.person)
        .where(
            (Invitation.centre == centre)
            & (Invitation.roles == "")  # whoever was asked is not named before they accept
            & Person.password_hash.is_null()
            & Person.disabled_at.is_null()
        )
        .group_by(Invitation.person, Person.name)
        .order_by(until, Person.name)
        .tuples()
    )
    return [
        Invited(id_, name, end, end <= now)
        for id_, name, end in ((row[0], row[1], as_moment(row[2])) for row in rows)
    ]


def _past(centre: Centre, today: date) -> list[Expired]:
    """Programmes in use whose catalogue entries ask to be checked with the awarding body."""
    rows = (
        Enrolment.select(
            Enrolment.programme, Enrolment.catalogue_version, peewee.fn.COUNT(Enrolment.id)
        )
        .where(
            (Enrolment.centre == centre)
            & (Enrolment.ends_on.is_null() | (Enrolment.ends_on >= today))
        )
        .group_by(Enrolment.programme, Enrolment.catalogue_version)
        .order_by(Enrolment.programme, Enrolment.catalogue_version)
        .tuples()
    )
    found = []
    for code, version, learners in rows:
        sentence = _past_sentence(code, version, today)
        if sentence:
            found.append(Expired(code, version, learners, sentence))
    return found


def _past_sentence(code: str, version: str, today: date) -> str:
    book = catalogue.load(version)
    try:
        programme = book.programme(code)
    except UnknownCode as unknown:
        return str(unknown)
    if closed := programme.expired(today):
        return closed
    late = [unit for unit in map(book.unit, programme.units) if unit.expired(today)]
    if not late:
        return ""
    units = "1 unit is" if len(late) == 1 else f"{len(late)} units are"
    return (
        f"{programme.code}: {units} past the review date. "
        f"Check with {programme.awarding_body} before you enrol anyone."
    )


def unconfirmed(centre: Centre) -> tuple[int, int]:
    """Approved sessions that a client has not confirmed, and of how many learners. One query."""
    confirmed = Confirmation.select(peewee.SQL("1")).where(
        (Confirmation.session == SessionEngagement.session)
        & (Confirmation.client == Engagement.client)
        & (Confirmation.state == "confirmed")
    )
    lacking = (
        SessionEngagement.select(SessionEngagement.session)
        .join(Engagement)
        .where((Engagement.centre == centre) & ~peewee.fn.EXISTS(confirmed))
    )
    session = PracticeSession
    row = (
        session.select(peewee.fn.COUNT(session.id), peewee.fn.COUNT(session.learner.distinct()))
        .where((session.state == "approved") & session.id.in_(lacking))
        .tuples()
        .get()
    )
    return int(row[0]), int(row[1])
