"""Fixtures that every test may use; the browser's own are in tests/browser.py."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as properties
from werkzeug.routing import Rule

from supervise import db
from supervise.settings import Settings
from tests import engines, html
from tests.browser import (  # noqa: F401  (pytest finds fixtures by name)
    browser,
    check_everywhere,
    check_page,
    either_page,
    live,
    new_page,
    page,
)
from tests.queries import Queries
from tests.queries import queries as count_queries

# a busy machine makes no property false
properties.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
properties.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=(*engines.NAMES, "both"),
        default="both",
        help="the databases to run the tests on",
    )


MOVES = {"test_workflow"}
"""The walk through every move, state and role: the rule is asked, not the engine."""
PAGES = {
    "test_account", "test_agenda", "test_availability", "test_booking_pages", "test_calendar",
    "test_catalogue_pages", "test_centre", "test_clients", "test_confirmations", "test_confirming",
    "test_consent_kept", "test_contract_drafts", "test_contract_told", "test_details",
    "test_enrolments", "test_feedback", "test_feedback_read", "test_goal_forms", "test_goals",
    "test_ics", "test_identity_late", "test_imports", "test_invitations", "test_learners",
    "test_link_mail", "test_links_withdrawn", "test_mail", "test_naming_another", "test_nudge",
    "test_outbox", "test_people", "test_progress", "test_proposing", "test_questions",
    "test_routes", "test_sessions", "test_signin", "test_signin_code", "test_signin_typing",
    "test_supervision", "test_today", "test_verify_written",
}  # fmt: skip
"""What asks for pages alone: on SQLite, so that the suite stays under a quarter of an hour. Ask for the
other engine with `--engine postgresql`."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three workers for two cores: half of a worker's time it waits for a browser or a database."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs whatever needs a database on each engine, unless the test names its own.

    What drives a browser runs on SQLite, but for the main journeys, which name both: what differs
    between the engines lies below the pages, and the tests without a browser ask for every page.
    """
    if "engine" not in metafunc.fixturenames:
        return
    own = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if not any("engine" in str(names) for names in own):
        chosen = metafunc.config.getoption("--engine")
        name = metafunc.module.__name__.rpartition(".")[2]
        once = "browser" in metafunc.fixturenames or name in PAGES | MOVES
        both = engines.NAMES[:1] if once else engines.NAMES
        metafunc.parametrize("engine", both if chosen == "both" else (chosen,))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks by what a test uses, for `-m "not browser"`."""
    for item in items:
        for mark, fixture in (("browser", "browser"), ("html", "checker")):
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)


@pytest.fixture(scope="session", autouse=True)
def _addresses_compiled_once() -> Iterator[None]:
    """Werkzeug compiles two functions for each address of each app; every test makes the same app."""
    made: dict[Any, Any] = {}
    compile_anew = Rule._compile_builder

    def compile_once(self: Rule, append_unknown: bool = True) -> Any:
        key = (self.rule, tuple(self._trace), str(self.defaults), append_unknown)
        if key not in made:
            made[key] = compile_anew(self, append_unknown)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture(scope="session")
def running_engine() -> Iterator[Callable[[str], engines.Engine]]:
    """Starts an engine at its first use and stops all at the end."""
    started: dict[str, engines.Engine] = {}

    def get(name: str) -> engines.Engine:
        if name not in started:
            started[name] = engines.start(name)
        return started[name]

    yield get
    for engine in started.values():
        engine.stop()


@pytest.fixture
def address(engine: str, running_engine: Callable[[str], engines.Engine]) -> Iterator[str]:
    """The address of a migrated, empty database for this test alone."""
    url = running_engine(engine).fresh()
    yield url
    engines.disconnect()
    running_engine(engine).drop(url)


@pytest.fixture
def empty_address(engine: str, running_engine: Callable[[str], engines.Engine]) -> Iterator[str]:
    """The address of a database that was never migrated."""
    url = running_engine(engine).empty()
    yield url
    engines.disconnect()
    running_engine(engine).drop(url)


@pytest.fixture
def settings(address: str, tmp_path: Path) -> Settings:
    """Settings with an instance folder and a database for this test alone."""
    return Settings.load(instance=tmp_path / "instance", database=address, testing=True)


@pytest.fixture
def database(settings: Settings) -> peewee.Database:
    """The bound database; it connects by itself and is closed after the test.

    SQLite does not wait for the disk: what survives a crash is test_crash's, which starts a server.
    """
    made = db.connect_to(settings.database)
    if isinstance(made, peewee.SqliteDatabase):
        made.pragma("synchronous", "off", permanent=True)
        made.close()
    return made


@pytest.fixture
def app(settings: Settings, database: peewee.Database) -> Flask:
    """The app on the database of this test. Every client made from it lints what it gets."""
    from supervise import create_app

    made = create_app(settings)
    if db.database.obj is not database:  # the app bound it anew; one connection pool is enough
        engines.disconnect()
        db.database.initialize(database)
    made.test_client_class = LintingClient
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A person who is not signed in; `app.test_client()` makes more."""
    return app.test_client()


class LintingClient(FlaskClient):
    """Fails the test at the first page, or fragment, whose HTML is grossly wrong.

    On SQLite alone: the pages are the same on the other engine, and reading them takes longest.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        response = super().open(*args, **kwargs)
        looked_at = response.mimetype == "text/html" and response.status_code in (200, 422)
        if looked_at and db.is_sqlite():
            faults = html.check(response.get_data(as_text=True))
            where = response.request.path
            assert not faults, f"{where}:\n" + "\n".join(faults)
        return response


@pytest.fixture(scope="session")
def checker() -> Iterator[html.Checker]:
    """The Nu HTML checker: `checker.check(page_text)` lists its complaints."""
    running = html.Checker()
    yield running
    running.stop()


@pytest.fixture
def queries() -> Callable[[], AbstractContextManager[Queries]]:
    """Counts SQL: `with queries() as seen: …` and then `assert seen.count <= 12, seen`."""
    return count_queries
