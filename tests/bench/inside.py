"""What a page asks of the database, counted in this process over the same file."""

from __future__ import annotations

from datetime import UTC, datetime

from supervise import create_app
from supervise import models as m
from supervise.settings import Settings
from tests.bench.centres import Centre
from tests.queries import queries
from tests.world import sign_in


def count_queries(centre: Centre, pages: dict[str, tuple[str, str]]) -> dict[str, int]:
    """Statements for each page, by its name."""
    url = f"sqlite:///{centre.file}"
    app = create_app(Settings.load(instance=centre.instance, database=url, testing=True))
    counted = {}
    for name, (role, path) in pages.items():
        client = app.test_client()
        person = m.Person.with_email(getattr(centre, role))
        sign_in(client, person, m.Centre.get(), datetime.now(UTC))
        client.get(path)  # the first one reads templates and the catalogue
        with queries() as seen:
            client.get(path)
        counted[name] = seen.count
    return counted
