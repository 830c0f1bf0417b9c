"""A secret that cannot be shown by accident: it has no text of its own, in no log, error, repr or pickle."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Holds a token. Only `reveal()` gives it out, to what puts it on the wire."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself. For the client that sends it, and for nobody else."""
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
