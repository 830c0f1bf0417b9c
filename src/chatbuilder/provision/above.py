"""Folders that are made above a target, so that taking the system down leaves none of them behind.

A folder that is missing has no folders in it, so what is made is always the innermost so many of the target's parents:
that number goes into the result of the step. Until the journal has it, a note beside the outermost one says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatbuilder.provision import disk, intents

_NOTE = {"above": True}


def make(target: Path) -> int:
    """Make what is missing above a target; return how many of its parents are ours, also from a killed run."""
    missing = [folder for folder in target.parents if not folder.exists()]
    ours = found(target)
    if len(missing) > ours:
        disk.sweep(missing[-1].parent)
        intents.leave(missing[-1], _NOTE)
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            disk.sync_folder(folder.parent)
    except OSError:
        settle(target)
        raise
    return max(len(missing), ours)


def found(target: Path) -> int:
    """Return how many of the target's parents a run made whose result is not in the journal yet."""
    return max((count for count, folder in enumerate(target.parents, 1) if _noted(folder)), default=0)


def settle(target: Path, *, journaled: bool = False) -> None:
    """Drop the notes when the journal has the result, or when nothing came of it: then the folders go, too."""
    ours, gone = found(target), not target.exists()
    if gone:
        remove(target, ours)
    for folder in target.parents[:ours]:
        if _noted(folder) and (journaled or gone):
            intents.drop(folder)


def forget(target: Path, known: Mapping[str, Mapping[str, Any]]) -> None:
    """Drop the notes when one of the results that the journal knows says the same."""
    if any(result.get("above") for result in known.values()):
        settle(target, journaled=True)


def remove(target: Path, count: int) -> None:
    """Remove the innermost `count` parents of a target that is gone, as far as nothing else is in them."""
    for folder in target.parents[:count]:
        if folder.exists() and not disk.remove_folder(folder):
            return


def _noted(folder: Path) -> bool:
    return intents.read(folder) == _NOTE
