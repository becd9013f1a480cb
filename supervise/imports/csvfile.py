"""CSV as spreadsheet programs write it: several encodings, and comma, semicolon or tab."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

from charset_normalizer import from_bytes

from supervise.imports.sheets import SheetBuilder, UnreadableFile, Workbook

_SAVE_AS_UTF8 = (
    "The letters in this file cannot be read. Open it in your spreadsheet program, "
    "save it as ‘CSV UTF-8’, then try again."
)
_NOT_TEXT = (
    "This is neither a CSV file nor an Excel workbook. "
    "Save your rows as .xlsx or as ‘CSV UTF-8’, then try again."
)
# Signs that Windows-1252 text never has inside a word, but misread Macintosh text does.
_MISREAD = re.compile(r"[^\W\d_][‚ƒ„†‡ˆ‰‹][^\W\d_]")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MARK = "\x1eend\x1e"


def read_csv(data: bytes, name: str) -> Workbook:
    """Read one CSV file into a workbook of one sheet called `name`.

    Raises UnreadableFile for unknown encodings, binary files, a quotation mark that is never
    closed, and files over the limits.
    """
    text = _decode(data)
    if "\0" in text or len(_BINARY.findall(text)) * 50 > len(text):
        raise UnreadableFile(_NOT_TEXT)
    if not text.strip():
        raise UnreadableFile("This file is empty. Choose the file that holds your rows.")
    if re.match(r"\s*<(!doctype|html|\?xml|table)|%PDF-", text, re.IGNORECASE):
        raise UnreadableFile(_NOT_TEXT)
    delimiter = _delimiter(text)
    builder = SheetBuilder(name)
    # The mark comes back as a row of its own unless a quotation mark has swallowed it.
    records = csv.reader(io.StringIO(f"{text}\n{_MARK}", newline=""), delimiter=delimiter)
    number, record = 0, [""]
    try:
        for number, record in enumerate(records, start=1):
            if record != [_MARK] and not (number == 1 and _is_separator_line(record, delimiter)):
                if record and record[-1].endswith(_MARK):
                    raise UnreadableFile(_unclosed(number))
                builder.add(number, list(record))
    except csv.Error:
        raise UnreadableFile(
            f"{_unclosed(number + 1)} Or a cell there is longer than 100,000 characters."
        ) from None
    return Workbook((builder.sheet(),))


def _unclosed(number: int) -> str:
    return (
        f"A quotation mark in row {number} is never closed, so the rows after it cannot be told "
        "apart. Close it or take it out, then try again."
    )


def _decode(data: bytes) -> str:
    """The text of the file, by its byte order mark, as UTF-8, as UTF-16, then as Windows-1252."""
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        if data.startswith(b"\xef\xbb\xbf"):
            return data.decode("utf-8-sig")
        if b"\0" in data:
            return _decode_unmarked_utf16(data)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return _decode_windows(data)
    except UnicodeDecodeError:
        raise UnreadableFile(_SAVE_AS_UTF8) from None


def _decode_unmarked_utf16(data: bytes) -> str:
    """UTF-16 without a mark: nearly every second byte of plain English is then a NUL."""
    head = data[:400]
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if zeros.count(0) * 10 >= len(zeros) * 8 and head.count(0) == zeros.count(0):
            return data.decode(encoding)
    raise UnreadableFile(_NOT_TEXT)


def _decode_windows(data: bytes) -> str:
    """Windows-1252, but only when the result looks like words rather than chance letters."""
    text = data.decode("cp1252")
    if _MISREAD.search(text) or from_bytes(data, cp_isolation=["cp1252"]).best() is None:
        raise UnreadableFile(_SAVE_AS_UTF8)
    return text


def _is_separator_line(record: list[str], delimiter: str) -> bool:
    """Excel's own first line `sep=;` names the delimiter and is no data."""
    return "".join(record).casefold() == "sep=" or record == [f"sep={delimiter}"]


def _delimiter(text: str) -> str:
    """The delimiter that cuts most of the first rows into the same number of cells."""
    named = re.match(r"sep=([,;\t])\r?\n", text, re.IGNORECASE)
    if named:
        return named.group(1)

    def score(delimiter: str) -> int:
        widths: Counter[int] = Counter()
        try:
            for record in csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=delimiter):
                widths[len(record)] += len(record) > 1
                if widths.total() > 50:
                    break
        except csv.Error:
            return 0
        return max((count * (width - 1) for width, count in widths.items()), default=0)

    return max(",;\t", key=score)
