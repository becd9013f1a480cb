"""What a client's word does to the verdict: nothing, or everything, as the centre decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervise.rules.conditions import says
from supervise.rules.hours import ConfirmationFacts, Policy, SessionFacts
from supervise.rules.said import Said
from tests.rules.practice import SEPARATE, session, verdict
from tests.rules.test_hours_properties import CONFIRMATIONS, LOGS, fair

DEMANDED = Policy(confirmation_required=True)
CONFIRMED = ConfirmationFacts("Client A", "confirmed")
ASKED = ConfirmationFacts("Client A", "asked")
NOT_ASKED = ConfirmationFacts("Client A")
LEFT_ON = date(2026, 10, 12)
GONE = ConfirmationFacts("Client A", withdrawn_on=LEFT_ON)
INSTEAD = (
    "The consent of Client A was withdrawn on 12 Oct 2026, as the coach says: "
    "the supervisor's approval replaces the client's word."
)
SHORTER = ConfirmationFacts("Client A", "disputed", "length", 45)


def of(*clients: ConfirmationFacts) -> SessionFacts:
    return session(confirmations=clients)


@pytest.mark.parametrize(
    ("clients", "sentence"),
    [
        ((CONFIRMED,), "Counts toward D3.04."),
        ((ASKED,), "Not yet: Client A has not confirmed it."),
        ((replace(ASKED, expires_at=datetime(2026, 10, 22, tzinfo=UTC)),),
         "Not yet: Client A has not confirmed it; their link lasts to 22 Oct 2026."),
        ((NOT_ASKED,), "Not yet: Client A was not asked to confirm it."),
        ((SHORTER,), "Not yet: Client A disputes it: says 45 minutes."),
        ((), "Not yet: no client is named who could confirm it."),
        (
            (CONFIRMED, replace(ASKED, alias="Client B"), replace(SHORTER, alias="Client C")),
            "Not yet: Client B has not confirmed it. Client C disputes it: says 45 minutes.",
        ),
        ((CONFIRMED, replace(CONFIRMED, alias="Client B")), "Counts toward D3.04."),
        ((GONE,), f"Counts toward D3.04. {INSTEAD}"),
        ((GONE, replace(ASKED, alias="Client B")),
         f"Not yet: Client B has not confirmed it. {INSTEAD}"),
        ((replace(SHORTER, withdrawn_on=LEFT_ON),),
         "Not yet: Client A disputes it: says 45 minutes, and withdrew consent: it counts only once "
         "they consent again, are asked again and confirm it."),
        ((replace(SHORTER, carried=True),), "Not yet: Client A disputes it: says 45 minutes."),
        ((replace(SHORTER, carried=True, asked_at=datetime(2026, 10, 8, tzinfo=UTC)),),
         "Not yet: Client A disputes it: says 45 minutes, and was asked again."),
    ],
)  # fmt: skip
def test_where_it_is_demanded_every_client_must_have_confirmed(
    clients: tuple[ConfirmationFacts, ...], sentence: str
) -> None:
    assert verdict(of(*clients), policy=DEMANDED).sentence == sentence
    loud = [one for one in clients if one.state == "disputed"]
    told = verdict(of(*clients), policy=SEPARATE)
    assert told.sentence.startswith("Counts toward D3.04.")
    assert told.sentence.count("disputes it: says 45 minutes") == len(loud)
    assert told.css == ("warn" if loud else "good")


def test_a_yes_before_a_change_waits_for_another() -> None:
    before = replace(NOT_ASKED, confirmed_minutes=60)
    again = replace(ASKED, confirmed_minutes=60)
    told = [verdict(of(one), policy=DEMANDED).sentence for one in (before, again)]
    first = "Not yet: Client A confirmed it before it was changed, and was"
    assert told == [f"{first} not asked again.", f"{first} asked again."]


def test_a_yes_is_among_the_reasons_where_it_is_demanded() -> None:
    said = [reason.text for reason in verdict(of(CONFIRMED), policy=DEMANDED).reasons]
    assert "Client A confirmed it" in said
    assert "Client A confirmed it" not in [r.text for r in verdict(of(CONFIRMED)).reasons]


def test_a_client_who_withdrew_is_named_among_the_reasons() -> None:
    told = [(reason.level, reason.text) for reason in verdict(of(GONE), policy=DEMANDED).reasons]
    assert ("good", INSTEAD[0].lower() + INSTEAD[1:-1]) in told
    waits = verdict(replace(of(GONE), state="submitted"), policy=DEMANDED).if_approved()
    assert waits.sentence == f"Counts toward D3.04 if approved. {INSTEAD}"
    assert waits.alone
    assert not verdict(of(CONFIRMED), policy=DEMANDED).alone


def test_approval_alone_does_not_help_it() -> None:
    waits = verdict(replace(of(ASKED), state="submitted"), policy=DEMANDED)
    assert waits.if_approved().sentence == (
        "Not yet, even if approved: Client A has not confirmed it."
    )


@pytest.mark.parametrize(
    ("what", "minutes", "words"),
    [
        ("length", 45, "says 45 minutes"),
        ("length", 1, "says 1 minute"),
        ("length", None, "says it was shorter or longer"),
        ("date", None, "says it was on another day"),
        ("none", None, "says it did not take place"),
        ("other", None, "says that something else is different"),
    ],
)
def test_a_dispute_in_words(what: str, minutes: int | None, words: str) -> None:
    assert says(ConfirmationFacts("Client A", "disputed", what, minutes)) == words


@fair
@given(LOGS)
def test_without_the_demand_no_answer_changes_a_verdict(log: list[SessionFacts]) -> None:
    for one in log:
        with_them, without = verdict(one), verdict(replace(one, confirmations=()))
        assert (with_them.answer, with_them.units) == (without.answer, without.units)
        assert with_them.obstacles == without.obstacles


@fair
@given(LOGS)
def test_with_the_demand_a_session_counts_only_if_it_would_and_all_confirm(
    log: list[SessionFacts],
) -> None:
    for one in log:
        without, demanded = verdict(one).answer, verdict(one, policy=DEMANDED).answer
        all_say_yes = bool(one.confirmations) and all(
            said.state == "confirmed" or (said.withdrawn_on and said.state != "disputed")
            for said in one.confirmations
        )
        assert (demanded == "counts") == (without == "counts" and all_say_yes)
        assert (demanded == "never") == (without == "never")


# --- all clients in one cell ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), ("none", "none", "")),
        (("",), ("none", "none", "")),
        (("asked",), ("asked", "none", "")),
        (("confirmed",), ("confirmed", "good", "")),
        (("disputed",), ("disputed", "warn", "")),
        (("", ""), ("none", "none", "")),
        (("asked", ""), ("asked", "none", "1 of 2")),
        (("confirmed", "confirmed", "asked", "confirmed"), ("confirmed", "wait", "3 of 4")),
        (("confirmed", "confirmed"), ("confirmed", "good", "2 of 2")),
        (("confirmed", "disputed"), ("disputed", "warn", "1 of 2")),
    ],
)
def test_one_word_for_all(states: tuple[str, ...], expected: tuple[str, str, str]) -> None:
    said = Said(tuple(ConfirmationFacts("A", state) for state in states))
    assert (said.word, said.css, said.by) == expected


@fair
@given(st.lists(CONFIRMATIONS, max_size=5))
def test_the_order_of_clients_does_not_matter(clients: list[ConfirmationFacts]) -> None:
    there, back = Said(tuple(clients)), Said(tuple(reversed(clients)))
    assert (there.word, there.css, there.by) == (back.word, back.css, back.by)
