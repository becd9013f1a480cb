"""The second factor: a secret shared with an app on a phone, and the codes it shows (RFC 6238)."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp
import segno

SECONDS = 30
NEIGHBOURS = (0, -1, 1)  # a phone's clock may be off by one step


def new_secret() -> str:
    """A secret for one person, in base 32."""
    return pyotp.random_base32()


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, or None. Spaces in the code do not matter.

    A code must be accepted once only: keep the step and refuse it and all before it.
    """
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit()):
        return None
    current = int(now.timestamp()) // SECONDS
    steps = (current + offset for offset in NEIGHBOURS)
    otp = pyotp.TOTP(secret, interval=SECONDS)
    return next((s for s in steps if hmac.compare_digest(otp.generate_otp(s), typed)), None)


def qr_code(secret: str, email: str) -> str:
    """A picture for the app to scan, as SVG to stand in a page, without style or outside address."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Supervise")
    picture = segno.make(address, micro=False)
    return str(
        picture.svg_inline(scale=4, dark="#000", light="#fff", lineclass=None, svgclass=None)
    )


def grouped(secret: str) -> str:
    """A secret in groups of four, to be read and typed."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
