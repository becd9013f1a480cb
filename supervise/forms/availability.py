"""What is typed to publish when one is free, and a time off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from supervise.forms.contracts import showable, whole
from supervise.forms.enrolments import DayField
from supervise.forms.people import Ticks, tidy
from supervise.imports.values import NotUnderstood, read_time
from supervise.models.availability import Availability
from supervise.models.meetings import FORMATS, MODES
from supervise.models.people import Person
from supervise.rules.moments import DAYS
from supervise.rules.publishing import Wanted
from supervise.rules.slots import Pattern, Span, moment, notice

WEEKS = {1: "Every week", 2: "Every second week", 3: "Every third week", 4: "Every fourth week"}
BUFFERS = (0, 5, 10, 15, 30, 45, 60)
NOTICES = (0, 60, 4 * 60, 12 * 60, 24 * 60, 48 * 60, 72 * 60, 7 * 24 * 60)
HORIZONS = (14, 30, 60, 90, 180, 365)


class TimeField(StringField):
    """A time of day, such as 09:00; what is none is shown again as it was typed."""

    def __init__(self, label: str, **how: Any) -> None:
        super().__init__(
            label,
            filters=[tidy],
            render_kw={"type": "time", "autocomplete": "off"},
            **how,
        )

    def pre_validate(self, _form: FlaskForm) -> None:
        """Refuse what is no time of day."""
        try:
            read_time(self.data or "")
        except NotUnderstood as fault:
            raise ValidationError(str(fault)) from None

    @property
    def time(self) -> time | None:
        """The time, to the minute; None where there is none."""
        try:
            return read_time(self.data or "")
        except NotUnderstood:
            return None


def _line(label: str, longest: int, **how: Any) -> StringField:
    return StringField(
        label,
        filters=[tidy],
        validators=[
            Length(max=longest, message=f"Shorten this to {longest} characters."),
            showable,
        ],
        render_kw={"autocomplete": "off", **how},
    )


def _numbers(label: str, default: int) -> SelectField:
    return SelectField(label, coerce=int, default=default, choices=[])


def _offer(
    field: SelectField,
    values: Iterable[int],
    there: Availability | None,
    words: Callable[[int], str],
) -> None:
    """Let these numbers be chosen, and the one that is kept already."""
    kept = {getattr(there, field.name)} if there is not None else set()
    field.choices = [SelectChoice(n, words(n)) for n in sorted({*values, *kept})]


class AvailabilityForm(FlaskForm):
    """A weekly pattern or a single day, with what it is for and who may book it."""

    format = SelectField("What for", choices=[])
    places = whole("Places", 1, 50, "A meeting has 1 to 50 places.")
    repeats = RadioField(
        "How often",
        choices=[SelectChoice("weekly", "Each week"), SelectChoice("once", "One day")],
        default="weekly",
    )
    weekday = SelectField(
        "Weekday",
        coerce=int,
        choices=[SelectChoice(n, day) for n, day in enumerate(DAYS)],
        default=0,
    )
    every_weeks = SelectField(
        "Repeats",
        coerce=int,
        choices=[SelectChoice(n, word) for n, word in WEEKS.items()],
        default=1,
    )
    from_on = DayField("Day it begins", validators=[InputRequired("Choose the day.")])
    to_on = DayField("Last day", validators=[Optional()])
    starts = TimeField("From", validators=[DataRequired("Give the time you begin.")])
    ends = TimeField("Until", validators=[DataRequired("Give the time you end.")])
    overnight = BooleanField("It ends the next day")
    minutes = whole("Minutes each", 10, 480, "A meeting lasts 10 to 480 minutes.")
    buffer_minutes = _numbers("Kept free between", 0)
    notice_minutes = _numbers("Book at the latest", 24 * 60)
    horizon_days = _numbers("Book at the earliest", 60)
    mode = SelectField(
        "How", choices=[SelectChoice(key, word) for key, word in MODES.items()], default="video"
    )
    place = _line("Place", 200)
    address = _line("Address of the call, or number", 500)
    who = RadioField(
        "Who may book",
        choices=[
            SelectChoice("all", "All my learners"),
            SelectChoice("named", "Only those I tick"),
        ],
        default="all",
    )
    people = Ticks("Learners", coerce=int, choices=[])

    @classmethod
    def of(
        cls,
        formats: Iterable[str],
        learners: Iterable[Person],
        today: date,
        there: Availability | None = None,
    ) -> AvailabilityForm:
        """The form of somebody who leads these formats and has these learners; filled with what is
        ``there``, or with what was sent. Something new begins ``today`` unless they say otherwise."""
        new = {"minutes": 60, "places": 1, "from_on": today}
        form = cls(data=_data(there) if there is not None else new)
        form.format.choices = [SelectChoice(one, FORMATS[one]) for one in formats]
        form.people.choices = [SelectChoice(one.id, one.name) for one in learners]
        _offer(form.buffer_minutes, BUFFERS, there, lambda n: f"{n} minutes" if n else "No time")
        _offer(
            form.notice_minutes, NOTICES, there,
            lambda n: f"{notice(n)} before" if n else "Until it begins",
        )  # fmt: skip
        _offer(form.horizon_days, HORIZONS, there, lambda n: f"{n} days ahead")
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it can be read; a slot has a length."""
        fine = super().validate(extra_validators)
        if self.minutes.data is None and not self.minutes.errors:
            self.minutes.errors = ["Say how long each meeting is."]
            return False
        return bool(fine)

    def wanted(self, zone: str) -> Wanted:
        """What was typed, on the clock of ``zone``; nothing stands for what cannot be read."""
        starts, ends = self.starts.time, self.ends.time
        once = self.repeats.data == "once"
        pattern = Pattern(
            id=0,
            weekday=None if once else self.weekday.data,
            every_weeks=self.every_weeks.data,
            from_on=self.from_on.data,
            to_on=None if once else self.to_on.data,
            starts=starts or time(),
            ends=ends or time(),
            zone=zone,
            minutes=self.minutes.data,
            buffer_minutes=self.buffer_minutes.data,
            notice_minutes=self.notice_minutes.data,
            horizon_days=self.horizon_days.data,
        )
        return Wanted(
            pattern,
            self.format.data,
            self._places(),
            self.mode.data,
            self.place.data if self.mode.data == "face to face" else "",
            self.address.data if self.mode.data != "face to face" else "",
            self.who.data == "named",
            frozenset(self.people.data or ()) if self.who.data == "named" else frozenset(),
            self.overnight.data,
        )

    def _places(self) -> int:
        """One to one has one place, whatever was left in the field that is hidden then."""
        return 1 if self.format.data == "one-to-one" else self.places.data or 1


def _data(there: Availability) -> dict[str, Any]:
    """What is published, by the form's fields."""
    return {
        **there.__data__,
        "repeats": "weekly" if there.weekday is not None else "once",
        "weekday": there.weekday or 0,
        "overnight": there.ends < there.starts,
        "who": "named" if there.named else "all",
        "people": sorted(there.people_named) if there.named else [],
    }


class AwayForm(FlaskForm):
    """A time off: whole days, unless times are given."""

    first_on = DayField("First day away", validators=[InputRequired("Choose the first day.")])
    last_on = DayField("Last day away", validators=[Optional()])
    away_from = TimeField("From, if not all day")
    away_to = TimeField("Until, if not all day")
    why = _line("Why, for yourself", 200)

    def span(self, zone: str) -> Span:
        """From when to when (UTC), on the clock of ``zone``; the last day is the first by default."""
        first: date = self.first_on.data
        last: date = self.last_on.data or first
        begin, end = self.away_from.time, self.away_to.time
        until = moment(last, end, zone) if end else moment(last + timedelta(days=1), time(), zone)
        return moment(first, begin or time(), zone), until

    def is_fit(self, zone: str, now: datetime) -> bool:
        """Whether it ends after it begins and is not over; a sentence stands beside what is not."""
        begin, end = self.span(zone)
        field, fault = None, ""
        if self.last_on.data and self.last_on.data < self.first_on.data:
            field, fault = self.last_on, "It ends before it begins. Choose a later last day."
        elif end <= begin:
            field, fault = self.away_to, "It ends before it begins. Give a later time."
        elif end <= now:
            field, fault = self.last_on if self.last_on.data else self.first_on, "This has passed."
        if field is not None:
            field.errors = [*field.errors, fault]
        return field is None
