"""Time that passes when somebody waits for it: no test of a wait, a retry or a limit takes any real time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from threading import Condition, Lock, Thread
from typing import Any


class FakeTime:
    """A clock that stands still until somebody sleeps. Sleeps of several threads add up: `Stage` is exact for those.

    `slept` are the lengths of all sleeps, in the order in which they began.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._lock = Lock()
        self.slept: list[float] = []

    def now(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0, "nobody sleeps backwards"
        with self._lock:
            self.slept.append(seconds)
            self._now += seconds

    def pass_(self, seconds: float) -> None:
        """Let time go by without anybody waiting for it (a slow answer)."""
        with self._lock:
            self._now += seconds


class Stage:
    """Threads on one clock that moves only while all of them sleep, so that what they do at once is exact.

    `run` plays any number of functions side by side to their end and raises the first thing that went wrong in one.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._awake = 0
        self._changed = Condition()
        self._sleepers: list[tuple[float, int]] = []
        self._numbers = count()
        self._woken: set[int] = set()

    def now(self) -> float:
        with self._changed:
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._changed:
            number = next(self._numbers)
            heapq.heappush(self._sleepers, (self._now + seconds, number))
            self._awake -= 1
            self._wake_next()
            while number not in self._woken:
                self._changed.wait()
            self._woken.discard(number)

    def run(self, *parts: Callable[[], Any]) -> None:
        """Play all parts from now on; returns when all of them are over."""
        wrong: list[BaseException] = []

        def play(part: Callable[[], Any]) -> None:
            try:
                part()
            except BaseException as error:  # noqa: BLE001  (raised again below)
                wrong.append(error)
            finally:
                with self._changed:
                    self._awake -= 1
                    self._wake_next()

        with self._changed:
            self._awake = len(parts)
        threads = [Thread(target=play, args=(part,), daemon=True) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
            assert not thread.is_alive(), "a part never ends"
        if wrong:
            raise wrong[0]

    def _wake_next(self) -> None:
        """Move on to the next moment at which somebody wakes, once nobody is awake any more; one wakes at a time."""
        if self._awake == 0 and self._sleepers:
            when, number = heapq.heappop(self._sleepers)
            self._now = max(self._now, when)
            self._woken.add(number)
            self._awake = 1
            self._changed.notify_all()
