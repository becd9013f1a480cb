"""A small centre for tests: built through the models' own doors, at a moment that is passed in."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from supervise import db
from supervise.models import (
    Actor,
    Assignment,
    Availability,
    Centre,
    Client,
    Enrolment,
    Membership,
    Person,
    PracticeSession,
    SignIn,
    drafts,
)

NOW = datetime(2026, 10, 8, 9, 50, tzinfo=UTC)
PASSWORD_HASH = "$argon2id$v=19$m=19456,t=2,p=1$c3VwZXJ2aXNlLXRlc3Rz$unusable"
_numbers = itertools.count(1)


@dataclass
class World:
    """One centre with a learner on ILM Level 3, their supervisor and tutor, and an admin."""

    now: datetime = NOW
    programme: str = "ILM-L3-CWCM"
    units: tuple[str, ...] = ("D3.03", "D3.04", "D3.06", "D3.07")
    started_on: date = date(2026, 1, 12)
    centre: Centre = field(init=False)
    learner: Person = field(init=False)
    supervisor: Person = field(init=False)
    tutor: Person = field(init=False)
    admin: Person = field(init=False)
    enrolment: Enrolment = field(init=False)

    def __post_init__(self) -> None:
        n = next(_numbers)
        self.centre = Centre.create(
            name=f"Alder Quay Centre {n}", number=f"C{n:04}", created_at=self.now
        )
        self.learner = self.person("Priya Nair", "learner")
        self.supervisor = self.person("Marian Hale", "supervisor")
        self.tutor = self.person("Tessa Brook", "tutor")
        self.admin = self.person("Ada Quill", "admin")
        self.enrolment = self.enrol(self.learner)
        self.assign(self.supervisor, "supervisor")
        self.assign(self.tutor, "tutor")

    def person(self, name: str, *roles: str) -> Person:
        """Somebody new with these roles here."""
        email = f"{name.split()[0].lower()}.{next(_numbers)}@example.org"
        person, _ = Person.find_or_create(email, name, self.now)
        for role in roles:
            Membership.grant(person, self.centre, role, by=None, now=self.now)
        return person

    def enrol(
        self, learner: Person, programme: str | None = None, units: tuple[str, ...] | None = None
    ) -> Enrolment:
        enrolment, _ = Enrolment.enrol(
            centre=self.centre,
            learner=learner,
            programme=programme or self.programme,
            units=self.units if units is None else units,
            started_on=self.started_on,
            now=self.now,
            registration="REG1002",
        )
        return enrolment

    def assign(
        self,
        person: Person,
        role: str,
        enrolment: Enrolment | None = None,
        from_on: date | None = None,
    ) -> Assignment:
        assignment, _ = Assignment.assign(
            enrolment=enrolment or self.enrolment,
            person=person,
            role=role,
            from_on=from_on or self.started_on,
            now=self.now,
        )
        return assignment

    def actor(self, person: Person, now: datetime | None = None) -> Actor:
        """The person at work in this centre."""
        return Actor.of(person, self.centre, now or self.now)

    def publishes(self, person: Person, **changes: Any) -> Availability:
        """Each Monday from 9 to 12 in London, one to one, an hour each."""
        values: dict[str, Any] = {
            "format": "one-to-one", "weekday": 0, "from_on": date(2026, 9, 7), "starts": "09:00",
            "ends": "12:00", "zone": "Europe/London", "minutes": 60, "mode": "video",
            "address": "https://meet.example.org/m",
        }  # fmt: skip
        kept = {"centre": self.centre, "person": person, "created_at": self.now}
        return Availability.create(**kept | values | changes)

    def client(self, alias: str = "Client A", learner: Person | None = None) -> Client:
        return Client.called(
            alias, centre=self.centre, learner=learner or self.learner, now=self.now
        )

    def paper(
        self,
        day: date,
        alias: str = "Client A",
        kind: str = "coaching",
        learner: Person | None = None,
        supervisor: Person | None = None,
    ) -> Any:
        """A contract agreed on paper that day, as the learner says and the supervisor accepted."""
        engagement = self.client(alias, learner).engagement(kind)
        for person in (learner or self.learner, supervisor or self.supervisor):
            engagement.set_contract(day, by=self.actor(person), now=self.now)
        return engagement

    def session(
        self,
        *,
        day: date = date(2026, 9, 1),
        start: time | None = time(10),
        minutes: int = 60,
        unit: str | None = "D3.04",
        kind: str = "coaching",
        state: str = "draft",
        clients: tuple[str, ...] = ("Client A",),
        enrolment: Enrolment | None = None,
        supervisor: Person | None = None,
        **texts: str,
    ) -> PracticeSession:
        """A session brought to a state by the moves that lead there."""
        enrolment = enrolment or self.enrolment
        learner = enrolment.learner
        entry = drafts.Entry(
            clients=[self.client(alias, learner) for alias in clients],
            unit=unit,
            kind=kind,
            mode="video",
            date=day,
            start=start,
            minutes=minutes,
            texts={"done": "Scaling, then one step.", **texts},
        )
        me = self.actor(learner)
        session = drafts.create(
            enrolment, entry, by=me, now=self.now, draft_key=f"key-{next(_numbers)}"
        )
        if start is None:  # as from a file: only there may the time be missing
            session.import_key = f"world-{next(_numbers)}"
            session.save()
        boss = self.actor(supervisor or self.supervisor)
        if state != "draft":
            session.submit(by=me, now=self.now - timedelta(days=2))
        if state in ("approved", "reopened"):
            session.approve(by=boss, now=self.now - timedelta(days=1))
        if state == "returned":
            session.send_back(by=boss, now=self.now - timedelta(days=1), comment="Which tools?")
        if state == "reopened":
            session.reopen(by=boss, now=self.now, reason="Wrong length")
        return session


def drop_triggers(table: str, *names: str) -> None:
    """Take these triggers of a table away, as somebody with the database could.

    PostgreSQL leaves all triggers alone for this connection instead: the schema stays that of the
    template, so that the database need not be made anew for the next test.
    """
    if not db.is_sqlite():
        db.database.execute_sql("SET session_replication_role = replica")
        return
    for name in names:
        db.database.execute_sql(f"DROP TRIGGER IF EXISTS {name}")


def break_chains() -> None:
    """Take away what keeps sign-offs and history append-only."""
    for table in ("sign_off", "event"):
        drop_triggers(table, f"{table}_no_update", f"{table}_no_delete")


def sign_in(client: Any, person: Person, centre: Centre, now: datetime | None = None) -> str:
    """Sign a person in on a Flask test client without the form; returns the token."""
    token = SignIn.begin(person, centre, "test browser", now or datetime.now(UTC))
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return token
