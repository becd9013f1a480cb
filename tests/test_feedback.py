"""Feedback from invitation to reply: who sees what, the floor, and links that have had their day."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import peewee
import pytest
import time_machine

from supervise import signing
from supervise.events import Event
from supervise.models import (
    Centre,
    ClientIdentity,
    Consent,
    Feedback,
    FeedbackQuestion,
    Link,
    LinkContact,
    Mail,
    Membership,
    erasure,
)
from supervise.models.centres import Refused
from supervise.reports import verify
from supervise.rules.feedback import BUILT_IN
from supervise.workflow import FEEDBACK, NotAllowed, WrongState
from tests.feedbacks import answer, give, invite
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

    def make(person, centre=None):
        client = app.test_client()
        sign_in(client, person, centre or world.centre, world.now)
        return client

    return make


@pytest.fixture
def learner(as_, world):
    return as_(world.learner)


def text(response, status=200):
    assert response.status_code == status, (response.status_code, response.get_data(as_text=True))
    return response.get_data(as_text=True)


def plain(page):
    """The words of a page on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def path(feedback):
    return f"/link/{Link.get_by_id(feedback.link_id).token}"


def again(feedback):
    return Feedback.get_by_id(feedback.id)


def filled(page, said="They waited.", rating="well"):
    """What a person sends who answers every question of this page."""
    data = dict.fromkeys(re.findall(r'type="radio"\s+id="[^"]+"\s+name="(q-\w+)"', page), rating)
    data |= dict.fromkeys(re.findall(r'<textarea id="(q-\w+)"', page), said)
    return data | {"seal": re.search(r'name="seal" value="(\w+)"', page)[1]}


# --- inviting ----------------------------------------------------------------------------


def test_no_feedback_yet_says_what_to_do(learner):
    page = plain(text(learner.get("/feedback")))
    assert "Invite a client: D3.04 and D3.07 ask for it." in page
    assert "In no meeting record yet" in page
    assert "Choose Invite in the table" in page


def test_a_client_is_invited_with_what_the_vault_knows(world, learner):
    client = world.client()
    ClientIdentity.create(client=client, name="Jo Penhale", email="jo@example.org")
    form = {"source": "client", "about": "programme", "client": client.id, "named": "yes"}
    assert learner.post("/feedback/invite", data=form).status_code == 303
    feedback = Feedback.get()
    assert (feedback.source, feedback.about, feedback.anonymous) == ("client", "programme", False)
    contact = LinkContact.get()
    assert (contact.name, contact.email) == ("Jo Penhale", "jo@example.org")
    assert Mail.select().where(Mail.link == feedback.link_id).count() == 1
    page = text(learner.get("/feedback"))
    assert "Client A on the programme, invited" in plain(page)
    assert f"http://localhost{path(feedback)}" in page
    assert "Penhale" not in page


def test_an_observer_is_invited_by_name_which_the_learner_alone_reads(world, as_, learner):
    form = {"source": "observer", "about": "practitioner", "name": "Una Marsh", "email": "",
            "named": "yes"}  # fmt: skip
    assert learner.post("/feedback/invite", data=form).status_code == 303
    answer(Feedback.get(), "Calm.", now=world.now)
    assert "Una Marsh, observer" in text(learner.get("/feedback"))
    theirs = text(as_(world.supervisor).get(f"/learners/{world.learner.id}/feedback"))
    assert "Calm." in theirs
    assert "Una Marsh" not in theirs
    kept = json.dumps([[event.note, event.detail] for event in Event.select()])
    assert "Una Marsh" not in kept


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"source": "client"}, "Choose one of your clients."),
        ({"source": "client", "client": "99"}, "Choose one of your clients."),
        ({"source": "peer", "name": " "}, "Type a name"),
        ({"source": "peer", "name": "Una", "email": "una"}, "That is not an e-mail address."),
        ({"source": "observer", "name": "x" * 121}, "Keep the name to 120 characters."),
        ({"source": "peer", "name": "Una"}, "Choose with or without a name."),
        ({"source": "peer", "name": "Una", "named": "maybe"}, "Choose with or without a name."),
    ],
)
def test_an_invitation_that_lacks_something_says_so_and_keeps_the_rest(
    world, learner, form, sentence
):
    world.client()
    page = text(learner.post("/feedback/invite", data={"about": "programme"} | form), 422)
    assert sentence in page
    assert f'value="{form.get("email", "")}"' in page or form["source"] == "client"
    assert 'name="about" value="programme"' in page
    assert Feedback.select().count() == 0


def test_somebody_elses_client_cannot_be_invited(world, learner):
    other = world.person("Owen Tasker", "learner")
    theirs = world.client("Client Z", other)
    form = {"source": "client", "about": "practitioner", "client": theirs.id, "named": "yes"}
    assert "Choose one of your clients." in text(learner.post("/feedback/invite", data=form), 422)
    with pytest.raises(NotAllowed):
        Feedback.invite(
            world.enrolment, "client", "practitioner", anonymous=False,
            by=world.actor(world.learner), now=world.now, client=theirs,
        )  # fmt: skip


def test_one_open_invitation_for_one_client_and_subject(world, learner):
    invite(world)
    form = {"source": "client", "about": "practitioner", "client": world.client().id, "named": "no"}
    page = text(learner.post("/feedback/invite", data=form), 422)
    assert "that link still works" in page
    invite(world, about="programme")
    invite(world, source="sponsor")
    assert Feedback.select().count() == 3


def test_two_enrolments_want_a_choice(world, learner):
    second = world.enrol(world.learner, "ILM-8580", ("501",))
    form = {"source": "peer", "about": "practitioner", "name": "Una", "named": "no"}
    assert "Choose what it is for." in text(learner.post("/feedback/invite", data=form), 422)
    learner.post("/feedback/invite", data=form | {"enrolment": second.id})
    assert Feedback.get().enrolment_id == second.id


# --- giving ------------------------------------------------------------------------------


def test_it_is_given_by_link_signed_and_read(world, client, learner):
    feedback = invite(world)
    page = text(client.get(path(feedback)))
    assert "Priya Nair knows that it is from you" in plain(page)
    for question in BUILT_IN["practitioner"]:
        assert question.text in page
    data = filled(page, "She waited for me to think.") | {"may_quote": "yes"}
    assert "Your feedback is kept, and nobody can change it." in text(
        client.post(path(feedback), data=data)
    )
    given = again(feedback)
    assert (given.state, given.may_quote, given.version) == ("given", True, 2)
    signature = signing.SignOff.get(signing.SignOff.subject == "feedback")
    assert (signature.role, signature.decision) == ("client", "given")
    assert signature.person_id is None
    assert signature.content_sha256 == signing.sha256(given.signed_content())
    assert Link.get_by_id(feedback.link_id).used_at == world.now
    read = plain(text(learner.get("/feedback")))
    for words in ("Client A", "She waited for me to think.", "May be quoted", "8 Oct 2026"):
        assert words in read


def test_a_box_that_is_not_ticked_is_no_leave_to_quote(world, client, learner):
    feedback = invite(world)
    data = filled(text(client.get(path(feedback))), "She waited for me to think.")
    assert "may_quote" not in data
    text(client.post(path(feedback), data=data))
    assert again(feedback).may_quote is False
    read = plain(text(learner.get("/feedback")))
    assert "Not to be quoted" in read
    assert "May be quoted" not in read


def test_nothing_on_the_giving_page_says_which_client_it_is(world, client):
    ClientIdentity.create(client=world.client(), name="Jo Penhale", email="jo@example.org")
    page = text(client.get(path(invite(world))))
    assert "Client A" not in page
    assert "Penhale" not in page
    assert "jo@" not in page


def test_a_sponsor_of_several_learns_by_alias_whom_it_is_about(world, client):
    ClientIdentity.create(client=world.client(), name="Jo Penhale")
    page = text(client.get(path(invite(world, source="sponsor"))))
    assert "somebody called “Client A” here." in page
    assert "ask Priya Nair which of them this is before you answer." in page
    assert "Penhale" not in page


def test_what_lacks_comes_back_with_all_that_was_typed(world, client):
    feedback = invite(world)
    data = filled(text(client.get(path(feedback))), "Line one\nline two")
    rating = next(name for name, value in data.items() if value == "well")
    page = text(client.post(path(feedback), data=data | {rating: "", "may_quote": "yes"}), 422)
    assert "Choose one. If you do not know" in page
    assert "Line one\nline two" in page
    assert 'value="yes" checked' in re.sub(r"\s+", " ", page)
    assert page.count('value="well" checked') == len([v for v in data.values() if v == "well"]) - 1
    assert again(feedback).state == "invited"


def test_looking_a_hundred_times_changes_nothing(world, client):
    feedback = invite(world, anonymous=True)
    events = Event.select().count()
    for _ in range(100):
        text(client.get(path(feedback)))
    assert (again(feedback).state, Event.select().count()) == ("invited", events)


@pytest.mark.parametrize("anonymous", [False, True], ids=["named", "anonymous"])
def test_two_taps_give_once(world, client, anonymous):
    feedback = invite(world, anonymous=anonymous)
    data = filled(text(client.get(path(feedback))), "The first.")
    text(client.post(path(feedback), data=data))
    assert "Thank you" in text(client.post(path(feedback), data=filled_again(data)))
    assert "The first." in again(feedback).answers
    assert signing.SignOff.select().where(signing.SignOff.subject == "feedback").count() == 1


def filled_again(data):
    return {name: "The second." if value == "The first." else value for name, value in data.items()}


def test_two_at_the_same_moment_give_once(world):
    first = invite(world)
    second = again(first)
    answer(first, "The first.", now=world.now)
    with pytest.raises(WrongState):
        answer(second, "The second.", now=world.now)
    assert "The first." in again(first).answers
    assert Event.select().where(Event.verb == "gave feedback").count() == 1


def test_whoever_asked_cannot_answer_and_another_user_can(world, as_, learner):
    feedback = invite(world)
    data = filled(text(learner.get(path(feedback))))
    assert "Only the person it is for" in text(learner.post(path(feedback), data=data), 403)
    somebody = as_(world.person("Kim Roe", "learner"))
    page = text(somebody.get(path(feedback)))
    assert "You are signed in as Kim Roe. This link is for a client of Priya Nair." in page
    text(somebody.post(path(feedback), data=data))
    signature = signing.SignOff.get(signing.SignOff.subject == "feedback")
    assert signature.person_id is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_token_that_is_none_of_ours_or_too_old_is_a_plain_page(world, client, method):
    feedback = invite(world)
    token = path(feedback)
    text(getattr(client, method)(token[:-2]), 404)
    text(getattr(client, method)(token + "x"), 404)
    link = Link.get_by_id(feedback.link_id)
    drop_triggers("link", "link_sealed")
    Link.update(purpose="contract").where(Link.id == link.id).execute()
    text(getattr(client, method)(token), 404)  # made for one purpose, asked for as another
    Link.update(purpose="feedback").where(Link.id == link.id).execute()
    with time_machine.travel(world.now + timedelta(days=15), tick=False):
        assert "too old" in text(getattr(client, method)(token), 410)
    feedback.withdraw(by=world.actor(world.learner), now=world.now)
    assert "no longer asked" in text(getattr(client, method)(token), 410)
    assert again(feedback).answers == "[]"


def test_withdrawn_between_page_and_post_gives_nothing(world, client, learner):
    feedback = invite(world)
    data = filled(text(client.get(path(feedback))))
    assert learner.post(f"/links/{feedback.link_id}/end").status_code == 303
    text(client.post(path(feedback), data=data), 410)
    assert again(feedback).state == "withdrawn"


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("how", ["withdrawn", "too old"])
def test_what_was_written_to_a_link_that_closed_is_shown_back(
    world, client, learner, anonymous, how
):
    feedback = invite(world, anonymous=anonymous)
    data = filled(text(client.get(path(feedback))), "They <waited> for me.")
    moment = world.now
    if how == "withdrawn":
        assert learner.post(f"/links/{feedback.link_id}/end").status_code == 303
    else:
        moment += timedelta(days=15)
    with time_machine.travel(moment, tick=False):
        page = client.post(path(feedback), data=data)
    assert page.status_code == 410
    assert "They &lt;waited&gt; for me." in page.text
    assert ">well<" not in page.text
    assert "waited" not in again(feedback).answers


def test_questions_changed_between_page_and_post_are_shown_again(world, client):
    feedback = invite(world)
    data = filled(text(client.get(path(feedback))), "Kept words.")
    before = BUILT_IN["practitioner"]
    FeedbackQuestion.put(
        "practitioner", before[1:5], seen=before, by=world.actor(world.admin), now=world.now
    )
    page = text(client.post(path(feedback), data=data), 422)
    assert "changed while you had it open" in page
    assert "You also wrote: Kept words." in page
    assert again(feedback).state == "invited"
    text(client.post(path(feedback), data=filled(page)))
    assert len(again(feedback).pairs) == 4


def test_a_later_change_of_questions_leaves_what_was_given(world, learner):
    give(world)
    before = BUILT_IN["practitioner"]
    FeedbackQuestion.put(
        "practitioner", before[:1], seen=before, by=world.actor(world.admin), now=world.now
    )
    assert before[5].text in text(learner.get("/feedback"))


# --- the floor ---------------------------------------------------------------------------


def givers(world, count, **how):
    return [
        give(world, f"Word {number} of {9 - number}", anonymous=True, alias=f"Client {number}",
             **how)
        for number in range(count)
    ]  # fmt: skip


def readers(world, as_):
    return [
        (as_(world.learner), "/feedback"),
        (as_(world.supervisor), f"/learners/{world.learner.id}/feedback"),
        (as_(world.tutor), f"/learners/{world.learner.id}/feedback"),
    ]


def without_token(page):
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)


def test_up_to_two_anonymous_answers_no_page_says_whether_any_was_given(world, as_):
    asked = [invite(world, anonymous=True, alias=f"Client {n}") for n in range(4)]
    before = {}
    for number in range(3):
        for who, (reader, address) in enumerate(readers(world, as_)):
            page = text(reader.get(address))
            assert "4 asked, not yet enough answers" in plain(page)
            assert "Nothing to read yet. What was given without a name" in plain(page)
            assert "Word " not in page
            assert without_token(page) == before.setdefault(who, without_token(page)), number
        if number < 2:
            answer(asked[number], f"Word {number}", now=world.now + timedelta(hours=number))


def test_three_are_shown_and_the_fourth_waits(world, as_):
    givers(world, 3)
    for reader, address in readers(world, as_):
        page = plain(text(reader.get(address)))
        assert all(f"Word {number} of" in page for number in range(3))
        assert page.count("A client, without a name") >= 3
    give(world, "The fourth.", anonymous=True, alias="Client 9")
    for reader, address in readers(world, as_):
        page = plain(text(reader.get(address)))
        assert "The fourth." not in page
        assert "3 given" in page
        assert "4 asked without a name: the others are shown once enough have answered." in page


def test_groups_do_not_fill_each_other(world, learner):
    for source, about in (
        ("client", "practitioner"),
        ("client", "programme"),
        ("peer", "programme"),
    ):
        give(world, "Hidden.", source=source, about=about, anonymous=True)
    assert "Hidden." not in text(learner.get("/feedback"))


def test_one_with_a_name_is_shown_at_once_beside_those_that_wait(world, learner):
    give(world, "With my name.")
    give(world, "Without.", anonymous=True, alias="Client B")
    page = text(learner.get("/feedback"))
    assert "With my name." in page
    assert "Without." not in page


def test_a_floor_of_one_set_before_it_was_refused_promises_two(world, client, learner):
    Centre.update(feedback_floor=1).where(Centre.id == world.centre.id).execute()
    first, second = (invite(world, anonymous=True, alias=f"Client {n}") for n in range(2))
    for feedback, seen in ((first, False), (second, True)):
        page = text(client.get(path(feedback)))
        assert "come out only when 2 people have answered" in plain(page)
        text(client.post(path(feedback), data=filled(page, f"Word {feedback.id}")))
        assert (f"Word {first.id}" in text(learner.get("/feedback"))) == seen


def test_a_lower_floor_does_not_expose_those_who_were_promised_more(world, learner):
    givers(world, 2)
    Centre.update(feedback_floor=1).where(Centre.id == world.centre.id).execute()
    assert "Word " not in text(learner.get("/feedback"))


def test_the_page_of_the_link_says_what_the_floor_means(world, client):
    page = plain(text(client.get(path(invite(world, anonymous=True)))))
    assert "come out only when 3 people have answered" in page


def invitations(page):
    """The part of the learner's page that lists them."""
    part = page[page.index('id="invitations"') : page.index('id="on-practitioner"')]
    assert part.count("invited without a name") == 4
    return part


def test_nothing_of_an_anonymous_answer_leads_to_its_invitation(world, client, learner):
    """The learner's pages, the link itself and the copy of the data: before and after it is given."""
    asked = [invite(world, anonymous=True, alias=f"Client {n}") for n in range(4)]

    def seen():
        found = [learner.get("/feedback").get_data(as_text=True)]
        found += [client.get(path(each)).get_data(as_text=True) for each in asked]
        copy = learner.get("/account/data.json").get_json()
        copy.pop("sign_in")
        return [re.sub(r'name="csrf_token" value="[^"]+"', "", one) for one in found], copy

    pages, copy = seen()
    later = world.now + timedelta(hours=3)
    answer(asked[2], "Mine.", now=later)
    after, copy_after = seen()
    assert after[1:] == pages[1:], "the link's own page"
    assert copy_after == copy
    assert "4 asked, not yet enough answers" in plain(pages[0])
    assert after[0] == pages[0]
    assert invitations(after[0])
    for each, said in ((asked[0], "Theirs."), (asked[3], "Ours.")):
        answer(each, said, now=later)
    page, copy_shown = text(learner.get("/feedback")), seen()[1]
    assert "Mine." in page
    rows = copy_shown.pop("feedback")
    copy.pop("feedback")
    assert copy_shown == copy
    assert sorted(row["answers"][5][1] for row in rows) == ["Mine.", "Ours.", "Theirs."]
    assert all(row["given_at"] is None and "id" not in row for row in rows)
    told = page[page.index('id="on-practitioner"') :]
    assert "Oct" not in told
    assert "Client 2" not in told


def test_the_order_shown_is_not_the_order_given(world, learner):
    for alias, said in (("Client 1", "Zeal."), ("Client 2", "Aim."), ("Client 3", "Map.")):
        give(world, said, anonymous=True, alias=alias)
    page = text(learner.get("/feedback"))
    assert page.index("Aim.") < page.index("Map.") < page.index("Zeal.")


def test_the_copy_of_ones_data_keeps_the_floor(world, learner):
    givers(world, 2)
    give(world, "With my name.", source="sponsor")
    copy = learner.get("/account/data.json").get_data(as_text=True)
    assert "With my name." in copy
    assert "Word " not in copy
    assert "used_at" not in json.dumps(json.loads(copy)["link"])


def test_taking_back_an_anonymous_invitation_looks_the_same_given_or_not(world, learner, client):
    one, other = (invite(world, anonymous=True, alias=f"Client {n}") for n in range(2))
    answer(one, now=world.now)
    answers = [learner.post(f"/links/{each.link_id}/end") for each in (one, other)]
    assert [each.status_code for each in answers] == [303, 303]
    assert [again(each).state for each in (one, other)] == ["given", "withdrawn"]
    assert "Client 0" not in text(learner.get("/feedback"))
    pages = [text(client.get(path(each)), 410) for each in (one, other)]
    assert pages[0] == pages[1]
    mine = Event.select().where(Event.person_id == world.learner.id)
    verbs = [event.verb for event in mine.where(Event.subject == "feedback")]
    assert verbs.count("took back an invitation") == 2


# --- asking again, replying --------------------------------------------------------------


def test_an_invitation_that_ran_out_is_sent_again(world, learner):
    feedback = invite(world, source="observer", name="Una Marsh")
    address = f"/feedback/invitations/{feedback.link_id}/again"
    assert learner.post(address).status_code == 303
    assert Feedback.select().count() == 1
    assert "has not run out" in text(learner.get("/feedback"))
    later = world.now + timedelta(days=15)
    with time_machine.travel(later, tick=False):
        sign_in(learner, world.learner, world.centre, later)
        assert "Una Marsh, observer on the practitioner, ran out" in plain(
            text(learner.get("/feedback"))
        )
        assert learner.post(address).status_code == 303
        assert learner.post(address).status_code in (303, 409)
        page = plain(text(learner.get("/feedback")))
    assert again(feedback).state == "lapsed"
    assert Feedback.select().count() == 2
    assert "Una Marsh, observer on the practitioner, invited" in page


def test_asking_again_without_a_name_looks_the_same_answered_or_not(world, learner):
    one, other = (invite(world, anonymous=True, alias=f"Client {n}") for n in range(2))
    answer(one, now=world.now)
    later = world.now + timedelta(days=15)
    with time_machine.travel(later, tick=False):
        sign_in(learner, world.learner, world.centre, later)
        page = plain(text(learner.get("/feedback")))
        for number, each in enumerate((one, other)):
            assert f"Client {number} on the practitioner, ran out on 22 Oct 2026" in page
            address = f"/feedback/invitations/{each.link_id}/again"
            assert learner.post(address).status_code == 303
        page = plain(text(learner.get("/feedback")))
    assert [again(each).state for each in (one, other)] == ["given", "lapsed"]
    assert page.count("invited without a name") == 2
    assert "ran out" not in page


def test_one_client_who_answers_twice_does_not_fill_a_batch(world, learner):
    for number in range(3):
        give(world, f"Twice {number}.", anonymous=True, alias="Client A" if number else "Client B")
        Feedback.update(put_away_at=world.now).execute()
    assert "Twice" not in text(learner.get("/feedback"))


def test_consent_withdrawn_between_page_and_post_gives_nothing(world, client, learner):
    feedback = invite(world, source="sponsor", about="programme")
    data = filled(text(client.get(path(feedback))))
    consent = Consent.create(
        centre=world.centre, client=world.client(), given_on=world.now.date(),
        scope="Notes.", created_at=world.now,
    )  # fmt: skip
    erasure.withdraw(consent, world.now.date(), by=world.actor(world.learner), now=world.now)
    assert "no longer asked" in text(client.post(path(feedback), data=data), 410)
    assert again(feedback).answers == "[]"


def test_a_reply_is_kept_once(world, learner, as_):
    feedback = give(world)
    address = f"/feedback/{feedback.handle}/reply"
    assert "Write your reply first." in text(learner.post(address, data={"reply": " "}), 422)
    too_long = text(learner.post(address, data={"reply": "x" * 4001}), 422)
    assert "x" * 4001 in too_long
    assert learner.post(address, data={"reply": "Thank you for this."}).status_code == 303
    assert "already" in text(learner.post(address, data={"reply": "Changed my mind"}), 422)
    theirs = text(as_(world.supervisor).get(f"/learners/{world.learner.id}/feedback"))
    assert "Thank you for this." in theirs
    assert 'name="reply"' not in theirs
    assert [m.sentence for m in verify.verify(world.centre)] == []


def test_what_is_not_shown_cannot_be_replied_to(world, learner):
    feedback = give(world, anonymous=True)
    text(learner.post(f"/feedback/{feedback.handle}/reply", data={"reply": "Who?"}), 404)


# --- who sees what -----------------------------------------------------------------------


def test_others_see_nothing(world, as_):
    feedback = give(world, "For few eyes.")
    stranger = as_(world.person("Owen Tasker", "learner"))
    text(stranger.post(f"/feedback/{feedback.handle}/reply", data={"reply": "Mine"}), 404)
    text(stranger.post(f"/feedback/invitations/{feedback.link_id}/again"), 404)
    text(stranger.post(f"/links/{feedback.link_id}/end"), 404)
    assert "For few eyes." not in text(stranger.get("/feedback"))
    address = f"/learners/{world.learner.id}/feedback"
    text(as_(world.person("Ravi Sandhu", "supervisor")).get(address), 404)
    text(as_(world.admin).get(address), 403)
    outside = World()
    text(as_(outside.supervisor, outside.centre).get(address), 404)
    assert "/feedback" in text(as_(world.supervisor).get(f"/learners/{world.learner.id}"))
    assert "/feedback" not in text(as_(world.admin).get(f"/learners/{world.learner.id}"))


def test_the_same_learner_elsewhere_starts_with_an_empty_grid(world, as_):
    give(world, "Said at Alder Quay.")
    outside = World()
    Membership.grant(world.learner, outside.centre, "learner", by=None, now=world.now)
    outside.enrol(world.learner)
    assert "Said at" not in text(as_(world.learner, outside.centre).get("/feedback"))


def test_queries_stay_the_same(world, as_, queries):
    counts = []
    for number in (1, 5):
        for n in range(number):
            give(world, alias=f"Named {number}-{n}")
            give(world, alias=f"Hidden {number}-{n}", anonymous=True)
            invite(world, source="peer", name=f"Peer {number}-{n}")
        seen_by = []
        for reader, address in readers(world, as_)[:2]:
            with queries() as seen:
                text(reader.get(address))
            seen_by.append(seen.count)
            assert seen.count <= 12, seen
        counts.append(seen_by)
    assert counts[0] == counts[1]


# --- states, seals, verify ---------------------------------------------------------------


@pytest.mark.parametrize("state", FEEDBACK.states)
@pytest.mark.parametrize("move", FEEDBACK.moves)
def test_every_move_from_every_state(world, state, move):
    feedback = invite(world)
    me = world.actor(world.learner)
    late = world.now + timedelta(days=15)
    if state == "given":
        answer(feedback, now=world.now)
    elif state == "withdrawn":
        feedback.withdraw(by=me, now=world.now)
    elif state == "lapsed":
        feedback.ask_again(by=me, now=late)

    def do():
        if move == "give":
            answer(again(feedback), "Later.", now=world.now)
        elif move == "withdraw":
            again(feedback).withdraw(by=me, now=world.now)
        else:
            again(feedback).ask_again(by=me, now=late)

    if state in FEEDBACK.moves[move].sources:
        do()
        assert again(feedback).state == FEEDBACK.moves[move].target
        return
    with pytest.raises((WrongState, Refused)):
        do()
    assert again(feedback).state == state
    assert "Later." not in again(feedback).answers


def test_moves_are_the_learners_alone(world):
    feedback = give(world)
    for person in (world.supervisor, world.admin, world.person("Owen Tasker", "learner")):
        for move in (
            lambda who: feedback.withdraw(by=who, now=world.now),
            lambda who: feedback.ask_again(by=who, now=world.now),
            lambda who: feedback.reply_to("Mine", by=who, now=world.now),
        ):
            with pytest.raises(NotAllowed):
                move(world.actor(person))


@pytest.mark.parametrize(
    "changes",
    [
        {"answers": '["very well"]'}, {"state": "withdrawn"}, {"anonymous": True},
        {"source": "peer"}, {"may_quote": True}, {"floor": 9}, {"questions": "[]"},
        {"client": None}, {"link": 2}, {"handle": "h"}, {"giver": "g"}, {"enrolment": 2},
        {"place": 99},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_the_database_refuses_to_change_what_was_given(world, changes):
    feedback = give(world)
    Feedback.delete().where(Feedback.id == invite(world, source="peer").id).execute()
    world.enrol(world.learner, "ILM-8580", ("501",))  # link 2 and enrolment 2 are there to take
    with pytest.raises(peewee.DatabaseError, match="sealed"):
        Feedback.update(**changes).where(Feedback.id == feedback.id).execute()


def test_the_database_refuses_to_lose_it_or_to_change_a_reply(world):
    feedback = give(world)
    with pytest.raises(peewee.DatabaseError):
        Feedback.delete().where(Feedback.id == feedback.id).execute()
    feedback.reply_to("Thank you.", by=world.actor(world.learner), now=world.now)
    with pytest.raises(peewee.DatabaseError):
        Feedback.update(reply="No.").where(Feedback.id == feedback.id).execute()


def unseal(database):
    drop_triggers("feedback", "feedback_sealed", "feedback_kept")


def test_an_answer_changed_in_the_database_is_named(world, database):
    feedback = give(world, "They waited.")
    give(world, "Fine.", source="sponsor")
    assert [m.sentence for m in verify.verify(world.centre)] == []
    unseal(database)
    name = f"feedback {feedback.id} on Priya Nair"
    mine = Feedback.id == feedback.id
    for changes, sentence in (
        ({"answers": feedback.answers.replace("waited", "waded")}, "its content is not what was signed."),
        ({"state": "invited"}, "it was given and signed, but it says invited."),
        ({"floor": 1}, "its content is not what was signed."),
        ({"place": 99}, "its content is not what was signed."),
        ({"client_id": None}, "its content is not what was signed."),
        ({"giver": "another"}, "its content is not what was signed."),
        ({"given_at": world.now - timedelta(days=9)}, "its moment is not the one it was signed at."),
        ({"reply": "Forged."}, "its reply is not what was written."),
    ):  # fmt: skip
        kept = {key: getattr(feedback, key) for key in changes}
        Feedback.update(**changes).where(mine).execute()
        assert [m.sentence for m in verify.verify(world.centre)] == [f"{name}: {sentence}"]
        Feedback.update(**kept).where(mine).execute()
    Feedback.delete().where(mine).execute()
    [sentence] = [m.sentence for m in verify.verify(world.centre)]
    assert sentence == f"feedback {feedback.id} is gone, though it was given and signed."


def test_a_reply_changed_moved_or_gone_is_named(world, database):
    one, other = give(world), give(world, source="sponsor")
    one.reply_to("Thank you.", by=world.actor(world.learner), now=world.now)
    assert [m.sentence for m in verify.verify(world.centre)] == []
    unseal(database)
    wrong = "its reply is not what was written."
    gone = "of the replies to feedback, 1 were written and 0 are kept."
    for row, changes, said in (
        (one, {"reply": "No."}, [f"feedback {one.id} on Priya Nair: {wrong}"]),
        (one, {"reply": ""}, [gone]),
        (other, {"reply": "Thank you."}, [f"feedback {other.id} on Priya Nair: {wrong}"]),
    ):
        Feedback.update(reply="").execute()
        Feedback.update(**changes).where(Feedback.id == row.id).execute()
        assert [m.sentence for m in verify.verify(world.centre)] == said


def test_feedback_that_nobody_signed_is_named(world):
    feedback = invite(world)
    Feedback.update(
        state="given", given_at=world.now, may_quote=True, handle="h", place=1, floor=3
    ).where(Feedback.id == feedback.id).execute()
    [sentence] = [m.sentence for m in verify.verify(world.centre)]
    assert sentence.endswith("it says given, but nobody signed it.")
