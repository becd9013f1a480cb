"""Every setting once: its name, type, default and the environment variable that sets it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

INSTANCE_DEFAULT = Path("instance")
PORTS = {"starttls": 587, "tls": 465, "none": 25}


class WrongSetting(ValueError):  # noqa: N818 - it names what is wrong
    """A setting that cannot be used; says which variable it is and what to write instead."""


@dataclass(frozen=True)
class Smtp:
    """The mail server that mail is handed to, checked by :meth:`load`."""

    host: str
    """SUPERVISE_SMTP_HOST."""
    sender: Address
    """Whom mail is from: ``Supervise <supervise@example.org>``. SUPERVISE_MAIL_FROM."""
    port: int = 587
    """SUPERVISE_SMTP_PORT; 587, 465 for tls, 25 for none."""
    security: str = "starttls"
    """``starttls``, ``tls`` or, to this machine alone, ``none``. SUPERVISE_SMTP_SECURITY."""
    user: str = ""
    """SUPERVISE_SMTP_USER; empty where the server asks for none."""
    password: str = field(default="", repr=False)
    """SUPERVISE_SMTP_PASSWORD; never logged and never shown."""
    timeout: float = 20.0
    """Seconds to wait for each answer of the server. SUPERVISE_SMTP_TIMEOUT."""

    @classmethod
    def load(cls) -> Smtp | None:
        """Read the environment; None where no server is named. Raises WrongSetting."""
        env = os.environ
        host = env.get("SUPERVISE_SMTP_HOST", "").strip()
        if not host:
            return None
        security = env.get("SUPERVISE_SMTP_SECURITY", "").strip().lower() or "starttls"
        if security not in PORTS:
            raise WrongSetting("SUPERVISE_SMTP_SECURITY is starttls, tls or none")
        if security == "none" and not _is_here(host):
            raise WrongSetting(
                "SUPERVISE_SMTP_SECURITY=none would send mail in the clear, so it is for a server "
                "on this machine alone. Use starttls or tls"
            )
        return cls(
            host=host,
            sender=_sender(env.get("SUPERVISE_MAIL_FROM", "")),
            port=int(_number("SUPERVISE_SMTP_PORT", PORTS[security], 65_535)),
            security=security,
            user=env.get("SUPERVISE_SMTP_USER", ""),
            password=env.get("SUPERVISE_SMTP_PASSWORD", ""),
            timeout=_number("SUPERVISE_SMTP_TIMEOUT", cls.timeout, 300),
        )


@dataclass(frozen=True)
class Settings:
    """What a running Supervise needs to know. Built by :meth:`load`; never changed afterwards."""

    instance: Path
    """Folder for the database file and the two keys. SUPERVISE_INSTANCE."""
    database: str
    """``sqlite:///file`` or ``postgresql://…``. SUPERVISE_DATABASE."""
    secret_key: str = field(repr=False)
    """Signs cookies and links. SUPERVISE_SECRET_KEY, else ``secret.key`` in the instance folder."""
    chain_key: str = field(repr=False)
    """Seals the chains of sign-offs. ``chain.key`` in the instance folder, apart from the database."""
    https: bool = False
    """Whether people reach the app over HTTPS: ``__Host-`` cookies and HSTS. SUPERVISE_HTTPS=1."""
    trusted_hosts: tuple[str, ...] = ()
    """Host names the app answers to; empty means any. SUPERVISE_TRUSTED_HOSTS, comma-separated."""
    proxies: int = 0
    """How many reverse proxies stand in front, so that whose address it is and whether it came over
    HTTPS is read from their headers, and from nobody else's. SUPERVISE_PROXIES."""
    idle_minutes: int = 60
    """A signed-in session ends after so long without a request. SUPERVISE_IDLE_MINUTES."""
    absolute_minutes: int = 12 * 60
    """A signed-in session ends after so long whatever happens. SUPERVISE_ABSOLUTE_MINUTES."""
    invitation_days: int = 14
    """An invitation's link works for so many days."""
    max_request_bytes: int = 6 * 1024 * 1024
    """Largest request accepted, uploads included."""
    public_url: str = ""
    """Where people reach the app, ``https://supervise.example.org``: for links in mail, which are not
    sent without it. SUPERVISE_PUBLIC_URL."""
    smtp: Smtp | None = None
    """The mail server; without one mail is kept and can be read under Outbox."""
    mail_days: int = 90
    """Mail that was sent, or was not needed any more, stays in the outbox for so many days.
    SUPERVISE_MAIL_DAYS."""
    testing: bool = False

    @classmethod
    def load(
        cls,
        instance: Path | str | None = None,
        database: str | None = None,
        **overrides: object,
    ) -> Settings:
        """Read the environment; arguments win over it.

        Creates the instance folder and its two keys where they are missing, readable by the owner
        alone. Raises OSError where the folder cannot be written, WrongSetting for a setting that
        cannot be used.
        """
        env = os.environ
        folder = Path(instance or env.get("SUPERVISE_INSTANCE") or INSTANCE_DEFAULT).resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        url = database or env.get("SUPERVISE_DATABASE") or f"sqlite:///{folder / 'supervise.db'}"
        hosts = tuple(h.strip() for h in env.get("SUPERVISE_TRUSTED_HOSTS", "").split(",") if h)
        values: dict[str, object] = {
            "secret_key": env.get("SUPERVISE_SECRET_KEY") or _key(folder / "secret.key"),
            "chain_key": _key(folder / "chain.key"),
            "https": env.get("SUPERVISE_HTTPS", "") in ("1", "true", "yes"),
            "trusted_hosts": hosts,
            "proxies": int(env.get("SUPERVISE_PROXIES", cls.proxies)),
            "idle_minutes": int(env.get("SUPERVISE_IDLE_MINUTES", cls.idle_minutes)),
            "absolute_minutes": int(env.get("SUPERVISE_ABSOLUTE_MINUTES", cls.absolute_minutes)),
            "public_url": _public(env.get("SUPERVISE_PUBLIC_URL", "")),
            "smtp": Smtp.load(),
            "mail_days": int(_number("SUPERVISE_MAIL_DAYS", cls.mail_days, 3650)),
        }
        return cls(instance=folder, database=url, **(values | overrides))  # type: ignore[arg-type]


def _key(path: Path) -> str:
    """The key kept in a file, made at first use; two starts at once agree on one key."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    if not path.exists():
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def _public(address: str) -> str:
    """The app's address without the last slash; raises WrongSetting for what is none."""
    address = address.strip().rstrip("/")
    parts = urlsplit(address)
    whole = parts.scheme in ("http", "https") and parts.hostname and address.isprintable()
    if address and (not whole or parts.query or parts.fragment or parts.username or " " in address):
        raise WrongSetting("Write SUPERVISE_PUBLIC_URL as https://supervise.example.org")
    return address


def _sender(text: str) -> Address:
    """The address that mail is from; raises WrongSetting where it is missing or none."""
    name, address = parseaddr(text)
    try:
        sender = Address(name or "Supervise", addr_spec=address)
    except (HeaderParseError, ValueError, IndexError):
        sender = Address()
    if not sender.username or not sender.domain or not text.isprintable():
        raise WrongSetting(
            "SUPERVISE_MAIL_FROM says whom mail is from: Supervise <supervise@example.org>"
        )
    return sender


def _number(variable: str, default: float, most: int) -> float:
    text = os.environ.get(variable, "").strip() or str(default)
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number <= most:
        raise WrongSetting(f"{variable} is a number from 1 to {most}")
    return number


def _is_here(host: str) -> bool:
    """Whether a mail server is on this machine, so that nothing travels."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
