"""A link's page for a contract: all that is agreed, to sign with one's name, or to send back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from supervise import auth, web
from supervise.forms.clients import showable
from supervise.forms.contracts import AgreeForm, DeclineForm
from supervise.forms.faults import faults_of
from supervise.models import Consent, Contract, Link, agreeing
from supervise.reports import contracts as report
from supervise.rules.contracts import difference, parts_of
from supervise.views import link_wrote
from supervise.workflow import WrongState

FOR_GOOD = True
"""An answer is shown as long as there is a link: it is what its party keeps of the contract."""


def show(link: Link, status: int = 200, **told: Any) -> Response:
    """The contract in full, and what changed; ``told`` carries the forms as they were sent."""
    contract = agreeing.asked(link)
    if contract is None:
        return link_wrote.closed(link, "ended", wrote(request.form))
    before = report.before(contract, link.party)
    yes, no = told.get("yes") or AgreeForm(None), told.get("no") or DeclineForm(None)
    return web.show(
        "link/contract.html",
        status=status,
        link=link,
        contract=contract,
        terms=contract.terms,
        parts=parts_of(contract.parties),
        changes=difference(before.terms, contract.terms) if before else [],
        before=before,
        yes=yes,
        no=no,
        found=faults_of(yes, no),
    )


def wrote(form: Mapping[str, str]) -> list[str]:
    """What somebody wrote in their own words: why they do not agree yet."""
    return [showable(form.get("why", ""))]


def withdraw(link: Link) -> str:
    """The learner takes the link back; what it asked can be asked again. What they are told of it."""
    if not agreeing.end_link(link, by=auth.actor(), now=auth.now()):
        return link_wrote.OVER
    return f"The link for the {link.party} is withdrawn and works no more."


def decide(link: Link) -> Response:
    """Take the yes with its name, or the "not yet" with its reason; what lacks comes back."""
    declines = request.form.get("answer") == "no"
    form: Any = DeclineForm() if declines else AgreeForm()
    form.coach = link.learner.name
    if not form.validate():
        return show(link, 422, **{"no" if declines else "yes": form})
    try:
        if declines:
            agreeing.decline(link, form.why.data, now=auth.now())
        else:
            agreeing.agree(link, form.name.data, now=auth.now())
    except WrongState:
        fresh = Link.get_by_id(link.id)
        if fresh.used_at is not None:
            return web.show("link/closed.html", link=fresh, standing="used")
        standing = fresh.standing(auth.now())  # open still, where only the contract was changed
        standing = "ended" if standing == "open" else standing
        return link_wrote.closed(fresh, standing, wrote(request.form))
    return answered(Link.get_by_id(link.id))


def answered(link: Link) -> Response:
    """What a party agreed to, in full, with who else has: their copy, to read again or to print.

    Where the client withdrew consent it says so, and shows nothing of the contract.
    """
    if link.client is not None and Consent.is_withdrawn(link.client):
        return web.show("link/contract_closed.html", status=410, link=link)
    contract, told = agreeing.answered(link)
    later = None if contract else report.in_force_since(link)
    [version] = _signed(link, contract) if contract else [None]
    return web.show(
        "link/contract_done.html",
        link=link,
        answer="later" if later else told,
        later=later,
        version=version,
        terms=contract.terms if contract else None,
        parts=parts_of(contract.parties) if contract else (),
        zone=link.learner.zone,
    )


def _signed(link: Link, contract: Contract) -> list[report.Version]:
    """The version with who agreed to it; of the names that were typed, the reader's own."""
    return report.with_answers([contract], auth.now(), is_mine=False, reader=link.party)
