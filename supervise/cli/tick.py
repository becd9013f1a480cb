"""``supervise tick``: deliver the outbox. For cron, a systemd timer, or the server's own loop."""

from __future__ import annotations

import click

from supervise import mail
from supervise.cli import DataFault, instance_option, now, opened
from supervise.models import Mail


@click.command("tick")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Send at most so many messages."
)
@instance_option
@click.pass_context
def command(context: click.Context, limit: int | None) -> None:
    """Make the reminders that are due and send what waits in the outbox.

    Any number may run at once: each mail goes out once. Without a mail server in the settings
    everything is kept. Exits with 1 where the mail server cannot be reached.
    """
    with opened(context) as settings:
        tally = mail.tick(settings, now, limit=limit)
        waiting = Mail.select().where(Mail.state == "waiting").count()
    click.echo(tally.sentence)
    if settings.smtp is None:
        click.echo("No mail server is set (SUPERVISE_SMTP_HOST), so all mail is kept.")
    elif not settings.public_url and tally.kept:
        click.echo(
            "Mail with a link is kept until SUPERVISE_PUBLIC_URL says where people reach the app."
        )
    if tally.unreachable:
        raise DataFault(f"{tally.unreachable} Mail that waits for another try: {waiting}.")
