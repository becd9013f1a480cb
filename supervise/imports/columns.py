"""Which column holds what: a guess from the heading words that centres use."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from supervise.imports.cells import text_of
from supervise.imports.sheets import Row, Sheet

# The fields of a diary row, with the headings seen for each, most usual first.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "session date", "date of session", "meeting date", "when", "day", "dated"),
    "start": ("start", "start time", "from", "time from", "time started", "started", "begin",
              "began", "time", "time of session"),
    "end": ("end", "end time", "to", "time to", "finish", "finish time", "finished", "until",
            "ended", "time finished"),
    "minutes": ("minutes", "mins", "length", "duration", "hours", "hrs", "time spent", "min",
                "length mins", "length min", "length in minutes", "duration mins",
                "duration minutes", "duration in minutes", "duration hours", "length hours",
                "no of hours", "total time", "session length", "contact time",
                "how long", "time taken"),
    "client": ("client", "coachee", "mentee", "clients", "coachees", "mentees", "client alias",
               "alias", "initials", "with", "with whom", "who", "participant", "participants",
               "coachee mentee", "name"),
    "kind": ("type", "kind", "coaching or mentoring", "coaching mentoring", "session type",
             "type of session", "kind of session", "activity type"),
    "mode": ("how", "mode", "where", "place", "location", "venue", "medium", "delivery",
             "platform", "format", "how held", "delivery method"),
    "unit": ("unit", "unit code", "unit no", "unit number", "module"),
    "plan": ("plan", "what we planned", "session plan", "planned", "plan for the session",
             "brief plan", "agenda", "aim", "aims", "purpose", "focus", "topic", "objective",
             "objectives", "aim of session", "goal", "goals", "session goal"),
    "own_goal": ("own goal", "my goal", "own goals", "my goals", "my own goal", "my own goals",
                 "personal goal", "my aim", "coachs goal", "mentors goal", "goal for myself"),
    "done": ("done", "what we did", "summary", "what was done", "what happened", "session summary",
             "what took place", "content", "covered", "what was covered", "what we covered",
             "discussion", "notes", "session notes", "activity", "key points"),
    "tools": ("tools", "tools used", "techniques", "tools and techniques", "techniques used",
              "models", "model", "models used", "method", "methods"),
    "progress": ("progress", "progress seen", "outcome", "outcomes", "result", "results",
                 "progress against goals", "progress made", "progress and outcome"),
    "reflection": ("reflection", "reflections", "what i learned", "what i learnt", "my reflection",
                   "my reflections", "learning", "learning points", "own reflection",
                   "self reflection", "lessons", "lessons learned", "lessons learnt", "reflect"),
    "plan_change": ("plan change", "changes to my plan", "change to my plan", "changes to plan",
                    "change to plan", "plan changes", "changes to development plan",
                    "changes to my development plan", "development plan",
                    "what i will change", "what i will do differently"),
    "contract_agreed": ("contract agreed", "contract date", "contract", "date contract agreed",
                        "contract agreed on", "date of contract", "contract signed",
                        "agreement date", "date agreed"),
}  # fmt: skip

# Headings that only sound like a field: another person's words, or what must not be read here.
_NOT_OURS = re.compile(
    r"\b(e?mail|phone|telephone|signature|signed by|feedback|supervisors?|birth|next session)\b"
)
_HEADER_SEARCH_ROWS = 40
_EXACT = 100


@dataclass(frozen=True)
class Guess:
    """Where the headings stand (row number from 1, None if not found), which column (from 0)
    holds each field, and notes for the person who checks the guess."""

    header_row: int | None
    columns: Mapping[str, int]
    notes: tuple[str, ...]


def plain_words(heading: str) -> str:
    """A heading as bare small words: 'Length (mins)' becomes 'length mins'."""
    text = heading.casefold().replace("&", " and ").replace("’", "").replace("'", "")
    return " ".join(re.findall(r"\w+", text))


def match_headings(
    headings: tuple[str, ...], fields: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[int, int]]:
    """For each field the best column and its score; no column and no field is used twice.

    A heading that is one of the known phrases scores over one that merely contains it; a longer
    phrase scores over a shorter one, an earlier phrase over a later one.
    """
    offers = []
    for index, heading in enumerate(headings):
        words = plain_words(heading)
        if not words or len(words) > 60:
            continue
        for field, phrases in fields.items():
            score = max((_score(words, p, rank) for rank, p in enumerate(phrases)), default=0)
            if score:
                offers.append((-score, index, field))
    chosen: dict[str, tuple[int, int]] = {}
    taken: set[int] = set()
    for minus_score, index, field in sorted(offers):
        if field not in chosen and index not in taken:
            chosen[field] = (index, -minus_score)
            taken.add(index)
    return chosen


def _score(words: str, phrase: str, rank: int) -> int:
    if words == phrase:
        return 10 * _EXACT - rank
    # 'to', 'with' and the like are too common to be looked for inside a longer heading.
    if len(phrase) > 3 and phrase not in {
        "with",
        "from",
        "when",
        "name",
        "time",
        "plan",
        "activity",
    }:
        inside = re.search(rf"\b{phrase}\b", words) is not None
    else:
        inside = re.match(rf"{phrase}\b", words) is not None and phrase in {"plan", "hrs", "min"}
    if not inside or _NOT_OURS.search(words):
        return 0
    return 10 * len(phrase.split()) + (3 if words.startswith(phrase) else 0)


def guess(sheet: Sheet) -> Guess:
    """Find the row of headings, below title rows and blanks, and the field of each column."""
    best: Row | None = None
    best_match: dict[str, tuple[int, int]] = {}
    for row in sheet.rows[:_HEADER_SEARCH_ROWS]:
        match = match_headings(_headings(row), FIELDS)
        if len(match) >= 2 and len(match) > len(best_match):
            best, best_match = row, match
    if best is None:
        return Guess(None, {}, ("No row of headings was found. Choose the columns yourself.",))
    columns = {field: best_match[field][0] for field in FIELDS if field in best_match}
    return Guess(best.number, columns, tuple(_notes(best, best_match)))


def _headings(row: Row) -> tuple[str, ...]:
    return tuple(text_of(cell) if isinstance(cell, str) else "" for cell in row.cells)


def _notes(row: Row, match: Mapping[str, tuple[int, int]]) -> list[str]:
    """What a person should look at: unsure columns, columns left out, and what is missing."""
    headings = _headings(row)
    notes = [
        f"‘{headings[index]}’ is taken as {field.replace('_', ' ')}: check that it fits."
        for field, (index, score) in match.items()
        if score < _EXACT
    ]
    used = {index for index, _ in match.values()}
    notes += [
        f"‘{heading}’ is not read."
        for index, heading in enumerate(headings)
        if heading and index not in used
    ]
    if "date" not in match:
        notes.append("No column holds the date. Choose it before you import.")
    if "minutes" not in match and not {"start", "end"} <= match.keys():
        notes.append("No column holds the length, nor start and end. Choose one before you import.")
    if "client" not in match:
        notes.append("No column holds the client. Choose it before you import.")
    return notes


def unit_from_name(name: str, codes: Collection[str]) -> str | None:
    """The one unit code that a name such as 'D3.03' or 'Unit 501 log' holds, or None.

    Capitals, and the dot in a code, may be missing, and so may a version such as V1. A name that
    holds two different codes says nothing.
    """
    found: set[str] = set()
    if len(name) > 200:
        return None
    for code in codes:
        bare, version = re.fullmatch(r"(.*?)(V\d+)?", code, re.IGNORECASE | re.DOTALL).groups()  # type: ignore[union-attr]
        pattern = r"[.\-_ ]?".join(re.escape(part) for part in bare.split("."))
        pattern += f"({version})?" if version else ""
        if re.search(rf"(?<![\w.]){pattern}(?![^\W_]|\.\d)", name, re.IGNORECASE):
            found.add(code)
    return found.pop() if len(found) == 1 else None
