"""The centre's own questions for feedback: two short forms that an administrator keeps."""

from __future__ import annotations

from flask import Response, abort, flash, request, url_for

from supervise import auth, web
from supervise.forms import feedback as forms
from supervise.models import FeedbackQuestion
from supervise.models.centres import Refused
from supervise.rules.feedback import ABOUTS, BUILT_IN, Question
from supervise.views.centre import bp


@bp.get("/centre/questions")
@auth.allow("admin")
def questions() -> Response:
    """Both forms, each to be changed."""
    return _page()


@bp.post("/centre/questions/<about>")
@auth.allow("admin")
def save_questions(about: str) -> Response:
    """Ask these questions from now on."""
    _known(about)
    read = forms.read_questions(request.form)
    if not read.faulty and not (wrong := _put(about, read.questions)):
        flash("Saved. From now on these questions are asked.")
        return web.done(url_for(".questions"))
    read.whole = read.whole or (wrong if not read.faulty else "")
    return _page(about, read)


@bp.post("/centre/questions/<about>/built-in")
@auth.allow("admin")
def reset_questions(about: str) -> Response:
    """Go back to the built-in questions."""
    _known(about)
    if wrong := _put(about, BUILT_IN[about]):
        return _page(about, forms.Edited(forms.rows_of(_asked(about)), [], wrong))
    flash("The built-in questions are asked again.")
    return web.done(url_for(".questions"))


def _known(about: str) -> None:
    if about not in ABOUTS:
        abort(404)


def _asked(about: str) -> tuple[Question, ...]:
    return FeedbackQuestion.of(auth.actor().centre, about)


def _put(about: str, wanted: list[Question] | tuple[Question, ...]) -> str:
    """Why these cannot be asked, in a sentence; nothing where they are from now on."""
    asked = _asked(about)
    changed = request.form.get("seal") != forms.seal_of(asked, 0)
    try:
        FeedbackQuestion.put(
            about, wanted, seen=() if changed else asked, by=auth.actor(), now=auth.now()
        )
    except Refused as refused:
        return refused.sentence
    return ""


def _page(about: str = "", edited: forms.Edited | None = None) -> Response:
    asked = FeedbackQuestion.all_of(auth.actor().centre)
    parts = [
        (
            each,
            edited if edited and each == about else forms.Edited(forms.rows_of(asked[each]), []),
            forms.seal_of(asked[each], 0),
            asked[each] == BUILT_IN[each],
        )
        for each in ABOUTS
    ]
    return web.show("centre/questions.html", status=422 if edited else 200, parts=parts)
