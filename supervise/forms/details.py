"""How, where and what about a meeting is, as its host types it; and what its learner wants to raise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from supervise.forms.bookings import ABOUT, LONGEST_NOTE
from supervise.forms.contracts import mark, text_field
from supervise.forms.people import tidy
from supervise.models import Meeting
from supervise.models.details import Details, room_of
from supervise.models.meetings import MODES
from supervise.rules.publishing import ON_CALL

NO_CALL = f"The address of a call begins with {ON_CALL}. Correct it, or leave it empty for now."
NO_ROOM = "Face to face there is no call: clear the address, or choose a video call."
LONGEST = 500


def _line(label: str) -> StringField:
    return StringField(
        label,
        filters=[tidy],
        validators=[Length(max=LONGEST, message=f"Shorten this to {LONGEST} characters.")],
        render_kw={"autocomplete": "off", "maxlength": LONGEST},
    )


class AcceptForm(FlaskForm):
    """How and where a meeting is that was asked for, as its host accepts it."""

    mode = SelectField("How", choices=[SelectChoice(key, word) for key, word in MODES.items()])
    place = _line("Place")
    address = _line("Address of the call")

    def details(self, meeting: Meeting) -> Details | None:
        """What was typed; None, with a sentence, where it cannot be. An address may come later."""
        mode, address = self.mode.data, self.address.data or ""
        if mode == "video" and address and not address.startswith(ON_CALL):
            mark(self, {"address": NO_CALL})
        elif mode == "face to face" and address:
            mark(self, {"address": NO_ROOM})
        else:
            return Details(mode, self.place.data or "", address, meeting.note)
        return None


class DetailsForm(AcceptForm):
    """The same of a meeting that is booked, and what to talk about."""

    version = IntegerField(validators=[InputRequired()])
    note = text_field(ABOUT, rows=3, longest=LONGEST_NOTE)

    def details(self, meeting: Meeting) -> Details | None:
        """What was typed, the note too; None, with a sentence, where it cannot be."""
        found = super().details(meeting)
        return replace(found, note=self.note.data or "") if found else None


class TopicForm(FlaskForm):
    """What the learner of a meeting of two wants to talk about."""

    version = IntegerField(validators=[InputRequired()])
    note = text_field("What I want to talk about", rows=3, longest=LONGEST_NOTE)


def known(meeting: Meeting) -> dict[str, Any]:
    """What a meeting says of these, by field."""
    return {**vars(Details.of(meeting)), "version": meeting.version}


def accept_form(meeting: Meeting) -> AcceptForm:
    """Filled with what was asked for; a call gets the address where its host publishes times.

    One query at most.
    """
    values = known(meeting)
    if meeting.mode == "video" and not meeting.address:
        values["address"] = room_of(meeting.host_id, meeting.centre_id)
    return AcceptForm(data=values, prefix="accept-")
