"""What a client types on a confirmation's link: yes, or no with what differs, for each session."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from supervise.models.confirmations import WHAT, Answer, Confirmation
from supervise.rules.moments import length
from supervise.rules.naming import NOBODY, Known, masked, names_in
from supervise.web import number

FIELDS = ("answer", "what", "minutes", "reason")
LONGEST_REASON = 500
MOST_MINUTES = 1440
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass
class Typed:
    """What was typed about one session, and what is wrong with it by field."""

    answer: str = ""
    what: str = ""
    minutes: str = ""
    reason: str = ""
    faults: dict[str, str] = field(default_factory=dict)

    def meant(self, known: Known = NOBODY) -> Answer:
        """The answer, once nothing is wrong; minutes only where the length is what differs.

        ``known``, the coach's clients and sponsors, are taken out of it without a word.
        """
        if self.answer == "yes":
            return Answer()
        said = number(self.minutes) if self.what == "length" else None
        return Answer(self.what, said, masked(self.reason, known))


def read(
    form: Mapping[str, str], asked: Iterable[Confirmation], own: Sequence[str] = ()
) -> dict[int, Typed]:
    """What was typed about each session asked about, judged; by confirmation.

    ``own`` are the client's names and addresses, which the supervisor must not read.
    """
    found = {}
    for one in asked:
        answer, what, minutes, reason = (form.get(f"{name}-{one.id}", "") for name in FIELDS)
        typed = Typed(answer, what, minutes.strip(), " ".join(reason.split()))
        typed.faults = _faults(typed, one, own)
        typed.minutes, typed.reason = typed.minutes[:20], _CONTROL.sub("\ufffd", typed.reason)
        found[one.id] = typed
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


def _faults(typed: Typed, one: Confirmation, own: Sequence[str]) -> dict[str, str]:
    if typed.answer == "yes":
        return {}
    if typed.answer != "no":
        return {"answer": "Press Yes or No for this session."}
    found = {}
    if typed.what not in WHAT:
        found["what"] = "Choose what is different."
    logged = one.minutes if typed.what == "length" else None
    if fault := _minutes_fault(typed.minutes, logged):
        found["minutes"] = fault
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
        return f"That is the length your coach logged, {length(logged)}. If it is right, press Yes."
    return ""
