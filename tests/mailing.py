"""A mail server on loopback that keeps what it is given, and three that fail; and a world with mail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from supervise import links, mail
from supervise.mail import Tally
from supervise.settings import Settings, Smtp

SITE = "https://supervise.example.org"
SENDER = Address("Supervise", "supervise", "example.org")


class Box:
    """What came in, as the server that took it saw it. ``answers`` is asked for each address."""

    def __init__(self) -> None:
        self.port = free_port()
        self.got: list[tuple[str, EmailMessage]] = []
        self.connections = 0
        self.keeps = True
        """Whether the messages are kept, or only their names: for many of them."""
        self.named: list[str] = []
        self.answers: Callable[[str], str] = lambda address: "250 OK"
        self.after_data: Callable[[str], str] = lambda message_id: "250 OK"

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's own name
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        answer = self.answers(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message: Any = message_from_bytes(envelope.content, policy=default)
        answer = self.after_data(message["Message-ID"])
        if answer.startswith("250"):
            self.named.append(str(message["Message-ID"]))
            if self.keeps:
                self.got.append((envelope.rcpt_tos[0], message))
        return answer

    @property
    def messages(self) -> list[EmailMessage]:
        return [message for _, message in self.got]

    @property
    def ids(self) -> list[str]:
        return [message["Message-ID"] for message in self.messages]

    def text(self, number: int = -1) -> str:
        """The words of a message, without its files."""
        body = self.messages[number].get_body(("plain",))
        assert body is not None
        return str(body.get_content())


@contextmanager
def mail_server(**how: Any) -> Iterator[Box]:
    """A real SMTP server; ``how`` goes to aiosmtpd, such as a certificate."""
    box = Box()
    server = Controller(box, hostname="127.0.0.1", port=box.port, **how)
    server.start()
    try:
        yield box
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def failing_server(*says: str) -> Iterator[int]:
    """Says these lines in answer to what comes in, the first at once, then closes.

    ``hang`` says no more, ``drip`` says a letter now and then, and no end of it. Yields its port.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip(line: socket.socket) -> None:
        """For longer than any test has patience, unless it is over or whoever listens has gone."""
        with suppress(OSError):
            for _ in range(600):
                line.sendall(b"2")
                if over.wait(0.05):
                    return

    def serve() -> None:
        while not over.is_set():
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with line:
                for word in says:
                    if word == "hang":
                        over.wait(30)
                        break
                    if word == "drip":
                        drip(line)
                        break
                    line.sendall(word.encode() + b"\r\n")
                    if not line.recv(65_536):
                        break

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def mailing(settings: Settings, port: int, **how: Any) -> Settings:
    """These settings with a mail server on this machine."""
    links.use_key(settings.secret_key)
    values: dict[str, Any] = {"security": "none", "timeout": 5.0} | how
    smtp = Smtp("127.0.0.1", SENDER, port, **values)
    return replace(settings, smtp=smtp, public_url=SITE)


def tick(settings: Settings, now: datetime, limit: int | None = None) -> Tally:
    """One run at a moment."""
    return mail.tick(settings, lambda: now, limit=limit)


def environment(port: int) -> dict[str, str]:
    """The same for a process of its own."""
    return {
        "SUPERVISE_SMTP_HOST": "127.0.0.1", "SUPERVISE_SMTP_PORT": str(port),
        "SUPERVISE_SMTP_SECURITY": "none", "SUPERVISE_MAIL_FROM": "Supervise <supervise@example.org>",
        "SUPERVISE_PUBLIC_URL": SITE,
    }  # fmt: skip
