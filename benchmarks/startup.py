"""`--version` and `--help` against `python -c pass`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, pair, python, wall

GOALS = {"--version": 4.5, "--help": 5.0}
ROUNDS = 15


def figures() -> Iterator[Figure]:
    """Time the installed console script, as a person starts it."""
    script = shutil.which("chatbuilder", path=str(Path(sys.executable).parent)) or "chatbuilder"
    for option, goal in GOALS.items():
        ours, base, ratio = pair(lambda o=option: wall([script, o]), lambda: wall(python("-c", "pass")), ROUNDS)
        yield Figure(
            f"chatbuilder {option} / python -c pass", ratio, goal, f"{ours * 1e3:.0f} ms / {base * 1e3:.0f} ms"
        )
