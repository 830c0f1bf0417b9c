"""A program in a pseudo-terminal, read through a real terminal emulator (pyte)."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from pathlib import Path

import pyte
from ptyprocess import PtyProcess


class Screen:
    """Runs a command at a size and keeps its screen. Times are seconds since just before the fork."""

    def __init__(self, argv: list[str], width: int = 120, height: int = 36, env: dict[str, str] | None = None) -> None:
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self.start = time.perf_counter()
        full = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        self._process = PtyProcess.spawn(argv, env=full, dimensions=(height, width))

    def text(self) -> str:
        """Return what the screen shows."""
        return "\n".join(self._screen.display)

    def pump(self, seconds: float) -> bool:
        """Read output for at most this long; False when nothing came."""
        ready, _, _ = select.select([self._process.fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._process.fd, 65536)
        except OSError:
            return False
        # pyte takes the private-mode queries of modern programs for text.
        self._stream.feed(data)
        return bool(data)

    def until(self, wanted: str, timeout: float = 20.0) -> float:
        """Return the seconds since the start at which some text is on screen."""
        end = time.perf_counter() + timeout
        while wanted not in self.text():
            if time.perf_counter() > end:
                raise TimeoutError(f"{wanted!r} is not on the screen:\n{self.text()}")
            self.pump(0.02)
        return time.perf_counter() - self.start

    def settle(self, quiet: float = 0.25) -> None:
        """Read until nothing comes for a while."""
        end = time.perf_counter() + 10
        while time.perf_counter() < end and self.pump(quiet):
            pass

    def press(self, keys: bytes) -> None:
        """Type."""
        self._process.write(keys)

    def answer_time(self, keys: bytes) -> float:
        """Return the seconds from a key to the first byte that the program draws in answer; it has to be at rest."""
        start = time.perf_counter()
        self._process.write(keys)
        if not self.pump(2.0):
            raise TimeoutError(f"nothing was drawn after {keys!r}:\n{self.text()}")
        took = time.perf_counter() - start
        self.settle(0.2)
        return took

    def memory(self) -> float:
        """Return the peak resident memory so far in MiB (Linux)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(row for row in status.splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def close(self) -> None:
        """Kill it."""
        with contextlib.suppress(OSError):
            self._process.kill(signal.SIGKILL)
        self._process.close(force=True)
