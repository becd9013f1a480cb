"""The conditions under which a practice session counts, each giving its reasons for and against.

What a person can still mend is a "wait"; what rules the session out as it stands is a "stop".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from supervise.rules.contracts import in_force
from supervise.rules.facts import (
    ConfirmationFacts,
    ContractFacts,
    EnrolmentFacts,
    Policy,
    SessionFacts,
    UnitRule,
)
from supervise.rules.moments import length, local, short_date
from supervise.rules.verdicts import ALONE, DISPUTED, STATE, Reason

SHORTEST, LONGEST = 5, 480

_WAITS_FOR = {
    "draft": "it is a draft; submit it when it is complete",
    "submitted": "it waits for approval",
    "returned": "it was returned; change it and submit it again",
    "reopened": "it was reopened and must be approved again",
}
AGAIN = "it counts only once they consent again, are asked again and confirm it"
_STANDING = {
    "submitted": "which waits for approval too; only one of them can count",
    "approved": "which is approved",
}
_FIRMNESS = {"submitted": 1, "approved": 2}


def of_state(session: SessionFacts) -> Iterator[Reason]:
    """Only what a supervisor has approved counts."""
    if session.state == "approved":
        yield Reason("good", "Approved")
    else:
        yield Reason("wait", _WAITS_FOR[session.state], STATE)


def of_date(session: SessionFacts, enrolment: EnrolmentFacts) -> Iterator[Reason]:
    """The session falls inside the enrolment, its first and last day included."""
    began, ends = enrolment.started_on, enrolment.ends_on
    if session.date is None:
        yield Reason("wait", "its date is missing")
    elif session.date < began:
        yield Reason("stop", f"it is dated before the enrolment began on {short_date(began)}")
    elif ends is not None and session.date > ends:
        yield Reason("stop", f"it is dated after the enrolment's last day, {short_date(ends)}")
    elif ends is None:
        yield Reason("good", f"Inside the enrolment, from {short_date(began)}")
    else:
        yield Reason("good", f"Inside the enrolment, {short_date(began)} to {short_date(ends)}")


def of_length(session: SessionFacts) -> Iterator[Reason]:
    """The session lasts from ``SHORTEST`` to ``LONGEST`` minutes, both included."""
    if session.minutes is None:
        yield Reason("wait", "its length is missing")
    elif not SHORTEST <= session.minutes <= LONGEST:
        span = f"{length(SHORTEST)} to {length(LONGEST)}"
        yield Reason("stop", f"it lasts {length(session.minutes)}; a session lasts {span}")


def of_unit(
    session: SessionFacts, enrolment: EnrolmentFacts, code: str, rule: UnitRule | None
) -> Iterator[Reason]:
    """The unit belongs to the enrolment and takes hours, and the session meets what it asks."""
    if code not in enrolment.units:
        yield Reason("stop", f"{code} is not part of the enrolment")
        return
    if rule is None or not rule.required_minutes:
        yield Reason("stop", f"{code} asks for no practice hours")
        return
    yield _of_kind(session, rule)
    if rule.contract_required:
        yield from _of_contracts(session, code)
    if rule.supervisor_required and session.date is not None:
        if session.supervised:
            yield Reason("good", "A supervisor was assigned that day")
        else:
            yield Reason("stop", "no supervisor was assigned that day")


def of_overlap(session: SessionFacts, overlapping: Sequence[SessionFacts]) -> Iterator[Reason]:
    """No other session stands on the same time at least as firmly.

    An approved session yields only to an approved one; any other yields to one that is approved or
    waits for approval. A draft, or one sent back, never stands in another's way.
    """
    firm = max(1, _FIRMNESS.get(session.state, 0))
    hurting = [other for other in overlapping if _FIRMNESS.get(other.state, 0) >= firm]
    for other in hurting:
        yield Reason("stop", f"it overlaps {other.label}, {_STANDING[other.state]}")
    if session.starts_at is None:
        yield Reason("good", "No start time is kept, so overlap could not be checked")
    elif session.minutes is None:
        yield Reason("good", "No length is kept, so overlap could not be checked")
    elif not overlapping:
        yield Reason("good", "Overlaps nothing")
    elif not hurting:
        yield Reason("good", "Overlaps nothing that stands as firmly")


def of_confirmation(session: SessionFacts, policy: Policy) -> Iterator[Reason]:
    """Every client has confirmed the session, where the centre demands that.

    Where it does not, only a dispute is told: the supervisor decides over it, and it is named.

    A client who withdrew consent cannot be asked any more: the supervisor's approval stands alone,
    and the verdict says so. What they disputed before stays disputed, also where it was corrected.
    """
    if not policy.confirmation_required:
        yield from _disputes(session, session.confirmations)
        return
    theirs = [said for said in session.confirmations if not said.removed]
    yield from _disputes(session, [said for said in session.confirmations if said.removed])
    if not theirs:
        yield Reason("wait", "no client is named who could confirm it")
    for said in theirs:
        if said.state == "confirmed":
            yield Reason("good", f"{said.alias} confirmed it")
        elif said.state == "disputed":
            gone = f", and withdrew consent: {AGAIN}" if said.withdrawn_on else ""
            yield Reason("wait", f"{_dispute(said)}{gone}")
        elif said.withdrawn_on:
            who = f"the consent of {said.alias} was withdrawn"
            when = f"on {short_date(said.withdrawn_on)}, as the coach says"
            instead = "the supervisor's approval replaces the client's word"
            yield Reason("good", f"{who} {when}: {instead}", ALONE)
        elif said.confirmed_minutes is not None:
            again = "was asked again" if said.state == "asked" else "was not asked again"
            yield Reason("wait", f"{said.alias} confirmed it before it was changed, and {again}")
        elif said.state == "asked":
            # on the centre's clock, as every page of the link says; whoever reads has the moment
            last = local(said.expires_at, policy.zone) if said.expires_at else None
            until = f"; their link lasts to {short_date(last)}" if last else ""
            yield Reason("wait", f"{said.alias} has not confirmed it{until}")
        else:
            yield Reason("wait", f"{said.alias} was not asked to confirm it")


def _disputes(session: SessionFacts, clients: Sequence[ConfirmationFacts]) -> Iterator[Reason]:
    """What the supervisor decides over: a dispute of one of these clients, named with the answer."""
    for said in clients:
        if said.state == "disputed":
            kept = session.minutes if said.what == "length" and said.said_minutes else None
            diary = f", and the diary says {kept}" if kept else ""
            yield Reason("good", f"but {_dispute(said)}{diary}", DISPUTED)


def _dispute(said: ConfirmationFacts) -> str:
    """``Client A disputes it: says 45 minutes``, and whether they were asked again since."""
    again = ", and was asked again" if said.carried and said.asked_at else ""
    when = "disputed it before it was changed" if said.changed else "disputes it"
    when = "disputed it, and was taken off it since" if said.removed else when
    return f"{said.alias} {when}: {says(said)}{again}"


def says(said: ConfirmationFacts) -> str:
    """What a client who disputes a session says of it: ``says 45 minutes``."""
    if said.what == "length" and said.said_minutes is not None:
        return f"says {said.said_minutes} minute{'' if said.said_minutes == 1 else 's'}"
    return {
        "length": "says it was shorter or longer",
        "date": "says it was on another day",
        "none": "says it did not take place",
    }.get(said.what, "says that something else is different")


def _of_kind(session: SessionFacts, rule: UnitRule) -> Reason:
    if session.kind is None:
        return Reason("wait", "its kind, coaching or mentoring, is missing")
    if session.kind not in rule.kinds:
        takes = " or ".join(sorted(rule.kinds))
        return Reason("stop", f"{session.kind} does not fit {rule.code}, which takes {takes}")
    return Reason("good", f"{session.kind.capitalize()} fits {rule.code}")


def _of_contracts(session: SessionFacts, code: str) -> Iterator[Reason]:
    if not session.contracts:
        yield Reason("wait", f"no client is named; {code} counts only under an agreed contract")
    several = len(session.contracts) > 1
    for contract in session.contracts:
        yield from _of_contract(session, code, contract, several=several)


def _of_contract(
    session: SessionFacts, code: str, contract: ContractFacts, *, several: bool
) -> Iterator[Reason]:
    alias, agreed = contract.alias, contract.agreed_on
    if agreed is None:
        only = f"{code} counts only from the day the contract was agreed"
        yield Reason("wait", f"no contract date is recorded for {alias}; {only}")
    elif session.date is None:
        return  # nothing to compare with until the date is there, which is a reason of its own
    elif agreed > session.date:
        what = f"the contract with {alias} was agreed on {short_date(agreed)}"
        yield Reason("stop", f"{what}, after the session")
    else:
        yield _of_versions(session.date, contract, agreed, several=several)


def _of_versions(on: date, contract: ContractFacts, agreed: date, *, several: bool) -> Reason:
    """From the first agreed day on: not after the end, and not between two contracts.

    A contract agreed on paper stands until the first one that was agreed here, once a supervisor
    has accepted its day: nobody's hours rest on their own word.
    """
    alias, versions = contract.alias, contract.versions
    whose = f"Contract with {alias}" if several else "Contract"
    if not versions or on < min(version.agreed_on for version in versions):
        if contract.accepted:
            said = "on paper, as the supervisor accepted"
            return Reason("good", f"{whose} agreed {short_date(agreed)}, {said}")
        what = f"the contract with {alias} was agreed on paper on {short_date(agreed)}"
        return Reason("wait", f"{what}, as the coach says; the supervisor has still to accept that")
    standing = in_force(versions, on)
    if standing is not None:
        number = f", version {standing.number}," if len(versions) > 1 else ""
        return Reason("good", f"{whose}{number} agreed {short_date(standing.agreed_on)}")
    ended = max(v.ended_on for v in versions if v.ended_on is not None and v.ended_on < on)
    later = [version.agreed_on for version in versions if version.agreed_on > on]
    what = f"the contract with {alias} ended on {short_date(ended)}"
    if later:
        return Reason("stop", f"{what}, and the next was agreed on {short_date(min(later))}; "
                              "the session lies between")  # fmt: skip
    return Reason("stop", f"{what}, before the session")
