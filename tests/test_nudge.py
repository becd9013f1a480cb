"""Practice that runs ahead of supervision: seen by learner, supervisor and tutor, and booked in a tap."""

import html
import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from supervise.models import Attendance, Centre, Enrolment, Meeting
from supervise.reports import standing, supervision
from supervise.reports.hours import hours_of
from tests import meeting as meetings
from tests.slots import SLOT, offering
from tests.world import NOW, World, sign_in

DUE = (
    "2 h practised without supervision since the first session on 1 Sep 2026; "
    "the centre asks for a meeting every 2 h"
)


@pytest.fixture
def world(app):
    """A centre that wants a meeting every two hours, and a learner who practised for two."""
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        made = World()
        Centre.update(supervise_after_minutes=120, supervise_after_weeks=None).execute()
        made.centre.supervise_after_minutes, made.centre.supervise_after_weeks = 120, None
        practise(made, 2)
        yield made


def practise(world, count, day=date(2026, 9, 1), enrolment=None, **values):
    """So many hours, one a day; the first half approved."""
    for number in range(count):
        world.session(
            day=day + timedelta(days=number), enrolment=enrolment,
            state="approved" if number * 2 < count else "submitted", **values,
        )  # fmt: skip


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def ask(app, world):
    def get(person, path="/", **headers):
        visitor = app.test_client()
        sign_in(visitor, person, world.centre, NOW)
        answer = visitor.get(path, headers=headers)
        assert answer.status_code == 200, path
        return visitor, answer.get_data(as_text=True)

    return get


def test_a_meeting_booked_for_next_year_leaves_the_button_where_it_is(ask, world):
    offering(world)
    meetings.booked(world, starts_at=datetime(2027, 9, 3, 9, 0, tzinfo=UTC))
    _, page = ask(world.learner)
    assert f"1 supervision meeting due {DUE}; booked for 3 Sep 2027, which is late." in words(page)
    assert "data-hx-get" in page
    _, host = ask(world.supervisor)
    assert "which is late" in words(host), "the supervisor sees who runs ahead"


def test_the_learner_books_the_next_free_time_in_one_tap(ask, world):
    offering(world, format="tutorial", starts="07:00", ends="08:00")
    offering(world)
    visitor, page = ask(world.learner)
    assert f"1 supervision meeting due {DUE}." in words(page)
    [address] = re.findall(r'data-hx-get="([^"]+)"', page)
    fragment = visitor.get(html.unescape(address), headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "Book Thu 15 Oct, 09:00 with Marian Hale" in words(fragment)
    assert "<html" in visitor.get(html.unescape(address)).text
    form = dict(re.findall(r'name="(\w+)"\s+value="([^"]+)"', fragment))
    [action] = re.findall(r'action="([^"]+)"', fragment)
    assert visitor.post(action, data=form).status_code == 303
    booked = Meeting.get()
    assert (booked.state, booked.starts_at, booked.format) == ("booked", SLOT, "one-to-one")
    after = words(visitor.get("/").text)
    assert (
        f"1 supervision meeting due and booked {DUE}; the next is booked for 15 Oct 2026." in after
    )
    assert "1 meeting in the next 14 days" in after
    assert "See the next free time" not in after


def test_without_a_free_time_it_says_whom_to_ask(ask, world):
    _, page = ask(world.learner, f"/supervision/next?enrolment={world.enrolment.id}")
    assert "No time in the next three months is open to you" in words(page)
    other = world.enrol(world.person("Owen Tasker", "learner"))
    visitor, _ = ask(world.learner)
    for wrong in (other.id, 0, "x", ""):
        assert visitor.get(f"/supervision/next?enrolment={wrong}").status_code == 404


def test_the_supervisor_sees_who_runs_ahead_until_a_meeting_is_booked_or_held(ask, world):
    sentence = f"Priya Nair : {DUE} Supervision due Book a meeting with Priya Nair"
    visitor, page = ask(world.supervisor)
    assert f"1 of your learners needs a meeting {sentence}" in words(page)
    assert visitor.get(f"/supervision/new?enrolment={world.enrolment.id}").status_code == 200
    assert f'href="/supervision/new?enrolment={world.enrolment.id}"' in page
    meeting = meetings.booked(world, starts_at=NOW + timedelta(days=1))
    assert "needs a meeting" not in words(ask(world.supervisor)[1])
    Attendance.update(state="came").execute()
    Meeting.update(
        state="held", held_minutes=60, starts_at=datetime(2026, 9, 1, 12, tzinfo=UTC)
    ).where(Meeting.id == meeting.id).execute()
    assert "needs a meeting" not in words(ask(world.supervisor)[1])
    Meeting.update(format="tutorial").execute()
    assert f"Priya Nair : {DUE}" in words(ask(world.supervisor)[1]), "a tutorial is no supervision"
    Meeting.update(format="group").execute()
    practise(world, 2, day=date(2026, 9, 5))
    since = "3 h practised since supervision on 1 Sep 2026; the centre asks for a meeting every 2 h"
    assert f"Priya Nair : {since} Supervision due" in words(ask(world.supervisor)[1])


def test_the_cohort_has_it_in_its_rank_and_the_filter_finds_it(ask, world):
    fine = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.tutor, "tutor", fine)
    world.assign(world.supervisor, "supervisor", fine)
    practise(world, 1, day=date(2026, 10, 1), enrolment=fine)
    practise(world, 1, day=date(2026, 10, 2))
    Enrolment.update(started_on=date(2026, 8, 28)).execute()  # so that nobody is behind
    found = words(ask(world.tutor, "/learners?standing=supervise")[1])
    every = words(ask(world.tutor, "/learners")[1])
    Centre.update(supervise_after_minutes=None).execute()
    none = words(ask(world.tutor, "/learners?standing=supervise")[1])
    assert "Supervision due 3 h practised without supervision" in found
    assert "Owen Tasker" not in found
    assert every.index("Priya Nair") < every.index("Owen Tasker")
    assert "Nobody fits" in none


def test_sums_in_the_database_and_sessions_in_hand_agree(world):
    """Of a meeting in the middle, on the day of a session, with and without times of day."""
    world.session(day=date(2026, 9, 10), start=time(8), minutes=45, state="approved")
    world.session(day=date(2026, 9, 10), start=time(13), minutes=50, state="submitted")
    world.session(day=date(2026, 9, 11), minutes=55, state="returned")
    world.session(day=date(2026, 9, 12), minutes=40)
    for day in (10, 11):
        untimed = world.session(day=date(2026, 9, day), start=None, minutes=35)
        untimed.submit(by=world.actor(world.learner), now=NOW)
    mine = Enrolment.select().where(Enrolment.id == world.enrolment.id)
    boss = world.actor(world.supervisor)

    def both():
        last = supervision.last_of([world.enrolment.id], boss).get(
            world.enrolment.id, supervision.NEVER
        )
        hours = hours_of(world.enrolment, world.centre)
        exact = standing.of_hours(hours, world.centre, boss.today, last)
        summed = standing.ranked(mine, boss)[world.enrolment.id]
        assert summed.last == last
        ahead = [one.finding.sentence for one in supervision.since_last(boss)]
        due = [one.reason for one in exact if one.key == "supervise"]
        assert [sentence for sentence in ahead if sentence in due] == due
        return supervision.practised(hours, last, world.centre).minutes, due

    assert both()[0] == 120 + 45 + 50 + 35 + 35
    meetings.held(world, starts_at=datetime(2026, 9, 10, 10, tzinfo=UTC))
    assert both() == (50 + 35, [])
    world.session(day=date(2026, 9, 20), minutes=35, state="approved")
    minutes, due = both()
    assert minutes == 120
    assert due == [
        "2 h practised since supervision on 10 Sep 2026; the centre asks for a meeting every 2 h"
    ]


def test_days_are_the_centres_where_those_of_utc_are_others(world):
    Centre.update(zone="America/New_York").execute()
    world.centre.zone = "America/New_York"
    meetings.held(world, starts_at=datetime(2026, 9, 10, 0, 30, tzinfo=UTC))  # the 9th, 20:30
    untimed = world.session(day=date(2026, 9, 10), start=None, minutes=125)
    untimed.submit(by=world.actor(world.learner), now=NOW)
    boss = world.actor(world.supervisor)
    last = supervision.last_of([world.enrolment.id], boss)[world.enrolment.id]
    hours = hours_of(world.enrolment, world.centre)
    assert supervision.practised(hours, last, world.centre).minutes == 125
    assert [one.learner_id for one in supervision.since_last(boss)] == [world.learner.id]


def test_today_counts_what_comes_and_what_waits_for_each(ask, world):
    soon, later = NOW + timedelta(days=3), NOW + timedelta(days=13)
    meetings.booked(world, starts_at=soon)
    meetings.booked(world, starts_at=later)
    meetings.booked(world, starts_at=NOW + timedelta(days=15))
    meetings.booked(world, starts_at=NOW - timedelta(hours=3))
    meetings.held(world, starts_at=NOW - timedelta(days=5))
    meetings.recorded(world, starts_at=NOW - timedelta(days=9))
    invited = meetings.booked(world, starts_at=NOW + timedelta(days=20))
    asked = meetings.booked(world, starts_at=NOW + timedelta(days=21), state="requested")
    Attendance.update(state="invited", seat=None).where(Attendance.meeting == invited).execute()
    Attendance.update(state="asked", seat=None).where(Attendance.meeting == asked).execute()
    learner, boss = words(ask(world.learner)[1]), words(ask(world.supervisor)[1])
    comes = "2 meetings in the next 14 days Calendar One to one with {} Sun 11 Oct, 10:50"
    assert comes.format("Marian Hale") in learner
    assert comes.format("Priya Nair") in boss
    assert "2 meetings wait for you Read and sign: One to one with Marian Hale" in learner
    assert "Answer: One to one with Marian Hale, Wed 28 Oct, 09:50" in learner
    assert "3 meetings wait for you Write up: One to one with Priya Nair, Sat 3 Oct, 10:50" in boss
    assert "Say who came: One to one with Priya Nair" in boss
    assert "Answer: One to one with Priya Nair, Thu 29 Oct" in boss


def test_the_file_shows_what_lacks_guided_time_and_the_summary_to_who_may_read_it(ask, world):
    first = meetings.recorded(world, starts_at=datetime(2026, 9, 2, 9, tzinfo=UTC))
    meetings.signed(world, starts_at=datetime(2026, 9, 20, 9, tzinfo=UTC))
    meetings.signed(
        world, starts_at=datetime(2026, 9, 3, 9, tzinfo=UTC), format="tutorial", host=world.tutor
    )
    path = f"/learners/{world.learner.id}"
    pages = {
        person.name: words(ask(person, path)[1])
        for person in (world.learner, world.supervisor, world.tutor, world.admin)
    }
    for name, page in pages.items():
        assert "At the start on record Learning goals were agreed on 2 Sep 2026." in page, name
        assert "During practice on record Recorded on 20 Sep 2026." in page, name
        assert "Tutorials 0 h 55 0 h 00 4 h 00 3 h 05 to go" in page, name
        assert "3 meetings held, 1 h 50 of supervision; 2 signed by both." in page, name
        reads = name != world.admin.name
        assert (meetings.GOALS in page) == reads, name
        assert (meetings.ACTIONS[0].text in page) == reads, name
        assert ("Waits for the learner to sign" in page) == reads, name
        assert meetings.DISCUSSED not in page
    visitor, page = ask(world.learner, path)
    assert f'href="/supervision/{first.id}"' in page
    verdicts = words(visitor.get(f"{path}/sessions").text)
    assert "Tutorials 0 h 55 of 4 h 00 counted: book a tutorial ." in verdicts
    assert "Counts 0 h 55 by a record both signed." in verdicts
    assert "Induction 0 h 00 of 1 h 00 counted: book an induction ." in verdicts


def test_a_tutorial_after_the_last_day_of_the_enrolment_does_not_count(ask, world):
    meetings.signed(world, format="tutorial", host=world.tutor)
    Enrolment.update(ends_on=date(2026, 10, 1)).execute()
    _, page = ask(world.learner, f"/learners/{world.learner.id}/sessions")
    assert "Never: it is dated after the enrolment's last day, 1 Oct 2026." in words(page)
    assert "Tutorials 0 h 00 of 4 h 00 counted: book a tutorial ." in words(page)


def test_what_is_not_signed_by_the_supervisor_is_not_in_the_summary(ask, world):
    meeting = meetings.held(world, starts_at=datetime(2026, 9, 2, 9, tzinfo=UTC))
    meetings.write_up(world, meeting)
    page = words(ask(world.learner, f"/learners/{world.learner.id}")[1])
    assert "Waits for its record" in page
    assert meetings.GOALS not in page
    assert meetings.ACTIONS[0].text not in page


def test_each_page_asks_the_same_few_queries_however_many_meetings(app, ask, world, queries):
    def counts():
        found = {}
        for person, path in (
            (world.learner, "/"),
            (world.learner, f"/supervision/next?enrolment={world.enrolment.id}"),
            (world.learner, f"/learners/{world.learner.id}"),
            (world.supervisor, "/"),
            (world.supervisor, "/learners"),
            (world.supervisor, f"/learners/{world.learner.id}"),
            (world.tutor, "/"),
        ):
            visitor = app.test_client()
            sign_in(visitor, person, world.centre, NOW)
            with queries() as seen:
                assert visitor.get(path).status_code == 200
            assert seen.count <= 12, (path, seen)
            found[person.name, path] = seen.count
        return found

    offering(world)
    world.session(day=date(2026, 9, 20), state="returned")
    meetings.recorded(world, starts_at=datetime(2026, 6, 1, 9, tzinfo=UTC))
    meetings.booked(world, starts_at=NOW + timedelta(days=400))
    Meeting.update(starts_at=NOW + timedelta(days=400)).where(Meeting.state == "booked").execute()
    Centre.update(confirmation_required=True).execute()
    few = counts()
    for number in range(3):
        other = world.enrol(world.person(f"Learner{number} Ames", "learner"))
        world.assign(world.supervisor, "supervisor", other)
        world.assign(world.tutor, "tutor", other)
        practise(world, 2, enrolment=other)
        meetings.recorded(world, other, starts_at=datetime(2026, 6, 2 + number, 9, tzinfo=UTC))
        meetings.recorded(world, starts_at=datetime(2026, 5, 2 + number, 9, tzinfo=UTC))
    assert counts() == few


def test_no_graver_finding_hides_that_supervision_is_due(ask, world):
    """Who is behind, or has logged nothing for weeks, is found by the filter all the same."""
    practise(world, 3, day=date(2026, 2, 1))  # far behind, and nothing since
    for path in ("/learners?standing=supervise", "/learners", "/"):
        page = words(ask(world.tutor, path)[1])
        assert "Priya Nair" in page, path
        assert "Slipping" in page, path
        assert "Supervision due" in page.split("Priya Nair")[1], path


def test_the_supervisor_sees_what_each_practised_before_it_is_due(ask, world):
    practise(world, 1, day=date(2026, 10, 1))
    meetings.booked(world, starts_at=NOW + timedelta(days=1))
    page = words(ask(world.supervisor)[1])
    assert "Practice since supervision" in page
    booked = page.split("Practice since supervision")[1]
    assert "Priya Nair Fri 9 Oct" in booked
    assert "3 h 00 booked" in booked


def test_what_learners_have_still_to_sign_and_to_answer_ages_on_both_sides(ask, world):
    meetings.recorded(world)
    sign = "Priya Nair to sign the record of"
    assert sign in words(ask(world.supervisor)[1])
    assert "Read and sign" in words(ask(world.learner)[1])
    assert sign not in words(ask(world.tutor)[1])
