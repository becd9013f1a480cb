"""The cohort table and one learner's file: who sees whom, and the figures they see."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
import time_machine

from supervise.models import Person
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app):
    with time_machine.travel(NOW, tick=False):
        made = World()
        made.paper(date(2026, 1, 20))
        yield made


@pytest.fixture
def read(app, world):
    """What a person reads at an address, tags left out: read(person, path)."""

    def get(person, path, status=200):
        browser = app.test_client()
        sign_in(browser, person, world.centre, NOW)
        answer = browser.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return words(answer.get_data(as_text=True))

    return get


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def file_of(world):
    return f"/learners/{world.learner.id}"


def year(world, count=3, **changes):
    return [
        world.session(day=date(2026, 2, 1) + timedelta(days=n), **changes) for n in range(count)
    ]


# --- one learner -------------------------------------------------------------------------


def test_a_supervisor_reads_the_hours_of_a_learner(world, read):
    year(world, 3, state="approved")
    year(world, 2, state="submitted", unit="D3.03", start=None)
    page = read(world.supervisor, file_of(world))
    assert "ILM Level 3 Certificate" in page
    assert "REG1002" in page
    assert "12 Jan 2026 , to finish by 12 Jan 2029" in page
    assert "Supervisor Marian Hale since 12 Jan 2026" in page
    assert "3 h 00 counted, 2 h 00 waiting, of 62 h 00. All 5 sessions" in page
    assert "3 h 00 none 30 h 00 27 h 00 to go" in page
    assert "2 sessions to approve, 2 h 00 Marian Hale 2 days" in page
    assert "Decide 2 sessions" in page


def test_the_button_leads_to_this_learners_sessions_in_the_queue(app, world):
    year(world, 1, state="submitted")
    browser = app.test_client()
    sign_in(browser, world.supervisor, world.centre, NOW)
    page = browser.get(file_of(world)).get_data(as_text=True)
    assert re.search(rf'class="button"\s+href="/approvals\?coach={world.learner.id}"', page)
    queue = browser.get(f"/approvals?coach={world.learner.id}")
    assert "Client A" in queue.get_data(as_text=True)


def test_others_read_the_same_hours_and_have_nothing_to_decide(world, read):
    year(world, 1, state="submitted")
    for person in (world.learner, world.tutor, world.admin):
        page = read(person, file_of(world))
        assert "0 h 00 counted, 1 h 00 waiting, of 62 h 00" in page
        assert "Decide" not in page


def test_a_learners_drafts_are_their_own(world, read):
    year(world, 1)
    assert "none waiting, and 1 h 00 in drafts or returned" in read(world.learner, file_of(world))
    assert "none waiting" in read(world.supervisor, file_of(world))
    assert "No session yet" in read(world.supervisor, file_of(world) + "/sessions")


def test_who_has_nothing_to_do_with_a_learner_finds_no_page(world, read):
    stranger, other = (
        world.person("Joan Petrie", "supervisor"),
        world.person("Tom Leary", "learner"),
    )
    elsewhere = World()
    for person in (stranger, other):
        for path in (file_of(world), file_of(world) + "/sessions"):
            read(person, path, status=404)
    read(world.admin, f"/learners/{elsewhere.learner.id}", status=404)
    read(world.admin, f"/learners/{world.supervisor.id}", status=404)
    read(world.admin, "/learners/99999999999", status=404)


def test_once_an_assignment_ends_the_page_is_gone(world, read):
    mine = world.enrolment.assignments.where(
        world.enrolment.assignments.model.person == world.supervisor
    ).get()
    mine.end(date(2026, 10, 7), by=world.actor(world.admin), now=NOW)
    read(world.supervisor, file_of(world), status=404)
    assert "Supervisor none today" in read(world.tutor, file_of(world))


def test_what_is_returned_waits_for_the_learner(world, read):
    year(world, 1, state="returned")
    page = read(world.tutor, file_of(world))
    assert "1 session to correct, 1 h 00 Priya Nair 1 day" in page


def test_entries_past_their_date_are_named(world, read):
    page = read(world.tutor, file_of(world))
    assert "D3.03, D3.04, D3.07 were due for review by 31 Dec 2014: check with ILM" in page


def test_both_enrolments_of_a_learner_are_shown(world, read):
    second = world.enrol(world.learner, "ILM-8580", ("501",))
    world.session(enrolment=second, unit="501", state="draft")
    page = read(world.learner, file_of(world))
    assert page.count("Hours:") == 2
    assert "ILM Level 5" in page


def test_a_programme_without_hours_says_so(world, read):
    learner = world.person("Zofia Wójcik", "learner")
    world.enrol(learner, "CMI-L3-UNITS", ("3011V1",))
    page = read(learner, f"/learners/{learner.id}")
    assert "None of these units asks for practice hours." in page


def test_every_session_stands_with_its_verdict(app, world, read):
    [approved] = year(world, 1, state="approved")
    world.session(day=date(2026, 3, 1), unit=None, state="submitted")
    page = read(world.supervisor, file_of(world) + "/sessions")
    assert (
        "Sun 1 Feb 2026 10:00 Client A 1 h 00 coaching D3.04 Approved Counts toward D3.04." in page
    )
    assert "Not yet: it waits for approval. No unit is chosen." in page
    for person, linked in ((world.tutor, True), (world.admin, False)):
        browser = app.test_client()
        sign_in(browser, person, world.centre, NOW)
        text = browser.get(file_of(world) + "/sessions").get_data(as_text=True)
        assert (f'href="/sessions/{approved.id}"' in text) is linked


def test_sessions_come_25_to_a_page(world, read):
    year(world, 27, state="submitted")
    assert "1 to 25 of 27" in read(world.learner, file_of(world) + "/sessions")
    page = read(world.learner, file_of(world) + "/sessions?page=2")
    assert "26 to 27 of 27" in page
    assert "Sun 1 Feb 2026" in page


def test_no_page_shows_what_anybody_wrote(world, read):
    year(world, 1, state="returned", reflection="Secret thought", plan="Secret plan")
    for person in (world.supervisor, world.tutor, world.admin):
        for path in (file_of(world), file_of(world) + "/sessions", "/learners"):
            page = read(person, path)
            assert "Secret" not in page
            assert "Which tools?" not in page


# --- the cohort --------------------------------------------------------------------------


@pytest.fixture
def cohort(world):
    """Priya, Owen (waits longest) and Zofia (no hours, no supervisor)."""
    owen, zofia = world.person("Owen Tasker", "learner"), world.person("Zofia Wójcik", "learner")
    second = world.enrol(owen)
    world.assign(world.supervisor, "supervisor", second)
    world.enrol(zofia, "5D2V2", ())
    world.session(day=date(2026, 9, 30), state="approved")
    old = world.session(day=date(2026, 8, 3), enrolment=second, state="draft")
    old.submit(by=world.actor(owen), now=NOW - timedelta(days=9))
    return owen, zofia


def names(page):
    return [name for _, name in sorted((page.find(n + " "), n) for n in NAMES if n + " " in page)]


NAMES = ("Priya Nair", "Owen Tasker", "Zofia Wójcik")


def test_each_learner_has_a_row_with_figures(world, cohort, read):
    page = read(world.admin, "/learners")
    assert "3 learners" in page
    assert "Priya Nair ILM-L3-CWCM, REG1002 1 h 00 of 62 h 00" in page
    assert "30 Sep 2026 nothing Marian Hale" in page
    assert "3 Aug 2026 9 days, late Marian Hale" in page
    assert "Zofia Wójcik 5D2V2, REG1002 no hours asked" in page
    assert "nothing none" in page


def test_who_is_at_risk_stands_first_with_the_reason(world, cohort, read):
    page = read(world.tutor, "/learners")
    assert (
        "Behind 61 h 00 of 62 h 00 still to go with 3 months left Counted: 44 h 45 behind" in page
    )
    page = read(world.admin, "/learners")
    assert page.index("Slipping nothing logged for 9 weeks") < page.index("Behind 61 h 00 of 62")
    file = read(world.admin, f"/learners/{cohort[0].id}")
    assert "Owen Tasker Slipping" in file
    assert "Held up 1 session waits 9 days, late" in file
    assert "behind an even pace to 12 Jan 2027 (plan: 12 months)" in file


def test_what_the_learner_has_to_correct_stands_apart_from_what_waits(world, read):
    year(world, 2, state="returned")
    page = read(world.admin, "/learners")
    assert "To correct: 2, 1 day Marian Hale" in page


def test_twelve_weeks_are_drawn_and_stand_in_a_table(world, cohort, read):
    page = read(world.admin, "/learners")
    table = page[page.index("Week from") :]
    assert table.startswith("Week from 20 Jul 27 Jul 3 Aug 10 Aug")
    assert "Owen Tasker 0 h 00 0 h 00 1 h 00 0 h 00" in table


def test_staff_see_those_assigned_to_them_today(world, cohort, read):
    assert names(read(world.supervisor, "/learners")) == ["Owen Tasker", "Priya Nair"]
    assert names(read(world.tutor, "/learners")) == ["Priya Nair"]
    page = read(world.person("Edith Varga", "assessor"), "/learners")
    assert "No learners yet." in page
    read(world.learner, "/learners", status=403)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=zof", ["Zofia Wójcik"]),
        ("name=REG1002", ["Owen Tasker", "Priya Nair", "Zofia Wójcik"]),
        ("name=100%25", []),
        ("programme=5D2V2", ["Zofia Wójcik"]),
        ("supervisor=none", ["Zofia Wójcik"]),
        ("supervisor=me", ["Owen Tasker", "Priya Nair"]),
        ("supervisor=99999999999", ["Owen Tasker", "Priya Nair", "Zofia Wójcik"]),
        ("sort=last", ["Zofia Wójcik", "Owen Tasker", "Priya Nair"]),
        ("sort=waits", ["Owen Tasker", "Priya Nair", "Zofia Wójcik"]),
        ("sort=name", ["Owen Tasker", "Priya Nair", "Zofia Wójcik"]),
        ("sort=nonsense&page=0", ["Owen Tasker", "Priya Nair", "Zofia Wójcik"]),
        ("standing=slipping", ["Owen Tasker"]),
        ("standing=behind&sort=name", ["Owen Tasker", "Priya Nair"]),
        ("standing=none", ["Zofia Wójcik"]),
        ("standing=track", []),
    ],
)
def test_the_list_narrows_and_sorts(world, cohort, read, query, expected):
    page = read(world.admin, "/learners?" + query.replace("=me", f"={world.supervisor.id}"))
    listed = page[page.index("Show ") : page.find("The last twelve weeks")]
    assert names(listed) == expected
    if not expected:
        assert "Nobody fits." in page


def test_there_are_25_to_a_page_and_a_page_too_far_leads_back(app, world):
    for number in range(27):
        world.enrol(world.person(f"Learner{number:02} Tasker", "learner"))
    browser = app.test_client()
    sign_in(browser, world.admin, world.centre, NOW)
    second = words(browser.get("/learners?page=2").get_data(as_text=True))
    assert "26 to 28 of 28" in second
    far = browser.get("/learners?page=9&name=learner")
    assert far.headers["Location"] == "/learners?name=learner"


def test_htmx_gets_the_list_alone(app, world, cohort):
    browser = app.test_client()
    sign_in(browser, world.admin, world.centre, NOW)
    part = browser.get("/learners?name=zof", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.lstrip().startswith('<div id="learners">')


# --- how many queries --------------------------------------------------------------------


def everything(world, number):
    """Another learner of the same staff, with sessions in several states."""
    enrolment = world.enrol(world.person(f"Learner{number} Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", enrolment)
    for day, state in enumerate(("approved", "submitted", "returned"), 1):
        world.session(day=date(2026, 9, day), enrolment=enrolment, state=state)


@pytest.mark.parametrize(
    "path", ["/learners", "/learners?sort=waits&supervisor=none", "file", "list"]
)
def test_queries_do_not_grow_with_rows(app, world, queries, path):
    places = {"file": file_of(world), "list": file_of(world) + "/sessions"}
    all_roles = world.supervisor
    world.assign(all_roles, "tutor")
    counts = []
    browser = app.test_client()
    sign_in(browser, all_roles, world.centre, NOW)
    for number in range(3):
        everything(world, number)
        world.session(day=date(2026, 8, number + 1), state="submitted")
        with queries() as seen:
            assert browser.get(places.get(path, path)).status_code == 200
        counts.append(seen.count)
    assert counts[0] == counts[-1] <= 12, seen


def test_a_name_is_text_and_never_markup(world, read):
    Person.update(name="<b>Priya</b>").where(Person.id == world.learner.id).execute()
    assert "<b>Priya</b>" in read(world.admin, "/learners")
