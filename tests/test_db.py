"""What the database itself refuses, and what it keeps, on both engines."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import peewee
import pytest

from supervise import db, events, signing
from supervise.models import (
    Assignment,
    Centre,
    Client,
    ClosingReview,
    Confirmation,
    Consent,
    Contract,
    Engagement,
    Enrolment,
    Goal,
    Link,
    Membership,
    Person,
    PracticeSession,
    SessionEngagement,
    SessionGoal,
    __all__,
    confirmations,
    erasure,
    readiness,
)
from supervise.models.sessions import Incomplete
from supervise.workflow import WrongState
from tests.world import NOW, World

MODELS = [
    model
    for model in db.Model.__subclasses__() + signing.Link.__subclasses__()
    if model is not signing.Link
]


def test_every_model_is_known() -> None:
    assert {"PracticeSession", "SignOff", "Event", "ChainHead"} <= {m.__name__ for m in MODELS}
    assert set(__all__) - {"Actor"} <= {m.__name__ for m in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_columns_are_those_of_the_models(model: Any, database: peewee.Database) -> None:
    """A hand-written migration and the models say the same."""
    columns = {c.name: c for c in database.get_columns(model._meta.table_name)}
    fields = {f.column_name: f for f in model._meta.sorted_fields}
    assert set(columns) == set(fields)
    assert {n for n, c in columns.items() if c.null} == {n for n, f in fields.items() if f.null}


def test_migrating_again_does_nothing(database: peewee.Database) -> None:
    assert db.migrate() == []


def test_migrations_from_empty_in_two_starts_at_once(empty_address: str) -> None:
    db.connect_to(empty_address)
    applied: list[list[str]] = []
    starts = [threading.Thread(target=lambda: applied.append(db.migrate())) for _ in range(3)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert sorted(map(len, applied)) == [0, 0, len(list(db.MIGRATIONS.glob("0*.py")))]
    assert Centre.select().count() == 0


def refused(make: Any) -> None:
    with pytest.raises((peewee.IntegrityError, peewee.DataError)), db.write():
        make()


def signature(session: PracticeSession, world: World, **other: str) -> None:
    said = {"subject": "session", "role": "supervisor", "decision": "approved"} | other
    signing.sign(session, person_id=world.supervisor.id, now=world.now, **said)


def test_bad_rows_are_refused(database: peewee.Database) -> None:
    world, other = World(), World()
    session = world.session(state="submitted")
    update = PracticeSession.update
    mine = PracticeSession.id == session.id
    bad: list[Any] = [
        lambda: update(minutes=4).where(mine).execute(),
        lambda: update(minutes=481).where(mine).execute(),
        lambda: update(state="signed").where(mine).execute(),
        lambda: update(kind="therapy").where(mine).execute(),
        lambda: update(mode="pigeon").where(mine).execute(),
        lambda: update(date=None).where(mine).execute(),
        lambda: update(minutes=None).where(mine).execute(),
        lambda: update(kind=None).where(mine).execute(),
        lambda: update(ends_at=session.starts_at).where(mine).execute(),
        lambda: update(ends_at=None).where(mine).execute(),
        lambda: update(enrolment=999_999).where(mine).execute(),
        lambda: update(enrolment=other.enrolment).where(mine).execute(),
        lambda: update(learner=world.tutor).where(mine).execute(),
        lambda: update(centre=other.centre).where(mine).execute(),
        lambda: update(state="approved").where(mine).execute(),
        lambda: update(state="returned").where(mine).execute(),
        lambda: update(state="reopened").where(mine).execute(),
        lambda: signature(session, world, role="king"),
        lambda: signature(session, world, decision="liked"),
        lambda: signature(session, world, decision="dated"),
        lambda: signature(session, world, subject="centre"),
        lambda: Person.create(email="UPPER@example.org", name="Up Per", created_at=NOW),
        lambda: Person.create(email="nobody", name="No Body", created_at=NOW),
        lambda: Person.create(email=world.learner.email, name="Twin", created_at=NOW),
        lambda: Person.create(email="a@example.org", name="", created_at=NOW),
        lambda: Membership.create(person=world.learner, centre=world.centre, role="king"),
        lambda: Membership.create(person=world.learner, centre=world.centre, role="learner"),
        lambda: Assignment.create(
            enrolment=world.enrolment, person=world.tutor, role="iqa",
            from_on=date(2026, 2, 1), to_on=date(2026, 1, 1),
        ),
        lambda: Enrolment.create(
            centre=world.centre, learner=world.learner, programme=world.programme,
            catalogue_version="2026-1", started_on=date(2026, 1, 1), created_at=NOW,
        ),
        lambda: Client.create(
            centre=world.centre, learner=world.learner, alias="CLIENT A", alias_key="client a",
            created_at=NOW,
        ),
        lambda: Engagement.create(centre=world.centre, client=1, kind="both"),
        lambda: Centre.update(late_days=1).execute(),
    ]  # fmt: skip
    for make in bad:
        refused(make)
    assert PracticeSession.get_by_id(session.id).minutes == 60


@pytest.mark.parametrize("table", [signing.SignOff, events.Event])
def test_history_cannot_be_changed_through_the_app(table: Any, database: peewee.Database) -> None:
    World().session(state="approved")
    first = table.select().order_by(table.id).first()
    for tamper in (
        lambda: table.update(person_id=None if table is events.Event else 1).execute(),
        lambda: table.delete().where(table.id == first.id).execute(),
    ):
        with pytest.raises(peewee.DatabaseError, match="append-only"), db.write():
            tamper()


def test_sqlite_replacing_a_link_is_refused_too(database: peewee.Database) -> None:
    if not db.is_sqlite():
        return  # PostgreSQL has no INSERT OR REPLACE
    World().session(state="approved")
    with pytest.raises(peewee.DatabaseError, match="append-only"), db.write():
        database.execute_sql("INSERT OR REPLACE INTO sign_off SELECT * FROM sign_off LIMIT 1")


def test_clients_of_an_approved_session_are_sealed_with_it(database: peewee.Database) -> None:
    world, other = World(), World()
    approved, draft = world.session(state="approved"), world.session(day=date(2026, 9, 2))
    link = SessionEngagement
    theirs = other.client().engagement("coaching")
    for change, said in (
        (lambda: link.delete().where(link.session == approved).execute(), "sealed"),
        (lambda: link.create(session=approved, engagement=theirs), "own learner"),
        (lambda: link.create(session=draft, engagement=theirs), "own learner"),
        (lambda: link.update(engagement=theirs).execute(), "set anew"),
    ):
        with pytest.raises(peewee.DatabaseError, match=said), db.write():
            change()


def _contract(world: World, **changes: Any) -> Contract:
    values = {"state": "ended", "agreed_on": date(2026, 3, 2), "ended_on": date(2026, 3, 2)}
    return Contract.create(
        centre=world.centre, engagement=world.client().engagement("coaching"), number=1,
        created_at=NOW, changed_at=NOW, offered_at=NOW, **values | changes,
    )  # fmt: skip


def test_a_contract_ends_no_earlier_than_it_was_agreed(database: peewee.Database) -> None:
    world = World()
    with pytest.raises(peewee.IntegrityError, match="ends no earlier"), db.write():
        _contract(world, ended_on=date(2026, 3, 1))
    one = _contract(world)
    with pytest.raises(peewee.IntegrityError, match="ends no earlier"), db.write():
        Contract.update(ended_on=date(2026, 3, 1)).where(Contract.id == one.id).execute()
    Contract.update(ended_on=date(2026, 3, 3)).where(Contract.id == one.id).execute()


@pytest.mark.parametrize("differs", [{"what": "date"}, {"said_minutes": 45}], ids=str)
def test_what_is_confirmed_is_not_said_to_differ(
    differs: dict[str, Any], database: peewee.Database
) -> None:
    world = World()
    session, me = world.session(), world.actor(world.learner)
    confirmations.ask(world.client(), [session.id], by=me, now=NOW)
    said = {"answered_at": NOW} | differs
    with pytest.raises(peewee.IntegrityError, match="not said to differ"), db.write():
        Confirmation.update(state="confirmed", **said).execute()
    Confirmation.update(**{"state": "disputed", "what": "length"} | said).execute()
    with pytest.raises(peewee.IntegrityError, match="not said to differ"), db.write():
        Confirmation.insert(
            centre=world.centre, session=world.session(day=date(2026, 9, 2)),
            client=world.client(), link=Confirmation.get().link_id, date=date(2026, 9, 2),
            minutes=60, state="confirmed", asked_at=NOW, **said,
        ).execute()  # fmt: skip


def test_a_session_works_on_goals_of_its_own_clients(database: peewee.Database) -> None:
    world = World()
    me, session = world.actor(world.learner), world.session()
    own, other, mentoring = (
        Goal.set(world.client(alias).engagement(kind), {"text": "Lead"}, by=me, now=NOW)
        for alias, kind in (
            ("Client A", "coaching"), ("Client B", "coaching"), ("Client A", "mentoring"),
        )
    )  # fmt: skip
    for goal in (other, mentoring):
        with pytest.raises(peewee.IntegrityError, match="a client of its session"), db.write():
            SessionGoal.create(session=session, goal=goal, progress=1)
    SessionGoal.create(session=session, goal=own, progress=1)
    with pytest.raises(peewee.IntegrityError, match="a client of its session"), db.write():
        SessionGoal.update(goal=other).execute()


MARCH = date(2026, 3, 1), date(2026, 3, 31)


@pytest.mark.parametrize(
    ("given_on", "withdrawn_on", "fits"),
    [
        (date(2026, 3, 31), None, True),
        (date(2026, 4, 1), date(2026, 4, 1), True),
        (date(2026, 2, 1), date(2026, 3, 1), True),
        (date(2026, 3, 30), None, False),
        (date(2026, 2, 1), date(2026, 3, 2), False),
        (date(2026, 3, 5), date(2026, 3, 6), False),
        (date(2026, 2, 1), None, False),
    ],
)
def test_consents_of_one_client_do_not_overlap(
    given_on: date, withdrawn_on: date | None, fits: bool, database: peewee.Database
) -> None:
    world = World()

    def consent(alias: str, *days: date | None) -> Consent:
        first, last = days
        return Consent.create(
            centre=world.centre, client=world.client(alias), given_on=first, scope="Notes",
            withdrawn_on=last, created_at=NOW,
        )  # fmt: skip

    consent("Client A", *MARCH)
    consent("Client B", given_on, withdrawn_on)  # another's does not matter
    if fits:
        made = consent("Client A", given_on, withdrawn_on)
        with pytest.raises(peewee.IntegrityError, match="overlap"), db.write():
            Consent.update(given_on=date(2026, 2, 1), withdrawn_on=None).where(
                Consent.id == made.id
            ).execute()
        return
    with pytest.raises(peewee.IntegrityError, match="overlap"), db.write():
        consent("Client A", given_on, withdrawn_on)


def test_the_link_of_a_contract_says_which(database: peewee.Database) -> None:
    world = World()
    me = world.actor(world.learner)
    with pytest.raises(peewee.IntegrityError, match="says which"), db.write():
        Link.make("contract", "client", by=me, now=NOW, client=world.client())
    link = Link.make("confirmation", "client", by=me, now=NOW, client=world.client())
    assert link.subject_id is None


def test_a_completed_review_keeps_every_part(database: peewee.Database) -> None:
    """Until consent is withdrawn: then what was written goes."""
    world = World()
    me, engagement = world.actor(world.learner), world.client().engagement("coaching")
    words = {**dict.fromkeys(ClosingReview.TEXTS, "Words."), "model": "kirkpatrick"}
    for part in words:
        with pytest.raises(WrongState, match="no part of it may be empty"):
            ClosingReview.of(engagement).keep(
                words | {part: ""}, version=0, by=me, now=NOW, complete=True
            )
    ClosingReview.of(engagement).keep(words, version=0, by=me, now=NOW, complete=True)
    review = ClosingReview.of(engagement)
    for part in words:
        with pytest.raises(WrongState, match="no part of it may be empty"):
            review.keep(words | {part: ""}, version=1, by=me, now=NOW)
        with pytest.raises(peewee.IntegrityError, match="no empty part"), db.write():
            ClosingReview.update({part: ""}).execute()
    consent = Consent.give(world.client(), date(2026, 3, 1), "Notes", by=me, now=NOW)
    with pytest.raises(peewee.IntegrityError, match="no empty part"), db.write():
        ClosingReview.update(start="").execute()
    erasure.withdraw(consent, me.today, by=me, now=NOW)
    assert {getattr(ClosingReview.get(), part) for part in ClosingReview.TEXTS} == {""}


def test_nobody_is_assigned_to_themselves(database: peewee.Database) -> None:
    world = World()
    for role in ("supervisor", "tutor", "assessor", "iqa"):
        with pytest.raises(peewee.DatabaseError, match="to themselves"), db.write():
            Assignment.create(
                enrolment=world.enrolment, person=world.learner, role=role, from_on=NOW.date()
            )


def test_nobody_signs_their_own_session(database: peewee.Database) -> None:
    world = World()
    session = world.session(state="submitted")
    with pytest.raises(peewee.DatabaseError, match="nobody signs their own session"), db.write():
        signing.sign(
            session, subject="session", person_id=world.learner.id, role="supervisor",
            decision="approved", now=world.now,
        )  # fmt: skip
    assert signing.SignOff.select().count() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"done": "Another story."}, {"minutes": 61}, {"date": date(2026, 9, 2)}, {"place": "Leeds"},
        {"mode": None}, {"version": 9}, {"state": "submitted"}, {"state": "draft"},
        {"state": "reopened", "minutes": 61}, {"state": "reopened", "extract": "Shown."},
    ],
    ids=str,
)  # fmt: skip
def test_an_approved_session_is_sealed(changes: Any, database: peewee.Database) -> None:
    world = World()
    session = world.session(state="approved")
    mine = PracticeSession.id == session.id
    with pytest.raises(peewee.DatabaseError, match="an approved session is sealed"), db.write():
        PracticeSession.update(**changes).where(mine).execute()
    with pytest.raises(peewee.DatabaseError), db.write():
        PracticeSession.delete().where(mine).execute()
    session.reopen(by=world.actor(world.supervisor), now=world.now, reason="Wrong length")
    PracticeSession.update(changes | {"state": "reopened"}).where(mine).execute()


OVERLAPS = [
    (time(10, 0), 60, True),
    (time(9, 30), 31, True),
    (time(10, 59), 5, True),
    (time(10, 15), 15, True),
    (time(9, 0), 60, False),
    (time(11, 0), 60, False),
]


@pytest.mark.parametrize(("start", "minutes", "overlaps"), OVERLAPS)
@pytest.mark.parametrize("standing", ["submitted", "approved"])
def test_overlap_is_refused_by_the_database(
    start: time,
    minutes: int,
    overlaps: bool,
    standing: str,
    database: peewee.Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.session(start=time(10), minutes=60, state=standing)
    draft = world.session(start=start, minutes=minutes, state="draft")
    if not overlaps:
        draft.submit(by=world.actor(world.learner), now=world.now)
        return
    with pytest.raises(Incomplete, match="Overlaps your session with Client A"):
        draft.submit(by=world.actor(world.learner), now=world.now)
    # as it is when the other one was submitted a moment after the look
    monkeypatch.setattr(readiness, "overlapped", lambda _: None)
    with pytest.raises(WrongState, match="overlaps another session"):
        draft.submit(by=world.actor(world.learner), now=world.now)
    assert PracticeSession.get_by_id(draft.id).state == "draft"


def test_two_coaches_may_work_at_the_same_hour(database: peewee.Database) -> None:
    world = World()
    other = world.enrol(world.person("Owen Tasker", "learner"))
    world.session(state="submitted")
    assert world.session(state="submitted", enrolment=other).state == "submitted"


def test_moments_are_utc_whatever_the_zone(database: peewee.Database) -> None:
    world = World()
    at = datetime(2026, 6, 1, 14, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    Centre.update(created_at=at).where(Centre.id == world.centre.id).execute()
    kept = Centre.get_by_id(world.centre.id).created_at
    assert kept == datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
    assert kept.utcoffset() == timedelta(0)
    with pytest.raises(ValueError, match="zone"):
        Centre.update(created_at=datetime(2026, 6, 1)).execute()  # noqa: DTZ001 - that is the point


def test_a_write_joins_the_one_around_it(database: peewee.Database) -> None:
    World()
    count = Centre.select().count()
    with pytest.raises(KeyError), db.write():
        with db.write():
            Centre.create(name="Inner", created_at=NOW)
        raise KeyError
    assert Centre.select().count() == count


def test_an_unknown_kind_of_address_is_refused() -> None:
    with pytest.raises(ValueError, match="postgresql://"):
        db.connect_to("mysql://somewhere/else")
