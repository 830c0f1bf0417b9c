"""What work with the outside world needs from whoever asked for it: a way to stop it, to hear of waits, and time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

POLL = 0.1  # seconds between looks at `cancelled` while waiting: a stop is heeded well within a second
ANNOUNCE = 1.0  # seconds: shorter waits are not worth a word


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


def _never() -> bool:
    return False


def _silent(why: str, seconds: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`cancelled` tells whether to stop; `waiting(why, seconds)` hears of every wait that a person would notice."""

    cancelled: Callable[[], bool] = _never
    waiting: Callable[[str, float], None] = _silent
    time: Time = field(default_factory=RealTime)

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
