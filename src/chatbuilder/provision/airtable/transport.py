"""Airtable's API through pyairtable: one call, one request, and its answer whatever the status."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from chatbuilder.errors import CredentialsError
from chatbuilder.provision.outside.calls import Answer, Call, NoAnswer, NotSent
from chatbuilder.secret import Secret

if TYPE_CHECKING:
    from requests import Response

URL = "https://api.airtable.com"
TIMEOUT: tuple[float, float] = (10.0, 60.0)  # seconds to connect; seconds between two parts of the answer
ANSWER_LIMIT = 32 * 1024 * 1024  # bytes: 100 records of ten long texts stay well below
TEXT_SHOWN = 2000  # characters of a body that is no JSON


class AirtableTransport:
    """Sends calls with pyairtable's own session. Its retries are off: they send creates again on a lost answer."""

    def __init__(self, secret: Secret, url: str = "") -> None:
        from pyairtable import Api

        token = secret.reveal()
        # An HTTP library names the whole header in its error when a token holds what no header may hold.
        if not re.fullmatch(r"[!-~]{1,1000}", token):
            raise CredentialsError(
                "What is stored as the Airtable token is no token: it is empty, or has spaces or special characters.",
                title="Not a token", kept="everything as it was.",
                hint="copy the token again (pat….…) and run `chatbuilder token set airtable`.",
            )  # fmt: skip
        self._base = (url or URL).rstrip("/")
        self._secret = secret
        self._session = Api(token, endpoint_url=self._base, retry_strategy=None).session
        # An entry for this host in ~/.netrc would take the place of the token.
        self._session.auth = lambda request: request

    def send(self, call: Call) -> Answer:
        """Return the answer, whatever its status. Raises `NotSent` or `NoAnswer`."""
        from requests.exceptions import RequestException

        try:
            with self._session.request(
                call.method, self._base + call.path, params=dict(call.query), json=call.body, timeout=TIMEOUT,
                allow_redirects=False, stream=True,
            ) as response:  # fmt: skip
                return self._answer(response)
        except RequestException as error:
            # The SDK's error holds the request and with it the token: nothing of it goes on.
            lost = _lost(error)
        raise lost

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()

    def _answer(self, response: Response) -> Answer:
        parts, size = [], 0
        for part in response.iter_content(65536):
            parts.append(part)
            size += len(part)
            if size > ANSWER_LIMIT:
                raise NoAnswer("the answer was longer than any answer of Airtable")
        text = b"".join(parts).decode("utf-8", "replace").replace(self._secret.reveal(), "…")
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            return Answer(response.status_code, headers, json.loads(text))
        except ValueError:
            return Answer(response.status_code, headers, None, text[:TEXT_SHOWN])


def _lost(error: Exception) -> NotSent | NoAnswer:
    """Return what an error of the HTTP library means: whether the request left this machine."""
    from requests import exceptions
    from urllib3.exceptions import NewConnectionError, ReadTimeoutError

    if isinstance(error, exceptions.ConnectTimeout):
        return NotSent("the connection took too long")
    if isinstance(error, exceptions.SSLError):
        return NotSent("the secure connection (TLS) failed")
    if isinstance(error, exceptions.ProxyError):
        return NotSent("the proxy could not be reached")
    inner: Any = error.args[0] if error.args else None
    inner = getattr(inner, "reason", inner)
    if isinstance(inner, NewConnectionError):  # no route, refused, or no such name
        return NotSent("no connection")
    late = isinstance(error, exceptions.Timeout) or isinstance(inner, ReadTimeoutError)
    return NoAnswer("the answer took too long" if late else "the connection broke", late=late)
