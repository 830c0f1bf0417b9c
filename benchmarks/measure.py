"""How a thing is timed: interleaved rounds, median, ratio taken pair by pair."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One result. `value` is a ratio, or milliseconds where the goal is absolute; smaller is better."""

    name: str
    value: float
    goal: float
    detail: str
    unit: str = "x"

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal

    def line(self) -> str:
        """Return one line for the table."""
        mark = "ok  " if self.met else "MISS"
        return (
            f"{mark}  {self.name:<46} {self.value:>8.2f}{self.unit:<3} goal {self.goal:g}{self.unit:<3} {self.detail}"
        )


def machine() -> str:
    """Return what the figures were taken on."""
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def pair(first: Callable[[], float], second: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """Return (median of first, median of second, median of first/second per round); one warm-up round is dropped."""
    first()
    second()
    rows = [(first(), second()) for _ in range(rounds)]
    return (
        statistics.median(a for a, _ in rows),
        statistics.median(b for _, b in rows),
        statistics.median(a / b for a, b in rows),
    )


def wall(argv: list[str], env: dict[str, str] | None = None) -> float:
    """Return the seconds a whole process takes, its output thrown away."""
    start = time.perf_counter()
    full = {**os.environ, **(env or {})}
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=full)
    return time.perf_counter() - start


def warm(folder: str) -> dict[str, str]:
    """Return the environment of a program that was started before: its bytecode is cached, here below `folder`.

    An environment that forbids bytecode would time the compiler on our modules, and not on those that pip compiled.
    """
    return {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}


def python(*args: str) -> list[str]:
    """Return a command line for this very interpreter."""
    return [sys.executable, *args]
