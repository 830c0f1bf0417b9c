"""The wizard in a real browser, and who may not use it."""

from __future__ import annotations

import os
import socket
from http.client import HTTPConnection
from importlib.util import find_spec

import pytest

from chatbuilder import pipeline
from tests.e2e.served import CHROMIUM, Page, Served, serving
from tests.e2e.walking import QUESTIONS, answer, walk
from tests.helpers import complete, run
from tests.vendors import notion

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends processes in another way")
in_chromium = pytest.mark.skipif(not (CHROMIUM and find_spec("playwright")), reason="no Chromium here")


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def ask(served: Served, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """What the server answers to a program that asks for a path."""
    connection = HTTPConnection("127.0.0.1", served.port, timeout=20)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answered = connection.getresponse()
        return answered.status, dict(answered.getheaders()), answered.read().decode()
    finally:
        connection.close()


@in_chromium
def test_from_the_first_question_to_a_vault_that_exists(chromium, home):
    with serving() as served:
        page = Page(chromium, served.address)
        walk(page, "setup")
        page.see("No token needed", "Start")
        page.press("ctrl+s")
        page.see("Continue", "Built", seconds=60)
        page.press("enter")
        page.see("obsidian://")
        (system,) = pipeline.systems()
        assert system.status == "ready"
        assert (home.parent / "Chat Sessions vault" / ".obsidian" / "app.json").exists()
        page.press("ctrl+q")
        page.see_that(lambda: "This session has ended" in page.message(), "say that it has ended")
        assert served.key not in page.html
        assert page.foreign == []


@in_chromium
def test_each_page_is_a_wizard_of_its_own_and_none_is_left(chromium):
    with serving() as served:
        first = Page(chromium, served.address)
        walk(first, "features")
        first.see("✓ saved")
        (draft,) = pipeline.drafts()
        assert draft.locked
        second = Page(chromium, served.address)
        second.see("Welcome back", "open in another window")
        assert served.wizards() == 2
        for page in (first, second):
            page.leave()
        Page(chromium, served.address).see_that(lambda: served.wizards() == 1, "end with their pages")
        (draft,) = pipeline.drafts()
        assert not draft.locked
        assert draft.step == "features"
    assert served.wizards() == 0


@in_chromium
def test_a_token_that_is_typed_never_comes_back_to_the_page(chromium, monkeypatch):
    canary = "ntn_canary7f3a91"
    fake = notion.NotionFake(token=canary, limit=None)
    with notion.serving(fake) as url:
        monkeypatch.setenv("CHATBUILDER_NOTION_URL", url)
        with serving() as served:
            page = Page(chromium, served.address)
            page.see(QUESTIONS["platform"])
            page.press("enter")
            for step in ("priorities", "features", "team", "review", "solution"):
                answer(page, step)
                page.press("enter")
            page.see("No token yet")
            page.press("ctrl+t")
            page.see("Connect Notion")
            page.press(canary)
            page.see("•" * 8)
            page.press("enter")
            page.see_that(lambda: "••••" in page.text and "Cancel" in page.text)
            assert canary.encode() not in page.sent
            assert canary not in page.html


def test_nobody_comes_in_without_the_key():
    with serving() as served:
        cookie = f"chatbuilder-{served.port}={served.key}"
        own = f"http://127.0.0.1:{served.port}"
        for path in ("/", "/?key=guess", "/ws", "/page.css", "/static/js/textual.js", "/nothing"):
            status, _, text = ask(served, path, Origin=own)
            assert (status, served.key in text) == (403, False)
        status, headers, _ = ask(served, f"/?key={served.key}")
        assert (status, headers["Location"]) == (303, "/")
        assert {"HttpOnly", "SameSite=Strict"} <= set(headers["Set-Cookie"].split("; "))
        status, headers, text = ask(served, "/", Cookie=cookie)
        assert (status, served.key in text) == (200, False)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert ask(served, "/static/js/textual.js", Cookie=cookie)[0] == 200
        assert served.wizards() == 0


def test_no_other_website_comes_in_with_the_key_of_this_browser():
    """By a name that points here (DNS rebinding), or from its own page (cross-site WebSocket hijacking)."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
               "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    with serving() as served:
        cookie = f"chatbuilder-{served.port}={served.key}"
        assert ask(served, f"/?key={served.key}", Host="evil.example")[0] == 403
        assert ask(served, "/", Cookie=cookie, Host=f"evil.example:{served.port}")[0] == 403
        for origin in ("http://evil.example", "null", f"http://localhost:{served.port + 1}"):
            assert ask(served, "/ws", Cookie=cookie, Origin=origin, **upgrade)[0] == 403
        assert ask(served, "/ws", Cookie=cookie, **upgrade)[0] == 403
        assert served.wizards() == 0


def test_other_machines_come_in_only_when_told():
    done = run("serve", "--host", "0.0.0.0")
    assert done.code == 2
    assert complete(done.err)
    assert "--allow-others" in done.err


def test_a_port_that_is_taken_is_told():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = run("serve", "--port", str(other.getsockname()[1]))
    assert done.code == 3
    assert complete(done.err)
    assert run("serve", "--port", "99999").code == 2
