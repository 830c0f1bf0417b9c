"""`--version` and `--help` against `python -c pass`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, pair, python, wall, warm

GOALS = {"--version": 4.5, "--help": 5.0}
ROUNDS = 15


def figures() -> Iterator[Figure]:
    """Time the installed console script, as a person starts it."""
    script = shutil.which("chatbuilder", path=str(Path(sys.executable).parent)) or "chatbuilder"
    with tempfile.TemporaryDirectory() as cache:
        env = warm(cache)
        for option, goal in GOALS.items():
            ours, base, ratio = pair(
                lambda o=option: wall([script, o], env), lambda: wall(python("-c", "pass"), env), ROUNDS
            )
            detail = f"{ours * 1e3:.0f} ms / {base * 1e3:.0f} ms"
            yield Figure(f"chatbuilder {option} / python -c pass", ratio, goal, detail)
