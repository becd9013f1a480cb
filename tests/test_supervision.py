"""The pages of meetings: the list, the agenda, the record from the first word to the last signature."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from supervise.models import (
    Attendance,
    ClientIdentity,
    Meeting,
    MeetingAction,
    Person,
    answering,
    recording,
)
from supervise.signing import SignOff
from tests import meeting as made
from tests.world import NOW, World, sign_in


@pytest.fixture
def world(app: Flask):
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(NOW, tick=False):
        yield World()


@pytest.fixture
def enter(app: Flask, world: World):
    """A browser with somebody signed in."""

    def come_in(person: Person) -> Any:
        client = app.test_client()
        sign_in(client, person, world.centre, world.now)
        return client

    return come_in


@pytest.fixture
def pair(world: World):
    owen = world.enrol(world.person("Owen Tasker", "learner"))
    world.assign(world.supervisor, "supervisor", owen)
    return world.enrolment, owen


def words(answer: Any) -> str:
    """What a page says, without its markup."""
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(html.unescape(text).split())


def read_of(meeting: Meeting) -> str:
    """What the learner's form says of the record they read."""
    return str(Meeting.get_by_id(meeting.id).version)


def record_of(meeting: Meeting, place: Attendance, **changes: str) -> dict[str, str]:
    """What the form of a record sends, with one learner and one action."""
    version = Meeting.get_by_id(meeting.id).version
    return {
        "version": str(version), "discussed": "Holding a silence.", "note": "Tired today.",
        f"feedback_{place.id}": "Shorter questions.", f"goals_{place.id}": "Wait longer.",
        f"action_{place.id}_0": "Note each piece of advice", f"owner_{place.id}_0": "learner",
        f"due_{place.id}_0": "2026-10-20", f"action_{place.id}_1": "",
        f"owner_{place.id}_1": "learner", f"due_{place.id}_1": "", **changes,
    }  # fmt: skip


def test_from_the_meeting_to_both_signatures(world: World, enter) -> None:
    meeting = made.booked(world)
    place, path = made.place_of(meeting, world.enrolment), f"/supervision/{meeting.id}"
    boss, me = enter(world.supervisor), enter(world.learner)
    assert "Did it take place?" in words(boss.get(path))
    assert "Did it take place?" not in words(me.get(path))
    none = boss.post(f"{path}/holding", data={"minutes": "0"})
    assert none.status_code == 422
    assert "from 1 to 480" in words(none)
    held = boss.post(f"{path}/holding", data={"came": str(place.id), "minutes": "50"})
    assert (held.status_code, held.headers["Location"]) == (303, f"{path}/record")
    assert "Marian Hale is writing the record" in words(me.get(path))
    typed = record_of(meeting, place)
    saved = boss.post(f"{path}/draft", data=typed, headers={"HX-Request": "true"})
    assert "Draft saved at 10:50" in words(saved)
    assert "Holding a silence." not in me.get(path).text
    signed = boss.post(f"{path}/record", data=record_of(meeting, place, go="sign"))
    assert (signed.status_code, signed.headers["Location"]) == (303, path)
    page = words(me.get(path))
    assert "Holding a silence." in page
    assert "Note each piece of advice" in page
    assert "You have not signed yet" in page
    assert "Tired today." not in page
    version = str(Attendance.get_by_id(place.id).version)
    answer = {"version": version, "reply": "Thank you.", "reflection": "I rush.", "go": "save"}
    assert me.post(f"{path}/reply", data=answer).status_code == 303
    assert "Thank you." not in boss.get(path).text
    answer |= {"version": str(int(version) + 1), "go": "sign", "read": read_of(meeting)}
    assert me.post(f"{path}/reply", data=answer).status_code == 303
    assert me.post(f"{path}/reply", data=answer).status_code == 303  # pressed twice
    page = words(boss.get(path))
    assert "Thank you." in page
    assert re.search("Marian Hale , supervisor, .*Priya Nair , learner", page)
    assert [one.decision for one in SignOff.select()] == ["recorded", "signed"]


def test_a_signed_record_shows_its_agenda_to_those_it_was_for(world: World, enter) -> None:
    world.session(
        state="approved", day=(NOW - timedelta(days=9)).date(), to_raise="Whose goal is it?"
    )
    meeting = made.held(world)
    place, path = made.place_of(meeting, world.enrolment), f"/supervision/{meeting.id}"
    enter(world.supervisor).post(f"{path}/record", data=record_of(meeting, place, go="sign"))
    for person, wants in ((world.supervisor, "Priya wanted"), (world.learner, "You wanted")):
        page = words(enter(person).get(path))
        assert f"{wants} to raise 29 Sep 2026, Client A : Whose goal is it?" in page
        assert "29 Sep 2026, Client A , 1 h 00, D3.04 counts then" in page
    assert "Whose goal is it?" not in words(enter(world.tutor).get(path))


def test_nothing_typed_is_lost_and_each_fault_stands_beside_its_field(world: World, enter) -> None:
    ClientIdentity.keep(
        world.client(), {"name": "Ottoline Grebe"}, by=world.actor(world.learner), now=world.now
    )
    meeting = made.held(world)
    place, path = made.place_of(meeting, world.enrolment), f"/supervision/{meeting.id}"
    boss, me = enter(world.supervisor), enter(world.learner)
    due, action = f"due_{place.id}_0", f"action_{place.id}_0"
    half = record_of(meeting, place, **{action: ""})
    answer = boss.post(f"{path}/record", data=half)
    assert answer.status_code == 422
    assert "Say what is to be done" in words(answer)
    assert "2026-10-20" in answer.text
    wrong = record_of(meeting, place, **{due: "soon", "go": "sign"})
    answer = boss.post(f"{path}/record", data=wrong)
    assert (answer.status_code, "Choose a day" in answer.text) == (422, True)
    assert 'value="soon"' in answer.text
    named = record_of(meeting, place, discussed="About Ottoline Grebe.", go="sign", **{due: ""})
    answer = boss.post(f"{path}/record", data=named)
    page = words(answer)
    assert answer.status_code == 422
    assert "This names a client or a sponsor of theirs" in page
    assert "Choose by when." in page
    assert "“" not in page
    assert Meeting.get_by_id(meeting.id).discussed == "About Ottoline Grebe."
    assert Meeting.get_by_id(meeting.id).state == "held"
    boss.post(f"{path}/record", data=record_of(meeting, place, go="sign"))
    version = str(Attendance.get_by_id(place.id).version)
    typed = {"version": version, "reply": "As Ottoline said", "reflection": "", "go": "sign"}
    typed["read"] = read_of(meeting)
    answer = me.post(f"{path}/reply", data=typed)
    assert answer.status_code == 422
    assert "“Ottoline”" in words(answer)
    assert "As Ottoline said" in answer.text


def test_two_tabs_show_both_texts(world: World, enter) -> None:
    meeting = made.held(world)
    place, path = made.place_of(meeting, world.enrolment), f"/supervision/{meeting.id}"
    boss = enter(world.supervisor)
    stale = record_of(meeting, place, discussed="The text of the second tab.")
    assert boss.post(f"{path}/record", data=record_of(meeting, place)).status_code == 303
    bar = boss.post(f"{path}/draft", data=stale, headers={"HX-Request": "true"})
    assert (bar.status_code, "See both" in bar.text) == (409, True)
    answer = boss.post(f"{path}/record", data=stale)
    assert answer.status_code == 409
    page = words(answer)
    assert "The text of the second tab." in page
    assert "What you discussed, saved elsewhere Holding a silence." in page
    same = record_of(meeting, place) | {"version": "1"}
    assert boss.post(f"{path}/record", data=same).status_code == 303  # it is all there


def test_a_save_of_ones_own_that_was_never_answered_is_written_over(world: World, enter) -> None:
    meeting = made.held(world)
    place, path = made.place_of(meeting, world.enrolment), f"/supervision/{meeting.id}"
    boss, me = enter(world.supervisor), enter(world.learner)
    first = record_of(meeting, place)
    later = first | {"discussed": "Holding a silence, and breaking it."}
    boss.post(f"{path}/draft", data=first, headers={"HX-Request": "true"})
    for nothing in ("", "[[1]]", "[7]", "{", '[[["discussed", "Another text"]]]'):
        clash = boss.post(f"{path}/draft", data=later | {"unheard": nothing})
        assert clash.status_code == 409, nothing
    sent = json.dumps([[[name, value] for name, value in first.items() if name != "version"]])
    assert boss.post(f"{path}/draft", data=later | {"unheard": sent}).status_code == 303
    assert Meeting.get().discussed == later["discussed"]
    boss.post(f"{path}/record", data=record_of(meeting, place, go="sign"))
    reply = {"version": str(Attendance.get_by_id(place.id).version), "reply": "I", "reflection": ""}
    me.post(f"{path}/reply/draft", data=reply)
    more = reply | {"reply": "I will wait."}
    assert me.post(f"{path}/reply/draft", data=more).status_code == 409
    before = json.dumps([[["reply", "I"], ["reflection", ""]]])
    assert me.post(f"{path}/reply/draft", data=more | {"unheard": before}).status_code == 303
    assert Attendance.get_by_id(place.id).reply == "I will wait."


def test_who_reads_what(world: World, enter, pair) -> None:
    meeting = made.held(world, *pair)
    mine, theirs = (made.place_of(meeting, one) for one in pair)
    by = world.actor(world.supervisor)
    parts = {
        mine.id: recording.Part("FEEDBACK-P", "GOALS-P", [made.ACTIONS[0]]),
        theirs.id: recording.Part("FEEDBACK-O", "GOALS-O"),
    }
    written = recording.Written("SHARED", parts, "PRIVATE")
    recording.write_up(meeting, written, version=meeting.version, by=by, now=world.now)
    path = f"/supervision/{meeting.id}"
    tutor, iqa = world.tutor, world.person("Samuel Okafor", "iqa")
    world.assign(iqa, "iqa", pair[1])
    for person in (world.learner, tutor, iqa):
        assert "SHARED" not in enter(person).get(path).text, "a draft is its author's"
    recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)
    me = enter(world.learner)
    version = str(made.place_of(meeting, pair[0]).version)
    answer = {"version": version, "reply": "REPLY-P", "reflection": "REFLECTION-P", "go": "save"}
    assert me.post(f"{path}/reply", data=answer).status_code == 303
    assert "REPLY-P" not in enter(tutor).get(path).text
    answer |= {"version": str(int(version) + 1), "go": "sign", "read": read_of(meeting)}
    me.post(f"{path}/reply", data=answer)
    own = {"SHARED", "FEEDBACK-P", "GOALS-P", "REPLY-P", "REFLECTION-P"}
    everything = own | {"FEEDBACK-O", "GOALS-O", "PRIVATE"}
    reads = {
        world.learner: own,
        pair[1].learner: {"SHARED", "FEEDBACK-O", "GOALS-O"},
        tutor: own,
        iqa: {"SHARED", "FEEDBACK-O", "GOALS-O"},
        world.supervisor: everything,
    }
    for person, expected in reads.items():
        text = enter(person).get(path).text
        assert {word for word in everything if word in text} == expected, person.name
    assert "Owen" not in me.get(path).text
    joan = world.person("Joan Petrie", "supervisor")  # leads too, where the host is gone
    world.assign(joan, "supervisor", pair[1])
    text = enter(joan).get(path).text
    assert {word for word in everything if word in text} == {"SHARED", "FEEDBACK-O", "GOALS-O"}
    for person in (world.admin, world.person("Ravi Sandhu", "supervisor")):
        assert enter(person).get(path).status_code == 404


def test_whoever_does_not_read_all_of_a_record_leaves_it_to_those_who_do(
    world: World, enter, pair
) -> None:
    meeting = made.held(world, *pair)
    mine, theirs = (made.place_of(meeting, one) for one in pair)
    undated = recording.Part("For Owen alone", "", [recording.Action("learner", "Read", None)])
    made.write_up(world, meeting, parts={theirs.id: undated})
    cora = world.person("Cora Finch", "supervisor")
    world.assign(cora, "supervisor", pair[0])
    cover, path = enter(cora), f"/supervision/{meeting.id}/record"
    sent = record_of(meeting, mine, go="sign")
    refused = cover.post(path, data=sent)
    assert refused.status_code == 422
    why = "also has parts about learners you are not assigned to, so it is not yours to sign. "
    assert f"It is saved, and not signed This record {why}" in words(refused)
    assert "For all who came" in words(refused), "Owen reads what was discussed, too"
    assert "Marian Hale can sign it, or somebody assigned to everybody who came." in words(refused)
    assert "Shorter questions." in refused.text
    assert "For Owen alone" not in refused.text
    page = cover.get(path)
    assert (why in words(page), "Sign the record" in page.text) == (True, False)
    world.supervisor.disable(by=world.actor(world.admin), now=world.now)
    gone = "Marian Hale has left. Ask an administrator to assign you to everybody who came"
    assert gone in words(cover.get(path))
    world.assign(cora, "supervisor", pair[1])
    assert "Sign the record" in cover.get(path).text
    whole = record_of(meeting, mine, go="sign") | {
        f"feedback_{theirs.id}": "For Owen alone", f"goals_{theirs.id}": ""
    }  # fmt: skip
    assert cover.post(path, data=whole).status_code == 303
    assert Meeting.get_by_id(meeting.id).recorded_by_id == cora.id


def test_nobody_signs_what_they_have_not_read(world: World, enter) -> None:
    meeting, by = made.recorded(world), world.actor(world.supervisor)
    place, me = made.place_of(meeting, world.enrolment), enter(world.learner)
    path = f"/supervision/{meeting.id}"
    fields = re.findall(r'name="(version|read)" value="(\d+)"', me.get(path).text)
    answer = dict(fields) | {"reply": "Thank you.", "reflection": "", "go": "sign"}
    recording.take_back(meeting, by=by, now=world.now)
    made.write_up(world, meeting, parts={place.id: recording.Part("Quite another word")})
    recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)
    refused = me.post(f"{path}/reply", data=answer)
    assert refused.status_code == 409
    assert "Read it again, then sign." in words(refused)
    assert "Quite another word" in refused.text
    assert "Thank you.</textarea>" in refused.text
    assert Meeting.get_by_id(meeting.id).state == "recorded"
    fresh = dict(re.findall(r'name="(version|read)" value="(\d+)"', refused.text))
    assert me.post(f"{path}/reply", data=answer | fresh).status_code == 303
    assert Meeting.get_by_id(meeting.id).state == "signed"


@pytest.mark.parametrize("state", ["cancelled", "missed"])
def test_whoever_was_not_there_is_promised_no_record(world: World, enter, pair, state) -> None:
    meeting = made.booked(world, *pair)
    came, other = (made.place_of(meeting, one) for one in pair)
    if state == "cancelled":
        Attendance.update(state="waiting", seat=None).where(Attendance.id == other.id).execute()
    recording.hold(meeting, [came.id], 60, by=world.actor(world.supervisor), now=world.now)
    page = words(enter(pair[1].learner).get(f"/supervision/{meeting.id}"))
    assert "You read it here once it is signed" not in page
    gone = "You have no place in this meeting. The meeting took place." in page
    assert gone == (state == "cancelled")
    page = words(enter(pair[0].learner).get(f"/supervision/{meeting.id}"))
    assert "You read it here once it is signed" in page


def test_somebody_who_did_not_come_reads_no_record(world: World, enter, pair) -> None:
    meeting = made.booked(world, *pair)
    came = made.place_of(meeting, pair[0])
    recording.hold(meeting, [came.id], 60, by=world.actor(world.supervisor), now=world.now)
    joan = world.person("Joan Petrie", "supervisor")
    world.assign(joan, "supervisor", pair[1])
    shared = enter(joan).get(f"/supervision/{meeting.id}/record")
    assert "For all who came" in words(shared)
    assert "Priya" not in shared.text
    made.write_up(world, meeting, parts={came.id: recording.Part("x")})
    by = world.actor(world.supervisor)
    recording.record(meeting, {}, version=meeting.version, by=by, now=world.now)
    absent = enter(pair[1].learner)
    path = f"/supervision/{meeting.id}"
    assert made.DISCUSSED not in absent.get(path).text
    data = {"version": "2", "reply": "x", "reflection": "", "go": "sign"}
    assert absent.post(f"{path}/reply", data=data).status_code == 409


def test_actions_are_marked_by_their_owner(world: World, enter) -> None:
    meeting = made.signed(world)
    mine, theirs = MeetingAction.select().order_by(MeetingAction.position)
    me, boss = enter(world.learner), enter(world.supervisor)
    assert me.post(f"/supervision/actions/{theirs.id}/done").status_code == 403
    assert boss.post(f"/supervision/actions/{mine.id}/done").status_code == 403
    assert me.post(f"/supervision/actions/{mine.id}/done").status_code == 303
    assert "done 8 Oct 2026" in words(me.get(f"/supervision/{meeting.id}"))
    me.post(f"/supervision/actions/{mine.id}/done", data={"done": "no"})
    assert MeetingAction.get_by_id(mine.id).done_on is None


def test_what_was_agreed_before_is_ticked_off_where_it_is_talked_about(
    world: World, enter, queries
) -> None:
    day = timedelta(days=1)
    made.signed(world, starts_at=world.now - 9 * day)
    mine, theirs = MeetingAction.select().order_by(MeetingAction.position)
    ahead = made.booked(world, starts_at=world.now + day)
    me, boss, tutor = enter(world.learner), enter(world.supervisor), enter(world.tutor)
    page = me.get(f"/supervision/{ahead.id}").text
    assert page.count("Mark as done") == 1, "what they are to do themselves"
    back = me.post(f"/supervision/actions/{mine.id}/done", data={"later": str(ahead.id)})
    assert back.location == f"/supervision/{ahead.id}#agreed-{mine.id}"
    assert "Not done after all" in me.get(f"/supervision/{ahead.id}").text
    assert "Mark as done" not in tutor.get(f"/supervision/{ahead.id}").text
    refused = {"later": str(ahead.id)}
    assert me.post(f"/supervision/actions/{theirs.id}/done", data=refused).status_code == 403
    assert tutor.post(f"/supervision/actions/{theirs.id}/done", data=refused).status_code == 403
    me.post(f"/supervision/actions/{mine.id}/done", data={"done": "no"})

    held = made.held(world, starts_at=world.now - day)
    place, path = made.place_of(held, world.enrolment), f"/supervision/{held.id}/record"
    with queries() as seen:
        page = boss.get(path).text
    assert seen.count <= 12, seen
    assert page.count("Mark as done") == 2
    back = boss.post(path, data=record_of(held, place, go=f"done-{mine.id}"))
    assert back.location == f"{path}#agreed-{mine.id}"
    page = boss.get(path).text
    assert "Marked as done." in page
    assert "Holding a silence." in page, "what was typed is saved by the same press"
    assert MeetingAction.get_by_id(mine.id).done_on == world.now.date()
    boss.post(path, data=record_of(held, place, go=f"open-{mine.id}"))
    assert MeetingAction.get_by_id(mine.id).done_on is None
    boss.post(path, data=record_of(held, place, go=f"done-{mine.id}"))
    boss.post(path, data=record_of(held, place, go="sign"))
    late = {"later": str(held.id), "done": "no"}
    assert boss.post(f"/supervision/actions/{mine.id}/done", data=late).status_code == 403


def test_what_does_not_fit_on_an_agenda_can_be_opened(world: World, enter) -> None:
    for number in range(11):
        world.session(state="submitted", day=(NOW - timedelta(days=number + 4)).date())
    page = enter(world.supervisor).get(f"/supervision/{made.booked(world).id}").text
    rest = re.search(r"<summary>and 3 more</summary>(.*?)</details>", page, re.S)
    assert rest is not None
    assert rest[1].count("href=") == 3


def test_the_list_puts_each_meeting_where_it_is_looked_for(world: World, enter, pair) -> None:
    day = timedelta(days=1)
    made.booked(world, *pair, starts_at=world.now + day)
    made.booked(world, starts_at=world.now - day)
    made.held(world, starts_at=world.now - 2 * day)
    made.recorded(world, pair[1], starts_at=world.now - 3 * day)
    made.signed(world, starts_at=world.now - 4 * day)
    boss, me = enter(world.supervisor), enter(world.learner)
    tabs = {"": 1, "write": 2, "sign": 1, "past": 1}
    for state, rows in tabs.items():
        page = boss.get("/supervision", query_string={"state": state}).text
        assert page.count('scope="row"') == rows, state
    assert "Owen Tasker, Priya Nair" in words(boss.get("/supervision"))
    assert "Owen" not in me.get("/supervision").text
    assert "Nothing waits for a signature" in words(me.get("/supervision?state=sign"))
    owen = pair[1].learner.id
    narrowed = boss.get("/supervision", query_string={"learner": owen, "state": "past"})
    assert "Nothing with this learner" in words(narrowed)
    part = boss.get("/supervision?state=write", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div id="meetings">')
    newcomer = enter(world.person("Nia Prosser", "supervisor"))
    assert "Say when you are free" in words(newcomer.get("/supervision"))
    both = made.recorded(world, *pair, starts_at=world.now - 5 * day)
    place, now = made.place_of(both, pair[0]), world.now
    by, seen = world.actor(world.learner), {"read": both.version, "version": place.version}
    answering.sign(place, "", "", by=by, now=now, **seen)
    assert "Nothing waits for a signature" in words(me.get("/supervision?state=sign"))


def test_meetings_of_others_stand_apart_with_their_host(world: World, enter, pair) -> None:
    day = timedelta(days=1)
    made.booked(world, format="tutorial", host=world.tutor, starts_at=world.now + day)
    made.booked(world, format="tutorial", host=world.tutor, starts_at=world.now - day)
    mine = made.booked(world, *pair, starts_at=world.now + 2 * day)
    boss, tutor = enter(world.supervisor), enter(world.tutor)
    page = words(boss.get("/supervision"))
    assert "To come 1 To write up 0 To sign 0 Past 0 Of your learners with others 2" in page
    assert "Tessa Brook" not in page
    others = words(boss.get("/supervision?state=others"))
    assert "Priya Nair Tutorial with Tessa Brook" in others
    assert "Owen Tasker, Priya Nair Group supervision" not in others
    page = words(tutor.get("/supervision"))
    assert "To come 1 To write up 1" in page
    assert "Tutorial with" not in page, "their own"
    assert "Group supervision with Marian Hale" in words(tutor.get("/supervision?state=others"))
    assert "with others" not in enter(world.learner).get("/supervision").text
    place = made.place_of(mine, pair[1])
    Attendance.update(state="invited", seat=None).where(Attendance.id == place.id).execute()
    assert "Priya Nair, Owen Tasker (invited)" in words(boss.get("/supervision"))


def test_what_a_closed_account_left_is_its_supervisors_to_write_up(world: World, enter) -> None:
    made.held(world, format="tutorial", host=world.tutor)
    Person.update(disabled_at=world.now).where(Person.id == world.tutor.id).execute()
    page = words(enter(world.supervisor).get("/supervision?state=write"))
    assert "Priya Nair Tutorial with Tessa Brook" in page
    assert "To write up 1" in page


def test_the_number_of_queries_does_not_grow(world: World, enter, pair, queries) -> None:
    day = timedelta(days=1)
    for number in range(1, 4):
        made.signed(world, starts_at=world.now - number * 9 * day)
    wide = made.booked(world, *pair, starts_at=world.now + day)
    done = made.signed(world, *pair, starts_at=world.now - day)
    boss, me = enter(world.supervisor), enter(world.learner)
    paths = ["/supervision", "/supervision?state=past", "/supervision?state=others", f"/supervision/{wide.id}",
             f"/supervision/{done.id}"]  # fmt: skip
    before = {}
    for client in (boss, me):
        for path in paths:
            with queries() as seen:
                assert client.get(path).status_code == 200
            before[client, path] = seen.count
            assert seen.count <= 12, (path, seen)
    for number in range(12):
        world.session(state="submitted", day=(NOW - (number + 4) * day).date(), to_raise="Why?")
        made.signed(world, *pair, starts_at=world.now - (40 + number) * day)
    for (client, path), count in before.items():
        with queries() as seen:
            client.get(path)
        assert seen.count == count, (path, seen)
    writing = made.held(world, *pair, starts_at=world.now - day / 2)
    with queries() as seen:
        assert boss.get(f"/supervision/{writing.id}/record").status_code == 200
    assert seen.count <= 12, seen
