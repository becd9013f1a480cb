"""One client: what the coach noted, who it is (the vault), and consent with its withdrawal.

The three are one form with one button, so that saving one part loses nothing of the others; kept in
the browser they would leave names and addresses on the device.

Its routes hang on the clients' blueprint, which is registered after this module is imported.
"""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, request, url_for

from supervise import auth, web
from supervise.errors import error_page
from supervise.forms.client import PARTS, WithdrawalForm, seal
from supervise.forms.contracts import mark, mark_names
from supervise.models import Client, ClientIdentity, Consent, erasure
from supervise.models.centres import Refused
from supervise.models.sessions import KINDS
from supervise.models.vault import GivenAway, keep_all
from supervise.reports import clients as report
from supervise.reports.naming import naming
from supervise.views.clients import bp


@bp.get("/clients/<int:client_id>")
@auth.allow("learner")
def one(client_id: int) -> Response:
    """Everything of one client, for the learner whose client it is."""
    return client_page(_mine(client_id))


def _mine(client_id: int) -> Client:
    client: Client = web.load(Client.visible_to(auth.actor()), client_id)
    return client


def _stored(
    client: Client, consent: Consent | None, who: ClientIdentity
) -> dict[str, dict[str, str]]:
    """What each part of the page says, by field; of a consent that was withdrawn, nothing."""
    open_ = consent if consent and consent.withdrawn_on is None else None
    return {
        "about": {name: getattr(client, name) for name in ("kind", *Client.ABOUT)},
        "identity": {name: getattr(who, name) for name in ClientIdentity.NAMES},
        "consent": {
            "given_on": open_.given_on.isoformat() if open_ else "",
            "scope": open_.scope if open_ else "",
        },
    }


def client_page(client: Client, forms: Any = None, status: int = 200, **told: Any) -> Response:
    """The page; ``forms`` are those that were sent, by part, where they were not kept.

    ``told`` carries the ``refusal``, and what was saved ``elsewhere`` meanwhile, by field.
    """
    consent, forms = Consent.last(client), forms or {}
    who = ClientIdentity.of(client, auth.actor())
    said = _stored(client, consent, who)
    for form in forms.values():
        form.keep_showable()
    shown = {part: forms.get(part) or PARTS[part](None, data=said[part]) for part in PARTS}
    seals = {part: seal(said[part]) for part in PARTS}
    if status == 422:  # what was saved elsewhere must still be noticed
        seals |= {part: request.form.get(f"seal-{part}", seals[part]) for part in PARTS}
    return web.show(
        "clients/client.html",
        None,
        status,
        client=client,
        consent=consent,
        withdrawn=consent is not None and consent.withdrawn_on is not None,
        works=report.works([client.id])[client.id],
        naming=naming(who, auth.actor()),
        found=[fault for form in forms.values() for fault in form.found],
        seals=seals,
        told={"elsewhere": {}, "refusal": ""} | told,
        unsaved=status != 200,
        about=shown["about"],
        identity=shown["identity"],
        consent_form=shown["consent"],
    )


@bp.post("/clients/<int:client_id>")
@auth.allow("learner")
@auth.keeps_typing_but(*ClientIdentity.NAMES, "seal-identity")
def keep(client_id: int) -> Response:
    """Keep all that was typed on the page, or nothing; with ``begin`` an engagement begins as well."""
    client, kind = _mine(client_id), request.form.get("begin")
    if kind and kind not in KINDS:
        abort(400)
    said = _stored(client, Consent.last(client), ClientIdentity.of(client, auth.actor()))
    forms = _sent(said)
    if not _fit(client, forms):
        return client_page(client, forms, 422)
    if elsewhere := _differences(said, forms):
        return client_page(client, forms, 409, elsewhere=elsewhere)
    try:
        keep_all(client, by=auth.actor(), now=auth.now(), **_typed(forms))
    except GivenAway as told:
        mark(forms["identity"], told.faults)
    except Refused as refused:
        return client_page(_mine(client_id), None, 409, refusal=refused.sentence)
    except ValueError as refused:
        forms["consent"].given_on.errors = [str(refused)]
    else:
        web.say(
            f"Saved, and {kind} begins here: set goals and write the contract."
            if kind
            else "Saved."
        )
        return web.done(
            url_for("clients.engagement", engagement_id=client.engagement(kind).id)
            if kind
            else url_for("clients.one", client_id=client.id)
        )
    return client_page(_mine(client_id), forms, 422)


def _sent(said: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The parts that were sent. No consent is recorded by a part left empty beside others."""
    forms: dict[str, Any] = {
        part: form()
        for part, form in PARTS.items()
        if any(name in request.form for name in said[part])
    }
    first = "consent" in forms and forms["consent"].is_blank and not said["consent"]["given_on"]
    if first and len(forms) > 1:
        del forms["consent"]
    return forms


def _fit(client: Client, forms: dict[str, Any]) -> bool:
    """Whether all of it can be kept; a sentence stands beside what cannot."""
    unfit = [part for part, form in forms.items() if not form.validate()]
    known = ClientIdentity.names_of(client.learner_id)
    if "identity" in forms:
        others = ClientIdentity.names_of(client.learner_id, but=client)
        known = (*others, *ClientIdentity(client=client, **forms["identity"].typed).identifiers)
    return not mark_names(forms.get("about", ()), known) and not unfit


def _typed(forms: dict[str, Any]) -> dict[str, Any]:
    """What was typed, as ``keep_all`` takes it."""
    typed: dict[str, Any] = {part: form.typed for part, form in forms.items()}
    if "consent" in forms:
        typed["consent"] = forms["consent"].day, forms["consent"].scope.data
    return typed


def _differences(said: dict[str, dict[str, str]], forms: dict[str, Any]) -> dict[str, str]:
    """By field, what another tab saved since this page was opened, where it differs."""
    stale = [
        part for part in forms if request.form.get(f"seal-{part}", "") not in ("", seal(said[part]))
    ]
    return {
        name: said[part][name]
        for part in stale
        for name, text in forms[part].typed.items()
        if text != said[part][name]
    }


@bp.get("/clients/<int:client_id>/withdrawal")
@auth.allow("learner")
def withdrawal(client_id: int) -> Response:
    """The first step of withdrawing consent: what goes and what stays. Nothing is changed."""
    today = auth.actor().latest_day.isoformat()
    return withdrawal_page(_mine(client_id), WithdrawalForm(None, data={"withdrawn_on": today}))


def withdrawal_page(client: Client, form: WithdrawalForm, status: int = 200) -> Response:
    """What goes and what stays, in numbers; nothing to press where no consent is open."""
    consent = Consent.last(client)
    if consent is None:
        back = url_for("clients.one", client_id=client.id), "Back to the client"
        return error_page(409, "No consent is recorded", "Record it first, then withdraw it.", back)
    form.keep_showable()
    who = ClientIdentity.of(client, auth.actor())
    return web.show(
        "clients/withdrawal.html",
        None,
        status,
        client=client,
        consent=consent,
        extent=erasure.extent(client, auth.now()),
        naming=[one for one in naming(who, auth.actor()) if one.stays],
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
