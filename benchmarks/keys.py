"""How long a key waits for its answer on every screen of the wizard, in milliseconds at the 95th percentile."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, warm
from benchmarks.terminal import Screen

GOAL_MS = 50.0
PRESSES = 20
DOWN, UP, TAB, SPACE, START, FORWARD = b"\x1b[B", b"\x1b[A", b"\t", b" ", b"\x13", b"\x1b[1;3C"  # Ctrl+S, Alt+Right
# The keys that lead from each screen to the next, and a text that shows it has come; "": passed by, not measured.
WALK: tuple[tuple[str, tuple[bytes, ...], str], ...] = (
    ("Platform", (DOWN, DOWN, DOWN, DOWN, SPACE, FORWARD), "What matters most to you?"),
    ("Priorities", (SPACE, FORWARD), "What should it be able to do?"),
    ("Features", (SPACE, FORWARD), "Who uses it"),
    ("Team", (FORWARD,), "Your answers"),
    ("Review", (FORWARD,), "Guide"),
    ("Solution", (FORWARD,), "Build it now?"),
    ("Auto-setup", (START,), "Built. Continue"),
    ("", (FORWARD,), "It is built."),
    ("Done", (), ""),
)


LISTS = ("Platform", "Priorities", "Features", "Team")


def figures() -> Iterator[Figure]:
    """Press Down and Up (Tab on forms) on each screen of a real session and wait for the first byte drawn."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "Documents").mkdir()
        env = {"CHATBUILDER_HOME": home, "HOME": home, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        env |= warm(f"{home}/bytecode")
        screen = Screen([sys.executable, "-m", "chatbuilder"], env=env)
        try:
            screen.until("Where should your chats live?")
            for name, onward, arrived in WALK:
                screen.settle()
                if name:
                    yield _figure(screen, name)
                for key in onward:
                    screen.press(key)
                    screen.settle(0.15)
                if arrived:
                    screen.until(arrived)
        finally:
            screen.close()


def _figure(screen: Screen, name: str) -> Figure:
    keys = (DOWN, UP) if name in LISTS else (TAB,)
    times = sorted(screen.answer_time(keys[n % len(keys)]) * 1e3 for n in range(PRESSES))
    worst = times[int(len(times) * 0.95)]
    return Figure(f"key to first byte, {name}", worst, GOAL_MS, f"median {statistics.median(times):.1f} ms", "ms")
