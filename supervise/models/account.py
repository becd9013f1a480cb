"""One's own account: what people change of themselves, each change a line in the history."""

from __future__ import annotations

from datetime import datetime

from supervise import events
from supervise.db import write
from supervise.models.busy import hold_people
from supervise.models.centres import Refused
from supervise.models.invitations import Invitation
from supervise.models.people import Actor, Person
from supervise.models.signins import SignIn


def set_zone(zone: str, *, by: Actor) -> None:
    """Show times in another zone, an IANA name. How a person reads is no matter of history."""
    with write():
        Person.update(zone=zone).where(Person.id == by.person.id).execute()


def set_password(password_hash: str, *, by: Actor, now: datetime, here: SignIn) -> int:
    """Change the password and end all other sessions; returns how many ended.

    A link that could still set a password ends as well: it may be why the password is changed.
    """
    with write():
        Person.update(password_hash=password_hash).where(Person.id == by.person.id).execute()
        Invitation.expire_all(by.person, now)
        _record("changed the password", by, now)
        return SignIn.end_all(by.person, now, but=here.id)


def renew_hash(person: Person, password_hash: str) -> None:
    """Keep the same password hashed with today's parameters."""
    with write():
        unchanged = Person.password_hash == person.password_hash
        Person.update(password_hash=password_hash).where(
            (Person.id == person.id) & unchanged
        ).execute()


def join(invitation: Invitation, password_hash: str, *, now: datetime) -> bool:
    """Take an invitation up with a first or a new password; whoever knew the old one is out.

    Returns False where the link was used meanwhile.
    """
    with write():
        if not invitation.accept(password_hash, now=now):
            return False
        SignIn.end_all(invitation.person, now)
    return True


def set_second_factor(secret: str, step: int, *, by: Actor, now: datetime) -> bool:
    """Ask for a code from now on; ``step`` is the time step of the code that proved the secret.

    Returns False where a second factor was set meanwhile.
    """
    with write():
        done = (
            Person.update(totp_secret=secret, totp_last_step=step)
            .where((Person.id == by.person.id) & Person.totp_secret.is_null())
            .execute()
        )
        if done:
            _record("set up the second factor", by, now)
    return bool(done)


def remove_second_factor(*, by: Actor, now: datetime) -> None:
    """Ask for no code any more."""
    with write():
        Person.update(totp_secret=None, totp_last_step=None).where(
            Person.id == by.person.id
        ).execute()
        _record("turned off the second factor", by, now)


def reset_second_factor(person: Person, *, by: Actor, now: datetime) -> None:
    """Take a lost second factor off somebody's account, and end their sessions.

    Raises Refused for oneself, for somebody whom another centre counts on, and where there is none.
    """
    with write():
        hold_people([person.id])
        by.centre.lock()
        if by.is_(person.id):
            raise Refused(
                "Yours is on your account page; if it is lost, ask another administrator."
            )
        if person.belongs_elsewhere(by.centre):
            raise Refused(
                f"{person.name} belongs to another centre too, so no single centre can take the "
                "second factor off. They can turn it off themselves while they are signed in."
            )
        had = (Person.id == person.id) & Person.totp_secret.is_null(False)
        if not Person.update(totp_secret=None, totp_last_step=None).where(had).execute():
            raise Refused(f"{person.name} has no second factor.")
        SignIn.end_all(person, now)
        _record("reset the second factor", by, now, person)


def use_code(person: Person, step: int) -> bool:
    """Use the code of a time step up; False where it, or a later one, was used already."""
    unused = Person.totp_last_step.is_null() | (Person.totp_last_step < step)
    with write():
        return bool(
            Person.update(totp_last_step=step).where((Person.id == person.id) & unused).execute()
        )


def _record(verb: str, by: Actor, now: datetime, person: Person | None = None) -> None:
    events.record(
        centre_id=by.centre.id,
        verb=verb,
        subject="person",
        subject_id=person.id if person else by.person.id,
        now=now,
        person_id=by.person.id,
        role="admin" if person else "",
    )
