"""The qualification catalogue: units, outcomes, criteria and rules, one folder of TOML a version.

Pure data behind frozen dataclasses; it imports nothing of the app.
"""

from supervise.catalogue.as_json import as_json
from supervise.catalogue.loader import UnknownVersion, load, versions
from supervise.catalogue.official import OfficialWording, read_official
from supervise.catalogue.shapes import (
    EVIDENCE_KINDS,
    Assessment,
    Catalogue,
    Criterion,
    Outcome,
    Programme,
    Section,
    Unit,
    UnknownCode,
)

__all__ = [
    "EVIDENCE_KINDS",
    "Assessment",
    "Catalogue",
    "Criterion",
    "OfficialWording",
    "Outcome",
    "Programme",
    "Section",
    "Unit",
    "UnknownCode",
    "UnknownVersion",
    "as_json",
    "load",
    "read_official",
    "versions",
]
