"""How, where and what about a meeting is, which may change while its time stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from supervise.db import write
from supervise.models.availability import Availability
from supervise.models.centres import Refused
from supervise.models.meetings import Attendance, Meeting
from supervise.models.people import Actor
from supervise.models.seats import CHANGED, can_host, hold, seated, tell
from supervise.workflow import MEETING, WrongState, advance, allow

OVER = "This meeting is over. Nothing was changed."
BEGUN = "This meeting has begun. Nothing was changed."
WORDS = {
    "mode": "how you meet",
    "place": "the place",
    "address": "the address of the call",
    "note": "what to talk about",
}
"""What of a meeting may change, in words."""


@dataclass(frozen=True)
class Details:
    """How a meeting is held, where or by which address, and what to talk about."""

    mode: str
    place: str = ""
    address: str = ""
    note: str = ""

    @classmethod
    def of(cls, meeting: Meeting) -> Details:
        """As they are now."""
        return cls(meeting.mode, meeting.place, meeting.address, meeting.note)

    def news(self, meeting: Meeting) -> dict[str, str]:
        """What differs from the meeting, by field."""
        return {name: said for name, said in vars(self).items() if said != getattr(meeting, name)}


def change(
    meeting: Meeting, wanted: Details, *, version: int, by: Actor, now: datetime
) -> dict[str, str]:
    """Change a meeting that stands, as its host; everybody seated is told. Returns what is new.

    The history says which of them changed, never to what: an address lets people in. Raises Refused
    for a meeting that is over, WrongState where it is not as it was when ``version`` was read.
    """
    allow(can_host(meeting, by))
    with write():
        places = hold(meeting)
        news = _news(meeting, wanted, version)
        if not news:
            return {}
        if meeting.ends_at <= now:
            raise Refused(OVER)
        advance(meeting, MEETING, "change", **news, sequence=meeting.sequence + 1, changed_at=now)
        meeting.told(MEETING.moves["change"].done, now, by=by, what=sorted(news))
        people = [meeting.host_id, *seated(places)]
        tell(meeting, "changed", people, now, what=sorted(news))
    return news


def _news(meeting: Meeting, wanted: Details, version: int) -> dict[str, str]:
    news = wanted.news(meeting)
    if news and meeting.version != version:
        raise WrongState(CHANGED)
    return news


def may_say(meeting: Meeting, place: Attendance | None, actor: Actor) -> bool:
    """Whether a learner may say what to talk about: where only two meet, until it begins."""
    mine = place is not None and place.can_answer(actor) and place.state == "booked"
    ahead = meeting.state == "booked" and meeting.starts_at > actor.now
    return mine and ahead and meeting.places == 1


def say(
    meeting: Meeting, place: Attendance, note: str, *, version: int, by: Actor, now: datetime
) -> None:
    """What the learner of a meeting of two wants to talk about; it stands on the agenda.

    No mail goes out: it is read there. Raises Refused once it has begun, and WrongState where the
    meeting was changed since ``version`` was read.
    """
    with write():
        place = next(one for one in hold(meeting) if one.id == place.id)
        allow(place.can_answer(by) and meeting.places == 1)
        if meeting.starts_at <= now:
            raise Refused(BEGUN)
        if not _news(meeting, Details(meeting.mode, meeting.place, meeting.address, note), version):
            return
        advance(meeting, MEETING, "change", note=note, changed_at=now)
        meeting.told(MEETING.moves["change"].done, now, by=by, what=["note"])


def room_of(host_id: int, centre_id: int) -> str:
    """The address of the call where somebody publishes times; empty where they do not. One query."""
    here = (Availability.person == host_id) & (Availability.centre == centre_id)
    calls = here & (Availability.mode == "video") & Availability.withdrawn_at.is_null()
    newest = Availability.select().where(calls).order_by(Availability.id.desc()).first()
    return str(newest.address) if newest else ""
