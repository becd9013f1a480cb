"""``supervise init``: a new centre and its first administrator."""

from __future__ import annotations

import os

import click

from supervise import passwords
from supervise.cli import DataFault, instance_option, now, opened
from supervise.imports.cohort import is_email
from supervise.models import Centre, Person
from supervise.models.centres import Refused
from supervise.models.cohort import name_from
from supervise.models.founding import found

PASSWORD_VARIABLE = "SUPERVISE_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable


@click.command("init")
@click.option("--centre", "name", required=True, help="The centre's name.")
@click.option(
    "--number", required=True, help="Its number with the awarding body; each is used once."
)
@click.option("--admin", "email", required=True, help="E-mail address of its first administrator.")
@click.option("--admin-name", help="Their name; made from the address unless given.")
@instance_option
@click.pass_context
def command(
    context: click.Context, name: str, number: str, email: str, admin_name: str | None
) -> None:
    """Make a centre and its first administrator.

    Asks for the administrator's password, or takes it from SUPERVISE_ADMIN_PASSWORD. There is no
    default.
    """
    name, number, email = name.strip(), number.strip(), email.strip().lower()
    if not name or not number:
        raise click.UsageError("Give the centre a name and a number.")
    if not is_email(email):
        raise click.UsageError(f"‘{email}’ is not an e-mail address. Write it as a@example.org.")
    admin_name = (admin_name or "").strip() or name_from(email)
    with opened(context, make=True):
        if Centre.select().where(Centre.number == number).exists():
            raise DataFault(
                f"There is a centre with the number {number} already. Nothing was changed."
            )
        known = Person.with_email(email)
        keeps = known is not None and known.password_hash is not None
        secret = None if keeps else passwords.hash_password(_password(email, admin_name))
        try:
            found(name, number, email=email, admin_name=admin_name, password_hash=secret, now=now())
        except Refused as refused:
            raise DataFault(refused.sentence) from refused
    click.echo(f"Made {name} ({number}).")
    click.echo(f"{email} is its administrator" + (
        " and keeps the password they have." if keeps else " and can sign in with that password."
    ))  # fmt: skip
    click.echo(
        "Next: supervise serve, then sign in and add people, or supervise import cohort FILE."
    )


def _password(email: str, name: str) -> str:
    """The password of the first administrator; exits with 2 where it is weak."""
    given = os.environ.get(PASSWORD_VARIABLE) or click.prompt(
        "Password for the administrator", hide_input=True, confirmation_prompt=True
    )
    fault = passwords.weakness(given, email, name)
    if fault:
        raise click.UsageError(fault)
    return str(given)
