"""Writing a file so that a crash leaves the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: an open file cannot be removed there, which is lock enough
    fcntl = None  # type: ignore[assignment]

_TEMP = re.compile(r"\.chatbuilder-[0-9a-f]{12}\.tmp")
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_bytes(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Put `data` at `path` through a temporary file in the same folder, flushed to disk before the rename.

    `mode` is for a new file and is subject to the umask; a file that is there keeps its permissions. Raises `OSError`.
    """
    present = _permissions(path)
    _write(path, data, mode if present is None else present, exact=present is not None)


def write_private(path: Path, data: bytes) -> None:
    """Like `write_bytes`, readable by its owner only. Raises `OSError`."""
    _write(path, data, 0o600, exact=True)


def _permissions(path: Path) -> int | None:
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    return stat.S_IMODE(mode) if stat.S_ISREG(mode) else None


def _write(path: Path, data: bytes, mode: int, *, exact: bool) -> None:
    temp = path.parent / f".chatbuilder-{secrets.token_hex(6)}.tmp"
    # It has its final permissions before anything is in it, and never wider ones.
    handle = os.open(temp, _FLAGS, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            with contextlib.suppress(OSError):  # not every network drive knows locks
                _lock(file.fileno())
            if exact:
                with contextlib.suppress(OSError):
                    temp.chmod(mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temp.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temp.unlink()
        raise
    _flush_folder(path.parent)


def sweep(folder: Path) -> None:
    """Remove temporary files that a killed process left in a folder; those of a living one stay."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            if _TEMP.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    _remove_abandoned(Path(entry.path))


def _remove_abandoned(temp: Path) -> None:
    with temp.open("rb") as file:
        _lock(file.fileno())
        if fcntl is not None:
            temp.unlink()
    if fcntl is None:
        temp.unlink()


def _lock(handle: int) -> None:
    """Mark a temporary file as being written; the system lets go when the process ends. `OSError` when it is taken."""
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _flush_folder(folder: Path) -> None:
    # Windows cannot open a folder; there the rename is as durable as it gets.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
