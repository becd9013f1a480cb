"""The supervisor's queue: what it shows, what it decides, and what it leaves alone."""

import re
import threading
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask

from supervise import db
from supervise.models import Assignment, ClientIdentity, Membership, PracticeSession
from supervise.models.approvals import HANDED_OVER, Choice, decide
from supervise.models.confirmations import Answer, answer, ask, asked_by
from supervise.signing import SignOff
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app):
    with time_machine.travel(NOW, tick=False):
        yield World()


def enter(app, person, centre):
    """A signed-in browser of this person."""
    browser = app.test_client()
    sign_in(browser, person, centre, NOW)
    return browser


@pytest.fixture
def marian(app, world):
    return enter(app, world.supervisor, world.centre)


def waiting(world, count, **changes):
    """Sessions that wait, one a day, the first the oldest."""
    first = date(2026, 8, 1)
    return [
        world.session(day=first + timedelta(days=n), state="submitted", **changes)
        for n in range(count)
    ]


def token(browser):
    page = browser.get("/approvals").get_data(as_text=True)
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def send(browser, decisions, *, path="/approvals", headers=None, said=None, **extra):
    """Post these decisions: session → (decision, comment); ``said``: how many disputes were shown."""
    form = {"csrf_token": token(browser), **extra}
    for session, (decision, comment) in decisions.items():
        form |= {
            f"decision-{session.id}": decision,
            f"comment-{session.id}": comment,
            f"version-{session.id}": str(session.version),
            f"disputes-{session.id}": str((said or {}).get(session, 0)),
        }
    return browser.post(path, data=form, headers=headers)


def state(session):
    return PracticeSession.get_by_id(session.id).state


def signatures(session):
    query = SignOff.select().where(
        (SignOff.subject == "session") & (SignOff.subject_id == session.id)
    )
    return [(one.person_id, one.decision, one.comment) for one in query.order_by(SignOff.id)]


def text(response):
    """What a reader sees, spaces evened out."""
    words = re.sub(
        r"<(script|style).*?</\1>|<[^>]+>", " ", response.get_data(as_text=True), flags=re.S
    )
    return re.sub(r"\s+", " ", words)


# --- what is shown -------------------------------------------------------------------------


def test_the_oldest_comes_first_with_what_approval_would_do(world, marian):
    late = world.session(day=date(2026, 9, 3), state="submitted", clients=("A", "B", "C", "D"))
    PracticeSession.update(submitted_at=NOW - timedelta(days=12)).where(
        PracticeSession.id == late.id
    ).execute()
    world.session(day=date(2026, 9, 4), state="submitted", unit=None, minutes=45)
    page = marian.get("/approvals")
    seen = text(page)
    assert (
        "2 sessions from 1 coach, 1 h 45 in all. The oldest has waited 12 days; more than 8 is late."
        in seen
    )
    assert seen.index("Group of 4") < seen.index("Fri 4 Sep, 10:00")
    assert "Counts toward D3.04 if approved." in seen
    assert "Not yet, even if approved: no unit is chosen." in seen
    assert "12 days, late" in seen
    assert seen.count("checked") == 0
    assert page.get_data(as_text=True).count("checked") >= 2


def test_nothing_is_chosen_beforehand_but_leave(world, marian):
    waiting(world, 2)
    page = marian.get("/approvals").get_data(as_text=True)
    assert re.findall(r'value="(\w+)" checked', page) == ["leave", "leave"]


def test_an_empty_queue_says_what_will_stand_there(world, marian):
    assert "Nothing waits for you. What your coaches submit appears here" in text(
        marian.get("/approvals")
    )


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Priya", "Owen", "Late"}),
        ("unit=D3.03", {"Owen"}),
        ("unit=none", set()),
        ("waits=due", {"Late"}),
        ("waits=late", {"Late"}),
        ("verdict=never", {"Owen"}),
        ("verdict=counts", {"Priya", "Late"}),
        ("verdict=nonsense&sort=nonsense&page=0&coach=x", {"Priya", "Owen", "Late"}),
    ],
)
def test_filters_leave_out_what_does_not_match(world, marian, query, shown):
    owen = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", owen)
    sessions = {
        "Priya": world.session(day=date(2026, 9, 1), state="submitted"),
        "Owen": world.session(
            day=date(2026, 9, 2), state="submitted", enrolment=owen, unit="D3.03", kind="mentoring"
        ),
        "Late": world.session(day=date(2026, 9, 3), state="submitted"),
    }
    PracticeSession.update(submitted_at=NOW - timedelta(days=9)).where(
        PracticeSession.id == sessions["Late"].id
    ).execute()
    page = marian.get(f"/approvals?{query}").get_data(as_text=True)
    assert {name for name, one in sessions.items() if f'id="s{one.id}"' in page} == shown
    if not shown:
        assert "No waiting session matches these filters." in page


def test_a_filter_by_coach_and_an_order_by_date(world, marian):
    owen = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", owen)
    later = world.session(day=date(2026, 9, 9), state="submitted")
    sooner = world.session(day=date(2026, 9, 2), state="submitted")
    other = world.session(day=date(2026, 9, 1), state="submitted", enrolment=owen)
    page = marian.get(f"/approvals?coach={world.learner.id}&sort=date").get_data(as_text=True)
    assert re.findall(r'tbody id="s(\d+)"', page) == [str(sooner.id), str(later.id)]
    page = marian.get("/approvals?sort=coach").get_data(as_text=True)
    assert re.findall(r'tbody id="s(\d+)"', page)[0] == str(other.id)


@pytest.mark.parametrize("days", [4, 5, 8, 9])
def test_the_filter_by_age_agrees_with_the_words_in_the_row(world, marian, days):
    session = world.session(state="submitted")
    moment = NOW.replace(hour=22, minute=59) - timedelta(days=days)  # 23:59 in London
    PracticeSession.update(submitted_at=moment).where(PracticeSession.id == session.id).execute()
    words = text(marian.get("/approvals"))
    for waits, word in (("due", ("due", "late")), ("late", ("late",))):
        there = f'id="s{session.id}"' in marian.get(f"/approvals?waits={waits}").get_data(
            as_text=True
        )
        assert there == any(f"{days} days, {one}" in words for one in word)


def test_an_opened_row_shows_the_supervision_layer_and_never_the_private_notes(world, marian):
    session = world.session(
        state="submitted",
        own_goal="Count to five",
        plan="GROW",
        reflection="I hurried",
        plan_change="Ask twice",
        tools="Scaling",
        progress="From 4 to 5",
        extract="Held the silence",
    )
    from supervise.models import PrivateNote

    PrivateNote.create(session=session, text="Nobody else reads this")
    world.session(day=date(2026, 9, 7), state="approved", minutes=90)
    world.session(day=date(2026, 9, 8), minutes=75, done="A draft nobody sees")
    for headers in ({}, {"HX-Request": "true"}):
        page = marian.get(f"/approvals?row={session.id}&open={session.id}", headers=headers)
        seen = text(page)
        for words in (
            "Count to five",
            "GROW",
            "I hurried",
            "Ask twice",
            "Scaling",
            "From 4 to 5",
            "Held the silence",
            "Coaching fits D3.04",
            "Overlaps nothing",
            "no date recorded",
            "1 h 30 counted, 1 h 00 waiting, of 30 h 00",
            "Private notes stay with Priya.",
        ):
            assert words in seen
        assert "Nobody else reads this" not in seen
        assert "A draft nobody sees" not in seen
    assert page.get_data(as_text=True).lstrip().startswith("<tbody")


def test_an_opened_row_is_there_even_where_a_filter_leaves_it_out(world, marian):
    session = world.session(state="submitted", own_goal="Count to five")
    for query in ("unit=D3.03", "verdict=never", "page=7"):
        assert "Count to five" in text(marian.get(f"/approvals?{query}&open={session.id}"))


def test_opening_what_no_longer_waits_says_so(world, marian):
    session = world.session(state="approved")
    assert "no longer waits" in text(marian.get(f"/approvals?open={session.id}"))
    row = marian.get(
        f"/approvals?row={session.id}&open={session.id}", headers={"HX-Request": "true"}
    )
    assert "No longer waits: it was approved meanwhile." in text(row)


@pytest.mark.parametrize("count", [30, 500])
def test_the_queries_do_not_grow_with_the_queue(world, marian, queries, count):
    first = world.session(state="submitted", start=None)
    with db.write():
        row = PracticeSession.select().where(PracticeSession.id == first.id).dicts().get()
        del row["id"], row["draft_key"], row["import_key"]
        many = [
            {**row, "date": date(2026, 2, 1) + timedelta(days=n % 200)} for n in range(count - 1)
        ]
        PracticeSession.insert_many(many).execute()
    for query in ("", f"open={first.id}", "verdict=counts", "says=none"):
        with queries() as seen:
            page = marian.get(f"/approvals?{query}")
        assert f"{count} sessions" in text(page)
        assert page.get_data(as_text=True).count("<tbody") in (25, 1)
        assert seen.count <= 12, seen


# --- what is decided -----------------------------------------------------------------------


@pytest.mark.parametrize("script", [False, True], ids=["plain", "htmx"])
def test_a_mixed_decision_sends_back_only_what_was_returned(world, marian, script):
    sessions = waiting(world, 12)
    before = world.session(day=date(2026, 7, 1), state="approved")
    choices = dict.fromkeys(sessions[:9], ("approve", "")) | dict.fromkeys(
        sessions[9:11], ("return", "Which tool?")
    )
    choices[sessions[11]] = ("leave", "")
    answer = send(marian, choices, headers={"HX-Request": "true"} if script else {})
    if not script:
        assert (answer.status_code, answer.location) == (303, "/approvals")
        answer = marian.get("/approvals")
    seen = text(answer)
    assert "9 approved, 2 returned, 1 left." in seen
    assert "Priya Nair, D3.04: 10 h 00 counted of 30 h" in seen
    assert "1 session from 1 coach" in seen
    assert [state(one) for one in sessions] == ["approved"] * 9 + ["returned"] * 2 + ["submitted"]
    assert [signatures(one) for one in sessions[8:]] == [
        [(world.supervisor.id, "approved", "")],
        [(world.supervisor.id, "returned", "Which tool?")],
        [(world.supervisor.id, "returned", "Which tool?")],
        [],
    ]
    assert len(signatures(before)) == 1
    if script:
        page = answer.get_data(as_text=True)
        assert page.lstrip().startswith('<div id="queue"')
        assert re.search(r'id="approvals-count" data-hx-swap-oob="true">1<', page)


def test_the_summary_is_told_once(world, marian):
    [session] = waiting(world, 1)
    send(marian, {session: ("approve", "")})
    assert "1 approved" in text(marian.get("/approvals"))
    assert "1 approved" not in text(marian.get("/approvals"))


@pytest.mark.parametrize(
    ("decision", "comment", "sentence"),
    [
        ("return", "  ", "Say what to change, so that the coach can mend it."),
        ("burn", "", "Choose Approve, Return or Leave."),
        ("return", "x" * 2001, "Shorten this to 2,000 characters; it has 2,001."),
        ("approve", "x" * 2_000_000, "Shorten this to 2,000 characters; it has 2,000,000."),
        ("return", "bell \x07 here", "This holds an invisible control character."),
        ("return", "null \x00 here", "This holds an invisible control character."),
    ],
)
def test_one_fault_decides_nothing_and_loses_nothing(world, marian, decision, comment, sentence):
    good, bad, other = waiting(world, 3)
    answer = send(
        marian,
        {
            good: ("approve", "Well held"),
            bad: (decision, comment),
            other: ("return", "Which tool?"),
        },
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert 'id="faults"' in page
    assert f'href="#s{bad.id}-comment"' in page
    assert re.search(rf'id="s{bad.id}-error">\s*{re.escape(sentence)}', page)
    assert "Well held</textarea>" in page
    assert "Which tool?</textarea>" in page
    chosen = dict(re.findall(r'name="decision-(\d+)"\s+value="(\w+)" checked', page))
    assert chosen[str(good.id)] == "approve"
    assert chosen[str(other.id)] == "return"
    assert [state(one) for one in (good, bad, other)] == ["submitted"] * 3
    assert not SignOff.select().exists()


def test_all_left_is_answered_with_what_to_do(world, marian):
    [session] = waiting(world, 1)
    answer = send(marian, {session: ("leave", "")})
    assert answer.status_code == 422
    assert "Choose Approve or Return for at least one session." in text(answer)


def test_the_button_sets_those_that_count_and_keeps_the_rest(world, marian):
    counts, returned, not_yet = (
        world.session(day=date(2026, 9, 1), state="submitted"),
        world.session(day=date(2026, 9, 2), state="submitted"),
        world.session(day=date(2026, 9, 3), state="submitted", unit=None),
    )
    assert "Set 2 that count to approve" in text(marian.get("/approvals"))
    choices = {
        counts: ("leave", ""),
        returned: ("return", "Half a"),
        not_yet: ("leave", "Which unit?"),
    }
    page = send(marian, choices, preset="counts").get_data(as_text=True)
    chosen = dict(re.findall(r'name="decision-(\d+)"\s+value="(\w+)" checked', page))
    assert chosen == {
        str(counts.id): "approve",
        str(returned.id): "return",
        str(not_yet.id): "leave",
    }
    assert "Half a</textarea>" in page
    assert "Which unit?</textarea>" in page
    assert not SignOff.select().exists()


def test_opening_a_row_without_a_script_keeps_every_choice(world, marian):
    first, second = waiting(world, 2)
    choices = {first: ("return", "Which tools?"), second: ("approve", "")}
    page = send(marian, choices, open=second.id).get_data(as_text=True)
    assert "Which tools?" in page
    assert f'name="opened" value="{second.id}"' in page
    assert re.search(rf'id="s{first.id}-return"[^>]*checked', page)
    assert re.search(rf'id="s{second.id}-approve"[^>]*checked', page)
    assert state(first) == state(second) == "submitted"
    closed = send(marian, choices, open=0, opened=second.id).get_data(as_text=True)
    assert 'name="opened"' not in closed


def test_a_decision_at_fault_leaves_the_opened_row_open(world, marian):
    first, second = waiting(world, 2)
    choices = {first: ("return", ""), second: ("leave", "")}
    answer = send(marian, choices, opened=second.id)
    assert answer.status_code == 422
    assert f'name="opened" value="{second.id}"' in answer.get_data(as_text=True)


def test_what_was_just_decided_is_one_press_away(world, marian):
    first, second = waiting(world, 2)
    send(marian, {first: ("approve", ""), second: ("return", "Which tools?")})
    page = marian.get("/approvals").get_data(as_text=True)
    notice = page[page.index('id="outcome"') :]
    for session in (first, second):
        assert f'href="/sessions/{session.id}"' in notice


def test_a_comment_that_came_too_late_is_given_back(world, marian):
    first, second = waiting(world, 2)
    colleague = world.person("Joan Petrie", "supervisor")
    world.assign(colleague, "supervisor")
    first.approve(by=world.actor(colleague), now=NOW)
    answer = send(marian, {first: ("return", "Which tools did you use?"), second: ("approve", "")})
    assert answer.status_code == 200
    assert "Your comment was not sent: “Which tools did you use?”" in text(answer)


def test_a_filter_says_how_many_of_all_are_shown(world, marian):
    waiting(world, 2)
    world.session(day=date(2026, 9, 20), unit="D3.03", state="submitted")
    assert "1 of 3 sessions shown" in text(marian.get("/approvals?unit=D3.03"))
    assert "sessions shown" not in text(marian.get("/approvals"))


def test_a_reopened_session_says_who_is_to_do_what(world, marian):
    session = world.session(state="reopened")
    page = text(marian.get(f"/sessions/{session.id}"))
    assert "It waits for Priya Nair to correct and submit it, or approve it again below ." in page


def test_sending_twice_signs_once(world, marian):
    sessions = waiting(world, 2)
    choices = dict.fromkeys(sessions, ("approve", ""))
    send(marian, choices, headers={"HX-Request": "true"})
    again = text(send(marian, choices, headers={"HX-Request": "true"}))
    assert "Nothing was left to decide." in again
    assert "you approved it at 10:50, so nothing was signed twice." in again
    assert [len(signatures(one)) for one in sessions] == [1, 1]


# --- somebody else was first ---------------------------------------------------------------


def test_the_others_are_decided_where_one_was_changed_or_decided_meanwhile(world, marian):
    taken, changed, back, good = waiting(world, 4)
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor")
    me = world.actor(world.learner)
    stale = dict.fromkeys((taken, changed, back, good), ("approve", ""))
    PracticeSession.get_by_id(taken.id).approve(by=world.actor(joan), now=NOW)
    for one in (changed, back):
        PracticeSession.get_by_id(one.id).take_back(by=me, now=NOW)
    PracticeSession.get_by_id(changed.id).submit(by=me, now=NOW)
    seen = text(send(marian, stale, headers={"HX-Request": "true"}))
    assert "1 approved, 0 returned, 0 left." in seen
    assert (
        "Sat 1 Aug, 10:00: Joan Petrie approved it at 10:50, so nothing was signed twice." in seen
    )
    assert "Sun 2 Aug, 10:00: Priya Nair changed it at 10:50. Read it again, then decide." in seen
    assert "Mon 3 Aug, 10:00: Priya Nair took it back at 10:50." in seen
    assert [state(one) for one in (taken, changed, back, good)] == [
        "approved",
        "submitted",
        "draft",
        "approved",
    ]
    assert signatures(taken) == [(joan.id, "approved", "")]
    assert signatures(changed) == []


def test_two_at_the_same_moment_sign_once_and_the_other_is_told(world, engine):
    session, own = waiting(world, 2)
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor")
    start, outcomes, faults = threading.Barrier(2), {}, []

    def act(person):
        try:
            with db.connection():
                start.wait(timeout=30)
                choices = {session.id: Choice("approve", "", session.version)}
                outcomes[person.id] = decide(choices, by=world.actor(person), now=NOW)
        except Exception as fault:  # noqa: BLE001 - told below, where the test can see it
            faults.append(fault)

    threads = [threading.Thread(target=act, args=(person,)) for person in (world.supervisor, joan)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(signatures(session)) == 1
    winner, loser = sorted(outcomes.values(), key=lambda outcome: len(outcome.missed))
    assert (len(winner.approved), len(winner.missed)) == (1, 0)
    assert (len(loser.approved), len(loser.missed)) == (0, 1)
    assert loser.missed[0].person.id == signatures(session)[0][0]


def test_two_who_decide_the_same_rows_do_not_wait_for_each_other_for_ever(world):
    sessions = waiting(world, 6)
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor")
    start, done, faults = threading.Barrier(2), [], []

    def act(person, order):
        try:
            with db.connection():
                start.wait(timeout=30)
                choices = {one.id: Choice("approve", "", one.version) for one in order}
                done.extend(decide(choices, by=world.actor(person), now=NOW).approved)
        except Exception as fault:  # noqa: BLE001 - told below, where the test can see it
            faults.append(fault)

    threads = [
        threading.Thread(target=act, args=(world.supervisor, sessions[:4])),
        threading.Thread(target=act, args=(joan, sessions[:1:-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(done) == 6
    assert [len(signatures(one)) for one in sessions] == [1] * 6


# --- whose it is to decide -----------------------------------------------------------------


def strangers(world):
    """Sessions that Marian may not decide, by why."""
    other = World()
    mine = world.enrol(world.supervisor)
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor", mine)
    tutored = world.enrol(world.person("Tom Leary", "learner"))
    world.assign(world.supervisor, "tutor", tutored)
    world.assign(joan, "supervisor", tutored)
    return {
        "own": world.session(state="submitted", enrolment=mine, supervisor=joan),
        "only tutored": world.session(state="submitted", enrolment=tutored, supervisor=joan),
        "another centre": other.session(state="submitted"),
    }


def test_what_is_not_ones_own_to_decide_is_neither_shown_nor_decided(world, marian):
    [good] = waiting(world, 1)
    for session in strangers(world).values():
        page = marian.get("/approvals").get_data(as_text=True)
        assert f'id="s{session.id}"' not in page
        assert marian.get(f"/approvals?open={session.id}").status_code == 404
        answer = send(marian, {good: ("approve", ""), session: ("approve", "")})
        assert answer.status_code == 404
        assert (state(good), state(session)) == ("submitted", "submitted")
    assert not SignOff.select().exists()


def test_one_person_in_two_centres_sees_each_centres_queue_alone(app, world):
    other = World()
    Membership.grant(world.supervisor, other.centre, "supervisor", by=None, now=NOW)
    other.assign(world.supervisor, "supervisor")
    here, there = (
        world.session(state="submitted"),
        other.session(state="submitted", supervisor=other.supervisor),
    )
    for centre, seen, unseen in ((world.centre, here, there), (other.centre, there, here)):
        browser = enter(app, world.supervisor, centre)
        page = browser.get("/approvals").get_data(as_text=True)
        assert f'id="s{seen.id}"' in page
        assert f'id="s{unseen.id}"' not in page
        assert send(browser, {unseen: ("approve", "")}).status_code == 404


@pytest.mark.parametrize(
    ("from_on", "to_on", "sees", "status"),
    [
        (date(2026, 1, 12), date(2026, 10, 7), False, 303),  # told that it ended
        (date(2026, 1, 12), date(2026, 10, 8), True, 303),
        (date(2026, 10, 8), None, True, 303),
        (date(2026, 10, 9), None, False, 404),
    ],
)
def test_an_assignment_counts_from_its_first_day_to_its_last(
    world, marian, from_on, to_on, sees, status
):
    session = world.session(state="submitted")
    Assignment.update(from_on=from_on, to_on=to_on).where(
        (Assignment.person == world.supervisor) & (Assignment.role == "supervisor")
    ).execute()
    page = marian.get("/approvals").get_data(as_text=True)
    assert (f'id="s{session.id}"' in page) is sees
    answer = marian.post(
        "/approvals",
        data={
            "csrf_token": token(marian),
            f"decision-{session.id}": "approve",
            f"version-{session.id}": str(session.version),
        },
    )
    assert answer.status_code == status
    assert state(session) == ("approved" if sees else "submitted")


@pytest.mark.parametrize(
    "number", ["0", "-1", "1.5", "abc", "", "99999999999999999999", "999999999", "1 or 1"]
)
def test_forged_numbers_are_not_found(world, marian, number):
    [session] = waiting(world, 1)
    answer = send(marian, {session: ("approve", "")}, **{f"decision-{number}": "approve"})
    assert answer.status_code == 404
    assert state(session) == "submitted"


def test_a_thousand_keys_are_refused_in_a_few_queries(world, marian, queries):
    [session] = waiting(world, 1)
    forged = {f"decision-{900_000 + n}": "approve" for n in range(1000)}
    with queries() as seen:
        answer = send(marian, {session: ("approve", "")}, **forged)
    assert answer.status_code == 422
    assert state(session) == "submitted"
    assert seen.count < 30, seen


def test_an_assignment_that_ends_during_the_decision_decides_nothing(world):
    session = world.session(state="submitted")
    boss = world.actor(world.supervisor)
    Assignment.update(to_on=date(2026, 10, 7)).execute()
    outcome = decide({session.id: Choice("approve", "", session.version)}, by=boss, now=NOW)
    assert [missed.refusal for missed in outcome.missed] == [HANDED_OVER]
    assert not outcome.decided
    assert state(session) == "submitted"


@pytest.mark.parametrize("who", ["learner", "tutor", "admin"])
def test_only_supervisors_have_a_queue(app, world, who):
    browser = enter(app, getattr(world, who), world.centre)
    assert browser.get("/approvals").status_code == 403


# --- one session on its own page -------------------------------------------------------------


def post(browser, session, noun, **form):
    return browser.post(
        f"/sessions/{session.id}/{noun}", data={"csrf_token": token(browser), **form}
    )


def test_reopening_needs_a_reason_and_takes_the_minutes_out(world, marian):
    session = world.session(state="approved")
    for reason, sentence in (
        ("  ", "Give the reason"),
        ("x" * 2001, "Shorten this to 2,000"),
        ("a\x07b", "control character"),
    ):
        answer = post(marian, session, "reopening", reason=reason)
        assert answer.status_code == 422
        assert sentence in text(answer)
        assert reason.strip().replace("\x07", "\N{REPLACEMENT CHARACTER}") in answer.get_data(
            as_text=True
        )
        assert state(session) == "approved"
    answer = post(marian, session, "reopening", reason="Wrong length")
    assert (answer.status_code, answer.location) == (303, f"/sessions/{session.id}")
    assert state(session) == "reopened"
    assert signatures(session)[-1] == (world.supervisor.id, "reopened", "Wrong length")


def test_a_reopened_session_is_approved_on_its_page_but_not_in_the_queue(world, marian):
    session = world.session(state="reopened")
    seen = text(send(marian, {session: ("approve", "")}, headers={"HX-Request": "true"}))
    assert "Nothing was left to decide." in seen
    assert state(session) == "reopened"
    stale = post(marian, session, "approval", version=str(session.version - 1))
    assert stale.status_code == 409
    assert "Read it again, then decide." in text(stale)
    assert post(marian, session, "approval", version=str(session.version)).status_code == 303
    assert state(session) == "approved"


def test_reopening_what_is_not_approved_says_why(world, marian):
    session = world.session(state="submitted")
    answer = post(marian, session, "reopening", reason="Wrong length")
    assert answer.status_code == 409
    assert "cannot be reopened: it waits for approval." in text(answer)


def test_moves_on_one_session_are_refused_to_others(app, world, marian):
    for session in strangers(world).values():
        for noun in ("approval", "reopening"):
            answer = post(marian, session, noun, reason="Mine now", version=str(session.version))
            assert answer.status_code in (403, 404)
            assert state(session) == "submitted"
    session = world.session(day=date(2026, 9, 20), state="approved")
    learner = enter(app, world.learner, world.centre)
    assert post(learner, session, "reopening", reason="Please").status_code == 403
    for number in ("999999999", "99999999999999999999"):
        assert (
            marian.post(
                f"/sessions/{number}/approval", data={"csrf_token": token(marian)}
            ).status_code
            == 404
        )
    assert state(session) == "approved"


def test_a_reopened_session_is_approved_again_from_its_page(app: Flask, world: World) -> None:
    session = world.session(state="reopened")
    boss = app.test_client()
    sign_in(boss, world.supervisor, world.centre)
    page = boss.get(f"/sessions/{session.id}").text
    token = re.search(r'name="csrf_token"\s+value="([^"]+)"', page)[1]
    assert "Approve it again" in page
    answer = boss.post(
        f"/sessions/{session.id}/approval", data={"csrf_token": token, "version": session.version}
    )
    assert answer.status_code == 303
    assert PracticeSession.get_by_id(session.id).state == "approved"
    assert "Approve it again" not in boss.get(f"/sessions/{session.id}").text


def test_a_coach_handed_over_meanwhile_costs_nothing_of_the_rest(world, marian):
    first, second = waiting(world, 2)
    other = world.enrol(world.person("Tom Leary", "learner"))
    held = world.assign(world.supervisor, "supervisor", other)
    theirs = world.session(state="submitted", enrolment=other)
    held.end(
        date(2026, 10, 7), by=world.actor(world.admin), now=NOW,
        successor=world.person("Joan Petrie", "supervisor"),
    )  # fmt: skip
    page = send(
        marian,
        {first: ("approve", ""), second: ("return", "Which day?"), theirs: ("return", "Why?")},
    ).get_data(as_text=True)
    assert (state(first), state(second), state(theirs)) == ("approved", "returned", "submitted")
    assert "You no longer supervise one of these coaches" in page
    assert "Tom Leary" not in page
    assert "Why?" in page, "the comment that was not sent is given back"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_a_comment_begun_on_a_row_that_is_left_stays_in_it(world, marian, headers):
    first, second = waiting(world, 2)
    chosen = {first: ("approve", ""), second: ("leave", "I will ask about the")}
    page = send(marian, chosen, headers=headers).get_data(as_text=True)
    assert (state(first), state(second)) == ("approved", "submitted")
    assert "I will ask about the" in page


# --- what the clients say --------------------------------------------------------------------


def asked_about(world, session, alias="Client A", days=0):
    moment = NOW - timedelta(days=days)
    return ask(world.client(alias), [session.id], by=world.actor(world.learner, moment), now=moment)


def told(world, session, said, alias="Client A", days=0):
    link = asked_about(world, session, alias, days)
    [row] = asked_by(link)
    answer(link, {row.id: said}, now=NOW - timedelta(days=days))


@pytest.fixture
def said(world):
    """A session of each kind of answer."""
    first = date(2026, 8, 1)
    sessions = {
        word: world.session(day=first + timedelta(days=n), state="submitted", clients=clients)
        for n, (word, clients) in enumerate(
            {
                "confirmed": ("Client A",), "disputed": ("Client A",), "asked": ("Client A",),
                "none": ("Client A",), "three of four": ("A", "B", "C", "D"),
            }.items()
        )
    }  # fmt: skip
    told(world, sessions["confirmed"], Answer(), days=9)
    told(world, sessions["disputed"], Answer("length", 45, "We stopped early."))
    asked_about(world, sessions["asked"], days=12)
    for alias in "ABC":
        told(world, sessions["three of four"], Answer(), alias)
    asked_about(world, sessions["three of four"], "D")
    return sessions


def test_each_row_says_what_its_clients_say(said, marian):
    page = marian.get("/approvals").get_data(as_text=True)
    cells = dict(re.findall(r'id="s(\d+)".*?<td class="says">(.*?)</td>', page, flags=re.S))
    words = {
        word: " ".join(re.sub("<[^>]+>", " ", cells[str(session.id)]).split())
        for word, session in said.items()
    }
    assert words == {
        "confirmed": "Confirmed 29 Sep",
        "disputed": "Disputed says 45 min",
        "asked": "No answer asked 26 Sep",
        "none": "Not asked",
        "three of four": "Confirmed by 3 of 4",
    }
    assert "But Client A disputes it: says 45 minutes, and the diary says 60." in text(
        marian.get("/approvals")
    )


@pytest.mark.parametrize(
    ("says", "shown"),
    [
        ("confirmed", {"confirmed", "three of four"}),
        ("disputed", {"disputed"}),
        ("asked", {"asked"}),
        ("none", {"none"}),
        ("nonsense", {"confirmed", "disputed", "asked", "none", "three of four"}),
    ],
)
def test_a_filter_by_what_clients_say(said, marian, says, shown):
    page = marian.get(f"/approvals?says={says}").get_data(as_text=True)
    assert {word for word, one in said.items() if f'id="s{one.id}"' in page} == shown


def test_one_press_leaves_out_what_a_client_disputes(said, marian):
    page = marian.get("/approvals")
    assert "Set 4 that count to approve" in text(page)
    rows = re.findall(r'<tbody id="s(\d+)"( data-counts)?', page.get_data(as_text=True))
    assert {int(id_) for id_, counts in rows if not counts} == {said["disputed"].id}
    choices = dict.fromkeys(said.values(), ("leave", ""))
    page = send(marian, choices, preset="counts").get_data(as_text=True)
    chosen = dict(re.findall(r'name="decision-(\d+)"\s+value="(\w+)" checked', page))
    assert chosen[str(said["disputed"].id)] == "leave"
    assert list(chosen.values()).count("approve") == 4


@pytest.mark.parametrize("seen", [0, 1])
def test_a_dispute_that_came_while_the_page_was_open_is_not_approved_over(world, marian, seen):
    quiet, loud = (world.session(day=date(2026, 8, day), state="submitted") for day in (1, 2))
    told(world, loud, Answer("none", reason="I was away"))
    answer = send(marian, {quiet: ("approve", ""), loud: ("approve", "")}, said={loud: seen})
    assert state(quiet) == "approved"
    assert state(loud) == ("approved" if seen else "submitted")
    if not seen:
        page = text(answer if answer.status_code == 200 else marian.get("/approvals"))
        assert "Client A disputes it since you looked: says it did not take place." in page


def test_a_dispute_after_approval_is_named_wherever_the_session_is(world, marian):
    session = world.session(state="approved")
    told(world, session, Answer("none"))
    sentence = "Counts toward D3.04. But Client A disputes it: says it did not take place."
    for path in (f"/sessions/{session.id}", f"/learners/{world.learner.id}/sessions"):
        assert sentence in text(marian.get(path)), path


def test_an_opened_row_gives_the_answer_and_the_contract_and_no_identity(world, said, marian):
    session = said["disputed"]
    ClientIdentity.create(client=world.client(), name="Jo Marsh", email="jo@example.org")
    page = marian.get(f"/approvals?open={session.id}")
    seen = text(page)
    assert (
        "disputed on 8 Oct 2026, by a link the coach passed on: says 45 minutes “We stopped early.”"
        in seen
    )
    [engagement] = session.engagements
    assert f'href="/engagements/{engagement.id}"' in page.get_data(as_text=True)
    assert marian.get(f"/engagements/{engagement.id}").status_code == 200
    assert "Jo Marsh" not in page.get_data(as_text=True)
    assert "jo@example.org" not in page.get_data(as_text=True)


def test_where_the_centre_demands_it_only_what_is_confirmed_would_count(world, said, marian):
    admin = world.actor(world.admin)
    admin.centre.change(by=admin, now=NOW, confirmation_required=True)
    seen = text(marian.get("/approvals"))
    assert "Set 1 that counts to approve" in seen
    assert "Not yet, even if approved: Client A disputes it: says 45 minutes." in seen
    assert "Not yet, even if approved: D has not confirmed it; their link lasts to" in seen
    assert "Not yet, even if approved: Client A was not asked to confirm it." in seen
