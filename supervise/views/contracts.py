"""A contract's versions: written, offered and ended by the learner; read by the supervisor too."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from flask.blueprints import Blueprint

from supervise import auth, web
from supervise.errors import error_page
from supervise.forms.contracts import EndForm, mark, mark_names, terms_form, terms_of
from supervise.forms.faults import faults_of
from supervise.models import ClientIdentity, Consent, Contract, Engagement, agreeing
from supervise.models.contracts import OPEN, ChangedElsewhere
from supervise.reports import contracts as report
from supervise.reports.contract_history import was_returned
from supervise.rules import moments
from supervise.rules.contracts import GROUPS, Terms, difference, goal_lacks, parts_of
from supervise.workflow import WrongState

bp = Blueprint("contracts", __name__)


@bp.post("/engagements/<int:engagement_id>/contracts")
@auth.allow("learner")
def begin(engagement_id: int) -> Response:
    """Open the contract to write: the first, a new version of the last, or the one under way."""
    actor = auth.actor()
    engagement = web.load(Engagement.visible_to(actor), engagement_id)
    web.require(actor.is_(engagement.client.learner_id))
    contract = Contract.begin(engagement, by=actor, now=auth.now())
    return web.done(url_for("contracts.edit", contract_id=contract.id))


@bp.get("/contracts/<int:contract_id>")
@auth.allow("learner", "supervisor")
def show(contract_id: int) -> Response:
    """One version to read, with what changed since the one before."""
    return page(web.load(Contract.visible_to(auth.actor()), contract_id), EndForm())


def page(contract: Contract, form: EndForm, status: int = 200) -> Response:
    """The version as it was offered; a draft with the engagement's goals as they are now."""
    actor, before = auth.actor(), report.before(contract)
    terms, may_edit = offered_terms(contract), contract.can_edit(actor)
    [version] = report.with_answers([contract], auth.now(), is_mine=may_edit)
    return web.show(
        "contracts/show.html",
        None,
        status,
        contract=contract,
        version=version,
        terms=terms,
        parts=parts_of(terms.parties),
        before=before,
        changes=difference(before.terms, terms) if before else [],
        plans=report.plans(terms, contract.engagement),
        may_edit=may_edit,
        unasked=report.unasked_sponsor(contract) if may_edit else None,
        returned=was_returned(contract),
        withdrawn=may_edit and Consent.is_withdrawn(contract.engagement.client),
        form=form,
        found=faults_of(form),
    )


def offered_terms(contract: Contract) -> Terms:
    """What a version says; a draft takes the engagement's goals when it is offered."""
    said = contract.terms
    if contract.state != "draft":
        return said
    goals = agreeing.goals_to_offer(contract)
    return Terms(said.parties, said.shared, goals, said.planned_sessions, said.planned_minutes)


@bp.get("/contracts/<int:contract_id>/edit")
@auth.allow("learner")
def edit(contract_id: int) -> Response:
    """The form of a draft, or of an offer that is to be taken back; another version is read."""
    contract = web.load(Contract.visible_to(auth.actor()), contract_id)
    web.require(contract.can_edit(auth.actor()))
    gone = Consent.is_withdrawn(contract.engagement.client)
    if contract.state not in OPEN or gone:
        return web.done(url_for("contracts.show", contract_id=contract.id))
    return editing(contract, terms_form(contract))


def editing(
    contract: Contract, form: Any, status: int = 200, seen: int | None = None, **told: Any
) -> Response:
    """The form; ``told`` carries what belongs to no field of it: ``goals`` and ``meanwhile``.

    Also ``elsewhere``, what was saved elsewhere, by field; and ``received``: whether what was sent
    was ``stored``, or is in the fields alone, as ``typed``.
    """
    terms = offered_terms(contract)
    loose = [("goals", "Goals", told["goals"])] if told.get("goals") else []
    return web.show(
        "contracts/edit.html",
        None,
        status,
        contract=contract,
        form=form,
        groups=GROUPS,
        goals=[(goal, goal_lacks(goal)) for goal in terms.goals],
        unasked=report.unasked_sponsor(contract),
        plans=report.plans(form.plan, contract.engagement),
        found=faults_of(form) + loose,
        seen=contract.version if seen is None else seen,
        received=told.get("received", "typed" if request.method == "POST" else ""),
        told={"elsewhere": {}} | told,
    )


@bp.post("/contracts/<int:contract_id>/edit")
@auth.allow("learner")
@auth.keeps_typing
def save(contract_id: int) -> Response:
    """Keep what was written; with ``go=offer`` offer it to the other parties as well."""
    actor, now, go = auth.actor(), auth.now(), request.form.get("go")
    contract, form = _sent(contract_id)
    if _unfit(form):
        return editing(contract, form, 422, _seen(contract))
    try:
        contract = _store(contract, form, finished=True)
    except WrongState as refused:
        fresh = contract.as_open(actor)
        both = form.differences(fresh) if isinstance(refused, ChangedElsewhere) else {}
        return editing(fresh, form, 409, meanwhile=refused.sentence, elsewhere=both)
    if go == "goal":
        where = {"engagement_id": contract.engagement_id, "contract": contract.id}
        return web.done(url_for("goals.new", **where))
    if go != "offer":
        web.say("Saved. Nobody is asked until you offer it.")
        return web.done(url_for("contracts.show", contract_id=contract.id))
    try:
        if contract.state == "draft":  # else it was pressed twice
            agreeing.offer(contract, version=contract.version, by=actor, now=now)
    except agreeing.NotReady as lacking:
        loose = mark(form, lacking.faults)
        return editing(contract, form, 422, goals=loose.get("goals", ""), received="stored")
    parties = " and ".join(f"the {party}" for party in contract.who_agrees[1:])
    web.say(f"Version {contract.number} is offered. Now {parties} agree by link: see below.")
    return web.done(url_for("clients.engagement", engagement_id=contract.engagement_id))


@bp.post("/contracts/<int:contract_id>/draft")
@auth.allow("learner")
@auth.keeps_typing
def autosave(contract_id: int) -> Response:
    """Save while typing: the answer is what the bar at the foot says, and a sentence by each field."""
    contract, form = _sent(contract_id)
    if _unfit(form):
        return _bar(422, contract, form, refused=["Change what is marked, then it saves again."])
    try:
        contract = _store(contract, form, finished=False)
    except ChangedElsewhere:
        return _bar(409, contract, form, changed=True)
    except WrongState as refused:
        return _bar(422, contract, form, refused=[refused.sentence])
    return _bar(200, contract, form, version=contract.version, saved_at=auth.now())


def _sent(contract_id: int) -> tuple[Contract, Any]:
    contract = web.load(Contract.visible_to(auth.actor()), contract_id)
    web.require(contract.can_edit(auth.actor()))
    return contract, terms_form(contract)


def _seen(contract: Contract) -> int:
    """The version the page was opened with; 0, which none has, for one of another contract."""
    mine = request.form.get("contract", str(contract.id)) == str(contract.id)
    return (web.number(request.form.get("version")) or 0) if mine else 0


def _unfit(form: Any) -> bool:
    """Whether something must not be stored, a name among it; a sentence stands beside it then."""
    fine = form.validate()
    return mark_names(form, ClientIdentity.names_of(auth.actor().person.id)) or not fine


def _store(contract: Contract, form: Any, *, finished: bool) -> Contract:
    """Save under the version the page knows; raises ChangedElsewhere where the text differs too."""
    by, now, seen = auth.actor(), auth.now(), _seen(contract)
    try:
        return contract.change(form.draft, version=seen, by=by, now=now, finished=finished)
    except ChangedElsewhere:
        fresh = contract.as_open(by)
        if fresh.state not in OPEN or form.differences(fresh):
            raise
        return fresh  # pressed twice, or an answer that got lost: it is all there


def _bar(status: int, contract: Contract, form: Any, **told: Any) -> Response:
    """The bar's sentence to htmx; a page round it for those without."""
    if web.wants_fragment():
        told = {"version": _seen(contract), "placed": terms_of(contract), "at": None} | told
        told["plans"] = report.plans(form.plan, contract.engagement)
        return Response(
            render_template("contracts/_saved.html", contract=contract, form=form, **told), status
        )
    if status == 200:
        return web.done(url_for("contracts.edit", contract_id=contract.id))
    sentence = " ".join(told.get("refused", ())) or "This contract was changed in another tab."
    return error_page(status, "Not saved", sentence)


@bp.post("/contracts/<int:contract_id>/taking-back")
@auth.allow("learner")
def take_back(contract_id: int) -> Response:
    """Make an offer a draft again, to change it."""
    contract = web.load(Contract.visible_to(auth.actor()), contract_id)
    web.require(contract.can_take_back(auth.actor()))
    contract = contract.take_back(by=auth.actor(), now=auth.now())
    web.say("The offer is taken back and its links are closed. Change it, then offer it again.")
    return web.done(url_for("contracts.edit", contract_id=contract.id))


@bp.post("/contracts/<int:contract_id>/links")
@auth.allow("learner")
def ask_again(contract_id: int) -> Response:
    """A new link for a party that has not answered; the one before stops working."""
    contract = web.load(Contract.visible_to(auth.actor()), contract_id)
    web.require(contract.can_offer(auth.actor()))
    party = request.form.get("party", "")
    agreeing.ask_again(contract, party, by=auth.actor(), now=auth.now())
    web.say(f"A new link for the {party} is below. The one before works no more.")
    return web.done(url_for("clients.engagement", engagement_id=contract.engagement_id))


@bp.post("/contracts/<int:contract_id>/end")
@auth.allow("learner")
def end(contract_id: int) -> Response:
    """End what was agreed, with the last day and the reason."""
    actor, form = auth.actor(), EndForm()
    contract = web.load(Contract.visible_to(actor), contract_id)
    web.require(contract.can_end(actor))
    fine = form.validate()
    if mark_names([form.reason], ClientIdentity.names_of(actor.person.id)) or not fine:
        return page(contract, form, 422)
    try:
        contract.end(form.ended_on.data, form.reason.data, by=actor, now=auth.now())
    except ValueError as refused:
        mark(form, {"ended_on": str(refused)})
        return page(contract, form, 422)
    web.say(f"The contract has ended; its last day is {moments.short_date(form.ended_on.data)}.")
    return web.done(url_for("clients.engagement", engagement_id=contract.engagement_id))
