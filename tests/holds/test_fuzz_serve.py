"""Whatever is sent to the port of `serve`: without the key nobody comes in, and the server neither breaks nor talks."""

from __future__ import annotations

import os
import random
import signal
import socket
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.e2e.served import free_port
from tests.helpers import start

pytest.importorskip("textual_serve")
REQUESTS = int(os.environ.get("CHATBUILDER_FUZZ_REQUESTS", "250"))
PATHS = (
    "/", "/?key=", "/?key=x", "/ws", "/ws?key=x", "/static/", "/static/../cli/browser.py", "/static/%2e%2e/x", "//x",
    "/page.js", "/page.css", "/%00", "/?key=%ff%fe", "/?key=\u00e9", "/?" + "k=1&" * 300, "*", "http://evil/",
    "/static/" + "a/" * 300, "/?key[]=1", "/index",
)  # fmt: skip
HOSTS = (
    "127.0.0.1:{port}", "localhost:{port}", "evil.example", "[::1]:{port}", "127.0.0.1.evil.example", "", "[",
    "a" * 300, "127.0.0.1:99999", "LOCALHOST:{port}", "\u00e9", "user@127.0.0.1:{port}",
)  # fmt: skip
ORIGINS = (None, "http://127.0.0.1:{port}", "http://evil.example", "null", "", "https://127.0.0.1:{port}", "\xff")
NAME = "chatbuilder-{port}"
COOKIES = (None, f"{NAME}=x", f"{NAME}=\xff\xfe", f"{NAME}=", "=;=;\x7f", "a=" + "b" * 5_000)
METHODS = ("GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "\x16\x03\x01", "G" * 200)


@pytest.fixture
def served():
    process = start("serve", "--port", str(free_port()))
    address = process.stdout.readline().strip()
    yield urlsplit(address).port, parse_qs(urlsplit(address).query)["key"][0]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in out + err


def ask(port, raw):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(raw)
        line.settimeout(10)
        said = b""
        while block := line.recv(65536):
            said += block
        return said


def request(method, path, headers):
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1])
def test_nobody_comes_in_by_any_request(served, seed):
    port, key = served
    dice = random.Random(seed)
    for _ in range(REQUESTS):
        headers = [("Host", dice.choice(HOSTS).format(port=port))]
        for name, value in (("Origin", dice.choice(ORIGINS)), ("Cookie", dice.choice(COOKIES))):
            headers += [] if value is None else [(name, value.format(port=port))]
        if dice.random() < 0.3:
            headers += [("Upgrade", "websocket"), ("Connection", "Upgrade")]
            headers += [
                ("Sec-WebSocket-Key", "x" * dice.randrange(30)),
                ("Sec-WebSocket-Version", str(dice.randrange(20))),
            ]
        raw = request(dice.choice(METHODS), dice.choice(PATHS), headers)
        if dice.random() < 0.1:
            raw = dice.randbytes(dice.randrange(1, 400)) + b"\r\n\r\n"
        said = ask(port, raw)
        status = int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/") else 400
        assert 400 <= status < 500, (raw, said[:300])
        assert key.encode() not in said
    opened = ask(port, request("GET", f"/?key={key}", [("Host", f"127.0.0.1:{port}")]))
    assert opened.startswith(b"HTTP/1.1 303")
    lines = opened.decode().split("\r\n")
    cookie = SimpleCookie(next(line for line in lines if line.startswith("Set-Cookie:")).partition(":")[2])
    word = "; ".join(f"{name}={part.value}" for name, part in cookie.items())
    page = ask(port, request("GET", "/", [("Host", f"127.0.0.1:{port}"), ("Cookie", word)]))
    assert page.startswith(b"HTTP/1.1 200")
    assert key.encode() not in page
