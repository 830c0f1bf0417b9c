"""The wizard's first frame and its memory, against a bare Textual app with the same widgets."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, warm
from benchmarks.terminal import Screen

ROUNDS = 9
FRAME_GOAL, MEMORY_GOAL = 1.5, 1.4
BARE = str(Path(__file__).with_name("bare_app.py"))


def figures() -> Iterator[Figure]:
    """Start both in turn; t=0 is just before the fork, the frame is there when its question can be read."""
    rows = []
    with tempfile.TemporaryDirectory() as home:
        env = {"CHATBUILDER_HOME": home, "HOME": home, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        env |= warm(f"{home}/bytecode")
        for number in range(ROUNDS + 1):
            base = _once([sys.executable, BARE], "Bare ready", env)
            ours = _once([sys.executable, "-m", "chatbuilder"], "Where should your chats live?", env)
            if number:  # the first round fills the caches
                rows.append((ours, base))
    yield _figure("wizard first frame / bare app", [(o[0] * 1e3, b[0] * 1e3) for o, b in rows], FRAME_GOAL, "ms")
    yield _figure("wizard memory at first frame / bare app", [(o[1], b[1]) for o, b in rows], MEMORY_GOAL, "MiB")


def _once(argv: list[str], marker: str, env: dict[str, str]) -> tuple[float, float]:
    screen = Screen(argv, env=env)
    try:
        seconds = screen.until(marker)
        return seconds, screen.memory()
    finally:
        screen.close()


def _figure(name: str, rows: list[tuple[float, float]], goal: float, unit: str) -> Figure:
    ratio = statistics.median(ours / base for ours, base in rows)
    ours, base = (statistics.median(column) for column in zip(*rows, strict=True))
    return Figure(name, ratio, goal, f"{ours:.0f} {unit} / {base:.0f} {unit}, {len(rows)} rounds")
