"""Writing a file so that a crash leaves the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

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
    """Like `write_bytes`, readable by its owner only, in a folder of our own: what a killed process left there goes."""
    sweep(path.parent)
    _write(path, data, 0o600, exact=True)


def _permissions(path: Path) -> int | None:
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    return stat.S_IMODE(mode) if stat.S_ISREG(mode) else None


def pour(path: Path, write: Callable[[BinaryIO], object], ready: Callable[[], object]) -> None:
    """Put what `write` writes in place of a file, as `write_bytes` does, without ever holding it whole.

    `ready` is called when it is all on disk, right before the rename: what it raises keeps the old file.
    """
    present = _permissions(path)
    with _temporary(path.parent, write, 0o666 if present is None else present, exact=present is not None) as temp:
        ready()
        temp.replace(path)
    flush_folder(path.parent)


def _write(path: Path, data: bytes, mode: int, *, exact: bool) -> None:
    with _temporary(path.parent, lambda file: file.write(data), mode, exact=exact) as temp:
        temp.replace(path)
    flush_folder(path.parent)


def create(path: Path, data: bytes) -> bool:
    """Put a new file in place whole; False, with nothing touched, when something is there by now. Raises `OSError`.

    A run that is killed leaves a temporary file beside it: `sweep` the folder first, once for all of its files.
    """
    with _temporary(path.parent, lambda file: file.write(data), 0o666, exact=False) as temp:
        try:
            place_new(temp, path)
        except FileExistsError:
            return False
    flush_folder(path.parent)
    return True


def place_new(temp: str | Path, path: str | Path) -> None:
    """Give a file that is written whole its name, never that of another. Raises `FileExistsError`, `OSError`.

    Plain calls to the system: pathlib takes as long again, and there may be thousands of files.
    """
    if os.name == "nt":
        os.rename(temp, path)  # noqa: PTH104  on Windows this refuses when the target exists
        return
    try:
        os.link(temp, path)
    except FileExistsError:
        raise
    except OSError:  # no hard links here: FAT, some network drives
        if os.path.lexists(path):
            raise FileExistsError(str(path)) from None
        os.replace(temp, path)  # noqa: PTH105


@contextlib.contextmanager
def _temporary(folder: Path, write: Callable[[BinaryIO], object], mode: int, *, exact: bool) -> Iterator[Path]:
    """Write a file that is on disk and has no reader yet; what is left of it at the end goes away."""
    temp = folder / f".chatbuilder-{secrets.token_hex(6)}.tmp"
    # It has its final permissions before anything is in it, and never wider ones.
    handle = os.open(temp, _FLAGS, mode)
    try:
        with os.fdopen(handle, "r+b") as file:
            with contextlib.suppress(OSError):  # not every network drive knows locks
                _lock(file.fileno())
            if exact:
                with contextlib.suppress(OSError):
                    temp.chmod(mode)
            write(file)
            file.flush()
            os.fsync(file.fileno())
        yield temp
    finally:
        drop(temp)


def drop(temp: str | Path) -> None:
    """Remove a temporary file, with a second try where the disk refused; what stays then is swept some other time."""
    for _ in range(2):
        try:
            os.unlink(temp)  # noqa: PTH108
        except FileNotFoundError:
            return
        except OSError:
            continue
        return


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


def flush_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut, where the system can do that."""
    # Windows cannot open a folder; there the rename is as durable as it gets.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
