"""The diary: what a learner finds in it, who else reads a session, and the learner's moves."""

from datetime import date, time

import pytest
import time_machine

from supervise.models import Membership, PracticeSession, confirmations
from tests.contracting import agreed, engagement_of
from tests.world import World, sign_in

SECRET = "I was tired and let it drift."
SHARED = "Scaling from three to seven."
EXTRACT = "I held the silence after the question."


@pytest.fixture
def world(app):
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


@pytest.fixture(autouse=True)
def no_csrf(app):
    app.config["WTF_CSRF_ENABLED"] = False


def text(response, status=200):
    assert response.status_code == status, response.status_code
    return response.get_data(as_text=True)


def layered(world, **more):
    from supervise.models import PrivateNote

    session = world.session(done=SHARED, extract=EXTRACT, **more)
    PrivateNote.create(session=session, text=SECRET)
    return session


# --- the list ---------------------------------------------------------------------------


def test_an_empty_diary_says_what_to_do(learner):
    assert "Log your first session" in text(learner.get("/sessions"))


def test_newest_first_with_the_verdict_of_each(world, learner):
    world.session(day=date(2026, 9, 1), state="approved")
    world.session(day=date(2026, 9, 8), unit=None)
    page = text(learner.get("/sessions"))
    assert page.index("Tue 8 Sep") < page.index("Tue 1 Sep")
    assert "toward D3.04." in page
    assert "No unit is chosen." in page


def test_tabs_count_and_show_each_state(world, learner):
    for n, state in enumerate(("draft", "submitted", "returned", "approved", "reopened"), 1):
        world.session(day=date(2026, 9, n), state=state)
    page = text(learner.get("/sessions?state=returned"))
    assert "Wed 2 Sep" not in page
    assert "Thu 3 Sep" in page
    assert "Sat 5 Sep" in page
    for tab, count in (("All", 5), ("Drafts", 1), ("Waiting", 1), ("Returned", 2), ("Approved", 1)):
        assert f'{tab} <span class="count">{count}</span>' in page


def test_unit_and_client_narrow_the_diary(world, learner):
    world.session(day=date(2026, 9, 1), unit="D3.03", clients=("Client A",))
    world.session(day=date(2026, 9, 2), unit="D3.04", clients=("Client B",))
    world.session(day=date(2026, 9, 3), unit=None, clients=("Client B",))
    assert "Wed 2 Sep" not in text(learner.get("/sessions?unit=D3.03"))
    page = text(learner.get(f"/sessions?client={world.client('Client B').id}"))
    assert "Tue 1 Sep" not in page
    assert "Wed 2 Sep" in page
    assert "Thu 3 Sep" in text(learner.get("/sessions?unit=none"))
    assert "Nothing fits." in text(learner.get("/sessions?unit=D3.07"))


@pytest.mark.parametrize(
    ("sort", "first"), [("newest", "Thu 3 Sep"), ("oldest", "Tue 1 Sep"), ("longest", "Wed 2 Sep")]
)
def test_the_order_is_as_chosen(world, learner, sort, first):
    for n, minutes in ((1, 30), (2, 90), (3, 60)):
        world.session(day=date(2026, 9, n), minutes=minutes)
    page = text(learner.get(f"/sessions?sort={sort}"))
    days = [page.index(day) for day in ("Tue 1 Sep", "Wed 2 Sep", "Thu 3 Sep")]
    assert page.index(first) == min(days)


def test_25_to_a_page_and_as_many_queries_for_60_as_for_5(world, learner, queries):
    def filled(number):
        for n in range(number):
            world.session(day=date(2026, 2 + n // 28, 1 + n % 28))
        with queries() as seen:
            page = text(learner.get("/sessions"))
        return page, seen

    _, few = filled(5)
    PracticeSession.update(draft_key=None).execute()
    page, many = filled(55)
    assert "1 to 25 of 60" in page
    assert "51 to 60 of 60" in text(learner.get("/sessions?page=3"))
    assert few.count == many.count, (few, many)
    assert many.count <= 12, many


@pytest.mark.parametrize("path", ["/sessions/new", "/sessions/{id}", "/sessions/{id}/edit"])
def test_no_page_asks_more_with_more_sessions(world, learner, queries, path):
    session = world.session(day=date(2026, 9, 1))
    counts = []
    for number in (5, 20):
        for n in range(number):
            world.session(day=date(2026, 2 + number // 10, 1 + n))
        with queries() as seen:
            text(learner.get(path.format(id=session.id)))
        counts.append(seen.count)
        assert seen.count <= 12, seen
    assert counts[0] == counts[1]


@pytest.mark.parametrize("demanded", [False, True], ids=["", "confirmation demanded"])
@pytest.mark.parametrize("state", ["draft", "submitted", "approved", "returned", "reopened"])
def test_no_state_of_a_session_costs_more_than_twelve_queries(app, world, queries, state, demanded):
    """With all there can be about it: a contract, goals, and what two clients say."""
    me = world.actor(world.learner)
    if demanded:
        admin = world.actor(world.admin)
        admin.centre.change(by=admin, now=world.now, confirmation_required=True)
    agreed(world, engagement_of(world), world.now)
    session = world.session(state=state, clients=("Client A", "Client B"))
    confirmations.ask(world.client(), [session.id], by=me, now=world.now)
    for who in (world.learner, world.supervisor, world.tutor):
        reader = app.test_client()
        sign_in(reader, who, world.centre, world.now)
        for path in (f"/sessions/{session.id}", f"/sessions/{session.id}/edit", "/sessions/new"):
            with queries() as seen:
                reader.get(path)
            assert seen.count <= 12, (who.name, path, seen)


def test_strange_addresses_are_answered(world, learner):
    world.session()
    for query in ("state=x", "sort=x", "page=99", "page=-1", "unit=%F0", "client=x", "page=x"):
        assert learner.get(f"/sessions?{query}").status_code == 200
    assert learner.get("/sessions?enrolment=999").status_code == 404


def test_with_two_enrolments_the_newest_is_shown_and_the_other_can_be_chosen(world, learner):
    world.session(day=date(2026, 9, 1))
    other = world.enrol(world.learner, "5A2V2", units=("501",))
    world.session(day=date(2026, 9, 2), enrolment=other, unit="501", clients=("Client Z",))
    page = text(learner.get("/sessions"))
    assert "Wed 2 Sep" in page
    assert "Tue 1 Sep" not in page
    assert "Tue 1 Sep" in text(learner.get(f"/sessions?enrolment={world.enrolment.id}"))


def test_without_an_enrolment_the_pages_say_so(world, as_):
    nobody = as_(world.person("Nora Quist", "learner"))
    assert "You are not enrolled yet." in text(nobody.get("/sessions"))
    assert "You are not enrolled yet." in text(nobody.get("/sessions/new"))


# --- who reads what ---------------------------------------------------------------------


def test_each_reads_their_layers_and_no_more(world, as_):
    session = layered(world, state="submitted")
    path = f"/sessions/{session.id}"
    mine = text(as_(world.learner).get(path))
    assert all(words in mine for words in (SECRET, SHARED, EXTRACT))
    supervisor = text(as_(world.supervisor).get(path))
    assert SHARED in supervisor
    assert EXTRACT in supervisor
    assert SECRET not in supervisor
    tutor = text(as_(world.tutor).get(path))
    assert EXTRACT in tutor
    assert SHARED not in tutor
    assert SECRET not in tutor
    text(as_(world.admin).get(path), 404)


def test_private_text_is_on_no_page_of_others(world, app, as_):
    session = layered(world, state="submitted")
    layered(world, day=date(2026, 9, 2), state="approved")
    paths = {
        rule.rule.replace("<int:session_id>", str(session.id)).replace(
            "<int:person_id>", str(world.learner.id)
        )
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint != "static"
    }
    for person in (world.supervisor, world.tutor, world.admin):
        client = as_(person)
        for path in sorted(path for path in paths if "<" not in path):
            assert SECRET not in client.get(path).get_data(as_text=True), path


def test_a_comment_on_the_supervision_layer_stays_in_it(world, as_):
    session = world.session(state="returned")
    assert "Which tools?" in text(as_(world.learner).get(f"/sessions/{session.id}"))
    assert "Which tools?" not in text(as_(world.tutor).get(f"/sessions/{session.id}"))


def test_another_learners_session_is_not_there(world, as_):
    session = world.session()
    other = world.person("Owen Tasker", "learner")
    world.enrol(other)
    client = as_(other)
    for path in ("", "/edit"):
        text(client.get(f"/sessions/{session.id}{path}"), 404)
    for path in ("submission", "withdrawal", "deletion", "draft", "edit"):
        text(client.post(f"/sessions/{session.id}/{path}"), 404)


def test_a_draft_is_the_learners_alone(world, as_):
    session = world.session()
    for person in (world.supervisor, world.tutor, world.admin):
        text(as_(person).get(f"/sessions/{session.id}"), 404)


def test_another_centres_client_is_never_named(world, learner):
    from tests.world import World

    elsewhere = World()
    Membership.grant(world.learner, elsewhere.centre, "learner", by=None, now=world.now)
    enrolment = elsewhere.enrol(world.learner)
    elsewhere.assign(elsewhere.supervisor, "supervisor", enrolment)
    elsewhere.session(enrolment=enrolment, clients=("Hidden Heron",), state="submitted")
    session = world.session()
    for path in ("/sessions", f"/sessions/{session.id}", f"/sessions/{session.id}/edit"):
        page = text(learner.get(path))
        assert "Hidden Heron" not in page
        assert "another centre" in page


def test_the_history_reads_as_it_happened(world, learner):
    page = text(learner.get(f"/sessions/{world.session(state='reopened').id}"))
    for words in ("began the draft", "submitted it", "approved it", "reopened it", "Wrong length"):
        assert words in page
    assert "Marian Hale</strong>, supervisor" in page


def test_the_supervisor_may_reopen_what_is_approved(world, as_):
    approved = world.session(state="approved")
    waiting = world.session(day=date(2026, 9, 2), state="submitted")
    boss = as_(world.supervisor)
    assert 'name="reason"' in text(boss.get(f"/sessions/{approved.id}"))
    assert 'name="reason"' not in text(boss.get(f"/sessions/{waiting.id}"))
    assert '/reopening"' not in text(as_(world.learner).get(f"/sessions/{approved.id}"))


# --- the learner's moves ----------------------------------------------------------------


def state(session):
    return PracticeSession.get_by_id(session.id).state


def test_submit_take_back_throw_away(world, learner):
    session = world.session()
    assert learner.post(f"/sessions/{session.id}/submission").status_code == 303
    assert state(session) == "submitted"
    assert learner.post(f"/sessions/{session.id}/withdrawal").status_code == 303
    assert state(session) == "draft"
    refused = text(learner.post(f"/sessions/{session.id}/deletion"), 409)
    assert "its history is kept" in refused
    unread = world.session(day=date(2026, 9, 9))
    assert learner.post(f"/sessions/{unread.id}/deletion").status_code == 303
    text(learner.get(f"/sessions/{unread.id}"), 404)


def test_an_incomplete_draft_says_what_it_lacks(world, learner):
    session = world.session(start=None, clients=())
    page = text(learner.post(f"/sessions/{session.id}/submission"), 422)
    assert "Choose the client, by alias." in page
    assert f"/sessions/{session.id}/edit#clients" in page
    assert state(session) == "draft"


@pytest.mark.parametrize("what", ["approved", "submitted"])
def test_what_was_handed_over_is_not_edited_or_thrown_away(world, learner, what):
    session = world.session(state=what)
    text(learner.get(f"/sessions/{session.id}/edit"), 303)
    text(learner.post(f"/sessions/{session.id}/deletion"), 409)
    assert state(session) == what


def test_taking_back_what_is_decided_is_refused_in_words(world, learner):
    session = world.session(state="approved")
    assert "approved already" in text(learner.post(f"/sessions/{session.id}/withdrawal"), 409)


def test_all_ready_drafts_go_at_once_and_the_rest_say_why(world, learner):
    ready = [world.session(day=date(2026, 9, n)) for n in (1, 2)]
    lacking = world.session(day=date(2026, 9, 3), clients=())
    overlapping = world.session(day=date(2026, 9, 1), start=time(10, 30))
    page = text(learner.post("/sessions/submissions", data={"which": "all"}))
    assert "2 sessions submitted, 2 not yet" in page
    assert "Choose the client, by alias." in page
    assert "Overlaps your session" in page
    assert [state(session) for session in ready] == ["submitted", "submitted"]
    assert [state(lacking), state(overlapping)] == ["draft", "draft"]


def test_only_the_ticked_ones_go(world, learner):
    first, second = (world.session(day=date(2026, 9, n)) for n in (1, 2))
    page = text(
        learner.post("/sessions/submissions", data={"which": "ticked", "session": [second.id]})
    )
    assert "1 session submitted" in page
    assert [state(first), state(second)] == ["draft", "submitted"]
    assert "Tick the sessions" in text(
        learner.post("/sessions/submissions", data={"which": "ticked"}), 422
    )


def test_somebody_elses_session_is_not_submitted_by_number(world, as_):
    session = world.session()
    other = world.person("Owen Tasker", "learner")
    world.enrol(other)
    data = {"which": "ticked", "session": [session.id]}
    text(as_(other).post("/sessions/submissions", data=data), 422)
    assert state(session) == "draft"


def test_ticked_drafts_are_thrown_away_and_nothing_else(world, learner):
    first, second, kept = (world.session(day=date(2026, 9, n)) for n in (1, 2, 3))
    read = world.session(day=date(2026, 9, 4), state="submitted")
    read.take_back(by=world.actor(world.learner), now=world.now)
    waiting = world.session(day=date(2026, 9, 5), state="submitted")
    assert "Throw away the ticked drafts" in text(learner.get("/sessions?state=drafts"))
    ticked = {"session": [first.id, second.id, read.id, waiting.id]}
    answer = learner.post("/sessions/deletions", data=ticked)
    assert answer.status_code == 303
    page = text(learner.get(answer.location))
    assert "2 drafts thrown away. 1 submitted before is kept with the history." in page
    left = {session.id for session in PracticeSession.select()}
    assert left == {kept.id, read.id, waiting.id}
    assert "Tick the drafts to throw away." in text(learner.post("/sessions/deletions"), 422)


def test_somebody_elses_draft_is_not_thrown_away(world, as_):
    session = world.session()
    other = world.person("Owen Tasker", "learner")
    world.enrol(other)
    text(as_(other).post("/sessions/deletions", data={"session": [session.id]}), 422)
    assert state(session) == "draft"


def test_a_text_begins_where_its_label_ends(world, learner):
    session = world.session(done="\n\nScaling.\nThen one step.\n")
    assert 'kept">Scaling.\nThen one step.</dd>' in text(learner.get(f"/sessions/{session.id}"))


@pytest.mark.parametrize("role", ["supervisor", "tutor", "admin"])
def test_the_diary_is_a_learners(world, as_, role):
    client = as_(getattr(world, role))
    text(client.get("/sessions"), 403)
    text(client.get("/sessions/new"), 403)


def test_all_ready_drafts_are_those_listed(world, learner):
    for alias in ("Client A", "Client B"):
        world.session(clients=(alias,), day=date(2026, 9, 1 if alias == "Client A" else 2))
    page = text(learner.get(f"/sessions?client={world.client('Client A').id}"))
    assert "Submit all ready drafts listed here (1)" in page
    form = {
        "which": "all",
        "client": str(world.client("Client A").id),
        "enrolment": str(world.enrolment.id),
    }
    learner.post("/sessions/submissions", data=form)
    states = [s.state for s in PracticeSession.select().order_by(PracticeSession.date)]
    assert states == ["submitted", "draft"]


def test_the_form_of_what_was_submitted_leads_to_its_page(world, learner):
    session = world.session(state="submitted")
    answer = learner.get(f"/sessions/{session.id}/edit")
    assert (answer.status_code, answer.location) == (303, f"/sessions/{session.id}")
