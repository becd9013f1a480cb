"""Does feedback stand as it was given? Each row beside the signature of whoever gave it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import peewee

from supervise.events import Event
from supervise.models import Centre, Feedback, Person
from supervise.models.erasure import VERB
from supervise.models.feedback import REPLIED
from supervise.signing import BATCH, Misfit, SignOff, kept_sha256, keyed_sha256, sha256


def misfits(centre: Centre) -> Iterator[Misfit]:
    """Feedback that is gone, was changed after it was given, or was given by nobody; in sentences.

    No sentence says what was answered, when, or by whom: that may be without a name.
    """
    here = (Feedback.id == SignOff.subject_id) & (Feedback.centre_id == SignOff.centre_id)
    signed = (SignOff.centre_id == centre.id) & (SignOff.subject == "feedback")
    gone = SignOff.select(SignOff).join(Feedback, peewee.JOIN.LEFT_OUTER, on=here)
    for sign_off in gone.where(signed & Feedback.id.is_null()).order_by(SignOff.seq).limit(1):
        yield Misfit(f"feedback {sign_off.subject_id} is gone, though it was given and signed.")
    last = replies = 0
    while True:
        query = Feedback.select(Feedback, Person).join(Person)
        later = (Feedback.centre == centre) & (Feedback.id > last)
        batch = list(query.where(later).order_by(Feedback.id).limit(BATCH))
        ids = [feedback.id for feedback in batch]
        found = SignOff.select().where(signed & SignOff.subject_id.in_(ids)).order_by(SignOff.seq)
        sign_offs = {sign_off.subject_id: sign_off for sign_off in found}
        written = _written(centre, {feedback.learner_id for feedback in batch})
        asked, erased = _told(centre, ids)
        for feedback in batch:
            fault = _fault(feedback, sign_offs.get(feedback.id), erased.get(feedback.id))
            fault = fault or _asked_fault(feedback, asked.get(feedback.id))
            if not fault and feedback.reply:
                known = feedback.reply_sha256(feedback.reply) in written
                fault = "" if known else "its reply is not what was written."
            if fault:
                yield Misfit(f"feedback {feedback.id} on {feedback.learner.name}: {fault}")
            gone = erased.get(feedback.id)
            replies += bool(feedback.reply or (gone and gone.details["replied"]))
        if len(batch) < BATCH:
            break
        last = ids[-1]
    told = Event.select().where((Event.centre_id == centre.id) & (Event.verb == REPLIED))
    if replies < (count := told.count()):
        yield Misfit(f"of the replies to feedback, {count} were written and {replies} are kept.")


def _written(centre: Centre, learners: set[int]) -> set[str]:
    """What the history holds of these learners' replies. One query."""
    mine = (Event.centre_id == centre.id) & Event.subject_id.in_(learners)
    query = Event.select().where(mine & (Event.subject == "learner") & (Event.verb == REPLIED))
    return {event.details.get("reply_sha256", "") for event in query}


def _told(centre: Centre, ids: Sequence[int]) -> tuple[dict[int, Event], dict[int, Event]]:
    """What the history says of each invitation, and of its words being taken away. One query."""
    mine = (Event.centre_id == centre.id) & (Event.subject == "feedback")
    query = Event.select().where(mine & Event.subject_id.in_(ids))
    asked: dict[int, Event] = {}
    erased: dict[int, Event] = {}
    for event in query.where(Event.verb.in_(["invited", VERB])).order_by(Event.seq):
        (erased if event.verb == VERB else asked)[event.subject_id] = event
    return asked, erased


def _asked_fault(feedback: Feedback, asked: Event | None) -> str:
    if asked is None:
        return "its invitation is not in the history."
    same = asked.details.get("asked") == keyed_sha256(feedback.asked_content())
    return "" if same else "it is not for whom, or about what, the history says it was asked."


def _erasure_fault(feedback: Feedback, sign_off: SignOff, erased: Event | None) -> str:
    """What does not fit between feedback and the history of its words being taken away."""
    if erased is None:
        return "its words are gone, but nobody withdrew consent."
    left = json.loads(feedback.answers) != feedback.ratings or feedback.reply
    if left or feedback.erased_at != erased.at:
        return "its words were erased under a withdrawn consent, and are there again."
    kept = kept_sha256(feedback, feedback.signed_content())
    same = kept == sign_off.kept_sha256 == erased.details["kept_sha256"]
    return "" if same else "its content is not what was signed."


def _fault(feedback: Feedback, sign_off: SignOff | None, erased: Event | None) -> str:
    if sign_off is None:
        return "it says given, but nobody signed it." if feedback.state == "given" else ""
    if feedback.state != "given":
        return f"it was given and signed, but it says {feedback.state}."
    if erased or feedback.erased_at:
        if fault := _erasure_fault(feedback, sign_off, erased):
            return fault
    elif sign_off.content_sha256 != sha256(feedback.signed_content()):
        return "its content is not what was signed."
    if sign_off.subject_version != feedback.version:
        return "it was changed after it was signed."
    if feedback.given_at != sign_off.at:
        return "its moment is not the one it was signed at."
    return ""
