"""A dispute stands until the client answers anew; and a client who withdrew consent is not waited for."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
import time_machine

from supervise.models import (
    Centre,
    Confirmation,
    Consent,
    Enrolment,
    Link,
    PracticeSession,
    confirmations,
    erasure,
)
from supervise.models.confirmations import Answer, answer
from supervise.models.said import confirmations_of
from supervise.reports import standing
from tests.test_confirmations import asked, save, text
from tests.world import NOW, World, drop_triggers, sign_in


@pytest.fixture
def world(app):
    app.config["WTF_CSRF_ENABLED"] = False  # tests of sign-in ask for the token
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def browser(app, world):
    """A browser of somebody of this world, signed in."""

    def of(person):
        client = app.test_client()
        sign_in(client, person, world.centre, NOW)
        return client

    return of


@pytest.fixture
def demanding(world):
    """The centre demands confirmations."""
    admin = world.actor(world.admin)
    admin.centre.change(by=admin, now=NOW, confirmation_required=True)
    world.centre = Centre.get_by_id(world.centre.id)
    return world


NEVER = Answer("none", None, "It never happened")


def says(link, said):
    answer(link, {row.id: said for row in confirmations.asked_by(link)}, now=NOW)


def told(session):
    [facts] = confirmations_of(PracticeSession.id == session.id)[session.id]
    return facts.state, facts.what, facts.carried, facts.asked_at is not None


def disputed_and_asked_again(world, browser, withdrawn, **how):
    """Disputed; then asked again from the page, and the new link withdrawn, or left open."""
    session = world.session(**{"state": "submitted"} | how)
    says(asked(world, session), NEVER)
    coach = browser(world.learner)
    form = {"client": world.client().id, "session": session.id}
    assert coach.post("/confirmations", data=form).status_code == 303
    if withdrawn:
        last = Link.select().order_by(Link.id.desc()).get()
        assert coach.post(f"/links/{last.id}/end").status_code == 303
    return session


@pytest.mark.parametrize("withdrawn", [False, True], ids=["asked again", "withdrawn after"])
def test_asking_again_hides_no_dispute_from_the_supervisor(world, browser, queries, withdrawn):
    session = disputed_and_asked_again(world, browser, withdrawn)
    boss = browser(world.supervisor)
    with queries() as seen:
        page = boss.get("/approvals")
    assert seen.count <= 12, seen
    [cell] = re.findall(r'<td class="says">(.*?)</td>', page.text, flags=re.S)
    assert "Disputed" in cell
    assert "But Client A disputes it: says it did not take place" in text(page)
    assert "data-counts" not in page.text
    line = "disputed on 8 Oct 2026, by a link the coach passed on: says it did not take place “It never happened”"
    line += "; no new answer since" if withdrawn else "; asked again on 8 Oct 2026, no answer yet"
    for path in (f"/approvals?open={session.id}", f"/sessions/{session.id}"):
        assert line in text(boss.get(path)), path
    for word in ("disputed", "asked", "none", "confirmed"):
        shown = f'id="s{session.id}"' in boss.get(f"/approvals?says={word}").text
        assert shown == (word == "disputed"), word


@pytest.mark.parametrize("withdrawn", [False, True], ids=["asked again", "withdrawn after"])
def test_where_confirmation_is_demanded_a_dispute_is_waited_for(
    demanding, browser, queries, withdrawn
):
    session = disputed_and_asked_again(demanding, browser, withdrawn, state="approved")
    sentence = "Client A disputes it: says it did not take place"
    sentence += "." if withdrawn else ", and was asked again."
    boss, record = browser(demanding.supervisor), f"/learners/{demanding.learner.id}"
    for path in (f"{record}/sessions", f"/sessions/{session.id}"):
        assert sentence in text(boss.get(path)), path
    with queries() as seen:
        boss.get(record)
    assert seen.count <= 12, seen
    assert sentence in text(browser(demanding.learner).get("/sessions"))


def test_only_a_new_answer_clears_it(world, browser):
    session = disputed_and_asked_again(world, browser, withdrawn=True)
    assert told(session) == ("disputed", "none", True, False)
    link = asked(world, session)
    assert told(session) == ("disputed", "none", True, True)
    says(link, Answer("length", 45))
    assert told(session) == ("disputed", "length", False, True)
    says(asked(world, session), Answer())
    assert told(session) == ("confirmed", "", False, True)
    page = browser(world.supervisor).get("/approvals?says=confirmed").text
    assert f'id="s{session.id}"' in page
    assert "data-counts" in page


@pytest.mark.parametrize(
    ("changes", "back"),
    [
        ({"date": date(2026, 9, 2)}, {"date": date(2026, 9, 1)}),
        ({"minutes": 45}, {"minutes": 60}),
        ({"start": None}, {"start": time(10)}),
    ],
)
def test_a_change_of_the_session_leaves_it_to_be_seen_as_said_before(world, browser, changes, back):
    session = world.session()
    says(asked(world, session), NEVER)
    save(world, session, **changes)
    assert told(session) == ("disputed", "none", True, False)
    page = browser(world.learner).get(f"/sessions/{session.id}").text
    assert "the session was changed since" in page
    [one] = confirmations_of(PracticeSession.id == session.id)[session.id]
    assert one.changed
    save(world, session, **back)
    assert told(session) == ("disputed", "none", True, False)
    link = asked(world, session)
    says(link, Answer())
    save(world, session, **changes)
    save(world, session, **back)
    assert told(session)[0] == "", "they confirmed it after they had disputed it"


def test_a_session_without_a_start_is_the_same_session(world, browser):
    session = disputed_and_asked_again(world, browser, withdrawn=True, start=None)
    assert told(session) == ("disputed", "none", True, False)
    page = browser(world.supervisor).get("/approvals?says=disputed").text
    assert f'id="s{session.id}"' in page


def test_a_client_taken_off_does_not_hold_the_session_up(world, browser):
    session = world.session(clients=("Client A", "Client B"), state="returned")
    says(asked(world, session), NEVER)
    save(world, session, clients=[world.client("Client B")])
    facts = confirmations_of(PracticeSession.id == session.id)[session.id]
    assert [(one.alias, one.state, one.removed) for one in facts] == [
        ("Client B", "", False), ("Client A", "disputed", True),
    ]  # fmt: skip
    PracticeSession.get_by_id(session.id).submit(by=world.actor(world.learner), now=NOW)
    assert "Counts toward D3.04 if approved. But Client A disputed it" in text(
        browser(world.supervisor).get("/approvals")
    )


def test_several_versions_and_answers_are_counted_once(demanding, browser):
    from supervise.models.facts import contracts_and_confirmations_of
    from tests.contracting import agreed, engagement_of

    session = disputed_and_asked_again(demanding, browser, withdrawn=False, state="approved")
    says(Link.select().order_by(Link.id.desc()).get(), NEVER)
    asked(demanding, session)
    for _ in range(2):
        agreed(demanding, engagement_of(demanding), NOW)
    contracts, said = contracts_and_confirmations_of(PracticeSession.id == session.id)
    assert [len(one.versions) for one in contracts[session.id]] == [2]
    assert said == confirmations_of(PracticeSession.id == session.id)
    assert len(said[session.id]) == 1


# --- for the learner, until it is answered or corrected --------------------------------------


def tabs(coach):
    """How many each tab of the confirmations holds."""
    page = text(coach.get("/confirmations"))
    names = ("To ask", "Asked", "Disputed", "Confirmed", "Lapsed")
    return {name: int(re.search(rf"{name} (\d+)", page)[1]) for name in names}


@pytest.mark.parametrize("withdrawn", [False, True], ids=["asked again", "withdrawn after"])
def test_the_learner_sees_a_dispute_until_it_is_answered(world, browser, queries, withdrawn):
    disputed_and_asked_again(world, browser, withdrawn)
    coach = browser(world.learner)
    assert "1 session disputed by a client" in text(coach.get("/"))
    assert (tabs(coach)["Disputed"], tabs(coach)["Lapsed"]) == (1, 1 if withdrawn else 0)
    with queries() as seen:
        page = text(coach.get("/confirmations?state=disputed"))
    assert seen.count <= 12, seen
    assert re.search(r"Says it did not take place ?: “It never happened”", page)
    assert ("asked again Thu 8 Oct" in page) != withdrawn
    assert ("or Ask again Client A" in page) == withdrawn
    assert "It never happened" not in text(coach.get("/confirmations?state=lapsed"))
    if not withdrawn:
        says(Link.select().order_by(Link.id.desc()).get(), Answer())
        assert (tabs(coach)["Disputed"], tabs(coach)["Lapsed"]) == (0, 1)
        assert "disputed by a client" not in text(coach.get("/"))


def test_once_it_is_corrected_the_client_is_to_be_asked(world, browser):
    session = disputed_and_asked_again(world, browser, withdrawn=False, state="draft")
    coach = browser(world.learner)
    save(world, session, minutes=45)
    assert tabs(coach) == {"To ask": 1, "Asked": 0, "Disputed": 0, "Confirmed": 0, "Lapsed": 2}
    assert "disputed by a client" not in text(coach.get("/"))
    save(world, session, minutes=60)  # as they had disputed it
    assert tabs(coach)["Disputed"] == 1


def test_another_start_is_a_correction_too(world, browser):
    """The client said it was at another time: once it is, there is something new to ask them."""
    session = disputed_and_asked_again(world, browser, withdrawn=True, state="draft")
    coach = browser(world.learner)
    assert tabs(coach)["Disputed"] == 1
    save(world, session, start=time(11))
    assert (tabs(coach)["To ask"], tabs(coach)["Disputed"]) == (1, 0)
    assert "the session was changed since" in text(coach.get(f"/sessions/{session.id}"))


def test_today_counts_disputes_apart_from_what_is_not_answered(world, browser):
    disputed_and_asked_again(world, browser, withdrawn=False)
    other = world.session(day=date(2026, 9, 2), clients=("Client B",))
    asked(world, other, alias="Client B")
    Confirmation.update(asked_at=NOW - timedelta(days=9)).execute()
    coach = browser(world.learner)
    page = text(coach.get("/"))
    assert "1 session disputed by a client" in page
    assert "2 confirmations asked for and not answered 9 days" in page
    told = text(browser(world.person("Owen Tasker", "learner")).get("/"))
    assert "disputed by a client" not in told


# --- a client who withdrew consent -----------------------------------------------------------


def withdraw(world, learner=None):
    me = world.actor(learner or world.learner)
    client = world.client(learner=learner)
    consent = Consent.give(client, date(2026, 9, 1), "Notes", by=me, now=NOW)
    erasure.withdraw(consent, NOW.date(), by=me, now=NOW)


@pytest.mark.parametrize("was_asked", [False, True])
def test_a_client_who_withdrew_before_they_answered_is_not_waited_for(
    demanding, browser, was_asked
):
    session = demanding.session(state="approved")
    if was_asked:
        asked(demanding, session)
    withdraw(demanding)
    for person in (demanding.learner, demanding.supervisor):
        seen = text(browser(person).get(f"/sessions/{session.id}"))
        instead = "the supervisor's approval replaces the client's word"
        said = f"Client A was withdrawn on 8 Oct 2026, as the coach says: {instead}."
        assert f"Counts toward D3.04. The consent of {said}" in seen.replace("&#39;", "'")
        assert "cannot be asked: consent withdrawn on 8 Oct 2026, as the coach says" in seen
    page = text(browser(demanding.learner).get("/confirmations"))
    assert "Nobody left to ask." in page
    assert "To ask 0" in page


def test_a_client_who_withdrew_after_a_dispute_still_disputes(demanding, browser):
    session = demanding.session(state="approved")
    says(asked(demanding, session), NEVER)
    withdraw(demanding)
    assert told(session) == ("disputed", "none", False, True)
    coach = browser(demanding.learner)
    assert "Client A disputes it" in text(coach.get("/sessions"))
    assert "it counts only once they consent again" in text(coach.get("/sessions"))
    page = text(coach.get("/confirmations?state=disputed"))
    assert "Ask again" not in page
    assert "Consent was withdrawn, so they cannot be asked again" in page
    assert "It counts only once they consent again" in page


def test_where_approval_replaces_a_clients_word_each_is_decided_by_itself(demanding, browser):
    session = demanding.session(state="submitted")
    boss = browser(demanding.supervisor)
    withdraw(demanding)
    page = boss.get("/approvals")
    seen = text(page).replace("&#39;", "'")
    assert "Cannot be asked consent withdrawn" in seen
    assert "Counts toward D3.04 if approved. The consent of Client A was withdrawn on" in seen
    assert "Your approval replaces the client’s word here" in seen
    assert "that count" not in seen
    assert "data-counts" not in page.get_data(as_text=True)
    form = {f"decision-{session.id}": "leave", f"version-{session.id}": str(session.version)}
    page = boss.post("/approvals", data=form | {"preset": "counts"}).get_data(as_text=True)
    chosen = dict(re.findall(r'name="decision-(\d+)"\s+value="(\w+)" checked', page))
    assert chosen == {str(session.id): "leave"}


@pytest.mark.parametrize("disputed", [False, True])
def test_where_learners_are_put_in_order_it_counts_the_same(demanding, disputed):
    owen = demanding.person("Owen Tasker", "learner")
    enrolment = demanding.enrol(owen, units=("D3.03",))
    demanding.assign(demanding.supervisor, "supervisor", enrolment)
    session = demanding.session(
        day=date(2026, 10, 5), state="approved", minutes=480, unit="D3.03", enrolment=enrolment
    )
    mine = Enrolment.select().where(Enrolment.id == enrolment.id)
    keys = []
    for move in (lambda: None, lambda: withdraw(demanding, owen)):
        move()
        if disputed and not keys:
            client = demanding.client(learner=owen)
            me = demanding.actor(owen)
            says(confirmations.ask(client, [session.id], by=me, now=NOW), NEVER)
        keys.append(
            standing.ranked(mine, demanding.actor(demanding.tutor))[enrolment.id].standing.key
        )
    assert keys == ["behind", "behind" if disputed else "track"]


def test_a_client_who_consents_again_can_be_asked(demanding, browser):
    session = demanding.session()
    withdraw(demanding)
    me = demanding.actor(demanding.learner)
    Consent.give(demanding.client(), NOW.date(), "Notes", by=me, now=NOW)
    assert "Nobody left to ask." not in text(browser(demanding.learner).get("/confirmations"))
    assert asked(demanding, session)


# --- a link that closed while somebody wrote -------------------------------------------------


def form_of(link, reason):
    form = {}
    for row in confirmations.asked_by(link):
        form |= {f"asks-{row.id}": "y", f"answer-{row.id}": "no", f"what-{row.id}": "other"}
        form |= {f"reason-{row.id}": f"{reason} {row.date}"}
    return form


def test_what_was_typed_about_the_other_session_is_kept(app, world):
    first, second = (world.session(day=date(2026, 9, n)) for n in (1, 2))
    link = asked(world, first, second)
    form = form_of(link, "We met by phone")
    save(world, first, minutes=45)
    page = app.test_client().post(f"/link/{link.token}", data=form)
    assert page.status_code == 409
    assert "We met by phone 2026-09-02</textarea>" in page.text
    assert "about what was changed: We met by phone 2026-09-01" in text(page)
    assert "<details open>" in page.text
    assert [row.state for row in Confirmation.select()].count("lapsed") == 1


@pytest.mark.parametrize("how", ["withdrawn", "too old", "changed"])
def test_what_was_written_to_a_link_that_closed_is_shown_back(app, world, how):
    session = world.session()
    link = asked(world, session)
    form = form_of(link, "By <phone>")
    moment = NOW
    if how == "withdrawn":
        Link.end(Link.id == link.id, NOW)
    elif how == "changed":
        save(world, session, minutes=45)
    else:
        moment = NOW + timedelta(days=15)
    with time_machine.travel(moment, tick=False):
        page = app.test_client().post(f"/link/{link.token}", data=form)
    assert page.status_code == 410
    assert "You wrote" in text(page)
    assert "By &lt;phone&gt; 2026-09-01" in page.text
    assert not Confirmation.select().where(Confirmation.reason != "").exists()
    assert "You wrote" not in app.test_client().get(f"/link/{link.token}").text


@pytest.mark.parametrize("how", ["withdrawn", "too old"])
def test_a_link_that_closes_between_its_page_and_the_answer(app, world, monkeypatch, how):
    session = world.session()
    link = asked(world, session)
    form = form_of(link, "By phone")
    judged = confirmations.answer

    def late(link, answers, *, now):
        if how == "withdrawn":
            Link.end(Link.id == link.id, now)
        else:
            drop_triggers("link", "link_sealed")
            old = {"created_at": now - timedelta(days=14), "expires_at": now}
            Link.update(**old).where(Link.id == link.id).execute()
        return judged(link, answers, now=now)

    monkeypatch.setattr(confirmations, "answer", late)
    page = app.test_client().post(f"/link/{link.token}", data=form)
    assert page.status_code == 410
    assert "By phone 2026-09-01" in text(page)
    assert ("too old" in text(page)) == (how == "too old")
    assert not Confirmation.select().where(Confirmation.answered_at.is_null(False)).exists()


# --- what was read is what is approved ---------------------------------------------------------


def test_a_reopened_one_is_not_approved_again_over_a_dispute_nobody_read(world, browser):
    session = world.session(state="reopened")
    says(asked(world, session), Answer("length", 45))
    boss = browser(world.supervisor)
    path, form = f"/sessions/{session.id}/approval", {"version": str(session.version)}
    refused = boss.post(path, data=form)
    assert refused.status_code == 409
    assert "Client A disputes it since you looked: says 45 minutes." in text(refused)
    assert PracticeSession.get_by_id(session.id).state == "reopened"
    [read] = re.findall(
        r'name="disputes"\s+value="(\d+)"', boss.get(f"/sessions/{session.id}").text
    )
    assert boss.post(path, data={**form, "disputes": read}).status_code == 303
    assert PracticeSession.get_by_id(session.id).state == "approved"


def test_a_yes_before_a_change_is_told_with_its_length(world, browser):
    session = world.session()
    says(asked(world, session), Answer())
    save(world, session, minutes=75)
    PracticeSession.get_by_id(session.id).submit(by=world.actor(world.learner), now=NOW)
    page = text(browser(world.supervisor).get(f"/approvals?open={session.id}"))
    assert "Confirmed before a change" in page
    assert "confirmed 1 h 00 on 8 Oct 2026, before the session was changed; not asked again" in page


def test_to_swap_the_client_hides_no_dispute(world, browser):
    session = world.session()
    says(asked(world, session), NEVER)
    save(world, session, clients=[world.client("Client B")])
    PracticeSession.get_by_id(session.id).submit(by=world.actor(world.learner), now=NOW)
    boss = browser(world.supervisor)
    page = text(boss.get(f"/approvals?open={session.id}"))
    assert (
        "But Client A disputed it, and was taken off it since: says it did not take place" in page
    )
    assert "“It never happened”; taken off the session since" in page
    assert "data-counts" not in boss.get("/approvals").text
    assert f'id="s{session.id}"' in boss.get("/approvals?says=disputed").text
    assert f'id="s{session.id}"' not in boss.get("/approvals?says=none").text


def test_where_it_is_demanded_the_new_client_answers_and_the_old_ones_dispute_is_named(
    demanding, browser
):
    session = demanding.session()
    says(asked(demanding, session), NEVER)
    save(demanding, session, clients=[demanding.client("Client B")])
    PracticeSession.get_by_id(session.id).submit(by=demanding.actor(demanding.learner), now=NOW)
    page = text(browser(demanding.supervisor).get("/approvals"))
    assert "Client B was not asked to confirm it. But Client A disputed it" in page


def test_a_dispute_after_approval_stands_in_the_supervisors_today(world, browser, queries):
    session = world.session(state="approved")
    boss = browser(world.supervisor)
    assert "a client disputes" not in text(boss.get("/"))
    says(asked(world, session), NEVER)
    with queries() as seen:
        page = boss.get("/")
    assert seen.count <= 12, seen
    assert "1 approved, and a client disputes it" in text(page)
    assert f'href="/sessions/{session.id}"' in page.text


def test_whoever_changes_a_session_is_told_first_what_that_does_to_the_clients_word(world, browser):
    coach, session = browser(world.learner), world.session()
    warned = "If you change its date, start or length"
    assert warned not in text(coach.get(f"/sessions/{session.id}/edit"))
    link = asked(world, session)
    assert "Client A was asked to confirm this session." in text(
        coach.get(f"/sessions/{session.id}/edit")
    )
    says(link, Answer())
    page = text(coach.get(f"/sessions/{session.id}/edit"))
    assert f"Client A confirmed this session. {warned}" in page
    save(world, session, minutes=75)
    assert warned not in text(coach.get(f"/sessions/{session.id}/edit"))
