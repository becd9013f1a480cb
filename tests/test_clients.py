"""Clients by alias, and the day each contract was agreed."""

import re
from datetime import date

import pytest
import time_machine

from supervise.events import history
from supervise.models import Client, ClientIdentity, Consent, Engagement, PracticeSession
from tests.world import World, sign_in


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


@pytest.fixture
def as_(app, world):
    """A client signed in as somebody."""

    def make(person):
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        return client

    return make


@pytest.fixture
def learner(as_, world):
    return as_(world.learner)


def text(response, status=200):
    assert response.status_code == status, response.status_code
    return response.get_data(as_text=True)


def aliases(world):
    return sorted(c.alias for c in Client.select().where(Client.learner == world.learner))


def test_no_clients_yet_says_what_to_do(learner):
    assert "Add the first one by alias" in text(learner.get("/clients"))


def test_each_client_with_sessions_length_and_contract(world, learner):
    world.session(day=date(2026, 9, 1), minutes=90, state="approved")
    world.session(day=date(2026, 9, 2), minutes=45, kind="mentoring", unit="D3.06")
    world.client("Client A").engagement("mentoring").set_contract(
        date(2026, 4, 3), by=world.actor(world.learner), now=world.now
    )
    page = text(learner.get("/clients"))
    for words in ("1 h 30", "0 h 45", "3 Apr 2026", "No date recorded", "Hours for D3.06"):
        assert words in page


def test_as_many_queries_for_20_clients_as_for_2(world, learner, queries):
    counts = []
    for number in (2, 18):
        for n in range(number):
            world.client(f"Client {number}-{n}").engagement("coaching")
        with queries() as seen:
            text(learner.get("/clients"))
        counts.append(seen.count)
        assert seen.count <= 12, seen
    assert counts[0] == counts[1]


def test_a_client_is_added_once(world, learner):
    assert (
        learner.post("/clients", data={"alias": " Client  B ", "kind": "team"}).status_code == 303
    )
    assert aliases(world) == ["Client B"]
    page = text(learner.post("/clients", data={"alias": "client b", "kind": "individual"}), 422)
    assert "You have a client with this alias already." in page
    assert 'value="client b"' in page


@pytest.mark.parametrize(
    ("alias", "sentence"),
    [
        ("", "Give an alias"),
        ("   ", "Give an alias"),
        ("jo@example.org", "e-mail address"),
        ("020 7946 0000", "phone number"),
        ("+44 (0)20 7946 0000", "phone number"),
        ("Client A, Client B", "comma"),
        ("x" * 61, "at most 60"),
        ("bell\x07", "cannot be shown"),
    ],
)
def test_an_alias_that_is_none_is_refused_with_a_sentence(world, learner, alias, sentence):
    assert sentence in text(learner.post("/clients", data={"alias": alias}), 422)
    assert aliases(world) == []


def test_an_odd_kind_is_refused(world, learner):
    text(learner.post("/clients", data={"alias": "Client A", "kind": "pet"}), 422)
    assert aliases(world) == []


def test_a_new_alias_stands_everywhere(world, learner):
    session = world.session()
    client = world.client("Client A")
    assert learner.post(f"/clients/{client.id}/alias", data={"alias": "Heron"}).status_code == 303
    page = text(learner.get(f"/sessions/{session.id}"))
    assert "Heron" in page
    assert "Client A" not in page


def test_a_taken_alias_is_refused(world, learner):
    client = world.client("Client A")
    world.client("Client B")
    page = text(learner.post(f"/clients/{client.id}/alias", data={"alias": "client  B"}), 422)
    assert "already" in page
    assert aliases(world) == ["Client A", "Client B"]


def test_somebody_elses_client_is_not_there(world, as_):
    client = world.client("Client A")
    other = as_(world.person("Owen Tasker", "learner"))
    text(other.post(f"/clients/{client.id}/alias", data={"alias": "Mine"}), 404)
    engagement = client.engagement("coaching")
    text(other.get(f"/engagements/{engagement.id}"), 404)
    text(
        other.post(f"/engagements/{engagement.id}/contract", data={"agreed_on": "2026-01-01"}), 404
    )


def agreed(engagement):
    return Engagement.get_by_id(engagement.id).contract_agreed_on


def test_the_learner_sets_the_day_until_approved_hours_rest_on_it(world, learner):
    engagement = world.client("Client A").engagement("coaching")
    path = f"/engagements/{engagement.id}"
    answer = learner.post(f"{path}/contract", data={"agreed_on": "3/4/2026"})
    assert answer.status_code == 303
    assert agreed(engagement) == date(2026, 4, 3)
    world.session(state="approved")
    page = text(learner.get(path))
    assert "only your supervisor can change it" in page
    assert 'name="agreed_on"' not in page
    text(learner.post(f"{path}/contract", data={"agreed_on": "2026-05-05"}), 403)
    assert agreed(engagement) == date(2026, 4, 3)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2026-10-09", "a day that has not come"),
        ("", "Give the day both agreed the contract."),
        ("soon", "Give a date, such as 7/10/2026."),
        ("9999-01-01", "Check the year"),
    ],
)
def test_a_day_that_cannot_be_is_refused_and_shown_as_typed(world, learner, typed, sentence):
    engagement = world.client("Client A").engagement("coaching")
    answer = learner.post(f"/engagements/{engagement.id}/contract", data={"agreed_on": typed})
    page = text(answer, 422)
    assert sentence in page
    assert f'value="{typed}"' in page
    assert agreed(engagement) is None


def test_the_supervisor_changes_the_day_with_a_reason_and_sees_the_alias_alone(world, as_):
    world.session(state="approved")
    engagement = world.client("Client A").engagement("coaching")
    boss, path = as_(world.supervisor), f"/engagements/{engagement.id}"
    assert "Client A" in text(boss.get(path))
    no_reason = text(boss.post(f"{path}/contract", data={"agreed_on": "2026-04-03"}), 422)
    assert "Say why" in no_reason
    assert 'value="2026-04-03"' in no_reason
    data = {"agreed_on": "2026-04-03", "reason": "Seen on paper."}
    assert boss.post(f"{path}/contract", data=data).status_code == 303
    page = text(boss.get(path))
    assert "Seen on paper." in page
    assert "3 Apr 2026" in page


@pytest.mark.parametrize("role", ["tutor", "admin"])
def test_others_see_no_engagement(world, as_, role):
    engagement = world.client("Client A").engagement("coaching")
    text(as_(getattr(world, role)).get(f"/engagements/{engagement.id}"), 404)
    text(as_(getattr(world, role)).get("/clients"), 403)


def test_an_alias_like_a_name_asks_and_is_taken_all_the_same(world, learner):
    data = {"alias": "Jo Smith", "kind": "team"}
    page = text(learner.post("/clients", data=data), 422)
    assert "This looks like a person’s name." in page
    assert "Use it all the same" in page
    assert '<option value="team" selected>' in page
    assert aliases(world) == []
    assert learner.post("/clients", data=data | {"sure": "y"}).status_code == 303
    assert aliases(world) == ["Jo Smith"]
    path = f"/clients/{Client.get().id}/alias"
    assert "Use it all the same" in text(learner.post(path, data={"alias": "Ann O’Hara"}), 422)
    assert learner.post(path, data={"alias": "Ann O’Hara", "sure": "y"}).status_code == 303


@pytest.mark.parametrize("alias", ["Client A", "Client Heron", "Grey heron", "Team North", "CEO A"])
def test_an_alias_that_points_to_nobody_is_taken_at_once(world, learner, alias):
    assert learner.post("/clients", data={"alias": alias}).status_code == 303


def test_a_dated_contract_is_changed_and_an_undated_set(world, learner):
    world.session()
    assert ">Set contract<" in text(learner.get("/clients"))
    world.client().engagement("coaching").set_contract(
        date(2026, 4, 3), by=world.actor(world.learner), now=world.now
    )
    page = text(learner.get("/clients"))
    assert '>Change contract<span class="visually-hidden"> with Client A' in page
    assert '<summary>Rename<span class="visually-hidden"> Client A' in page
    assert "too. Hours for" in page


# --- one client --------------------------------------------------------------------------

WHO = {
    "name": "Ottoline Grebe",
    "email": "ottoline@kestrel.example.org",
    "organisation": "Kestrel Foundry",
    "sponsor_name": "Barnaby Quoll",
    "sponsor_email": "b.quoll@kestrel.example.org",
    "sponsor_organisation": "Kestrel Holding",
}


def path_of(world, alias="Client A"):
    return f"/clients/{world.client(alias).id}"


def test_a_clients_page_says_what_to_do_first(world, learner):
    page = text(learner.get(path_of(world)))
    for words in ("Nothing begun yet.", "Consent", "None is recorded", "only you see this"):
        assert words in page
    assert "They withdraw it" not in page
    assert f'href="{path_of(world)}"' in text(learner.get("/clients"))


def test_one_person_or_a_team_can_be_corrected_and_the_supervisor_reads_it(world, as_, learner):
    world.session(state="submitted")
    engagement = world.client().engagement("coaching")
    path, theirs = path_of(world), f"/engagements/{engagement.id}"
    assert "One person, known to everybody else" in text(learner.get(path))
    assert '<dd class="lines-kept">One person</dd>' in text(as_(world.supervisor).get(theirs))
    assert learner.post(path, data={"kind": "team", "needs": "To decide"}).status_code == 303
    page = text(learner.get(path))
    assert "A team, known to everybody else" in page
    assert '<option selected value="team">A team</option>' in page
    assert '<dd class="lines-kept">A team</dd>' in text(as_(world.supervisor).get(theirs))
    assert learner.post(path, data={"needs": "To decide soon"}).status_code == 303
    assert world.client().kind == "team", "left out, it stays"
    page = text(learner.post(path, data={"kind": "crowd", "needs": "Kept"}), 422)
    assert "Choose one person or a team." in page
    assert "Kept" in page
    assert history("client", world.client().id)[0].details["fields"] == ["needs", "kind"]


def test_a_client_is_described_and_identified(world, learner):
    world.session(minutes=90, state="approved")
    path = path_of(world)
    about = {"needs": "Delegates\r\nlittle", "needs_tool": "360", "preference": "Doing"}
    assert learner.post(path, data=about).status_code == 303
    assert learner.post(path, data=WHO).status_code == 303
    client = world.client()
    assert (client.needs, client.needs_tool, client.strengths) == ("Delegates\nlittle", "360", "")
    mine = ClientIdentity.of(client, world.actor(world.learner))
    assert {name: getattr(mine, name) for name in WHO} == WHO
    page = text(learner.get(path))
    for words in (*WHO.values(), "Delegates", "1 session, 1 h 30, 1 approved"):
        assert words in page
    assert learner.post(path, data={**WHO, "name": ""}).status_code == 303
    assert ClientIdentity.get().name == ""


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("email", "ottoline", "That is not an e-mail address."),
        ("email", "a@b", "That is not an e-mail address."),
        ("sponsor_email", "a@b.org, c@d.org", "That is not an e-mail address."),
        ("email", "a@b.org\r\nBcc: x@y.org", "Write this on one line."),
        ("sponsor_email", "Quoll <a@b.org>", "That is not an e-mail address."),
        ("email", "a" * 300 + "@b.org", "Use at most 254 characters."),
        ("name", "Ottoline\nGrebe", "Write this on one line."),
        ("name", "x" * 121, "Use at most 120 characters."),
        ("organisation", "bell\x07", "holds a character that cannot be shown"),
        ("sponsor_name", "turned\u202eround", "holds a character that cannot be shown"),
    ],
)
def test_who_it_is_is_judged_beside_its_field_and_kept(world, learner, field, typed, sentence):
    typed_all = {**WHO, field: typed}
    page = text(learner.post(path_of(world), data=typed_all), 422)
    assert f'id="{field}-error">' in page
    assert sentence in page
    for name, value in WHO.items():
        if name != field:
            assert f'value="{value}"' in page
    assert not ClientIdentity.select().exists()


def test_texts_too_long_or_odd_come_back_as_typed(world, learner):
    for typed, sentence in (("x" * 4001, "at most 4,000"), ("esc\x1b", "cannot be shown")):
        data = {"needs": typed, "strengths": "Kind and quick"}
        page = text(learner.post(path_of(world), data=data), 422)
        assert sentence in page
        assert "Kind and quick" in page
    assert world.client().strengths == ""


def test_consent_is_recorded_and_withdrawn_in_two_steps(world, learner):
    session, path = world.session(state="approved", done="Spoke of the plant."), path_of(world)
    learner.post(path, data={"needs": "Delegates little"})
    learner.post(path, data=WHO)
    text(learner.get(f"{path}/withdrawal"), 409)
    consent = {"given_on": "1/3/2026", "scope": "Notes, read by me and my supervisor"}
    assert learner.post(path, data=consent).status_code == 303
    assert "Given on" in text(learner.get(path))
    first = text(learner.get(f"{path}/withdrawal"))
    assert "Everything written in 1 session" in " ".join(first.split())
    assert "1 approved session, 1 h 00 in all, stays approved" in " ".join(first.split())
    assert PracticeSession.get_by_id(session.id).done == "Spoke of the plant."
    data = {"withdrawn_on": "2026-10-08"}
    assert learner.post(f"{path}/withdrawal", data=data).status_code == 303
    assert learner.post(f"{path}/withdrawal", data=data).status_code == 303  # pressed twice
    page = text(learner.get(path))
    assert "1 session has lost what was written" in page
    assert "Consent was withdrawn on" in page
    for gone in (*WHO.values(), "Delegates little"):
        assert gone not in page
    shown = text(learner.get(f"/sessions/{session.id}"))
    assert "Spoke of the plant" not in shown
    assert "withdrew consent" in shown
    assert "was withdrawn" in text(learner.get(f"{path}/withdrawal"))
    page = text(learner.post(path, data=WHO), 409)
    assert "Consent was withdrawn" in page
    text(learner.post(path, data={"needs": "More"}), 409)
    assert not ClientIdentity.select().exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"given_on": "", "scope": "Notes"}, "Give the day."),
        ({"given_on": "31/2/2026", "scope": "Notes"}, "Give a date"),
        ({"given_on": "2026-10-09", "scope": "Notes"}, "has not come"),
        ({"given_on": "2026-10-01", "scope": " "}, "Say what the client agreed to"),
        ({"given_on": "2026-10-01", "scope": "x" * 1001}, "at most 1,000"),
    ],
)
def test_consent_that_is_none_is_refused(world, learner, data, sentence):
    page = text(learner.post(path_of(world), data=data), 422)
    assert sentence in page
    assert not Consent.select().exists()


@pytest.mark.parametrize("on", ["", "31/2/2026", "2026-10-09", "2026-02-01"])
def test_a_day_of_withdrawal_that_cannot_be_takes_nothing(world, learner, on):
    session, path = world.session(), path_of(world)
    learner.post(path, data={"given_on": "2026-03-01", "scope": "Notes"})
    page = text(learner.post(f"{path}/withdrawal", data={"withdrawn_on": on}), 422)
    assert 'id="withdrawn_on-error"' in page
    assert PracticeSession.get_by_id(session.id).done


def test_the_page_asks_as_often_for_many_sessions(world, learner, queries):
    counts = []
    for day in (range(1, 3), range(3, 12)):
        for number in day:
            world.session(day=date(2026, 9, number))
        with queries() as seen:
            text(learner.get(path_of(world)))
        counts.append(seen.count)
        assert seen.count <= 12, seen
    assert counts[0] == counts[1]


def test_nobody_else_comes_to_a_clients_page(world, as_):
    path = path_of(world)
    assert as_(world.person("Owen Tasker", "learner")).get(path).status_code == 404
    for person in (world.supervisor, world.tutor, world.admin):
        assert as_(person).get(path).status_code == 403


def test_the_supervisor_reads_what_was_found_out_and_not_who_it_is(world, learner, as_):
    engagement, path = world.client().engagement("coaching"), path_of(world)
    learner.post(path, data={"needs": "Delegates little"})
    learner.post(path, data=WHO)
    boss = as_(world.supervisor)
    text(boss.get(f"/engagements/{engagement.id}"), 404)  # nothing handed in tells of them yet
    world.session(state="submitted")
    page = text(boss.get(f"/engagements/{engagement.id}"))
    assert "Delegates little" in page
    assert not any(word in page for word in WHO.values())
    assert f'href="{path}"' not in page


def test_work_with_a_client_begins_before_the_first_session(world, learner):
    path = path_of(world)
    assert "Begin coaching Client A" in text(learner.get(path))
    begun = learner.post(path, data={"needs": "Delegates little", "begin": "coaching"})
    assert begun.status_code == 303
    assert world.client().needs == "Delegates little"
    page = text(learner.get(begun.location))
    assert "Write the contract" in page
    assert "Begin coaching" not in text(learner.get(path))
    data = {"needs": "Nothing", "begin": "therapy"}
    assert learner.post(path, data=data).status_code == 400
    assert world.client().needs == "Delegates little"


# --- all of a client's page is one form --------------------------------------------------

ALL = {
    "needs": "Delegates little", "needs_tool": "360", "preference": "Doing", "strengths": "Quick",
    **WHO, "given_on": "2026-03-01", "scope": "Notes, read by me and my supervisor",
}  # fmt: skip


def seals_in(page):
    return dict(re.findall(r'name="(seal-\w+)" value="(\w+)"', page))


def test_one_button_saves_all_that_was_typed(world, learner):
    path = path_of(world)
    page = text(learner.get(path))
    assert page.count("<form") == 2, "the page's own, and signing out"
    assert learner.post(path, data={**ALL, **seals_in(page)}).status_code == 303
    page = text(learner.get(path))
    for words in ALL.values():
        assert words in page


def test_what_one_part_lacks_loses_nothing_of_the_others(world, learner):
    for name, typed in (("email", "ottoline"), ("given_on", "31/2/2026"), ("needs", "x" * 4001)):
        page = text(learner.post(path_of(world), data={**ALL, name: typed}), 422)
        assert f'id="{name}-error">' in page
        for field, words in ALL.items():
            assert field == name or words in page, (name, field)
    assert not ClientIdentity.select().exists()
    assert not Consent.select().exists()
    assert world.client().strengths == ""


def test_a_refusal_keeps_nothing_by_halves(world, learner):
    for changes, sentence in (
        ({"given_on": "2026-10-09"}, "has not come"),
        ({"name": "Client Grebe"}, "The alias says “Client”"),
    ):
        page = text(learner.post(path_of(world), data=ALL | changes), 422)
        assert sentence in page
        assert "Delegates little" in page
        assert world.client().needs == ""
        assert not ClientIdentity.select().exists()
        assert not Consent.select().exists()


def test_a_name_corrected_with_the_text_that_named_it(world, learner):
    path = path_of(world)
    learner.post(path, data=ALL | {"name": "Ann Smith"})
    page = text(learner.post(path, data=ALL | {"needs": "Ottoline delegates little"}), 422)
    assert "Ottoline" in page
    assert learner.post(path, data=ALL | {"needs": "Smith, as a trade"}).status_code == 303


def test_no_consent_is_recorded_where_none_is_typed(world, learner):
    data = ALL | {"given_on": "", "scope": " "}
    assert learner.post(path_of(world), data=data).status_code == 303
    assert not Consent.select().exists()
    learner.post(path_of(world), data=ALL)
    assert "Give the day." in text(learner.post(path_of(world), data=data), 422)


def test_an_older_tab_is_shown_both_and_overwrites_nothing_unseen(world, learner):
    path = path_of(world)
    learner.post(path, data=ALL)
    seals = seals_in(text(learner.get(path)))
    learner.post(path, data=ALL | {"name": "Ann Lee", "strengths": "Patient"} | seals)
    older = ALL | {"strengths": "Bold"} | seals
    page = text(learner.post(path, data=older), 409)
    assert "changed in another tab" in page
    beside = {name: re.search(rf'id="{name}-elsewhere">(.*?)</div>', page, re.S)[1]
              for name in ("name", "strengths")}  # fmt: skip
    assert "Ann Lee" in beside["name"]
    assert "Patient" in beside["strengths"]
    assert page.count('-elsewhere"') == 2
    assert 'value="Ottoline Grebe"' in page
    assert "Bold</textarea>" in page
    assert world.client().strengths == "Patient"
    unread = text(learner.post(path, data=older | {"email": "none"}), 422)
    text(learner.post(path, data=older | seals_in(unread)), 409)
    assert learner.post(path, data=older | seals_in(page)).status_code == 303
    assert (world.client().strengths, ClientIdentity.get().name) == ("Bold", "Ottoline Grebe")


def test_a_tab_from_before_a_withdrawal_gives_no_consent_anew(world, learner):
    path = path_of(world)
    learner.post(path, data=ALL)
    seals = seals_in(text(learner.get(path)))
    learner.post(f"{path}/withdrawal", data={"withdrawn_on": "2026-03-01"})
    assert learner.post(path, data=ALL | seals).status_code == 409
    blank = dict.fromkeys(ALL, "") | {"given_on": ALL["given_on"], "scope": ALL["scope"]}
    assert learner.post(path, data=blank | seals).status_code == 409
    assert Consent.select().where(Consent.withdrawn_on.is_null()).count() == 0


def test_who_it_is_is_not_carried_through_a_new_sign_in(app, world):
    seals = seals_in("") | {"seal-about": "a", "seal-identity": "b"}
    nobody = app.test_client()
    page = text(nobody.post(path_of(world), data=ALL | seals), 401)
    assert 'name="kept-needs" value="Delegates little"' in page
    assert 'name="kept-scope"' in page
    assert "Who your client is was not kept" in page
    assert not any(word in page for word in WHO.values())
    assert "seal-identity" not in page
