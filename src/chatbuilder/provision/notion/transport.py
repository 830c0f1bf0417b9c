"""Notion's own client library as a transport: every answer comes back as it is, and nothing is retried in here."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from chatbuilder.errors import CredentialsError
from chatbuilder.provision.outside.calls import Answer, Call, NoAnswer, NotSent
from chatbuilder.secret import Secret

if TYPE_CHECKING:
    import httpx

VERSION = "2026-03-11"
BASE = "https://api.notion.com"
CONNECT, READ = 10.0, 60.0  # seconds
TEXT_LIMIT = 2000
_TOKEN = re.compile(r"[\x21-\x7e]{1,500}")


class NotionTransport:
    """Sends calls with `notion_client.Client`. `http` replaces its connection pool (tests hand in one of their own)."""

    def __init__(self, secret: Secret, url: str = "", *, http: httpx.Client | None = None, read: float = READ) -> None:
        """Prepare a client; nothing is sent. Raises `CredentialsError` for what cannot be a token."""
        if not _TOKEN.fullmatch(secret.reveal()):
            raise CredentialsError(
                "The Notion token is empty or has characters that no token has (a space, a line end, an accent).",
                title="Not a Notion token", kept="nothing was sent.",
                hint="copy it again, whole: `chatbuilder token set notion`.",
            )  # fmt: skip
        import httpx

        logger = logging.getLogger("chatbuilder.notion")
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        options: dict[str, Any] = {"auth": secret.reveal(), "base_url": (url or BASE).rstrip("/"), "logger": logger}
        self._client = _client_class()(options | {"notion_version": VERSION, "retry": False}, http or httpx.Client())
        self._client.client.timeout = httpx.Timeout(read, connect=CONNECT)

    def send(self, call: Call) -> Answer:
        """Return the answer, whatever its status. Raises `NotSent` or `NoAnswer`."""
        import httpx
        from notion_client.errors import RequestTimeoutError

        path = call.path.removeprefix("/v1/")
        try:
            answer: Answer = self._client.request(path, call.method, query=dict(call.query) or None, body=call.body)
        except RequestTimeoutError as error:
            if isinstance(error.__context__, (httpx.ConnectTimeout, httpx.PoolTimeout)):
                raise NotSent("no connection in time") from None
            raise NoAnswer("Notion did not answer in time", late=True) from None
        except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            raise NotSent(f"{type(error).__name__}: {str(error)[:200]}") from None
        except httpx.HTTPError as error:
            # Its text may quote a header, so only its kind is told.
            raise NoAnswer(f"the connection broke ({type(error).__name__})") from None
        return answer

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def _client_class() -> Any:
    """Return the client that hands out answers instead of raising on errors: their headers and bodies matter here."""
    import notion_client

    class Client(notion_client.Client):
        def _parse_response(self, response: httpx.Response) -> Answer:
            return _answer(response)

    return Client


def _answer(response: httpx.Response) -> Answer:
    headers = {key.lower(): value for key, value in response.headers.items()}
    try:
        return Answer(response.status_code, headers, response.json())
    except ValueError:
        return Answer(response.status_code, headers, None, response.text[:TEXT_LIMIT])
