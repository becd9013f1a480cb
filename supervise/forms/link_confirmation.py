"""What a client types on a confirmation's link: yes, or no with what differs, for each session."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from supervise.models.confirmations import WHAT, Answer, Confirmation
from supervise.rules.moments import length
from supervise.rules.naming import NOBODY, Known, masked, names_in
from supervise.web import number

FIELDS = ("answer", "what", "day", "minutes", "reason")
LONGEST_REASON = 500
MOST_MINUTES = 1440
NOT_AT_ALL = "You say that it did not take place: leave this empty, or choose something else."
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass
class Typed:
    """What was typed about one session, and what is wrong with it by field."""

    answer: str = ""
    what: str = ""
    day: str = ""
    minutes: str = ""
    reason: str = ""
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def left(self) -> bool:
        """Whether nothing was said of it, so that it stays asked."""
        return not any((self.answer, self.what, self.day, self.minutes, self.reason))

    def meant(self, known: Known = NOBODY) -> Answer:
        """The answer, once nothing is wrong: with “no”, all that was typed.

        ``known``, the coach's clients and sponsors, are taken out of it without a word.
        """
        if self.answer == "yes":
            return Answer()
        return Answer(self.what, number(self.minutes), masked(self.reason, known), _day(self.day))


def read(
    form: Mapping[str, str], asked: Sequence[Confirmation], own: Sequence[str] = (), *, today: date
) -> dict[int, Typed]:
    """What was typed about each session asked about, judged; by confirmation.

    One of several may be left for later. ``own`` are the client's names and addresses, which the
    supervisor must not read; ``today`` is the day on the coach's clock.
    """
    found = {}
    for one in asked:
        answer, what, day, minutes, reason = (form.get(f"{name}-{one.id}", "") for name in FIELDS)
        typed = Typed(answer, what, day.strip(), minutes.strip(), " ".join(reason.split()))
        typed.faults = {} if typed.left else _faults(typed, one, own, today)
        typed.minutes, typed.day = typed.minutes[:20], typed.day[:20]
        typed.reason = _CONTROL.sub("\ufffd", typed.reason)
        found[one.id] = typed
    if found and all(typed.left for typed in found.values()):
        which = "Press Yes or No." if len(found) == 1 else "Choose Yes or No for one at least."
        found[asked[0].id].faults["answer"] = which
    return found


def answered(form: Mapping[str, str]) -> set[int]:
    """Which confirmations the page was about that sent this form."""
    ids = (number(name.removeprefix("asks-")) for name in form if name.startswith("asks-"))
    return {id_ for id_ in ids if id_ is not None}


def reasons(form: Mapping[str, str], but: Collection[int] = ()) -> list[str]:
    """What was written in words, but about these confirmations; what cannot be shown is marked."""
    ids = {name: number(name.removeprefix("reason-")) for name in form if name[:7] == "reason-"}
    words = [" ".join(form[name].split()) for name, id_ in ids.items() if id_ not in but]
    return [_CONTROL.sub("\ufffd", text) for text in words if text]


def _faults(typed: Typed, one: Confirmation, own: Sequence[str], today: date) -> dict[str, str]:
    if typed.answer == "yes":
        return {}
    if typed.answer != "no":
        return {"answer": "Choose Yes or No for this session."}
    found = {}
    if typed.what not in WHAT:
        found["what"] = "Choose what is different."
    logged = one.minutes if typed.what == "length" else None
    if fault := _minutes_fault(typed.minutes, logged):
        found["minutes"] = fault
    if fault := _day_fault(typed.day, one.date if typed.what == "date" else None, today):
        found["day"] = fault
    if typed.what == "none":
        found |= {
            name: NOT_AT_ALL
            for name, text in (("minutes", typed.minutes), ("day", typed.day))
            if text and name not in found
        }
    if typed.what == "other" and not typed.reason:
        found["reason"] = "Say in a few words what is different."
    elif len(typed.reason) > LONGEST_REASON:
        found["reason"] = f"Shorten this to {LONGEST_REASON} characters."
    elif _CONTROL.search(typed.reason):
        found["reason"] = "This holds a character that cannot be shown. Type it again."
    elif hits := names_in(typed.reason, own):
        said = " and ".join(f"“{hit}”" for hit in hits)
        found["reason"] = f"Leave out {said}: the supervisor reads this too."
    return found


def _minutes_fault(typed: str, logged: int | None) -> str:
    """Minutes may be left open: not everybody knows them. ``logged`` where they are to differ."""
    said = number(typed)
    if not typed:
        return ""
    if said is None or not 0 < said <= MOST_MINUTES:
        return "Give whole minutes, such as 45, or leave it empty."
    if logged is not None and said == logged:
        return f"Your coach logged that length, {length(logged)}. If it is right, answer Yes."
    return ""


def _day_fault(typed: str, logged: date | None, today: date) -> str:
    """So may the day. ``logged`` where it is to differ."""
    said = _day(typed)
    if not typed:
        return ""
    if said is None:
        return "Give the day as a date, or leave it empty."
    if said > today:
        return "This day has not come. Correct it, or leave it empty."
    if said == logged:
        return "Your coach logged that day. If it is right, answer Yes."
    return ""


def _day(typed: str) -> date | None:
    """The day as a browser's date field sends it, ``2026-10-01``."""
    try:
        return date.fromisoformat(typed) if len(typed) == len("2026-10-01") else None
    except ValueError:
        return None
