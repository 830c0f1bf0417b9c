"""Keeping to a vendor's limits before they are hit, for all work of this process that shares one."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from threading import Lock

from chatbuilder.provision.outside.desk import ANNOUNCE, Desk, Time
from chatbuilder.secret import Secret

WAY = 0.03  # of a window: by how much one call may be longer on its way to the vendor than another
STRAY, STRAYS = 0.25, 0.25  # of a window, and seconds: by how much a call may be held up and be reckoned with in full
SAMPLES = 20  # answers of a kind of call by which its usual time is known
BRIEF = 0.005  # seconds: for whoever woke just before the one ahead of it
OVERSLEPT = 0.02  # seconds by which a sleep may be too long without the beat of a gap being lost
WIDER, WIDEST = 1.1, 2.0  # times the gap: after each time that the vendor shut us out, and at the most
LOOK = 0.5  # seconds between looks at what changed meanwhile: answers came, the vendor asked for a pause


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` in any `seconds`, bursts allowed, and in a beat of `gap` seconds at the fastest.

    Nobody tells when a call reaches the vendor, only that it is between its sending and its answer. So a call counts
    until `seconds` after its answer, and at the longest until 3 % more than `seconds` after it was sent. One that takes
    longer than others of its kind may have been held up on its way there: it counts as much longer as it took, up to a
    quarter of a second. So no more than `calls` come into one of the vendor's windows as long as their ways there
    differ by less than that, and 97 % of the limit are used, however long answers take, while they take equally long.
    """

    calls: int
    seconds: float
    gap: float = 0.0


class Pacer:
    """Gives out turns within one limit, first come, first served."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._lock = Lock()
        self._line: deque[object] = deque()
        self._taken: dict[int, float] = {}  # turn number -> when it no longer counts
        self._usual: dict[str, deque[float]] = {}  # kind of call -> seconds that the last of them took
        self._count = 0
        self._next = -inf
        self._held = -inf
        self._wide = 1.0
        self._time: Time | None = None

    @contextmanager
    def turn(self, desk: Desk, why: str, kind: str = "") -> Iterator[None]:
        """Wait until a call may be sent, and count it from when it is sent. Raises `Cancelled`."""
        number = self._wait(desk, why)
        with self._lock:
            sent = desk.time.now()  # on a busy machine some time after the turn was given
            if number in self._taken:
                self._taken[number] = max(self._taken[number], sent + self._limit.seconds + max(self._way, self._stray))
        try:
            yield
        finally:
            with self._lock:
                took = desk.time.now() - sent
                if number in self._taken:
                    longest = sent + self._limit.seconds + max(self._way, min(took - self._least(kind), self._stray))
                    self._taken[number] = min(longest, sent + took + self._limit.seconds)
                self._usual.setdefault(kind, deque(maxlen=SAMPLES)).append(took)

    def hold(self, desk: Desk, seconds: float) -> None:
        """Let nobody send for some time: the vendor asked for it. The beat is slower from then on.

        Calls that differ in their ways by more than the gap allows for would be refused over and over again.
        """
        with self._lock:
            self._read_clock(desk)
            if desk.time.now() >= self._held:  # several that were on their way together count once
                self._wide = min(self._wide * WIDER, WIDEST)
            self._held = max(self._held, desk.time.now() + seconds)

    def _wait(self, desk: Desk, why: str) -> int:
        me, told = object(), -inf
        with self._lock:
            self._line.append(me)
        try:
            while True:
                desk.check()
                with self._lock:
                    now = self._read_clock(desk)
                    free = self._free_at(now, self._line.index(me))
                    if free <= now and self._line[0] is me:
                        return self._take(now)
                if free - max(now, told) >= ANNOUNCE:
                    desk.waiting(why, free - now)
                    told = free
                desk.wait(min(max(free - now, BRIEF), LOOK), why)
        finally:
            with self._lock:
                self._line.remove(me)

    def _take(self, now: float) -> int:
        self._count += 1
        self._taken[self._count] = now + self._limit.seconds + self._way
        self._next = (self._next if now - self._next < OVERSLEPT else now) + self._gap
        return self._count

    def _free_at(self, now: float, ahead: int) -> float:
        """Return when whoever has so many ahead in the line may send, as far as it can be told now."""
        self._taken = {number: until for number, until in self._taken.items() if until > now}
        ends = sorted(self._taken.values())
        lacking = len(ends) + ahead + 1 - self._limit.calls  # turns that have to end first
        window = ends[min(lacking, len(ends)) - 1] if lacking > 0 and ends else -inf
        return max(window, self._held, self._next + ahead * self._gap)

    def _least(self, kind: str) -> float:
        """Return the seconds that calls of a kind take at least; unknown before the first."""
        return min(self._usual.get(kind, ()), default=inf)

    @property
    def _way(self) -> float:
        return self._limit.seconds * WAY

    @property
    def _stray(self) -> float:
        return min(self._limit.seconds * STRAY, STRAYS)

    @property
    def _gap(self) -> float:
        return self._limit.gap * self._wide

    def _read_clock(self, desk: Desk) -> float:
        """Return the time; moments of another clock mean nothing on this one."""
        if self._time != desk.time:
            self._time, self._taken, self._usual, self._next, self._held = desk.time, {}, {}, -inf, -inf
        return desk.time.now()


_shared: dict[tuple[str, str], Pacer] = {}
_guard = Lock()


def shared_pacer(scope: str, secret: Secret, limit: Limit) -> Pacer:
    """Return the pacer of all work in this process for one scope (vendor, base) and one token."""
    key = (scope, hashlib.sha256(secret.reveal().encode()).hexdigest())
    with _guard:
        return _shared.setdefault(key, Pacer(limit))
