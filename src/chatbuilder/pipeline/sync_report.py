"""What a sync tells: how far it is, why it waits, and at the end what it did."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from chatbuilder.errors import InterruptedByUser


@dataclass(frozen=True, slots=True)
class SyncProblem:
    """A chat whose row was left alone, and why."""

    key: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a sync is: chats looked at, of how many, and the rows created and updated so far."""

    done: int
    total: int
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class SyncWaiting:
    """Why a sync waits, and for how many seconds: a vendor's limit, no network."""

    why: str
    seconds: float


@dataclass(slots=True)
class SyncReport:
    """What a sync did, or with `dry_run` would do.

    Every chat of the library counts once: created + updated + unchanged + skipped + failed. Skipped are those whose
    row the person deleted. `requests` counts what was sent or written, or with `dry_run` would be, `bytes` what that
    holds; `kept` counts values that differ because the person changed them. `unlisted` are assistants that are not
    among the choices.
    """

    dry_run: bool = False
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    requests: int = 0
    seconds: float = 0.0
    bytes: int = 0
    kept: int = 0
    transcripts: int = 0
    unlisted: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[SyncProblem] = field(default_factory=list)

    @property
    def chats(self) -> int:
        """How many chats were looked at."""
        return self.created + self.updated + self.unchanged + self.skipped + self.failed

    def data(self) -> dict[str, Any]:
        """Return the report as `sync --json` prints it (DESIGN section 6)."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def stopped() -> InterruptedByUser:
    """Return the error of a sync that somebody stopped."""
    return InterruptedByUser(
        "The sync was stopped.", title="Stopped", kept="every row written so far.",
        hint="sync again to go on; nothing comes twice.",
    )  # fmt: skip
