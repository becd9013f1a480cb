"""``python -m supervise``: the same as the ``supervise`` command."""

from supervise.cli import main

main()
