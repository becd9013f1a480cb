"""Tokens of the links for people without an account: one purpose, one record, one use.

A token is signed, not stored: it can be made again for the coach who copies the link once more, and
whoever reads the database cannot use it. What it may still do is kept in ``models/links.py``.
"""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

PURPOSES = ("contract", "confirmation", "feedback")
CALENDAR = ("calendar",)
"""The purpose of a calendar's address, which is no link: it is read again and again."""
_key = ""


def use_key(key: str) -> None:
    """Set the key that signs tokens; called once at start with the instance's secret key."""
    global _key
    _key = key


def token(purpose: str, link_id: int, nonce: str) -> str:
    """The token of a link; the same each time."""
    return str(_signer(purpose).dumps([purpose, link_id, nonce]))


def read(text: str, purposes: tuple[str, ...] = PURPOSES) -> tuple[str, int, str] | None:
    """Purpose, record id and nonce of a token; None for one that we did not make for such a purpose."""
    for purpose in purposes:
        try:
            found, link_id, nonce = _signer(purpose).loads(text)
        except (BadData, ValueError, TypeError):
            continue
        if found == purpose and isinstance(link_id, int) and isinstance(nonce, str):
            return purpose, link_id, nonce
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


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(_key, salt=f"supervise link: {purpose}")
