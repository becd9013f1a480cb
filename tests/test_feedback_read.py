"""Feedback as it is read: the grid, the ratings taken together, narrowed and in pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine

from supervise.models import EnrolmentUnit, FeedbackQuestion, Link
from tests import meeting
from tests.feedbacks import give, invite
from tests.test_feedback import plain, text
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


# --- the grid ----------------------------------------------------------------------------


def test_who_takes_no_unit_that_asks_for_it_is_asked_for_nothing(world, as_):
    EnrolmentUnit.delete().where(EnrolmentUnit.unit.in_(("D3.04", "D3.07"))).execute()
    for reader, address in (
        (as_(world.learner), "/feedback"),
        (as_(world.supervisor), f"/learners/{world.learner.id}/feedback"),
    ):
        page = plain(text(reader.get(address)))
        assert "ask for it" not in page
        assert "asks for it" not in page
        assert "D3.0" not in page
        assert "Nobody asked yet" in page


def test_a_supervisors_feedback_is_found_in_the_records_that_both_signed(world, as_):
    days = [timedelta(days=n) for n in (0, 7, 14)]
    first, second = (meeting.signed(world, starts_at=meeting.WHEN - day) for day in days[:2])
    waits = meeting.recorded(world, starts_at=meeting.WHEN - days[2])
    for person, address in (
        (world.learner, "/feedback"),
        (world.supervisor, f"/learners/{world.learner.id}/feedback"),
        (world.tutor, f"/learners/{world.learner.id}/feedback"),
    ):
        reader = as_(person)
        page = text(reader.get(address))
        assert "2 in meeting records" in plain(page)
        for one in (first, second):
            assert f'href="/supervision/{one.id}"' in page
            assert meeting.FEEDBACK in text(reader.get(f"/supervision/{one.id}"))
        assert f'href="/supervision/{waits.id}"' not in page


def test_a_tutorial_and_another_learners_record_are_no_supervisors_feedback(world, as_):
    other = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", other)
    meeting.signed(world, other)
    meeting.signed(world, starts_at=meeting.WHEN - timedelta(days=7), format="tutorial")
    assert "In no meeting record yet" in plain(text(as_(world.learner).get("/feedback")))


# --- what came in: taken together, narrowed, in pages ------------------------------------


def rows_of(page, about):
    """The table of ratings on one subject: question → how often each word was chosen."""
    part = page[page.index(f'id="on-{about}"') :]
    part = part[: part.index("</section>")]
    found = re.search(r'<table class="stack rated">.*?</table>', part, flags=re.S)
    rows = re.findall(r"<tr>(.*?)</tr>", found[0], flags=re.S)[1:] if found else []
    return {
        plain(re.search(r"<th.*?</th>", row, flags=re.S)[0]).strip(): [
            int(plain(cell)) for cell in re.findall(r"<td.*?</td>", row, flags=re.S)
        ]
        for row in rows
    }


def rate(world, word, **how):
    feedback = invite(world, **how)
    asked = FeedbackQuestion.of(feedback.centre_id, feedback.about)
    answers = [word if question.kind == "rating" else "Fine." for question in asked]
    link = Link.get_by_id(feedback.link_id)
    feedback.give(asked, answers, may_quote=False, floor=3, link=link, now=world.now)
    return feedback


def test_ratings_are_taken_together_of_the_answers_shown_and_of_no_others(world, as_):
    rate(world, "very well", source="peer", name="Una")
    rate(world, "a little", source="client")
    for number in range(2):
        rate(world, "not at all", anonymous=True, alias=f"Client {number}")
    readers = (
        (as_(world.learner), "/feedback"),
        (as_(world.tutor), f"/learners/{world.learner.id}/feedback"),
    )
    question = "How well do they listen?"
    for reader, address in readers:
        assert rows_of(text(reader.get(address)), "practitioner")[question] == [0, 1, 0, 1, 0]
    rate(world, "not at all", anonymous=True, alias="Client 2")
    for reader, address in readers:
        assert rows_of(text(reader.get(address)), "practitioner")[question] == [3, 1, 0, 1, 0]
        peers = text(reader.get(f"{address}?source=client"))
        assert rows_of(peers, "practitioner")[question] == [3, 1, 0, 0, 0]
        assert rows_of(text(reader.get(address)), "programme") == {}


def test_it_is_narrowed_by_who_gave_it_and_what_it_is_about(world, as_):
    give(world, "By a client.")
    give(world, "By a peer.", source="peer", name="Una")
    give(world, "On the programme.", source="sponsor", about="programme")
    said = {"By a client.", "By a peer.", "On the programme."}
    learner = as_(world.learner)
    for query, expected in (
        ("", said),
        ("?source=peer", {"By a peer."}),
        ("?about=programme", {"On the programme."}),
        ("?source=peer&about=programme", set()),
        ("?source=weather&about=9&page=x", said),
    ):
        for headers in ({}, {"HX-Request": "true"}):
            page = text(learner.get(f"/feedback{query}", headers=headers))
            assert {one for one in said if one in page} == expected, query
            assert ("Nothing fits." in page) == ("source=peer" in query)
            assert ("<html" in page) == (not headers)


def test_a_long_list_has_pages_and_a_reply_comes_back_to_its_own(world, as_):
    for number in range(30):
        give(world, f"Said {number}.", source="observer", name=f"Una {number}")
    learner = as_(world.learner)
    first, second = (text(learner.get(f"/feedback?page={n}")) for n in (1, 2))
    assert (first.count("<article"), second.count("<article")) == (25, 5)
    assert "1 to 25 of 30" in first
    assert rows_of(first, "practitioner") == rows_of(second, "practitioner")
    assert 'href="/feedback?page=2"' in first
    [action, *_] = re.findall(r'action="(/feedback/\S+/reply[^"]*)"', second)
    handle = action.split("/")[2]
    wrong = text(learner.post(action.replace("&amp;", "&"), data={"reply": ""}), 422)
    assert f'id="told-{handle}"' in wrong
    done = learner.post(action.replace("&amp;", "&"), data={"reply": "Thank you."})
    assert done.status_code == 303
    back, anchor = done.location.split("#")
    assert anchor == f"told-{handle}"
    assert "Thank you." in text(learner.get(back))
