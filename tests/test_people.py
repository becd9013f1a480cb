"""People of a centre: who may see and change them, and what is never allowed."""

import re

import pytest
import time_machine

from supervise.events import history
from supervise.models import Enrolment, Invitation, Membership, Person, SignIn
from supervise.models.admission import add_person, enrol
from supervise.models.centres import Refused
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False  # tests of sign-in ask for the token
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def admin(client, world):
    sign_in(client, world.admin, world.centre)
    return client


def add(client, **fields):
    form = {"name": "Pat Reed", "email": "pat.reed@example.org", "roles": ["supervisor"]} | fields
    return client.post("/people", data=form)


def link_in(response):
    return re.search(r'value="(http[^"]*/invitation/[^"]+)"', response.text)


def test_the_list_names_everybody_with_roles_and_standing(admin, world, queries):
    for number in range(30):
        world.person(f"Extra{number} Person", "learner")
    with queries() as seen:
        text = admin.get("/people").text
    assert seen.count <= 12, seen
    assert "Ada Quill" in text
    assert "1 to 25 of 34" in text
    assert "Signed in" in text
    assert "No link yet" in text


def test_the_list_narrows_by_role_and_name_and_sorts(admin, world):
    tutors = admin.get("/people?role=tutor").text
    assert "Tessa Brook" in tutors
    assert "Marian Hale" not in tutors
    marian = admin.get("/people?name=MARIAN").text
    assert "Marian Hale" in marian
    assert "Tessa Brook" not in marian
    newest = admin.get("/people?sort=added").text
    assert newest.index("Ada Quill") < newest.index("Priya Nair")
    assert "Nobody fits" in admin.get("/people?name=zzz").text
    fragment = admin.get("/people?role=tutor", headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert 'id="people"' in fragment


def test_a_person_added_is_invited_and_the_link_is_shown_once(admin, world):
    added = add(admin)
    link = link_in(added)
    assert added.status_code == 200
    assert link
    token = link[1].rsplit("/", 1)[1]
    person = Person.with_email("pat.reed@example.org")
    assert Invitation.with_token(token).person == person
    assert Membership.roles_of(person, world.centre) == {"supervisor"}
    assert token not in admin.get(f"/people/{person.id}").text
    assert "Invited, link works until" in admin.get("/people?name=pat.reed").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "Type the name."),
        ({"email": "pat@reed"}, "That is not an e-mail address."),
        ({"email": ""}, "Type the e-mail address."),
        ({"roles": []}, "Tick at least one role."),
        ({"roles": ["king"]}, "Tick at least one role."),
    ],
)
def test_a_form_at_fault_says_so_beside_the_field_and_keeps_what_was_typed(admin, fields, sentence):
    answer = add(admin, **fields)
    assert answer.status_code == 422
    if fields != {"roles": ["king"]}:
        assert sentence in answer.text
    assert "name" in fields or "Pat Reed" in answer.text
    assert Person.with_email("pat.reed@example.org") is None


def test_somebody_here_already_is_not_added_twice(admin, world):
    answer = add(admin, email=world.tutor.email.upper())
    assert answer.status_code == 422
    assert "Tessa Brook has this address and is here already." in answer.text.replace("&#39;", "'")
    assert Membership.roles_of(world.tutor, world.centre) == {"tutor"}


def test_somebody_of_another_centre_is_asked_and_not_named_before_they_accept(admin, world):
    other = World()
    answer = add(admin, email=other.tutor.email)
    assert answer.status_code == 200
    link = link_in(answer)[1]
    assert Membership.roles_of(other.tutor, world.centre) == frozenset()
    Person.update(name="Quirina Kept").where(Person.id == other.tutor.id).execute()
    assert "Quirina" not in answer.text
    people = admin.get("/people?name=Quirina").text
    assert "Nobody fits" in people
    assert f"{other.tutor.email}, supervisor" in people
    assert "Quirina" not in admin.get("/").text
    for path in ("", "/enrolments"):
        assert admin.get(f"/people/{other.tutor.id}{path}").status_code == 404
    assert Invitation.with_token(link.rsplit("/", 1)[1]).take_up(now=world.now)
    assert "Quirina Kept" in admin.get(f"/people/{other.tutor.id}").text
    refused = admin.post(f"/people/{other.tutor.id}/invitation")
    assert refused.status_code == 422
    assert "belongs to another centre too" in refused.text


def test_people_of_another_centre_are_not_found(admin):
    other = World()
    stranger, enrolment = other.tutor.id, other.enrolment.id
    assert other.tutor.name not in admin.get("/people?name=zz").text
    for path in (
        f"/people/{stranger}",
        f"/people/{stranger}/enrolments",
        f"/enrolments/{enrolment}",
    ):
        assert admin.get(path).status_code == 404
    for move in ("roles", "account", "invitation"):
        assert admin.post(f"/people/{stranger}/{move}").status_code == 404
    assert Person.get_by_id(stranger).active


@pytest.mark.parametrize("who", ["learner", "supervisor", "tutor"])
def test_only_administrators_come_in(client, world, who):
    sign_in(client, getattr(world, who), world.centre)
    for path in (
        "/people",
        f"/people/{world.admin.id}",
        f"/enrolments/{world.enrolment.id}",
        "/centre",
    ):
        assert client.get(path).status_code == 403
    assert (
        client.post(f"/people/{world.admin.id}/account", data={"move": "disable"}).status_code
        == 403
    )


def test_roles_are_granted_and_taken_away_with_their_history(admin, world):
    page = f"/people/{world.tutor.id}"
    assert admin.post(f"{page}/roles", data={"role": "iqa"}).status_code == 303
    assert Membership.roles_of(world.tutor, world.centre) == {"tutor", "iqa"}
    admin.post(f"{page}/roles", data={"role": "iqa", "move": "take"})
    assert Membership.roles_of(world.tutor, world.centre) == {"tutor"}
    text = admin.get(page).text
    assert "Ada Quill gave the role of internal quality assurer" in text
    assert "Ada Quill took away the role of internal quality assurer" in text


def test_the_last_administrator_stays(admin, world):
    page = f"/people/{world.admin.id}"
    refused = admin.post(f"{page}/roles", data={"role": "admin", "move": "take"})
    assert refused.status_code == 422
    assert "the last administrator of this centre" in refused.text
    assert admin.post(f"{page}/account", data={"move": "disable"}).status_code == 422
    second = world.person("Second Admin", "admin")
    assert admin.post(f"/people/{second.id}/account", data={"move": "disable"}).status_code == 303
    still = admin.post(f"{page}/roles", data={"role": "admin", "move": "take"})
    assert still.status_code == 422, "a disabled administrator cannot take over"


def test_a_role_in_use_is_not_taken_away(admin, world):
    for person, role, words in (
        (world.supervisor, "supervisor", "still supervisor of 1 learner"),
        (world.learner, "learner", "is enrolled here"),
    ):
        refused = admin.post(f"/people/{person.id}/roles", data={"role": role, "move": "take"})
        assert refused.status_code == 422
        assert words in refused.text
        assert Membership.roles_of(person, world.centre) == {role}


def lock(person):
    Person.update(totp_secret="JBSWY3DPEHPK3PXP", totp_last_step=1).where(
        Person.id == person.id
    ).execute()


def test_a_lost_second_factor_is_taken_off_and_told(app, admin, world):
    lock(world.tutor)
    theirs = app.test_client()
    sign_in(theirs, world.tutor, world.centre)
    page = f"/people/{world.tutor.id}"
    assert "Take off the lost second factor" in admin.get(page).text
    answer = admin.post(f"{page}/second-factor/reset", follow_redirects=True)
    assert "Tessa Brook signs in with the password alone now" in answer.text
    assert "took the second factor off and ended its sessions" in answer.text
    assert "Take off the lost second factor" not in answer.text
    assert theirs.get("/account").status_code == 302, "their sessions are ended"
    assert Person.get_by_id(world.tutor.id).totp_secret is None


def test_whose_second_factor_stays(admin, world):
    lock(world.admin)
    lock(world.supervisor)
    Membership.create(person=world.supervisor, centre=World().centre, role="tutor")
    for person, words in (
        (world.admin, "ask another administrator"),
        (world.supervisor, "belongs to another centre too"),
        (world.tutor, "Tessa Brook has no second factor."),
    ):
        refused = admin.post(f"/people/{person.id}/second-factor/reset")
        assert refused.status_code == 422
        assert words in refused.text
    assert Person.select().where(Person.totp_secret.is_null(False)).count() == 2


def test_disabling_ends_sessions_and_enabling_lets_in_again(app, admin, world):
    theirs = app.test_client()
    sign_in(theirs, world.tutor, world.centre)
    assert theirs.get("/account").status_code == 200
    admin.post(f"/people/{world.tutor.id}/account", data={"move": "disable"})
    assert theirs.get("/account").status_code == 302
    assert "Disabled" in admin.get(f"/people/{world.tutor.id}").text
    assert admin.post(f"/people/{world.tutor.id}/invitation").status_code == 422
    admin.post(f"/people/{world.tutor.id}/account", data={"move": "enable"})
    assert theirs.get("/account").status_code == 302, "the ended session stays ended"
    sign_in(theirs, world.tutor, world.centre)
    assert theirs.get("/account").status_code == 200


def test_an_account_of_two_centres_is_not_closed_by_one(world, database):
    other = World()
    Membership.grant(world.tutor, other.centre, "tutor", by=None, now=world.now)
    with pytest.raises(Refused, match="belongs to another centre too"):
        world.tutor.disable(by=world.actor(world.admin), now=world.now)
    assert Person.get_by_id(world.tutor.id).active


def test_the_last_role_taken_away_ends_the_sessions_here_alone(app, world):
    other = World()
    person = world.person("Ira Moss", "eqa")
    Membership.grant(person, other.centre, "eqa", by=None, now=world.now)
    here = SignIn.begin(person, world.centre, "", world.now)
    there = SignIn.begin(person, other.centre, "", world.now)
    Membership.take_away(person, "eqa", by=world.actor(world.admin), now=world.now)
    ended = {row.centre_id: row.ended_at is not None for row in SignIn.select()}
    assert ended == {world.centre.id: True, other.centre.id: False}
    assert here != there


def test_a_new_link_ends_the_older_one(admin, world):
    old = link_in(add(admin))[1].rsplit("/", 1)[1]
    person = Person.with_email("pat.reed@example.org")
    new = link_in(admin.post(f"/people/{person.id}/invitation"))[1].rsplit("/", 1)[1]
    links = {row.id: row for row in Invitation.select().where(Invitation.person == person)}
    assert len(links) == 2
    newest = Invitation.with_token(new)
    assert newest.expires_at > Invitation.with_token(old).expires_at


def test_a_persons_page_shows_enrolments_and_whom_they_look_after(admin, world, queries):
    with queries() as seen:
        learner = admin.get(f"/people/{world.learner.id}").text
    assert seen.count <= 12, seen
    assert "ILM-L3-CWCM" in learner
    assert "enrolled on ILM-L3-CWCM from 12 Jan 2026" in learner
    supervisor = admin.get(f"/people/{world.supervisor.id}").text
    assert "Priya Nair</a>, as supervisor" in supervisor


def test_who_was_added_by_whom_is_in_the_history(world):
    person, _ = add_person(
        "Pat Reed", "Pat.Reed@example.org", ["tutor"], by=world.actor(world.admin), now=world.now, days=14
    )  # fmt: skip
    verbs = [event.verb for event in history("person", person.id)]
    assert verbs == ["gave a role", "invited"]
    assert {event.person_id for event in history("person", person.id)} == {world.admin.id}
    assert person.email == "pat.reed@example.org"
    assert not Enrolment.select().where(Enrolment.learner == person).exists()


def test_the_pages_are_sound_html(admin, world, checker):
    pages = [
        admin.get("/people"),
        admin.get(f"/people/{world.learner.id}"),
        add(admin),
        add(admin, name=""),
    ]
    for page in pages:
        assert [m for m in checker.check(page.text) if " role" not in m and "“role”" not in m] == []


def test_somebody_whose_last_role_was_taken_away_is_asked_again(admin, world):
    person = world.person("Ira Moss", "eqa")
    Invitation.invite(person, world.centre, now=world.now, days=14)
    Membership.take_away(person, "eqa", by=world.actor(world.admin), now=world.now)
    answer = admin.post(f"/people/{person.id}/roles", data={"role": "tutor"})
    assert answer.status_code == 200
    assert Membership.roles_of(person, world.centre) == frozenset()
    token = link_in(answer)[1].rsplit("/", 1)[1]
    assert Invitation.with_token(token).accept("a hash", now=world.now)
    assert Membership.roles_of(person, world.centre) == {"tutor"}


def test_nobody_is_enrolled_or_assigned_unasked(world, database):
    other, me = World(), world.actor(world.admin)
    with pytest.raises(Refused, match="not of this centre"):
        world.assign(other.tutor, "tutor")
    with pytest.raises(Refused, match="not of this centre"):
        enrol(
            other.tutor, world.programme, world.units, registration="", team={},
            started_on=world.started_on, by=me, now=world.now,
        )  # fmt: skip
    assert Membership.roles_of(other.tutor, world.centre) == frozenset()
