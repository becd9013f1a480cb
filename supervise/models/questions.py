"""The questions of a centre's own feedback form; a centre without any uses the built-in ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import peewee

from supervise import events
from supervise.db import Model, write
from supervise.models.centres import Centre, Refused
from supervise.models.people import Actor
from supervise.rules.feedback import ABOUTS, BUILT_IN, Question
from supervise.workflow import allow


class FeedbackQuestion(Model):
    """One question of the centre's own form."""

    centre = peewee.ForeignKeyField(Centre)
    about = peewee.TextField()
    kind = peewee.TextField()
    text = peewee.TextField()
    position = peewee.IntegerField(default=0)

    @classmethod
    def of(cls, centre: Centre | int, about: str) -> tuple[Question, ...]:
        """What is asked about this, in order: the centre's own questions, or the built-in ones."""
        return cls.all_of(centre)[about]

    @classmethod
    def all_of(cls, centre: Centre | int) -> dict[str, tuple[Question, ...]]:
        """The questions of both forms. One query."""
        rows = cls.select().where(cls.centre == centre).order_by(cls.position, cls.id)
        own = [(row.about, Question(row.kind, row.text)) for row in rows]
        return {
            about: tuple(q for theirs, q in own if theirs == about) or BUILT_IN[about]
            for about in ABOUTS
        }

    @classmethod
    def put_all(
        cls,
        wanted: Mapping[str, Sequence[Question]],
        *,
        seen: Mapping[str, Sequence[Question]],
        by: Actor,
        now: datetime,
    ) -> None:
        """``put`` of each form named: all of them, or none where one is refused."""
        with write():
            for about, questions in wanted.items():
                cls.put(about, questions, seen=seen[about], by=by, now=now)

    @classmethod
    def put(
        cls,
        about: str,
        questions: Sequence[Question],
        *,
        seen: Sequence[Question],
        by: Actor,
        now: datetime,
    ) -> None:
        """Ask these from now on, or the built-in ones where none are given; what was given stays.

        ``seen`` is what stood on the page: raises Refused where somebody changed it meanwhile, and
        NotAllowed for all but an administrator.
        """
        allow(by.has("admin"))
        with write():
            by.centre.lock()
            before = cls.of(by.centre, about)
            if before != tuple(seen):
                raise Refused("Somebody changed these questions meanwhile. Look again, then save.")
            cls.delete().where((cls.centre == by.centre) & (cls.about == about)).execute()
            if tuple(questions) != BUILT_IN[about]:
                for position, question in enumerate(questions):
                    cls.create(
                        centre=by.centre, about=about, kind=question.kind, text=question.text,
                        position=position,
                    )  # fmt: skip
            after = cls.of(by.centre, about)
            if after == before:
                return
            events.record(
                centre_id=by.centre.id,
                verb="changed the feedback questions",
                subject="centre",
                subject_id=by.centre.id,
                now=now,
                person_id=by.person.id,
                role="admin",
                about=about,
                before=[question.text for question in before],
                after=[question.text for question in after],
            )
