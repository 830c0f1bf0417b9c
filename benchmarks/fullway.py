"""The whole way: a ChatGPT export into the library, searchable, and from there into a vault with transcripts.

Compared with convoviz, which makes Markdown of the same export and nothing else. It needs Python 3.12 or newer and is
never installed here: set CONVOVIZ to its program (`pip install convoviz` in an environment of its own). Both sides are
whole processes started by their command lines, in turn, each into fresh folders that are only deleted at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks.importing import CHATS, TURNS, export
from benchmarks.measure import Figure, pair, python, wall, warm

ROUNDS = 3
GOAL = 0.30
ANSWERS = """
version = 1
name = "Chats"
platform = "obsidian"
priorities = ["organization", "search", "analytics", "automation"]
features = ["tags", "projects"]
[options]
sample_data = false
[target]
path = "{vault}"
"""


def figures() -> Iterator[Figure]:
    """Go the whole way and let convoviz go its own."""
    program = os.environ.get("CONVOVIZ")
    if not program:
        print("      export to vault / convoviz: not measured, CONVOVIZ names no program")
        return
    with tempfile.TemporaryDirectory() as name:
        folder, number = Path(name), count()
        source = folder / "conversations.json"
        export(source, CHATS, 640)
        steps: list[tuple[float, float, float]] = []

        def ours() -> float:
            place = folder / f"ours-{next(number)}"
            steps.append(_ours(source, place))
            return sum(steps[-1])

        def theirs() -> float:
            place = folder / f"theirs-{next(number)}"
            place.mkdir()
            command = [program, "-z", str(source), "-o", str(place), "--outputs", "markdown", "-I", "-q"]
            seconds = wall(command)
            _expect(sum(1 for _ in place.rglob("*.md")), "convoviz")
            return seconds

        own, other, ratio = pair(ours, theirs, ROUNDS)
        parts = ", ".join(f"{what} {sorted(s[at] for s in steps[1:])[ROUNDS // 2]:.1f} s" for at, what in _STEPS)
        detail = f"{own:.1f} s ({parts}) to {other:.1f} s, {source.stat().st_size / 1e6:.0f} MB, {CHATS * TURNS * 2:,}"
        yield Figure("export to library to vault / convoviz's Markdown", ratio, GOAL, f"{detail} messages")


_STEPS = ((0, "import"), (1, "apply"), (2, "sync"))


def _ours(source: Path, place: Path) -> tuple[float, float, float]:
    """Return the seconds of import, apply and sync, each a process of its own; all of it is there afterwards."""
    place.mkdir()
    env = {"CHATBUILDER_HOME": str(place / "home"), **warm(str(source.parent / "bytecode"))}
    answers = place / "answers.toml"
    answers.write_text(ANSWERS.format(vault=place / "vault"), "utf-8")
    command = python("-m", "chatbuilder")
    taken = wall([*command, "import", str(source)], env)
    built = wall([*command, "apply", "--answers", str(answers), "--yes"], env)
    told = subprocess.run([*command, "systems", "--json"], check=True, capture_output=True, env={**os.environ, **env})
    system = json.loads(told.stdout)[0]["id"]
    synced = wall([*command, "sync", system, "--transcripts"], env)
    _expect(sum(1 for _ in (place / "vault").rglob("Sessions/*.md")), "chatbuilder")
    return taken, built, synced


def _expect(notes: int, who: str) -> None:
    if notes < CHATS:
        raise RuntimeError(f"{who} made {notes} notes of {CHATS}")
