"""A real pseudo-terminal of 80 by 24 with the program in it, and eyes that read its screen."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence

import ptyprocess
import pyte

from tests.helpers import ROOT

KEYS = {
    "enter": "\r",
    "space": " ",
    "down": "\x1b[B",
    "up": "\x1b[A",
    "escape": "\x1b",
    "tab": "\t",
    "ctrl+s": "\x13",
    "ctrl+q": "\x11",
}


class Terminal:
    """One window. Every wait is for something on the screen; the error holds the screen when it never comes."""

    def __init__(self, *arguments: str, rows: int = 24, columns: int = 80, program: Sequence[str] = ()) -> None:
        """Start this checkout, or another `program`, which then does not see it."""
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment |= {} if program else {"PYTHONPATH": str(ROOT)}
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._process = ptyprocess.PtyProcess.spawn(
            [*(program or (sys.executable, "-m", "chatbuilder")), *arguments],
            env=environment,
            dimensions=(rows, columns),
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close(force=True)

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def see(self, *words: str, seconds: float = 30) -> None:
        """Wait until all of these words are on the screen."""
        self.see_that(lambda: all(word in self.text for word in words), f"see {words}", seconds)

    def see_that(self, holds: Callable[[], bool], what: str = "come true", seconds: float = 30) -> None:
        """Wait until something holds, and show the screen when it never does."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"did not {what} in\n{self.text}"
            if not self._read(0.2) and not self._process.isalive():
                raise AssertionError(f"ended before it could {what} in\n{self.text}")

    def press(self, *keys: str) -> Terminal:
        """Type keys by name, or text as it is."""
        self._process.write("".join(KEYS.get(key, key) for key in keys).encode())
        return self

    def kill(self) -> None:
        """Kill -9, as the system does when it runs out of memory."""
        self._process.kill(signal.SIGKILL)
        self._process.wait()

    def ends(self, seconds: float = 30) -> int:
        """Wait for the program to end and return its exit code."""
        end = time.monotonic() + seconds
        while self._process.isalive():
            assert time.monotonic() < end, f"still runs:\n{self.text}"
            self._read(0.2)
        return int(self._process.exitstatus)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._process.fd], [], [], seconds)
        if not ready:
            return False
        try:
            self._stream.feed(self._process.read(65536))
        except EOFError:
            return False
        return True
