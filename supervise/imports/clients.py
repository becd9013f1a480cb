"""Client aliases: one or several in a cell, and never an address or a number."""

from __future__ import annotations

import re

from supervise.imports.values import NotUnderstood

LONGEST_ALIAS = 80
LONGEST_CELL = 1000
# A + that begins an alias belongs to it; between two aliases it parts them.
_BETWEEN = re.compile(r"(?<=\S)\s*[;/+&]\s*(?=\S)")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PHONE = re.compile(r"\+?\(?\d(?:[\s().\-/]*\d){6,}")
_PHONE_INSIDE = re.compile(r"\d(?:[\s().\-]?\d){8,}")
_USE_ALIAS = "Use an alias, such as Client A: a diary must not tell who the client is."


def read_clients(text: str) -> tuple[str, ...]:
    """The aliases in a cell, spaces tidied, each once; several mean a group session.

    They are parted by ; / + or &. Raises NotUnderstood for no alias, one over 80 characters, or
    one that looks like an e-mail address or a telephone number (confidentiality).
    """
    tidy = " ".join(text.split())
    if tidy.casefold() in {"", "-", "n/a", "none"}:
        raise NotUnderstood("The client is missing. Write an alias, such as Client A.")
    if len(tidy) > LONGEST_CELL:
        raise NotUnderstood(f"This is too long for clients: {LONGEST_CELL} characters at most.")
    if _EMAIL.search(tidy):
        raise NotUnderstood(f"This looks like an e-mail address. {_USE_ALIAS}")
    if _PHONE.fullmatch(tidy) or _PHONE_INSIDE.search(tidy):
        raise NotUnderstood(f"This looks like a telephone number. {_USE_ALIAS}")
    aliases: dict[str, str] = {}
    for part in _BETWEEN.split(tidy.strip(" ;/&")):
        alias = part.strip(" ;/&")
        if _PHONE.fullmatch(alias):
            raise NotUnderstood(f"This looks like a telephone number. {_USE_ALIAS}")
        if len(alias) > LONGEST_ALIAS:
            raise NotUnderstood(f"An alias has at most {LONGEST_ALIAS} characters. Shorten it.")
        if alias:
            aliases.setdefault(alias.casefold(), alias)
    if not aliases:
        raise NotUnderstood("The client is missing. Write an alias, such as Client A.")
    return tuple(aliases.values())
