"""Importing a diary: the pages, and the command."""

import io
import re
from collections.abc import Iterator

import pytest
import time_machine
from click.testing import CliRunner

from supervise.cli import main
from supervise.models import DiaryUpload, Engagement, Enrolment, PracticeSession
from tests import engines
from tests.diaries import HEAD, NOW, SAMPLES, coach_of_501, sample
from tests.imports.samples import repacked, xlsx
from tests.world import World, sign_in


@pytest.fixture
def moment() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(app, moment) -> World:
    return coach_of_501()


@pytest.fixture
def coach(world, client):
    sign_in(client, world.learner, world.centre, NOW)
    return client


def send(client, data: bytes | str, name: str = "diary.csv", **fields: str):
    data = data.encode() if isinstance(data, str) else data
    enrolment = Enrolment.select().order_by(Enrolment.id).first()
    form = {"enrolment": str(enrolment.id), "unit": "", "contract_agreed": "", **fields}
    sent = client.post("/sessions/import", data={**form, "file": (io.BytesIO(data), name)})
    sent.request.environ["wsgi.input"].close()  # the test client's own temporary file
    return sent


def checked(client, data: bytes | str, name: str = "diary.csv", **fields: str):
    """The check page after a file was sent, its address, and what its form holds."""
    sent = send(client, data, name, **fields)
    assert sent.status_code == 303, sent.text
    page = client.get(sent.location)
    assert page.status_code == 200
    return page.text, sent.location.partition("?")[0], form_of(page.text)


def form_of(page: str) -> dict[str, str]:
    """The form's values as a browser without JavaScript would send them."""
    import html5lib

    root = html5lib.parse(page, namespaceHTMLElements=False)
    form = root.find(".//form[@id='import']")
    values = {}
    for field in form.iter("input"):
        if field.get("type") == "checkbox" and field.get("checked") is None:
            continue
        values[field.get("name")] = field.get("value", "")
    for field in form.iter("select"):
        chosen = [o for o in field.iter("option") if o.get("selected") is not None]
        values[field.get("name")] = (chosen or list(field.iter("option")))[0].get("value")
    return values


@pytest.fixture(autouse=True)
def _no_tokens(app) -> None:
    app.config["WTF_CSRF_ENABLED"] = False


def test_the_sample_is_shown_and_taken(coach, world):
    page, address, form = checked(coach, sample("coaching-log-501.csv"), "coaching-log-501.csv")
    assert "14 sessions, 13 h 45" in page
    assert "Submit them to Marian Hale now" in page
    assert "Take all 14" in page
    taken = coach.post(address, data={**form, "do": "all"})
    assert taken.status_code == 303
    assert taken.location == "/sessions"
    assert sum(s.minutes for s in PracticeSession.select()) == 825
    with coach.session_transaction() as cookie:
        assert cookie["_flashes"] == [
            ("message", "14 sessions added as drafts. Submit them when they are ready.")
        ]
    page, address, form = checked(coach, sample("coaching-log-501.csv"), "coaching-log-501.csv")
    assert page.count("In your diary already") == 14
    coach.post(address, data={**form, "do": "all"})
    assert PracticeSession.select().count() == 14


def test_taken_twice_by_a_double_click_is_once(coach, world):
    _, address, form = checked(coach, HEAD + "06/07/2026,13:00,60,Client A,GROW\n", unit="501")
    for _ in range(2):
        assert coach.post(address, data={**form, "do": "all"}).status_code == 303
    assert PracticeSession.select().count() == 1


def test_submitting_at_once_and_dating_the_contract(coach, world):
    text = HEAD + "06/07/2026,13:00,60,Client A,GROW\n"
    _, address, form = checked(coach, text, unit="501", contract_agreed="1/7/2026")
    coach.post(address, data={**form, "submit": "y", "do": "all"})
    assert PracticeSession.get().state == "submitted"
    assert str(Engagement.get().contract_agreed_on) == "2026-07-01"


BAD = HEAD + "06/07/2026,13:00,3,Client A,x\n07/07/2026,13:00,50,Client B,y\n"


def test_a_bad_line_stops_all_unless_the_good_are_asked_for(coach, world):
    page, address, form = checked(coach, BAD, unit="501")
    assert "Line 2, Minutes: 3 minutes: a session lasts 5 to 480 minutes." in page
    refused = coach.post(address, data={**form, "do": "all"})
    assert refused.status_code == 422
    assert "Nothing was imported: some lines have faults." in refused.text
    assert PracticeSession.select().count() == 0
    assert "Take only the 1 good one" in refused.text
    assert coach.post(address, data={**form, "do": "good"}).status_code == 303
    assert [s.minutes for s in PracticeSession.select()] == [50]


def test_the_only_unit_with_hours_is_chosen_where_the_file_names_none(coach, world):
    page, _, form = checked(coach, HEAD + "06/07/2026,13:00,50,Client A,x\n")
    assert form["s0-unit"] == "501"
    assert "Take all 1" in page


def test_a_file_that_is_known_already_leads_back_to_the_diary(coach, world):
    text = HEAD + "06/07/2026,13:00,50,Client A,x\n07/07/2026,13:00,50,Client B,y\n"
    _, address, form = checked(coach, text, unit="501")
    coach.post(address, data={**form, "do": "all"})
    page, address, form = checked(coach, text, unit="501")
    assert "All 2 sessions are in your diary already." in page
    assert "Take " not in page
    assert "Back to the diary" in page
    assert coach.post(address, data={**form, "do": "none"}).location == "/sessions"


def test_nothing_is_offered_where_nothing_can_be_taken(coach, world):
    page, _, _ = checked(coach, HEAD + "06/07/2026,13:00,3,Client A,x\n", unit="501")
    assert "Nothing can be taken" in page
    assert "Take all" not in page
    assert "Take only" not in page


def test_a_file_over_the_limit_of_a_request_leads_back_to_the_import(coach, world):
    sent = send(coach, b"x" * (7 * 1024 * 1024))
    assert sent.status_code == 413
    assert "over 5 MB" in sent.text
    assert 'href="/sessions/import">Choose another file' in sent.text


def test_none_is_taken_and_the_file_thrown_away(coach, world):
    _, address, form = checked(coach, BAD, unit="501")
    assert coach.post(address, data={**form, "do": "none"}).status_code == 303
    assert (PracticeSession.select().count(), DiaryUpload.select().count()) == (0, 0)


def test_a_wrong_guess_is_corrected_and_previewed_before_it_is_taken(coach, world):
    text = "Date,Length,Somebody,Odd\n06/07/2026,60,x,Client A\n"
    page, address, form = checked(coach, text, unit="501")
    assert "No column is chosen for the client" in page
    assert form["s0-c3"] == ""
    changed = {**form, "s0-c3": "client", "s0-c2": "done"}
    unseen = coach.post(address, data={**changed, "do": "all"})
    assert unseen.status_code == 422
    assert "You changed how the file is read" in unseen.text
    shown = coach.post(address, data={**changed, "do": "preview"})
    assert "1 session, 1 h 00" in shown.text
    assert coach.post(address, data={**form_of(shown.text), "do": "all"}).status_code == 303
    assert PracticeSession.get().done == "x"


def test_another_row_of_headings_is_guessed_anew(coach, world):
    text = "Day,Who,Notes\n,,\nDate,Minutes,Coachee\n06/07/2026,60,Client A\n"
    _, address, form = checked(coach, text, unit="501")
    first = coach.post(address, data={**form, "s0-header": "1", "do": "preview"})
    again = coach.post(address, data={**form_of(first.text), "s0-header": "3", "do": "preview"})
    assert form_of(again.text)["s0-c1"] == "minutes"
    assert "1 session, 1 h 00" in again.text
    wrong = coach.post(address, data={**form, "s0-header": "99", "do": "preview"})
    assert wrong.status_code == 422
    assert "Give a row from 1 to 4" in wrong.text
    assert form_of(wrong.text) == {**form, "s0-header": "99"}, "what was typed stands there still"


def test_two_columns_cannot_hold_the_same(coach, world):
    _, address, form = checked(coach, BAD, unit="501")
    page = coach.post(address, data={**form, "s0-c4": "client", "do": "preview"})
    assert page.status_code == 422
    assert "Two columns are taken as Client." in page.text
    assert form_of(page.text)["s0-c4"] == "client"


def test_a_formula_is_text_on_the_page_and_in_the_export(coach, world):
    text = HEAD + '06/07/2026,13:00,60,Client A,"=1+1<b>"\n'
    page, address, form = checked(coach, text, unit="501")
    assert "=1+1&lt;b&gt;" in page
    coach.post(address, data={**form, "do": "all"})
    export = coach.get("/sessions/export.csv")
    assert export.mimetype == "text/csv"
    assert "attachment" in export.headers["Content-Disposition"]
    assert "'=1+1<b>" in export.get_data().decode("utf-8-sig")


def test_another_persons_file_is_not_there(coach, world, app):
    _, address, form = checked(coach, BAD, unit="501")
    other = app.test_client()
    sign_in(other, world.enrol(world.person("Tom Leary", "learner")).learner, world.centre, NOW)
    assert other.get(address).status_code == 404
    assert other.post(address, data={**form, "do": "all"}).status_code == 404
    assert PracticeSession.select().count() == 0


def test_only_learners_import(world, client):
    sign_in(client, world.supervisor, world.centre, NOW)
    assert client.get("/sessions/import").status_code == 403
    assert client.get("/sessions/export.csv").status_code == 403


def test_an_enrolment_of_somebody_else_is_refused(coach, world):
    other = world.enrol(world.person("Tom Leary", "learner"))
    assert send(coach, BAD, enrolment=str(other.id)).status_code == 422


def test_a_learner_who_is_not_enrolled_is_told_whom_to_ask(world, client):
    sign_in(client, world.person("Nia Rees", "learner"), world.centre, NOW)
    assert "You are not enrolled yet." in client.get("/sessions/import").text
    assert send(client, BAD).status_code == 404


def _bomb() -> bytes:
    plain = xlsx(lambda book: book.active.append(["Date"]))
    return repacked(plain, lambda name, _: b" " * 60_000_000 if "sheet1" in name else b"x")


LOCKED = bytes.fromhex("D0CF11E0A1B11AE1") + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        pytest.param(b"", "d.csv", "empty", id="empty"),
        pytest.param(LOCKED, "d.xlsx", "has a password", id="password"),
        pytest.param(_bomb, "d.xlsx", "unpacks to far more", id="bomb"),
        pytest.param(b"PK\x03\x04rubbish", "d.xlsx", "damaged", id="damaged"),
        pytest.param(b"%PDF-1.7 x", "d.pdf", "neither a CSV", id="pdf"),
        pytest.param(bytes(range(256)) * 9, "d.csv", "neither a CSV", id="binary"),
        pytest.param(b'Date,Client\n"06/07/2026,A\n', "d.csv", "never closed", id="quote"),
        pytest.param(b"x" * (5 * 1024 * 1024 + 1), "d.csv", "over 5 MB", id="large"),
        pytest.param(
            "Date,Client\n06/07/2026,Château\n".encode("mac_roman"), "d.csv",
            "letters in this file", id="encoding",
        ),
    ],
)  # fmt: skip
def test_an_unreadable_file_gets_its_sentence_and_the_form_as_it_was(
    coach, world, data, name, words
):
    data = data() if callable(data) else data
    page = send(coach, data, name, unit="503", contract_agreed="1/7/2026")
    assert page.status_code == 422
    assert words in page.text
    assert re.search(r'<option selected value="503">', page.text)
    assert 'value="1/7/2026"' in page.text
    assert DiaryUpload.select().count() == 0


def test_no_file_and_a_date_to_come_are_refused_in_place(coach, world):
    page = coach.post(
        "/sessions/import", data={"enrolment": world.enrolment.id, "contract_agreed": "1/1/2099"}
    )
    assert page.status_code == 422
    assert "Choose the file that holds your diary." in page.text
    assert "This day has not come yet." in page.text


def test_an_address_typed_by_hand_does_no_harm(coach, world):
    _, address, _ = checked(coach, BAD, unit="501")
    for query in ("?contract_agreed=never&enrolment=x&unit=zzz", "?enrolment=99999"):
        assert coach.get(address + query).status_code == 200


def test_a_big_file_shows_two_hundred_lines_faults_first(coach, world, queries):
    good = "".join(f"06/07/2026,,50,Client {n},x\n" for n in range(400))
    sent = send(coach, HEAD + good + "06/07/2026,,3,Client Z,x\n", unit="501")
    with queries() as seen:
        page = coach.get(sent.location).text
    assert seen.count <= 12, seen
    assert "The first 200 of 401 lines are shown" in page
    lines = re.findall(r'scope="row">(\d+)<', page)
    assert (lines[0], len(lines)) == ("402", 200)
    assert "400 sessions" in page


def test_htmx_gets_the_form_alone(coach, world):
    _, address, form = checked(coach, BAD, unit="501")
    part = coach.post(address, data={**form, "do": "preview"}, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith("<form")
    done = coach.post(address, data={**form, "do": "good"}, headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == "/sessions"


# --- the command -------------------------------------------------------------------------


@pytest.fixture
def run(address, tmp_path, monkeypatch, moment):
    monkeypatch.setenv("SUPERVISE_DATABASE", address)
    monkeypatch.setenv("SUPERVISE_ADMIN_PASSWORD", "quiet-otter-parade-31")
    runner = CliRunner()

    def call(*words: object):
        place = ["--instance", str(tmp_path / "instance")]
        engines.disconnect()  # each call binds the database anew, as a process of its own would
        done = runner.invoke(main, [*place, *map(str, words)])
        engines.disconnect()
        return done

    made = call("init", "--centre", "Alder Quay", "--number", "C1", "--admin", "ada@example.org")
    assert made.exit_code == 0, made.output
    assert call("import", "cohort", SAMPLES / "cohort.csv").exit_code == 0
    return lambda *words: call("import", "sessions", *words)


LOG, D3 = SAMPLES / "coaching-log-501.csv", SAMPLES / "coaching-diary-D3.xlsx"
AMARA, PRIYA = ("--learner", "amara.osei@example.org"), ("--learner", "priya.nair@example.org")


def test_both_samples_by_command(run):
    log = run(LOG, *AMARA, "--unit", "501", "--contract-agreed", "2026-07-01")
    assert log.exit_code == 0, log.output
    assert "501: 14 sessions, 13 h 45 (825 minutes)" in log.output
    assert "14 added, 0 there already." in log.output
    d3 = run(D3, *PRIYA)
    assert "D3.03: 8 sessions, 6 h 15 (375 minutes)" in d3.output
    assert "D3.04: 33 sessions, 34 h 30 (2070 minutes)" in d3.output
    assert "Passed over: Sheet D3.03, line 12: a row of totals." in d3.output
    again = run(LOG, *AMARA, "--unit", "501", "--submit")
    assert "0 added, 14 there already." in again.output
    assert "14 submitted." in again.output
    assert {str(e.contract_agreed_on) for e in Engagement.select() if e.contract_agreed_on} == {
        "2026-07-01"}  # fmt: skip


def test_a_dry_run_changes_nothing(run):
    result = run(LOG, *AMARA, "--dry-run")
    assert result.exit_code == 0
    assert "14 would be added" in result.output
    assert PracticeSession.select().count() == 0


def test_faults_stop_the_command_unless_the_good_are_asked_for(run, tmp_path):
    file = tmp_path / "D3.03.csv"
    file.write_text("Date,Length,Client\n06/07/2026,3,A\n07/07/2026,50,B\n")
    result = run(file, *PRIYA)
    assert result.exit_code == 1
    assert "\nLine 2, column Length: 3 minutes" in f"\n{result.output}"
    assert "take the 1 good line with --take-good" in result.output
    assert PracticeSession.select().count() == 0
    assert run(file, *PRIYA, "--dry-run").exit_code == 1
    assert run(file, *PRIYA, "--take-good").exit_code == 0
    assert PracticeSession.get().minutes == 50


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((LOG, "--learner", "nobody@example.org"), 1, "Nobody here has the address"),
        ((LOG, "--learner", "ada@example.org"), 1, "is not enrolled"),
        (
            (LOG, *AMARA, "--unit", "D3.04"),
            1,
            "D3.04 is not a unit that amara.osei@example.org takes",
        ),
        ((LOG, *AMARA, "--programme", "5C2V2"), 1, "is not enrolled on 5C2V2, but on ILM-8580"),
        ((LOG, *PRIYA), 1, "501 is not a unit of this enrolment"),
        ((SAMPLES / "missing.csv", *AMARA), 2, "does not exist"),
        ((LOG,), 2, "Missing option '--learner'"),
        ((LOG, *AMARA, "--contract-agreed", "2099-01-01"), 2, "This day has not come yet."),
        ((LOG, *AMARA, "--contract-agreed", "soon"), 2, "does not match the formats"),
    ],
)
def test_calls_that_cannot_be_met_say_why(run, words, code, sentence):
    result = run(*words)
    assert result.exit_code == code, result.output
    assert sentence in result.output
    assert PracticeSession.select().count() == 0


def test_a_file_without_sessions_is_at_fault(run, tmp_path):
    file = tmp_path / "501.csv"
    file.write_text("Date,Minutes,Client\n")
    assert run(file, *AMARA).exit_code == 1
    file.write_text("Date,Minutes,Client\nsoon,50,A\n")
    result = run(file, *AMARA)
    assert "1 fault, so nothing was imported. Mend the file." in result.output
    locked = tmp_path / "501.xlsx"
    locked.write_bytes(LOCKED)
    result = run(locked, *AMARA)
    assert result.exit_code == 1
    assert "has a password" in result.output


def test_an_invisible_character_is_marked_on_the_page(coach, world):
    page, _, _ = checked(coach, HEAD + "01/09/2026,10:00,11:00,Client A,Lis\x01tened\n")
    assert "Lis\N{REPLACEMENT CHARACTER}tened" in page
