"""A diary file into the diary: send it, check how it was read, take all, none or only the good."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for

from supervise import auth, reader, web
from supervise.forms.imports import CheckForm, UploadForm, corrected, seal, sheet_forms
from supervise.imports.choices import FIELD_WORDS, filled, guess_choices
from supervise.imports.reading import UnreadableFile, Workbook, read_workbook
from supervise.models import DiaryUpload, Enrolment
from supervise.models.diary_import import Taken, drop, supervisors, take
from supervise.reports.diary_export import diary_csv
from supervise.reports.diary_preview import preview

bp = Blueprint("imports", __name__)


def _enrolments() -> list[Enrolment]:
    """The reader's own enrolments, the latest first."""
    mine = Enrolment.visible_to(auth.actor()).where(Enrolment.learner == auth.actor().person)
    return list(mine.order_by(Enrolment.started_on.desc(), Enrolment.id))


@bp.get("/sessions/import")
@auth.allow("learner")
def page() -> Response:
    """Ask for the file."""
    enrolments = _enrolments()
    form = UploadForm(enrolments, reader.reader_today()) if enrolments else None
    return web.show("imports/page.html", form=form)


@bp.post("/sessions/import")
@auth.allow("learner")
def upload() -> Response:
    """Keep the file if it can be read at all."""
    enrolments = _enrolments() or abort(404)
    form = UploadForm(enrolments, reader.reader_today())
    if form.validate():
        file = form.file.data
        data = file.read()
        file.close()
        try:
            if not filled(read_workbook(data, file.filename)).sheets:
                raise UnreadableFile(
                    "This file has no rows. Choose the file that holds your diary."
                )
        except UnreadableFile as unreadable:
            form.file.errors = [unreadable.sentence]
        else:
            kept = DiaryUpload.keep(file.filename, data, by=auth.actor(), now=auth.now())
            asked = {
                "enrolment": form.chosen.id,
                "unit": form.unit.data or None,
                "contract_agreed": form.contract_agreed.data or None,
            }
            return web.done(url_for(".check", upload_id=kept.id, **asked))
    return web.show("imports/page.html", form=form, status=422)


@bp.get("/sessions/import/<int:upload_id>")
@auth.allow("learner")
def check(upload_id: int) -> Response:
    """Show how the file was read, and all that would come in."""
    kept, workbook = _kept(upload_id)
    if kept.is_empty:
        return web.done(url_for("sessions.page"))
    form = CheckForm(_enrolments() or abort(404), reader.reader_today(), formdata=request.args)
    return _show(kept, form, _guessed(workbook, form))


@bp.post("/sessions/import/<int:upload_id>")
@auth.allow("learner")
@auth.keeps_typing
def decide(upload_id: int) -> Response:
    """Preview again with the corrected columns, or take all, the good, or none."""
    kept, workbook = _kept(upload_id)
    wish = request.form.get("do", "preview")
    if wish == "none":
        drop(kept)
        flash("Nothing was imported. The file was thrown away.")
        return web.done(url_for("sessions.page"))
    if kept.is_empty:  # the second of two clicks
        return web.done(url_for("sessions.page"))
    form = CheckForm(_enrolments() or abort(404), reader.reader_today())
    sheets = corrected(_guessed(workbook, form), request.form)
    if not form.validate() or any(sheet.faults for sheet in sheets):
        return _show(kept, form, sheets, 422)
    if wish not in ("all", "good"):
        return _show(kept, form, sheets)
    if request.form.get("seal") != seal(sheets, form.chosen):
        return _show(
            kept, form, sheets, 422,
            "You changed how the file is read. Look at the new preview, then take the sessions.",
        )  # fmt: skip
    found = preview(workbook, [sheet.choice for sheet in sheets], form.chosen, auth.now())
    if wish == "all" and found.faults:
        return _show(
            kept, form, sheets, 422,
            "Nothing was imported: some lines have faults. Mend them in your file and send it "
            "again, or take only the good ones.",
        )  # fmt: skip
    taken = take(
        found.rows, form.chosen, by=auth.actor(), now=auth.now(), submit=form.submit.data,
        contract_agreed=form.agreed, upload=kept,
    )  # fmt: skip
    flash(_notice(taken))
    return web.done(url_for("sessions.page"))


@bp.get("/sessions/export.csv")
@auth.allow("learner")
def export() -> Response:
    """The reader's own diary as CSV."""
    name = f"diary-{reader.reader_today():%Y-%m-%d}.csv"
    return Response(
        diary_csv(auth.actor()),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _kept(upload_id: int) -> tuple[DiaryUpload, Workbook]:
    kept = web.load(DiaryUpload.visible_to(auth.actor()), upload_id)
    if kept.is_empty:
        return kept, Workbook(())
    return kept, filled(read_workbook(bytes(kept.data), kept.filename))


def _guessed(workbook: Workbook, form: CheckForm) -> list[Any]:
    codes = [unit.code for unit in form.chosen.book.units]
    unit = request.args.get("unit")
    choices = guess_choices(workbook, codes, unit if unit in codes else None)
    only = _only_unit(form.chosen)
    return sheet_forms(workbook, [replace(one, unit=one.unit or only) for one in choices])


def _only_unit(enrolment: Enrolment) -> str | None:
    """The unit that takes practice hours, where the enrolment has but one."""
    book = enrolment.book
    practised = [code for code in enrolment.unit_codes if book.unit(code).required_minutes]
    return practised[0] if len(practised) == 1 else None


def _show(
    kept: DiaryUpload, form: CheckForm, sheets: list[Any], status: int = 200, refusal: str = ""
) -> Response:
    """The check page, or its form alone to htmx. The file is read again: nothing is remembered."""
    workbook = Workbook(tuple(sheet.sheet for sheet in sheets))
    found = preview(workbook, [sheet.choice for sheet in sheets], form.chosen, auth.now())
    return web.show(
        "imports/check.html", "imports/_check.html", status, upload=kept, form=form, sheets=sheets,
        found=found, refusal=refusal, field_words=FIELD_WORDS, seal=seal(sheets, form.chosen), units=form.chosen.unit_codes,
        supervisors=supervisors(form.chosen, auth.actor().today),
    )  # fmt: skip


def _notice(taken: Taken) -> str:
    """What came of it, in words for the diary's head."""
    one = taken.added == 1
    said = []
    if not taken.added:
        said.append("Nothing new: all of them are in your diary already.")
    elif taken.submitted:
        said.append(
            f"{taken.added} session{'' if one else 's'} added, {taken.submitted} submitted."
        )
    else:
        them = "it when it is" if one else "them when they are"
        said.append(
            f"{taken.added} session{'' if one else 's'} added as draft{'' if one else 's'}."
        )
        said.append(f"Submit {them} ready.")
    if taken.left:  # why, each says on its own page: a notice is too small for them all
        said.append(f"{len(taken.left)} not submitted: open each draft to see why.")
    if taken.added and taken.known:
        said.append(f"{taken.known} were there already.")
    if taken.undated:
        said.append(
            f"The contract with {' and '.join(taken.undated)} was not dated: approved hours rest on "
            "it, so ask your supervisor to do it."
        )
    return " ".join(said)
