"""Mail with a link for somebody without an account: whom it is for stands in the vault.

It says who asks, what to do and until when; nothing of a session, a contract or of who they are but
the name it greets them by.
"""

from __future__ import annotations

from datetime import datetime

from supervise.mail.letters import Gone, Letter, Site, written
from supervise.models import Consent, Feedback, Link, LinkContact, Mail, agreeing, confirmations
from supervise.rules import moments

ENDED = {
    "used": "The link was used already.",
    "ended": "The link was withdrawn.",
    "expired": "The link has run out.",
}

COPIES = ("contract-copy",)
"""Kinds that lead somebody to what they keep, by the link that they answered by."""


def letter(mail: Mail, site: Site, now: datetime) -> Letter:
    """The mail of a link. Raises Gone where the link asks for nothing any more."""
    link = Link.get_by_id(mail.link_id)
    how_many = _kept(link) if mail.kind in COPIES else _asked(link, now)
    contact = None if site.veiled else LinkContact.get_or_none(LinkContact.link == link)
    if not site.veiled and (contact is None or not contact.email.strip()):
        raise Gone("There is no address to send it to any more.")
    name = "[their name]" if contact is None else contact.name
    subject, text = written(
        mail.kind,
        name=name,
        coach=link.learner.name,
        centre=link.centre.name,
        party=link.party,
        how_many=how_many,
        about=_about(link),
        link=site.secret(f"/link/{link.mailed_token}"),
        until=moments.local(link.expires_at, link.centre.zone).date(),
    )
    return Letter(name, contact.email.strip() if contact else "", subject, text)


def _asked(link: Link, now: datetime) -> int:
    """How many things it asks about; raises Gone where that is over.

    Of an anonymous feedback nobody learns here whether it was given.
    """
    feedback = Feedback.get_or_none(Feedback.link == link) if link.purpose == "feedback" else None
    standing = feedback.standing(link, now) if feedback else link.standing(now)
    if standing in ENDED:
        raise Gone(ENDED[standing])
    if link.client_id is not None and Consent.is_withdrawn(link.client):
        raise Gone("The client withdrew their consent.")
    if link.learner.disabled_at is not None:
        raise Gone("The coach's account is closed.")
    if link.purpose == "contract" and agreeing.asked(link) is None:
        raise Gone("The contract was changed or taken back.")
    asked = len(confirmations.asked_by(link)) if link.purpose == "confirmation" else 1
    if not asked:
        raise Gone("Nothing is left to confirm.")
    return asked


def _kept(link: Link) -> int:
    """That there is a copy to read; raises Gone where there is none any more."""
    if link.client_id is not None and Consent.is_withdrawn(link.client):
        raise Gone("The client withdrew their consent.")
    if agreeing.answered(link)[1] != "agreed":
        raise Gone("The contract was changed or taken back.")
    return 1


def _about(link: Link) -> str:
    """What a feedback is about: the practitioner or the programme."""
    feedback = Feedback.get_or_none(Feedback.link == link) if link.purpose == "feedback" else None
    return str(feedback.about) if feedback else ""
