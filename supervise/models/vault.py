"""The vault: who a client is, for the learner alone; and the client's consent to be written about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import peewee

from supervise import events, signing
from supervise.db import DateField, Model, UTCField, write
from supervise.models.centres import Centre, Refused
from supervise.models.clients import Client
from supervise.models.engagements import Engagement
from supervise.models.people import Actor
from supervise.rules.naming import Known, names_in
from supervise.workflow import WrongState, allow

WITHDRAWN = (
    "Consent was withdrawn, so nothing is written about this client until they give it again."
)


class Withdrawn(Refused, WrongState):  # it names what happened
    """Refused: the client withdrew their consent. ``sentence`` tells it to their learner."""

    sentence = WITHDRAWN

    def __init__(self, alias: str = "") -> None:
        if alias:
            self.sentence = f"{alias} withdrew consent: nothing more is written about them."
        ValueError.__init__(self, self.sentence)


class GivenAway(Exception):  # noqa: N818 - it names what is wrong
    """A text that others read holds what is to be kept in the vault. ``faults``: field to sentence."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("A text that others read says who the client is.")
        self.faults = faults


class ClientIdentity(Model):
    """Name and contact of a client and their sponsor. Only the learner who keeps them reads this."""

    NAMES = (
        "name", "email", "organisation", "sponsor_name", "sponsor_email", "sponsor_organisation",
    )  # fmt: skip

    client = peewee.ForeignKeyField(Client, unique=True)
    name = peewee.TextField(default="")
    email = peewee.TextField(default="")
    organisation = peewee.TextField(default="")
    sponsor_name = peewee.TextField(default="")
    sponsor_email = peewee.TextField(default="")
    sponsor_organisation = peewee.TextField(default="")

    @classmethod
    def of(cls, client: Client, actor: Actor) -> ClientIdentity:
        """Who this client is, for the learner whose client it is; empty for everybody else."""
        if not actor.is_(client.learner_id):
            return cls(client=client)
        return cls.get_or_none(cls.client == client) or cls(client=client)

    @classmethod
    def names_of(cls, learner_id: int, but: Client | None = None) -> tuple[str, ...]:
        """Every name and address of a learner's clients and sponsors, to look for in what they write.

        ``but`` is a client whose own are left out. One query. What is found is shown to that learner
        alone.
        """
        rows = cls.select(cls).join(Client).where(Client.learner == learner_id)
        rows = rows.where(cls.client != but) if but is not None else rows
        return tuple(dict.fromkeys(each for row in rows for each in row.identifiers))

    @classmethod
    def to_mask(cls, learner_id: int) -> Known:
        """The same, as they are taken out of what somebody else writes. One query.

        A team's name is that of a part of an organisation, and no person's.
        """
        rows = list(cls.select(cls, Client).join(Client).where(Client.learner == learner_id))
        people = [row.sponsor_name for row in rows]
        people += [row.name for row in rows if row.client.kind != "team"]
        kept = [name for name in people if name.strip()]
        others = [each for row in rows for each in row.identifiers if each not in kept]
        return Known(tuple(dict.fromkeys(kept)), tuple(dict.fromkeys(others)))

    @classmethod
    def of_party(cls, client_id: int | None, party: str) -> list[str]:
        """The party's own names and addresses, for a client or a sponsor who answers by link.

        They know these, so a refusal may repeat them: another name it would confirm to anybody who
        holds the link. Empty for observers and peers. One query at most.
        """
        own = {"client": cls.NAMES[:3], "sponsor": cls.NAMES[3:]}.get(party)
        mine = cls.get_or_none(cls.client == client_id) if own and client_id else None
        return [value for name in own or () if (value := str(getattr(mine, name, "")).strip())]

    @property
    def identifiers(self) -> list[str]:
        """The names and addresses of this client and their sponsor that no shared text may hold."""
        return [value for name in self.NAMES if (value := str(getattr(self, name)).strip())]

    @classmethod
    def keep(cls, client: Client, values: Mapping[str, str], *, by: Actor, now: datetime) -> bool:
        """Keep who a client is; False where nothing differs.

        The history holds which fields changed, and no word of what stands in them. Raises
        NotAllowed for anybody but the client's learner, Refused after consent was withdrawn, and
        GivenAway where the alias, or a text that others read, says already who it is.
        """
        allow(by.is_(client.learner_id))
        with write():
            client.hold()
            mine = cls.of(client, by)
            changed = [name for name in cls.NAMES if values.get(name, "") != getattr(mine, name)]
            if not changed:
                return False
            Consent.refuse_withdrawn(client)
            fresh = {name: values.get(name, "") for name in changed}
            if told := told_by(client, fresh):
                raise GivenAway(told)
            made = cls.insert(client=client, **fresh)
            made.on_conflict(conflict_target=[cls.client], update=fresh).execute()
            _record(client, "kept who it is", by, now, fields=changed)
        return True


class Consent(Model):
    """A client's consent: from when, to what; and its withdrawal. One at a time is open."""

    centre = peewee.ForeignKeyField(Centre)
    client = peewee.ForeignKeyField(Client, backref="consents")
    given_on = DateField()
    scope = peewee.TextField()
    withdrawn_on = DateField(null=True)
    created_at = UTCField()

    def scope_hash(self) -> str:
        """What the history holds of the words it was given in: a keyed hash."""
        return signing.keyed_sha256({"client": self.client_id, "scope": self.scope})

    @classmethod
    def last(cls, client: Client) -> Consent | None:
        """The consent of a client that is open, or the one withdrawn last. One query."""
        found: Consent | None = (
            cls.select()
            .where(cls.client == client)
            .order_by(cls.withdrawn_on.is_null().desc(), cls.id.desc())
            .first()
        )
        return found

    @classmethod
    def is_withdrawn(cls, client: Client) -> bool:
        """Whether the client withdrew their consent and has not given it again. One query."""
        last = cls.last(client)
        return last is not None and last.withdrawn_on is not None

    @classmethod
    def refuse_withdrawn(cls, client: Client) -> None:
        """Raises Withdrawn where the client withdrew their consent and has not given it again.

        Inside the write of what is written about them, before anything else: it holds the client,
        so that a withdrawal comes wholly before, or finds and removes what was written.
        """
        client.hold()
        if cls.is_withdrawn(client):
            raise Withdrawn

    @classmethod
    def refuse_any_withdrawn(cls, clients: Iterable[Client]) -> None:
        """The same of several; the sentence names the first by alias. One query, beside the locks."""
        by_id = {client.id: client for client in clients}
        Client.hold_all(by_id)
        for client_id in cls.withdrawn_of(by_id):
            raise Withdrawn(by_id[client_id].alias)

    @classmethod
    def withdrawn_of(cls, client_ids: Iterable[int]) -> list[int]:
        """Which of these clients withdrew their consent and have not given it again. One query."""
        ids = list(client_ids)
        if not ids:
            return []
        mine = cls.select(cls.client).where(cls.client.in_(ids))
        gone = mine.where(cls.client.not_in(mine.where(cls.withdrawn_on.is_null()))).distinct()
        return [client_id for (client_id,) in gone.order_by(cls.client).tuples()]

    @classmethod
    def give(
        cls, client: Client, given_on: date, scope: str, *, by: Actor, now: datetime
    ) -> Consent:
        """Record what the client consented to and since when; an open one takes the new words.

        Raises NotAllowed for anybody but the client's learner, and ValueError for a day that has
        not come, or one before the last withdrawal.
        """
        allow(by.is_(client.learner_id))
        if given_on > by.latest_day:
            raise ValueError("Consent cannot have been given on a day that has not come.")
        with write():
            client.hold()  # of two at once the second finds the first
            last = cls.last(client)
            before_that = (cls.client == client) & (cls.withdrawn_on > given_on)
            if cls.select().where(before_that).exists():
                raise ValueError("This is before the last consent was withdrawn. Correct the day.")
            if last is None or last.withdrawn_on is not None:
                last = cls.create(
                    centre=client.centre_id,
                    client=client,
                    given_on=given_on,
                    scope=scope,
                    created_at=now,
                )
                told = {"given_on": given_on, "scope": last.scope_hash()}
                _record(client, "recorded consent", by, now, **told)
            elif (last.given_on, last.scope) != (given_on, scope):
                before, last.given_on, last.scope = last.given_on, given_on, scope
                last.save()
                told = {"before": before, "after": given_on, "scope": last.scope_hash()}
                _record(client, "changed the consent", by, now, **told)
        return last


def keep_all(
    client: Client, *, by: Actor, now: datetime, about: Mapping[str, str] | None = None,
    identity: Mapping[str, str] | None = None, consent: tuple[date, str] | None = None,
) -> None:  # fmt: skip
    """Keep what was typed on a client's page: all of it, or nothing where one part is refused.

    Raises what ``Client.describe``, ``ClientIdentity.keep`` and ``Consent.give`` raise.
    """
    with write():
        if about is not None:
            client.describe(about, by=by, now=now)
        if identity is not None:
            ClientIdentity.keep(client, identity, by=by, now=now)
        if consent is not None:
            Consent.give(client, *consent, by=by, now=now)


def told_by(client: Client, names: Mapping[str, str]) -> dict[str, str]:
    """Which of these names, by field, a text that others read says already, and how to mend it.

    The texts are those of all the learner's clients that can still be reworded: aliases, what was
    found out, goals, closing reviews, contracts not agreed yet. What cannot be is listed on the
    client's page instead (``reports.naming``). Four queries; none where no name is given.
    """
    wanted = {field: name for field, name in names.items() if name}
    texts = list(_read_by_others(client)) if wanted else []
    found: dict[str, str] = {}
    for field, name in wanted.items():
        for text, any_case, where, mend in texts:
            if hits := names_in(text, [name], any_case=any_case):
                found.setdefault(field, f"{where} says “{hits[0]}”, and others read it. {mend}")
    return found


def _read_by_others(client: Client) -> Iterator[tuple[str, bool, str, str]]:
    """Each text about a client of this learner that others read and that can still be reworded:
    the text, whether a name counts in any case, what it is, and what to do about it."""
    from supervise.models.closing import ClosingReview
    from supervise.models.contracts import OPEN, Contract
    from supervise.models.goals import Goal

    mine = Client.learner == client.learner_id
    for one in Client.select().where(mine).order_by(Client.id):
        same = one.id == client.id
        alias = "The alias" if same else f"The alias of another client, “{one.alias}”,"
        yield one.alias, True, alias, f"Rename {'the' if same else 'that'} client first."
        about = "What you found out" + ("" if same else f" about {one.alias}")
        for text in Client.ABOUT:
            yield getattr(one, text), False, about, "Reword that first."
    for goal in _theirs(Goal, mine):
        yield (
            goal.words,
            False,
            f"The goal “{goal.short}”{_whose(goal, client)}",
            "Reword it first.",
        )
    for review in _theirs(ClosingReview, mine):
        words = "\n".join(getattr(review, text) for text in review.TEXTS)
        yield words, False, f"The closing review{_whose(review, client)}", "Reword it first."
    for contract in _theirs(Contract, mine & Contract.state.in_(OPEN)):
        words = "\n".join(contract.terms.parts.values())
        where = f"The contract under way{_whose(contract, client)}"
        yield words, False, where, "Change it first."


def _theirs(model: Any, which: peewee.Expression) -> peewee.ModelSelect:
    """Rows of an engagement for which this holds, with their client. One query."""
    query = model.select(model, Engagement, Client).join(Engagement).join(Client)
    return query.where(which).order_by(model.id)


def _whose(row: Any, client: Client) -> str:
    """With whom this row of an engagement is, where it is another client."""
    other = row.engagement.client
    return "" if other.id == client.id else f" with {other.alias}"


def _record(client: Client, verb: str, by: Actor, now: datetime, **detail: Any) -> None:
    events.record(
        centre_id=client.centre_id,
        verb=verb,
        subject="client",
        subject_id=client.id,
        now=now,
        person_id=by.recorded,
        role="learner",
        **detail,
    )
