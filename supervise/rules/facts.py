"""The plain values that the rules about hours look at; nothing here knows of the app.

Dates are calendar days, moments are aware and in UTC, lengths are whole minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ContractVersion:
    """One version that was agreed here: its number, and its first and last day, if it has one."""

    number: int
    agreed_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """The contract with one client of a session; ``agreed_on`` is None while no date is kept.

    ``agreed_on`` is the first day any contract was agreed, on paper perhaps; ``versions`` are those
    agreed here, and empty where it was on paper alone.
    """

    alias: str
    agreed_on: date | None
    versions: tuple[ContractVersion, ...] = ()
    accepted: bool = True
    """Of one on paper: whether a supervisor accepted the day; else it is the coach's word alone."""
    engagement_id: int = 0


@dataclass(frozen=True, slots=True)
class ConfirmationFacts:
    """What one client of a session was asked and said of it, by link.

    ``state`` is empty while they were not asked, else asked, confirmed or disputed; ``what`` names
    what differs: length (then perhaps ``said_minutes``), date, none (it did not take place), other.
    Moments are in UTC; the link works until ``expires_at``. ``reason`` is in the client's own words.
    A dispute is ``carried`` where it was given to an earlier question: then ``asked_at`` is when they
    were asked again, if they are. ``withdrawn_on`` is the day on which the client withdrew their
    consent, as their coach recorded it: nothing is asked of them any more.
    """

    alias: str
    state: str = ""
    what: str = ""
    said_minutes: int | None = None
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    reason: str = ""
    expires_at: datetime | None = None
    engagement_id: int = 0
    carried: bool = False
    changed: bool = False
    """The session was changed since they disputed it; they have not answered about it as it is."""
    withdrawn_on: date | None = None
    removed: bool = False
    """They disputed it and are no client of it any more."""
    confirmed_minutes: int | None = None
    """The length they confirmed before the session was changed, where they have not answered since."""
    by_mail: bool | None = None
    """Whether they answered by the link e-mailed to them, or by one that the coach handed on."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What the rule needs to know of a session; ``contracts`` has one entry for each client.

    ``starts_at`` is aware and in UTC; ``supervised`` says that a supervisor was assigned that day;
    ``label`` names the session in another's sentence, as in "the session with Client J".
    """

    id: int
    date: date | None
    starts_at: datetime | None
    minutes: int | None
    kind: str | None
    state: str
    unit: str | None
    contracts: tuple[ContractFacts, ...]
    supervised: bool
    label: str
    confirmations: tuple[ConfirmationFacts, ...] = ()
    """One for each client of the session, and for each who disputed it and was taken off it since."""


@dataclass(frozen=True, slots=True)
class UnitRule:
    """What a unit asks of practice; no ``required_minutes`` means that it takes no hours.

    ``counts_also_in`` is the long unit in which these hours count too where the centre allows it.
    """

    code: str
    title: str
    required_minutes: int | None
    kinds: frozenset[str]
    contract_required: bool
    supervisor_required: bool
    counts_also_in: str | None


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """When an enrolment runs, first and last day included, and the units it takes."""

    started_on: date
    ends_on: date | None
    units: frozenset[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the centre decides: whether a short unit's hours count in the long one as well, and
    whether each client must have confirmed a session before it counts; and whose days it means."""

    short_hours_count_in_long: bool = False
    confirmation_required: bool = False
    zone: str = "UTC"
