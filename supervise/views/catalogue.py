"""The catalogue: programmes, units, criteria and marks, for everybody who is signed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request

from supervise import auth, catalogue, reader, web
from supervise.catalogue import Catalogue, UnknownCode, UnknownVersion
from supervise.reports import catalogue as report

bp = Blueprint("catalogue", __name__)


@bp.get("/catalogue")
@auth.signed_in
def page() -> Response:
    """All programmes, or what a search by word finds."""
    book, asked = _book(), request.args.get("q", "").strip()[:100]
    rows = report.listed(book, book.programmes, auth.actor().centre, reader.reader_today())
    return web.show(
        "catalogue/page.html", "catalogue/_list.html", **_version(book), rows=rows, asked=asked,
        found=report.search(book, asked),
    )  # fmt: skip


@bp.get("/catalogue/<code>")
@auth.signed_in
def programme(code: str) -> Response:
    """One qualification or unit set with its units."""
    book = _book()
    try:
        entry = book.programme(code)
    except UnknownCode:
        abort(404)
    [row] = report.listed(book, [entry], auth.actor().centre, reader.reader_today())
    return web.show("catalogue/programme.html", **_version(book), row=row, say=report)


@bp.get("/catalogue/units/<code>")
@auth.signed_in
def unit(code: str) -> Response:
    """One unit: facts, outcomes and criteria, assessment."""
    book, centre = _book(), auth.actor().centre
    try:
        entry = book.unit(code)
    except UnknownCode:
        abort(404)
    return web.show(
        "catalogue/unit.html", **_version(book), unit=entry, say=report,
        programmes=report.taken_in(book, entry), centre=centre,
        wording=report.official_wording(book, entry, centre),
    )  # fmt: skip


def _book() -> Catalogue:
    """The catalogue of the version asked for, the newest when none is; 404 for one there is not."""
    try:
        return catalogue.load(request.args.get("version") or None)
    except UnknownVersion:
        abort(404)


def _version(book: Catalogue) -> dict[str, Any]:
    """What every page of a version needs; links name it only when it is not the newest."""
    newest = catalogue.versions()[-1]
    return {
        "book": book, "versions": catalogue.versions(), "newest": newest,
        "linked": None if book.version == newest else book.version,
    }  # fmt: skip
