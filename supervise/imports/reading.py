"""A file that somebody sends, CSV or XLSX, read into plain rows or refused with a sentence."""

from __future__ import annotations

from pathlib import PurePath

from supervise.imports.csvfile import read_csv
from supervise.imports.sheets import MAX_BYTES, Row, Sheet, UnreadableFile, Workbook
from supervise.imports.xlsxfile import read_xlsx

__all__ = ["MAX_BYTES", "Row", "Sheet", "UnreadableFile", "Workbook", "read_workbook"]

_OLE_MAGIC = bytes.fromhex("D0CF11E0")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLD_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))


def read_workbook(data: bytes, filename: str) -> Workbook:
    """Read a CSV or XLSX file. What it is shows in its bytes; the name only helps to explain.

    Raises UnreadableFile, and nothing else, with a sentence that says how to mend the file.
    """
    if not data.strip():
        raise UnreadableFile("This file is empty. Choose the file that holds your rows.")
    if len(data) > MAX_BYTES:
        raise UnreadableFile(
            "This file is over 5 MB. Take out pictures and sheets that are not needed, "
            "or split it, then try again."
        )
    name = PurePath(filename.replace("\\", "/").replace("\0", "")).name
    ending = PurePath(name).suffix.casefold()
    if data.startswith(_OLE_MAGIC):
        raise UnreadableFile(_ole_sentence(data, ending))
    if data.startswith(b"PK"):
        return read_xlsx(data)
    if ending in {".xlsx", ".xlsm"}:
        raise UnreadableFile(
            f"‘{name}’ is not an Excel workbook, or it is damaged. "
            "Open it in your spreadsheet program and save it as .xlsx again."
        )
    return read_csv(data, PurePath(name).stem or "CSV")


def _ole_sentence(data: bytes, ending: str) -> str:
    """A workbook with a password and an old .xls share the same first bytes: tell them apart."""
    old = ending == ".xls" or any(stream in data for stream in _OLD_STREAMS)
    if old and _ENCRYPTED not in data:
        return (
            "This is an old Excel file (.xls). Open it, choose Save As, "
            "pick Excel Workbook (.xlsx) or CSV UTF-8, then import that file."
        )
    return (
        "This workbook has a password. Take the password off in your spreadsheet program, "
        "save it, then try again."
    )
