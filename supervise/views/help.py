"""Help and privacy: what each role does, the keys of the queue, and who sees what."""

from typing import Any

from flask import Blueprint

from supervise import auth, web

bp = Blueprint("help", __name__)


@bp.get("/help")
@auth.public
def page() -> Any:
    """What each role does here, and how."""
    return web.show("help/page.html")


@bp.get("/privacy")
@auth.public
def privacy() -> Any:
    """Who sees what."""
    return web.show("help/privacy.html")
