"""States and moves, declared per record, and the one door through which a state moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supervise.db import Model, database


class WrongState(Exception):
    """A move that the record's state does not allow, or that somebody else made first."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotAllowed(PermissionError):  # noqa: N818 - it names what happened
    """A move by somebody whose move it is not; a view asks ``can_*`` before, so it is a 403."""


def allow(allowed: bool) -> None:
    """Raise :class:`NotAllowed` unless allowed: a move keeps its rule whoever calls it."""
    if not allowed:
        raise NotAllowed


@dataclass(frozen=True)
class Move:
    """From which states a move may start, where it ends, and the words for it afterwards."""

    sources: frozenset[str]
    target: str
    done: str


@dataclass(frozen=True)
class Workflow:
    """The states of one kind of record and the moves between them (product.md, records)."""

    noun: str
    states: Mapping[str, str]
    """State to the sentence that says what it means to a reader."""
    moves: Mapping[str, Move]

    def allows(self, move: str, state: str) -> bool:
        """Whether the move may start from this state."""
        return state in self.moves[move].sources

    def refusal(self, move: str, state: str) -> str:
        """Why the move is refused from this state, in a sentence for the person who asked."""
        return f"This {self.noun} cannot be {self.moves[move].done}: {self.states[state]} Nothing was changed."


SESSION = Workflow(
    noun="session",
    states={
        "draft": "it is a draft.",
        "submitted": "it waits for approval.",
        "approved": "it is approved already.",
        "returned": "it was returned to the coach.",
        "reopened": "it was reopened for a correction.",
    },
    moves={
        "submit": Move(frozenset({"draft", "returned", "reopened"}), "submitted", "submitted"),
        "take back": Move(frozenset({"submitted"}), "draft", "taken back"),
        "approve": Move(frozenset({"submitted", "reopened"}), "approved", "approved"),
        "return": Move(frozenset({"submitted"}), "returned", "returned"),
        "reopen": Move(frozenset({"approved"}), "reopened", "reopened"),
    },
)


CONTRACT = Workflow(
    noun="contract",
    states={
        "draft": "it is a draft.",
        "offered": "it is offered, and not everybody has agreed yet.",
        "withdrawn": "it was withdrawn after somebody had agreed to it; a later version holds the text.",
        "agreed": "it is agreed and in force.",
        "replaced": "a later version took its place.",
        "ended": "it has ended.",
    },
    moves={
        "offer": Move(frozenset({"draft"}), "offered", "offered"),
        "take back": Move(frozenset({"offered"}), "draft", "taken back"),
        "decline": Move(frozenset({"offered"}), "draft", "declined"),
        "withdraw": Move(frozenset({"offered"}), "withdrawn", "withdrawn"),
        "agree": Move(frozenset({"offered"}), "agreed", "agreed"),
        "replace": Move(frozenset({"agreed"}), "replaced", "replaced"),
        "end": Move(frozenset({"agreed"}), "ended", "ended"),
    },
)

GOAL = Workflow(
    noun="goal",
    states={
        "open": "it is open.",
        "reached": "it was reached.",
        "dropped": "it was dropped.",
    },
    moves={
        "reach": Move(frozenset({"open", "dropped"}), "reached", "marked as reached"),
        "drop": Move(frozenset({"open", "reached"}), "dropped", "dropped"),
        "reopen": Move(frozenset({"reached", "dropped"}), "open", "opened again"),
    },
)

FEEDBACK = Workflow(
    noun="feedback",
    states={
        "invited": "it is asked for and not given yet.",
        "given": "it was given, and stays as it was given.",
        "withdrawn": "the invitation was withdrawn.",
        "lapsed": "the invitation ran out.",
    },
    moves={
        "give": Move(frozenset({"invited"}), "given", "given"),
        "withdraw": Move(frozenset({"invited"}), "withdrawn", "withdrawn"),
        "lapse": Move(frozenset({"invited"}), "lapsed", "asked for again"),
    },
)


CONFIRMATION = Workflow(
    noun="confirmation",
    states={
        "asked": "the client has not answered yet.",
        "confirmed": "the client confirmed the session.",
        "disputed": "the client disputed the session.",
        "lapsed": "it lapsed.",
    },
    moves={
        "confirm": Move(frozenset({"asked"}), "confirmed", "confirmed"),
        "dispute": Move(frozenset({"asked"}), "disputed", "disputed"),
        "lapse": Move(frozenset({"asked", "confirmed", "disputed"}), "lapsed", "lapsed"),
    },
)


MEETING = Workflow(
    noun="meeting",
    states={
        "requested": "it is asked for and not booked yet.",
        "booked": "it is booked.",
        "declined": "it was declined.",
        "cancelled": "it was cancelled.",
        "held": "it was held, and its record is not signed yet.",
        "missed": "nobody came.",
        "recorded": "its record is signed by the supervisor and waits for the learner.",
        "signed": "its record is signed by both.",
    },
    moves={
        "accept": Move(frozenset({"requested"}), "booked", "booked"),
        "propose": Move(frozenset({"requested"}), "booked", "answered with another time"),
        "decline": Move(frozenset({"requested"}), "declined", "declined"),
        "move": Move(frozenset({"booked"}), "booked", "moved"),
        "change": Move(frozenset({"booked"}), "booked", "changed"),
        "cancel": Move(frozenset({"requested", "booked"}), "cancelled", "cancelled"),
        "hand over": Move(frozenset({"booked"}), "booked", "handed over"),
        "ask again": Move(frozenset({"requested", "booked"}), "requested", "asked for again"),
        "hold": Move(frozenset({"booked", "missed", "held"}), "held", "marked as held"),
        "miss": Move(frozenset({"booked", "held"}), "missed", "marked as missed"),
        "write": Move(frozenset({"held"}), "held", "written up"),
        "record": Move(frozenset({"held"}), "recorded", "recorded"),
        "take back": Move(frozenset({"recorded"}), "held", "taken back"),
        "complete": Move(frozenset({"recorded"}), "signed", "signed by both"),
    },
)

ATTENDANCE = Workflow(
    noun="place",
    states={
        "asked": "it waits for the supervisor's answer.",
        "invited": "the learner has not answered the invitation yet.",
        "waiting": "it is on the waiting list.",
        "booked": "it is booked.",
        "declined": "it was declined.",
        "cancelled": "it was cancelled.",
        "came": "the learner came.",
        "missed": "the learner did not come.",
        "signed": "the learner has signed the record.",
    },
    moves={
        "book": Move(
            frozenset({"asked", "invited", "waiting", "cancelled", "declined"}), "booked", "booked"
        ),
        "invite": Move(frozenset({"asked", "cancelled", "declined"}), "invited", "invited"),
        "wait": Move(frozenset({"invited", "cancelled", "declined"}), "waiting", "put on the list"),
        "ask again": Move(frozenset({"asked", "invited", "booked"}), "asked", "asked for again"),
        "decline": Move(frozenset({"asked", "invited"}), "declined", "declined"),
        "cancel": Move(
            frozenset({"asked", "invited", "waiting", "booked"}), "cancelled", "cancelled"
        ),
        "come": Move(frozenset({"booked", "missed"}), "came", "marked as present"),
        "miss": Move(frozenset({"booked", "came"}), "missed", "marked as absent"),
        "reply": Move(frozenset({"came"}), "came", "answered"),
        "sign": Move(frozenset({"came"}), "signed", "signed"),
    },
)


def advance(record: Any, workflow: Workflow, move: str, **changes: Any) -> None:
    """Move a record to its next state, or raise :class:`WrongState` and change nothing.

    The record's version and state are compared in the UPDATE itself, so of two people who act at
    the same moment one succeeds and the other is told. Must run inside ``db.write()``, together
    with the sign-off and the event of the same move.
    """
    if not database.in_transaction():
        raise RuntimeError("advance() belongs inside db.write()")
    step = workflow.moves[move]
    model: type[Model] = type(record)
    if record.state in step.sources:
        changed = (
            model.update(state=step.target, version=model.version + 1, **changes)
            .where(
                model.id == record.id,
                model.version == record.version,
                model.state.in_(step.sources),
            )
            .execute()
        )
        if changed == 1:
            record.state, record.version = step.target, record.version + 1
            for name, value in changes.items():
                setattr(record, name, value)
            record._dirty.clear()
            return
    now = model.get_or_none(model.id == record.id)
    if now is None:
        raise WrongState(f"This {workflow.noun} is no longer there.")
    if workflow.allows(move, now.state):
        raise WrongState(
            f"This {workflow.noun} was changed meanwhile. Read it again, then decide. Nothing was changed."
        )
    raise WrongState(workflow.refusal(move, now.state))
