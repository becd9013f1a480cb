"""Whom a host meets, in names."""

from __future__ import annotations

import pytest

from supervise.rules.company import company


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([], []),
        ([("Owen", "booked"), ("Priya", "signed")], ["Owen", "Priya"]),
        ([("Amara", "invited"), ("Owen", "booked")], ["Owen", "Amara (invited)"]),
        ([("Leo", "waiting"), ("Owen", "missed")], ["Owen", "Leo (on the waiting list)"]),
        ([("Owen", "cancelled"), ("Priya", "booked")], ["Priya"]),
        ([("Owen", "cancelled"), ("Priya", "declined")], ["Owen", "Priya"]),
    ],
)
def test_company(places: list[tuple[str, str]], said: list[str]) -> None:
    assert company(places) == said
