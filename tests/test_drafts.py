"""Writing a diary entry: what is read, what is refused, what is kept, and two tabs."""

import re
from datetime import date, time

import pytest
import time_machine

from supervise.models import Client, PracticeSession
from tests.world import World, sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    world = World()
    with time_machine.travel(world.now, tick=False):
        yield world


@pytest.fixture
def learner(app, world):
    client = app.test_client()
    sign_in(client, world.learner, world.centre, world.now)
    return client


def text(response, status=200):
    assert response.status_code == status, response.status_code
    return response.get_data(as_text=True)


def entry(world, **changes):
    """A complete form as the browser sends it; None leaves a field out."""
    fields = {
        "author": world.learner.id,
        "draft_key": "page-1",
        "version": 0,
        "enrolment": world.enrolment.id,
        "clients": [world.client().id],
        "new_clients": "",
        "kind": "coaching",
        "mode": "video",
        "place": "",
        "unit": "D3.04",
        "date": "2026-10-07",
        "start": "13:00",
        "minutes": "60",
        "done": "Scaling.",
        "private": "For me alone.",
        "go": "draft",
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def only():
    return PracticeSession.select().get()


def field(page, name):
    return re.search(rf'<(?:input|textarea)[^>]*name="{name}"[^>]*>(?:([^<]*)</textarea>)?', page)


# --- reading ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2026-10-07", date(2026, 10, 7)),
        ("7/10/2026", date(2026, 10, 7)),
        ("7 Oct 2026", date(2026, 10, 7)),
        ("07.10.26", date(2026, 10, 7)),
    ],
)
def test_dates_are_read_as_people_write_them(world, learner, typed, kept):
    learner.post("/sessions/new", data=entry(world, date=typed))
    assert only().date == kept


@pytest.mark.parametrize("typed", ["13:00", "13.00", "1300", "1.00pm"])
def test_times_are_read_on_the_learners_clock(world, learner, typed):
    learner.post("/sessions/new", data=entry(world, start=typed))
    assert only().starts_at.isoformat() == "2026-10-07T12:00:00+00:00"


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("minutes", "0", "from 5 to 480"),
        ("minutes", "4", "from 5 to 480"),
        ("minutes", "481", "from 5 to 480"),
        ("minutes", "-60", "from 5 to 480"),
        ("minutes", "abc", "from 5 to 480"),
        ("minutes", "1e9", "from 5 to 480"),
        ("minutes", "٦٠x", "from 5 to 480"),
        ("date", "31/02/2026", "Give a date, such as 7/10/2026."),
        ("date", "yesterday", "Give a date, such as 7/10/2026."),
        ("date", "9999-12-31", "Check the year"),
        ("start", "25:00", "Give a time, such as 13:00"),
        ("start", "noon", "Give a time, such as 13:00"),
    ],
)
def test_what_cannot_be_read_stays_in_the_draft_as_typed(world, learner, name, typed, sentence):
    page = text(learner.post("/sessions/new", data=entry(world, go="submit", **{name: typed})), 422)
    assert f'value="{typed}"' in field(page, name)[0]
    assert 'aria-invalid="true"' in field(page, name)[0]
    assert f'href="#{name}"' in page
    assert sentence in page
    assert only().state == "draft"
    again = text(learner.get(f"/sessions/{only().id}/edit"))
    assert f'value="{typed}"' in field(again, name)[0]
    assert "Scaling." in again


@pytest.mark.parametrize("minutes", [5, 480])
def test_the_shortest_and_the_longest_session_can_be_submitted(world, learner, minutes):
    answer = learner.post("/sessions/new", data=entry(world, minutes=str(minutes), go="submit"))
    assert answer.status_code == 303
    assert (only().state, only().minutes) == ("submitted", minutes)


def test_an_hour_the_clocks_left_out_is_no_time(world, learner):
    data = entry(world, date="2026-03-29", start="01:30", go="submit")
    page = text(learner.post("/sessions/new", data=data), 422)
    assert "the clocks went forward" in page
    assert 'value="01:30"' in field(page, "start")[0]


def test_of_an_hour_shown_twice_the_first_is_taken_and_said(world, learner):
    learner.post("/sessions/new", data=entry(world, date="2026-10-25", start="01:30"))
    assert only().starts_at.isoformat() == "2026-10-25T00:30:00+00:00"
    assert "came twice" in text(learner.get(f"/sessions/{only().id}/edit"))
    assert "the first of the two" in text(learner.get(f"/sessions/{only().id}"))


def test_a_start_without_a_date_waits_for_one(world, learner):
    learner.post("/sessions/new", data=entry(world, date="", start="13:00"))
    page = text(learner.get(f"/sessions/{only().id}/edit"))
    assert 'value="13:00"' in field(page, "start")[0]
    assert "Give the date." in text(learner.get(f"/sessions/{only().id}"))


# --- refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"unit": "X9.99"}, "not one of your enrolment"),
        ({"unit": "501"}, "not one of your enrolment"),
        ({"kind": "therapy"}, "Choose coaching or mentoring."),
        ({"mode": "telepathy"}, "Choose how you met from the list."),
        ({"clients": ["999999"]}, "One of these clients is not yours."),
        ({"clients": ["x"]}, "One of these clients is not yours."),
        ({"done": "bell\x07"}, "What you did holds a character that cannot be shown"),
        ({"private": "esc\x1b"}, "For yourself holds a character"),
        ({"reflection": "x" * 20_001}, "keep it to 20,000"),
        ({"place": "x" * 201}, "keep it to 200"),
        ({"new_clients": "jo@example.org"}, "looks like an e-mail address"),
        ({"new_clients": "020 7946 0000"}, "looks like a phone number"),
    ],
)
@pytest.mark.parametrize("go", ["draft", "submit"])
def test_what_must_not_be_stored_is_refused_and_typed_text_kept(
    world, learner, changes, sentence, go
):
    data = entry(world, go=go, tools="Kept all the same.", **changes)
    page = text(learner.post("/sessions/new", data=data), 422)
    assert sentence in page
    assert "Kept all the same." in page
    assert not PracticeSession.select().exists()


def test_a_paste_of_two_megabytes_is_refused_with_the_text_still_there(world, learner):
    paste = "a whole book " * 160_000
    page = text(learner.post("/sessions/new", data=entry(world, done=paste)), 422)
    assert "keep it to 20,000" in page
    assert page.count("a whole book") == 160_000


def test_somebody_elses_client_is_not_linked(world, learner):
    other = world.client("Client Q", world.person("Owen Tasker", "learner"))
    page = text(learner.post("/sessions/new", data=entry(world, clients=[other.id])), 422)
    assert "not yours" in page
    assert "Client Q" not in page


def test_spaces_are_not_an_account_of_a_session(world, learner):
    page = text(learner.post("/sessions/new", data=entry(world, done=" \n\t ", go="submit")), 422)
    assert "Say in a sentence or two what you did." in page


def test_everything_lacking_is_listed_with_links(world, learner):
    empty = entry(world, clients=[], kind="", date="", start="", minutes="", done="", go="submit")
    page = text(learner.post("/sessions/new", data=empty), 422)
    assert "6 things to change before this can be submitted" in page
    for name in ("clients", "kind", "minutes", "date", "start", "done"):
        assert f'href="#{name}"' in page
        assert f'id="{name}"' in page


def test_an_overlap_is_told_with_the_other_session(world, learner):
    world.session(
        day=date(2026, 10, 5), start=time(13, 30), state="submitted", clients=("Client E",)
    )
    page = text(
        learner.post("/sessions/new", data=entry(world, date="2026-10-05", go="submit")), 422
    )
    assert "Overlaps your session with Client E on Mon 5 Oct, 13:30 to 14:30." in page
    assert "Never" in page


# --- clients, defaults ------------------------------------------------------------------


def test_new_aliases_become_clients_of_a_group(world, learner):
    data = entry(world, new_clients=" Client  B, client c ,Client A")
    learner.post("/sessions/new", data=data)
    aliases = [engagement.client.alias for engagement in only().engagements]
    assert aliases == ["Client A", "Client B", "client c"]


def test_an_autosave_makes_no_client_of_half_an_alias(world, learner):
    data = entry(world, clients=[], new_clients="Cli")
    text(learner.post("/sessions/drafts", data=data, headers=HTMX))
    assert not Client.select().where(Client.alias == "Cli").exists()
    assert 'value="Cli"' in text(learner.get(f"/sessions/{only().id}/edit"))


def test_a_new_form_takes_todays_date_and_the_rest_from_last_time(world, learner):
    world.session(day=date(2026, 10, 1), kind="mentoring", unit="D3.06", clients=("Client B",))
    world.session(day=date(2026, 9, 1), clients=("Client A",))
    page = text(learner.get("/sessions/new"))
    assert 'value="2026-10-08"' in field(page, "date")[0]
    assert '<option selected value="mentoring">' in page
    assert '<option selected value="D3.06">D3.06, 0 h 00 of 6 h' in page
    assert not re.search(r'name="clients"[^>]*checked', page)


def test_an_only_client_is_ticked_and_of_several_none(world, learner):
    world.client("Client A")
    assert re.search(r'value="\d+" checked> Client A', text(learner.get("/sessions/new")))
    world.client("Client B")
    assert not re.search(r'name="clients"[^>]*checked', text(learner.get("/sessions/new")))


def test_several_clients_are_said_to_be_a_group(world, learner):
    page = text(learner.post("/sessions/new", data=entry(world, minutes="", go="submit")), 422)
    assert 'aria-live="polite" hidden>' in page
    learner.post(
        f"/sessions/{only().id}/edit", data=entry(world, version=1, new_clients="Client B")
    )
    page = text(learner.get(f"/sessions/{only().id}/edit"))
    assert 'aria-live="polite">A group of 2</p>' in page
    assert "a group of 2" in text(learner.get(f"/sessions/{only().id}"))


def test_a_unit_may_wait(world, learner):
    learner.post("/sessions/new", data=entry(world, unit="", go="submit"))
    assert (only().state, only().unit) == ("submitted", None)


# --- one draft, two tabs ----------------------------------------------------------------


def test_the_same_page_sent_twice_makes_one_session(world, learner):
    for go in ("draft", "draft", "submit"):
        version = only().version if go == "submit" else 0
        assert (
            learner.post("/sessions/new", data=entry(world, go=go, version=version)).status_code
            == 303
        )
    assert PracticeSession.select().count() == 1
    assert only().state == "submitted"


def test_autosave_answers_with_the_next_version_and_the_address(world, learner):
    answer = learner.post("/sessions/drafts", data=entry(world), headers=HTMX)
    page = text(answer)
    assert "Draft saved at 10:50" in page
    assert 'role="status"' in page
    assert 'name="version" value="1"' in page
    assert answer.headers["HX-Replace-Url"] == f"/sessions/{only().id}/edit"
    again = learner.post(
        "/sessions/drafts", data=entry(world, version=1, done="More."), headers=HTMX
    )
    assert 'name="version" value="2"' in text(again)
    assert (PracticeSession.select().count(), only().done) == (1, "More.")


def test_autosave_refuses_what_a_button_refuses(world, learner):
    answer = learner.post("/sessions/drafts", data=entry(world, done="\x07"), headers=HTMX)
    assert "holds a character" in text(answer, 422)
    assert not PracticeSession.select().exists()


def test_a_second_tab_sees_both_texts_and_decides(world, learner):
    session = world.session(day=date(2026, 10, 7), start=time(13), done="First tab.", tools="Same.")
    path = f"/sessions/{session.id}/edit"
    mine = entry(world, version=1, private="", tools="Same.")
    learner.post(path, data=mine | {"done": "Saved elsewhere."})
    page = text(learner.post(path, data=mine | {"done": "Typed here."}), 409)
    assert "Typed here." in field(page, "done")[1]
    assert "What you did, saved elsewhere" in page
    assert "Saved elsewhere." in page
    assert "Tools and techniques, saved elsewhere" not in page
    assert 'name="version" value="2"' in page
    assert only().done == "Saved elsewhere."
    learner.post(path, data=mine | {"done": "Typed here.", "version": 2})
    assert only().done == "Typed here."


def test_autosave_in_a_second_tab_stores_nothing_and_leads_to_both(world, learner):
    session = world.session(done="First tab.")
    path = f"/sessions/{session.id}/draft"
    learner.post(path, data=entry(world, version=1, done="One."), headers=HTMX)
    page = text(learner.post(path, data=entry(world, version=1, done="Two."), headers=HTMX), 409)
    assert "changed in another tab" in page
    assert "See both" in page
    assert only().done == "One."


def test_what_is_typed_after_a_submission_elsewhere_is_not_lost(world, learner):
    session = world.session(state="submitted")
    answer = learner.post(f"/sessions/{session.id}/edit", data=entry(world, done="Late words."))
    page = text(answer, 409)
    assert "was submitted meanwhile" in page
    assert "Late words." in page


def test_another_person_at_the_same_browser_stores_nothing(world, learner):
    data = entry(world, author=world.supervisor.id)
    for path, headers in (("/sessions/new", {}), ("/sessions/drafts", HTMX)):
        page = text(learner.post(path, data=data, headers=headers), 409)
        assert "opened by another person" in page
    assert not PracticeSession.select().exists()


def test_an_ended_sign_in_keeps_the_text_of_a_plain_form(world, app):
    page = text(app.test_client().post("/sessions/new", data=entry(world, done="Not lost.")), 401)
    assert "Not lost." in page


def test_an_ended_sign_in_tells_an_autosave_so(world, app):
    answer = app.test_client().post("/sessions/drafts", data=entry(world), headers=HTMX)
    assert answer.status_code == 401


@pytest.mark.parametrize("key", ["", "x" * 65, "a b"])
def test_a_page_without_a_sound_key_is_refused(world, learner, key):
    text(learner.post("/sessions/new", data=entry(world, draft_key=key)), 400)


def test_a_returned_session_is_mended_and_submitted_again(world, learner):
    session = world.session(state="returned")
    data = entry(world, version=session.version, tools="Scaling.", go="submit")
    assert learner.post(f"/sessions/{session.id}/edit", data=data).status_code == 303
    assert (only().state, only().tools) == ("submitted", "Scaling.")


def test_markup_in_a_text_is_shown_not_run(world, learner):
    learner.post("/sessions/new", data=entry(world, done="<script>alert(1)</script>"))
    for path in (f"/sessions/{only().id}", f"/sessions/{only().id}/edit"):
        page = text(learner.get(path))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


# --- what was given back, pressed twice, not over yet ------------------------------------


@pytest.mark.parametrize(("given", "words"), [("returned", "Which tools?"), ("reopened", "Wrong")])
def test_what_the_supervisor_said_stands_at_the_top_of_the_form(world, learner, given, words):
    session = world.session(state=given)
    for path in ("/edit", ""):
        page = text(learner.get(f"/sessions/{session.id}{path}"))
        head, body = page.split('id="given-back"')
        assert f"Marian Hale {given} it, " in body
        assert words in body
        assert "<form" not in head.split("<main")[1] or path == ""


def as_it_is(world, session, **changes):
    """The form of a session from ``World``, with nothing changed in it."""
    stored = {"done": session.done, "date": "2026-09-01", "start": "10:00", "private": ""}
    return entry(world, version=session.version, **(stored | changes))


def test_what_was_not_changed_since_its_return_is_asked_about_once(world, learner):
    session = world.session(state="returned")
    path = f"/sessions/{session.id}"
    assert "Correct it" in text(learner.get(path))
    assert "submission" not in text(learner.get(path))
    sentence = "Nothing was changed since it was returned. Submit it all the same?"
    page = text(learner.post(f"{path}/edit", data=as_it_is(world, session, go="submit")), 422)
    assert sentence in page
    assert 'value="unchanged"' in page
    assert sentence in text(learner.post(f"{path}/submission"), 422)
    assert only().state == "returned"
    data = as_it_is(world, only(), go="unchanged")
    assert learner.post(f"{path}/edit", data=data).status_code == 303
    assert only().state == "submitted"


def test_a_corrected_session_is_submitted_without_a_question(world, learner):
    session = world.session(state="returned")
    path = f"/sessions/{session.id}"
    learner.post(f"{path}/edit", data=as_it_is(world, session, tools="Scaling."))
    assert "Correct it" not in text(learner.get(path))
    assert learner.post(f"{path}/submission").status_code == 303
    assert only().state == "submitted"


def test_the_question_on_the_page_of_a_session_is_answered_there(world, learner):
    session = world.session(state="returned")
    path = f"/sessions/{session.id}/submission"
    assert 'name="unchanged"' in text(learner.post(path), 422)
    assert learner.post(path, data={"unchanged": "y"}).status_code == 303
    assert only().state == "submitted"


def test_submit_pressed_twice_leads_to_the_session(world, learner):
    data = entry(world, go="submit", new_clients="Client B")
    answers = [learner.post("/sessions/new", data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[1].location == f"/sessions/{only().id}"
    assert learner.post(f"/sessions/{only().id}/submission").status_code == 303
    assert "was submitted meanwhile" in text(
        learner.post("/sessions/new", data=data | {"done": "Other words."}), 409
    )


def test_a_session_that_has_not_ended_is_not_submitted(world, learner):
    data = entry(world, date="2026-10-08", start="10:00", go="submit")  # it is 10:50
    page = text(learner.post("/sessions/new", data=data), 422)
    assert "It has not ended yet." in page
    assert 'id="start-error"' in page
    session = only()
    data |= {"minutes": "50", "version": session.version}
    assert learner.post(f"/sessions/{session.id}/edit", data=data).status_code == 303


def test_after_a_refusal_the_form_goes_on_with_the_same_draft(world, learner):
    data = entry(world, minutes="", go="submit")
    page = text(learner.post("/sessions/new", data=data), 422)
    assert f'action="/sessions/{only().id}/edit"' in page
    assert 'data-received="stored"' in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    for path in (f"/sessions/{only().id}/edit", "/sessions/new"):
        text(learner.post(path, data=data | {"version": version}), 422)
    assert PracticeSession.select().count() == 1


def test_what_overlaps_can_be_opened_from_the_fault(world, learner):
    other = world.session(day=date(2026, 10, 5), start=time(13, 30), state="submitted")
    page = text(
        learner.post("/sessions/new", data=entry(world, date="2026-10-05", go="submit")), 422
    )
    assert f'<a href="/sessions/{other.id}">Open that session</a>' in page
    mine = PracticeSession.get(PracticeSession.state == "draft")
    assert f'<a href="/sessions/{other.id}">Open that session</a>' in text(
        learner.get(f"/sessions/{mine.id}")
    )


def test_an_alias_like_a_name_is_asked_about(world, learner):
    data = entry(world, clients=[], new_clients="Jo Smith")
    page = text(learner.post("/sessions/new", data=data), 422)
    assert "This looks like a person’s name." in page
    assert 'name="sure"' in page
    assert "Scaling." in page
    assert learner.post("/sessions/new", data=data | {"sure": "y"}).status_code == 303
    assert [e.client.alias for e in only().engagements] == ["Jo Smith"]


def test_a_reader_elsewhere_sees_date_and_time_of_one_clock(world, learner, app):
    session = world.session(day=date(2026, 9, 1), start=time(20), state="submitted")
    world.supervisor.zone = "Asia/Tokyo"
    world.supervisor.save()
    boss = app.test_client()
    sign_in(boss, world.supervisor, world.centre, world.now)
    page = text(boss.get(f"/sessions/{session.id}"))
    assert "Wed 2 Sep, 04:00" in page
    assert "Tue 1 Sep" not in page
    assert "Tue 1 Sep, 20:00" in text(learner.get(f"/sessions/{session.id}"))
    world.learner.zone = (
        "Asia/Tokyo"  # who moves sees it on the new clock, and saves no other moment
    )
    world.learner.save()
    session.take_back(by=world.actor(world.learner), now=world.now)
    form = text(learner.get(f"/sessions/{session.id}/edit"))
    assert 'value="2026-09-02"' in field(form, "date")[0]
    assert 'value="04:00"' in field(form, "start")[0]


def test_what_is_to_be_raised_is_kept_and_shown(world, learner, app):
    sent = entry(world, to_raise="Whose goal is it?", go="submit")
    assert learner.post("/sessions/new", data=sent).status_code == 303
    session = PracticeSession.get()
    assert (session.to_raise, session.state) == ("Whose goal is it?", "submitted")
    boss, tutor = app.test_client(), app.test_client()
    sign_in(boss, world.supervisor, world.centre, world.now)
    sign_in(tutor, world.tutor, world.centre, world.now)
    assert "Whose goal is it?" in text(boss.get(f"/sessions/{session.id}"))
    assert "Whose goal is it?" in text(boss.get(f"/approvals?open={session.id}"))
    assert "Whose goal is it?" not in text(tutor.get(f"/sessions/{session.id}"))
    session.approve(by=world.actor(world.supervisor), now=world.now)
    assert "Whose goal is it?" in text(learner.get("/sessions/export.csv"))
