"""Supervise runs the supervised coaching and mentoring practice of a training centre."""

from __future__ import annotations

from flask import Flask
from htmx_flask import Htmx

from supervise import auth, db, errors, links, reader, signing, views, web
from supervise.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The Flask application: settings, extensions, blueprints, nothing else.

    The database is bound and migrated here, under a lock, so that any number of workers may start
    at once.
    """
    settings = settings or Settings.load()
    app = Flask(__name__, instance_path=str(settings.instance))
    web.configure(app, settings)
    db.connect_to(settings.database)
    signing.use_key(settings.chain_key)
    links.use_key(settings.secret_key)
    db.migrate()
    Htmx(app)
    web.open_connections(app)
    auth.init_app(app)
    web.init_app(app)
    reader.init_app(app)
    errors.init_app(app)
    views.register(app)
    return app
