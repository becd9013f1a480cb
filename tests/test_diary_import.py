"""A diary file into the diary: what is added, what is refused, and that twice is once."""

from datetime import date, datetime, time, timedelta

import pytest

from supervise import events
from supervise.imports.choices import guess_choices
from supervise.imports.reading import read_workbook
from supervise.models import Client, Engagement, PracticeSession, drafts
from supervise.models.diary_import import kind_of, take
from supervise.reports.diary_export import diary_csv
from tests.diaries import HEAD, NOW, coach_of_501, looked_at, sample
from tests.world import World


@pytest.fixture
def world(database):
    return coach_of_501()


def taken(world, text, **options):
    found = looked_at(text, world.enrolment)
    return take(found.rows, world.enrolment, by=world.actor(world.learner), now=NOW, **options)


def sentences(world, text):
    return [(f.line, f.column, f.sentence) for f in looked_at(text, world.enrolment).faults]


def minutes(enrolment, unit):
    return sum(s.minutes for s in PracticeSession.select().where(
        (PracticeSession.enrolment == enrolment) & (PracticeSession.unit == unit)))  # fmt: skip


def test_the_sample_log_becomes_fourteen_drafts(world):
    assert taken(world, sample("coaching-log-501.csv")).added == 14
    assert minutes(world.enrolment, "501") == 825
    first = PracticeSession.select().order_by(PracticeSession.date).first()
    assert (first.state, first.kind, first.mode, first.date) == (
        "draft", "coaching", "video", date(2026, 7, 6))  # fmt: skip
    assert first.starts_at.hour == 12, "13:00 in July is 12:00 UTC"
    assert "GROW" in first.done
    assert [c.alias for c in Client.select().order_by(Client.alias)] == ["Client A", "Client B"]


def test_the_sample_workbook_gives_each_sheet_its_unit(database):
    world = World(now=NOW)
    found = looked_at(sample("coaching-diary-D3.xlsx"), world.enrolment, "d3.xlsx", None)
    assert [(t.unit, t.sessions, t.minutes) for t in found.totals] == [
        ("D3.03", 8, 375), ("D3.04", 33, 2070)]  # fmt: skip
    take(found.rows, world.enrolment, by=world.actor(world.learner), now=NOW)
    assert minutes(world.enrolment, "D3.03") == 375
    assert minutes(world.enrolment, "D3.04") == 2070


def test_the_same_file_again_adds_nothing_also_once_edited(world):
    text = HEAD + "06/07/2026,13:00,60,Client A,GROW\n07/07/2026,,50,Client B,OSKAR\n"
    assert taken(world, text).added == 2
    session = PracticeSession.select().order_by(PracticeSession.date).get()
    entry = drafts.Entry(
        clients=[world.client("Client C")], unit="501", kind="coaching", date=date(2026, 7, 8),
        start=time(9), minutes=45, texts={"done": "Something else"},
    )  # fmt: skip
    drafts.save(session, entry, version=1, by=world.actor(world.learner), now=NOW)
    again = taken(world, text)
    assert (again.added, again.known) == (0, 2)
    assert PracticeSession.select().count() == 2
    assert PracticeSession.get_by_id(session.id).done == "Something else"
    assert len(looked_at(text, world.enrolment).known) == 2


def test_a_session_written_by_hand_is_known(world):
    world.session(day=date(2026, 7, 6), start=time(13), minutes=60, unit="501", state="submitted")
    found = looked_at(HEAD + "06/07/2026,13:00,60,client a,GROW\n", world.enrolment)
    assert found.faults == ()
    assert found.fresh == 0


def test_two_talks_alike_without_a_start_are_two(world):
    line = "06/07/2026,,60,Client A,GROW\n"
    assert taken(world, HEAD + line).added == 1
    again = taken(world, HEAD + line + line)
    assert (again.added, again.known) == (1, 1)


def test_each_session_has_its_line_in_the_history_and_nobodys_name(world):
    taken(world, HEAD + "06/07/2026,13:00,60,Client A,GROW\n")
    session = PracticeSession.get()
    [event] = [e for e in events.history("session", session.id) if e.verb == "imported"]
    assert event.details == {"sheet": 1, "line": 2}
    assert event.person_id == world.learner.id


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("31/05/2026,13:00,60,Client A,x", "Date", "before the enrolment began on Monday 1 June"),
        ("21/11/2026,13:00,60,Client A,x", "Date", "lies in the future"),
        ("06/07/2026,13:00,0,Client A,x", "Minutes", "5 to 480 minutes"),
        ("06/07/2026,13:00,481,Client A,x", "Minutes", "5 to 480 minutes"),
        ("06/07/2026,13:00,60,,x", "Client", "The client is missing"),
        ("06/07/2026,13:00,60,a@example.org,x", "Client", "e-mail address"),
        ("06/07/2026,25:00,60,Client A,x", "Start", "not a time of day"),
        ("06/07/2026,13:00,60,Client A,\x07bell", "What we did", "control character"),
    ],
)
def test_a_bad_line_is_named_and_the_good_one_is_not(world, line, column, words):
    text = HEAD + line + "\n08/07/2026,13:00,60,Client A,GROW\n"
    [(number, where, sentence)] = sentences(world, text)
    assert (number, where) == (2, column)
    assert words in sentence
    assert [row.line for row in looked_at(text, world.enrolment).rows] == [3]


def test_a_unit_that_is_not_taken_and_one_that_is_not_known(world):
    text = "Unit,Date,Minutes,Client\nD3.04,06/07/2026,60,A\n999,07/07/2026,60,A\n"
    (first, _, not_taken), (second, _, unknown) = sorted(sentences(world, text))
    assert (first, second) == (2, 3)
    assert "D3.04 is not a unit of this enrolment. Choose one of: 500, 501, 503." in not_taken
    assert "‘999’ is not a unit code" in unknown


def test_rows_that_overlap_each_other_are_both_at_fault(world):
    text = HEAD + "".join(
        f"06/07/2026,{at},60,Client {n},x\n"
        for n, at in enumerate(("09:00", "09:30", "10:30", "12:00"))
    )
    assert [line for line, _, _ in sentences(world, text)] == [2, 3]
    assert "Overlaps line 3, Mon 6 Jul, 09:30 to 10:30" in sentences(world, text)[0][2]


@pytest.mark.parametrize(
    ("state", "refused"), [("approved", True), ("submitted", True), ("draft", False)]
)
def test_only_what_stands_in_the_diary_refuses_an_overlap(world, state, refused):
    world.session(day=date(2026, 7, 6), start=time(13, 30), unit="501", state=state)
    text = HEAD + "06/07/2026,13:00,60,Client B,x\n06/07/2026,14:30,60,Client B,x\n"
    found = sentences(world, text)
    assert len(found) == refused
    if refused:
        assert f"{state} already, Mon 6 Jul, 13:30 to 14:30" in found[0][2]


def test_a_draft_that_starts_at_the_same_time_is_mentioned(world):
    world.session(day=date(2026, 7, 6), start=time(13), unit="501", clients=("Client X",))
    found = looked_at(HEAD + "06/07/2026,13:00,50,Client A,x\n", world.enrolment)
    assert found.faults == ()
    assert "a draft that starts at this time" in found.notices[0].sentence


def test_submit_hands_in_the_complete_ones_only(world):
    text = HEAD + "06/07/2026,13:00,60,Client A,GROW\n07/07/2026,13:00,60,Client A,\n"
    assert taken(world, text, submit=True).submitted == 1
    assert [s.state for s in PracticeSession.select().order_by(PracticeSession.date)] == [
        "submitted", "draft"]  # fmt: skip


def test_contract_dates_come_from_the_column_and_never_over_one_there_is(world):
    dated = world.client("Client A").engagement("coaching")
    dated.set_contract(date(2026, 6, 5), by=world.actor(world.learner), now=NOW)
    text = (
        "Date,Minutes,Client,Contract agreed\n06/07/2026,60,Client A,01/07/2026\n"
        "07/07/2026,60,Client B,02/07/2026\n08/07/2026,60,Client C,\n"
    )
    taken(world, text, contract_agreed=date(2026, 7, 3))
    found = {e.client.alias: e.contract_agreed_on for e in Engagement.select()}
    assert found == {
        "Client A": date(2026, 6, 5), "Client B": date(2026, 7, 2), "Client C": date(2026, 7, 3)}  # fmt: skip


def test_a_contract_under_approved_hours_is_left_to_the_supervisor(world):
    text = HEAD + "06/07/2026,13:00,60,Client A,GROW\n"
    world.session(day=date(2026, 7, 1), unit="501", state="approved")
    result = taken(world, text, contract_agreed=date(2026, 7, 1))
    assert result.undated == ("Client A",)
    assert Engagement.get().contract_agreed_on is None


def test_two_dates_for_one_contract_are_at_fault(world):
    text = (
        "Date,Minutes,Client,Contract agreed\n06/07/2026,60,Client A,01/07/2026\n"
        "07/07/2026,60,Client A,02/07/2026\n"
    )
    [(line, column, sentence)] = sentences(world, text)
    assert (line, column) == (3, "Contract agreed")
    assert "Line 2 dates the contract with Client A 1 Jul 2026" in sentence


def test_the_kind_is_the_rows_or_the_units(world):
    text = "Date,Minutes,Client,Type\n06/07/2026,60,A,Mentoring\n07/07/2026,60,A,\n"
    rows = looked_at(text, world.enrolment).rows
    assert [kind_of(row, world.enrolment) for row in rows] == ["mentoring", "coaching"]


def test_a_group_session_has_all_its_clients(world):
    taken(world, HEAD + "06/07/2026,13:00,60,Client A; Client B,Group\n")
    assert [e.client.alias for e in PracticeSession.get().engagements] == ["Client A", "Client B"]


def test_all_or_nothing_when_the_write_fails(world, monkeypatch):
    found = looked_at(sample("coaching-log-501.csv"), world.enrolment)

    def refuse(**_):
        raise RuntimeError

    monkeypatch.setattr(events, "record", refuse)
    with pytest.raises(RuntimeError):
        take(found.rows, world.enrolment, by=world.actor(world.learner), now=NOW)
    assert PracticeSession.select().count() == 0


def test_two_thousand_rows_cost_a_few_queries_each(world, queries):
    start = datetime(2026, 6, 1, 0, 0)  # noqa: DTZ001 - as the clock in the sheet shows it
    lines = [
        f"{at:%d/%m/%Y},{at:%H:%M},60,Client {n % 20},x"
        for n in range(2000)
        if (at := start + timedelta(hours=2 * n))
    ]
    text = HEAD + "\n".join(lines)
    with queries() as checked:
        found = looked_at(text, world.enrolment)
    assert len(found.rows) == 2000
    assert checked.count <= 12, checked
    with queries() as seen:
        take(found.rows, world.enrolment, by=world.actor(world.learner), now=NOW)
    assert PracticeSession.select().count() == 2000
    assert seen.count <= 4 * 2000, seen.count


def test_the_export_keeps_formulas_as_text_and_comes_back_whole(world):
    text = HEAD + '06/07/2026,13:00,60,=Client A,"=HYPERLINK(""x"")"\n07/07/2026,,50,B,-1\n'
    taken(world, text)
    exported = diary_csv(world.actor(world.learner))
    assert b"'=HYPERLINK" in exported
    assert b",=HYPERLINK" not in exported
    found = looked_at(exported, world.enrolment, unit=None)
    assert found.faults == ()
    assert (len(found.rows), found.fresh) == (2, 0), "the same diary knows them all"
    other = world.enrol(world.person("Tom Leary", "learner"))
    again = looked_at(exported, other, unit=None)
    take(again.rows, other, by=world.actor(other.learner), now=NOW)
    copies = PracticeSession.select().where(PracticeSession.enrolment == other)
    assert {s.done for s in copies} == {'=HYPERLINK("x")', "-1"}


def test_private_notes_and_other_diaries_stay_out_of_the_export(world):
    world.session(day=date(2026, 7, 6), unit="501", done="Mine")
    other = world.enrol(world.person("Tom Leary", "learner"))
    world.session(day=date(2026, 7, 7), unit="501", done="Theirs", enrolment=other)
    exported = diary_csv(world.actor(world.learner)).decode("utf-8-sig")
    assert "Mine" in exported
    assert "Theirs" not in exported
    assert "Private" not in exported


def test_a_sheet_without_dates_is_left_out_of_several(database):
    from tests.imports.samples import xlsx

    def fill(book):
        book.active.title = "Clients"
        book.active.append(["Client", "Goal"])
        sheet = book.create_sheet("501")
        sheet.append(["Date", "Minutes", "Client"])
        sheet.append([date(2026, 7, 6), 60, "Client A"])

    workbook = read_workbook(xlsx(fill), "diary.xlsx")
    assert [(c.read, c.unit) for c in guess_choices(workbook, ("500", "501"))] == [
        (False, None), (True, "501")]  # fmt: skip
