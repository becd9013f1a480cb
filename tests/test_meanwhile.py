"""What changed between the page and the answer to it: refused, and nothing is overwritten."""

from dataclasses import replace
from datetime import date

import pytest
import time_machine

from supervise.events import Event, history
from supervise.models import Assignment, DiaryUpload, Enrolment
from supervise.models.centres import Refused
from supervise.reports.verify import verify
from supervise.signing import SignOff
from tests.test_centre import GOOD
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        yield World()


def test_dates_corrected_by_somebody_else_meanwhile_are_kept(client, world):
    sign_in(client, world.admin, world.centre)
    found = Assignment.get(Assignment.role == "supervisor")
    path, seen = f"/assignments/{found.id}", found.mark
    assert f'name="seen" value="{seen}"' in client.get(path).text
    found.correct(date(2026, 2, 1), None, by=world.actor(world.admin), now=NOW)
    late = client.post(path, data={"seen": seen, "from_on": "2026-03-01", "to_on": ""})
    assert late.status_code == 422
    assert "Somebody changed this meanwhile." in late.text
    assert Assignment.get_by_id(found.id).from_on == date(2026, 2, 1)


def test_an_enrolment_corrected_by_somebody_else_meanwhile_is_kept(client, world):
    sign_in(client, world.admin, world.centre)
    path, seen = f"/enrolments/{world.enrolment.id}", world.enrolment.mark
    form = {"units": ["D3.04"], "registration": "R9", "started_on": "2026-01-12", "ends_on": ""}
    assert client.post(path, data=form | {"seen": seen}).status_code == 303
    late = client.post(path, data=form | {"seen": seen, "registration": "R7"})
    assert late.status_code == 422
    assert "Somebody changed this meanwhile." in late.text
    assert Enrolment.get_by_id(world.enrolment.id).registration == "R9"


def test_a_learner_does_not_date_a_contract_approved_meanwhile(world):
    me = world.actor(world.learner)
    session = world.session(state="submitted")
    contract = session.engagements[0]
    assert contract.can_set_contract(me)
    session.approve(by=world.actor(world.supervisor), now=NOW)
    with pytest.raises(Refused, match="only the supervisor changes its date"):
        contract.set_contract(date(2026, 2, 1), by=me, now=NOW)
    assert type(contract).get_by_id(contract.id).contract_agreed_on is None
    assert history("engagement", contract.id) == []


def test_what_a_command_does_is_signed_by_nobody(world):
    command = replace(world.actor(world.learner), command=True)
    session = world.session()
    contract = session.engagements[0]
    contract.set_contract(date(2026, 2, 1), by=command, now=NOW)
    session.submit(by=command, now=NOW)
    assert not SignOff.select().exists()
    done = Event.select().where(Event.verb.in_(("submitted", "dated the contract")))
    assert [(event.role, event.person_id) for event in done] == [("command", None)] * 2
    assert list(verify(world.centre)) == []
    type(contract).update(contract_agreed_on=date(2026, 1, 2)).execute()
    [misfit] = verify(world.centre)
    assert "its date is not the one the command set" in misfit.sentence


def test_a_file_that_was_taken_is_not_kept(client, world):
    sign_in(client, world.admin, world.centre)
    text = GOOD.encode()
    me = world.actor(world.admin)
    upload = DiaryUpload.keep("wording of ours.csv", text, by=me, now=NOW)
    for _ in range(2):
        assert client.post(f"/centre/wording/{upload.id}").status_code == 303
    assert client.get(f"/centre/wording/{upload.id}").status_code == 303
    kept = DiaryUpload.get_by_id(upload.id)
    assert (bytes(kept.data), kept.filename) == (b"", "")
