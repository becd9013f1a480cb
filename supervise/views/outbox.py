"""The outbox, for administrators: what waits, what was sent, what failed and why, and to send again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from supervise import auth, web
from supervise.mail import compose
from supervise.mail.letters import Site
from supervise.models import Link, Mail, delivery
from supervise.reports import outbox as report
from supervise.workflow import WrongState

bp = Blueprint("outbox", __name__)


@bp.get("/admin/outbox")
@auth.allow("admin")
def page() -> Response:
    """The centre's mail, as ``?state=&kind=&sort=&page=`` ask for. At most ten queries."""
    me, asked = auth.actor(), _asked()
    found = web.Page.of(report.listed(me, **asked), most=report.MOST)
    return web.show(
        "outbox/page.html", "outbox/_list.html", found=found, lines=report.lines(me, found.rows),
        counts=report.counts(me), most=report.MOST, states=report.STATES, kinds=report.KINDS, sorts=report.SORTS,
        asked=asked, settings=web.current_settings(), went_out=report.went_out(me),
    )  # fmt: skip


@bp.get("/admin/outbox/<int:mail_id>")
@auth.allow("admin")
def one(mail_id: int) -> Response:
    """One mail as it would be written now, without its link and without who a client is."""
    return _one(_load(mail_id))


@bp.post("/admin/outbox/<int:mail_id>/again")
@auth.allow("admin")
def again(mail_id: int) -> Response:
    """Send a mail that failed again, with the next run."""
    mail = _load(mail_id)
    try:
        delivery.again(mail, by=auth.actor(), now=auth.now())
    except WrongState as refused:
        return _one(mail, 409, refused.sentence)
    flash("It goes out with the next run.")
    return web.done(url_for(".page"))


@bp.post("/admin/outbox/again")
@auth.allow("admin")
def all_again() -> Response:
    """Send all mail again that failed, with the next run."""
    many = delivery.all_again(by=auth.actor(), now=auth.now())
    went = "1 mail goes" if many == 1 else f"{many} mails go"
    flash(f"{went} out with the next run." if many else "No mail has failed.")
    return web.done(url_for(".page"))


def _load(mail_id: int) -> Mail:
    found: Mail = web.load(Mail.visible_to(auth.actor()), mail_id)
    return found


def _asked() -> dict[str, str]:
    known = {"state": report.STATES, "kind": report.KINDS, "sort": report.SORTS}
    given = {name: request.args.get(name, "") for name in known}
    return {name: value if value in known[name] else "" for name, value in given.items()}


def _one(mail: Mail, status: int = 200, refused: str = "") -> Response:
    site = Site(web.current_settings().public_url, veiled=True)
    told: dict[str, Any] = {"letter": None, "why": ""}
    try:
        told["letter"] = compose.letter(mail, site, auth.now())
    except compose.Gone as gone:
        told["why"] = gone.why
    except LookupError:
        told["why"] = "Nobody knows how to write mail of this kind."
    [line] = report.lines(auth.actor(), [mail])
    return web.show("outbox/one.html", status=status, mail=mail, line=line, refused=refused, **told)


@bp.app_context_processor
def _helpers() -> dict[str, Any]:
    """Whether links go out by mail too, for the pages on which they can be copied."""
    settings = web.current_settings()
    return {"mails_links": bool(settings.smtp and settings.public_url), "link_mail": _link_mail}


def _link_mail(link: Link) -> Mail | None:
    """The mail that carries a link of the actor's; None where no address is kept. One query a page."""
    if "link_mail" not in g:
        g.link_mail = Mail.of_open_links(auth.actor())
    found: Mail | None = g.link_mail.get(link.id)
    return found
