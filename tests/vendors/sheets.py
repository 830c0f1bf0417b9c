"""Google's Sheets, Drive and token endpoints on loopback, as strict as the discovery documents and the facts are.

One base URL: `/v4/…`, `/drive/v3/…`, `/token`, and `/o/oauth2/v2/auth` for the consent screen. Batches are checked and
carried out by `tests.contract.sheets`; a refused one changes nothing. `Person` does what people do in the browser.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from tests.contract.sheets import Refused, Spreadsheet, batch, check_file, check_schema, discovery, fresh_book
from tests.vendors import sheets_reading
from tests.vendors.faults import HTML_502, Fault, Faults

DRIVE_FILE = "https://www.googleapis.com/auth/drive.file"
SHEETS = "https://www.googleapis.com/auth/spreadsheets"
MIME = "application/vnd.google-apps.spreadsheet"
ANA = "ana@example.com"
BOT = "bot@project.iam.gserviceaccount.com"
CLIENT_ID = "1234-abc.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-not-a-secret"
REFRESH = "1//refresh-canary-7f3a"
ACTIVATE = "https://console.developers.google.com/apis/api/{}.googleapis.com/overview?project=1234"
QUOTA = (
    "Quota exceeded for quota metric '{0} requests' and limit '{0} requests per minute per user' of service "
    "'sheets.googleapis.com' for consumer 'project_number:1234'."
)
NO_STORAGE = "Service Accounts do not have storage quota. Leverage shared drives, or use OAuth delegation instead."
NO_PERMISSION = "The caller does not have permission"
NOT_FOUND = "Requested entity was not found."


@cache
def key_pair() -> tuple[str, Any]:
    """An RSA key as PEM, and what checks its signatures; made once."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return pem, key.public_key()


def service_account(email: str = BOT) -> str:
    """The JSON key of a service account."""
    return json.dumps(
        {
            "type": "service_account", "project_id": "project", "private_key_id": "k1", "private_key": key_pair()[0],
            "client_email": email, "client_id": "1", "token_uri": "https://oauth2.googleapis.com/token",
        }
    )  # fmt: skip


def user(refresh: str = REFRESH) -> str:
    """The JSON of somebody who signed in."""
    return json.dumps(
        {
            "type": "authorized_user", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
            "refresh_token": refresh, "scopes": [DRIVE_FILE],
        }
    )  # fmt: skip


def client() -> str:
    """The JSON of an OAuth client for desktop apps."""
    return json.dumps(
        {
            "installed": {
                "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uris": ["http://localhost"],
                "auth_uri": "https://accounts.google.com/o/oauth2/auth",
                "token_uri": "https://oauth2.googleapis.com/token",
            }
        }
    )  # fmt: skip


@dataclass
class File:
    """A file in Drive. `maker` is the OAuth client that made it: drive.file shows it to nobody else."""

    id: str
    name: str
    owner: str
    maker: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    readers: set[str] = field(default_factory=set)
    trashed: bool = False
    made: float = 0.0
    book: Spreadsheet = field(default_factory=fresh_book)
    locale: str = "en_US"
    zone: str = "Etc/GMT"


@dataclass(frozen=True)
class Caller:
    """Whom an access token stands for."""

    email: str
    maker: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Reply:
    """Status, body and headers of an answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Wrong(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, word: str = "", **more: Any) -> None:
        super().__init__(message)
        error: dict[str, Any] = {"code": status, "message": message}
        drive = more.pop("drive", None)
        if drive:
            error["errors"] = [{"message": message, "domain": drive[0], "reason": drive[1]}]
        if word:
            error["status"] = word
        self.reply = Reply(status, json.dumps({"error": {**error, **more}}).encode(), {})


@dataclass
class GoogleFake:
    """One small Google. Change its fields to change its mind; `clock` is in seconds.

    `list_lag`: how long files.list does not know a new file. `revoked`: refresh tokens that are dead; `disabled`: the
    APIs that nobody enabled; `storage`: bytes that a service account may keep (0 since April 2025).
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    faults: Faults = field(default_factory=Faults)
    files: dict[str, File] = field(default_factory=dict)
    list_lag: float = 0.0
    per_minute: int = 60
    latency: float = 0.0
    patience: float = 0.3
    storage: int = 0
    full: bool = False
    revoked: dict[str, str] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    granted: str = DRIVE_FILE
    deny: str = ""

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.log: list[tuple[str, str]] = []
        self.bodies: list[Any] = []
        self.tokens: dict[str, Caller] = {}
        self.refused = 0
        self.token_calls = 0
        self._recent: dict[tuple[str, str], list[float]] = {}
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def writes(self) -> list[str]:
        """The calls that could have changed something."""
        reads = (":search", ":getByDataFilter")
        return [f"{method} {path}" for method, path in self.log if method != "GET" and not path.endswith(reads)]

    def give(self, name: str = "Mine", owner: str = ANA, *shared: str, **more: Any) -> File:
        """A file of somebody's own, shared with others as editors."""
        identity = f"own-{len(self.files):04d}-0123456789-0123456789"
        file = File(identity, name, owner, shared=set(shared), book=fresh_book(own=True), **more)
        self.files[identity] = file
        return file

    # Requests
    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[Reply, Fault | None]:
        """Return the answer to a request, and what goes wrong on its way."""
        parts = urlsplit(url)
        if parts.path == "/token":
            self.token_calls += 1
            return self._guarded(lambda: self._token(dict(parse_qsl(body.decode())))), None
        if parts.path == "/o/oauth2/v2/auth":
            return Reply(302, b"", {"Location": self.consent(url)}), None
        if self.latency:
            self.sleep(self.latency)
        fault = self.faults.next(f"{method} {parts.path}")
        if fault is not None and not fault.committed:
            return _broken(fault), fault
        with self.lock:
            self.log.append((method, parts.path))
            reply = self._guarded(lambda: self._api(method, parts.path, parts.query, headers, body))
        return (_broken(fault) if fault and not fault.slow else reply), fault

    def _guarded(self, work: Callable[[], Any]) -> Reply:
        try:
            found = work()
        except Wrong as wrong:
            return wrong.reply
        except Refused as refused:
            return Wrong(400, str(refused), "INVALID_ARGUMENT").reply
        return found if isinstance(found, Reply) else Reply(200, json.dumps(found).encode())

    def _api(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Any:
        caller = self._caller(headers)
        drive = path.startswith("/drive/v3/")
        service = "drive" if drive else "sheets"
        if service in self.disabled:
            name = "Google Drive API" if drive else "Google Sheets API"
            url = ACTIVATE.format(service)
            raise Wrong(
                403,
                f"{name} has not been used in project 1234 before or it is disabled. Enable it by visiting {url} then "
                "retry. If you enabled this API recently, wait a few minutes for the action to propagate to our "
                "systems and retry.",
                "PERMISSION_DENIED",
                details=[
                    {
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED",
                        "domain": "googleapis.com", "metadata": {"activationUrl": url, "service": service},
                    }
                ],
            )  # fmt: skip
        data = None
        if method in ("POST", "PATCH", "PUT"):
            if headers.get("content-type", "").split(";")[0] != "application/json":
                raise Wrong(400, "Invalid Content-Type.", "INVALID_ARGUMENT")
            data = json.loads(body)
            self.bodies.append(data)
        asked = parse_qs(query, keep_blank_values=True)
        if drive:
            return self._drive(method, path.removeprefix("/drive/v3/"), asked, data, caller)
        reads = method == "GET" or path.endswith((":search", ":getByDataFilter"))
        self._count("Read" if reads else "Write", caller)
        return self._sheets(method, path, asked, data, caller)

    def _count(self, kind: str, caller: Caller) -> None:
        now = self.clock()
        recent = [t for t in self._recent.get((kind, caller.email), []) if t > now - 60]
        if len(recent) >= self.per_minute:
            self.refused += 1
            raise Wrong(429, QUOTA.format(kind), "RESOURCE_EXHAUSTED")
        self._recent[kind, caller.email] = [*recent, now]

    def _caller(self, headers: dict[str, str]) -> Caller:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        caller = self.tokens.get(token)
        if caller is None:
            raise Wrong(
                401,
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
                "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
                "UNAUTHENTICATED",
            )
        return caller

    # Tokens
    def _token(self, form: dict[str, str]) -> Any:
        kind = form.get("grant_type")
        if kind == "refresh_token":
            self._check_client(form)
            why = self.revoked.get(form.get("refresh_token", ""), "")
            if why or form.get("refresh_token") != REFRESH:
                raise _oauth("invalid_grant", why or "Bad Request")
            return self._issue(Caller(ANA, CLIENT_ID, frozenset(self.granted.split())))
        if kind == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return self._assertion(form.get("assertion", ""))
        if kind == "authorization_code":
            return self._exchange(form)
        raise _oauth("unsupported_grant_type", f"Invalid grant_type: {kind}")

    def _check_client(self, form: dict[str, str]) -> None:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise _oauth("invalid_client", "The OAuth client was not found.", 401)

    def _assertion(self, assertion: str) -> Any:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        signed, _, signature = assertion.rpartition(".")
        try:
            key_pair()[1].verify(_unpacked(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise _oauth("invalid_grant", "Invalid JWT Signature.") from None
        claims = json.loads(_unpacked(signed.split(".")[1]))
        if why := self.revoked.get(claims["iss"]):
            raise _oauth("invalid_grant", why)
        scopes = frozenset(str(claims["scope"]).split())
        if not scopes <= {DRIVE_FILE, SHEETS}:
            raise _oauth("invalid_scope", "Some requested scopes were invalid.")
        return self._issue(Caller(claims["iss"], claims["iss"], scopes))

    def _issue(self, caller: Caller, **more: Any) -> dict[str, Any]:
        token = f"ya29.canary-{len(self.tokens)}"
        self.tokens[token] = caller
        return {
            "access_token": token,
            "expires_in": 3599,
            "token_type": "Bearer",
            "scope": " ".join(caller.scopes),
            **more,
        }

    def consent(self, url: str) -> str:
        """What happens when somebody opens the address that asks for consent, and agrees: where the browser goes."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert asked["scope"] == DRIVE_FILE
        assert asked["access_type"] == "offline"
        assert asked["redirect_uri"].startswith("http://127.0.0.1:")
        if self.deny:
            return f"{asked['redirect_uri']}?error={self.deny}&state={asked['state']}"
        code = f"4/code-canary-{len(self._codes)}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?state={asked['state']}&code={code}&scope={self.granted}"

    def _exchange(self, form: dict[str, str]) -> Any:
        self._check_client(form)
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None:
            raise _oauth("invalid_grant", "Malformed auth code.")
        digest = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
        if digest.rstrip("=") != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            raise _oauth("invalid_grant", "Invalid code verifier.")
        return self._issue(Caller(ANA, CLIENT_ID, frozenset(self.granted.split())), refresh_token=REFRESH)

    # Drive
    def _drive(self, method: str, path: str, asked: dict[str, list[str]], data: Any, caller: Caller) -> Any:
        if DRIVE_FILE not in caller.scopes:
            raise Wrong(
                403, "Request had insufficient authentication scopes.", "PERMISSION_DENIED",
                details=[{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
                          "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com"}],
            )  # fmt: skip
        query = {key: values[-1] for key, values in asked.items()}
        if (method, path) == ("GET", "about"):
            if "fields" not in query:
                raise Wrong(400, "The 'fields' parameter is required for this method.", drive=("global", "required"))
            return self._about(caller)
        if (method, path) == ("POST", "files"):
            return self._create(data, query, caller)
        if (method, path) == ("GET", "files"):
            return self._list(query, caller)
        if path.startswith("files/"):
            file = self._file(unquote(path.removeprefix("files/")), caller, drive=True)
            if method == "PATCH":
                check_schema("drive.v3", "File", data)
                if set(data) - {"trashed", "name"}:
                    raise Wrong(400, f"{sorted(data)} is not checked here", drive=("global", "badRequest"))
                file.trashed = data.get("trashed", file.trashed)
                file.name = data.get("name", file.name)
            return _file_data(file, query.get("fields", "kind,id,name,mimeType"))
        raise Wrong(404, "Not Found", drive=("global", "notFound"))

    def _about(self, caller: Caller) -> Any:
        machine = caller.email.endswith("gserviceaccount.com")
        limit = self.storage if machine else 16_106_127_360
        name = caller.email if machine else "Ana Ruiz"
        usage = limit if self.full else 1_000_000
        return {
            "user": {"kind": "drive#user", "displayName": name, "emailAddress": caller.email, "me": True},
            "storageQuota": {"limit": str(limit), "usage": str(0 if machine else usage)},
        }

    def _create(self, data: Any, query: dict[str, str], caller: Caller) -> Any:
        check_file(data, query)
        machine = caller.email.endswith("gserviceaccount.com")
        if machine and not self.storage:
            raise Wrong(403, NO_STORAGE, drive=("usageLimits", "storageQuotaExceeded"))
        if self.full:
            words = "The user's Drive storage quota has been exceeded."
            raise Wrong(403, words, drive=("usageLimits", "storageQuotaExceeded"))
        if data.get("mimeType") != MIME:
            raise Wrong(400, "Bad Request", drive=("global", "badRequest"))
        identity = f"1AbC{len(self.files):04d}_made-by-the-fake-0123456789abcdefgh"
        properties = dict(data.get("appProperties", {}))
        self.files[identity] = File(identity, data["name"], caller.email, caller.maker, properties, made=self.clock())
        return _file_data(self.files[identity], query.get("fields", "kind,id,name,mimeType"))

    def _list(self, query: dict[str, str], caller: Caller) -> Any:
        known = discovery("drive.v3")["resources"]["files"]["methods"]["list"]["parameters"]
        for key in query:
            if key not in known and key not in discovery("drive.v3")["parameters"]:
                raise Wrong(400, f"Unknown parameter {key}", drive=("global", "badRequest"))
        wanted = sheets_reading.query_of(query.get("q", ""))
        found = [
            file for file in self.files.values()
            if self._sees(file, caller) and wanted(file) and file.made + self.list_lag <= self.clock()
        ]  # fmt: skip
        fields = query.get("fields", "files(id,name)")
        return {
            "incompleteSearch": False,
            "files": [_file_data(f, fields.partition("(")[2].rstrip(")")) for f in found],
        }

    def _sees(self, file: File, caller: Caller) -> bool:
        mine = caller.email in {file.owner, *file.shared, *file.readers}
        return mine and (file.maker == caller.maker or SHEETS in caller.scopes)

    def _file(self, identity: str, caller: Caller, *, drive: bool = False) -> File:
        file = self.files.get(identity)
        hidden = file is None or (
            DRIVE_FILE in caller.scopes and SHEETS not in caller.scopes and file.maker != caller.maker
        )
        if file is None or hidden or (drive and file.maker != caller.maker):
            if drive:
                raise Wrong(404, f"File not found: {identity}.", drive=("global", "notFound"))
            raise Wrong(404, NOT_FOUND, "NOT_FOUND")
        if caller.email not in {file.owner, *file.shared, *file.readers}:
            raise Wrong(403, NO_PERMISSION, "PERMISSION_DENIED")
        return file

    # Sheets
    def _sheets(self, method: str, path: str, asked: dict[str, list[str]], data: Any, caller: Caller) -> Any:
        place = path.removeprefix("/v4/spreadsheets/")
        identity, _, verb = place.partition(":")
        identity, _, below = identity.partition("/")
        file = self._file(unquote(identity), caller)
        if method == "POST" and verb == "batchUpdate" and not below:
            if caller.email in file.readers:
                raise Wrong(403, NO_PERMISSION, "PERMISSION_DENIED")
            return self._batch(file, data, asked)
        if method == "POST" and verb == "getByDataFilter" and not below:
            return sheets_reading.by_data_filter(file, asked, data)
        if method == "GET" and not verb and not below:
            return sheets_reading.spreadsheet(file, asked)
        if method == "GET" and below.startswith("values"):
            return sheets_reading.values(file, unquote(path.partition("/values")[2]), asked)
        if method == "POST" and below == "developerMetadata" and verb == "search":
            check_schema("sheets.v4", "SearchDeveloperMetadataRequest", data)
            return sheets_reading.search(file, data)
        raise Wrong(404, NOT_FOUND, "NOT_FOUND")

    def _batch(self, file: File, data: Any, asked: dict[str, list[str]]) -> Any:
        file.book = batch(file.book, data)
        self.changed()
        file.locale = file.book.properties.get("locale", file.locale)
        file.zone = file.book.properties.get("timeZone", file.zone)
        replies = {"replies": [{} for _ in data["requests"]]}
        if asked.get("fields") and "replies" not in asked["fields"][-1]:
            replies = {}
        return {"spreadsheetId": file.id, **replies, **sheets_reading.updated(file, asked, data)}

    def changed(self) -> None:
        """Hear that a spreadsheet was changed: for tests that keep it."""


def _file_data(file: File, fields: str) -> dict[str, Any]:
    whole = {
        "kind": "drive#file", "id": file.id, "name": file.name, "mimeType": MIME, "trashed": file.trashed,
        "appProperties": file.properties, "webViewLink": f"https://docs.google.com/spreadsheets/d/{file.id}/edit",
        "createdTime": f"2026-01-01T00:00:{int(file.made) % 60:02d}.000Z",
    }  # fmt: skip
    return {key: whole[key] for key in fields.split(",") if key in whole}


def _oauth(error: str, about: str, status: int = 400) -> Wrong:
    wrong = Wrong(status, about)
    wrong.reply = Reply(status, json.dumps({"error": error, "error_description": about}).encode())
    return wrong


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _broken(fault: Fault) -> Reply:
    if fault.html:
        return Reply(502, HTML_502.encode(), {"Content-Type": "text/html"})
    words = {
        409: ("The operation was aborted.", "ABORTED"), 429: (QUOTA.format("Write"), "RESOURCE_EXHAUSTED"),
        500: ("Internal error encountered.", "INTERNAL"),
        503: ("The service is currently unavailable.", "UNAVAILABLE"),
    }  # fmt: skip
    return Reply(0, b"") if fault.drops else Wrong(fault.status, *words[fault.status]).reply


class Person:
    """Somebody with the file open in a browser."""

    def __init__(self, file: File) -> None:
        self.file = file

    def sheet(self, title: str) -> int:
        """The id of a sheet."""
        return self.file.book.titles()[title]

    def do(self, *requests: dict[str, Any]) -> None:
        """Change something."""
        self.file.book = batch(self.file.book, {"requests": list(requests)})

    def type(self, title: str, row: int, column: int, text: str) -> None:
        """Type into a cell, counted from 0; what stands in a table's header is its column's name."""
        sheet = self.sheet(title)
        self.file.book.cells[sheet][row, column] = {"formula": text} if text.startswith("=") else text
        for table in self.file.book.tables.values():
            area = table["range"]
            if area["sheetId"] == sheet and row == 0 and area["startColumnIndex"] <= column < area["endColumnIndex"]:
                table["columnProperties"][column - area["startColumnIndex"]]["columnName"] = text
            if area["sheetId"] == sheet and row == area["endRowIndex"] and column < area["endColumnIndex"]:
                area["endRowIndex"] += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: GoogleFake

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply, fault = self.fake.answer(self.command, self.path, headers, self.rfile.read(length))
        if fault is not None and fault.slow:
            self.fake.sleep(self.fake.patience)
        if reply.status == 0:
            self.close_connection = True
            self.connection.close()
            return
        try:
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json; charset=UTF-8", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
        except OSError:  # the client has gone
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(fake: GoogleFake) -> Iterator[str]:
    """Serve a fake on loopback; yields its base URL."""
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
