"""Feedback: what is asked, what an answer lacks, which cells are empty, and the floor.

Who is asked about what follows rules.md section 12: clients and the supervisor judge the
practitioner, clients and those with an interest judge the programme; observers and peers add to it.

The floor keeps anonymous answers apart from the people who gave them: answers of one group (one
learner, one source, one subject) come out in whole batches. Each answer carries the floor its giver
was promised, so a centre that changes its floor neither exposes nor hides what was given before.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

SOURCES = ("client", "sponsor", "observer", "peer", "supervisor")
INVITED = SOURCES[:4]
"""Who is asked by link; a supervisor writes theirs into the records of meetings."""
ABOUTS = ("practitioner", "programme")
WANTED = {
    ("client", "practitioner"),
    ("supervisor", "practitioner"),
    ("client", "programme"),
    ("sponsor", "programme"),
}
"""Cells that the units in ``WANTING`` ask for (AC 3.2); the others make the picture fuller."""
SUPERVISORS = ("supervisor", "practitioner")
WANTING = ("D3.04", "D3.07")
LEAST_FLOOR = 2
"""No centre may show an anonymous answer by itself: the coach knows whom they asked."""
KINDS = ("rating", "open")
RATINGS = ("not at all", "a little", "well", "very well", "cannot say")
A_SOURCE = {source: f"an {source}" if source == "observer" else f"a {source}" for source in SOURCES}
"""Each source with its article, for a sentence."""
LONGEST_ANSWER = 4000
LONGEST_QUESTION = 200
MOST_QUESTIONS = 12
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Question:
    """One question: ``rating`` is answered by one of ``RATINGS``, ``open`` in own words."""

    kind: str
    text: str


BUILT_IN: Mapping[str, tuple[Question, ...]] = {
    "practitioner": (
        Question("rating", "How well do they listen?"),
        Question("rating", "How well do their questions help others to think?"),
        Question("rating", "How well do they keep the work on its goals?"),
        Question("rating", "How well do they keep to what was agreed, privacy included?"),
        Question("open", "What do they do that helps most?"),
        Question("open", "What could they do differently?"),
    ),
    "programme": (
        Question("rating", "How well did the sessions fit what was needed?"),
        Question("rating", "How well were the goals reached?"),
        Question("rating", "How well did times, place and length suit?"),
        Question("open", "What is different at work because of the sessions?"),
        Question("open", "What got in the way: time, goals, support, something else?"),
    ),
}
"""The questions of a centre that has made none of its own."""


# --- what an answer lacks ----------------------------------------------------------------


def lacks(questions: Sequence[Question], answers: Sequence[str]) -> dict[int, str]:
    """What is wrong with the answers, a sentence by the number of the question; nothing if all fits.

    Every rating is asked for, open questions may stay empty, but not everything.
    """
    found: dict[int, str] = {}
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        if question.kind == "rating" and answer not in RATINGS:
            found[number] = "Choose one. If you do not know, choose “cannot say”."
        elif len(answer) > LONGEST_ANSWER:
            found[number] = f"Keep this to {LONGEST_ANSWER:,} characters; it has {len(answer):,}."
        elif _CONTROL.search(answer):
            found[number] = "This holds a character that cannot be shown. Type that part again."
    if not found and not any(answer.strip() for answer in answers):
        found[0] = "Answer at least one question."
    return found


def question_faults(questions: Sequence[Question]) -> dict[int, str]:
    """What is wrong with a centre's own questions, by number; ``-1`` is the form as a whole."""
    found: dict[int, str] = {}
    seen: set[str] = set()
    for number, question in enumerate(questions):
        text = question.text
        if question.kind not in KINDS:
            found[number] = "Choose rating or open."
        elif len(text) > LONGEST_QUESTION:
            found[number] = f"Keep a question to {LONGEST_QUESTION} characters."
        elif _CONTROL.search(text) or not text.isprintable():
            found[number] = "This holds a character that cannot be shown. Type it again."
        elif text.casefold() in seen:
            found[number] = "This question stands here twice. Change or remove one."
        seen.add(text.casefold())
    if not questions:
        found[-1] = "Keep at least one question, or go back to the built-in ones."
    elif len(questions) > MOST_QUESTIONS:
        found[-1] = f"Keep it short: at most {MOST_QUESTIONS} questions."
    return found


# --- the floor ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Anonymous:
    """One anonymous answer: a key of who gave it, and the floor promised to them then."""

    giver: Hashable
    floor: int


def let_out(answers: Sequence[Anonymous]) -> int:
    """How many answers of one group come out, of those given first.

    A batch is full when it holds as many different people as the highest floor promised to any of
    them. So never fewer than the floor are shown, and never fewer come out at a time; answers that
    follow, or another floor for them, take nothing back.
    """
    shown = 0
    batch: list[Anonymous] = []
    for number, answer in enumerate(answers, 1):
        batch.append(answer)
        if _lacking(batch) <= 0:
            shown, batch = number, []
    return shown


def _lacking(batch: Sequence[Anonymous]) -> int:
    return max(answer.floor for answer in batch) - len({answer.giver for answer in batch})


# --- the grid ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One source about one subject: how many were asked, and how much of what they gave is shown.

    Of answers without a name that wait it knows nothing: whoever sends links one at a time would
    see by their number who has answered.
    """

    source: str
    about: str
    invited: int = 0
    """Asked with a name, and not answered."""
    nameless: int = 0
    """Asked without a name, answered or not."""
    named: int = 0
    shown_nameless: int = 0
    records: int = 0
    """Signed records of meetings that hold a supervisor's feedback."""
    units: tuple[str, ...] = ()
    """The learner's units that ask for this cell."""

    @property
    def by_link(self) -> bool:
        """Whether people of this source are asked by link."""
        return self.source in INVITED

    @property
    def shown(self) -> int:
        """How many answers can be read."""
        return self.named + self.shown_nameless

    @property
    def waits(self) -> bool:
        """Whether somebody was asked without a name of whom nothing is shown yet."""
        return self.nameless > self.shown_nameless

    @property
    def css(self) -> str:
        """The state it is drawn in."""
        if self.shown or self.records:
            return "good"
        if self.invited or self.nameless:
            return "wait"
        return "warn" if self.units else "none"

    @property
    def words(self) -> str:
        """How it stands, in words."""
        if not self.by_link:
            return self._of_supervisor
        if self.shown:
            return f"{self.shown} given"
        if self.nameless:
            return f"{self.invited + self.nameless} asked, not yet enough answers"
        return f"{self.invited} invited, none given yet" if self.invited else "nobody asked yet"

    @property
    def _of_supervisor(self) -> str:
        if self.about != "practitioner":
            return "not asked of supervisors"
        return f"{self.records} in meeting records" if self.records else "in no meeting record yet"

    @property
    def advice(self) -> str:
        """What to do about an empty cell, or what those asked without a name are waiting for."""
        if self.waits and self.shown:
            more = "the others are" if self.shown_nameless else "they are"
            return f"{self.nameless} asked without a name: {more} shown once enough have answered."
        if not self.units or self.css != "warn":
            return ""
        do = f"Invite {A_SOURCE[self.source]}"
        if not self.by_link:
            do = "The supervisor writes it into the record of a meeting"
        return (
            f"{do}: {' and '.join(self.units)} {'asks' if len(self.units) == 1 else 'ask'} for it."
        )


@dataclass(frozen=True)
class Given:
    """One answer as the grid counts it; ``giver`` and ``floor`` matter where it is anonymous."""

    source: str
    about: str
    anonymous: bool
    giver: Hashable = None
    floor: int = LEAST_FLOOR


@dataclass(frozen=True)
class Asked:
    """One invitation as the grid counts it."""

    source: str
    about: str
    anonymous: bool = False


def grid(
    given: Iterable[Given], invited: Iterable[Asked], *, units: Iterable[str] = (), records: int = 0
) -> list[list[Cell]]:
    """Source × about, a row a source.

    ``given`` stands in the order of giving. Of ``units``, those the learner takes, some ask for
    cells. ``records`` counts the signed records of meetings with a supervisor's feedback.
    """
    answers, asked = list(given), list(invited)
    wanting = tuple(sorted(set(units) & set(WANTING)))

    def cell(source: str, about: str) -> Cell:
        here = [each for each in answers if (each.source, each.about) == (source, about)]
        nameless = [Anonymous(each.giver, each.floor) for each in here if each.anonymous]
        return Cell(
            source, about,
            invited=asked.count(Asked(source, about)),
            nameless=asked.count(Asked(source, about, anonymous=True)),
            named=len(here) - len(nameless),
            shown_nameless=let_out(nameless),
            records=records if (source, about) == SUPERVISORS else 0,
            units=wanting if (source, about) in WANTED else (),
        )  # fmt: skip

    return [[cell(source, about) for about in ABOUTS] for source in SOURCES]
