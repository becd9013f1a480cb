from datetime import date, datetime, time, timedelta

import pytest

from supervise.imports.values import (
    NotUnderstood,
    read_date,
    read_kind,
    read_minutes,
    read_mode,
    read_time,
)

SIXTH = date(2026, 7, 6)


@pytest.mark.parametrize(
    "cell",
    [
        "06/07/2026", "6/7/2026", "6.7.2026", "06-07-2026", "06/07/26", "2026-07-06", "6 Jul 2026",
        "6 July 2026", "6th July 2026", "6-Jul-26", "Mon 6 Jul 2026", "Monday, 6th of July 2026",
        "Jul 6, 2026", " 06/07/2026 ", "06/07/2026 00:00:00", SIXTH,
        datetime.fromisoformat("2026-07-06"),
    ],
)  # fmt: skip
def test_dates_as_people_write_them(cell):
    assert read_date(cell)[0] == SIXTH


@pytest.mark.parametrize(
    ("cell", "moment"),
    [("06/07/2026 9:15", time(9, 15)), (datetime.fromisoformat("2026-07-06T13:00"), time(13))],
)
def test_a_time_that_stands_with_the_date_is_kept(cell, moment):
    assert read_date(cell) == (SIXTH, moment)


@pytest.mark.parametrize(
    ("cell", "part"),
    [
        ("13/14/2026", "not a day in the calendar"), ("07/13/2026", "month first"),
        ("31/06/2026", "not a day"), ("29/02/2026", "not a day"), ("6 Foo 2026", "not a day"),
        ("last Tuesday", "not a date"), ("46000", "not a date"), (46000, "not a date"),
        ("6 July", "not a date"), ("0/0/2026", "not a day"), ("06/07/2026 25:00", "not a day"),
        ("=TODAY()", "not a date"),
    ],
)  # fmt: skip
def test_what_is_no_british_date_is_refused(cell, part):
    with pytest.raises(NotUnderstood, match=part):
        read_date(cell)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("13:00", time(13)), ("1.30pm", time(13, 30)), ("1:30 PM", time(13, 30)), ("0900", time(9)),
        (900, time(9)), ("9am", time(9)), ("12pm", time(12)), ("12.15 a.m.", time(0, 15)),
        ("13.30", time(13, 30)), (13.3, time(13, 30)), (0.5, time(12)), ("13:00:00", time(13)),
        (time(13, 29, 59, 999_000), time(13, 30)), (timedelta(hours=9), time(9)),
        (datetime.fromisoformat("1899-12-30T13:00"), time(13)), ("13h30", time(13, 30)),
    ],
)  # fmt: skip
def test_times_as_people_write_them(cell, moment):
    assert read_time(cell) == moment


@pytest.mark.parametrize("cell", ["1", "25:00", "13:60", "13pm", "0am", "noonish", 9, "-1:00"])
def test_what_is_no_time_is_refused(cell):
    with pytest.raises(NotUnderstood, match="Write it as 13:00 or 1.30pm"):
        read_time(cell)


@pytest.mark.parametrize(
    ("cell", "in_hours", "minutes"),
    [
        ("50", False, 50), (50, False, 50), (50.0, False, 50), (49.99999999, False, 50),
        ("50 min", False, 50), ("50mins", False, 50), ("50 minutes", True, 50),
        ("1h 15", False, 75),
        ("1 hr 15 mins", False, 75), ("1 hour and 15 minutes", False, 75), ("1:15", False, 75),
        ("1:15", True, 75), ("01:15:00", False, 75), ("1h", False, 60), ("1.5 hours", False, 90),
        ("1.25", True, 75), (1.25, True, 75), ("1,25", True, 75), (1, True, 60), ("0.33", True, 20),
        ("1.67", True, 100), (time(1, 15), False, 75), (timedelta(minutes=50), True, 50),
    ],
)  # fmt: skip
def test_lengths_as_people_write_them(cell, in_hours, minutes):
    assert read_minutes(cell, in_hours) == minutes


@pytest.mark.parametrize(
    ("cell", "in_hours"),
    [("1.25", False), ("about 50", False), ("1.26", True), ("-50", False), ("=B4+B5", False),
     ("1:75", False), (datetime.fromisoformat("1900-01-01T01:00"), False), ("5e1", False)],
)  # fmt: skip
def test_what_is_no_length_is_refused(cell, in_hours):
    with pytest.raises(NotUnderstood, match="Write "):
        read_minutes(cell, in_hours)


@pytest.mark.parametrize("reader", [read_date, read_time, read_minutes, read_kind, read_mode])
@pytest.mark.parametrize("cell", [None, "", "  ", "\xa0"])
def test_a_blank_cell_says_nothing(reader, cell):
    assert reader(cell) is None


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        ("Teams", "video"), ("MS Teams", "video"), ("Zoom call", "video"), ("video", "video"),
        ("Online meeting", "video"), ("phone", "phone"), ("Telephone", "phone"), ("Call", "phone"),
        ("Meeting room", "face to face"), ("Meeting room 3", "face to face"),
        ("face to face", "face to face"), ("F2F", "face to face"), ("in person", "face to face"),
        ("Her office", "face to face"), ("By letter", "other"), ("Steamship", "other"),
    ],
)  # fmt: skip
def test_the_words_for_a_place_tell_the_mode(words, mode):
    assert read_mode(words) == mode


@pytest.mark.parametrize(
    ("words", "kind"),
    [("Coaching", "coaching"), ("COACH", "coaching"), ("mentor session", "mentoring"),
     ("1:1", None), ("Group", None), ("Individual", None)],
)  # fmt: skip
def test_kinds(words, kind):
    assert read_kind(words) == kind


@pytest.mark.parametrize("words", ["Counselling", "Coaching and mentoring"])
def test_other_kinds_are_refused(words):
    with pytest.raises(NotUnderstood, match="Write coaching or mentoring"):
        read_kind(words)
