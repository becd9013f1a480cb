"""What the record of a meeting lacks before whoever leads it can sign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from supervise.models.clients import Client
from supervise.models.meetings import Attendance, Meeting, MeetingAction
from supervise.models.people import Actor, Membership
from supervise.models.vault import ClientIdentity
from supervise.rules.moments import local
from supervise.rules.naming import names_in

NAMED = "This names a client or a sponsor of theirs. Others read it: write the alias."
"""To whoever leads the meeting: which words those are, only the learner may know."""


def lacks(meeting: Meeting, came: Sequence[Attendance], by: Actor) -> dict[str, str]:
    """Why ``by`` cannot sign the record yet: field to sentence, and ``unread`` for all of it.

    A signature is under the whole record, so who does not read a part of it is told no more.
    """
    mine = Attendance.visible_to(by).where(Attendance.id.in_([one.id for one in came]))
    if mine.count() < len(came):
        return {"unread": unread(meeting)}
    names, found = _names_of(one.learner_id for one in came), {}
    if not meeting.discussed:
        found["discussed"] = "Say in a sentence or two what you discussed."
    elif names_in(meeting.discussed, names):
        found["discussed"] = NAMED
    for one in came:
        for name in ("feedback", "goals"):
            if names_in(getattr(one, name), names):
                found[f"{name}_{one.id}"] = NAMED
    for action in MeetingAction.of(came):
        place = f"{action.attendance_id}_{action.position}"
        if names_in(action.text, names):
            found[f"action_{place}"] = NAMED
        elif action.due_on is None:
            found[f"due_{place}"] = "Choose by when."
        elif action.due_on < local(meeting.starts_at, meeting.centre.zone).date():
            found[f"due_{place}"] = "That is before the meeting. Choose a later day."
    return found


def unread(meeting: Meeting) -> str:
    """Why somebody who does not read all of a record cannot sign it, and who can. Two queries."""
    others = "This record also has parts about learners you are not assigned to"
    leads = {"supervisor", "tutor"} & Membership.roles_of(meeting.host, meeting.centre)
    if meeting.host.active and leads:
        return (
            f"{others}, so it is not yours to sign. {meeting.host.name} can sign it, or somebody "
            "assigned to everybody who came."
        )
    return (
        f"{others}, and {meeting.host.name} has left. Ask an administrator to assign you to "
        "everybody who came; then you can sign it."
    )


def _names_of(learner_ids: Iterable[int]) -> list[str]:
    """Every name and address of these learners' clients and sponsors. One query."""
    rows = ClientIdentity.select(ClientIdentity).join(Client)
    theirs = rows.where(Client.learner.in_(list(learner_ids)))
    return [each for row in theirs for each in row.identifiers]
