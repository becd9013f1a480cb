"""What a centre sets for itself."""

import io
import re

import pytest
import time_machine

from supervise import catalogue
from supervise.events import history
from supervise.models import Centre, OfficialWording, UnitSetRule
from supervise.models.centres import judge_combination
from tests.world import NOW, World, sign_in

GOOD = "unit,number,text\n501,1,Know how to coach\n501,1.1,“Plan” a talk\n"


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False  # tests of sign-in ask for the token
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def admin(client, world):
    sign_in(client, world.admin, world.centre)
    return client


def change(admin, **fields):
    form = {
        "name": "Alder Quay", "number": "C77", "zone": "Europe/London", "due_days": "5", "late_days": "8",
        "feedback_floor": "3", "supervise_after_hours": "35", "supervise_after_weeks": "8",
    } | fields  # fmt: skip
    return admin.post("/centre", data=form)


def test_policy_is_changed_with_before_and_after(admin, world):
    answer = change(admin, due_days="3", short_hours_count_in_long="y", second_factor_required="")
    assert answer.status_code == 303
    centre = Centre.get_by_id(world.centre.id)
    assert (centre.name, centre.number, centre.due_days) == ("Alder Quay", "C77", 3)
    assert centre.policy.short_hours_count_in_long
    (event,) = history("centre", centre.id)
    assert event.details["before"]["due_days"] == 5
    assert event.details["after"]["due_days"] == 3
    assert "zone" not in event.details["after"]
    text = admin.get("/centre").text
    assert "days until due 5 → 3" in text
    assert "short-unit hours count in the long unit no → yes" in text


def test_the_ratio_of_supervision_is_typed_in_hours_and_either_may_be_empty(admin, world):
    assert change(admin, supervise_after_hours="20", supervise_after_weeks="").status_code == 303
    centre = Centre.get_by_id(world.centre.id)
    assert (centre.supervise_after_minutes, centre.supervise_after_weeks) == (1200, None)
    text = admin.get("/centre").text
    assert "minutes of practice until supervision is due 2100 → 1200" in text
    assert "weeks until supervision is due 8 → none" in text
    assert 'value="20"' in text
    assert "Give a whole number." in change(admin, supervise_after_hours="abc").text
    refused = change(admin, supervise_after_hours="0")
    assert refused.status_code == 422
    assert "Choose 1 to 500 hours, or leave it empty." in refused.text


def test_nothing_changed_leaves_no_trace(admin, world):
    change(admin)
    change(admin)
    assert len(history("centre", world.centre.id)) == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "Type the name."),
        ({"zone": "Mars/Base"}, "not a valid choice"),
        ({"due_days": "0"}, "Choose 1 to 90 days."),
        ({"due_days": "soon"}, "not a valid integer"),
        ({"due_days": "9"}, "“Late” comes after “due”"),
    ],
)
def test_a_fault_stands_beside_its_field_and_changes_nothing(admin, world, fields, sentence):
    answer = change(admin, **fields)
    assert answer.status_code == 422
    assert sentence.lower() in answer.text.lower()
    assert Centre.get_by_id(world.centre.id).name == world.centre.name


def test_the_rule_of_a_unit_set_is_the_centres_own(admin, world):
    other = World()
    form = {"ILM-8580-min_credits": "6", "ILM-8580-required": ["501"]}
    assert admin.post("/centre/rules/ILM-8580", data=form).status_code == 303
    programme = catalogue.load().programme("ILM-8580")

    def reasons(centre, *units):
        return judge_combination(centre, programme, units, catalogue.load()).reasons

    assert reasons(world.centre, "500") == ("Unit 501 is required: add it.",)
    assert reasons(other.centre, "500") == ()
    assert "required units none → 501" in admin.get("/centre").text
    form = {"ILM-8580-min_credits": ""}
    admin.post("/centre/rules/ILM-8580", data=form)
    assert reasons(world.centre, "500") == ()
    assert UnitSetRule.select().count() == 1


def test_a_rule_at_fault_and_a_rule_of_nothing(admin):
    answer = admin.post("/centre/rules/ILM-8580", data={"ILM-8580-min_credits": "-1"})
    assert answer.status_code == 422
    assert "Choose 0 to 200 credits." in answer.text
    assert admin.post("/centre/rules/5D2V2", data={}).status_code == 404


def test_a_rule_that_no_learner_can_meet_is_refused(admin):
    answer = admin.post("/centre/rules/ILM-8580", data={"ILM-8580-min_credits": "150"})
    assert answer.status_code == 422
    assert re.search(r"All units of ILM-8580 together give \d+ credits: choose \d+", answer.text)
    form = {"ILM-8580-min_credits": "3", "ILM-8580-required": ["D3.03"]}
    assert admin.post("/centre/rules/ILM-8580", data=form).status_code == 422
    assert UnitSetRule.select().count() == 0


def test_what_is_saved_is_said(admin):
    form = {"ILM-8580-min_credits": "3"}
    told = admin.post("/centre/rules/ILM-8580", data=form, follow_redirects=True)
    assert "Saved: the rule of ILM-8580." in told.text


def upload(admin, content, name="wording.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    return admin.post("/centre/wording", data={"file": (io.BytesIO(data), name)})


def test_official_wording_is_shown_before_it_is_taken(admin, world):
    address = upload(admin, GOOD).headers["Location"]
    preview = admin.get(address).text
    assert "“Plan” a talk" in preview
    assert "Take 2 texts" in preview
    assert OfficialWording.held(world.centre) == 0
    assert admin.post(address).status_code == 303
    held = {row.number: row.text for row in OfficialWording.select()}
    assert held == {"1": "Know how to coach", "1.1": "“Plan” a talk"}
    text = admin.get("/centre").text
    assert "2 texts are held" in text
    assert "took official wording: 2 new, 0 changed" in text


def test_wording_taken_again_replaces_and_does_not_double(admin, world):
    for content in (
        GOOD,
        GOOD.replace("Know how", "Understand how"),
        GOOD.replace("Know how", "Understand how"),
    ):
        admin.post(upload(admin, content).headers["Location"])
    assert OfficialWording.held(world.centre) == 2
    assert OfficialWording.get(OfficialWording.number == "1").text == "Understand how to coach"
    assert len(history("centre", world.centre.id)) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (GOOD + "999,1,No such unit\n", "Line 4: No unit has the code “999”"),
        (GOOD + "501,1.1,Twice\n", "Line 4: 501 1.1 was given on line 3"),
        ("a,b\n", "Line 1: The heading lacks"),
        (b"unit,number,text\n501,1,caf\xe9\n", "not UTF-8 text"),
    ],
)
def test_wording_with_faults_is_not_taken(admin, world, content, sentence):
    address = upload(admin, content).headers["Location"]
    preview = admin.get(address).text
    assert sentence in preview
    assert ">Take" not in preview
    assert admin.post(address).status_code == 422
    assert OfficialWording.held(world.centre) == 0


def test_no_file_is_said_beside_the_field(admin):
    answer = admin.post("/centre/wording", data={})
    assert answer.status_code == 422
    assert "Choose the file." in answer.text


def test_a_file_is_its_owners(app, admin, world):
    address = upload(admin, GOOD).headers["Location"]
    second = app.test_client()
    sign_in(second, world.person("Second Admin", "admin"), world.centre)
    assert second.get(address).status_code == 404
    assert second.post(address).status_code == 404


def test_the_pages_are_sound_html_and_ask_few_queries(admin, checker, queries):
    for path in ("/centre", upload(admin, GOOD).headers["Location"]):
        with queries() as seen:
            text = admin.get(path).text
        assert seen.count <= 12, seen
        assert [m for m in checker.check(text) if " role" not in m and "“role”" not in m] == []


def test_demanding_confirmation_says_first_what_it_costs(admin, world):
    world.session(state="approved")
    asked = change(admin, confirmation_required="y")
    assert asked.status_code == 422
    assert "Hours of 1 approved session of 1 learner would stop counting" in asked.text
    assert not Centre.get_by_id(world.centre.id).confirmation_required
    assert change(admin, confirmation_required="y", sure="y").status_code == 303
    assert Centre.get_by_id(world.centre.id).confirmation_required
    assert change(admin, confirmation_required="y").status_code == 303, "asked once"
