"""An answer says by which link it came: the one that only the e-mail carries, or one the coach passed on."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import peewee
import pytest
import time_machine
from flask import Flask

from supervise import db, signing
from supervise.models import (
    Agreement,
    ClientIdentity,
    Confirmation,
    Feedback,
    Link,
    agreeing,
    confirmations,
)
from supervise.models.confirmations import Answer
from supervise.reports import verify
from supervise.settings import Settings
from tests import contracting
from tests.feedbacks import answer, invite
from tests.mailing import SITE, Box, mail_server, mailing, tick
from tests.test_confirmations import said
from tests.world import NOW, World, drop_triggers, sign_in

MAILED, PASSED_ON = "by the link e-mailed to them", "by a link the coach passed on"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(settings: Settings, app: Flask) -> World:
    signing.use_key("of this test")
    made = World()
    who = {"name": "Ottoline Grebe", "email": "ottoline@kestrel.example.org",
           "sponsor_name": "", "sponsor_email": ""}  # fmt: skip
    ClientIdentity.keep(made.client(), who, by=made.actor(made.learner), now=NOW)
    return made


@pytest.fixture
def box() -> Iterator[Box]:
    with mail_server() as server:
        yield server


def in_the_mail(settings: Settings, box: Box) -> str:
    """The path of the link in the mail that goes out now."""
    tick(mailing(settings, box.port), NOW)
    [path] = re.findall(rf"{SITE}(/link/\S+)", box.text())
    return str(path)


def read(app: Flask, world: World, person: object, path: str) -> str:
    client = app.test_client()
    sign_in(client, person, world.centre, NOW)
    page = html.unescape(client.get(path).text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("by_mail", [True, False])
def test_a_confirmation_says_so_to_the_supervisor(
    app: Flask, world: World, settings: Settings, box: Box, by_mail: bool
) -> None:
    session = world.session(state="submitted")
    link = confirmations.ask(world.client(), [session.id], by=world.actor(world.learner), now=NOW)
    mailed = in_the_mail(settings, box)
    handed_on = f"/link/{link.token}"
    assert mailed != handed_on
    path = mailed if by_mail else handed_on
    client = app.test_client()
    done = client.post(path, data=said(link, answer="yes"))
    assert done.status_code == 303, done.text
    assert done.location.endswith(path)  # and not on to the other address
    row = Confirmation.get()
    assert (row.state, row.by_mail) == ("confirmed", by_mail)
    assert client.post(handed_on if by_mail else mailed).status_code == 200  # one link, used once
    assert Confirmation.get().version == row.version
    words, other = (MAILED, PASSED_ON) if by_mail else (PASSED_ON, MAILED)
    for path in (f"/approvals?open={session.id}", f"/sessions/{session.id}"):
        page = read(app, world, world.supervisor, path)
        assert f"confirmed on 8 Oct 2026, {words}" in page
        assert other not in page


def test_neither_token_is_made_from_the_other(app: Flask, world: World) -> None:
    link = confirmations.ask(
        world.client(), [world.session().id], by=world.actor(world.learner), now=NOW
    )
    mailed, shown = Link.with_token(link.mailed_token), Link.with_token(link.token)
    assert (mailed, shown) == (link, link)
    assert (mailed.by_mail, shown.by_mail) == (True, False)
    forged = link.mailed_token.rsplit(".", 1)[0] + "." + link.token.rsplit(".", 1)[1]
    assert Link.with_token(forged) is None or not Link.with_token(forged).by_mail
    assert link.mailed_token not in read(app, world, world.learner, "/confirmations?tab=asked")


def test_a_contract_says_so_beside_each_name(app: Flask, world: World) -> None:
    engagement = world.client().engagement("coaching")
    _, links = contracting.offered(world, engagement, "three")
    agreeing.agree(links["sponsor"], "B. Quollson", now=NOW)
    agreeing.agree(Link.with_token(links["client"].mailed_token), "O. Grebe", now=NOW)
    assert {row.party: row.by_mail for row in Agreement.select()} == {
        "coach": None, "client": True, "sponsor": False,
    }  # fmt: skip
    page = read(app, world, world.supervisor, f"/engagements/{engagement.id}")
    assert re.search(rf"Client agreed [^.]*?, {MAILED}", page)
    assert re.search(rf"Sponsor agreed [^.]*?, {PASSED_ON}", page)
    assert f"agreed to version 1, {MAILED}" in page


def test_feedback_with_a_name_says_so_and_without_one_keeps_nothing(
    app: Flask, world: World
) -> None:
    for anonymous in (False, True):
        asked = invite(
            world, anonymous=anonymous, about="programme" if anonymous else "practitioner"
        )
        link = Link.with_token(Link.get_by_id(asked.link_id).mailed_token)
        asked.give([], [], may_quote=False, floor=1, link=link, now=NOW)
    assert {row.anonymous: row.by_mail for row in Feedback.select()} == {False: True, True: None}
    page = read(app, world, world.supervisor, f"/learners/{world.learner.id}/feedback")
    assert page.count(MAILED) == 1


@pytest.mark.parametrize("table", [Confirmation, Agreement, Feedback])
def test_it_cannot_be_changed_afterwards_and_a_change_in_the_file_is_found(
    world: World, table: type
) -> None:
    if table is Agreement:
        _, links = contracting.offered(world, world.client().engagement("coaching"), "two")
        agreeing.agree(links["client"], "O. Grebe", now=NOW)
    elif table is Feedback:
        answer(invite(world), now=NOW)
    else:
        me = world.actor(world.learner)
        link = confirmations.ask(world.client(), [world.session().id], by=me, now=NOW)
        confirmations.answer(link, {Confirmation.get().id: Answer()}, now=NOW)
    change = table.update(by_mail=True).where(table.by_mail == False)  # noqa: E712 - SQL
    with pytest.raises(peewee.DatabaseError), db.write():
        change.execute()
    assert list(verify.verify(world.centre)) == []
    name = table.__name__.lower()
    drop_triggers(name, f"{name}_sealed" if table is Agreement else f"{name}_way")
    assert change.execute() == 1
    [misfit] = list(verify.verify(world.centre))
    assert name in misfit.sentence or "contract" in misfit.sentence
