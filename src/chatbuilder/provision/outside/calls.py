"""A request to a vendor's API, its answer, and the ways in which there is none. SDKs hide behind `Transport`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """One request below the API's base URL. `path` is complete and URL-quoted; `body` is JSON data or None.

    `safe`: sending it twice is the same as sending it once (a read, a PATCH that says the same, an upsert).
    `asks`: it only reads, though it is no GET.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    safe: bool = False
    asks: bool = False

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.asks or self.method == "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor said. Header names are in lower case; `data` is the parsed JSON, None when it is none.

    `text` is the beginning of a body that is no JSON (an HTML error page), at most 2,000 characters.
    """

    status: int
    headers: Mapping[str, str]
    data: Any = None
    text: str = ""


class NotSent(Exception):
    """The request never left: no name, no route, connection refused, TLS failed. Sending it again is safe."""


class NoAnswer(Exception):
    """The request left and its answer never came (dropped, timed out): the vendor may have done it, or may yet.

    `late`: the time limit passed on an open connection, so the vendor may still be at it.
    """

    def __init__(self, why: str, *, late: bool = False) -> None:
        super().__init__(why)
        self.late = late


class Transport(Protocol):
    """Sends one call with the vendor's own client library. Its methods may be called from several threads at once."""

    def send(self, call: Call) -> Answer:
        """Return the answer, whatever its status. Raises `NotSent` or `NoAnswer`. No retries, no waiting in here."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
