"""Who is asking, and may they come in: sign-in by default, policies on routes, server-side sessions.

The policy of a route says which roles may ask at all (403 for others). Which records they reach is
asked of the models: ``visible_to`` (404) and ``can_*`` (403). A route without a policy is refused,
and a structural test fails for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    redirect,
    render_template,
    session,
    url_for,
)
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf import CSRFProtect
from htmx_flask import request
from werkzeug.exceptions import HTTPException

from supervise.models import Actor, Centre, Membership, Person, SignIn
from supervise.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"
ANYBODY = "signed in"
csrf = CSRFProtect()


def public(view: View) -> View:
    """A page for people who are not signed in."""
    view.policy = PUBLIC  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """A page for everybody with an account, whatever their role."""
    view.policy = ANYBODY  # type: ignore[attr-defined]
    return view


def allow(*roles: str) -> Callable[[View], View]:
    """A page for people who hold one of these roles in the centre they are in."""

    def mark(view: View) -> View:
        view.policy = roles  # type: ignore[attr-defined]
        return view

    return mark


def keeps_typing(view: View) -> View:
    """A form whose text is carried through a new sign-in when the old one had ended."""
    view.keeps_typing = True  # type: ignore[attr-defined]
    return view


def keeps_typing_but(*names: str) -> Callable[[View], View]:
    """The same, but for these fields: whoever signs in next must not read them."""

    def mark(view: View) -> View:
        view.not_kept = frozenset(names)  # type: ignore[attr-defined]
        return keeps_typing(view)

    return mark


def typed(view: Callable[..., Any]) -> list[tuple[str, str]]:
    """The fields of this request that are carried through a new sign-in."""
    left_out = getattr(view, "not_kept", frozenset()) | {"csrf_token"}
    return [(k, v) for k, v in request.form.items(multi=True) if k not in left_out]


def checks_token_itself(view: View) -> View:
    """A form that answers a wrong CSRF token in its own way, by ``csrf.protect()`` within."""
    csrf.exempt(view)
    return view


def now() -> datetime:
    """The moment of this request, one for all of it."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    return g.now


@dataclass
class Account(UserMixin):
    """The signed-in person as Flask-Login knows them: one browser's session, in one centre."""

    sign_in: SignIn
    token: str

    def get_id(self) -> str:
        """The session's token, not the person's id: ending the session ends the cookie."""
        return self.token

    @property
    def person(self) -> Person:
        """Who is signed in."""
        return self.sign_in.person

    @cached_property
    def actor(self) -> Actor:
        """The person at work in the centre they are in, now."""
        return Actor.of(self.person, self.sign_in.centre, now())

    @cached_property
    def centres(self) -> list[Centre]:
        """All centres the person belongs to, by name."""
        mine = Membership.select(Membership.centre).where(Membership.person == self.person)
        return list(Centre.select().where(Centre.id.in_(mine)).order_by(Centre.name))


def actor() -> Actor:
    """The actor of this request."""
    return current_user.actor


def begin(person: Person, centre: Centre) -> None:
    """Sign a person in: a new server-side session and a new cookie, whatever was there before."""
    if current_user.is_authenticated:
        current_user.sign_in.end(now())
    token = SignIn.begin(person, centre, request.headers.get("User-Agent", ""), now())
    forget_cookie()
    found = _load(token)
    login_user(found)


def forget_cookie() -> None:
    """Empty this browser's cookie, and make the next form's token a new one too."""
    session.clear()
    g.pop(current_app.config["WTF_CSRF_FIELD_NAME"], None)


def local_path(address: str | None) -> str | None:
    """An address where a browser stays with us: a path from the root. None for any other.

    Browsers read a backslash as a slash and drop tabs and line ends, so that ``/\\host`` and
    ``/<tab>/host`` lead away as ``//host`` does.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return None
    return address if address.isprintable() and "\\" not in address else None


def sent_from_here() -> bool:
    """Whether a page of ours sent this request, as far as the browser tells (Origin)."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def keeps_typing_at(path: str) -> bool:
    """Whether a form whose text is carried through a new sign-in posts to this path."""
    try:
        endpoint, _ = current_app.create_url_adapter(request).match(path, method="POST")  # type: ignore[union-attr]
    except HTTPException:
        return False
    return getattr(current_app.view_functions[endpoint], "keeps_typing", False)


def _load(token: str) -> Account | None:
    settings: Settings = current_app.extensions["supervise"]
    found = SignIn.current(
        token,
        now(),
        timedelta(minutes=settings.idle_minutes),
        timedelta(minutes=settings.absolute_minutes),
    )
    return Account(found, token) if found else None


def init_app(app: Flask) -> None:
    """Sign-in by default, then CSRF: so that text posted after a session ended is kept, not lost."""
    manager = LoginManager()
    manager.session_protection = None
    manager.user_loader(_load)
    manager.init_app(app)
    app.before_request(_admit)
    csrf.init_app(app)


def _admit() -> Any:
    """Apply the policy of the route before anything else."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    policy = getattr(view, "policy", None)
    if policy is None:
        abort(500, "This page has no policy.")
    if policy == PUBLIC:
        return None
    if not current_user.is_authenticated:
        return _sign_in_first(view)
    current_user.sign_in.seen(now())
    needs_factor = actor().centre.second_factor_required and not current_user.person.totp_secret
    if needs_factor and not request.endpoint.startswith(("account.", "signin.")):
        return _go(url_for("account.second_factor"))
    if policy != ANYBODY and not actor().has(*policy):
        abort(403)
    return None


def _sign_in_first(view: Callable[..., Any]) -> Any:
    """Ask to sign in. Text is kept only from our own page: another site's must not be sent on."""
    keeps = getattr(view, "keeps_typing", False) and sent_from_here()
    if request.method != "GET" and not request.htmx and keeps:
        names = [name for name in getattr(view, "not_kept", ()) if not name.startswith("seal-")]
        left_out = any(request.form.get(name) for name in names)
        page = render_template(
            "signin/page.html", kept=typed(view), kept_path=request.path, form=None,
            left_out=left_out,
        )  # fmt: skip
        return Response(page, 401)
    return _go(url_for("signin.page", next=_way_back()))


def _way_back() -> str | None:
    """Where to go after signing in: for a fragment, the page it was to stand in."""
    if request.htmx:
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        return local_path(f"{shown.path}?{shown.query}".rstrip("?"))
    return request.full_path.rstrip("?") if request.method == "GET" else None


def _go(address: str) -> Response:
    """Send the reader elsewhere; a fragment's place must not be filled with a whole page."""
    if request.htmx:
        return Response("", 401, {"HX-Redirect": address})
    return redirect(address)  # type: ignore[return-value]
