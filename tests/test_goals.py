"""Goals of an engagement, what sessions do for them, and the closing review."""

import re
from datetime import date, time, timedelta

import pytest
import time_machine

from supervise.events import Event, history
from supervise.models import (
    ClientIdentity,
    ClosingReview,
    Consent,
    Goal,
    SessionGoal,
    drafts,
    erasure,
)
from supervise.models.goals import goals_of, worked_on, worked_on_in
from supervise.reports.verify import verify
from supervise.workflow import GOAL, NotAllowed, WrongState
from tests.contracting import GOAL as WRITTEN
from tests.contracting import agreed, engagement_of, offered
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


@pytest.fixture
def goal(world):
    me = world.actor(world.learner)
    return Goal.set(engagement_of(world), WRITTEN, by=me, now=world.now)


def text(response, status=200):
    assert response.status_code == status, response.status_code
    return response.get_data(as_text=True)


def fresh(record):
    return type(record).get_by_id(record.id)


SENT = {**WRITTEN, "due_on": "2026-12-01", "progress": "0", "state": "open"}


# --- goals -------------------------------------------------------------------------------


def test_a_goal_is_added_on_the_page_and_stands_on_the_engagement(world, learner):
    engagement = engagement_of(world)
    path = f"/engagements/{engagement.id}"
    assert "No goals yet" in text(learner.get(path))
    assert learner.post(f"{path}/goals", data=SENT).status_code == 303
    page = text(learner.get(path))
    assert "Lead the weekly meeting without notes" in page
    assert "0 of 10" in page
    assert "1 Dec 2026" in page


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("text", "  ", "Write the goal."),
        ("text", "x" * 1001, "Shorten this to 1000 characters."),
        ("measure", "a\0b", "cannot be shown"),
        ("due_on", "soon", "Choose a day"),
        ("due_on", "2020-04-01", "This day has passed. Give a later one."),
        ("progress", "11", "0 to 10"),
        ("progress", "-1", "Give a whole number."),
        ("aim_level", "planet", "Not a valid choice"),
        ("state", "lost", "Not a valid choice"),
        ("owner", "Sam Reed", "This names “Sam Reed”."),
    ],
)
def test_bad_input_gets_a_sentence_and_changes_nothing(
    world, learner, goal, field, typed, sentence
):
    ClientIdentity.create(client=goal.engagement.client, name="Sam Reed")
    data = SENT | {field: typed, "milestones": "Kept as typed", "version": goal.version}
    page = text(learner.post(f"/goals/{goal.id}", data=data), 422)
    assert sentence in page
    assert "Kept as typed" in page
    assert fresh(goal).version == goal.version


def test_a_day_that_passed_may_stay_but_not_come(world, learner, goal):
    path = f"/engagements/{goal.engagement_id}/goals"
    page = text(learner.post(path, data=SENT | {"due_on": "2020-04-01"}), 422)
    assert "This day has passed. Give a later one." in page
    assert Goal.select().count() == 1
    today = world.actor(world.learner).today
    assert learner.post(path, data=SENT | {"due_on": today.isoformat()}).status_code == 303
    Goal.update(due_on=date(2026, 1, 10)).where(Goal.id == goal.id).execute()
    old = SENT | {"due_on": "2026-01-10", "version": goal.version, "progress": "10"}
    assert learner.post(f"/goals/{goal.id}", data=old).status_code == 303
    assert (fresh(goal).progress, fresh(goal).due_on) == (10, date(2026, 1, 10))


def test_the_history_names_what_changed_and_keeps_no_words(world, learner, goal):
    data = SENT | {"text": "Another aim", "progress": "4", "state": "reached",
                   "due_on": "2027-01-10", "version": goal.version}  # fmt: skip
    assert learner.post(f"/goals/{goal.id}", data=data).status_code == 303
    page = text(learner.get(f"/goals/{goal.id}"))
    assert "changed the goal" in page
    assert "state open → reached" in page
    assert "progress 0 → 4" in page
    assert "date 1 Dec 2026 → 10 Jan 2027" in page
    told = " ".join(event.note + event.detail for event in Event.select())
    assert "Another aim" not in told
    assert "weekly meeting" not in told


def test_saving_what_is_the_same_writes_no_history(world, learner, goal):
    learner.post(f"/goals/{goal.id}", data=SENT | {"version": goal.version})
    assert len(history("goal", goal.id)) == 1


def test_a_second_tab_is_told_and_keeps_what_was_typed(world, learner, goal):
    data = SENT | {"text": "First", "version": goal.version}
    assert learner.post(f"/goals/{goal.id}", data=data).status_code == 303
    page = text(learner.post(f"/goals/{goal.id}", data=data | {"text": "Second"}), 409)
    assert "changed meanwhile" in page
    assert "Second" in page
    assert fresh(goal).text == "First"


@pytest.mark.parametrize("state", GOAL.states)
@pytest.mark.parametrize("wanted", GOAL.states)
def test_a_goal_moves_from_any_state_to_any_other(world, goal, state, wanted):
    me = world.actor(world.learner)
    goal.change({"state": state}, version=goal.version, by=me, now=world.now)
    goal.change({"state": wanted}, version=goal.version, by=me, now=world.now)
    assert fresh(goal).state == wanted


def test_the_supervisor_reads_and_does_not_write(world, as_, goal):
    world.session(state="submitted")  # from now on the supervisor knows of this client
    boss = as_(world.supervisor)
    page = text(boss.get(f"/goals/{goal.id}"))
    assert "Three meetings in a row" in page
    assert 'name="version"' not in page
    text(boss.post(f"/goals/{goal.id}", data=SENT), 403)
    text(boss.get(f"/engagements/{goal.engagement_id}/goals/new"), 403)
    with pytest.raises(NotAllowed):
        goal.change({"text": "Mine"}, version=1, by=world.actor(world.supervisor), now=world.now)
    text(as_(world.person("Owen Tasker", "learner")).get(f"/goals/{goal.id}"), 404)


def test_a_contract_keeps_the_goals_as_they_were_offered(world, goal):
    contract = agreed(world, goal.engagement, world.now)
    me = world.actor(world.learner)
    fresh(goal).change({"text": "Another"}, version=goal.version, by=me, now=world.now)
    assert contract.terms.goals[0]["text"] == WRITTEN["text"]
    second, _ = offered(world, goal.engagement)
    assert fresh(second).terms.goals[0]["text"] == "Another"


def test_a_dropped_goal_is_not_offered(world, goal):
    me = world.actor(world.learner)
    Goal.set(goal.engagement, {**WRITTEN, "text": "Stays"}, by=me, now=world.now)
    fresh(goal).change({"state": "dropped"}, version=1, by=me, now=world.now)
    contract, _ = offered(world, goal.engagement)
    assert [kept["text"] for kept in fresh(contract).terms.goals] == ["Stays"]


# --- sessions ----------------------------------------------------------------------------


def test_a_session_says_which_goals_it_worked_on(world, goal):
    session, me = world.session(), world.actor(world.learner)
    assert [found.id for found in goals_of(session)] == [goal.id]
    worked_on(session, {goal.id: 3}, by=me, now=world.now)
    assert (worked_on_in(session), fresh(goal).progress) == ({goal.id: 3}, 3)
    worked_on(session, {}, by=me, now=world.now)
    assert (worked_on_in(session), SessionGoal.select().count()) == ({}, 0)


def test_the_goal_follows_its_latest_session(world, goal):
    me = world.actor(world.learner)
    late, early = world.session(day=date(2026, 9, 5)), world.session(day=date(2026, 9, 1))
    worked_on(late, {goal.id: 6}, by=me, now=world.now)
    worked_on(early, {goal.id: 2}, by=me, now=world.now)
    assert fresh(goal).progress == 6


def test_a_goal_follows_what_becomes_of_its_sessions(world, goal, learner):
    """Taken off, thrown away, moved: the number is that of the latest session there is."""
    me = world.actor(world.learner)
    first, second = world.session(day=date(2026, 9, 1)), world.session(day=date(2026, 9, 5))
    worked_on(first, {goal.id: 2}, by=me, now=world.now)
    worked_on(second, {goal.id: 6}, by=me, now=world.now)
    worked_on(second, {}, by=me, now=world.now)
    assert fresh(goal).progress == 2
    assert "took it off a session; progress 6 → 2" in text(learner.get(f"/goals/{goal.id}"))
    worked_on(second, {goal.id: 7}, by=me, now=world.now)
    entry = drafts.Entry(
        clients=[world.client()], unit="D3.04", kind="coaching", date=date(2026, 8, 20),
        start=time(10), minutes=60, goals={goal.id: 7},
    )  # fmt: skip
    drafts.save(second, entry, version=second.version, by=me, now=world.now)
    assert fresh(goal).progress == 2
    drafts.delete(first, by=me, now=world.now)
    assert fresh(goal).progress == 7
    drafts.delete(second, by=me, now=world.now)
    assert fresh(goal).progress == 0
    assert list(verify(world.centre)) == []


def test_another_client_s_goal_that_leaves_with_them_follows_too(world, goal):
    me, other = world.actor(world.learner), world.client("Client B")
    session = world.session()
    worked_on(session, {goal.id: 5}, by=me, now=world.now)
    entry = drafts.Entry(
        clients=[other],
        unit="D3.04",
        kind="coaching",
        date=session.date,
        start=time(10),
        minutes=60,
    )
    drafts.save(session, entry, version=session.version, by=me, now=world.now)
    assert (fresh(goal).progress, worked_on_in(session)) == (0, {})


def test_of_two_sessions_on_one_day_the_later_start_decides(world, goal):
    me = world.actor(world.learner)
    late, early = world.session(start=time(15)), world.session(start=time(9))
    worked_on(late, {goal.id: 8}, by=me, now=world.now)
    worked_on(early, {goal.id: 3}, by=me, now=world.now)
    assert fresh(goal).progress == 8


def test_a_number_set_by_hand_after_a_session_stays(world, goal):
    me = world.actor(world.learner)
    march, after = world.session(day=date(2026, 3, 2)), world.session(day=date(2026, 10, 7))
    goal.change({"progress": 9}, version=goal.version, by=me, now=world.now - timedelta(days=3))
    worked_on(march, {goal.id: 2}, by=me, now=world.now)
    assert fresh(goal).progress == 9
    worked_on(after, {goal.id: 4}, by=me, now=world.now)
    assert fresh(goal).progress == 4
    worked_on(after, {}, by=me, now=world.now)
    assert fresh(goal).progress == 9


def test_a_goal_is_told_that_a_session_worked_on_it_though_its_number_stays(world, goal, learner):
    me = world.actor(world.learner)
    worked_on(world.session(), {goal.id: 0}, by=me, now=world.now)
    assert "worked on it in a session" in text(learner.get(f"/goals/{goal.id}"))


def test_only_goals_of_its_clients_and_steps_there_are(world, goal):
    session, me = world.session(), world.actor(world.learner)
    other = Goal.set(engagement_of(world, "Client B"), WRITTEN, by=me, now=world.now)
    for wrong in ({other.id: 3}, {goal.id: 11}, {goal.id: -1}, {999: 1}):
        with pytest.raises(ValueError):  # noqa: PT011 - which of two sentences does not matter
            worked_on(session, wrong, by=me, now=world.now)
    with pytest.raises(NotAllowed):
        worked_on(session, {goal.id: 1}, by=world.actor(world.supervisor), now=world.now)
    assert SessionGoal.select().count() == 0


# --- the closing review ------------------------------------------------------------------

REVIEW = {"start": "Spoke little", "outcome": "Leads the meeting", "remains": "The board",
          "model": "kirkpatrick", "evaluation": "Levels one to three", "success": "A lunch"}  # fmt: skip


def test_the_review_is_written_completed_and_read(world, learner, as_):
    engagement = engagement_of(world)
    world.session(state="submitted")
    path = f"/engagements/{engagement.id}/closing"
    assert "Not written yet" in text(as_(world.supervisor).get(path))
    begun = {"start": "Spoke little", "model": "", "version": "0", "go": "save"}
    assert learner.post(path, data=begun).status_code == 303
    assert "Begun." in text(learner.get(f"/engagements/{engagement.id}"))
    page = text(learner.post(path, data=begun | {"version": "1", "go": "complete"}), 422)
    assert "5 things to change" in page
    assert "Choose one." in page
    assert ClosingReview.get().completed_at is None
    done = REVIEW | {"version": "1", "go": "complete"}
    assert learner.post(path, data=done).status_code == 303
    assert ClosingReview.get().completed_at == world.now
    page = text(as_(world.supervisor).get(path))
    assert "Kirkpatrick" in page
    assert "A lunch" in page
    assert 'name="version"' not in page
    assert not list(verify(world.centre))


def test_two_first_saves_make_one_review(world):
    engagement, me = engagement_of(world), world.actor(world.learner)
    first, second = ClosingReview.of(engagement), ClosingReview.of(engagement)
    first.keep(REVIEW, version=0, by=me, now=world.now)
    with pytest.raises(WrongState):
        second.keep(REVIEW | {"start": "Other"}, version=0, by=me, now=world.now)
    assert ClosingReview.get().start == "Spoke little"


def test_a_review_of_another_version_keeps_what_was_typed(world, learner):
    engagement = engagement_of(world)
    path = f"/engagements/{engagement.id}/closing"
    learner.post(path, data=REVIEW | {"version": "0"})
    page = text(learner.post(path, data=REVIEW | {"version": "0", "remains": "Mine"}), 409)
    assert "changed meanwhile" in page
    assert "Mine" in page


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [("model", "guess", "Not a valid choice"), ("outcome", "sam@x.org", "write the alias"),
     ("start", "x" * 4001, "4000 characters")],
)  # fmt: skip
def test_a_review_that_cannot_be_kept(world, learner, field, typed, sentence):
    engagement = engagement_of(world)
    ClientIdentity.create(client=engagement.client, email="sam@x.org")
    path = f"/engagements/{engagement.id}/closing"
    page = text(learner.post(path, data=REVIEW | {"version": "0", field: typed}), 422)
    assert sentence in page
    assert ClosingReview.select().count() == 0


@pytest.mark.parametrize("who", ["tutor", "admin"])
def test_others_read_neither(world, as_, goal, who):
    client = as_(getattr(world, who))
    text(client.get(f"/goals/{goal.id}"), 403)
    text(client.get(f"/engagements/{goal.engagement_id}/closing"), 403)


def test_the_closing_review_has_start_outcome_and_what_remains_of_each_goal(world, goal, as_):
    me = world.actor(world.learner)
    reached = Goal.set(
        engagement_of(world), {"text": "Delegate", "progress": 2}, by=me, now=world.now
    )
    reached.change({"state": "reached", "progress": 10}, version=1, by=me, now=world.now)
    goal.change({"progress": 6}, version=1, by=me, now=world.now)
    dropped = Goal.set(engagement_of(world), {"text": "Write"}, by=me, now=world.now)
    dropped.change({"state": "dropped"}, version=1, by=me, now=world.now)
    world.session(state="submitted")
    for person in (world.learner, world.supervisor):
        page = " ".join(text(as_(person).get(f"/engagements/{goal.engagement_id}/closing")).split())
        plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
        lead, delegate, write = plain.split("As each was set")[1].split(" Start ")[1:]
        assert "0 of 10, set on 8 Oct 2026 Measure Three meetings in a row" in lead
        assert "Outcome 6 of 10, open Remains 4 of 10 to go, by 1 Dec 2026" in lead
        assert "2 of 10, set on 8 Oct 2026 Outcome 10 of 10, reached" in delegate
        assert "Remains Nothing: it was reached" in delegate
        assert "Remains Nothing: it was dropped" in write


def plainly(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_what_stood_there_at_completion_stays_and_what_came_later_is_said(world, goal, learner):
    me, path = world.actor(world.learner), f"/engagements/{goal.engagement_id}/closing"
    goal.change({"progress": 4}, version=1, by=me, now=world.now)
    first = REVIEW | {"version": "0", "go": "complete"}
    assert learner.post(path, data=first).status_code == 303
    assert learner.post(path, data=first).status_code == 303, "pressed twice"
    later = world.now + timedelta(days=4)
    with time_machine.travel(later, tick=False):
        sign_in(learner, world.learner, world.centre, later)
        goal.change({"progress": 9, "measure": "Five meetings"}, version=2, by=me, now=later)
        Goal.set(goal.engagement, {"text": "Delegate"}, by=me, now=later)
        page = plainly(text(learner.get(path)))
        assert "Completed 8 Oct 2026." in page
        assert "Outcome 4 of 10, open Remains 6 of 10 to go, by 1 Dec 2026" in page
        assert "Since then 9 of 10, open; other words" in page
        assert "0 of 10, set on 12 Oct 2026, after the review was completed" in page
        changed = REVIEW | {"version": "1", "outcome": "Elsewhere altogether"}
        assert learner.post(path, data=changed).status_code == 303
        for shown in (path, f"/engagements/{goal.engagement_id}"):
            assert re.search(
                r"Completed 8 Oct 2026 ?; ?changed 12 Oct 2026", plainly(text(learner.get(shown)))
            )
        history_ = plainly(text(learner.get(f"/engagements/{goal.engagement_id}"))).split(
            "History"
        )[-1]
        assert "Priya Nair : completed the closing review, Thu 8 Oct, 10:50" in history_
        assert "Priya Nair : changed the completed closing review, Mon 12 Oct, 10:50" in history_
        assert history_.count("closing review") == 2
    assert not list(verify(world.centre))


def test_the_history_says_when_a_review_was_begun_and_emptied(world, learner):
    engagement, me = engagement_of(world), world.actor(world.learner)
    path = f"/engagements/{engagement.id}"
    for version, outcome in enumerate(("One", "Two", "Three")):
        sent = REVIEW | {"version": str(version), "outcome": outcome}
        assert learner.post(f"{path}/closing", data=sent).status_code == 303
    page = plainly(text(learner.get(path)))
    assert page.count("began the closing review") == 1
    consent = Consent.give(engagement.client, me.today, "Notes", by=me, now=world.now)
    erasure.withdraw(consent, me.today, by=me, now=world.now)
    assert "emptied the closing review, as consent was withdrawn" in text(learner.get(path))


def test_a_closing_review_without_goals_says_so(world, learner):
    page = text(learner.get(f"/engagements/{engagement_of(world).id}/closing"))
    assert "No goals were set." in page


def test_queries_stay_few(world, learner, goal, queries):
    for path in (f"/goals/{goal.id}", f"/engagements/{goal.engagement_id}/closing"):
        with queries() as seen:
            text(learner.get(path))
        assert seen.count <= 12, seen
