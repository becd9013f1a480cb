"""Every personal column has a rule, and a person can take away what is theirs and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from supervise import db, signing
from supervise.reports.privacy import NOT_PERSONAL, RULES
from tests.world import World, sign_in

MODELS = [
    model
    for model in db.Model.__subclasses__() + signing.Link.__subclasses__()
    if model is not signing.Link
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_column_has_a_rule(model: Any) -> None:
    if model._meta.table_name in NOT_PERSONAL:
        assert model not in RULES
        return
    without = [c for c in model._meta.columns if RULES[model].fate(c) is None]
    assert without == []


def test_a_copy_of_ones_own_data(app: Flask) -> None:
    world = World()
    me, other = world.learner, world.person("Owen Tasker", "learner")
    world.session(done="I listened.", state="approved")
    theirs = world.enrol(other)
    world.assign(world.supervisor, "supervisor", theirs)
    world.session(enrolment=theirs, done="Somebody else's words.")
    client = app.test_client()
    sign_in(client, me, world.centre)
    answer = client.get("/account/data.json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    copy = answer.get_json()
    assert [s["done"] for s in copy["practice_session"]] == ["I listened."]
    assert copy["person"][0]["email"] == me.email
    assert {c["alias"] for c in copy["client"]} == {"Client A"}
    text = answer.get_data(as_text=True)
    assert "Somebody else" not in text
    assert "password_hash" not in text
    assert "token_sha256" not in text
