"""What an engagement's page tells: versions, who agreed, what is asked of whom, and the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import peewee

from supervise.events import Event
from supervise.models import (
    Actor,
    Agreement,
    Client,
    ClientIdentity,
    ClosingReview,
    Consent,
    Contract,
    Engagement,
    Enrolment,
    Goal,
    Link,
    Person,
    SignedName,
)
from supervise.models.contracts import OPEN
from supervise.models.enrolments import EnrolmentUnit, unit_rules
from supervise.rules.contracts import Terms, planned_against
from supervise.rules.moments import short_date
from supervise.rules.naming import same_name
from supervise.signing import SignOff

PARTY = {"coach": "Coach", "client": "Client", "sponsor": "Sponsor"}


@dataclass(frozen=True)
class Signature:
    """One party's yes: when (UTC); the name typed is there for the learner alone.

    ``differs``: another name is kept of this party in the vault. That, too, is for the learner.
    """

    party: str
    at: datetime
    name: str = ""
    differs: bool = False


@dataclass(frozen=True)
class Version:
    """One version of a contract, who agreed to it as it stands, and the links still open."""

    contract: Contract
    signatures: Sequence[Signature] = ()
    links: Sequence[Link] = ()

    @property
    def missing(self) -> list[str]:
        """The parties who have still to agree."""
        there = {signature.party for signature in self.signatures}
        return [party for party in self.contract.who_agrees if party not in there]


@dataclass(frozen=True)
class Line:
    """A line of history: when (UTC), who, what, and the reason given."""

    at: datetime
    who: str
    words: str
    reason: str


@dataclass(frozen=True)
class Overview:
    """An engagement: its versions newest first, its goals, closing review and history."""

    versions: Sequence[Version]
    goals: Sequence[Goal]
    review: ClosingReview | None
    history: Sequence[Line]

    @property
    def standing(self) -> Version | None:
        """The version in force, if one is."""
        return next((v for v in self.versions if v.contract.state == "agreed"), None)

    @property
    def open(self) -> Version | None:
        """The draft or the offer, if there is one."""
        return next((v for v in self.versions if v.contract.state in OPEN), None)

    @property
    def past(self) -> list[Version]:
        """What was agreed once, by all or by somebody, and no longer stands."""
        past = ("withdrawn", "replaced", "ended")
        return [v for v in self.versions if v.contract.state in past]


def overview(engagement: Engagement, actor: Actor, now: datetime) -> Overview:
    """The whole of an engagement, as far as the actor may read it. Seven queries at the most."""
    is_mine = actor.is_(engagement.client.learner_id)
    mine = Contract.visible_to(actor).where(Contract.engagement == engagement)
    contracts = list(mine.order_by(Contract.number.desc()))
    goals = Goal.select().where(Goal.engagement == engagement).order_by(Goal.id)
    return Overview(
        versions=with_answers(contracts, now, is_mine=is_mine),
        goals=list(goals),
        review=ClosingReview.get_or_none(ClosingReview.engagement == engagement),
        history=history(engagement, contracts),
    )


def with_answers(contracts: Sequence[Contract], now: datetime, *, is_mine: bool) -> list[Version]:
    """Each of these with who agreed; names and open links for the learner alone. Two queries, and
    a third for the learner where somebody agreed."""
    ids = [contract.id for contract in contracts]
    signed: dict[tuple[int, int], list[Signature]] = defaultdict(list)
    latest: dict[int, int] = {}
    rows = (
        Agreement.select(
            Agreement.contract, Agreement.contract_version, Agreement.party, Agreement.agreed_at,
            SignedName.name,
        )
        .join(SignOff, peewee.JOIN.LEFT_OUTER,
              on=(SignOff.subject == "agreement") & (SignOff.subject_id == Agreement.id))
        .join(SignedName, peewee.JOIN.LEFT_OUTER, on=(SignedName.sign_off_id == SignOff.id))
        .where(Agreement.contract.in_(ids))
        .order_by(Agreement.id)
    )  # fmt: skip
    typed = rows.tuples()
    kept = _kept(contracts[0]) if is_mine and any(name for *_, name in typed) else {}
    for contract_id, version, party, at, name in typed:
        shown = name or "" if is_mine else ""
        known = kept.get(party, "")
        differs = bool(shown and known) and not same_name(shown, known)
        signed[contract_id, version].append(Signature(party, at, shown, differs))
        latest[contract_id] = max(version, latest.get(contract_id, 0))
    links: dict[int, list[Link]] = defaultdict(list)
    offered = [contract.id for contract in contracts if contract.state == "offered"]
    if is_mine and offered:
        asked = (Link.purpose == "contract") & Link.subject_id.in_(offered)
        still = Link.used_at.is_null() & Link.ended_at.is_null() & (Link.expires_at > now)
        for link in Link.select().where(asked & still).order_by(Link.id):
            links[link.subject_id].append(link)
    return [
        Version(
            contract,
            # a draft was perhaps offered before: nobody has agreed to what it says now
            signed[contract.id, latest.get(contract.id, 0)] if contract.state != "draft" else (),
            links[contract.id],
        )
        for contract in contracts
    ]


def _kept(contract: Contract) -> dict[str, str]:
    """The names that the learner keeps of each party of this engagement. One query."""
    engagement = Engagement.client == ClientIdentity.client
    mine = ClientIdentity.select(ClientIdentity).join(Engagement, on=engagement)
    known = mine.where(Engagement.id == contract.engagement_id).first()
    return {"client": known.name, "sponsor": known.sponsor_name} if known else {}


def before(contract: Contract, party: str = "") -> Contract | None:
    """The version this one is read against. One query.

    For a party, the last that they agreed to themselves: what changed since they last signed. For
    coach and supervisor, the one agreed before; where none was, one that somebody had agreed to.
    """
    mine = (Contract.engagement == contract.engagement_id) & (Contract.number < contract.number)
    query = Contract.select().order_by(Contract.agreed_on.is_null(), Contract.number.desc())
    agreed = Contract.agreed_on.is_null(False) | (Contract.state == "withdrawn")
    if party:
        theirs = Agreement.select(Agreement.contract).where(Agreement.party == party)
        agreed = Contract.id.in_(theirs)
        query = Contract.select().order_by(Contract.number.desc())
    found: Contract | None = query.where(mine & agreed).first()
    return found


def plans(terms: Terms, engagement: Engagement) -> list[str]:
    """The planned total beside what each unit of the learner's needs, in sentences. One query."""
    chosen = (
        EnrolmentUnit.select(EnrolmentUnit, Enrolment)
        .join(Enrolment)
        .where(
            (Enrolment.learner == engagement.client.learner_id)
            & (Enrolment.centre == engagement.centre_id)
        )
    )
    said = {}
    for row in chosen:
        rule = unit_rules(row.enrolment.book)[row.unit]
        if rule.required_minutes and engagement.kind in rule.kinds:
            said[row.unit] = planned_against(terms, row.unit, rule.required_minutes)
    return [said[unit] for unit in sorted(said) if said[unit]]


# --- history -----------------------------------------------------------------------------


def history(engagement: Engagement, contracts: Sequence[Contract]) -> list[Line]:
    """What was done with the contract and its date, oldest first. One query."""
    ids = [contract.id for contract in contracts]
    dated = (Event.subject == "engagement") & (Event.subject_id == engagement.id)
    moved = (Event.subject == "contract") & Event.subject_id.in_(ids)
    query = (
        Event.select(Event, Person.name.alias("who"))
        .join(Person, peewee.JOIN.LEFT_OUTER, on=(Event.person_id == Person.id))
        .where((Event.centre_id == engagement.centre_id) & (dated | moved))
        .order_by(Event.id)
    )
    told = ((event, _words(event)) for event in query.objects())
    return [Line(event.at, _who(event), words, event.note) for event, words in told if words]


def _who(event: Event) -> str:
    name: str = event.who or f"The {event.role or 'command'}"
    return "The command line" if name == "The command" else name


def _words(event: Event) -> str:
    """What happened, after the name of who did it; nothing for what another line tells."""
    detail = event.details
    if event.subject == "engagement":
        was, is_ = _day(detail.get("before")), _day(detail.get("after"))
        first = event.role in ("client", "sponsor")
        return "" if first else f"{was + ' became ' if was else ''}{is_ or 'no date'}"
    version = f"version {detail['number']}"
    return {
        "begun": f"began {version}",
        "offered": f"offered {version}",
        "taken back": f"took back {version} to change it",
        "withdrawn": f"did not let {version} stand, though somebody had agreed to it",
        "agreed to": f"agreed to {version}",
        "declined": f"did not agree to {version} yet",
        "agreed": f"was the last to agree, so {version} is in force",
        "replaced": "",  # the line beside it tells what is in force now
        "ended": f"ended {version} after {_day(detail.get('ended_on'))}",
        "erased": f"removed names and notes from {version}, as consent was withdrawn",
    }[event.verb]


def _day(text: str | None) -> str:
    return short_date(date.fromisoformat(text)) if text and text != "None" else ""


def sent_back(actor: Actor) -> list[Contract]:
    """The learner's contracts that a party sent back and that are not offered again.

    Not of a client who withdrew consent: there is nothing to do about them. Two queries at most.
    """
    mine = Contract.select(Contract, Engagement, Client).join(Engagement).join(Client)
    back = (Contract.state == "draft") & (Contract.declined_by != "")
    own = (Client.learner == actor.person) & (Contract.centre == actor.centre)
    rows = list(mine.where(own & back).order_by(Contract.changed_at, Contract.id))
    gone = Consent.withdrawn_of(row.engagement.client_id for row in rows)
    return [row for row in rows if row.engagement.client_id not in gone]
