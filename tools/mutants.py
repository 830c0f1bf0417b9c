"""Mutation testing: plants small mistakes in a room of pure rules and counts those that its tests notice.

    python3 dev.py mutants [ROOM ...] [--share PERCENT] [--keep FOLDER]

mutmut plants and runs them, in a scratch copy of this checkout. A mistake that makes the tests hang counts as noticed,
one that no test reaches does not. `--share` takes some of the mutants, the same ones every time.
Exits with 1 when a room's tests notice fewer than 80 %.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL = 80.0
NOTICED = {"killed", "timeout", "segfault"}
# What is mutated, and the tests below tests/unit whose trade it is. Narrow on purpose: its own tests hold a rule.
ROOMS = {
    "config": ("config.py", "test_config.py"),
    "filters": ("filters.py", "test_filters.py"),
    "design": ("design/*", "test_design.py test_design_any.py test_findings.py test_goldens.py"),
    "runner": ("provision/runner.py", "test_runner.py test_runner_threads.py"),
    "importers": ("importers/*", "importers"),
    "common": (
        "generators/common/*",
        "test_common.py test_rows.py test_goldens.py test_goldens_chats.py generators/test_sheets_batch.py "
        "generators/test_sheets.py generators/test_excel.py generators/test_excel_logic.py generators/test_custom.py",
    ),
    "obsidian": (
        "generators/obsidian/*",
        "test_goldens.py test_goldens_chats.py generators/test_obsidian.py generators/test_obsidian_chats.py",
    ),
    "logseq": (
        "generators/logseq/*",
        "test_goldens.py test_goldens_chats.py generators/test_logseq.py "
        "generators/test_logseq_chats.py generators/test_logseq_filters.py",
    ),
    "excel": (
        "generators/excel/*",
        "test_goldens.py test_goldens_chats.py generators/test_excel.py generators/test_excel_chats.py "
        "generators/test_excel_logic.py generators/test_excel_scripts.py",
    ),
    "custom": (
        "generators/custom/*",
        "test_goldens.py generators/test_said.py generators/test_custom.py generators/test_custom_package.py",
    ),
    "notion": (
        "generators/notion/*",
        "test_goldens.py generators/test_said.py generators/test_changes.py generators/test_notion.py "
        "generators/test_notion_chats.py",
    ),
    "airtable": (
        "generators/airtable/*",
        "test_goldens.py generators/test_said.py generators/test_changes.py generators/test_airtable.py",
    ),
    "sheets": (
        "generators/sheets/*",
        "test_goldens.py generators/test_said.py generators/test_changes.py generators/test_sheets.py "
        "generators/test_sheets_batch.py",
    ),
}


def settings(room: str) -> str:
    """Return mutmut's configuration for a room."""
    source, tests = ROOMS[room]
    lists = {
        "source_paths": ["src"],
        "only_mutate": [f"src/chatbuilder/{source}"],
        "also_copy": ["docs", "examples", "requirements", "README.md", "CHANGELOG.md", "LICENSE", "dev.py"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", "quick_first", "--timeout=0"],
        "pytest_add_cli_args_test_selection": [f"tests/unit/{test}" for test in tests.split()],
    }
    text = "".join(f"{key} =\n" + "".join(f"    {entry}\n" for entry in entries) for key, entries in lists.items())
    return f"[mutmut]\n{text}track_dependencies = false\nuse_setproctitle = false\n"


def copy_to(folder: Path) -> None:
    """Copy what git knows, as it is in the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def sample(share: int) -> str:
    """Return a pattern for so many percent of the mutants: by the last digit of their number, few by the last two.

    These end in a digit that a tenth leaves out, so that they tell something new of tests written for that tenth.
    """
    digits = "7391526840"
    return f"*[{digits[: round(share / 10)]}]" if share >= 10 else f"*[{digits[: max(1, share)]}]4"


def mutate(room: str, share: int, folder: Path) -> Counter[str]:
    """Plant mistakes in a room, run its tests against each, and print those that nobody noticed."""
    (folder / "setup.cfg").write_text(settings(room), "utf-8")
    shutil.rmtree(folder / "mutants", ignore_errors=True)
    mutmut = [sys.executable, "-m", "mutmut"]
    # The profile: the same examples in every run. The path: for quick_first.
    tools = str(folder.resolve() / "tools")
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "ci", "PYTHONPATH": tools}
    log = folder / f"{room}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [*mutmut, "run", "--max-children", str(os.cpu_count() or 1), sample(share)],
            cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{room}: mutmut stopped. {log.read_text('utf-8', 'replace')[-3000:]}")
    told = subprocess.run(
        [*mutmut, "results", "--all", "true"], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    counts: Counter[str] = Counter()
    for line in told.stdout.splitlines():
        name, _, state = line.strip().rpartition(": ")
        if name and state != "not checked":
            counts[state] += 1
            if state not in NOTICED:
                print(f"  {state}: {name}", flush=True)
    return counts


def main() -> int:
    """Mutate the rooms that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", choices=[*ROOMS, []], metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--share", type=int, default=100, metavar="PERCENT", help="how many of the mutants (1 to 100)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="work here and leave it, for `mutmut show NAME`")
    arguments = parser.parse_args()
    weak = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        copy_to(folder)
        for room in arguments.rooms or ROOMS:
            counts = mutate(room, arguments.share, folder)
            noticed, all_ = sum(counts[state] for state in NOTICED), counts.total()
            rate = 100 * noticed / all_ if all_ else 0.0
            states = ", ".join(f"{number} {state}" for state, number in counts.most_common())
            print(f"{room}: {rate:.1f} % of {all_} noticed ({states})", flush=True)
            weak += [room] if rate < GOAL else []
    return int(bool(weak))


if __name__ == "__main__":
    sys.exit(main())
