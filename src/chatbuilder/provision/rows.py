"""What keeps rows on a platform: finds them by their key, adds some, changes some. It only delivers payloads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Related:
    """A row of another table that rows point to: what it would be made from, and where it stood ("" unknown).

    With `make` it is made when it is not there.
    """

    data: Mapping[str, Any]
    remote: str = ""
    make: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a sync would write: rows, rows of other tables, bytes, and the sum of the payloads' costs, in requests."""

    created: int = 0
    updated: int = 0
    related: int = 0
    bytes: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What that takes: requests, and what a person should know first, the time and the vendor's limits above all."""

    requests: int
    notes: tuple[str, ...] = ()


class RowStore(Protocol):
    """The rows of one system. Methods raise `InputError` and `RefusedError` when the target as a whole cannot be used.

    Each row is there whole or not at all, whenever the process ends. `settle` returns once everything written before
    would survive a loss of power. `requests` counts what was written or asked for, as the platform counts it.
    """

    requests: int

    @property
    def noticed(self) -> tuple[str, ...]:
        """What a person should know of the target, as far as rows were looked for: looking may be what costs calls."""
        ...

    def check(self) -> tuple[str, ...]:
        """See that rows can be kept there, without changing anything; return what else to know."""
        ...

    def find(self, wanted: Sequence[Wanted]) -> list[Found | str | None]:
        """Return each row, None when there is none, or a text that says why one cannot be read."""
        ...

    def reserve(self, data: Mapping[str, Any]) -> str:
        """Return where a new row will stand, "" where the platform decides that."""
        ...

    def write(self, deliveries: Sequence[Delivery]) -> Iterable[Written]:
        """Write rows and tell what became of each, in their order: as they are done, where writing takes its time.

        A row that was changed since it was found is left alone and told as a problem. Whoever asks takes all answers,
        or no more: what was not told is looked up by the next sync.
        """
        ...

    def related(self, items: Sequence[Related]) -> list[str | None]:
        """Return where rows of other tables stand: at `remote`, else by title, else new where they are to be made.

        None for one that is gone from `remote`, or not there and not to be made.
        """
        ...

    def forecast(self, outlook: Outlook) -> Forecast:
        """Return what writing so much would take."""
        ...

    def settle(self) -> None:
        """Wait until what was written is on the disk."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
