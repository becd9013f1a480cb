"""``supervise init``: a centre and its first administrator."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from supervise import passwords
from supervise.cli import main
from supervise.models import Centre, Membership, Person
from tests import engines
from tests.world import World

PASSWORD = "seven quiet lanterns on the quay"
CALL = ("init", "--centre", "Alder Quay", "--number", "A1", "--admin", "Ada.Quill@example.org")


@pytest.fixture
def run(settings, database, monkeypatch):
    """Runs ``supervise`` on this test's database; ``password`` stands in the environment."""
    monkeypatch.setenv("SUPERVISE_DATABASE", settings.database)

    def call(*words, password=PASSWORD, typed=""):
        engines.disconnect()  # the command binds the database anew
        environment = {
            "SUPERVISE_ADMIN_PASSWORD": password,
            "SUPERVISE_INSTANCE": str(settings.instance),
        }
        return CliRunner().invoke(main, words or CALL, input=typed, env=environment)

    return call


def test_the_centre_has_an_administrator_who_can_sign_in(run):
    result = run()
    assert result.exit_code == 0, result.output
    centre = Centre.get()
    admin = Person.with_email("ada.quill@example.org")
    assert (centre.name, centre.number, admin.name) == ("Alder Quay", "A1", "Ada Quill")
    assert Membership.roles_of(admin, centre) == {"admin"}
    assert passwords.verify(admin.password_hash, PASSWORD)
    assert PASSWORD not in result.output


def test_the_password_is_asked_for_twice_and_not_shown(run):
    result = run(password=None, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    assert passwords.verify(Person.get().password_hash, PASSWORD)


def test_without_a_password_nothing_is_made(run):
    assert run(password=None, typed="").exit_code != 0
    assert Centre.select().count() == 0


def test_a_number_is_used_once(run):
    run()
    again = run(*CALL[:-1], "other@example.org")
    assert again.exit_code == 1
    assert "There is a centre with the number A1 already." in again.output
    assert Person.select().count() == 1


@pytest.mark.parametrize(
    ("words", "password"),
    [
        (CALL, "password1234"),
        (CALL, "short"),
        ((*CALL[:-1], "ada at example"), PASSWORD),
        (CALL[:3], PASSWORD),
        (("init", "--centre", " ", *CALL[3:]), PASSWORD),
        ((*CALL, "--colour", "red"), PASSWORD),
    ],
)
def test_a_bad_call_exits_with_2_and_makes_nothing(run, words, password):
    result = run(*words, password=password)
    assert result.exit_code == 2, result.output
    assert Centre.select().count() == 0


def test_somebody_with_an_account_keeps_their_password(run):
    world = World()
    before = passwords.hash_password(PASSWORD)
    Person.update(password_hash=before).where(Person.id == world.tutor.id).execute()
    result = run(*CALL[:-1], world.tutor.email, password="another long enough phrase")
    assert result.exit_code == 0
    assert "keeps the password" in result.output
    assert Person.get_by_id(world.tutor.id).password_hash == before


@pytest.mark.parametrize("first", [True, False])
def test_the_instance_may_stand_before_or_after(first, tmp_path):
    folder = tmp_path / "here"
    option = ["--instance", str(folder)]
    words = [*option, *CALL] if first else [*CALL, *option]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SUPERVISE_")}
    done = subprocess.run(
        [sys.executable, "-c", "from supervise.cli import main; main()", *words],
        env=environment | {"SUPERVISE_ADMIN_PASSWORD": PASSWORD},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Made Alder Quay (A1)." in done.stdout
    assert (folder / "supervise.db").exists()
