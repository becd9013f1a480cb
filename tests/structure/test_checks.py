"""The checks a reader would otherwise have to make by eye."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.tools import ROOT

APP = ROOT / "supervise"
TEMPLATES = APP / "templates"
LONGEST = 320
UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|NotImplementedError)\b|mark\.(skip|skipif|xfail)\b|pytest\.(skip|xfail)\b"
)
# This file names them all; tools.py leaves a test out where no Chromium is, and fails under CI.
MAY_NAME_THEM = {Path(__file__), ROOT / "tests" / "tools.py"}


def tool(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / name)


def sources(*folders: Path) -> list[Path]:
    kinds = (".py", ".html", ".js", ".css", ".toml")
    return sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in kinds and "vendor" not in path.parts and ".tools" not in path.parts
    )


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-m", "ruff", "check", "."],
        [sys.executable, "-m", "mypy"],
        [sys.executable, "-m", "djlint", "--lint", "--quiet", str(TEMPLATES)],
        [sys.executable, "-m", "djlint", "--check", str(TEMPLATES)],
        [tool("lint-imports")],
    ],
    ids=["ruff", "mypy", "djlint-lint", "djlint-layout", "import-linter"],
)
def test_it_finds_nothing(command):
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_module_is_too_long_to_read_in_one_go():
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in APP.rglob("*.py")}
    long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST}
    assert not long


def test_nothing_is_left_unfinished():
    left = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources(APP, ROOT / "tests")
        if path not in MAY_NAME_THEM
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not left


def test_htmx_attributes_are_valid_html():
    """Only `data-hx-…` is; htmx takes both."""
    bare = re.compile(r"(?<![\w-])hx-[a-z:-]+\s*=")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for match in bare.finditer(path.read_text("utf-8"))
    ]
    assert not found


def test_the_readme_begins_with_the_two_commands():
    """`.ci/run` runs the second as it stands."""
    text = (ROOT / "README.md").read_text("utf-8")
    first, second = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[:2]
    assert "supervise serve" in first
    assert "--demo" in first
    assert "pytest" in second
