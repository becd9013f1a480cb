"""What is wrong in a form, as the list on top of a page tells it."""

from __future__ import annotations

from flask_wtf import FlaskForm


def faults_of(*forms: FlaskForm) -> list[tuple[str, str, str]]:
    """The fields at fault: id, label and the first sentence of each, in the forms' order."""
    return [
        (field.id, field.label.text, field.errors[0])
        for form in forms
        for field in form
        if field.errors
    ]
