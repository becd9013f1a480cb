"""``supervise import sessions``: a learner's diary file into their diary."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import click

from supervise.cli import DataFault, instance_option, now, opened
from supervise.cli.imports import command as group
from supervise.cli.imports import or_take_good
from supervise.imports.choices import filled, guess_choices
from supervise.imports.reading import UnreadableFile, Workbook, read_workbook
from supervise.models import Actor, Enrolment, Person
from supervise.models.diary_import import Taken, take
from supervise.reports.diary_preview import Preview, preview
from supervise.rules import moments


@group.command("sessions")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--learner", required=True, metavar="EMAIL", help="Whose diary it is.")
@click.option("--unit", metavar="CODE", help="Unit for rows and sheets that do not name theirs.")
@click.option("--programme", metavar="CODE", help="Which enrolment, where there are several.")
@click.option("--dry-run", is_flag=True, help="Say what would come in, and change nothing.")
@click.option("--take-good", is_flag=True, help="Take the good lines although others have faults.")
@click.option(
    "--contract-agreed",
    type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]),
    metavar="DATE",
    help="The day the contract was agreed, for the file's clients that have no such date yet.",
)
@click.option(
    "--submit",
    is_flag=True,
    help="Submit those that are complete. The history says that a command did it.",
)
@instance_option
@click.pass_context
def sessions(
    context: click.Context,
    file: Path,
    learner: str,
    unit: str | None,
    programme: str | None,
    dry_run: bool,
    take_good: bool,
    contract_agreed: datetime | None,
    submit: bool,
) -> None:
    """Take a diary kept as CSV or XLSX into the learner's diary, as drafts.

    Nothing is signed in the learner's name: the history says that a command did it.

    The columns are found by their headings. The same file again adds nothing. Where a line has a
    fault, nothing is taken unless --take-good is given, and the exit code is 1.
    """
    with opened(context):
        moment = now()
        agreed = _agreed(contract_agreed, moment)
        enrolment = _enrolment(learner, programme, unit)
        workbook = _read(file)
        codes = tuple(known.code for known in enrolment.book.units)
        found = preview(workbook, guess_choices(workbook, codes, unit), enrolment, moment)
        _tell(found, sheets=len(workbook.sheets))
        _stop_at_faults(found, take_good)
        if dry_run:
            click.echo(
                f"A dry run: nothing was changed. {found.fresh} would be added, "
                f"{len(found.rows) - found.fresh} there already."
            )
            return
        by = replace(Actor.of(enrolment.learner, enrolment.centre, moment), command=True)
        taken = take(
            found.rows, enrolment, by=by, now=moment, submit=submit, contract_agreed=agreed
        )
        _tell_taken(taken, submit)


def _agreed(typed: datetime | None, moment: datetime) -> date | None:
    if typed and typed.replace(tzinfo=UTC) > moment:
        raise click.BadParameter("This day has not come yet.", param_hint="--contract-agreed")
    return typed.date() if typed else None


def _enrolment(email: str, programme: str | None, unit: str | None) -> Enrolment:
    """The learner's one enrolment that fits the call. Raises DataFault where there is not one."""
    person = Person.with_email(email)
    if person is None:
        raise DataFault(
            f"Nobody here has the address {email}. Check it, or import the cohort first."
        )
    enrolments = list(person.enrolments.order_by(Enrolment.id))
    if not enrolments:
        raise DataFault(f"{email} is not enrolled. Enrol them first, or import the cohort.")
    if programme:
        asked = [one for one in enrolments if one.programme.casefold() == programme.casefold()]
        if not asked:
            raise DataFault(f"{email} is not enrolled on {programme}, but on {_named(enrolments)}.")
        enrolments = asked
    if unit:
        fitting = [one for one in enrolments if unit in one.unit_codes]
        if not fitting:
            units = ", ".join(code for one in enrolments for code in one.unit_codes)
            raise DataFault(f"{unit} is not a unit that {email} takes. They take: {units}.")
        enrolments = fitting
    if len(enrolments) > 1:
        raise DataFault(f"{email} is enrolled on {_named(enrolments)}. Say which with --programme.")
    only: Enrolment = enrolments[0]
    return only


def _named(enrolments: list[Enrolment]) -> str:
    return " and ".join(one.programme for one in enrolments)


def _read(file: Path) -> Workbook:
    try:
        return filled(read_workbook(file.read_bytes(), file.name))
    except UnreadableFile as unreadable:
        raise DataFault(unreadable.sentence) from unreadable
    except OSError as error:
        raise DataFault(f"{file.name} cannot be read: {error.strerror}.") from error


def _tell(found: Preview, sheets: int) -> None:
    """What was read, unit by unit, what was passed over, and what is worth a look."""

    def where(sheet: str, line: int, column: str = "") -> str:
        """A place in the file; a file of one sheet, as every CSV is, needs no sheet's name."""
        parts = [f"Sheet {sheet}"] if sheets > 1 else []
        parts += [f"line {line}"] if line else []
        parts += [f"column {column}"] if column else []
        place = ", ".join(parts) or "The file"
        return f"{place[0].upper()}{place[1:]}"

    for total in found.totals:
        click.echo(
            f"{total.unit}: {count(total.sessions, 'session')}, {moments.length(total.minutes)} "
            f"({total.minutes} minutes)"
        )
    for sheet, line, why in found.reading.passed_over:
        if why != "blank row":
            click.echo(f"Passed over: {where(sheet, line)}: {why}.")
    for notice in found.notices:
        click.echo(f"Look at: {where(notice.sheet, notice.line)}: {notice.sentence}")
    for fault in found.faults:
        click.echo(f"{where(fault.sheet, fault.line, fault.column)}: {fault.sentence}", err=True)


def _stop_at_faults(found: Preview, take_good: bool) -> None:
    if found.faults and not take_good:
        raise DataFault(
            f"{count(len(found.faults), 'fault')}, so nothing was imported. Mend the file"
            f"{or_take_good(len(found.rows))}."
        )
    if not found.rows:
        raise DataFault("No session was found in this file, so nothing was imported.")


def _tell_taken(taken: Taken, submit: bool) -> None:
    click.echo(f"{taken.added} added, {taken.known} there already.")
    if submit:
        click.echo(f"{taken.submitted} submitted.")
        for day, why in taken.left:
            click.echo(f"Not submitted, {moments.long_date(day) if day else 'no date'}: {why}")
    elif taken.added:
        click.echo("They are drafts: the learner submits them when they are ready.")
    for alias in taken.undated:
        click.echo(
            f"The contract with {alias} was not dated: approved hours rest on it, so only the "
            "supervisor can."
        )


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it must be."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
