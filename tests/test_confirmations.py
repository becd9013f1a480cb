"""Confirmations: what is asked, what a client answers by link, and what lapses."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
import time_machine

from supervise import events
from supervise.models import (
    Centre,
    ClientIdentity,
    Confirmation,
    Consent,
    Link,
    Membership,
    PracticeSession,
    confirmations,
    drafts,
)
from supervise.models.centres import Refused
from supervise.models.confirmations import Answer, answer, ask
from supervise.reports.confirmations import to_ask
from supervise.signing import SignOff
from supervise.workflow import CONFIRMATION, NotAllowed, WrongState
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


def asked(world, *sessions, alias="Client A"):
    me = world.actor(world.learner)
    ids = [session.id for session in sessions]
    return ask(world.client(alias), ids, by=me, now=NOW)


def rows(*sessions):
    query = Confirmation.select().where(Confirmation.session.in_([s.id for s in sessions]))
    return list(query.order_by(Confirmation.id))


def states(*sessions):
    return [row.state for row in rows(*sessions)]


def said(link, **answers):
    """The form of the link's page: ``no`` and what differs, or yes, by number of the session."""
    form = {}
    for row in confirmations.asked_by(link):
        form |= {f"asks-{row.id}": "y"}
        form |= {f"{name}-{row.id}": value for name, value in answers.items()}
    return form


def text(response):
    words = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", response.text, flags=re.S)
    return re.sub(r"\s+", " ", words)


def entry(session, **changes):
    """The session's content as its form would send it, with these changes."""
    clients = [engagement.client for engagement in session.engagements]
    same = drafts.Entry(
        clients=clients, unit=session.unit, kind=session.kind, mode=session.mode,
        date=session.date, start=time(10), minutes=session.minutes,
        texts={"done": session.done},
    )  # fmt: skip
    return replace(same, **changes)


def save(world, session, **changes):
    session = PracticeSession.get_by_id(session.id)
    me = world.actor(world.learner)
    drafts.save(session, entry(session, **changes), version=session.version, by=me, now=NOW)


# --- asking ------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["draft", "submitted", "approved", "returned", "reopened"])
def test_a_session_in_any_state_can_be_confirmed(world, state):
    session = world.session(state=state)
    link = asked(world, session)
    [row] = rows(session)
    assert (row.state, row.date, row.minutes) == ("asked", session.date, 60)
    assert row.starts_at == PracticeSession.get_by_id(session.id).starts_at
    assert (link.purpose, link.party, link.client_id) == ("confirmation", "client", row.client_id)
    assert answer(link, {row.id: Answer()}, now=NOW)
    assert states(session) == ["confirmed"]
    assert PracticeSession.get_by_id(session.id).state == state


def test_one_link_asks_for_several_and_a_group_asks_each(world):
    first = world.session(day=date(2026, 9, 1))
    group = world.session(day=date(2026, 9, 2), clients=("Client A", "Client B"))
    a = asked(world, first, group)
    b = asked(world, group, alias="Client B")
    assert [row.session_id for row in confirmations.asked_by(a)] == [first.id, group.id]
    assert [row.session_id for row in confirmations.asked_by(b)] == [group.id]


@pytest.mark.parametrize(
    "changes",
    [
        {"day": date(2026, 10, 9)},
        {"day": date(2026, 10, 8), "start": time(11)},
        {"day": date(2026, 10, 8), "start": time(9, 51)},
        {"minutes": None},
        {"clients": ("Client B",)},
    ],
    ids=["a day to come", "an hour to come", "not over", "no length", "another client"],
)
def test_what_cannot_be_confirmed_is_refused(world, changes):
    world.client("Client A")
    session = world.session(**changes)
    with pytest.raises(Refused):
        asked(world, session)
    assert not Link.select().exists()
    assert rows(session) == []


def test_once_it_has_ended_it_can_be_asked_about(world):
    """It began at ten to ten on the coach's clock and lasts an hour, to this moment."""
    session = world.session(day=date(2026, 10, 8), start=time(9, 50))
    before = NOW - timedelta(minutes=1)
    assert not to_ask(world.actor(world.learner, before))
    assert [row.session_id for row in to_ask(world.actor(world.learner))] == [session.id]
    assert asked(world, session)


def test_a_session_at_another_centre_is_not_asked_about_here(world):
    """A learner of two centres asks in each about what is theirs."""
    other = World()
    Membership.grant(world.learner, other.centre, "learner", by=None, now=NOW)
    there = other.enrol(world.learner)
    other.assign(other.supervisor, "supervisor", there)
    session = other.session(enrolment=there, clients=("Client Z",))
    here = world.session()
    assert [row.session_id for row in to_ask(world.actor(world.learner))] == [here.id]
    mine = other.actor(world.learner)
    assert [row.session_id for row in to_ask(mine)] == [session.id]


def test_only_the_clients_own_coach_asks(world):
    session = world.session()
    for person in (world.supervisor, world.admin, world.person("Owen Tasker", "learner")):
        with pytest.raises(NotAllowed):
            ask(world.client(), [session.id], by=world.actor(person), now=NOW)
    other = World()
    theirs = other.session()
    with pytest.raises(Refused):
        asked(world, theirs)


def test_asking_again_ends_the_earlier_link_and_asks_for_what_it_asked_besides(world):
    first, second, third = (world.session(day=date(2026, 9, n)) for n in (1, 2, 3))
    before = asked(world, first, second)
    untouched = asked(world, third)
    after = asked(world, first)
    assert Link.get_by_id(before.id).standing(NOW) == "ended"
    assert Link.get_by_id(untouched.id).standing(NOW) == "open"
    assert [row.session_id for row in confirmations.asked_by(after)] == [first.id, second.id]
    assert states(first, second) == ["lapsed", "lapsed", "asked", "asked"]
    assert [e.details["why"] for e in events.history("confirmation", rows(first)[0].id)[1:]] == [
        "again"
    ]


def test_what_was_disputed_is_asked_again_and_what_was_confirmed_is_left_alone(world):
    first, second = (world.session(day=date(2026, 9, n)) for n in (1, 2))
    link = asked(world, first, second)
    one, two = rows(first, second)
    answer(link, {one.id: Answer(), two.id: Answer("none")}, now=NOW)
    again = asked(world, first, second)
    assert [row.session_id for row in confirmations.asked_by(again)] == [second.id]
    assert states(first) == ["confirmed"]
    assert states(second) == ["lapsed", "asked"]
    with pytest.raises(Refused):
        asked(world, first)


def test_nobody_is_asked_after_consent_was_withdrawn(world):
    session, me = world.session(), world.actor(world.learner)
    consent = Consent.give(world.client(), date(2026, 9, 1), "Notes", by=me, now=NOW)
    Consent.update(withdrawn_on=date(2026, 9, 2)).where(Consent.id == consent.id).execute()
    with pytest.raises(Refused):
        asked(world, session)


def test_the_link_is_for_the_client_and_only_the_vault_says_who_that_is(world):
    session = world.session()
    ClientIdentity.create(client=world.client(), name="Jo Marsh", email="jo@example.org")
    link = asked(world, session)
    from supervise.models import LinkContact, Mail

    contact = LinkContact.get(LinkContact.link == link)
    assert (contact.name, contact.email) == ("Jo Marsh", "jo@example.org")
    assert Mail.select().where(Mail.link == link).count() == 1
    told = " ".join(e.detail + e.note for e in events.Event.select())
    assert "Jo" not in told
    assert "jo@" not in told


# --- states and moves ----------------------------------------------------------------------

MAY = {
    ("asked", "confirm"): "confirmed",
    ("asked", "dispute"): "disputed",
    ("asked", "lapse"): "lapsed",
    ("confirmed", "lapse"): "lapsed",
    ("disputed", "lapse"): "lapsed",
}


@pytest.mark.parametrize("state", CONFIRMATION.states)
@pytest.mark.parametrize("move", CONFIRMATION.moves)
def test_every_move_from_every_state(world, state, move):
    from supervise.db import write

    session = world.session()
    link = asked(world, session)
    [row] = rows(session)
    if state in ("confirmed", "disputed"):
        answer(link, {row.id: Answer("" if state == "confirmed" else "date")}, now=NOW)
    elif state == "lapsed":
        Link.end(Link.id == link.id, NOW)
    [row] = rows(session)
    assert row.state == state
    before = (row.version, SignOff.select().count(), len(events.history("confirmation", row.id)))

    def make():
        with write():
            if move == "lapse":
                row.lapse("again", NOW, world.learner.id)
            else:
                row.answer(Answer("" if move == "confirm" else "none"), NOW, by_mail=False)

    target = MAY.get((state, move))
    if target:
        make()
        [kept] = rows(session)
        signed = SignOff.select().count() - before[1]
        assert (kept.state, kept.version) == (target, before[0] + 1)
        assert signed == (0 if move == "lapse" else 1)
        assert len(events.history("confirmation", row.id)) == before[2] + 1
        return
    with pytest.raises(WrongState):
        make()
    [kept] = rows(session)
    after = (kept.version, SignOff.select().count(), len(events.history("confirmation", row.id)))
    assert (kept.state, after) == (state, before)


def test_an_answer_is_signed_by_the_client_without_an_account(world):
    session = world.session()
    link = asked(world, session)
    [row] = rows(session)
    answer(link, {row.id: Answer("length", 45)}, now=NOW)
    [sign_off] = SignOff.select().where(SignOff.subject == "confirmation")
    told = (sign_off.subject_id, sign_off.person_id, sign_off.role, sign_off.decision)
    assert told == (row.id, None, "client", "disputed")
    [row] = rows(session)
    assert (row.what, row.said_minutes, row.answered_at) == ("length", 45, NOW)
    assert Link.get_by_id(link.id).used_at == NOW
    last = events.history("confirmation", row.id)[-1]
    assert (last.verb, last.person_id, last.role) == ("disputed", None, "client")


@pytest.mark.parametrize(
    "changes", [{"state": "asked"}, {"minutes": 90}, {"what": "date"}, {"said_minutes": 60}]
)
def test_what_a_client_answered_is_sealed(world, changes):
    import peewee

    session = world.session()
    link = asked(world, session)
    [row] = rows(session)
    answer(link, {row.id: Answer("length", 45)}, now=NOW)
    query = Confirmation.update(**changes).where(Confirmation.id == row.id)
    with pytest.raises(peewee.DatabaseError, match="sealed"):
        query.execute()
    peewee_delete = Confirmation.delete().where(Confirmation.id == row.id)
    with pytest.raises(peewee.DatabaseError, match="sealed"):
        peewee_delete.execute()


# --- what lapses ---------------------------------------------------------------------------


@pytest.mark.parametrize("answered", [None, Answer(), Answer("length", 45)])
@pytest.mark.parametrize(
    "changes",
    [
        {"date": date(2026, 9, 2)},
        {"start": time(10, 15)},
        {"start": None},
        {"minutes": 45},
        {"minutes": None},
        {"clients": ()},
    ],
)
def test_a_change_of_when_how_long_or_with_whom_lapses_it(world, changes, answered):
    session = world.session()
    link = asked(world, session)
    if answered is not None:
        answer(link, {rows(session)[0].id: answered}, now=NOW)
    save(world, session, **changes)
    assert states(session) == ["lapsed"]
    assert Link.get_by_id(link.id).standing(NOW) == ("used" if answered else "ended")


@pytest.mark.parametrize(
    "changes", [{"texts": {"done": "More."}}, {"unit": "D3.03"}, {"mode": "phone"}, {}]
)
def test_any_other_change_leaves_it(world, changes):
    session = world.session()
    link = asked(world, session)
    save(world, session, **changes)
    assert states(session) == ["asked"]
    assert Link.get_by_id(link.id).standing(NOW) == "open"


def test_a_link_with_something_left_to_ask_stays_open(world):
    first, second = (world.session(day=date(2026, 9, n)) for n in (1, 2))
    link = asked(world, first, second)
    save(world, first, minutes=45)
    assert states(first, second) == ["lapsed", "asked"]
    assert Link.get_by_id(link.id).standing(NOW) == "open"


def test_one_taken_off_a_group_is_asked_no_more(world):
    group = world.session(clients=("Client A", "Client B"))
    a, b = asked(world, group), asked(world, group, alias="Client B")
    save(world, group, clients=[world.client("Client B")])
    assert states(group) == ["lapsed", "asked"]
    assert [Link.get_by_id(link.id).standing(NOW) for link in (a, b)] == ["ended", "open"]


def test_a_draft_that_was_asked_about_can_be_thrown_away(world):
    session, other = world.session(), world.session(day=date(2026, 9, 2))
    alone, both = asked(world, session), None
    drafts.delete(session, by=world.actor(world.learner), now=NOW)
    assert Link.get_by_id(alone.id).standing(NOW) == "ended"
    third = world.session(day=date(2026, 9, 3))
    both = asked(world, third, other)
    drafts.delete(third, by=world.actor(world.learner), now=NOW)
    assert Link.get_by_id(both.id).standing(NOW) == "open"
    assert [row.session_id for row in confirmations.asked_by(both)] == [other.id]


def test_a_draft_that_a_client_answered_about_is_kept(world):
    session = world.session()
    link = asked(world, session)
    answer(link, {rows(session)[0].id: Answer()}, now=NOW)
    with pytest.raises(WrongState, match="client has answered"):
        drafts.delete(session, by=world.actor(world.learner), now=NOW)
    assert states(session) == ["confirmed"]
    assert PracticeSession.get_by_id(session.id).engagements


# --- the link's page -----------------------------------------------------------------------


def open_link(app, link):
    return app.test_client(), f"/link/{link.token}"


def test_the_page_shows_date_time_length_and_coach_and_nothing_else(app, world):
    session = world.session(
        clients=("Client Q",),
        done="Scaling done",
        plan="A plan",
        reflection="Doubts",
        place="Leeds",
    )
    ClientIdentity.create(client=world.client("Client Q"), name="Jo Marsh", email="jo@example.org")
    anybody, path = open_link(app, asked(world, session, alias="Client Q"))
    page = anybody.get(path)
    seen = text(page)
    for words in ("Priya Nair", "Tuesday 1 September 2026", "10:00 to 11:00", "1 h 00"):
        assert words in seen
    for words in (
        "Client Q",
        "Jo Marsh",
        "Scaling",
        "A plan",
        "Doubts",
        "Leeds",
        "D3.04",
        "oaching",
    ):
        assert words not in seen
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_hundred_looks_change_nothing_and_posting_twice_decides_once(app, world):
    session = world.session()
    link = asked(world, session)
    anybody, path = open_link(app, link)
    for _ in range(100):
        assert anybody.get(path).status_code == 200
        anybody.head(path)
    assert (states(session), Link.get_by_id(link.id).used_at) == (["asked"], None)
    form = said(link, answer="yes")
    first = anybody.post(path, data=form)
    assert (first.status_code, first.location) == (303, path)
    again = anybody.post(path, data=form | {f"answer-{rows(session)[0].id}": "no"})
    assert again.status_code == 200
    assert "Thank you, this is answered" in text(again)
    assert "Thank you, this is answered" in text(anybody.get(path))
    assert states(session) == ["confirmed"]
    assert SignOff.select().where(SignOff.subject == "confirmation").count() == 1


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"answer": "yes", "what": "length", "minutes": "45"}, ("confirmed", "", None, "")),
        ({"answer": "no", "what": "length", "minutes": "45"}, ("disputed", "length", 45, "")),
        ({"answer": "no", "what": "length", "minutes": ""}, ("disputed", "length", None, "")),
        ({"answer": "no", "what": "date", "minutes": "45"}, ("disputed", "date", 45, "")),
        ({"answer": "no", "what": "none"}, ("disputed", "none", None, "")),
        (
            {"answer": "no", "what": "other", "reason": " By\nphone "},
            ("disputed", "other", None, "By phone"),
        ),
    ],
)
def test_yes_or_no_with_what_differs(app, world, typed, expected):
    session = world.session()
    link = asked(world, session)
    anybody, path = open_link(app, link)
    assert anybody.post(path, data=said(link, **typed)).status_code == 303
    [row] = rows(session)
    assert (row.state, row.what, row.said_minutes, row.reason) == expected


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"answer": "perhaps"}, "Choose Yes or No"),
        ({"what": "date"}, "Choose Yes or No"),
        ({"reason": "It rained."}, "Choose Yes or No"),
        ({"answer": "no"}, "Choose what is different."),
        ({"answer": "no", "what": "weather"}, "Choose what is different."),
        ({"answer": "no", "what": "length", "minutes": "an hour"}, "Give whole minutes"),
        ({"answer": "no", "what": "length", "minutes": "0"}, "Give whole minutes"),
        ({"answer": "no", "what": "length", "minutes": "1441"}, "Give whole minutes"),
        ({"answer": "no", "what": "length", "minutes": "60"}, "If it is right, answer Yes."),
        ({"answer": "no", "what": "other", "minutes": "half an hour"}, "Give whole minutes"),
        ({"answer": "no", "minutes": "half an hour"}, "Give whole minutes"),
        ({"answer": "no", "what": "date", "day": "the third"}, "Give the day as a date"),
        ({"answer": "no", "what": "date", "day": "2026-10-09"}, "This day has not come."),
        ({"answer": "no", "what": "date", "day": "2026-09-01"}, "Your coach logged that day."),
        ({"answer": "no", "what": "none", "day": "2026-09-03"}, "did not take place: leave this"),
        ({"answer": "no", "what": "none", "minutes": "45"}, "did not take place: leave this"),
        ({"answer": "no", "what": "other"}, "Say in a few words"),
        ({"answer": "no", "what": "other", "reason": "x" * 501}, "Shorten this"),
        ({"answer": "no", "what": "none", "reason": "a\x07b"}, "cannot be shown"),
    ],
)
def test_bad_input_is_answered_beside_the_field_and_kept(app, world, typed, sentence):
    session, second = world.session(), world.session(day=date(2026, 9, 2))
    link = asked(world, session, second)
    anybody, path = open_link(app, link)
    one, two = (row.id for row in confirmations.asked_by(link))
    form = said(link) | {f"{name}-{one}": value for name, value in typed.items()}
    form |= {f"answer-{two}": "no", f"what-{two}": "length", f"minutes-{two}": "45"}
    answer = anybody.post(path, data=form)
    assert answer.status_code == 422
    assert sentence in text(answer)
    listed = re.findall(r"<a href=\"#\w+-\d+\">(.*?)</a>", answer.text)
    assert listed
    assert all(one.startswith("Tue 1 Sep, 10:00 to 11:00: ") for one in listed)
    assert 'value="45"' in answer.text
    assert states(session, second) == ["asked", "asked"]
    assert Link.get_by_id(link.id).standing(NOW) == "open"


def test_a_client_does_not_name_themselves_to_the_supervisor(app, world):
    session = world.session()
    ClientIdentity.create(client=world.client(), name="Jo Marsh", email="jo@example.org")
    link = asked(world, session)
    anybody, path = open_link(app, link)
    for reason, hit in (
        ("It was Marsh who moved it", "Marsh"),
        ("Ask jo@example.org", "jo@example.org"),
    ):
        form = said(link, answer="no", what="date", reason=reason)
        refused = anybody.post(path, data=form)
        assert refused.status_code == 422
        assert f"Leave out “{hit}”: the supervisor reads this too." in html.unescape(text(refused))
    assert states(session) == ["asked"]


def test_several_are_answered_together(app, world):
    first, second = (world.session(day=date(2026, 9, n)) for n in (1, 2))
    link = asked(world, first, second)
    anybody, path = open_link(app, link)
    one, two = (row.id for row in confirmations.asked_by(link))
    seen = text(anybody.get(path))
    assert "Did these sessions take place?" in seen
    assert "1 of 2" in seen
    form = said(link) | {f"answer-{one}": "yes", f"answer-{two}": "no", f"what-{two}": "none"}
    assert anybody.post(path, data=form).status_code == 303
    assert states(first, second) == ["confirmed", "disputed"]
    seen = text(anybody.get(path))
    for words in (
        "Tuesday 1 September 2026", "10:00 to 11:00", "1 h 00", "You said Yes",
        "Wednesday 2 September 2026", "You said No, it did not take place",
        "Is one of these wrong? Tell Priya Nair, who can ask you again.",
    ):  # fmt: skip
        assert words in seen, words


def test_what_was_answered_says_how_long_it_was_and_no_word_more(app, world):
    session = world.session(done="She named one meeting.")
    link = asked(world, session)
    anybody, path = open_link(app, link)
    form = said(link, answer="no", what="length", minutes="45", reason="Her train was late.")
    seen = text(anybody.post(path, data=form, follow_redirects=True))
    assert "You said No, it was shorter or longer: 0 h 45" in seen
    assert "Is this wrong? Tell Priya Nair" in seen
    for words in ("train", "named one meeting", "D3.04", "Client A"):
        assert words not in seen


def test_a_session_changed_between_page_and_post_is_not_decided(app, world):
    first, second = (world.session(day=date(2026, 9, n)) for n in (1, 2))
    link = asked(world, first, second)
    anybody, path = open_link(app, link)
    form = said(link, answer="yes")
    save(world, first, minutes=45)
    refused = anybody.post(path, data=form)
    assert refused.status_code == 409
    assert "Nothing was decided. Read it again, then answer." in text(refused)
    assert states(first, second) == ["lapsed", "asked"]
    save(world, second, minutes=45)
    gone = anybody.post(path, data=said(link, answer="yes"))
    assert gone.status_code == 410
    assert "Your coach changed these sessions since; a new link follows if they still" in text(gone)
    assert states(first, second) == ["lapsed", "lapsed"]
    assert not SignOff.select().exists()


def test_an_answer_lost_to_a_change_at_the_same_moment_decides_nothing(world):
    session = world.session()
    link = asked(world, session)
    [row] = rows(session)
    with pytest.raises(WrongState):
        answer(link, {row.id: Answer(), row.id + 1: Answer()}, now=NOW)
    assert Link.get_by_id(link.id).used_at is None
    save(world, session, minutes=45)
    assert not answer(link, {row.id: Answer()}, now=NOW)
    assert not SignOff.select().exists()


def test_too_old_withdrawn_and_forged_links_say_what_to_do(app, world, coach):
    session = world.session()
    link = asked(world, session)
    anybody, path = open_link(app, link)
    form = said(link, answer="yes")
    with time_machine.travel(NOW + timedelta(days=15), tick=False):
        for answer_ in (anybody.get(path), anybody.post(path, data=form)):
            assert answer_.status_code == 410
            assert "This link is too old" in text(answer_)
    assert anybody.post(f"{path}x", data=form).status_code == 404
    assert coach.post(f"/links/{link.id}/end", data={"back": "/confirmations"}).status_code == 303
    gone = anybody.post(path, data=form)
    assert gone.status_code == 410
    assert states(session) == ["lapsed"]
    assert "The link was withdrawn." in text(coach.get("/confirmations?state=lapsed"))


def test_the_coach_cannot_answer_their_own_link(world, coach):
    session = world.session()
    link = asked(world, session)
    assert "You sent this link." in text(coach.get(f"/link/{link.token}"))
    refused = coach.post(f"/link/{link.token}", data=said(link, answer="yes"))
    assert refused.status_code == 403
    assert states(session) == ["asked"]


# --- the learner's pages -------------------------------------------------------------------


def test_from_ticks_to_answers(app, world, coach):
    first, second = (world.session(day=date(2026, 9, n)) for n in (1, 2))
    assert "Tue 1 Sep, 10:00, 1 h 00" in text(coach.get("/confirmations"))
    answered = coach.post(
        "/confirmations", data={"client": world.client().id, "session": [first.id, second.id]}
    )
    assert answered.status_code == 303
    link = Link.get()
    assert answered.location == f"/confirmations?state=asked#asks-{link.id}"
    page = coach.get("/confirmations?state=asked")
    assert link.token in page.text
    assert "Nobody left to ask." in text(coach.get("/confirmations"))
    one, two = (row.id for row in confirmations.asked_by(link))
    answer(link, {one: Answer(), two: Answer("length", 45, "A short one")}, now=NOW)
    assert "Confirmed" in text(coach.get("/confirmations?state=confirmed"))
    seen = text(coach.get("/confirmations?state=disputed"))
    assert "Says 45 minutes" in seen
    assert "“A short one”" in seen
    assert "Correct the session" in seen
    assert "confirmed on 8 Oct 2026" in text(coach.get(f"/sessions/{first.id}"))
    assert "says 45 minutes" in text(coach.get(f"/sessions/{second.id}"))
    save(world, second, minutes=45)
    seen = text(coach.get("/confirmations?state=lapsed"))
    assert "The session's date, start or length was changed." in seen.replace("&#39;", "'")
    assert "Wed 2 Sep, 10:00, 0 h 45" in text(coach.get("/confirmations"))


def test_nothing_ticked_or_what_cannot_be_asked_is_said(world, coach):
    session = world.session(day=date(2026, 10, 20))
    none = coach.post("/confirmations", data={"client": world.client().id})
    assert none.status_code == 422
    assert "Tick the sessions to ask about." in text(none)
    early = coach.post("/confirmations", data={"client": world.client().id, "session": session.id})
    assert early.status_code == 422
    assert "Nothing was asked." in text(early)
    other = World()
    theirs = {"client": other.client().id, "session": other.session().id}
    assert coach.post("/confirmations", data=theirs).status_code == 404


def test_no_learner_sees_another_learners_confirmations(app, world):
    asked(world, world.session())
    owen = world.person("Owen Tasker", "learner")
    world.enrol(owen)
    browser = app.test_client()
    sign_in(browser, owen, world.centre, NOW)
    for state in ("", "asked", "disputed", "confirmed", "lapsed"):
        assert "Client A" not in text(browser.get(f"/confirmations?state={state}"))


@pytest.mark.parametrize("count", [2, 40])
def test_the_queries_do_not_grow(world, coach, queries, count):
    sessions = [world.session(day=date(2026, 7, 1) + timedelta(days=n)) for n in range(count)]
    asked(world, *sessions[: count // 2])
    for query in ("", "?state=asked", "?state=lapsed", "?state=confirmed"):
        with queries() as seen:
            coach.get(f"/confirmations{query}")
        assert seen.count <= 12, seen


def test_today_names_what_is_disputed_and_what_is_overdue(world, coach):
    first, second, third = (world.session(day=date(2026, 9, n)) for n in (1, 2, 3))
    link = asked(world, first)
    answer(link, {rows(first)[0].id: Answer("none")}, now=NOW)
    asked(world, second)
    asked(world, third)
    Confirmation.update(asked_at=NOW - timedelta(days=6)).where(
        Confirmation.session == second
    ).execute()
    seen = text(coach.get("/"))
    assert "1 session disputed by a client" in seen
    assert "1 confirmation asked for and not answered 6 days, due" in seen


def test_the_policy_is_the_centres_to_set(app, world):
    browser = app.test_client()
    sign_in(browser, world.admin, world.centre, NOW)
    form = {
        "name": "Alder Quay", "number": "C77", "zone": "Europe/London", "due_days": "5",
        "late_days": "8", "feedback_floor": "4", "confirmation_required": "y",
    }  # fmt: skip
    assert browser.post("/centre", data=form).status_code == 303
    centre = Centre.get_by_id(world.centre.id)
    assert (centre.confirmation_required, centre.feedback_floor) == (True, 4)
    assert centre.policy.confirmation_required
    assert "clients confirm before hours count no → yes" in browser.get("/centre").text
    for floor in ("0", "1", "21"):
        refused = browser.post("/centre", data=form | {"feedback_floor": floor})
        assert refused.status_code == 422
        assert "Choose 2 to 20 answers. One alone would tell whose it is." in text(refused)
    assert "never fewer than two" in text(browser.get("/privacy"))


def test_moments_are_on_the_coachs_clock(app, world):
    from supervise.models import Person

    session = world.session(start=time(10))  # in London
    Person.update(zone="America/New_York").where(Person.id == world.learner.id).execute()
    anybody, path = open_link(app, asked(world, session))
    seen = text(anybody.get(path))
    assert "05:00 to 06:00" in seen
    assert "New York" in seen


# --- whether hours count, and in the queue -------------------------------------------------


@pytest.fixture
def demanding(world):
    """The centre demands confirmations."""
    admin = world.actor(world.admin)
    admin.centre.change(by=admin, now=NOW, confirmation_required=True)
    world.centre = Centre.get_by_id(world.centre.id)
    return world


def test_where_it_is_demanded_every_page_says_the_same_sentence(app, demanding, coach):
    from supervise.cli.progress import progress

    world = demanding
    session = world.session(state="approved")
    assert "Client A was not asked to confirm it." in text(coach.get("/sessions"))
    link = asked(world, session)
    until = "their link lasts to 22 Oct 2026."
    sentences = {"asked": f"Client A has not confirmed it; {until}"}
    sentences["disputed"] = "Client A disputes it: says 45 minutes."
    boss = app.test_client()
    sign_in(boss, world.supervisor, world.centre, NOW)
    record = f"/learners/{world.learner.id}"
    pages = [
        (coach, "/sessions"), (coach, f"/sessions/{session.id}"), (boss, f"/sessions/{session.id}"),
        (coach, f"{record}/sessions"), (boss, f"{record}/sessions"),
    ]  # fmt: skip
    for state in ("asked", "disputed"):
        if state == "disputed":
            answer(link, {rows(session)[0].id: Answer("length", 45)}, now=NOW)
        for browser, path in pages:
            seen = text(browser.get(path))
            assert sentences[state][1:] in seen, path
        told = [s for unit in progress(world.learner)["units"] for s in unit["sessions"]]
        assert (told[0]["verdict"], told[0]["reasons"][0]) == ("not yet", sentences[state])
    link = asked(world, session)
    answer(link, {rows(session)[-1].id: Answer()}, now=NOW)
    assert "Counts toward D3.04." in text(coach.get("/sessions"))
    told = [s for unit in progress(world.learner)["units"] for s in unit["sessions"]]
    assert told[0]["verdict"] == "counts"
    assert "Client A confirmed it." in told[0]["reasons"]


@pytest.mark.parametrize("path", ["/sessions", "/", "/learners", "/learners/{id}", "/approvals"])
def test_the_demand_costs_no_page_more_than_twelve_queries(app, demanding, queries, path):
    for n in range(1, 8):
        session = demanding.session(day=date(2026, 9, n), state="submitted")
        asked(demanding, session)
    for who in ("learner", "supervisor", "tutor"):
        browser = app.test_client()
        sign_in(browser, getattr(demanding, who), demanding.centre, NOW)
        with queries() as seen:
            browser.get(path.format(id=demanding.learner.id))
        assert seen.count <= 12, seen


def test_a_learner_waits_to_be_found_at_risk_by_what_counts(app, demanding):
    """What is approved and not confirmed is as good as missing where learners are put in order."""
    from supervise.models import Enrolment
    from supervise.reports import standing

    enrolment = demanding.enrol(demanding.person("Owen Tasker", "learner"), units=("D3.03",))
    demanding.assign(demanding.supervisor, "supervisor", enrolment)
    session = demanding.session(
        day=date(2026, 10, 5), state="approved", minutes=480, unit="D3.03", enrolment=enrolment
    )
    boss = demanding.actor(demanding.tutor)
    mine = Enrolment.select().where(Enrolment.id == enrolment.id)

    def standing_now():
        return standing.ranked(mine, boss)[enrolment.id].standing.key

    before = standing_now()
    me = demanding.actor(enrolment.learner)
    link = ask(demanding.client(learner=enrolment.learner), [session.id], by=me, now=NOW)
    answer(link, {rows(session)[0].id: Answer()}, now=NOW)
    assert (before, standing_now()) == ("behind", "track")


# --- verify --------------------------------------------------------------------------------


def unseal():
    drop_triggers(
        "confirmation", "confirmation_sealed", "confirmation_kept", "confirmation_plain_update"
    )


def found(world):
    from supervise.reports import verify

    return [misfit.sentence for misfit in verify.verify(world.centre)]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"said_minutes": 60}, "its content is not what the client signed."),
        ({"minutes": 45}, "its content is not what the client signed."),
        ({"reason": "No"}, "its content is not what the client signed."),
        ({"state": "confirmed"}, "it says confirmed, but by its history it is disputed."),
        ({"state": "lapsed"}, "it says lapsed, but by its history it is disputed."),
    ],
)
def test_an_answer_changed_behind_the_history_is_named(world, changes, fault):
    session = world.session()
    link = asked(world, session)
    [row] = rows(session)
    answer(link, {row.id: Answer("length", 45)}, now=NOW)
    assert found(world) == []
    unseal()
    Confirmation.update(**changes).where(Confirmation.id == row.id).execute()
    assert found(world) == [f"confirmation {row.id} of session {session.id}: {fault}"]


def test_an_answer_nobody_gave_or_that_is_gone_is_named(world):
    first, second = (world.session(day=date(2026, 9, n)) for n in (1, 2))
    asked(world, first)
    link = asked(world, second)
    one, two = rows(first, second)
    answer(link, {two.id: Answer()}, now=NOW)
    unseal()
    Confirmation.update(state="confirmed", answered_at=NOW).where(
        Confirmation.id == one.id
    ).execute()
    Confirmation.delete().where(Confirmation.id == two.id).execute()
    assert found(world) == [
        f"confirmation {two.id} is gone, though a client confirmed it on 8 Oct 2026 (sign-off 1).",
        f"confirmation {one.id} of session {first.id}: "
        "it says confirmed, but by its history it is asked.",
    ]


def test_what_lapsed_and_was_asked_again_fits(world):
    session = world.session()
    for said_ in (Answer(), Answer("none"), Answer("other", None, "By phone")):
        link = asked(world, session)
        answer(link, {rows(session)[-1].id: said_}, now=NOW)
        save(world, session, minutes=(session.minutes or 60) + 5)
        session = PracticeSession.get_by_id(session.id)
    assert found(world) == []


def test_an_autosave_leaves_what_was_confirmed_until_it_is_meant(world):
    session, me = world.session(state="returned"), world.actor(world.learner)
    link = asked(world, session)
    answer(link, {rows(session)[0].id: Answer()}, now=NOW)
    session = PracticeSession.get_by_id(session.id)
    half = entry(session, minutes=6)
    drafts.save(session, half, version=session.version, by=me, now=NOW, finished=False)
    assert states(session) == ["confirmed"]
    session.submit(by=me, now=NOW)
    assert states(session) == ["lapsed"]
