"""Diary files for tests: small CSVs, and the learners of the sample cohort."""

from datetime import UTC, date, datetime
from pathlib import Path

from supervise.imports.choices import filled, guess_choices
from supervise.imports.reading import read_workbook
from supervise.models import Enrolment
from supervise.reports.diary_preview import preview
from tests.world import World

SAMPLES = Path(__file__).parent / "data" / "samples"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HEAD = "Date,Start,Minutes,Client,What we did\n"


def coach_of_501() -> World:
    """A centre whose learner takes ILM 8580 from 1 June."""
    return World(
        now=NOW, programme="ILM-8580", units=("500", "501", "503"), started_on=date(2026, 6, 1)
    )


def looked_at(data: bytes | str, enrolment: Enrolment, name: str = "diary.csv", unit: str = "501"):
    """What a file would bring, its columns guessed."""
    data = data.encode() if isinstance(data, str) else data
    workbook = filled(read_workbook(data, name))
    codes = [one.code for one in enrolment.book.units]
    return preview(workbook, guess_choices(workbook, codes, unit), enrolment, NOW)


def sample(name: str) -> bytes:
    """The bytes of a sample file."""
    return (SAMPLES / name).read_bytes()
