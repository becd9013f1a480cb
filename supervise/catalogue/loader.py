"""Reads a version of the catalogue from the TOML beside this file."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from supervise.catalogue.shapes import (
    Assessment,
    Catalogue,
    Criterion,
    Outcome,
    Programme,
    Section,
    Unit,
)

VERSION = re.compile(r"(\d{4})-(\d+)")


class UnknownVersion(LookupError):  # noqa: N818 - reads as what it says
    """The catalogue has no such version; the message is a sentence that lists those it has."""


@cache
def versions() -> tuple[str, ...]:
    """The versions there are, oldest first: year, then number within the year."""
    found = (VERSION.fullmatch(folder.name) for folder in _home().iterdir())
    pairs = sorted((int(m[1]), int(m[2]), m[0]) for m in found if m)
    return tuple(name for _, _, name in pairs)


def load(version: str | None = None) -> Catalogue:
    """The catalogue of that version, the newest when None; raises UnknownVersion.

    An enrolment keeps the version it began with, so an old folder is never edited.
    """
    known = versions()
    wanted = known[-1] if version is None else version
    if wanted not in known:
        raise UnknownVersion(
            f"The catalogue has no version “{wanted}”: choose one of {', '.join(known)}."
        )
    return _read(wanted)


@cache
def _read(version: str) -> Catalogue:
    folder = _home() / version
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    tables = [tomllib.loads((folder / name).read_text(encoding="utf-8")) for name in names]

    def every(key: str) -> list[dict[str, Any]]:
        return [row for table in tables for row in table.get(key, [])]

    return Catalogue(
        version=version,
        qualifications=tuple(_programme(row) for row in every("qualifications")),
        unit_sets=tuple(_programme(row) for row in every("unit_sets")),
        units=tuple(_unit(row) for row in every("units")),
    )


def _programme(row: dict[str, Any]) -> Programme:
    return Programme(
        code=row["code"],
        title=row["name"],
        awarding_body=row["awarding_body"],
        level=row["level"],
        units=tuple(row["units"]),
        rule=row.get("rule"),
        min_credits=row.get("min_credits"),
        min_glh=row.get("min_glh"),
        tqt_hours=row.get("tqt_hours"),
        max_years=row.get("max_years"),
        induction_hours=row.get("induction_hours"),
        tutorial_hours=row.get("tutorial_hours"),
        min_age=row.get("min_age"),
        regulated_ref=row.get("regulated_ref"),
        regulated_from=row.get("regulated_from"),
        regulation_ends=row.get("regulation_ends"),
    )


def _unit(row: dict[str, Any]) -> Unit:
    words = row.get("word_count")
    return Unit(
        code=row["code"],
        title=row["name"],
        short_title=row["short_title"],
        awarding_body=row["awarding_body"],
        level=row["level"],
        credits=row["credits"],
        glh=row["glh"],
        tut=row.get("tut"),
        ofqual_ref=row.get("ofqual_ref"),
        min_practice_hours=row.get("min_practice_hours"),
        practice_kind=row.get("practice_kind"),
        contract_required=row.get("contract_required", False),
        supervisor_required_on_the_day=row.get("supervisor_required_on_the_day", False),
        observation=row["observation"],
        pdp_months=row.get("pdp_months"),
        review_date=row.get("review_date"),
        available_from=row.get("available_from"),
        word_count=(words[0], words[1]) if words else None,
        short_unit_of=row.get("short_unit_of"),
        equivalent_unit=row.get("equivalent_unit"),
        assessment=_assessment(row["assessment"]),
        outcomes=tuple(_outcome(outcome) for outcome in row["outcomes"]),
    )


def _assessment(row: dict[str, Any]) -> Assessment:
    return Assessment(
        type=row["type"],
        pass_rule=row["pass_rule"],
        total=row.get("total"),
        pass_total=row.get("pass_total"),
        shared_with=row.get("shared_with"),
        sections=tuple(
            Section(part["label"], part["max"], part["min"], tuple(part["criteria"]))
            for part in row.get("sections", [])
        ),
    )


def _outcome(row: dict[str, Any]) -> Outcome:
    return Outcome(
        number=row["number"],
        label=row["label"],
        criteria=tuple(
            Criterion(c["number"], c["label"], tuple(c["evidence"]), c.get("max"), c.get("min"))
            for c in row["criteria"]
        ),
    )


def _home() -> Traversable:
    return files("supervise.catalogue")
