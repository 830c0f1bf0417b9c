"""Files on disk, written so that a crash leaves either the old file or the new one, and nothing outside a folder."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from chatbuilder.errors import RefusedError

TEMPORARY = re.compile(r"\.chatbuilder-[0-9a-f]{16}\.tmp")
_FOREIGN = re.compile(r"[\x00-\x1f\x7f\\:]")


def sha256(data: bytes) -> str:
    """Return the hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def inside(root: Path, relative: str) -> Path:
    """Return the place of a POSIX path below `root`, which must be resolved already.

    Raises `RefusedError` for a path that could leave the root: empty, absolute, with a drive letter, `..`,
    backslashes or control characters, or through a symbolic link (or Windows junction) that leads elsewhere.
    """
    parts = PurePosixPath(relative).parts
    if not parts or parts[0].startswith("/") or ".." in parts or _FOREIGN.search(relative):
        raise _refused(relative, "is not a plain path below the folder")
    place = root.joinpath(*parts)
    try:
        within = place.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a loop of links
        within = False
    if not within:
        raise _refused(relative, "leads out of the folder through a link")
    return place


def _refused(relative: str, why: str) -> RefusedError:
    return RefusedError(
        f"{relative!r} {why}.", title="A path was refused", kept="everything outside the folder.",
        hint="remove the link, or choose another folder.",
    )  # fmt: skip


def write(place: Path, data: bytes) -> None:
    """Put a file in place whole, with the mode of the one it replaces; it is on disk when this returns."""
    with _temporary(place.parent, data) as temporary:
        if place.exists():
            shutil.copymode(place, temporary)
        temporary.replace(place)
    sync_folder(place.parent)


def create(place: Path, data: bytes) -> bool:
    """Put a new file in place whole; False, and nothing is touched, when something is there by now."""
    with _temporary(place.parent, data) as temporary:
        try:
            _place_new(temporary, place)
        except FileExistsError:
            return False
    sync_folder(place.parent)
    return True


def _place_new(temporary: Path, place: Path) -> None:
    if os.name == "nt":
        temporary.rename(place)  # on Windows this refuses when the target exists
        return
    try:
        os.link(temporary, place)
    except FileExistsError:
        raise
    except OSError:  # no hard links here: FAT, some network drives
        if os.path.lexists(place):
            raise FileExistsError(str(place)) from None
        temporary.replace(place)


@contextmanager
def _temporary(folder: Path, data: bytes) -> Iterator[Path]:
    """Write a file that is on disk and has no reader yet; what is left of it at the end goes away."""
    place = folder / f".chatbuilder-{secrets.token_hex(8)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(place, flags, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield place
    finally:
        with suppress(OSError):
            place.unlink()


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut, where the system can do that."""
    if os.name == "nt":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(folder: Path) -> None:
    """Remove temporary files that a killed run left in a folder."""
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            if TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    Path(entry.path).unlink()


def make_folders(root: Path, folder: Path) -> list[str]:
    """Make a folder below (or equal to) `root` with its parents; return those made, POSIX relative to `root`."""
    root.parent.mkdir(parents=True, exist_ok=True)
    made = []
    for place in (*reversed([p for p in folder.parents if p == root or p.is_relative_to(root)]), folder):
        try:
            place.mkdir()
        except FileExistsError:
            continue
        made.append(place.relative_to(root).as_posix())
        sync_folder(place.parent)
    return made


def remove_folder(folder: Path) -> bool:
    """Remove a folder when nothing but our own temporary files is in it."""
    sweep(folder)
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
