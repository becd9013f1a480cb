"""What a person takes with them of their meetings: a record that is not signed yet is its leader's."""

from __future__ import annotations

from typing import Any

from supervise.models import Attendance, Meeting, MeetingAction, Person

SIGNED = ("recorded", "signed")
KEPT_BACK = ("feedback", "goals")
"""What the leader writes of a learner, who reads it once it is signed."""


def attended(person: Person) -> Any:
    """The meetings a person has a place in, as a query of their numbers."""
    return Attendance.select(Attendance.meeting).where(Attendance.learner == person)


def meetings_of(person: Person) -> list[dict[str, Any]]:
    """The meetings a person hosted or had a place in; what was discussed only where they read it.

    Two queries.
    """
    mine = {one.meeting_id: one for one in Attendance.select().where(Attendance.learner == person)}
    rows = Meeting.select().where((Meeting.host == person) | Meeting.id.in_(list(mine)))
    found = []
    for meeting in rows.order_by(Meeting.id):
        place = mine.get(meeting.id)
        came = place is not None and place.came
        reads = meeting.host_id == person.id or (came and meeting.state in SIGNED)
        row = _columns(meeting, ("agenda",))
        row |= {} if reads else {"discussed": ""}
        found.append(row | ({} if meeting.tells_why(place) else {"reason": ""}))
    return found


def places_of(person: Person) -> list[dict[str, Any]]:
    """A person's places in meetings, with the leader's words once they are signed. One query."""
    query = Attendance.select(Attendance, Meeting).join(Meeting)
    return [
        _columns(place, () if place.meeting.state in SIGNED else KEPT_BACK)
        for place in query.where(Attendance.learner == person).order_by(Attendance.id)
    ]


def actions_of(person: Person) -> list[dict[str, Any]]:
    """What was agreed with a person in records that are signed. One query."""
    query = MeetingAction.select().join(Attendance).join(Meeting)
    mine = (Attendance.learner == person) & Meeting.state.in_(SIGNED)
    return [_columns(action, ()) for action in query.where(mine).order_by(MeetingAction.id)]


def _columns(record: Any, but: tuple[str, ...]) -> dict[str, Any]:
    names = {f.name: f.column_name for f in record._meta.sorted_fields if f.name not in but}
    return {column: record.__data__.get(name) for name, column in names.items()}
