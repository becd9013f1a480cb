"""Confirmations, for the learner: whom to ask about which sessions, and what clients said."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, request, url_for

from supervise import auth, web
from supervise.models import Client, Consent, confirmations
from supervise.models.centres import Refused
from supervise.reports import confirmations as report
from supervise.reports import diary

bp = Blueprint("confirmations", __name__)
ASK = "Tick the sessions to ask about."


@bp.get("/confirmations")
@auth.allow("learner")
def page() -> Response:
    """One tab of it, as ``?state=&client=&page=`` ask for."""
    return _page()


@bp.post("/confirmations")
@auth.allow("learner")
def ask() -> Response:
    """Ask one client about the ticked sessions or all there are, or once more about some."""
    actor, everything = auth.actor(), bool(request.form.get("all"))
    found = map(web.number, request.form.getlist("session"))
    ticked = {id_ for id_ in found if id_ is not None}
    if not ticked and not everything:
        return _page(422, refused=ASK, ticked=ticked)
    client = web.load(Client.visible_to(actor), web.number(request.form.get("client")) or 0)
    if everything:
        ticked = {row.session_id for row in report.to_ask(actor, client.id)}
    try:
        link = confirmations.ask(client, ticked, by=actor, now=auth.now())
    except Refused as refused:
        return _page(422, refused=refused.sentence, ticked=ticked)
    flash(f"The link for {client.alias} is ready: send it, or show the picture.")
    return web.done(url_for(".page", state="asked") + f"#asks-{link.id}")


def _page(status: int = 200, refused: str = "", ticked: Any = frozenset()) -> Response:
    actor = auth.actor()
    tab = request.args.get("state", "")
    tab = tab if tab in report.TABS else ""
    client = web.number(request.args.get("client"))
    told: dict[str, Any] = {}
    if tab == "":
        found = web.Page.of(report.to_ask(actor, client))
        told["groups"] = groups = report.by_client(found.rows)
        told["how_many"] = report.how_many(actor, [client.id for client, _ in groups])
    elif tab == "asked":
        found = web.Page.of(report.links(actor, client), report.LINKS_PER_PAGE)
        told["asking"] = report.asking(found.rows, auth.now())
    else:
        found = web.Page.of(report.answers(actor, tab, client))
        told["gone"] = Consent.withdrawn_of({row.client_id for row in found.rows})
        if tab == "lapsed":
            told["why"] = report.why_lapsed(found.rows)
            told["since"] = report.since_lapsed(actor, found.rows)
        elif tab == "disputed":
            told["again_at"] = report.asked_again(found.rows)
    return web.show(
        "confirmations/page.html", "confirmations/_list.html", status,
        tab=tab, tabs=report.TABS, counts=report.counts(actor, client), found=found, said=report.said,
        clients=diary.clients_of(actor), client=client, refused=refused, ticked=ticked, **told,
    )  # fmt: skip
