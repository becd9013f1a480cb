"""What every view shares: connections, headers, page or fragment, loaders, paging."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import peewee
from flask import Flask, Response, abort, current_app, flash, redirect, render_template, session
from htmx_flask import request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from supervise import db
from supervise.settings import Settings

Record = TypeVar("Record")
PER_PAGE = 25
LARGEST_ID = 2**31 - 1
_NUMBER = re.compile(r"-?[0-9]{1,10}")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def configure(app: Flask, settings: Settings) -> None:
    """Set Flask's own settings from ours."""
    prefix = "__Host-" if settings.https else ""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME=f"{prefix}supervise",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_request_bytes,
        MAX_FORM_PARTS=2000,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        WTF_CSRF_TIME_LIMIT=None,
        SEND_FILE_MAX_AGE_DEFAULT=86400,
        TESTING=settings.testing,
    )
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.url_map.converters["int"] = IdConverter
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["supervise"] = settings


class IdConverter(IntegerConverter):
    """A record's number in an address; what no column could hold is not found, not a crash."""

    def __init__(self, rules: Map, **limits: Any) -> None:
        super().__init__(rules, **{"max": LARGEST_ID, **limits})


def open_connections(app: Flask) -> None:
    """One database connection a request, given back whatever happens.

    SQLite's stays open for the thread's next request, since opening it costs more than a query;
    not after a crash, and never with a transaction open. PostgreSQL's goes back to its pool.
    """
    app.config.setdefault("KEEP_CONNECTION", db.is_sqlite() and not app.testing)

    @app.before_request
    def connect() -> None:
        if request.endpoint != "static":
            db.database.connect(reuse_if_open=True)

    @app.teardown_request
    def close(crash: BaseException | None) -> None:
        keep = app.config["KEEP_CONNECTION"] and not crash and not db.database.in_transaction()
        if not keep and not db.database.is_closed():
            db.database.close()


def init_app(app: Flask) -> None:
    """Headers on every answer; no text that a database cannot keep."""
    app.before_request(_refuse_nul)
    app.after_request(_headers)


def _refuse_nul() -> None:
    """A NUL is in no text that people write, and PostgreSQL keeps none.

    Long forms look for themselves, so that they can answer beside the field.
    """
    if any("\0" in value for value in request.args.values()) or "\0" in request.path:
        abort(400)
    view = current_app.view_functions.get(request.endpoint or "")
    if not getattr(view, "keeps_typing", False) and any("\0" in v for v in request.form.values()):
        abort(400)


def _headers(response: Response) -> Response:
    settings: Settings = current_settings()
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if settings.https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        response.vary.add("HX-Request")
    return response


def current_settings() -> Settings:
    """The running app's settings."""
    return current_app.extensions["supervise"]


# --- page or fragment --------------------------------------------------------------------


def wants_fragment() -> bool:
    """Whether htmx asks for a part: not for boosted links and not for history, which want the page."""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def show(page: str, fragment: str | None = None, status: int = 200, **values: Any) -> Response:
    """Render the fragment to htmx and the page, which includes the same fragment, to others."""
    template = fragment if fragment and wants_fragment() else page
    return Response(render_template(template, **values), status)


def done(address: str) -> Response:
    """After a POST: 303 to a plain form; htmx is told to go there itself."""
    if wants_fragment():
        return Response("", 200, {"HX-Redirect": address})
    return redirect(address, 303)  # type: ignore[return-value]


def say(sentence: str) -> None:
    """Tell the reader, on the page they land on, what was done: once, however often it is pressed."""
    if ("message", sentence) not in session.get("_flashes", ()):
        flash(sentence)


def load(query: Any, record_id: int) -> Any:
    """The record of this id within what the actor may see, or 404."""
    found = query.where(query.model.id == record_id).first()
    return found if found is not None else abort(404)


def require(allowed: bool) -> None:
    """403 unless allowed. The buttons ask the same ``can_*``."""
    if not allowed:
        abort(403)


@dataclass(frozen=True)
class Page:
    """One page of a list, and where it stands in it."""

    rows: Sequence[Any]
    number: int
    total: int
    size: int = PER_PAGE

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Number of the first row shown, counted from one."""
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.number * self.size, self.total)

    @classmethod
    def of(cls, query: peewee.ModelSelect, size: int = PER_PAGE, most: int | None = None) -> Page:
        """The page of a query that ``?page=`` asks for. Two queries.

        Of a list that may be very long no more rows than ``most`` are counted, and leafed through.
        """
        total = (query if most is None else query.limit(most)).count()
        number = min(_page_number(), max(1, -(-total // size)))
        return cls(list(query.paginate(number, size)), number, total, size)

    @classmethod
    def of_list(cls, rows: Sequence[Any], size: int = PER_PAGE) -> Page:
        """The page of a list already in hand."""
        number = min(_page_number(), max(1, -(-len(rows) // size)))
        return cls(rows[(number - 1) * size : number * size], number, len(rows), size)


def _page_number() -> int:
    return max(1, number(request.args.get("page")) or 1)


def number(text: str | None) -> int | None:
    """The whole number in a field of a form or an address; None for what no column could hold.

    Both ends are capped: SQLite cannot take what PostgreSQL refuses as out of range.
    """
    found = int(text) if text and _NUMBER.fullmatch(text) else None
    return found if found is not None and abs(found) <= LARGEST_ID else None
