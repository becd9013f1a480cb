"""Whoever types a client's name into a text that others read is told, and nothing is shared.

Every field, through HTTP: the answer is 422 with a sentence that shows the hit, what was typed stands
in it still, and no page of anybody else holds it afterwards.
"""

from __future__ import annotations

import html
import json
import re
from datetime import date
from typing import Any

import pytest

from supervise.events import Event
from supervise.models import (
    Client,
    ClientIdentity,
    ClosingReview,
    Confirmation,
    Contract,
    Feedback,
    Goal,
    Link,
    PracticeSession,
    agreeing,
    confirmations,
    erasure,
    readiness,
)
from supervise.models.diary_import import take
from supervise.models.people import Actor
from tests import contracting
from tests.diaries import HEAD, looked_at
from tests.feedbacks import invite
from tests.structure.test_routes import scene  # noqa: F401 - the fixture, by name
from tests.test_identity import Told, found, pages, told  # noqa: F401
from tests.world import sign_in

TEXT = "With Ottoline Grebe of Kestrelfoundry Works, and Barnaby, we scaled."
HITS = ("“Ottoline Grebe”", "“Kestrelfoundry Works”", "“Barnaby”")
MASKED = "With [name] of [name], and [name], we scaled."
NOBODY = "With Wilhelmina Strand of Otherfoundry Works, and Jeremy, we scaled."
TAKEN_OUT = "Names of clients are taken out before anybody reads this."
SHARED = (
    "place", "plan", "own_goal", "done", "tools", "progress", "reflection", "plan_change", "to_raise",
    "extract",
)  # fmt: skip


@pytest.fixture
def owner(told: Told) -> Any:  # noqa: F811
    """A browser with the client's learner."""
    client = told.scene.app.test_client()
    sign_in(client, told.scene.world.learner, told.scene.world.centre, told.scene.world.now)
    return client


def refused(answer: Any, typed: str = TEXT) -> str:
    """The page that says why, with what was typed in it."""
    page = html.unescape(answer.text)
    assert answer.status_code == 422
    assert all(hit in page for hit in HITS), page
    assert typed in page
    return page


def given(app: Any, link: Link, text: str, rating: str = "well") -> Any:
    """What answers somebody who fills in a link's form with this text to each open question."""
    nobody = app.test_client()
    form = nobody.get(f"/link/{link.token}").text
    data = dict(re.findall(r'name="(seal)" value="([^"]+)"', form))
    data |= dict.fromkeys(re.findall(r'type="radio"\s+id="[^"]+"\s+name="(q-\w+)"', form), rating)
    data |= dict.fromkeys(re.findall(r'<textarea id="(q-\w+)"', form), text)
    return nobody.post(f"/link/{link.token}", data=data)


def kept_of(link: Link) -> str:
    """The answers that were kept of what was given by this link."""
    return str(Feedback.of_link(link).answers)


def unseen(told: Told) -> None:  # noqa: F811
    """No page of anybody else holds a word of who the client is."""
    for who in ("supervisor", "tutor"):
        assert pages(told.scene, who, fragments=False) == {}, who


@pytest.mark.parametrize("engine", ["sqlite"])
def test_what_was_found_out(told: Told, owner: Any, engine: str) -> None:  # noqa: F811
    path = f"/clients/{told.client.id}"
    for name in Client.ABOUT:
        refused(owner.post(path, data={name: TEXT}))
        assert getattr(Client.get_by_id(told.client.id), name) in ("", "Delegates little")
    unseen(told)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_session(told: Told, owner: Any, engine: str) -> None:  # noqa: F811
    """Kept as a draft, since autosaving must lose nothing; submitted by no door."""
    for number, name in enumerate(SHARED, 1):
        _not_handed_in(told, owner, name, date(2026, 9, 2 + number))
    unseen(told)


def _not_handed_in(told: Told, owner: Any, name: str, day: date) -> None:  # noqa: F811
    mine = told.scene.world.session(day=day)
    PracticeSession.update(**{name: TEXT}).where(PracticeSession.id == mine.id).execute()
    label = {"done": "What you did names", "extract": "What may be quoted names"}.get(name, "names")
    said = refused(owner.post(f"/sessions/{mine.id}/submission"))
    assert label in said
    assert f'#{name}"' in said
    bulk = owner.post("/sessions/submissions", data={"which": "ticked", "session": [mine.id]})
    assert all(hit in html.unescape(bulk.text) for hit in HITS)
    assert PracticeSession.get_by_id(mine.id).state == "draft"
    assert found(owner.get(f"/sessions/{mine.id}").text)


def test_every_text_that_others_read_is_looked_through() -> None:
    assert set(readiness.SHARED) == set(SHARED) == set(erasure.TEXTS)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_session_submitted_from_its_form(told: Told, owner: Any, engine: str) -> None:  # noqa: F811
    world = told.scene.world
    data = {
        "author": world.learner.id, "draft_key": "one", "version": 0, "minutes": "60",
        "enrolment": world.enrolment.id, "clients": [told.client.id], "kind": "coaching",
        "mode": "video", "unit": "D3.04", "date": "2026-10-07", "start": "08:00",
        "done": TEXT, "private": "Ottoline, for me alone.", "go": "submit",
    }  # fmt: skip
    page = refused(owner.post("/sessions/new", data=data))
    assert 'id="done-error"' in page
    session = PracticeSession.get(PracticeSession.done == TEXT)
    assert session.state == "draft"
    unseen(told)
    data |= {"done": "We scaled.", "version": session.version}  # private notes may name anybody
    assert owner.post(f"/sessions/{session.id}/edit", data=data).status_code == 303
    assert PracticeSession.get_by_id(session.id).state == "submitted"
    unseen(told)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_an_imported_diary(told: Told, owner: Any, engine: str) -> None:  # noqa: F811
    """What a file says is handed in without names alone; a command learns which, and no name."""
    world = told.scene.world
    file = HEAD + f'06/07/2026,13:00,60,Client A,"{TEXT}"\n07/07/2026,13:00,60,Client A,GROW\n'
    rows = looked_at(file, world.enrolment, unit="D3.04").rows
    by = Actor.of(world.learner, world.centre, world.now)
    command = Actor(**{**vars(by), "command": True})
    taken = take(rows, world.enrolment, by=command, now=world.now, submit=True)
    assert taken.submitted == 1
    [(day, why)] = taken.left
    assert day == date(2026, 7, 6)
    assert why.startswith("What you did names a client")
    assert not found(why)
    again = take(rows, world.enrolment, by=by, now=world.now, submit=True)
    assert all(hit in again.left[0][1] for hit in HITS)
    unseen(told)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_many_sessions_ask_once_for_the_names(
    told: Told,  # noqa: F811
    owner: Any,
    queries: Any,
    engine: str,
) -> None:
    world = told.scene.world
    for n in range(1, 6):
        world.session(day=date(2026, 8, n))
    with queries() as seen:
        owner.post("/sessions/submissions", data={"which": "all"})
    assert sum('FROM "client_identity"' in one for one in seen.statements) == 1


@pytest.mark.parametrize("engine", ["sqlite"])
def test_asking_to_reopen(told: Told, owner: Any, engine: str) -> None:  # noqa: F811
    session = PracticeSession.get(PracticeSession.state == "approved")
    path = f"/sessions/{session.id}/reopening-request"
    page = refused(owner.post(path, data={"reason": TEXT}))
    assert 'id="wrong-error"' in page
    unseen(told)
    assert owner.post(path, data={"reason": "It was shorter."}).status_code == 303


@pytest.mark.parametrize("engine", ["sqlite"])
def test_why_a_contract_on_paper_has_that_day(told: Told, owner: Any, engine: str) -> None:  # noqa: F811
    engagement = Client.get(Client.alias == "Client A").engagement("mentoring")
    path = f"/engagements/{engagement.id}/contract"
    form = {"agreed_on": "2026-03-01", "version": str(engagement.version)}
    assert 'name="reason"' not in owner.get(f"/engagements/{engagement.id}").text
    assert owner.post(path, data=form | {"reason": TEXT}).status_code == 303
    assert not Event.select().where(Event.note.contains("Kestrelfoundry")).exists()
    unseen(told)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_feedback_by_an_observer_who_names_a_client(told: Told, engine: str) -> None:  # noqa: F811
    """They were asked about no client, and met one. Nothing tells them that it is one."""
    world = told.scene.world
    app, answers = told.scene.app, []
    for source, text in (("observer", TEXT), ("peer", TEXT), ("peer", NOBODY)):
        link = Link.get_by_id(invite(world, source, name=f"Joan {len(answers)}").link_id)
        assert TAKEN_OUT in app.test_client().get(f"/link/{link.token}").text
        answers.append(given(app, link, text))
        assert MASKED in kept_of(link) or text == NOBODY
    assert len({answer.text for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}
    unseen(told)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_form_shown_again_is_the_same_for_a_name_and_for_another(told: Told, engine: str) -> None:  # noqa: F811, E501
    """A rating is missing, so the form comes back: byte by byte, but for what was typed."""
    world, seen = told.scene.world, set()
    link = Link.get_by_id(invite(world, "observer", name="Joan").link_id)
    for text in (TEXT, NOBODY):
        answer = given(told.scene.app, link, text, rating="")
        assert answer.status_code == 422
        assert answer.text.count(text) == 2
        seen.add(answer.text.replace(text, "…"))
    assert len(seen) == 1


@pytest.mark.parametrize("engine", ["sqlite"])
def test_an_anonymous_client_names_another(told: Told, engine: str) -> None:  # noqa: F811
    """Every hit that is not theirs goes without a word, also their sponsor's."""
    world = told.scene.world
    feedback = invite(world, "client", anonymous=True, alias="Client B")
    link = Link.get_by_id(feedback.link_id)
    assert given(told.scene.app, link, TEXT).status_code == 200
    assert MASKED in kept_of(link)
    unseen(told)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_dispute_that_names_another_client(told: Told, engine: str) -> None:  # noqa: F811
    world = told.scene.world
    session = world.session(
        day=date(2026, 8, 3), state="submitted", clients=("Client B", "Client A")
    )
    me = world.actor(world.learner)
    link = confirmations.ask(world.client("Client B"), [session.id], by=me, now=world.now)
    [asked] = confirmations.asked_by(link)
    answer = {
        f"asks-{asked.id}": "1", f"answer-{asked.id}": "no", f"what-{asked.id}": "other",
        f"reason-{asked.id}": TEXT,
    }  # fmt: skip
    nobody = told.scene.app.test_client()
    page = nobody.get(f"/link/{link.token}").text
    assert TAKEN_OUT in page
    answered = nobody.post(f"/link/{link.token}", data=answer, follow_redirects=True)
    assert answered.status_code == 200
    assert not found(answered.text)
    assert "[name]" not in answered.text
    assert Confirmation.get_by_id(asked.id).reason == MASKED
    unseen(told)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_dispute_is_answered_alike_for_a_name_and_for_another(told: Told, engine: str) -> None:  # noqa: F811, E501
    world, seen = told.scene.world, set()
    me, nobody = world.actor(world.learner), told.scene.app.test_client()
    session = world.session(day=date(2026, 8, 3), state="submitted", clients=("Client B",))
    for text in (TEXT, NOBODY):
        link = confirmations.ask(world.client("Client B"), [session.id], by=me, now=world.now)
        [asked] = confirmations.asked_by(link)
        form = {f"asks-{asked.id}": "1", f"answer-{asked.id}": "no", f"reason-{asked.id}": text}
        again = nobody.post(f"/link/{link.token}", data=form)  # what differs is not chosen yet
        assert again.status_code == 422
        done = nobody.post(f"/link/{link.token}", data=form | {f"what-{asked.id}": "other"})
        assert done.status_code == 303
        page = again.text + nobody.get(f"/link/{link.token}").text
        seen.add(page.replace(text, "…").replace(f"-{asked.id}", "-1"))
    assert len(seen) == 1


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_reply_to_feedback(told: Told, owner: Any, engine: str) -> None:  # noqa: F811
    handle = Feedback.get(Feedback.state == "given").handle
    refused(owner.post(f"/feedback/{handle}/reply", data={"reply": TEXT}))
    unseen(told)
    assert owner.post(f"/feedback/{handle}/reply", data={"reply": "Thanks."}).status_code == 303


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_reply_is_carried_through_a_new_sign_in(told: Told, engine: str) -> None:  # noqa: F811
    handle = Feedback.get(Feedback.state == "given").handle
    nobody = told.scene.app.test_client()
    answer = nobody.post(f"/feedback/{handle}/reply", data={"reply": "Thank you for the hint."})
    assert answer.status_code == 401
    assert "Thank you for the hint." in answer.text


@pytest.mark.parametrize("engine", ["sqlite"])
def test_feedback_by_link(told: Told, engine: str) -> None:  # noqa: F811
    """A giver who is the client, or their sponsor, names themselves by mistake. Whom they name
    besides is not told them: a sponsor of several must not find out which of them this is."""
    app = told.scene.app
    for key, own, other in (
        ("client, practitioner", HITS[:2], "Barnaby"),
        ("client, programme", HITS[:2], "Barnaby"),
        ("sponsor, practitioner", HITS[2:], "Ottoline Grebe"),
    ):
        link = told.links[f"feedback, {key}"]
        page = given(app, link, TEXT)
        said = html.unescape(page.text)
        assert page.status_code == 422
        assert f"Leave out {' and '.join(own)}: your coach’s supervisor reads this." in said
        assert TEXT in said
        assert given(app, link, f"They waited for {other}.").status_code == 200
        assert "They waited for [name]." in kept_of(link)
    unseen(told)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_an_alias(told: Told, owner: Any, engine: str) -> None:  # noqa: F811
    """New, renamed, or there before the name was kept."""
    for path in ("/clients", f"/clients/{told.client.id}/alias"):
        page = owner.post(path, data={"alias": "client grebe", "kind": "individual"})
        assert page.status_code == 422
        assert "This says “grebe”" in page.text
        assert 'value="client grebe"' in page.text
    unseen(told)
    other = told.scene.world.client("Smith")
    page = owner.post(f"/clients/{other.id}", data={"name": "Ann Smith", "email": ""})
    assert page.status_code == 422
    assert "The alias says “Smith”" in page.text
    assert 'value="Ann Smith"' in page.text
    assert ClientIdentity.get_or_none(ClientIdentity.client == other) is None


@pytest.mark.parametrize("engine", ["sqlite"])
def test_an_alias_made_by_a_session_is_refused_with_it(told: Told, owner: Any, engine: str) -> None:  # noqa: F811, E501
    mine = told.scene.world.session(day=date(2026, 9, 20), clients=("grebe",))
    page = owner.post(f"/sessions/{mine.id}/submission")
    assert page.status_code == 422
    assert "The alias names “grebe”" in page.text


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_name_kept_late_says_which_goal_to_reword(told: Told, owner: Any, engine: str) -> None:  # noqa: F811
    world = told.scene.world
    other = world.client("Client B")
    contract = contracting.draft(world, other.engagement("coaching"))
    goal = Goal.select().order_by(Goal.id.desc()).first()
    Goal.update(measure="Zebedee says so").where(Goal.id == goal.id).execute()
    path, who = f"/clients/{other.id}", {"name": "Zebedee Quince"}
    page = html.unescape(owner.post(path, data=who).text)
    assert f"The goal “{goal.short}” says “Zebedee”" in page
    assert 'value="Zebedee Quince"' in page
    # kept all the same, as by somebody before there was a check: then nothing is offered
    ClientIdentity.create(client=other, name="Zebedee Quince")
    with pytest.raises(agreeing.NotReady, match=r"The goal .* names “Zebedee”"):
        agreeing.offer(
            contract, version=contract.version, by=world.actor(world.learner), now=world.now
        )
    Goal.update(measure="They say so").where(Goal.id == goal.id).execute()
    ClientIdentity.delete().where(ClientIdentity.client == other).execute()
    parts = contract.terms.parts | {"boundaries": "Zebedee may ring."}
    Contract.update(parts=json.dumps(parts)).where(Contract.id == contract.id).execute()
    page = html.unescape(owner.post(path, data=who).text)
    assert "The contract under way says “Zebedee”" in page
    Contract.update(parts=contract.parts).where(Contract.id == contract.id).execute()
    review = ClosingReview.of(contract.engagement)
    review.keep(
        dict.fromkeys(ClosingReview.TEXTS, "") | {"start": "Zebedee was shy", "model": ""},
        version=0, by=world.actor(world.learner), now=world.now,
    )  # fmt: skip
    assert "The closing review says “Zebedee”" in html.unescape(owner.post(path, data=who).text)
    assert agreeing.offer(
        contract, version=contract.version, by=world.actor(world.learner), now=world.now
    )
