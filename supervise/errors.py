"""Error pages: closed, plain, and nothing of the inside."""

from __future__ import annotations

import traceback
from typing import Any

from flask import Flask, Response, current_app, render_template, request, url_for
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.exceptions import HTTPException

from supervise.auth import sent_from_here, typed
from supervise.web import wants_fragment
from supervise.workflow import NotAllowed, WrongState


def init_app(app: Flask) -> None:
    """Answer every error with a plain page."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(WrongState, _wrong_state)
    app.register_error_handler(NotAllowed, lambda _: error_page(403, *SENTENCES[403]))
    app.register_error_handler(Exception, _crash)


SENTENCES = {
    400: ("That could not be read", "Go back, reload the page and try again."),
    403: (
        "Not yours to do",
        "Your role here does not allow this. If it should, ask an administrator of your centre.",
    ),
    404: (
        "Not found",
        "There is nothing here for you. The address may be mistyped, or the record belongs to somebody else.",
    ),
    405: ("Not possible here", "This address only answers to a button. Go back and use that."),
    413: ("Too large", "What you sent is larger than 6 MB. Send less text, or a smaller file."),
    422: ("Something needs changing", "Go back and correct the form."),
    429: ("Too many attempts", "Wait a quarter of an hour and try again."),
    500: (
        "Something went wrong on our side",
        "Nothing was changed. Try again; if it happens twice, tell your administrator when.",
    ),
}


LARGE_FILE = (
    "This file is too large",
    "It is over 5 MB. Take out pictures and sheets that are not needed, or split it, then try again.",
)


def error_page(
    status: int, heading: str, sentence: str, back: tuple[str, str] = ("", "")
) -> Response:
    """A plain page for an error; a fragment of the same words for htmx.

    ``back`` is an address and its words, where Today is not the place to go.
    """
    if f"{request.path}/".startswith("/link/"):
        return _on_a_link(status, heading, sentence)
    template = (
        "errors/_fragment.html" if request.endpoint and wants_fragment() else "errors/page.html"
    )
    return Response(
        render_template(template, heading=heading, sentence=sentence, back=back), status
    )


def _on_a_link(status: int, heading: str, sentence: str) -> Response:
    """For somebody without an account: no way to Today, but back to the message with the link."""
    if status == 404:
        page = render_template("link/closed.html", link=None, standing="unknown")
    else:
        page = render_template("link/error.html", heading=heading, sentence=sentence)
    return Response(page, status, {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"})


def _http_error(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    if status == 413 and request.endpoint == "imports.upload":
        return error_page(413, *LARGE_FILE, (url_for("imports.page"), "Choose another file"))
    return error_page(status, *SENTENCES.get(status, SENTENCES[400 if status < 500 else 500]))


def _csrf_error(_: CSRFError) -> Response:
    """The page is older than the sign-in: keep what was typed and offer it again with a new token."""
    view = current_app.view_functions[request.endpoint or ""]
    if wants_fragment():
        return Response("", 400, {"X-CSRF-Token": generate_csrf()})
    if getattr(view, "keeps_typing", False) and sent_from_here():
        kept = typed(view)
        return Response(
            render_template("signin/resume.html", kept=kept, kept_path=request.path), 400
        )
    return error_page(400, "This page was open too long", "Go back, reload it and send it again.")


def _wrong_state(error: WrongState) -> Response:
    return error_page(409, "That changed meanwhile", error.sentence)


def _crash(error: Exception) -> Response:
    """Fail closed: a log line without the request's content, a page without the inside."""
    if current_app.testing:
        raise error
    # never the message: a database's holds the row it refused, and so what somebody wrote
    frames = "".join(traceback.format_tb(error.__traceback__))
    current_app.logger.error("%s at %s\n%s", type(error).__name__, request.endpoint, frames)
    return error_page(500, *SENTENCES[500])
