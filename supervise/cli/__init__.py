"""The ``supervise`` command. Exit 0: done; 1: the data is at fault; 2: the call is.

Every module here that has a ``command`` is one of its subcommands.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import peewee

from supervise import db, links, signing
from supervise.settings import INSTANCE_DEFAULT, Settings, WrongSetting

Command = TypeVar("Command", bound=Callable[..., Any])
MAKE_ONE = "Make a centre with supervise init, or name another folder with --instance."


class DataFault(click.ClickException):
    """What was asked for cannot be done with this data; says why and exits with 1."""

    exit_code = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--instance",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="SUPERVISE_INSTANCE",
    help="Folder for the database file and keys; 'instance' here unless told.",
)
@click.version_option(package_name="supervise")
@click.pass_context
def main(context: click.Context, instance: Path | None) -> None:
    """Supervise: supervised coaching and mentoring practice of a training centre.

    The database is instance/supervise.db, or what SUPERVISE_DATABASE names
    (postgresql://user:password@host/name).
    """
    context.obj = instance


def instance_option(command: Command) -> Command:
    """Let ``--instance`` stand after the subcommand as well as before it."""

    def keep(context: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
        if value is not None:
            context.obj = value
        return value

    return click.option(
        "--instance",
        type=click.Path(file_okay=False, path_type=Path),
        expose_value=False,
        callback=keep,
        help="Folder for the database file and keys.",
    )(command)


@contextmanager
def opened(context: click.Context, *, make: bool = False) -> Iterator[Settings]:
    """The migrated database of the instance the call names, and its settings.

    A command that does not ``make`` one finds a database there, or exits with 1 and leaves nothing
    behind; so does every command where what is there cannot be opened.
    """
    if not make:
        _refuse_missing(context)
    settings = settings_of(context)
    try:
        db.connect_to(settings.database)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    signing.use_key(settings.chain_key)
    links.use_key(settings.secret_key)
    try:
        db.migrate()
    except (peewee.DatabaseError, OSError) as error:
        why = (str(error).splitlines() or ["it does not answer"])[0].rstrip(".")
        raise DataFault(
            f"The database {_where(context)} cannot be opened: {why}. "
            "Name another with --instance, or put a backup in its place."
        ) from error
    with db.connection():
        yield settings


def settings_of(context: click.Context) -> Settings:
    """The settings of the instance the call names; exits with 2 where they, or its folder, are unusable."""
    try:
        return Settings.load(instance=_folder(context))
    except OSError as error:
        raise click.UsageError(f"The instance folder cannot be used: {error.strerror}.") from error
    except WrongSetting as error:
        raise click.UsageError(f"{error}.") from error


def _folder(context: click.Context) -> Path:
    """The instance folder, as it was typed."""
    return Path(context.obj or os.environ.get("SUPERVISE_INSTANCE") or INSTANCE_DEFAULT)


def _where(context: click.Context) -> str:
    """Where the database is, in the words of the call; an address may hold a password."""
    named = os.environ.get("SUPERVISE_DATABASE")
    return "that SUPERVISE_DATABASE names" if named else f"in {_folder(context)}"


def _refuse_missing(context: click.Context) -> None:
    """Raises DataFault where the call names no folder, or no file, in which a database could be."""
    folder = _folder(context)
    address = os.environ.get("SUPERVISE_DATABASE") or f"sqlite:///{folder / 'supervise.db'}"
    file = db.file_of(address)
    if file and not (file.is_file() and file.stat().st_size):
        raise DataFault(f"There is no Supervise database {_where(context)}. {MAKE_ONE}")
    if not folder.is_dir():
        raise DataFault(f"There is no Supervise instance in {folder}. {MAKE_ONE}")


def now() -> datetime:
    """The moment of this call."""
    return datetime.now(UTC)


for _module in pkgutil.iter_modules(__path__):
    _command = getattr(importlib.import_module(f"{__name__}.{_module.name}"), "command", None)
    if _command is not None:
        main.add_command(_command)
