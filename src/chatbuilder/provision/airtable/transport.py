"""Airtable's API through pyairtable: one call, one request, and its answer whatever the status."""

from __future__ import annotations

import re

from chatbuilder.errors import CredentialsError
from chatbuilder.provision.outside.calls import Answer, Call
from chatbuilder.provision.outside.http import answer_of, lost
from chatbuilder.secret import Secret

URL = "https://api.airtable.com"
TIMEOUT: tuple[float, float] = (10.0, 60.0)  # seconds to connect; seconds between two parts of the answer
ANSWER_LIMIT = 32 * 1024 * 1024  # bytes: 100 records of ten long texts stay well below


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
                return answer_of(response, "Airtable", ANSWER_LIMIT, self._secret.reveal())
        except RequestException as error:
            # The SDK's error holds the request and with it the token: nothing of it goes on.
            gone = lost(error)
        raise gone

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()
