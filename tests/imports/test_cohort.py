from datetime import date, datetime

import pytest

from supervise.imports.cohort import is_email, read_cohort
from supervise.imports.reading import read_workbook
from tests.imports.samples import sample, xlsx

CMI = ("5014V1", "5015V1", "5016V1", "5017V1")
PROGRAMMES = {
    "ILM-8580": (("500", "501", "503"), ()),
    "ILM-L3-CWCM": (("D3.01", "D3.02", "D3.03"), ("D3.01", "D3.02", "D3.03")),
    "5C2V2": (CMI, ()),
    "5A2V2": (CMI, ()),
    "5D2V2": (CMI, CMI),
}
HEAD = "Name,Email,Registration no,Qualification,Units,Start date,Supervisor email,Tutor email\n"
GOOD = "Pat Reed,pat@example.org,R1,5A2V2,5014V1,01/06/2026,s@example.org,tutor@example.org\n"


def cohort(text):
    return read_cohort(read_workbook(text.encode(), "cohort.csv"), PROGRAMMES)


def test_the_sample_is_read_without_a_fault():
    found = read_cohort(sample("cohort.csv"), PROGRAMMES)
    assert (found.faults, len(found.rows)) == ((), 8)
    first, tom = found.rows[:2]
    assert (first.name, first.email, first.registration, first.programme) == (
        "Amara Osei", "amara.osei@example.org", "REG1000", "ILM-8580",
    )  # fmt: skip
    assert (first.units, first.started_on) == (("500", "501", "503"), date(2026, 6, 1))
    assert (tom.units, tom.supervisor_email) == (
        ("D3.01", "D3.02", "D3.03"),
        "r.sandhu@example.org",
    )


@pytest.mark.parametrize(
    ("old", "new", "column", "part"),
    [
        ("Pat Reed", " ", "Name", "name is missing"),
        ("pat@example.org", "", "Email", "missing"),
        ("pat@example.org", "pat@example", "Email", "not an e-mail address"),
        ("pat@example.org", "TUTOR@example.org", "Email", "cannot be the learner and look after"),
        ("tutor@example.org", "tutor at example", "Tutor email", "not an e-mail address"),
        ("5A2V2", "9Z9", "Qualification", "not a programme here"),
        ("5A2V2", "", "Qualification", "The code is missing"),
        ("5014V1", "5014V1;501", "Units", "‘501’ is not a unit of 5A2V2"),
        ("5014V1", "", "Units", "leaves the choice"),
        ("01/06/2026", "06/13/2026", "Start date", "month first"),
        ("01/06/2026", "", "Start date", "missing"),
        ("Pat Reed", "Pat\x07Reed", "Name", "control character (U+0007)"),
    ],
)
def test_each_fault_names_line_column_and_reason(old, new, column, part):
    found = cohort(HEAD + GOOD.replace(old, new))
    assert found.rows == ()
    fault = found.faults[0]
    assert (fault.line, fault.column) == (2, column)
    assert part in fault.sentence


@pytest.mark.parametrize(
    ("second", "part"),
    [
        (GOOD, "stands twice for 5A2V2: line 2"),
        (GOOD.replace("pat@", "PAT@"), "stands twice"),
        (GOOD.replace("Pat Reed", "Sam Poe").replace("5A2V2", "5C2V2"), "another name in line 2"),
        (GOOD.replace("pat@", "sam@"), "another learner’s: line 2"),
    ],
)
def test_a_learner_who_stands_twice_is_a_fault(second, part):
    found = cohort(HEAD + GOOD + second)
    assert len(found.rows) == 1
    assert part in found.faults[0].sentence


def test_one_learner_may_be_on_two_programmes():
    found = cohort(HEAD + GOOD + GOOD.replace("5A2V2", "5C2V2"))
    assert (found.faults, len(found.rows)) == ((), 2)


def test_missing_columns_are_named():
    found = cohort("Name,Units\nPat,500\n")
    assert [fault.column for fault in found.faults] == ["Email", "Qualification", "Start date"]
    assert "No row of headings" in cohort("x\n").faults[0].sentence


def test_a_workbook_with_real_dates_and_number_units_is_read():
    def fill(book):
        book.active.append(["Our learners"])
        book.active.append(["Start date", "E-mail", "Name", "Programme", "Unit codes"])
        started = datetime.fromisoformat("2026-06-01")
        book.active.append([started, "pat@example.org", "Pat  Reed", "ilm-8580", 501])

    found = read_cohort(read_workbook(xlsx(fill), "a.xlsx"), PROGRAMMES)
    assert found.faults == ()
    row = found.rows[0]
    assert (row.name, row.programme, row.units) == ("Pat Reed", "ILM-8580", ("501",))
    assert (row.started_on, row.supervisor_email, row.tutor_email) == (date(2026, 6, 1), "", "")


@pytest.mark.parametrize("text", ["a@b.org", "a.b+c@x-y.co.uk", "o'neil@example.org"])
def test_good_addresses(text):
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@b", "a@@b.org", "a b@c.org", ".a@b.org", "a..b@c.org", "a@b..org", "a@-b.org",
     "a@b.org\n", "a@b.1", "é@b.org", "a" * 65 + "@b.org", "<a@b.org>", "a@b.org,c@d.org"],
)  # fmt: skip
def test_bad_addresses(text):
    assert not is_email(text)
