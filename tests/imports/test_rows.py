from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervise.imports.columns import FIELDS, guess
from supervise.imports.reading import Row, Sheet, read_workbook
from supervise.imports.rows import Seen, read_rows
from tests.imports.samples import CODES, TODAY, read, sample, xlsx

HEAD = "Date,Start,End,Minutes,Client,Type,Where,Unit,Summary,Contract agreed\n"


def line(**cells):
    row = {
        "date": "06/07/2026", "start": "13:00", "end": "14:00", "minutes": "", "client": "Client A",
        "type": "Coaching", "where": "Teams", "unit": "", "summary": "Talked", "contract": "",
        **cells,
    }  # fmt: skip
    return ",".join(f'"{cell}"' for cell in row.values()) + "\n"


def one(**cells):
    """The one good row."""
    found = read(HEAD + line(**cells))
    assert found.faults == ()
    return found.rows[0]


def test_the_log_goes_in_as_it_is():
    sheet = sample("coaching-log-501.csv").sheets[0]
    found = guess(sheet)
    result = read_rows(
        sheet, found.columns, found.header_row, CODES, "501", TODAY, "Europe/London"
    )  # fmt: skip
    assert (result.faults, result.notices) == ((), ())
    assert (len(result.rows), sum(row.minutes for row in result.rows)) == (14, 825)
    assert {row.clients for row in result.rows} == {("Client A",), ("Client B",)}
    assert {row.mode for row in result.rows} == {"video", "phone", "face to face"}
    assert {(row.unit, row.kind) for row in result.rows} == {("501", "coaching")}


def test_the_diary_goes_in_as_it_is_with_its_units_from_the_sheets_names():
    seen, minutes, keys = Seen(), {}, set()
    for sheet in sample("coaching-diary-D3.xlsx").sheets:
        found = guess(sheet)
        result = read_rows(
            sheet, found.columns, found.header_row, CODES, None, TODAY, "Europe/London", seen
        )
        assert (result.faults, result.notices) == ((), ())
        assert [why for _, why in result.passed_over] == ["a row of totals"]
        assert {row.start for row in result.rows} == {None}
        minutes[result.rows[0].unit] = (len(result.rows), sum(r.minutes for r in result.rows))
        keys |= {row.key for row in result.rows}
    assert minutes == {"D3.03": (8, 375), "D3.04": (33, 2070)}
    assert len(keys) == 41


def test_a_row_becomes_a_session():
    row = one(contract="1 Jul 2026", summary="  two\nlines ", where="Meeting room 3")
    assert (row.line, row.date, row.start, row.minutes) == (2, date(2026, 7, 6), time(13), 60)
    assert (row.mode, row.place, row.unit) == ("face to face", "Meeting room 3", "501")
    assert (row.done, row.plan, row.contract_agreed) == ("two\nlines", "", date(2026, 7, 1))


@pytest.mark.parametrize(
    ("cells", "start", "minutes"),
    [
        ({"start": "", "end": "", "minutes": "50"}, None, 50),
        ({"end": "", "minutes": "1h 15"}, time(13), 75),
        ({"minutes": "60"}, time(13), 60),
        ({"start": "13:00-13:45", "end": ""}, time(13), 45),
        ({"date": "06/07/2026 09:30", "start": "", "end": "", "minutes": "5"}, time(9, 30), 5),
        ({"start": "09:00", "end": "17:00"}, time(9), 480),
    ],
)
def test_the_length_comes_from_minutes_or_from_start_and_end(cells, start, minutes):
    row = one(**cells)
    assert (row.start, row.minutes) == (start, minutes)


def test_hours_are_read_where_the_heading_says_so():
    text = "Date,Duration (hours),Client\n06/07/2026,1.25,A\n07/07/2026,50 min,A\n"
    assert [row.minutes for row in read(text).rows] == [75, 50]


@pytest.mark.parametrize(
    ("cells", "column", "part"),
    [
        ({"date": "13/14/2026"}, "Date", "not a day in the calendar"),
        ({"date": "07/13/2026"}, "Date", "month first"),
        ({"date": ""}, "Date", "The date is missing"),
        ({"date": "21/11/2026"}, "Date", "lies in the future"),
        ({"date": "06/07/1926"}, "Date", "Check the year"),
        ({"date": "0001-01-01"}, "Date", "Check the year"),
        ({"date": "9999-12-31"}, "Date", "lies in the future"),
        ({"minutes": "50"}, "Minutes", "50 minutes are given, but 13:00 to 14:00 is 60"),
        ({"end": "12:00"}, "End", "not after the start"),
        ({"end": "13:00"}, "End", "not after the start"),
        ({"end": "13:04"}, "End", "4 minutes: a session lasts 5 to 480"),
        ({"start": "09:00", "end": "17:01"}, "End", "481 minutes"),
        ({"start": "", "end": "", "minutes": "0"}, "Minutes", "0 minutes"),
        ({"start": "", "end": "", "minutes": "481"}, "Minutes", "481 minutes"),
        ({"start": "", "end": ""}, "Minutes", "length is missing"),
        ({"start": "noonish"}, "Start", "not a time of day"),
        ({"end": "25:00"}, "End", "not a time of day"),
        ({"client": " "}, "Client", "client is missing"),
        ({"client": "ann@example.org"}, "Client", "e-mail address. Use an alias"),
        ({"client": "Ann (ann@example.org)"}, "Client", "e-mail address"),
        ({"client": "+44 7700 900123"}, "Client", "telephone number. Use an alias"),
        ({"client": "07700 900123"}, "Client", "telephone number"),
        ({"client": "Ann 07700900123"}, "Client", "telephone number"),
        ({"client": "Client A; 0117 4960123"}, "Client", "telephone number"),
        ({"client": "A" * 81}, "Client", "at most 80"),
        ({"type": "Counselling"}, "Type", "not a kind of session"),
        ({"unit": "999"}, "Unit", "‘999’ is not a unit code"),
        ({"summary": "bell\x07"}, "Summary", "control character (U+0007)"),
        ({"contract": "yes"}, "Contract agreed", "not a date"),
        ({"contract": "21/11/2026"}, "Contract agreed", "in the future"),
    ],
)
def test_each_fault_names_line_column_and_reason(cells, column, part):
    found = read(HEAD + line(date="01/07/2026") + line(**cells))
    assert [row.line for row in found.rows] == [2]
    (fault,) = found.faults
    assert (fault.sheet, fault.line, fault.column) == ("diary", 3, column)
    assert part in fault.sentence


def test_all_faults_of_a_row_are_told_at_once():
    found = read(HEAD + line(date="x", client="", unit="9"))
    assert [fault.column for fault in found.faults] == ["Date", "Client", "Unit"]


@pytest.mark.parametrize(
    ("cell", "clients"),
    [
        ("Client B ", ("Client B",)), ("Client\xa0 B", ("Client B",)),
        ("Client A; Client B", ("Client A", "Client B")), ("A & B", ("A", "B")),
        ("A/B + C", ("A", "B", "C")), ("A; a;", ("A",)), ("Smith, J", ("Smith, J",)),
        ("Ann and Bob", ("Ann and Bob",)), ("=1+", ("=1+",)), ("+A", ("+A",)), ("@A", ("@A",)),
        ("-A", ("-A",)), ("Client 501", ("Client 501",)),
    ],
)  # fmt: skip
def test_clients_are_parted_and_tidied(cell, clients):
    assert one(client=cell).clients == clients


@pytest.mark.parametrize("start", ["=1", "+1", "-1", "@x", "'x"])
def test_text_stays_exactly_as_written(start):
    assert one(summary=start).done == start


def test_a_unit_column_goes_before_the_default_and_the_sheets_name():
    assert [row.unit for row in read(HEAD + line() + line(date="1/7/26", unit="d3.04")).rows] == [
        "501", "D3.04",
    ]  # fmt: skip
    assert "No unit is given" in read(HEAD + line(), unit=None).faults[0].sentence
    assert "not a unit code" in read(HEAD + line(), unit="777").faults[0].sentence


def test_blank_total_and_repeated_rows_are_passed_over():
    text = "Our diary\nDate,Minutes,Client,Notes,Ref\n06/07/2026,50,A,x,1\n,,,\n"
    text += "Date,Minutes,Client,Notes\n"
    text += "Total,50\n,50\nTotal hours:,,50\n,,,,7\n07/07/2026,50,Total Ltd,x\n"
    found = read(text)
    assert (found.faults, [row.line for row in found.rows]) == ((), [3, 10])
    assert found.passed_over == (
        (4, "blank row"),
        (5, "the headings again"),
        (6, "a row of totals"),
        (7, "a row with only a sum"),
        (8, "a row of totals"),
        (9, "nothing in the columns that are read"),
    )


def test_missing_columns_are_one_fault_each():
    found = read("Summary,Reflection\nx,y\nz,w\n")
    assert [fault.sentence.split(".")[0] for fault in found.faults] == [
        "No column is chosen for the date",
        "No column is chosen for the length",
        "No column is chosen for the client",
    ]


@pytest.mark.parametrize(
    ("day", "zone", "exists"),
    [
        ("29/03/2026", "Europe/London", False), ("29/03/2026", "America/New_York", True),
        ("30/03/2026", "Europe/London", True),
    ],
)  # fmt: skip
def test_a_start_that_the_clock_skipped_is_a_fault(day, zone, exists):
    found = read(HEAD + line(date=day, start="01:30", end="03:00"), zone=zone)
    assert bool(found.rows) is exists
    assert exists or "clocks went forward" in found.faults[0].sentence


def test_a_start_that_came_twice_is_taken_as_the_first_and_noted():
    row = line(date="25/10/2026", start="01:30", end="", minutes="50")
    found = read(HEAD + row)
    assert (found.rows[0].start, found.faults) == (time(1, 30), ())
    assert [(notice.line, notice.column) for notice in found.notices] == [(2, "Start")]
    assert "The first is taken" in found.notices[0].sentence


@pytest.mark.parametrize(
    ("day", "start", "end", "minutes"),
    [("29/03/2026", "00:30", "02:30", 60), ("25/10/2026", "00:30", "02:30", 180)],
)
def test_the_length_over_a_clock_change_is_the_time_that_passed(day, start, end, minutes):
    assert one(date=day, start=start, end=end).minutes == minutes


def test_the_same_file_again_gives_the_same_keys():
    text = HEAD + line() + line(client="B; A") + line(start="", end="", minutes="50")
    first = [row.key for row in read(text).rows]
    assert first == [row.key for row in read(text).rows]
    assert len(set(first)) == 3
    assert one(client="a;b").key == one(client="B & A").key
    assert all(len(key) == 64 for key in first)


def test_the_same_session_with_a_start_twice_is_a_fault():
    found = read(HEAD + line() + line(client="Client B") + line(client="client a "))
    assert [row.line for row in found.rows] == [2, 3]
    assert found.faults[0].line == 4
    assert "stands twice: line 2" in found.faults[0].sentence


def test_two_sessions_of_a_day_without_a_start_are_both_kept():
    found = read(HEAD + line(start="", end="", minutes="50") * 2)
    assert found.faults == ()
    assert len({row.key for row in found.rows}) == 2


def test_a_session_on_two_sheets_is_noticed():
    def fill(book):
        for page in (book.active, book.create_sheet("Copy")):
            page.append(["Date", "From", "To", "Coachee"])
            day = datetime.fromisoformat("2026-07-06")
            page.append([day, time(13), time(14), "Client A"])

    seen, results = Seen(), []
    for sheet in read_workbook(xlsx(fill), "a.xlsx").sheets:
        columns = guess(sheet).columns
        results.append(read_rows(sheet, columns, 1, CODES, "501", TODAY, "Europe/London", seen))
    assert [len(result.rows) for result in results] == [1, 0]
    assert "line 2 of sheet ‘Sheet’" in results[1].faults[0].sentence


CELL = st.one_of(
    st.none(), st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.dates(),
    st.datetimes(), st.times(), st.timedeltas(),
    st.from_regex(r"[0-9]{1,4}[:./h -]?[0-9]{0,2}[:./ -]?[0-9]{0,4}( ?[ap]m)?", fullmatch=True),
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(rows=st.lists(st.lists(CELL, max_size=16), max_size=6), header=st.integers(0, 3))
def test_no_cells_break_the_reader_and_each_row_has_one_fate(rows, header):
    sheet = Sheet("S", tuple(Row(n, tuple(cells)) for n, cells in enumerate(rows, start=1)))
    guess(sheet)
    columns = {field: index for index, field in enumerate(FIELDS)}
    found = read_rows(sheet, columns, header, CODES, "501", TODAY, "Europe/London")
    fates = [row.line for row in found.rows]
    fates += {fault.line for fault in found.faults}
    fates += [number for number, _ in found.passed_over]
    assert sorted(fates) == [row.number for row in sheet.rows if row.number > header]


@pytest.mark.parametrize("field", ["date", "start", "minutes", "client", "kind", "mode", "unit"])
@pytest.mark.parametrize("piece", ["1", "1 ", "1-", "a@", "A;", "to 1 ", "face "])
def test_a_very_long_cell_holds_nothing_up(field, piece):
    values = {"date": "06/07/2026", "start": "", "minutes": "50", "client": "A", "kind": "",
              "mode": "", "unit": "", field: piece * (100_000 // len(piece))}  # fmt: skip
    sheet = Sheet("S", (Row(1, tuple(values)), Row(2, tuple(values.values()))))
    columns = {name: index for index, name in enumerate(values)}
    found = read_rows(sheet, columns, 1, CODES, "501", TODAY, "Europe/London")
    assert {fault.column for fault in found.faults} == ({field} if field != "mode" else set())
