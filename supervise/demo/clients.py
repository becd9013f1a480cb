"""The demo's clients: who they are, what was agreed with them, and what they said by link.

Whoever practises has a contract by link with the first client; those with the others were agreed on
paper. Nothing here draws from the story's own chance, so the year of practice stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from supervise.demo import client_words as words
from supervise.demo.people import Cast, Study
from supervise.models import (
    Actor,
    Client,
    ClientIdentity,
    Consent,
    Contract,
    Engagement,
    Feedback,
    FeedbackQuestion,
    Goal,
    Link,
    PracticeSession,
    SessionEngagement,
    agreeing,
    confirmations,
    erasure,
)
from supervise.models.confirmations import Answer
from supervise.models.contracts import Draft
from supervise.rules.contracts import parts_of

Step = tuple[datetime, Callable[[], object]]
Who = Callable[[datetime], Actor]
THREE_WAY = "Amara Osei"
CHANGING = "Priya Nair"
WITHDRAWING = "Ines Carvalho"
TOLD_ABOUT = ("Priya Nair", "Owen Tasker", "Amara Osei")


def clients_of(
    cast: Cast, study: Study, clients: list[Client], kinds: list[str], now: datetime
) -> Iterator[Step]:
    """Everything between a learner and their clients besides the sessions, each at its moment."""
    began = study.enrolment.started_on
    start = datetime.combine(began, datetime.min.time(), now.tzinfo) + timedelta(hours=9)

    def me(moment: datetime) -> Actor:
        return Actor.of(study.learner, cast.centre, moment)

    for number, client in enumerate(clients):
        yield start, partial(_introduce, client, number, me(start), start)
    for kind in kinds:
        yield from _contract(clients[0], kind, study, me, start)
    if study.learner.name == CHANGING and kinds:
        moment = now - timedelta(days=3)
        yield moment, lambda: _offer_anew(clients[0].engagement(kinds[0]), me(moment), moment)
    if kinds:
        asked = now - timedelta(minutes=110)
        yield asked, lambda: _ask(clients, study, me(asked), asked)
    if study.learner.name in TOLD_ABOUT:
        moment = now - timedelta(minutes=90)
        yield moment, lambda: _feedback(study, clients, me(moment), moment)
    if study.learner.name == WITHDRAWING:
        moment = now - timedelta(minutes=30)
        yield moment, lambda: _withdraw(clients[-1], me(moment), moment)


def _introduce(client: Client, number: int, by: Actor, now: datetime) -> None:
    """What the coach found out, who it is, and consent."""
    name, email, organisation = words.PEOPLE[number % len(words.PEOPLE)]
    sponsor, sponsors_email = words.SPONSORS[number % len(words.SPONSORS)]
    client.describe(words.ABOUT[number % len(words.ABOUT)], by=by, now=now)
    who = {
        "name": name, "email": email, "organisation": organisation, "sponsor_name": sponsor,
        "sponsor_email": sponsors_email, "sponsor_organisation": organisation,
    }  # fmt: skip
    ClientIdentity.keep(client, who, by=by, now=now)
    Consent.give(client, now.date(), words.SCOPE, by=by, now=now)


def _contract(client: Client, kind: str, study: Study, me: Who, start: datetime) -> Iterator[Step]:
    """Goals, then a contract offered and agreed by link, on the day the paper ones were."""
    parties = "three" if study.learner.name == THREE_WAY else "two"
    offered, agreed = start + timedelta(days=2), start + timedelta(days=4, hours=3)
    kept: dict[str, list[Link]] = {}

    def offer() -> None:
        engagement, by = client.engagement(kind), me(offered)
        for goal in words.GOALS:
            due = {"due_on": (start + timedelta(days=330)).date()}
            Goal.set(engagement, goal | due, by=by, now=offered)
        kept["links"] = _offer(engagement, parties, {}, by, offered)

    def agree() -> None:
        typed = {"client": words.PEOPLE[0][0], "sponsor": words.SPONSORS[0][0]}
        for minutes, link in enumerate(kept["links"]):
            link.by_mail = link.party == "client"
            agreeing.agree(link, typed[link.party], now=agreed + timedelta(minutes=minutes))

    yield offered, offer
    yield agreed, agree


def _offer(
    engagement: Engagement, parties: str, changed: dict[str, str], by: Actor, now: datetime
) -> list[Link]:
    contract = Contract.begin(engagement, by=by, now=now)
    texts = {part.key: (words.PARTS | changed)[part.key] for part in parts_of(parties)}
    contract.change(Draft(parties, texts, 8, 60), version=contract.version, by=by, now=now)
    return agreeing.offer(contract, version=contract.version, by=by, now=now)


def _offer_anew(engagement: Engagement, by: Actor, now: datetime) -> None:
    """A second version, three-way now, that waits for both."""
    _offer(engagement, "three", words.PARTS_CHANGED, by, now)


def _ask(clients: list[Client], study: Study, by: Actor, now: datetime) -> None:
    """The latest sessions by link: the first client answers, the second has not yet."""
    recent = [
        session
        for session in PracticeSession.select()
        .where((PracticeSession.enrolment == study.enrolment) & (PracticeSession.state != "draft"))
        .order_by(PracticeSession.date.desc())
        .limit(12)
        if session.date and session.ends_at < now
    ]
    theirs: dict[int, list[int]] = {client.id: [] for client in clients[:2]}
    rows = SessionEngagement.select(SessionEngagement.session, Engagement.client).join(Engagement)
    ids = [session.id for session in recent]
    for session_id, client_id in rows.where(SessionEngagement.session.in_(ids)).tuples():
        if client_id in theirs:
            theirs[client_id].append(session_id)
    for number, client in enumerate(clients[:2]):
        if not theirs[client.id]:
            continue
        link = confirmations.ask(client, theirs[client.id], by=by, now=now)
        if number == 0:
            _answer(link, study, now + timedelta(minutes=10))


def _answer(link: Link, study: Study, now: datetime) -> None:
    """All took place; one of the changing coach's was shorter."""
    answers = {one.id: Answer() for one in confirmations.asked_by(link)}
    if study.learner.name == CHANGING:
        answers[min(answers)] = Answer("length", 45, "We stopped early, I had to go.")
    link.by_mail = True
    confirmations.answer(link, answers, now=now)


def _feedback(study: Study, clients: list[Client], by: Actor, now: datetime) -> None:
    """A client and a sponsor with their name, three without, and one that is still asked."""
    given = (
        ("client", "practitioner", False, clients[0]),
        ("sponsor", "practitioner", False, clients[0]),
        *(("client", "programme", True, client) for client in clients),
    )
    for number, (source, about, anonymous, client) in enumerate(given):
        moment = now + timedelta(minutes=number)
        invited = Feedback.invite(
            study.enrolment, source, about, anonymous=anonymous, by=by, now=moment, client=client
        )
        _give(invited, number + 2 * TOLD_ABOUT.index(study.learner.name), moment)
    Feedback.invite(
        study.enrolment, "client", "practitioner", anonymous=False, by=by,
        now=now + timedelta(minutes=9), client=clients[1],
    )  # fmt: skip


def _give(invited: Feedback, number: int, invited_at: datetime) -> None:
    """A minute later, in words that differ from person to person."""
    link = Link.get_by_id(invited.link_id)
    asked = FeedbackQuestion.of(invited.centre_id, invited.about)
    told = words.SAID[invited.about]
    rated, *texts = told[number % len(told)]
    ratings, said = iter(rated), iter(texts)
    answers = [next(ratings) if question.kind == "rating" else next(said) for question in asked]
    link.by_mail = number % 2 == 1
    invited.give(
        asked, answers, may_quote=number % 2 == 0, floor=link.centre.floor, link=link,
        now=invited_at + timedelta(minutes=1),
    )  # fmt: skip


def _withdraw(client: Client, by: Actor, now: datetime) -> None:
    """One client takes consent back: the texts go, the hours stay."""
    consent = Consent.last(client)
    if consent is not None:
        erasure.withdraw(consent, by.today, by=by, now=now)


def goals_of_entry(client: Client, kind: str, number: int) -> dict[int, int]:
    """Which goal of this client a session worked on, and how far along it then was."""
    rows = Goal.select(Goal.id).where(Goal.engagement == client.engagement(kind)).order_by(Goal.id)
    ids = [id_ for (id_,) in rows.tuples()]
    return {ids[number % len(ids)]: min(9, 1 + number // 3)} if ids else {}
