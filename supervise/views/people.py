"""The centre's people, for its administrators: roles, standing, invitations."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, request, url_for

from supervise import auth, web
from supervise.forms.faults import faults_of
from supervise.forms.people import PersonForm
from supervise.models import (
    Assignment,
    Centre,
    Enrolment,
    Invitation,
    Membership,
    Person,
    history,
)
from supervise.models import account as move_account
from supervise.models.admission import add_person, give_role, renew_link
from supervise.models.centres import Refused
from supervise.models.people import ROLE_WORDS, ROLES, Actor
from supervise.models.standing import standings

bp = Blueprint("people", __name__)

SORTS = {"name": Person.name, "email": Person.email, "added": Person.created_at}


@bp.get("/people")
@auth.allow("admin")
def page() -> Response:
    """Everybody of the centre: by role, by name, sorted, in pages."""
    return web.show(
        "people/page.html", "people/_list.html", **_listed(), form=PersonForm(), found=[]
    )


@bp.post("/people")
@auth.allow("admin")
@auth.keeps_typing
def add() -> Response:
    """Add somebody and show their invitation link, once."""
    form, me = PersonForm(), auth.actor()
    if not form.validate_on_submit():
        return _faulty(form)
    try:
        person, token = add_person(
            form.name.data, form.email.data, form.roles.data, by=me, now=auth.now(),
            days=web.current_settings().invitation_days,
        )  # fmt: skip
    except Refused as refused:
        form.email.errors = [refused.sentence]
        return _faulty(form)
    return _invited(person, token)


@bp.get("/people/<int:person_id>")
@auth.allow("admin")
def one(person_id: int) -> Response:
    """One person: roles, standing, enrolments, assignments, history."""
    return _one(_load(person_id))


@bp.post("/people/<int:person_id>/roles")
@auth.allow("admin")
def roles(person_id: int) -> Response:
    """Grant a role or take one away."""
    person, me = _load(person_id), auth.actor()
    role, move = request.form.get("role", ""), request.form.get("move", "grant")
    if role not in ROLES:
        return _one(person, role_fault="Choose a role.")
    try:
        if move == "take":
            Membership.take_away(person, role, by=me, now=auth.now())
        else:
            days = web.current_settings().invitation_days
            token = give_role(person, role, by=me, now=auth.now(), days=days)
            if token:
                return _invited(person, token)
    except Refused as refused:
        return _one(person, role_fault=refused.sentence)
    return web.done(url_for(".one", person_id=person.id))


@bp.post("/people/<int:person_id>/account")
@auth.allow("admin")
def account(person_id: int) -> Response:
    """Disable the account, which ends its sessions, or enable it again."""
    person = _load(person_id)
    change = person.enable if request.form.get("move") == "enable" else person.disable
    try:
        change(by=auth.actor(), now=auth.now())
    except Refused as refused:
        return _one(person, account_fault=refused.sentence)
    return web.done(url_for(".one", person_id=person.id))


@bp.post("/people/<int:person_id>/second-factor/reset")
@auth.allow("admin")
def reset_second_factor(person_id: int) -> Response:
    """Take a lost second factor off the account, so that the password alone lets in again."""
    person = _load(person_id)
    try:
        move_account.reset_second_factor(person, by=auth.actor(), now=auth.now())
    except Refused as refused:
        return _one(person, account_fault=refused.sentence)
    flash(
        f"{person.name} signs in with the password alone now, and can set up a new second factor."
    )
    return web.done(url_for(".one", person_id=person.id))


@bp.post("/people/<int:person_id>/invitation")
@auth.allow("admin")
def invite(person_id: int) -> Response:
    """Make a new invitation link, which ends the older one, and show it once."""
    person = _load(person_id)
    try:
        token = renew_link(
            person, by=auth.actor(), now=auth.now(), days=web.current_settings().invitation_days
        )
    except Refused as refused:
        return _one(person, account_fault=refused.sentence)
    return _invited(person, token)


def _faulty(form: PersonForm) -> Response:
    return web.show("people/page.html", status=422, **_listed(), form=form, found=faults_of(form))


def _load(person_id: int) -> Person:
    found: Person = web.load(Person.visible_to(auth.actor()), person_id)
    return found


def _invited(person: Person, token: str) -> Response:
    """The link, once. Of somebody who must accept first nothing is shown but the address."""
    link = url_for("invitations.page", token=token, _external=True)
    days = web.current_settings().invitation_days
    asked = person.must_be_asked(auth.actor().centre)
    return web.show("people/invited.html", person=person, link=link, days=days, asked=asked)


def _one(person: Person, role_fault: str = "", account_fault: str = "") -> Response:
    me = auth.actor()
    enrolments = list(
        Enrolment.visible_to(me).where(Enrolment.learner == person).order_by(Enrolment.started_on)
    )
    return web.show(
        "people/one.html", status=422 if role_fault or account_fault else 200, person=person,
        roles=Membership.roles_of(person, me.centre), all_roles=ROLES, role_words=ROLE_WORDS,
        standing=standings([person], me.centre, auth.now())[person.id], enrolments=enrolments,
        assignments=Assignment.held_by(person, me), role_fault=role_fault, account_fault=account_fault,
        lines=history.of_person(person, me.centre, [enrolment.id for enrolment in enrolments]),
    )  # fmt: skip


def _listed() -> dict[str, Any]:
    """The people asked for, in at most five queries."""
    me = auth.actor()
    role, name = request.args.get("role", ""), request.args.get("name", "").strip()
    sort = request.args.get("sort", "name")
    query = Person.visible_to(me)
    if role in ROLES:
        query = query.where(Person.id.in_(_holders(role, me)))
    if name:
        query = query.where(Person.name.contains(name) | Person.email.contains(name))
    order = SORTS.get(sort, Person.name)
    found = web.Page.of(query.order_by(order.desc() if sort == "added" else order, Person.id))
    return {
        "people": found, "standings": standings(found.rows, me.centre, auth.now()),
        "roles": _roles_of(found.rows, me.centre), "role_words": ROLE_WORDS, "all_roles": ROLES,
        "waiting": Invitation.waiting(me.centre, auth.now()),
        "asked": {"role": role if role in ROLES else "", "name": name, "sort": sort},
    }  # fmt: skip


def _holders(role: str, me: Actor) -> Any:
    return Membership.select(Membership.person).where(
        (Membership.centre == me.centre) & (Membership.role == role)
    )


def _roles_of(people: Any, centre: Centre) -> dict[int, list[str]]:
    """The role words of each person, in the order of the work. One query."""
    rows = Membership.select().where(
        (Membership.centre == centre) & Membership.person.in_([person.id for person in people])
    )
    held: dict[int, list[str]] = {person.id: [] for person in people}
    for row in sorted(rows, key=lambda row: ROLES.index(row.role)):
        held[row.person_id].append(ROLE_WORDS[row.role])
    return held
