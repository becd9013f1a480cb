"""The closing review of an engagement: written by its learner, read by their supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import peewee

from supervise import events, signing
from supervise.db import Model, UTCField, write
from supervise.models.centres import Centre
from supervise.models.engagements import Engagement
from supervise.models.people import Actor
from supervise.models.vault import Consent
from supervise.workflow import WrongState, allow

EMPTIED = (
    "This review is completed, so no part of it may be empty. Write each part, then save. "
    "Nothing was changed."
)
COMPLETED, CHANGED = "completed the review", "changed the completed review"
"""What the history says of a review from its completion on."""


class ClosingReview(Model):
    """The end of an engagement: start beside outcome, what remains, how it was judged and marked."""

    TEXTS = ("start", "outcome", "remains", "evaluation", "success")

    centre = peewee.ForeignKeyField(Centre)
    engagement = peewee.ForeignKeyField(Engagement, unique=True)
    start = peewee.TextField(default="")
    outcome = peewee.TextField(default="")
    remains = peewee.TextField(default="")
    model = peewee.TextField(default="")
    evaluation = peewee.TextField(default="")
    success = peewee.TextField(default="")
    version = peewee.IntegerField(default=1)
    created_at = UTCField()
    changed_at = UTCField()
    completed_at = UTCField(null=True)

    @classmethod
    def of(cls, engagement: Engagement) -> ClosingReview:
        """The review of an engagement; an empty one, not kept yet, where nobody began it."""
        found: ClosingReview | None = cls.get_or_none(cls.engagement == engagement)
        return found or cls(engagement=engagement, version=0)

    @property
    def changed_since(self) -> datetime | None:
        """When it was changed last, where that was after it was complete (UTC)."""
        done = self.completed_at
        return self.changed_at if done is not None and self.changed_at > done else None

    def keep(
        self,
        values: Mapping[str, str],
        *,
        version: int,
        by: Actor,
        now: datetime,
        complete: bool = False,
    ) -> None:
        """Keep what was written, if this is still the version that was read; say so once complete.

        What is complete stays complete, and its history tells of each change. Raises WrongState
        where it was changed meanwhile, or is complete and would lose a part.
        """
        allow(by.is_(self.engagement.client.learner_id))
        whole = all(values.get(name) for name in (*self.TEXTS, "model"))
        if (complete or self.completed_at is not None) and not whole:
            raise WrongState(EMPTIED)
        kept, verb = {**values, "changed_at": now}, "wrote the review"
        if self.completed_at is not None:
            verb = CHANGED
        elif complete:
            kept["completed_at"], verb = now, COMPLETED
        same = all(getattr(self, name) == text for name, text in values.items())
        if self.version and same and verb != COMPLETED:
            return  # pressed twice, or nothing was changed
        with write():
            Consent.refuse_withdrawn(self.engagement.client)
            step = {**kept, "version": version + 1}
            if version == 0:
                first = {"centre": self.engagement.centre_id, "engagement": self.engagement_id}
                query = ClosingReview.insert(**first, **step, created_at=now)
                done = query.on_conflict_ignore().as_rowcount().execute()
            else:
                mine = (ClosingReview.id == self.id) & (ClosingReview.version == version)
                done = ClosingReview.update(**step).where(mine).execute()
            if not done:
                raise WrongState(
                    "This review was changed meanwhile. Look again, then write. Nothing was changed."
                )
            review = ClosingReview.get(ClosingReview.engagement == self.engagement_id)
            review.told(verb, by, now)

    def told(self, verb: str, by: Actor, now: datetime) -> None:
        """Write a line of its history, with a keyed hash of what it now says."""
        events.record(
            centre_id=self.centre_id,
            verb=verb,
            subject="closing review",
            subject_id=self.engagement_id,
            now=now,
            person_id=by.person.id,
            role="learner",
            written=signing.keyed_sha256(self.written()),
        )

    def written(self) -> dict[str, Any]:
        """All that it says, and when it was complete."""
        names = ("engagement_id", *self.TEXTS, "model", "completed_at")
        return {name: getattr(self, name) for name in names}
