"""What there is to compare with: Flask that returns so many bytes, behind the same server.

``python -m tests.bench.bare PORT`` serves it with the settings of ``supervise serve``.
"""

from __future__ import annotations

import sys
from functools import cache

from flask import Flask, request
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from supervise.cli.serve import THREADS, WORKERS


def create_app() -> Flask:
    """One page of as many bytes as its address says; a form sent to it is read."""
    app = Flask(__name__)

    @cache
    def text(size: int) -> str:
        return "x" * size

    @app.route("/<int:size>", methods=["GET", "POST"])
    def page(size: int) -> str:
        return text(size) if request.method == "GET" or request.form else ""

    return app


if __name__ == "__main__":
    Server(
        "tests.bench.bare:create_app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        factory=True,
        workers=WORKERS,
        blocking_threads=THREADS,
        log_level=LogLevels.warning,
        websockets=False,
    ).serve()
