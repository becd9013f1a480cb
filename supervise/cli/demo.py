"""``supervise demo``: a believable centre in an empty database."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from supervise.cli import DataFault, instance_option, opened
from supervise.demo import AlreadyFilled, Login, fill


@click.command("demo")
@click.option("--json", "as_json", is_flag=True, help="Print the logins as JSON.")
@instance_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Fill an empty database with a centre, its people and a year of practice; print the logins.

    The passwords are made at random and shown this once.
    """
    with opened(context, make=True):
        try:
            logins = fill()
        except AlreadyFilled as filled:
            raise DataFault(str(filled)) from filled
    if as_json:
        click.echo(json.dumps([login._asdict() for login in logins], indent=1))
    else:
        print_logins(logins)


def print_logins(logins: Sequence[Login]) -> None:
    """The logins as a table: role, e-mail, password."""
    width = max(len(login.email) for login in logins)
    click.echo("Demo logins, shown this once:")
    for login in logins:
        click.echo(f"  {login.role:<11} {login.email:<{width}}  {login.password}")
