"""Feedback: asked of clients, sponsors, observers and peers by link; given once, never changed.

An anonymous answer must not lead back to its invitation. So everything on the side of the invitation
(the link, whom it was for, when it ran out) reads the same whether it was answered or not, and
everything on the side of the answer goes by a handle drawn when it is given, without a date.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import peewee

from supervise import events, signing
from supervise.db import Model, UTCField, write
from supervise.models import notices
from supervise.models.assignments import Assignment
from supervise.models.centres import Centre, Refused
from supervise.models.clients import Client
from supervise.models.enrolments import Enrolment
from supervise.models.links import Link, LinkContact
from supervise.models.people import Actor, Person
from supervise.models.vault import ClientIdentity
from supervise.rules.feedback import Question
from supervise.rules.naming import same_address, same_name
from supervise.workflow import FEEDBACK, WrongState, advance, allow

READERS = ("supervisor", "tutor", "assessor", "iqa")
REPLIED = "replied to feedback"
"""What the history says of a reply; it does not say to which answer."""


class Feedback(Model):
    """One person's feedback on the practitioner or on the programme.

    ``questions`` are those that were shown, ``answers`` what was said to each, in the same order.
    ``place`` orders answers as they were given; ``floor`` is what the giver was promised. ``giver``
    is the same on all rows of one person, so that nobody fills the floor alone; it is shown nowhere.
    ``erased_at`` says when a withdrawn consent took what it says in own words (``erasure``).
    """

    ASKED = ("id", "centre_id", "enrolment_id", "learner_id", "client_id", "link_id", "source",
             "about", "anonymous", "giver")  # fmt: skip
    KEPT = (*ASKED, "may_quote", "handle", "place", "floor", "questions", "ratings")

    centre = peewee.ForeignKeyField(Centre)
    enrolment = peewee.ForeignKeyField(Enrolment)
    learner = peewee.ForeignKeyField(Person)
    client = peewee.ForeignKeyField(Client, null=True)
    link = peewee.ForeignKeyField(Link, unique=True)
    source = peewee.TextField()
    about = peewee.TextField()
    anonymous = peewee.BooleanField(default=False)
    state = peewee.TextField(default="invited")
    version = peewee.IntegerField(default=1)
    questions = peewee.TextField(default="[]")
    answers = peewee.TextField(default="[]")
    may_quote = peewee.BooleanField(null=True)
    invited_at = UTCField()
    given_at = UTCField(null=True)
    reply = peewee.TextField(default="")
    replied_at = UTCField(null=True)
    put_away_at = UTCField(null=True)
    handle = peewee.TextField(null=True, unique=True)
    place = peewee.IntegerField(null=True)
    floor = peewee.IntegerField(null=True)
    giver = peewee.TextField()
    erased_at = UTCField(null=True)
    by_mail = peewee.BooleanField(null=True)
    """Whether it was given by the link that went out by e-mail; of anonymous feedback nobody keeps it."""

    # --- who sees what -------------------------------------------------------------------

    @classmethod
    def visible_to(cls, actor: Actor) -> peewee.ModelSelect:
        """On the actor, or on learners assigned to them today; what of it is shown, the floor says."""
        assigned = Enrolment.select(Enrolment.learner).where(
            (Enrolment.centre == actor.centre)
            & Enrolment.id.in_(Assignment.enrolment_ids(actor, *READERS))
        )
        mine = (cls.learner == actor.person) | cls.learner.in_(assigned)
        return cls.select().where((cls.centre == actor.centre) & mine)

    @classmethod
    def asked_by(cls, actor: Actor) -> peewee.ModelSelect:
        """The actor's own invitations with their links, and nobody else's."""
        mine = (cls.centre == actor.centre) & (cls.learner == actor.person)
        return cls.select(cls, Link).join(Link).where(mine)

    @classmethod
    def of_link(cls, link: Link) -> Feedback:
        """What a link asks for."""
        return cls.get(cls.link == link)

    def standing(self, link: Link, now: datetime) -> str:
        """How its link stands; of an anonymous one nobody learns from it whether it was answered."""
        if not self.anonymous:
            return link.standing(now)
        if self.put_away_at is not None or link.ended_at is not None:
            return "ended"
        return "open" if link.expires_at > now else "expired"

    def can_manage(self, actor: Actor) -> bool:
        """The learner it is about."""
        return actor.is_(self.learner_id)

    @property
    def pairs(self) -> list[tuple[Question, str]]:
        """Each question as it was shown, with what was said to it."""
        asked = [Question(kind, text) for kind, text in json.loads(self.questions)]
        return list(zip(asked, json.loads(self.answers), strict=True))

    @property
    def ratings(self) -> list[str]:
        """The answers without those in own words; as many as there are questions."""
        both = zip(json.loads(self.questions), json.loads(self.answers), strict=False)
        return [answer if kind == "rating" else "" for (kind, _), answer in both]

    def asked_content(self) -> dict[str, Any]:
        """Who is asked about what, by which link; the history holds a keyed hash of it."""
        return {name: getattr(self, name) for name in self.ASKED}

    def signed_content(self) -> dict[str, Any]:
        """What the giver signs: the questions as shown, the answers, the leave to quote, and all
        that decides who reads it when."""
        names = ("may_quote", "handle", "place", "floor", "ratings")
        texts = {"questions": json.loads(self.questions), "answers": json.loads(self.answers)}
        told = {**self.asked_content(), **{name: getattr(self, name) for name in names}, **texts}
        return told | signing.told_way(self.by_mail)

    # --- moves ---------------------------------------------------------------------------

    @classmethod
    def invite(
        cls,
        enrolment: Enrolment,
        source: str,
        about: str,
        *,
        anonymous: bool,
        by: Actor,
        now: datetime,
        client: Client | None = None,
        name: str = "",
        email: str = "",
        giver: str = "",
    ) -> Feedback:
        """Ask one person; name and address of a client or sponsor come from the vault.

        ``giver`` is who they are among those asked, where the caller knows that they were before.
        Raises NotAllowed for another's enrolment or client, and Refused while an invitation of the
        same client about the same thing is open.
        """
        allow(by.is_(enrolment.learner_id) and by.centre.id == enrolment.centre_id)
        if client is not None:
            allow(by.is_(client.learner_id) and by.centre.id == client.centre_id)
            known = ClientIdentity.of(client, by)
            name, email = (
                (known.sponsor_name, known.sponsor_email)
                if source == "sponsor"
                else (known.name, known.email)
            )
        with write():
            _lock(client, by)
            if client is not None and cls._open(client, source, about, by, now):
                raise Refused(
                    "You have invited them about this already, and that link still works."
                )
            link = Link.make(
                "feedback", source, by=by, now=now, client=client, name=name, email=email
            )
            made = cls.create(
                centre=by.centre, enrolment=enrolment, learner=by.person, client=client, link=link,
                source=source, about=about, anonymous=anonymous, invited_at=now,
                giver=giver or cls._giver(source, client, name, email, by) or secrets.token_urlsafe(9),
            )  # fmt: skip
            link.subject_id = made.id
            link.save()
            made._tell("invited", by, now, asked=signing.keyed_sha256(made.asked_content()))
        return made

    @classmethod
    def _open(cls, client: Client, source: str, about: str, by: Actor, now: datetime) -> bool:
        same = (cls.client == client) & (cls.source == source) & (cls.about == about)
        rows = cls.asked_by(by).where(same & cls.put_away_at.is_null())
        return any(row.standing(row.link, now) == "open" for row in rows)

    @classmethod
    def _giver(cls, source: str, client: Client | None, name: str, email: str, by: Actor) -> str:
        """The key of somebody asked before: the same client or sponsor, or else the same address, or
        the same name of the same source: without an address there is nothing else to know them by.

        Whether they answered makes no difference. Empty for somebody new. The centre is locked by
        then, so that two invitations of one person do not both find nobody.
        """
        mine = (cls.centre == by.centre) & (cls.learner == by.person)
        known = (cls.client == client) & (cls.source == source)
        if client is not None and (row := cls.get_or_none(mine & known)):
            return str(row.giver)
        query = cls.select(cls.giver, cls.source, LinkContact.name, LinkContact.email)
        rows = list(query.join(Link).join(LinkContact).where(mine).order_by(cls.id).tuples())
        # in Python: SQLite lowers the letters of ASCII alone
        by_address = (key for key, *_, other in rows if same_address(email, other))
        by_name = (
            key for key, asked, other, _ in rows
            if name.strip() and asked == source and same_name(name, other)
        )  # fmt: skip
        return next(by_address, "") or next(by_name, "")

    def give(
        self, asked: Sequence[Question], answers: Sequence[str], *,
        may_quote: bool, floor: int, link: Link, now: datetime,
    ) -> None:  # fmt: skip
        """Keep the answers for good, signed, and use the link up: all or none.

        Raises WrongState where it was given, withdrawn or ran out meanwhile.
        """
        with write():
            if not link.use(now):
                raise WrongState("This link was used or ended meanwhile. Nothing was changed.")
            event = events.record(
                centre_id=self.centre_id, verb="gave feedback", subject="feedback",
                subject_id=self.id, now=now, role=self.source,
            )  # fmt: skip
            advance(
                self,
                FEEDBACK,
                "give",
                questions=json.dumps([[q.kind, q.text] for q in asked], ensure_ascii=False),
                answers=json.dumps(list(answers), ensure_ascii=False),
                may_quote=may_quote,
                given_at=now,
                handle=secrets.token_urlsafe(9),
                place=event.seq,
                floor=floor,
                by_mail=None if self.anonymous else link.by_mail,
            )
            notices.feedback(self, now)
            signing.sign(
                self,
                subject="feedback",
                person_id=None,
                role=self.source,
                decision="given",
                now=now,
            )  # fmt: skip

    def withdraw(self, *, by: Actor, now: datetime) -> None:
        """Take the invitation back. An anonymous one that was answered is only taken off the list,
        and that looks the same. Raises WrongState for one with a name that was answered."""
        allow(self.can_manage(by))
        with write():
            self._put_away("withdraw", "took back an invitation", by, now)

    def ask_again(self, *, by: Actor, now: datetime) -> Feedback:
        """Invite the same person anew once the link has run out. Raises Refused before that."""
        allow(self.can_manage(by))
        with write():
            _lock(self.client, by)
            link = Link.get_by_id(self.link_id)
            standing = Feedback.get_by_id(self.id).standing(link, now)
            if standing == "open":
                raise Refused("This link has not run out: send it again.")
            if standing != "expired":
                raise Refused("This link was used or taken back. Nothing was changed.")
            contact = LinkContact.get(LinkContact.link == link)
            self._put_away("lapse", "asked again", by, now)
            return Feedback.invite(
                self.enrolment, self.source, self.about, anonymous=self.anonymous, by=by, now=now,
                client=self.client, name=contact.name, email=contact.email, giver=self.giver,
            )  # fmt: skip

    def _put_away(self, move: str, verb: str, by: Actor, now: datetime) -> None:
        """Off the learner's list. The event is written either way: it must not tell the two apart."""
        Link.end(Link.id == self.link_id, now)  # before the history, as whoever answers does
        self._tell(verb, by, now)
        try:
            advance(self, FEEDBACK, move, put_away_at=now)
        except WrongState:
            if not self.anonymous:
                raise
            Feedback.update(put_away_at=now).where(Feedback.id == self.id).execute()

    def reply_sha256(self, text: str) -> str:
        """What the history holds of a reply. It names the answer by its handle, as pages do."""
        return signing.sha256({"handle": self.handle, "reply": text})

    def reply_to(self, text: str, *, by: Actor, now: datetime) -> None:
        """Answer it, once. Raises Refused where a reply stands already, or its words are gone."""
        allow(self.can_manage(by))
        with write():
            # Not under the feedback's own number: an anonymous one's would lead to its invitation.
            events.record(
                centre_id=self.centre_id, verb=REPLIED, subject="learner",
                subject_id=by.person.id, now=now, person_id=by.person.id, role="learner",
                reply_sha256=self.reply_sha256(text),
            )  # fmt: skip
            mine = (Feedback.id == self.id) & (Feedback.state == "given") & (Feedback.reply == "")
            if Feedback.select().where(mine & Feedback.erased_at.is_null(False)).exists():
                raise Refused("Its words were removed when consent was withdrawn.")
            if not Feedback.update(reply=text, replied_at=now).where(mine).execute():
                raise Refused("You have replied to this already.")

    def _tell(self, verb: str, by: Actor, now: datetime, **detail: Any) -> None:
        events.record(
            centre_id=self.centre_id, verb=verb, subject="feedback", subject_id=self.id,
            now=now, person_id=by.person.id, role="learner", **detail,
        )  # fmt: skip


def _lock(client: Client | None, by: Actor) -> None:
    """Hold the client, whose consent may just be going, and then the centre (see ``links``)."""
    if client is not None:
        client.hold()
    by.centre.lock()
