"""Google's APIs through gspread's HTTP client and google-auth: one call, one request, and its answer as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatbuilder.provision.outside.calls import Answer, Call, NotSent
from chatbuilder.provision.outside.http import answer_of, lost
from chatbuilder.provision.sheets.grants import Grant, refused

if TYPE_CHECKING:
    from requests import Response

SHEETS_URL = "https://sheets.googleapis.com"
DRIVE_URL = "https://www.googleapis.com"
TIMEOUT: tuple[float, float] = (10.0, 180.0)  # seconds; Google itself gives up a batch after 180
ANSWER_LIMIT = 64 * 1024 * 1024  # bytes: a spreadsheet of the largest library that is read back stays below


class GoogleTransport:
    """Sends calls with the session of a gspread client. gspread's own back-off is not used: it never gives up."""

    def __init__(self, grant: Grant, url: str = "") -> None:
        from google.auth.transport.requests import AuthorizedSession, Request
        from gspread import HTTPClient
        from requests import Session

        self._grant = grant
        self._url = url.rstrip("/")
        self._plain = Session()
        # google-auth signs in again after a 401, which says that nothing was done. A proxy or netrc entry of this
        # machine must not take the place of the token.
        maker: Any = AuthorizedSession  # google-auth has no types
        session = maker(grant.credentials, auth_request=Request(session=self._plain))
        for each in (session, self._plain):
            each.auth = lambda request: request
        self._plain.hooks["response"].append(_is_an_answer)
        self._client = HTTPClient(grant.credentials, session=session)
        self._client.set_timeout(TIMEOUT)

    def sign_in(self) -> None:
        """Get an access token now: it proves that the grant is alive. Raises as `send` does."""
        from google.auth.transport.requests import Request

        credentials: Any = self._grant.credentials
        self._guarded(lambda: credentials.refresh(Request(session=self._plain)))

    def send(self, call: Call) -> Answer:
        """Return the answer, whatever its status. Raises `NotSent`, `NoAnswer`, `CredentialsError`."""
        found: Answer = self._guarded(lambda: self._sent(call))
        return found

    def close(self) -> None:
        """Let go of connections."""
        self._client.session.close()
        self._plain.close()

    def _sent(self, call: Call) -> Answer:
        base = self._url or (DRIVE_URL if call.path.startswith("/drive/") else SHEETS_URL)
        # The client's `request` raises for what the judge is to see, so its session is used as it does.
        response = self._client.session.request(
            method=call.method, url=base + call.path, params=dict(call.query), json=call.body,
            timeout=self._client.timeout, allow_redirects=False, stream=True,
        )  # fmt: skip
        with response:
            return answer_of(response, "Google", ANSWER_LIMIT)

    def _guarded(self, work: Any) -> Any:
        from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
        from requests.exceptions import RequestException

        gone: Exception
        try:
            return work()
        except RefreshError as error:
            away = getattr(error, "retryable", False)
            gone = NotSent("Google's sign-in service is not available") if away else refused(self._grant, error)
        except TransportError:
            gone = NotSent("Google's sign-in service could not be reached")
        except GoogleAuthError as error:
            gone = refused(self._grant, error)
        except RequestException as error:
            gone = lost(error)
        # The library's error holds the request and with it the token: nothing of it goes on.
        raise gone


def _is_an_answer(response: Response, *_: Any, **__: Any) -> None:
    """Refuse what a portal says in the place of Google's sign-in: google-auth takes any 200 for a token."""
    from requests.exceptions import RequestException

    try:
        own = isinstance(response.json(), dict)
    except ValueError:
        own = False
    if response.ok and not own:
        raise RequestException("not an answer of Google's sign-in")
