"""What work with the outside world needs from whoever asked for it: a way to stop it, to hear of waits, and time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

POLL = 0.1  # seconds between looks at `cancelled` while waiting: a stop is heeded well within a second
ANNOUNCE = 1.0  # seconds: shorter waits are not worth a word


Outcome = Literal["done", "limited", "failed", "refused", "lost", "unreached"]


class Cancelled(Exception):
    """The person stopped it. What was begun stays in the journal and is looked up by the next run."""


class Time(Protocol):
    """Time that tests can make pass."""

    def now(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


@dataclass(frozen=True, slots=True)
class RealTime:
    """The machine's own time: one clock, however many objects stand for it."""

    def now(self) -> float:
        """Return the monotonic clock, in seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Met:
    """What became of one request to a vendor, after so many `seconds` on the desk's clock.

    limited: the vendor asked to wait. failed: its own trouble, or an answer that cannot be read. lost: it left and no
    answer came. unreached: it never left. `again`: an earlier try of the same call did not go well.
    """

    vendor: str
    outcome: Outcome
    seconds: float
    reads: bool
    again: bool


def _never() -> bool:
    return False


def _silent(why: str, seconds: float) -> None:
    """Tell nobody."""


def _uncounted(met: Met) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`cancelled` tells whether to stop; `waiting(why, seconds)` hears of every wait that a person would notice.

    `met` hears what became of every request, on the thread that sent it; it must be quick and never raise.
    """

    cancelled: Callable[[], bool] = _never
    waiting: Callable[[str, float], None] = _silent
    time: Time = field(default_factory=RealTime)
    met: Callable[[Met], None] = _uncounted

    def check(self) -> None:
        """Raise `Cancelled` once the person wants to stop."""
        if self.cancelled():
            raise Cancelled

    def wait(self, seconds: float, why: str) -> None:
        """Let time pass, heeding a stop within `POLL` seconds. Raises `Cancelled`."""
        if seconds >= ANNOUNCE:
            self.waiting(why, seconds)
        end = self.time.now() + seconds
        self.check()
        while (left := end - self.time.now()) > 0:
            self.time.sleep(min(left, POLL))
            self.check()
