"""A secret that cannot be shown by accident: it has no text of its own, in no log, error, repr or pickle."""

from __future__ import annotations

import json
import re
from typing import NoReturn
from urllib.parse import quote

SHORTEST = 8  # characters; what is shorter could be any word
_SECRET_KEYS = ("refresh_token", "client_secret", "private_key")
_ON_THE_WIRE = re.compile(r"\b(Bearer|Basic) +[\w.~+/=-]{8,}|\bya29\.[\w.-]+")  # what Google gives for a while
_given_out: set[str] = set()  # in this process only; what may come back in the words of others


class Secret:
    """Holds a token. Only `reveal()` gives it out, to what puts it on the wire."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself. For the client that sends it, and for nobody else."""
        _given_out.update(_forms(self._value))
        return self._value

    def __repr__(self) -> str:
        """Say that there is something, not what."""
        return "Secret(…)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        """Tell whether there is anything in it."""
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        """Two secrets are equal when their values are."""
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """Hash as the value does."""
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied to a file or another process."""
        raise TypeError("a secret is not pickled")


def without_secrets(text: str) -> str:
    """Return text without any secret that this process has given out: a vendor may say back what it was sent."""
    for value in sorted(_given_out, key=len, reverse=True):
        text = text.replace(value, "•••")
    return _ON_THE_WIRE.sub("•••", text)


def _forms(value: str) -> set[str]:
    """Return the texts that give a secret away: itself, or what is secret in a file of credentials, as URLs have it."""
    found = {value} if len(value) >= SHORTEST and any(c.isdigit() for c in value) else set()
    if value.lstrip().startswith("{"):
        try:
            data = json.loads(value)
        except (ValueError, RecursionError):
            data = {}
        inner = data.get("installed") if isinstance(data.get("installed"), dict) else {}
        values = [part.get(key) for part in (data, inner) for key in _SECRET_KEYS]
        found |= {text for text in values if isinstance(text, str) and len(text) >= SHORTEST}
    return found | {quote(text, safe="") for text in found} | {json.dumps(text)[1:-1] for text in found}
