"""What vendors' APIs were asked and how they answered: counts for each platform and day, never what was said.

A file of its own beside the library: it is there before any library is, and losing it costs figures only.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor, log
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chatbuilder.atomic import write_private
from chatbuilder.paths import private_folder

OUTCOMES = ("done", "limited", "failed", "refused", "lost", "unreached")
DAYS, PLATFORMS = 90, 40  # days that are kept, and platforms of one day
SIZE_LIMIT = 5_000_000  # bytes; with all platforms of today a full file is about 130 kB
BUSY = 1.0  # seconds to wait for another process that is writing
STEP = 1.1  # each bucket of response times reaches to 1.1 times the one before it: a figure is exact to 5 %
SHORTEST, LONGEST = 0.001, 1000.0  # seconds


@dataclass(slots=True)
class Usage:
    """The calls of one platform in some time.

    `outcomes` counts what became of each, by the words of `OUTCOMES`: done; limited (the vendor asked to wait); failed
    (its own trouble, such as a 503); refused; lost (the answer never came); unreached (no connection, so it is no
    call). `retries` are calls sent again after one that did not go well. `times` counts answers by the bucket of the
    seconds that they took.
    """

    reads: int = 0
    retries: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    times: Counter[int] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        """How many requests left this machine."""
        return self.outcomes.total() - self.outcomes["unreached"]

    @property
    def errors(self) -> int:
        """How many of the calls did not go well."""
        return self.calls - self.outcomes["done"]

    def add(self, outcome: str, seconds: float, *, reads: bool, again: bool) -> None:
        """Count one call."""
        self.outcomes[outcome] += 1
        if outcome == "unreached":
            return
        self.reads += reads
        self.retries += again
        if outcome != "lost":
            self.times[bucket(seconds)] += 1

    def merge(self, other: Usage) -> None:
        """Count the calls of another time as well."""
        self.reads += other.reads
        self.retries += other.retries
        self.outcomes.update(other.outcomes)
        self.times.update(other.times)

    def within(self, share: float) -> float | None:
        """Return the seconds within which this share of the answers came; None without any."""
        wanted, seen = share * self.times.total(), 0
        for number, count in sorted(self.times.items()):
            seen += count
            if seen >= wanted:
                return round(float(SHORTEST * STEP ** (number + 0.5)), 6)
        return None

    def data(self) -> dict[str, Any]:
        """Return it as `stats --json` reports it."""
        return {
            "calls": self.calls, "reads": self.reads, "writes": self.calls - self.reads, "retries": self.retries,
            "errors": self.errors, **{name: self.outcomes[name] for name in OUTCOMES if name != "done"},
            "median": self.within(0.5), "p95": self.within(0.95),
        }  # fmt: skip


Days = dict[str, dict[str, Usage]]
"""Usage by day (UTC, as 2026-11-23) and platform."""


def bucket(seconds: float) -> int:
    """Return the number of the bucket that a response time belongs to."""
    return floor(log(min(max(seconds, SHORTEST), LONGEST) / SHORTEST) / log(STEP))


def read(path: Path) -> Days:
    """Return what is on file; nothing for a file that is missing, damaged or too large to be ours."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
        found = json.loads(data) if len(data) <= SIZE_LIMIT else {}
        return {day: {name: _usage(one) for name, one in platforms.items()} for day, platforms in found["days"].items()}
    except (OSError, ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return {}


def add(path: Path, new: Days) -> bool:
    """Add to what is on file, next to other processes that do so; False when it cannot be written now."""
    with contextlib.suppress(OSError, Timeout):
        private_folder(path.parent)
        with FileLock(path.with_suffix(".lock"), timeout=BUSY, mode=0o600):
            write_private(path, json.dumps({"version": 1, "days": _data(_together(read(path), new))}).encode())
            return True
    return False


def _together(old: Days, new: Days) -> Days:
    for day, platforms in new.items():
        mine = old.setdefault(day, {})
        for name, usage in platforms.items():
            if name in mine or len(mine) < PLATFORMS:
                mine.setdefault(name, Usage()).merge(usage)
    return {day: old[day] for day in sorted(old)[-DAYS:]}


def _data(days: Days) -> dict[str, Any]:
    return {
        day: {
            name: {"reads": one.reads, "retries": one.retries, "outcomes": one.outcomes, "times": one.times}
            for name, one in platforms.items()
        }
        for day, platforms in days.items()
    }


def _usage(data: Mapping[str, Any]) -> Usage:
    outcomes = Counter({name: int(data["outcomes"].get(name, 0)) for name in OUTCOMES})
    times = Counter({int(number): int(count) for number, count in data["times"].items()})
    return Usage(int(data["reads"]), int(data["retries"]), +outcomes, +times)
