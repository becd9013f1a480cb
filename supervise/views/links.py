"""Links for people without an account: to look changes nothing, to press a button decides once.

The token in the address is what lets somebody in, so no cookie and no form token is asked for.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import segno
from flask import Blueprint, Response, flash, request, url_for
from flask_login import current_user
from markupsafe import Markup

from supervise import auth, web
from supervise.models import Link
from supervise.views import link_confirmation, link_contract, link_feedback, link_wrote

bp = Blueprint("links", __name__)

PURPOSES: dict[str, ModuleType] = {
    "contract": link_contract,
    "confirmation": link_confirmation,
    "feedback": link_feedback,
}
"""Purpose → the module that shows what is asked (``show``), takes the answer (``decide``), and takes
the link back for whoever sent it (``withdraw``, which says what became of it)."""


@bp.get("/link/<token>", strict_slashes=False)  # some programs add a slash
@auth.public
def page(token: str) -> Any:
    """What is asked, or why this link asks nothing any more."""
    link = Link.with_token(token)
    if link is None or standing_of(link) != "open":
        return closed(link)
    return _private(PURPOSES[link.purpose].show(link))


@bp.post("/link/<token>", strict_slashes=False)
@auth.checks_token_itself
@auth.public
def answer(token: str) -> Any:
    """Take the answer, once. Whoever sent the link cannot answer it, nor who looks after them."""
    link = Link.with_token(token)
    if link is None or standing_of(link) != "open":
        return closed(link)
    if not may_answer(link):
        return _private(web.show("link/yours.html", status=403, link=link))
    return _private(PURPOSES[link.purpose].decide(link))


def closed(link: Link | None) -> Response:
    """Answered: a thank-you, as often as it is pressed. Never made: 404. Otherwise closed: 410.

    What was sent to a link that closed meanwhile is shown back, and kept nowhere.
    """
    standing = standing_of(link) if link else "unknown"
    status = {"used": 200, "unknown": 404}.get(standing, 410)
    told = getattr(PURPOSES[link.purpose], "answered", None) if link else None
    kept = link and (link.expires_at > auth.now() or hasattr(PURPOSES[link.purpose], "FOR_GOOD"))
    if link and standing == "used" and told and kept:
        return _private(told(link))
    if link and standing in link_wrote.LATE:
        purpose = PURPOSES[link.purpose]
        wrote = purpose.wrote(request.form) if request.method == "POST" else ()
        ended = getattr(purpose, "why_ended", None) if standing == "ended" else None
        return _private(link_wrote.closed(link, standing, wrote, ended(link) if ended else ""))
    return _private(web.show("link/closed.html", status=status, link=link, standing=standing))


def standing_of(link: Link) -> str:
    """How a link stands; a purpose may have reasons to tell less (an anonymous feedback).

    ``left``: it is open, but the account of whoever sent it is closed, so it decides nothing.
    """
    told = getattr(PURPOSES[link.purpose], "standing", None)
    standing = str(told(link, auth.now())) if told else link.standing(auth.now())
    return "left" if standing == "open" and not link.learner.active else standing


def is_sender(link: Link) -> bool:
    """Whether the learner who sent the link has opened it themselves, signed in."""
    return bool(current_user.is_authenticated and current_user.person.id == link.learner_id)


def may_answer(link: Link) -> bool:
    """Whether nobody is signed in who may not answer by it (``Link.can_answer``)."""
    return not current_user.is_authenticated or link.can_answer(current_user.person, auth.now())


def other_reader(link: Link) -> str:
    """The name of somebody signed in who did not send the link: a client may have an account."""
    known = current_user.is_authenticated and not is_sender(link)
    return str(current_user.person.name) if known else ""


def address(link: Link) -> str:
    """The whole address of a link, to copy or to send."""
    return url_for("links.page", token=link.token, _external=True)


def qr(link: Link) -> Markup:
    """The address as a picture for a phone's camera, as SVG within the page."""
    drawn = segno.make(address(link), error="m").svg_inline(
        border=4, omitsize=True, dark="#000", light="#fff", lineclass=None, svgclass=None
    )  # the light is drawn too, with the four modules that a camera needs around it
    return Markup(drawn)  # noqa: S704 - segno's own, of an address that we made


def _private(response: Response) -> Response:
    """The token stands in the address, so the address is told to nobody and found by no search."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.app_context_processor
def _helpers() -> dict[str, Any]:
    return {
        "link_address": address, "link_qr": qr, "is_link_sender": is_sender,
        "link_reader": other_reader, "may_answer_link": may_answer,
    }  # fmt: skip


@bp.post("/links/<int:link_id>/end")
@auth.allow("learner")
def end(link_id: int) -> Response:
    """Withdraw a link that was sent to the wrong person; what it asked can be asked again."""
    link = web.load(Link.visible_to(auth.actor()), link_id)
    flash(PURPOSES[link.purpose].withdraw(link))
    back = auth.local_path(request.form.get("back"))
    return web.done(back or url_for("clients.page"))
