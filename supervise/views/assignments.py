"""One assignment, for the centre's administrators: ended and handed over, corrected, taken back."""

from __future__ import annotations

from flask import Response, flash, request, url_for
from wtforms import SelectChoice

from supervise import auth, web
from supervise.forms.enrolments import CorrectAssignmentForm, EndForm
from supervise.forms.faults import faults_of
from supervise.models import Assignment, handing_over
from supervise.models.centres import Refused
from supervise.models.people import ROLE_WORDS, Person
from supervise.rules.moments import short_date
from supervise.views.enrolments import bp, chosen, people, read

NOBODY = "nobody"


@bp.post("/assignments/<int:assignment_id>/mistake")
@auth.allow("admin")
def take_back(assignment_id: int) -> Response:
    """Take a mistaken assignment away at once, while nothing was signed under it."""
    found = _load_assignment(assignment_id)
    try:
        found.take_back(by=auth.actor(), now=auth.now())
    except Refused as refused:
        return _assignment(found, mistake=refused.sentence)
    return web.done(url_for(".one", enrolment_id=found.enrolment_id))


@bp.get("/assignments/<int:assignment_id>")
@auth.allow("admin")
def assignment(assignment_id: int) -> Response:
    """One assignment: end it, hand it over, or correct its days."""
    return _assignment(_load_assignment(assignment_id))


@bp.post("/assignments/<int:assignment_id>/end")
@auth.allow("admin")
def end(assignment_id: int) -> Response:
    """End it after a day and, in the same step, hand it over from the next."""
    found, me = _load_assignment(assignment_id), auth.actor()
    form = _end_form(found, posted=True)
    if not form.validate_on_submit():
        return _assignment(found, end_form=form)
    wanted = form.successor.data
    waits = found.waiting and found.leaves_alone(form.on.data)
    if not wanted and (waits or handing_over.ahead(found, auth.now(), form.on.data)):
        form.successor.errors = ["Choose who takes over what waits, or “nobody yet”."]
        return _assignment(found, end_form=form)
    heir = chosen(me, wanted if wanted != NOBODY else 0)
    ahead = len(handing_over.ahead(found, auth.now(), form.on.data))
    try:
        found.end(form.on.data, successor=heir, by=me, now=auth.now())
    except Refused as refused:
        form.on.errors = [refused.sentence]
        return _assignment(_load_assignment(assignment_id), end_form=form)
    flash(_ended(found, heir, ahead))
    return web.done(url_for(".one", enrolment_id=found.enrolment_id))


def _ended(found: Assignment, heir: Person | None, ahead: int) -> str:
    """What was done, for the page that follows."""
    learner, before = found.enrolment.learner.name, found.person.name
    ended = f"{before} is {ROLE_WORDS[found.role]} of {learner} until {short_date(found.to_on)}."
    after = f" {heir.name} takes over the day after." if heir else " Nobody takes over yet."
    if not ahead:
        return ended + after
    meetings = "1 meeting" if ahead == 1 else f"{ahead} meetings"
    went = "handed over" if heir else "cancelled, or the place in it given up"
    return f"{ended}{after} {meetings} {went}; each is told by e-mail."


@bp.post("/assignments/<int:assignment_id>")
@auth.allow("admin")
def correct_assignment(assignment_id: int) -> Response:
    """Correct the first and the last day."""
    found = _load_assignment(assignment_id)
    form = CorrectAssignmentForm()
    if not form.validate_on_submit():
        return _assignment(found, correct_form=form)
    try:
        found.correct(
            form.from_on.data, form.to_on.data, by=auth.actor(), now=auth.now(),
            seen=request.form.get("seen", ""),
        )  # fmt: skip
    except Refused as refused:
        form.to_on.errors = [refused.sentence]
        return _assignment(_load_assignment(assignment_id), correct_form=form)
    return web.done(url_for(".one", enrolment_id=found.enrolment_id))


def _load_assignment(assignment_id: int) -> Assignment:
    found: Assignment = web.load(Assignment.visible_to(auth.actor()), assignment_id)
    return found


def _end_form(found: Assignment, posted: bool = False) -> EndForm:
    me = auth.actor()
    form = EndForm(data={"on": me.today}, **read(posted))
    others = people(me, found.role, but=(found.person_id, found.enrolment.learner_id))
    form.successor.choices = [
        SelectChoice("", "Choose"),
        *others,
        SelectChoice(NOBODY, "Nobody yet"),
    ]
    return form


def _assignment(
    found: Assignment, end_form: EndForm | None = None,
    correct_form: CorrectAssignmentForm | None = None, mistake: str = "",
) -> Response:  # fmt: skip
    status = 422 if end_form or correct_form or mistake else 200
    end_form = end_form or _end_form(found)
    correct_form = correct_form or CorrectAssignmentForm(obj=found, formdata=None)
    return web.show(
        "enrolments/assignment.html", status=status, assignment=found, enrolment=found.enrolment,
        role_word=ROLE_WORDS[found.role], waiting=found.waiting, end_form=end_form,
        unsigned=handing_over.unsigned(found, auth.now()),
        ahead=handing_over.ahead(found, auth.now(), end_form.on.data),
        correct_form=correct_form, mistake=mistake,
        found=faults_of(end_form, correct_form)
        + ([("mistake", "Take it back", mistake)] if mistake else []),
    )  # fmt: skip
