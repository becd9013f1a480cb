"""The real server, as people start it: `supervise serve` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PATIENCE_SECONDS = 60


class Server:
    """One running server over an instance folder; a process group of its own, so it can be killed."""

    def __init__(self, instance: Path, *arguments: str, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "supervise", "serve", "--port", str(port), *arguments],
            env={**os.environ, "SUPERVISE_INSTANCE": str(instance), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()
            except OSError:
                if self.process.poll() is not None:
                    raise AssertionError(self.output()) from None
                time.sleep(0.05)  # waiting for another process, not for time to pass
            else:
                return
        self.kill()
        raise AssertionError("The server did not become ready.")

    def output(self) -> str:
        """What it printed, once it has ended."""
        return self.process.communicate()[0].decode()

    def kill(self) -> None:
        """SIGKILL to the server and its workers, in the middle of whatever they do."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def stop(self) -> None:
        """As Ctrl+C does."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE_SECONDS)
        finally:
            self.kill() if self.process.poll() is None else self.process.stdout.close()  # type: ignore[union-attr]


class Visitor:
    """A browser without a picture: keeps cookies, sends forms with their token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.token = ""

    def get(self, path: str) -> str:
        """The page's text; its token is kept for the next form."""
        with self.opener.open(self.url + path, timeout=PATIENCE_SECONDS) as answer:
            text: str = answer.read().decode()
        if found := TOKEN.search(text):
            self.token = found[1]
        return text

    def post(self, path: str, **fields: str) -> int:
        """Send a form; returns the status after redirects. Raises OSError where no answer came."""
        data = urllib.parse.urlencode({"csrf_token": self.token, **fields}).encode()
        request = urllib.request.Request(self.url + path, data, {"Referer": self.url + path})
        try:
            with self.opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def sign_in(self, email: str, password: str) -> None:
        """Through the form, as anybody."""
        self.get("/login")
        assert self.post("/login", email=email, password=password) == 200
        self.get("/")
