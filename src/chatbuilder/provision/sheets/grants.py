"""Google credentials from the JSON text that is kept as the token: a service account, or somebody who signed in.

Sources: google-auth's `service_account` and `oauth2.credentials`; developers.google.com/identity/protocols/oauth2.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chatbuilder.errors import CredentialsError
from chatbuilder.provision.sheets.judge import KEPT, words
from chatbuilder.secret import Secret

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

# google-auth also tells of rights that were not granted on stderr; the judge says it with what to do.
logging.getLogger("google").addHandler(logging.NullHandler())
URL = "https://oauth2.googleapis.com"
DRIVE_FILE = "https://www.googleapis.com/auth/drive.file"
SHEETS = "https://www.googleapis.com/auth/spreadsheets"
AGAIN = "run `chatbuilder token set sheets --file FILE` with the JSON of an OAuth desktop client or a service account."


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom a token stands for. `email` is "" for a person: only Drive knows it. `credentials` are google-auth's."""

    kind: Literal["service account", "person"]
    email: str
    credentials: Credentials


def open_grant(secret: Secret, url: str) -> Grant:
    """Return what a kept token is good for. `url` takes the place of Google's token endpoint too.

    The address in the JSON text is not used: whoever wrote it would get the refresh token. Raises `CredentialsError`.
    """
    try:
        data = json.loads(secret.reveal())
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise _unusable("What is stored as the Google token is no JSON text.")
    token_uri = f"{url or URL}/token"
    if data.get("type") == "service_account":
        return _service_account(data, token_uri)
    if data.get("refresh_token"):
        return _person(data, token_uri)
    if "installed" in data or "web" in data:
        raise _unusable("This is an OAuth client: it says which program asks, not who allows it.")
    raise _unusable("The JSON text is neither a service account nor somebody who signed in.")


def _service_account(data: dict[str, Any], token_uri: str) -> Grant:
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2 import service_account

    # drive.file alone would not open a sheet that somebody shared with it.
    scopes = [SHEETS, DRIVE_FILE]
    maker: Any = service_account.Credentials
    try:
        found = maker.from_service_account_info({**data, "token_uri": token_uri}, scopes=scopes)
    except (ValueError, TypeError, KeyError, GoogleAuthError):
        # The library's error may quote the private key.
        raise _unusable("The JSON key of the service account is incomplete or damaged.") from None
    return Grant("service account", str(data["client_email"]), found)


def _person(data: dict[str, Any], token_uri: str) -> Grant:
    from google.oauth2 import credentials

    missing = [key for key in ("client_id", "client_secret") if not isinstance(data.get(key), str)]
    if missing or not isinstance(data["refresh_token"], str):
        raise _unusable(f"The JSON text of the sign-in is incomplete: {', '.join(missing) or 'refresh_token'}.")
    maker: Any = credentials.Credentials
    found = maker(
        None, refresh_token=data["refresh_token"], token_uri=token_uri, client_id=data["client_id"],
        client_secret=data["client_secret"], scopes=data.get("scopes"),
    )  # fmt: skip
    return Grant("person", "", found)


def _unusable(message: str) -> CredentialsError:
    return CredentialsError(message, title="Not a Google token", kept="everything as it was.", hint=AGAIN)


def refused(grant: Grant, error: Exception) -> CredentialsError:
    """Return the error of a token that Google gives no access for any more, in Google's words."""
    said = words(str(error.args[0]) if error.args else str(error))
    if grant.kind == "service account":
        return CredentialsError(
            f"Google does not accept the key of the service account {grant.email}. Google said: “{said}”.",
            title="The key is not accepted", kept=KEPT,
            hint="make a new JSON key (console.cloud.google.com → IAM → Service accounts → Keys) and run "
            "`chatbuilder token set sheets --file FILE`; a clock that is wrong by minutes has the same effect.",
        )  # fmt: skip
    return CredentialsError(
        f"Google does not accept the sign-in any more. Google said: “{said}”.",
        title="The sign-in is not accepted", kept=KEPT,
        problems=(
            "A sign-in through an app in testing ends after 7 days: in console.cloud.google.com → Google Auth Platform "
            "→ Audience choose “Publish app”.",
            "It also ends when access is removed at myaccount.google.com/connections, the password changes, or nobody "
            "uses it for six months.",
        ),
        hint="run `chatbuilder token set sheets --file FILE` to sign in again.",
    )  # fmt: skip
