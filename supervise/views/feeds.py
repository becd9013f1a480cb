"""A person's calendar by its address, without signing in; and making, renewing, ending that address."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, request, url_for

from supervise import auth, ics, web
from supervise.models import CalendarFeed
from supervise.reports import feed as report

bp = Blueprint("feeds", __name__)
KEPT = "private, no-cache"
"""A calendar keeps what it read, and asks each time whether that still holds."""


@bp.get("/calendar/<token>.ics")
@auth.public
def calendar(token: str) -> Any:
    """The calendar as a file. To ask for it changes nothing, so any program may, as often as it likes."""
    feed = CalendarFeed.with_token(token) or abort(404)
    held = report.contents(feed, auth.now())
    pages = {meeting.id: _page(meeting.id) for meeting in held.meetings}
    data = ics.calendar(feed.person, feed.centre, held.meetings, held.learners, pages=pages)
    response = Response(data, mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'inline; filename="supervise.ics"'
    response.headers["Cache-Control"] = KEPT
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    response.set_etag(hashlib.sha256(data).hexdigest()[:32])
    return response.make_conditional(request)


@bp.post("/account/calendar")
@auth.signed_in
def make() -> Any:
    """Make the address, or a new one in place of the old."""
    CalendarFeed.make(by=auth.actor(), now=auth.now())
    flash("Here is the address. One made before works no more.")
    return web.done(url_for("account.page") + "#calendar")


@bp.post("/account/calendar/end")
@auth.signed_in
def end() -> Any:
    """End the address: whoever has it sees nothing more."""
    if CalendarFeed.revoke(by=auth.actor(), now=auth.now()):
        flash("The address works no more. Remove the calendar from your programs as well.")
    return web.done(url_for("account.page") + "#calendar")


def address(feed: CalendarFeed) -> str:
    """The whole address of a feed, to copy into a calendar."""
    return url_for("feeds.calendar", token=feed.token, _external=True)


def _page(meeting_id: int) -> str:
    if "supervision.show" not in current_app.view_functions:
        return ""
    return url_for("supervision.show", meeting_id=meeting_id, _external=True)


@bp.app_context_processor
def _helpers() -> dict[str, Any]:
    return {"feed_address": address}
