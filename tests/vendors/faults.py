"""What goes wrong between us and a vendor, call by call: shared by the three fakes.

Kinds, by what happens to one request:
* drop-before: the connection breaks, nothing was done; drop-after: it was done, the answer is lost;
* 503-before, 503-after: the vendor says 503; with -after it was done all the same;
* 409, 429, 500: the vendor's own bodies, nothing was done; html-502: a gateway's page, nothing was done;
* slow: done and answered, after longer than the client waits (the fake's `patience`, in seconds).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Literal, get_args

Kind = Literal["drop-before", "drop-after", "503-before", "503-after", "409", "429", "500", "html-502", "slow"]
KINDS: tuple[Kind, ...] = get_args(Kind)
COMMITTED: frozenset[Kind] = frozenset({"drop-after", "503-after", "slow"})
HTML_502 = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """What to do to one request. `status` is 0 for a connection that breaks, 200 for a slow answer."""

    kind: Kind

    @property
    def committed(self) -> bool:
        """Whether the request is carried out all the same."""
        return self.kind in COMMITTED

    @property
    def drops(self) -> bool:
        """Whether the connection breaks without an answer."""
        return self.kind.startswith("drop")

    @property
    def slow(self) -> bool:
        """Whether the answer comes too late."""
        return self.kind == "slow"

    @property
    def html(self) -> bool:
        """Whether the answer is a page of HTML, not the vendor's JSON."""
        return self.kind == "html-502"

    @property
    def status(self) -> int:
        """The HTTP status that is answered."""
        if self.drops:
            return 0
        return 200 if self.slow else int(self.kind.removeprefix("html-").partition("-")[0])


class Faults:
    """Counts the calls of a fake and says what goes wrong at which: `plan` is kind by call index, from 0.

    A fake asks `next(...)` once for every request, before it does anything; `requests` remembers what was asked, as
    text. `every` makes each call go wrong (a storm); `clear` mends everything and counts on.
    """

    def __init__(self, plan: Mapping[int, Kind] | None = None, *, every: Kind | None = None) -> None:
        self.plan: dict[int, Kind] = dict(plan or {})
        self.every = every
        self.requests: list[str] = []
        self.met: list[tuple[int, Kind]] = []
        self._lock = Lock()
        assert set(self.plan.values()) <= set(KINDS)

    @property
    def count(self) -> int:
        """How many calls there were."""
        return len(self.requests)

    def next(self, request: str = "") -> Fault | None:
        """Count a request ("POST /v1/pages") and return what goes wrong with it."""
        with self._lock:
            index = len(self.requests)
            self.requests.append(request)
            kind = self.plan.get(index, self.every)
            if kind is None:
                return None
            self.met.append((index, kind))
            return Fault(kind)

    def clear(self) -> None:
        """Let everything go well from here on."""
        with self._lock:
            self.plan.clear()
            self.every = None

    def storm(self, first: int, calls: int, kind: Kind = "429") -> None:
        """Let a row of calls go wrong."""
        self.plan.update(dict.fromkeys(range(first, first + calls), kind))


def single_faults(calls: int, kinds: Iterable[Kind] = KINDS) -> list[tuple[int, Kind]]:
    """Every kind of fault at every call index: what the tests count through."""
    return [(index, kind) for kind in kinds for index in range(calls)]
