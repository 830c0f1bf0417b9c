"""Signing in with Google: the person agrees in their browser, which then comes back to a port of this machine.

Source: developers.google.com/identity/protocols/oauth2/native-app (loopback address, PKCE with S256, state). The right
that is asked for is drive.file alone: it covers the files that chatbuilder makes, and no others.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from chatbuilder.errors import CredentialsError
from chatbuilder.provision.outside.desk import POLL, Desk
from chatbuilder.provision.outside.site import Site
from chatbuilder.provision.sheets.grants import DRIVE_FILE, URL
from chatbuilder.provision.sheets.judge import words
from chatbuilder.secret import Secret

AUTHORISE = "https://accounts.google.com/o/oauth2/v2/auth"
PATIENCE = 300.0  # seconds that the person has to agree
TIMEOUT = (10.0, 60.0)  # seconds to connect; seconds for Google's answer
ANSWER_LIMIT = 100_000  # bytes
KEPT = "the tokens that are stored; none was changed."
AGAIN = "run `chatbuilder token set sheets --file FILE` again."
_DONE = "<!doctype html><meta charset=utf-8><title>chatbuilder</title><p>{} You can close this window.</p>"


def authorise(client: Secret, site: Site, open_browser: Callable[[str], object]) -> Secret:
    """Return the JSON text of an authorised user, once the person has agreed.

    `client` is the JSON file of an OAuth client for desktop apps. Waits at most 300 seconds; `site.desk` may stop it
    (`Cancelled`). Raises `CredentialsError` when the client is none, the person says no, or Google does.
    """
    identity, password = _client(client)
    verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(32)
    with _listening(state) as server:
        back = f"http://127.0.0.1:{server.server_address[1]}"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": identity, "redirect_uri": back, "response_type": "code", "scope": DRIVE_FILE, "state": state,
            "code_challenge": challenge, "code_challenge_method": "S256", "access_type": "offline",
            "prompt": "consent",
        }  # fmt: skip
        address = f"{site.url}/o/oauth2/v2/auth" if site.url else AUTHORISE
        end = site.desk.time.now() + PATIENCE
        open_browser(f"{address}?{urlencode(query)}")
        answer = _wait(server, site.desk, end)
    form = {
        "grant_type": "authorization_code", "code": answer["code"], "redirect_uri": back, "client_id": identity,
        "client_secret": password, "code_verifier": verifier,
    }  # fmt: skip
    granted = _exchange(f"{site.url or URL}/token", form)
    return Secret(
        json.dumps(
            {
                "type": "authorized_user", "client_id": identity, "client_secret": password,
                "refresh_token": granted["refresh_token"], "scopes": [DRIVE_FILE],
            }
        )
    )  # fmt: skip


def _client(client: Secret) -> tuple[str, str]:
    try:
        data = json.loads(client.reveal())
    except ValueError:
        data = None
    found = data.get("installed") if isinstance(data, dict) else None
    if isinstance(found, dict) and all(isinstance(found.get(k), str) for k in ("client_id", "client_secret")):
        return found["client_id"], found["client_secret"]
    web = isinstance(data, dict) and "web" in data
    raise CredentialsError(
        "This is an OAuth client for web apps: Google would not come back to this machine."
        if web
        else "This is not the JSON file of an OAuth client for desktop apps.",
        title="Not the right kind of client", kept=KEPT,
        hint="console.cloud.google.com → Google Auth Platform → Clients → Create client → Desktop app → Download JSON.",
    )  # fmt: skip


class _Server(ThreadingHTTPServer):
    """Waits for the browser to come back; `answer` is what it brings with the right `state`.

    Browsers open connections on which they never ask anything: each has a thread of its own.
    """

    timeout = POLL
    block_on_close = False
    state: str
    answer: Mapping[str, str] | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5  # seconds for a browser to say what it wants

    def do_GET(self) -> None:
        """Take the answer, once; anything else that asks (an icon, a stranger) learns nothing."""
        parts = urlsplit(self.path)
        found = dict(parse_qsl(parts.query))
        ours = parts.path == "/" and secrets.compare_digest(found.get("state", ""), self.server.state)
        if not ours or not ({"code", "error"} & set(found)):
            self.send_error(404)
            return
        self.server.answer = found
        page = _DONE.format("chatbuilder may make spreadsheets now." if "code" in found else "Nothing was allowed.")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page.encode())))
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """The request line holds the code: it is written nowhere."""


@contextmanager
def _listening(state: str) -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.state = state
        yield server


def _wait(server: _Server, desk: Desk, end: float) -> Mapping[str, str]:
    desk.waiting("waiting for you to agree in the browser", PATIENCE)
    while server.answer is None:
        desk.check()
        if desk.time.now() > end:
            raise CredentialsError(
                f"Nobody agreed in the browser within {PATIENCE:.0f} seconds.", title="No answer from the browser",
                kept=KEPT, hint=AGAIN,
            )  # fmt: skip
        server.handle_request()
    if "code" not in server.answer:
        raise CredentialsError(
            f"Google gave no access. Google said: “{words(server.answer['error'])}”.", title="Not allowed", kept=KEPT,
            hint="agree when Google asks; an app in testing must have your address under Audience → Test users. "
            f"Then {AGAIN}",
        )  # fmt: skip
    return server.answer


def _exchange(address: str, form: Mapping[str, str]) -> Mapping[str, Any]:
    from requests import Session
    from requests.exceptions import RequestException

    status, text = 0, ""
    try:
        with Session() as session:
            session.auth = lambda request: request
            response = session.post(address, data=dict(form), timeout=TIMEOUT, allow_redirects=False, stream=True)
            status = response.status_code
            parts = islice(response.iter_content(4096), ANSWER_LIMIT // 4096)
            text = b"".join(parts).decode("utf-8", "replace")
    except RequestException:
        pass  # the library's error holds the request and with it the code
    data = _data(text)
    if status == 0:
        raise _refused("Google's sign-in service could not be reached")
    if status != 200:
        raise _refused(words(f"{data.get('error', f'HTTP {status}')}: {data.get('error_description', '')}"))
    if DRIVE_FILE not in str(data.get("scope", "")).split():
        raise CredentialsError(
            "The box for files that chatbuilder makes was not ticked, so it may do nothing.",
            title="A right is missing", kept=KEPT, hint=f"leave every box ticked when Google asks: {AGAIN}",
        )  # fmt: skip
    if not isinstance(data.get("refresh_token"), str):
        raise _refused("no refresh token came with it")
    return data


def _data(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _refused(said: str) -> CredentialsError:
    return CredentialsError(
        f"The sign-in did not work. Google said: “{said}”.", title="The sign-in did not work", kept=KEPT, hint=AGAIN
    )
