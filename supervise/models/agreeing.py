"""How a contract comes to be agreed: offered by the learner, then a yes or a "not yet" by link.

Locks are taken in one order: the client where they are asked, the contract's row, its links, the
history, the engagement, the sign-offs. So of two parties who answer at the same moment one waits
for the other.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

from supervise import events, signing
from supervise.db import write
from supervise.models import notices
from supervise.models.contracts import CHANGED, Agreement, Contract, hold_versions
from supervise.models.engagements import Engagement
from supervise.models.goals import Goal
from supervise.models.links import Link, SignedName
from supervise.models.people import Actor
from supervise.models.vault import ClientIdentity
from supervise.rules.contracts import Terms, lacks
from supervise.rules.naming import names_in, naming_fault
from supervise.workflow import CONTRACT, WrongState, advance, allow


class NotReady(Exception):  # noqa: N818 - it names what is wrong with the contract
    """A contract that cannot be offered yet. ``faults`` is field to sentence (``rules.contracts``)."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


def goals_to_offer(contract: Contract) -> list[dict[str, object]]:
    """The engagement's goals as the contract would keep them; those dropped are left out. One query."""
    mine = (Goal.engagement == contract.engagement_id) & (Goal.state != "dropped")
    return [goal.as_offered() for goal in Goal.select().where(mine).order_by(Goal.id)]


def offer(contract: Contract, *, version: int, by: Actor, now: datetime) -> list[Link]:
    """Offer the contract, signed by its learner: a link for each other party.

    Raises NotReady with what it lacks, and WrongState where it was changed meanwhile.
    """
    allow(contract.can_offer(by))
    with write():
        contract.engagement.client.hold()
        contract.refresh(lock=True)
        if contract.version != version and contract.state == "draft":
            raise WrongState(CHANGED)
        goals, terms = goals_to_offer(contract), contract.terms
        ready = Terms(terms.parties, terms.shared, goals, terms.planned_sessions,
                      terms.planned_minutes)  # fmt: skip
        faults = lacks(ready) | _named(contract) if contract.state == "draft" else {}
        if faults:
            raise NotReady(faults)
        advance(
            contract,
            CONTRACT,
            "offer",
            parts=json.dumps(terms.shared),
            goals=json.dumps(goals),
            offered_at=now,
            changed_at=now,
            declined_by="",
            declined_why="",
        )
        links = [_link(contract, party, by, now) for party in contract.who_agrees[1:]]
        contract.told("offered", now, person_id=by.person.id, role="learner")
        _sign(contract, "coach", by.person.id, now)
    return links


def _named(contract: Contract) -> dict[str, str]:
    """The goal, or the part, that names a client of this coach or a sponsor, of another engagement
    too: written perhaps before they were kept."""
    known = ClientIdentity.names_of(contract.engagement.client.learner_id)
    found = {
        key: naming_fault("This", hits)
        for key, text in contract.terms.shared.items()
        if (hits := names_in(text, known))
    }
    mine = (Goal.engagement == contract.engagement_id) & (Goal.state != "dropped")
    for goal in Goal.select().where(mine).order_by(Goal.id):
        if hits := goal.names(*known):
            found["goals"] = naming_fault(f"The goal “{goal.short}”", hits)
    return found


def ask_again(contract: Contract, party: str, *, by: Actor, now: datetime) -> Link:
    """A new link for a party that has not agreed; the one before stops working.

    Raises WrongState where the contract is not offered or the party has agreed.
    """
    allow(contract.can_offer(by))
    with write():
        contract.engagement.client.hold()
        contract.refresh(lock=True)
        if contract.state != "offered" or party not in contract.who_agrees[1:]:
            raise WrongState("Nobody is asked to agree to this contract now. Nothing was changed.")
        if party in agreed_by(contract):
            raise WrongState(f"The {party} has agreed already. Nothing was changed.")
        mine = (Link.purpose == "contract") & (Link.subject_id == contract.id)
        Link.end(mine & (Link.party == party), now)
        link = _link(contract, party, by, now)
        contract.told("asked again", now, person_id=by.person.id, role="learner", party=party)
    return link


def end_link(link: Link, *, by: Actor, now: datetime) -> bool:
    """Withdraw one party's link, as when it went to the wrong person; the offer stands.

    False where it was answered or ended already. The contract is held before the link, as whoever
    answers holds them.
    """
    contract: Contract = Contract.get_by_id(link.subject_id)
    allow(contract.can_offer(by))
    with write():
        contract.refresh(lock=True)
        if not Link.end(Link.id == link.id, now):
            return False
        told = {"person_id": by.person.id, "role": "learner", "party": link.party}
        contract.told("link withdrawn", now, **told)
    return True


def _link(contract: Contract, party: str, by: Actor, now: datetime) -> Link:
    client = contract.engagement.client
    known = ClientIdentity.of(client, by)
    sponsor = party == "sponsor"
    return Link.make(
        "contract",
        party,
        by=by,
        now=now,
        client=client,
        subject_id=contract.id,
        subject_version=contract.version,
        name=known.sponsor_name if sponsor else known.name,
        email=known.sponsor_email if sponsor else known.email,
    )


def agreed_by(contract: Contract) -> set[str]:
    """The parties who agreed to this version as it is offered now. One query."""
    here = (Agreement.contract == contract) & (Agreement.contract_version == contract.version)
    return {row.party for row in Agreement.select(Agreement.party).where(here)}


def asked(link: Link) -> Contract | None:
    """The contract a link asks about, if it is still offered as it was when the link was made."""
    mine = (Contract.id == link.subject_id) & (Contract.version == link.subject_version)
    found: Contract | None = (
        Contract.select(Contract, Engagement)
        .join(Engagement)
        .where(mine & (Contract.state == "offered") & (Contract.centre == link.centre_id))
        .first()
    )
    return found


def answered(link: Link) -> tuple[Contract | None, str]:
    """What became of a party's answer: the contract, as long as it is the one they agreed to, and
    ``agreed``, ``declined`` or ``changed`` (sent back by another party, or taken back, since)."""
    contract: Contract | None = Contract.get_or_none(
        (Contract.id == link.subject_id) & (Contract.centre == link.centre_id)
    )
    mine = (Agreement.contract == link.subject_id) & (Agreement.party == link.party)
    agreed = mine & (Agreement.contract_version == link.subject_version)
    if contract is None or not Agreement.select().where(agreed).exists():
        return None, "declined"
    moved = contract.version != link.subject_version
    if contract.state in ("draft", "withdrawn") or (contract.state == "offered" and moved):
        return None, "changed"
    return contract, "agreed"


def agree(link: Link, name: str, *, now: datetime) -> Contract:
    """A party's yes, by link, with the name typed; with the last of them the contract stands.

    All in one write: agreement, sign-off, name in the vault, history, link used, and the version
    before it replaced. Raises WrongState where the link or the offer is not open any more.
    """
    with write():
        contract = _open(link, now)
        version, party = link.subject_version, link.party
        typed = SignedName.hash_of(contract.id, version, party, name)
        contract.told(
            "agreed to", now, person_id=None, role=party, version=version, name=typed,
            by_mail=link.by_mail,
        )  # fmt: skip
        missing = set(contract.who_agrees) - agreed_by(contract) - {party}
        engagement = None if missing else _stand(contract, party, now)
        if not missing:
            notices.copies(contract, version, now)
        sign_off = _sign(contract, party, None, now, version=version, by_mail=link.by_mail)
        SignedName.create(sign_off_id=sign_off.id, name=name)
        if engagement is not None:
            signing.sign(
                engagement,
                subject="engagement",
                person_id=None,
                role=party,
                decision="dated",
                now=now,
            )
    return contract


def decline(link: Link, why: str, *, now: datetime) -> Contract:
    """A party's "not yet", by link: the contract is a draft again, and its learner reads why.

    Raises WrongState where the link or the offer is not open any more.
    """
    with write():
        contract = _open(link, now)
        told = {"declined_by": link.party, "declined_why": why}
        if contract.somebody_agreed():
            draft = contract.anew(now, person_id=None, role=link.party, **told)
            notices.contract(draft, "contract-declined", now)
            return draft
        advance(contract, CONTRACT, "decline", changed_at=now, **told)
        notices.contract(contract, "contract-declined", now)
        contract.end_links(now)
        contract.told("declined", now, person_id=None, role=link.party)
    return contract


def _open(link: Link, now: datetime) -> Contract:
    """The contract a link asks about, locked, and the link used up.

    The version in force is locked with it: where this is the last yes, it is replaced.
    """
    asked_about = Contract.select(Contract.engagement).where(Contract.id == link.subject_id)
    versions = hold_versions(Contract.engagement.in_(asked_about))
    contract = next((one for one in versions if one.id == link.subject_id), None)
    offered = contract is not None and contract.state == "offered"
    if contract is None or not offered or contract.version != link.subject_version:
        raise WrongState("This contract was changed or taken back. Nothing was decided.")
    if not link.use(now):
        raise WrongState("This link was used or withdrawn. Nothing was decided twice.")
    return contract


def _sign(
    contract: Contract,
    party: str,
    person_id: int | None,
    now: datetime,
    version: int = 0,
    by_mail: bool | None = None,
) -> signing.SignOff:
    agreement = Agreement.create(
        centre=contract.centre_id,
        contract=contract,
        contract_version=version or contract.version,
        party=party,
        agreed_at=now,
        by_mail=by_mail,
    )
    return signing.sign(
        agreement,
        subject="agreement",
        person_id=person_id,
        role="learner" if party == "coach" else party,
        decision="agreed",
        now=now,
    )


def _stand(contract: Contract, party: str, now: datetime) -> Engagement | None:
    """Bring the contract into force today at the centre; the engagement, where it must be signed."""
    today: date = now.astimezone(ZoneInfo(contract.centre.zone)).date()
    mine = Contract.engagement == contract.engagement_id
    for before in Contract.select().where(mine & (Contract.state == "agreed")):
        last = max(today, before.agreed_on)  # the centre's clock may have been set back since
        advance(before, CONTRACT, "replace", ended_on=last, changed_at=now)
        before.told("replaced", now, person_id=None, role=party, ended_on=last)
    advance(contract, CONTRACT, "agree", agreed_on=today, changed_at=now)
    notices.contract(contract, "contract-agreed", now)
    contract.told("agreed", now, person_id=None, role=party, agreed_on=today)
    return _date(contract.engagement_id, today, party, now)


def _date(engagement_id: int, today: date, party: str, now: datetime) -> Engagement | None:
    """Keep the first day that any contract was agreed; and that none has ended for good.

    Read after the history was written: whoever dates a contract on paper writes there first.
    """
    engagement: Engagement = Engagement.get_by_id(engagement_id)
    if engagement.contract_agreed_on is not None:
        if engagement.contract_ended_on is not None:
            engagement.contract_ended_on = None
            engagement.save()
        return None
    events.record(
        centre_id=engagement.centre_id,
        verb="dated the contract",
        subject="engagement",
        subject_id=engagement.id,
        now=now,
        person_id=None,
        role=party,
        before=None,
        after=today,
        version=engagement.version + 1,
    )
    engagement.contract_agreed_on, engagement.contract_ended_on = today, None
    engagement.dated_by = party
    engagement.version += 1
    engagement.save()
    return engagement
