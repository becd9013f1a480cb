"""Goals of an engagement, written by the learner and read by the supervisor; the closing review."""

from __future__ import annotations

from flask import Response, request, url_for
from flask.blueprints import Blueprint

from supervise import auth, web
from supervise.forms.contracts import mark, mark_names
from supervise.forms.faults import faults_of
from supervise.forms.goals import MODELS, ClosingForm, GoalForm
from supervise.models import ClientIdentity, ClosingReview, Contract, Engagement, Goal
from supervise.models.contracts import OPEN
from supervise.reports import goals as report
from supervise.rules import moments
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
    """An empty goal to write; with ``contract`` it is written from that contract's form."""
    return writing(own(engagement_id), GoalForm())


def writing(engagement: Engagement, form: GoalForm, status: int = 200) -> Response:
    """The form of a new goal."""
    return web.show(
        "goals/new.html",
        None,
        status,
        engagement=engagement,
        form=form,
        contract=under_way(engagement),
        received="typed" if status != 200 else "",
        found=faults_of(form),
    )


def under_way(engagement: Engagement) -> Contract | None:
    """The contract that the goal is written from, if it can still be changed."""
    asked = Contract.id == web.number(request.values.get("contract"))
    mine = (Contract.engagement == engagement) & Contract.state.in_(OPEN)
    found: Contract | None = Contract.visible_to(auth.actor()).where(asked & mine).first()
    return found


@bp.post("/engagements/<int:engagement_id>/goals")
@auth.allow("learner")
@auth.keeps_typing
def add(engagement_id: int) -> Response:
    """Keep a new goal, and go back to where it was asked for."""
    engagement, form = own(engagement_id), GoalForm()
    form.today = auth.actor().today
    fine = form.validate()
    if mark_names(form, ClientIdentity.names_of(auth.actor().person.id)) or not fine:
        return writing(engagement, form, 422)
    try:
        goal = Goal.set(engagement, form.values(), by=auth.actor(), now=auth.now())
    except WrongState as refused:
        mark(form, {"text": refused.sentence})
        return writing(engagement, form, 409)
    web.say(f"Goal added. {_next(goal)}")
    if contract := under_way(engagement):
        return web.done(url_for("contracts.edit", contract_id=contract.id, _anchor="goals"))
    return web.done(url_for("clients.engagement", engagement_id=engagement_id))


def _next(goal: Goal) -> str:
    """What a goal still needs, or what becomes of it."""
    if goal.lacks:
        return f"Before a contract can be offered, it still needs {goal.lacks}."
    return "The contract takes it in when you offer it."


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
        received="typed" if status != 200 else "",
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
    form.today, form.kept, form.were = actor.today, goal.due_on, goal.milestones
    form.since = moments.local(goal.created_at, actor.person.zone).date()
    seen, fine = web.number(request.form.get("version")) or 0, form.validate()
    if mark_names(form, ClientIdentity.names_of(actor.person.id)) or not fine:
        return page(goal, form, 422, seen=seen)
    try:
        goal.change(form.values(), version=seen, by=actor, now=auth.now())
    except WrongState as refused:
        fresh = web.load(Goal.visible_to(actor), goal_id)
        return page(fresh, form, 409, seen=fresh.version, meanwhile=refused.sentence)
    web.say(f"Goal saved. {_next(goal)}" if goal.lacks else "Goal saved.")
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
    stored: bool = False,
) -> Response:
    """The review; ``seen`` is the version that was read when the form was opened.

    ``stored``: what was sent is kept, though the review cannot be completed with it.
    """
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
        received="stored" if stored else "typed" if status != 200 else "",
        is_mine=auth.actor().is_(engagement.client.learner_id),
        found=faults_of(form),
    )


@bp.post("/engagements/<int:engagement_id>/closing")
@auth.allow("learner")
@auth.keeps_typing
def save_closing(engagement_id: int) -> Response:
    """Keep the closing review; with ``go=complete``, or once it is complete, every part must be there."""
    actor, form, now = auth.actor(), ClosingForm(), auth.now()
    engagement = own(engagement_id)
    review, seen = ClosingReview.of(engagement), web.number(request.form.get("version")) or 0
    was = review.completed_at is not None
    complete, fine = was or request.form.get("go") == "complete", form.validate()
    if mark_names(form, ClientIdentity.names_of(actor.person.id)) or not fine:
        return closing_page(engagement, review, form, 422, seen=seen)
    whole = not complete or form.is_complete()
    if was and not whole:
        return closing_page(engagement, review, form, 422, seen=seen)
    try:
        review.keep(form.values(), version=seen, by=actor, now=now, complete=complete and whole)
    except WrongState as refused:
        fresh = ClosingReview.of(engagement)
        return closing_page(
            engagement, fresh, form, 409, seen=fresh.version, meanwhile=refused.sentence
        )
    if not whole:
        fresh = ClosingReview.of(engagement)
        return closing_page(engagement, fresh, form, 422, seen=fresh.version, stored=True)
    web.say(SAID[was, complete])
    return web.done(url_for("clients.engagement", engagement_id=engagement_id))


SAID = {
    (False, False): "Closing review saved. Complete it once every part is written.",
    (
        False,
        True,
    ): "Closing review completed. Your supervisor reads it; the goals stand as they are now.",
    (True, True): "Closing review saved. It says that it was changed since it was completed.",
}
"""What is said after a save: by whether it was complete before, and whether it is now."""
