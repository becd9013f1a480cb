"""A link's page for a feedback: what is asked, and the answer taken.

Whether an anonymous link was used is shown to nobody, since whoever sent it has its address too. So
its page stays as it was until the link runs out, and a second answer is thanked for and not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, request

from supervise import auth, web
from supervise.forms import feedback as forms
from supervise.forms.clients import showable
from supervise.models import ClientIdentity, Feedback, FeedbackQuestion, Link
from supervise.rules.feedback import RATINGS
from supervise.views import link_wrote
from supervise.workflow import WrongState


def standing(link: Link, now: datetime) -> str:
    """How the link stands, as far as anybody may know."""
    feedback = Feedback.get_or_none(Feedback.link == link)
    return feedback.standing(link, now) if feedback else "ended"


def show(link: Link, status: int = 200, **told: Any) -> Response:
    """What is asked; ``told`` carries what was typed and what is wrong with it."""
    feedback, floor = Feedback.of_link(link), link.centre.floor
    questions = FeedbackQuestion.of(link.centre, feedback.about)
    return web.show(
        "link/feedback.html",
        status=status,
        link=link,
        feedback=feedback,
        asked=[(forms.key_of(question), question) for question in questions],
        floor=floor,
        seal=forms.seal_of(questions, floor),
        ratings=RATINGS,
        told=told.get("told"),
        typed={name: showable(text) for name, text in request.form.items()},
    )


def decide(link: Link) -> Response:
    """Keep the answers, once. Where the form changed meanwhile, it is shown again to be looked at."""
    feedback, floor = Feedback.of_link(link), link.centre.floor
    questions = FeedbackQuestion.of(link.centre, feedback.about)
    read = forms.read_answers(
        request.form, questions, floor,
        own=ClientIdentity.of_party(link.client_id, link.party),
        known=ClientIdentity.to_mask(link.learner_id),
    )  # fmt: skip
    if read.found or read.changed:
        return show(link, 422, told=read)
    try:
        feedback.give(
            questions, read.answers, may_quote=read.may_quote, floor=floor, link=link,
            now=auth.now(),
        )  # fmt: skip
    except WrongState:
        return _too_late(link)
    return web.show("link/given.html", link=link)


def wrote(form: Mapping[str, str]) -> list[str]:
    """What somebody wrote in their own words, in the order of the questions."""
    texts = (text for name, text in form.items() if name.startswith("q-") and text not in RATINGS)
    return [showable(text) for text in texts]


def withdraw(link: Link) -> str:
    """The learner takes the invitation back; what they are told of it, answered or not."""
    feedback, now = Feedback.of_link(link), auth.now()
    ran_out = feedback.standing(link, now) == "expired"
    feedback.withdraw(by=auth.actor(), now=now)
    if ran_out:
        return "The invitation is off the list."
    return f"The invitation on the {feedback.about} is withdrawn, and its link works no more."


def _too_late(link: Link) -> Response:
    """Somebody pressed twice, or it was withdrawn meanwhile."""
    feedback = Feedback.of_link(link)
    if feedback.state == "given":
        return web.show("link/given.html", link=link)
    return link_wrote.closed(link, "ended", wrote(request.form))
