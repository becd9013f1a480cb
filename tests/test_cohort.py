"""A cohort taken in: through the model's door and through the command."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import url_for

from supervise import catalogue
from supervise.cli import main
from supervise.cli.imports import PATH
from supervise.events import Event
from supervise.imports.cohort import read_cohort
from supervise.imports.reading import read_workbook
from supervise.models import Actor, Assignment, Centre, Enrolment, Invitation, Membership, Person
from supervise.models.cohort import name_from, programmes_of, take
from tests import engines
from tests.world import NOW, World

SAMPLE = Path(__file__).parent / "data/samples/cohort.csv"
BAD_LINE = "Nobody,not-an-address,REG9,ILM-8580,500,2026-06-01,,\n"


@pytest.fixture
def centre(database):
    return Centre.create(name="Alder Quay", number="A1", created_at=NOW)


def rows_of(data):
    found = read_cohort(read_workbook(data, "cohort.csv"), programmes_of(catalogue.load()))
    assert not found.faults
    return found.rows


def took(centre, data=None):
    return take(rows_of(data or SAMPLE.read_bytes()), centre, by=None, now=NOW, days=14)


def counts():
    return [
        m.select().count() for m in (Person, Membership, Enrolment, Assignment, Invitation, Event)
    ]


def test_the_sample_goes_in_as_it_is(centre):
    taken = took(centre)
    assert [taken.new(role) for role in ("learner", "supervisor", "tutor")] == [8, 2, 1]
    assert (len(taken.enrolments), taken.assignments) == (8, 16)
    waiting = Invitation.select().where(
        Invitation.used_at.is_null() & (Invitation.expires_at > NOW)
    )
    assert waiting.count() == 11
    tom = Enrolment.get(Enrolment.learner == Person.with_email("tom.leary@example.org"))
    assert tom.unit_codes == [f"D3.0{n}" for n in range(1, 8)]
    assert (tom.registration, tom.started_on, tom.ends_on) == (
        "REG1001", date(2026, 1, 12), date(2029, 1, 12),
    )  # fmt: skip
    team = {row.role: (row.person.name, row.from_on) for row in tom.assignments}
    assert team == {
        "supervisor": ("R Sandhu", date(2026, 1, 12)),
        "tutor": ("T Brook", date(2026, 1, 12)),
    }
    zofia = Enrolment.get(Enrolment.learner == Person.with_email("zofia.wjcik@example.org"))
    assert len(zofia.unit_codes) == len(catalogue.load().programme("5D2V2").units)


def test_every_link_opens_its_own_persons_invitation(centre):
    for new in took(centre).people:
        assert Invitation.with_token(new.token).person == new.person


def test_the_same_file_again_adds_nothing(centre):
    took(centre)
    before = counts()
    again = took(centre)
    assert not again.anything
    assert counts() == before


def test_a_supervisor_who_left_does_not_come_back_with_the_file(centre):
    took(centre)
    admin = World().admin
    Membership.grant(admin, centre, "admin", by=None, now=NOW)
    ended = Assignment.get(Assignment.role == "supervisor")
    ended.end(date(2026, 10, 8), by=Actor.of(admin, centre, NOW), now=NOW)
    assert not took(centre).anything
    assert Assignment.get_by_id(ended.id).to_on == date(2026, 10, 8)


def line_of(learner, supervisor):
    head = SAMPLE.read_text("utf-8").splitlines()[0]
    return f"{head}\nSomebody Else,{learner},R1,ILM-8580,500,2026-06-01,{supervisor},\n".encode()


def test_somebody_of_another_centre_is_asked_first(centre):
    other = World()
    taken = took(centre, line_of(other.learner.email, "new@example.org"))
    assert taken.unasked == ((other.learner.email, "learner"),)
    assert not taken.anything
    assert Membership.roles_of(other.learner, centre) == frozenset()
    taken = took(centre, line_of("new@example.org", other.supervisor.email))
    assert taken.unasked == ((other.supervisor.email, "supervisor"),)
    assert (len(taken.enrolments), taken.assignments) == (1, 0)
    Membership.grant(other.supervisor, centre, "supervisor", by=None, now=NOW)
    again = took(centre, line_of("new@example.org", other.supervisor.email))
    assert (again.unasked, again.assignments) == ((), 1)
    assert Person.get_by_id(other.supervisor.id).name == "Marian Hale"


def test_the_command_says_who_must_be_asked_first(run, tmp_path):
    other = World()
    file = tmp_path / "cohort.csv"
    file.write_bytes(line_of(other.learner.email, ""))
    result = run("import", "cohort", file, "--centre", "A1")
    assert result.exit_code == 0, result.output
    assert f"Not taken: {other.learner.email} as learner." in result.output
    assert "Priya" not in result.output


def test_a_failure_half_way_takes_nothing(centre):
    rows = rows_of(SAMPLE.read_bytes())
    before = counts()
    with pytest.raises(catalogue.UnknownCode):
        take(
            (*rows[:3], replace(rows[3], units=("no such unit",))),
            centre,
            by=None,
            now=NOW,
            days=14,
        )
    assert counts() == before


@pytest.mark.parametrize(
    ("email", "name"),
    [("m.hale@example.org", "M Hale"), ("tessa_brook@x.org", "Tessa Brook"), ("x@x.org", "X")],
)
def test_a_name_is_made_from_the_address(email, name):
    assert name_from(email) == name


# --- the command ------------------------------------------------------------------------


@pytest.fixture
def run(settings, database, centre, monkeypatch):
    """Runs ``supervise`` on this test's database and returns the result."""
    monkeypatch.setenv("SUPERVISE_DATABASE", settings.database)

    def call(*words):
        engines.disconnect()  # the command binds the database anew
        words = ("--instance", str(settings.instance), *map(str, words))
        return CliRunner().invoke(main, words)

    return call


@pytest.fixture
def bad(tmp_path):
    file = tmp_path / "bad.csv"
    file.write_text(SAMPLE.read_text("utf-8") + BAD_LINE, "utf-8")
    return file


def test_the_command_says_what_came_in_and_keeps_links_secret(run):
    result = run("import", "cohort", SAMPLE)
    assert result.exit_code == 0, result.output
    for words in (
        "8 new learners",
        "2 new supervisors",
        "1 new tutor",
        "8 enrolments",
        "11 invitations waiting",
    ):
        assert words in result.output
    assert "M Hale <m.hale@example.org>, supervisor" in result.output
    assert "/invitation/" not in result.output
    assert "--links" in result.output
    assert Invitation.select().count() == 11
    again = run("import", "cohort", SAMPLE)
    assert again.exit_code == 0
    assert "Nothing new" in again.output


def test_links_are_printed_on_request_and_work(run, settings):
    result = run("import", "cohort", SAMPLE, "--links")
    paths = [word for word in result.output.split() if word.startswith("/invitation/")]
    assert len(paths) == 11
    for path in paths:
        assert Invitation.with_token(path.removeprefix("/invitation/")) is not None


def test_links_may_begin_with_the_sites_address(run):
    result = run("import", "cohort", SAMPLE, "--links", "--address", "https://alder.example.org/")
    links = [word for word in result.output.split() if "/invitation/" in word]
    assert len(links) == 11
    assert all(link.startswith("https://alder.example.org/invitation/") for link in links)
    assert "Put your site's address" not in result.output
    wrong = run("import", "cohort", SAMPLE, "--links", "--address", "alder")
    assert wrong.exit_code == 2
    assert "Write it as https://supervise.example.org" in wrong.output


def test_an_invitation_opens_where_the_command_says(client):
    world = World()
    token = Invitation.invite(world.learner, world.centre, now=world.now, days=14)
    with client.application.test_request_context():
        assert url_for("invitations.page", token=token) == PATH + token


def test_a_dry_run_changes_nothing(run):
    before = counts()
    result = run("import", "cohort", SAMPLE, "--dry-run", "--links")
    assert result.exit_code == 0
    assert "nothing was changed" in result.output
    assert "8 new learners" in result.output
    assert "/invitation/" not in result.output
    assert counts() == before


def test_one_bad_line_stops_all_and_is_told_with_line_and_column(run, bad):
    before = counts()
    result = run("import", "cohort", bad)
    assert result.exit_code == 1
    assert "Line 10, column Email: ‘not-an-address’ is not an e-mail address." in result.output
    assert "1 fault, so nothing was taken" in result.output
    assert counts() == before


def test_the_good_lines_are_taken_on_request(run, bad):
    result = run("import", "cohort", bad, "--take-good")
    assert result.exit_code == 0
    assert "Line 10, column Email" in result.output
    assert Enrolment.select().count() == 8


def test_a_file_that_is_none_of_these_is_refused(run, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert run("import", "cohort", empty).exit_code == 1
    assert run("import", "cohort", tmp_path / "missing.csv").exit_code == 2


def test_the_centre_is_named_where_there_are_two(run, centre):
    other = Centre.create(name="Birch Row", number="B2", created_at=NOW)
    unnamed = run("import", "cohort", SAMPLE)
    assert unnamed.exit_code == 2
    assert "A1, B2" in unnamed.output
    assert run("import", "cohort", SAMPLE, "--centre", "Z9").exit_code == 1
    assert run("import", "cohort", SAMPLE, "--centre", "B2").exit_code == 0
    assert Enrolment.select().where(Enrolment.centre == other).count() == 8
    assert Enrolment.select().where(Enrolment.centre == centre).count() == 0
