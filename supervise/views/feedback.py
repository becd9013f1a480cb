"""Feedback: the learner's grid, invitations and replies; what supervisor, tutor and assessors read."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for

from supervise import auth, web
from supervise.forms import feedback as forms
from supervise.forms.clients import showable
from supervise.models import Client, ClientIdentity, Feedback
from supervise.models.centres import Refused
from supervise.models.feedback import READERS
from supervise.reports import feedback as report
from supervise.rules.feedback import ABOUTS, INVITED, RATINGS
from supervise.rules.naming import names_in, naming_fault

bp = Blueprint("feedback", __name__)


@bp.get("/feedback")
@auth.allow("learner")
def page() -> Response:
    """The grid, the open invitations and what came in."""
    return _page()


def _page(status: int = 200, **told: Any) -> Response:
    """The learner's page; ``told`` carries a reply that was refused, with its handle."""
    actor = auth.actor()
    said = report.said_of(actor, actor.person)
    return web.show(
        "feedback/page.html",
        "feedback/_told.html",
        status,
        own=True,
        enrolled=bool(report.enrolments_of(actor)),
        told={"handle": "", "typed": "", "sentence": ""} | told,
        **_read(said),
    )


def _wanted() -> dict[str, str]:
    """What of it is wanted, as ``?source=&about=`` say; what makes no sense is passed over."""
    source, about = (request.args.get(name, "") for name in ("source", "about"))
    return {
        "source": source if source in INVITED else "",
        "about": about if about in ABOUTS else "",
    }


def _read(said: report.Said) -> dict[str, Any]:
    """The answers that are wanted, a page of them, and their ratings taken together."""
    wanted = _wanted()
    chosen = report.narrowed(said.told, **wanted)
    return {
        "said": said,
        "abouts": ABOUTS,
        "sources": INVITED,
        "ratings": RATINGS,
        "wanted": wanted,
        "found": web.Page.of_list(chosen),
        "rated": {about: report.rated(chosen, about) for about in ABOUTS},
        "many": Counter(one.about for one in chosen),
    }


@bp.get("/feedback/invite")
@auth.allow("learner")
def invite() -> Response:
    """The form for one invitation."""
    return _invite(forms.Invited(*_cell(request.args)))


@bp.post("/feedback/invite")
@auth.allow("learner")
def send() -> Response:
    """Make one invitation with its link."""
    actor = auth.actor()
    clients, enrolments = list(Client.visible_to(actor)), report.enrolments_of(actor)
    read = forms.read_invitation(request.form, *_cell(request.form), clients, enrolments)
    if read.found or read.enrolment is None:
        return _invite(read, 422)
    try:
        Feedback.invite(
            read.enrolment, read.source, read.about, anonymous=read.named == "no", by=actor,
            now=auth.now(), client=read.client, name=read.name, email=read.email,
        )  # fmt: skip
    except Refused as refused:
        read.found["client"] = refused.sentence
        return _invite(read, 422)
    flash("Invited. How the link reaches them stands beside it.")
    return web.done(url_for(".page") + "#invitations")


def _cell(asked: Any) -> tuple[str, str]:
    """Source and subject as the address or the form names them; what makes no sense is passed over."""
    about = asked.get("about")
    return forms.known_source(asked.get("source")), about if about in ABOUTS else ABOUTS[0]


def _invite(read: forms.Invited, status: int = 200) -> Response:
    actor = auth.actor()
    return web.show(
        "feedback/invite.html",
        status=status,
        read=read,
        clients=list(Client.visible_to(actor).order_by(Client.alias)),
        enrolments=report.enrolments_of(actor),
    )


@bp.post("/feedback/invitations/<int:link_id>/again")
@auth.allow("learner")
def again(link_id: int) -> Response:
    """Invite the same person anew, once their link has run out."""
    actor = auth.actor()
    feedback = Feedback.asked_by(actor).where(Feedback.link == link_id).first() or abort(404)
    try:
        feedback.ask_again(by=actor, now=auth.now())
        flash("Invited again. How the new link reaches them stands beside it.")
    except Refused as refused:
        flash(refused.sentence)
    return web.done(url_for(".page") + "#invitations")


@bp.post("/feedback/<handle>/reply")
@auth.allow("learner")
@auth.keeps_typing
def reply(handle: str) -> Response:
    """Reply to one answer that is shown, once."""
    actor = auth.actor()
    if report.said_of(actor, actor.person).with_handle(handle) is None:
        abort(404)
    text = forms.read_reply(request.form)
    wrong = forms.reply_fault(text)
    if hits := names_in(text, ClientIdentity.names_of(actor.person.id)):
        wrong = wrong or naming_fault("This", hits)
    if not wrong:
        try:
            Feedback.get(Feedback.handle == handle).reply_to(text, by=actor, now=auth.now())
        except Refused as refused:
            wrong = refused.sentence
    if wrong:
        return _page(422, handle=handle, typed=showable(text), sentence=wrong)
    wanted: dict[str, Any] = {name: word or None for name, word in _wanted().items()}
    back = url_for(".page", **wanted, page=web.number(request.args.get("page")))
    return web.done(f"{back}#told-{handle}")


@bp.get("/learners/<int:person_id>/feedback")
@auth.allow(*READERS)
def of_learner(person_id: int) -> Response:
    """What of the feedback on a learner is shown, to those who look after them today."""
    actor = auth.actor()
    learner = report.learner_of(actor, person_id) or abort(404)
    read = _read(report.said_of(actor, learner))
    return web.show("feedback/learner.html", "feedback/_told.html", learner=learner, **read)
