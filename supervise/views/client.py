"""One client: what the coach noted, who it is (the vault), and consent with its withdrawal.

Its routes hang on the clients' blueprint, which is registered after this module is imported.
"""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, request, url_for

from supervise import auth, web
from supervise.errors import error_page
from supervise.forms.client import AboutForm, ConsentForm, IdentityForm, WithdrawalForm
from supervise.forms.contracts import mark, mark_names
from supervise.models import Client, ClientIdentity, Consent, erasure
from supervise.models.centres import Refused
from supervise.models.sessions import KINDS
from supervise.models.vault import GivenAway
from supervise.reports import clients as report
from supervise.views.clients import bp


@bp.get("/clients/<int:client_id>")
@auth.allow("learner")
def one(client_id: int) -> Response:
    """Everything of one client, for the learner whose client it is."""
    return client_page(_mine(client_id))


def _mine(client_id: int) -> Client:
    client: Client = web.load(Client.visible_to(auth.actor()), client_id)
    return client


def client_page(client: Client, status: int = 200, refusal: str = "", **forms: Any) -> Response:
    """The page; ``forms`` are those that were sent and lack something, by name."""
    actor, consent = auth.actor(), Consent.last(client)
    open_ = consent if consent and consent.withdrawn_on is None else None
    for form in forms.values():
        form.keep_showable()
    told = {
        "about": AboutForm(None, obj=client),
        "identity": IdentityForm(None, obj=ClientIdentity.of(client, actor)),
        "consent_form": ConsentForm(
            None,
            data={"given_on": open_.given_on.isoformat(), "scope": open_.scope} if open_ else {},
        ),
    } | forms
    return web.show(
        "clients/client.html",
        None,
        status,
        client=client,
        consent=consent,
        withdrawn=consent is not None and open_ is None,
        works=report.works([client.id])[client.id],
        naming=report.naming(client, auth.actor()),
        found=[fault for form in forms.values() for fault in form.found],
        refusal=refusal,
        **told,
    )


@bp.post("/clients/<int:client_id>/about")
@auth.allow("learner")
@auth.keeps_typing
def keep_about(client_id: int) -> Response:
    """Keep what was found out about a client."""
    client, form = _mine(client_id), AboutForm()
    fine = form.validate()
    if mark_names(form, ClientIdentity.of(client, auth.actor())) or not fine:
        return client_page(client, 422, about=form)
    try:
        client.describe(form.data, by=auth.actor(), now=auth.now())
    except Refused as refused:
        return client_page(client, 409, refused.sentence)
    return _kept(client)


@bp.post("/clients/<int:client_id>/identity")
@auth.allow("learner")
def keep_identity(client_id: int) -> Response:
    """Keep who it is. Not carried through a new sign-in: the next person must not read it there."""
    client, form = _mine(client_id), IdentityForm()
    if not form.validate():
        return client_page(client, 422, identity=form)
    try:
        ClientIdentity.keep(client, form.data, by=auth.actor(), now=auth.now())
    except GivenAway as told:
        mark(form, told.faults)
        return client_page(client, 422, identity=form)
    except Refused as refused:
        return client_page(client, 409, refused.sentence)
    return _kept(client)


@bp.post("/clients/<int:client_id>/consent")
@auth.allow("learner")
def give_consent(client_id: int) -> Response:
    """Record consent, or correct what was recorded."""
    client, form = _mine(client_id), ConsentForm()
    if form.validate():
        try:
            Consent.give(client, form.day, form.scope.data, by=auth.actor(), now=auth.now())
        except ValueError as refused:
            form.given_on.errors = [str(refused)]
        else:
            return _kept(client)
    return client_page(client, 422, consent_form=form)


def _kept(client: Client) -> Response:
    flash("Saved.")
    return web.done(url_for("clients.one", client_id=client.id))


@bp.get("/clients/<int:client_id>/withdrawal")
@auth.allow("learner")
def withdrawal(client_id: int) -> Response:
    """The first step of withdrawing consent: what goes and what stays. Nothing is changed."""
    today = auth.actor().today.isoformat()
    return withdrawal_page(_mine(client_id), WithdrawalForm(None, data={"withdrawn_on": today}))


def withdrawal_page(client: Client, form: WithdrawalForm, status: int = 200) -> Response:
    """What goes and what stays, in numbers; nothing to press where no consent is open."""
    consent = Consent.last(client)
    if consent is None:
        back = url_for("clients.one", client_id=client.id), "Back to the client"
        return error_page(409, "No consent is recorded", "Record it first, then withdraw it.", back)
    form.keep_showable()
    return web.show(
        "clients/withdrawal.html",
        None,
        status,
        client=client,
        consent=consent,
        extent=erasure.extent(client, auth.now()),
        form=form,
    )


@bp.post("/clients/<int:client_id>/withdrawal")
@auth.allow("learner")
def withdraw(client_id: int) -> Response:
    """The second step: take the content away, for good."""
    client, form = _mine(client_id), WithdrawalForm()
    consent = Consent.last(client)
    if consent is None or not form.validate():
        return withdrawal_page(client, form, 422)
    if consent.withdrawn_on is not None:  # pressed twice
        return web.done(url_for("clients.one", client_id=client.id))
    try:
        erased = erasure.withdraw(consent, form.day, by=auth.actor(), now=auth.now())
    except ValueError as refused:
        form.withdrawn_on.errors = [str(refused)]
        return withdrawal_page(client, form, 422)
    sessions = "1 session has" if erased == 1 else f"{erased} sessions have"
    flash(f"Consent is withdrawn. {sessions} lost what was written; when and how long stays.")
    return web.done(url_for("clients.one", client_id=client.id))


@bp.post("/clients/<int:client_id>/engagements")
@auth.allow("learner")
def begin(client_id: int) -> Response:
    """Begin coaching or mentoring this client before the first session: its page has the contract."""
    client, kind = _mine(client_id), request.form.get("kind")
    if kind not in KINDS:
        abort(400)
    engagement = client.engagement(kind)
    return web.done(url_for("clients.engagement", engagement_id=engagement.id))
