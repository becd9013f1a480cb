"""Forms of coming in: e-mail and password, the code, and the first password."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField

from supervise.forms.account import NewPasswordForm


def _printable(text: str | None) -> str:
    """What a keyboard can type: nobody's address holds anything else."""
    return "".join(sign for sign in text or "" if sign.isprintable()).strip()


class SignInForm(FlaskForm):
    """E-mail and password. Nothing is checked here: a wrong pair gets one sentence, whatever it is."""

    email = EmailField("E-mail", filters=[_printable])
    password = PasswordField("Password")


class CodeForm(FlaskForm):
    """The second step: a code from the app."""

    code = StringField("Code from your app", filters=[_printable])


class JoinForm(NewPasswordForm):
    """The password with which an invitation is taken up."""
