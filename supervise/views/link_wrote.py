"""A link that closed while somebody wrote: why, and what they wrote, which is kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

from supervise import auth, web
from supervise.models import Link

LATE = ("ended", "expired", "left")
OVER = "This link was answered or withdrawn already. Nothing was changed."
"""What the learner is told who withdraws a link that is closed."""


def too_late(link: Link, wrote: Iterable[str], why: str = "") -> Response | None:
    """The page of a link that was withdrawn or ran out a moment ago; nothing where it was used."""
    fresh = Link.get_by_id(link.id)
    standing = fresh.standing(auth.now())
    return closed(fresh, standing, wrote, why) if standing in LATE else None


def closed(link: Link, standing: str, wrote: Iterable[str], why: str = "") -> Response:
    """Why the link asks nothing any more, with the texts that were sent to it."""
    texts = [text.strip() for text in wrote if text.strip()]
    return web.show(
        "link/closed.html", status=410, link=link, standing=standing, wrote=texts, why=why
    )
