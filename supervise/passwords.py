"""Passwords: how they are kept, and which are too easy to guess.

Kept as argon2id with the parameters OWASP gives for 19 MiB. Length and a list of common passwords
are asked for (ASVS 5.0, 6.2), and no mixture of signs, which only makes people write ``Passw0rd!``.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
SHORTEST, LONGEST = 12, 200
LOOKALIKES = str.maketrans("0134578@$!", "oieastbasi")


def _normal(password: str) -> str:
    """One spelling for what looks the same, whichever keyboard or system typed it (NFKC)."""
    return unicodedata.normalize("NFKC", password[: LONGEST * 4])


def hash_password(password: str) -> str:
    """What is kept of a password."""
    return HASHER.hash(_normal(password))


# Somebody without an account costs a sign-in as much work as somebody with one.
NOBODYS = hash_password("the password of nobody at all")


def verify(stored: str | None, password: str) -> bool:
    """Whether a password is the one kept. None, for nobody, takes the same work and says no."""
    try:
        HASHER.verify(stored or NOBODYS, _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Whether a password was kept with other parameters than today's and should be hashed anew."""
    return HASHER.check_needs_rehash(stored)


def _read_blocklist() -> frozenset[str]:
    lines = Path(__file__).with_name("blocklist.txt").read_text(encoding="utf-8").split()
    return frozenset(lines)


BLOCKLIST = _read_blocklist()


def weakness(password: str, email: str, name: str) -> str | None:
    """Why a password is too easy to guess, in a sentence that says what to do, or None.

    ``email`` and ``name`` are of the person it is for.
    """
    text = _normal(password)
    if len(text) < SHORTEST:
        return f"Use at least {SHORTEST} characters; three or four words in a row do well."
    if len(text) > LONGEST:
        return f"Use at most {LONGEST} characters."
    forms = _forms(text)
    if any(_names(form, email, name) for form in forms):
        return "This is made of your name or e-mail. Use three or four other words."
    monotonous = len(set(text)) < 5 or len(_piece(text)) <= 4
    if monotonous or not BLOCKLIST.isdisjoint(forms):
        return (
            "This is among the first passwords people guess. Use three or four words of your own."
        )
    return None


def _forms(text: str) -> set[str]:
    """A password as guessing programs fold it: ``P@ssw0rd2026!`` is also ``password``."""
    plain = text.casefold()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    spelt = {_squeeze(form) for form in (plain, core)}
    spelt |= {_squeeze(form.translate(LOOKALIKES)) for form in (plain, core)}
    return {_piece(form) for form in spelt} | spelt


def _squeeze(text: str) -> str:
    """Letters and figures alone."""
    return re.sub(r"[\W_]", "", text)


def _piece(text: str) -> str:
    """The piece that a text repeats, such as ``abc`` of ``abcabcabc``, or the text itself."""
    return text[: (text + text).find(text, 1)] if text else text


def _names(form: str, email: str, name: str) -> bool:
    """Whether a folded password is in the main somebody's name or address."""
    local, _, host = email.casefold().partition("@")
    parts = {_squeeze(part) for part in name.casefold().split()}
    whole = {_squeeze(name.casefold()), _squeeze(local), _squeeze(local + host)}
    return form in parts or any(len(known) >= 4 and known in form for known in whole)
