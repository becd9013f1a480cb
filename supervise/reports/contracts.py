"""What an engagement's page tells: versions, who agreed, what is asked of whom, and the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import peewee

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
    SignedName,
)
from supervise.models.contracts import OPEN
from supervise.models.enrolments import EnrolmentUnit, unit_rules
from supervise.reports.contract_history import Line, events_of, is_sent_back, lines
from supervise.rules import ageing
from supervise.rules.contracts import Terms, last_for_sponsor, planned_against
from supervise.rules.naming import same_name
from supervise.signing import SignOff

PARTY = {"coach": "Coach", "client": "Client", "sponsor": "Sponsor"}


@dataclass(frozen=True)
class Signature:
    """One party's yes: when (UTC), and whether by the link e-mailed to them or by one handed on
    (None for the coach); the name typed is there for the learner alone.

    ``differs``: another name is kept of this party in the vault. That, too, is for the learner.
    """

    party: str
    at: datetime
    name: str = ""
    differs: bool = False
    by_mail: bool | None = None


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

    def link_to(self, party: str) -> Link | None:
        """The link by which a party can still answer, if one works."""
        return next((link for link in self.links if link.party == party), None)


@dataclass(frozen=True)
class Overview:
    """An engagement: its versions newest first, its goals, closing review and history."""

    versions: Sequence[Version]
    goals: Sequence[Goal]
    review: ClosingReview | None
    history: Sequence[Line]
    unasked: Mapping[int, int] = field(default_factory=dict)
    """Number of a version → the one its sponsor agreed to last (``rules.contracts``)."""
    returned: Collection[int] = ()
    """The versions, by id, that a party sent back after another had agreed."""

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
    versions = with_answers(contracts, now, is_mine=is_mine)
    unasked = {
        v.contract.number: number
        for v in versions
        if (number := last_for_sponsor(v.contract.number, [_signed_by(each) for each in versions]))
    }
    events = events_of(engagement, contracts)
    return Overview(
        versions=versions,
        goals=list(goals),
        review=ClosingReview.get_or_none(ClosingReview.engagement == engagement),
        history=lines(events, contracts, unasked),
        unasked=unasked,
        returned={each.subject_id for each in events if is_sent_back(each)},
    )


def _signed_by(version: Version) -> tuple[int, bool, bool]:
    one, parties = version.contract, {signature.party for signature in version.signatures}
    return one.number, "sponsor" in parties, one.parties == "two" and one.agreed_on is not None


def unasked_sponsor(contract: Contract) -> int | None:
    """The version that the sponsor agreed to last, if this one may leave them out. One query."""
    signed = (Agreement.contract == Contract.id) & (Agreement.party == "sponsor")
    rows = (
        Contract.select(Contract.number, Agreement.id, Contract.parties, Contract.agreed_on)
        .join(Agreement, peewee.JOIN.LEFT_OUTER, on=signed)
        .where(Contract.engagement == contract.engagement_id)
    )
    all_of_them = [
        (number, bool(yes), parties == "two" and on is not None)
        for number, yes, parties, on in rows.tuples()
    ]
    return last_for_sponsor(contract.number, all_of_them)


def with_answers(
    contracts: Sequence[Contract], now: datetime, *, is_mine: bool, reader: str = ""
) -> list[Version]:
    """Each of these with who agreed; names and open links for the learner alone, and to the party
    that reads (``reader``) the name it typed. Two queries, and a third for the learner where
    somebody agreed."""
    ids = [contract.id for contract in contracts]
    signed: dict[tuple[int, int], list[Signature]] = defaultdict(list)
    latest: dict[int, int] = {}
    rows = (
        Agreement.select(
            Agreement.contract, Agreement.contract_version, Agreement.party, Agreement.agreed_at,
            Agreement.by_mail, SignedName.name,
        )
        .join(SignOff, peewee.JOIN.LEFT_OUTER,
              on=(SignOff.subject == "agreement") & (SignOff.subject_id == Agreement.id))
        .join(SignedName, peewee.JOIN.LEFT_OUTER, on=(SignedName.sign_off_id == SignOff.id))
        .where(Agreement.contract.in_(ids))
        .order_by(Agreement.id)
    )  # fmt: skip
    typed = rows.tuples()
    kept = _kept(contracts[0]) if is_mine and any(name for *_, name in typed) else {}
    for contract_id, version, party, at, by_mail, name in typed:
        shown = name or "" if is_mine or party == reader else ""
        known = kept.get(party, "")
        differs = bool(shown and known) and not same_name(shown, known)
        signed[contract_id, version].append(Signature(party, at, shown, differs, by_mail))
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


def in_force_since(link: Link) -> Contract | None:
    """The version in force, where it is a later one than a party was asked about. One query."""
    asked = Contract.alias()
    theirs = (asked.id == link.subject_id) & (asked.centre == link.centre_id)
    later = (Contract.engagement == asked.engagement) & (Contract.number > asked.number)
    query = Contract.select(Contract).join(asked, on=later).where(theirs)
    found: Contract | None = query.where(Contract.state == "agreed").first()
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


@dataclass(frozen=True)
class Waiting:
    """An offer that not everybody has answered: who has not, since when (UTC), and for how many days."""

    contract: Contract
    parties: Sequence[str]
    since: datetime
    days: int


def unsettled(actor: Actor) -> tuple[list[Contract], list[Waiting]]:
    """The learner's contracts that a party sent back, and their offers that wait for client or
    sponsor, the longest first.

    Nothing is sent back of a client who withdrew consent: there is nothing to do about them. Two
    queries at most.
    """
    back = (Contract.state == "draft") & (Contract.declined_by != "")
    now_signed = (Agreement.contract == Contract.id) & (
        Agreement.contract_version == Contract.version
    )
    query = Contract.select(Contract, Engagement, Client, Agreement).join(Engagement).join(Client)
    mine = (Client.learner == actor.person) & (Contract.centre == actor.centre)
    found: dict[int, Contract] = {}
    signed: dict[int, set[str]] = defaultdict(set)
    for row in (
        query.join_from(Contract, Agreement, peewee.JOIN.LEFT_OUTER, on=now_signed, attr="signed")
        .where(mine & ((Contract.state == "offered") | back))
        .order_by(Contract.offered_at, Contract.id)
    ):
        found[row.id] = row
        signed[row.id].add(getattr(getattr(row, "signed", None), "party", ""))
    returned = [one for one in found.values() if one.state == "draft"]
    gone = Consent.withdrawn_of(one.engagement.client_id for one in returned)
    waits = [_waiting(one, signed[one.id], actor) for one in found.values() if one.offered_at]
    return (
        sorted(
            (one for one in returned if one.engagement.client_id not in gone),
            key=lambda one: (one.changed_at, one.id),
        ),
        [wait for wait in waits if wait.contract.state == "offered"],
    )


def _waiting(contract: Contract, signed: Collection[str], actor: Actor) -> Waiting:
    centre, since = actor.centre, contract.offered_at
    age = ageing.age(since, actor.now, actor.person.zone, centre.due_days, centre.late_days)
    return Waiting(contract, [p for p in contract.who_agrees if p not in signed], since, age.days)
