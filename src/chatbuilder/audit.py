"""The audit log: one JSON line for each thing that changed something. Never a token, never chat text."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chatbuilder.clock import Clock, iso, utc_now
from chatbuilder.paths import private_folder

SIZE_LIMIT = 5_000_000


def record(path: Path, action: str, clock: Clock = utc_now, **details: Any) -> None:
    """Append one line: when, what, and details. A log that cannot be written never stops the work."""
    line = json.dumps({"at": iso(clock()), "action": action, **details}, ensure_ascii=True, default=str) + "\n"
    with contextlib.suppress(OSError):
        private_folder(path.parent)
        _rotate(path)
        # One write to a file opened for appending: two processes never mix their lines.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


def _rotate(path: Path) -> None:
    if not _is_full(path):
        return
    with contextlib.suppress(Timeout), FileLock(path.with_suffix(".lock"), timeout=0, mode=0o600):
        # Asked again: another process may have done it, and must not have its new log thrown over the old one.
        if _is_full(path):
            path.replace(_older(path))


def _is_full(path: Path) -> bool:
    return path.exists() and path.stat().st_size > SIZE_LIMIT


def _older(path: Path) -> Path:
    return path.with_suffix(".1.jsonl")


def read(path: Path, limit: int = 200) -> list[dict[str, Any]]:
    """Return the newest entries, oldest of them first; damaged lines are left out."""
    lines = _lines(path)
    if len(lines) < limit:
        lines = _lines(_older(path)) + lines
    found = []
    for line in lines[-limit:]:
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            found += [entry] if isinstance(entry, dict) else []
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
