"""One's own account: time zone, password, second factor, signed-in sessions, and the centre one is in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import peewee
from flask import Blueprint, abort, flash, request, session, url_for
from flask_login import current_user
from markupsafe import Markup

from supervise import auth, codes, passwords, web
from supervise.forms.account import (
    ChangePasswordForm,
    ConfirmCodeForm,
    MailForm,
    NewPasswordForm,
    TurnOffForm,
    ZoneForm,
)
from supervise.models import Attempt, CalendarFeed, MailWish, Person, SignIn, account
from supervise.views.signin import PER_ACCOUNT, account_key

bp = Blueprint("account", __name__)

NOT_YOURS = "This is not the password you sign in with. Type it again."
TOO_MANY = "Too many attempts. Wait a quarter of an hour, then try again."


@bp.get("/account")
@auth.signed_in
def page() -> Any:
    """The account."""
    return _show()


@bp.post("/account/zone")
@auth.signed_in
def zone() -> Any:
    """Show times in another zone."""
    form = ZoneForm()
    if not form.validate():
        return _show(422, zone_form=form)
    account.set_zone(form.zone.data, by=auth.actor())
    flash("Times are shown for the place you chose.")
    return web.done(url_for("account.page"))


@bp.post("/account/mail")
@auth.signed_in
def mail() -> Any:
    """Choose when mail comes: at once or once a day, and hours of quiet."""
    form = MailForm()
    if not form.validate():
        return _show(422, mail_form=form)
    MailWish.keep(**form.wish, by=auth.actor())
    flash("Mail comes as you chose.")
    return web.done(url_for("account.page"))


@bp.post("/account/password")
@auth.signed_in
def password() -> Any:
    """Change the password, given the old one; all other sessions end."""
    form = ChangePasswordForm(_me())
    if not form.validate():
        return _show(422, password_form=form)
    status = _prove(form.old)
    if status:
        return _show(status, password_form=form)
    hashed = passwords.hash_password(form.password.data)
    account.set_password(hashed, by=auth.actor(), now=auth.now(), here=current_user.sign_in)
    flash("The password is changed. You are signed out everywhere but here.")
    return web.done(url_for("account.page"))


@bp.post("/account/centre")
@auth.signed_in
def centre() -> Any:
    """Go over to another of one's centres."""
    wanted = web.number(request.form.get("centre"))
    chosen = next((c for c in current_user.centres if c.id == wanted), None)
    if chosen is None or not current_user.sign_in.move_to(chosen):
        abort(404)
    return web.done(url_for("today.page"))


@bp.get("/account/second-factor")
@auth.signed_in
def second_factor() -> Any:
    """Set the second factor up, or see that it is on and turn it off."""
    return _show_factor()


@bp.post("/account/second-factor")
@auth.signed_in
def confirm_second_factor() -> Any:
    """Turn it on, once a code proves that the app holds the secret."""
    form = ConfirmCodeForm()
    if _me().totp_secret or not form.validate():
        return _show_factor(422, form=form)
    secret = _new_secret()
    step = codes.matching_step(secret, form.code.data, auth.now())
    status = _prove(form.old)
    if status:
        return _show_factor(status, form=form)
    if step is None:
        form.code.errors = ["This code is not right. Wait for the next one and type that."]
        return _show_factor(422, form=form)
    account.set_second_factor(secret, step, by=auth.actor(), now=auth.now())
    session.pop("new_secret", None)
    flash("The second factor is on. From now on, signing in asks for a code as well.")
    return web.done(url_for("account.page"))


@bp.post("/account/second-factor/off")
@auth.signed_in
def turn_off_second_factor() -> Any:
    """Turn it off, given the password, unless a centre of theirs requires it."""
    web.require(not _factor_required())
    if not _me().totp_secret:
        return web.done(url_for("account.second_factor"))
    form = TurnOffForm()
    status = _prove(form.old) if form.validate() else 422
    if status:
        return _show_factor(status, form=form)
    account.remove_second_factor(by=auth.actor(), now=auth.now())
    flash("The second factor is off.")
    return web.done(url_for("account.page"))


@bp.post("/account/sign-ins/<int:sign_in_id>/end")
@auth.signed_in
def end(sign_in_id: int) -> Any:
    """End one of one's own sessions."""
    web.load(_sign_ins(), sign_in_id).end(auth.now())
    flash("That session is ended.")
    return web.done(url_for("account.page"))


@bp.post("/account/sign-ins/end-others")
@auth.signed_in
def end_others() -> Any:
    """End all of one's own sessions but this one."""
    SignIn.end_all(_me(), auth.now(), but=current_user.sign_in.id)
    flash("You are signed out everywhere but here.")
    return web.done(url_for("account.page"))


def _me() -> Person:
    return auth.actor().person


def _factor_required() -> bool:
    return any(c.second_factor_required for c in current_user.centres)


def _sign_ins() -> peewee.ModelSelect:
    settings = web.current_settings()
    idle, absolute = (
        timedelta(minutes=m) for m in (settings.idle_minutes, settings.absolute_minutes)
    )
    return SignIn.open_for(_me(), auth.now(), idle, absolute)


def _prove(field: Any) -> int:
    """Check one's own password; 0, or the status and the sentence beside the field.

    Throttled as the sign-in is: somebody at a browser left open must not guess it here either.
    """
    key = account_key(_me().email)
    attempt = Attempt.begin({key: PER_ACCOUNT}, auth.now())
    if attempt is None:
        field.errors = [TOO_MANY]
        return 429
    if not passwords.verify(_me().password_hash, field.data):
        field.errors = [NOT_YOURS]
        return 422
    Attempt.succeeded(attempt, key)
    return 0


def _new_secret() -> str:
    """The secret being set up, the same until a code confirms it."""
    session.setdefault("new_secret", codes.new_secret())
    return str(session["new_secret"])


def _show(
    status: int = 200,
    zone_form: ZoneForm | None = None,
    password_form: NewPasswordForm | None = None,
    mail_form: MailForm | None = None,
) -> Any:
    return web.show(
        "account/page.html",
        status=status,
        sign_ins=list(_sign_ins()),
        here=current_user.sign_in,
        zone_form=zone_form or ZoneForm(formdata=None, zone=_me().zone),
        mail_form=mail_form or MailForm(formdata=None, **MailForm.of(MailWish.of(_me()))),
        password_form=password_form or ChangePasswordForm(_me(), formdata=None),
        centres=current_user.centres,
        required=_factor_required(),
        feed=CalendarFeed.of(auth.actor()),
    )


def _show_factor(status: int = 200, form: Any = None) -> Any:
    if _me().totp_secret:
        off = form if isinstance(form, TurnOffForm) else TurnOffForm(formdata=None)
        return web.show(
            "account/second_factor_on.html", status=status, form=off, required=_factor_required()
        )
    secret = _new_secret()
    return web.show(
        "account/second_factor.html",
        status=status,
        form=form or ConfirmCodeForm(formdata=None),
        secret=codes.grouped(secret),
        required=_factor_required(),
        picture=Markup(codes.qr_code(secret, _me().email)),  # noqa: S704 - drawn here, holds no text
    )
