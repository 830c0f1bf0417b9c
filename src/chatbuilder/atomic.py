"""Writing a file so that a crash leaves the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

TEMP_PREFIX = ".chatbuilder-"
TEMP_SUFFIX = ".tmp"


def write_bytes(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put `data` at `path` through a temporary file in the same folder, flushed to disk before the rename.

    The temporary file has its final mode before anything is in it. Raises `OSError`.
    """
    handle, temp = tempfile.mkstemp(prefix=TEMP_PREFIX, suffix=TEMP_SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            with contextlib.suppress(OSError, NotImplementedError):
                Path(temp).chmod(mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temp).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temp).unlink()
        raise
    _flush_folder(path.parent)


def write_private(path: Path, data: bytes) -> None:
    """Like `write_bytes`, readable by its owner only, in a folder that is private too."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_bytes(path, data, mode=0o600)


def _flush_folder(folder: Path) -> None:
    # Windows cannot open a folder; there the rename is as durable as it gets.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
