"""Mail to people with an account: their links to come in, and what happened that they wait for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from supervise.mail.letters import Gone, Letter, Site, written
from supervise.models import (
    Actor,
    Confirmation,
    Contract,
    Invitation,
    Mail,
    PracticeSession,
    reopening,
)
from supervise.models.mail import ALONE
from supervise.rules import moments

NOT_THEIRS = "It is not theirs to see any more."
SETTLED = "It was settled meanwhile."
STALE = timedelta(days=14)
"""News older than this is none: so the first mail server does not send what half a year brought."""


def letter(mail: Mail, site: Site, now: datetime) -> Letter:
    """The mail to somebody with an account. Raises Gone where there is nothing to tell them."""
    values = KINDS[mail.kind](mail, site, now)
    subject, text = written(
        mail.kind,
        name="[their name]" if site.veiled else mail.person.name,
        centre=mail.centre.name,
        zone=mail.person.zone,
        **values,
    )
    return Letter(mail.person.name, mail.person.email, subject, text)


def refuse_gone(mail: Mail, now: datetime) -> None:
    """Raises Gone for somebody who cannot come in any more."""
    if mail.person.disabled_at is not None:
        raise Gone("Their account is closed.")
    if mail.kind not in ALONE and mail.created_at < now - STALE:
        raise Gone("It waited so long that it tells nothing new.")
    if mail.kind not in ALONE and not Actor.of(mail.person, mail.centre, now).roles:
        raise Gone("They have no role here any more.")


def _invitation(mail: Mail, site: Site, now: datetime) -> dict[str, Any]:
    """The link with which somebody comes in, or sets a new password."""
    found = Invitation.get_or_none(Invitation.id == mail.details.get("invitation"))
    if found is None or found.used_at is not None:
        raise Gone("The link was used already.")
    if found.expires_at <= now:
        raise Gone("The link has run out, or a newer one took its place.")
    return {
        "link": site.secret(f"/invitation/{found.mailed_token}"),
        "until": moments.local(found.expires_at, mail.centre.zone).date(),
        "roles": found.role_words if found.offered else "",
        "accepts": not found.sets_password,
    }


def _session(mail: Mail, now: datetime) -> PracticeSession:
    """The session it is about, where its addressee still sees it."""
    actor = Actor.of(mail.person, mail.centre, now)
    seen = PracticeSession.visible_to(actor)
    found: PracticeSession | None = seen.where(
        PracticeSession.id == mail.details.get("session")
    ).first()
    if found is None:
        raise Gone(NOT_THEIRS)
    return found


def _given_back(mail: Mail, site: Site, now: datetime) -> dict[str, Any]:
    """Returned, or reopened: with its learner until they submit it again."""
    session = _session(mail, now)
    if session.state != mail.kind:
        raise Gone(SETTLED)
    return {"on": session.date, "page": site.page(f"/sessions/{session.id}")}


def _reopening(mail: Mail, site: Site, now: datetime) -> dict[str, Any]:
    """A learner asks the supervisor to open an approved session again."""
    session = _session(mail, now)
    if not reopening.asked(session):
        raise Gone(SETTLED)
    page = site.page(f"/sessions/{session.id}")
    return {"on": session.date, "who": session.learner.name, "page": page}


def _disputed(mail: Mail, site: Site, now: datetime) -> dict[str, Any]:
    """A client says that a session was not as it was logged."""
    session = _session(mail, now)
    asked = Confirmation.get_or_none(Confirmation.id == mail.details.get("confirmation"))
    if asked is None or asked.state != "disputed":
        raise Gone(SETTLED)
    mine = session.learner_id == mail.person_id
    page = site.page(f"/sessions/{session.id}")
    return {"on": session.date, "mine": mine, "who": session.learner.name, "page": page}


def _contract(mail: Mail, site: Site, _now: datetime) -> dict[str, Any]:
    """A contract that everybody agreed to, or that somebody sent back."""
    found = Contract.get_or_none(Contract.id == mail.details.get("contract"))
    wanted = {"contract-agreed": "agreed", "contract-declined": "draft"}[mail.kind]
    if found is None or found.state != wanted:
        raise Gone(SETTLED)
    return {"page": site.page(f"/contracts/{found.id}")}


def _feedback(_mail: Mail, site: Site, _now: datetime) -> dict[str, Any]:
    """There is feedback to read; not from whom, nor when it was given."""
    return {"page": site.page("/feedback")}


def _approvals(mail: Mail, site: Site, now: datetime) -> dict[str, Any]:
    """Sessions that wait longer than the centre wants them to."""
    rows = overdue(Actor.of(mail.person, mail.centre, now))
    if not rows:
        raise Gone("Nothing waits for them that long any more.")
    since = moments.local(rows[0], mail.person.zone).date()
    return {"how_many": len(rows), "since": since, "page": site.page("/approvals")}


def overdue(actor: Actor) -> list[datetime]:
    """Since when sessions wait for a supervisor that are due or late, the oldest first. One query."""
    zone = ZoneInfo(actor.person.zone)
    today = moments.local(actor.now, zone).date()
    first_day = today - timedelta(days=max(0, actor.centre.due_days - 1))
    midnight = datetime.combine(first_day, datetime.min.time(), zone)
    waiting = PracticeSession.waiting_for(actor).where(PracticeSession.submitted_at < midnight)
    order = waiting.order_by(PracticeSession.submitted_at)
    return [session.submitted_at for session in order]


KINDS: dict[str, Callable[[Mail, Site, datetime], dict[str, Any]]] = {
    "invitation": _invitation,
    "password": _invitation,
    "returned": _given_back,
    "reopened": _given_back,
    "reopening": _reopening,
    "disputed": _disputed,
    "contract-agreed": _contract,
    "contract-declined": _contract,
    "feedback-told": _feedback,
    "approvals": _approvals,
}
"""Kind → what its template is given, or Gone."""
