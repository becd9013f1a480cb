"""Contracts: written, offered, agreed by link, changed, ended; and what follows for hours."""

from __future__ import annotations

import html
import re
import threading
from datetime import UTC, date, datetime, timedelta

import peewee
import pytest
import time_machine

from supervise import db
from supervise.events import Event, history
from supervise.models import (
    Agreement,
    ClientIdentity,
    Contract,
    Engagement,
    Goal,
    Link,
    LinkContact,
    SignedName,
    agreeing,
)
from supervise.models.centres import Refused
from supervise.models.contracts import Draft
from supervise.models.facts import judged
from supervise.reports.verify import verify
from supervise.signing import SignOff
from supervise.workflow import CONTRACT, NotAllowed, WrongState
from tests.contracting import agreed, draft, engagement_of, offered
from tests.world import World, drop_triggers, sign_in


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


def text(response, status=200):
    assert response.status_code == status, response.status_code
    return response.get_data(as_text=True)


def fresh(record):
    return type(record).get_by_id(record.id)


def misfits(world):
    return [misfit.sentence for misfit in verify(world.centre)]


# --- from draft to agreed ----------------------------------------------------------------


def test_both_agree_and_the_contract_is_in_force(world):
    engagement = engagement_of(world)
    contract, links = offered(world, engagement)
    assert set(links) == {"client"}
    assert fresh(contract).state == "offered"
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    kept = fresh(contract)
    assert (kept.state, kept.agreed_on) == ("agreed", date(2026, 10, 8))
    assert fresh(engagement).contract_agreed_on == date(2026, 10, 8)
    roles = [(s.role, s.person_id) for s in SignOff.select().where(SignOff.subject == "agreement")]
    assert roles == [("learner", world.learner.id), ("client", None)]
    assert [row.name for row in SignedName.select()] == ["Sam Reed"]
    assert not [e for e in Event.select() if "Sam Reed" in e.note + e.detail]
    assert misfits(world) == []


def test_a_three_way_contract_waits_for_all_whoever_answers_first(world):
    engagement = engagement_of(world)
    contract, links = offered(world, engagement, "three")
    agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
    assert fresh(contract).state == "offered"
    assert fresh(engagement).contract_agreed_on is None
    assert misfits(world) == []
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    assert fresh(contract).state == "agreed"
    assert misfits(world) == []


def test_the_day_is_the_centre_s(world):
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight in London
    assert agreed(world, engagement_of(world), late).agreed_on == date(2026, 7, 2)


def test_a_link_agrees_once(world):
    contract, links = offered(world, engagement_of(world), "three")
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    with pytest.raises(WrongState):
        agreeing.agree(fresh(links["client"]), "Sam Reed", now=world.now)
    assert Agreement.select().where(Agreement.party == "client").count() == 1


def test_what_lacks_keeps_it_from_being_offered(world):
    engagement = engagement_of(world)
    me = world.actor(world.learner)
    contract = Contract.begin(engagement, by=me, now=world.now)
    with pytest.raises(agreeing.NotReady) as lacking:
        agreeing.offer(contract, version=contract.version, by=me, now=world.now)
    assert {"ethics", "goals", "planned_sessions"} <= set(lacking.value.faults)
    assert fresh(contract).state == "draft"
    assert Link.select().count() == 0


def test_links_carry_the_contact_where_it_is_known(world):
    engagement = engagement_of(world)
    ClientIdentity.create(client=engagement.client, name="Sam Reed", email="sam@example.org",
                          sponsor_name="Ann Lee")  # fmt: skip
    _, links = offered(world, engagement, "three")
    contacts = {c.link_id: (c.name, c.email) for c in LinkContact.select()}
    assert contacts[links["client"].id] == ("Sam Reed", "sam@example.org")
    assert contacts[links["sponsor"].id] == ("Ann Lee", "")


# --- taking back, declining, changing ----------------------------------------------------


def test_taking_back_ends_the_links_and_decides_nothing(world):
    contract, links = offered(world, engagement_of(world), "three")
    agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
    next_one = contract.take_back(by=world.actor(world.learner), now=world.now)
    assert fresh(links["client"]).standing(world.now) == "ended"
    with pytest.raises(WrongState):
        agreeing.agree(fresh(links["client"]), "Sam Reed", now=world.now)
    assert (fresh(contract).state, next_one.state) == ("withdrawn", "draft")
    assert (next_one.number, next_one.parts) == (2, contract.parts)
    assert misfits(world) == []


def test_what_a_party_agreed_to_keeps_its_number_and_its_words(world, learner):
    contract, links = offered(world, engagement_of(world), "three")
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    draft_ = agreeing.decline(links["sponsor"], "Fewer sessions.", now=world.now)
    assert (fresh(draft_).number, fresh(draft_).declined_by) == (2, "sponsor")
    page = text(learner.get(f"/engagements/{contract.engagement_id}"))
    assert "Fewer sessions." in page
    me = world.actor(world.learner)
    other = fresh(draft_).change(Draft("three", draft_.terms.parts | {"ending": "I tell your boss."}, 6, 90),
                                 version=fresh(draft_).version, by=me, now=world.now)  # fmt: skip
    agreeing.offer(other, version=other.version, by=me, now=world.now)
    assert "I tell your boss." not in fresh(contract).parts
    link = Link.select().where(Link.party == "client").order_by(Link.id.desc()).first()
    asked_again = text(learner.application.test_client().get(f"/link/{link.token}"))
    assert "Against the text you agreed to last" in asked_again
    assert misfits(world) == []


def test_after_a_change_everybody_agrees_anew(world):
    contract, links = offered(world, engagement_of(world), "three")
    agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
    kept = fresh(contract)
    me = world.actor(world.learner)
    kept = kept.change(Draft("three", kept.terms.parts | {"ending": "In June."}, 6, 90),
                       version=kept.version, by=me, now=world.now)  # fmt: skip
    links = {link.party: link
             for link in agreeing.offer(kept, version=kept.version, by=me, now=world.now)}  # fmt: skip
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    assert fresh(kept).state == "offered"
    agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
    assert (fresh(kept).state, fresh(contract).state) == ("agreed", "withdrawn")
    assert misfits(world) == []


def test_a_party_may_say_not_yet_and_the_learner_reads_why(world, learner):
    contract, links = offered(world, engagement_of(world), "three")
    agreeing.decline(links["client"], "Fewer sessions, please.", now=world.now)
    kept = fresh(contract)
    assert (kept.state, kept.declined_by) == ("draft", "client")
    assert fresh(links["sponsor"]).standing(world.now) == "ended"
    assert "Fewer sessions, please." in text(learner.get(f"/engagements/{kept.engagement_id}"))
    assert not [e for e in Event.select() if "Fewer" in e.note + e.detail]


def test_the_old_version_stays_in_force_until_the_new_one_is_agreed(world):
    engagement = engagement_of(world)
    first = agreed(world, engagement, world.now - timedelta(days=30))
    second, links = offered(world, engagement, ending="In December.")
    assert second.number == 2
    assert second.terms.parts["times"] == first.terms.parts["times"]
    assert fresh(first).state == "agreed"
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    old = fresh(first)
    assert (old.state, old.ended_on) == ("replaced", date(2026, 10, 8))
    assert fresh(second).state == "agreed"
    assert fresh(engagement).contract_agreed_on == date(2026, 9, 8)
    assert misfits(world) == []


def test_only_one_version_is_open_however_often_it_is_pressed(world):
    engagement, me = engagement_of(world), world.actor(world.learner)
    ids = {Contract.begin(engagement, by=me, now=world.now).id for _ in range(3)}
    assert len(ids) == 1


def test_two_tabs_do_not_overwrite_each_other(world):
    contract = draft(world, engagement_of(world))
    me, words = world.actor(world.learner), Draft("two", {"ending": "One"}, 6, 60)
    contract.change(words, version=contract.version, by=me, now=world.now)
    with pytest.raises(WrongState):
        contract.change(words, version=contract.version - 1, by=me, now=world.now)


def test_offering_signs_nothing_that_was_changed_meanwhile(world):
    contract, me = draft(world, engagement_of(world)), world.actor(world.learner)
    seen = contract.version
    contract.change(Draft("two", contract.terms.parts | {"ending": "X"}, 6, 60),
                    version=seen, by=me, now=world.now)  # fmt: skip
    with pytest.raises(WrongState):
        agreeing.offer(contract, version=seen, by=me, now=world.now)


@pytest.mark.parametrize("state", CONTRACT.states)
@pytest.mark.parametrize("move", ["offer", "take back", "agree", "decline", "end", "change"])
def test_every_move_from_every_state(world, state, move):
    engagement = engagement_of(world)
    me, link = world.actor(world.learner), None
    contract, links = offered(world, engagement, "three" if state == "withdrawn" else "two")
    link = links["client"]
    if state == "withdrawn":
        agreeing.agree(links["sponsor"], "Ann Lee", now=world.now)
    if state in ("draft", "withdrawn"):
        contract.take_back(by=me, now=world.now)
    elif state != "offered":
        agreeing.agree(link, "Sam Reed", now=world.now)
        if state == "replaced":
            agreed(world, engagement, world.now)
        elif state == "ended":
            fresh(contract).end(me.today, "Moved away", by=me, now=world.now)
    contract = fresh(contract)
    assert contract.state == state
    moves = {
        "offer": lambda: agreeing.offer(contract, version=contract.version, by=me, now=world.now),
        "take back": lambda: contract.take_back(by=me, now=world.now),
        "agree": lambda: agreeing.agree(fresh(link), "Sam Reed", now=world.now),
        "decline": lambda: agreeing.decline(fresh(link), "No", now=world.now),
        "end": lambda: contract.end(me.today, "Done", by=me, now=world.now),
        "change": lambda: contract.change(
            Draft("two", {}, None, None), version=contract.version, by=me, now=world.now
        ),
    }
    may = {
        ("draft", "offer"): "offered", ("draft", "change"): "draft",
        ("offered", "take back"): "draft", ("offered", "change"): "draft",
        ("offered", "agree"): "agreed", ("offered", "decline"): "draft",
        ("agreed", "end"): "ended",
    }  # fmt: skip
    if (state, move) in may:
        moves[move]()
        assert fresh(contract).state == may[state, move]
    else:
        before = (SignOff.select().count(), Event.select().count())
        with pytest.raises(WrongState):
            moves[move]()
        assert fresh(contract).state == state
        assert (SignOff.select().count(), Event.select().count()) == before
    assert misfits(world) == []


@pytest.mark.parametrize("who", ["supervisor", "tutor", "admin"])
def test_nobody_else_moves_it(world, who):
    contract, _ = offered(world, engagement_of(world))
    other = world.actor(getattr(world, who))
    for move in (
        lambda: contract.take_back(by=other, now=world.now),
        lambda: contract.end(other.today, "No", by=other, now=world.now),
        lambda: agreeing.offer(contract, version=contract.version, by=other, now=world.now),
        lambda: agreeing.ask_again(contract, "client", by=other, now=world.now),
        lambda: Contract.begin(contract.engagement, by=other, now=world.now),
    ):
        with pytest.raises(NotAllowed):
            move()
    assert fresh(contract).state == "offered"


@pytest.mark.parametrize("move", ["both agree", "agree and take back", "one agrees twice"])
def test_two_at_the_same_moment(world, move):
    contract, links = offered(world, engagement_of(world), "three")
    me, start, told = world.actor(world.learner), threading.Barrier(2), []
    agree = {p: lambda p=p: agreeing.agree(fresh(links[p]), "Sam", now=world.now) for p in links}
    both = {
        "both agree": [agree["client"], agree["sponsor"]],
        "agree and take back": [
            agree["client"], lambda: fresh(contract).take_back(by=me, now=world.now)],
        "one agrees twice": [agree["client"], agree["client"]],
    }[move]  # fmt: skip

    def run(action):
        with db.connection():
            start.wait()
            try:
                action()
                told.append("done")
            except WrongState:
                told.append("refused")

    threads = [threading.Thread(target=run, args=(action,)) for action in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = fresh(contract)
    if move == "both agree":
        assert (told, kept.state) == (["done", "done"], "agreed")
    elif move == "one agrees twice":
        assert (sorted(told), kept.state) == (["done", "refused"], "offered")
    else:
        assert "done" in told  # whoever agreed first finds their version kept as they agreed to it
        assert kept.state == ("withdrawn" if told == ["done", "done"] else "draft")
    assert misfits(world) == []


# --- the end, and what counts ------------------------------------------------------------


def sentences(world, *sessions):
    found = judged([fresh(s) for s in sessions], world.enrolment, world.centre).verdicts
    return [found[session.id].sentence for session in sessions]


def mentoring(world, day, state="approved"):
    return world.session(day=day, kind="mentoring", unit="D3.06", state=state)


def test_hours_count_from_the_agreed_day_to_the_end_and_not_in_a_gap(world):
    engagement = engagement_of(world, kind="mentoring")
    me = world.actor(world.learner)
    first = agreed(world, engagement, datetime(2026, 3, 10, 12, tzinfo=UTC))
    first.end(date(2026, 4, 20), "Moved away", by=me, now=world.now)
    assert fresh(engagement).contract_ended_on == date(2026, 4, 20)
    days = [date(2026, 3, 9), date(2026, 3, 10), date(2026, 4, 20), date(2026, 4, 21),
            date(2026, 6, 2), date(2026, 6, 3)]  # fmt: skip
    sessions = [mentoring(world, day) for day in days]
    over = "Never: the contract with Client A ended on 20 Apr 2026, before the session."
    assert sentences(world, *sessions) == [
        "Never: the contract with Client A was agreed on 10 Mar 2026, after the session.",
        "Counts toward D3.06.", "Counts toward D3.06.", over, over, over,
    ]  # fmt: skip
    agreed(world, engagement, datetime(2026, 6, 3, 12, tzinfo=UTC))
    assert fresh(engagement).contract_ended_on is None
    between = ("Never: the contract with Client A ended on 20 Apr 2026, and the next was agreed on "
               "3 Jun 2026; the session lies between.")  # fmt: skip
    assert sentences(world, *sessions)[3:] == [between, between, "Counts toward D3.06."]
    assert misfits(world) == []


def test_a_contract_on_paper_counts_until_one_is_agreed_here(world):
    engagement = world.paper(date(2026, 2, 1), kind="mentoring")
    early, later = mentoring(world, date(2026, 2, 3)), mentoring(world, date(2026, 7, 1))
    agreed(world, engagement, datetime(2026, 6, 3, 12, tzinfo=UTC))
    assert fresh(engagement).contract_agreed_on == date(2026, 2, 1)
    assert sentences(world, early, later) == ["Counts toward D3.06."] * 2
    assert misfits(world) == []


def test_once_agreed_here_the_day_is_nobody_s_to_set(world, as_):
    engagement = engagement_of(world)
    agreed(world, engagement, world.now)
    with pytest.raises(Refused):
        fresh(engagement).set_contract(
            date(2026, 1, 1), by=world.actor(world.supervisor), now=world.now
        )
    path = f"/engagements/{engagement.id}/contract"
    for person in (world.learner, world.supervisor):
        data = {"agreed_on": "2026-01-01", "reason": "x"}
        assert as_(person).post(path, data=data).status_code == 403


@pytest.mark.parametrize(
    ("on", "sentence"),
    [(date(2026, 10, 9), "once it has come"), (date(2026, 9, 1), "before it was agreed")],
)
def test_an_end_that_cannot_be(world, on, sentence):
    contract = agreed(world, engagement_of(world), world.now - timedelta(days=30))
    with pytest.raises(ValueError, match=sentence):
        contract.end(on, "Why", by=world.actor(world.learner), now=world.now)


# --- verify ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE contract SET agreed_on = '2026-01-01'", "agreed on"),
        ("UPDATE contract SET state = 'ended', ended_on = '2026-10-08'", "by its history"),
        ("UPDATE agreement SET party = 'sponsor' WHERE party = 'client'", "client"),
        ("DELETE FROM agreement WHERE party = 'client'", "is gone"),
        ("UPDATE engagement SET contract_agreed_on = '2026-01-01'", "not what was signed"),
        ("UPDATE engagement SET contract_ended_on = '2026-10-08'", "says it ended"),
    ],
)
def test_verify_finds_what_was_changed_behind_its_back(world, spoil, said):
    agreed(world, engagement_of(world), world.now)
    assert misfits(world) == []
    drop_triggers("contract", "contract_dated")
    drop_triggers("agreement", "agreement_sealed", "agreement_kept")
    db.database.execute_sql(spoil)
    assert [sentence for sentence in misfits(world) if said in sentence], misfits(world)


def test_verify_finds_other_words_under_a_signature(world):
    agreed(world, engagement_of(world), world.now)
    drop_triggers("contract", "contract_sealed")
    Contract.update(planned_sessions=60).execute()
    assert any("not what was signed" in sentence for sentence in misfits(world))


def test_verify_finds_other_words_in_a_version_that_was_withdrawn(world):
    contract, links = offered(world, engagement_of(world), "three")
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    agreeing.decline(links["sponsor"], "Fewer sessions.", now=world.now)
    assert misfits(world) == []
    drop_triggers("contract", "contract_sealed")
    Contract.update(parts="{}").where(Contract.id == contract.id).execute()
    assert misfits(world)


def test_the_database_seals_what_is_offered(world):
    contract, _ = offered(world, engagement_of(world))
    for change in ({"planned_sessions": 60}, {"parts": "{}"}, {"goals": "[]"}):
        with pytest.raises(Exception, match="sealed"), db.write():
            Contract.update(**change).where(Contract.id == contract.id).execute()


# --- pages -------------------------------------------------------------------------------


def form_of(contract, **more):
    parts = contract.terms.parts
    return {"version": contract.version, "parties": contract.parties, "planned_sessions": "6",
            "planned_minutes": "90", **parts, **more}  # fmt: skip


def test_the_learner_writes_and_offers_on_the_page(world, learner):
    engagement = engagement_of(world)
    contract = draft(world, engagement)
    page = text(learner.get(f"/contracts/{contract.id}/edit"))
    assert "Which code you follow" in page
    answer = learner.post(f"/contracts/{contract.id}/edit", data=form_of(contract, go="offer"))
    assert answer.status_code == 303
    page = text(learner.get(f"/engagements/{engagement.id}"))
    assert "Client has not answered yet" in page
    assert f"/link/{Link.get().token}" in page


def test_what_lacks_stands_beside_the_field_and_all_typed_is_kept(world, learner):
    contract = draft(world, engagement_of(world))
    Goal.delete().execute()
    sent = form_of(contract, go="offer", ethics="", planned_sessions="", ending="Mine to keep")
    page = text(learner.post(f"/contracts/{contract.id}/edit", data=sent), 422)
    assert "Saved, but not offered: 3 things to change" in page
    assert "Add at least one goal" in page
    assert "Say how many sessions you plan." in page
    assert "Mine to keep" in page
    assert fresh(contract).terms.parts["ending"] == "Mine to keep"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("planned_sessions", "many", "Give a whole number."),
        ("planned_sessions", "201", "Plan 1 to 200 sessions."),
        ("planned_minutes", "4", "5 to 480 minutes"),
        ("planned_minutes", "9" * 30, "Give a whole number."),
        ("ending", "x" * 4001, "Shorten this to 4000 characters."),
        ("ending", "a\0b", "cannot be shown"),
        ("parties", "four", "Not a valid choice"),
        ("boundaries", "Ask Sam Reed first", "This names “Sam Reed”."),
        ("boundaries", "sam@EXAMPLE.org", "write the alias"),
        ("times", "Where Sam works", "This names “Sam”."),
    ],
)
def test_bad_input_gets_a_sentence_and_saves_nothing(world, learner, field, typed, sentence):
    contract = draft(world, engagement_of(world))
    client = contract.engagement.client
    ClientIdentity.create(client=client, name="Sam Reed", email="sam@example.org")
    page = text(
        learner.post(f"/contracts/{contract.id}/edit", data=form_of(contract, **{field: typed})),
        422,
    )
    assert sentence in page
    assert "Nothing was saved: one thing to change" in page
    assert fresh(contract).version == contract.version


def test_a_second_tab_is_told_and_keeps_what_was_typed(world, learner):
    contract = draft(world, engagement_of(world))
    sent = form_of(contract, ending="From the second tab")
    sent["version"] = contract.version - 1
    page = text(learner.post(f"/contracts/{contract.id}/edit", data=sent), 409)
    assert "changed meanwhile" in page
    assert "From the second tab" in page


def test_the_supervisor_reads_what_was_offered_never_drafts_nor_names(world, as_):
    engagement = engagement_of(world)
    ClientIdentity.create(client=engagement.client, name="Sam Reed", email="sam@example.org")
    contract = draft(world, engagement)
    boss = as_(world.supervisor)
    text(boss.get(f"/contracts/{contract.id}"), 404)
    text(boss.get(f"/engagements/{engagement.id}"), 404)
    [link] = agreeing.offer(
        contract, version=contract.version, by=world.actor(world.learner), now=world.now
    )
    agreeing.agree(link, "Samuel Reed", now=world.now)
    for path in (f"/contracts/{contract.id}", f"/engagements/{engagement.id}"):
        page = text(boss.get(path))
        assert "Client agreed" in page
        assert "Reed" not in page
        assert "/link/" not in page
    assert "signed as Samuel Reed" in text(as_(world.learner).get(f"/contracts/{contract.id}"))
    for move in ("edit", "taking-back", "end", "links"):
        assert boss.post(f"/contracts/{contract.id}/{move}").status_code == 403


def test_the_next_draft_beside_a_contract_in_force_is_the_learner_s_alone(world, as_):
    engagement = engagement_of(world)
    agreed(world, engagement, world.now)
    later = draft(world, engagement, ending="Perhaps sooner.")
    boss, path = as_(world.supervisor), f"/engagements/{engagement.id}"
    text(boss.get(f"/contracts/{later.id}"), 404)
    page = text(boss.get(path))
    assert "Client agreed" in page
    assert "version 2" not in page.casefold()
    assert f"/contracts/{later.id}" not in page
    assert [row.number for row in Contract.visible_to(world.actor(world.supervisor))] == [1]
    assert f"/contracts/{later.id}" in text(as_(world.learner).get(path))


def test_an_engagement_of_drafts_alone_is_the_learner_s_alone(world, as_):
    """Until something is handed in, or a contract offered, nobody else learns of the client."""
    session, engagement = world.session(), engagement_of(world)
    boss = as_(world.supervisor)
    text(boss.get(f"/engagements/{engagement.id}"), 404)
    assert not Engagement.visible_to(world.actor(world.supervisor)).exists()
    session.submit(by=world.actor(world.learner), now=world.now)
    assert "Client A" in text(boss.get(f"/engagements/{engagement.id}"))


def test_the_difference_is_shown_to_learner_and_parties(world, app, learner):
    engagement = engagement_of(world)
    agreed(world, engagement, world.now - timedelta(days=9), ending="When both say so.")
    contract, links = offered(world, engagement, ending="When all say so.")
    pages = (
        text(learner.get(f"/contracts/{contract.id}")),
        text(app.test_client().get(f"/link/{links['client'].token}")),
    )
    for page in pages:
        assert "Taken out: </span> both</del>" in page
        assert "Put in: </span> all</ins>" in page
        assert "6 of 1 h 30, 9 h 00 in all" in page


def test_a_party_reads_what_changed_since_they_agreed_themselves(world, anybody):
    """The sponsor never saw the version that was taken back; the client agreed to it."""
    engagement = engagement_of(world)
    agreed(world, engagement, world.now, "three", ending="As we said first.")
    second, links = offered(world, engagement, "three", ending="I tell the sponsor the end.")
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    me = world.actor(world.learner)
    third = fresh(second).take_back(by=me, now=world.now)
    links = agreeing.offer(third, version=third.version, by=me, now=world.now)
    page = {link.party: html.unescape(anybody.get(f"/link/{link.token}").text) for link in links}
    assert "Nothing changed since you agreed last" in page["client"]
    assert "Nothing changed" not in page["sponsor"]
    changes = page["sponsor"].split('id="changes"')[1].split('id="terms"')[0]
    assert "How it ends" in changes or "I tell the sponsor" in re.sub(r"<[^>]+>", "", changes)


def test_ending_on_the_page(world, learner):
    contract = agreed(world, engagement_of(world), world.now - timedelta(days=9))
    path = f"/contracts/{contract.id}/end"
    page = text(learner.post(path, data={"ended_on": "2026-10-09", "reason": ""}), 422)
    assert "Say why it ended" in page
    page = text(learner.post(path, data={"ended_on": "2026-10-09", "reason": "Moved"}), 422)
    assert "once it has come" in page
    answer = learner.post(path, data={"ended_on": "2026-10-07", "reason": "Moved away"})
    assert answer.status_code == 303
    page = text(learner.get(f"/engagements/{contract.engagement_id}"))
    assert "It ended on" in page
    assert "Write a new contract" in page


def test_a_new_link_ends_the_one_before(world, learner):
    contract, links = offered(world, engagement_of(world))
    data = {"party": "client"}
    assert learner.post(f"/contracts/{contract.id}/links", data=data).status_code == 303
    assert fresh(links["client"]).standing(world.now) == "ended"
    assert Link.select().where(Link.ended_at.is_null()).count() == 1
    for junk in ("sponsor", "coach", "x"):
        answer = learner.post(f"/contracts/{contract.id}/links", data={"party": junk})
        assert answer.status_code == 409


def test_a_new_link_and_a_withdrawn_one_stand_in_the_history(world, learner):
    """Nothing is written without a line that says who did it."""
    contract, links = offered(world, engagement_of(world))
    page = f"/engagements/{contract.engagement_id}"
    learner.post(f"/contracts/{contract.id}/links", data={"party": "client"})
    assert "sent the client a new link to version 1" in text(learner.get(page))
    link = Link.get(Link.ended_at.is_null())
    for _ in range(2):  # pressed twice: told once
        assert learner.post(f"/links/{link.id}/end", data={"back": page}).status_code == 303
    assert text(learner.get(page)).count("withdrew the link to version 1 that the client had") == 1
    assert fresh(link).standing(world.now) == "ended"
    assert fresh(contract).state == "offered"
    assert [event.verb for event in history("contract", contract.id)][-2:] == [
        "asked again", "link withdrawn",
    ]  # fmt: skip
    assert misfits(world) == []


def test_queries_stay_few_however_many_versions(world, as_, queries):
    engagement = engagement_of(world)
    for person in (world.learner, world.supervisor):
        client, counts = as_(person), []
        for _ in range(2):
            for _ in range(3):
                contract = agreed(world, engagement, world.now, "three")
            with queries() as seen:
                text(client.get(f"/engagements/{engagement.id}"))
            counts.append(seen.count)
            assert seen.count <= 12, seen
            with queries() as seen:
                text(client.get(f"/contracts/{contract.id}"))
            assert seen.count <= 12, seen
        assert counts[0] == counts[1]


# --- the link's page ---------------------------------------------------------------------


@pytest.fixture
def anybody(app, world):
    """Somebody without an account."""
    return app.test_client()


def test_a_hundred_looks_change_nothing_and_two_posts_decide_once(world, anybody):
    contract, links = offered(world, engagement_of(world))
    path = f"/link/{links['client'].token}"
    before = (Event.select().count(), SignOff.select().count(), fresh(links["client"]).used_at)
    for _ in range(100):
        assert "Agree to this contract" in text(anybody.get(path))
    assert (Event.select().count(), SignOff.select().count(), None) == before
    assert "you have agreed" in text(anybody.post(path, data={"answer": "yes", "name": "Sam R"}))
    again = text(anybody.post(path, data={"answer": "yes", "name": "Sam R"}))
    assert "Everybody has agreed" in again
    assert "What you agreed" in again, "the link is their copy from now on"
    assert Agreement.select().where(Agreement.party == "client").count() == 1
    assert fresh(contract).state == "agreed"


def test_an_answer_that_lacks_something_comes_back(world, anybody):
    contract, links = offered(world, engagement_of(world))
    path = f"/link/{links['client'].token}"
    assert "Type your name" in text(anybody.post(path, data={"answer": "yes", "name": " "}), 422)
    assert "Say what should be different" in text(anybody.post(path, data={"answer": "no"}), 422)
    assert fresh(contract).state == "offered"
    page = text(anybody.post(path, data={"answer": "no", "why": "Fewer, please"}))
    assert "it goes back" in page
    assert fresh(contract).declined_why == "Fewer, please"
    assert "Fewer" not in text(anybody.get(path))


def test_an_old_link_says_so_and_decides_nothing(world, anybody):
    contract, links = offered(world, engagement_of(world))
    me = world.actor(world.learner)
    contract.change(Draft("two", contract.terms.parts | {"ending": "X"}, 6, 60),
                    version=contract.version, by=me, now=world.now)  # fmt: skip
    agreeing.offer(contract, version=contract.version, by=me, now=world.now)
    path = f"/link/{links['client'].token}"
    for answer in (anybody.get(path), anybody.post(path, data={"answer": "yes", "name": "Sam R"})):
        assert "This is no longer asked." in text(answer, 410)
    assert fresh(contract).state == "offered"


def test_the_learner_cannot_answer_and_the_client_of_another_centre_sees_it(world, learner):
    contract, links = offered(world, engagement_of(world))
    path = f"/link/{links['client'].token}"
    assert "You sent this link" in text(learner.get(path))
    text(learner.post(path, data={"answer": "yes", "name": "Priya Nair"}), 403)
    assert fresh(contract).state == "offered"
    assert Engagement.get().contract_agreed_on is None


def test_an_answer_to_a_text_that_was_sent_back_says_that_it_no_longer_stands(world, anybody):
    contract, links = offered(world, engagement_of(world), parties="three")
    agreeing.agree(links["client"], "Sam R", now=world.now)
    page = text(anybody.get(f"/link/{links['client'].token}"))
    assert "It holds once all three of you have agreed" in page
    agreeing.decline(links["sponsor"], "Fewer sessions.", now=world.now)
    page = text(anybody.get(f"/link/{links['client'].token}"))
    assert "no longer stands" in page
    assert "What you agreed" not in page


def test_each_party_reads_whom_it_is_about_by_alias(world, anybody):
    engagement = engagement_of(world)
    ClientIdentity.create(client=engagement.client, name="Ottoline Grebe")
    _, links = offered(world, engagement, "three")
    paths = {party: f"/link/{link.token}" for party, link in links.items()}
    client, sponsor = (text(anybody.get(paths[party])) for party in ("client", "sponsor"))
    assert "You are called “Client A” here." in client
    assert "The person you sponsor is called “Client A” here." in sponsor
    assert "ask Priya Nair which of them this is before you agree." in sponsor
    assert "Grebe" not in client + sponsor


@pytest.mark.parametrize("name", ["Priya Nair", "  priya   NAIR "])
def test_the_coachs_own_name_is_not_the_clients(world, anybody, name):
    contract, links = offered(world, engagement_of(world))
    answer = anybody.post(f"/link/{links['client'].token}", data={"answer": "yes", "name": name})
    assert "This is your coach’s name: type your own." in text(answer, 422)
    assert fresh(contract).state == "offered"


def test_a_name_other_than_the_one_kept_is_told_to_the_learner_alone(world, as_):
    engagement = engagement_of(world)
    ClientIdentity.create(
        client=engagement.client, name="Ottoline Grebe", sponsor_name="Barnaby Quollson"
    )
    contract, links = offered(world, engagement, "three")
    agreeing.agree(links["client"], "ottoline  GREBE", now=world.now)
    agreeing.agree(links["sponsor"], "Somebody Else", now=world.now)
    for path in (f"/contracts/{contract.id}", f"/engagements/{engagement.id}"):
        page = text(as_(world.learner).get(path))
        assert "signed as ottoline  GREBE, " in page
        assert "signed as Somebody Else (<span" in page
        assert page.count("differs from the name you keep</span>)") == 1
        assert "differs" not in text(as_(world.supervisor).get(path))


def test_a_copy_says_that_it_no_longer_holds(world, anybody):
    engagement = engagement_of(world)
    contract, links = offered(world, engagement)
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    path = f"/link/{links['client'].token}"
    assert "so it holds from" in text(anybody.get(path))
    newer, others = offered(world, engagement, ending="In June.")
    agreeing.agree(others["client"], "Sam Reed", now=world.now)
    page = text(anybody.get(path))
    assert "A later version took its place on" in page
    assert "Thursday 8 October 2026</time>; what stands here no longer holds." in page
    assert "it holds from" not in page
    newer = fresh(newer)
    newer.end(world.now.date(), "Moved", by=world.actor(world.learner), now=world.now)
    page = text(anybody.get(f"/link/{others['client'].token}"))
    assert "It ended on" in page
    assert "it holds from" not in page


def test_somebody_else_who_is_signed_in_is_asked_whether_it_is_for_them(world, as_, anybody):
    _, links = offered(world, engagement_of(world), "three")
    other = world.person("Robin Lake", "supervisor")  # of other learners
    for party, whom in (("client", "a client"), ("sponsor", "the sponsor of a client")):
        path = f"/link/{links[party].token}"
        said = f"This link is for {whom} of Priya Nair. Answer only if that is you."
        assert f"You are signed in as Robin Lake. {said}" in text(as_(other).get(path))
        assert "you look after Priya Nair here" in text(as_(world.supervisor).get(path))
        assert "You are signed in" not in text(anybody.get(path))
        assert "You are signed in" not in text(as_(world.learner).get(path))


# --- a link that is not what it was ------------------------------------------------------------


def test_a_link_that_runs_out_between_its_page_and_the_answer_decides_nothing(world):
    contract, links = offered(world, engagement_of(world))
    late = links["client"].expires_at
    for answer in (agreeing.agree, agreeing.decline):
        with pytest.raises(WrongState, match="used or withdrawn"):
            answer(links["client"], "Sam Marsh", now=late)
    kept = Contract.get_by_id(contract.id)
    assert (kept.state, agreeing.agreed_by(kept)) == ("offered", {"coach"})
    assert Link.get_by_id(links["client"].id).used_at is None
    agreeing.agree(links["client"], "Sam Marsh", now=late - timedelta(seconds=1))
    assert Contract.get_by_id(contract.id).state == "agreed"


def test_an_open_link_to_an_earlier_version_asks_and_decides_nothing(world, anybody):
    contract, links = offered(world, engagement_of(world))
    link = links["client"]
    drop_triggers("link", "link_sealed")
    Link.update(subject_version=link.subject_version - 1).where(Link.id == link.id).execute()
    link = Link.get_by_id(link.id)
    assert link.standing(world.now) == "open"
    assert agreeing.asked(link) is None
    for answer in (agreeing.agree, agreeing.decline):
        with pytest.raises(WrongState, match="changed or taken back"):
            answer(link, "Sam Marsh", now=world.now)
    assert Link.get_by_id(link.id).used_at is None
    path = f"/link/{link.token}"
    assert "This link is closed" in text(anybody.get(path), 410)
    refused = anybody.post(path, data={"answer": "no", "why": "Fewer sessions, please"})
    assert "Fewer sessions, please" in text(refused, 410)
    assert Contract.get_by_id(contract.id).declined_why == ""


@pytest.mark.parametrize(
    ("which", "change", "said"),
    [
        (Contract, {"state": "draft", "parts": "{}"}, "an offered contract is sealed"),
        (Contract, {"state": "withdrawn", "goals": "[]"}, "an offered contract is sealed"),
        (Link, {"subject_id": 99}, "a link stays as it was sent"),
        (Link, {"client": None}, "a link stays as it was sent"),
        (Link, {"party": "client"}, "a link stays as it was sent"),
    ],
    ids=[
        "words agreed to",
        "goals of a withdrawn one",
        "another record",
        "nobody",
        "another party",
    ],
)
def test_the_database_refuses(world, which, change, said):
    contract, links = offered(world, engagement_of(world), "three")
    agreeing.agree(links["client"], "Sam Reed", now=world.now)
    row = links["sponsor"] if which is Link else contract
    with pytest.raises(peewee.DatabaseError, match=said), db.write():
        which.update(**change).where(which.id == row.id).execute()


@pytest.mark.parametrize("how", ["taken back", "too old"])
def test_why_not_is_shown_back_where_the_contract_was_taken_back(world, anybody, how):
    contract, links = offered(world, engagement_of(world))
    moment = world.now
    if how == "taken back":
        contract.take_back(by=world.actor(world.learner), now=world.now)
    else:
        moment += timedelta(days=15)
    with time_machine.travel(moment, tick=False):
        form = {"answer": "no", "why": "Fewer sessions, please"}
        page = anybody.post(f"/link/{links['client'].token}", data=form)
    assert "You wrote" in text(page, 410)
    assert "Fewer sessions, please" in text(page, 410)
    assert Contract.get_by_id(contract.id).declined_why == ""


# --- on paper ---------------------------------------------------------------------------------


def test_a_contract_on_paper_counts_only_once_the_supervisor_accepts_its_day(app, world):
    engagement = engagement_of(world, kind="mentoring")
    engagement.set_contract(date(2026, 2, 1), by=world.actor(world.learner), now=world.now)
    session = mentoring(world, date(2026, 2, 3))
    assert sentences(world, session) == [
        "Not yet: the contract with Client A was agreed on paper on 1 Feb 2026, as the coach says; "
        "the supervisor has still to accept that."
    ]
    boss = app.test_client()
    sign_in(boss, world.supervisor, world.centre, world.now)
    page = text(boss.get(f"/engagements/{engagement.id}"))
    assert "Agreed on paper on Sunday 1 February 2026, as the coach says" in page
    assert "A contract on paper alone.</strong> Its text is not kept here." in page
    form = {"agreed_on": "2026-02-01", "version": fresh(engagement).version}
    path = f"/engagements/{engagement.id}/contract"
    assert boss.post(path, data=form).status_code == 303
    assert sentences(world, session) == ["Counts toward D3.06."]
    page = text(boss.get(f"/engagements/{engagement.id}"))
    assert "Contract agreed on Sunday 1 February 2026, on paper." in page
    assert "Marian Hale</strong>: accepted 1 Feb 2026, agreed on paper" in page
    assert list(verify(world.centre)) == []


def test_what_the_learner_changes_is_to_be_accepted_anew(world):
    engagement = world.paper(date(2026, 2, 1), kind="mentoring")
    session = mentoring(world, date(2026, 2, 3), state="submitted")
    assert sentences(world, session) == ["Not yet: it waits for approval."]
    fresh(engagement).set_contract(date(2026, 1, 20), by=world.actor(world.learner), now=world.now)
    assert "has still to accept that" in sentences(world, session)[0]


def test_a_day_on_paper_is_put_right_after_a_contract_was_agreed_here(world):
    engagement = world.paper(date(2026, 2, 1), kind="mentoring")
    agreed(world, engagement, datetime(2026, 6, 3, 12, tzinfo=UTC))
    boss = world.actor(world.supervisor)
    with pytest.raises(ValueError, match="Give a day before that one"):
        fresh(engagement).set_contract(date(2026, 6, 4), by=boss, now=world.now)
    fresh(engagement).set_contract(date(2026, 3, 1), by=boss, now=world.now, note="Seen.")
    assert sentences(world, mentoring(world, date(2026, 2, 3)))[0].startswith("Never: the contract")
    assert not fresh(engagement).can_set_contract(world.actor(world.learner))


def test_who_dated_it_cannot_be_changed_in_the_file_unseen(world):
    engagement = engagement_of(world, kind="mentoring")
    engagement.set_contract(date(2026, 2, 1), by=world.actor(world.learner), now=world.now)
    type(engagement).update(dated_by="supervisor").execute()
    [misfit] = verify(world.centre)
    assert "somebody else gave it than who signed it" in misfit.sentence
