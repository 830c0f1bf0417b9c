"""The audit log: one JSON line for each thing that changed something. Never a token, never chat text."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from chatbuilder.clock import Clock, iso, utc_now
from chatbuilder.paths import private_folder

SIZE_LIMIT = 5_000_000


def record(path: Path, action: str, clock: Clock = utc_now, **details: Any) -> None:
    """Append one line: when, what, and details. A log that cannot be written never stops the work."""
    line = json.dumps({"at": iso(clock()), "action": action, **details}, ensure_ascii=True) + "\n"
    with contextlib.suppress(OSError):
        private_folder(path.parent)
        if path.exists() and path.stat().st_size > SIZE_LIMIT:
            path.replace(path.with_suffix(".1.jsonl"))
        # One write to a file opened for appending: two processes never mix their lines.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


def read(path: Path, limit: int = 200) -> list[dict[str, Any]]:
    """Return the newest entries, oldest of them first; damaged lines are left out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()[-limit:]
    except OSError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found
