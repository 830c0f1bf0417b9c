"""What keeps rows on a platform: finds them by their key, adds some, changes some. It only delivers payloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row to find: its Source ID, and where it stood when it was last seen ("" when that is not known)."""

    key: str
    remote: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A row that stands there: where, and what is in it, as its dialect reads it."""

    remote: str
    state: Any


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row to write: a new one (`found` is None) that goes to `remote`, or a change of the one found."""

    key: str
    remote: str
    data: Mapping[str, Any]
    found: Found | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a delivery: where the row is, or why it was not written."""

    remote: str
    problem: str = ""


class RowStore(Protocol):
    """The rows of one system. Methods raise `InputError` and `RefusedError` when the target as a whole cannot be used.

    Each row is there whole or not at all, whenever the process ends. `settle` returns once everything written before
    would survive a loss of power. `requests` counts what was written or asked for, as the platform counts it.
    """

    requests: int

    def check(self) -> tuple[str, ...]:
        """See that rows can be kept there, without changing anything; return what else to know."""
        ...

    def find(self, wanted: Sequence[Wanted]) -> list[Found | str | None]:
        """Return each row, None when there is none, or a text that says why one cannot be read."""
        ...

    def reserve(self, data: Mapping[str, Any]) -> str:
        """Return where a new row will stand, "" where the platform decides that."""
        ...

    def write(self, deliveries: Sequence[Delivery]) -> list[Written]:
        """Write rows. A row that was changed since it was found is left alone and told as a problem."""
        ...

    def related(self, data: Mapping[str, Any], remote: str, *, make: bool) -> str | None:
        """Return where a row of another table stands: the one at `remote`, else by its title, else a new one.

        None when it is gone from `remote`, or not there and not to be made.
        """
        ...

    def settle(self) -> None:
        """Wait until what was written is on the disk."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
