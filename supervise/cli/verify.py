"""``supervise verify``: does everything signed still stand as it was signed?"""

from __future__ import annotations

import click

from supervise.cli import DataFault, instance_option, opened
from supervise.models import Centre
from supervise.reports.verify import extent, verify


@click.command("verify")
@click.option("--centre", "number", metavar="NUMBER", help="Only the centre with this number.")
@instance_option
@click.pass_context
def command(context: click.Context, number: str | None) -> None:
    """Walk the chain of each centre, and lay every record beside its last sign-off.

    Prints a line for each centre. Exits with 1 where something does not fit, and names the first
    such thing.
    """
    with opened(context):
        faulty = [centre.name for centre in _centres(number) if not _fits(centre)]
    if faulty:
        raise DataFault(f"Something signed was changed afterwards in {' and '.join(faulty)}.")


def _centres(number: str | None) -> list[Centre]:
    query = Centre.select().order_by(Centre.name, Centre.id)
    if number is None:
        return list(query)
    found = list(query.where(Centre.number == number))
    if not found:
        raise DataFault(f"No centre has the number {number}.")
    return found


def _fits(centre: Centre) -> bool:
    """Print the centre's line; False where something does not fit."""
    misfit = next(verify(centre), None)
    if misfit is None:
        walked = extent(centre)
        sign_offs = _count(walked.sign_offs, "sign-off", "sign-offs")
        events = _count(walked.events, "history entry", "history entries")
        click.echo(f"{centre.name}: {sign_offs} and {events} fit.")
        return True
    click.echo(f"{centre.name}: {misfit.sentence}")
    return False


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
