"""The two servers in processes of their own, what memory they hold, and a client that keeps its line."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).parents[2]
TOKEN = re.compile(r'name="csrf_token"\s+value="([^"]+)"')
START_SECONDS = 60


class Running:
    """A server on a free port of this machine, in a process group of its own."""

    def __init__(self, command: list[str], ready: str, instance: Path | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SUPERVISE_")}
        if instance:
            environment["SUPERVISE_INSTANCE"] = str(instance)
        self.process = subprocess.Popen(
            [part.format(port=self.port) for part in command],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._wait(ready)

    def _wait(self, path: str) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                if Client(self.port).get(path)[0] == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > until or self.process.poll() is not None:
                self.stop()
                raise RuntimeError("A server did not become ready.")
            time.sleep(0.1)  # for another process, not for time to pass

    def megabytes(self) -> float:
        """The memory of the server and its workers, what they share counted once (PSS)."""
        total = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == self.process.pid:
                    rollup = (folder / "smaps_rollup").read_text()
                    total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])  # type: ignore[index]
            except OSError:
                continue
        return total / 1024

    def stop(self) -> None:
        """End it and whatever it started."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def serve(instance: Path) -> Running:
    """``supervise serve`` over an instance folder."""
    command = [sys.executable, "-m", "supervise", "serve", "--port", "{port}"]
    return Running(command, "/healthz", instance)


def serve_bare() -> Running:
    """The bare app to compare with."""
    return Running([sys.executable, "-m", "tests.bench.bare", "{port}"], "/1")


class Client:
    """One person's browser: a connection that stays open, and its cookie."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookie = ""
        self.token = ""

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; the form token of the page is kept."""
        status, body = self._ask("GET", path)
        if found := TOKEN.search(body.decode(errors="replace")):
            self.token = found[1]
        return status, body

    def post(
        self, path: str, fields: dict[str, object], *, htmx: bool = False
    ) -> tuple[int, bytes]:
        """Send a form, as a page of the app or as htmx does."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if htmx:
            headers["HX-Request"] = "true"
        return self._ask("POST", path, urlencode({"csrf_token": self.token, **fields}), headers)

    def sign_in(self, email: str, password: str) -> None:
        """Through the form."""
        self.get("/login")
        status, _ = self.post("/login", {"email": email, "password": password})
        if status != 303:
            raise RuntimeError(f"{email} could not sign in: {status}")

    def timed(self, path: str) -> tuple[float, bytes]:
        """Milliseconds until the whole page is there, and the page; raises where it is not one."""
        began = time.perf_counter()
        status, body = self._ask("GET", path)
        took = (time.perf_counter() - began) * 1000
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
        return took, body

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        sent = {**(headers or {}), **({"Cookie": self.cookie} if self.cookie else {})}
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        text = answer.read()
        for header in answer.headers.get_all("Set-Cookie") or ():
            self.cookie = "; ".join(f"{k}={v.value}" for k, v in SimpleCookie(header).items())
        return answer.status, text
