"""API usage: every call of this process is counted in memory, and on file a few seconds later."""

from __future__ import annotations

import atexit
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from chatbuilder.clock import Clock, utc_now
from chatbuilder.library import usage as ledger
from chatbuilder.library.usage import Usage
from chatbuilder.paths import locate
from chatbuilder.provision.outside.desk import Met

__all__ = ["RECENT", "Meter", "PlatformUsage", "Usage", "meter", "usage"]

EVERY = 5.0  # seconds between two writings: what a killed process loses at most
RECENT = 30  # days in a report
_PLATFORMS = {"Google": "sheets"}  # the others' vendors are called like the platform


@dataclass(frozen=True, slots=True)
class PlatformUsage:
    """The calls to one platform in the last `RECENT` days."""

    platform: str
    first: str
    last: str
    usage: Usage

    def data(self) -> dict[str, Any]:
        """Return it as `stats --json` reports it; times in seconds."""
        return {"platform": self.platform, "first": self.first, "last": self.last, **self.usage.data()}


class Meter:
    """Counts the calls of this process for one home, on any thread."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self._path, self._clock = path, clock
        self._lock = Lock()
        self._new: ledger.Days = {}
        self._sent: Counter[str] = Counter()
        self._written = time.monotonic()

    def note(self, met: Met) -> None:
        """Count one call, and write every few seconds."""
        platform = _PLATFORMS.get(met.vendor, met.vendor.lower()[:40])
        day = self._clock().date().isoformat()
        with self._lock:
            usage = self._new.setdefault(day, {}).setdefault(platform, Usage())
            usage.add(met.outcome, met.seconds, reads=met.reads, again=met.again)
            self._sent[platform] += met.outcome != "unreached"
            if time.monotonic() - self._written < EVERY:
                return
            self._written = time.monotonic()
        self.write()

    def sent(self, platform: str) -> int:
        """Return how many calls this process has sent to a platform."""
        with self._lock:
            return self._sent[platform]

    def write(self) -> None:
        """Put on file what is not there yet; what cannot be written now is kept for the next time."""
        with self._lock:
            new, self._new = self._new, {}
        if new and not ledger.add(self._path, new):
            with self._lock:
                for day, platforms in new.items():
                    for name, usage in platforms.items():
                        self._new.setdefault(day, {}).setdefault(name, Usage()).merge(usage)


_meters: dict[Path, Meter] = {}
_guard = Lock()


def meter() -> Meter:
    """Return what counts for the home that is in use."""
    path = locate().usage
    with _guard:
        return _meters.setdefault(path, Meter(path))


@atexit.register
def _write_all() -> None:
    for each in _meters.values():
        each.write()


def usage(clock: Clock = utc_now) -> list[PlatformUsage]:
    """Return the calls of the last `RECENT` days by platform, all processes together."""
    meter().write()
    since = (clock().date() - timedelta(days=RECENT - 1)).isoformat()
    found: dict[str, PlatformUsage] = {}
    for day, platforms in sorted(ledger.read(locate().usage).items()):
        if day < since:
            continue
        for name, one in sorted(platforms.items()):
            before = found.get(name) or PlatformUsage(name, day, day, Usage())
            before.usage.merge(one)
            found[name] = PlatformUsage(name, before.first, day, before.usage)
    return [found[name] for name in sorted(found)]
