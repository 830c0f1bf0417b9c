"""A vendor that says our token back to us, in its answers' words, codes, headers and pages: nobody hears it from us."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import ChatbuilderError
from chatbuilder.pipeline import outside
from tests.helpers import answers_file, config
from tests.integration.test_canary import CANARY, MODULES, OTHER, VARIABLES, WISHES, Scene, keep, make, nowhere
from tests.integration.test_canary import caught as caught
from tests.vendors.clock import FakeTime

SHAPES = {
    "notion": lambda status, text: {"object": "error", "status": status, "code": "unauthorized", "message": text},
    "airtable": lambda status, text: {"error": {"type": "AUTHENTICATION_REQUIRED", "message": text}},
    "sheets": lambda status, text: {"error": {"code": status, "message": text, "status": "UNAUTHENTICATED"}},
}


class Echo:
    """Answers every request with a status, and with everything secret that came in it."""

    def __init__(self, platform: str) -> None:
        self.platform, self.status, self.page, self.heard = platform, 500, False, 0

    def answer(self, secret: str) -> tuple[str, bytes]:
        if self.page:
            return "text/html", f"<html><title>{secret}</title><h1>Bad {secret}</h1></html>".encode()
        return "application/json", json.dumps(SHAPES[self.platform](self.status, f"The token {secret} is bad")).encode()


@contextmanager
def echoing(echo: Echo):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            echo.heard += 1
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            secret = f"{self.headers.get('Authorization', '')} {body[:2000]}".strip()
            kind, data = echo.answer(secret)
            if self.path.endswith("/token") and not echo.page:
                data = json.dumps({"error": "invalid_grant", "error_description": f"{secret}"}).encode()
            self.send_response(echo.status, f"Bad {secret.splitlines()[0][:200] if secret else ''}")
            self.send_header("Content-Type", kind)
            self.send_header("X-Request-Id", secret.replace("\n", " ")[:500])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=list(MODULES))
def scene(request, monkeypatch, keyring_in_memory, home, caught):
    made, time = make(request.param, monkeypatch), FakeTime()
    echo = Echo(made.platform)
    monkeypatch.setattr(outside, "RealTime", lambda: time)
    with echoing(echo) as url:
        monkeypatch.setenv(outside.URLS[made.platform], url)
        monkeypatch.setenv(VARIABLES[made.platform], OTHER)
        scene = Scene(made.platform, echo, made.token, made.target)
        yield scene
        scene.said.append(caught.text)
        nowhere(home.parent, scene.said, CANARY, OTHER)
        assert echo.heard


@pytest.mark.parametrize("page", [False, True], ids=["json", "html"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
def test_what_the_vendor_echoes_is_not_repeated(scene, status, page, run_cli, tmp_path, monkeypatch):
    keep(scene, run_cli, monkeypatch)
    scene.fake.status, scene.fake.page = status, page
    place = answers_file(tmp_path, scene.platform, target=scene.target, **WISHES)
    for words in (
        ("token", "check", scene.platform), ("apply", "--answers", place, "--yes", "--json"), ("jobs", "--json"),
        ("log",), ("doctor",),
    ):  # fmt: skip
        done = run_cli(*words)
        scene.said += [done.out, done.err]
        assert done.code != 1, done.err
    with pytest.raises(ChatbuilderError) as raised:
        pipeline.token_check(scene.platform)
    scene.said += [*raised.value.lines(), repr(raised.value), str(raised.value.problems)]
    report = pipeline.inspect_target(config(scene.platform, "organization", target=scene.target))
    scene.said.append(repr(report))
