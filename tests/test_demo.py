"""The demo: a believable centre, told up to any day, whose history fits."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from supervise import events, signing
from supervise.cli import main
from supervise.demo import AlreadyFilled, fill
from supervise.models import (
    Attendance,
    Centre,
    Client,
    Confirmation,
    Consent,
    Contract,
    Enrolment,
    Feedback,
    Mail,
    Meeting,
    Membership,
    PracticeSession,
    SessionGoal,
)
from supervise.models.enrolments import unit_rules
from supervise.models.facts import facts_of
from supervise.passwords import weakness
from supervise.reports import verify
from supervise.rules.hours import judge_all

MOMENTS = [datetime(2026, 10, 8, 9, 50, tzinfo=UTC), datetime(2028, 2, 29, 23, 30, tzinfo=UTC)]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=False)
def test_everything_is_there(moment: datetime, engine: str, database: object) -> None:
    signing.use_key("demo")
    logins = fill(moment, password_hasher=lambda password: f"hash of {password}")
    roles = Counter(login.role for login in logins)
    assert roles["supervisor"] == 3
    assert roles["tutor"] == 2
    assert roles["learner"] == 14
    assert {"admin", "assessor", "iqa"} <= set(roles)
    programmes = {e.programme for e in Enrolment.select()}
    assert programmes == {"ILM-L3-CWCM", "5A2V2", "5C2V2", "5D2V2", "CMI-L3-UNITS", "ILM-8580"}
    states = Counter(s.state for s in PracticeSession.select())
    assert set(states) == {"draft", "submitted", "returned", "approved", "reopened"}
    assert states["approved"] > 100
    answers = Counter()
    for enrolment in Enrolment.select():
        facts = facts_of(list(enrolment.sessions))
        book = unit_rules(enrolment.book)
        answers.update(
            v.answer
            for v in judge_all(facts, enrolment.facts, book, enrolment.centre.policy).values()
        )
    assert set(answers) == {"counts", "not yet", "never"}
    later = [s for s in PracticeSession.select() if s.changed_at > moment]
    assert later == []
    centre = Centre.get()
    assert not list(signing.walk(signing.SignOff, centre.id))
    assert not list(signing.walk(events.Event, centre.id))
    assert not list(verify.verify(centre))
    assert {c.state for c in Contract.select()} == {"agreed", "offered"}
    assert {c.parties for c in Contract.select()} == {"two", "three"}
    assert {c.state for c in Confirmation.select()} == {"asked", "confirmed", "disputed"}
    assert Counter(f.state for f in Feedback.select()) == {"given": 15, "invited": 3}
    for given in Feedback.select().where(Feedback.state == "given"):
        said = [answer for question, answer in given.pairs if question.kind == "open" and answer]
        assert len(set(said)) == len(said), "the same words to opposite questions"
    told = [(f.learner_id, f.about, f.answers) for f in Feedback.select() if f.state == "given"]
    assert len(set(told)) == len(told)
    rated = Counter(rating for f in Feedback.select() for rating in f.ratings if rating)
    assert {"a little", "well", "very well", "cannot say"} == set(rated)
    assert {m.state for m in Meeting.select()} == {
        "requested", "booked", "held", "missed", "recorded", "signed",
    }  # fmt: skip
    assert {m.format for m in Meeting.select()} == {"one-to-one", "group", "tutorial", "induction"}
    assert {a.state for a in Attendance.select()} == {
        "asked", "invited", "booked", "came", "missed", "signed",
    }  # fmt: skip
    assert 0 < Mail.select().where(Mail.state == "waiting").count() < 80
    assert Consent.select().where(Consent.withdrawn_on.is_null(False)).count() == 1
    assert PracticeSession.select().where(PracticeSession.erased_at.is_null(False)).count() > 2
    assert SessionGoal.select().count() > 50
    assert all(
        client.needs for client in Client.select() if Consent.last(client).withdrawn_on is None
    )
    with pytest.raises(AlreadyFilled):
        fill(moment)


def test_the_command(tmp_path: Path) -> None:
    run = CliRunner()
    first = run.invoke(main, ["demo", "--json", "--instance", str(tmp_path)])
    assert first.exit_code == 0, first.output
    logins = json.loads(first.output)
    assert {"role", "email", "password"} == set(logins[0])
    assert all(weakness(login["password"], login["email"], "") is None for login in logins)
    assert len({login["password"] for login in logins}) == len(logins)
    again = run.invoke(main, ["demo", "--instance", str(tmp_path)])
    assert again.exit_code == 1
    assert "empty" in again.output
    assert Membership.select().count() > 20
