"""The centre's own questions for feedback: two short lists in one form that an administrator keeps."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, flash, request, url_for

from supervise import auth, web
from supervise.forms import feedback as forms
from supervise.models import FeedbackQuestion
from supervise.models.centres import Refused
from supervise.rules.feedback import ABOUTS, BUILT_IN
from supervise.views.centre import bp


@bp.get("/centre/questions")
@auth.allow("admin")
def questions() -> Response:
    """Both lists, each to be changed."""
    return _page({})


@bp.post("/centre/questions")
@auth.allow("admin")
def save_questions() -> Response:
    """Ask these questions from now on: both lists are saved, or neither."""
    read = {about: forms.read_questions(request.form, about) for about in ABOUTS}
    changed = {about: edited for about, edited in read.items() if edited.changed}
    if any(edited.faulty for edited in changed.values()) or _refused(changed):
        return _page(changed)
    flash("Saved. From now on these questions are asked.")
    return web.done(url_for(".questions"))


def _refused(changed: Mapping[str, forms.Edited]) -> bool:
    """Whether these cannot be asked, and then why, beside each; else they are from now on."""
    asked = FeedbackQuestion.all_of(auth.actor().centre)
    stale = [about for about in changed if changed[about].seal != forms.seal_of(asked[about], 0)]
    try:
        FeedbackQuestion.put_all(
            {about: edited.questions for about, edited in changed.items()},
            seen={about: () if about in stale else asked[about] for about in changed},
            by=auth.actor(), now=auth.now(),
        )  # fmt: skip
    except Refused as refused:
        for about in stale or changed:
            changed[about].whole = refused.sentence
        return True
    return False


def _page(edited: Mapping[str, forms.Edited]) -> Response:
    """The form: what was typed where it differs, and else what is asked now."""
    asked = FeedbackQuestion.all_of(auth.actor().centre)
    parts = [
        (
            about,
            edited.get(about) or forms.Edited(forms.rows_of(asked[about]), asked[about]),
            forms.seal_of(asked[about], 0),
            asked[about] == BUILT_IN[about],
            asked[about],
        )
        for about in ABOUTS
    ]
    return web.show("centre/questions.html", status=422 if edited else 200, parts=parts)
