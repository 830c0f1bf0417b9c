"""Airtable's API on loopback: the bases of the contract tests behind tokens, workspaces, plans, limits and faults.

Error bodies have the three shapes that are seen (a text, an object, a list). Sources as in tests/contract/airtable.py,
and airtable.com/developers/web/api/rate-limits, /errors, /get-user-id-scopes, /list-bases.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.contract.airtable import Base, Refused
from tests.vendors.faults import HTML_502, Fault, Faults

TOKEN = "patTestTestTest.0123456789abcdef"
WORKSPACE = "wspAAAAAAAAAAAAAA"
SCOPES = frozenset({"data.records:read", "data.records:write", "schema.bases:read", "schema.bases:write"})
PENALTY = 30.0  # seconds without any answer but 429 after a call too many
NOT_FOUND = (
    "Invalid permissions, or the requested model was not found. Check that both your user and your token have the "
    "required permissions, and that the model names and/or ids are correct."
)
RETRIABLE = "The server encountered an error, but it is safe to retry the request."
BUSY = "Rate limit exceeded. Please try again later"
SPENT = "You have exceeded the monthly API call limit of your plan."
_BASE = re.compile(r"/v0/(?:meta/bases/)?(app\w+)")
FAULTS = {
    503: {"error": {"type": "RETRIABLE_ERROR", "message": RETRIABLE}},
    500: {"error": {"type": "SERVER_ERROR", "message": "Try again. If the problem persists, contact support."}},
    409: {"error": {"type": "CONFLICT", "message": "The base is being changed. Try again."}},
    429: {"errors": [{"error": "RATE_LIMIT_REACHED", "message": BUSY}]},
}


@dataclass(frozen=True)
class Reply:
    """Status, headers and body of an answer; with `drop` there is none."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


@dataclass
class AirtableFake:
    """One person with one token and one workspace. Change its fields to change its mind; `clock` is in seconds.

    `reach` are the ids of workspaces and bases in the token's list; `levels` what the person may do in a base;
    `calls_left` is what the month still allows (None: any number); `page` how many bases a page lists.
    """

    token: str = TOKEN
    scopes: frozenset[str] = SCOPES
    oauth: bool = False
    reach: set[str] = field(default_factory=lambda: {WORKSPACE})
    levels: dict[str, str] = field(default_factory=dict)
    calls_left: int | None = None
    rows: int = 1000
    per_second: int | None = 5
    second: float = 1.0  # seconds: the window of that limit, for tests in which time runs faster
    penalty: float = PENALTY
    page: int = 1000
    typecast: bool = True
    latency: float = 0.0  # seconds
    patience: float = 0.3  # seconds by which a slow answer is late
    faults: Faults = field(default_factory=Faults)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    bases: dict[str, Base] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    refusals: int = 0  # answers 429
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.lock, self._arriving = Lock(), Lock()
        self.over = Event()
        self._numbers = count(1)
        self._times: dict[str, list[float]] = {}
        self._held: dict[str, float] = {}
        self._open = 0

    # What a person does ---------------------------------------------------------------------------------------------
    def add_base(self, name: str, *tables: tuple[str, tuple[str, ...]], reach: bool = True) -> Base:
        """Make a base by hand: tables with text fields. Without tables it has the one that Airtable puts there."""
        base = self._new_base(name)
        for title, names in tables or (("Table 1", ("Name", "Notes", "Assignee", "Status", "Attachments")),):
            fields = [{"name": n, "type": "singleLineText"} for n in names]
            made = base._add_table({"name": title, "fields": fields})
            for _ in range(0 if tables else 3):
                base.cells[made["id"]][base.new_id("rec")] = {}
        if reach:
            self.reach.add(base.id)
        return base

    def _new_base(self, name: str, workspace: str = WORKSPACE) -> Base:
        identity = f"app{next(self._numbers):014d}"
        base = Base(workspace, identity, name, numbers=self._numbers, typecast=self.typecast, limit=self.rows)
        self.bases[identity] = base
        return base

    def only_base(self) -> Base:
        """The one base there is."""
        assert len(self.bases) == 1, list(self.bases)
        return next(iter(self.bases.values()))

    # Requests -------------------------------------------------------------------------------------------------------
    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        """Answer one request."""
        parts = urlsplit(url)
        with self._counted():
            fault = self.faults.next(f"{method} {parts.path}")
            # The limit counts calls as they arrive, however long the vendor is at them.
            stopped = None if fault is not None and not fault.committed else self._gate(unquote(parts.path), headers)
            if self.latency:
                self.sleep(self.latency)
            if fault is not None and not fault.committed:
                return _broken(fault)
            with self.lock:
                self.log.append((method, parts.path))
                reply = stopped or self._reply(method, unquote(parts.path), parse_qs(parts.query), headers, body)
            if fault is not None and fault.slow:
                self.over.wait(self.patience)
        return reply if fault is None or fault.slow else _broken(fault)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self.lock:
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
        try:
            yield
        finally:
            with self.lock:
                self._open -= 1

    def _gate(self, path: str, headers: dict[str, str]) -> Reply | None:
        """Stop a call without the token, or one too many."""
        given = {key.lower(): value for key, value in headers.items()}
        if given.get("authorization") != f"Bearer {self.token}":
            return _error(401, {"type": "AUTHENTICATION_REQUIRED", "message": "Authentication required"})
        base = _BASE.match(path)
        with self._arriving:
            return self._too_many(base[1] if base else "meta", meta=path.startswith("/v0/meta/"))

    def _reply(self, method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], raw: bytes) -> Reply:
        given = {key.lower(): value for key, value in headers.items()}
        base = _BASE.match(path)
        try:
            body = json.loads(raw) if raw else None
            if raw and given.get("content-type") != "application/json":
                raise ValueError
        except ValueError:
            return _error(422, {"type": "INVALID_REQUEST_BODY", "message": "Could not parse request body"})
        try:
            return _json(200, self._act(method, path, query, body, base[1] if base else None))
        except Refused as refused:
            if refused.status == 404:
                return _error(404, refused.type if refused.type == "NOT_FOUND" else {"type": refused.type})
            words = NOT_FOUND if refused.status == 403 else str(refused)
            return _error(refused.status, {"type": refused.type, "message": words})

    def _too_many(self, bucket: str, *, meta: bool) -> Reply | None:
        now = self.clock()
        if not meta and self.calls_left is not None:
            if self.calls_left <= 0:
                return _error(429, {"type": "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "message": SPENT})
            self.calls_left -= 1
        times = self._times[bucket] = [at for at in self._times.get(bucket, ()) if at > now - self.second]
        if self.per_second is not None and (now < self._held.get(bucket, now) or len(times) >= self.per_second):
            if now >= self._held.get(bucket, now):
                self._held[bucket] = now + self.penalty
            self.refusals += 1
            return _error(429, {"type": "RATE_LIMIT_REACHED", "message": BUSY})
        times.append(now)
        return None

    def _act(self, method: str, path: str, query: dict[str, list[str]], body: Any, base: str | None) -> dict[str, Any]:
        if (method, path) == ("GET", "/v0/meta/whoami"):
            return {"id": "usrAAAAAAAAAAAAAA", **({"scopes": sorted(self.scopes)} if self.oauth else {})}
        self._need_scope(method, path)
        if path == "/v0/meta/bases":
            return self._list(query) if method == "GET" else self._create(body)
        found = self.bases.get(base or "")
        if base is None:
            raise Refused(f"{method} {path}", 404, "NOT_FOUND")
        if found is None or not {base, found.workspace} & self.reach:
            raise Refused(base, 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
        reads = method == "GET" or path.endswith("/listRecords")
        level = self.levels.get(base, "create")
        wanted = ("create",) if "/meta/" in path and method != "GET" else ("create", "edit")
        if not reads and level not in wanted:
            raise Refused(level, 403, "INVALID_PERMISSIONS")
        return found.send(method, path, body, query)

    def _need_scope(self, method: str, path: str) -> None:
        kind = "schema.bases" if path.startswith("/v0/meta/") else "data.records"
        if f"{kind}:{'read' if method == 'GET' or path.endswith('/listRecords') else 'write'}" not in self.scopes:
            raise Refused("scope", 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")

    def _list(self, query: dict[str, list[str]]) -> dict[str, Any]:
        reached = [base for base in self.bases.values() if {base.id, base.workspace} & self.reach]
        start = int(query.get("offset", ["itr0"])[0].removeprefix("itr"))
        part = reached[start : start + self.page]
        more = {"offset": f"itr{start + self.page}"} if start + self.page < len(reached) else {}
        bases = [{"id": b.id, "name": b.name, "permissionLevel": self.levels.get(b.id, "create")} for b in part]
        return {"bases": bases, **more}

    def _create(self, body: Any) -> dict[str, Any]:
        workspace = body.get("workspaceId") if isinstance(body, dict) else None
        if workspace not in self.reach:
            raise Refused(f"workspace {workspace}", 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
        base = self._new_base("", str(workspace))
        try:
            return base.send("POST", "/v0/meta/bases", body)
        except Refused:
            del self.bases[base.id]
            raise


def _json(status: int, body: Any) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=utf-8"})


def _error(status: int, error: Any) -> Reply:
    return _json(status, {"error": error})


def _broken(fault: Fault) -> Reply:
    if fault.drops:
        return Reply(0, drop=True)
    if fault.html:
        return Reply(502, HTML_502.encode(), {"Content-Type": "text/html"})
    return _json(fault.status, FAULTS[fault.status])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body are two writes: the second would wait 40 ms for the client
    server: _Server

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.server.fake.answer(self.command, self.path, dict(self.headers), raw)
        if reply.drop:
            self.close_connection = True
            return
        try:
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
        except OSError:  # who asked has gone
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _handle

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: AirtableFake

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""


@contextmanager
def serving(fake: AirtableFake) -> Iterator[str]:
    """Serve a fake on loopback; gives its address."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.fake = fake
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        fake.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
