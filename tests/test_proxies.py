"""Behind a reverse proxy: whose address it is comes from the proxy, and from nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import request

from supervise import auth, create_app
from supervise.settings import Settings


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_the_address_of_a_visitor(
    proxies: int, seen: str, address: str, tmp_path: Path, engine: str
) -> None:
    app = create_app(Settings.load(tmp_path, address, proxies=proxies, testing=True))

    @app.get("/seen")
    @auth.public
    def show() -> str:
        return f"{request.remote_addr} {request.scheme}"

    forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Proto": "https"}
    answer = app.test_client().get("/seen", headers=forged)
    assert answer.text.split()[0] == seen
    assert answer.text.endswith("https" if proxies else "http")
