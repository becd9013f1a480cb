"""A copy of one's own data, to take away."""

from __future__ import annotations

import json

from flask import Blueprint, Response

from supervise import auth
from supervise.reports import privacy

bp = Blueprint("privacy", __name__)


@bp.get("/account/data.json")
@auth.signed_in
def page() -> Response:
    """Everything kept of the reader, as JSON, for them alone."""
    copy = privacy.copy_of(auth.actor().person)
    return Response(
        json.dumps(copy, default=str, ensure_ascii=False, indent=1),
        mimetype="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-data-in-supervise.json"'},
    )
