"""Every setting once: its name, type, default and the environment variable that sets it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

INSTANCE_DEFAULT = Path("instance")


@dataclass(frozen=True)
class Settings:
    """What a running Supervise needs to know. Built by :meth:`load`; never changed afterwards."""

    instance: Path
    """Folder for the database file and the two keys. SUPERVISE_INSTANCE."""
    database: str
    """``sqlite:///file`` or ``postgresql://…``. SUPERVISE_DATABASE."""
    secret_key: str
    """Signs cookies and links. SUPERVISE_SECRET_KEY, else ``secret.key`` in the instance folder."""
    chain_key: str
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
        alone. Raises OSError where the folder cannot be written.
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
