"""Taking up an invitation: the one-time link with which somebody sets a password and comes in.

Somebody with an account in another centre accepts it signed in, with one button.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for
from flask_login import current_user

from supervise import auth, passwords, web
from supervise.forms.signin import JoinForm
from supervise.models import Invitation, account
from supervise.views import signin

bp = Blueprint("invitations", __name__)


@bp.get("/invitation/<token>")
@auth.public
def page(token: str) -> Any:
    """Who invites, and the form. Showing it changes nothing: mail scanners open links."""
    invitation = Invitation.with_token(token)
    if invitation is None or not invitation.usable(auth.now()):
        return _closed(invitation)
    return _show(invitation, JoinForm(invitation.person))


@bp.post("/invitation/<token>")
@auth.public
def join(token: str) -> Any:
    """Set the password, use the link up, and sign in; or accept, signed in already."""
    invitation = Invitation.with_token(token)
    if invitation is None or not invitation.usable(auth.now()):
        return _closed(invitation)
    if _theirs(invitation) and not invitation.sets_password:
        return _take_up(invitation)
    form = JoinForm(invitation.person)
    if not invitation.sets_password or not form.validate():
        return _show(invitation, form, 422)
    hashed = passwords.hash_password(form.password.data)
    if not account.join(invitation, hashed, now=auth.now()):
        return _closed(invitation)
    return signin.come_in(invitation.person)


def _theirs(invitation: Invitation) -> bool:
    """Whether the person invited is the one signed in here."""
    return bool(current_user.is_authenticated and current_user.person.id == invitation.person_id)


def _take_up(invitation: Invitation) -> Any:
    """Give the roles, and go over to the centre that invited."""
    if not invitation.take_up(now=auth.now()):
        return _closed(invitation)
    current_user.sign_in.move_to(invitation.centre)
    return web.done(url_for("today.page"))


def _show(invitation: Invitation, form: JoinForm, status: int = 200) -> Any:
    return web.show(
        "signin/invitation.html", status=status, invitation=invitation, form=form,
        theirs=_theirs(invitation),
    )  # fmt: skip


def _closed(invitation: Invitation | None) -> Any:
    """Used, expired or closed: 410. Never there: 404. The way out is the same."""
    return web.show("signin/no_invitation.html", status=410 if invitation else 404)
