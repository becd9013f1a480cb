"""`supervise catalogue`: the whole catalogue on the command line, without a database."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from supervise.cli import main

KEYS = {
    "qualifications": "code title awarding_body level min_credits min_glh tqt_hours rule units",
    "unit_sets": "code label awarding_body level units",
    "units": (
        "code title awarding_body level credits glh tut ofqual_ref min_practice_hours practice_kind "
        "contract_required observation pdp_months outcomes assessment"
    ),
}


def run(*arguments: str):
    return CliRunner().invoke(main, ["catalogue", *arguments])


def test_the_json_holds_every_unit_outcome_and_criterion():
    answer = run("--json")
    assert answer.exit_code == 0, answer.output
    plain = json.loads(answer.stdout)
    outcomes = [outcome for unit in plain["units"] for outcome in unit["outcomes"]]
    criteria = [criterion for outcome in outcomes for criterion in outcome["criteria"]]
    assert (len(plain["units"]), len(outcomes), len(criteria)) == (23, 81, 240)
    assert (len(plain["qualifications"]), len(plain["unit_sets"])) == (4, 2)
    for part, keys in KEYS.items():
        for row in plain[part]:
            assert set(keys.split()) <= set(row), row["code"]
    for criterion in criteria:
        assert set(criterion) == {"number", "label", "max", "min", "evidence"}
    for unit in plain["units"]:
        assert set(unit["assessment"]) == {
            "type", "pass_rule", "total", "pass_total", "shared_with", "sections",
        }  # fmt: skip
        for section in unit["assessment"]["sections"]:
            assert set(section) == {"label", "max", "min", "criteria"}


def test_the_table_names_every_programme_and_unit():
    answer = run()
    assert answer.exit_code == 0
    lines = answer.stdout.splitlines()
    assert lines[0] == "Catalogue 2026-1: 23 units"
    assert "ILM-L3-CWCM  ILM Level 3 Certificate in Workplace Coaching and Mentoring (QCF)" in lines
    [d304] = [line for line in lines if line.startswith("  D3.04")]
    assert "7 credits" in d304
    assert "12 guided h" in d304
    assert "30 h practice" in d304


def test_it_makes_no_instance_folder(tmp_path: Path):
    folder = tmp_path / "instance"
    answer = run("--json", "--instance", str(folder))
    assert answer.exit_code == 0
    assert not folder.exists()


def test_a_version_is_chosen_by_name():
    assert run("--version", "2026-1").stdout == run().stdout


@pytest.mark.parametrize("shape", [(), ("--json",)])
def test_an_unknown_version_exits_with_2_and_lists_those_there_are(shape):
    answer = run("--version", "1999-1", *shape)
    assert answer.exit_code == 2
    assert "no version “1999-1”: choose one of 2026-1" in answer.stderr
