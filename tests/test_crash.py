"""SIGKILL at any moment: what was acknowledged is there, and nothing is half done."""

from __future__ import annotations

import threading
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from supervise import db, events, signing
from supervise.models import PracticeSession
from supervise.passwords import hash_password
from supervise.settings import Settings
from tests.server import Server, Visitor
from tests.world import World

PASSWORD = "wide-river-seldom-frozen"
SESSIONS = 200
AT_ONCE = 4


def prepare(instance: Path, address: str) -> tuple[World, list[int]]:
    settings = Settings.load(instance=instance, database=address)
    db.connect_to(settings.database)
    signing.use_key(settings.chain_key)
    with db.write():
        world = World()
        world.supervisor.password_hash = hash_password(PASSWORD)
        world.supervisor.save()
        waiting = [
            world.session(
                day=date(2026, 2, 1) + timedelta(days=number), start=time(10), state="submitted"
            ).id
            for number in range(SESSIONS)
        ]
    return world, waiting


def test_every_acknowledged_approval_is_there_after_sigkill(address: str, tmp_path: Path) -> None:
    world, waiting = prepare(tmp_path, address)
    with Server(tmp_path, SUPERVISE_DATABASE=address) as server:
        acknowledged = approve_until_killed(server, world, waiting)

    kept = {s.id: s for s in PracticeSession.select()}
    lost = [number for number in acknowledged if kept[number].state != "approved"]
    assert lost == []
    approved = {number for number, session in kept.items() if session.state == "approved"}
    signatures = [s.subject_id for s in signing.SignOff.select()]
    assert sorted(signatures) == sorted(approved), "each approval has its one sign-off, or neither"
    assert len(acknowledged) >= SESSIONS // 4
    assert not list(signing.walk(signing.SignOff, world.centre.id))
    assert not list(signing.walk(events.Event, world.centre.id))
    with Server(tmp_path, SUPERVISE_DATABASE=address) as again:
        assert "Sign in" in Visitor(again.url).get("/")


def approve_until_killed(server: Server, world: World, waiting: list[int]) -> list[int]:
    """Approves from several visitors, kills the server amid it; returns what was acknowledged."""
    acknowledged: list[int] = []
    enough = threading.Event()
    visitors = [Visitor(server.url) for _ in range(AT_ONCE)]
    for visitor in visitors:
        visitor.sign_in(world.supervisor.email, PASSWORD)

    def approve(visitor: Visitor, mine: list[int]) -> None:
        version = str(PracticeSession.get_by_id(mine[0]).version)
        for number in mine:
            fields = {f"decision-{number}": "approve", f"version-{number}": version}
            try:
                status = visitor.post("/approvals", **fields)
            except OSError:
                return  # killed: not acknowledged
            assert status == 200
            acknowledged.append(number)
            if len(acknowledged) >= SESSIONS // 4:
                enough.set()

    workers = [
        threading.Thread(target=approve, args=(visitor, waiting[n::AT_ONCE]))
        for n, visitor in enumerate(visitors)
    ]
    for worker in workers:
        worker.start()
    assert enough.wait(120)
    server.kill()
    for worker in workers:
        worker.join()
    return acknowledged


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_command_serves_and_stops(engine: str, tmp_path: Path) -> None:
    with Server(tmp_path, "--demo") as server:
        assert "Sign in" in Visitor(server.url).get("/")
        server.stop()
        assert server.process.returncode is not None
