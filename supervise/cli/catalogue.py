"""``supervise catalogue``: the catalogue as a table, or all of it as JSON. It needs no database."""

from __future__ import annotations

import json

import click

from supervise.catalogue import Catalogue, UnknownVersion, as_json, load
from supervise.cli import instance_option


@click.command("catalogue")
@click.option("--json", "plain", is_flag=True, help="Print all of it as JSON.")
@click.option("--version", "version", help="A version of the catalogue; the newest unless told.")
@instance_option
def command(plain: bool, version: str | None) -> None:
    """Print the qualifications, unit sets and units; with --json their criteria and marks as well."""
    try:
        book = load(version)
    except UnknownVersion as unknown:
        raise click.UsageError(unknown.args[0]) from unknown
    if plain:
        click.echo(json.dumps(as_json(book), indent=1))
    else:
        click.echo("\n".join(_table(book)))


def _table(book: Catalogue) -> list[str]:
    """A line for each programme and, below it, for each of its units."""
    lines = [f"Catalogue {book.version}: {len(book.units)} units"]
    for programme in book.programmes:
        lines += ["", f"{programme.code}  {programme.title}"]
        for unit in map(book.unit, programme.units):
            hours = f"{unit.min_practice_hours} h practice" if unit.min_practice_hours else ""
            facts = f"{unit.credits:>2} credits {unit.glh:>3} guided h  {hours:<13}"
            lines.append(f"  {unit.code:<7} {facts}  {unit.short_title}")
    return lines
