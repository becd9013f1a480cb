"""The centre: its record and policy, its rules of combination, its copy of the official wording."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, url_for

from supervise import auth, catalogue, web
from supervise.catalogue.official import Fault
from supervise.forms.centre import CentreForm, UnitSetForm, WordingForm
from supervise.forms.faults import faults_of
from supervise.models import Centre, DiaryUpload, OfficialWording, UnitSetRule, history
from supervise.models.centres import Refused
from supervise.reports import administering

bp = Blueprint("centre", __name__)
NAMES = (
    "name", "number", "zone", "due_days", "late_days", "short_hours_count_in_long",
    "second_factor_required", "confirmation_required", "feedback_floor",
)  # fmt: skip


@bp.get("/centre")
@auth.allow("admin")
def page() -> Response:
    """Everything a centre sets for itself."""
    return _page()


@bp.post("/centre")
@auth.allow("admin")
def change() -> Response:
    """Change the record and the policy."""
    form, me = CentreForm(), auth.actor()
    if not form.validate_on_submit():
        return _page(form=form)
    if form.confirmation_required.data and not (me.centre.confirmation_required or form.sure.data):
        sessions, learners = administering.unconfirmed(me.centre)
        if sessions:
            form.confirmation_required.errors = [
                f"Hours of {sessions} approved {'session' if sessions == 1 else 'sessions'} of "
                f"{learners} {'learner' if learners == 1 else 'learners'} would stop counting until "
                "the clients confirm them. Tick the box below to go on."
            ]
            return _page(form=form)
    try:
        values = {name: form[name].data for name in NAMES} | form.policy
        me.centre.change(by=me, now=auth.now(), **values)
    except Refused as refused:
        form.late_days.errors = [refused.sentence]
        return _page(form=form)
    flash("Saved.")
    return web.done(url_for(".page"))


@bp.post("/centre/rules/<code>")
@auth.allow("admin")
def rule(code: str) -> Response:
    """Change what is asked of learners on a unit set."""
    me = auth.actor()
    unit_set = next((s for s in catalogue.load().unit_sets if s.code == code), None) or abort(404)
    form = _rule_form(unit_set, me.centre, posted=True)
    if not form.validate_on_submit():
        return _page(rule_form=form, code=code)
    most = sum(catalogue.load().unit(unit).credits for unit in unit_set.units)
    if (form.min_credits.data or 0) > most:
        form.min_credits.errors = [
            f"All units of {code} together give {most} credits: choose {most} or less."
        ]
        return _page(rule_form=form, code=code)
    required = [unit for unit in unit_set.units if unit in form.required.data]
    UnitSetRule.put(code, form.min_credits.data, required, by=me, now=auth.now())
    flash(f"Saved: the rule of {code}.")
    return web.done(url_for(".page") + "#rules")


@bp.post("/centre/wording")
@auth.allow("admin")
def check_wording() -> Response:
    """Read a file of official wording and show what it holds; nothing is taken yet."""
    form, me = WordingForm(), auth.actor()
    if not form.validate_on_submit():
        return _page(wording_form=form)
    file = form.file.data
    upload = DiaryUpload.keep(file.filename or "", file.read(), by=me, now=auth.now())
    return web.done(url_for(".wording", upload_id=upload.id))


@bp.get("/centre/wording/<int:upload_id>")
@auth.allow("admin")
def wording(upload_id: int) -> Response:
    """What a file of official wording holds, and its faults."""
    upload = web.load(DiaryUpload.visible_to(auth.actor()), upload_id)
    if upload.is_empty:
        return web.done(url_for(".page") + "#wording")
    read = _wording_of(upload)
    return web.show("centre/wording.html", upload=upload, read=read, units=_counted(read))


@bp.post("/centre/wording/<int:upload_id>")
@auth.allow("admin")
def take_wording(upload_id: int) -> Response:
    """Take the wording of a file without faults."""
    me = auth.actor()
    upload = web.load(DiaryUpload.visible_to(me), upload_id)
    if upload.is_empty:  # the second of two clicks
        return web.done(url_for(".page") + "#wording")
    read = _wording_of(upload)
    if read.faults or not read.entries:
        return web.show(
            "centre/wording.html", status=422, upload=upload, read=read, units=_counted(read)
        )
    OfficialWording.take(
        read.entries, catalogue.load().version, by=me, now=auth.now(), upload=upload
    )
    return web.done(url_for(".page") + "#wording")


def _wording_of(upload: DiaryUpload) -> catalogue.OfficialWording:
    try:
        text = bytes(upload.data).decode("utf-8-sig")
    except UnicodeDecodeError:
        fault = Fault(1, "The file is not UTF-8 text. Save it as “CSV UTF-8” and choose it again.")
        return catalogue.OfficialWording((), (fault,))
    return catalogue.read_official(text)


def _counted(read: catalogue.OfficialWording) -> list[tuple[str, int]]:
    """How many texts the file has for each unit, in its order."""
    units: dict[str, int] = {}
    for entry in read.entries:
        units[entry.unit] = units.get(entry.unit, 0) + 1
    return list(units.items())


def _rule_form(unit_set: catalogue.Programme, centre: Centre, posted: bool = False) -> UnitSetForm:
    rule = UnitSetRule.of(centre, unit_set.code)
    read: dict[str, Any] = {} if posted else {"formdata": None}
    form = UnitSetForm(
        prefix=f"{unit_set.code}-",
        data={"min_credits": rule.min_credits, "required": list(rule.required)},
        **read,
    )
    form.required.choices = list(unit_set.units)
    return form


def _page(
    form: CentreForm | None = None, rule_form: UnitSetForm | None = None, code: str = "",
    wording_form: WordingForm | None = None,
) -> Response:  # fmt: skip
    centre, book = auth.actor().centre, catalogue.load()
    status = 422 if form or rule_form or wording_form else 200
    hours = (centre.supervise_after_minutes or 0) // 60 or None
    form = form or CentreForm(obj=centre, formdata=None, supervise_after_hours=hours)
    wording_form = wording_form or WordingForm(formdata=None)
    found = faults_of(form, *([rule_form] if rule_form else []), wording_form)
    rules = [
        (unit_set, rule_form if rule_form and unit_set.code == code else _rule_form(unit_set, centre),
         [book.unit(unit) for unit in unit_set.units])
        for unit_set in book.unit_sets
    ]  # fmt: skip
    return web.show(
        "centre/page.html", status=status, form=form, rules=rules, wording_form=wording_form,
        found=found, held=OfficialWording.held(centre), lines=history.of_centre(centre),
    )  # fmt: skip
