"""Notion's API on loopback: the small Notion of the contract tests behind tokens, sharing, plans, limits and faults.

Errors have the bodies of recorded answers (status, code, message, additional_data). What a search finds comes late, as
documented: a page is found only from the third search after it was made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.contract.notion import Refused
from tests.contract.notion_workspace import Missing, Page, Workspace, new_options, route
from tests.vendors.faults import HTML_502, Fault, Faults

TOKEN = "ntn_test_0123456789"
INTEGRATION = "Chat builder"
WORKSPACE_ID = "11111111-1111-4111-8111-111111111111"
PARENT = "22222222-2222-4222-8222-222222222222"
CHART_LIMIT = "This workspace has reached the chart limit of its plan."
NO_DASHBOARDS = "Dashboard views are not available on this workspace's plan."
NO_BLOCKS = "This workspace has used all of its free blocks. Upgrade the workspace to create more blocks."
SHARE = (
    'Could not find {} with ID: {}. Make sure the relevant pages and databases are shared with your integration "{}".'
)
FOUND_AFTER = 2  # searches that a new page stays out of
VERBS = {"POST": "insert", "PATCH": "update", "GET": "read"}


class Drop(Exception):
    """The connection breaks without an answer."""


class Late(Exception):
    """The answer comes after the client has gone; `answer` is what it would be."""

    def __init__(self, answer: Reply) -> None:
        super().__init__("late")
        self.answer = answer


@dataclass(frozen=True)
class Reply:
    """Status, headers and body of an answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class NotionFake:
    """One workspace with one connection. Change its fields to change its mind; `clock` is in seconds.

    `plan` decides on charts and dashboards, `blocks` on how many more may be made (None: any number), `kind` on what
    the token is: a connection sees only pages in `shared` and below, and makes no private page.
    """

    plan: Literal["free", "plus", "business"] = "business"
    kind: Literal["personal", "internal"] = "personal"
    token: str = TOKEN
    may: frozenset[str] = frozenset({"read", "insert", "update"})
    blocks: int | None = None
    limit: int | None = 180
    window: float = 60.0  # seconds
    latency: float = 0.0  # seconds
    patience: float = 0.3  # seconds by which a slow answer is late
    faults: Faults = field(default_factory=Faults)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    workspace: Workspace = field(default_factory=Workspace)
    shared: set[str] = field(default_factory=set)
    found_after: int = FOUND_AFTER
    refusals: int = 0  # answers 429
    conflicts: int = 0  # answers 409
    most_at_once: int = 0
    block_every_call: bool = False  # public_api_request_blocked

    def __post_init__(self) -> None:
        self.lock = Lock()
        self.log: list[tuple[str, str]] = []
        self._times: list[float] = []
        self._searches: dict[str, int] = {}
        self._writing: set[str] = set()
        self._open = 0
        self.share("Somewhere", PARENT)

    # What a person does ---------------------------------------------------------------------------------------------
    def share(self, title: str, identity: str) -> Page:
        """Make a page of the person's own and let the connection see it."""
        self.shared.add(identity)
        return self.workspace.give(identity, title)

    def busy(self) -> bool:
        """Tell whether a request is being answered."""
        with self.lock:
            return self._open > 0

    # Requests -------------------------------------------------------------------------------------------------------
    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        """Answer one request. Raises `Drop` or `Late`."""
        parts = urlsplit(url)
        with self._counted():
            fault = self.faults.next(f"{method} {parts.path}")
            if fault is not None and not fault.committed:
                return _broken(fault, None)
            reply = self._reply(method, parts.path, dict(parse_qsl(parts.query)), headers, body)
        if fault is None:
            return reply
        if fault.slow:
            raise Late(reply)
        return _broken(fault, reply)

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

    def _reply(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], raw: bytes) -> Reply:
        given = {key.lower(): value for key, value in headers.items()}
        if given.get("authorization") != f"Bearer {self.token}":
            return _error(401, "unauthorized", "API token is invalid.")
        if given.get("notion-version") != "2026-03-11":
            return _error(400, "missing_version", "Notion-Version header should be defined.")
        with self.lock:
            if (held := self._too_many()) is not None:
                return held
            self.log.append((method, path))
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            return _error(400, "invalid_json", "Error parsing JSON body.")
        keys = self._schemas(method, path, body)
        with self.lock:
            if keys & self._writing:
                self.conflicts += 1
                return _error(409, "conflict_error", "Conflict occurred while saving. Please try again.")
            self._writing |= keys
        try:
            if self.latency:
                self.sleep(self.latency)
            with self.lock:
                return self._do(method, path, query, body)
        finally:
            with self.lock:
                self._writing -= keys

    def _schemas(self, method: str, path: str, body: Any) -> set[str]:
        """Return the data sources whose schema a request writes: a link writes to the far side, too."""
        if not isinstance(body, dict) or path.startswith(("/v1/pages", "/v1/blocks")):
            return self._choices(method, path, body) if isinstance(body, dict) else set()
        if (method, path) not in {("POST", "/v1/databases"), ("PATCH", path)}:
            return set()
        fields = body.get("initial_data_source", body).get("properties") or {}
        links = (item.get("relation") for item in fields.values() if isinstance(item, dict))
        far = {str(link["data_source_id"]) for link in links if isinstance(link, dict) and "data_source_id" in link}
        return far | ({path.rpartition("/")[2]} if path.startswith("/v1/data_sources/") else set())

    def _choices(self, method: str, path: str, body: dict[str, Any]) -> set[str]:
        """Return the data source to whose properties a row adds choices."""
        row = self.workspace.row(path.rpartition("/")[2]) if method == "PATCH" else None
        identity = row[0].id if row else str(body.get("parent", {}).get("data_source_id"))
        source = self.workspace.sources.get(identity)
        if source is None or not isinstance(body.get("properties"), dict):
            return set()
        by_name = {**{p["id"]: p for p in source.properties.values()}, **source.properties}
        added = (new_options(by_name[k], v) for k, v in body["properties"].items() if k in by_name)
        return {identity} if any(added) else set()

    def _too_many(self) -> Reply | None:
        now = self.clock()
        self._times = [moment for moment in self._times if moment > now - self.window]
        if self.block_every_call:
            return _error(429, "rate_limited", "Blocked.", rate_limit_reason="public_api_request_blocked")
        if self.limit is None or len(self._times) < self.limit:
            self._times.append(now)
            return None
        self.refusals += 1
        wait = max(1, -int(-(self._times[0] + self.window - now) // 1))
        more = {"retry_after": wait, "rate_limit_reason": "public_api_request_rate_limit"}
        return _error(429, "rate_limited", "You have been rate limited.", {"retry-after": str(wait)}, **more)

    def _do(self, method: str, path: str, query: dict[str, str], body: Any) -> Reply:
        try:
            template, params = route(path)
            if (refusal := self._refusal(method, template, params, query, body)) is not None:
                return refusal
            data = self._data(method, path, template, query, body)
        except Missing as missing:
            return self._not_found(missing.kind, missing.id)
        except Refused as refused:
            code = "invalid_request_url" if "request URL" in str(refused) else "validation_error"
            return _error(400, code, f"body failed validation: {refused}")
        return Reply(200, json.dumps(data).encode(), {"content-type": "application/json"})

    def _data(self, method: str, path: str, template: str, query: dict[str, str], body: Any) -> dict[str, Any]:
        if template == "/v1/users/me":
            return self._me()
        if template == "/v1/search":
            return self._search(body)
        return self.workspace.answer(method, path, query, body)

    def _not_found(self, kind: str, identity: str) -> Reply:
        return _error(404, "object_not_found", SHARE.format(kind, identity, INTEGRATION), integration_id=WORKSPACE_ID)

    # Who may what ---------------------------------------------------------------------------------------------------
    def _refusal(self, method: str, template: str, params: dict[str, str], query: Any, body: Any) -> Reply | None:
        verb = "read" if template.endswith("/query") or template == "/v1/search" else VERBS[method]
        needed = {verb, "update"} if (method, template) == ("POST", "/v1/views") else {verb}
        if template != "/v1/users/me" and not needed <= self.may:
            return _error(403, "restricted_resource", "Insufficient permissions for this endpoint.")
        parent = body.get("parent", {}) if isinstance(body, dict) else {}
        if self.kind == "internal":
            if parent.get("type") == "workspace":
                return _error(400, "validation_error", "Internal integrations can not create workspace-level pages.")
            for identity in (*params.values(), *query.values(), parent.get("page_id", PARENT)):
                if identity in self.workspace.pages and not self._sees(identity):
                    return self._not_found("block" if "blocks" in template else "page", identity)
        return self._over_plan(method, template, body)

    def _sees(self, identity: str) -> bool:
        while identity:
            if identity in self.shared:
                return True
            page = self.workspace.pages.get(identity)
            identity = page.parent if page else ""
        return False

    def _over_plan(self, method: str, template: str, body: Any) -> Reply | None:
        if (method, template) == ("POST", "/v1/views"):
            if body.get("type") == "dashboard" and self.plan != "business":
                return _error(400, "validation_error", NO_DASHBOARDS)
            charts = sum(v.get("type") == "chart" for s in self.workspace.sources.values() for v in s.views.values())
            if body.get("type") == "chart" and self.plan == "free" and charts >= 1:
                return _error(400, "validation_error", CHART_LIMIT)
        if method == "POST" and template in ("/v1/pages", "/v1/databases") and self.blocks is not None:
            self.blocks -= 1 + len(body.get("children", ()))
            if self.blocks < 0:
                return _error(403, "restricted_resource", NO_BLOCKS, block_limit="block_creation")
        return None

    def _me(self) -> dict[str, Any]:
        person = {"object": "user", "id": PARENT, "type": "person", "name": "Sam Doe", "person": {"email": "s@a.test"}}
        team = {"type": "workspace", "workspace": True}
        owner = {"type": "user", "user": person} if self.kind == "personal" else team
        size = 5 * 2**20 if self.plan == "free" else 5 * 2**30
        return {
            "object": "user", "id": WORKSPACE_ID, "name": INTEGRATION, "avatar_url": None, "type": "bot",
            "bot": {"owner": owner, "workspace_name": "Doe's Notion", "workspace_id": WORKSPACE_ID,
                    "workspace_limits": {"max_file_upload_size_in_bytes": size}},
        }  # fmt: skip

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        found = []
        for page in self.workspace.pages.values():
            if body.get("query", "").casefold() in page.title.casefold() and not self.workspace.trashed(page.id):
                self._searches[page.id] = self._searches.get(page.id, 0) + 1
                if self._searches[page.id] > self.found_after:
                    found.append(self.workspace.answer("GET", f"/v1/pages/{page.id}", {}, None))
        return {"object": "list", "results": found, "next_cursor": None, "has_more": False}


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None, **more: Any) -> Reply:
    data = {"object": "error", "status": status, "code": code, "message": message, "request_id": WORKSPACE_ID}
    data |= {"additional_data": more} if more else {}
    return Reply(status, json.dumps(data).encode(), {"content-type": "application/json", **(headers or {})})


def _broken(fault: Fault, reply: Reply | None) -> Reply:
    """Return the answer of a call that goes wrong. Raises `Drop`."""
    if fault.drops:
        raise Drop
    if fault.html:
        return Reply(fault.status, HTML_502.encode(), {"content-type": "text/html"})
    if fault.status == 503:
        made = json.loads(reply.body) if reply is not None else {}
        more = {"committed_resource_id": made["id"]} if made.get("object") in ("page", "database") else {}
        return _error(503, "service_unavailable", "Notion is unavailable.", retry_guidance="check first", **more)
    if fault.status == 429:
        more = {"retry_after": 1, "rate_limit_reason": "public_api_space_request_rate_limit"}
        return _error(429, "rate_limited", "You have been rate limited.", {"retry-after": "1"}, **more)
    if fault.status == 409:
        return _error(409, "conflict_error", "Conflict occurred while saving. Please try again.")
    return _error(fault.status, "internal_server_error", "Unexpected error.")


def pool(fake: NotionFake) -> httpx.Client:
    """Return connections for the real SDK that end in a fake, without a socket."""

    def handle(request: httpx.Request) -> httpx.Response:
        try:
            reply = fake.answer(request.method, str(request.url), dict(request.headers), request.read())
        except Drop:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from None
        except Late:
            raise httpx.ReadTimeout("The read operation timed out") from None
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)

    return httpx.Client(transport=httpx.MockTransport(handle))


@contextmanager
def serving(fake: NotionFake) -> Iterator[str]:
    """Put a fake behind HTTP on loopback; gives its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 2**16  # one packet for headers and body: two would wait for each other (Nagle, delayed ACK)

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # the client has gone before all of it was here
                self.close_connection = True
                return
            try:
                reply = fake.answer(self.command, self.path, dict(self.headers), body)
            except Drop:
                self.close_connection = True
                return
            except Late as late:
                fake.sleep(fake.patience)
                reply = late.answer
            self.send_response(reply.status)
            for key, value in reply.headers.items():
                self.send_header(key, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ConnectionError, TimeoutError):
                self.close_connection = True  # the client has gone

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
