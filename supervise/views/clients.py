"""Clients by alias, and the day each contract was agreed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for

from supervise import auth, web
from supervise.forms.clients import (
    NAME_LIKE,
    ClientForm,
    ContractForm,
    alias_fault,
    day_typed,
    looks_like_a_name,
    reason_fault,
    showable,
)
from supervise.models import Client, Consent, Engagement
from supervise.reports import clients as report
from supervise.reports import contracts
from supervise.rules.moments import long_date

bp = Blueprint("clients", __name__)


@bp.get("/clients")
@auth.allow("learner")
def page() -> Response:
    """The learner's clients."""
    return list_page()


def list_page(status: int = 200, **told: Any) -> Response:
    """All clients; ``told`` carries what was typed and what is wrong with it, by place."""
    actor = auth.actor()
    return web.show(
        "clients/page.html",
        None,
        status,
        rows=report.rows(actor),
        needing=report.units_that_need_a_contract(actor),
        told={"place": "", "sentence": "", "typed": ""} | told,
        doubted=told.get("sentence") == NAME_LIKE,
    )


@bp.post("/clients")
@auth.allow("learner")
def add() -> Response:
    """A new client, by alias."""
    actor, form = auth.actor(), ClientForm()
    alias, kind = form.alias.data or "", form.kind.data or "individual"
    wrong = alias_fault(alias)
    if kind not in Client.KINDS:
        wrong = "Choose one person or a team."
    if not wrong and Client.known(alias, centre=actor.centre, learner=actor.person):
        wrong = "You have a client with this alias already. Choose another."
    wrong = wrong or Client.names(alias, actor.person.id)
    if not wrong and not form.sure.data and looks_like_a_name(alias):
        wrong = NAME_LIKE
    if wrong:
        return list_page(422, place="new", sentence=wrong, typed=showable(alias), kind=kind)
    Client.called(alias, centre=actor.centre, learner=actor.person, now=auth.now(), kind=kind)
    return web.done(url_for("clients.page"))


@bp.post("/clients/<int:client_id>/alias")
@auth.allow("learner")
def rename(client_id: int) -> Response:
    """Another alias for a client."""
    actor = auth.actor()
    client = web.load(Client.visible_to(actor), client_id)
    form = ClientForm()
    alias = form.alias.data or ""
    wrong = alias_fault(alias)
    if not wrong and not form.sure.data and looks_like_a_name(alias):
        wrong = NAME_LIKE
    if not wrong:
        try:
            client.rename(alias, by=actor, now=auth.now())
        except ValueError as refused:
            wrong = str(refused)
    if wrong:
        return list_page(422, place=f"client-{client_id}", sentence=wrong, typed=showable(alias))
    return web.done(url_for("clients.page"))


@bp.get("/engagements/<int:engagement_id>")
@auth.signed_in
def engagement(engagement_id: int) -> Response:
    """One engagement by alias: contract, goals and closing review, for the learner and supervisor."""
    return contract_page(web.load(Engagement.visible_to(auth.actor()), engagement_id))


def contract_page(engagement: Engagement, status: int = 200, **told: Any) -> Response:
    """All of an engagement; ``told`` carries what was typed and the sentences by field."""
    actor = auth.actor()
    overview = contracts.overview(engagement, actor, auth.now())
    is_mine = actor.is_(engagement.client.learner_id)
    withdrawn = is_mine and Consent.is_withdrawn(engagement.client)
    return web.show(
        "clients/engagement.html",
        None,
        status,
        engagement=engagement,
        is_mine=is_mine,
        withdrawn=withdrawn,
        may_set=engagement.can_set_contract(actor) and not (withdrawn and not told),
        overview=overview,
        told={"found": {}, "agreed_on": None, "reason": ""} | told,
    )


@bp.post("/engagements/<int:engagement_id>/contract")
@auth.allow("learner", "supervisor")
def set_contract(engagement_id: int) -> Response:
    """Keep the day the contract was agreed on paper; a supervisor who gives another says why.

    The coach gives none: what they write of a client could not be taken out of the history again.
    """
    actor, form = auth.actor(), ContractForm()
    engagement = web.load(Engagement.visible_to(actor), engagement_id)
    web.require(engagement.can_set_contract(actor))
    is_mine = actor.is_(engagement.client.learner_id)
    typed = (form.agreed_on.data or "").strip()
    reason = "" if is_mine else (form.reason.data or "").strip()
    agreed_on, wrong = day_typed(typed)
    other = not is_mine and agreed_on != engagement.contract_agreed_on
    found = {}
    if wrong or agreed_on is None:
        found["agreed_on"] = wrong or "Give the day both agreed the contract."
    if why := reason_fault(reason, required=other):
        found["reason"] = why
    if not found:
        try:
            engagement.set_contract(
                agreed_on, by=actor, now=auth.now(), note=reason,
                seen=web.number(form.version.data) or 0,
            )  # fmt: skip
        except ValueError as refused:
            found["agreed_on"] = str(refused)
    if found or agreed_on is None:
        return contract_page(
            engagement, 422, found=found, agreed_on=showable(typed), reason=showable(reason)
        )
    web.say(
        f"Kept: agreed on paper on {long_date(agreed_on)}. Your supervisor has still to accept it."
        if is_mine
        else f"Accepted: agreed on paper on {long_date(agreed_on)}. Hours since then can count."
    )
    return web.done(url_for("clients.engagement", engagement_id=engagement_id))
