"""One blueprint a noun; every module here that has a ``bp`` is part of the app."""

from __future__ import annotations

import importlib
import pkgutil

from flask import Flask


def register(app: Flask) -> None:
    """Register the blueprint of each module in this package, by name.

    All modules are imported first: a noun with many views spreads one blueprint over several.
    """
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    for blueprint in dict.fromkeys(getattr(module, "bp", None) for module in modules):
        if blueprint is not None:
            app.register_blueprint(blueprint)
