"""The chain of sign-offs and events: what it covers, and what it gives away when touched."""

from __future__ import annotations

from datetime import UTC, date, datetime

import peewee
import pytest

from supervise import events, signing
from tests.world import NOW, World, break_chains

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _key() -> None:
    signing.use_key("the key of this test")


def misfits(world: World, model: type[signing.Link]) -> list[str]:
    return [misfit.sentence for misfit in signing.walk(model, world.centre.id)]


def disarm(database: peewee.Database) -> None:
    """Take the triggers away, as somebody with the database file could."""
    break_chains()


def test_an_untouched_chain_fits() -> None:
    world, other = World(), World()
    world.session(state="reopened")
    other.session(state="approved")
    for each in (world, other):
        assert misfits(each, signing.SignOff) == misfits(each, events.Event) == []
    numbers = [
        s.seq for s in signing.SignOff.select().where(signing.SignOff.centre_id == world.centre.id)
    ]
    assert numbers == [1, 2]


def test_a_chain_of_several_batches_is_walked_to_its_end(
    monkeypatch: pytest.MonkeyPatch, database: peewee.Database
) -> None:
    monkeypatch.setattr(signing, "BATCH", 2)
    world = World()
    for day in (1, 2, 3):
        world.session(day=date(2026, 3, day), state="approved")
    length = events.Event.select().count()
    assert misfits(world, signing.SignOff) == misfits(world, events.Event) == []
    disarm(database)
    events.Event.update(note="x").where(events.Event.seq == length).execute()
    assert misfits(world, events.Event) == [
        f"history entry {length} was changed after it was written."
    ]


def test_every_move_hangs_its_event_before_its_sign_off(monkeypatch: pytest.MonkeyPatch) -> None:
    hung: list[str] = []
    append = signing.append

    def listen(link: signing.Link) -> None:
        hung.append(link.CHAIN)
        append(link)

    world = World()
    contract = world.client().engagement("coaching")
    waiting = world.session(day=date(2026, 3, 1), state="submitted")
    for module in (signing, events):
        monkeypatch.setattr(module, "append", listen)
    supervisor = world.actor(world.supervisor)
    waiting.approve(by=supervisor, now=world.now)
    waiting.reopen(by=supervisor, now=world.now, reason="A wrong unit.")
    contract.set_contract(date(2026, 1, 20), by=world.actor(world.learner), now=world.now)
    assert hung == ["event", "sign_off"] * 3


@pytest.mark.parametrize("model", [signing.SignOff, events.Event])
def test_a_changed_link_is_named(model: type[signing.Link], database: peewee.Database) -> None:
    world = World()
    world.session(state="reopened")
    disarm(database)
    text = {"comment": "x"} if model is signing.SignOff else {"note": "x"}
    model.update(**text).where(model.centre_id == world.centre.id, model.seq == 2).execute()
    [sentence] = misfits(world, model)
    assert sentence.endswith("2 was changed after it was written.")


@pytest.mark.parametrize("model", [signing.SignOff, events.Event])
def test_a_link_taken_out_is_named(model: type[signing.Link], database: peewee.Database) -> None:
    world = World()
    world.session(state="reopened")
    disarm(database)
    model.delete().where(model.centre_id == world.centre.id, model.seq == 1).execute()
    [sentence] = misfits(world, model)
    assert "1 is missing" in sentence


@pytest.mark.parametrize("model", [signing.SignOff, events.Event])
def test_an_end_cut_off_is_named(model: type[signing.Link], database: peewee.Database) -> None:
    world = World()
    world.session(state="reopened")
    disarm(database)
    last = model.select(peewee.fn.MAX(model.seq)).where(model.centre_id == world.centre.id).scalar()
    model.delete().where(model.centre_id == world.centre.id, model.seq == last).execute()
    [sentence] = misfits(world, model)
    assert f"ends at {last - 1}" in sentence


def test_a_chain_rewritten_whole_lacks_the_seal(database: peewee.Database) -> None:
    """Someone who recomputes every hash in the file still has no key for the head."""
    world = World()
    world.session(state="approved")
    disarm(database)
    link = signing.SignOff.get(signing.SignOff.centre_id == world.centre.id)
    link.comment = "rewritten"
    link.hash = signing.sha256(link.content())
    link.save()
    signing.ChainHead.update(hash=link.hash).where(
        signing.ChainHead.centre_id == world.centre.id, signing.ChainHead.chain == "sign_off"
    ).execute()
    [sentence] = misfits(world, signing.SignOff)
    assert "chain.key" in sentence


def test_another_key_is_named() -> None:
    world = World()
    world.session(state="approved")
    signing.use_key("another key")
    assert "chain.key" in misfits(world, signing.SignOff)[0]


def test_canonical_content_is_exact() -> None:
    content = {"b": 1, "a": "é", "at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)}
    assert signing.canonical(content) == '{"a":"é","at":"2026-01-02T03:04:00+00:00","b":1}'
    with pytest.raises(TypeError):
        signing.canonical({"x": object()})


def test_what_a_signature_covers() -> None:
    """Every readable column of a session is under the signature; private notes are not."""
    world = World()
    session = world.session(state="approved")
    signed = signing.SignOff.get(signing.SignOff.subject_id == session.id)
    assert signed.content_sha256 == signing.sha256(session.signed_content())
    assert (signed.subject_version, signed.decision, signed.role) == (
        session.version,
        "approved",
        "supervisor",
    )
    left_out = set(session._meta.columns) - set(session.signed_content())
    assert left_out == {
        "centre_id", "state", "version", "unparsed", "draft_key", "import_key",
        "created_at", "changed_at", "submitted_at", "decided_at", "erased_at",
    }  # fmt: skip


def test_a_link_needs_a_transaction() -> None:
    world = World()
    with pytest.raises(RuntimeError, match="write"):
        events.record(centre_id=world.centre.id, verb="x", subject="y", subject_id=1, now=NOW)
