"""Enrolments and assignments as an administrator keeps them."""

from datetime import date

import pytest
import time_machine

from supervise.events import history
from supervise.models import Assignment, Enrolment, Membership, PracticeSession
from supervise.models.centres import Refused
from supervise.reports.verify import verify
from tests.world import NOW, World, sign_in

TODAY = date(2026, 10, 8)
TOMORROW = date(2026, 10, 9)


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False  # tests of sign-in ask for the token
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def admin(client, world):
    sign_in(client, world.admin, world.centre)
    return client


def enrol(admin, person, **fields):
    form = {
        "programme": "ILM-8580", "units": ["500", "501"], "registration": "R77",
        "started_on": "2026-06-01", "supervisor": "0", "tutor": "0",
    } | fields  # fmt: skip
    return admin.post(f"/people/{person.id}/enrolments", data=form)


def only(person, programme="ILM-8580"):
    return Enrolment.get((Enrolment.learner == person) & (Enrolment.programme == programme))


def spans(enrolment, role="supervisor"):
    rows = enrolment.assignments.where(Assignment.role == role).order_by(Assignment.from_on)
    return [(row.person.name, row.from_on, row.to_on) for row in rows]


def test_the_form_offers_the_programmes_units_and_ticks_all_where_all_are_required(admin, world):
    person = world.person("New Learner")
    Membership.grant(person, world.centre, "learner", by=None, now=world.now)
    path = f"/people/{person.id}/enrolments"
    assert "No programme chosen" in admin.get(path).text
    certificate = admin.get(f"{path}?programme=ILM-L3-CWCM").text
    assert certificate.count("checked") == 7
    assert "review was due 31 Dec 2014" in certificate
    assert "checked" not in admin.get(f"{path}?programme=ILM-8580").text
    closed = admin.get(f"{path}?programme=5D2V2").text
    assert "closed to new registrations on 31 August 2020" in closed


def test_a_learner_is_enrolled_with_their_team(admin, world):
    person = world.person("New Learner", "learner")
    answer = enrol(admin, person, supervisor=world.supervisor.id, tutor=world.tutor.id)
    assert answer.status_code == 303
    enrolment = only(person)
    assert enrolment.unit_codes == ["500", "501"]
    assert (enrolment.registration, enrolment.started_on) == ("R77", date(2026, 6, 1))
    assert spans(enrolment) == [("Marian Hale", date(2026, 6, 1), None)]
    assert spans(enrolment, "tutor") == [("Tessa Brook", date(2026, 6, 1), None)]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"units": []}, "Tick at least one unit."),
        ({"units": ["D3.04"]}, "not a valid choice"),
        ({"started_on": ""}, "Choose the start date."),
        ({"started_on": "soon"}, "Choose a day, or write it as 2026-06-01."),
        ({"started_on": "0026-06-01"}, "Check the year."),
        ({"registration": "9" * 41}, "Shorten the number to 40 characters."),
    ],
)
def test_what_is_wrong_stands_beside_the_field(admin, world, fields, sentence):
    person = world.person("New Learner", "learner")
    answer = enrol(admin, person, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not Enrolment.select().where(Enrolment.learner == person).exists()


def test_nobody_is_enrolled_twice_on_one_programme(admin, world):
    answer = enrol(admin, world.learner, programme="ILM-L3-CWCM", units=["D3.01"])
    assert answer.status_code == 422
    assert "is on ILM-L3-CWCM already" in answer.text
    assert only(world.learner, "ILM-L3-CWCM").unit_codes == list(world.units)


def test_learners_are_not_offered_as_their_own_supervisor(admin, world):
    Membership.grant(world.learner, world.centre, "supervisor", by=None, now=world.now)
    answer = enrol(admin, world.learner, supervisor=world.learner.id)
    assert answer.status_code == 422
    for role in ("supervisor", "tutor", "assessor", "iqa"):
        with pytest.raises(Refused, match="A learner cannot be their own"):
            Assignment.assign(
                enrolment=world.enrolment, person=world.learner, role=role, from_on=TODAY,
                now=world.now, by=world.actor(world.admin),
            )  # fmt: skip


def test_the_rule_of_combination_warns_and_does_not_stop(admin, world):
    text = admin.get(f"/enrolments/{world.enrolment.id}").text
    assert "Units D3.01, D3.02 and D3.05 are required: add them." in text
    person = world.person("New Learner", "learner")
    enrol(admin, person, programme="5A2V2", units=["5014V1"])
    text = admin.get(f"/enrolments/{only(person, '5A2V2').id}").text
    assert "5A2V2 closed to new registrations on 31 August 2020" in text


def test_an_assigned_person_gets_the_role_and_is_not_assigned_twice(admin, world):
    newcomer = world.person("Ravi Sandhu", "tutor")
    path = f"/enrolments/{world.enrolment.id}/assignments"
    form = {"role": "assessor", "person": newcomer.id, "from_on": "2026-10-01"}
    asked = admin.post(path, data=form)
    assert asked.status_code == 422
    assert "Ravi Sandhu is tutor here, not assessor." in asked.text
    assert "assessor" not in Membership.roles_of(newcomer, world.centre)
    form["new_role"] = "y"
    assert admin.post(path, data=form).status_code == 303
    assert "assessor" in Membership.roles_of(newcomer, world.centre)
    again = admin.post(path, data=form)
    assert again.status_code == 422
    assert "Ravi Sandhu is assessor of this enrolment already" in again.text
    assert spans(world.enrolment, "assessor") == [("Ravi Sandhu", date(2026, 10, 1), None)]
    assert admin.post(path, data=form | {"person": "0"}).status_code == 422


def test_a_mistaken_assignment_is_taken_back_while_nothing_was_signed(admin, world):
    wrong, _ = Assignment.assign(
        enrolment=world.enrolment, person=world.person("Bilal Rahman", "learner"),
        role="supervisor", from_on=world.now.date(), by=world.actor(world.admin), now=world.now,
    )  # fmt: skip
    path = f"/assignments/{wrong.id}/mistake"
    assert admin.post(path).status_code == 303
    assert "Bilal Rahman" not in [name for name, *_ in spans(world.enrolment, "supervisor")]
    assert (
        "took back the mistaken assignment" in admin.get(f"/enrolments/{world.enrolment.id}").text
    )
    assert not list(verify(world.centre))
    world.session(state="approved")
    right = Assignment.get(Assignment.person == world.supervisor)
    refused = admin.post(f"/assignments/{right.id}/mistake")
    assert refused.status_code == 422
    assert "of this enrolment already" in refused.text


def test_nobody_of_another_centre_is_assigned(admin, world):
    stranger = World().tutor
    path = f"/enrolments/{world.enrolment.id}/assignments"
    answer = admin.post(
        path, data={"role": "tutor", "person": stranger.id, "from_on": "2026-10-01"}
    )
    assert answer.status_code == 422
    assert spans(world.enrolment, "tutor") == [("Tessa Brook", world.started_on, None)]


def marian(world):
    return Assignment.get(
        (Assignment.enrolment == world.enrolment) & (Assignment.role == "supervisor")
    )


def test_an_assignment_is_handed_over_with_what_waits(admin, world, queries):
    session = world.session(state="submitted")
    ravi = world.person("Ravi Sandhu", "supervisor")
    ending = marian(world)
    with queries() as seen:
        text = admin.get(f"/assignments/{ending.id}").text
    assert seen.count <= 12, seen
    assert "1 session waits for a decision" in text
    assert "Tue 1 Sep, 1 h 00, D3.04" in text
    answer = admin.post(
        f"/assignments/{ending.id}/end", data={"on": "2026-10-08", "successor": str(ravi.id)}
    )
    assert answer.status_code == 303
    assert spans(world.enrolment) == [
        ("Marian Hale", world.started_on, TODAY),
        ("Ravi Sandhu", TOMORROW, None),
    ]
    next_day = world.now.replace(day=9)
    his = PracticeSession.waiting_for(world.actor(ravi, next_day))
    hers = PracticeSession.waiting_for(world.actor(world.supervisor, next_day))
    assert [row.id for row in his] == [session.id]
    assert list(hers) == []
    told = admin.get(f"/enrolments/{world.enrolment.id}").text
    assert "ended Marian Hale as supervisor after 8 Oct 2026" in told
    assert "assigned Ravi Sandhu as supervisor from 9 Oct 2026" in told


def test_what_waits_is_not_stranded_by_mistake(admin, world):
    world.session(state="submitted")
    path = f"/assignments/{marian(world).id}/end"
    asked = admin.post(path, data={"on": "2026-10-08", "successor": ""})
    assert asked.status_code == 422
    assert "Choose who takes over what waits" in asked.text
    assert spans(world.enrolment)[0][2] is None
    assert admin.post(path, data={"on": "2026-10-08", "successor": "nobody"}).status_code == 303
    assert spans(world.enrolment) == [("Marian Hale", world.started_on, TODAY)]


def test_an_assignment_ends_once_and_not_before_it_began(admin, world):
    path = f"/assignments/{marian(world).id}/end"
    early = admin.post(path, data={"on": "2025-01-01", "successor": ""})
    assert early.status_code == 422
    assert "It began on 12 Jan 2026: choose that day or a later one." in early.text
    admin.post(path, data={"on": "2026-10-08", "successor": ""})
    assert admin.post(path, data={"on": "2026-10-07", "successor": ""}).status_code == 422
    assert spans(world.enrolment) == [("Marian Hale", world.started_on, TODAY)]


def test_a_handover_that_is_refused_ends_nothing(world):
    with pytest.raises(Refused, match="A learner cannot be their own supervisor"):
        marian(world).end(
            TODAY, successor=world.learner, by=world.actor(world.admin), now=world.now
        )
    assert spans(world.enrolment) == [("Marian Hale", world.started_on, None)]


def test_dates_of_an_assignment_are_corrected_with_their_history(admin, world):
    path = f"/assignments/{marian(world).id}"
    assert admin.post(path, data={"from_on": "2026-02-01", "to_on": ""}).status_code == 303
    assert spans(world.enrolment) == [("Marian Hale", date(2026, 2, 1), None)]
    told = admin.get(f"/enrolments/{world.enrolment.id}").text
    assert "corrected Marian Hale as supervisor: from 12 Jan 2026 → 1 Feb 2026" in told
    backwards = admin.post(path, data={"from_on": "2026-02-01", "to_on": "2026-01-01"})
    assert backwards.status_code == 422
    assert "It ends before it begins" in backwards.text


def test_nobody_holds_a_role_twice_on_one_day(world):
    me = world.actor(world.admin)
    first = marian(world)
    first.end(date(2026, 3, 1), by=me, now=world.now)
    with pytest.raises(Refused, match="was supervisor until 1 Mar 2026: begin after that day"):
        world.assign(world.supervisor, "supervisor", from_on=date(2026, 2, 1))
    world.assign(world.supervisor, "supervisor", from_on=date(2026, 4, 1))
    with pytest.raises(Refused, match="in another entry on some of these days"):
        first.correct(first.from_on, date(2026, 5, 1), by=me, now=world.now)
    assert [span[1:] for span in spans(world.enrolment)] == [
        (date(2026, 1, 12), date(2026, 3, 1)),
        (date(2026, 4, 1), None),
    ]


def test_an_enrolment_is_corrected_with_old_and_new(admin, world):
    path = f"/enrolments/{world.enrolment.id}"
    form = {
        "units": ["D3.01", "D3.04"],
        "registration": "R9",
        "started_on": "2026-01-19",
        "ends_on": "",
    }
    assert admin.post(path, data=form).status_code == 303
    enrolment = Enrolment.get_by_id(world.enrolment.id)
    assert enrolment.unit_codes == ["D3.01", "D3.04"]
    assert (enrolment.started_on, enrolment.ends_on) == (date(2026, 1, 19), None)
    last = history("enrolment", enrolment.id)[-1]
    assert last.details["before"]["started_on"] == "2026-01-12"
    assert last.details["after"]["started_on"] == "2026-01-19"
    assert "start 12 Jan 2026 → 19 Jan 2026" in admin.get(path).text
    backwards = admin.post(path, data=form | {"ends_on": "2020-01-01"})
    assert backwards.status_code == 422
    assert "It ends before it starts" in backwards.text


def test_a_unit_with_sessions_stays(admin, world):
    world.session(unit="D3.04")
    form = {"units": ["D3.03"], "registration": "", "started_on": "2026-01-12", "ends_on": ""}
    answer = admin.post(f"/enrolments/{world.enrolment.id}", data=form)
    assert answer.status_code == 422
    assert "1 session counts toward D3.04, so it stays." in answer.text
    assert Enrolment.get_by_id(world.enrolment.id).unit_codes == list(world.units)


def test_enrolments_and_assignments_of_another_centre_are_not_found(admin, world):
    other = World()
    ending = marian(other).id
    assert admin.get(f"/assignments/{ending}").status_code == 404
    assert admin.post(f"/assignments/{ending}", data={}).status_code == 404
    assert admin.post(f"/assignments/{ending}/end", data={}).status_code == 404
    assert admin.post(f"/enrolments/{other.enrolment.id}", data={}).status_code == 404
    assert admin.post(f"/enrolments/{other.enrolment.id}/assignments", data={}).status_code == 404


def test_the_pages_are_sound_html_and_ask_few_queries(admin, world, checker, queries):
    world.session(state="submitted")
    person = world.learner.id
    for path in (
        f"/enrolments/{world.enrolment.id}", f"/assignments/{marian(world).id}",
        f"/people/{person}/enrolments?programme=5D2V2",
    ):  # fmt: skip
        with queries() as seen:
            text = admin.get(path).text
        assert seen.count <= 12, seen
        assert [m for m in checker.check(text) if " role" not in m and "“role”" not in m] == []
