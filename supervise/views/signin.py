"""Coming in and leaving: sign-in, its second step and sign-out. Nothing says who has an account."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

from flask import Blueprint, redirect, request, session, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError

from supervise import auth, codes, passwords, web
from supervise.forms.signin import CodeForm, SignInForm
from supervise.models import Attempt, Person, SignIn, account

bp = Blueprint("signin", __name__)

PER_ACCOUNT, PER_ADDRESS = 10, 50
SECOND_STEP = timedelta(minutes=10)
WRONG = (
    "This e-mail and password do not go together. Check both. If you have forgotten the password, "
    "ask your centre's administrator for a new link."
)
WRONG_CODE = "This code is not right, or was used before. Wait for the next one and type that."
TOO_MANY = "Too many attempts. Wait a quarter of an hour, then try again."
STALE = "This page was open too long. Sign in once more."
TOO_SLOW = "The code came more than ten minutes after the password. Sign in once more."


@bp.get("/login")
@auth.public
def page() -> Any:
    """The form, or straight on for somebody who is signed in."""
    if current_user.is_authenticated:
        return redirect(_next() or url_for("today.page"))
    return _form()


@bp.post("/login")
@auth.checks_token_itself  # where what was typed before the sign-in can still be kept
@auth.public
def enter() -> Any:
    """The first step: e-mail and password."""
    if not _token_is_right():
        return _stale()
    form = SignInForm()
    email = (form.email.data or "").lower()
    key = account_key(email)
    attempt = Attempt.begin({key: PER_ACCOUNT, address_key(): PER_ADDRESS}, auth.now())
    if attempt is None:
        return _form(TOO_MANY, 429)
    person = Person.with_email(email)
    stored = person.password_hash if person and person.active else None
    password = form.password.data or ""
    if not passwords.verify(stored, password) or not person or not SignIn.last_centre(person):
        return _form(WRONG, 422)
    Attempt.succeeded(attempt, key)
    if passwords.outdated(person.password_hash):
        account.renew_hash(person, passwords.hash_password(password))
    return come_in(person)


@bp.get("/login/code")
@auth.public
def code() -> Any:
    """The form of the second step, for a reload or a step back."""
    return _code_form() if _halfway() else redirect(url_for("signin.page"))


@bp.post("/login/code")
@auth.checks_token_itself
@auth.public
def enter_code() -> Any:
    """The second step: a code, which is accepted once."""
    if not _token_is_right():
        return _stale()
    person = _halfway()
    if person is None:
        return _form(TOO_SLOW, 422)
    key = _hashed("code", str(person.id))
    attempt = Attempt.begin({key: PER_ACCOUNT, address_key(): PER_ADDRESS}, auth.now())
    if attempt is None:
        return _code_form(TOO_MANY, 429)
    step = codes.matching_step(person.totp_secret, CodeForm().code.data or "", auth.now())
    if step is None or not account.use_code(person, step):
        return _code_form(WRONG_CODE, 422)
    Attempt.succeeded(attempt, key)
    return _begin(person)


@bp.post("/logout")
@auth.signed_in
def leave() -> Any:
    """End this session here and on the server."""
    current_user.sign_in.end(auth.now())
    auth.forget_cookie()
    gone = web.done(url_for("signin.page"))
    gone.headers["Clear-Site-Data"] = '"storage"'  # what a diary's page kept on this device
    return gone


def account_key(email: str) -> str:
    """The key of an account's attempts; hashed, since people type passwords into the wrong field."""
    return _hashed("account", email)


def address_key() -> str:
    """The key of the attempts from one address; of IPv6 the network, since one has 2⁶⁴ addresses."""
    address = request.remote_addr or ""
    if ":" in address:
        address = str(ip_network((address.partition("%")[0], 64), strict=False))
    return _hashed("address", address)


def _hashed(kind: str, who: str) -> str:
    return f"{kind}:{hashlib.sha256(who.encode()).hexdigest()}"


def come_in(person: Person) -> Any:
    """Let in somebody whose password was right, or ask for the code where they have set one up."""
    if not person.totp_secret:
        return _begin(person)
    if current_user.is_authenticated:  # the cookie is all that could end it, and it goes now
        current_user.sign_in.end(auth.now())
    auth.forget_cookie()
    session["second_step"] = [person.id, auth.now().isoformat()]
    return _code_form()


def _begin(person: Person) -> Any:
    """A new session in the centre used last; then what was typed before, or where they wanted to go."""
    centre = SignIn.last_centre(person)
    if centre is None:
        return _form(WRONG, 422)
    auth.begin(person, centre)
    path, kept = _kept()
    if path:
        return web.show("signin/resume.html", kept=kept, kept_path=path)
    return web.done(_next() or url_for("today.page"))


def _halfway() -> Person | None:
    """The person who gave the right password in this browser within the last ten minutes."""
    person_id, at = session.get("second_step", (None, None))
    if person_id is None or auth.now() - datetime.fromisoformat(at) > SECOND_STEP:
        return None
    person: Person | None = Person.get_or_none(Person.id == person_id)
    return person if person and person.active and person.totp_secret else None


def _token_is_right() -> bool:
    try:
        auth.csrf.protect()
    except CSRFError:
        return False
    return True


def _stale() -> Any:
    """Somebody else signed in here meanwhile, in another tab perhaps: what was typed stays kept."""
    path, kept = _kept()
    if current_user.is_authenticated and path:
        return web.show("signin/resume.html", status=400, kept=kept, kept_path=path)
    return _form(STALE, 400)


def _next() -> str | None:
    return auth.local_path(request.values.get("next"))


def _kept() -> tuple[str | None, list[tuple[str, str]]]:
    """Where the text kept over the sign-in belongs, and its fields; nothing sent by another site."""
    path = auth.local_path(request.form.get("kept-path"))
    if not path or not auth.sent_from_here() or not auth.keeps_typing_at(path):
        return None, []
    fields = request.form.items(multi=True)
    kept = [(k, v) for k, v in fields if k.startswith("kept-") and k != "kept-path"]
    return path, [(name.removeprefix("kept-"), value) for name, value in kept]


def _form(fault: str = "", status: int = 200) -> Any:
    path, kept = _kept()
    return web.show(
        "signin/page.html",
        status=status,
        form=SignInForm(),
        fault=fault,
        kept=kept,
        kept_path=path,
        next=_next(),
    )


def _code_form(fault: str = "", status: int = 200) -> Any:
    path, kept = _kept()
    return web.show(
        "signin/code.html", status=status, fault=fault, kept=kept, kept_path=path, next=_next()
    )
