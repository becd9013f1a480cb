"""Whether the server is ready: it answers, and its database does."""

from __future__ import annotations

from flask import Blueprint, Response

from supervise import auth, db

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@auth.public
def page() -> Response:
    """Plain ``ok`` once the database answers."""
    db.database.execute_sql("SELECT 1")
    return Response("ok\n", mimetype="text/plain")
