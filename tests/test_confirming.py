"""A client who is sure of some sessions and not of others; and what the coach is told and can do."""

from __future__ import annotations

import re
import threading
from datetime import date, timedelta

import peewee
import pytest
import time_machine

from supervise import db
from supervise.models import Centre, Confirmation, Consent, Link, confirmations, erasure
from supervise.models.confirmations import Answer, answer
from supervise.reports import verify
from supervise.signing import SignOff
from tests.test_confirmations import asked, open_link, rows, said, save, states, text
from tests.world import NOW, World, drop_triggers, sign_in


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False  # tests of sign-in ask for the token
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def coach(app, world):
    """The learner's browser."""
    browser = app.test_client()
    sign_in(browser, world.learner, world.centre, NOW)
    return browser


@pytest.fixture
def three(world):
    return [world.session(day=date(2026, 9, n)) for n in (1, 2, 3)]


def signatures():
    return SignOff.select().where(SignOff.subject == "confirmation").count()


# --- some now, the rest later ------------------------------------------------------------


def test_one_is_left_and_answered_later_by_the_same_link(app, world, three):
    link = asked(world, *three)
    anybody, path = open_link(app, link)
    one, two, last = (row.id for row in rows(*three))
    assert "Not sure of one? Leave it" in text(anybody.get(path))
    form = said(link) | {f"answer-{one}": "yes", f"answer-{two}": "no", f"what-{two}": "none"}
    seen = text(anybody.post(path, data=form, follow_redirects=True))
    assert states(*three) == ["confirmed", "disputed", "asked"]
    assert "2 answers of yours are kept and stand. One session is left to answer." in seen
    assert "Thursday 3 September 2026" in seen
    assert "Tuesday 1 September" not in seen
    assert Link.get_by_id(link.id).standing(NOW) == "open"
    assert signatures() == 2
    done = anybody.post(path, data=said(link, answer="yes"), follow_redirects=True)
    assert "Thank you, this is answered" in text(done)
    for day in ("1 September", "2 September", "3 September"):
        assert day in text(done)
    assert states(*three) == ["confirmed", "disputed", "confirmed"]
    assert (Link.get_by_id(link.id).standing(NOW), signatures()) == ("used", 3)
    assert [one.sentence for one in verify.verify(world.centre)] == []


def test_nothing_chosen_at_all_is_said_once_and_decides_nothing(app, world, three):
    link = asked(world, *three)
    anybody, path = open_link(app, link)
    refused = anybody.post(path, data=said(link))
    assert refused.status_code == 422
    assert text(refused).count("Choose Yes or No for one at least.") == 2  # above, and beside it
    assert states(*three) == ["asked"] * 3


def test_two_taps_decide_once_and_keep_the_rest_asked(app, world, three):
    link = asked(world, *three)
    anybody, path = open_link(app, link)
    one, two, _ = (row.id for row in rows(*three))
    form = said(link) | {f"answer-{one}": "yes"}
    for _ in range(2):
        done = anybody.post(path, data=form)
        assert (done.status_code, done.location) == (303, path)
    assert states(*three) == ["confirmed", "asked", "asked"]
    other = form | {f"answer-{one}": "no", f"what-{one}": "none", f"answer-{two}": "no"}
    other |= {f"what-{two}": "other", f"reason-{two}": "By phone."}
    again = anybody.post(path, data=other)
    assert again.status_code == 409
    assert "Some of this was answered already, and those answers stand." in text(again)
    assert "By phone." in again.text
    assert states(*three) == ["confirmed", "asked", "asked"]
    assert signatures() == 1


def test_two_who_answer_different_ones_at_once_both_count(world, three):
    link = asked(world, *three)
    ids = [row.id for row in rows(*three)]
    start, told = threading.Barrier(3), {}

    def go(number, which):
        with db.connection():
            start.wait(5)
            mine = Link.get_by_id(link.id)
            told[number] = answer(mine, dict.fromkeys(which, Answer()), now=NOW)

    parts = (ids[:1], ids[1:2], ids[2:])
    threads = [threading.Thread(target=go, args=each) for each in enumerate(parts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert told == {0: True, 1: True, 2: True}
    assert states(*three) == ["confirmed"] * 3
    assert (Link.get_by_id(link.id).standing(NOW), signatures()) == ("used", 3)


def test_what_was_left_can_be_asked_by_a_newer_link_and_the_answers_stay(app, world, three):
    link = asked(world, *three)
    answer(link, {rows(*three)[0].id: Answer()}, now=NOW)
    newer = asked(world, three[1])
    assert [row.session_id for row in confirmations.asked_by(newer)] == [three[1].id, three[2].id]
    assert states(three[0]) == ["confirmed"]
    anybody, path = open_link(app, link)
    gone = anybody.get(path)
    assert gone.status_code == 410
    assert "Your coach asked you again by a newer link." in text(gone)


# --- what differs ------------------------------------------------------------------------


def test_another_day_is_asked_for_kept_signed_and_shown(app, world, coach):
    session = world.session()
    link = asked(world, session)
    anybody, path = open_link(app, link)
    assert "Which day was it?" in text(anybody.get(path))
    form = said(link, answer="no", what="date", day="2026-09-03", minutes="45")
    done = text(anybody.post(path, data=form, follow_redirects=True))
    assert "You said No, it was on another day: Thursday 3 September 2026, 0 h 45" in done
    [row] = rows(session)
    assert (row.said_on, row.said_minutes) == (date(2026, 9, 3), 45)
    seen = text(coach.get("/confirmations?state=disputed"))
    assert "Says it was on another day, 3 Sep 2026, 0 h 45" in seen
    assert [one.sentence for one in verify.verify(world.centre)] == []
    change = Confirmation.update(said_on=date(2026, 9, 4))
    with pytest.raises(peewee.DatabaseError, match="sealed"), db.write():
        change.execute()
    drop_triggers("confirmation", "confirmation_day")
    change.execute()
    [misfit] = verify.verify(world.centre)
    assert "its content is not what the client signed." in misfit.sentence


@pytest.mark.parametrize("what", ["length", "date", "other"])
def test_no_minutes_that_were_typed_vanish(app, world, coach, what):
    session = world.session()
    anybody, path = open_link(app, asked(world, session))
    [row] = rows(session)
    form = said(row.link, answer="no", what=what, minutes="45", reason="By phone.")
    assert anybody.post(path, data=form).status_code == 303
    assert rows(session)[0].said_minutes == 45
    seen = text(coach.get("/confirmations?state=disputed"))
    assert ("says 45 minutes" in seen.lower()) or "0 h 45" in seen


# --- a link that closed ------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_client_whose_session_was_changed_is_told_so(app, world, method):
    session = world.session()
    link = asked(world, session)
    anybody, path = open_link(app, link)
    form = said(link, answer="yes")
    save(world, session, minutes=45)
    gone = getattr(anybody, method)(path, data=form)
    assert gone.status_code == 410
    assert "Your coach changed this session since; a new link follows if they still" in text(gone)


def test_one_withdrawn_says_no_more_than_that_it_is_asked_no_longer(app, world):
    link = asked(world, world.session())
    Link.end(Link.id == link.id, NOW)
    anybody, path = open_link(app, link)
    assert "This is no longer asked." in text(anybody.get(path))


# --- the coach's lists -------------------------------------------------------------------


def lapsed(coach):
    page = coach.get("/confirmations?state=lapsed").text
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in
            re.findall(r"<tbody>.*</tbody>", page, flags=re.S)[0].split("</tr>")[:-1]]  # fmt: skip


def test_what_lapsed_is_asked_again_where_it_stands(world, coach):
    session = world.session()
    answer(asked(world, session), {rows(session)[0].id: Answer()}, now=NOW)
    save(world, session, minutes=45)
    [row] = lapsed(coach)
    assert "Ask again" in row
    form = {"client": world.client().id, "session": session.id}
    assert coach.post("/confirmations?state=lapsed", data=form).status_code == 303
    [row] = lapsed(coach)
    assert "Asked again Thu 8 Oct, 10:50" in row
    link = Link.select().order_by(Link.id.desc()).get()
    answer(link, {confirmations.asked_by(link)[0].id: Answer()}, now=NOW)
    [row] = lapsed(coach)
    assert "Confirmed since" in row


def test_what_lapsed_and_cannot_be_asked_says_why(world, coach):
    first, second = (world.session(day=date(2026, 9, n)) for n in (1, 2))
    asked(world, first, second)
    save(world, first, clients=[world.client("Client B")])
    [row] = lapsed(coach)
    assert "No longer asked" in row
    me = world.actor(world.learner)
    consent = Consent.give(world.client(), date(2026, 9, 1), "Notes", by=me, now=NOW)
    erasure.withdraw(consent, NOW.date(), by=me, now=NOW)
    assert all("Consent was withdrawn" in row for row in lapsed(coach))


def test_all_sessions_of_a_client_are_asked_about_by_one_button(world, coach, queries):
    for n in range(30):
        world.session(day=date(2026, 7, 1) + timedelta(days=n))
    world.session(day=date(2026, 9, 1), clients=("Client B",))
    page = coach.get("/confirmations")
    assert "25 of 30 are on this page." in text(page)
    assert "Ask about all 30" in text(page)
    assert "Ask about all" not in text(coach.get("/confirmations?page=2")).split("Client B")[-1]
    done = coach.post("/confirmations", data={"client": world.client().id, "all": "y"})
    assert done.status_code == 303
    [link] = Link.select()
    assert len(confirmations.asked_by(link)) == 30
    assert Confirmation.select().where(Confirmation.client != world.client()).count() == 0
    for state in ("", "lapsed", "disputed"):
        with queries() as seen:
            coach.get(f"/confirmations?state={state}")
        assert seen.count <= 12, seen


@pytest.mark.parametrize("demanded", [False, True])
def test_one_disputed_and_approved_leads_to_where_it_is_reopened(world, coach, demanded):
    session = world.session(state="approved")
    answer(asked(world, session), {rows(session)[0].id: Answer("none")}, now=NOW)
    page = coach.get("/confirmations?state=disputed").text
    assert f'href="/sessions/{session.id}#mistaken"' in page
    assert 'id="mistaken"' in coach.get(f"/sessions/{session.id}").text
    Centre.update(confirmation_required=demanded).execute()
    me = world.actor(world.learner)
    consent = Consent.give(world.client(), date(2026, 9, 1), "Notes", by=me, now=NOW)
    erasure.withdraw(consent, NOW.date(), by=me, now=NOW)
    seen = text(coach.get("/confirmations?state=disputed"))
    assert "approves it all the same" not in seen
    assert ("It counts as it stands, since your supervisor approved it." in seen) != demanded
    assert ("It counts only once they consent again" in seen) == demanded
