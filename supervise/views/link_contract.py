"""A link's page for a contract: what is asked, and the answer taken."""

from __future__ import annotations

from typing import Any

from flask import Response

from supervise import web
from supervise.models import Link


def show(link: Link, status: int = 200, **told: Any) -> Response:
    """What is asked; ``told`` carries what was typed and what is wrong with it."""
    return web.show("link/closed.html", status=status, link=link, standing="ended", **told)


def decide(link: Link) -> Response:
    """Take the answer; a form that lacks something comes back with all that was typed."""
    return show(link)
