"""`chatbuilder serve` in a process of its own, and a real browser on it."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyte

from tests.helpers import start

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
KEYS = {
    "enter": "Enter", "space": "Space", "down": "ArrowDown", "up": "ArrowUp", "escape": "Escape", "tab": "Tab",
    "ctrl+s": "Control+s", "ctrl+q": "Control+q", "ctrl+t": "Control+t",
}  # fmt: skip


@dataclass(frozen=True)
class Served:
    """The address, with the key, that the server tells; and its process."""

    address: str
    pid: int

    @property
    def port(self) -> int:
        return int(urlsplit(self.address).port or 0)

    @property
    def key(self) -> str:
        return parse_qs(urlsplit(self.address).query)["key"][0]

    def wizards(self) -> int:
        """How many wizards run for its pages."""
        listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
        ours = {str(self.pid)}
        while more := {pid for pid, parent, _ in rows if parent in ours} - ours:
            ours |= more
        shells = ("sh ", "/bin/sh ")
        wizards = [words for pid, _, words in rows if pid in ours and words.endswith("-P -m chatbuilder")]
        return sum(not words.startswith(shells) for words in wizards)


@contextmanager
def serving(*arguments: str) -> Iterator[Served]:
    """Serve on a free port; end it as Ctrl-C does."""
    process = start("serve", "--port", str(free_port()), *arguments)
    assert process.stdout
    try:
        yield Served(process.stdout.readline().strip(), process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Page:
    """The wizard on a page of Chromium; its screen is read from what the page is sent."""

    def __init__(self, browser: Any, address: str, width: int = 1200, height: int = 800) -> None:
        self._page = browser.new_page(viewport={"width": width, "height": height})
        self._screen = pyte.Screen(200, 60)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = b""
        self.foreign: list[str] = []
        self._page.on("websocket", lambda socket: socket.on("framereceived", self._receive))
        self._page.on("request", lambda request: self._asked(request.url, address))
        self._page.goto(address)
        self._page.locator("textarea:focus").wait_for(state="attached")

    def _receive(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            self.sent += data
            self._stream.feed(data)

    def _asked(self, url: str, address: str) -> None:
        if not url.startswith((address.partition("?")[0], "data:")):
            self.foreign.append(url)

    @property
    def text(self) -> str:
        """What the wizard shows."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def html(self) -> str:
        """The page itself, as whoever looks into the browser finds it."""
        return str(self._page.content())

    def message(self) -> str:
        """What the page says beside the wizard."""
        return str(self._page.locator("p:visible").all_inner_texts())

    def see(self, *words: str, seconds: float = 30) -> None:
        """Wait until all of these words are on the screen."""
        self.see_that(lambda: all(word in self.text for word in words), f"see {words}", seconds)

    def see_that(self, holds: Callable[[], bool], what: str = "come true", seconds: float = 30) -> None:
        """Wait until something holds, and show the screen when it never does."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"did not {what} in\n{self.text}\n{self.message()}"
            self._page.wait_for_timeout(50)

    def press(self, *keys: str) -> Page:
        """Type keys by name, or text as it is."""
        for key in keys:
            if key in KEYS:
                self._page.keyboard.press(KEYS[key])
            else:
                self._page.keyboard.type(key)
        return self

    def leave(self) -> None:
        """Close the page."""
        self._page.close()
