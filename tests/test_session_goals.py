"""Which goals a session worked on: typed with the entry, signed with it, shown with it."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine

from supervise import signing
from supervise.models import Contract, Goal, PracticeSession, SessionGoal
from supervise.models.goals import worked_on_in
from supervise.reports import verify
from tests.world import World, sign_in


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    signing.use_key("the key of this test")
    made = World()
    with time_machine.travel(made.now, tick=False):
        yield made


@pytest.fixture
def learner(app, world):
    return as_(app, world, world.learner)


def as_(app, world, person):
    client = app.test_client()
    sign_in(client, person, world.centre, world.now)
    return client


def goal(world, text="Lead the weekly meeting", alias="Client A", kind="coaching"):
    engagement = world.client(alias).engagement(kind)
    me = world.actor(world.learner)
    return Goal.set(engagement, {"text": text}, by=me, now=world.now)


def entry(world, **typed):
    return {
        "author": str(world.learner.id), "draft_key": "key-of-goals", "enrolment": "",
        "version": "0", "go": "draft", "clients": [str(world.client().id)], "kind": "coaching",
        "mode": "video", "unit": "D3.04", "date": "2026-10-07", "start": "13:00",
        "minutes": "60", "done": "Scaling.", **typed,
    }  # fmt: skip


def text(response, status=200):
    assert response.status_code == status, response.status_code
    return response.get_data(as_text=True)


def test_a_session_says_which_goals_it_worked_on(app, world, learner):
    lead, write = goal(world), goal(world, "Write the plan")
    page = text(learner.get("/sessions/new"))
    assert "Which goals did you work on" in page
    assert "Client A, coaching" in page
    data = entry(world, **{f"goal_{lead.id}": "7", f"goal_{write.id}": "", "go": "submit"})
    assert learner.post("/sessions/new", data=data).status_code == 303
    session = PracticeSession.get()
    assert worked_on_in(session) == {lead.id: 7}
    assert Goal.get_by_id(lead.id).progress == 7
    for person in (world.learner, world.supervisor):
        shown = " ".join(text(as_(app, world, person).get(f"/sessions/{session.id}")).split())
        assert "Lead the weekly meeting: <strong>7 of 10</strong>" in shown
        assert "Write the plan" not in shown
    assert "Lead the weekly" not in text(
        as_(app, world, world.tutor).get(f"/sessions/{session.id}")
    )


def test_what_was_chosen_stands_in_the_form_and_can_be_changed(world, learner):
    lead = goal(world)
    field = f"goal_{lead.id}"
    learner.post("/sessions/new", data=entry(world, **{field: "0"}))
    session = PracticeSession.get()
    path = f"/sessions/{session.id}/edit"
    assert '<option selected value="0">' in text(learner.get(path))
    data = entry(world, version=str(session.version), **{field: ""})
    assert learner.post(path, data=data).status_code == 303
    assert worked_on_in(session) == {}


def test_two_tabs_that_chose_differently_are_laid_side_by_side(world, learner):
    lead = goal(world)
    field = f"goal_{lead.id}"
    learner.post("/sessions/new", data=entry(world, **{field: "3"}))
    session = PracticeSession.get()
    path, version = f"/sessions/{session.id}/edit", str(session.version)
    learner.post(path, data=entry(world, version=version, **{field: "5"}))
    page = text(learner.post(path, data=entry(world, version=version, **{field: "8"})), 409)
    assert f'href="#{field}"' in page
    assert f'id="{field}-elsewhere"' in page
    assert worked_on_in(session) == {lead.id: 5}


def test_the_first_save_sent_twice_with_another_goal_loses_nothing(world, learner):
    lead = goal(world)
    learner.post("/sessions/new", data=entry(world))
    page = learner.post("/sessions/new", data=entry(world, **{f"goal_{lead.id}": "4"}))
    assert page.status_code == 409  # the page was told of no version yet: both stand there
    assert f'id="goal_{lead.id}-elsewhere"' in text(page, 409)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("11", "from 0 to 10"),
        ("-1", "from 0 to 10"),
        ("x", "from 0 to 10"),
        ("\u0667", "from 0 to 10"),
    ],
)
def test_a_step_that_is_none_is_refused_and_the_text_kept(world, learner, typed, sentence):
    lead = goal(world)
    data = entry(world, tools="Kept all the same.", **{f"goal_{lead.id}": typed})
    page = text(learner.post("/sessions/new", data=data), 422)
    assert sentence in page
    assert "Kept all the same." in page
    assert not SessionGoal.select().exists()


def test_a_goal_of_a_client_not_ticked_waits_while_typing_and_is_asked_about_at_the_end(
    world, learner
):
    other, mentoring = goal(world, alias="Client B"), goal(world, kind="mentoring")
    for one, words in ((other, "coaching with Client B"), (mentoring, "mentoring with Client A")):
        data = entry(world, draft_key=f"key-{one.id}", **{f"goal_{one.id}": "5"})
        saved = learner.post("/sessions/drafts", data=data, headers={"HX-Request": "true"})
        assert saved.status_code == 200
        version = str(PracticeSession.get(PracticeSession.draft_key == f"key-{one.id}").version)
        page = text(learner.post("/sessions/new", data={**data, "version": version}), 422)
        assert f"This goal belongs to {words}." in page
        assert '<option selected value="5">' in page
    assert not SessionGoal.select().exists()


def test_nobody_elses_goal_is_offered_or_taken(world, learner):
    owen = world.person("Owen Tasker", "learner")
    theirs = Goal.set(
        world.client("Client Q", owen).engagement("coaching"),
        {"text": "Not yours"}, by=world.actor(owen), now=world.now,
    )  # fmt: skip
    assert "Not yours" not in text(learner.get("/sessions/new"))
    learner.post("/sessions/new", data=entry(world, **{f"goal_{theirs.id}": "5"}))
    assert not SessionGoal.select().exists()


def test_goals_are_signed_with_the_session_and_earlier_signatures_hold(world, learner):
    before = world.session(state="approved")
    lead = goal(world)
    learner.post("/sessions/new", data=entry(world, **{f"goal_{lead.id}": "7", "go": "submit"}))
    session = PracticeSession.get(PracticeSession.draft_key == "key-of-goals")
    session.approve(by=world.actor(world.supervisor), now=world.now)
    assert session.signed_content()["goals"] == [[lead.id, 7]]
    assert "goals" not in PracticeSession.get_by_id(before.id).signed_content()
    assert not list(verify.verify(world.centre))
    SessionGoal.update(progress=9).execute()
    [misfit] = verify.verify(world.centre)
    assert "its content is not what was signed" in misfit.sentence


def test_a_draft_with_goals_is_thrown_away(world, learner):
    lead = goal(world)
    learner.post("/sessions/new", data=entry(world, **{f"goal_{lead.id}": "7"}))
    session = PracticeSession.get()
    assert learner.post(f"/sessions/{session.id}/deletion").status_code == 303
    assert not SessionGoal.select().exists()


def test_the_version_in_force_is_named(world, learner):
    session = world.session(day=date(2026, 9, 1))
    engagement = world.client().engagement("coaching")
    assert "Contract in force" not in text(learner.get(f"/sessions/{session.id}"))
    for number, since, until in (
        (1, date(2026, 3, 1), date(2026, 8, 1)),
        (2, date(2026, 8, 2), None),
    ):
        Contract.create(
            centre=world.centre, engagement=engagement, number=number, agreed_on=since,
            ended_on=until, state="replaced" if until else "agreed", created_at=world.now,
            changed_at=world.now, offered_at=world.now,
        )  # fmt: skip
    page = " ".join(text(learner.get(f"/sessions/{session.id}")).split())
    assert "version 2, agreed on 2 Aug 2026" in page
    early = world.session(day=date(2026, 2, 1))
    assert "none that day" in " ".join(text(learner.get(f"/sessions/{early.id}")).split())


def test_the_form_asks_as_often_for_many_goals(world, learner, queries):
    session = world.session()
    counts = []
    for number in (1, 12):
        for n in range(number):
            goal(world, f"Goal {number}-{n}")
        for path in ("/sessions/new", f"/sessions/{session.id}/edit", f"/sessions/{session.id}"):
            with queries() as seen:
                text(learner.get(path))
            counts.append(seen.count)
            assert seen.count <= 12, seen
    assert counts[:3] == counts[3:]
