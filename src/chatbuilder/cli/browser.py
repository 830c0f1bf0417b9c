"""The wizard in a browser: one process for each page, served to whoever has the key, by default on this machine only.

A page may be asked for by any program and any website that this machine visits, so three things are looked at: the name
by which the server is called (a website that lets its name point here is refused), the page that opens the connection
(no other website may), and a key that only the terminal shows (no other person on this machine has it).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import shlex
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from importlib.resources import files
from ipaddress import ip_address
from string import Template
from urllib.parse import urlsplit
from weakref import WeakSet

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOCAL = ("localhost", "127.0.0.1", "::1")
_RULES = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a page may load and connect to (Content-Security-Policy); the terminal sets styles of its own."""
_HEADERS = {
    "Content-Security-Policy": _RULES, "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}  # fmt: skip
_PARTS = {"page.css": "text/css", "page.js": "text/javascript"}
LINGER = 3.0  # seconds that the wizards get to save and end when the server does


class WizardServer(Server):
    """Serves the wizard at `address`, which holds the key. `ready` is called once somebody can come."""

    def __init__(self, host: str, port: int, ready: Callable[[], None]) -> None:
        super().__init__(_command(), host=host, port=port, title="chatbuilder")
        self._names = {*LOCAL, host.casefold()}
        self._any = _is_address(host) and ip_address(host).is_unspecified
        self._key = secrets.token_urlsafe(24)
        self._cookie = f"chatbuilder-{port}"  # browsers do not tell ports apart
        self._ready = ready
        self._open: WeakSet[web.WebSocketResponse] = WeakSet()
        name = f"[{host}]" if ":" in host else host
        self.address = f"http://{name}:{port}/?key={self._key}"

    async def _make_app(self) -> web.Application:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._guarded(request, handler)

        app = web.Application(middlewares=[guard])
        app.add_routes([
            web.get("/", self._page, name="index"), *(web.get(f"/{name}", self._part) for name in _PARTS),
            web.get("/ws", self.handle_websocket, name="websocket"),
            web.static("/static", self.statics_path, name="static"),
        ])  # fmt: skip
        app.on_shutdown.append(self.on_shutdown)
        return app

    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who calls this server by its name, from its own page, with the key."""
        if not self._is_named(_host(f"//{request.host}")):
            raise web.HTTPForbidden(text="chatbuilder is not served under this name.")
        if request.path == "/ws" and request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="Only chatbuilder's own page may connect.")
        if request.path == "/" and self._is_key(request.query.get("key", "")):
            come_in = web.HTTPSeeOther("/", headers=_HEADERS)
            come_in.set_cookie(self._cookie, self._key, httponly=True, samesite="Strict", path="/")
            raise come_in
        if not self._is_key(request.cookies.get(self._cookie, "")):
            raise web.HTTPForbidden(text="Open the whole address that `chatbuilder serve` shows in its terminal.")
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update(_HEADERS)
        return answer

    def _is_named(self, host: str) -> bool:
        """Tell whether this server goes by a name: served on all addresses it goes by each, and by no other name."""
        return host in self._names or (self._any and _is_address(host))

    def _is_key(self, text: str) -> bool:
        return secrets.compare_digest(text.encode("utf-8", "replace"), self._key.encode())

    async def _page(self, request: web.Request) -> web.Response:
        page = Template(_file("page.html")).substitute(socket=f"ws://{request.host}/ws")
        return web.Response(text=page, content_type="text/html")

    async def _part(self, request: web.Request) -> web.Response:
        name = request.path[1:]
        return web.Response(text=_file(name), content_type=_PARTS[name])

    async def _process_messages(self, websocket: web.WebSocketResponse, app_service: AppService) -> None:
        self._open.add(websocket)
        await super()._process_messages(websocket, app_service)

    async def on_shutdown(self, app: web.Application) -> None:
        """Let the wizards end: each saves its draft when its page goes."""
        await asyncio.gather(*(page.close() for page in list(self._open)), return_exceptions=True)

    async def run(self) -> None:
        """Serve until cancelled. Raises `OSError` when the port cannot be had."""
        runner = web.AppRunner(await self._make_app(), access_log=None, logger=_quiet(), shutdown_timeout=LINGER)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
            self._ready()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()


def serve_until_stopped(server: WizardServer) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises `OSError` when the port cannot be had."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_until_stopped(server))


async def _until_stopped(server: WizardServer) -> None:
    task = asyncio.ensure_future(server.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C comes as KeyboardInterrupt
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _quiet() -> logging.Logger:
    """Return a log that nobody reads: what a stranger sends to the port is no traceback in the person's terminal."""
    log = logging.getLogger(f"{__name__}.requests")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    return log


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ip_address(host)
        return True
    return False


def _file(name: str) -> str:
    return files("chatbuilder.cli").joinpath(name).read_text("utf-8")


def _command() -> str:
    """Return what starts the wizard in a shell; nothing that lies in the present folder comes into it."""
    words = [sys.executable, "-P", "-m", "chatbuilder"]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
