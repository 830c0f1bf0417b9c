"""Notes beside what is being made, for the case that a crash hides whether it was made, and by whom.

A note names the result to come. It is written before the act, and goes once the journal has the result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatbuilder.provision import disk, settings


def leave(place: Path, result: Mapping[str, Any]) -> None:
    """Write down what is about to be done at a place."""
    disk.write(_note_of(place), json.dumps(result).encode())


def drop(place: Path) -> None:
    """Remove the note of a place, if there is one."""
    with suppress(OSError):
        _note_of(place).unlink()


def forget(place: Path, result: Mapping[str, Any] | None) -> None:
    """Remove the note of a place when the journal has its result."""
    with suppress(OSError, ValueError):
        note = _read(place)
        note.pop("first", None)
        if result is not None and all(result.get(key) == value for key, value in note.items()):
            drop(place)


def folder(place: Path) -> dict[str, Any] | None:
    """Return the result of a folder that a killed run made; without a note it was there before."""
    if place.is_dir():
        with suppress(OSError, ValueError):
            return _read(place)
    drop(place)
    return None


def merge(place: Path) -> dict[str, Any] | None:
    """Return what a killed run was adding to a settings file, when it got as far as adding it."""
    try:
        found = _read(place)
        raw = place.read_bytes()
        current, _ = settings.load(raw)
    except (OSError, ValueError):
        drop(place)
        return None
    first = found.pop("first", False)
    added = settings.Added.read(found.get("added", {}))
    there, wanted = settings.present(current, added) if isinstance(current, dict) else (0, 1)
    if disk.sha256(raw) == found["sha256"] or there == wanted or (first and there):
        return found
    drop(place)
    return None


def read(place: Path) -> dict[str, Any] | None:
    """Return the note of a place as it was left, if there is one that can be read."""
    with suppress(OSError, ValueError):
        return _read(place)
    return None


def _read(place: Path) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(_note_of(place).read_bytes())
    return note


def _note_of(place: Path) -> Path:
    return place.parent / f".chatbuilder-{place.name}.intent"  # "/" has no name to replace
