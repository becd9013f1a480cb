"""`supervise verify`: whatever is touched after it was signed is named."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import peewee
import pytest
from click.testing import CliRunner

from supervise import db, signing
from supervise.cli import main
from supervise.events import Event
from supervise.models import (
    Assignment,
    Centre,
    Engagement,
    Enrolment,
    EnrolmentUnit,
    PracticeSession,
    PrivateNote,
    SessionEngagement,
)
from supervise.reports import verify as report
from supervise.signing import ChainHead, SignOff
from tests import engines
from tests.world import World, break_chains, drop_triggers

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _key():
    signing.use_key("the key of this test")


@pytest.fixture
def world():
    made = World()
    made.client().engagement("coaching").set_contract(
        date(2026, 1, 20), by=made.actor(made.learner), now=made.now
    )
    return made


@pytest.fixture
def signed(world):
    return world.session(state="approved", clients=("Client A", "Client B"), extract="Shown.")


def found(world):
    return [misfit.sentence for misfit in report.verify(world.centre)]


def disarm(database):
    break_chains()


def unseal():
    """Take away what keeps an approved session as it is, as somebody with the file could."""
    for table, names in (
        ("practice_session", ("session_sealed", "session_kept")),
        ("session_engagement", ("session_client_own", "session_client_sealed")),
    ):
        drop_triggers(table, *names)


def tamper(session, **changes):
    unseal()
    PracticeSession.update(**changes).where(PracticeSession.id == session.id).execute()


def test_every_state_that_the_moves_lead_to_fits(world):
    for number, state in enumerate(("draft", "submitted", "approved", "returned", "reopened"), 1):
        world.session(day=date(2026, 3, number), state=state)
    again = world.session(day=date(2026, 4, 1), state="returned")
    again.submit(by=world.actor(world.learner), now=world.now)
    taken = world.session(day=date(2026, 4, 2), state="returned")
    taken.submit(by=world.actor(world.learner), now=world.now)
    taken.take_back(by=world.actor(world.learner), now=world.now)
    once_more = world.session(day=date(2026, 4, 3), state="reopened")
    once_more.approve(by=world.actor(world.supervisor), now=world.now)
    assert found(world) == []


def test_content_is_what_the_session_itself_says_is_signed(signed):
    session = PracticeSession.get_by_id(signed.id)
    ids = [engagement.id for engagement in session.engagements]
    assert session.signed_content(ids) == session.signed_content()


@pytest.mark.parametrize(
    "changes",
    [
        {"done": "Scaling, then one stop."},
        {"extract": "Shown?"},
        {"minutes": 61},
        {"unit": "D3.03"},
        {"date": date(2026, 9, 2)},
        {"kind": "mentoring"},
        {"place": "Leeds"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_one_change_to_an_approved_session_is_named(world, signed, changes):
    tamper(signed, **changes)
    [sentence] = found(world)
    assert sentence == (
        f"session {signed.id} of REG1002, signed by Marian Hale on 7 Oct 2026: "
        "its content is not what was signed."
    )


def test_private_notes_are_not_part_of_what_was_signed(world, signed):
    PrivateNote.delete().where(PrivateNote.session == signed).execute()
    PrivateNote.create(session=signed, text="Mine alone")
    assert found(world) == []


def test_a_client_taken_out_of_an_approved_session_is_named(world, signed):
    unseal()
    link = SessionEngagement.select().where(SessionEngagement.session == signed).first()
    link.delete_instance()
    [sentence] = found(world)
    assert sentence.endswith("its content is not what was signed.")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("draft", "approved", "it says approved, but nobody signed that."),
        ("submitted", "returned", "it says returned, but nobody signed that."),
        ("returned", "approved", "it says approved, but what was signed last is “returned”."),
        ("reopened", "approved", "it says approved, but what was signed last is “reopened”."),
        (
            "approved",
            "submitted",
            "it was approved, but it says submitted, and nobody reopened it.",
        ),
        ("approved", "draft", "it was approved, but it says draft, and nobody reopened it."),
        ("draft", "submitted", "it says submitted, but by its history it is draft."),
        ("returned", "submitted", "it says submitted, but by its history it is returned."),
    ],
)
def test_a_state_nobody_moved_it_to_is_named(world, before, after, words):
    session = world.session(state=before)
    tamper(session, state=after, submitted_at=world.now, decided_at=world.now)
    [sentence] = found(world)
    assert sentence.startswith(f"session {session.id} of REG1002")
    assert sentence.endswith(words)


def test_a_version_beyond_the_one_signed_is_named(world, signed):
    tamper(signed, version=signed.version + 1)
    [sentence] = found(world)
    assert sentence.endswith("it was changed after it was signed.")


def test_a_version_before_the_one_signed_is_named(world, signed):
    tamper(signed, version=1)
    [sentence] = found(world)
    assert sentence.endswith(f"version {signed.version} was signed, but it is at version 1.")


def test_an_approved_session_that_is_gone_is_named(world, signed):
    unseal()
    SessionEngagement.delete().where(SessionEngagement.session == signed).execute()
    signed.delete_instance()
    first, *_ = found(world)
    assert first == (
        f"session {signed.id} is gone, though it was approved and signed on 7 Oct 2026 "
        "(sign-off 2)."
    )


def test_a_submitted_session_that_is_gone_is_named(world):
    session = world.session(state="submitted")
    SessionEngagement.delete().where(SessionEngagement.session == session).execute()
    session.delete_instance()
    [sentence] = found(world)
    assert f"session {session.id} is gone, though it was submitted on 6 Oct 2026" in sentence


def test_a_session_moved_to_another_centre_is_named(world, signed):
    other = World()
    if db.is_sqlite():
        db.database.execute_sql("PRAGMA foreign_keys = 0")
    else:
        db.database.execute_sql("ALTER TABLE practice_session DROP CONSTRAINT session_enrolment")
    tamper(signed, centre=other.centre)
    assert "is gone" in found(world)[0]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_byte_changed_in_the_file_itself_is_named(world, signed, database, engine):
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    file = Path(database.database)
    before = file.read_bytes()
    assert b"Scaling, then one step." in before
    file.write_bytes(before.replace(b"Scaling, then one step.", b"Scaling, then one stop."))
    [sentence] = found(world)
    assert sentence.startswith(f"session {signed.id} of REG1002, signed by Marian Hale")
    assert sentence.endswith("its content is not what was signed.")


# --- what decides which hours count, and nobody signs ------------------------------------


def test_enrolments_and_the_centre_moved_by_their_own_doors_fit(world):
    me = world.actor(world.admin)
    world.enrolment.correct(
        units=["D3.03", "D3.04"], registration="REG2", started_on=date(2026, 1, 5),
        ends_on=date(2027, 1, 5), by=me, now=world.now,
    )  # fmt: skip
    world.enrol(world.learner, units=("D3.06",))
    held = Assignment.get(Assignment.role == "supervisor")
    held.end(date(2026, 3, 1), by=me, now=world.now, successor=world.person("Jo Ray", "supervisor"))
    held.correct(date(2026, 1, 6), date(2026, 2, 28), by=me, now=world.now)
    world.centre.change(
        by=me, now=world.now, due_days=3, short_hours_count_in_long=True, zone="Europe/Dublin"
    )
    assert found(world) == []


def test_an_enrolments_days_changed_behind_the_history_are_named(world):
    mine = Enrolment.id == world.enrolment.id
    Enrolment.update(started_on=date(2026, 1, 1), ends_on=None).where(mine).execute()
    assert found(world) == [
        f"enrolment {world.enrolment.id}: starts 2026-01-01, history says 2026-01-12.",
        f"enrolment {world.enrolment.id}: ends none, history says 2029-01-12.",
    ]


def test_units_changed_behind_the_history_are_named(world):
    world.enrolment.add_unit("D3.05")
    EnrolmentUnit.delete().where(EnrolmentUnit.unit == "D3.07").execute()
    [sentence] = found(world)
    assert sentence == (
        f"enrolment {world.enrolment.id}: units D3.03 D3.04 D3.05 D3.06, "
        "history says D3.03 D3.04 D3.06 D3.07."
    )


def test_an_assignment_changed_behind_the_history_is_named(world):
    first = Assignment.get(Assignment.role == "supervisor")
    name = f"assignment {first.id} of enrolment {world.enrolment.id}"
    Assignment.update(from_on=date(2026, 1, 1), person=world.tutor, to_on=date(2026, 2, 1)).where(
        Assignment.id == first.id
    ).execute()
    assert found(world) == [
        f"{name}: person {world.tutor.id}, history says {world.supervisor.id}.",
        f"{name}: from 2026-01-01, history says 2026-01-12.",
        f"{name}: until 2026-02-01, history says none.",
    ]
    first.delete_instance()
    assert found(world) == [f"{name} is gone, though the history has it."]


def test_an_assignment_without_history_is_named(world):
    made = Assignment.create(
        enrolment=world.enrolment, person=world.admin, role="iqa", from_on=date(2026, 1, 12)
    )
    assert found(world) == [
        f"assignment {made.id} of enrolment {world.enrolment.id} is not in the history."
    ]


def test_an_enrolment_without_history_or_gone_is_named(world):
    made = Enrolment.create(
        centre=world.centre, learner=world.tutor, programme="ILM-8580", started_on=date(2026, 1, 1),
        catalogue_version="2026-1", created_at=world.now,
    )  # fmt: skip
    assert found(world) == [f"enrolment {made.id} is not in the history."]
    made.delete_instance()
    for model in (Assignment, EnrolmentUnit):
        model.delete().where(model.enrolment == world.enrolment).execute()
    world.enrolment.delete_instance()
    [sentence] = found(world)
    assert sentence.startswith(f"enrolment {world.enrolment.id} is gone: history entry")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"short_hours_count_in_long": True}, "short_hours_count_in_long yes, history says no."),
        ({"due_days": 2}, "due_days 2, history says 5."),
        ({"late_days": 30}, "late_days 30, history says 8."),
        ({"zone": "Asia/Kolkata"}, "zone Asia/Kolkata, history says Europe/London."),
        ({"second_factor_required": True}, "second_factor_required yes, history says no."),
        ({"confirmation_required": True}, "confirmation_required yes, history says no."),
        ({"feedback_floor": 1}, "feedback_floor 1, history says 3."),
    ],
)
def test_a_policy_changed_behind_the_history_is_named(world, changes, words):
    Centre.update(**changes).where(Centre.id == world.centre.id).execute()
    world.centre = Centre.get_by_id(world.centre.id)
    assert found(world) == [f"the centre: {words}"]


def test_a_contract_date_nobody_signed_is_named(world):
    engagement = world.client("Client B").engagement("coaching")
    Engagement.update(contract_agreed_on=date(2026, 1, 1)).where(
        Engagement.id == engagement.id
    ).execute()
    [sentence] = found(world)
    assert sentence == (
        f"the contract date of engagement {engagement.id}, Client B of Priya Nair: "
        "it has a date, but nobody signed it."
    )


@pytest.mark.parametrize("agreed", [date(2026, 1, 19), None])
def test_a_contract_date_changed_after_it_was_signed_is_named(world, agreed):
    Engagement.update(contract_agreed_on=agreed).where(Engagement.version == 2).execute()
    [sentence] = found(world)
    assert "signed by Priya Nair on 8 Oct 2026: its content is not what was signed." in sentence


@pytest.mark.parametrize("model", [SignOff, Event], ids=["sign-off", "event"])
class TestChains:
    """What somebody with the database file, but without the key, could do to the chains."""

    def test_an_edited_link_is_named(self, world, signed, database, model):
        disarm(database)
        column = "comment" if model is SignOff else "note"
        last = model.select(peewee.fn.MAX(model.seq)).scalar()
        model.update(**{column: "Well done?"}).where(model.seq == last).execute()
        assert f" {last} was changed after it was written." in found(world)[0]

    def test_a_link_taken_out_is_named(self, world, signed, database, model):
        disarm(database)
        model.delete().where(model.seq == 1).execute()
        assert " 1 is missing: the next one kept is 2." in found(world)[0]

    def test_an_end_cut_off_is_named(self, world, signed, database, model):
        disarm(database)
        last = model.select(peewee.fn.MAX(model.seq)).scalar()
        model.delete().where(model.seq == last).execute()
        assert f"ends at {last - 1}; its head says {last}." in found(world)[0]

    def test_a_chain_written_anew_without_the_key_is_named(self, world, signed, database, model):
        disarm(database)
        last = model.select().order_by(model.seq.desc()).first()
        setattr(last, "comment" if model is SignOff else "note", "Rewritten")
        last.hash = hashlib.sha256(signing.canonical(last.content()).encode()).hexdigest()
        last.save()
        ChainHead.update(hash=last.hash).where(ChainHead.chain == model.CHAIN).execute()
        assert "was rewritten, or the key file is another one" in found(world)[0]

    def test_another_instances_key_is_named(self, world, signed, model):
        signing.use_key("the key of another instance")
        assert "not from this instance's chain.key" in found(world)[0]


def test_memory_and_queries_stay_steady_as_sessions_grow(world, queries, monkeypatch):
    monkeypatch.setattr(report, "BATCH", 4)
    for day in range(1, 5):
        world.session(day=date(2026, 3, day), state="approved")
    with queries() as four:
        assert found(world) == []
    for day in range(5, 13):
        world.session(day=date(2026, 3, day), state="approved")
    with queries() as twelve:
        assert found(world) == []
    batches = (twelve.count - four.count) / 2
    assert batches <= 6, twelve


# --- the command -------------------------------------------------------------------------


def run(address, tmp_path, *arguments):
    engines.disconnect()  # the command opens the database itself
    return CliRunner().invoke(
        main,
        ["--instance", str(tmp_path / "instance"), "verify", *arguments],
        env={"SUPERVISE_DATABASE": address},
    )


@pytest.fixture
def own_key(settings):
    """Sign with the key of the instance that the command will open."""
    signing.use_key(settings.chain_key)


def test_the_command_says_how_much_fits_in_each_centre(own_key, world, signed, address, tmp_path):
    World()
    outcome = run(address, tmp_path)
    assert outcome.exit_code == 0, outcome.output
    mine, other = sorted(
        outcome.output.splitlines(), key=lambda line: world.centre.name not in line
    )
    entries = Event.select().where(Event.centre_id == world.centre.id).count()
    assert mine == f"{world.centre.name}: 2 sign-offs and {entries} history entries fit."
    assert "0 sign-offs and" in other


def test_the_command_names_the_first_misfit_and_exits_with_1(
    own_key, world, signed, address, tmp_path
):
    tamper(signed, minutes=59)
    outcome = run(address, tmp_path, "--centre", world.centre.number)
    assert outcome.exit_code == 1
    assert f"{world.centre.name}: session {signed.id} of REG1002" in outcome.output


def test_the_command_looks_at_one_centre_when_asked(own_key, world, signed, address, tmp_path):
    other = World()
    tamper(signed, minutes=59)
    outcome = run(address, tmp_path, "--centre", other.centre.number)
    assert outcome.exit_code == 0
    assert world.centre.name + ":" not in outcome.output


def test_an_unknown_centre_is_the_datas_fault(own_key, address, tmp_path):
    outcome = run(address, tmp_path, "--centre", "nope")
    assert outcome.exit_code == 1
    assert "No centre has the number nope." in outcome.output


def test_a_wrong_call_exits_with_2(address, tmp_path):
    assert run(address, tmp_path, "--what").exit_code == 2
