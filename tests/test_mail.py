"""What mail says, to whom, and what it never says: each kind through a real mail server."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import icalendar
import pytest
from flask import Flask

from supervise import links, signing
from supervise.mail import clients, meetings, people
from supervise.mail.letters import Letter as Written
from supervise.mail.letters import environment, message, one_line
from supervise.mail.smtp import Never
from supervise.models import (
    Actor,
    Attendance,
    ClientIdentity,
    Consent,
    Feedback,
    Invitation,
    Link,
    LinkContact,
    Mail,
    MailWish,
    Meeting,
    Membership,
    Person,
    agreeing,
    asking,
    confirmations,
    erasure,
    rebooking,
    reopening,
)
from supervise.models.admission import add_person
from supervise.models.confirmations import Answer
from supervise.reports import outbox
from supervise.settings import Settings
from tests import contracting
from tests.feedbacks import answer, invite
from tests.mailing import SENDER, SITE, Box, mail_server, mailing, tick
from tests.slots import arranged
from tests.world import NOW, World

WHO = {
    "name": "Ottoline Grebe", "email": "ottoline@kestrelfoundry.example.org",
    "sponsor_name": "Barnaby Quollson", "sponsor_email": "b.quollson@marlow.example.org",
}  # fmt: skip
SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def world(settings: Settings, database: object) -> World:
    signing.use_key("of this test")
    made = World()
    made.client()
    return made


@pytest.fixture
def box() -> Iterator[Box]:
    with mail_server() as server:
        yield server


@pytest.fixture
def known(world: World, settings: Settings, box: Box) -> Settings:
    """Settings with a mail server; the client's name and address are kept."""
    found = mailing(settings, box.port)
    me = world.actor(world.learner)
    ClientIdentity.keep(world.client(), WHO, by=me, now=NOW)
    Consent.give(world.client(), date(2026, 3, 1), "Notes", by=me, now=NOW)
    return found


def states() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in Mail.select().order_by(Mail.id):
        found.setdefault(row.kind, []).append(row.state)
    return found


# --- to clients --------------------------------------------------------------------------


def test_links_reach_client_and_sponsor_and_say_nothing_else(
    world: World, known: Settings, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("peewee").setLevel(logging.WARNING)
    me = world.actor(world.learner)
    _, open_ = contracting.offered(world, world.client().engagement("coaching"), "three")
    session = world.session(state="submitted", done="They wept.")
    asked = confirmations.ask(world.client(), [session.id], by=me, now=NOW)
    invite(world, source="client", anonymous=True)
    tally = tick(known, SOON)
    assert (tally.sent, tally.connections) == (4, 1)
    by_address = {address for address, _ in box.got}
    assert by_address == {WHO["email"], WHO["sponsor_email"]}
    contract, sponsor, confirm, feedback = [box.text(n) for n in range(4)]
    assert contract.startswith("Hello Ottoline Grebe,")
    assert sponsor.startswith("Hello Barnaby Quollson,")
    assert f"{SITE}/link/{open_['client'].mailed_token}" in contract
    assert f"{SITE}/link/{open_['sponsor'].mailed_token}" in sponsor
    assert f"{SITE}/link/{asked.mailed_token}" in confirm
    assert "until Thursday 22 October 2026" in contract
    for text in (contract, sponsor, confirm, feedback):
        assert "Priya Nair" in text
        assert "Client A" not in text
        assert "wept" not in text
    assert "Barnaby" not in contract
    assert "Ottoline" not in sponsor
    heads = "\n".join(
        f"{name}: {value}"
        for message in box.messages
        for name, value in message.items()
        if name != "To"
    )
    logged = "\n".join(record.getMessage() for record in caplog.records if "smtp" not in record.name
                       and not record.name.startswith("mail.log"))  # fmt: skip
    for word in (
        "ottoline",
        "grebe",
        "barnaby",
        "kestrel",
        "marlow",
        open_["client"].token,
        open_["client"].mailed_token,
    ):
        assert word.lower() not in (heads + logged).lower()
    assert tick(known, SOON).sent == 0


def test_what_a_link_asked_is_over(world: World, known: Settings, box: Box) -> None:
    me = world.actor(world.learner)
    engagement = world.client().engagement("coaching")
    contract, first = contracting.offered(world, engagement, "two")
    agreeing.agree(first["client"], "O. Grebe", now=NOW)  # used
    session = world.session(state="submitted")
    asked = confirmations.ask(world.client(), [session.id], by=me, now=NOW)
    Link.end(Link.id == asked.id, NOW)  # withdrawn
    late = Feedback.invite(
        world.enrolment, "client", "programme", anonymous=False, by=me, now=NOW,
        client=world.client(),
    )  # fmt: skip
    tally = tick(known, NOW + timedelta(days=15))  # expired, and the contract is agreed
    [(_, only)] = [one for one in box.got if one[0] == WHO["email"]]
    assert only["Subject"] == "Your copy of the contract with Priya Nair"
    gone = {row.kind: row.fault for row in Mail.select().where(Mail.state == "dropped")}
    assert gone["contract"] == "The link was used already."
    assert gone["confirmation"] == "The link was withdrawn."
    assert gone["feedback"] == "The link has run out."
    assert tally.dropped >= 3
    assert late.link_id


def test_an_anonymous_answer_by_the_copied_link_is_not_told_by_its_mail(
    world: World, known: Settings, box: Box
) -> None:
    answer(invite(world, source="client", anonymous=True), now=NOW)
    tick(known, SOON)
    assert [address for address, _ in box.got] == [WHO["email"]]


def test_after_consent_is_withdrawn_nothing_goes_out(
    world: World, known: Settings, box: Box
) -> None:
    me = world.actor(world.learner)
    session = world.session(state="submitted")
    confirmations.ask(world.client(), [session.id], by=me, now=NOW)
    consent = Consent.last(world.client())
    assert consent is not None
    erasure.withdraw(consent, NOW.date(), by=me, now=NOW)
    assert tick(known, SOON).sent == 0
    assert box.got == []


def test_an_address_taken_away_meanwhile_drops_the_mail(
    world: World, known: Settings, box: Box
) -> None:
    contracting.offered(world, world.client().engagement("coaching"), "two")
    LinkContact.update(email="").execute()
    assert tick(known, SOON).dropped == 1
    assert Mail.get().fault == "There is no address to send it to any more."


def test_links_wait_until_somebody_says_where_we_are(
    world: World, known: Settings, box: Box
) -> None:
    from dataclasses import replace

    contracting.offered(world, world.client().engagement("coaching"), "two")
    world.session(state="returned")
    tally = tick(replace(known, public_url=""), SOON)
    assert (tally.sent, tally.kept) == (1, 1)
    assert "http" not in box.text()
    assert states() == {"contract": ["waiting"], "returned": ["sent"]}
    assert tick(known, SOON).sent == 1


# --- headers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Priya\r\nBcc: everybody@example.org",
        "Priya\nSubject: other",
        "Priya\u2028X-Evil: 1",
        "Priya\x00\x0b\x85Nair",
        "=?utf-8?q?Priya=0ABcc=3A_a=40example=2Eorg?=",
        'Priya" <evil@example.org>, "x',
    ],
)
def test_a_name_with_a_line_break_makes_no_header(
    world: World, known: Settings, box: Box, name: str
) -> None:
    if "\x00" in name:
        name = name.replace("\x00", "")  # no database keeps one
    Person.update(name=name).where(Person.id == world.learner.id).execute()
    LinkContact.update(name=name).execute()
    contracting.offered(world, world.client().engagement("coaching"), "two")
    LinkContact.update(name=name).execute()
    assert tick(known, SOON).sent == 1
    [(to, got)] = box.got
    assert to == WHO["email"]
    assert {key.lower() for key in got} == {
        "from", "to", "subject", "message-id", "date", "auto-submitted", "content-language",
        "content-type", "content-transfer-encoding", "mime-version",
    }  # fmt: skip
    assert len(got["To"].addresses) == 1
    assert got["To"].addresses[0].addr_spec == WHO["email"]
    assert got["From"].addresses[0].addr_spec == "supervise@example.org"


@pytest.mark.parametrize(
    "email", ["a@b\r\nBcc: c@example.org", "no address", "", "a@x> b", "=?utf-8?q?=0AA=3A?=@x.org",
              "a@x\u2029.org", " a@x.org"],
)  # fmt: skip
def test_what_is_no_address_is_written_to_by_nobody(email: str) -> None:
    letter = Written("Somebody", email, "Hello\r\nBcc: a@example.org", "Text\n")
    with pytest.raises(Never):
        message(letter, sender=SENDER, message_id="<1@example.org>", now=NOW)


def test_one_line() -> None:
    assert one_line("a\r\n b\t\x7fc\u2029d") == "a b c d"


def test_every_template_begins_with_its_subject() -> None:
    for name in environment.list_templates():
        source = environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]
        if not name.startswith("_"):
            assert source.splitlines()[0].strip(), name
            assert "alias" not in source, name


def test_every_kind_that_is_queued_can_be_written_and_is_named() -> None:
    written = {*links.PURPOSES, *clients.COPIES, *meetings.STANDS, *people.KINDS}
    assert written == set(outbox.KINDS)
    templates = {Path(name).stem for name in environment.list_templates()}
    assert written <= templates
    asked = re.compile(
        r'(?:Mail\.queue\(|tell\(\s*\w+,|_to_supervisors\(|contract\(\w+,)\s*"([a-z-]+)"'
    )
    models = Path(links.__file__).parent / "models"
    queued = {kind for file in models.glob("*.py") for kind in asked.findall(file.read_text())}
    assert {"booked", "handed-over", "recorded", "contract-agreed", "disputed"} <= queued <= written


# --- people with an account --------------------------------------------------------------


def spoilt(token: str) -> str:
    """The token with another letter in its signature; of the last letter some bits say nothing."""
    return token[:-9] + ("x" if token[-9] != "x" else "y") + token[-8:]


def test_an_invitation_by_mail_lets_in_once(
    app: Flask, world: World, known: Settings, box: Box
) -> None:
    by = world.actor(world.admin)
    person, token = add_person("Nia Prosser", "nia@example.org", ["tutor"], by=by, now=NOW, days=14)
    assert tick(known, SOON).sent == 1
    assert "until Thursday 22 October 2026" in box.text()
    link = next(line for line in box.text().splitlines() if "/invitation/" in line)
    mailed = link.rsplit("/", 1)[-1]
    assert mailed != token
    found = Invitation.with_token(mailed)
    assert found is not None
    assert Invitation.with_token(token) == found
    assert Invitation.with_token(spoilt(mailed)) is None
    assert found.mailed_token == mailed  # a mail sent twice carries the same link
    assert token not in str(list(Mail.select().dicts()))
    assert found.accept("hash", now=NOW)
    assert not found.accept("hash", now=NOW)
    person = Person.get_by_id(person.id)
    Invitation.invite(person, world.centre, now=SOON, days=14, by=by)
    tick(known, SOON)
    assert box.messages[-1]["Subject"] == "A new password for Supervise"


def test_a_newer_invitation_drops_the_mail_of_the_older(
    world: World, known: Settings, box: Box
) -> None:
    for _ in range(2):
        Invitation.invite(world.tutor, world.centre, now=NOW, days=14)
    assert tick(known, SOON).sent == 1
    assert states() == {"invitation": ["dropped", "sent"]}


def test_what_happens_to_a_session_is_told(world: World, known: Settings, box: Box) -> None:
    world.session(state="returned")
    opened = world.session(day=date(2026, 9, 2), state="reopened")
    asked = world.session(day=date(2026, 9, 3), state="approved")
    reopening.ask(asked, reason="Wrong day", by=world.actor(world.learner), now=NOW)
    tick(known, SOON)
    told = {(to, m["Subject"]) for to, m in box.got}
    assert told == {
        (world.learner.email, "A session came back to you"),
        (world.learner.email, "A session was opened again"),
        (world.supervisor.email, "Priya Nair asks you to open a session again"),
    }
    assert any(f"{SITE}/sessions/{opened.id}" in box.text(n) for n in range(3))
    assert any("Tue 1 Sep 2026" in box.text(n) for n in range(3))


def test_several_of_one_kind_make_one_mail(world: World, known: Settings, box: Box) -> None:
    for day in (1, 2, 3):
        world.session(day=date(2026, 9, day), state="returned")
    assert tick(known, SOON).sent == 1
    assert box.messages[0]["Subject"] == "3 things for you in Supervise"
    assert set(states()["returned"]) == {"sent"}


def test_a_dispute_is_told_to_learner_and_supervisor(
    world: World, known: Settings, box: Box
) -> None:
    me = world.actor(world.learner)
    session = world.session(state="submitted")
    link = confirmations.ask(world.client(), [session.id], by=me, now=NOW)
    [one] = confirmations.asked_by(link)
    confirmations.answer(link, {one.id: Answer("length", 45, "Shorter")}, now=NOW)
    tick(known, SOON)
    assert {to for to, _ in box.got} == {world.learner.email, world.supervisor.email}
    assert "Shorter" not in box.text(0) + box.text(1)
    assert states()["confirmation"] == ["dropped"]


def test_contracts_are_told_to_their_learner(world: World, known: Settings, box: Box) -> None:
    engagement = world.client().engagement("coaching")
    _, first = contracting.offered(world, engagement, "two")
    agreeing.decline(first["client"], "Too long", now=NOW)
    tick(known, SOON)
    assert [m["Subject"] for m in box.messages] == ["A contract came back to you"]
    assert "Too long" not in box.text()
    again = contracting.Contract.get()
    offered = agreeing.offer(again, version=again.version, by=world.actor(world.learner), now=NOW)
    agreeing.agree(offered[0], "O. Grebe", now=NOW)
    tick(known, SOON)
    assert "A contract is agreed" in [m["Subject"] for m in box.messages]


def test_anonymous_feedback_is_told_when_the_floor_lets_it_out_and_the_next_morning(
    world: World, known: Settings, box: Box
) -> None:
    for n in range(3):
        given = invite(world, source="peer", anonymous=True, name=f"Peer {n}")
        answer(given, now=NOW + timedelta(hours=n))
        assert Mail.select().where(Mail.kind == "feedback-told").exists() == (n == 2)
    row = Mail.get(Mail.kind == "feedback-told")
    assert row.created_at == datetime(2026, 10, 8, tzinfo=UTC)
    assert row.due_at == datetime(2026, 10, 9, 7, tzinfo=UTC)
    assert row.detail == "{}"
    answer(invite(world, source="peer", name="Ann"), now=NOW)
    assert Mail.select().where(Mail.kind == "feedback-told").count() == 2
    tick(known, SOON)
    assert [m["Subject"] for m in box.messages] == ["There is feedback for you to read"]


def test_whoever_left_is_told_nothing(world: World, known: Settings, box: Box) -> None:
    world.session(state="returned")
    Person.update(disabled_at=NOW).where(Person.id == world.learner.id).execute()
    assert tick(known, SOON).dropped == 1
    assert Mail.get().fault == "Their account is closed."


def test_old_news_is_not_told(world: World, known: Settings, box: Box) -> None:
    Mail.queue("feedback-told", to=world.learner, centre=world.centre, now=NOW - timedelta(days=15))
    assert tick(known, SOON).dropped == 1
    assert box.got == []


# --- meetings ----------------------------------------------------------------------------


def booked(world: World, starts: datetime = NOW + timedelta(days=3)) -> Meeting:
    """A meeting of supervisor and learner, as booking leaves it."""
    meeting = Meeting.create(
        centre=world.centre, host=world.supervisor, format="one-to-one", starts_at=starts,
        ends_at=starts + timedelta(minutes=60), mode="video", address="https://call.example.org/7",
        state="booked", asked_by=world.learner, created_at=NOW, changed_at=NOW,
        reason="", note="About Client A",
    )  # fmt: skip
    Attendance.create(
        centre=world.centre, meeting=meeting, enrolment=world.enrolment, learner=world.learner,
        seat=1, state="booked", created_at=NOW, changed_at=NOW,
    )  # fmt: skip
    return meeting


def queue(kind: str, meeting: Meeting, to: Person, now: datetime = NOW, **detail: object) -> None:
    Mail.queue(kind, to=to, centre=meeting.centre_id, meeting=meeting, now=now, **detail)


def queue_told(world: World, **how: Any) -> None:
    Mail.queue("feedback-told", to=world.learner, centre=world.centre, now=NOW, **how)


def _alternative(whole: EmailMessage) -> EmailMessage:
    """The same file beside the text."""
    [beside] = [
        part
        for part in whole.walk()
        if part.get_content_type() == "text/calendar" and not part.is_attachment()  # type: ignore[attr-defined]
    ]
    return beside  # type: ignore[return-value]


def calendar(box: Box, number: int = -1) -> icalendar.Calendar:
    [part] = box.messages[number].iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == ("text/calendar", "invite.ics")
    text = part.get_content()
    assert _alternative(box.messages[number]).get_content() == text
    found = icalendar.Calendar.from_ical(text)
    assert part.get_param("method") == found["METHOD"]
    return found


def test_a_booking_its_move_and_its_end_come_with_a_file_for_the_calendar(
    world: World, known: Settings, box: Box
) -> None:
    meeting = booked(world)
    queue("booked", meeting, world.learner)
    queue("booked", meeting, world.supervisor)
    tick(known, SOON)
    assert {to for to, _ in box.got} == {world.learner.email, world.supervisor.email}
    first = calendar(box, 0)
    assert first["METHOD"] == "REQUEST"
    text = box.text(0)
    assert "Sun 11 Oct 2026, 10:50, 60 minutes (London time)" in text
    assert "One to one with Marian Hale" in text
    assert "https://call.example.org/7" in text
    assert f"{SITE}/supervision/{meeting.id}" in text
    assert "Client A" not in text + str(first)
    was = meeting.starts_at
    Meeting.update(
        starts_at=was + timedelta(days=1), ends_at=meeting.ends_at + timedelta(days=1), sequence=1
    ).execute()
    queue("moved", meeting, world.learner, was=was.isoformat())
    tick(known, SOON)
    moved = calendar(box)
    assert "was to be on Sun 11 Oct 2026, 10:50" in box.text()
    Meeting.update(state="cancelled", reason="Ill", sequence=2).execute()
    Attendance.update(state="cancelled", seat=None).execute()
    queue("cancelled", meeting, world.learner)
    tick(known, SOON)
    ended = calendar(box)
    events = [each.walk("VEVENT")[0] for each in (first, moved, ended)]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [int(event["SEQUENCE"]) for event in events] == [0, 1, 2]
    assert [str(each["METHOD"]) for each in (first, moved, ended)] == [
        "REQUEST",
        "REQUEST",
        "CANCEL",
    ]
    assert "Ill" not in box.text()


def test_a_moved_meeting_whose_mail_is_stuck_is_told_once_and_as_it_stands(
    world: World, known: Settings, box: Box
) -> None:
    meeting, by = booked(world), world.actor(world.supervisor)
    queue("booked", meeting, world.learner)
    for day in (1, 2):
        to = NOW + timedelta(days=3 + day)
        rebooking.move(meeting, to, 60, reason="Ill", version=meeting.version, by=by, now=NOW)
    Mail.delete().where(Mail.person == world.supervisor).execute()
    assert tick(known, SOON).sent == 1
    assert "moved to Tue 13 Oct 2026, 10:50" in box.messages[0]["Subject"]
    assert "was to be" not in box.text()
    assert calendar(box).walk("VEVENT")[0]["SEQUENCE"] == 2
    assert states() == {"booked": ["dropped"], "moved": ["dropped", "sent"]}


@pytest.mark.parametrize("kind", ["booked", "moved"])
def test_a_move_names_no_time_that_its_reader_was_never_told(
    world: World, known: Settings, box: Box, kind: str
) -> None:
    meeting, by = booked(world), world.actor(world.supervisor)
    queue("booked", meeting, world.learner)

    def move(days: int) -> None:
        to = NOW + timedelta(days=days)
        rebooking.move(meeting, to, 60, reason="Ill", version=meeting.version, by=by, now=NOW)
        Mail.delete().where(Mail.person == world.supervisor).execute()

    if kind == "moved":
        tick(known, SOON)
        move(4)
    box.answers = lambda _: "550 no such user"
    assert tick(known, SOON).failed == 1
    box.answers = lambda _: "250 OK"
    move(5)
    assert tick(known, SOON).sent == 1
    assert "moved to Tue 13 Oct 2026, 10:50" in box.messages[-1]["Subject"]
    assert "was to be" not in box.text()
    move(6)
    tick(known, SOON)
    assert "was to be on Tue 13 Oct 2026, 10:50" in box.text()


def test_an_invitation_that_is_declined_leaves_the_hosts_calendar(
    world: World, known: Settings, box: Box
) -> None:
    world.assign(world.supervisor, "supervisor", world.enrolment)
    meeting = arranged(world, invite=True)
    tick(known, SOON)
    place, me = Attendance.get(Attendance.meeting == meeting), world.actor(world.learner)
    asking.answer_invitation(place, accept=False, by=me, now=NOW, reason="Away")
    box.got.clear()
    tick(known, SOON)
    [(to, _)] = box.got
    assert (to, calendar(box)["METHOD"]) == (world.supervisor.email, "CANCEL")


def test_mail_of_a_meeting_that_is_off_or_over_is_dropped(
    world: World, known: Settings, box: Box
) -> None:
    meeting = booked(world)
    queue("booked", meeting, world.learner)
    queue("invited", meeting, world.learner)
    queue("requested", meeting, world.supervisor)
    Meeting.update(state="cancelled", reason="Ill").execute()
    assert tick(known, SOON).dropped == 3
    queue("cancelled", meeting, world.learner)
    assert tick(known, NOW + timedelta(days=4)).dropped == 1
    assert [m["Subject"] for m in box.messages] == []


GIVEN_UP = "Your place in a meeting was given up: Sun 11 Oct 2026, 10:50"


@pytest.mark.parametrize(
    ("kind", "state", "place", "subject"),
    [
        ("requested", "requested", "asked", "Priya Nair asks for a meeting"),
        ("declined", "declined", "declined", "Your request for a meeting was declined"),
        ("invited", "booked", "invited", "You are invited to a meeting: Sun 11 Oct 2026, 10:50"),
        ("freed", "booked", "booked", "A place came free, and it is yours: Sun 11 Oct 2026, 10:50"),
        ("recorded", "recorded", "came", "Read and sign the record of your meeting"),
        ("cancelled", "booked", "cancelled", GIVEN_UP),
    ],
)
def test_each_kind_has_its_words(
    world: World, known: Settings, box: Box, kind: str, state: str, place: str, subject: str
) -> None:
    meeting = booked(world)
    seat = 1 if place in ("booked", "came") else None
    Attendance.update(state=place, seat=seat).execute()
    extra = (
        {"held_minutes": 60, "discussed": "Scaling", "recorded_at": NOW,
         "recorded_by": world.supervisor} if state == "recorded" else {}
    )  # fmt: skip
    Meeting.update(state=state, reason="x", **extra).execute()
    to = world.supervisor if kind == "requested" else world.learner
    queue(kind, meeting, to)
    tick(known, SOON)
    assert [m["Subject"] for m in box.messages] == [subject]
    if (kind, state) == ("cancelled", "booked"):
        assert "call.example.org" not in box.text()
        assert "LOCATION" not in calendar(box).walk("VEVENT")[0]


def test_a_proposal_says_that_it_answers_what_was_asked_for(
    world: World, known: Settings, box: Box
) -> None:
    meeting = booked(world)
    Attendance.update(state="invited", seat=None).execute()
    asked = meeting.starts_at + timedelta(hours=1)
    queue("invited", meeting, world.learner, was=asked.isoformat())
    tick(known, SOON)
    subjects = [m["Subject"] for m in box.messages]
    assert subjects == ["Another time is proposed for your meeting: Sun 11 Oct 2026, 10:50"]
    words = "You asked for a meeting on Sun 11 Oct 2026, 11:50. Marian Hale proposes another time"
    assert words in " ".join(box.text().split())


# --- reminders ---------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_meeting_is_reminded_of_once_a_day_before(
    world: World, known: Settings, box: Box, engine: str
) -> None:
    meeting = booked(world)
    assert tick(known, meeting.starts_at - timedelta(hours=25)).sent == 0
    for minutes in (0, 1, 60):
        tick(known, meeting.starts_at - timedelta(hours=23) + timedelta(minutes=minutes))
    assert sorted(to for to, _ in box.got) == sorted([world.learner.email, world.supervisor.email])
    assert {m["Subject"] for m in box.messages} == {"Your meeting on Sun 11 Oct 2026, 10:50"}
    Meeting.update(sequence=1).execute()  # as where somebody leaves a group
    assert tick(known, meeting.starts_at - timedelta(hours=20)).made == 0
    Meeting.update(
        starts_at=meeting.starts_at + timedelta(days=7), ends_at=meeting.ends_at + timedelta(days=7),
        sequence=1,
    ).execute()  # fmt: skip
    tick(known, meeting.starts_at + timedelta(days=6, hours=1))
    assert len(box.got) == 4


def test_nobody_is_reminded_of_what_was_booked_that_day(
    world: World, known: Settings, box: Box
) -> None:
    meeting = booked(world, NOW + timedelta(hours=20))
    queue("booked", meeting, world.learner)
    tick(known, SOON)
    assert {to for to, m in box.got if "coming up" in str(m)} == {world.supervisor.email}
    assert tick(known, NOW + timedelta(hours=19)).made == 0


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_waits_too_long_is_told_to_its_supervisor_once_a_day(
    world: World, known: Settings, box: Box, engine: str
) -> None:
    world.session(state="submitted")  # two days ago
    due = NOW + timedelta(days=3)
    assert tick(known, due - timedelta(days=1)).sent == 0
    early = due.replace(hour=5)
    tick(known, early)
    assert box.got == []  # not before eight in the morning
    for hours in (3, 4, 10):
        tick(known, early + timedelta(hours=hours))
    assert [to for to, _ in box.got] == [world.supervisor.email]
    assert box.messages[0]["Subject"] == "1 session waits for your approval"
    assert "since Tue 6 Oct 2026" in box.text()
    tick(known, due + timedelta(days=1))
    assert len(box.got) == 2


# --- wishes ------------------------------------------------------------------------------


def wish(world: World, person: Person, **values: object) -> None:
    told = {"digest": False, "digest_at": "08:00", "quiet_from": "", "quiet_to": ""} | values
    MailWish.keep(**told, by=Actor.of(person, world.centre, NOW))  # type: ignore[arg-type]


def test_a_digest_is_one_mail_at_its_hour(world: World, known: Settings, box: Box) -> None:
    wish(world, world.learner, digest=True, digest_at="18:00")
    world.session(state="returned")
    Mail.update(created_at=NOW, due_at=NOW).execute()
    meeting = booked(world)
    queue("booked", meeting, world.learner)
    assert tick(known, SOON).sent == 0
    assert tick(known, NOW.replace(hour=16)).sent == 0
    assert tick(known, NOW.replace(hour=17, minute=0)).sent == 1  # six in London's summer
    assert box.messages[0]["Subject"] == "2 things for you in Supervise"
    assert "A session came back to you" in box.text()
    assert calendar(box)["METHOD"] == "REQUEST"


def test_letters_that_say_the_same_go_once(world: World, known: Settings, box: Box) -> None:
    for _ in range(2):
        queue_told(world)
    assert tick(known, SOON).sent == 1
    assert box.messages[0]["Subject"] == "There is feedback for you to read (2)"
    assert box.text().count("Somebody you asked has given feedback") == 1
    wish(world, world.learner, digest=True, digest_at="10:00")
    for _ in range(2):
        queue_told(world)
    queue("booked", booked(world), world.learner)
    assert tick(known, SOON + timedelta(days=1)).sent == 1
    assert box.messages[1]["Subject"] == "3 things for you in Supervise"
    assert box.text().count("There is feedback for you to read (2)") == 1
    assert box.text().count("/feedback") == 1
    assert set(states()["feedback-told"]) == {"sent"}


def test_a_digest_does_not_hold_back_what_would_come_too_late(
    world: World, known: Settings, box: Box
) -> None:
    wish(world, world.learner, digest=True, digest_at="08:00")
    meeting = booked(world, NOW + timedelta(hours=5))
    queue("booked", meeting, world.learner)
    tick(known, SOON)
    assert world.learner.email in {to for to, _ in box.got}


def test_nobody_is_disturbed_in_their_quiet_hours(world: World, known: Settings, box: Box) -> None:
    wish(world, world.learner, quiet_from="10:00", quiet_to="14:00")
    Person.update(zone="America/New_York").where(Person.id == world.learner.id).execute()
    world.session(state="returned")
    Mail.update(created_at=NOW, due_at=NOW).execute()
    night = NOW.replace(hour=15)  # eleven in New York
    assert tick(known, night).sent == 0
    assert Mail.get().due_at == NOW.replace(hour=18, minute=0)
    assert tick(known, NOW.replace(hour=18, minute=0)).sent == 1


def test_a_changed_wish_times_anew_what_waits(world: World, known: Settings, box: Box) -> None:
    wish(world, world.learner, digest=True, digest_at="23:00")
    world.session(state="returned")
    Mail.update(created_at=NOW, due_at=NOW).execute()
    assert tick(known, SOON).sent == 0
    wish(world, world.learner)
    assert tick(known, SOON).sent == 1


def test_a_try_that_failed_is_repeated_outside_the_quiet_hours(
    world: World, known: Settings, box: Box
) -> None:
    wish(world, world.learner, quiet_from="11:00", quiet_to="18:00")
    queue_told(world)
    box.answers = lambda _: "450 greylisted"
    tick(known, NOW)  # ten to eleven in London's summer
    box.answers = lambda _: "250 OK"
    assert tick(known, NOW.replace(hour=10, minute=5)).sent == 0
    assert tick(known, NOW.replace(hour=17, minute=0)).sent == 1


def test_a_record_to_sign_waits_for_the_digest(world: World, known: Settings, box: Box) -> None:
    wish(world, world.learner, digest=True, digest_at="18:00")
    meeting = booked(world, NOW - timedelta(hours=2))
    Meeting.update(state="held", held_minutes=60).execute()
    Attendance.update(state="came").execute()
    Meeting.update(state="recorded", discussed="x", recorded_at=NOW,
                   recorded_by=world.supervisor).execute()  # fmt: skip
    queue("recorded", meeting, world.learner)
    assert tick(known, SOON).sent == 0
    assert tick(known, NOW.replace(hour=17, minute=0)).sent == 1


def test_no_wish_brings_forward_what_is_to_come_on_another_day(
    world: World, known: Settings
) -> None:
    queue_told(world, due_at=NOW + timedelta(days=1))
    wish(world, world.learner)
    assert Mail.get().due_at == NOW + timedelta(days=1)
    assert tick(known, SOON).sent == 0
    assert tick(known, NOW + timedelta(days=1)).sent == 1


def test_what_is_to_come_on_another_day_comes_with_the_digest_of_that_day(
    world: World, known: Settings
) -> None:
    wish(world, world.learner, digest=True, digest_at="18:00")
    queue_told(world, due_at=NOW + timedelta(days=1))
    assert tick(known, NOW + timedelta(days=1)).sent == 0
    assert tick(known, NOW.replace(hour=17, minute=0)).sent == 0
    assert tick(known, NOW.replace(hour=17, minute=0) + timedelta(days=1)).sent == 1


@pytest.mark.parametrize("digest", [True, False])
def test_no_mail_speaks_of_two_centres(
    world: World, known: Settings, box: Box, digest: bool
) -> None:
    there, me = World(), world.learner
    Membership.grant(me, there.centre, "learner", by=None, now=NOW)
    wish(world, me, digest=digest, digest_at="18:00")
    queue_told(world)
    Mail.queue("feedback-told", to=me, centre=there.centre, now=NOW)
    tick(known, NOW.replace(hour=17, minute=0))
    assert [to for to, _ in box.got] == [me.email] * 2
    assert not any("2 things" in str(message["Subject"]) for message in box.messages)


def test_a_digest_tried_again_does_not_wait_for_its_least_urgent_part(
    world: World, known: Settings, box: Box
) -> None:
    wish(world, world.learner, digest=True, digest_at="18:00", quiet_from="18:01", quiet_to="09:00")
    queue_told(world)
    early = NOW.replace(hour=5, minute=0) + timedelta(days=1)  # six in London's summer
    queue("booked", booked(world, early), world.learner)
    me = world.learner.email
    box.answers = lambda to: "450 greylisted" if to == me else "250 OK"
    assert tick(known, NOW.replace(hour=17, minute=0)).later == 1
    box.answers = lambda _: "250 OK"
    box.got.clear()
    assert tick(known, NOW.replace(hour=17, minute=1)).sent == 1
    assert [(to, m["Subject"]) for to, m in box.got] == [(me, "2 things for you in Supervise")]


def test_a_client_is_written_to_at_once(world: World, known: Settings, box: Box) -> None:
    wish(world, world.learner, digest=True, digest_at="23:00")
    contracting.offered(world, world.client().engagement("coaching"), "two")
    assert tick(known, SOON).sent == 1
