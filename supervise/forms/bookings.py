"""What is typed about a booking: a note, a time, a reason, how often; and what may be done with one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from supervise.forms.contracts import mark, text_field, whole
from supervise.forms.enrolments import DayField
from supervise.forms.people import Ticks, tidy
from supervise.models import Assignment, Availability, Enrolment, Person
from supervise.models.booking import Plan, no_room
from supervise.models.meetings import FORMATS, MODES
from supervise.models.people import Actor
from supervise.models.publishing import formats_of
from supervise.rules.moments import NoSuchTime, read_moment, to_utc
from supervise.rules.publishing import FEWEST, IN_GROUPS, NO_ADDRESS, ON_CALL, TOO_FEW
from supervise.rules.series import MOST_TIMES, MOST_WEEKS

LONGEST_NOTE = 2000
ABOUT = "What to talk about"
"""What the note of a meeting is called, whoever writes it."""
WEEKS = [
    SelectChoice(1, "week"),
    *(SelectChoice(n, f"{n} weeks") for n in range(2, MOST_WEEKS + 1)),
]


class ClockField(TimeField):
    """A time of day; one that cannot be read is refused with how to write it."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the time."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError("Choose a time, or write it as 14:30.") from error


def _note(label: str) -> Any:
    return text_field(label, rows=3, longest=LONGEST_NOTE)


def _reason(label: str) -> Any:
    return text_field(
        label, DataRequired("Say why, in a few words: they are told."), rows=2, longest=500
    )


def _line(label: str) -> StringField:
    return StringField(
        label,
        filters=[tidy],
        validators=[Length(max=300, message="Shorten this to 300 characters.")],
        render_kw={"autocomplete": "off", "maxlength": 300},
    )


class _Repeats(FlaskForm):
    times = whole("How many times", 1, MOST_TIMES, f"Repeat up to {MOST_TIMES} times.")
    every_weeks = SelectField("Every", coerce=int, choices=WEEKS, default=1)
    only_free = BooleanField("Book those that are free, where one is not")

    @property
    def how_often(self) -> int:
        """How many times in all; 1 where nothing was typed."""
        return int(self.times.data or 1)


class BookForm(_Repeats):
    """A learner books a slot; the slot itself is in ``slot``, as ``slot_value`` writes it."""

    slot = RadioField("Time", choices=[], validate_choice=False)
    enrolment = SelectField("For", coerce=int, choices=[], validate_choice=False)
    note = _note(ABOUT)


WHICH_DAY, WHICH_TIME = "Choose the day.", "Choose when it starts."


def _minutes() -> Any:
    return whole("Minutes", 10, 480, "A meeting lasts 10 to 480 minutes.")


class _Time(FlaskForm):
    on = DayField("Day", validators=[InputRequired(WHICH_DAY)])
    at = ClockField("Start", validators=[InputRequired(WHICH_TIME)])
    minutes = _minutes()

    def starts_at(self, zone: str) -> datetime | None:
        """The moment on the clock of ``zone`` (UTC); None, with a sentence, for one no clock showed."""
        try:
            return to_utc(self.on.data, self.at.data, zone)
        except NoSuchTime as refused:
            mark(self, {"at": refused.sentence})
            return None


class _PlanForm(_Time):
    mode = SelectField("How", choices=[SelectChoice(key, word) for key, word in MODES.items()])

    def plan(self, zone: str, **more: Any) -> Plan | None:
        """The meeting as typed, with the rest of it, once the form was validated; None where
        anything is wrong, with a sentence beside each."""
        read = not self.on.errors and not self.at.errors
        starts_at = self.starts_at(zone) if read else None
        if starts_at is None or self.errors:
            return None
        minutes = int(self.minutes.data or 60)
        return Plan(starts_at=starts_at, minutes=minutes, mode=self.mode.data, **more)


class AskForm(_PlanForm):
    """A learner asks for a time that is not offered."""

    whom = SelectField("Whom you ask", coerce=int, choices=[])
    note = _note(ABOUT)


class ArrangeForm(_PlanForm, _Repeats):
    """A host books for learners, or invites them."""

    learners = Ticks("Learners", coerce=int, choices=[])
    invite = RadioField(
        "What they get",
        choices=[
            SelectChoice("", "A booking: it stands, and they are told."),
            SelectChoice("yes", "An invitation: they accept or decline."),
        ],
        default="",
    )
    format = SelectField("Kind", choices=[])
    places = whole("Places", 1, 50, "A meeting has 1 to 50 places.")
    place = _line("Place")
    address = _line("Address of the call")
    note = _note(ABOUT)

    def arranged(self, zone: str, learners: int) -> Plan | None:
        """The meeting for so many learners, as ``plan`` gives it; room for them where none is said.

        The address of a video call may be given later.
        """
        alone = self.format.data == "one-to-one"
        fewest = FEWEST if self.format.data in IN_GROUPS else 1
        places = 1 if alone else int(self.places.data or max(learners, fewest))
        invite = self.invite.data == "yes"
        address = self.address.data or ""
        found = {}
        if not learners and not self.learners.errors:
            found["learners"] = "Choose at least one learner."
        if places < fewest:
            found["places"] = TOO_FEW
        elif learners > places and (not invite or places == 1) and not self.places.errors:
            found["format" if alone else "places"] = no_room(places)
        if address and self.mode.data == "video" and not address.startswith(ON_CALL):
            found["address"] = NO_ADDRESS
        mark(self, found)
        return self.plan(
            zone, format=self.format.data, places=places, place=self.place.data,
            address=address, note=self.note.data,
        )  # fmt: skip


AWAY = "I am not free then: nobody else can book that time"


class MoveForm(_Time):
    """A host moves a meeting to another time."""

    away = BooleanField(AWAY)

    version = IntegerField(validators=[InputRequired()])
    reason = _reason("Why it moves")


class MoveToSlotForm(FlaskForm):
    """A learner moves their meeting to another open slot."""

    version = IntegerField(validators=[InputRequired()])
    slot = RadioField("New time", choices=[], validate_choice=False)
    reason = _reason("Why you move it")


OTHER = "other"


class ProposeForm(_Time):
    """A host answers a request with another time: a free one in ``slot``, or any day and time."""

    slot = RadioField("New time", choices=[], validate_choice=False)
    on = DayField("Day", validators=[Optional()])
    at = ClockField("Start", validators=[Optional()])
    minutes = _minutes()
    reason = text_field("What you tell them", rows=2, longest=500)

    def starts_at(self, zone: str) -> datetime | None:
        """The moment that was chosen, or typed on the clock of ``zone``; None, with a sentence beside
        each thing that is wrong."""
        chosen = slot_read(self.slot.data)
        if chosen is not None and (self.on.data or self.at.data):
            mark(self, {"slot": "You chose one of these and typed another. Choose one way."})
        if chosen is not None:
            return None if self.errors else chosen[1]
        blank = {"on": WHICH_DAY, "at": WHICH_TIME}
        missing = [name for name in blank if self[name].data is None and not self[name].errors]
        mark(self, {name: blank[name] for name in missing})
        return None if self.errors else super().starts_at(zone)


class ReasonForm(FlaskForm):
    """Why something is declined, cancelled or given up; and whether all later ones are too."""

    reason = _reason("Why")
    later = BooleanField("And all later ones of this series")
    away = BooleanField(AWAY)


class AddForm(FlaskForm):
    """One more learner for a group."""

    learner = SelectField("Another learner", coerce=int, choices=[])
    invite = BooleanField("Invite them: they accept or decline")


def slot_value(availability: Availability, starts_at: datetime) -> str:
    """A slot as one value of a form: which availability, when it starts (UTC), the version shown."""
    moment = f"{starts_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    return f"{availability.id}@{moment}/{availability.version}"


def slot_read(value: str | None) -> tuple[int, datetime] | None:
    """The availability's number and the start of a slot in a form; None for what is none."""
    number, _, start = (value or "").partition("/")[0].partition("@")
    if not number.isdecimal() or len(number) > 9:
        return None
    moment = read_moment(start.replace(" ", "+"))
    return (int(number), moment) if moment else None


def slot_seen(value: str | None) -> int | None:
    """The version of the availability that a slot in a form was shown with; None without one."""
    version = (value or "").partition("/")[2]
    return int(version) if version.isdecimal() and len(version) <= 9 else None


def enrolments_of(actor: Actor) -> list[Enrolment]:
    """The enrolments the actor may book for today, by their learners' names. One query."""
    mine = Enrolment.id.in_(Assignment.enrolment_ids(actor, "supervisor", "tutor"))
    query = Enrolment.select(Enrolment, Person).join(Person).where(mine)
    return list(query.order_by(Person.name, Enrolment.id))


def enrolment_choices(enrolments: Sequence[Enrolment]) -> list[SelectChoice]:
    """Learners to choose from; with the programme, where somebody has several."""
    people = [one.learner_id for one in enrolments]
    return [
        SelectChoice(
            one.id,
            one.learner.name + (f", {one.programme}" if people.count(one.learner_id) > 1 else ""),
        )
        for one in enrolments
    ]


def format_choices(actor: Actor) -> list[SelectChoice]:
    """What the actor may host, in words."""
    return [SelectChoice(key, FORMATS[key]) for key in formats_of(actor)]
