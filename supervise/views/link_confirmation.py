"""A link's page for a confirmation: what is asked, and the answer taken.

Date, time, length and coach stand on it, and nothing else of a session (product.md, links).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Response, request, url_for

from supervise import auth, web
from supervise.forms import link_confirmation as forms
from supervise.models import ClientIdentity, Link, confirmations
from supervise.reports import confirmations as report
from supervise.rules import moments
from supervise.views import link_wrote
from supervise.workflow import WrongState

ANSWERED = "Some of this was answered already, and those answers stand. Look at what is left, then send it."
CHANGED = (
    "What your coach logged was changed while this page was open. Nothing was decided. "
    "Read it again, then answer."
)


def show(link: Link, status: int = 200, **told: Any) -> Response:
    """What is asked; ``told`` carries what was typed and what is wrong with it."""
    asked = confirmations.asked_by(link)
    if not asked:  # the last of them lapsed, and the link with it, a moment ago
        return link_wrote.closed(link, "ended", wrote(request.form), why_ended(link))
    typed = told.get("typed") or {}
    zone = link.learner.zone
    return web.show(
        "link/confirmation.html",
        status=status,
        link=link,
        asked=[(one, _clock(one, zone)) for one in asked],
        today=_today(link),
        done=len(report.answered_by(link)),
        zone=moments.place(zone),
        typed={one.id: typed.get(one.id) or forms.Typed() for one in asked},
        changed=told.get("changed", ""),
        left_over=told.get("left_over", ()),
    )


def decide(link: Link) -> Response:
    """Take the answer; a form that lacks something comes back with all that was typed."""
    asked = confirmations.asked_by(link)
    own = ClientIdentity.of_party(link.client_id, link.party)
    typed = forms.read(request.form, asked, own, today=_today(link))
    shown, still = forms.answered(request.form), {one.id for one in asked}
    if shown != still:
        return _stale(link, typed, shown, still)
    if any(one.faults for one in typed.values()):
        return show(link, 422, typed=typed)
    known = ClientIdentity.to_mask(link.learner_id)
    answers = {id_: one.meant(known) for id_, one in typed.items() if not one.left}
    try:
        decided = confirmations.answer(link, answers, now=auth.now())
    except WrongState as refused:
        return _changed(link, typed, refused.sentence)
    if not decided and (late := link_wrote.too_late(link, wrote(request.form), why_ended(link))):
        return late
    return web.done(url_for("links.page", token=link.token))  # which says how it stands by now


def _stale(link: Link, typed: dict[int, forms.Typed], shown: set[int], still: set[int]) -> Response:
    """The page was older: one of its sessions was changed, or answered by this same link."""
    done = {one.id for one in report.answered_by(link)}
    if not (shown - still <= done and still <= shown):
        return _changed(link, typed, CHANGED)
    if all(one.left for one in typed.values()):  # two taps: what was sent is kept
        return web.done(url_for("links.page", token=link.token))
    return _changed(link, typed, ANSWERED)


def answered(link: Link) -> Response:
    """What was answered, to look at again. Their own words are left out: as they are kept, they would
    tell which names were taken out of them."""
    told = report.answered_by(link)
    rows = [(one, _clock(one, link.learner.zone)) for one in told]
    return web.show("link/confirmation_done.html", link=link, answered=rows)


def why_ended(link: Link) -> str:
    """Why it asks nothing any more, for the client; nothing where there is no more to say."""
    return report.why_ended(link)


def withdraw(link: Link) -> str:
    """The learner takes the link back; what it asked can be asked again. What they are told of it."""
    asked = len(confirmations.asked_by(link))
    if not Link.end(Link.id == link.id, auth.now()):
        return link_wrote.OVER
    what = "one session, which is" if asked == 1 else f"{asked} sessions, which are"
    return (
        f"The link for {link.client.alias} is withdrawn and works no more. "
        f"It asked about {what} under To ask again."
    )


def wrote(form: Mapping[str, str]) -> list[str]:
    """What somebody wrote in their own words, about one session or several."""
    return forms.reasons(form)


def _changed(link: Link, typed: dict[int, forms.Typed], sentence: str) -> Response:
    """What is still asked, as it was typed; and the words about what is asked no more."""
    still = {one.id for one in confirmations.asked_by(link)}
    kept = {id_: replace(one, faults={}) for id_, one in typed.items() if id_ in still}
    return show(
        link, 409, changed=sentence, typed=kept, left_over=forms.reasons(request.form, but=still)
    )


def _today(link: Link) -> date:
    """The day on the coach's clock."""
    return moments.local(auth.now(), link.learner.zone).date()


def _clock(one: confirmations.Confirmation, zone: str) -> str:
    """From when to when, on the coach's clock; nothing where no start is kept."""
    if one.starts_at is None:
        return ""
    began = moments.local(one.starts_at, zone)
    ended = moments.local(one.starts_at + timedelta(minutes=one.minutes), zone)
    return f"{moments.clock(began)} to {moments.clock(ended)}"
