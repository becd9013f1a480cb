"""Tokens of the links for people without an account: one purpose, one record, one use.

A token is signed, not stored: it can be made again for the coach who copies the link once more, and
whoever reads the database cannot use it. What it may still do is kept in ``models/links.py``.

One that goes out by e-mail differs from the one that the coach can copy: whoever answers by it has
read their own mail, and the coach has never seen it.
"""

from __future__ import annotations

from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer

PURPOSES = ("contract", "confirmation", "feedback")
CALENDAR = ("calendar",)
"""The purpose of a calendar's address, which is no link: it is read again and again."""
_key = ""


def use_key(key: str) -> None:
    """Set the key that signs tokens; called once at start with the instance's secret key."""
    global _key
    _key = key


class Token(NamedTuple):
    """What a token says: its purpose, its record, and whether it is the one that went out by e-mail."""

    purpose: str
    link_id: int
    nonce: str
    mailed: bool = False


def token(purpose: str, link_id: int, nonce: str, *, mailed: bool = False) -> str:
    """The token of a link; the same each time. ``mailed``: the one that only its addressee gets."""
    return str(_signer(purpose, mailed=mailed).dumps([purpose, link_id, nonce]))


def read(text: str, purposes: tuple[str, ...] = PURPOSES) -> Token | None:
    """What a token says; None for one that we did not make for such a purpose."""
    for purpose in purposes:
        for mailed in (False, True):
            try:
                found, link_id, nonce = _signer(purpose, mailed=mailed).loads(text)
            except (BadData, ValueError, TypeError):
                continue
            if found == purpose and isinstance(link_id, int) and isinstance(nonce, str):
                return Token(purpose, link_id, nonce, mailed)
    return None


def invitation_token(invitation_id: int, sha256: str) -> str:
    """The token of an invitation as a mail carries it, the same each time the mail is made.

    An invitation keeps a hash of the token its administrator saw, and nobody can make that again.
    This one is bound to the same row, and worth nothing to somebody who reads the database.
    """
    return str(_signer("invitation").dumps([invitation_id, sha256[:16]]))


def read_invitation(text: str) -> tuple[int, str] | None:
    """The invitation's id and how its hash begins; None for a token that we did not make."""
    try:
        invitation_id, begins = _signer("invitation").loads(text)
    except (BadData, ValueError, TypeError):
        return None
    whole = isinstance(invitation_id, int) and isinstance(begins, str)
    return (invitation_id, begins) if whole else None


def _signer(purpose: str, *, mailed: bool = False) -> URLSafeSerializer:
    way = " by e-mail" if mailed else ""
    return URLSafeSerializer(_key, salt=f"supervise link{way}: {purpose}")
