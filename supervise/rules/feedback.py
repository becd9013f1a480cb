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
"""Who is asked by link; a supervisor's feedback comes with supervision."""
ABOUTS = ("practitioner", "programme")
WANTED = {
    ("client", "practitioner"),
    ("supervisor", "practitioner"),
    ("client", "programme"),
    ("sponsor", "programme"),
}
"""Cells that units D3.04 and D3.07 ask for (AC 3.2); the others make the picture fuller."""
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


@dataclass(frozen=True)
class Floor:
    """How many of a group's answers, the first given first, are shown; how many wait, for how many."""

    shown: int
    waiting: int
    lacking: int
    """How many more people must answer before those that wait are shown; 0 where none waits."""
    floor: int = 0
    """How many people make those that wait a batch; 0 where none waits."""

    @property
    def sentence(self) -> str:
        """What the page says of answers that wait; nothing where none does."""
        if not self.waiting:
            return ""
        if not self.shown:
            people = " people" if self.waiting >= self.floor else ""
            return f"{self.waiting} given; shown once {self.floor}{people} have answered"
        verb, more = (
            "waits" if self.waiting == 1 else "wait",
            "has" if self.lacking == 1 else "have",
        )
        return f"{self.waiting} more {verb}; shown once {self.lacking} more {more} answered"


def floor_of(answers: Sequence[Anonymous]) -> Floor:
    """Which answers of one group come out, in the order they were given.

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
    if not batch:
        return Floor(shown, 0, 0)
    return Floor(shown, len(batch), _lacking(batch), max(answer.floor for answer in batch))


def _lacking(batch: Sequence[Anonymous]) -> int:
    return max(answer.floor for answer in batch) - len({answer.giver for answer in batch})


# --- the grid ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One source about one subject: how much was asked for, given with a name, and without."""

    source: str
    about: str
    invited: int = 0
    named: int = 0
    anonymous: Floor = Floor(0, 0, 0)

    @property
    def by_link(self) -> bool:
        """Whether people of this source are asked by link."""
        return self.source in INVITED

    @property
    def given(self) -> int:
        """How many have answered, shown or not."""
        return self.named + self.anonymous.shown + self.anonymous.waiting

    @property
    def shown(self) -> int:
        """How many answers can be read."""
        return self.named + self.anonymous.shown

    @property
    def css(self) -> str:
        """The state it is drawn in."""
        if self.shown:
            return "good"
        if self.given or self.invited:
            return "wait"
        return "warn" if self.by_link and (self.source, self.about) in WANTED else "none"

    @property
    def words(self) -> str:
        """How it stands, in words."""
        if not self.by_link:
            return "comes with supervision"
        if not self.given:
            return f"{self.invited} invited, none given yet" if self.invited else "nobody asked yet"
        if not self.shown:
            return self.anonymous.sentence
        return f"{self.given} given" + (f", {self.shown} shown" if self.anonymous.waiting else "")

    @property
    def advice(self) -> str:
        """What to do about an empty cell, or what those that wait are waiting for."""
        if self.anonymous.waiting:
            return self.anonymous.sentence if self.shown else ""
        if not self.by_link:
            return ""
        if not self.given and not self.invited and (self.source, self.about) in WANTED:
            return f"Invite {A_SOURCE[self.source]}: D3.04 and D3.07 ask for it."
        return ""


@dataclass(frozen=True)
class Given:
    """One answer as the grid counts it; ``giver`` and ``floor`` matter where it is anonymous."""

    source: str
    about: str
    anonymous: bool
    giver: Hashable = None
    floor: int = 1


def grid(given: Iterable[Given], invited: Iterable[tuple[str, str]]) -> list[list[Cell]]:
    """Source × about, a row a source; ``given`` in the order of giving, ``invited`` as (source, about)."""
    answers, asked = list(given), list(invited)

    def cell(source: str, about: str) -> Cell:
        here = [each for each in answers if (each.source, each.about) == (source, about)]
        nameless = [Anonymous(each.giver, each.floor) for each in here if each.anonymous]
        return Cell(
            source, about, asked.count((source, about)), len(here) - len(nameless),
            floor_of(nameless),
        )  # fmt: skip

    return [[cell(source, about) for about in ABOUTS] for source in SOURCES]
