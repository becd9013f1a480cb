"""``supervise import``: the group of imports, and ``supervise import cohort``.

Another kind of import adds itself: ``from supervise.cli.imports import command as group`` and
``@group.command("…")``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from supervise import catalogue
from supervise.cli import DataFault, instance_option, now, opened
from supervise.db import write
from supervise.imports.cohort import Cohort, read_cohort
from supervise.imports.diary import Fault
from supervise.imports.reading import UnreadableFile, read_workbook
from supervise.models import Centre
from supervise.models.cohort import Taken, programmes_of, take

PATH = "/invitation/"
"""Where an invitation opens, before its token; a test follows one."""


@click.group("import")
def command() -> None:
    """Take in files: a cohort of learners, or the diary of one."""


def centre_called(number: str | None) -> Centre:
    """The centre of that number; without one, the only centre there is.

    Raises DataFault (exit 1) where there is none, UsageError (exit 2) where one must be named.
    """
    centres: list[Centre] = list(Centre.select().order_by(Centre.number))
    if not centres:
        raise DataFault("There is no centre yet. Make one with supervise init.")
    known = ", ".join(centre.number for centre in centres)
    if number is None:
        if len(centres) > 1:
            raise click.UsageError(f"Say which centre with --centre NUMBER. There are: {known}.")
        return centres[0]
    for centre in centres:
        if centre.number == number:
            return centre
    raise DataFault(f"There is no centre with the number {number}. There are: {known}.")


def print_faults(faults: Sequence[Fault]) -> None:
    """Tell every fault with its line and column."""
    for fault in faults:
        column = f", column {fault.column}" if fault.column else ""
        click.echo(f"Line {fault.line}{column}: {fault.sentence}", err=True)


@command.command("cohort")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--centre", "number", help="The centre's number; not needed where there is only one.")
@click.option("--dry-run", is_flag=True, help="Say what would come in, and change nothing.")
@click.option("--take-good", is_flag=True, help="Take the good lines although others have faults.")
@click.option("--links", is_flag=True, help="Print the invitation links. They are secrets.")
@click.option(
    "--address",
    metavar="https://…",
    default="",
    callback=lambda _context, _option, value: _site(value),
    help="Your site's address, to stand before each link.",
)
@instance_option
@click.pass_context
def cohort(
    context: click.Context,
    file: Path,
    number: str | None,
    dry_run: bool,
    take_good: bool,
    links: bool,
    address: str,
) -> None:
    """Take in learners, their enrolments and who looks after them, from CSV or XLSX.

    Everybody new gets an invitation. The same file again adds nothing. Where a line has a fault,
    nothing is taken unless --take-good is given, and the exit code is 1.
    """
    with opened(context) as settings:
        centre = centre_called(number)
        found = _read(file)
        print_faults(found.faults)
        if found.faults and not take_good:
            raise DataFault(
                f"{_count(len(found.faults), 'fault')}, so nothing was taken. Mend the file"
                f"{or_take_good(len(found.rows))}."
            )
        try:
            with write():
                taken = take(found.rows, centre, by=None, now=now(), days=settings.invitation_days)
                cautions = [(made.learner.name, made.cautions()) for made in taken.enrolments]
                if dry_run:
                    raise _Undo
        except _Undo:
            click.echo(f"A dry run for {centre.name}: nothing was changed. This would come in:")
        else:
            click.echo(f"Taken in for {centre.name}:")
    _tell(taken)
    for name, sentences in cautions:
        if sentences:
            click.echo(f"  Look at {name}: {' '.join(sentences)}")
    mailed = bool(settings.smtp and settings.public_url)
    address = address or settings.public_url
    _tell_invitations(taken, links and not dry_run, address, settings.invitation_days, mailed)


def _site(address: str) -> str:
    """The address that stands before a link's path; a wrong one exits with 2."""
    parts = urlsplit(address)
    whole = parts.scheme in ("http", "https") and parts.netloc
    if address and (not whole or parts.query or parts.fragment):
        raise click.BadParameter("Write it as https://supervise.example.org")
    return address.rstrip("/")


def or_take_good(lines: int) -> str:
    """What else can be done about a file with faults, where any of its lines is good."""
    return f", or take the {_count(lines, 'good line')} with --take-good" if lines else ""


class _Undo(Exception):  # noqa: N818 - it never leaves this file
    """Takes back what a dry run wrote."""


def _read(file: Path) -> Cohort:
    try:
        workbook = read_workbook(file.read_bytes(), file.name)
    except UnreadableFile as unreadable:
        raise DataFault(unreadable.sentence) from unreadable
    return read_cohort(workbook, programmes_of(catalogue.load()))


def _tell(taken: Taken) -> None:
    for email, role in taken.unasked:
        click.echo(
            f"  Not taken: {email} as {role}. They have an account that is not of this centre. "
            "Add them under People, and import the file again once they have accepted."
        )
    if not taken.anything:
        if not taken.unasked:
            click.echo("Nothing new: everybody in the file is here already.")
        return
    for role in ("learner", "supervisor", "tutor"):
        click.echo(f"  {_count(taken.new(role), f'new {role}')}")
    click.echo(f"  {_count(len(taken.enrolments), 'enrolment')}")
    click.echo(f"  {_count(taken.assignments, 'assignment')}")


def _tell_invitations(taken: Taken, links: bool, address: str, days: int, mailed: bool) -> None:
    if not taken.people:
        return
    click.echo(f"{_count(len(taken.people), 'invitation')} waiting for {days} days:")
    for new in taken.people:
        link = f"  {address}{PATH}{new.token}" if links else ""
        click.echo(f"  {new.person.name} <{new.person.email}>, {new.role}{link}")
    if links and address:
        click.echo("Send each link to that person alone.")
    elif links:
        click.echo("Put your site's address before each link, and send it to that person alone.")
    elif mailed:
        click.echo("Each gets a link by mail, with the next supervise tick.")
    else:
        click.echo(
            "The links are secrets and were not printed: make a new one on each person's page "
            "under People. Next time, --links prints them."
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
