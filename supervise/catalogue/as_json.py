"""The catalogue as plain values for `supervise catalogue --json`."""

from dataclasses import asdict
from datetime import date
from typing import Any

from supervise.catalogue.shapes import Catalogue, Programme


def as_json(catalogue: Catalogue) -> dict[str, Any]:
    """All of the catalogue as dicts, lists and strings; dates as YYYY-MM-DD.

    The keys are those of the shapes; a unit set carries its title under `label` as well.
    """
    return {
        "version": catalogue.version,
        "qualifications": [_plain(asdict(item)) for item in catalogue.qualifications],
        "unit_sets": [_unit_set(item) for item in catalogue.unit_sets],
        "units": [_plain(asdict(item)) for item in catalogue.units],
    }


def _unit_set(item: Programme) -> dict[str, Any]:
    return {
        "code": item.code,
        "label": item.title,
        "title": item.title,
        "awarding_body": item.awarding_body,
        "level": item.level,
        "units": list(item.units),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
