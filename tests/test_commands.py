"""What every command does about the database it is told to use: missing, unreadable, its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from supervise.cli import main
from tests import engines
from tests.imports.samples import SAMPLES

FILE = str(SAMPLES / "cohort.csv")
READERS = (
    ("verify",),
    ("progress", "priya.nair@example.org"),
    ("import", "cohort", FILE),
    ("import", "sessions", FILE, "--learner", "priya.nair@example.org"),
)
INIT = ("init", "--centre", "Alder Quay", "--number", "A1", "--admin", "ada.quill@example.org")
MAKERS = (INIT, ("demo",), ("serve",))


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SUPERVISE_DATABASE", "SUPERVISE_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SUPERVISE_ADMIN_PASSWORD", "seven quiet lanterns on the quay")


def run(*words: str) -> Result:
    engines.disconnect()
    result = CliRunner().invoke(main, words)
    engines.disconnect()
    return result


@pytest.mark.parametrize("words", READERS, ids=" ".join)
@pytest.mark.parametrize("folder", ["", "elsewhere"])
def test_without_a_database_it_says_so_and_makes_nothing(
    words: tuple[str, ...], folder: str, tmp_path: Path
) -> None:
    result = run(*(("--instance", folder) if folder else ()), *words)
    assert result.exit_code == 1
    told = f"There is no Supervise database in {folder or 'instance'}. Make a centre with supervise"
    assert told in result.output
    assert str(tmp_path) not in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_database_file_that_is_named_and_missing_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPERVISE_DATABASE", f"sqlite:///{tmp_path / 'away.db'}")
    result = run("verify")
    assert result.exit_code == 1
    assert "There is no Supervise database that SUPERVISE_DATABASE names." in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", READERS + MAKERS, ids=lambda words: " ".join(words[:2]))
def test_a_file_that_is_no_database_is_told_without_a_traceback(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "instance"
    folder.mkdir()
    (folder / "supervise.db").write_text("Dear diary, today we had five sessions.\n" * 50)
    result = run(*words)
    assert result.exit_code == 1
    assert "The database in instance cannot be opened: file is not a database." in result.output
    assert isinstance(result.exception, SystemExit)


def test_an_address_of_no_known_kind_is_a_wrong_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISE_DATABASE", "mysql://someone:secret@host/name")
    Path("instance").mkdir()
    result = run("verify")
    assert result.exit_code == 2
    assert "must begin with sqlite:/// or postgresql://" in result.output
    assert "secret" not in result.output


@pytest.mark.parametrize("port", ["0", "99999", "http"])
def test_a_port_that_does_not_exist_is_a_wrong_call(port: str, tmp_path: Path) -> None:
    result = run("serve", "--port", port)
    assert result.exit_code == 2
    assert "--port" in result.output
    assert list(tmp_path.iterdir()) == []


def test_what_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        assert run(*INIT).exit_code == 0
        import supervise
        from supervise import db
        from supervise.settings import Settings

        supervise.create_app(Settings.load())
        with db.connection(), db.write():
            db.database.execute_sql("UPDATE person SET name = name")
            folder = tmp_path / "instance"
            made = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
        engines.disconnect()
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {"supervise.db", "supervise.db-wal", "supervise.db-shm", "chain.key"} <= made.keys()
    assert set(made.values()) == {0o600}
