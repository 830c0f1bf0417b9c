"""What an answer or an error of the `requests` library means: the one reading of both for all vendors that use it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chatbuilder.provision.outside.calls import Answer, NoAnswer, NotSent

if TYPE_CHECKING:
    from requests import Response

TEXT_SHOWN = 2000  # characters of a body that is no JSON
_NEVER_LEFT = {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}  # of urllib3
_NO_WAY = {
    "ConnectTimeout": "the connection took too long",
    "SSLError": "the secure connection (TLS) failed",
    "ProxyError": "the proxy could not be reached",
}


def answer_of(response: Response, vendor: str, limit: int, secret: str = "") -> Answer:
    """Return the answer of a streamed response. Raises `NoAnswer` for one of more than `limit` bytes.

    `secret` is hidden wherever the vendor repeats it.
    """
    parts, size = [], 0
    for part in response.iter_content(65536):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise NoAnswer(f"the answer was longer than any answer of {vendor}")
    text = b"".join(parts).decode("utf-8", "replace")
    text = text.replace(secret, "…") if secret else text
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        return Answer(response.status_code, headers, json.loads(text))
    except ValueError:
        return Answer(response.status_code, headers, None, text[:TEXT_SHOWN])


def lost(error: Exception) -> NotSent | NoAnswer:
    """Return what an error of the library means: whether the request left this machine."""
    from requests import exceptions

    if isinstance(error, (exceptions.ConnectTimeout, exceptions.SSLError, exceptions.ProxyError)):
        kinds = (kind.__name__ for kind in type(error).__mro__)
        return NotSent(next(_NO_WAY[kind] for kind in kinds if kind in _NO_WAY))
    inner: Any = error.args[0] if error.args else None
    inner = getattr(inner, "reason", inner)
    if {kind.__name__ for kind in type(inner).__mro__} & _NEVER_LEFT:  # no route, refused, or no such name
        return NotSent("no connection")
    late = isinstance(error, exceptions.Timeout) or "Timeout" in type(inner).__name__
    return NoAnswer("the answer took too long" if late else "the connection broke", late=late)
