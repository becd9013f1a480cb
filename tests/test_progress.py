"""`supervise progress`: a learner's hours on the command line."""

from __future__ import annotations

import json
from datetime import date, time

import pytest
from click.testing import CliRunner

from supervise.cli import main
from supervise.models import Person
from tests import engines
from tests import meeting as meetings
from tests.world import World


@pytest.fixture
def world(database):
    made = World()
    made.paper(date(2026, 1, 20))
    return made


@pytest.fixture
def run(database, address, tmp_path):
    def call(*arguments):
        engines.disconnect()  # the command opens the database itself
        return CliRunner().invoke(
            main,
            ["progress", *arguments, "--instance", str(tmp_path / "instance")],
            env={"SUPERVISE_DATABASE": address},
        )

    return call


def told(run, world):
    outcome = run(world.learner.email, "--json")
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.output)


def test_each_unit_has_its_minutes_and_every_session_its_reasons(run, world):
    world.session(day=date(2026, 7, 1), start=time(10), minutes=75, state="approved")
    waits = world.session(day=date(2026, 7, 2), start=None, minutes=45)
    waits.import_key = "a line of a file"  # which may name no start
    waits.save()
    waits.submit(by=world.actor(world.learner), now=world.now)
    world.session(day=date(2026, 1, 3), minutes=30)
    answer = told(run, world)
    assert answer["learner"] == world.learner.email
    assert [unit["code"] for unit in answer["units"]] == ["D3.03", "D3.04", "D3.06", "D3.07"]
    unit = answer["units"][1]
    minutes = {key: value for key, value in unit.items() if key.endswith("_minutes")}
    assert minutes == {
        "required_minutes": 1800, "counted_minutes": 75, "waiting_minutes": 45, "never_minutes": 30,
        "unfinished_minutes": 0,
    }  # fmt: skip
    early, first, second = unit["sessions"]
    assert early["verdict"] == "never"
    assert early["reasons"][0] == "It is dated before the enrolment began on 12 Jan 2026."
    assert (first["verdict"], first["start"], first["reasons"][0]) == (
        "counts",
        "10:00",
        "Approved.",
    )
    assert second == {
        "id": waits.id, "date": "2026-07-02", "start": None, "minutes": 45, "kind": "coaching",
        "state": "submitted", "verdict": "not yet", "reasons": second["reasons"],
    }  # fmt: skip
    assert second["reasons"][0] == "It waits for approval."


def test_a_start_is_on_the_learners_clock(run, world):
    world.session(start=time(10))
    Person.update(zone="Asia/Tokyo").where(Person.id == world.learner.id).execute()
    assert told(run, world)["units"][1]["sessions"][0]["start"] == "18:00"


def test_sessions_in_no_unit_that_asks_for_practice_stand_apart(run, world):
    world.session(unit=None, state="approved")
    answer = told(run, world)
    [session] = answer["unallocated"]
    assert (session["unit"], session["verdict"]) == (None, "not yet")
    assert session["reasons"][0] == "No unit is chosen."
    assert sum(unit["waiting_minutes"] for unit in answer["units"]) == 0


def test_two_enrolments_stand_one_after_the_other(run, world):
    world.enrol(world.learner, "ILM-8580", ("501",))
    assert [unit["code"] for unit in told(run, world)["units"]][-1] == "501"


def test_without_json_it_reads_as_lines(run, world):
    world.session(day=date(2026, 7, 1), minutes=75, state="approved")
    world.session(day=date(2026, 7, 2), minutes=45, state="submitted")
    outcome = run(world.learner.email.upper())
    assert outcome.exit_code == 0
    assert "D3.04: 1 h 15 counted, 0 h 45 waiting; 30 h 00 needed" in outcome.output
    assert "2026-07-02" in outcome.output
    assert "not yet: It waits for approval." in outcome.output


def test_somebody_who_is_enrolled_nowhere_has_no_units(run, world):
    outcome = run(world.tutor.email)
    assert outcome.exit_code == 0
    assert "No unit that asks for practice, and no session." in outcome.output


def test_an_unknown_address_is_the_datas_fault(run):
    outcome = run("nobody@example.org")
    assert outcome.exit_code == 1
    assert "Nobody has the e-mail address nobody@example.org." in outcome.output


@pytest.mark.parametrize("arguments", [[], ["a@b.org", "c@d.org"], ["a@b.org", "--yaml"]])
def test_a_wrong_call_exits_with_2(run, arguments):
    assert run(*arguments).exit_code == 2


def test_drafts_and_what_was_returned_are_part_of_what_waits_and_said_apart(run, world):
    world.session(day=date(2026, 7, 1), minutes=45, state="submitted")
    world.session(day=date(2026, 7, 2), minutes=30, state="returned")
    world.session(day=date(2026, 7, 3), minutes=15)
    unit = told(run, world)["units"][1]
    assert (unit["waiting_minutes"], unit["unfinished_minutes"]) == (90, 45)
    assert "0 h 45 waiting, 0 h 45 in drafts or returned;" in run(world.learner.email).output


def test_guided_time_stands_with_each_meeting_and_its_reason(run, world):
    meetings.signed(world, format="induction", host=world.tutor)
    meetings.held(
        world, format="tutorial", host=world.tutor, starts_at=meetings.WHEN.replace(day=7)
    )
    tutorial, induction = told(run, world)["guided"]
    assert (tutorial["required_minutes"], induction["required_minutes"]) == (240, 60)
    assert (tutorial["counted_minutes"], tutorial["waiting_minutes"]) == (0, 55)
    assert induction["counted_minutes"] == 55
    assert induction["sentence"] == "0 h 55 of 1 h 00 counted: book an induction."
    assert [(m["date"], m["verdict"], m["reason"]) for m in tutorial["meetings"]] == [
        (
            "2026-10-07",
            "not yet",
            "It was held, and its record is not written and signed yet.",
        )
    ]
    text = run(world.learner.email).output
    assert "  Tutorial: 0 h 00 of 4 h 00 counted: book a tutorial." in text
