"""What is vendored is exactly what was published, and its licence lies beside it."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[2] / "supervise" / "static" / "vendor"
ENTRIES = json.loads((VENDOR / "VENDOR.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_the_published_one(entry):
    content = (VENDOR / entry["file"]).read_bytes()
    assert base64.b64encode(hashlib.sha384(content).digest()).decode() == entry["sha384"]
    assert entry["version"] in content.decode("utf-8")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_vendored_file_has_its_source_and_licence(entry):
    assert entry["source"]
    assert entry["licence"]
    assert (VENDOR / entry["licence_file"]).read_text(encoding="utf-8").strip()


def test_nothing_lies_there_unlisted():
    listed = {"VENDOR.json"}
    for entry in ENTRIES:
        listed |= {entry["file"], entry["licence_file"]}
    assert {path.name for path in VENDOR.iterdir()} == listed
