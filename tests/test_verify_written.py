"""What nobody signs, or a withdrawal may take, is found by ``verify`` when the file was changed."""

from __future__ import annotations

import json
from datetime import date, timedelta

import peewee
import pytest
import time_machine

from supervise import db, signing
from supervise.db import write
from supervise.events import Event
from supervise.models import (
    ClosingReview,
    Consent,
    Contract,
    Feedback,
    Goal,
    SignedName,
    agreeing,
    erasure,
    goals,
)
from supervise.models.centres import Refused
from supervise.reports import verify
from tests import contracting, feedbacks
from tests.world import World, drop_triggers, sign_in

TODAY = date(2026, 10, 8)
WHY = "They have moved to Leeds."


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False
    signing.use_key("the key of this test")
    made = World()
    with time_machine.travel(made.now, tick=False):
        yield made


@pytest.fixture
def me(world):
    return world.actor(world.learner)


@pytest.fixture
def consent(world, me):
    return Consent.give(world.client(), date(2026, 3, 1), "Notes", by=me, now=world.now)


@pytest.fixture
def whole(world, me, consent):
    """An engagement with everything that words can be written in: ended, reviewed, told of."""
    engagement = contracting.engagement_of(world)
    contract = contracting.agreed(world, engagement, world.now, "three")
    contract.end(TODAY, WHY, by=me, now=world.now)
    _, links = contracting.offered(world, engagement)
    agreeing.decline(links["client"], "Not so often.", now=world.now)
    goal = Goal.get()
    goal.change({"progress": 4}, version=goal.version, by=me, now=world.now)
    Goal.set(engagement, {"text": "Only talked about"}, by=me, now=world.now)
    words = dict.fromkeys((*ClosingReview.TEXTS, "model"), "Some.")
    ClosingReview.of(engagement).keep(words, version=0, by=me, now=world.now, complete=True)
    named = feedbacks.give(world, "They waited.")
    named.reply_to("Thank you.", by=me, now=world.now)
    feedbacks.give(world, "Nameless words.", anonymous=True, about="programme", source="client")
    feedbacks.invite(world, "peer", name="Una")
    assert misfits(world) == []
    return engagement


def misfits(world):
    return [misfit.sentence for misfit in verify.verify(world.centre)]


def withdraw(world, consent):
    return erasure.withdraw(consent, TODAY, by=world.actor(world.learner), now=world.now)


def unseal():
    drop_triggers("feedback", "feedback_sealed", "feedback_kept")


CHANGED = "its words are not those of"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE signed_name SET name = 'Another'", "is another one now"),
        ("DELETE FROM signed_name", "is gone, though nobody withdrew consent"),
        (
            "INSERT INTO signed_name (sign_off_id, name) SELECT s.id, 'Another' FROM sign_off s "
            "JOIN agreement a ON s.subject = 'agreement' AND a.id = s.subject_id "
            "WHERE a.party = 'coach'",
            "the name that the coach typed under it is not in the history",
        ),
        (
            "INSERT INTO signed_name (sign_off_id, name) SELECT id, 'Another' FROM sign_off "
            "WHERE subject = 'feedback'",
            "where none was typed",
        ),
        ("UPDATE contract SET ended_reason = 'Another' WHERE state = 'ended'", CHANGED),
        ("UPDATE contract SET ended_reason = ''", CHANGED),
        ("UPDATE contract SET declined_why = 'Another' WHERE state = 'draft'", CHANGED),
        ("UPDATE contract SET declined_by = 'sponsor' WHERE state = 'draft'", CHANGED),
        ("UPDATE goal SET text = 'Another' WHERE progress = 4", CHANGED),
        ("UPDATE goal SET milestones = 'Another' WHERE progress = 4", CHANGED),
        ("UPDATE goal SET due_on = '2026-11-01' WHERE progress = 4", CHANGED),
        ("UPDATE goal SET state = 'reached' WHERE progress = 4", CHANGED),
        ("UPDATE goal SET progress = 9 WHERE progress = 4", CHANGED),
        ("DELETE FROM goal WHERE progress = 4", "is gone: history entry"),
        ("UPDATE closing_review SET outcome = 'Another'", CHANGED),
        ("UPDATE closing_review SET model = 'Another'", CHANGED),
        ("UPDATE closing_review SET completed_at = NULL", CHANGED),
        ("DELETE FROM closing_review", "is gone: history entry"),
        ("UPDATE consent SET scope = 'Everything'", "what they agreed to was changed"),
        ("UPDATE consent SET given_on = '2026-01-01'", "history says given on"),
        ("UPDATE feedback SET handle = 'another' WHERE NOT anonymous AND state = 'given'",
         "its content is not what was signed"),
        ("UPDATE feedback SET giver = 'another' WHERE NOT anonymous AND state = 'given'",
         "its content is not what was signed"),
        ("UPDATE feedback SET giver = 'another' WHERE state = 'invited'", "not for whom"),
        ("UPDATE feedback SET source = 'observer' WHERE state = 'invited'", "not for whom"),
    ],
)  # fmt: skip
def test_verify_names_what_was_changed_in_the_file(world, whole, spoil, said):
    unseal()
    db.database.execute_sql(spoil)
    found = misfits(world)
    assert found
    assert all(said in sentence for sentence in found), found
    assert not [sentence for sentence in found if "Another" in sentence]


@pytest.mark.parametrize("state", ["given", "invited"])
def test_verify_names_feedback_moved_to_another_link(world, me, whole, state):
    unseal()
    mine = Feedback.get((Feedback.state == state) & ~Feedback.anonymous)
    free = feedbacks.invite(world, "peer", name="Wim").link_id
    Feedback.delete().where(Feedback.link == free).execute()
    Feedback.update(link=free).where(Feedback.id == mine.id).execute()
    [found] = misfits(world)
    assert found.startswith(f"feedback {mine.id} on Priya Nair")


def test_the_history_holds_no_word_of_it(world, whole):
    told = " ".join(event.detail + event.note for event in Event.select())
    for words in (
        "Sam Client",
        "Sam Sponsor",
        WHY,
        "Not so often",
        "Some.",
        "Notes",
        "talked about",
    ):
        assert words not in told
    hashes = [
        json.loads(event.detail)["name"] for event in Event.select() if event.verb == "agreed to"
    ]
    plain = {signing.sha256(name) for name in ("Sam Client", "Sam Sponsor")}
    assert len(set(hashes)) == len(hashes) > 1
    assert not plain & set(hashes)


def test_a_goal_changed_while_a_session_is_written_still_fits(world, me, monkeypatch):
    """What the history holds is what stands, not what was read a moment before."""
    engagement = contracting.engagement_of(world)
    goal = Goal.set(engagement, contracting.GOAL, by=me, now=world.now)
    session, hold = world.session(), goals._hold

    def meanwhile(ids):
        goal.change({"measure": "Five in a row"}, version=1, by=me, now=world.now)
        return hold(ids)

    monkeypatch.setattr(goals, "_hold", meanwhile)
    goals.worked_on(session, {goal.id: 3}, by=me, now=world.now)
    assert (Goal.get().measure, Goal.get().progress) == ("Five in a row", 3)
    assert misfits(world) == []


def test_an_offer_sent_back_after_a_yes_keeps_why(world, me):
    """The next version holds the words, since somebody signed the one they were said of."""
    _, links = contracting.offered(world, contracting.engagement_of(world), "three")
    agreeing.agree(links["sponsor"], "Sam Sponsor", now=world.now)
    agreeing.decline(links["client"], "Not so often.", now=world.now)
    draft = Contract.get(Contract.state == "draft")
    assert (draft.declined_by, draft.declined_why) == ("client", "Not so often.")
    assert misfits(world) == []
    Contract.update(declined_why="Never.").where(Contract.id == draft.id).execute()
    [found] = misfits(world)
    assert CHANGED in found


# --- what a withdrawal takes, and nothing else -------------------------------------------


def test_what_a_withdrawal_takes_fits(world, consent, whole):
    withdraw(world, consent)
    assert misfits(world) == []
    assert not SignedName.select().exists()
    assert {(row.ended_reason, row.declined_why) for row in Contract.select()} == {("", "")}
    ended = Contract.get(Contract.state == "ended")
    assert ended.terms.parts
    assert ended.terms.goals
    review = ClosingReview.get()
    assert {getattr(review, name) for name in ClosingReview.TEXTS} == {""}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            "INSERT INTO signed_name (sign_off_id, name) SELECT s.id, 'Sam Client' FROM sign_off s "
            "JOIN agreement a ON s.subject = 'agreement' AND a.id = s.subject_id "
            "WHERE a.party = 'client'",
            "and is there again",
        ),
        (f"UPDATE contract SET ended_reason = '{WHY}' WHERE state = 'ended'", CHANGED),
        ("UPDATE contract SET declined_why = 'Not so often.' WHERE state = 'draft'", CHANGED),
        (f"UPDATE goal SET text = 'Only talked about' WHERE text = '{erasure.REMOVED}'", CHANGED),
        ("UPDATE closing_review SET outcome = 'Some.'", CHANGED),
        ("UPDATE consent SET scope = ''", "what they agreed to was changed"),
        ("UPDATE feedback SET erased_at = NULL WHERE erased_at IS NOT NULL", "are there again"),
        (
            "UPDATE feedback SET answers = '[\"not at all\"]' WHERE erased_at IS NOT NULL",
            "its content is not what was signed",
        ),
    ],
)
def test_what_comes_back_after_a_withdrawal_is_named(world, consent, whole, spoil, said):
    withdraw(world, consent)
    unseal()
    if "scope" in spoil:
        spoil = spoil.replace("''", "'Nothing'")
    db.database.execute_sql(spoil)
    [found] = misfits(world)
    assert said in found


def test_words_that_went_without_a_withdrawal_are_named(world, whole):
    unseal()
    row = Feedback.get((Feedback.state == "given") & ~Feedback.anonymous)
    gone = {"answers": json.dumps(row.ratings), "reply": "", "erased_at": world.now}
    Feedback.update(**gone).where(Feedback.id == row.id).execute()
    assert any("but nobody withdrew consent" in sentence for sentence in misfits(world))


# --- feedback of a client who withdraws --------------------------------------------------


def test_named_words_go_and_ratings_and_the_nameless_stay(world, me, consent):
    them = feedbacks.give(world, "They waited.", may_quote=True)
    them.reply_to("Thank you.", by=me, now=world.now)
    sponsor = feedbacks.give(world, "She delegates now.", source="sponsor", about="programme")
    nameless = feedbacks.give(world, "Nameless.", anonymous=True, about="programme")
    peer = feedbacks.give(world, "A peer's words.", source="peer", name="Una")
    other = feedbacks.give(world, "Another client's.", alias="Client B")
    before = them.ratings
    withdraw(world, consent)
    rows = {row.id: row for row in Feedback.select()}
    assert "They waited." not in rows[them.id].answers
    assert "She delegates" not in rows[sponsor.id].answers
    assert [answer for answer in json.loads(rows[them.id].answers) if answer] == ["well"] * 4
    assert (rows[them.id].ratings, rows[them.id].reply) == (before, "")
    assert (rows[them.id].state, rows[them.id].may_quote) == ("given", True)
    for row, words in ((nameless, "Nameless."), (peer, "A peer's"), (other, "Another client's")):
        assert words in rows[row.id].answers
        assert rows[row.id].erased_at is None
    assert misfits(world) == []
    with pytest.raises(Refused, match="removed when consent was withdrawn"):
        rows[them.id].reply_to("And yet.", by=me, now=world.now)


def test_the_page_says_that_words_went(app, world, consent):
    given = feedbacks.give(world, "They waited.")
    learner = app.test_client()
    sign_in(learner, world.learner, world.centre, world.now)
    before = learner.get("/feedback").text
    assert "They waited." in before
    assert 'name="reply"' in before
    assert "Not to be quoted" in before
    withdraw(world, consent)
    page = learner.get("/feedback").text
    assert "They waited." not in page
    assert f'id="told-{given.handle}"' in page
    assert "removed when consent was withdrawn" in page
    assert 'name="reply"' not in page


def test_the_seal_opens_for_an_erasure_and_for_nothing_else(world, me):
    given = feedbacks.give(world, "They waited.")
    given.reply_to("Thank you.", by=me, now=world.now)
    nameless = feedbacks.give(world, "Nameless.", anonymous=True, about="programme")
    gone = {"answers": "[]", "reply": "", "erased_at": world.now}
    for row, changes in (
        (nameless, gone),
        (given, gone | {"erased_at": None}),
        (given, gone | {"reply": "Thank you."}),
        (given, gone | {"giver": "another"}),
        (given, gone | {"may_quote": True}),
        (given, gone | {"questions": "[]"}),
        (given, gone | {"anonymous": True}),
    ):
        with pytest.raises(peewee.DatabaseError), write():
            Feedback.update(**changes).where(Feedback.id == row.id).execute()
    Feedback.update(**gone).where(Feedback.id == given.id).execute()
    for changes in (
        {"answers": '["Again"]'}, {"reply": "Again"}, {"erased_at": None},
        {"erased_at": world.now + timedelta(days=1)},
    ):  # fmt: skip
        with pytest.raises(peewee.DatabaseError), write():
            Feedback.update(**changes).where(Feedback.id == given.id).execute()
