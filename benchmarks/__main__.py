"""Run all benchmarks, or those named, and print one table: figure, baseline, ratio, goal, verdict."""

from __future__ import annotations

import sys

from benchmarks import (
    fullway,
    generate,
    importing,
    keys,
    library,
    notion,
    pacing,
    postgres,
    startup,
    sync,
    wizard,
    workbook,
)
from benchmarks.measure import machine

PARTS = {
    "startup": startup.figures,
    "generate": generate.figures,
    "wizard": wizard.figures,
    "keys": keys.figures,
    "importing": importing.figures,
    "library": library.figures,
    "sync": sync.figures,
    "fullway": fullway.figures,
    "notion": notion.figures,
    "pacing": pacing.figures,
    "postgres": postgres.figures,
    "workbook": workbook.figures,
}


def main(wanted: list[str]) -> int:
    """Print the figures; exit 1 when one misses its goal."""
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}")
        return 2
    print(machine())
    missed = 0
    for name in wanted or list(PARTS):
        for figure in PARTS[name]():
            print(figure.line())
            missed += not figure.met
    print(f"{missed} missed" if missed else "all goals met")
    return 1 if missed else 0


sys.exit(main(sys.argv[1:]))
