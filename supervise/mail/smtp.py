"""The way to the mail server: one connection for many messages, and what went wrong in plain words.

What a server says stays out of every sentence here: it often repeats the address written to.
"""

from __future__ import annotations

import io
import math
import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from time import monotonic
from types import TracebackType
from typing import Any

from supervise.settings import Smtp

OURS = {530, 534, 535, 538}
"""Codes that speak of us and not of whom we write to: the server wants another sign-in."""
CLOSING = 421
LONGEST_SECONDS = 300.0
"""One message takes no longer, however the server answers: well before another tick takes it in hand."""


class Later(Exception):  # noqa: N818 - it says what to do
    """It could not be sent for a while. ``unreachable``: nor could any other mail.

    ``unsure``: the line broke after the message was handed over, so it may have been taken.
    """

    def __init__(self, sentence: str, *, unreachable: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.unreachable = unreachable
        self.unsure = False


class Never(Exception):  # noqa: N818 - it says what to do
    """It will never be sent as it is; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class _Plain(smtplib.SMTP):
    """Knows whether it has begun to hand a message over, and for how long to wait.

    A socket's own timeout begins anew with each byte that comes: here each answer has to be whole in
    that time.
    """

    handed = False
    until = math.inf
    """When the message in hand has to be through, by the monotonic clock."""
    _asked = 0.0

    def left(self) -> float:
        """For how many seconds to wait for this answer still. Raises TimeoutError for none."""
        left = min(self._asked + self.timeout, self.until) - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def send(self, s: Any) -> None:
        """Send this, all of it in time."""
        self._asked = monotonic()
        if self.sock is not None:
            self.sock.settimeout(self.left())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """The server's answer, all of it in time."""
        self._asked = monotonic()
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Answers(self, self.sock))
        return super().getreply()

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Hand the message over: from here on only the server's answer says whether it has it."""
        self.handed = True
        return super().data(msg)


class _Tls(_Plain, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""


class _Answers(io.RawIOBase):
    """What the server says, as long as it says it in time."""

    def __init__(self, server: _Plain, line: socket.socket) -> None:
        self._server = server
        self._line = line

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, room: Any) -> int:
        """What has come by now, or the first of what comes next. Raises TimeoutError."""
        self._line.settimeout(self._server.left())
        return self._line.recv_into(room)


class Post:
    """A connection that is opened at the first message and again where it drops."""

    def __init__(self, settings: Smtp) -> None:
        self.settings = settings
        self.opened = 0
        """How often it was opened."""
        self._server: _Plain | None = None
        self._carried = 0

    def __enter__(self) -> Post:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._close(politely=True)

    def send(self, message: EmailMessage, to: str) -> None:
        """Hand one message over for one address; returns once the server has said yes.

        A connection that the server let go after earlier messages is opened anew, once; not where
        it may have taken this one. Raises Later and Never.
        """
        carried = self._carried
        try:
            self._send(message, to)
        except Later as later:
            if later.unsure or not (carried and later.unreachable):
                raise
            self._send(message, to)

    def _send(self, message: EmailMessage, to: str) -> None:
        until = monotonic() + LONGEST_SECONDS
        server = self._open(until)
        server.handed, server.until = False, until
        try:
            server.send_message(message, from_addr=self.settings.sender.addr_spec, to_addrs=[to])
        except (smtplib.SMTPException, OSError, ValueError) as error:
            fault = _fault(error)
            if isinstance(fault, Later):  # an answer, even a refusal, leaves no doubt
                answered = isinstance(error, smtplib.SMTPResponseException)
                fault.unsure = server.handed and not answered
            # a refusal of one message leaves the line as it was; whatever else may not
            refused = isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError))
            if not refused or (isinstance(fault, Later) and fault.unreachable):
                self._close()
            raise fault from None  # the server's own words go no further
        self._carried += 1

    def _open(self, until: float) -> _Plain:
        """The open connection, encrypted and signed in by then. Raises Later."""
        if self._server is not None:
            return self._server
        want = self.settings
        here = want.sender.domain
        self.opened += 1
        try:
            if want.security == "tls":
                self._server = _Tls(
                    want.host, want.port, here, timeout=want.timeout,
                    context=ssl.create_default_context(),
                )  # fmt: skip
            else:
                self._server = _Plain(want.host, want.port, here, timeout=want.timeout)
            server = self._server
            server.until = until
            if want.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if want.user:
                server.login(want.user, want.password)
            server.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self._close()
            raise _unreachable(error) from None
        return server

    def _close(self, *, politely: bool = False) -> None:
        server, self._server = self._server, None
        self._carried = 0
        if server is None:
            return
        server.until = monotonic() + self.settings.timeout
        with suppress(smtplib.SMTPException, OSError):
            if politely:
                server.quit()
        server.close()


def _unreachable(error: Exception) -> Later:
    """Why there is no connection, or none any more."""
    asleep = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        said = f"The mail server refuses our user name and password ({error.smtp_code})."
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        said = "The mail server offers no encryption, or no sign-in, as the settings ask of it."
    elif isinstance(error, ssl.SSLCertVerificationError):
        said = "The mail server's certificate is not one to trust."
    elif isinstance(error, ssl.SSLError):
        said = "The mail server does not speak the encryption that the settings ask for."
    elif asleep:
        said = "The mail server did not answer in time."
    elif isinstance(error, ConnectionRefusedError):
        said = "The mail server refuses the connection."
    elif isinstance(error, smtplib.SMTPResponseException):
        said = f"The mail server does not take our mail now ({error.smtp_code})."
    elif isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        said = "The mail server closed the connection half way."
    else:
        said = "The mail server cannot be reached."
    return Later(said, unreachable=True)


def _fault(error: Exception) -> Later | Never:
    """What is wrong with one message, or with the connection it was sent over."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
        return _of_code(code, "The mail server does not take mail for this address")
    if isinstance(error, smtplib.SMTPDataError):
        return _of_code(error.smtp_code, "The mail server does not take this message")
    if isinstance(error, smtplib.SMTPNotSupportedError | UnicodeError):
        return Never("The mail server takes no address with such letters.")
    if isinstance(error, ValueError):
        return Never("This is no address that mail can be sent to.")
    return _unreachable(error)


def _of_code(code: int, said: str) -> Later | Never:
    if code in OURS:
        return Later(f"The mail server wants another sign-in ({code}).", unreachable=True)
    if code == CLOSING:
        return Later("The mail server closed the connection half way.", unreachable=True)
    if 400 <= code < 500:
        return Later(f"{said} at the moment ({code}).")
    return Never(f"{said} ({code}).")
