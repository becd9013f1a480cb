"""``supervise serve``: the server, on this machine alone unless told otherwise."""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
import threading
import time
import urllib.request

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from supervise import db, mail
from supervise.cli import instance_option, now, opened, settings_of
from supervise.cli.demo import print_logins
from supervise.demo import AlreadyFilled, fill
from supervise.settings import Settings

log = logging.getLogger(__name__)
WORKERS = 2
THREADS = 8
TICK_SECONDS = 60
STOP_SECONDS = 3  # what a request under way gets to end once the server is asked to stop


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8000,
    show_default=True,
    help="Port to listen on.",
)
@click.option("--demo", is_flag=True, help="Fill an empty database first, and print the logins.")
@click.option("--tick", is_flag=True, help="Deliver the outbox too, each minute.")
@instance_option
@click.pass_context
def command(context: click.Context, host: str, port: int, demo: bool, tick: bool) -> None:
    """Start the server and print its address."""
    settings = settings_of(context)
    _refuse_taken(host, port)
    with opened(context, make=True):
        if demo:
            try:
                print_logins(fill())
            except AlreadyFilled as filled:
                click.echo(f"{filled} The demo logins were printed when it was filled.")
    os.environ["SUPERVISE_INSTANCE"] = str(settings.instance)
    # A forked worker keeps, for ever, whatever lock another thread held at that moment, so one in a
    # few starts answered nobody. A spawned one begins with nothing.
    multiprocessing.set_start_method("spawn", force=True)
    server = Server(
        "supervise:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=WORKERS,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,
        websockets=False,
    )
    threading.Thread(target=_say_when_ready, args=(host, port), daemon=True).start()
    over = threading.Event()
    delivery = threading.Thread(target=_deliver, args=(settings, over), daemon=True)
    if tick:
        delivery.start()
    server.serve()
    over.set()
    if tick:  # the message under way gets to its end; a claim that is left is taken up later
        delivery.join(STOP_SECONDS)


def _deliver(settings: Settings, over: threading.Event) -> None:
    """Deliver what is due, at once and then each minute, in the process that minds the workers."""
    while not over.is_set():
        try:
            with db.connection():
                mail.tick(settings, now)
        except Exception as error:  # the next minute may do better; its words may hold an address
            log.error("The outbox was not delivered: %s", type(error).__name__)
        over.wait(TICK_SECONDS)


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.UsageError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error


def _say_when_ready(host: str, port: int) -> None:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - shown, not bound
    address = f"http://{shown}:{port}"
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):  # noqa: S310
                break
        except OSError:
            time.sleep(0.1)
    click.echo(f"Supervise is ready at {address} (stop it with Ctrl+C).")
