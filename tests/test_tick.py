"""Delivery against real servers: those that work, those that fail, two at once, and one killed."""

from __future__ import annotations

import gc
import logging
import os
import signal
import ssl
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import peewee
import pytest
import trustme
from click.testing import CliRunner

from supervise import db, mail, signing
from supervise.cli import main
from supervise.mail import smtp
from supervise.mail.smtp import Post
from supervise.models import Mail, Person, delivery
from supervise.settings import Settings
from tests import engines
from tests.mailing import (
    SITE,
    Box,
    environment,
    failing_server,
    free_port,
    mail_server,
    mailing,
    tick,
)
from tests.server import Server
from tests.world import NOW, World

SOON = NOW + timedelta(minutes=1)
PATIENCE_SECONDS = 60


@pytest.fixture
def world(settings: Settings, database: object) -> World:
    signing.use_key("of this test")
    return World()


@pytest.fixture
def box() -> Iterator[Box]:
    with mail_server() as server:
        yield server


def fill(world: World, number: int, now: datetime = NOW) -> None:
    """So many mails, to as many people. A process of its own asks the clock: it gets a real moment."""
    with db.write():
        people = [
            {"email": f"somebody{n}@example.org", "name": f"Some Body {n}", "created_at": NOW}
            for n in range(number)
        ]
        for batch in peewee.chunked(people, 100):
            Person.insert_many(batch).execute()
        ids = Person.select(Person.id).where(Person.name.startswith("Some Body"))
        rows = [
            {"kind": "feedback-told", "person": id_, "centre": world.centre.id, "created_at": now,
             "due_at": now} for (id_,) in ids.order_by(Person.id).tuples()
        ]  # fmt: skip
        for batch in peewee.chunked(rows, 100):
            Mail.insert_many(batch).execute()
        from supervise.models import Membership

        members = [
            {"person": row["person"], "centre": world.centre.id, "role": "learner"} for row in rows
        ]
        for batch in peewee.chunked(members, 100):
            Membership.insert_many(batch).execute()


def states() -> dict[str, int]:
    rows = Mail.select(Mail.state, peewee.fn.COUNT(Mail.id)).group_by(Mail.state).tuples()
    return dict(rows)


# --- many --------------------------------------------------------------------------------


def test_many_go_over_one_connection_in_steady_memory(
    world: World, settings: Settings, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, box.keeps = mailing(settings, box.port), False
    monkeypatch.setattr(mail, "BATCH", 10)
    log = logging.getLogger("peewee")
    log.setLevel(logging.WARNING)  # pytest keeps every line of it
    fill(world, 80)
    tick(known, SOON, limit=5)  # whatever is loaded once is loaded
    tracemalloc.start()
    tick(known, SOON, limit=15)
    few, peak_of_few = tracemalloc.get_traced_memory()[0], tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    tally = tick(known, SOON)
    gc.collect()  # the headers of a message are rings, which Python gives back now and then
    many, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    log.setLevel(logging.NOTSET)
    assert (tally.sent, tally.connections) == (60, 1)
    assert many < few + 60_000, (few, many)  # the names that the box keeps, and no message
    assert peak < 2 * peak_of_few + 500_000, (peak_of_few, peak)
    assert len(set(box.named)) == len(box.named) == 80
    assert states() == {"sent": 80}
    assert tick(known, SOON).sent == 0


def test_a_limit_leaves_the_rest(world: World, settings: Settings, box: Box) -> None:
    known = mailing(settings, box.port)
    fill(world, 5)
    assert tick(known, SOON, limit=2).sent == 2
    assert states() == {"sent": 2, "waiting": 3}


# --- servers that fail -------------------------------------------------------------------


HALF_WAY = ("220 here", "250 here", "250 sender", "250 to", "354 go on")


@pytest.mark.parametrize(
    ("says", "fault"),
    [
        (("hang",), "The mail server did not answer in time."),
        ((*HALF_WAY, "hang"), "The mail server did not answer in time."),
        (("drip",), "The mail server did not answer in time."),
        ((*HALF_WAY, "drip"), "The mail server did not answer in time."),
        ((), "The mail server closed the connection half way."),
        (HALF_WAY[:3], "The mail server closed the connection half way."),
        (HALF_WAY, "The mail server closed the connection half way."),
        (("554 go away",), "The mail server does not take our mail now (554)."),
        (("220 here", "250 here", "451 later"), "The mail server does not take our mail now (451)."),
    ],
    ids=["hangs", "hangs at the end", "drips", "drips at the end", "closes", "closes half way", "closes at the end", "refuses",
         "later"],
)  # fmt: skip
def test_a_server_that_fails_loses_nothing(
    world: World, settings: Settings, box: Box, says: tuple[str, ...], fault: str
) -> None:
    fill(world, 3)
    with failing_server(*says) as port:
        tally = tick(mailing(settings, port, timeout=0.3), SOON)
    assert tally.unreachable == fault
    assert states() == {"waiting": 3}
    tried = Mail.get(Mail.fault != "")
    assert (tried.fault, tried.due_at) == (fault, SOON + timedelta(minutes=1))
    assert tried.attempts == (HALF_WAY[-1] in says)  # it counts where the message may have arrived
    known = mailing(settings, box.port)
    assert tick(known, SOON).sent == 2
    assert tick(known, SOON + timedelta(minutes=1)).sent == 1
    assert len(set(box.ids)) == 3
    assert Mail.get_by_id(tried.id).message_id in box.ids


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_message_has_its_own_deadline_however_long_each_answer_may_take(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    fill(world, 1)
    monkeypatch.setattr(smtp, "LONGEST_SECONDS", 0.3)
    with failing_server(*HALF_WAY[:2], "drip") as port:
        tally = tick(mailing(settings, port, timeout=3600), SOON)
    assert tally.unreachable == "The mail server did not answer in time."
    assert states() == {"waiting": 1}


def test_a_server_that_is_away_for_days_fails_no_mail(
    world: World, settings: Settings, box: Box
) -> None:
    fill(world, 2)
    nobody = mailing(settings, free_port())
    for hours in range(0, 72, 6):
        tally = tick(nobody, SOON + timedelta(hours=hours))
        assert tally.unreachable == "The mail server refuses the connection."
    assert states() == {"waiting": 2}
    assert {row.attempts for row in Mail.select()} == {0}
    assert tick(mailing(settings, box.port), SOON + timedelta(hours=72)).sent == 2


def test_a_message_that_is_refused_for_a_while_is_tried_less_and_less(
    world: World, settings: Settings, box: Box
) -> None:
    fill(world, 1)
    known, moment, waits = mailing(settings, box.port), SOON, []
    box.answers = lambda _: "450 greylisted"
    for _ in range(6):
        tally = tick(known, moment)
        row = Mail.get()
        if row.state == "waiting":
            assert tick(known, row.due_at - timedelta(seconds=1)).later == 0
            waits.append(row.due_at - moment)
            moment = row.due_at
    assert tally.failed == 1
    assert [wait / timedelta(minutes=1) for wait in waits] == [1, 5, 30, 120, 480]
    assert (row.state, row.attempts) == ("failed", 6)
    box.answers = lambda _: "250 OK"
    delivery.again(row, by=world.actor(world.admin), now=moment)
    assert tick(known, moment).sent == 1
    assert box.ids == [row.message_id]


def test_a_message_that_may_have_arrived_is_not_sent_twice_in_one_run(
    world: World, settings: Settings, box: Box
) -> None:
    fill(world, 2)
    opened = ("220 here", "250 here")
    first = ("250 sender", "250 to", "354 go on", "250 taken")
    second = ("250 sender", "250 to", "354 go on")  # and then the line breaks
    with failing_server(*opened, *first, *second) as port:
        tally = tick(mailing(settings, port), SOON)
    assert (tally.sent, tally.later, tally.connections) == (1, 1, 1)
    row = Mail.get(Mail.state == "waiting")
    assert row.attempts == 1
    assert tick(mailing(settings, box.port), row.due_at).sent == 1
    assert box.ids == [row.message_id]


def test_what_another_run_has_in_hand_is_not_this_ones_to_say(world: World) -> None:
    fill(world, 1)
    first = delivery.take(Mail.get().id, "x.org", SOON)
    assert first is not None
    later = SOON + delivery.OLD_CLAIM
    assert delivery.take(Mail.get().id, "x.org", later) is not None
    delivery.fail(first, "Too slow.")
    assert Mail.get().state == "sending"


def test_one_address_that_is_refused_holds_up_nobody(
    world: World, settings: Settings, box: Box
) -> None:
    fill(world, 4)
    refused = {"somebody0@example.org": "550 5.1.1 <somebody0@example.org> unknown",
               "somebody1@example.org": "450 greylisted"}  # fmt: skip
    box.answers = lambda address: refused.get(address, "250 OK")
    tally = tick(mailing(settings, box.port), SOON)
    assert (tally.sent, tally.later, tally.failed, tally.connections) == (2, 1, 1, 1)
    faults = {row.state: row.fault for row in Mail.select()}
    assert faults["failed"] == "The mail server does not take mail for this address (550)."
    assert faults["waiting"].endswith("at the moment (450).")
    assert "somebody" not in "".join(faults.values())


def test_a_message_that_is_refused_for_good_has_failed(
    world: World, settings: Settings, box: Box
) -> None:
    fill(world, 1)
    box.after_data = lambda _: "554 looks like spam"
    assert tick(mailing(settings, box.port), SOON).failed == 1
    assert Mail.get().fault == "The mail server does not take this message (554)."


def test_a_connection_let_go_is_opened_again(world: World, settings: Settings, box: Box) -> None:
    """A server that takes two messages and then says good-bye."""
    fill(world, 5)
    taken: list[str] = []

    def answers(address: str) -> str:
        taken.append(address)
        return "421 too much" if len(taken) == 3 else "250 OK"

    box.answers = answers
    tally = tick(mailing(settings, box.port), SOON)
    assert (tally.sent, tally.connections) == (5, 2)
    assert len(set(box.ids)) == 5


def test_mail_that_cannot_be_written_holds_up_nobody(
    world: World, settings: Settings, box: Box
) -> None:
    fill(world, 2)
    Mail.update(kind="nobody knows").where(Mail.id == Mail.get().id).execute()
    tally = tick(mailing(settings, box.port), SOON)
    assert (tally.sent, tally.failed) == (1, 1)


def test_without_a_mail_server_everything_is_kept(world: World, settings: Settings) -> None:
    fill(world, 2)
    assert tick(settings, SOON).kept == 2
    assert states() == {"waiting": 2}


# --- what went out -----------------------------------------------------------------------


@pytest.mark.parametrize("served", [True, False])
def test_what_went_out_is_kept_for_as_long_as_the_settings_say(
    world: World, settings: Settings, box: Box, monkeypatch: pytest.MonkeyPatch, served: bool
) -> None:
    monkeypatch.setattr(delivery, "SOME", 2)
    fill(world, 8)
    ids = [row.id for row in Mail.select().order_by(Mail.id)]
    long_ago, lately = SOON - timedelta(days=31), SOON - timedelta(days=29)
    stands = [
        ("sent", long_ago), ("sent", long_ago), ("sent", long_ago), ("sent", lately),
        ("dropped", long_ago), ("dropped", lately), ("failed", None), ("waiting", None),
    ]  # fmt: skip
    for id_, (state, when) in zip(ids, stands, strict=True):
        told = {"sent_at": when} if state == "sent" else {"claimed_at": when}
        Mail.update(
            state=state, created_at=long_ago, due_at=SOON + timedelta(days=1), **told
        ).where(Mail.id == id_).execute()
    known = mailing(settings, box.port) if served else settings
    tick(replace(known, mail_days=30), SOON)
    assert states() == {"sent": 1, "dropped": 1, "failed": 1, "waiting": 1}
    tick(replace(known, mail_days=28), SOON)
    assert states() == {"failed": 1, "waiting": 1}


# --- encryption --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_encrypted_and_the_certificate_looked_at(
    world: World, settings: Settings, authority: trustme.CA, security: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, engine: str,
) -> None:  # fmt: skip
    fill(world, 1)
    how = "tls_context" if security == "starttls" else "ssl_context"
    with mail_server(**{how: context_of(authority)}) as box:
        known = mailing(settings, box.port, security=security)
        assert tick(known, SOON).unreachable == "The mail server's certificate is not one to trust."
        file = tmp_path / "authority.pem"
        authority.cert_pem.write_to_path(file)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert tick(known, SOON + timedelta(minutes=1)).sent == 1


@pytest.mark.parametrize("engine", ["sqlite"])
def test_without_encryption_nothing_is_sent_and_no_password_either(
    world: World, settings: Settings, box: Box, engine: str
) -> None:
    fill(world, 1)
    known = mailing(settings, box.port, security="starttls", user="us", password="a secret")
    tally = tick(known, SOON)
    assert tally.unreachable.startswith("The mail server offers no encryption")
    assert box.got == []
    assert "a secret" not in repr(known)
    with Post(known.smtp) as post:  # type: ignore[arg-type]
        assert post.opened == 0


# --- at once, and killed -----------------------------------------------------------------


def process(instance: Path, address: str, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "supervise", "--instance", str(instance), "tick"],
        env={**os.environ, "SUPERVISE_DATABASE": address, **environment(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_two_ticks_at_once_send_each_mail_once(
    world: World, settings: Settings, box: Box, address: str
) -> None:
    fill(world, 60, datetime.now(UTC))
    running = [process(settings.instance, address, box.port) for _ in range(2)]
    for one in running:
        out = one.communicate(timeout=PATIENCE_SECONDS)[0]
        assert one.returncode == 0, out
    assert len(box.ids) == 60
    assert len({to for to, _ in box.got}) == 60
    assert states() == {"sent": 60}
    assert box.connections in (1, 2)  # one where the other came when all was sent


@pytest.mark.parametrize("handed_over", [True, False])
def test_a_tick_that_is_killed_loses_nothing_and_repeats_nothing(
    world: World, settings: Settings, box: Box, address: str, handed_over: bool
) -> None:
    fill(world, 40, datetime.now(UTC))
    one = process(settings.instance, address, box.port)

    def kill_at_the_sixteenth(_: str) -> str:
        if len(box.got) == 15:
            one.send_signal(signal.SIGKILL)
        return "250 OK"

    setattr(box, "after_data" if handed_over else "answers", kill_at_the_sixteenth)
    one.wait(PATIENCE_SECONDS)
    assert one.stdout is not None
    one.stdout.close()
    assert one.returncode == -signal.SIGKILL
    box.answers = box.after_data = lambda _: "250 OK"
    engines.disconnect()
    found = states()
    assert found["sending"] == 1  # the one in hand: nobody knows whether it arrived
    known = mailing(settings, box.port)
    claimed = Mail.get(Mail.state == "sending").claimed_at
    tick(known, claimed + timedelta(minutes=1))
    assert states() == {"sent": 39, "sending": 1}
    tick(known, claimed + delivery.OLD_CLAIM)
    assert states() == {"sent": 40}
    assert len({to for to, _ in box.got}) == 40
    assert len(set(box.ids)) == 40  # whatever came twice came under the same name
    assert len(box.ids) <= (41 if handed_over else 40)


# --- the command and the server ----------------------------------------------------------


def run(*words: str) -> tuple[int, str]:
    engines.disconnect()
    result = CliRunner().invoke(main, words)
    engines.disconnect()
    return result.exit_code, result.output


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_command_says_what_it_did(
    world: World, settings: Settings, box: Box, address: str, monkeypatch: pytest.MonkeyPatch,
    engine: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("SUPERVISE_DATABASE", address)
    where = ("--instance", str(settings.instance))
    fill(world, 3, datetime.now(UTC))
    code, said = run("tick", *where)
    assert (code, "3 kept" in said, "SUPERVISE_SMTP_HOST" in said) == (0, True, True)
    for name, value in environment(free_port()).items():
        monkeypatch.setenv(name, value)
    code, said = run("tick", *where)
    assert code == 1
    assert "The mail server refuses the connection. Mail that waits for another try: 3." in said
    monkeypatch.setenv("SUPERVISE_SMTP_PORT", str(box.port))
    code, said = run("tick", *where, "--limit", "1")
    assert (code, said) == (0, "Mail: 1 sent.\n")
    monkeypatch.setenv("SUPERVISE_SMTP_HOST", "mail.example.org")
    code, said = run("tick", *where)
    assert code == 2
    assert "SUPERVISE_SMTP_SECURITY=none would send mail in the clear" in said


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_server_delivers_by_itself(
    world: World, settings: Settings, box: Box, address: str, engine: str
) -> None:
    fill(world, 2, datetime.now(UTC))
    env = {"SUPERVISE_DATABASE": address, **environment(box.port)}
    with Server(settings.instance, "--tick", **env) as server:
        until = time.monotonic() + PATIENCE_SECONDS
        while len(box.got) < 2 and time.monotonic() < until:
            time.sleep(0.05)  # waiting for another process, not for time to pass
        assert len(box.got) == 2
        server.stop()
    assert SITE in box.text()
    assert states() == {"sent": 2}
