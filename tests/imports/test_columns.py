import pytest

from supervise.imports.columns import guess, unit_from_name
from tests.imports.samples import sample, sheet_of


def columns(*headings):
    return dict(guess(sheet_of(",".join(headings) + "\n")).columns)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Session date", "date"), ("DATE", "date"), ("Date of session:", "date"),
        ("From", "start"), ("Start time", "start"), ("Start (24h)", "start"),
        ("To", "end"), ("Finish", "end"), ("End time", "end"),
        ("Length (mins)", "minutes"), ("Duration", "minutes"), ("Hours", "minutes"),
        ("Minutes", "minutes"), ("Duration (hours)", "minutes"),
        ("Coachee", "client"), ("Mentee", "client"), ("Coachee / Mentee", "client"),
        ("Client alias", "client"), ("Client initials", "client"),
        ("Type", "kind"), ("Coaching or mentoring?", "kind"),
        ("Where", "mode"), ("How", "mode"), ("Venue", "mode"),
        ("Unit", "unit"), ("Unit code", "unit"),
        ("What we planned", "plan"), ("Plan", "plan"), ("Session plan", "plan"),
        ("My own goals", "own_goal"), ("My goal for the session", "own_goal"),
        ("What we did", "done"), ("Summary", "done"), ("Summary of session", "done"),
        ("Tools & techniques", "tools"), ("Progress against goals", "progress"),
        ("What I learned", "reflection"), ("What I learnt", "reflection"),
        ("Reflection", "reflection"), ("My reflections and learning", "reflection"),
        ("Changes to my plan", "plan_change"), ("Changes to development plan", "plan_change"),
        ("Contract agreed", "contract_agreed"), ("Date contract agreed", "contract_agreed"),
    ],
)  # fmt: skip
def test_headings_that_centres_use_are_known(heading, field):
    partners = {"date": "Coachee"}.get(field, "Date")
    assert columns(partners, heading).get(field) == 1


@pytest.mark.parametrize(
    "heading", ["Client email", "Telephone", "Supervisor feedback", "Date of birth", "Signature"]
)
def test_headings_that_only_sound_alike_are_left_alone(heading):
    found = guess(sheet_of(f"{heading},Date,Client,Minutes\n"))
    assert dict(found.columns) == {"date": 1, "client": 2, "minutes": 3}
    assert f"‘{heading}’ is not read." in found.notes


def test_no_column_and_no_field_is_used_twice():
    found = guess(sheet_of("Date,Where,How,Length,Duration,Client,Coachee\n"))
    assert dict(found.columns) == {"date": 0, "minutes": 3, "client": 5, "mode": 2}
    assert len(set(found.columns.values())) == len(found.columns)
    assert "‘Where’ is not read." in found.notes


def test_the_headings_are_found_below_titles_and_blanks():
    found = guess(
        sheet_of("Coaching diary\nName:,Pat\n\nDate,Length (mins),Coachee\n1/7/2026,50,A\n")
    )
    assert found.header_row == 4
    assert dict(found.columns) == {"date": 0, "minutes": 1, "client": 2}
    assert found.notes == ()


def test_a_sheet_without_headings_says_so():
    found = guess(sheet_of("06/07/2026,13:00,60,Client A\n"))
    assert (found.header_row, dict(found.columns)) == (None, {})
    assert found.notes == ("No row of headings was found. Choose the columns yourself.",)


def test_what_is_missing_or_unsure_is_noted():
    notes = guess(sheet_of("Start time,Summary of the whole session\n")).notes
    assert "‘Summary of the whole session’ is taken as done: check that it fits." in notes
    assert [note.split(".")[0] for note in notes[1:]] == [
        "No column holds the date",
        "No column holds the length, nor start and end",
        "No column holds the client",
    ]


def test_the_samples_are_guessed_whole():
    log = guess(sample("coaching-log-501.csv").sheets[0])
    assert (log.header_row, list(log.columns), log.notes) == (
        1,
        ["date", "start", "end", "client", "kind", "mode", "plan", "done", "reflection",
         "plan_change"],
        (),
    )  # fmt: skip
    for sheet, line in zip(sample("coaching-diary-D3.xlsx").sheets, (3, 1), strict=True):
        diary = guess(sheet)
        assert (diary.header_row, list(diary.columns), diary.notes) == (
            line, ["date", "minutes", "client", "mode", "plan", "done", "reflection"], (),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("D3.03", "D3.03"), ("d3.03 diary", "D3.03"), ("D303", "D3.03"), ("D3-03", "D3.03"),
        ("Unit 501 log", "501"), ("Unit501", None), ("5001V1", "5001V1"), ("Unit 5001", "5001V1"),
        ("D3.03 and D3.04", None), ("Sheet1", None), ("15010", None), ("D3.031", None), ("", None),
        ("Log_501", None), ("(501)", "501"),
    ],
)  # fmt: skip
def test_a_unit_is_read_from_a_name(name, code):
    assert unit_from_name(name, ("500", "501", "D3.03", "D3.04", "5001V1")) == code
