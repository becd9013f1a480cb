import io
import zipfile
from contextlib import suppress
from datetime import datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervise.imports.reading import UnreadableFile, read_workbook
from tests.imports.samples import SAMPLES, repacked, sample, xlsx

OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600)


def cells(data, name="diary.csv"):
    return [row.cells for row in read_workbook(data, name).sheets[0].rows]


def refusal(data, name="diary.csv"):
    with pytest.raises(UnreadableFile) as caught:
        read_workbook(data, name)
    return caught.value.sentence


def plain_workbook():
    return xlsx(lambda book: book.active.append(["Date", "Client"]))


SIXTH_OF_JULY = datetime.fromisoformat("2026-07-06")
TEXT = "Date,Client\r\n06/07/2026,Siân O’Connor – £5\r\n"
READ = [("Date", "Client"), ("06/07/2026", "Siân O’Connor – £5")]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_csv_is_read_in_each_encoding_that_spreadsheets_write(encoding):
    assert cells(TEXT.encode(encoding)) == READ


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_cut_at_its_own_delimiter(delimiter):
    text = f"My diary\n\nDate{delimiter}Did\n06/07/2026{delimiter}" + '"one, two; three\nfour"\n'
    assert cells(text.encode()) == [
        ("My diary",), (), ("Date", "Did"), ("06/07/2026", "one, two; three\nfour"),
    ]  # fmt: skip


def test_a_line_that_names_the_delimiter_is_no_data():
    assert cells(b"sep=;\r\nDate;Client\r\n") == [(), ("Date", "Client")]


def test_rows_keep_the_numbers_a_spreadsheet_shows():
    rows = read_workbook(b"a,b\n\n\nc,d\n\n\n", "x.csv").sheets[0].rows
    assert [(row.number, row.cells) for row in rows if row.cells] == [
        (1, ("a", "b")),
        (4, ("c", "d")),
    ]
    assert len(rows) == 4


@pytest.mark.parametrize("start", ["=1+1", "+44", "-3", "@home"])
def test_text_that_begins_like_a_formula_stays_as_it_is(start):
    assert cells(f"Date,Client\n1/1/2026,{start}\n".encode())[1][1] == start


@pytest.mark.parametrize(
    ("data", "name", "part"),
    [
        (b"", "a.csv", "empty"),
        (b"\xef\xbb\xbf", "a.csv", "empty"),
        (b" \r\n\r\n", "a.csv", "empty"),
        (b"a" * (5 * 1024 * 1024 + 1), "a.csv", "over 5 MB"),
        (OLE, "a.xlsx", "has a password"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.xls", "has a password"),
        (OLE, "a.xls", "old Excel file"),
        (OLE + "Workbook".encode("utf-16-le"), "diary", "old Excel file"),
        (b"PK\x03\x04 torn", "a.xlsx", "damaged"),
        (b"Date,Client\n", "a.xlsx", "‘a.xlsx’ is not an Excel workbook"),
        (b"Date,Client\n1,\0\n", "a.csv", "neither a CSV"),
        (b"%PDF-1.7\nxyz", "a.csv", "neither a CSV"),
        (b"<html><table>", "a.csv", "neither a CSV"),
        (bytes(range(1, 32)) * 9, "a.csv", "neither a CSV"),
        ("Дата,Клиент\n06/07/2026,Анна говорила о целях\n".encode("cp1251"), "a.csv", "CSV UTF-8"),
        ("日付,顧客\n06/07/2026,今日はいい天気\n".encode("shift_jis"), "a.csv", "CSV UTF-8"),
        ("Date,Client\n06/07/2026,Siân\n".encode("mac_roman"), "a.csv", "CSV UTF-8"),
        (b"\xff\xfeD", "a.csv", "CSV UTF-8"),
        (b'Date,Client\n06/07/2026,"Client A\n07/07/2026,B\n', "a.csv", "row 2 is never closed"),
        (b"a\n" * 20_001, "a.csv", "more than 20,000 rows"),
        (b",".join([b"a"] * 101), "a.csv", "more than 100 columns (row 1)"),
        (b"a,b\nc," + b"x" * 100_001, "a.csv", "100,000 characters"),
        (b"a,b\nc," + b"x" * 200_000, "a.csv", "100,000 characters"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(data, name, part):
    assert part in refusal(data, name)


def test_the_limits_themselves_are_allowed():
    assert len(cells(b"a,b\n" * 20_000)) == 20_000
    assert len(cells(b",".join([b"a"] * 100))[0]) == 100
    assert len(cells(b"a," + b"x" * 100_000)[0][1]) == 100_000


def test_a_workbook_gives_real_dates_times_and_hidden_sheets():
    def fill(book):
        book.active.append([SIXTH_OF_JULY, time(13, 30), timedelta(hours=1), 50, 1.25, True])
        hidden = book.create_sheet("D3.03")
        hidden.sheet_state = "hidden"
        hidden.append(["Client A"])

    book = read_workbook(xlsx(fill), "a.xlsx")
    assert book.sheets[0].rows[0].cells == (
        SIXTH_OF_JULY, time(13, 30), timedelta(hours=1), 50, 1.25, True,
    )  # fmt: skip
    assert (book.sheets[1].name, book.sheets[1].rows[0].cells) == ("D3.03", ("Client A",))


def test_a_formula_is_its_saved_value_or_else_its_text():
    data = xlsx(lambda book: book.active.append(["=A9+1", "=B9+1", '=IF(A9,"x","")', "@x", "-5"]))

    def with_saved_values(name, content):
        if name.endswith("sheet1.xml"):
            content = content.replace(b"<f>A9+1</f><v />", b"<f>A9+1</f><v>42</v>")
            content = content.replace(b'<c r="C1">', b'<c r="C1" t="str">')
        return content

    rows = cells(repacked(data, with_saved_values), "a.xlsx")
    assert rows == [(42, "=B9+1", None, "@x", "-5")]


def test_a_workbook_whose_claimed_size_is_wrong_is_read_whole():
    data = xlsx(lambda book: [book.active.append(["a", "b"]) for _ in range(3)])

    def claim_one_cell(name, content):
        return content.replace(b'<dimension ref="A1:B3"', b'<dimension ref="A1:A1"')

    assert cells(repacked(data, claim_one_cell), "a.xlsx") == [("a", "b")] * 3


def test_blank_formatted_rows_below_the_data_do_not_count():
    def fill(book):
        book.active.append(["a"])
        book.active.cell(row=900_000, column=1).number_format = "0.00"

    assert cells(xlsx(fill), "a.xlsx") == [("a",)]


def zipped(parts, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_opened():
    assert "unpacks to far more" in refusal(zipped([("xl/a.xml", bytes(3_000_000))]), "a.xlsx")


def test_a_workbook_that_unpacks_to_over_50_mb_is_refused():
    # each entry is well under the ratio; together they are too large
    block = Random(1).randbytes(20_000) + bytes(980_000)
    parts = [(f"xl/{n}.xml", block) for n in range(53)]
    with zipfile.ZipFile(io.BytesIO(zipped(parts[:1]))) as one:
        assert one.infolist()[0].file_size < 200 * one.infolist()[0].compress_size
    assert "unpacks to far more" in refusal(zipped(parts), "a.xlsx")


def test_a_workbook_of_over_a_thousand_parts_is_refused():
    data = zipped([(f"{n}.xml", b"x") for n in range(1001)])
    assert "unpacks to far more" in refusal(data, "a.xlsx")


def test_a_zip_that_is_no_workbook_is_refused():
    assert "not an Excel workbook" in refusal(zipped([("word/document.xml", b"<a/>")]), "a.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_entities_are_refused(encoding):
    trick = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c SYSTEM "file:///etc/hostname">]><a>&c;</a>'

    def add(name, content):
        return trick.encode(encoding) if name.endswith("sheet1.xml") else content

    assert "XML declarations" in refusal(repacked(plain_workbook(), add), "a.xlsx")


def test_a_broken_sheet_is_refused_rather_than_half_read():
    def tear(name, content):
        return content[:-40] if name.endswith("sheet1.xml") else content

    assert "damaged" in refusal(repacked(plain_workbook(), tear), "a.xlsx")


@pytest.mark.parametrize("row", ["2000000", "99999999999"])
def test_a_row_number_beyond_any_spreadsheet_is_refused(row):
    def move(name, content):
        return content.replace(b'<row r="1"', f'<row r="{row}"'.encode())

    assert "unpacks to far more" in refusal(repacked(plain_workbook(), move), "a.xlsx")


def test_too_many_columns_in_a_workbook_are_refused():
    data = xlsx(lambda book: book.active.append(["a"] * 101))
    assert "more than 100 columns" in refusal(data, "a.xlsx")


def test_rows_are_counted_over_all_sheets():
    def fill(book):
        book.active.cell(row=15_000, column=1).value = "a"
        book.create_sheet("b").cell(row=15_000, column=1).value = "b"

    assert "more than 20,000 rows" in refusal(xlsx(fill), "a.xlsx")


def test_the_samples_are_read_whole():
    assert [len(s.rows) for s in sample("coaching-log-501.csv").sheets] == [15]
    assert [(s.name, len(s.rows)) for s in sample("coaching-diary-D3.xlsx").sheets] == [
        ("D3.03", 12), ("D3.04", 35),
    ]  # fmt: skip


def outcome(data, name):
    """Reads, or is refused with a sentence: anything else fails the test by itself."""
    with suppress(UnreadableFile):
        read_workbook(data, name)


NAMES = st.sampled_from(["a.csv", "a.xlsx", "a.xls", "", "..", "a\0b"])


@settings(deadline=None, max_examples=150)
@given(
    start=st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", b"Date,Client\n"]),
    rest=st.binary(max_size=400),
    name=NAMES,
)
def test_no_bytes_break_the_reader(start, rest, name):
    outcome(start + rest, name)


@settings(deadline=None, max_examples=100)
@given(text=st.text(max_size=300), encoding=st.sampled_from(["utf-8", "utf-16"]), name=NAMES)
def test_no_text_breaks_the_reader(text, encoding, name):
    outcome(text.encode(encoding, "replace"), name)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_change_to_a_workbook_breaks_the_reader(data):
    original = (SAMPLES / "coaching-diary-D3.xlsx").read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=12))
    outcome(original[:at] + patch + original[at + len(patch) :], "a.xlsx")


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_change_to_the_xml_of_a_workbook_breaks_the_reader(data):
    at = data.draw(st.integers(0, 1500))
    patch = data.draw(st.sampled_from([b"<", b'"', b"9", b"A", b"", b"\0", b"-1", b"</c>", b"t"]))
    part = data.draw(
        st.sampled_from(["sheet1.xml", "styles.xml", "workbook.xml", "sharedStrings.xml"])
    )

    def change(name, content):
        return content[:at] + patch + content[at + 1 :] if name.endswith(part) else content

    outcome(repacked(plain_workbook(), change), "a.xlsx")
