"""Enrolments and who looks after the learner, for the centre's administrators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from wtforms import SelectChoice

from supervise import auth, catalogue, web
from supervise.forms.enrolments import (
    AssignForm,
    CorrectEnrolmentForm,
    EnrolForm,
)
from supervise.forms.faults import faults_of
from supervise.models import (
    Assignment,
    Enrolment,
    Membership,
    Person,
    admission,
    history,
)
from supervise.models.centres import Refused
from supervise.models.people import ROLE_WORDS, Actor

bp = Blueprint("enrolments", __name__)


@bp.get("/people/<int:person_id>/enrolments")
@auth.allow("admin")
def new(person_id: int) -> Response:
    """Choose a programme, then its units and who looks after the learner."""
    person = web.load(Person.visible_to(auth.actor()), person_id)
    programme = _programme(request.args.get("programme", ""))
    form = None
    if programme:
        form = _enrol_form(programme, person)
        form.units.data = list(programme.units_chosen_default)
        form.started_on.data = auth.actor().today
    return _new(person, programme, form)


@bp.post("/people/<int:person_id>/enrolments")
@auth.allow("admin")
@auth.keeps_typing
def enrol(person_id: int) -> Response:
    """Enrol the learner; what to look at stands on the enrolment's page afterwards."""
    me = auth.actor()
    person = web.load(Person.visible_to(me), person_id)
    programme = _programme(request.form.get("programme", "")) or abort(404)
    form = _enrol_form(programme, person)
    if not form.validate_on_submit():
        return _new(person, programme, form, 422)
    try:
        enrolment = admission.enrol(
            person, programme.code, form.units.data, registration=form.registration.data,
            started_on=form.started_on.data, by=me, now=auth.now(),
            team={role: chosen(me, form[role].data) for role in ("supervisor", "tutor")},
        )  # fmt: skip
    except Refused as refused:
        form.started_on.errors = [refused.sentence]
        return _new(person, programme, form, 422)
    return web.done(url_for(".one", enrolment_id=enrolment.id))


@bp.get("/enrolments/<int:enrolment_id>")
@auth.allow("admin")
def one(enrolment_id: int) -> Response:
    """One enrolment: units, dates, assignments, history."""
    return _one(_load(enrolment_id))


@bp.post("/enrolments/<int:enrolment_id>")
@auth.allow("admin")
def correct(enrolment_id: int) -> Response:
    """Correct the units, the registration number and the dates."""
    enrolment = _load(enrolment_id)
    form = _correct_form(enrolment, posted=True)
    if not form.validate_on_submit():
        return _one(enrolment, form=form)
    try:
        enrolment.correct(
            units=form.units.data, registration=form.registration.data,
            started_on=form.started_on.data, ends_on=form.ends_on.data,
            by=auth.actor(), now=auth.now(), seen=request.form.get("seen", ""),
        )  # fmt: skip
    except Refused as refused:
        form.units.errors = [refused.sentence]
        return _one(_load(enrolment_id), form=form)
    return web.done(url_for(".one", enrolment_id=enrolment.id))


@bp.post("/enrolments/<int:enrolment_id>/assignments")
@auth.allow("admin")
def assign(enrolment_id: int) -> Response:
    """Assign somebody in a role from a day on."""
    enrolment, me = _load(enrolment_id), auth.actor()
    form = _assign_form(enrolment, posted=True)
    if not form.validate_on_submit():
        return _one(enrolment, assign_form=form)
    person = web.load(Person.visible_to(me), form.person.data)
    if fault := _needs_role(form, person):
        form.person.errors = [fault]
        return _one(enrolment, assign_form=form)
    try:
        _, made = Assignment.assign(
            enrolment=enrolment, person=person, role=form.role.data, from_on=form.from_on.data,
            by=me, now=auth.now(),
        )  # fmt: skip
    except Refused as refused:
        form.person.errors = [refused.sentence]
        return _one(enrolment, assign_form=form)
    if not made:
        word = ROLE_WORDS[form.role.data]
        form.person.errors = [
            f"{person.name} is {word} of this enrolment already. Correct the dates below."
        ]
        return _one(enrolment, assign_form=form)
    return web.done(url_for(".one", enrolment_id=enrolment.id))


def _needs_role(form: AssignForm, person: Person) -> str:
    """A role is not given by a slip of the list: whoever lacks it gets it only where that is ticked."""
    held = Membership.roles_of(person, auth.actor().centre)
    if form.role.data in held or form.new_role.data:
        return ""
    has = " and ".join(sorted(ROLE_WORDS[role] for role in held)) or "without a role"
    word = ROLE_WORDS[form.role.data]
    return f"{person.name} is {has} here, not {word}. Tick the box below to make them {word} too."


# --- what the views share ------------------------------------------------------------------


def _load(enrolment_id: int) -> Enrolment:
    found: Enrolment = web.load(Enrolment.visible_to(auth.actor()), enrolment_id)
    return found


def chosen(me: Actor, person_id: Any) -> Person | None:
    """The person chosen in a form, within the actor's centre; None for the choice of nobody."""
    return web.load(Person.visible_to(me), int(person_id)) if person_id else None


def _programme(code: str) -> catalogue.Programme | None:
    return next((p for p in catalogue.load().programmes if p.code == code), None)


def people(me: Actor, role: str = "", but: tuple[int, ...] = ()) -> list[SelectChoice]:
    """Active people of the centre by name, with the role or with any, as choices.

    Who has not come in yet is marked: what is handed to them waits until they do.
    """
    rows = Membership.holders(me.centre, role)
    return [
        SelectChoice(
            person.id, person.name + ("" if person.password_hash else " (not signed in yet)")
        )
        for person in rows
        if person.id not in but
    ]


def _units(book: catalogue.Catalogue, codes: Any) -> list[catalogue.Unit]:
    return [book.unit(code) for code in codes]


def _enrol_form(programme: catalogue.Programme, learner: Person) -> EnrolForm:
    form, me = EnrolForm(), auth.actor()
    form.units.choices = list(programme.units)
    for field, role in ((form.supervisor, "supervisor"), (form.tutor, "tutor")):
        field.choices = [SelectChoice(0, "Choose later"), *people(me, role, but=(learner.id,))]
    return form


def _correct_form(enrolment: Enrolment, posted: bool = False) -> CorrectEnrolmentForm:
    form = CorrectEnrolmentForm(obj=_Entered(enrolment), **read(posted))
    form.units.choices = list(enrolment.book.programme(enrolment.programme).units)
    return form


def read(posted: bool) -> dict[str, None]:
    """A page has two forms: the one that was not posted must not read what was."""
    return {} if posted else {"formdata": None}


class _Entered:
    """What was entered about an enrolment, under the names of the form's fields."""

    def __init__(self, enrolment: Enrolment) -> None:
        self.units = enrolment.unit_codes
        self.registration = enrolment.registration
        self.started_on, self.ends_on = enrolment.started_on, enrolment.ends_on


def _assign_form(enrolment: Enrolment, posted: bool = False) -> AssignForm:
    me = auth.actor()
    form = AssignForm(data={"from_on": me.today}, **read(posted))
    form.person.choices = [
        SelectChoice(0, "Choose a person"),
        *people(me, but=(enrolment.learner_id,)),
    ]
    return form


def _new(
    person: Person, programme: catalogue.Programme | None, form: EnrolForm | None, status: int = 200
) -> Response:
    book, today = catalogue.load(), auth.actor().today
    return web.show(
        "enrolments/new.html", "enrolments/_new.html", status, person=person, programme=programme,
        programmes=book.programmes, form=form, found=faults_of(form) if form else [],
        units=_units(book, programme.units) if programme else [],
        closed=programme.expired(today) if programme else None, on=today,
    )  # fmt: skip


def _one(
    enrolment: Enrolment,
    form: CorrectEnrolmentForm | None = None,
    assign_form: AssignForm | None = None,
) -> Response:
    book, status = enrolment.book, 422 if form or assign_form else 200
    form, assign_form = form or _correct_form(enrolment), assign_form or _assign_form(enrolment)
    return web.show(
        "enrolments/one.html", status=status, enrolment=enrolment,
        learner=enrolment.learner, programme=book.programme(enrolment.programme),
        chosen=_units(book, enrolment.unit_codes),
        offered=_units(book, book.programme(enrolment.programme).units),
        cautions=enrolment.cautions(), assignments=Assignment.of_enrolment(enrolment),
        role_words=ROLE_WORDS, form=form, assign_form=assign_form,
        found=faults_of(form, assign_form),
        lines=history.of_enrolment(enrolment.id, enrolment.centre),
        on=auth.actor().today,
    )  # fmt: skip
