"""Goals of an engagement, written by the learner and read by the supervisor; the closing review."""

from __future__ import annotations

from flask import Response, request, url_for
from flask.blueprints import Blueprint

from supervise import auth, web
from supervise.forms.contracts import mark, mark_names
from supervise.forms.faults import faults_of
from supervise.forms.goals import MODELS, ClosingForm, GoalForm
from supervise.models import ClientIdentity, ClosingReview, Engagement, Goal
from supervise.reports import goals as report
from supervise.workflow import WrongState

bp = Blueprint("goals", __name__)


def own(engagement_id: int) -> Engagement:
    """The actor's own engagement; 404 where it is not theirs to see, 403 where not to write."""
    engagement: Engagement = web.load(Engagement.visible_to(auth.actor()), engagement_id)
    web.require(auth.actor().is_(engagement.client.learner_id))
    return engagement


@bp.get("/engagements/<int:engagement_id>/goals/new")
@auth.allow("learner")
def new(engagement_id: int) -> Response:
    """An empty goal to write."""
    return writing(own(engagement_id), GoalForm())


def writing(engagement: Engagement, form: GoalForm, status: int = 200) -> Response:
    """The form of a new goal."""
    return web.show(
        "goals/new.html", None, status, engagement=engagement, form=form, found=faults_of(form)
    )


@bp.post("/engagements/<int:engagement_id>/goals")
@auth.allow("learner")
@auth.keeps_typing
def add(engagement_id: int) -> Response:
    """Keep a new goal."""
    engagement, form = own(engagement_id), GoalForm()
    form.today = auth.actor().today
    fine = form.validate()
    if mark_names(form, ClientIdentity.names_of(auth.actor().person.id)) or not fine:
        return writing(engagement, form, 422)
    try:
        Goal.set(engagement, form.values(), by=auth.actor(), now=auth.now())
    except WrongState as refused:
        mark(form, {"text": refused.sentence})
        return writing(engagement, form, 409)
    return web.done(url_for("clients.engagement", engagement_id=engagement_id))


@bp.get("/goals/<int:goal_id>")
@auth.allow("learner", "supervisor")
def show(goal_id: int) -> Response:
    """One goal with its history; for the learner a form."""
    goal = web.load(Goal.visible_to(auth.actor()), goal_id)
    return page(goal, GoalForm(obj=goal), seen=goal.version)


def page(
    goal: Goal, form: GoalForm, status: int = 200, *, seen: int, meanwhile: str = ""
) -> Response:
    """The goal; ``seen`` is the version that was read when the form was opened."""
    return web.show(
        "goals/show.html",
        None,
        status,
        goal=goal,
        form=form,
        seen=seen,
        meanwhile=meanwhile,
        may_edit=goal.can_edit(auth.actor()),
        history=report.history(goal),
        found=faults_of(form),
    )


@bp.post("/goals/<int:goal_id>")
@auth.allow("learner")
@auth.keeps_typing
def save(goal_id: int) -> Response:
    """Keep what was changed of a goal, its state and progress among it."""
    actor, form = auth.actor(), GoalForm()
    goal = web.load(Goal.visible_to(actor), goal_id)
    web.require(goal.can_edit(actor))
    form.today, form.kept = actor.today, goal.due_on
    seen, fine = web.number(request.form.get("version")) or 0, form.validate()
    if mark_names(form, ClientIdentity.names_of(actor.person.id)) or not fine:
        return page(goal, form, 422, seen=seen)
    try:
        goal.change(form.values(), version=seen, by=actor, now=auth.now())
    except WrongState as refused:
        fresh = web.load(Goal.visible_to(actor), goal_id)
        return page(fresh, form, 409, seen=fresh.version, meanwhile=refused.sentence)
    return web.done(url_for("clients.engagement", engagement_id=goal.engagement_id))


# --- the closing review ------------------------------------------------------------------


@bp.get("/engagements/<int:engagement_id>/closing")
@auth.allow("learner", "supervisor")
def closing(engagement_id: int) -> Response:
    """The closing review: a form for the learner, to read for the supervisor."""
    engagement = web.load(Engagement.visible_to(auth.actor()), engagement_id)
    review = ClosingReview.of(engagement)
    return closing_page(engagement, review, ClosingForm(obj=review), seen=review.version)


def closing_page(
    engagement: Engagement,
    review: ClosingReview,
    form: ClosingForm,
    status: int = 200,
    *,
    seen: int,
    meanwhile: str = "",
) -> Response:
    """The review; ``seen`` is the version that was read when the form was opened."""
    return web.show(
        "goals/closing.html",
        None,
        status,
        engagement=engagement,
        review=review,
        models=MODELS,
        goals=report.compared(engagement),
        form=form,
        seen=seen,
        meanwhile=meanwhile,
        is_mine=auth.actor().is_(engagement.client.learner_id),
        found=faults_of(form),
    )


@bp.post("/engagements/<int:engagement_id>/closing")
@auth.allow("learner")
@auth.keeps_typing
def save_closing(engagement_id: int) -> Response:
    """Keep the closing review; with ``go=complete`` every part must be there."""
    actor, form = auth.actor(), ClosingForm()
    engagement = own(engagement_id)
    review, seen = ClosingReview.of(engagement), web.number(request.form.get("version")) or 0
    complete, fine = request.form.get("go") == "complete", form.validate()
    if fine and complete:
        fine = form.is_complete()
    if mark_names(form, ClientIdentity.names_of(actor.person.id)) or not fine:
        return closing_page(engagement, review, form, 422, seen=seen)
    try:
        review.keep(form.values(), version=seen, by=actor, now=auth.now(), complete=complete)
    except WrongState as refused:
        fresh = ClosingReview.of(engagement)
        return closing_page(
            engagement, fresh, form, 409, seen=fresh.version, meanwhile=refused.sentence
        )
    return web.done(url_for("clients.engagement", engagement_id=engagement_id))
